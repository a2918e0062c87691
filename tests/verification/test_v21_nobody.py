"""V21: no marketers: no programmes, only what the market finds by itself. No reps: nothing that only sales can do."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import Exact, Measured
from verification.worlds import logs, rows

from funnelsim.events import Kind, Team
from funnelsim.scenario import load
from funnelsim.scenario.schema import Scenario

SEED = 21
PROGRAMMES = (Kind.PROGRAMME_LAUNCHED, Kind.PROGRAMME_LIVE, Kind.PROGRAMME_WORN, Kind.PROGRAMME_ENDED)
BY_PEOPLE = (
    Kind.TASK,
    Kind.ATTEMPT,
    Kind.CONTACT,
    Kind.DECLINED,
    Kind.GIVEN_UP,
    Kind.SQL,
    Kind.DISQUALIFIED,
    Kind.NOT_READY,
    Kind.OPPORTUNITY,
    Kind.WON,
    Kind.LOST,
    Kind.NO_DECISION,
    Kind.MISSED,
    Kind.PROSPECTED,
    Kind.BELIEF,
)


def without(team: str) -> Scenario:
    """The small market, one team empty from the beginning of the burn-in."""
    people = {"marketing": ("marketing.marketers",), "sales": ("sales.reps", "sales.sdrs")}[team]
    changes = {f"{plan}.{name}": 0.0 for plan in ("plan", "world.incumbent") for name in people}
    return load("small").with_changes({**changes, "horizon_quarters": 2})


@cache
def measure() -> tuple[Measured, ...]:
    scenario = without("marketing")
    log = next(logs(scenario, SEED, 1))
    made = len(rows(log, *PROGRAMMES)) + int((rows(log, Kind.TASK)["team"] == Team.MARKETING).sum())
    touches = rows(log, Kind.TOUCH)
    touches = touches[touches["team"] == Team.MARKETING]
    names = list(scenario.world.touchpoints)
    free = [
        names.index(n) for n, t in scenario.world.touchpoints.items() if t.base_intensity > 0.0 or t.found_by_search
    ]
    bought = int((~np.isin(touches["touchpoint"], free)).sum())
    idle = next(logs(without("sales"), SEED, 1))
    acts = rows(idle, *BY_PEOPLE)
    by_sales = int((acts["team"] != Team.MARKETING).sum())
    touched = rows(idle, Kind.TOUCH)
    by_sales += int((touched["team"] == Team.SALES).sum())
    paid = rows(idle, Kind.SALARY, Kind.HIRED)
    by_sales += int((paid["team"] == Team.SALES).sum())
    return (
        Exact("V21 programmes without marketers", "small, no marketers", "0", "0", str(made), made, 0.0, len(log)),
        Exact(
            "V21 touches that only programmes make",
            "small, no marketers",
            "0",
            "0",
            str(bought),
            bought,
            0.0,
            len(touches),
        ),
        Exact(
            "V21 acts of sales without sales",
            "small, no reps, no SDRs",
            "0",
            "0",
            str(by_sales),
            by_sales,
            0.0,
            len(idle),
        ),
    )


@pytest.mark.verification
def test_nobody_does_nothing():
    for measured in measure():
        measured.check()
