"""A buyer in market; as `engines.reference.buyer`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, sequence_of
from funnelsim.engines.compiled.customers import await_referral, await_rewarded, called_back
from funnelsim.engines.compiled.draws import choose, found, priced, readiness, score, still_known, touched, uniform
from funnelsim.engines.compiled.firm import (
    NAN,
    NO_AMOUNT,
    brand_now,
    buys_elsewhere,
    content_now,
    entry_trust,
    note,
    phase_of,
    relationship_now,
    total_trust,
    touch,
    touchpoint_of,
)
from funnelsim.engines.compiled.layout import ACCOUNT, CASE, CLIMATE, CUSTOMER, GLOBALS, KIND, MOMENT, NEED, NONE
from funnelsim.engines.compiled.mail import send
from funnelsim.engines.compiled.market import close_need, deal_moments, new_need
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.sales import address_known, buyer_asks, hand_over, need_is_over
from funnelsim.engines.compiled.site import visit
from funnelsim.engines.reference.customers import REWARDED_DRAW
from funnelsim.engines.reference.deck import NUMBER_BITS, NUMBER_MASK
from funnelsim.events import DAY


@jit
def need_may_arise(a: int, account: int) -> None:
    """A scheduled need arises, unless a referral has come first."""
    g = GLOBALS(a, 0)
    row = ACCOUNT(g.accounts, account)
    if row.needs == sequence_of(g.event_key) and row.open == NONE:
        open_need(a, account, NONE)


@jit
def open_need(a: int, account: int, referred_by: int) -> None:
    """An account comes into the market."""
    g = GLOBALS(a, 0)
    row = ACCOUNT(g.accounts, account)
    number = row.needs + 0
    row.needs = number + 1
    n = new_need(a, account, number)
    need = NEED(g.needs, n)
    entry = entry_trust(a)
    if row.memory != NONE:
        memory = row.memory + 0
        brand = brand_now(a, memory)
        need.relationship = relationship_now(a, memory)
        entry = 1.0 - (1.0 - entry) * (1.0 - brand)
        need.known = 1 if NEED(g.needs, memory).known != 0 and _address_is_good(a, n, memory) else 0
        if need.known != 0:
            need.stage = C.S_LEAD
            need.unsubscribed = NEED(g.needs, memory).unsubscribed
    need.brand = entry
    if referred_by != NONE:
        phase = phase_of(a)
        need.relationship = touched(need.relationship, phase.referral_trust, phase.saturation)
        note(a, C.K_REFERRAL, n, NONE, NONE, NONE, NONE, referred_by, NAN, NAN, NO_AMOUNT)
    row.open = n
    note(a, C.K_NEED, n, NONE, NONE, NONE, NONE, NONE, NAN, need.threshold,
         priced(need.deal, phase_of(a).price))  # fmt: skip
    deal_moments(a, n, need.opened, -1, need.window_end, False)
    at(a, need.window_end, C.R_WINDOW, account, number, C.WHAT_WINDOW, n)
    consider(a, n)


@jit
def _address_is_good(a: int, n: int, memory: int) -> bool:
    """Whether the address that an account left has outlasted the time since."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    decay = phase_of(a).address_decay
    if decay <= 0.0:
        return True
    chance = still_known((g.now - NEED(g.needs, memory).known_at) / DAY, decay)
    return uniform(g.key, need.account, C.P_ADDRESS_DECAY, need.number) < chance


@jit
def candidate(a: int, n: int) -> None:
    """A candidate moment: it becomes a touch if its uniform lies below the present reach of its kind."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    if need.closed != 0:
        return
    sequence = sequence_of(g.event_key)
    code = sequence >> NUMBER_BITS
    moment = MOMENT(g.moments, code)
    if moment.needs_address != 0 and need.known == 0:
        return
    i = ((need.number * 64 + code) << 20) + (sequence & NUMBER_MASK)
    u = uniform(g.key, need.account, C.P_TOUCH_ACCEPT, i)
    if moment.by_search != 0:
        phase = phase_of(a)
        if u >= found(content_now(a, phase.content_rate), phase.content_half_saturation):
            return
    else:
        kind = KIND(g.kinds, code)
        reach = kind.accept_fit if need.fits != 0 else kind.accept_unfit
        if u >= reach:
            return
    _meet(a, n, code, sequence & NUMBER_MASK)


@jit
def _meet(a: int, n: int, code: int, number: int) -> None:
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    kind = touchpoint_of(a, code)
    if kind.mail != 0:
        if need.unsubscribed == 0:
            send(a, n, code, number)
            if need.closed == 0:
                consider(a, n)
        return
    captured = False
    if need.known == 0 and kind.capture > 0.0:
        i = ((need.number * 64 + code) << 20) + number
        captured = uniform(g.key, need.account, C.P_CAPTURE, i) < kind.capture
    if captured:
        need.known = 1
        if need.stage == C.S_PROSPECT:
            need.stage = C.S_LEAD
    touch(a, n, code, NONE, number, kind.strength)
    if captured:
        address_known(a, n)
        note(a, C.K_LEAD, n, code, kind.team, NONE, NONE, NONE, NAN, NAN, NO_AMOUNT)
    if kind.site != 0:
        visit(a, n, ((need.number * 64 + code) << 20) + number)
        if need.closed != 0:
            return
    consider(a, n)


@jit
def consider(a: int, n: int) -> None:
    """After each change of trust: does the buyer ask for sales, or does marketing hand it over?"""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    has_case = need.case != NONE
    if has_case:
        case = CASE(g.cases, need.case)
        if case.source != C.FROM_MQL or case.tried != 0:
            return
    if need.asked != 0 and need.handed != 0:
        return
    phase = phase_of(a)
    trust = total_trust(a, n)
    if need.asked == 0 and trust >= need.asks_at:
        need.asked = 1
        if uniform(g.key, need.account, C.P_ASK, need.number) < phase.ask_probability:
            buyer_asks(a, n, trust)
            return
    if not has_case and need.known != 0 and need.handed == 0 and phase.hand_over != 0:
        points = score(
            readiness(trust, need.threshold),
            need.fits != 0,
            phase.score_centre,
            phase.score_scale,
            phase.score_fit_weight,
            CLIMATE(g.climate, 0).score_noise,
            need.score_z,
        )
        if points >= CLIMATE(g.climate, 0).lead_bar:
            need.handed = 1
            hand_over(a, n, points)


@jit
def lead_rested(a: int, x: int) -> None:
    """A lead that sales did not win over has rested; marketing may hand it over again."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    if need.closed != 0 or need.stopped != 0 or need.case != NONE:
        return
    need.rounds += 1
    need.handed = 0
    days = (g.now - case.opened) / DAY
    note(a, C.K_RECYCLED, n, NONE, C.TEAM_MARKETING, NONE, C.FROM_MQL, case.number, NAN, days, NO_AMOUNT)
    consider(a, n)


@jit
def window_ends(a: int, n: int) -> None:
    """The window ends: the need is over, unless the buyer is in talks with us and can be touched until it decides."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    if need.closed != 0:
        return
    if need.stopped != 0:
        deal_moments(a, n, need.window_end + 1, -1, need.decision_at, False)
        return
    need_is_over(a, n)
    chance = buys_elsewhere(a, n, phase_of(a).competitor_share)
    lost = uniform(g.key, need.account, C.P_OUTCOME, 2 * need.number) < chance
    stage = C.S_LOST if lost else C.S_NO_DECISION
    close_need(a, n, stage, C.K_WINDOW_CLOSED, (g.now - need.opened) / DAY)


@jit
def referral(a: int, c: int) -> None:
    """A customer recommends us to another account, which opens a need."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    if customer.active == 0 or phase_of(a).referral_rate <= 0.0:
        return
    need = NEED(g.needs, customer.need)
    _refer(a, c, 1024 * need.number + customer.referrals)
    customer.referrals += 1
    await_referral(a, c)


@jit
def rewarded_referral(a: int, c: int) -> None:
    """A customer would recommend us for a reward; the larger it is, the more do."""
    g = GLOBALS(a, 0)
    customer = CUSTOMER(g.customers, c)
    phase = phase_of(a)
    if customer.active == 0 or phase.reward_rate <= 0.0:
        return
    need = NEED(g.needs, customer.need)
    i = REWARDED_DRAW + 1024 * need.number + customer.rewarded
    if uniform(g.key, need.account, C.P_REFERRAL, REWARDED_DRAW + i) < phase.reward_share:
        _refer(a, c, i)
    customer.rewarded += 1
    await_rewarded(a, c)


@jit
def _refer(a: int, c: int, i: int) -> None:
    """Recommend us to an account; if that opens a need, the reward is due."""
    g = GLOBALS(a, 0)
    n = CUSTOMER(g.customers, c).need
    referrer = NEED(g.needs, n).account + 0
    account = choose(uniform(g.key, referrer, C.P_REFERRED_ACCOUNT, i), g.n_accounts)
    row = ACCOUNT(g.accounts, account)
    if row.open != NONE or row.customer != NONE:
        return
    open_need(a, account, referrer)
    reward = phase_of(a).reward
    if reward > 0:
        note(a, C.K_REFERRAL_REWARD, n, NONE, C.TEAM_MARKETING, NONE, NONE, NONE, NAN, NAN, reward)


@jit
def win_back_ends(a: int, c: int, t: int, p: int) -> None:
    """A call to a past customer is over; a need may open."""
    if called_back(a, c, t, p):
        g = GLOBALS(a, 0)
        open_need(a, NEED(g.needs, CUSTOMER(g.customers, c).need).account, NONE)
