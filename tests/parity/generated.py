"""Small scenarios with any field of the schema at any legal value, for tests that hold for every scenario.

The fields are found by walking the models, with their bounds, so a new field is covered from its first day. By hand
are only: what belongs together (segments, mix, working hours), what would take too long, and the ties.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from hypothesis import strategies as st
from pydantic import BaseModel

from funnelsim.scenario.changes import FIXED
from funnelsim.scenario.files import load
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.size import _programmes, estimate
from funnelsim.scenario.validation import bare

MOST_SECONDS = 0.7
"""Of the reference engine, as `funnelsim.scenario.size.estimate` has it; markets are made smaller until it holds."""
MOST_PROGRAMMES = 1500.0
"""A year."""
SMALLEST_MARKET = 20

BY_HAND = (
    r"world\.segments\..*\.(accounts|need_interval|need_window)|world\.workweek\..*|.*\.title|title",
    r"timeline|start|horizon_quarters|world\.burn_in_quarters|world\.customers\.start|.*\.marketing\.mix",
    r"world\.touchpoints\.[^.]+\.programme|world\.selling\.(meetings|checkpoints)|world\.selling\.\w+_touch",
    r"world\.customers\.care_touch|world\.customers\.retention_touch|world\.mail\.landing_touch",
    r".*\.sales\.prospecting_mix",
)
"""Leaves that `scenarios` sets itself, or that no engine reads."""
NARROW: dict[str, tuple[float, float]] = {
    r".*\.(reps|sdrs|marketers)": (0.0, 12.0),
    r".*\.programme_money": (0.0, 1e7),
    r".*\.programme\.hours": (1.0, 10_000.0),
    r".*\.programme\.money": (0.0, 1e6),
    r"world\.programme_scale": (0.005, 2.0),
    r"world\.selling\.calls_per_hour": (0.01, 30.0),
    r"world\.demand": (0.0, 5.0),
    r"world\.touchpoints\..*\.per_hour": (0.01, 30.0),
    r"world\.customers\.repeat\.rate_shape": (0.05, 5.0),
    r"world\.customers\.repeat\.rate_weeks": (2.0, 1000.0),
}
"""Narrower bounds than the schema's, where the others would only take time."""


@dataclass(frozen=True)
class Leaf:
    """One value of a scenario: its path, what it may be, what it is."""

    path: str
    kind: Any
    low: float
    high: float
    low_open: bool
    high_open: bool
    now: Any

    def values(self) -> st.SearchStrategy[Any]:
        """Draw what it may be: mostly ends and round numbers, sometimes anything between."""
        if self.kind is bool:
            return st.booleans()
        if get_origin(self.kind) is Literal:
            return st.sampled_from(get_args(self.kind))
        if self.kind is int:
            low, high = int(self.low), int(self.high)
            return st.sampled_from(sorted({low, min(low + 1, high), high})) | st.integers(low, high)
        return st.sampled_from(self.corners()) | self.between()

    def corners(self) -> list[float]:
        """Ends of the range, and round numbers inside."""
        now = float(self.now) if self.now is not None else 1.0
        tried = [self.low, self.high, now, now * 0.1, now * 10.0, 0.0, 1.0, 2.0, 0.5, 1e-3, 1e-9, 1e-300, 7.0, -1.0]
        if self.low_open:
            tried.append(math.nextafter(self.low, math.inf))
        if self.high_open:
            tried.append(math.nextafter(self.high, -math.inf))
        return [x for x in dict.fromkeys(tried) if self.holds(x)]

    def between(self) -> st.SearchStrategy[float]:
        """Anything in the range, evenly on a logarithmic scale if it has no negative numbers."""
        if self.low < 0.0:
            return st.floats(self.low, self.high)
        low = max(self.low, self.high * 1e-6, 1e-6)
        top = math.nextafter(self.high, 0.0) if self.high_open else self.high
        return st.floats(math.log(low), math.log(self.high)).map(lambda x: min(max(math.exp(x), low), top))

    def holds(self, x: float) -> bool:
        """Whether a number is within the bounds."""
        above = x > self.low if self.low_open else x >= self.low
        return above and (x < self.high if self.high_open else x <= self.high)


def leaves(model: type[BaseModel], at: Any, path: str) -> Iterator[Leaf]:
    """Walk everything below a part of a scenario that is one number, switch or word."""
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        now = getattr(at, name)
        if any(re.fullmatch(pattern, here) for pattern in BY_HAND):
            continue
        kind, constraints = bare(field.annotation)
        if isinstance(now, BaseModel):
            yield from leaves(type(now), now, here)
        elif isinstance(now, dict):
            for key, inner in now.items():
                yield from leaves(type(inner), inner, f"{here}.{key}")
        elif kind in (int, float):
            yield _number(here, kind, [*constraints, *field.metadata], now)
        elif kind is bool or get_origin(kind) is Literal:
            yield Leaf(here, kind, 0.0, 0.0, False, False, now)
        else:
            raise TypeError(f"{here}: nobody has said how to draw {field.annotation}")
    for name in ("touchpoints",):  # programmes stand where they are, or not at all
        for key, touchpoint in getattr(at, name, {}).items():
            if touchpoint.programme is not None:
                yield from leaves(type(touchpoint.programme), touchpoint.programme, f"{path}.{name}.{key}.programme")


def _number(path: str, kind: Any, constraints: list[Any], now: Any) -> Leaf:
    low, high, low_open, high_open = -1e9, 1e9, False, False
    for one in constraints:
        if isinstance(one, Ge):
            low = float(one.ge)  # type: ignore[arg-type]
        elif isinstance(one, Gt):
            low, low_open = float(one.gt), True  # type: ignore[arg-type]
        elif isinstance(one, Le):
            high = float(one.le)  # type: ignore[arg-type]
        elif isinstance(one, Lt):
            high, high_open = float(one.lt), True  # type: ignore[arg-type]
    for pattern, (least, most) in NARROW.items():
        if re.fullmatch(pattern, path):
            low_open, high_open = low_open and least <= low, high_open and most >= high
            low, high = max(low, least), min(high, most)
    return Leaf(path, kind, low, high, low_open, high_open, now)


TINY = load("small").with_changes(
    {
        "world.segments.core.accounts": 800,
        "world.segments.fringe.accounts": 600,
        "world.segments.*.need_interval": 1.0,
        "world.programme_scale": 0.02,
        "world.customers.start": 20,
        "world.customers.referral_rate": 1.0,
        "world.buyers.ask_probability": 0.5,
        "world.selling.interest": 2.0,
        "world.selling.cycle_days": 20.0,
        "world.selling.cold_contact": 0.9,
        "world.selling.calls_per_hour": 30.0,
        "world.customers.churn": 0.4,
        "world.customers.retention_touch": "email",
        "world.customers.term_days": 91.0,
        "world.customers.win_back_probability": 0.8,
        "world.customers.reward_most": 5.0,
        "world.portfolio.entry_ratio": 2.5,
        "world.portfolio.cross_sell_rate": 1.0,
        "world.portfolio.trade_up_probability": 0.5,
        "plan.portfolio.entry_offered": True,
        "plan.portfolio.upsell": True,
        "plan.portfolio.cross_sell": True,
        "plan.portfolio.trade_up": True,
        "plan.portfolio.review_quarters": 2,
        "plan.customers.retention_per_year": 4.0,
        "plan.customers.referral_reward": 300.0,
        "plan.customers.win_back_days": 10.0,
        "world.people.rep.attrition": 2.0,
        "world.people.rep.vacancy_days": 20.0,
        "world.trust.wrong_tone": 0.6,
        "world.trust.consistency": 0.9,
        "world.touchpoints.content.aims": "early",
        "world.touchpoints.rep_call.aims": "late",
        "world.record.visibility": 0.5,
        "world.touchpoints.search.site": True,
        "world.touchpoints.email.mail": True,
        "world.touchpoints.content.magnet": True,
        "world.rivals.weight": 3.0,
        "world.rivals.favourite": 1.0,
        "world.rivals.outcome_weight": 2.0,
        "plan.marketing.positioning": 0.3,
        "plan.marketing.recycle": 0.7,
        "plan.marketing.recycle_days": 2.0,
        "world.mail.unsubscribe": 0.02,
        "world.mail.click": 0.1,
        "world.mail.landing_touch": "search",
        "plan.marketing.mail.lists": "segmented",
        "world.touchpoints.content.site": True,
        "world.site.trust_share": 0.5,
        "world.site.cart": 0.3,
        "world.site.recovery": 0.5,
        "world.site.assist_patience": 30.0,
        "plan.site.enabled": True,
        "plan.site.deal_limit": 25_000.0,
        "plan.site.assist": "reps",
        "world.record.address_decay": 0.3,
        "plan.sales.reps": 3.5,
        "plan.sales.lead_preference": 0.0,
        "plan.sales.opportunity_bar": -0.5,
        "plan.sales.discount": 0.1,
        "world.response.neglect": 0.3,
        "world.touchpoints.cold_call.per_hour": 20.0,
        "world.touchpoints.cold_call.contact": 0.9,
        "world.touchpoints.social.per_hour": 10.0,
        "world.touchpoints.social.contact": 0.9,
        "plan.sales.prospecting_mix": {"cold_call": 0.6, "social": 0.4},
        "plan.sales.quota": {"period": "month", "ambition": 0.5, "discount_authority": 0.1},
        "plan.sales.from_marketing": 1,
        "world.incumbent.sales.quota.period": "quarter",
        "world.incentives.push_days": 10,
        "world.incentives.pull_days": 60.0,
        "world.incentives.pull_probability": 1.0,
        "world.incentives.give_up": 0.1,
        "world.incentives.goodwill_per_push": 0.0001,
        "world.burn_in_quarters": 1,
        "world.alignment.on": True,
        "world.conflict.on": True,
        "world.targeting.learns": True,
        "world.touchpoints.content.programme.targeting": 0.1,
        "plan.alignment": "aligned",
        "plan.marketing.lead_target": 2000.0,
        "plan.marketing.budget_rule": "revenue_share",
        "plan.marketing.marketers": 1.0,
        "world.incumbent.marketing.marketers": 1.0,
        "horizon_quarters": 1,
    }
)
"""What examples start from; it holds every kind of event."""
SEGMENTS = ("core", "fringe", "third")
LEAVES = {leaf.path: leaf for leaf in leaves(Scenario, TINY, "")}
IN_TIME = [path for path in LEAVES if not any(re.fullmatch(pattern, path) for pattern, _ in FIXED)]
"""Leaves that a timeline may change."""
OFTEN = [
    path
    for path in IN_TIME
    if re.fullmatch(
        r"plan\.(sales|marketing|site|alignment|portfolio|customers|marketing\.mail|sales\.priorities|sales\.quota)\.\w+"
        r"|plan\.price|world\.demand|world\.(alignment|conflict)\.on|world\.targeting\.learns",
        path,
    )
]
"""What plans are made of, and what examples change most."""
TACTICS: list[dict[str, float]] = [
    {},
    {"cold_call": 1.0},
    {"cold_call": 0.5, "social": 0.5},
    {"social": 1.0, "cold_call": 0.0},
]
MEETINGS = ("meeting", "demo", "proposal", "negotiation")

TIES: dict[str, Any] = {
    "world.selling.hours_law": "fixed",
    "world.selling.attempt_hours": 1.0,
    "world.selling.talk_hours": 1.0,
    "world.selling.meeting_hours": 1.0,
    "world.customers.care_hours": 1.0,
    "world.selling.cycle_sigma": 0.0,
    "world.selling.cycle_power": 0.0,
    "world.people.rep.productive_share": 1.0,
    "world.people.sdr.productive_share": 1.0,
    "world.people.marketer.productive_share": 1.0,
    "plan.marketing.approval_days": 0.0,
    "plan.sales.priorities.request": 0,
    "plan.sales.priorities.meeting": 0,
    "plan.sales.priorities.own_lead": 0,
    "plan.sales.priorities.marketing_lead": 0,
    "plan.sales.priorities.care": 0,
    "plan.sales.priorities.prospecting": 0,
    "world.site.assist_minutes": 60.0,
}
"""Many things last equally long, and no kind of task goes before another."""
MORE_TIES: dict[str, list[Any]] = {
    "world.response.retry_days": [1e-12],
    "world.response.request_patience": [1e-12, 1e-3],
    "world.response.lead_patience": [1e-12, 1e-3],
    "world.touchpoints.*.programme.live_days": [1e-12, 7.0],
    "world.selling.cycle_days": [1e-9, 1.0, 7.0],
    "world.selling.first_meeting_days": [0.0],
    "world.customers.term_days": [7.0, 91.0],
    "world.segments.*.need_window": [1e-12, 1e-3],
    "world.people.rep.vacancy_days": [0.0, 7.0],
    "plan.customers.win_back_days": [1.0, 7.0],
    "world.portfolio.cross_sell_rate": [2.0],
    "plan.marketing.lead_bar": [-20.0],
    "plan.alignment.follow_up_promise": [2.0, 3.0],
    "world.alignment.promise_aligned": [1.0, 1e-9],
    "world.alignment.promise_integrated": [1.0, 8.0],
    "world.site.assist_patience": [1e-9, 1e5],
    "world.site.recovery_days": [0.0],
    "plan.marketing.recycle_days": [1.0, 7.0],
    "plan.sales.lead_preference": [20.0],
}


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Draw a small market under a plan, with a timeline as often as not."""
    changes = draw(_frames())
    changes.update(draw(_mixes("plan")))
    changes.update(draw(_mixes("world.incumbent")))
    changes["plan.sales.prospecting_mix"] = draw(st.sampled_from(TACTICS))
    changes["world.incumbent.sales.prospecting_mix"] = draw(st.sampled_from(TACTICS))
    if draw(st.booleans()):
        changes.update(TIES)
        chosen = draw(st.lists(st.sampled_from(sorted(MORE_TIES)), unique=True, max_size=5))
        for path in chosen:
            changes.update(_spread(path, draw(st.sampled_from(MORE_TIES[path]))))
    for path in draw(st.lists(st.sampled_from(OFTEN), unique=True, max_size=8)):
        changes[path] = draw(LEAVES[path].values())
    for path in draw(st.lists(st.sampled_from(sorted(LEAVES)), unique=True, max_size=25)):
        if draw(st.booleans()):
            changes[path] = draw(LEAVES[path].values())
    segments = changes.pop("segments")
    scenario = TINY.with_changes({"world.segments": segments, "world.customers.start": 0})
    missing = tuple(f"world.segments.{name}." for name, segment in segments.items() if segment is None)
    changes = {path: value for path, value in changes.items() if not path.startswith(missing)}
    scenario = _not_too_long(scenario.with_changes(changes))
    timeline = draw(_timelines(scenario))
    return _not_too_long(scenario.with_changes({"timeline": timeline})) if timeline else scenario


def _spread(path: str, value: Any) -> dict[str, Any]:
    """Return the change of every touchpoint that has a programme, or of what the path says."""
    if "touchpoints.*" not in path:
        return {path: value}
    return {one: value for one in LEAVES if re.fullmatch(path.replace(".", r"\.").replace("*", r"[^.]+"), one)}


@st.composite
def _frames(draw: st.DrawFn) -> dict[str, Any]:
    """Market, clock and horizon: what has to fit together."""
    segments: dict[str, Any] = {}
    for name in SEGMENTS[: draw(st.integers(1, 3))]:
        interval = draw(st.sampled_from([1.0, 0.1, 0.3, 5.0, 1000.0]))
        window = draw(st.sampled_from([20.0, 90.0, 0.01, 1e-12, 3650.0, 1000.0]))
        segments[name] = {
            "accounts": draw(st.integers(1, 1200)),
            "need_interval": interval,
            "need_window": window if window < interval * 365.0 else interval * 365.0 * 0.9,
        }
    everything = {name: segments.get(name) for name in SEGMENTS if name in ("core", "fringe") or name in segments}
    begin, end = draw(st.sampled_from([(9.0, 17.0), (0.0, 24.0), (8.5, 9.5), (23.0, 24.0), (0.0, 1.0), (9.0, 9.02)]))
    weekdays = draw(st.sampled_from([(0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6), (6,), (2, 3)]))
    start = dt.date(2026, draw(st.sampled_from([1, 4, 7, 10])), 1)
    holidays = draw(
        st.just(())
        | st.just(tuple(start + dt.timedelta(days=n) for n in range(-5, 12)))
        | st.lists(st.integers(-200, 400), max_size=30).map(
            lambda ns: tuple(start + dt.timedelta(days=n) for n in sorted(set(ns)))
        )
    )
    accounts = sum(segment["accounts"] for segment in segments.values())
    meetings = draw(st.sampled_from([MEETINGS, ("meeting",), (), ("demo", "demo", "rep_call"), MEETINGS * 3]))
    return {
        "segments": everything,
        "start": start,
        "world.workweek.day_start": begin,
        "world.workweek.day_end": end,
        "world.workweek.weekdays": weekdays,
        "world.workweek.holidays": holidays,
        "world.burn_in_quarters": draw(st.integers(0, 2)),
        "horizon_quarters": draw(st.integers(1, 4)),
        "world.customers.start": draw(st.sampled_from([0, 1, accounts, accounts // 10])),
        "world.selling.meetings": meetings,
        "world.selling.checkpoints": tuple(m for m in dict.fromkeys(meetings) if draw(st.booleans())),
        "world.selling.call_touch": draw(st.sampled_from(["rep_call", "meeting", "ads"])),
        "world.customers.care_touch": draw(st.sampled_from(["account_care", "rep_call"])),
        "world.customers.retention_touch": draw(st.sampled_from(["email", "ads", "account_care"])),
        "world.mail.landing_touch": draw(st.sampled_from(["search", "", "review"])),
    }


@st.composite
def _mixes(draw: st.DrawFn, where: str) -> dict[str, Any]:
    return {f"{where}.marketing.mix": draw(_mix())}


@st.composite
def _mix(draw: st.DrawFn) -> dict[str, float]:
    """Draw how programme money is spread; equal shares make ties."""
    names = [name for name, touchpoint in TINY.world.touchpoints.items() if touchpoint.programme is not None]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=5))
    if not chosen:
        return {}
    weights = [draw(st.sampled_from([1.0, 1.0, 0.0, 3.0])) for _ in chosen]
    total = sum(weights)
    if total == 0.0:
        return {chosen[0]: 1.0}
    return {name: weight / total for name, weight in zip(chosen, weights, strict=True)}


@st.composite
def _timelines(draw: st.DrawFn, scenario: Scenario) -> list[dict[str, Any]]:
    """Draw dated changes of whatever a timeline may change."""
    entries = []
    days = 90 * scenario.horizon_quarters - 3
    for _ in range(draw(st.integers(0, 3))):
        changes: dict[str, Any] = {}
        for path in draw(st.lists(st.sampled_from(OFTEN), unique=True, min_size=1, max_size=6)):
            changes[path] = draw(LEAVES[path].values())
        for path in draw(st.lists(st.sampled_from(IN_TIME), unique=True, max_size=6)):
            changes[path] = draw(LEAVES[path].values())
        if draw(st.booleans()):
            changes["plan.marketing.mix"] = draw(_mix())
        if draw(st.booleans()):
            changes["plan.sales.prospecting_mix"] = draw(st.sampled_from(TACTICS))
        changes.update(draw(_lists()))
        day = draw(st.sampled_from([0, 1, 7, 30]) | st.integers(0, days))
        entries.append({"date": scenario.start + dt.timedelta(days=day), "changes": changes})
    if "ads" not in scenario.world.incumbent.marketing.mix and draw(st.booleans()):
        changes = {
            "plan.marketing.mix": {"content": 1.0},
            "world.touchpoints.ads.programme": None,
            "world.touchpoints.review.programme": {"money": 10.0, "hours": 2.0, "reach": 100.0},
        }
        entries.append({"date": scenario.start + dt.timedelta(days=days + 1), "changes": changes})
    return entries


@st.composite
def _lists(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a timeline may do to lists and names."""
    changes: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        meetings = draw(st.sampled_from([("meeting",), (), MEETINGS, ("demo", "rep_call", "demo")]))
        changes["world.selling.meetings"] = meetings
        changes["world.selling.checkpoints"] = meetings[:1]
    if draw(st.integers(0, 3)) == 0:
        changes["world.selling.prospecting_touch"] = draw(st.sampled_from(["rep_call", "cold_call", "brand"]))
        changes["world.mail.landing_touch"] = draw(st.sampled_from(["search", "", "email"]))
        changes["world.customers.care_touch"] = draw(st.sampled_from(["rep_call", "account_care"]))
        changes["world.customers.retention_touch"] = draw(st.sampled_from(["email", "content"]))
    return changes


def _not_too_long(scenario: Scenario) -> Scenario:
    """Return the scenario with a market and a marketing team small enough."""
    for where, plan in (("plan", scenario.plan), ("world.incumbent", scenario.world.incumbent)):
        many = _programmes(scenario.world, plan)
        if many > MOST_PROGRAMMES:
            fewer = plan.marketing.marketers * MOST_PROGRAMMES / many
            scenario = scenario.with_changes({f"{where}.marketing.marketers": fewer})
    for _ in range(3):
        seconds = estimate(scenario).seconds
        if seconds <= MOST_SECONDS:
            break
        factor = MOST_SECONDS / seconds
        changes: dict[str, Any] = {"world.customers.start": int(scenario.world.customers.start * factor * 0.9)}
        for name, segment in scenario.world.segments.items():
            fewer = max(SMALLEST_MARKET, math.ceil(segment.accounts * factor))
            changes[f"world.segments.{name}.accounts"] = min(fewer, segment.accounts)
        scenario = scenario.with_changes(changes)
    return scenario
