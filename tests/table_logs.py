"""Hand-made event logs for the tests of tables: a tiny world and a builder that fills in what does not apply."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from funnelsim.events import COLUMNS, DAY, HOUR, NO_AMOUNT, NO_CODE, Kind
from funnelsim.scenario.schema import Scenario

TOUCHPOINTS = {
    "ads": {"owner": "marketing", "programme": {"content": 0.5}},
    "web": {"owner": "marketing"},
    "cold_call": {"owner": "sales"},
    "rep_call": {"owner": "sales"},
    "meeting": {"owner": "sales"},
    "demo": {"owner": "sales"},
    "proposal": {"owner": "sales"},
    "negotiation": {"owner": "sales"},
    "account_care": {"owner": "sales"},
}
CODE = {name: code for code, name in enumerate(TOUCHPOINTS)}
PLAN: dict[str, Any] = {"marketing": {"mix": {"ads": 1.0}}}


def scenario(**changes: Any) -> Scenario:
    """Return one quarter from 1 January 2026 with one quarter of burn-in; `changes` go to the world."""
    world: dict[str, Any] = {
        "segments": {"all": {"accounts": 100}},
        "touchpoints": TOUCHPOINTS,
        "burn_in_quarters": 1,
        "incumbent": PLAN,
        "customers": {"term_days": 365.0, "churn": 0.2, "start": 0},
        "finance": {"gross_margin": 0.75, "discount_rate": 0.1},
    }
    horizon = changes.pop("horizon_quarters", 1)
    world |= changes
    return Scenario.model_validate(
        {"world": world, "plan": PLAN, "start": dt.date(2026, 1, 1), "horizon_quarters": horizon}
    )


def at(day: float, hour: float = 0.0) -> int:
    """Return a moment: day (0 is Thursday, 1 January 2026) and hour."""
    return int(np.floor(day * DAY + hour * HOUR + 0.5))


def log_of(*rows: tuple[int, Kind, dict[str, Any]]) -> np.ndarray:
    """Return a log in order of time from rows (time, kind, columns that apply)."""
    array = np.zeros(len(rows), dtype=[(column.name, column.dtype) for column in COLUMNS])
    for column in COLUMNS:
        if column.dtype == "<f8":
            array[column.name] = np.nan
        elif column.name == "amount":
            array[column.name] = NO_AMOUNT
        elif column.name not in ("time", "kind"):
            array[column.name] = NO_CODE
    for i, (time, kind, columns) in enumerate(sorted(rows, key=lambda row: row[0])):
        array[i]["time"], array[i]["kind"] = time, kind
        for name, value in columns.items():
            array[i][name] = value
    return array


def row(time: int, kind: Kind, account: int = NO_CODE, need: int = NO_CODE, **columns: Any):  # type: ignore[no-untyped-def]
    """Return one row for `log_of`; a touchpoint may be given by name."""
    if isinstance(columns.get("touchpoint"), str):
        columns["touchpoint"] = CODE[columns["touchpoint"]]
    return time, kind, {"account": account, "need": need, **columns}
