"""People at work: their effect, their time, their pay; as `engines.reference.people`."""

from __future__ import annotations

from typing import Any

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.draws import effort, pay_of_day, ramp
from funnelsim.engines.compiled.firm import NAN, note_firm, number_of
from funnelsim.engines.compiled.layout import CLIMATE, DESK, GLOBALS, NONE, PERSON, PHASE, ROLE, SEAT, SEATS
from funnelsim.engines.compiled.office import finish
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.people import MOST_HOURS
from funnelsim.events import DAY, HOUR

MILLION = 1_000_000
SEAT_ENTITY = 1_000
MARKETERS, REPS, SDRS = 0, 1, 2


@jit
def role_of(a: int, role: int) -> Any:
    """Return the present numbers of a role."""
    g = GLOBALS(a, 0)
    return ROLE(g.roles, g.phase * 3 + role)


@jit
def person_at(a: int, role: int, seat: int) -> int:
    """Who sits there: a row, or negative."""
    return SEAT(GLOBALS(a, 0).seats, role * SEATS + seat).person + 0


@jit
def team_of(role: int) -> int:
    """Team of a role."""
    return C.TEAM_MARKETING if role == MARKETERS else C.TEAM_SALES


@jit
def count_people(a: int, role: int) -> int:
    """Count the people on the roll."""
    return DESK(GLOBALS(a, 0).desks, role).workers + 0


@jit
def posts(a: int, role: int) -> float:
    """Full posts on the roll."""
    g = GLOBALS(a, 0)
    found = 0.0
    left = count_people(a, role)
    seat = 0
    while left > 0:
        p = person_at(a, role, seat)
        if p >= 0:
            found = found + PERSON(g.persons, p).share
            left -= 1
        seat += 1
    return found


@jit
def nth_person(a: int, role: int, n: int) -> int:
    """Return the n-th person on the roll by seat."""
    for seat in range(SEATS):
        p = person_at(a, role, seat)
        if p >= 0:
            if n == 0:
                return p
            n -= 1
    return NONE


@jit
def effect(a: int, p: int) -> float:
    """Skill times ramp of a person now, less what somebody from the other team cannot do."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    part = role_of(a, person.role)
    skill = person.skill
    if person.seat < part.crossed:
        skill = skill * part.cross_effect
    if person.ramped != 0:
        return skill
    return skill * ramp((g.now - person.hired) / DAY, part.ramp_days, part.ramp_start)


@jit
def years(a: int, p: int) -> float:
    """Years with the firm."""
    g = GLOBALS(a, 0)
    return (g.now - PERSON(g.persons, p).hired) / DAY / 365.0


@jit
def speed(a: int, p: int) -> float:
    """How fast somebody works now: reps by their effort, marketers from the other team by what they can."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    if person.role == MARKETERS:
        part = role_of(a, person.role)
        return part.cross_effect if person.seat < part.crossed else 1.0
    phase = PHASE(g.phases, g.phase)
    if person.role == SDRS or phase.quota_months == 0 or g.quota_running == 0:
        return 1.0
    elapsed = (g.now - g.quota_began) / (g.quota_ends - g.quota_began)
    return effort(person.attained, person.quota, elapsed, phase.effort_gain, phase.effort_reach, phase.give_up,
                  phase.give_up_left, phase.effort_loss)  # fmt: skip


@jit
def desk_hours(a: int, p: int, hours: float) -> float:
    """Desk hours that a task of `hours` takes this person."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    climate = CLIMATE(g.climate, 0)
    pace = climate.marketing_pace if person.role == MARKETERS else climate.sales_pace
    taken = hours / (role_of(a, person.role).productive_share * person.share * pace * speed(a, p))
    return MOST_HOURS if taken > MOST_HOURS else taken


@jit
def finish_of(a: int, taken: float) -> int:
    """When a task is done that starts now and takes these desk hours, at least a microsecond."""
    work = int(taken * HOUR + 0.5)
    if work < 1:
        work = 1
    return finish(a, work)


@jit
def seat_entity(a: int, p: int) -> int:
    """Place of somebody's seat in the order of the instant."""
    person = PERSON(GLOBALS(a, 0).persons, p)
    return person.role * SEAT_ENTITY + person.seat


@jit
def incumbent_of(a: int, p: int) -> int:
    """Number of somebody among those who have had the seat: one who has left may still be at work beside the next."""
    return PERSON(GLOBALS(a, 0).persons, p).incumbent + 0


@jit
def pay(a: int, role: int, index: int, days: int) -> None:
    """Loaded pay of everyone on the roll for a working day."""
    g = GLOBALS(a, 0)
    cost = role_of(a, role).cost
    if cost == 0:
        return
    left = count_people(a, role)
    seat = 0
    while left > 0:
        p = person_at(a, role, seat)
        if p >= 0:
            share = int(PERSON(g.persons, p).share * MILLION + 0.5)
            note_firm(a, C.K_SALARY, NONE, team_of(role), number_of(a, p), NONE, NONE, NAN, NAN,
                      pay_of_day(cost, share, index, days))  # fmt: skip
            left -= 1
        seat += 1


@jit
def least_loaded(a: int) -> int:
    """Return the rep with the fewest cases (ties: the lowest seat), `NONE` if there is no rep."""
    g = GLOBALS(a, 0)
    best = NONE
    left = count_people(a, REPS)
    seat = 0
    while left > 0:
        p = person_at(a, REPS, seat)
        if p >= 0:
            if best == NONE or PERSON(g.persons, p).book < PERSON(g.persons, best).book:
                best = p
            left -= 1
        seat += 1
    return best
