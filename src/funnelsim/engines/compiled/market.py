"""Accounts between needs, and what an account is; as `engines.reference.market` and `deck`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at
from funnelsim.engines.compiled.draws import (
    exponential,
    kumaraswamy,
    lognormal,
    normal,
    stream,
    uniform,
    uniform_of,
)
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note
from funnelsim.engines.compiled.layout import ACCOUNT, DEMAND, GLOBALS, MOMENT, NEED, NONE, SEGMENT
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.deck import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from funnelsim.events import DAY


@jit
def segment_of(a, account):  # type: ignore[no-untyped-def]
    """Return the segment of an account."""
    g = GLOBALS(a, 0)
    i = g.n_segments - 1
    while SEGMENT(g.segments, i).first > account:
        i -= 1
    return SEGMENT(g.segments, i)


@jit
def later(a, start, days):  # type: ignore[no-untyped-def]
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
    moment = piece.time + int(elapsed * DAY + 0.5)
    return moment if moment > start else start


@jit
def fits_us(a, account):  # type: ignore[no-untyped-def]
    """Whether an account fits."""
    g = GLOBALS(a, 0)
    return uniform(g.key, account, C.P_FIT, 0) < segment_of(a, account).fit_share


@jit
def new_need(a, account, number):  # type: ignore[no-untyped-def]
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
    need.liking = normal(uniform(key, account, C.P_PROPENSITY, 0), 0.0, g.propensity_sd)
    need.score_z = normal(uniform(key, account, C.P_SCORE_NOISE, number), 0.0, 1.0)
    need.window_end = g.now + int(window * DAY + 0.5)
    need.decision_at = g.now
    need.stamp = g.now
    need.recent_stamp = g.now
    need.brand = 0.0
    need.relationship = 0.0
    need.recent = 0.0
    need.stage = C.S_PROSPECT
    need.case = NONE
    need.cases = 0
    need.known = 0
    need.asked = 0
    need.handed = 0
    need.closed = 0
    need.stopped = 0
    return n


@jit
def deal_moments(a, n, after, until):  # type: ignore[no-untyped-def]
    """Schedule the candidate moments of a need with after < moment <= until that a reachable intensity could accept.

    Moments are in microseconds since the need arose. One that comes after the need is over finds it closed.
    """
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    account = need.account + 0
    opened = need.opened
    fits = need.fits != 0
    gaps = stream(g.key, account, C.P_TOUCH_GAP)
    accepts = stream(g.key, account, C.P_TOUCH_ACCEPT)
    last = g.end - opened
    if until > last:
        until = last
    for code in range(g.n_moments):
        kind = MOMENT(g.moments, code)
        if kind.in_deck == 0:
            continue
        bound = kind.bound_fit if fits else kind.bound_unfit
        if bound <= 0.0:
            continue
        mean = kind.gap_days
        i = (need.number * 64 + code) << 20
        time = int(exponential(uniform_of(gaps, i), mean) * DAY + 0.5)
        while time <= until:
            if time > after and uniform_of(accepts, i) < bound:
                at(a, opened + time, C.R_TOUCH, account, (code << 16) | (i & 0xFFFF), C.WHAT_TOUCH, n)
            i += 1
            time += int(exponential(uniform_of(gaps, i), mean) * DAY + 0.5)


@jit
def schedule_next(a, account):  # type: ignore[no-untyped-def]
    """Schedule the next need of an account, after a memoryless gap."""
    g = GLOBALS(a, 0)
    number = ACCOUNT(g.accounts, account).needs + 0
    days = exponential(uniform(g.key, account, C.P_NEED_GAP, number), segment_of(a, account).gap_days)
    at(a, later(a, g.now, days), C.R_NEED, account, number, C.WHAT_NEED, account)


@jit
def close_need(a, n, stage, kind, value):  # type: ignore[no-untyped-def]
    """End a need, with a row of this kind (or -1); the account is out of the market until the next one."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    account = ACCOUNT(g.accounts, need.account)
    need.closed = 1
    need.stage = stage
    account.open = NONE
    if kind != NONE:
        note(a, kind, n, NONE, NONE, NONE, NONE, NONE, NAN, value, NO_AMOUNT)
    if need.known != 0 or need.relationship > 0.0:
        account.memory = n
    if stage != C.S_CUSTOMER:
        schedule_next(a, need.account)
