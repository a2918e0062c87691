"""Seats, hiring, leaving; as `engines.reference.people`."""

from __future__ import annotations

import math

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at
from funnelsim.engines.compiled.desk import join, quit_roll
from funnelsim.engines.compiled.draws import exponential, lognormal, tenure_at_start, uniform
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note_firm
from funnelsim.engines.compiled.incentives import welcome
from funnelsim.engines.compiled.layout import CLOSED_SEAT, DESK, GLOBALS, NONE, PERSON, SEAT, SEATS
from funnelsim.engines.compiled.people import MARKETERS, REPS, SDRS, SEAT_ENTITY, role_of, team_of
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.sales import rep_left, sdr_left
from funnelsim.events import DAY

PERSON_ENTITY = 1 << 33


@jit
def staff(a: int, role: int, established: bool) -> None:
    """Bring the seats in line with the plan: open new ones, or close the newest people's."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, role)
    part = role_of(a, role)
    wanted = math.ceil(part.heads)
    seat = 0
    while seat < SEATS and desk.seats < wanted:
        if SEAT(g.seats, role * SEATS + seat).person == CLOSED_SEAT:
            SEAT(g.seats, role * SEATS + seat).person = NONE
            desk.seats += 1
            hire(a, role, seat, established or part.ramped != 0, established)
        seat += 1
    while desk.seats > wanted:
        _close(a, role, _newest(a, role))
    last = part.heads - (wanted - 1)
    part_time = NONE
    if wanted > 0 and last < 1.0:
        part_time = _newest(a, role)
    left = desk.seats + 0
    seat = 0
    while left > 0:
        p = SEAT(g.seats, role * SEATS + seat).person
        if p != CLOSED_SEAT:
            left -= 1
            if p != NONE:
                share = last if seat == part_time else 1.0
                if PERSON(g.persons, p).share != share:
                    _log_change(a, C.K_LEFT, p)
                    PERSON(g.persons, p).share = share
                    _log_change(a, C.K_HIRED, p)
        seat += 1


@jit
def _newest(a: int, role: int) -> int:
    """Seat that a cut takes first: a vacant one, else that of the newest person (ties: the highest seat)."""
    g = GLOBALS(a, 0)
    best = NONE
    best_vacant = False
    best_hired = 0
    left = DESK(g.desks, role).seats + 0
    seat = 0
    while left > 0:
        p = SEAT(g.seats, role * SEATS + seat).person
        if p != CLOSED_SEAT:
            left -= 1
            vacant = p == NONE
            hired = 0 if vacant else PERSON(g.persons, p).hired
            if best == NONE or (vacant and not best_vacant) or (vacant == best_vacant and hired >= best_hired):
                best = seat
                best_vacant = vacant
                best_hired = hired
        seat += 1
    return best


@jit
def hire(a: int, role: int, seat: int, ramped: bool, established: bool) -> None:
    """Fill a seat."""
    g = GLOBALS(a, 0)
    part = role_of(a, role)
    place = SEAT(g.seats, role * SEATS + seat)
    place.incumbent += 1
    incumbent = place.incumbent
    p = g.n_persons
    g.n_persons = p + 1
    person = PERSON(g.persons, p)
    person.role = role
    person.seat = seat
    person.incumbent = incumbent
    person.number = role * 1_000_000 + seat * 1_000 + incumbent
    person.entity = PERSON_ENTITY + person.number
    person.share = 1.0
    person.skill = 1.0
    person.book = 0
    person.attained = 0.0
    person.quota = 0.0
    person.quota_part = 0.0
    person.own_root = NONE
    person.own_waiting = 0
    person.busy = 0
    if part.skill_sigma > 0.0:
        person.skill = lognormal(uniform(g.key, person.entity, C.P_SKILL, 0), 1.0, part.skill_sigma)
    person.hired = g.now
    person.ramped = 1 if ramped and not established else 0
    if established:
        person.ramped = 1 if part.attrition_per_day <= 0.0 else 0
        if part.attrition_per_day > 0.0:
            u = uniform(g.key, person.entity, C.P_INITIAL_TENURE, 0)
            tenure = tenure_at_start(exponential(u, 1.0 / part.attrition_per_day))
            person.hired = g.now - int(tenure * DAY + 0.5)
    place.person = p
    join(a, role, p)
    _log_change(a, C.K_HIRED, p)
    if not established and part.hiring_cost > 0:
        note_firm(a, C.K_HIRING_COST, NONE, team_of(role), person.number, NONE, NONE, NAN, NAN, part.hiring_cost)
    if role == REPS:
        welcome(a, p)
    if part.attrition_per_day > 0.0:
        days = exponential(uniform(g.key, person.entity, C.P_TENURE, 0), 1.0 / part.attrition_per_day)
        at(a, g.now + int(days * DAY + 0.5), C.R_SEAT, role * SEAT_ENTITY + seat, 2 * incumbent, C.WHAT_RESIGN, p)


@jit
def resign(a: int, p: int) -> None:
    """Somebody's time with the firm is over; the seat is vacant for a while."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    place = SEAT(g.seats, person.role * SEATS + person.seat)
    if place.person != p:
        return
    place.person = NONE
    _leave(a, p)
    at(a, g.now + role_of(a, person.role).vacancy, C.R_SEAT, person.role * SEAT_ENTITY + person.seat,
       2 * person.incumbent + 1, C.WHAT_REFILL, p)  # fmt: skip


@jit
def refill(a: int, p: int) -> None:
    """A vacancy is over."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    place = SEAT(g.seats, person.role * SEATS + person.seat)
    if place.person == NONE and place.incumbent == person.incumbent:
        hire(a, person.role, person.seat, False, False)
        staff(a, person.role, False)


@jit
def _close(a: int, role: int, seat: int) -> None:
    g = GLOBALS(a, 0)
    place = SEAT(g.seats, role * SEATS + seat)
    p = place.person
    place.person = CLOSED_SEAT
    DESK(g.desks, role).seats -= 1
    if p != NONE:
        _leave(a, p)


@jit
def _leave(a: int, p: int) -> None:
    role = PERSON(GLOBALS(a, 0).persons, p).role
    _log_change(a, C.K_LEFT, p)
    quit_roll(a, role, p)
    if role == REPS:
        rep_left(a, p)
    elif role == SDRS:
        sdr_left(a, p)


@jit
def _log_change(a: int, kind: int, p: int) -> None:
    person = PERSON(GLOBALS(a, 0).persons, p)
    note_firm(a, kind, NONE, team_of(person.role), person.number, NONE, NONE, person.share, person.skill, NO_AMOUNT)


@jit
def staff_all(a: int) -> None:
    """Staff every role at the start of a run; people have been with the firm for a while."""
    staff(a, MARKETERS, True)
    staff(a, REPS, True)
    staff(a, SDRS, True)
