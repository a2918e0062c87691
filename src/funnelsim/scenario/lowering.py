"""From a scenario to the flat numbers that engines read: dates, half-lives, scales and names are resolved here."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from funnelsim.arithmetic import log
from funnelsim.events import DAY
from funnelsim.rules.incentives import price_gain
from funnelsim.rules.reach import attention
from funnelsim.rules.selling import HOURS_EXPONENTIAL, HOURS_FIXED, HOURS_LOGNORMAL
from funnelsim.scenario.bounds import acceptance_bounds, intensity_bounds
from funnelsim.scenario.lowered import (
    REFERENCE_ACCOUNTS,
    Lowered,
    LoweredProgramme,
    LoweredRole,
    LoweredSegment,
    LoweredTouchpoint,
    Phase,
)
from funnelsim.scenario.schema import Plan, RolePeople, Scenario, Touchpoint, World
from funnelsim.workhours import WorkCalendar

LN2 = log(2.0)
COPIED = (
    "contact_probability", "attempt_ratio", "retry_days", "cooling_hours", "cooling_power", "cooling_floor",
    "request_patience", "lead_patience", "neglect", "discovery_noise", "attempt_hours", "talk_hours", "meeting_hours", "hours_sigma", "interest",
    "interest_slope", "cycle_days", "cycle_sigma", "cycle_power", "reference_deal", "first_meeting_days", "stay",
    "stay_slope", "win", "win_slope", "skill_weight", "lost_share", "calls_per_hour", "cold_contact", "lead_quality",
    "belief_weight", "tracking_weight", "experience_weight", "load_weight", "belief_memory",
)  # fmt: skip
"""Fields of `Response` and `Selling` that engines read as they are."""
RAREST_PER_YEAR = 1e-9
"""What happens less often to a customer does not happen: the time until then would be no number."""
RAREST_ON_THE_CLOCK = 1e-3
"""What happens less often than once in 1,000 years to a person, or as a moment of attention, does not happen: such
times are added up as 64-bit microseconds."""
SMALLEST_POST = 1e-6
"""A smaller part of a post is nobody."""
HOURS_LAWS = {"fixed": HOURS_FIXED, "exponential": HOURS_EXPONENTIAL, "lognormal": HOURS_LOGNORMAL}


def quarter_date(start: dt.date, quarters: int) -> dt.date:
    """First day of the quarter that is `quarters` after the one that begins on `start` (negative: before)."""
    months = start.year * 12 + (start.month - 1) + 3 * quarters
    return dt.date(months // 12, months % 12 + 1, 1)


def cents(dollars: float) -> int:
    """Dollars as integer cents, rounded half up."""
    return int(dollars * 100.0 + 0.5)


def lower(scenario: Scenario) -> Lowered:
    """Flatten a scenario: resolve dates, half-lives, scales and names into the numbers that engines read."""
    from funnelsim.scenario.changes import states

    world = scenario.world
    first_date = quarter_date(scenario.start, -world.burn_in_quarters)
    end_date = quarter_date(scenario.start, scenario.horizon_quarters)
    first_day = (first_date - scenario.start).days
    last_day = (end_date - scenario.start).days
    week = world.workweek
    calendar = WorkCalendar(
        scenario.start,
        first_day,
        last_day,
        week.day_start,
        week.day_end,
        tuple(week.weekdays),
        frozenset(week.holidays),
    )
    segments, accounts = _segments(world)
    phases = []
    if world.burn_in_quarters > 0:
        phases.append(_phase(first_day * DAY, world, world.incumbent, accounts))
    phases.append(_phase(0, world, scenario.plan, accounts))
    for date, changed in states(scenario):
        phase = _phase((date - scenario.start).days * DAY, changed.world, changed.plan, accounts)
        if phases and phase.time == phases[-1].time:
            phases.pop()
        phases.append(phase)
    intensity = intensity_bounds(phases)
    fit_bounds, unfit_bounds = acceptance_bounds(phases, intensity)
    return Lowered(
        start=first_day * DAY,
        end=last_day * DAY,
        calendar=calendar,
        paid_days=_paid_days(scenario.start, first_day, last_day, set(week.weekdays), set(week.holidays)),
        segments=segments,
        accounts=accounts,
        psi_a=world.buyers.share_before_sales_a,
        psi_b=world.buyers.share_before_sales_b,
        propensity_sd=world.buyers.propensity_sd,
        goodwill_start=world.goodwill.start,
        content_start=world.content.start,
        belief_start=world.selling.belief_start,
        customers_start=world.customers.start,
        customer_trust=world.trust.customer_start,
        phases=tuple(phases),
        bounds_fit=fit_bounds,
        bounds_unfit=unfit_bounds,
        intensity_bounds=intensity,
    )


def _segments(world: World) -> tuple[tuple[LoweredSegment, ...], int]:
    lowered = []
    first = 0
    for name, s in world.segments.items():
        gap = s.need_interval * 365.0 - s.need_window
        lowered.append(
            LoweredSegment(
                name,
                first,
                s.accounts,
                s.fit_share,
                s.deal_size,
                s.deal_size_sigma,
                s.threshold,
                s.threshold_sd,
                gap,
                s.need_window,
            )
        )
        first += s.accounts
    return tuple(lowered), first


def _paid_days(
    start: dt.date, first_day: int, last_day: int, weekdays: set[int], holidays: set[dt.date]
) -> tuple[tuple[int, int, int], ...]:
    def works(date: dt.date) -> bool:
        return date.weekday() in weekdays and date not in holidays

    one = dt.timedelta(days=1)
    rows: list[tuple[int, int, int]] = []
    for year in range((start + one * first_day).year, (start + one * last_day).year + 1):
        date = dt.date(year, 1, 1)
        days = []
        while date.year == year:
            if works(date):
                days.append((date - start).days)
            date += one
        rows.extend((day, index, len(days)) for index, day in enumerate(days) if first_day <= day < last_day)
    return tuple(rows)


def _touchpoint(code: int, name: str, t: Touchpoint, world: World, accounts: int) -> LoweredTouchpoint:
    programme = None
    if t.programme is not None:
        scale = world.programme_scale
        gain = scale * (REFERENCE_ACCOUNTS / accounts)
        programme = LoweredProgramme(
            money=cents(t.programme.money * scale),
            hours=t.programme.hours * scale,
            live=int(t.programme.live_days * DAY + 0.5),
            worn_strength=t.programme.worn_strength,
            intensity=t.programme.reach * scale / accounts,
            goodwill=t.programme.goodwill * gain,
            content=t.programme.content * gain,
        )
    return LoweredTouchpoint(
        code=code,
        name=name,
        team=0 if t.owner == "marketing" else 1,
        brand=t.feeds in ("brand", "both"),
        relationship=t.feeds in ("relationship", "both"),
        strength=t.strength,
        gap_days=7.0 / t.moments_per_week if t.moments_per_week * 52.0 >= RAREST_ON_THE_CLOCK else 0.0,
        base_intensity=t.base_intensity,
        capture=t.capture,
        known_only=t.known_only,
        found_by_search=t.found_by_search,
        programme=programme,
    )


def _role(heads: float, ramped: bool, people: RolePeople) -> LoweredRole:
    return LoweredRole(
        heads=float(math.floor(heads)) if heads - math.floor(heads) < SMALLEST_POST else heads,
        ramped=ramped,
        cost=cents(people.cost),
        hiring_cost=cents(people.hiring_cost),
        productive_share=people.productive_share,
        skill_sigma=people.skill_sigma,
        ramp_days=people.ramp_days,
        ramp_start=people.ramp_start,
        attrition_per_day=people.attrition / 365.0 if people.attrition >= RAREST_ON_THE_CLOCK else 0.0,
        vacancy=int(people.vacancy_days * DAY + 0.5),
    )


def _phase(time: int, world: World, plan: Plan, accounts: int) -> Phase:
    names = {name: code for code, name in enumerate(world.touchpoints)}
    selling, response, sales, marketing = world.selling, world.response, plan.sales, plan.marketing
    customers = world.customers
    fit_accounts = 0.0
    for segment in world.segments.values():
        fit_accounts = fit_accounts + segment.fit_share * segment.accounts
    fit_share = fit_accounts / accounts
    touchpoints = tuple(_touchpoint(i, n, t, world, accounts) for i, (n, t) in enumerate(world.touchpoints.items()))
    values: dict[str, Any] = {
        "time": time,
        "brand_rate": LN2 / world.trust.brand_half_life,
        "relationship_rate": LN2 / world.trust.relationship_half_life,
        "saturation": world.trust.saturation,
        "fatigue": world.trust.fatigue,
        "fatigue_rate": LN2 / world.trust.fatigue_half_life,
        "goodwill_rate": LN2 / world.goodwill.half_life,
        "entry_trust": world.goodwill.entry_trust,
        "goodwill_per_customer": world.goodwill.per_customer_year * (REFERENCE_ACCOUNTS / accounts),
        "content_rate": LN2 / world.content.half_life,
        "content_half_saturation": world.content.half_saturation,
        "price": plan.price,
        "ask_probability": world.buyers.ask_probability,
        "competitor_share": world.buyers.competitor_share,
        "demand": world.demand,
        "touchpoints": touchpoints,
        "mix": tuple(marketing.mix.get(name, 0.0) for name in names),
        "money_per_day": marketing.programme_money * 100.0 / 365.0,
        "approval": int(marketing.approval_days * DAY + 0.5),
        "attention_fit": attention(marketing.targeting, fit_share, True),
        "attention_unfit": attention(marketing.targeting, fit_share, False),
        "lead_bar": marketing.lead_bar,
        "score_noise": marketing.score_noise,
        "hand_over": marketing.hand_over,
        "score_centre": world.scoring.centre,
        "score_scale": world.scoring.scale,
        "score_fit_weight": world.scoring.fit_weight,
        "max_attempts": sales.max_attempts,
        "price_slope": world.incentives.price_slope,
        "discount": sales.discount,
        "opportunity_bar": sales.opportunity_bar,
        "hours_law": HOURS_LAWS[selling.hours_law],
        "meetings": tuple(names[name] for name in selling.meetings),
        "is_checkpoint": tuple(name in selling.checkpoints for name in selling.meetings),
        "call_touch": names[selling.call_touch],
        "cold_touch": names[selling.prospecting_touch],
        "care_touch": names[world.customers.care_touch],
        "care_hours": customers.care_hours,
        "prospecting_hours": sales.prospecting_hours,
        "lead_preference": sales.lead_preference,
        "tracking": sales.tracking,
        "priority_request": sales.priorities.request,
        "priority_meeting": sales.priorities.meeting,
        "priority_own": sales.priorities.own_lead,
        "priority_lead": sales.priorities.marketing_lead,
        "priority_care": sales.priorities.care,
        "priority_prospecting": sales.priorities.prospecting,
        "marketers": _role(marketing.marketers, False, world.people.marketer),
        "reps": _role(sales.reps, sales.ramped, world.people.rep),
        "sdrs": _role(sales.sdrs, sales.ramped, world.people.sdr),
        "term": int(world.customers.term_days * DAY + 0.5),
        "churn": world.customers.churn,
        "churn_trust": world.customers.churn_trust,
        "churn_slope": world.customers.churn_slope,
        "care_interval": 365.0 / customers.care_per_year if customers.care_per_year >= RAREST_PER_YEAR else 0.0,
        "referral_rate": customers.referral_rate / 365.0 if customers.referral_rate >= RAREST_PER_YEAR else 0.0,
        "referral_trust": world.customers.referral_trust,
        "commission": world.finance.commission,
    }
    for part in (response, selling):
        values.update({name: getattr(part, name) for name in COPIED if hasattr(part, name)})
    values["win"] = values["win"] + price_gain(plan.price, world.incentives.price_slope)
    return Phase(**values)
