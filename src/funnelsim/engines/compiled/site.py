"""The site: visitors fill carts, leave them or buy; as `engines.reference.site`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, sequence_of
from funnelsim.engines.compiled.customers import task_number, win
from funnelsim.engines.compiled.desk import release, request
from funnelsim.engines.compiled.draws import abandons, exponential, fills_cart, pay_of_day, priced, task_hours, uniform
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note, note_firm, number_of, phase_of, total_trust
from funnelsim.engines.compiled.layout import GLOBALS, NEED, NONE, PERSON, TASK
from funnelsim.engines.compiled.market import close_need
from funnelsim.engines.compiled.people import REPS, SDRS, desk_hours, finish_of, incumbent_of, seat_entity
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.sales import need_is_over
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED
from funnelsim.engines.reference.site import ASSIST_PATIENCE, ASSIST_TASK, CARTS_PER_NEED, MINUTE, WHOLE_POST
from funnelsim.events import DAY
from funnelsim.rules.site import ASSIST_NONE, ASSIST_SDRS


@jit
def visit(a: int, n: int, moment: int) -> None:
    """A buyer is on the site; one who trusts us enough may fill a cart."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    phase = phase_of(a)
    if phase.site_enabled == 0 or need.in_cart != 0 or need.stopped != 0 or need.fits == 0:
        return
    price = priced(need.deal, phase.price)
    if price > phase.site_deal_limit or total_trust(a, n) < phase.site_trust_share * need.threshold:
        return
    p = fills_cart(phase.cart, g.reviews, phase.reviews_enough, phase.review_gain)
    if uniform(g.key, need.account, C.P_CART, moment) >= p:
        return
    need.in_cart = 1
    need.cart_visit = moment
    need.carts += 1
    note(a, C.K_CART, n, NONE, NONE, NONE, C.FROM_SITE, need.carts - 1, NAN, NAN, price)
    if phase.assist == ASSIST_NONE:
        _settle(a, n, False)
        return
    days = exponential(uniform(g.key, need.account, C.P_ASSIST_PATIENCE, moment), phase.assist_patience)
    d = SDRS if phase.assist == ASSIST_SDRS else REPS
    request(a, d, C.WORK_ASSIST, n, phase.priority_assist, task_number(a, n, ASSIST_TASK), NONE,
            g.now + int(days * DAY + 0.5), need.account,
            PATIENCES_PER_NEED * need.number + ASSIST_PATIENCE)  # fmt: skip


@jit
def nobody_answers(a: int, n: int) -> None:
    """The visitor waits no longer for an answer."""
    _settle(a, n, False)


@jit
def answer_begins(a: int, n: int, t: int, p: int) -> None:
    """Somebody answers a visitor."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    phase = phase_of(a)
    waited = g.now - TASK(g.tasks, t).queued
    u = uniform(g.key, need.account, C.P_ASSIST_HOURS, need.cart_visit)
    taken = desk_hours(a, p, task_hours(u, phase.assist_hours, phase.hours_law, phase.hours_sigma))
    note(a, C.K_ASSISTED, n, NONE, C.TEAM_SALES, number_of(a, p), C.FROM_SITE, need.carts - 1, NAN, waited / MINUTE,
         NO_AMOUNT)  # fmt: skip
    note(a, C.K_TASK, n, phase.call_touch, C.TEAM_SALES, number_of(a, p), C.FROM_SITE, NONE, taken,
         waited / DAY, NO_AMOUNT)  # fmt: skip
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def answer_ends(a: int, n: int, p: int) -> None:
    """The visitor has its answer."""
    release(a, PERSON(GLOBALS(a, 0).persons, p).role, p)
    _settle(a, n, True)


@jit
def _settle(a: int, n: int, answered: bool) -> None:
    """The visitor buys or leaves the cart behind; a reminder may bring it back."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    phase = phase_of(a)
    need.in_cart = 0
    gone = need.closed != 0 or need.stopped != 0
    p = abandons(phase.abandon, answered, phase.assist_effect)
    if not gone and uniform(g.key, need.account, C.P_ABANDON, need.cart_visit) >= p:
        _sold(a, n)
        return
    cart = need.carts - 1
    reminded = not gone and need.known != 0 and need.unsubscribed == 0 and phase.recovery > 0.0
    note(a, C.K_ABANDONED, n, NONE, NONE, NONE, C.FROM_SITE, cart, NAN, 1.0 if reminded else 0.0, NO_AMOUNT)
    if not reminded or uniform(g.key, need.account, C.P_RECOVER, need.cart_visit) >= phase.recovery:
        return
    need.left_at = g.now
    days = exponential(uniform(g.key, need.account, C.P_RECOVERY_DELAY, need.cart_visit), phase.recovery_days)
    at(a, g.now + int(days * DAY + 0.5), C.R_CART, need.account, (CARTS_PER_NEED * need.number + cart) & 0xFFFFFF,
       C.WHAT_CART, n)  # fmt: skip


@jit
def cart_comes_back(a: int, n: int) -> None:
    """The reminder has worked, unless the buyer is gone or has filled another cart since."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    cart = need.carts - 1
    latest = sequence_of(g.event_key) == (CARTS_PER_NEED * need.number + cart) & 0xFFFFFF
    if need.closed != 0 or need.stopped != 0 or not latest:
        return
    days = (g.now - need.left_at) / DAY
    note(a, C.K_RECOVERED, n, NONE, NONE, NONE, C.FROM_SITE, cart, NAN, days, NO_AMOUNT)
    _sold(a, n)


@jit
def _sold(a: int, n: int) -> None:
    """The buyer has bought without a person; a case of sales that still waits for it goes cold."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    need.stage = C.S_CUSTOMER
    need_is_over(a, n)
    need.deal = priced(need.deal, phase_of(a).price)
    days = (g.now - need.opened) / DAY
    note(a, C.K_WON, n, NONE, NONE, NONE, C.FROM_SITE, NONE, NAN, days, need.deal)
    close_need(a, n, C.S_CUSTOMER, NONE, 0.0)
    win(a, n, NONE)


@jit
def pay_site(a: int, index: int, days: int) -> None:
    """Pay what the site costs on a working day."""
    cost = phase_of(a).site_cost
    if cost > 0:
        note_firm(a, C.K_TOOLS_COST, NONE, C.TEAM_MARKETING, NONE, NONE, NONE, NAN, NAN,
                  pay_of_day(cost, WHOLE_POST, index, days))  # fmt: skip
