"""Products beside the core product, and the review; as `engines.reference.portfolio`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, duration
from funnelsim.engines.compiled.draws import buys_more, exponential, is_occasion, part_of_price, takes_entry, uniform
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note, note_firm, number_of, phase_of, total_trust
from funnelsim.engines.compiled.firm import bill as firm_bill
from funnelsim.engines.compiled.layout import CUSTOMER, GLOBALS, NEED, NONE, PHASE, QUARTER
from funnelsim.engines.compiled.people import REPS, count_people
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.portfolio import REVIEW_ENTITY, SPELL
from funnelsim.events import DAY


@jit
def first_price(a: int, n: int) -> int:
    """Annual price of what a buyer takes, cents."""
    need = NEED(GLOBALS(a, 0).needs, n)
    return part_of_price(need.deal, phase_of(a).entry_price) if need.product == C.PRODUCT_ENTRY else need.deal


@jit
def first_product(a: int, c: int) -> int:
    """Return what a customer came with, or what has taken its place."""
    customer = CUSTOMER(GLOBALS(a, 0).customers, c)
    if customer.via_entry != 0:
        return C.PRODUCT_ENTRY
    return C.PRODUCT_PREMIUM if customer.is_premium != 0 else C.PRODUCT_CORE


@jit
def _on_offer(a: int) -> bool:
    return phase_of(a).entry_offered != 0 and GLOBALS(a, 0).entry_dropped == 0


@jit
def buys_entry(a: int, n: int, u: float, p: float) -> bool:
    """Whether a buyer who does not take the core product takes the entry product."""
    if not _on_offer(a) or not takes_entry(u, p, phase_of(a).entry_ratio):
        return False
    NEED(GLOBALS(a, 0).needs, n).product = C.PRODUCT_ENTRY
    return True


@jit
def offer_anew(a: int, before: int) -> None:
    """A plan that begins to offer the entry product does so, whatever was decided before."""
    g = GLOBALS(a, 0)
    if phase_of(a).entry_offered != 0 and PHASE(g.phases, before).entry_offered == 0:
        g.entry_dropped = 0


# --- selling more ---------------------------------------------------------------------------------------------


@jit
def upsell(a: int, c: int, price: int, reference: float, i: int) -> None:
    """With a purchase an add-on may be taken."""
    g = GLOBALS(a, 0)
    n = CUSTOMER(g.customers, c).need
    phase = phase_of(a)
    p = buys_more(total_trust(a, n), phase.upsell, reference, phase.more_slope)
    if p <= 0.0 or uniform(g.key, NEED(g.needs, n).account, C.P_UPSELL, i) >= p:
        return
    _sell(a, c, C.K_UPSOLD, C.PRODUCT_ADDON, part_of_price(price, phase.upsell_size))


@jit
def await_cross_sell(a: int, c: int) -> None:
    """Draw when the next occasion for another product comes."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    i = SPELL * need.number + customer.occasions
    u = uniform(g.key, need.account, C.P_CROSS_SELL, 2 * i)
    time = g.now + duration(exponential(u, 1.0 / phase_of(a).cross_sell_rate))
    at(a, time, C.R_CROSS_SELL, need.account, i & 0xFFFFFF, C.WHAT_CROSS_SELL, c)


@jit
def occasion(a: int, c: int) -> None:
    """Whether a rep takes an occasion for another product."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    phase = phase_of(a)
    if customer.active == 0 or phase.cross_sell_rate <= 0.0:
        return
    n = customer.need
    need = NEED(g.needs, n)
    if phase.cross_sell != 0 and count_people(a, REPS) > 0:
        i = SPELL * need.number + customer.occasions
        p = is_occasion(total_trust(a, n), phase.more_slope)
        if uniform(g.key, need.account, C.P_CROSS_SELL, 2 * i + 1) < p:
            _cross_sell(a, c)
    customer.occasions += 1
    await_cross_sell(a, c)


@jit
def _cross_sell(a: int, c: int) -> None:
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    deal = NEED(g.needs, customer.need).deal
    phase = phase_of(a)
    if customer.core == 0:
        _sell(a, c, C.K_CROSS_SOLD, C.PRODUCT_CORE, part_of_price(deal, phase.cross_sell_core))
    else:
        _sell(a, c, C.K_CROSS_SOLD, C.PRODUCT_ADDON, part_of_price(deal, phase.addon_size))


@jit
def _sell(a: int, c: int, kind: int, product: int, price: int) -> None:
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    if price <= 0:
        return
    item = NONE
    left = NAN
    if kind == C.K_CROSS_SOLD:
        item = first_product(a, c)
        left = (customer.term_end - g.now) / DAY
    person = number_of(a, customer.owner)
    note(a, kind, customer.need, product, C.TEAM_SALES, person, NONE, item, NAN, left, price)
    if product == C.PRODUCT_CORE:
        customer.core = price
    else:
        customer.addon += price
    bill(a, c, product, price)
    commission = part_of_price(price, phase_of(a).commission)
    if commission > 0 and customer.owner != NONE:
        note(a, C.K_COMMISSION, customer.need, NONE, C.TEAM_SALES, person, NONE, NONE, NAN, NAN, commission)


@jit
def trade_up(a: int, c: int, trust: float) -> None:
    """At a renewal a customer of the core product may move to the premium product."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    need = NEED(g.needs, customer.need)
    phase = phase_of(a)
    number = customer.renewals
    if phase.trade_up <= 0.0 or customer.core == 0 or customer.is_premium != 0 or count_people(a, REPS) == 0:
        return
    p = buys_more(trust, phase.trade_up, phase.churn_trust, phase.more_slope)
    if uniform(g.key, need.account, C.P_TRADE_UP, 64 * need.number + number) >= p:
        return
    added = part_of_price(customer.core, phase.trade_up_size)
    customer.core += added
    customer.is_premium = 1
    note(a, C.K_TRADED_UP, customer.need, C.PRODUCT_PREMIUM, C.TEAM_SALES, number_of(a, customer.owner), NONE, number,
         NAN, NAN, added)  # fmt: skip


@jit
def renew_products(a: int, c: int, p: float) -> None:
    """Write a row for each product that renews, the first product first."""
    customer = CUSTOMER(GLOBALS(a, 0).customers, c)
    core = C.PRODUCT_PREMIUM if customer.is_premium != 0 else C.PRODUCT_CORE
    if customer.via_entry != 0:
        _renew(a, c, C.PRODUCT_ENTRY, customer.entry, p)
        if customer.core > 0:
            _renew(a, c, core, customer.core, p)
    else:
        _renew(a, c, core, customer.core, p)
    if customer.addon > 0:
        _renew(a, c, C.PRODUCT_ADDON, customer.addon, p)


@jit
def _renew(a: int, c: int, product: int, price: int, p: float) -> None:
    customer = CUSTOMER(GLOBALS(a, 0).customers, c)
    note(a, C.K_RENEWED, customer.need, product, NONE, NONE, NONE, customer.renewals, NAN, p, price)
    bill(a, c, product, price)


# --- the review -----------------------------------------------------------------------------------------------


@jit
def bill(a: int, c: int, product: int, price: int) -> None:
    """Count what is billed: for the budget, and for the review."""
    g = GLOBALS(a, 0)
    firm_bill(a, price)
    if product == C.PRODUCT_ENTRY:
        g.billed_entry += price
    elif CUSTOMER(g.customers, c).via_entry != 0:
        if product == C.PRODUCT_CORE:
            g.billed_core += price
        elif product == C.PRODUCT_ADDON:
            g.billed_addon += price
        else:
            g.billed_premium += price


@jit
def await_review(a: int, number: int) -> None:
    """Look at the portfolio again when the next quarter begins."""
    g = GLOBALS(a, 0)
    if number < g.n_quarters:
        at(a, QUARTER(g.quarters, number).time, C.R_REVIEW, REVIEW_ENTITY, number, C.WHAT_PORTFOLIO, number)


@jit
def quarter_begins(a: int, number: int) -> None:
    """As a quarter begins, the portfolio may be reviewed."""
    g = GLOBALS(a, 0)
    await_review(a, number + 1)
    every = phase_of(a).review_quarters
    if every > 0 and QUARTER(g.quarters, number).number % every == 0:
        _review(a)


@jit
def _review(a: int) -> None:
    g = GLOBALS(a, 0)
    phase = phase_of(a)
    counted = g.billed_entry * phase.entry_margin
    if phase.review_by_value != 0:
        counted = counted + g.billed_core * phase.core_margin
        counted = counted + g.billed_addon * phase.addon_margin
        counted = counted + g.billed_premium * phase.premium_margin
    g.billed_entry = 0
    g.billed_core = 0
    g.billed_addon = 0
    g.billed_premium = 0
    if _on_offer(a) and counted < 0.0:
        g.entry_dropped = 1
        team = C.TEAM_SALES if phase.review_by_value != 0 else C.TEAM_MARKETING
        note_firm(a, C.K_PRODUCT_DROPPED, C.PRODUCT_ENTRY, team, NONE, NONE, C.PRODUCT_ENTRY, NAN, counted / 100.0,
                  NO_AMOUNT)  # fmt: skip
