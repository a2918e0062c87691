"""The run itself: start, phases, events, the end of the instant; as `engines.reference.model`."""

from __future__ import annotations

from funnelsim.engines.compiled import (
    buyer,
    climate,
    customers,
    firm,
    incentives,
    market,
    marketing,
    opportunities,
    portfolio,
    reviews,
    sales,
    site,
    staffing,
)
from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, is_next_before, is_next_now, sequence_of, take
from funnelsim.engines.compiled.desk import (
    ask,
    comes_first,
    first_caller,
    first_in_pool,
    first_of_own,
    is_open,
    move_all,
    no_longer_idle,
    take_off,
    without_root,
)
from funnelsim.engines.compiled.draws import exponential, uniform
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note_firm
from funnelsim.engines.compiled.layout import (
    ACCOUNT,
    DESK,
    DESKS,
    GLOBALS,
    MONTH,
    MONTH_START,
    NONE,
    NUMBER,
    PAID_DAY,
    PERSON,
    PHASE,
    SEGMENT,
    TASK,
    WEEK,
)
from funnelsim.engines.compiled.people import MARKETERS, REPS, SDRS, pay
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.room import make_room
from funnelsim.engines.reference.customers import REWARDED

STOPPED = 1
"""The next event is not before ``stop``."""
FAILED = 2
"""There is no memory."""


@jit
def begin(a: int) -> None:
    """Staff the teams, declare the customers, schedule what is known."""
    g = GLOBALS(a, 0)
    climate.begin(a)
    if g.n_months > 0:
        at(a, MONTH(g.months, 0).time, C.R_REVIEW, 0, 0, C.WHAT_REVIEW, 0)
    staffing.staff(a, MARKETERS, True)
    marketing.renew_all_reach(a)
    if g.n_weeks > 0:
        at(a, WEEK(g.weeks, 0).time, C.R_PLANNING, 0, 0, C.WHAT_PLANNING, 0)
    staffing.staff(a, REPS, True)
    staffing.staff(a, SDRS, True)
    if g.n_paid_days > 0:
        at(a, PAID_DAY(g.paid_days, 0).opens, C.R_PROSPECTING, 0, 0, C.WHAT_PROSPECTING, 0)
    at(a, MONTH_START(g.month_starts, 0).time, C.R_QUOTA, 0, 0, C.WHAT_MONTH_BEGINS, 0)
    for i in range(g.n_declared):
        if not make_room(a):
            return
        customers.declare(a, NUMBER(g.declared, i).value)
    _first_needs(a)
    portfolio.await_review(a, 0)


@jit
def _first_needs(a: int) -> None:
    """First need of each account in equilibrium: some are in market at the start, other gaps are memoryless."""
    g = GLOBALS(a, 0)
    for i in range(g.n_segments):
        segment = SEGMENT(g.segments, i)
        in_market = segment.window_days / (segment.window_days + segment.gap_days)
        for account in range(segment.first, segment.first + segment.accounts):
            if ACCOUNT(g.accounts, account).customer != NONE:
                continue
            if uniform(g.key, account, C.P_INITIAL_NEED, 0) < in_market:
                time = g.start
            else:
                days = exponential(uniform(g.key, account, C.P_NEED_GAP, 0), segment.gap_days)
                time = market.later(a, g.start, days)
            at(a, time, C.R_NEED, account, 0, C.WHAT_NEED, account)


@jit
def change_phase(a: int, number: int) -> None:
    """A dated change takes effect: stocks are rewritten where a rate changes, then everyone is told."""
    g = GLOBALS(a, 0)
    number_before = g.phase + 0
    before = PHASE(g.phases, number_before)
    after = PHASE(g.phases, number)
    if after.goodwill_rate != before.goodwill_rate:
        firm.write_goodwill(a, firm.goodwill_now(a, before.goodwill_rate))
    if after.content_rate != before.content_rate:
        firm.write_content(a, firm.content_now(a, before.content_rate))
    if after.brand_rate != before.brand_rate or after.relationship_rate != before.relationship_rate:
        firm.rewrite_trust(a, before.brand_rate, before.relationship_rate)
    g.phase = number
    note_firm(a, C.K_PLAN_CHANGED, NONE, NONE, NONE, NONE, number, NAN, NAN, NO_AMOUNT)
    reviews.plan_changes(a, number_before)
    if after.mix_changed != 0:
        marketing.forget_spending(a)
    staffing.staff(a, MARKETERS, False)
    marketing.renew_all_reach(a)
    staffing.staff(a, REPS, False)
    staffing.staff(a, SDRS, False)
    if sales.front(a) == REPS:
        move_all(a, SDRS, REPS)
    customers.phase_changed(a, number_before)


# --- tasks ----------------------------------------------------------------------------------------------------


@jit
def _dispatch(a: int, d: int) -> None:
    """Serve the first task that can be served until there is none."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, d)
    if desk.asked == 0:
        return
    desk.asked = 0
    while desk.idle_first != NONE and is_open(a, d):
        t = first_in_pool(a, d)
        p = desk.idle_first + 0
        own = False
        caller = first_caller(a, d)
        if caller != NONE:
            first = first_of_own(a, caller)
            if t == NONE or comes_first(a, first, t):
                t = first
                p = caller
                own = True
        if t == NONE:
            break
        task = TASK(g.tasks, t)
        if task.choose != 0:
            task.choose = 0
            if not sales.works(a, task.ref, p):
                _take_out(a, d, t, p, own)
                continue
        _take_out(a, d, t, p, own)
        no_longer_idle(a, d, p)
        PERSON(g.persons, p).busy = 1
        task.worker = p
        _serve(a, t, p)


@jit
def _take_out(a: int, d: int, t: int, p: int, own: bool) -> None:
    g = GLOBALS(a, 0)
    take_off(a, t)
    if own:
        PERSON(g.persons, p).own_root = without_root(a, t)
    else:
        DESK(g.desks, d).pool_root = without_root(a, t)


@jit
def _serve(a: int, t: int, p: int) -> None:
    task = TASK(GLOBALS(a, 0).tasks, t)
    what = task.what
    ref = task.ref
    if what == C.WORK_RESPONSE:
        sales.response_begins(a, ref, t, p)
    elif what == C.WORK_RETRY:
        sales.retry_begins(a, ref, t, p)
    elif what == C.WORK_MEETING:
        opportunities.meeting_begins(a, ref, t, p)
    elif what == C.WORK_CARE:
        customers.care_begins(a, ref, t, p)
    elif what == C.WORK_PROSPECTING:
        sales.prospecting_begins(a, t, p)
    elif what == C.WORK_WIN_BACK:
        customers.win_back_begins(a, ref, t, p)
    elif what == C.WORK_ASSIST:
        site.answer_begins(a, ref, t, p)
    else:
        marketing.programme_begins(a, ref, t, p)


@jit
def _task_ends(a: int, t: int) -> None:
    task = TASK(GLOBALS(a, 0).tasks, t)
    what = task.what
    ref = task.ref
    p = task.worker
    if what == C.WORK_RESPONSE or what == C.WORK_RETRY:
        sales.attempt_ends(a, ref, p)
    elif what == C.WORK_MEETING:
        opportunities.meeting_ends(a, ref, p)
    elif what == C.WORK_CARE:
        customers.care_ends(a, ref, t, p)
    elif what == C.WORK_PROSPECTING:
        sales.prospecting_ends(a, t, p)
    elif what == C.WORK_WIN_BACK:
        buyer.win_back_ends(a, ref, t, p)
    elif what == C.WORK_ASSIST:
        site.answer_ends(a, ref, p)
    else:
        marketing.programme_made(a, ref, p)


@jit
def _patience_ends(a: int, t: int) -> None:
    task = TASK(GLOBALS(a, 0).tasks, t)
    if task.waiting == 0:
        return
    take_off(a, t)
    if task.what == C.WORK_RESPONSE:
        sales.gone_cold(a, task.ref)
    elif task.what == C.WORK_MEETING:
        opportunities.missed(a, task.ref)
    elif task.what == C.WORK_CARE:
        customers.care_lapsed(a, task.ref)
    elif task.what == C.WORK_ASSIST:
        site.nobody_answers(a, task.ref)


# --- events ---------------------------------------------------------------------------------------------------


@jit
def _payday(a: int, row: int) -> None:
    """Pay everyone; the next day that is paid begins with prospecting."""
    g = GLOBALS(a, 0)
    day = PAID_DAY(g.paid_days, row)
    pay(a, MARKETERS, day.index, day.days)
    pay(a, REPS, day.index, day.days)
    pay(a, SDRS, day.index, day.days)
    site.pay_site(a, day.index, day.days)
    if row + 1 < g.n_paid_days:
        at(a, PAID_DAY(g.paid_days, row + 1).opens, C.R_PROSPECTING, 0, 0, C.WHAT_PROSPECTING, row + 1)


@jit
def _happen(a: int) -> None:
    g = GLOBALS(a, 0)
    what = g.event_what
    ref = g.event_ref
    if what == C.WHAT_TOUCH:
        buyer.candidate(a, ref)
    elif what == C.WHAT_NEED:
        buyer.need_may_arise(a, ref)
    elif what == C.WHAT_WINDOW:
        buyer.window_ends(a, ref)
    elif what == C.WHAT_TASK_END:
        _task_ends(a, ref)
    elif what == C.WHAT_PATIENCE:
        _patience_ends(a, ref)
    elif what == C.WHAT_RETRY:
        sales.retry(a, ref)
    elif what == C.WHAT_MEETING_DUE:
        opportunities.meeting_due(a, ref)
    elif what == C.WHAT_DECISION:
        opportunities.decide(a, ref)
    elif what == C.WHAT_RENEWAL:
        customers.renewal(a, ref)
    elif what == C.WHAT_CARE:
        customers.care_due(a, ref)
    elif what == C.WHAT_REFERRAL:
        if sequence_of(g.event_key) >= REWARDED:
            buyer.rewarded_referral(a, ref)
        else:
            buyer.referral(a, ref)
    elif what == C.WHAT_CROSS_SELL:
        portfolio.occasion(a, ref)
    elif what == C.WHAT_RETENTION:
        customers.retention_due(a, ref)
    elif what == C.WHAT_PURCHASE:
        customers.purchase(a, ref)
    elif what == C.WHAT_WIN_BACK:
        customers.win_back_due(a, ref)
    elif what == C.WHAT_PORTFOLIO:
        portfolio.quarter_begins(a, ref)
    elif what == C.WHAT_PROGRAMME:
        marketing.programme_moves_on(a, ref)
    elif what == C.WHAT_RESIGN:
        staffing.resign(a, ref)
    elif what == C.WHAT_REFILL:
        staffing.refill(a, ref)
    elif what == C.WHAT_PLAN:
        change_phase(a, ref)
    elif what == C.WHAT_PLANNING:
        marketing.plan_week(a, ref)
    elif what == C.WHAT_PROSPECTING:
        sales.prospecting_day(a, ref)
    elif what == C.WHAT_PAYROLL:
        _payday(a, ref)
    elif what == C.WHAT_REVIEW:
        reviews.review(a, ref)
    elif what == C.WHAT_ESCALATION:
        sales.escalate(a, ref)
    elif what == C.WHAT_RESTED:
        buyer.lead_rested(a, ref)
    elif what == C.WHAT_CART:
        site.cart_comes_back(a, ref)
    elif what == C.WHAT_PUSH:
        incentives.push(a, ref)
    elif what == C.WHAT_MONTH_BEGINS:
        incentives.month_begins(a, ref)
    elif what == C.WHAT_MONTH_ENDS:
        incentives.month_ends(a, ref)
    elif what == C.WHAT_PUSH_BEGINS:
        incentives.push_begins(a, ref)
    elif what == C.WHAT_WAKE:
        ask(a, ref)


@jit
def _schedule_plans(a: int) -> None:
    g = GLOBALS(a, 0)
    for i in range(1, g.n_phases):
        at(a, PHASE(g.phases, i).time, C.R_PLAN, 0, i, C.WHAT_PLAN, i)


def advance(a: int) -> int:
    """Run until the next event is not before ``stop``."""
    g = GLOBALS(a, 0)
    if g.begun == 0:
        g.begun = 1
        begin(a)
    if g.plans_known == 1:  # said once, by who knows what comes after the burn-in
        g.plans_known = 2
        _schedule_plans(a)
    while g.failure == 0 and make_room(a):
        if g.asked != 0 and not is_next_now(a):
            g.asked = 0
            for d in range(DESKS):
                _dispatch(a, d)
            continue
        if not is_next_before(a, g.stop):
            return STOPPED
        take(a)
        g.events_done += 1
        _happen(a)
    return FAILED
