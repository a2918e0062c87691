"""What is asked: world, plan, timeline and scenario, as frozen pydantic models.

Every numeric field carries its unit and the source of its default (a key of ``docs/references.bib``, or
``assumption``) in ``json_schema_extra``; the reference page is generated from here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from funnelsim.scenario.alignment import Alignment, AlignmentEffects, Conflict, Targeting
from funnelsim.scenario.buyer import Mail, MailPlan, Record, Rivals, Site, SitePlan
from funnelsim.scenario.incentives import Incentives, Quota
from funnelsim.scenario.part import Part as Part
from funnelsim.scenario.part import quantity as quantity
from funnelsim.scenario.portfolio import CustomersPlan, Portfolio, PortfolioPlan, RepeatBuying

MIX_TOLERANCE = 1e-6


# --------------------------------------------------------------------------------------------------------------- world


class Workweek(Part):
    """When people work. Buyers live in calendar time."""

    day_start: float = quantity(9.0, "hour of day", "start of the working day", ge=0, lt=24)
    day_end: float = quantity(17.0, "hour of day", "end of the working day", gt=0, le=24)
    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = quantity(
        (0, 1, 2, 3, 4), "weekday, Monday = 0", "days on which people work"
    )
    holidays: tuple[dt.date, ...] = quantity((), "date", "days on which nobody works")

    @model_validator(mode="after")
    def _ordered(self) -> Workweek:
        if self.day_end <= self.day_start:
            raise ValueError("day_end must be later than day_start")
        if not self.weekdays:
            raise ValueError("at least one weekday is needed")
        return self


class Segment(Part):
    """A group of accounts that marketing can tell apart."""

    accounts: int = quantity(100_000, "accounts", "number of accounts, one buying decision each", ge=1, le=20_000_000)
    fit_share: float = quantity(0.5, "share", "accounts that the product can serve at all", ge=0, le=1)
    deal_size: float = quantity(
        22_000.0, "USD per year", "median annual list price of a deal", "bridge2017", gt=0, le=1e8
    )
    deal_size_sigma: float = quantity(0.5, "log units", "spread of the (lognormal) deal size", ge=0, le=2)
    threshold: float = quantity(
        0.60, "trust", "mean trust theta at which a buyer is ready to buy", "rain2018", gt=0, lt=1
    )
    threshold_sd: float = quantity(0.08, "trust", "spread of theta between accounts", ge=0, le=0.3)
    need_interval: float = quantity(5.0, "year", "mean time from one need to the next", "dawes2021", ge=0.1, le=1000)
    need_window: float = quantity(90.0, "day", "mean time that a need stays open", "dawes2021", gt=0, le=3650)

    @model_validator(mode="after")
    def _window_inside(self) -> Segment:
        if self.need_window >= self.need_interval * 365.0:
            raise ValueError("need_window must be shorter than need_interval")
        return self


class Buyers(Part):
    """How buyers decide on their own."""

    share_before_sales_a: float = quantity(
        3.36,
        "shape",
        "Kumaraswamy a of psi, the share of trust wanted before talking to sales",
        "ceb2012",
        ge=1e-6,
        le=50,
    )
    share_before_sales_b: float = quantity(2.30, "shape", "Kumaraswamy b of psi", "ceb2012", ge=1e-6, le=50)
    ask_probability: float = quantity(
        0.085, "probability", "a buyer who reaches psi theta asks for sales by itself", "sixsense2023", ge=0, le=1
    )
    propensity_sd: float = quantity(
        0.5, "log-odds", "spread of an account's liking that its segment does not reveal", ge=0, le=3
    )
    competitor_share: float = quantity(
        0.6, "share", "needs that end without us: bought from a competitor (rest: no decision)", "dixon2022", ge=0, le=1
    )


class Trust(Part):
    """Brand trust B and relationship trust R of each account; total T = 1 - (1-B)(1-R)."""

    brand_half_life: float = quantity(70.0, "day", "half-life of brand trust", "leone1995", ge=0.001, le=1e6)
    relationship_half_life: float = quantity(180.0, "day", "half-life of relationship trust", ge=0.001, le=1e6)
    saturation: float = quantity(
        1.0, "0..1", "a touch g does X <- X + g (1 - saturation X); 0 gives additive shot noise", ge=0, le=1
    )
    fatigue: float = quantity(0.05, "per touch", "loss of strength per recent touch", ge=0, le=5)
    fatigue_half_life: float = quantity(7.0, "day", "how long a touch counts as recent", ge=0.001, le=365)
    wrong_tone: float = quantity(
        1.0,
        "factor",
        "strength of a touch whose tone is wrong for the buyer's readiness (touchpoints: aims)",
        ge=0,
        le=1,
    )
    consistency: float = quantity(
        1.0, "factor", "strength of a touch that follows a touch of the other team", ge=0, le=1.25
    )
    customer_start: float = quantity(0.45, "trust", "relationship trust of declared customers at the start", ge=0, lt=1)


class Goodwill(Part):
    """The firm's brand stock (Nerlove-Arrow); 1 is its level under the incumbent plan."""

    half_life: float = quantity(365.0, "day", "half-life of goodwill", "nerlove1962", ge=0.001, le=1e6)
    start: float = quantity(1.0, "index", "level at the start of the burn-in", ge=0, le=100)
    entry_trust: float = quantity(
        0.38, "trust", "brand trust with which an account enters the market at goodwill 1", ge=0, lt=1
    )
    per_customer_year: float = quantity(
        0.0007, "index", "gain when a customer is won or renews, per 200,000 accounts", ge=0, le=1
    )


class Content(Part):
    """Stock of findable content: what a searching buyer meets."""

    half_life: float = quantity(180.0, "day", "half-life of content", ge=0.001, le=1e6)
    start: float = quantity(1.0, "index", "level at the start of the burn-in", ge=0, le=1000)
    half_saturation: float = quantity(2.0, "index", "stock at which half of all searches find us", gt=0, le=1000)


class Programme(Part):
    """One run of a touchpoint kind, made by marketers."""

    money: float = quantity(6_000.0, "USD", "programme money per run", "idc2006", ge=0, le=1e8)
    hours: float = quantity(25.0, "working hour", "marketer hours per run", ge=0.01, le=10_000)
    live_days: float = quantity(28.0, "day", "how long it is live", gt=0, le=3650)
    worn_strength: float = quantity(0.5, "share", "strength in the second half of its life", ge=0, le=1)
    reach: float = quantity(40_000.0, "accounts", "intensity times accounts of the market", ge=0, le=1e9)
    goodwill: float = quantity(0.0, "index", "goodwill gained when it goes live", ge=0, le=10)
    content: float = quantity(0.0, "index", "content stock gained when it goes live", ge=0, le=100)
    targeting: float = quantity(
        0.0, "share", "market research: part of the way to the best targeting that one run goes", ge=0, le=1
    )


class Touchpoint(Part):
    """A kind of touch between firm and buyer."""

    owner: Literal["marketing", "sales"] = Field(..., description="team that owns it")
    feeds: Literal["brand", "relationship", "both"] = Field("brand", description="which trust it builds")
    aims: Literal["any", "early", "late"] = Field(
        "any", description="buyers whom its tone suits: before or after they would talk to sales (T = psi theta)"
    )
    strength: float = quantity(0.05, "trust", "g: share of the missing trust that one touch builds", ge=0, lt=1)
    moments_per_week: float = quantity(
        0.0, "per week", "most frequent that an account in market can meet this kind", ge=0, le=150
    )
    base_intensity: float = quantity(0.0, "intensity", "intensity without any programme", ge=0, le=50)
    capture: float = quantity(0.0, "probability", "a touch makes the account leave its address", ge=0, le=1)
    known_only: bool = Field(False, description="reaches only accounts whose address is known")
    per_hour: float = quantity(
        0.0, "per selling hour", "approaches, as a tactic of reps' own prospecting (0: it is none)", ge=0, le=100
    )
    contact: float = quantity(0.0, "probability", "such an approach reaches the decision maker", ge=0, le=1)
    mail: bool = Field(
        False, description="a mail: lists, unsubscribing and clicks apply (world.mail, plan.marketing.mail)"
    )
    magnet: bool = Field(False, description="content that may stand behind a form (plan.marketing.gating)")
    site: bool = Field(False, description="a visit to our site: those who are far enough may buy there (plan.site)")
    found_by_search: bool = Field(False, description="the buyer's own search: accepted by content stock, not by reach")
    programme: Programme | None = Field(None, description="how marketers make it; none: nobody makes it")


class Response(Part):
    """First response: leads go cold, attempts fail."""

    contact_probability: float = quantity(
        0.36, "probability", "first attempt reaches a warm lead", "velocify2012", gt=0, le=1
    )
    attempt_ratio: float = quantity(
        0.97, "ratio", "contact probability of an attempt relative to the one before", "uci2014bank", gt=0, le=1
    )
    retry_days: float = quantity(1.0, "day", "mean time between attempts", gt=0, le=60)
    cooling_hours: float = quantity(
        1.0, "hour", "tau0 of m = floor + (1 - floor)(1 + tau/tau0)^-beta", "oldroyd2011", ge=0.001, le=1000
    )
    cooling_power: float = quantity(0.4, "exponent", "beta of the cooling law", "oldroyd2011", ge=0, le=5)
    cooling_floor: float = quantity(0.5, "share", "leads that stay warm however long they wait", ge=0, le=1)
    request_patience: float = quantity(5.0, "day", "mean time that a buyer who asked waits", gt=0, le=1e5)
    lead_patience: float = quantity(14.0, "day", "mean time after which a marketing lead is stale", gt=0, le=1e5)
    neglect: float = quantity(
        0.0, "share", "trust that a buyer loses who was kept waiting until it was too late", ge=0, le=1
    )


class Selling(Part):
    """What one-to-one selling takes and does."""

    attempt_hours: float = quantity(0.07, "selling hour", "work of one attempt", ge=0, le=8)
    talk_hours: float = quantity(0.4, "selling hour", "mean qualification talk", ge=0, le=40)
    meeting_hours: float = quantity(0.75, "selling hour", "mean work for one meeting", ge=0, le=40)
    hours_law: Literal["fixed", "exponential", "lognormal"] = Field(
        "lognormal", description="distribution of task hours"
    )
    hours_sigma: float = quantity(0.5, "log units", "spread when lognormal", ge=0, le=3)
    interest: float = quantity(
        0.0, "log-odds", "a fitting buyer agrees to a sales process at T = psi theta", ge=-20, le=20
    )
    interest_slope: float = quantity(6.0, "log-odds per trust", "effect of T - psi theta on that", ge=0, le=100)
    cycle_days: float = quantity(42.0, "day", "median buying cycle at the reference deal", "bridge2017", gt=0, le=3650)
    cycle_sigma: float = quantity(1.0, "log units", "spread of the buying cycle", "olist2018", ge=0, le=3)
    cycle_power: float = quantity(0.4, "exponent", "growth of the cycle with deal size", ge=0, le=2)
    reference_deal: float = quantity(
        25_000.0, "USD per year", "deal size at which cycle_days holds", "bridge2017", ge=1, le=1e9
    )
    meetings: tuple[str, ...] = Field(
        ("meeting", "demo", "proposal", "negotiation"), description="one-to-one touches of an opportunity, in order"
    )
    first_meeting_days: float = quantity(3.0, "day", "mean time from opportunity to the first meeting", ge=0, le=365)
    checkpoints: tuple[str, ...] = Field(
        ("meeting", "demo"), description="meetings after which the buyer may leave the process"
    )
    stay: float = quantity(0.85, "log-odds", "the buyer goes on after a checkpoint at T = theta", ge=-20, le=20)
    stay_slope: float = quantity(2.0, "log-odds per trust", "effect of T - theta on that", ge=0, le=100)
    win: float = quantity(
        -0.63, "log-odds", "the buyer decides for us at T = theta, median rep", "cso2018", ge=-20, le=20
    )
    win_slope: float = quantity(4.0, "log-odds per trust", "beta_T: effect of T - theta on winning", ge=0, le=100)
    skill_weight: float = quantity(1.0, "log-odds", "effect of ln(skill) on winning", "olist2018", ge=0, le=5)
    lost_share: float = quantity(0.60, "share", "opportunities not won that a competitor wins", "cso2018", ge=0, le=1)
    call_touch: str = Field("rep_call", description="touchpoint of a conversation with a lead")
    prospecting_touch: str = Field("cold_call", description="touchpoint of own prospecting")
    calls_per_hour: float = quantity(15.0, "per selling hour", "prospecting calls", gt=0, le=100)
    cold_contact: float = quantity(0.15, "probability", "a cold call reaches the decision maker", ge=0, le=1)
    discovery_noise: float = quantity(
        0.3, "log-odds", "error of a rep who has talked to a buyer about that buyer's liking", ge=0, le=10
    )
    lead_quality: float = quantity(
        0.5, "log-odds per sd", "effect of score above the bar on working a marketing lead", "sabnis2013", ge=0, le=10
    )
    belief_weight: float = quantity(
        3.0, "log-odds", "effect of belief on working a marketing lead", "sabnis2013", ge=0, le=50
    )
    tracking_weight: float = quantity(1.0, "log-odds", "effect of tracking", "sabnis2013", ge=0, le=10)
    tracking_fade: float = quantity(
        0.2,
        "per year",
        "how much less tracking moves an experienced rep: its effect is divided by 1 + fade x years with the firm",
        ge=0,
        le=10,
    )
    experience_weight: float = quantity(0.1, "log-odds per year", "loss with experience", "sabnis2013", ge=0, le=5)
    load_weight: float = quantity(
        0.02, "log-odds per task", "loss per task that waits per rep", "sabnis2013", ge=0, le=5
    )
    belief_start: float = quantity(0.4, "share", "belief at the start: marketing leads that prove good", ge=0, le=1)
    belief_memory: float = quantity(50.0, "leads", "worked leads over which belief averages", ge=1, le=1e6)


class RolePeople(Part):
    """What is true of people in a role."""

    cost: float = quantity(180_000.0, "USD per year", "loaded cost of a full post", ge=0, le=1e8)
    hiring_cost: float = quantity(20_000.0, "USD", "cost of filling a seat", ge=0, le=1e8)
    productive_share: float = quantity(
        0.30, "share", "working hours left for the tasks of the model", "cso2018", ge=0.01, le=1
    )
    skill_sigma: float = quantity(0.0, "log units", "spread of (lognormal) skill", "olist2018", ge=0, le=2)
    ramp_days: float = quantity(
        66.0, "day", "time constant of 1 - exp(-t/tau) of a new person", "bridge2024", ge=0, le=3650
    )
    ramp_start: float = quantity(0.2, "share", "effect of a new person on the first day", ge=0, le=1)
    attrition: float = quantity(0.0, "per year", "rate at which people leave", "hbr2017turnover", ge=0, le=10)
    vacancy_days: float = quantity(120.0, "day", "time until a seat is filled again", "hbr2017turnover", ge=0, le=3650)


class RepPeople(RolePeople):
    """People who sell."""

    skill_sigma: float = quantity(0.47, "log units", "spread of (lognormal) skill", "olist2018", ge=0, le=2)
    attrition: float = quantity(0.27, "per year", "rate at which people leave", "hbr2017turnover", ge=0, le=10)


class SdrPeople(RolePeople):
    """People who make first contact for reps."""

    cost: float = quantity(110_000.0, "USD per year", "loaded cost of a full post", ge=0, le=1e8)
    productive_share: float = quantity(0.45, "share", "working hours left for the tasks of the model", ge=0.01, le=1)


class MarketerPeople(RolePeople):
    """People who make programmes."""

    cost: float = quantity(162_000.0, "USD per year", "loaded cost of a full post", "idc2006", ge=0, le=1e8)
    productive_share: float = quantity(0.86, "share", "working hours left for the tasks of the model", ge=0.01, le=1)


class Agency(Part):
    """What is different when an agency does the marketing (`plan.marketing.sourcing`)."""

    cost_ratio: float = quantity(0.8, "ratio", "pay for a full post, relative to an own marketer", ge=0, le=10)
    delay_days: float = quantity(30.0, "day", "added between finished programme and live", ge=0, le=365)
    learning: float = quantity(0.5, "ratio", "what is left of learning from the reps' feedback", ge=0, le=1)


class Contract(Part):
    """What is different when contract reps sell (`plan.sales.sourcing`): paid by commission, with other principals."""

    commission: float = quantity(0.10, "share", "commission on the first year's price, on top of usual", ge=0, le=1)
    attention: float = quantity(0.3, "share", "part of their productive time that they have for us", ge=0.01, le=1)


class People(Part):
    """Roles of both teams, and who may stand in for them."""

    cross_effect: float = quantity(
        0.5, "ratio", "skill of people who come from the other team", "homburg2007", ge=0.05, le=2
    )

    rep: RepPeople = RepPeople()
    sdr: SdrPeople = SdrPeople()
    marketer: MarketerPeople = MarketerPeople()
    agency: Agency = Agency()
    contract: Contract = Contract()


class Customers(Part):
    """What happens after the sale."""

    start: int = quantity(400, "accounts", "customers declared at the start of the burn-in", ge=0, le=10_000_000)
    term_days: float = quantity(365.0, "day", "contract term", ge=1, le=3650)
    churn: float = quantity(0.13, "per year", "churn at the reference trust", "churnbenchmarks2024", ge=0, lt=1)
    churn_trust: float = quantity(0.25, "trust", "reference trust", ge=0, le=1)
    churn_slope: float = quantity(
        1.733, "per trust", "gamma: hazard x exp(-gamma (T - reference)); .3 to .7 halves it", "gupta2003", ge=0, le=50
    )
    care_per_year: float = quantity(2.0, "per year", "account-care calls per customer", ge=0, le=365)
    care_hours: float = quantity(0.25, "selling hour", "work of one care call", ge=0, le=40)
    care_touch: str = Field("account_care", description="touchpoint of account care")
    referral_rate: float = quantity(0.05, "per year", "referrals per customer that open a need elsewhere", ge=0, le=10)
    referral_trust: float = quantity(0.15, "trust", "relationship trust that a referral brings", ge=0, lt=1)
    reward_most: float = quantity(
        1.0, "share", "most referrals that rewards can add, relative to those that come anyway", ge=0, le=10
    )
    reward_half: float = quantity(200.0, "USD", "reward that adds half of that", gt=0, le=100_000)
    retention_touch: str = Field("", description="touchpoint with which marketing keeps in touch with customers")
    retention_cost: float = quantity(15.0, "USD", "cost of one such touch", ge=0, le=100_000)
    win_back_probability: float = quantity(
        0.25, "probability", "a call brings a past customer of the reference trust back", "assumption", ge=0, le=1
    )
    discount_harm: float = quantity(
        1.4, "per share", "customers bought with a discount d leave at a rate x (1 + harm d)", "lewis2006", ge=0, le=20
    )
    purchase: Literal["contract", "repeat"] = Field(
        "contract", description="customers renew a contract, or buy again and again"
    )
    repeat: RepeatBuying = RepeatBuying()


class Finance(Part):
    """Margins and time value."""

    gross_margin: float = quantity(0.78, "share", "gross margin of revenue", ge=0, le=1)
    discount_rate: float = quantity(0.10, "per year", "discount rate of value left at the end", ge=0, le=2)
    commission: float = quantity(
        0.0, "share", "commission on the first year's price (0: part of loaded cost)", ge=0, le=1
    )


class Scoring(Part):
    """How readiness becomes a score in standard deviations."""

    centre: float = quantity(0.45, "T/theta", "readiness of the average lead", ge=-5, le=5)
    scale: float = quantity(0.25, "T/theta", "one standard deviation of readiness", ge=0.001, le=5)
    fit_weight: float = quantity(0.8, "sd", "score difference between accounts that fit and that do not", ge=0, le=10)
    bar_give: float = quantity(
        0.8, "sd", "how far marketing lowers its bar when it has none of the leads that it was asked for", ge=0, le=10
    )


class World(Part):
    """What you cannot choose."""

    title: str = Field("", description="one line that says which market this is")
    workweek: Workweek = Workweek()
    demand: float = quantity(
        1.0, "factor", "needs relative to the segments' need_interval (for dated shocks)", ge=0, le=20
    )
    segments: dict[str, Segment] = Field(..., description="segments by name", min_length=1, max_length=16)
    buyers: Buyers = Buyers()
    trust: Trust = Trust()
    goodwill: Goodwill = Goodwill()
    content: Content = Content()
    touchpoints: dict[str, Touchpoint] = Field(
        ..., description="touchpoint catalogue, in the order of the log's codes", min_length=1, max_length=48
    )
    scoring: Scoring = Scoring()
    response: Response = Response()
    record: Record = Record()
    site: Site = Site()
    mail: Mail = Mail()
    rivals: Rivals = Rivals()
    selling: Selling = Selling()
    people: People = People()
    incentives: Incentives = Incentives()
    customers: Customers = Customers()
    portfolio: Portfolio = Portfolio()
    finance: Finance = Finance()
    alignment: AlignmentEffects = AlignmentEffects()
    conflict: Conflict = Conflict()
    targeting: Targeting = Targeting()
    programme_scale: float = quantity(
        1.0, "factor", "size of a programme: money, hours, reach and gains", ge=0.0001, le=100
    )
    burn_in_quarters: int = quantity(4, "quarter", "time under the incumbent plan before day 0", ge=0, le=40)
    incumbent: Plan = Field(..., description="plan in force before day 0")

    @field_validator("segments", "touchpoints")
    @classmethod
    def _names_can_stand_in_paths(cls, named: dict[str, Any]) -> dict[str, Any]:
        for name in named:
            if not name or "." in name or name == "*":
                raise ValueError(f"the name {name!r} cannot stand in a dotted path: no dots, and not '*'")
        return named

    @model_validator(mode="after")
    def _names_exist(self) -> World:
        for field, names in (
            ("selling.meetings", self.selling.meetings),
            ("selling.call_touch", (self.selling.call_touch,)),
            ("selling.prospecting_touch", (self.selling.prospecting_touch,)),
            ("customers.care_touch", (self.customers.care_touch,)),
            ("customers.retention_touch", (self.customers.retention_touch,) if self.customers.retention_touch else ()),
        ):
            for name in names:
                if name not in self.touchpoints:
                    raise ValueError(f"{field} names touchpoint {name!r}, which the catalogue does not have")
        landing = self.mail.landing_touch
        if landing and landing not in self.touchpoints:
            raise ValueError(f"mail.landing_touch names touchpoint {landing!r}, which the catalogue does not have")
        for name in self.selling.checkpoints:
            if name not in self.selling.meetings:
                raise ValueError(f"selling.checkpoints names {name!r}, which is not one of selling.meetings")
        accounts = 0
        for segment in self.segments.values():
            accounts += segment.accounts
        if self.customers.start > accounts:
            raise ValueError(
                f"customers.start is {self.customers.start}, more than the {accounts} accounts of the market"
            )
        return self


# ---------------------------------------------------------------------------------------------------------------- plan


class Priorities(Part):
    """Order in which waiting tasks are taken; the smaller goes first, equal ones by time queued."""

    request: int = quantity(0, "rank", "buyers who asked for sales", ge=0, le=99)
    meeting: int = quantity(1, "rank", "due meetings of opportunities", ge=0, le=99)
    own_lead: int = quantity(2, "rank", "leads that the rep found", ge=0, le=99)
    marketing_lead: int = quantity(3, "rank", "leads handed over by marketing", ge=0, le=99)
    care: int = quantity(4, "rank", "account care", ge=0, le=99)
    prospecting: int = quantity(5, "rank", "own prospecting", ge=0, le=99)
    assist: int = quantity(0, "rank", "visitors of the site with a question", ge=0, le=99)


def shares(mix: dict[str, float]) -> dict[str, float]:
    """Check that the shares of a mix are shares and sum to 1."""
    total = 0.0
    for name, share in mix.items():
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"share of {name!r} is {share}; expected 0..1")
        total += share
    if mix and abs(total - 1.0) > MIX_TOLERANCE:
        raise ValueError(f"shares sum to {total:.6g}; expected 1")
    return mix


class SalesPlan(Part):
    """People and policies of sales."""

    reps: float = quantity(10.0, "full posts", "heads; a fraction is a part-time post", ge=0, le=990)
    sdrs: float = quantity(
        0.0, "full posts", "sales development reps who make first contact (0: reps do)", ge=0, le=990
    )
    ramped: bool = Field(False, description="people hired by this plan arrive fully ramped")
    priorities: Priorities = Priorities()
    max_attempts: int = quantity(12, "attempts", "attempts to reach a lead", "velocify2012", ge=1, le=100)
    prospecting_hours: float = quantity(
        0.8, "selling hour per day", "own prospecting per rep, in spare time", ge=0, le=24
    )
    lead_preference: float = quantity(
        2.0, "log-odds", "readiness of reps to work a marketing lead", "sabnis2013", ge=-20, le=20
    )
    tracking: float = quantity(0.5, "0..1", "how closely lead follow-up is tracked", "sabnis2013", ge=0, le=1)
    sourcing: Literal["in_house", "contract"] = Field("in_house", description="whose reps sell: own, or on contract")
    opportunity_bar: float = quantity(
        -20.0,
        "log-odds",
        "a rep opens no opportunity if, after the talk, the buyer's liking seems lower (-20: opens all)",
        ge=-20,
        le=20,
    )
    prospecting_mix: dict[str, float] = Field(
        default_factory=dict,
        description="share of prospecting days per touchpoint with per_hour; sums to 1 (empty: cold calls)",
    )
    quota: Quota = Quota()
    from_marketing: int = quantity(
        0, "heads", "of the reps, those who come from marketing (the lowest seats)", ge=0, le=990
    )
    discount: float = quantity(0.0, "share", "discount on the list price of every offer", ge=0, le=0.9)

    _shares = field_validator("prospecting_mix")(shares)


class MarketingPlan(Part):
    """People, money and policies of marketing."""

    marketers: float = quantity(2.0, "full posts", "heads; a fraction is a part-time post", ge=0, le=990)
    programme_money: float = quantity(600_000.0, "USD per year", "programme money", "idc2006", ge=0, le=1e10)
    mix: dict[str, float] = Field(
        default_factory=dict, description="share of programme money per touchpoint; sums to 1"
    )
    approval_days: float = quantity(5.0, "day", "from finished programme to live", ge=0, le=365)
    targeting: float = quantity(0.55, "share", "attention bought on accounts that fit", ge=0, le=1)
    lead_bar: float = quantity(1.5, "sd", "score at which a lead is handed to sales", ge=-20, le=20)
    score_noise: float = quantity(1.2, "sd", "noise of the score", ge=0, le=20)
    from_sales: int = quantity(
        0, "heads", "of the marketers, those who come from sales (the lowest seats)", ge=0, le=990
    )
    positioning: float = quantity(
        0.0, "0..1", "how sharply we are set apart from rivals: they count less, but we speak to fewer", ge=0, le=1
    )
    recycle: float = quantity(
        0.0, "probability", "a lead that sales did not win over, with its need still open, may come again", ge=0, le=1
    )
    recycle_days: float = quantity(14.0, "day", "rest before it may", ge=1, le=3650)
    gating: float = quantity(0.0, "0..1", "how much of the content with a magnet stands behind a form", ge=0, le=1)
    mail: MailPlan = MailPlan()
    hand_over: bool = Field(True, description="marketing hands leads over; otherwise buyers must ask")
    lead_target: float = quantity(0.0, "leads per quarter", "leads that marketing is asked for (0: none)", ge=0, le=1e7)
    budget_rule: Literal["fixed", "revenue_share"] = Field(
        "fixed", description="programme money as planned, or a share of what was billed in the last four quarters"
    )
    budget_share: float = quantity(0.10, "share", "that share", "cmosurvey2019", ge=0, le=1)
    budget_most: float = quantity(
        2.0, "factor", "most that a share of revenue can give, relative to programme_money", ge=0, le=10
    )
    sourcing: Literal["in_house", "agency"] = Field("in_house", description="whose people make programmes")

    _shares = field_validator("mix")(shares)


class Plan(Part):
    """What you choose."""

    title: str = Field("", description="one line that says what this plan does")
    price: float = quantity(1.0, "index", "list price of all deals relative to the segments' deal size", ge=0.05, le=20)
    sales: SalesPlan = SalesPlan()
    marketing: MarketingPlan = MarketingPlan()
    alignment: Alignment = Field(
        Alignment(), description="how the teams work together: a level's name, or lever by lever"
    )
    site: SitePlan = SitePlan()
    portfolio: PortfolioPlan = PortfolioPlan()
    customers: CustomersPlan = CustomersPlan()


# ------------------------------------------------------------------------------------------------- timeline, scenario


class Change(Part):
    """Dated change of plan or world."""

    date: dt.date = Field(..., description="day on which it takes effect, at 00:00")
    changes: dict[str, Any] = Field(
        ..., description="new values by dotted path, e.g. plan.sales.reps: 12", min_length=1
    )
    note: str = Field("", description="why")


class Scenario(Part):
    """World, plan, timeline and horizon."""

    title: str = Field("", description="one line that says what is asked")
    world: World
    plan: Plan
    timeline: tuple[Change, ...] = Field((), description="dated changes", max_length=400)
    start: dt.date = Field(
        dt.date(2026, 1, 1),
        description="day 0: the first day of a quarter",
        ge=dt.date(1950, 1, 1),
        le=dt.date(2200, 10, 1),
    )
    horizon_quarters: int = quantity(4, "quarter", "length of the run after day 0", ge=1, le=80)

    @field_validator("start")
    @classmethod
    def _first_of_quarter(cls, start: dt.date) -> dt.date:
        if start.day != 1 or start.month not in (1, 4, 7, 10):
            raise ValueError(f"{start} is not the first day of a quarter (1 January, April, July or October)")
        return start

    @model_validator(mode="after")
    def _plan_fits_world(self) -> Scenario:
        for where, plan in (("plan", self.plan), ("world.incumbent", self.world.incumbent)):
            for name in plan.marketing.mix:
                touchpoint = self.world.touchpoints.get(name)
                if touchpoint is None or touchpoint.programme is None:
                    makeable = [key for key, value in self.world.touchpoints.items() if value.programme is not None]
                    raise ValueError(
                        f"{where}.marketing.mix names {name!r}; programmes exist for: {', '.join(makeable)}"
                    )
            for name in plan.sales.prospecting_mix:
                tactic = self.world.touchpoints.get(name)
                if tactic is None or tactic.per_hour <= 0.0:
                    tactics = [key for key, value in self.world.touchpoints.items() if value.per_hour > 0.0]
                    raise ValueError(
                        f"{where}.sales.prospecting_mix names {name!r}; tactics with per_hour: "
                        f"{', '.join(tactics) or 'none'}"
                    )
            if plan.customers.retention_per_year > 0.0 and not self.world.customers.retention_touch:
                raise ValueError(
                    f"{where}.customers.retention_per_year is above 0, but world.customers.retention_touch names no "
                    "touchpoint"
                )
        return self

    def with_changes(self, changes: Mapping[str, Any]) -> Scenario:
        """Return a scenario that differs in the given dotted paths; see `funnelsim.scenario.changes.with_changes`."""
        from funnelsim.scenario.changes import with_changes

        return with_changes(self, changes)

    def to_yaml(self) -> str:
        """Return this scenario as one self-contained file."""
        from funnelsim.scenario.files import to_yaml

        return to_yaml(self)

    def save(self, path: str | Path) -> Path:
        """Write this scenario to a file that `load` reads back unchanged."""
        from funnelsim.scenario.files import save

        return save(self, path)


World.model_rebuild()
