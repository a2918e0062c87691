"""Degenerate scenarios in which theory knows the answer, and how to run and read them.

A bare world has one segment, people who work around the clock, no costs, no customers and no touches but those that a
test asks for.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from funnelsim.engines.reference.model import simulate_log
from funnelsim.events import DAY, Kind
from funnelsim.scenario.lowering import lower, quarter_date
from funnelsim.scenario.schema import (
    Buyers,
    Change,
    Customers,
    Goodwill,
    MarketerPeople,
    MarketingPlan,
    People,
    Plan,
    RepPeople,
    Response,
    SalesPlan,
    Scenario,
    SdrPeople,
    Segment,
    Selling,
    Touchpoint,
    Trust,
    Workweek,
    World,
)

START = dt.date(2026, 1, 1)
FOREVER = 1e6
"""Half-life in days of what shall not decay."""
PATIENT = 1e5
"""Patience in days of who shall not leave."""
QUARTER_DAYS = 365.25 / 4.0

ASK_AT_ONCE = {"share_before_sales_a": 0.01, "share_before_sales_b": 50.0, "ask_probability": 1.0}
"""psi is zero to the last bit: whoever has any trust asks for sales."""
ASK_AT_THRESHOLD = {"share_before_sales_a": 50.0, "share_before_sales_b": 1e-6, "ask_probability": 1.0}
"""psi is one to the last bit: buyers ask when total trust reaches theta."""
NEVER_ASK = {"ask_probability": 0.0}

SEGMENT = {"fit_share": 1.0, "deal_size_sigma": 0.0, "threshold": 0.6, "threshold_sd": 0.0}
TRUST = {"brand_half_life": FOREVER, "relationship_half_life": FOREVER, "fatigue": 0.0}
GOODWILL = {"half_life": FOREVER, "entry_trust": 0.5, "per_customer_year": 0.0}
RESPONSE = {
    "contact_probability": 1.0,
    "attempt_ratio": 1.0,
    "cooling_floor": 1.0,
    "request_patience": PATIENT,
    "lead_patience": PATIENT,
}
SELLING = {
    "attempt_hours": 0.0,
    "talk_hours": 0.0,
    "meeting_hours": 0.0,
    "hours_law": "exponential",
    "interest": 20.0,
    "interest_slope": 0.0,
    "cycle_sigma": 0.0,
    "cycle_power": 0.0,
    "meetings": (),
    "checkpoints": (),
    "first_meeting_days": 0.0,
    "win": -20.0,
    "win_slope": 0.0,
    "skill_weight": 0.0,
}
ROLE = {
    "cost": 0.0,
    "hiring_cost": 0.0,
    "productive_share": 1.0,
    "skill_sigma": 0.0,
    "ramp_days": 0.0,
    "attrition": 0.0,
}
CUSTOMERS = {"start": 0, "care_per_year": 0.0, "referral_rate": 0.0}
TOUCHPOINTS = {
    "ad": Touchpoint(owner="marketing", strength=0.0),
    "rep_call": Touchpoint(owner="sales", feeds="relationship", strength=0.0),
    "cold_call": Touchpoint(owner="sales", feeds="relationship", strength=0.0),
    "meeting": Touchpoint(owner="sales", feeds="relationship", strength=0.0),
    "account_care": Touchpoint(owner="sales", feeds="relationship", strength=0.0),
}
"""A catalogue in which nothing happens by itself; the names are those that the model's other parts refer to."""


def bare(
    *,
    segment: Mapping[str, Any],
    buyers: Mapping[str, Any] | None = None,
    trust: Mapping[str, Any] | None = None,
    goodwill: Mapping[str, Any] | None = None,
    touchpoints: Mapping[str, Touchpoint] | None = None,
    response: Mapping[str, Any] | None = None,
    selling: Mapping[str, Any] | None = None,
    customers: Mapping[str, Any] | None = None,
    sales: Mapping[str, Any] | None = None,
    marketing: Mapping[str, Any] | None = None,
    timeline: tuple[Change, ...] = (),
    quarters: int = 4,
) -> Scenario:
    """Build a bare world's scenario; each part names what differs from it."""
    plan = Plan(
        sales=SalesPlan(**{"reps": 0.0, "prospecting_hours": 0.0, **(sales or {})}),
        marketing=MarketingPlan(
            **{"marketers": 0.0, "programme_money": 0.0, "approval_days": 0.0, "hand_over": False, **(marketing or {})}
        ),
    )
    world = World(
        workweek=Workweek(day_start=0.0, day_end=24.0, weekdays=(0, 1, 2, 3, 4, 5, 6)),
        segments={"all": Segment(**{**SEGMENT, **segment})},
        buyers=Buyers(**{"propensity_sd": 0.0, **(NEVER_ASK if buyers is None else buyers)}),
        trust=Trust(**{**TRUST, **(trust or {})}),
        goodwill=Goodwill(**{**GOODWILL, **(goodwill or {})}),
        touchpoints={**TOUCHPOINTS, **(touchpoints or {})},
        response=Response(**{**RESPONSE, **(response or {})}),
        selling=Selling(**{**SELLING, **(selling or {})}),
        people=People(rep=RepPeople(**ROLE), sdr=SdrPeople(**ROLE), marketer=MarketerPeople(**ROLE)),
        customers=Customers(**{**CUSTOMERS, **(customers or {})}),
        burn_in_quarters=0,
        incumbent=plan,
    )
    return Scenario(world=world, plan=plan, timeline=timeline, start=START, horizon_quarters=quarters)


def streams(accounts: int, per_day: float, window_days: float) -> dict[str, Any]:
    """Return the part of a segment that makes `per_day` needs arise per day in the long run."""
    return {"accounts": accounts, "need_interval": accounts / per_day / 365.0, "need_window": window_days}


def opening_day(day: int = 1) -> tuple[Change, ...]:
    """From this day on buyers ask: those in market at the start of the run, all at once, never do."""
    return (Change(date=START + dt.timedelta(days=day), changes={"world.buyers.ask_probability": 1.0}),)


def end_of(scenario: Scenario) -> int:
    """Last moment of a scenario, days after its first."""
    return (quarter_date(scenario.start, scenario.horizon_quarters) - scenario.start).days


def logs(scenario: Scenario, seed: int, replications: int) -> Iterator[np.ndarray]:
    """Yield the event log of each replication."""
    ready = lower(scenario)
    for replication in range(replications):
        yield simulate_log(ready, seed, replication)
        if replication % 5 == 4:
            gc.collect()  # finished models are rings of objects that the collector would leave for long


def days(log: np.ndarray) -> np.ndarray:
    """Times in days."""
    return log["time"] / DAY


def rows(log: np.ndarray, *kinds: Kind) -> np.ndarray:
    """Rows of these kinds."""
    return log[np.isin(log["kind"], [int(kind) for kind in kinds])]


def key(log: np.ndarray) -> np.ndarray:
    """One integer per (account, need)."""
    return log["account"].astype(np.int64) * 65536 + log["need"]


def match(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Position in `right` of the row with the same (account, need) as each row of `left`; -1 where there is none."""
    order = np.argsort(key(right), kind="stable")
    keys = key(right)[order]
    place = np.searchsorted(keys, key(left))
    place = np.minimum(place, max(len(keys) - 1, 0))
    if len(keys) == 0:
        return np.full(len(left), -1)
    return np.where(keys[place] == key(left), order[place], -1)
