"""Accounts between needs, and what an account is; as `engines.reference.market` and `deck`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at
from funnelsim.engines.compiled.draws import (
    exponential,
    kumaraswamy,
    leading_byte,
    log_of_normal,
    lognormal,
    normal,
    stream,
    uniform,
    uniform_of,
)
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note
from funnelsim.engines.compiled.layout import ACCOUNT, DEMAND, GLOBALS, KIND, MOMENT, NEED, NONE, SEGMENT
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.deck import HIGHEST_THRESHOLD, LOWEST_THRESHOLD, NUMBER_BITS, NUMBER_MASK
from funnelsim.engines.reference.market import FURTHEST
from funnelsim.events import DAY

STEPS = 256
LEAST_GAPS = np.array([-math.log1p(-j / STEPS) * (1.0 - 1e-9) for j in range(STEPS)])
"""What an exponential draw of mean 1 is at least, by the eight leading bits of its uniform: no more than a bound, so
whose logarithm it is does not matter."""


@jit
def segment_of(a: int, account: int) -> Any:
    """Return the segment of an account."""
    g = GLOBALS(a, 0)
    i = g.n_segments - 1
    while SEGMENT(g.segments, i).first > account:
        i -= 1
    return SEGMENT(g.segments, i)


@jit
def later(a: int, start: int, days: float) -> int:
    """Moment at which `days` of the market's operational time have passed since `start`; beyond the end: never."""
    g = GLOBALS(a, 0)
    last = g.n_demand - 1
    if last == 0 and DEMAND(g.demand, 0).rate == 1.0:
        return start + int(days * DAY + 0.5)
    i = last
    while i > 0 and DEMAND(g.demand, i).time > start:
        i -= 1
    piece = DEMAND(g.demand, i)
    target = piece.passed + (start - piece.time) / DAY * piece.rate + days
    while i + 1 <= last and DEMAND(g.demand, i + 1).passed <= target:
        i += 1
    piece = DEMAND(g.demand, i)
    if piece.rate <= 0.0:
        return g.end + 1
    elapsed = (target - piece.passed) / piece.rate
    if elapsed > FURTHEST:
        return g.end + 1
    moment = piece.time + int(elapsed * DAY + 0.5)
    return moment if moment > start else start


@jit
def fits_us(a: int, account: int) -> bool:
    """Whether an account fits."""
    g = GLOBALS(a, 0)
    return uniform(g.key, account, C.P_FIT, 0) < segment_of(a, account).fit_share


@jit
def new_need(a: int, account: int, number: int) -> int:
    """Add a need that arises now, with the traits of its account; its row number is returned."""
    g = GLOBALS(a, 0)
    key = g.key
    segment = segment_of(a, account)
    n = g.n_needs
    g.n_needs = n + 1
    need = NEED(g.needs, n)
    threshold = segment.threshold
    if segment.threshold_sd > 0.0:
        threshold = normal(uniform(key, account, C.P_THRESHOLD, 0), threshold, segment.threshold_sd)
        if threshold < LOWEST_THRESHOLD:
            threshold = LOWEST_THRESHOLD
        if threshold > HIGHEST_THRESHOLD:
            threshold = HIGHEST_THRESHOLD
    psi = kumaraswamy(uniform(key, account, C.P_SHARE_BEFORE_SALES, 0), g.psi_a, g.psi_b)
    deal = lognormal(uniform(key, account, C.P_DEAL_SIZE, 0), segment.deal_size, segment.deal_size_sigma)
    window = exponential(uniform(key, account, C.P_NEED_WINDOW, number), segment.window_days)
    need.account = account
    need.number = number
    need.opened = g.now
    need.fits = 1 if fits_us(a, account) else 0
    need.threshold = threshold
    need.asks_at = psi * threshold
    need.deal = int(deal * 100.0 + 0.5)
    need.discount = 0.0
    need.product = C.PRODUCT_CORE
    need.liking = normal(uniform(key, account, C.P_PROPENSITY, 0), 0.0, g.propensity_sd)
    need.score_z = normal(uniform(key, account, C.P_SCORE_NOISE, number), 0.0, 1.0)
    need.window_end = g.now + int(window * DAY + 0.5)
    need.decision_at = g.now
    need.stamp = g.now
    need.recent_stamp = g.now
    need.brand = 0.0
    need.relationship = 0.0
    need.recent = 0.0
    need.discount = 0.0
    need.stage = C.S_PROSPECT
    need.case = NONE
    need.cases = 0
    need.known = 0
    need.known_at = g.now
    need.last_team = NONE
    need.left_at = g.now
    need.cart_visit = 0
    need.mails_stamp = g.now
    need.mails = 0.0
    need.unsubscribed = 0
    need.rounds = 0
    need.carts = 0
    need.in_cart = 0
    need.asked = 0
    need.handed = 0
    need.closed = 0
    need.stopped = 0
    return n


@jit
def moments_until(a: int, n: int) -> int:
    """Until when the candidate moments of a need are dealt so far: its window, later the buyer's decision."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    if need.stopped != 0 and g.now > need.window_end:
        return need.decision_at
    return need.window_end


@jit
def deal_kind(a: int, n: int, code: int, after: int, after_sequence: int, until: int, low: float, high: float) -> None:
    """Schedule the candidate moments of one kind whose uniform lies in [low, high).

    They are those later than `after` (at that microsecond: of a larger sequence) up to `until`. One that comes after
    the need is over finds it closed.
    """
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    mean = MOMENT(g.moments, code).gap_days
    account = need.account
    gaps = stream(g.key, account, C.P_TOUCH_GAP)
    accepts = stream(g.key, account, C.P_TOUCH_ACCEPT)
    if until > g.end:
        until = g.end
    begin = need.opened
    time = begin
    i = (need.number * 64 + code) << 20
    summed = i
    # Few are accepted, and only for these must the time be known. Until one comes, a lower bound of the time that
    # needs no logarithm says when the window is certainly over.
    most = float(until - begin)
    least = 0.0
    each = mean * DAY
    while True:
        least += each * LEAST_GAPS[leading_byte(gaps, i)] - 1.0  # a gap is rounded to a microsecond
        if least > most:
            return
        u = uniform_of(accepts, i)
        if u >= low and u < high:
            while summed <= i:
                # exponential(uniform_of(gaps, summed), mean)
                gap = -mean * log_of_normal(1.0 - uniform_of(gaps, summed))
                time += int(gap * DAY + 0.5)
                summed += 1
            if time > until:
                return
            least = float(time - begin)
            if time >= after:
                sequence = (code << NUMBER_BITS) | (i & NUMBER_MASK)
                if time > after or sequence > after_sequence:
                    at(a, time, C.R_TOUCH, account, sequence, C.WHAT_TOUCH, n)
        i += 1


@jit
def deal_moments(a: int, n: int, after: int, after_sequence: int, until: int, address_only: bool) -> None:
    """Schedule the candidate moments of every kind, or of those that need the buyer's address, as `deal_kind`."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    for code in range(g.n_moments):
        moment = MOMENT(g.moments, code)
        if moment.gap_days <= 0.0 or (address_only and moment.needs_address == 0):
            continue
        if moment.needs_address != 0 and need.known == 0:
            continue  # dealt when the address becomes known
        kind = KIND(g.kinds, code)
        bound = kind.bound_fit if need.fits != 0 else kind.bound_unfit
        if bound > 0.0:
            deal_kind(a, n, code, after, after_sequence, until, 0.0, bound)


@jit
def raise_bounds(a: int, code: int, fit: float, unfit: float) -> None:
    """Candidate moments that reach did not need so far are dealt to those in market, because reach has grown."""
    g = GLOBALS(a, 0)
    kind = KIND(g.kinds, code)
    moment = MOMENT(g.moments, code)
    low_fit = kind.bound_fit
    low_unfit = kind.bound_unfit
    if fit > low_fit:
        kind.bound_fit = fit
    if unfit > low_unfit:
        kind.bound_unfit = unfit
    if moment.gap_days <= 0.0 or g.n_needs == 0:
        return
    for account in range(g.n_accounts):
        n = ACCOUNT(g.accounts, account).open + 0
        if n == NONE:
            continue
        need = NEED(g.needs, n)
        if moment.needs_address != 0 and need.known == 0:
            continue
        if need.fits != 0:
            if kind.bound_fit > low_fit:
                deal_kind(a, n, code, g.now, -1, moments_until(a, n), low_fit, kind.bound_fit)
        elif kind.bound_unfit > low_unfit:
            deal_kind(a, n, code, g.now, -1, moments_until(a, n), low_unfit, kind.bound_unfit)


@jit
def make_room_for(a: int, code: int, fit: float, unfit: float) -> None:
    """Raise the bounds of a kind, with some way to go, if this is accepted now."""
    kind = KIND(GLOBALS(a, 0).kinds, code)
    if fit > kind.bound_fit or unfit > kind.bound_unfit:
        raise_bounds(a, code, _more(fit), _more(unfit))


@jit
def _more(chance: float) -> float:
    return chance + 0.25 * chance * (1.0 - chance)


@jit
def schedule_next(a: int, account: int) -> None:
    """Schedule the next need of an account, after a memoryless gap."""
    g = GLOBALS(a, 0)
    number = ACCOUNT(g.accounts, account).needs + 0
    days = exponential(uniform(g.key, account, C.P_NEED_GAP, number), segment_of(a, account).gap_days)
    at(a, later(a, g.now, days), C.R_NEED, account, number, C.WHAT_NEED, account)


@jit
def close_need(a: int, n: int, stage: int, kind: int, value: float) -> None:
    """End a need, with a row of this kind (or -1); the account is out of the market until the next one."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    account = ACCOUNT(g.accounts, need.account)
    need.closed = 1
    need.known_at = g.now
    need.stage = stage
    account.open = NONE
    if kind != NONE:
        note(a, kind, n, NONE, NONE, NONE, NONE, NONE, NAN, value, NO_AMOUNT)
    if need.known != 0 or need.relationship > 0.0:
        account.memory = n
    if stage != C.S_CUSTOMER:
        schedule_next(a, need.account)
