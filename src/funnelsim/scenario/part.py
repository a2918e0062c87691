"""What every model of a scenario is made of: frozen parts, and numbers with unit, bounds and source."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def quantity(
    default: Any,
    unit: str,
    description: str,
    source: str = "assumption",
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
) -> Any:
    """Declare a field with unit, bounds, meaning and the source of its default."""
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default, ge=ge, gt=gt, le=le, lt=lt, description=description, json_schema_extra=extra)


class Part(BaseModel):
    """Base of every model of a scenario: frozen, no unknown fields, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
