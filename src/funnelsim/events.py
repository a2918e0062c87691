"""The vocabulary of the event log: kinds of events, stages, teams, columns, and the order within an instant.

Every code here is append-only: stored logs and both engines rely on the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

DAY = 86_400_000_000
"""Microseconds in a day: the engines' unit of time is the microsecond."""
HOUR = 3_600_000_000
"""Microseconds in an hour."""

NO_CODE = -1
"""How the packed log writes 'does not apply' in an integer column; public tables show NA."""
NO_AMOUNT = -(2**63)
"""How the packed log writes 'no money involved'; public tables show NA."""


class Team(IntEnum):
    """Who acts."""

    MARKETING = 0
    SALES = 1


class Role(IntEnum):
    """What a seat is for. Person numbers are ``role * 1_000_000 + seat * 1_000 + incumbent``."""

    MARKETER = 0
    REP = 1
    SDR = 2


class Stage(IntEnum):
    """Where an account is in its life cycle (the CRM's word)."""

    PROSPECT = 0
    LEAD = 1
    MQL = 2
    SQL = 3
    OPPORTUNITY = 4
    CUSTOMER = 5
    PAST_CUSTOMER = 6
    DISQUALIFIED = 7
    LOST = 8
    NO_DECISION = 9


class Source(IntEnum):
    """How an account came to sales."""

    MQL = 0
    INBOUND = 1
    OUTBOUND = 2
    SITE = 3


class Product(IntEnum):
    """What is sold; in the log it stands in the column `touchpoint` of the rows of `PRODUCT_KINDS`."""

    CORE = -1
    ENTRY = 1
    ADDON = 2
    PREMIUM = 3


class Lever(IntEnum):
    """Levers of alignment, in the order of the plan's fields."""

    MEETINGS = 0
    DECISION_RIGHTS = 1
    JOINT_PROGRAMMES = 2
    TOOLS_AND_FEEDBACK = 3
    SHARED_METRICS = 4
    LEAD_DEFINITION = 5
    FOLLOW_UP_PROMISE = 6
    SHARED_RECORD = 7


class Kind(IntEnum):
    """Kinds of log rows. `KIND_MEANING` says what `item`, `value` and `amount` hold for each."""

    NEED = 0
    TOUCH = 1
    LEAD = 2
    MQL = 3
    REQUEST = 4
    PROSPECTED = 5
    TASK = 6
    ATTEMPT = 7
    CONTACT = 8
    DECLINED = 9
    RENEGED = 10
    GIVEN_UP = 11
    SQL = 12
    DISQUALIFIED = 13
    NOT_READY = 14
    OPPORTUNITY = 15
    WON = 16
    LOST = 17
    NO_DECISION = 18
    WINDOW_CLOSED = 19
    CUSTOMER = 20
    RENEWED = 21
    CHURNED = 22
    REFERRAL = 23
    PROGRAMME_LAUNCHED = 24
    PROGRAMME_LIVE = 25
    PROGRAMME_WORN = 26
    PROGRAMME_ENDED = 27
    GOODWILL = 28
    BELIEF = 29
    HIRED = 30
    LEFT = 31
    SALARY = 32
    HIRING_COST = 33
    COMMISSION = 34
    PLAN_CHANGED = 35
    MISSED = 36
    UPGRADED = 37
    ESCALATED = 38
    PASSED = 39
    RECYCLED = 40
    DUPLICATE = 41
    HISTORY_LOST = 42
    UNSUBSCRIBED = 43
    CLICKED = 44
    CART = 45
    ABANDONED = 46
    RECOVERED = 47
    ASSISTED = 48
    UPSOLD = 49
    CROSS_SOLD = 50
    TRADED_UP = 51
    PRODUCT_DROPPED = 52
    RETENTION = 53
    REFERRAL_REWARD = 54
    WON_BACK = 55
    PURCHASE = 56
    QUOTA = 57
    BONUS = 58
    PUSHED = 59
    ALIGNMENT = 60
    CONFLICT = 61
    TARGETING = 62
    BAR = 63
    BUDGET = 64
    TOOLS_COST = 65


PRODUCT_KINDS = (
    Kind.WON,
    Kind.CUSTOMER,
    Kind.RENEWED,
    Kind.CHURNED,
    Kind.UPSOLD,
    Kind.CROSS_SOLD,
    Kind.TRADED_UP,
    Kind.PRODUCT_DROPPED,
    Kind.PURCHASE,
)
"""Rows about a product: its code stands in place of a touchpoint, none for the core product."""


@dataclass(frozen=True)
class KindMeaning:
    """What a kind of row says, and what its general-purpose columns hold (empty: not used)."""

    fact: str
    item: str = ""
    value: str = ""
    amount: str = ""


KIND_MEANING: dict[Kind, KindMeaning] = {
    Kind.NEED: KindMeaning(
        "a need arises; the account is in market",
        value="buying threshold theta [trust]",
        amount="annual list price of the deal it would make [cents]",
    ),
    Kind.TOUCH: KindMeaning(
        "a touch reaches the account",
        item="programme kind's candidate number, or meeting number",
        value="trust gained by this touch",
    ),
    Kind.LEAD: KindMeaning("the account's address becomes known: left at a touch, or given with a request"),
    Kind.MQL: KindMeaning(
        "marketing hands the lead to sales", item="case number within the need, from 0", value="lead score"
    ),
    Kind.REQUEST: KindMeaning("the buyer asks for sales", item="case number", value="total trust when asking"),
    Kind.PROSPECTED: KindMeaning("a rep's own prospecting finds the account in market", item="case number"),
    Kind.TASK: KindMeaning(
        "a person starts a task; `hours` is the desk time it takes",
        item="case or programme number",
        value="days from due to start",
    ),
    Kind.ATTEMPT: KindMeaning("an attempt to reach the buyer fails", item="case number", value="attempt number"),
    Kind.CONTACT: KindMeaning(
        "first conversation of sales with the buyer in this case", item="case number", value="attempt number"
    ),
    Kind.DECLINED: KindMeaning(
        "a rep decides not to work a marketing lead", item="case number", value="propensity to work it"
    ),
    Kind.RENEGED: KindMeaning(
        "gone cold: the buyer's patience ended before the first attempt", item="case number", value="days waited"
    ),
    Kind.GIVEN_UP: KindMeaning("sales stops after the last allowed attempt", item="case number", value="attempts made"),
    Kind.SQL: KindMeaning("qualification finds that the account fits", item="case number"),
    Kind.DISQUALIFIED: KindMeaning("qualification finds that the account does not fit", item="case number"),
    Kind.NOT_READY: KindMeaning("fits, but does not agree to a sales process now; back to nurture", item="case number"),
    Kind.OPPORTUNITY: KindMeaning(
        "an opportunity opens",
        item="case number",
        value="sampled buying cycle [days]",
        amount="annual list price [cents]",
    ),
    Kind.WON: KindMeaning(
        "bought from us",
        item="case number",
        value="days since the opportunity opened (on the site: since the need arose)",
        amount="annual price sold [cents]",
    ),
    Kind.LOST: KindMeaning(
        "opportunity ends: bought from a competitor", item="case number", value="days since the opportunity opened"
    ),
    Kind.NO_DECISION: KindMeaning(
        "opportunity ends: no decision", item="case number", value="days since the opportunity opened"
    ),
    Kind.WINDOW_CLOSED: KindMeaning(
        "the need ends without an opportunity of ours (stage after: lost or no_decision)",
        value="days since the need arose",
    ),
    Kind.CUSTOMER: KindMeaning(
        "a customer that the world declares at the start of the burn-in",
        value="days until the first renewal",
        amount="annual price [cents]",
    ),
    Kind.RENEWED: KindMeaning(
        "the customer stays for another term: one row for each of its products, the first one its first product",
        item="renewal number",
        value="probability of staying",
        amount="annual price of this product [cents]",
    ),
    Kind.CHURNED: KindMeaning("the customer leaves", item="renewal number", value="probability of staying"),
    Kind.REFERRAL: KindMeaning(
        "a customer recommends us to this account, which opens a need", item="account number of the customer who refers"
    ),
    Kind.PROGRAMME_LAUNCHED: KindMeaning(
        "a programme is started; its money is spent",
        item="programme number",
        value="desk hours planned",
        amount="programme money [cents]",
    ),
    Kind.PROGRAMME_LIVE: KindMeaning(
        "a programme goes live", item="programme number", value="intensity of its kind after"
    ),
    Kind.PROGRAMME_WORN: KindMeaning(
        "a programme wears out to its later strength", item="programme number", value="intensity of its kind after"
    ),
    Kind.PROGRAMME_ENDED: KindMeaning("a programme ends", item="programme number", value="intensity of its kind after"),
    Kind.GOODWILL: KindMeaning("the goodwill stock jumps", value="goodwill after"),
    Kind.BELIEF: KindMeaning("the belief of sales in marketing's leads changes", value="belief after"),
    Kind.HIRED: KindMeaning("a person starts; `hours` is the share of a full post", value="skill (1 = median)"),
    Kind.LEFT: KindMeaning("a person leaves; `hours` is the share of a full post"),
    Kind.SALARY: KindMeaning("loaded pay for a working day", amount="pay [cents]"),
    Kind.HIRING_COST: KindMeaning("cost of filling a seat", amount="cost [cents]"),
    Kind.COMMISSION: KindMeaning("commission on a sale", item="case number", amount="commission [cents]"),
    Kind.PLAN_CHANGED: KindMeaning(
        "a dated change of the timeline (or the plan, on day 0) takes effect", item="number of the change"
    ),
    Kind.MISSED: KindMeaning(
        "a meeting that came due was not held before the buyer decided", item="case number", value="meeting number"
    ),
    Kind.UPGRADED: KindMeaning(
        "a buyer whose lead still waits asks for sales itself",
        item="case number of the lead; the request is a new case",
        value="days waited so far",
    ),
    Kind.ESCALATED: KindMeaning(
        "the follow-up promise falls due: a lead that still waits goes ahead and must be worked",
        item="case number",
        value="days waited so far",
    ),
    Kind.PASSED: KindMeaning(
        "after the talk the rep sees too little chance and opens no opportunity",
        item="case number",
        value="the buyer's liking as the rep sees it [log-odds]",
    ),
    Kind.RECYCLED: KindMeaning(
        "marketing takes a lead back and may hand it over again", item="case number", value="days of rest"
    ),
    Kind.DUPLICATE: KindMeaning(
        "prospecting reaches a buyer with whom a colleague is already in touch", value="total trust lost"
    ),
    Kind.HISTORY_LOST: KindMeaning(
        "sales does not see what marketing knows of the buyer: trust is lost",
        item="case number",
        value="total trust lost",
    ),
    Kind.UNSUBSCRIBED: KindMeaning("the account leaves the mailing list", value="mails of the last week"),
    Kind.CLICKED: KindMeaning("a mail is clicked", item="candidate number of the mail"),
    Kind.CART: KindMeaning("a visitor of the site fills a cart", item="cart number", amount="annual price [cents]"),
    Kind.ABANDONED: KindMeaning(
        "a cart is left behind", item="cart number", value="1 if the plan has its buyer reminded, else 0"
    ),
    Kind.RECOVERED: KindMeaning("a reminder brings a cart back", item="cart number", value="days since it was left"),
    Kind.ASSISTED: KindMeaning(
        "somebody answers a visitor's question", item="cart number", value="minutes until the answer"
    ),
    Kind.UPSOLD: KindMeaning("more is sold with the purchase", amount="added annual price [cents]"),
    Kind.CROSS_SOLD: KindMeaning(
        "a customer buys another product",
        item="product it came with (-1: core)",
        value="days to its renewal",
        amount="added annual price [cents]",
    ),
    Kind.TRADED_UP: KindMeaning(
        "a customer moves to a more profitable product", item="renewal number", amount="added annual price [cents]"
    ),
    Kind.PRODUCT_DROPPED: KindMeaning(
        "a review of the portfolio drops a product", item="product", value="what the review counted [USD]"
    ),
    Kind.RETENTION: KindMeaning("marketing reaches a customer", item="number of the touch", amount="cost [cents]"),
    Kind.REFERRAL_REWARD: KindMeaning("a customer is rewarded for a recommendation", amount="reward [cents]"),
    Kind.WON_BACK: KindMeaning("a past customer is brought back into the market", item="renewals before it left"),
    Kind.PURCHASE: KindMeaning("a repeat purchase", item="number of the purchase", amount="price [cents]"),
    Kind.QUOTA: KindMeaning(
        "a quota period ends for a rep", item="number of the period", value="attainment", amount="quota [cents]"
    ),
    Kind.BONUS: KindMeaning("bonus for a quota attained", amount="bonus [cents]"),
    Kind.PUSHED: KindMeaning(
        "a rep asks for the decision before the period ends", item="case number", value="discount offered"
    ),
    Kind.ALIGNMENT: KindMeaning("a lever of alignment moves", item="`Lever`", value="level after, 0..3"),
    Kind.CONFLICT: KindMeaning("the conflict between the teams changes", value="conflict after"),
    Kind.TARGETING: KindMeaning("targeting learns or fades", value="share of attention on accounts that fit, after"),
    Kind.BAR: KindMeaning("marketing moves its lead bar", value="lead bar after [sd]"),
    Kind.BUDGET: KindMeaning("a rule sets programme money", amount="programme money per year [cents]"),
    Kind.TOOLS_COST: KindMeaning("tools that the teams share", amount="cost [cents]"),
}


@dataclass(frozen=True)
class Column:
    """One column of the log: numpy dtype, struct code, unit and meaning."""

    name: str
    dtype: str
    code: str
    unit: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("time", "<i8", "q", "microsecond", "time since 00:00 of the scenario's first day; negative in the burn-in"),
    Column("kind", "u1", "B", "code", "what happened: `Kind`"),
    Column("account", "<i4", "i", "number", "the buying account"),
    Column("need", "<i2", "h", "number", "which need of that account, from 0"),
    Column("stage", "i1", "b", "code", "life-cycle stage after the event: `Stage`"),
    Column("touchpoint", "i1", "b", "code", "touchpoint or activity: position in the scenario's touchpoint catalogue"),
    Column("team", "i1", "b", "code", "`Team` that acted"),
    Column("person", "<i4", "i", "number", "who acted: role, seat and incumbent"),
    Column("source", "i1", "b", "code", "how the case came to sales: `Source`"),
    Column("item", "<i4", "i", "number", "see `KIND_MEANING`"),
    Column("hours", "<f8", "d", "working hour", "desk time of a task"),
    Column("brand", "<f8", "d", "trust 0..1", "brand trust of the account after the event"),
    Column("relationship", "<f8", "d", "trust 0..1", "relationship trust of the account after the event"),
    Column("value", "<f8", "d", "by kind", "see `KIND_MEANING`"),
    Column("amount", "<i8", "q", "cent", "money, see `KIND_MEANING`"),
)


class Rank(IntEnum):
    """Order of transitions that fall on the same microsecond, first to last."""

    PLAN = 1
    SEAT = 2
    TASK_END = 3
    PROGRAMME = 4
    NEED = 5
    PATIENCE = 6
    TOUCH = 7
    WINDOW = 8
    RETRY = 9
    MEETING_DUE = 10
    DECISION = 11
    RENEWAL = 12
    CARE = 13
    REFERRAL = 14
    PLANNING = 15
    PROSPECTING = 16
    PAYROLL = 17
    REVIEW = 18
    ESCALATION = 19
    QUOTA = 20
    PUSH = 21
    CART = 22
    PURCHASE = 23
    RETENTION = 24
    CROSS_SELL = 25
    WIN_BACK = 26
    DISPATCH = 30


def instant_key(rank: int, entity: int, sequence: int) -> int:
    """Order within an instant as one integer below 2**63.

    Parameters
    ----------
    rank : int
        A `Rank`, 1..31.
    entity : int
        Account, seat or programme, 0..2**34 - 1.
    sequence : int
        Intrinsic number, 0..2**24 - 1.
    """
    return (rank << 58) | (entity << 24) | sequence


def person_number(role: int, seat: int, incumbent: int) -> int:
    """Number of a person: readable in the log, unique over roles (seats and incumbents below 1000)."""
    return role * 1_000_000 + seat * 1_000 + incumbent
