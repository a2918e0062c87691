"""Laws that hold for every scenario, read from the event log alone."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelsim.engines.reference.model import Model, simulate_log
from funnelsim.events import DAY, HOUR, Kind, Role, Source, Stage
from funnelsim.scenario import load
from funnelsim.scenario.lowering import Lowered, lower
from funnelsim.scenario.schema import Change, Scenario, Touchpoint

pytestmark = pytest.mark.properties

Row = Any
CASE_BEGINS = (Kind.MQL, Kind.REQUEST, Kind.PROSPECTED)
CASE_ENDS = (
    Kind.DECLINED,
    Kind.RENEGED,
    Kind.GIVEN_UP,
    Kind.DISQUALIFIED,
    Kind.NOT_READY,
    Kind.UPGRADED,
    Kind.WON,
    Kind.LOST,
    Kind.NO_DECISION,
)
NEED_ENDS = (Kind.WON, Kind.LOST, Kind.NO_DECISION, Kind.WINDOW_CLOSED)
ENDED = {Stage.LOST, Stage.NO_DECISION}
LEGAL = {
    Stage.PROSPECT: {Stage.LEAD, Stage.MQL, Stage.SQL, Stage.DISQUALIFIED} | ENDED,
    Stage.LEAD: {Stage.MQL, Stage.SQL, Stage.DISQUALIFIED} | ENDED,
    Stage.MQL: {Stage.LEAD, Stage.SQL, Stage.DISQUALIFIED} | ENDED,
    Stage.SQL: {Stage.LEAD, Stage.OPPORTUNITY} | ENDED,
    Stage.OPPORTUNITY: {Stage.CUSTOMER} | ENDED,
    Stage.CUSTOMER: {Stage.PAST_CUSTOMER},
    Stage.PAST_CUSTOMER: set(),
    Stage.DISQUALIFIED: ENDED,
    Stage.LOST: set(),
    Stage.NO_DECISION: set(),
}
"""Stages of one need, in the order of the log."""
FIRST_STAGES = {Stage.PROSPECT, Stage.LEAD, Stage.CUSTOMER}
LIFE = (Kind.PROGRAMME_LAUNCHED, Kind.TASK, Kind.PROGRAMME_LIVE, Kind.PROGRAMME_WORN, Kind.PROGRAMME_ENDED)

BASE = load("small").with_changes(
    {
        "world.segments.core.accounts": 1000,
        "world.segments.fringe.accounts": 1000,
        "world.programme_scale": 0.01,
        "world.customers.start": 10,
        "world.customers.referral_rate": 3.0,
        "world.customers.churn": 0.5,
        "world.burn_in_quarters": 0,
        "world.selling.cycle_days": 10.0,
        "world.selling.interest": 3.0,
        "world.selling.win": 3.0,
        "horizon_quarters": 1,
        "plan.marketing.programme_money": 30_000.0,
        "start": "2026-01-01",
    }
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Tiny markets under many plans."""
    ranks = draw(st.permutations(range(6)))
    names = ("request", "meeting", "own_lead", "marketing_lead", "care", "prospecting")
    scenario = BASE.with_changes(
        {
            "plan.sales.reps": draw(st.sampled_from([0.0, 0.3, 1.0, 2.5])),
            "plan.sales.sdrs": draw(st.sampled_from([0.0, 0.0, 0.5, 1.0])),
            "plan.sales.max_attempts": draw(st.integers(1, 8)),
            "plan.sales.prospecting_hours": draw(st.sampled_from([0.0, 0.8, 6.0])),
            "plan.marketing.marketers": draw(st.sampled_from([0.0, 0.2, 2.0])),
            "plan.marketing.lead_bar": draw(st.floats(-2.0, 2.0)),
            "plan.marketing.approval_days": draw(st.sampled_from([0.0, 5.0])),
            "world.segments.core.need_window": draw(st.sampled_from([5.0, 90.0])),
            "world.segments.core.need_interval": draw(st.sampled_from([0.5, 5.0])),
            "world.selling.stay": draw(st.sampled_from([-1.0, 5.0])),
            "world.customers.term_days": draw(st.sampled_from([20.0, 365.0])),
            "world.customers.care_per_year": draw(st.sampled_from([0.0, 60.0])),
            "world.people.rep.attrition": draw(st.sampled_from([0.0, 6.0])),
            "world.people.rep.vacancy_days": 10.0,
            "world.response.retry_days": draw(st.sampled_from([0.01, 1.0])),
            "world.workweek.day_end": draw(st.sampled_from([10.0, 17.0])),
            "world.buyers.ask_probability": draw(st.sampled_from([0.1, 0.9])),
            "world.finance.commission": draw(st.sampled_from([0.0, 0.1])),
            **{f"plan.sales.priorities.{name}": rank for name, rank in zip(names, ranks, strict=True)},
        }
    )
    if not draw(st.booleans()):
        return scenario
    heads = Change(date=dt.date(2026, 2, 14), changes={"plan.sales.reps": draw(st.sampled_from([0.0, 0.5, 3.0]))})
    assert scenario.start < heads.date
    return scenario.model_copy(update={"timeline": (heads,)})


def by_need(log: np.ndarray) -> dict[tuple[int, int], list[Row]]:
    """Rows of each need, in the order of the log."""
    found: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in log[log["account"] >= 0]:
        found[(int(row["account"]), int(row["need"]))].append(row)
    return found


def end_of_task(lowered: Lowered, row: Row) -> int:
    """When the person who starts this task is done with it."""
    return lowered.calendar.finish(int(row["time"]), max(int(row["hours"] * HOUR + 0.5), 1))


# ---------------------------------------------------------------------------------------------------------------- laws


def time_runs_forward(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    assert (np.diff(log["time"]) >= 0).all()
    if len(log):
        assert log["time"][0] >= lowered.start
        assert log["time"][-1] <= lowered.end


def accounts_are_conserved(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    """An account has one need at a time, none while it is a customer, and its needs are numbered through."""
    inside: dict[int, str] = {}
    number: dict[int, int] = defaultdict(int)
    for row in log[log["account"] >= 0]:
        account, kind = int(row["account"]), Kind(row["kind"])
        assert account < lowered.accounts
        if kind == Kind.CUSTOMER:
            assert account not in inside
            inside[account] = "customer"
            number[account] = 1
        elif kind == Kind.NEED:
            assert account not in inside
            assert row["need"] == number[account]
            number[account] += 1
            inside[account] = "market"
        elif kind in NEED_ENDS:
            assert inside.pop(account) == "market"
            if kind == Kind.WON:
                inside[account] = "customer"
        elif kind == Kind.CHURNED:
            assert inside.pop(account) == "customer"
        elif kind == Kind.RENEWED:
            assert inside[account] == "customer"


def cases_begin_once_and_end_at_most_once(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    """A need has one case at a time, numbered through; at most one by marketing and one by request."""
    for rows in by_need(log).values():
        begun: Counter[int] = Counter()
        open_case: int | None = None
        for row in rows:
            kind = Kind(row["kind"])
            if kind in CASE_BEGINS:
                assert open_case is None, "two cases of a need at a time"
                open_case = int(row["item"])
                assert open_case == begun.total()
                begun[int(row["source"])] += 1
            elif kind in CASE_ENDS:
                assert row["item"] == open_case, "an end without a beginning"
                open_case = None
        assert begun[Source.MQL] <= 1
        assert begun[Source.INBOUND] <= 1


def stages_change_legally(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    for rows in by_need(log).values():
        before = Stage(rows[0]["stage"])
        assert before in FIRST_STAGES
        for row in rows[1:]:
            after = Stage(row["stage"])
            assert after == before or after in LEGAL[before], f"{before.name} to {after.name}"
            before = after


def nobody_does_two_things_at_once(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    """A person's tasks begin in working hours, one after the other, while the person is on the roll."""
    free: dict[int, int] = {}
    on_roll: set[int] = set()
    for row in log[np.isin(log["kind"], [Kind.TASK, Kind.HIRED, Kind.LEFT])]:
        person, kind = int(row["person"]), Kind(row["kind"])
        if kind == Kind.HIRED:
            on_roll.add(person)
        elif kind == Kind.LEFT:
            on_roll.discard(person)
        else:
            assert person in on_roll
            assert row["time"] >= free.get(person, lowered.start)
            done = end_of_task(lowered, row)
            free[person] = done
            assert lowered.calendar.is_working(int(row["time"]))


def the_queue_is_served_in_order(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    """When somebody takes a first response, no other that waits is due before it (priority, then time queued)."""
    ranks = scenario.plan.sales.priorities
    priority = {int(Source.MQL): ranks.marketing_lead, int(Source.INBOUND): ranks.request}
    queued: dict[tuple[int, int, int], tuple[int, int]] = {}
    starts: list[tuple[int, tuple[int, int, int], tuple[int, int]]] = []
    waits: list[tuple[tuple[int, int], int, int]] = []
    for row in log[log["account"] >= 0]:
        kind, time, item = Kind(row["kind"]), int(row["time"]), int(row["item"])
        case = (int(row["account"]), int(row["need"]), item)
        if kind in (Kind.MQL, Kind.REQUEST):
            queued[case] = (priority[int(row["source"])], time)
        elif case in queued and kind in (Kind.TASK, Kind.DECLINED, Kind.RENEGED, Kind.UPGRADED):
            place = queued.pop(case)
            waits.append((place, place[1], time))
            if kind in (Kind.TASK, Kind.DECLINED):
                starts.append((time, case, place))
    waits.extend((place, place[1], lowered.end + 1) for place in queued.values())
    for time, _, place in starts:
        ahead = [w for w, begin, end in waits if w < place and begin <= time < end]
        assert not ahead, f"served {place} at {time} before {ahead[0]}"


def trust_is_a_share(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    for column in ("brand", "relationship"):
        known = log[column][~np.isnan(log[column])]
        assert (known >= 0.0).all()
        assert (known < 1.0).all()
    gained = log["value"][log["kind"] == Kind.TOUCH]
    assert (gained >= 0.0).all()


def programmes_live_in_order(log: np.ndarray, scenario: Scenario, lowered: Lowered) -> None:
    lives: dict[int, list[Row]] = defaultdict(list)
    for row in log[(log["account"] < 0) & (log["team"] == 0) & np.isin(log["kind"], [int(k) for k in LIFE])]:
        lives[int(row["item"])].append(row)
    assert sorted(lives) == list(range(len(lives)))
    approval = int(scenario.plan.marketing.approval_days * DAY + 0.5)
    for rows in lives.values():
        assert [row["kind"] for row in rows] == list(LIFE[: len(rows)])
        assert len({int(row["touchpoint"]) for row in rows}) == 1
        programme = lowered.phases[0].touchpoints[int(rows[0]["touchpoint"])].programme
        assert programme is not None
        if len(rows) > 2:
            assert rows[2]["time"] == end_of_task(lowered, rows[1]) + approval
        if len(rows) > 4:
            assert rows[4]["time"] == rows[2]["time"] + programme.live


LAWS = (
    time_runs_forward,
    accounts_are_conserved,
    cases_begin_once_and_end_at_most_once,
    stages_change_legally,
    nobody_does_two_things_at_once,
    the_queue_is_served_in_order,
    trust_is_a_share,
    programmes_live_in_order,
)


@given(scenario=scenarios(), seed=st.integers(0, 2**31))
def test_laws_of_the_log(scenario: Scenario, seed: int):
    lowered = lower(scenario)
    log = simulate_log(lowered, seed)
    for law in LAWS:
        law(log, scenario, lowered)


@given(
    reps=st.integers(0, 3),
    sdrs=st.integers(0, 2),
    marketers=st.integers(0, 2),
    part=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 99),
)
@settings(max_examples=10)
def test_a_years_salaries_add_up_to_the_yearly_cost(reps: int, sdrs: int, marketers: int, part: float, seed: int):
    scenario = BASE.with_changes(
        {
            "world.segments.core.accounts": 100,
            "world.segments.fringe.accounts": 100,
            "horizon_quarters": 4,
            "plan.sales.reps": reps + part,
            "plan.sales.sdrs": float(sdrs),
            "plan.marketing.marketers": float(marketers),
            "world.people.rep.attrition": 0.0,
            "world.people.sdr.attrition": 0.0,
            "world.people.marketer.attrition": 0.0,
        }
    )
    log = simulate_log(lower(scenario), seed)
    paid = log[log["kind"] == Kind.SALARY]
    people = scenario.world.people
    for role, heads, cost in (
        (Role.REP, reps + part, people.rep.cost),
        (Role.SDR, sdrs, people.sdr.cost),
        (Role.MARKETER, marketers, people.marketer.cost),
    ):
        assert paid["amount"][paid["person"] // 1_000_000 == role].sum() == round(heads * cost * 100.0)


@given(seed=st.integers(0, 2**31), sdrs=st.sampled_from([0.0, 2.0]), window=st.sampled_from([20.0, 90.0]))
@settings(max_examples=8)
def test_nobody_waits_for_somebody_who_has_left(seed: int, sdrs: float, window: float):
    staff = {"attrition": 10.0, "vacancy_days": 1.0}
    scenario = BASE.with_changes(
        {
            "plan.sales.reps": 2.0,
            "plan.sales.sdrs": sdrs,
            "plan.marketing.lead_bar": -2.0,
            "world.response.retry_days": 2.0,
            "world.segments.core.need_window": window,
            **{f"world.people.{role}.{name}": value for role in ("rep", "sdr") for name, value in staff.items()},
        }
    )
    model = Model(lower(scenario), seed, 0)
    model.run()
    tasks = [need.case.task for need in model.firm.market.open.values() if need.case is not None]
    owners = [task.owner for task in tasks if task is not None and task.waiting and task.owner is not None]
    assert all(owner.on_roll for owner in owners)


# ------------------------------------------------------------------------------------------------- nobody else's draws

LONELY = BASE.with_changes(
    {
        # programmes are scaled by the size of the market, prospecting and referrals choose among its accounts
        "world.workweek.day_start": 0.0,
        "world.workweek.day_end": 24.0,
        "world.workweek.weekdays": [0, 1, 2, 3, 4, 5, 6],
        "world.workweek.holidays": [],
        "world.selling.attempt_hours": 0.0,
        "world.selling.talk_hours": 0.0,
        "world.selling.meeting_hours": 0.0,
        "plan.marketing.marketers": 0.0,
        "plan.sales.reps": 60.0,
        "plan.sales.prospecting_hours": 0.0,
        "world.customers.referral_rate": 0.0,
        "world.customers.start": 0,
        "world.goodwill.per_customer_year": 0.0,
        "world.people.rep.skill_sigma": 0.0,
        "world.people.rep.attrition": 0.0,
        # who works what depends on load per rep and on the belief that others' leads have taught
        "world.selling.load_weight": 0.0,
        "world.selling.belief_weight": 0.0,
        "plan.marketing.targeting": 0.5,
    }
)
"""Nobody waits, nobody learns: what happens to a buyer depends on that buyer alone."""


def buyers(scenario: Scenario, seed: int, below: int) -> np.ndarray:
    """Rows of the accounts below a number, but for the person and the touchpoint's code."""
    log = simulate_log(lower(scenario), seed)
    mine = log[(log["account"] >= 0) & (log["account"] < below)].copy()
    assert not (mine["value"][mine["kind"] == Kind.TASK] > 0.0).any(), "set-up: somebody waited for a person"
    mine["person"] = 0
    return mine


@given(seed=st.integers(0, 2**31), change=st.sampled_from(["account", "rep", "touchpoint"]))
@settings(max_examples=12)
def test_what_does_not_concern_a_buyer_leaves_it_alone(seed: int, change: str):
    below = 2000
    if change == "account":
        other = LONELY.with_changes({"world.segments.fringe.accounts": 1001})
    elif change == "rep":
        other = LONELY.with_changes({"plan.sales.reps": 61.0})
    else:
        unused = Touchpoint(owner="marketing", strength=0.3)
        world = LONELY.world.model_copy(update={"touchpoints": {**LONELY.world.touchpoints, "never": unused}})
        other = LONELY.model_copy(update={"world": world})
    assert buyers(LONELY, seed, below).tobytes() == buyers(other, seed, below).tobytes()
