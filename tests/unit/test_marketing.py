"""Marketers and the programmes that they make: as many as their hours give, whoever is a part-time post."""

from __future__ import annotations

import pytest

import funnelsim as fs
from funnelsim.events import HOUR, Kind
from funnelsim.workhours import WorkCalendar

HOURS = 20.0
SHARE = 0.5


def firm(marketers: float) -> fs.Scenario:
    """Return a firm with far more money than hours, whose programmes are all alike; nobody leaves."""
    base = fs.load("small")
    plan = {"marketers": marketers, "programme_money": 10_000_000.0, "mix": {"webinar": 1.0}}
    return base.with_changes(
        {
            **{f"plan.marketing.{name}": value for name, value in plan.items()},
            **{f"world.incumbent.marketing.{name}": value for name, value in plan.items()},
            "world.touchpoints.webinar.programme.hours": HOURS,
            "world.touchpoints.webinar.programme.reach": 1.0,
            "world.programme_scale": 1.0,
            "world.people.marketer.productive_share": SHARE,
            "world.people.marketer.attrition": 0.0,
            "world.segments.*.accounts": 200,
            "world.customers.start": 0,
            "world.alignment.on": False,
            "plan.sales.reps": 0.0,
            "world.incumbent.sales.reps": 0.0,
        }
    )


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("marketers", [0.5, 1.0, 1.2, 1.5, 2.0, 2.3])
def test_part_time_marketers_make_their_part(marketers, engine):
    if engine == "compiled":
        pytest.importorskip("numba")
    run = fs.simulate(firm(marketers), seed=1, engine=engine)
    begun = run.log[(run.log["kind"] == Kind.TASK) & (run.log["team"] == 0) & (run.log["time"] >= 0)]
    week = run.scenario.world.workweek
    calendar = WorkCalendar(run.scenario.start, 0, 366, week.day_start, week.day_end, week.weekdays, week.holidays)
    last = int(run.log["time"].max())
    worked = calendar.between(0, last) / HOUR
    expected = marketers * SHARE * worked / HOURS
    # each person may have one in hand at either end, and wait for the next weekly plan now and then
    assert len(begun) == pytest.approx(expected, rel=0.06, abs=2.0)
