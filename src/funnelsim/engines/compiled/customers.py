"""Customers: care, renewal, referral; as `engines.reference.customers`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, duration
from funnelsim.engines.compiled.desk import release, request
from funnelsim.engines.compiled.draws import effective_strength, exponential, priced, renews, task_hours, uniform
from funnelsim.engines.compiled.firm import (
    NAN,
    NO_AMOUNT,
    add_goodwill,
    bill,
    entry_trust,
    note,
    number_of,
    phase_of,
    total_trust,
    touch,
    touchpoint_of,
)
from funnelsim.engines.compiled.layout import ACCOUNT, CUSTOMER, GLOBALS, NEED, NONE, PERSON, TASK
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
from funnelsim.engines.compiled.records import jit
from funnelsim.events import DAY

TASKS_PER_NEED = 8
PATIENCES_PER_NEED = 64
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
    _serve(a, n, owner_in_turn(a, account), g.now + left)


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
    _serve(a, n, owner, g.now + phase_of(a).term)
    add_goodwill(a, phase_of(a).goodwill_per_customer)


@jit
def _serve(a: int, n: int, owner: int, renewal: int) -> None:
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
    ACCOUNT(g.accounts, need.account).customer = c
    g.reviews += phase_of(a).reviews_per_customer
    at(a, renewal, C.R_RENEWAL, need.account, 0, C.WHAT_RENEWAL, c)
    interval = phase_of(a).care_interval
    if interval > 0.0:
        u = uniform(g.key, need.account, C.P_CARE, 1024 * need.number)
        customer.care_due = g.now + duration(u * interval)
        at(a, customer.care_due, C.R_CARE, need.account, 0, C.WHAT_CARE, c)
    if phase_of(a).referral_rate > 0.0:
        await_referral(a, c)


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
    p = renews(total_trust(a, n), phase.churn, phase.term / DAY, phase.churn_trust, phase.churn_slope)
    if uniform(g.key, need.account, C.P_RENEWAL, 64 * need.number + number) < p:
        note(a, C.K_RENEWED, n, NONE, NONE, NONE, NONE, number, NAN, p, need.deal)
        bill(a, need.deal)
        add_goodwill(a, phase.goodwill_per_customer)
        customer.renewals = number + 1
        at(a, g.now + phase.term, C.R_RENEWAL, need.account, number + 1, C.WHAT_RENEWAL, c)
        return
    customer.active = 0
    ACCOUNT(g.accounts, need.account).customer = NONE
    need.stage = C.S_PAST_CUSTOMER
    need.known_at = g.now
    note(a, C.K_CHURNED, n, NONE, NONE, NONE, NONE, number, NAN, p, NO_AMOUNT)
    schedule_next(a, need.account)


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
