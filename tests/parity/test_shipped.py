"""Both engines leave the same log for everything that is shipped, whether or not plans share their burn-in."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pytest

pytest.importorskip("numba")

from parity.parity import assert_same, assert_same_log

import funnelsim as fs
from funnelsim.engines.compiled.engine import BurnIn, common_part
from funnelsim.engines.compiled.engine import simulate_log as compiled_log
from funnelsim.engines.reference.model import simulate_log as reference_log
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.size import estimate

LONG = 3.0
"""Seconds of the reference engine (roughly) from which a scenario is run whole only among the slow tests."""
SEED = 20_260_101
TWO_QUARTERS = {"world.burn_in_quarters": 1, "horizon_quarters": 1}


def shipped() -> dict[str, Scenario]:
    """Every shipped scenario, and every arm of every shipped study."""
    found = {name: fs.load(name) for name in fs.list_scenarios("scenario")["name"]}
    for study in fs.list_scenarios("study")["name"]:
        found.update({f"{study}: {label}": arm for label, arm in fs.load_study(study).scenarios.items()})
    return found


SHIPPED = shipped()


def shortened(scenario: Scenario) -> Scenario:
    """Return the scenario with one quarter of horizon, and of burn-in if it has any, on a tenth of the market."""
    changes = {
        "horizon_quarters": 1,
        "world.burn_in_quarters": min(scenario.world.burn_in_quarters, 1),
        "world.customers.start": scenario.world.customers.start // 10,
        "world.programme_scale": scenario.world.programme_scale * 0.1,
        "plan.sales.reps": scenario.plan.sales.reps * 0.1,
        "plan.marketing.marketers": scenario.plan.marketing.marketers * 0.1,
        "plan.marketing.programme_money": scenario.plan.marketing.programme_money * 0.1,
    }
    for name, segment in scenario.world.segments.items():
        changes[f"world.segments.{name}.accounts"] = max(1, segment.accounts // 10)
    timeline = [change for change in scenario.timeline if change.date < scenario.start + dt.timedelta(days=90)]
    return scenario.model_copy(update={"timeline": tuple(timeline)}).with_changes(changes)


def is_long(scenario: Scenario) -> bool:
    return estimate(scenario).seconds > LONG


@cache
def expected_log(name: str, seed: int) -> np.ndarray:
    """Log of the reference engine for a shortened scenario."""
    return reference_log(lower(shortened(SHIPPED[name])), seed)


# ------------------------------------------------------------------------------------------------------------- shipped


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_and_shortened(name):
    scenario = shortened(SHIPPED[name])
    assert_same(expected_log(name, SEED), compiled_log(lower(scenario), SEED), lower(scenario), name)


@pytest.mark.parametrize("replication", [0, 1])
@pytest.mark.parametrize("name", [name for name, scenario in SHIPPED.items() if not is_long(scenario)])
def test_shipped(name, replication):
    assert_same_log(SHIPPED[name], SEED, replication)


@pytest.mark.slow
@pytest.mark.parametrize("name", fs.list_scenarios("scenario")["name"])
def test_shipped_and_long(name):
    """The base scenario and those faster than it whole, as users run them; the others for two quarters."""
    scenario = SHIPPED[name]
    if not is_long(scenario):
        pytest.skip("it is run whole above")
    whole = name == "base" or estimate(scenario).seconds < 0.5 * estimate(SHIPPED["base"]).seconds
    assert_same_log(scenario if whole else scenario.with_changes(TWO_QUARTERS), SEED)


@pytest.mark.slow
@pytest.mark.parametrize("study", fs.list_scenarios("study")["name"])
def test_study_with_its_burn_in_shared(study):
    """The last arm continues the burn-in that the first one ran, as in `compare`; two quarters, the whole market."""
    arms = [arm.with_changes(TWO_QUARTERS) for arm in fs.load_study(study).scenarios.values()]
    lowered = lower(arms[-1])
    burn_in = BurnIn(lower(arms[0]), SEED, 0)
    assert burn_in.common == common_part(lowered)
    assert_same(reference_log(lowered, SEED), burn_in.log(lowered), lowered, study)


# ------------------------------------------------------------------------------------------------------- burn-in shared

ALONE = shortened(fs.load("base")).with_changes({"horizon_quarters": 2})
START = ALONE.start
PLANS = {
    "as it was": {},
    "no reps": {"plan.sales.reps": 0.0},
    "many reps": {"plan.sales.reps": 9.5, "plan.sales.sdrs": 2.5, "plan.sales.ramped": True},
    "no marketing": {"plan.marketing.marketers": 0.0, "plan.marketing.programme_money": 0.0},
    "much marketing": {"plan.marketing.marketers": 4.0, "plan.marketing.programme_money": 3e6},
    "another mix": {"plan.marketing.mix": {"ads": 0.5, "event": 0.5}, "plan.marketing.targeting": 0.9},
    "other rules": {"plan.marketing.lead_bar": -1.0, "plan.sales.priorities.request": 7, "plan.sales.max_attempts": 2},
    "changes on day 0": {"timeline": [{"date": START, "changes": {"plan.sales.reps": 4.0}}]},
    "changes later": {
        "timeline": [
            {"date": START + dt.timedelta(days=1), "changes": {"plan.sales.reps": 0.0}},
            {"date": START + dt.timedelta(days=60), "changes": {"plan.sales.reps": 5.0, "plan.sales.sdrs": 1.0}},
            {"date": START + dt.timedelta(days=180), "changes": {"plan.marketing.programme_money": 0.0}},
        ]
    },
    "another world later": {
        "timeline": [
            {
                "date": START + dt.timedelta(days=45),
                "changes": {
                    "world.trust.brand_half_life": 7.0,
                    "world.goodwill.half_life": 30.0,
                    "world.selling.meetings": ["meeting"],
                    "world.selling.checkpoints": [],
                    "world.customers.care_per_year": 12.0,
                },
            }
        ]
    },
}


def test_plans_share_a_burn_in():
    burn_in = BurnIn(lower(ALONE), SEED, 3)
    for label, changes in [*PLANS.items(), *reversed(PLANS.items())]:
        lowered = lower(ALONE.with_changes(changes))
        assert burn_in.common == common_part(lowered), label
        assert_same(compiled_log(lowered, SEED, 3), burn_in.log(lowered), lowered, label)


@pytest.mark.parametrize("label", PLANS)
def test_plan_on_its_own(label):
    assert_same_log(ALONE.with_changes(PLANS[label]), SEED, 3)


def test_burn_in_is_whoever_ran_it():
    one, other = (lower(ALONE.with_changes(PLANS[label])) for label in ("much marketing", "changes later"))
    assert_same(BurnIn(one, SEED, 0).log(other), BurnIn(other, SEED, 0).log(other))


@pytest.mark.parametrize(
    "changes",
    [
        {"horizon_quarters": 3},
        {"world.burn_in_quarters": 2},
        {"world.segments.core.accounts": 999},
        {"world.trust.brand_half_life": 71.0},
        {"world.incumbent.sales.reps": 3.0},
        {"world.workweek.holidays": [START + dt.timedelta(days=5)]},
        {"start": START + dt.timedelta(days=365)},
        {"timeline": [{"date": START + dt.timedelta(days=30), "changes": {"world.demand": 0.5}}]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_shapes_the_burn_in_is_not_shared(changes):
    """Demand at any time is one of these: it decides when the needs come that are scheduled during the burn-in."""
    assert common_part(lower(ALONE)) != common_part(lower(ALONE.with_changes(changes)))


def test_worlds_without_burn_in_have_none_to_share():
    scenario = ALONE.with_changes({"world.burn_in_quarters": 0})
    assert common_part(lower(scenario)) is None
    assert_same_log(scenario, SEED)


@pytest.mark.parametrize("closed", [0, 3, 100])
@pytest.mark.parametrize("accounts", [1, 5])
def test_burn_in_ends_in_silence(accounts, closed):
    """Nothing happens for days around day 0: the plan takes effect on day 0 all the same."""
    start = dt.date(2026, 4, 1)
    scenario = ALONE.with_changes(
        {
            "start": start,
            "horizon_quarters": 1,
            "world.segments.fringe": None,
            "world.segments.core.accounts": accounts,
            "world.customers.start": 0,
            "world.workweek.holidays": [start + dt.timedelta(days=n) for n in range(-closed, closed)],
            "world.incumbent.sales.reps": 0.0,
        }
    )
    later = [{"date": start + dt.timedelta(days=1), "changes": {"plan.sales.reps": 0.0}}]
    for changes in ({}, {"plan.sales.reps": 3.0}, {"plan.sales.reps": 3.0, "timeline": later}):
        lowered = lower(scenario.with_changes(changes))
        for seed in range(3):
            log = BurnIn(lower(scenario), seed, 0).log(lowered)
            assert_same(reference_log(lowered, seed), log, lowered)
