"""Cases and opportunities; as `engines.reference.opportunities`."""

from __future__ import annotations

from typing import Any

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import LONGEST, at, duration
from funnelsim.engines.compiled.customers import task_number, win
from funnelsim.engines.compiled.desk import release, request, take_off
from funnelsim.engines.compiled.draws import (
    cycle_median,
    effective_strength,
    exponential,
    log,
    lognormal,
    part_of_price,
    price_gain,
    priced,
    stays,
    task_hours,
    uniform,
    wins,
)
from funnelsim.engines.compiled.firm import (
    NAN,
    NO_AMOUNT,
    buys_elsewhere,
    edge_over_rival,
    note,
    number_of,
    phase_of,
    total_trust,
    touch,
    touchpoint_of,
)
from funnelsim.engines.compiled.layout import CASE, GLOBALS, MEETING, NEED, NONE, PERSON, PHASE, TASK
from funnelsim.engines.compiled.market import close_need
from funnelsim.engines.compiled.people import REPS, desk_hours, effect, finish_of, incumbent_of, seat_entity
from funnelsim.engines.compiled.portfolio import buys_entry, first_price
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED, ROUND_SHIFT
from funnelsim.events import DAY

MEETING_TASK = 4


@jit
def new_case(a: int, n: int, source: int, score: float) -> int:
    """Add a case of a need, which becomes its present one; its row number is returned."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    x = g.n_cases
    g.n_cases = x + 1
    case = CASE(g.cases, x)
    case.need = n
    case.number = need.cases
    case.source = source
    case.queued = g.now
    case.opened = g.now
    case.score = score
    case.owner = NONE
    case.worker = NONE
    case.task = NONE
    case.attempt = 0
    case.tried = 0
    case.is_warm = 0
    case.in_book = 0
    case.reached = 0
    case.in_meeting = 0
    case.book_place = 0
    case.cycle_days = 0.0
    case.meeting = 0
    case.phase = g.phase
    case.round = need.rounds << ROUND_SHIFT
    need.cases += 1
    need.case = x
    return x


@jit
def note_case(a: int, kind: int, x: int, touchpoint: int, person: int, hours: float, value: float, amount: int) -> None:
    """Write a row about a case by sales; `person` is a row or `NONE`."""
    case = CASE(GLOBALS(a, 0).cases, x)
    note(a, kind, case.need, touchpoint, C.TEAM_SALES, number_of(a, person), case.source, case.number, hours, value,
         amount)  # fmt: skip


# --- books ----------------------------------------------------------------------------------------------------


@jit
def drop(a: int, x: int) -> None:
    """Take a case out of its owner's book."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    if case.in_book != 0:
        case.in_book = 0
        PERSON(g.persons, case.owner).book -= 1


@jit
def give(a: int, x: int, p: int) -> None:
    """Give a case to somebody, or to nobody; reps on the roll keep a book, in the order in which cases came."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    drop(a, x)
    case.owner = p
    if p != NONE and PERSON(g.persons, p).role == REPS and PERSON(g.persons, p).on_roll != 0:
        case.in_book = 1
        case.book_place = g.books
        g.books += 1
        PERSON(g.persons, p).book += 1


# --- opportunities --------------------------------------------------------------------------------------------


@jit
def open_opportunity(a: int, x: int, owner: int) -> None:
    """Open an opportunity: the buyer has agreed to a sales process."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    need.stopped = 1
    need.stage = C.S_OPPORTUNITY
    median = cycle_median(need.deal / 100.0, phase.cycle_days, phase.reference_deal, phase.cycle_power)
    days = lognormal(uniform(g.key, need.account, C.P_CYCLE, need.number), median, phase.cycle_sigma)
    need.decision_at = g.now + duration(days)
    case.opened = g.now
    case.tried = 1
    case.cycle_days = days
    case.phase = g.phase
    give(a, x, owner)
    note_case(a, C.K_OPPORTUNITY, x, NONE, owner, NAN, days, priced(need.deal, phase.price))
    await_meeting(a, x, 0)


@jit
def await_meeting(a: int, x: int, k: int) -> None:
    """Wait until meeting k is due, or for the decision if it would come too late or there is none."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    n_meetings = PHASE(g.phases, case.phase).n_meetings
    case.meeting = k
    if k >= n_meetings:
        _await_decision(a, x)
        return
    u = uniform(g.key, need.account, C.P_MEETING_GAP, 64 * need.number + k)
    if k == 0:
        due = case.opened + duration(exponential(u, phase_of(a).first_meeting_days))
    else:
        wait = duration(case.cycle_days * ((k - 0.5 + u) / n_meetings))
        due = case.opened + min(wait, LONGEST >> 1)  # before the decision, also where both never come
    if due >= need.decision_at or g.now >= need.decision_at:
        missed(a, x)
        return
    if due > g.now:
        at(a, due, C.R_MEETING_DUE, need.account, (64 * need.number + k) & 0xFFFFFF, C.WHAT_MEETING_DUE, x)
    else:
        meeting_due(a, x)


@jit
def _meeting(a: int, x: int, k: int) -> Any:
    g = GLOBALS(a, 0)
    most = g.n_meetings // g.n_phases
    return MEETING(g.meetings, CASE(g.cases, x).phase * most + k)


@jit
def meeting_due(a: int, x: int) -> None:
    """A due meeting waits for the rep who owns the deal (anyone if nobody does) until the buyer decides."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    if need.closed != 0:
        return  # decided before the meeting was due
    case.task = request(a, REPS, C.WORK_MEETING, x, phase_of(a).priority_meeting, task_number(a, n, MEETING_TASK),
                        case.owner, need.decision_at, need.account,
                        PATIENCES_PER_NEED * need.number + MEETING_TASK + case.meeting)  # fmt: skip


@jit
def meeting_begins(a: int, x: int, t: int, p: int) -> None:
    """A rep meets the buyer."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    if case.owner == NONE and PERSON(g.persons, p).on_roll != 0:
        give(a, x, p)
    case.in_meeting = 1
    u = uniform(g.key, need.account, C.P_MEETING_HOURS, 64 * need.number + case.meeting)
    taken = desk_hours(a, p, task_hours(u, phase.meeting_hours, phase.hours_law, phase.hours_sigma))
    note_case(
        a, C.K_TASK, x, _meeting(a, x, case.meeting).code, p, taken, (g.now - TASK(g.tasks, t).queued) / DAY, NO_AMOUNT
    )
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def meeting_ends(a: int, x: int, p: int) -> None:
    """The meeting is over: trust grows, and at a checkpoint the buyer may stop."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    k = case.meeting
    meeting = _meeting(a, x, k)
    release(a, REPS, p)
    case.in_meeting = 0
    strength = effective_strength(touchpoint_of(a, meeting.code).strength, effect(a, p))
    touch(a, n, meeting.code, number_of(a, p), k, strength)
    if meeting.is_checkpoint != 0 and not _goes_on(a, n, k):
        _ends_without_us(a, x)
        return
    await_meeting(a, x, k + 1)


@jit
def _goes_on(a: int, n: int, k: int) -> bool:
    need = NEED(GLOBALS(a, 0).needs, n)
    phase = phase_of(a)
    chance = stays(total_trust(a, n), need.threshold, need.liking + edge_over_rival(a, n), phase.stay, phase.stay_slope)
    return uniform(GLOBALS(a, 0).key, need.account, C.P_STAY, 64 * need.number + k) < chance


@jit
def missed(a: int, x: int) -> None:
    """The present meeting is not held before the buyer decides."""
    _note_missed(a, x)
    _await_decision(a, x)


@jit
def _note_missed(a: int, x: int) -> None:
    case = CASE(GLOBALS(a, 0).cases, x)
    note_case(a, C.K_MISSED, x, _meeting(a, x, case.meeting).code, case.owner, NAN, float(case.meeting), NO_AMOUNT)


@jit
def _await_decision(a: int, x: int) -> None:
    g = GLOBALS(a, 0)
    need = NEED(g.needs, CASE(g.cases, x).need)
    if need.decision_at > g.now:
        at(a, need.decision_at, C.R_DECISION, need.account, need.number & 0xFFFFFF, C.WHAT_DECISION, x)
    else:
        decide(a, x)


@jit
def decide(a: int, x: int) -> None:
    """The buying cycle is over, unless a rep has asked before."""
    g = GLOBALS(a, 0)
    if NEED(g.needs, CASE(g.cases, x).need).closed == 0:
        _decide(a, x, phase_of(a).discount)


@jit
def ask_early(a: int, x: int, discount: float) -> None:
    """A rep asks for the decision before the buyer's own time, with a discount; a meeting that is due is missed."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    note_case(a, C.K_PUSHED, x, NONE, case.owner, NAN, discount, NO_AMOUNT)
    if case.task != NONE and TASK(g.tasks, case.task).waiting != 0:
        _note_missed(a, x)
        take_off(a, case.task)
    _decide(a, x, discount)


@jit
def _decide(a: int, x: int, discount: float) -> None:
    """Won, or lost to a competitor, or no decision; first the checkpoints of the meetings that were not held."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    for k in range(case.meeting, PHASE(g.phases, case.phase).n_meetings):
        if _meeting(a, x, k).is_checkpoint != 0 and not _goes_on(a, n, k):
            _ends_without_us(a, x)
            return
    need.discount = discount
    skill = 0.0
    if case.owner != NONE and phase.skill_weight > 0.0:
        skill = phase.skill_weight * log(effect(a, case.owner))
    level = phase.win + price_gain(1.0 - need.discount, phase.price_slope)
    liking = need.liking + edge_over_rival(a, n)
    p = wins(total_trust(a, n), need.threshold, liking, skill, level, phase.win_slope)
    u = uniform(g.key, need.account, C.P_DECISION, need.number)
    if u < p or buys_entry(a, n, u, p):
        _won(a, x)
    else:
        _ends_without_us(a, x)


@jit
def _won(a: int, x: int) -> None:
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    need.case = NONE
    drop(a, x)
    need.stage = C.S_CUSTOMER
    need.deal = priced(need.deal, phase_of(a).price * (1.0 - need.discount))
    price = first_price(a, n)
    note_case(a, C.K_WON, x, need.product, case.owner, NAN, (g.now - case.opened) / DAY, price)
    commission = part_of_price(price, phase_of(a).commission)
    if commission > 0:
        note_case(a, C.K_COMMISSION, x, NONE, case.owner, NAN, NAN, commission)
    g.month_won = g.month_won + float(price)
    if case.owner != NONE:
        owner = PERSON(g.persons, case.owner)
        owner.attained = owner.attained + float(price)
    close_need(a, n, C.S_CUSTOMER, NONE, 0.0)
    win(a, n, case.owner)


@jit
def _ends_without_us(a: int, x: int) -> None:
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    need.case = NONE
    drop(a, x)
    chance = buys_elsewhere(a, n, phase_of(a).lost_share)
    lost = uniform(g.key, need.account, C.P_OUTCOME, 2 * need.number + 1) < chance
    need.stage = C.S_LOST if lost else C.S_NO_DECISION
    kind = C.K_LOST if lost else C.K_NO_DECISION
    note_case(a, kind, x, NONE, case.owner, NAN, (g.now - case.opened) / DAY, NO_AMOUNT)
    close_need(a, n, need.stage, NONE, 0.0)
