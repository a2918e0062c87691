"""Every number of the schema has a unit and a source; every model is frozen and knows its fields."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from funnelsim.scenario import schema
from funnelsim.scenario.study import Study

REFERENCES = Path(__file__).parents[2] / "docs" / "references.bib"
MODELS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel
] + [Study]
FIELDS = [(model, name, field) for model in MODELS if model is not Study for name, field in model.model_fields.items()]


def is_number(annotation) -> bool:
    """A number, or several of them in a tuple."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return is_number(get_args(annotation)[0])
    if origin in (Union, types.UnionType, tuple):
        return any(is_number(part) for part in get_args(annotation))
    return annotation in (int, float)


NUMBERS = [
    pytest.param(field, id=f"{model.__name__}.{name}") for model, name, field in FIELDS if is_number(field.annotation)
]


def test_there_are_numbers():
    assert len(NUMBERS) > 100


@pytest.mark.parametrize("field", NUMBERS)
def test_number_has_unit_source_and_meaning(field):
    extra = field.json_schema_extra or {}
    assert extra.get("unit") and extra.get("source") and field.description


@pytest.mark.parametrize("field", NUMBERS)
def test_single_number_has_bounds_below(field):
    if field.annotation in (int, float):
        assert {"ge", "gt"} & {
            name for item in field.metadata for name in ("ge", "gt") if getattr(item, name, None) is not None
        }


def test_sources_are_references():
    if not REFERENCES.is_file():
        pytest.skip("docs/references.bib is not there yet")
    known = set(re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", REFERENCES.read_text(encoding="utf-8"), re.MULTILINE))
    used = {(field.json_schema_extra or {}).get("source", "assumption") for _, _, field in FIELDS}
    assert used - {"assumption"} <= known, sorted(used - {"assumption"} - known)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_are_frozen_and_closed(model):
    assert model.model_config["frozen"] and model.model_config["extra"] == "forbid"
    assert model.model_config["allow_inf_nan"] is False


def test_frozen():
    plan = schema.Plan()
    with pytest.raises(ValidationError):
        plan.title = "other"
    with pytest.raises(ValidationError):
        schema.Plan(titel="x")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_and_fields_are_described(model):
    assert (model.__doc__ or "").strip()
    for name, field in model.model_fields.items():
        assert field.description or isinstance(field.default, BaseModel) or name in ("world", "plan"), name
