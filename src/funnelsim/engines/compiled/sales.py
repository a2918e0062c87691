"""Sales: first response, qualification, prospecting; as `engines.reference.sales`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled import customers
from funnelsim.engines.compiled.calendar import at, sequence_of
from funnelsim.engines.compiled.customers import task_number
from funnelsim.engines.compiled.desk import first_of_own, give_to, go_ahead, release, request, take_off, without_root
from funnelsim.engines.compiled.draws import (
    choose,
    contact_probability,
    effective_strength,
    exponential,
    interested,
    normal,
    seen_liking,
    task_hours,
    uniform,
    warm,
    works_lead,
)
from funnelsim.engines.compiled.firm import (
    NAN,
    NO_AMOUNT,
    learn_about_leads,
    lose_trust,
    neglect,
    note,
    note_firm,
    number_of,
    phase_of,
    total_trust,
    touch,
    touchpoint_of,
)
from funnelsim.engines.compiled.layout import (
    ACCOUNT,
    CASE,
    CLIMATE,
    DESK,
    GLOBALS,
    NEED,
    NEVER,
    NONE,
    PAID_DAY,
    PERSON,
    PHASE,
    TASK,
)
from funnelsim.engines.compiled.market import deal_moments, moments_until
from funnelsim.engines.compiled.office import finish
from funnelsim.engines.compiled.opportunities import drop, give, new_case, note_case, open_opportunity
from funnelsim.engines.compiled.people import (
    REPS,
    SDRS,
    count_people,
    desk_hours,
    effect,
    finish_of,
    incumbent_of,
    least_loaded,
    person_at,
    role_of,
    seat_entity,
    speed,
    years,
)
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED
from funnelsim.engines.reference.recycling import CASES_OF_A_NEED
from funnelsim.engines.reference.sales import CASES_PER_NEED
from funnelsim.events import DAY, HOUR
from funnelsim.rules.incentives import NO_BAR

# --- where cases come from ------------------------------------------------------------------------------------


@jit
def address_known(a: int, n: int) -> None:
    """Deal the moments at which the buyer can be reached now that the address is known."""
    g = GLOBALS(a, 0)
    sequence = -1
    if g.event_what == C.WHAT_TOUCH and g.event_ref == n:
        sequence = sequence_of(g.event_key)
    deal_moments(a, n, g.now, sequence, moments_until(a, n), True)


@jit
def buyer_asks(a: int, n: int, trust: float) -> None:
    """The buyer asks for sales; a marketing lead of the same need that still waits is upgraded."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    if need.case != NONE:
        waiting = CASE(g.cases, need.case)
        note(a, C.K_UPGRADED, n, NONE, NONE, NONE, C.FROM_INBOUND, waiting.number, NAN,
             (g.now - waiting.queued) / DAY, NO_AMOUNT)  # fmt: skip
        if TASK(g.tasks, waiting.task).waiting != 0:
            take_off(a, waiting.task)
    if need.known == 0:
        need.known = 1
        address_known(a, n)
        note(a, C.K_LEAD, n, NONE, NONE, NONE, NONE, NONE, NAN, NAN, NO_AMOUNT)
    need.stage = C.S_MQL
    x = new_case(a, n, C.FROM_INBOUND, 0.0)
    note(a, C.K_REQUEST, n, NONE, NONE, NONE, C.FROM_INBOUND, CASE(g.cases, x).number, NAN, trust, NO_AMOUNT)
    _first_response(a, x)


@jit
def hand_over(a: int, n: int, score: float) -> None:
    """Marketing hands a lead over."""
    g = GLOBALS(a, 0)
    CLIMATE(g.climate, 0).handed += 1
    NEED(g.needs, n).stage = C.S_MQL
    x = new_case(a, n, C.FROM_MQL, score)
    note(a, C.K_MQL, n, NONE, C.TEAM_MARKETING, NONE, C.FROM_MQL, CASE(g.cases, x).number, NAN, score, NO_AMOUNT)
    _first_response(a, x)


@jit
def need_is_over(a: int, n: int) -> None:
    """The window closes while a case waits: whoever waits in the queue goes cold."""
    g = GLOBALS(a, 0)
    x = NEED(g.needs, n).case
    if x == NONE:
        return
    t = CASE(g.cases, x).task
    if t == NONE or TASK(g.tasks, t).waiting == 0:
        return
    take_off(a, t)
    if TASK(g.tasks, t).what == C.WORK_RESPONSE:
        gone_cold(a, x)
    else:
        given_up_waiting(a, x)


# --- first response -------------------------------------------------------------------------------------------


@jit
def front(a: int) -> int:
    """Who makes first contact now: the SDRs where the plan has any, else the reps."""
    return SDRS if role_of(a, SDRS).heads > 0.0 else REPS


@jit
def _first_response(a: int, x: int) -> None:
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    inbound = case.source == C.FROM_INBOUND
    mean = phase.request_patience if inbound else phase.lead_patience
    i = 4 * need.number + case.source + case.round
    patience = int(exponential(uniform(g.key, need.account, C.P_PATIENCE, i), mean) * DAY + 0.5)
    priority = phase.priority_request if inbound else phase.priority_lead
    case.task = request(a, front(a), C.WORK_RESPONSE, x, priority, task_number(a, case.need, case.source), NONE,
                        g.now + patience, need.account, PATIENCES_PER_NEED * need.number + case.source)  # fmt: skip
    if not inbound:
        TASK(g.tasks, case.task).choose = 1
        _promise(a, x)


@jit
def _promise(a: int, x: int) -> None:
    """Sales promises to work a marketing lead within some working hours; one that then waits goes first."""
    g = GLOBALS(a, 0)
    promise = CLIMATE(g.climate, 0).promise
    if promise <= 0:
        return
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    sequence = (CASES_PER_NEED * need.number + case.number) & 0xFFFFFF
    at(a, finish(a, promise), C.R_ESCALATION, need.account, sequence, C.WHAT_ESCALATION, x)


@jit
def escalate(a: int, x: int) -> None:
    """The promise falls due: a lead that still waits goes ahead of the others and nobody may decline it."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    task = TASK(g.tasks, case.task)
    if case.tried != 0 or need.case != x or task.waiting == 0:
        return
    note_case(a, C.K_ESCALATED, x, NONE, NONE, NAN, (g.now - case.queued) / DAY, NO_AMOUNT)
    task.choose = 0
    priority = phase_of(a).priority_request
    if task.priority != priority:
        sequence = PATIENCES_PER_NEED * need.number + case.source
        case.task = go_ahead(a, case.task, priority, need.account, sequence)


@jit
def gone_cold(a: int, x: int) -> None:
    """The buyer's patience, or the need, has ended before the first attempt."""
    g = GLOBALS(a, 0)
    back_to_nurture(a, x, C.K_RENEGED, (g.now - CASE(g.cases, x).queued) / DAY, NONE)


@jit
def given_up_waiting(a: int, x: int) -> None:
    """The need has ended before another attempt."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    drop(a, x)
    back_to_nurture(a, x, C.K_GIVEN_UP, float(case.attempt), case.worker)


@jit
def works(a: int, x: int, p: int) -> bool:
    """A rep decides once whether to work a marketing lead; the reason is logged with the propensity."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    desk = DESK(g.desks, PERSON(g.persons, p).role)
    propensity = works_lead(
        phase.lead_preference + CLIMATE(g.climate, 0).preference,
        case.score - phase.lead_bar,
        phase.lead_quality,
        g.belief,
        phase.belief_weight,
        phase.tracking,
        phase.tracking_weight,
        phase.tracking_fade,
        years(a, p),
        phase.experience_weight,
        (desk.pool_waiting + desk.own_waiting - 1) / desk.workers,
        phase.load_weight,
    )
    if uniform(g.key, need.account, C.P_WORK_CHOICE, need.number + case.round) < propensity:
        return True
    back_to_nurture(a, x, C.K_DECLINED, propensity, p)
    return False


@jit
def response_begins(a: int, x: int, t: int, p: int) -> None:
    """Somebody takes a case for the first time; whether it is still warm is settled by the wait."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = PHASE(g.phases, case.phase)  # a lead cools by the law under which it began to wait
    case.tried = 1
    if case.source == C.FROM_MQL:
        CLIMATE(g.climate, 0).worked += 1
    m = warm((g.now - case.queued) / HOUR, phase.cooling_hours, phase.cooling_power, phase.cooling_floor)
    case.is_warm = 1 if uniform(g.key, need.account, C.P_WARM, 4 * need.number + case.source + case.round) < m else 0
    attempt_begins(a, x, t, p)


@jit
def attempt_begins(a: int, x: int, t: int, p: int) -> None:
    """One attempt; if it reaches the buyer, the qualification talk is part of the same task."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    case.attempt += 1
    case.worker = p
    i = 4 * need.number + case.source + case.round
    chance = contact_probability(case.attempt, phase.contact_probability, phase.attempt_ratio)
    reached = case.is_warm != 0 and uniform(g.key, need.account, C.P_CONTACT, 256 * i + case.attempt) < chance
    hours = phase.attempt_hours
    if reached:
        u = uniform(g.key, need.account, C.P_TALK_HOURS, i)
        hours = hours + task_hours(u, phase.talk_hours, phase.hours_law, phase.hours_sigma)
    case.reached = 1 if reached else 0
    taken = desk_hours(a, p, hours)
    note_case(a, C.K_TASK, x, phase.call_touch, p, taken, (g.now - TASK(g.tasks, t).queued) / DAY, NO_AMOUNT)
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def attempt_ends(a: int, x: int, p: int) -> None:
    """The attempt is over: a first conversation, another try later, or the end of it."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    release(a, PERSON(g.persons, p).role, p)
    attempt = case.attempt
    if case.reached != 0 and need.closed == 0:
        note_case(a, C.K_CONTACT, x, NONE, p, NAN, float(attempt), NO_AMOUNT)
        _hand_off(a, x, p)
        qualify(a, x, p, phase_of(a).call_touch)
        return
    note_case(a, C.K_ATTEMPT, x, NONE, p, NAN, float(attempt), NO_AMOUNT)
    phase = phase_of(a)
    if need.closed != 0 or attempt >= phase.max_attempts:
        back_to_nurture(a, x, C.K_GIVEN_UP, float(attempt), p)
        return
    i = 256 * (4 * need.number + case.source + case.round) + attempt
    gap = exponential(uniform(g.key, need.account, C.P_RETRY_GAP, i), phase.retry_days)
    at(a, g.now + int(gap * DAY + 0.5), C.R_RETRY, need.account, i & 0xFFFFFF, C.WHAT_RETRY, x)


@jit
def _hand_off(a: int, x: int, p: int) -> None:
    """Whoever talks to a buyer that others have dealt with sees what went before, or trust is lost."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    seen = CLIMATE(g.climate, 0).visibility
    if uniform(g.key, need.account, C.P_HISTORY, 4 * need.number + case.source + case.round) < seen:
        return
    loss = lose_trust(a, case.need, phase.handoff_loss, 0.0)
    note_case(a, C.K_HISTORY_LOST, x, NONE, p, NAN, loss, NO_AMOUNT)


@jit
def retry(a: int, x: int) -> None:
    """The same person tries again; if gone, whoever is free."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    if need.closed != 0:
        back_to_nurture(a, x, C.K_GIVEN_UP, float(case.attempt), case.worker)
        return
    phase = phase_of(a)
    owner = case.worker if PERSON(g.persons, case.worker).on_roll != 0 else NONE
    d = front(a) if owner == NONE else PERSON(g.persons, owner).role
    priority = phase.priority_request if case.source == C.FROM_INBOUND else phase.priority_lead
    case.task = request(a, d, C.WORK_RETRY, x, priority, task_number(a, case.need, case.source), owner, NEVER, 0, 0)
    give(a, x, owner)


@jit
def retry_begins(a: int, x: int, t: int, p: int) -> None:
    """Somebody takes a case again."""
    drop(a, x)
    attempt_begins(a, x, t, p)


@jit
def back_to_nurture(a: int, x: int, kind: int, value: float, p: int) -> None:
    """Sales is done with a case that became no opportunity."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    need.case = NONE
    if need.closed == 0 and (need.stage == C.S_MQL or need.stage == C.S_SQL):
        need.stage = C.S_LEAD
    if kind == C.K_RENEGED or (kind == C.K_GIVEN_UP and case.source == C.FROM_INBOUND):
        neglect(a, case.need)
    note_case(a, kind, x, NONE, p, NAN, value, NO_AMOUNT)
    if case.source == C.FROM_MQL and (kind == C.K_DECLINED or kind == C.K_RENEGED):
        CLIMATE(g.climate, 0).unworked += 1
    if case.source == C.FROM_MQL and (kind == C.K_GIVEN_UP or kind == C.K_NOT_READY):
        learn_about_leads(a, kind == C.K_NOT_READY)
    if (
        kind == C.K_DECLINED
        or kind == C.K_RENEGED
        or kind == C.K_GIVEN_UP
        or kind == C.K_NOT_READY
        or kind == C.K_PASSED
    ):
        _rest(a, x)


@jit
def _rest(a: int, x: int) -> None:
    """A case is over without an opportunity: its lead may come again after a rest."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    if phase.recycle <= 0.0 or need.closed != 0:
        return
    i = CASES_OF_A_NEED * need.number + case.number
    if uniform(g.key, need.account, C.P_RECYCLE, i) >= phase.recycle:
        return
    case.opened = g.now  # as nothing was opened: since when it rests
    at(a, g.now + int(phase.recycle_days * DAY + 0.5), C.R_RETRY, need.account,
       ((64 * need.number + case.number % 64) << 8) & 0xFFFFFF, C.WHAT_RESTED, x)  # fmt: skip


# --- qualification --------------------------------------------------------------------------------------------


@jit
def qualify(a: int, x: int, p: int, code: int) -> None:
    """The conversation has happened: trust rises, fit shows, the buyer agrees to a sales process or not."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    n = case.need
    need = NEED(g.needs, n)
    phase = phase_of(a)
    touch(a, n, code, number_of(a, p), 0, effective_strength(touchpoint_of(a, code).strength, effect(a, p)))
    if need.fits == 0:
        need.case = NONE
        need.asked = 1
        need.handed = 1
        need.stage = C.S_DISQUALIFIED
        note_case(a, C.K_DISQUALIFIED, x, NONE, p, NAN, NAN, NO_AMOUNT)
        if case.source == C.FROM_MQL:
            CLIMATE(g.climate, 0).rejected += 1
            learn_about_leads(a, False)
        return
    need.stage = C.S_SQL
    note_case(a, C.K_SQL, x, NONE, p, NAN, NAN, NO_AMOUNT)
    chance = interested(total_trust(a, n), need.asks_at, phase.interest, phase.interest_slope)
    if uniform(g.key, need.account, C.P_INTEREST, 4 * need.number + case.source + case.round) >= chance:
        back_to_nurture(a, x, C.K_NOT_READY, chance, p)
        return
    if case.source == C.FROM_MQL:
        learn_about_leads(a, True)
    if phase.opportunity_bar > NO_BAR:
        z = normal(uniform(g.key, need.account, C.P_DISCOVERY, 4 * need.number + case.source + case.round), 0.0, 1.0)
        liking = seen_liking(need.liking, phase.discovery_noise, z)
        if liking < phase.opportunity_bar:
            back_to_nurture(a, x, C.K_PASSED, liking, p)
            return
    person = PERSON(g.persons, p)
    open_opportunity(a, x, p if person.role == REPS and person.on_roll != 0 else NONE)


# --- people ---------------------------------------------------------------------------------------------------


@jit
def rep_left(a: int, p: int) -> None:
    """A rep has left: deals and waiting tasks go to the least-loaded colleague (ties: the lowest seat)."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    while person.book > 0:
        first = NONE
        for x in range(g.n_cases):
            case = CASE(g.cases, x)
            mine = case.in_book != 0 and case.owner == p
            if mine and (first == NONE or case.book_place < CASE(g.cases, first).book_place):
                first = x
        give(a, first, least_loaded(a))
    while True:
        t = first_of_own(a, p)
        if t == NONE:
            break
        person.own_root = without_root(a, t)
        task = TASK(g.tasks, t)
        if task.what == C.WORK_PROSPECTING:
            take_off(a, t)
            continue
        owner = NONE
        if task.what == C.WORK_RETRY or task.what == C.WORK_MEETING:
            owner = CASE(g.cases, task.ref).owner
        if owner == NONE:
            owner = least_loaded(a)
        give_to(a, t, owner)
    customers.hand_on(a, p)


@jit
def sdr_left(a: int, p: int) -> None:
    """An SDR has left: leads that were to be tried again wait for whoever is free."""
    g = GLOBALS(a, 0)
    while True:
        t = first_of_own(a, p)
        if t == NONE:
            return
        PERSON(g.persons, p).own_root = without_root(a, t)
        give_to(a, t, NONE)


# --- the day --------------------------------------------------------------------------------------------------


@jit
def prospecting_day(a: int, row: int) -> None:
    """Put own prospecting last in every rep's queue."""
    g = GLOBALS(a, 0)
    paid = PAID_DAY(g.paid_days, row)
    phase = phase_of(a)
    at(a, paid.closes, C.R_PAYROLL, 0, 0, C.WHAT_PAYROLL, row)
    if phase.prospecting_hours <= 0.0:
        return
    serial = paid.day + 100_000
    left = count_people(a, REPS)
    seat = 0
    while left > 0:
        p = person_at(a, REPS, seat)
        if p >= 0:
            request(a, REPS, C.WORK_PROSPECTING, p, phase.priority_prospecting, serial * 1000 + seat, p, paid.closes,
                    seat, serial)  # fmt: skip
            left -= 1
        seat += 1


@jit
def prospecting_begins(a: int, t: int, p: int) -> None:
    """A rep begins a block of own prospecting, by one tactic a day."""
    g = GLOBALS(a, 0)
    phase = phase_of(a)
    task = TASK(g.tasks, t)
    tactic = _tactic(a, p, task.number // 1000)
    task.tactic = tactic
    calls_per_hour = phase.calls_per_hour if tactic == NONE else touchpoint_of(a, tactic).per_hour
    hours = phase.prospecting_hours * PERSON(g.persons, p).share * speed(a, p)
    task.calls = int(hours * calls_per_hour + 0.5)
    taken = desk_hours(a, p, hours)
    code = phase.cold_touch if tactic == NONE else tactic
    note_firm(a, C.K_TASK, code, C.TEAM_SALES, number_of(a, p), C.FROM_OUTBOUND, NONE, taken, 0.0, NO_AMOUNT)
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def _tactic(a: int, p: int, serial: int) -> int:
    """Touchpoint of a rep's prospecting on a day, by the shares of the mix; `NONE`: cold calls, there is no mix."""
    g = GLOBALS(a, 0)
    if phase_of(a).prospects_by_mix == 0:
        return NONE
    u = uniform(g.key, PERSON(g.persons, p).entity, C.P_PROSPECT_KIND, serial)
    chosen = NONE
    passed = 0.0
    for code in range(g.n_moments):
        share = touchpoint_of(a, code).prospecting_mix
        if share > 0.0 and (chosen == NONE or u >= passed):
            chosen = code
        passed = passed + share
    return chosen


@jit
def prospecting_ends(a: int, t: int, p: int) -> None:
    """A block of prospecting is done: whom it reached."""
    g = GLOBALS(a, 0)
    release(a, REPS, p)
    task = TASK(g.tasks, t)
    serial = task.number // 1000
    calls = task.calls + 0
    tactic = task.tactic + 0
    phase = phase_of(a)
    code = phase.cold_touch if tactic == NONE else tactic
    reached = phase.cold_contact if tactic == NONE else touchpoint_of(a, tactic).contact
    entity = PERSON(g.persons, p).entity
    for call in range(calls):
        i = 1024 * serial + call
        account = choose(uniform(g.key, entity, C.P_PROSPECT_ACCOUNT, i), g.n_accounts)
        n = ACCOUNT(g.accounts, account).open + 0
        if n == NONE:
            continue
        need = NEED(g.needs, n)
        if need.case != NONE:
            _duplicate(a, n, p, i, reached)
            continue
        if need.stage != C.S_PROSPECT and need.stage != C.S_LEAD:
            continue
        if uniform(g.key, entity, C.P_PROSPECT_CONTACT, i) >= reached:
            continue
        x = new_case(a, n, C.FROM_OUTBOUND, 0.0)
        note_case(a, C.K_PROSPECTED, x, NONE, p, NAN, NAN, NO_AMOUNT)
        qualify(a, x, p, code)


@jit
def _duplicate(a: int, n: int, p: int, i: int, reached: float) -> None:
    """A rep who does not see that a colleague is in touch with the buyer calls all the same; it does no good."""
    g = GLOBALS(a, 0)
    entity = PERSON(g.persons, p).entity
    phase = phase_of(a)
    if uniform(g.key, entity, C.P_DUPLICATE, i) < CLIMATE(g.climate, 0).visibility:
        return
    if uniform(g.key, entity, C.P_PROSPECT_CONTACT, i) >= reached:
        return
    loss = lose_trust(a, n, phase.duplicate_loss, phase.duplicate_loss)
    note(a, C.K_DUPLICATE, n, NONE, C.TEAM_SALES, number_of(a, p), C.FROM_OUTBOUND, NONE, NAN, loss, NO_AMOUNT)
