"""Customers: care, renewal, referral, repeat purchases; as `engines.reference.customers`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, duration
from funnelsim.engines.compiled.desk import release, request
from funnelsim.engines.compiled.draws import (
    bought_cheap,
    buys_more,
    choose,
    drops_out,
    effective_strength,
    exponential,
    lognormal,
    priced,
    renews,
    task_hours,
    uniform,
)
from funnelsim.engines.compiled.firm import (
    NAN,
    NO_AMOUNT,
    add_goodwill,
    entry_trust,
    note,
    number_of,
    phase_of,
    total_trust,
    touch,
    touchpoint_of,
)
from funnelsim.engines.compiled.firm import bill as firm_bill
from funnelsim.engines.compiled.layout import ACCOUNT, CUSTOMER, GLOBALS, NEED, NONE, PERSON, QUANTILE, TASK
from funnelsim.engines.compiled.market import new_need, schedule_next
from funnelsim.engines.compiled.people import (
    REPS,
    count_people,
    desk_hours,
    effect,
    finish_of,
    incumbent_of,
    least_loaded,
    nth_person,
    seat_entity,
)
from funnelsim.engines.compiled.portfolio import (
    await_cross_sell,
    bill,
    first_price,
    first_product,
    offer_anew,
    renew_products,
    trade_up,
    upsell,
)
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.customers import (
    REWARDED,
    REWARDED_DRAW,
    SPELL,
    WIN_BACK_PATIENCE,
    WIN_BACK_TASK,
)
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED
from funnelsim.events import DAY

TASKS_PER_NEED = 8
CARE_TASK = 3


@jit
def task_number(a: int, n: int, kind: int) -> int:
    """Number of a task of a need."""
    need = NEED(GLOBALS(a, 0).needs, n)
    return ((need.account << 10) | need.number) * TASKS_PER_NEED + kind


# --- coming ---------------------------------------------------------------------------------------------------


@jit
def declare(a: int, account: int) -> None:
    """Make a customer that the world declares at the start, somewhere in its term."""
    g = GLOBALS(a, 0)
    row = ACCOUNT(g.accounts, account)
    row.needs = 1
    n = new_need(a, account, 0)
    need = NEED(g.needs, n)
    need.relationship = g.customer_trust
    need.brand = entry_trust(a)
    need.known = 1
    need.closed = 1
    need.stage = C.S_CUSTOMER
    need.deal = priced(need.deal, phase_of(a).price)
    row.memory = n
    left = int(uniform(g.key, account, C.P_INITIAL_TERM, 0) * phase_of(a).term + 0.5)
    note(a, C.K_CUSTOMER, n, NONE, NONE, NONE, NONE, NONE, NAN, left / DAY, need.deal)
    _serve(a, new_customer(a, n, owner_in_turn(a, account), need.deal), g.now + left)


@jit
def phase_changed(a: int, before: int) -> None:
    """A product that is offered anew is on offer; who is to be kept in touch with now is."""
    g = GLOBALS(a, 0)
    offer_anew(a, before)
    if phase_of(a).retention_interval > 0.0:
        for c in range(g.n_customers):
            if CUSTOMER(g.customers, c).active != 0:
                _retain(a, c)


@jit
def owner_in_turn(a: int, account: int) -> int:
    """Whose customer an account is when customers are spread over the reps."""
    people = count_people(a, REPS)
    return nth_person(a, REPS, account % people) if people > 0 else NONE


@jit
def win(a: int, n: int, owner: int) -> None:
    """Make a won account a customer of the rep who won it."""
    g = GLOBALS(a, 0)
    ACCOUNT(g.accounts, NEED(g.needs, n).account).memory = n
    if owner != NONE and PERSON(g.persons, owner).on_roll == 0:
        owner = least_loaded(a)
    price = first_price(a, n)
    c = new_customer(a, n, owner, price)
    need = NEED(g.needs, n)
    bill(a, c, need.product, price)
    upsell(a, c, price, need.threshold, need.number << 16)
    _serve(a, c, g.now + phase_of(a).term)
    add_goodwill(a, phase_of(a).goodwill_per_customer)


@jit
def new_customer(a: int, n: int, owner: int, price: int) -> int:
    """Add a customer with its first product; its row number is returned."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    c = g.n_customers
    g.n_customers = c + 1
    customer = CUSTOMER(g.customers, c)
    customer.need = n
    customer.owner = owner
    customer.active = 1
    customer.renewals = 0
    customer.care_count = 0
    customer.referrals = 0
    customer.via_entry = 1 if need.product == C.PRODUCT_ENTRY else 0
    customer.entry = price if customer.via_entry != 0 else 0
    customer.core = 0 if customer.via_entry != 0 else price
    customer.addon = 0
    customer.is_premium = 0
    customer.term_end = need.opened
    customer.occasions = 0
    customer.retained = 0
    customer.retentions = 0
    customer.rewarded = 0
    customer.purchases = 0
    customer.win_back = 0
    customer.rate = 0.0
    customer.chance = 0.0
    return c


@jit
def _serve(a: int, c: int, renewal: int) -> None:
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    ACCOUNT(g.accounts, need.account).customer = c
    customer.term_end = renewal
    g.reviews += phase_of(a).reviews_per_customer
    if g.repeat != 0:
        _begin_purchases(a, c)
    else:
        at(a, renewal, C.R_RENEWAL, need.account, 0, C.WHAT_RENEWAL, c)
        if phase_of(a).cross_sell_rate > 0.0:
            await_cross_sell(a, c)
    interval = phase_of(a).care_interval
    if interval > 0.0:
        u = uniform(g.key, need.account, C.P_CARE, 1024 * need.number)
        customer.care_due = g.now + duration(u * interval)
        at(a, customer.care_due, C.R_CARE, need.account, 0, C.WHAT_CARE, c)
    if phase_of(a).referral_rate > 0.0:
        await_referral(a, c)
    if phase_of(a).reward_rate > 0.0:
        await_rewarded(a, c)
    if phase_of(a).retention_interval > 0.0:
        _retain(a, c)


@jit
def hand_on(a: int, p: int) -> None:
    """A rep leaves: the rep's customers go to the colleagues in turn, by account."""
    g = GLOBALS(a, 0)
    for c in range(g.n_customers):
        customer = CUSTOMER(g.customers, c)
        if customer.active != 0 and customer.owner == p:
            customer.owner = owner_in_turn(a, NEED(g.needs, customer.need).account)


# --- staying --------------------------------------------------------------------------------------------------


@jit
def renewal(a: int, c: int) -> None:
    """A term ends: the customer stays or leaves, on the trust held then."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    n = customer.need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    number = customer.renewals
    trust = total_trust(a, n)
    ratio = bought_cheap(need.discount, phase.discount_harm)
    p = renews(trust, phase.churn, phase.term / DAY, phase.churn_trust, phase.churn_slope, ratio)
    if uniform(g.key, need.account, C.P_RENEWAL, 64 * need.number + number) < p:
        trade_up(a, c, trust)
        renew_products(a, c, p)
        add_goodwill(a, phase.goodwill_per_customer)
        customer.renewals = number + 1
        customer.term_end = g.now + phase.term
        at(a, customer.term_end, C.R_RENEWAL, need.account, number + 1, C.WHAT_RENEWAL, c)
        return
    _leaves(a, c, number, p)


@jit
def _leaves(a: int, c: int, number: int, p: float) -> None:
    """The account is no customer any more."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    n = customer.need
    need = NEED(g.needs, n)
    customer.active = 0
    customer.renewals = number
    ACCOUNT(g.accounts, need.account).customer = NONE
    need.stage = C.S_PAST_CUSTOMER
    need.known_at = g.now
    note(a, C.K_CHURNED, n, first_product(a, c), NONE, NONE, NONE, number, NAN, p, NO_AMOUNT)
    schedule_next(a, need.account)
    wait = phase_of(a).win_back + 0
    if wait > 0:
        customer.win_back = wait
        at(a, g.now + wait, C.R_WIN_BACK, need.account, need.number & 0xFFFFFF, C.WHAT_WIN_BACK, c)


@jit
def _begin_purchases(a: int, c: int) -> None:
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    u = uniform(g.key, need.account, C.P_PURCHASE_RATE, need.number)
    customer.rate = QUANTILE(g.purchase_rates, choose(u, g.n_purchase_rates)).value
    u = uniform(g.key, need.account, C.P_DROPOUT_RATE, need.number)
    customer.chance = QUANTILE(g.dropout_chances, choose(u, g.n_dropout_chances)).value
    _await_purchase(a, c)


@jit
def _await_purchase(a: int, c: int) -> None:
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    u = uniform(g.key, need.account, C.P_PURCHASE_GAP, (need.number << 16) + customer.purchases)
    time = g.now + duration(exponential(u, 1.0 / customer.rate))
    at(a, time, C.R_PURCHASE, need.account, place(need.number, customer.purchases), C.WHAT_PURCHASE, c)


@jit
def place(number: int, count: int) -> int:
    """Place of an event of a customer in the order of the instant."""
    return (SPELL * number + count) & 0xFFFFFF


@jit
def purchase(a: int, c: int) -> None:
    """The customer buys again, and may drop out after it."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    n = customer.need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    i = (need.number << 16) + customer.purchases
    u = uniform(g.key, need.account, C.P_SPEND, i)
    price = int(lognormal(u, float(need.deal), phase.spend_sigma) + 0.5)
    note(a, C.K_PURCHASE, n, NONE, NONE, NONE, NONE, customer.purchases, NAN, NAN, price)
    firm_bill(a, price)
    upsell(a, c, price, phase.churn_trust, i + 1)
    customer.purchases += 1
    ratio = bought_cheap(need.discount, phase.discount_harm)
    p = drops_out(total_trust(a, n), customer.chance, phase.churn_trust, phase.churn_slope, ratio)
    if uniform(g.key, need.account, C.P_DROPOUT, i) < p:
        _leaves(a, c, customer.purchases, 1.0 - p)
    else:
        _await_purchase(a, c)


# --- care -----------------------------------------------------------------------------------------------------


@jit
def care_due(a: int, c: int) -> None:
    """A care call is due; the one before has lapsed if nobody had time for it."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    phase = phase_of(a)
    if customer.active == 0 or phase.care_interval <= 0.0:
        return
    n = customer.need
    need = NEED(g.needs, n)
    customer.care_due = customer.care_due + duration(phase.care_interval)
    customer.care_queued = g.now
    request(a, REPS, C.WORK_CARE, c, phase.priority_care, task_number(a, n, CARE_TASK), customer.owner,
            customer.care_due - 1, need.account, PATIENCES_PER_NEED * need.number + CARE_TASK)  # fmt: skip


@jit
def _await_care(a: int, c: int) -> None:
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    at(a, customer.care_due, C.R_CARE, need.account, customer.care_count, C.WHAT_CARE, c)


@jit
def care_lapsed(a: int, c: int) -> None:
    """Nobody had time for a care call."""
    CUSTOMER(GLOBALS(a, 0).customers, c).care_count += 1
    _await_care(a, c)


@jit
def care_begins(a: int, c: int, t: int, p: int) -> None:
    """A rep takes a care call."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    n = customer.need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    customer.care_count += 1
    u = uniform(g.key, need.account, C.P_CARE, 1024 * need.number + customer.care_count)
    taken = desk_hours(a, p, task_hours(u, phase.care_hours, phase.hours_law, phase.hours_sigma))
    note(a, C.K_TASK, n, phase.care_touch, C.TEAM_SALES, number_of(a, p), NONE, NONE, taken,
         (g.now - customer.care_queued) / DAY, NO_AMOUNT)  # fmt: skip
    # What the call touches is settled when it begins.
    TASK(g.tasks, t).number = phase.care_touch
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def care_ends(a: int, c: int, t: int, p: int) -> None:
    """A care call is over: trust grows."""
    g = GLOBALS(a, 0)
    release(a, REPS, p)
    customer = CUSTOMER(g.customers, c)
    if customer.active == 0:
        return
    code = TASK(g.tasks, t).number
    strength = effective_strength(touchpoint_of(a, code).strength, effect(a, p))
    touch(a, customer.need, code, number_of(a, p), customer.care_count, strength)
    if customer.care_due < g.now:
        customer.care_due = g.now + 1
    _await_care(a, c)


# --- referral -------------------------------------------------------------------------------------------------


@jit
def await_referral(a: int, c: int) -> None:
    """Draw when the customer recommends us next."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    count = customer.referrals
    u = uniform(g.key, need.account, C.P_REFERRAL, 1024 * need.number + count)
    days = exponential(u, 1.0 / phase_of(a).referral_rate)
    at(a, g.now + duration(days), C.R_REFERRAL, need.account, count, C.WHAT_REFERRAL, c)


@jit
def await_rewarded(a: int, c: int) -> None:
    """Draw when the customer would recommend us next for a reward."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    count = customer.rewarded
    u = uniform(g.key, need.account, C.P_REFERRAL, REWARDED_DRAW + 1024 * need.number + count)
    time = g.now + duration(exponential(u, 1.0 / phase_of(a).reward_rate))
    at(a, time, C.R_REFERRAL, need.account, REWARDED + (count & (REWARDED - 1)), C.WHAT_REFERRAL, c)


# --- keeping in touch -----------------------------------------------------------------------------------------


@jit
def _retain(a: int, c: int) -> None:
    """Start to keep in touch with a customer, unless marketing does already."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    if customer.retained != 0:
        return
    customer.retained = 1
    need = NEED(g.needs, customer.need)
    u = uniform(g.key, need.account, C.P_RETENTION, SPELL * need.number + customer.retentions)
    time = g.now + duration(u * phase_of(a).retention_interval)
    at(a, time, C.R_RETENTION, need.account, place(need.number, customer.retentions), C.WHAT_RETENTION, c)


@jit
def retention_due(a: int, c: int) -> None:
    """Marketing keeps in touch with a customer, until the plan ends it."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    if customer.active == 0:
        return
    phase = phase_of(a)
    if phase.retention_interval <= 0.0:
        customer.retained = 0
        return
    n = customer.need
    need = NEED(g.needs, n)
    count = customer.retentions + 0
    code = phase.retention_touch
    customer.retentions = count + 1
    note(a, C.K_RETENTION, n, code, C.TEAM_MARKETING, NONE, NONE, count, NAN, NAN, phase.retention_cost)
    touch(a, n, code, NONE, count, touchpoint_of(a, code).strength)
    time = g.now + max(1, duration(phase.retention_interval))
    at(a, time, C.R_RETENTION, need.account, place(need.number, count + 1), C.WHAT_RETENTION, c)


# --- winning back ---------------------------------------------------------------------------------------------


@jit
def is_away(a: int, n: int) -> bool:
    """Whether the account of a need has neither come back into the market nor bought since."""
    g = GLOBALS(a, 0)
    account = ACCOUNT(g.accounts, NEED(g.needs, n).account)
    return account.open == NONE and account.memory == n


@jit
def win_back_due(a: int, c: int) -> None:
    """Some time after a customer has left, a rep is to call."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    n = customer.need
    phase = phase_of(a)
    if phase.win_back <= 0 or not is_away(a, n):
        return
    need = NEED(g.needs, n)
    owner = customer.owner
    if owner != NONE and PERSON(g.persons, owner).on_roll == 0:
        owner = NONE
    request(a, REPS, C.WORK_WIN_BACK, c, phase.priority_care, task_number(a, n, WIN_BACK_TASK), owner,
            g.now + customer.win_back, need.account,
            PATIENCES_PER_NEED * need.number + WIN_BACK_PATIENCE)  # fmt: skip


@jit
def win_back_begins(a: int, c: int, t: int, p: int) -> None:
    """A rep calls a past customer."""
    g = GLOBALS(a, 0)
    n = CUSTOMER(g.customers, c).need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    u = uniform(g.key, need.account, C.P_WIN_BACK, 2 * need.number + 1)
    taken = desk_hours(a, p, task_hours(u, phase.care_hours, phase.hours_law, phase.hours_sigma))
    note(a, C.K_TASK, n, phase.care_touch, C.TEAM_SALES, number_of(a, p), NONE, NONE, taken,
         (g.now - TASK(g.tasks, t).queued) / DAY, NO_AMOUNT)  # fmt: skip
    TASK(g.tasks, t).number = phase.care_touch  # what the call touches is settled when it begins
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def called_back(a: int, c: int, t: int, p: int) -> bool:
    """The call is over; whether it brings the past customer back into the market."""
    g = GLOBALS(a, 0)
    release(a, REPS, p)
    customer = CUSTOMER(g.customers, c)
    n = customer.need
    if not is_away(a, n):
        return False
    need = NEED(g.needs, n)
    phase = phase_of(a)
    code = TASK(g.tasks, t).number
    strength = effective_strength(touchpoint_of(a, code).strength, effect(a, p))
    touch(a, n, code, number_of(a, p), customer.renewals, strength)
    chance = buys_more(total_trust(a, n), phase.win_back_probability, phase.churn_trust, phase.more_slope)
    if uniform(g.key, need.account, C.P_WIN_BACK, 2 * need.number) >= chance:
        return False
    note(a, C.K_WON_BACK, n, NONE, C.TEAM_SALES, number_of(a, p), NONE, customer.renewals, NAN, NAN, NO_AMOUNT)
    return True
