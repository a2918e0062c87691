"""Inputs on which the engines once parted, or the reference engine failed or crawled."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pytest

pytest.importorskip("numba")

from parity.generated import TIES, TINY
from parity.parity import assert_same_log

from funnelsim.engines.reference.model import simulate_log as reference_log
from funnelsim.events import Kind
from funnelsim.scenario.lowering import lower


def later(days: int, changes: dict) -> dict:
    return {"timeline": [{"date": TINY.start + dt.timedelta(days=days), "changes": changes}]}


def test_cooling_law_changes_while_leads_wait():
    """A lead cools by the law under which it began to wait."""
    scenario = TINY.with_changes(
        {
            "plan.sales.reps": 0.2,
            "world.response.lead_patience": 60.0,
            "world.response.request_patience": 60.0,
            "world.response.cooling_floor": 0.0,
            **later(20, {"world.response.cooling_power": 0.0, "plan.sales.reps": 5.0}),
        }
    )
    log = assert_same_log(scenario)
    assert np.count_nonzero(log["kind"] == Kind.CONTACT) > 20


def test_calls_per_hour_change_during_a_block_of_calls():
    """A block of cold calls that takes days ends with the calls that it began with."""
    scenario = TINY.with_changes(
        {
            "plan.sales.reps": 5.0,
            "plan.sales.prospecting_hours": 20.0,
            "plan.sales.priorities.prospecting": 0,
            "world.selling.cold_contact": 1.0,
            "world.segments.*.need_interval": 0.5,
            **later(40, {"world.selling.calls_per_hour": 1.0}),
        }
    )
    log = assert_same_log(scenario)
    assert np.count_nonzero(log["kind"] == Kind.PROSPECTED) > 100


def test_times_beyond_64_bits():
    """Cycles of millions of years, tasks of millions of hours, customers who are called once in an eon."""
    scenario = TINY.with_changes(
        {
            "world.selling.cycle_days": 3650.0,
            "world.selling.cycle_sigma": 3.0,
            "world.selling.cycle_power": 2.0,
            "world.selling.reference_deal": 1.0,
            "world.selling.hours_sigma": 3.0,
            "world.selling.meeting_hours": 40.0,
            "world.people.rep.productive_share": 0.01,
            "plan.sales.reps": 3.000002,
            "world.customers.care_per_year": 1e-9,
            "world.customers.referral_rate": 1e-9,
        }
    )
    log = assert_same_log(scenario)
    cycles = log["value"][log["kind"] == Kind.OPPORTUNITY]
    assert cycles.max() * 86_400e6 > 2.0**63


@pytest.mark.parametrize("tiny", [1e-300, 5e-324, 1e-12])
def test_rates_next_to_nothing(tiny):
    scenario = TINY.with_changes(
        {
            "world.touchpoints.*.moments_per_week": tiny,
            "world.people.rep.attrition": tiny,
            "world.people.marketer.attrition": tiny,
            "world.customers.care_per_year": tiny,
            "world.customers.referral_rate": tiny,
            "plan.sales.reps": tiny,
            "plan.sales.sdrs": 1.0 + 1e-15,
            "plan.marketing.programme_money": tiny,
            **later(30, {"world.demand": tiny}),
        }
    )
    assert_same_log(scenario)


def test_demand_next_to_nothing_and_then_some():
    changes = [
        {"date": TINY.start + dt.timedelta(days=40), "changes": {"world.demand": 0.0}},
        {"date": TINY.start + dt.timedelta(days=60), "changes": {"world.demand": 5.0}},
    ]
    log = assert_same_log(TINY.with_changes({"world.demand": 1e-300, "timeline": changes}))
    assert np.count_nonzero(log["kind"] == Kind.NEED) > 100


def test_need_with_more_moments_than_16_bits_can_number():
    scenario = TINY.with_changes(
        {
            "world.segments.core.accounts": 3,
            "world.segments.fringe": None,
            "world.segments.core.need_interval": 20.0,
            "world.segments.core.need_window": 3650.0,
            "world.touchpoints.content.moments_per_week": 150.0,
            "world.touchpoints.content.base_intensity": 0.01,
            "world.touchpoints.content.capture": 1e-6,
            "world.customers.start": 0,
            "world.burn_in_quarters": 0,
            "horizon_quarters": 60,
            "world.buyers.ask_probability": 0.0,
            "plan.marketing.hand_over": False,
            "plan.sales.prospecting_hours": 0.0,
        }
    )
    log = assert_same_log(scenario, 4)
    assert log["item"][log["kind"] == Kind.TOUCH].max() > 65_535


def test_reach_of_many_cheap_programmes_that_grow_strong():
    """The bound of reach holds whatever a timeline does to programmes."""
    ads = "world.touchpoints.ads.programme"
    scenario = TINY.with_changes(
        {
            f"{ads}.money": 50.0,
            f"{ads}.hours": 1.0,
            f"{ads}.reach": 10.0,
            f"{ads}.live_days": 3650.0,
            "plan.marketing.mix": {"ads": 1.0},
            "plan.marketing.marketers": 3.0,
            "plan.marketing.programme_money": 20_000.0,
            **later(30, {f"{ads}.reach": 100_000.0, f"{ads}.money": 1e6}),
        }
    )
    assert_same_log(scenario)


def test_reach_of_two_quarters_at_once():
    """Programmes wait while nobody makes them, and go live together with those of the next quarter."""
    ads = "world.touchpoints.ads.programme"
    entries = [(82, 10.0), (84, 0.0), (175, 300.0)]
    scenario = TINY.with_changes(
        {
            f"{ads}.money": 500.0,
            f"{ads}.hours": 100.0,
            f"{ads}.live_days": 1.0,
            "plan.marketing.mix": {"ads": 1.0},
            "plan.marketing.marketers": 0.0,
            "plan.marketing.approval_days": 0.0,
            "plan.marketing.programme_money": 40_000.0,
            "horizon_quarters": 3,
            "timeline": [
                {"date": TINY.start + dt.timedelta(days=day), "changes": {"plan.marketing.marketers": heads}}
                for day, heads in entries
            ],
        }
    )
    assert_same_log(scenario)


def test_money_that_a_quarter_leaves_is_lost_without_a_mix_too():
    """It once piled up until there was a mix, and reach went beyond its bound."""
    scenario = TINY.with_changes(
        {
            "plan.marketing.mix": {},
            "plan.marketing.budget_rule": "fixed",
            "plan.marketing.marketers": 20.0,
            "world.burn_in_quarters": 0,
            "horizon_quarters": 4,
            "world.touchpoints.ads.programme.live_days": 1.0,
            **later(300, {"plan.marketing.mix": {"ads": 1.0}}),
        }
    )
    log = assert_same_log(scenario)
    spent = log["amount"][log["kind"] == Kind.PROGRAMME_LAUNCHED].sum()
    assert spent < scenario.plan.marketing.programme_money * 100.0 / 365.0 * (92.0 + 8.0) + 2e5


@pytest.mark.parametrize("seed", range(4))
def test_two_people_of_one_seat_end_their_tasks_together(seed):
    """Who has left finishes the present task; the next person in the seat may finish one in the same microsecond."""
    scenario = TINY.with_changes(
        {
            **TIES,
            "world.people.rep.attrition": 10.0,
            "world.people.rep.vacancy_days": 0.0,
            "world.workweek.weekdays": (0, 1, 2, 3, 4, 5, 6),
            "world.customers.start": 1000,
            "world.customers.term_days": 7.0,
            "world.customers.care_per_year": 24.0,
            "plan.sales.reps": 6.0,
            "horizon_quarters": 2,
        }
    )
    assert_same_log(scenario, seed)


def test_hundreds_of_people_come_and_go():
    crowd = {"plan.sales.reps": 990.0, "plan.sales.sdrs": 989.5, "plan.marketing.marketers": 990.0}
    nobody = dict.fromkeys(crowd, 0.0)
    entries = [(3, crowd), (6, nobody), (9, crowd), (12, nobody)]
    timeline = [{"date": TINY.start + dt.timedelta(days=day), "changes": changes} for day, changes in entries]
    assert_same_log(TINY.with_changes({"timeline": timeline}))


def test_own_tasks_that_come_while_the_office_is_closed():
    """Thousands of leads that one rep will try again wait for the one hour a week in which people work."""
    scenario = TINY.with_changes(
        {
            "world.workweek.day_end": 10.0,
            "world.workweek.weekdays": (6,),
            "world.response.retry_days": 1e-12,
            "world.response.request_patience": 1e5,
            "world.response.contact_probability": 0.001,
            "world.selling.attempt_hours": 0.0001,
            "plan.sales.max_attempts": 100,
        }
    )
    begin = time.process_time()
    reference_log(lower(scenario), 1)
    assert time.process_time() - begin < 5.0
    assert_same_log(scenario)


@pytest.mark.parametrize("seed", range(3))
def test_people_who_hardly_ever_leave(seed):
    """Tenures of thousands of years were microseconds beyond 2^53, which the engines divided differently."""
    scenario = TINY.with_changes(
        {
            "world.people.rep.attrition": 0.001,
            "world.people.marketer.attrition": 0.001,
            "world.selling.experience_weight": 0.001,
            "plan.sales.reps": 40.0,
            "plan.sales.sdrs": 0.0,
            "horizon_quarters": 2,
        }
    )
    log = assert_same_log(scenario, seed)
    assert np.count_nonzero(np.isin(log["kind"], (Kind.DECLINED, Kind.ATTEMPT))) > 20
