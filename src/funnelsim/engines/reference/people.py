"""People: seats, who sits in them, hiring, leaving, pay."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

from funnelsim.arithmetic import log
from funnelsim.engines.reference.desk import Desk, Task, Worker
from funnelsim.events import DAY, HOUR, Kind, Rank, Role, Team, person_number
from funnelsim.randomness import Purpose, exponential, lognormal, uniform
from funnelsim.rules.people import pay_of_day, ramp, tenure_at_start

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm
    from funnelsim.scenario.lowered import LoweredRole

PERSON_ENTITY = 1 << 33
"""Persons' addresses start above every account's."""
SEAT_ENTITY = 1_000
"""Seats of role r are entities r * 1000 + seat in the order of the instant."""
TEAM_OF_ROLE = {Role.MARKETER: Team.MARKETING, Role.REP: Team.SALES, Role.SDR: Team.SALES}
MILLION = 1_000_000
MOST_HOURS = 1e8
"""Desk hours that a task takes at most: longer than any horizon."""


class Person:
    """Somebody in a seat."""

    __slots__ = (
        "attained", "entity", "hired", "incumbent", "leaves", "number", "quota", "quota_part", "ramped", "role", "seat",
        "share", "skill", "worker",
    )  # fmt: skip

    def __init__(self, role: Role, seat: int, incumbent: int, share: float) -> None:
        self.role = role
        self.seat = seat
        self.incumbent = incumbent
        self.share = share
        self.number = person_number(role, seat, incumbent)
        self.entity = PERSON_ENTITY + self.number
        self.skill = 1.0
        self.hired = 0
        self.leaves = 0
        self.ramped = False
        self.attained = 0.0
        self.quota = 0.0
        self.quota_part = 0.0
        self.worker = Worker(self.number, seat, self)


class Crew:
    """The people of one role at one desk.

    Parameters
    ----------
    firm : Firm
        Shared state.
    role : Role
        Which role.
    part : callable
        ``part(phase) -> LoweredRole``: the role's numbers in a phase.
    """

    def __init__(self, firm: Firm, role: Role, part: Callable[[], LoweredRole]) -> None:
        self.firm = firm
        self.role = role
        self.part = part
        self.desk = Desk(firm.env, firm.calendar, role)
        self.seats: dict[int, Person | None] = {}
        """Open seats; None while vacant."""
        self.incumbents: dict[int, int] = {}
        self.when_left: Callable[[Person, list[Task]], None] = lambda person, tasks: None
        self.when_hired: Callable[[Person], None] = lambda person: None
        self.effort: Callable[[Person], float] = lambda person: 1.0

    def entity(self, seat: int) -> int:
        """The seat's place in the order of the instant.

        Ends of tasks also need the incumbent: one who has left may still be at work beside the next.
        """
        return self.role * SEAT_ENTITY + seat

    # -- seats -------------------------------------------------------------------------------------------------------

    def staff(self, established: bool) -> None:
        """Bring the seats in line with the plan: open new ones, or close the newest people's.

        Parameters
        ----------
        established : bool
            At the start of a run: people have been with the firm for a while.
        """
        heads = self.part().heads
        wanted = ceil(heads)
        for seat in range(1000):
            if len(self.seats) >= wanted:
                break
            if seat not in self.seats:
                self.seats[seat] = None
                self._hire(seat, established or self.part().ramped, established)
        while len(self.seats) > wanted:
            self._close(self._newest())
        last = heads - (wanted - 1)
        part_time = self._newest() if wanted and last < 1.0 else None
        for seat, person in sorted(self.seats.items()):
            share = last if seat == part_time else 1.0
            if person is not None and person.share != share:
                self._log_change(Kind.LEFT, person)
                person.share = share
                self._log_change(Kind.HIRED, person)

    def _newest(self) -> int:
        """The seat that a cut takes first: a vacant one, else that of the newest person (ties: the highest seat)."""

        def newness(item: tuple[int, Person | None]) -> tuple[int, int, int]:
            seat, person = item
            return (1, 0, seat) if person is None else (0, person.hired, seat)

        return max(self.seats.items(), key=newness)[0]

    def _hire(self, seat: int, ramped: bool, established: bool) -> None:
        firm, part = self.firm, self.part()
        now = firm.env.now
        incumbent = self.incumbents.get(seat, -1) + 1
        self.incumbents[seat] = incumbent
        person = Person(self.role, seat, incumbent, 1.0)
        if part.skill_sigma > 0.0:
            person.skill = lognormal(uniform(firm.key, person.entity, Purpose.SKILL, 0), 1.0, part.skill_sigma)
        person.hired = now
        person.ramped = ramped and not established
        if established:
            person.ramped = part.attrition_per_day <= 0.0
            if part.attrition_per_day > 0.0:
                u = uniform(firm.key, person.entity, Purpose.INITIAL_TENURE, 0)
                days = tenure_at_start(exponential(u, 1.0 / part.attrition_per_day))
                person.hired = now - int(days * DAY + 0.5)
        self.seats[seat] = person
        self.desk.add(person.worker)
        self._log_change(Kind.HIRED, person)
        if not established and part.hiring_cost > 0:
            firm.note(Kind.HIRING_COST, team=TEAM_OF_ROLE[self.role], person=person.number, amount=part.hiring_cost)
        if part.attrition_per_day > 0.0:
            days = exponential(uniform(firm.key, person.entity, Purpose.TENURE, 0), 1.0 / part.attrition_per_day)
            person.leaves = now + int(days * DAY + 0.5)
            firm.env.call_at(
                person.leaves, Rank.SEAT, self.entity(seat), 2 * incumbent, lambda _: self._resign(seat, person)
            )
        self.when_hired(person)

    def _resign(self, seat: int, person: Person) -> None:
        if self.seats.get(seat) is not person:
            return
        self.seats[seat] = None
        self._leave(person)
        firm = self.firm
        vacancy = firm.env.now + self.part().vacancy
        incumbent = person.incumbent

        def refill(_: object) -> None:
            if seat in self.seats and self.seats[seat] is None and self.incumbents[seat] == incumbent:
                self._hire(seat, False, False)
                self.staff(False)

        firm.env.call_at(vacancy, Rank.SEAT, self.entity(seat), 2 * incumbent + 1, refill)

    def _close(self, seat: int) -> None:
        person = self.seats.pop(seat)
        if person is not None:
            self._leave(person)

    def _leave(self, person: Person) -> None:
        self._log_change(Kind.LEFT, person)
        tasks = self.desk.remove(person.worker)
        self.when_left(person, tasks)

    def _log_change(self, kind: Kind, person: Person) -> None:
        self.firm.note(kind, team=TEAM_OF_ROLE[self.role], person=person.number, hours=person.share, value=person.skill)

    # -- work --------------------------------------------------------------------------------------------------------

    def people(self) -> list[Person]:
        """People on the roll, by seat."""
        return [person for _, person in sorted(self.seats.items()) if person is not None]

    def posts(self) -> float:
        """Full posts on the roll."""
        posts = 0.0
        for person in self.people():
            posts = posts + person.share
        return posts

    def effect(self, person: Person) -> float:
        """Skill times ramp of a person now (1: median, ramped), less what somebody from the other team cannot do."""
        part = self.part()
        skill = person.skill
        if person.seat < part.crossed:
            skill = skill * part.cross_effect
        if person.ramped:
            return skill
        return skill * ramp((self.firm.env.now - person.hired) / DAY, part.ramp_days, part.ramp_start)

    def log_effect(self, person: Person) -> float:
        """Natural logarithm of `effect`."""
        return log(self.effect(person))

    def years(self, person: Person) -> float:
        """Years with the firm."""
        return (self.firm.env.now - person.hired) / DAY / 365.0

    def speed(self, person: Person) -> float:
        """How fast somebody works now: reps by their effort, marketers from the other team by what they can."""
        part = self.part()
        if self.role == Role.MARKETER:
            return part.cross_effect if person.seat < part.crossed else 1.0
        return self.effort(person)

    def finish(self, person: Person, hours: float) -> tuple[int, float]:
        """When a task of `hours` that starts now is done, and the desk hours it takes.

        Time that is not for the model's tasks, and the missing part of a part-time post, stretch it; it takes at least
        a microsecond.
        """
        climate = self.firm.climate
        pace = climate.marketing_pace if self.role == Role.MARKETER else climate.sales_pace
        desk_hours = hours / (self.part().productive_share * person.share * pace * self.speed(person))
        if desk_hours > MOST_HOURS:
            desk_hours = MOST_HOURS
        work = int(desk_hours * HOUR + 0.5)
        if work < 1:
            work = 1
        return self.firm.calendar.finish(self.firm.env.now, work), desk_hours

    def pay(self, index: int, days: int) -> None:
        """Loaded pay of everyone on the roll for working day `index` of the year's `days`."""
        cost = self.part().cost
        if cost == 0:
            return
        for person in self.people():
            share = int(person.share * MILLION + 0.5)
            amount = pay_of_day(cost, share, index, days)
            self.firm.note(Kind.SALARY, team=TEAM_OF_ROLE[self.role], person=person.number, amount=amount)
