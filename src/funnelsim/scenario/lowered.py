"""What engines read: a scenario as flat numbers.

A `Lowered` holds the calendar, the market and a list of phases. A phase is everything that holds from a date until the
next: the incumbent plan during the burn-in, the plan from day 0, and one phase per date of the timeline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from funnelsim.events import Lever
from funnelsim.workhours import WorkCalendar

REFERENCE_ACCOUNTS = 200_000
"""Market size at which gains of goodwill and content per programme are stated."""


class Effect(IntEnum):
    """Effects of alignment that have a value at each level of a lever (`scenario.alignment.AlignmentEffects`)."""

    MEETING_HOURS = 0
    CONFLICT_HALF_LIFE = 1
    DISPUTE_HOURS = 2
    APPROVAL = 3
    CONSISTENCY = 4
    JOINT_HOURS = 5
    LEARNING = 6
    TOOLS = 7
    TOOL_HOURS = 8
    REVENUE_WEIGHT = 9
    PREFERENCE = 10
    NOISE = 11
    DEFINITION_HOURS = 12
    VISIBILITY = 13
    LICENCE = 14


LEVER_OF: tuple[Lever, ...] = (
    Lever.MEETINGS, Lever.MEETINGS, Lever.DECISION_RIGHTS, Lever.DECISION_RIGHTS, Lever.JOINT_PROGRAMMES,
    Lever.JOINT_PROGRAMMES, Lever.TOOLS_AND_FEEDBACK, Lever.TOOLS_AND_FEEDBACK, Lever.TOOLS_AND_FEEDBACK,
    Lever.SHARED_METRICS, Lever.SHARED_METRICS, Lever.LEAD_DEFINITION, Lever.LEAD_DEFINITION, Lever.SHARED_RECORD,
    Lever.SHARED_RECORD,
)  # fmt: skip
"""Lever that each effect belongs to."""
Levels = tuple[float, float, float, float]
"""Values at levels undefined, defined, aligned and integrated."""


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
    targeting: float


@dataclass(frozen=True, slots=True)
class LoweredTouchpoint:
    """One kind of touch."""

    code: int
    name: str
    team: int
    brand: bool
    relationship: bool
    aims: int
    strength: float
    gap_days: float
    base_intensity: float
    capture: float
    per_hour: float
    contact: float
    known_only: bool
    site: bool
    mail: bool
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
    crossed: int
    """Seats below this one are held by people from the other team."""
    cross_effect: float


@dataclass(frozen=True, slots=True)
class Phase:
    """Everything that holds from `time` on.

    Rates are per day, money in cents, durations in days unless typed int (microseconds).
    """

    time: int
    # stocks and trust
    brand_rate: float
    relationship_rate: float
    saturation: float
    fatigue: float
    fatigue_rate: float
    wrong_tone: float
    consistency: float
    goodwill_rate: float
    entry_trust: float
    goodwill_per_customer: float
    content_rate: float
    content_half_saturation: float
    # buyers
    price: float
    ask_probability: float
    competitor_share: float
    demand: float
    # marketing
    touchpoints: tuple[LoweredTouchpoint, ...]
    mix: tuple[float, ...]
    money_per_day: float
    approval: int
    targeting: float
    fit_share: float
    unfit_reach: float
    lead_bar: float
    bar_give: float
    lead_target: float
    score_noise: float
    hand_over: bool
    score_centre: float
    score_scale: float
    score_fit_weight: float
    # record
    visibility: float
    handoff_loss: float
    duplicate_loss: float
    address_decay: float
    # rivals, recycling
    rival_trust: float
    rival_spread: float
    rival_weight: float
    favourite: float
    outcome_weight: float
    positioning: float
    recycle: float
    recycle_days: float
    # mails
    segmented: bool
    early_share: float
    match_gain: float
    wrong_gain: float
    unsubscribe: float
    frequent: float
    wrong_unsubscribe: float
    click: float
    landing_touch: int
    # site
    site_enabled: bool
    site_trust_share: float
    site_deal_limit: int
    site_cost: int
    cart: float
    abandon: float
    recovery: float
    recovery_days: float
    review_gain: float
    reviews_enough: float
    reviews_per_customer: float
    assist: int
    assist_hours: float
    assist_patience: float
    assist_effect: float
    priority_assist: int
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
    neglect: float
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
    price_slope: float
    discount: float
    quota_months: int
    """Length of the quota's period; 0: there is no quota."""
    quota_ambition: float
    bonus: int
    effort_gain: float
    effort_loss: float
    effort_reach: float
    give_up: float
    give_up_left: float
    push_days: int
    pull_probability: float
    pull_days: float
    discount_authority: float
    goodwill_per_push: float
    pushable_from: int
    """Meetings that must have been held before a rep asks for an early decision: all checkpoints."""
    opportunity_bar: float
    discovery_noise: float
    call_touch: int
    cold_touch: int
    care_touch: int
    prospecting_hours: float
    prospects_by_mix: bool
    prospecting_mix: tuple[float, ...]
    calls_per_hour: float
    cold_contact: float
    lead_preference: float
    lead_quality: float
    belief_weight: float
    tracking: float
    tracking_weight: float
    tracking_fade: float
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
    discount_harm: float
    # products beside the core product
    core_margin: float
    entry_offered: bool
    entry_price: float
    entry_margin: float
    entry_ratio: float
    addon_margin: float
    addon_size: float
    upsell: float
    upsell_size: float
    cross_sell: bool
    cross_sell_rate: float
    cross_sell_core: float
    trade_up: float
    trade_up_size: float
    premium_margin: float
    more_slope: float
    review_quarters: int
    review_by_value: bool
    # keeping customers
    reward: int
    reward_share: float
    reward_rate: float
    retention_interval: float
    retention_touch: int
    retention_cost: int
    win_back: int
    win_back_probability: float
    spend_sigma: float
    # climate
    levers: tuple[float, ...]
    """Planned level of each `Lever`."""
    effects: tuple[Levels, ...]
    """Values of each `Effect`."""
    change_over: Levels
    alignment_on: bool
    promise_aligned: float
    promise_integrated: float
    sameness: float
    conflict_on: bool
    conflict_tolerated: float
    conflict_imbalance: float
    conflict_unworked: float
    conflict_rejected: float
    conflict_rate: float
    conflict_preference: float
    conflict_effort: float
    targeting_learns: bool
    targeting_most: float
    targeting_rate: float
    learning_ratio: float
    feedback: bool
    budget_by_revenue: bool
    budget_share: float
    budget_most: int


@dataclass(frozen=True, slots=True)
class Lowered:
    """A scenario as engines see it."""

    start: int
    end: int
    calendar: WorkCalendar
    paid_days: tuple[tuple[int, int, int], ...]
    """Working days as (day number, index within its year, working days of that year)."""
    months: tuple[tuple[int, float], ...]
    """First moments of calendar months, and the share of the quarter that is over then."""
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
    quarters: tuple[tuple[int, int], ...] = ()
    """Quarters that begin during the run: when, and number (0 begins on day 0)."""
    repeat: bool = False
    """Customers buy again and again, without a contract."""
    purchase_rates: tuple[float, ...] = ()
    """Purchases per day of equally many customers each."""
    dropout_chances: tuple[float, ...] = ()
    """Chance to drop out after a purchase of equally many customers each."""
