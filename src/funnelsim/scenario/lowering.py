"""From a scenario to the flat numbers that engines read.

A `Lowered` holds the calendar, the market and a list of phases. A phase is everything that holds from a date until the next: the incumbent
plan during the burn-in, the plan from day 0, and one phase per date of the timeline. Engines never see pydantic models.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from funnelsim.arithmetic import log
from funnelsim.events import DAY
from funnelsim.rules.reach import acceptance, attention
from funnelsim.rules.selling import HOURS_EXPONENTIAL, HOURS_FIXED, HOURS_LOGNORMAL
from funnelsim.scenario.schema import Plan, RolePeople, Scenario, Touchpoint, World
from funnelsim.workhours import WorkCalendar

REFERENCE_ACCOUNTS = 200_000
"""Market size at which gains of goodwill and content per programme are stated."""
LN2 = log(2.0)
HOURS_LAWS = {"fixed": HOURS_FIXED, "exponential": HOURS_EXPONENTIAL, "lognormal": HOURS_LOGNORMAL}


@dataclass(frozen=True, slots=True)
class LoweredProgramme:
    """How a kind of programme is made and what it does (scaled to the market)."""

    money: int
    hours: float
    live: int
    worn_strength: float
    intensity: float
    goodwill: float
    content: float


@dataclass(frozen=True, slots=True)
class LoweredTouchpoint:
    """One kind of touch."""

    code: int
    name: str
    team: int
    brand: bool
    relationship: bool
    strength: float
    gap_days: float
    base_intensity: float
    capture: float
    known_only: bool
    found_by_search: bool
    programme: LoweredProgramme | None


@dataclass(frozen=True, slots=True)
class LoweredSegment:
    """One segment; accounts are numbered through, segment after segment."""

    name: str
    first: int
    accounts: int
    fit_share: float
    deal_size: float
    deal_size_sigma: float
    threshold: float
    threshold_sd: float
    gap_days: float
    window_days: float


@dataclass(frozen=True, slots=True)
class LoweredRole:
    """Heads and people of a role."""

    heads: float
    ramped: bool
    cost: int
    hiring_cost: int
    productive_share: float
    skill_sigma: float
    ramp_days: float
    ramp_start: float
    attrition_per_day: float
    vacancy: int


@dataclass(frozen=True, slots=True)
class Phase:
    """Everything that holds from `time` on. Rates are per day, money in cents, durations in days unless typed int (microseconds)."""

    time: int
    # stocks and trust
    brand_rate: float
    relationship_rate: float
    saturation: float
    fatigue: float
    fatigue_rate: float
    goodwill_rate: float
    entry_trust: float
    goodwill_per_customer: float
    content_rate: float
    content_half_saturation: float
    # buyers
    ask_probability: float
    competitor_share: float
    demand: float
    # marketing
    touchpoints: tuple[LoweredTouchpoint, ...]
    mix: tuple[float, ...]
    money_per_day: float
    approval: int
    attention_fit: float
    attention_unfit: float
    lead_bar: float
    score_noise: float
    hand_over: bool
    score_centre: float
    score_scale: float
    score_fit_weight: float
    # response
    contact_probability: float
    attempt_ratio: float
    max_attempts: int
    retry_days: float
    cooling_hours: float
    cooling_power: float
    cooling_floor: float
    request_patience: float
    lead_patience: float
    # selling
    attempt_hours: float
    talk_hours: float
    meeting_hours: float
    care_hours: float
    hours_law: int
    hours_sigma: float
    interest: float
    interest_slope: float
    cycle_days: float
    cycle_sigma: float
    cycle_power: float
    reference_deal: float
    meetings: tuple[int, ...]
    is_checkpoint: tuple[bool, ...]
    first_meeting_days: float
    stay: float
    stay_slope: float
    win: float
    win_slope: float
    skill_weight: float
    lost_share: float
    call_touch: int
    cold_touch: int
    care_touch: int
    prospecting_hours: float
    calls_per_hour: float
    cold_contact: float
    lead_preference: float
    lead_quality: float
    belief_weight: float
    tracking: float
    tracking_weight: float
    experience_weight: float
    load_weight: float
    belief_memory: float
    priority_request: int
    priority_meeting: int
    priority_own: int
    priority_lead: int
    priority_care: int
    priority_prospecting: int
    # people
    marketers: LoweredRole
    reps: LoweredRole
    sdrs: LoweredRole
    # customers, money
    term: int
    churn: float
    churn_trust: float
    churn_slope: float
    care_interval: float
    referral_rate: float
    referral_trust: float
    commission: float


@dataclass(frozen=True, slots=True)
class Lowered:
    """A scenario as engines see it."""

    start: int
    end: int
    calendar: WorkCalendar
    paid_days: tuple[tuple[int, int, int], ...]
    """Working days as (day number, index within its year, working days of that year)."""
    segments: tuple[LoweredSegment, ...]
    accounts: int
    psi_a: float
    psi_b: float
    propensity_sd: float
    goodwill_start: float
    content_start: float
    belief_start: float
    customers_start: int
    customer_trust: float
    phases: tuple[Phase, ...]
    bounds_fit: tuple[float, ...]
    """Highest acceptance that each touchpoint can reach in this run, for accounts that fit."""
    bounds_unfit: tuple[float, ...]
    intensity_bounds: tuple[float, ...] = field(default=())


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
        scenario.start, first_day, last_day, week.day_start, week.day_end, tuple(week.weekdays), frozenset(week.holidays)
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
    intensity = _intensity_bounds(phases)
    fit_bounds, unfit_bounds = _acceptance_bounds(phases, intensity)
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
                name, first, s.accounts, s.fit_share, s.deal_size, s.deal_size_sigma, s.threshold, s.threshold_sd, gap,
                s.need_window,
            )
        )  # fmt: skip
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
        gap_days=7.0 / t.moments_per_week if t.moments_per_week > 0.0 else 0.0,
        base_intensity=t.base_intensity,
        capture=t.capture,
        known_only=t.known_only,
        found_by_search=t.found_by_search,
        programme=programme,
    )


def _role(heads: float, ramped: bool, people: RolePeople) -> LoweredRole:
    return LoweredRole(
        heads=heads,
        ramped=ramped,
        cost=cents(people.cost),
        hiring_cost=cents(people.hiring_cost),
        productive_share=people.productive_share,
        skill_sigma=people.skill_sigma,
        ramp_days=people.ramp_days,
        ramp_start=people.ramp_start,
        attrition_per_day=people.attrition / 365.0,
        vacancy=int(people.vacancy_days * DAY + 0.5),
    )


def _phase(time: int, world: World, plan: Plan, accounts: int) -> Phase:
    names = {name: code for code, name in enumerate(world.touchpoints)}
    selling, response, sales, marketing = world.selling, world.response, plan.sales, plan.marketing
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
        "hours_law": HOURS_LAWS[selling.hours_law],
        "meetings": tuple(names[name] for name in selling.meetings),
        "is_checkpoint": tuple(name in selling.checkpoints for name in selling.meetings),
        "call_touch": names[selling.call_touch],
        "cold_touch": names[selling.prospecting_touch],
        "care_touch": names[world.customers.care_touch],
        "care_hours": world.customers.care_hours,
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
        "care_interval": 365.0 / world.customers.care_per_year if world.customers.care_per_year > 0.0 else 0.0,
        "referral_rate": world.customers.referral_rate / 365.0,
        "referral_trust": world.customers.referral_trust,
        "commission": world.finance.commission,
    }
    for part, fields in (
        (response, ("contact_probability", "attempt_ratio", "retry_days", "cooling_hours", "cooling_power", "cooling_floor", "request_patience", "lead_patience")),
        (selling, ("attempt_hours", "talk_hours", "meeting_hours", "hours_sigma", "interest", "interest_slope", "cycle_days", "cycle_sigma", "cycle_power", "reference_deal", "first_meeting_days", "stay", "stay_slope", "win", "win_slope", "skill_weight", "lost_share", "calls_per_hour", "cold_contact", "lead_quality", "belief_weight", "tracking_weight", "experience_weight", "load_weight", "belief_memory")),
    ):  # fmt: skip
        for name in fields:
            values[name] = getattr(part, name)
    return Phase(**values)


QUARTER_DAYS = 92.0
BUNCHING_DAYS = 21.0
"""Programmes wait for a marketer for up to about two weeks, and may go live together."""


def _intensity_bounds(phases: list[Phase]) -> tuple[float, ...]:
    """Highest intensity that each kind can reach.

    The launches that can be live together lie within a live time, plus the time over which money and backlog may bunch them; a kind's
    spending in that time stays within its share of the money, but for the programme that carries it over. Phases are bounded together by
    their largest money, share and strength. The bound only saves work; engines check it.
    """
    money_per_day = max(phase.money_per_day for phase in phases)
    bounds = []
    for code in range(len(phases[0].touchpoints)):
        kinds = [phase.touchpoints[code] for phase in phases]
        highest = max(kind.base_intensity for kind in kinds)
        share = max(phase.mix[code] for phase in phases)
        strongest = 0.0
        for kind in kinds:
            programme = kind.programme
            if programme is None or share <= 0.0:
                continue
            days = programme.live / DAY + QUARTER_DAYS + BUNCHING_DAYS
            runs = share * money_per_day * days / programme.money + 2.0 * len(phases) if programme.money > 0 else 1e9
            strongest = max(strongest, runs * programme.intensity)
        bounds.append(highest + strongest)
    return tuple(bounds)


def _acceptance_bounds(phases: list[Phase], intensity: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    fit, unfit = [], []
    for code, bound in enumerate(intensity):
        if phases[0].touchpoints[code].found_by_search:
            fit.append(1.0)
            unfit.append(1.0)
            continue
        fit.append(max(acceptance(bound * phase.attention_fit) for phase in phases))
        unfit.append(max(acceptance(bound * phase.attention_unfit) for phase in phases))
    return tuple(fit), tuple(unfit)
