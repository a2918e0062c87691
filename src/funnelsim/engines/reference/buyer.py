"""A buyer in market: touched by both teams, searching by itself, asking for sales or being handed over."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from simpy.events import Event

from funnelsim.engines.reference.deck import NUMBER_BITS, NUMBER_MASK, address
from funnelsim.engines.reference.mail import send
from funnelsim.events import DAY, NO_CODE, Kind, Rank, Stage
from funnelsim.randomness import Purpose, uniform
from funnelsim.rules.qualification import readiness, score
from funnelsim.rules.reach import found

if TYPE_CHECKING:
    from funnelsim.engines.reference.deck import Candidate
    from funnelsim.engines.reference.firm import Firm, Need

TOUCH = int(Rank.TOUCH)


def buyer(firm: Firm, need: Need, candidates: list[Candidate]) -> Generator[Event, None, None]:
    """Process: one account from the moment its need arises until the need is over.

    Candidate moments come in order; each becomes a touch if its uniform lies below the present reach of its kind. The
    window closes unless an opportunity is open by then; in that case the buyer can be touched until it decides.
    """
    env, account, opened = firm.env, need.account, need.opened
    consider(firm, need)
    yield from moments(firm, need, candidates)
    if need.closed:
        return
    yield env.until(need.window_end, Rank.WINDOW, account, need.number)
    if need.closed:
        return
    if not need.stopped:
        close_window(firm, need)
        return
    until = min(need.decision_at, env.end) - opened  # some decisions would come long after the run
    later = firm.deck.between(account, need.number, need.fits, need.window_end - opened, until)
    yield from moments(firm, need, later)


def moments(firm: Firm, need: Need, candidates: list[Candidate]) -> Generator[Event, None, None]:
    """Live through candidate moments until they or the need are over."""
    env, account, opened, fits = firm.env, need.account, need.opened, need.fits
    acceptance = firm.marketing.acceptance
    needs_address, by_search = firm.needs_address, firm.by_search
    for time, sequence, u in candidates:
        code = sequence >> NUMBER_BITS
        if needs_address[code] and not need.known:
            continue  # only the buyer's own moments make its address known, so nothing can change before this one
        yield env.until(opened + time, TOUCH, account, sequence)
        if need.closed:
            return
        if by_search[code]:
            phase = firm.phase
            if u >= found(firm.content.at(env.now, phase.content_rate), phase.content_half_saturation):
                continue
        elif u >= acceptance[2 * code + fits]:
            continue
        meet(firm, need, code, sequence & NUMBER_MASK)


def meet(firm: Firm, need: Need, code: int, number: int) -> None:
    """A touch: trust grows, an address may be left, and the buyer or marketing may act on it."""
    kind = firm.phase.touchpoints[code]
    if kind.mail:
        if not need.unsubscribed:
            send(firm, need, code, number)
            if not need.closed:
                consider(firm, need)
        return
    captured = False
    if not need.known and kind.capture > 0.0:
        n = address(need.number, code) + number
        captured = uniform(firm.key, need.account, Purpose.CAPTURE, n) < kind.capture
    if captured:
        need.known = True
        if need.stage == Stage.PROSPECT:
            need.stage = Stage.LEAD
    firm.touch(need, code, NO_CODE, number, kind.strength)
    if captured:
        firm.note(Kind.LEAD, need, touchpoint=code, team=kind.team)
    if kind.site:
        firm.site.visit(need, address(need.number, code) + number)
        if need.closed:
            return
    consider(firm, need)


def consider(firm: Firm, need: Need) -> None:
    """After each change of trust: does the buyer ask for sales, or does marketing hand it over?"""
    case = need.case
    if case is not None and not case.can_be_upgraded:
        return
    phase = firm.phase
    if not need.asked or not need.handed:
        trust = firm.total_trust(need)
    if not need.asked and trust >= need.asks_at:
        need.asked = True
        if uniform(firm.key, need.account, Purpose.ASK, need.number) < phase.ask_probability:
            firm.sales.request(need, trust)
            return
    if case is None and need.known and not need.handed and phase.hand_over:
        points = score(
            readiness(trust, need.threshold),
            need.fits,
            phase.score_centre,
            phase.score_scale,
            phase.score_fit_weight,
            firm.climate.score_noise,
            need.score_z,
        )
        if points >= firm.climate.lead_bar:
            need.handed = True
            firm.sales.hand_over(need, points)


def close_window(firm: Firm, need: Need) -> None:
    """The window ends without an opportunity of ours: bought elsewhere, or no decision."""
    firm.sales.need_is_over(need)
    u = uniform(firm.key, need.account, Purpose.OUTCOME, 2 * need.number)
    stage = Stage.LOST if u < firm.to_rival(need, firm.phase.competitor_share) else Stage.NO_DECISION
    days = (firm.env.now - need.opened) / DAY
    firm.market.close_need(need, stage, Kind.WINDOW_CLOSED, days)
