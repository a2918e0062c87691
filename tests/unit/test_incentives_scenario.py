"""What may be said about incentives in a scenario, and what it becomes for the engines."""

from __future__ import annotations

import pytest

from funnelsim.errors import ScenarioError
from funnelsim.scenario.files import load
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Response

TACTICS = {"world.touchpoints.cold_call.per_hour": 15.0, "world.touchpoints.cold_call.contact": 0.15}


def phase(**changes):
    """Numbers of the plan after some changes (dots written as double underscores)."""
    named = {path.replace("__", "."): value for path, value in changes.items()}
    return lower(load("small").with_changes(named)).phases[-1]


def test_everything_is_off_by_default():
    found = phase()
    assert found.quota_months == 0 and found.pull_probability == 0.0 and Response().neglect == 0.0
    assert found.price == 1.0 and found.discount == 0.0 and not found.prospects_by_mix
    assert found.reps.crossed == found.marketers.crossed == 0


def test_a_tactic_must_be_one():
    small = load("small").with_changes(TACTICS)
    with pytest.raises(ScenarioError, match=r"'cold_cal'.*did you mean 'cold_call'\?"):
        small.with_changes({"plan.sales.prospecting_mix": {"cold_cal": 1.0}})
    with pytest.raises(ScenarioError, match=r"'rep_call'.*tactics with per_hour: cold_call"):
        small.with_changes({"plan.sales.prospecting_mix": {"rep_call": 1.0}})
    with pytest.raises(ScenarioError, match=r"shares sum to 0\.5"):
        small.with_changes({"plan.sales.prospecting_mix": {"cold_call": 0.5}})


def test_effort_goes_with_the_bonus_of_the_period():
    quarter = phase(plan__sales__quota={"period": "quarter", "bonus": 5_000.0})
    month = phase(plan__sales__quota={"period": "month", "bonus": 5_000.0 / 3.0})
    none = phase(plan__sales__quota={"period": "quarter", "bonus": 0.0})
    assert quarter.effort_gain == pytest.approx(0.1) and month.effort_gain == pytest.approx(0.1)
    assert none.effort_gain == 0.0 == none.effort_loss


def test_requests_need_authority_for_discounts():
    chances = [
        phase(plan__sales__quota={"period": "quarter", "discount_authority": d}).pull_probability
        for d in (0.0, 0.035, 0.07, 0.2)
    ]
    assert chances == pytest.approx([0.75 * 0.05, 0.75 * 0.525, 0.75, 0.75])


def test_price_moves_the_log_odds_of_winning():
    assert phase(plan__price=0.9).win > phase().win > phase(plan__price=1.1).win
