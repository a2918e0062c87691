"""Sales: individual reps, first response, qualification, opportunities, decisions."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from simpy.events import Event

from funnelsim.engines.reference.desk import Desk, Task, Worker
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED, SALES, Case, Opportunities, task_number
from funnelsim.engines.reference.people import Crew, Person
from funnelsim.engines.reference.recycling import rest
from funnelsim.events import DAY, HOUR, Kind, Rank, Role, Source, Stage, Team
from funnelsim.randomness import Purpose, choose, exponential, normal, uniform
from funnelsim.rules.incentives import NO_BAR, seen_liking
from funnelsim.rules.qualification import contact_probability, interested, warm, works_lead
from funnelsim.rules.selling import effective_strength, task_hours

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm, Need

UPGRADED: Final = "upgraded"
CLOSED: Final = "closed"
CASES_PER_NEED: Final = 64
"""Places of promises of a need in the order of the instant."""
PROSPECTING: Final = "prospecting"
RECYCLABLE: Final = (Kind.DECLINED, Kind.RENEGED, Kind.GIVEN_UP, Kind.NOT_READY, Kind.PASSED)
"""Ends of a case after which its lead may come again."""


class Sales:
    """Reps, SDRs, their desks, and the cases they work."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.reps = Crew(firm, Role.REP, lambda: firm.phase.reps)
        self.sdrs = Crew(firm, Role.SDR, lambda: firm.phase.sdrs)
        self.opportunities = Opportunities(firm, self)
        self.owned: dict[Worker, dict[Case, None]] = {}
        """Cases of each rep, in the order in which they came."""
        self.reps.when_left = self._hand_on
        self.reps.when_hired = self._welcome
        self.reps.effort = lambda person: firm.quotas.effort(person)
        self.sdrs.when_left = self._back_to_pool

    def begin(self) -> None:
        """Staff the team and start its days."""
        self.reps.staff(established=True)
        self.sdrs.staff(established=True)
        self.firm.env.start(self._days())

    def phase_changed(self) -> None:
        """New heads take effect; without SDRs the leads that wait for them wait for the reps."""
        self.reps.staff(established=False)
        self.sdrs.staff(established=False)
        if self.front is self.reps:
            self.sdrs.desk.move_all(self.reps.desk)

    @property
    def front(self) -> Crew:
        """Who makes first contact now: the SDRs where the plan has any, else the reps."""
        return self.sdrs if self.firm.phase.sdrs.heads > 0.0 else self.reps

    def crew_of(self, worker: Worker) -> Crew:
        """Whom a worker belongs to."""
        return self.reps if worker.person.role == Role.REP else self.sdrs

    # -- where cases come from ---------------------------------------------------------------------------------------

    def request(self, need: Need, trust: float) -> None:
        """The buyer asks for sales; a marketing lead of the same need that still waits is upgraded."""
        firm = self.firm
        waiting = need.case
        if waiting is not None:
            assert waiting.task is not None
            firm.note(
                Kind.UPGRADED,
                need,
                source=Source.INBOUND,
                item=waiting.number,
                value=(firm.env.now - waiting.queued) / DAY,
            )
            waiting.task.desk.withdraw(waiting.task, UPGRADED)
        if not need.known:
            need.known = True
            firm.note(Kind.LEAD, need)
        need.stage = Stage.MQL
        case = Case(need, Source.INBOUND, firm.env.now, 0.0)
        need.case = case
        firm.note(Kind.REQUEST, need, source=Source.INBOUND, item=case.number, value=trust)
        firm.env.start(self._first_response(case))

    def hand_over(self, need: Need, score: float) -> None:
        """Marketing hands a lead over."""
        firm = self.firm
        firm.climate.handed += 1
        need.stage = Stage.MQL
        case = Case(need, Source.MQL, firm.env.now, score)
        need.case = case
        firm.note(Kind.MQL, need, team=Team.MARKETING, source=Source.MQL, item=case.number, value=score)
        firm.env.start(self._first_response(case))

    def need_is_over(self, need: Need) -> None:
        """The window closes while a case waits: whoever waits in the queue goes cold."""
        case = need.case
        if case is not None and case.task is not None and case.task.waiting:
            case.task.desk.withdraw(case.task, CLOSED)

    # -- first response ----------------------------------------------------------------------------------------------

    def _first_response(self, case: Case) -> Generator[Event, Any, None]:
        """Process: a case waits for a person, is tried until the buyer is reached, is qualified."""
        firm, env, need = self.firm, self.firm.env, case.need
        phase = firm.phase
        inbound = case.source == Source.INBOUND
        mean = phase.request_patience if inbound else phase.lead_patience
        n = (4 * need.number + case.source) + case.round
        patience = int(exponential(uniform(firm.key, need.account, Purpose.PATIENCE, n), mean) * DAY + 0.5)
        case.task = self.front.desk.request(
            phase.priority_request if inbound else phase.priority_lead,
            task_number(need, case.source),
            patience_until=env.now + patience,
            entity=need.account,
            sequence=PATIENCES_PER_NEED * need.number + case.source,
            choose=None if inbound else lambda worker: self._works(case, worker),
        )
        if not inbound:
            self._promise(case)
        worker = yield case.task
        if worker is UPGRADED:
            return
        if worker is None or worker is CLOSED:
            self._back_to_nurture(case, Kind.RENEGED, (env.now - case.queued) / DAY)
            return
        if worker is Desk.DECLINED:
            return  # logged where it was decided
        case.tried = True
        if not inbound:
            firm.climate.worked += 1
        delay = (env.now - case.queued) / HOUR
        m = warm(delay, phase.cooling_hours, phase.cooling_power, phase.cooling_floor)
        is_warm = uniform(firm.key, need.account, Purpose.WARM, n) < m
        attempt = 0
        while True:
            attempt += 1
            reached = yield from self._attempt(case, worker, attempt, is_warm)
            if reached:
                self._qualify(case, worker, firm.phase.call_touch)
                return
            if need.closed or attempt >= firm.phase.max_attempts:
                self._back_to_nurture(case, Kind.GIVEN_UP, float(attempt), worker)
                return
            gap = exponential(
                uniform(firm.key, need.account, Purpose.RETRY_GAP, 256 * n + attempt), firm.phase.retry_days
            )
            yield env.until(env.now + int(gap * DAY + 0.5), Rank.RETRY, need.account, 256 * n + attempt & 0xFFFFFF)
            if need.closed:
                self._back_to_nurture(case, Kind.GIVEN_UP, float(attempt), worker)
                return
            # The same person tries again; if gone, whoever is free.
            owner = worker if worker.on_roll else None
            crew = self.front if owner is None else self.crew_of(owner)
            case.task = crew.desk.request(
                firm.phase.priority_request if inbound else firm.phase.priority_lead,
                task_number(need, case.source),
                owner=owner,
            )
            self.give(case, owner)
            before = worker
            worker = yield case.task
            self.drop(case)
            if worker is CLOSED:
                self._back_to_nurture(case, Kind.GIVEN_UP, float(attempt), before)
                return

    def _promise(self, case: Case) -> None:
        """Sales promises to work a marketing lead within some working hours; one that then waits goes first."""
        firm, need = self.firm, case.need
        promise = firm.climate.promise
        if promise <= 0:
            return
        due = firm.calendar.finish(firm.env.now, promise)
        sequence = (CASES_PER_NEED * need.number + case.number) & 0xFFFFFF
        firm.env.call_at(due, Rank.ESCALATION, need.account, sequence, lambda _: self._escalate(case))

    def _escalate(self, case: Case) -> None:
        """The promise falls due: a lead that still waits goes ahead of the others and nobody may decline it."""
        firm, task = self.firm, case.task
        assert task is not None
        if case.tried or case.need.case is not case or not task.waiting:
            return
        waited = (firm.env.now - case.queued) / DAY
        firm.note(Kind.ESCALATED, case.need, team=SALES, source=case.source, item=case.number, value=waited)
        task.choose = None
        if task.priority != firm.phase.priority_request:
            task.desk.change_priority(task, firm.phase.priority_request)

    def _works(self, case: Case, worker: Worker) -> bool:
        """A rep decides once whether to work a marketing lead; the reason is logged with the propensity."""
        firm = self.firm
        phase = firm.phase
        crew = self.crew_of(worker)
        propensity = works_lead(
            phase.lead_preference + firm.climate.preference,
            case.score - phase.lead_bar,
            phase.lead_quality,
            firm.belief,
            phase.belief_weight,
            phase.tracking,
            phase.tracking_weight,
            phase.tracking_fade,
            crew.years(worker.person),
            phase.experience_weight,
            (crew.desk.waiting - 1) / len(crew.desk.workers),  # beside this lead
            phase.load_weight,
        )
        u = uniform(firm.key, case.need.account, Purpose.WORK_CHOICE, case.need.number + case.round)
        if u < propensity:
            return True
        self._back_to_nurture(case, Kind.DECLINED, propensity, worker)
        return False

    def _attempt(self, case: Case, worker: Worker, attempt: int, is_warm: bool) -> Generator[Event, Any, bool]:
        """One attempt; if it reaches the buyer, the qualification talk is part of the same task."""
        firm, env, need, crew = self.firm, self.firm.env, case.need, self.crew_of(worker)
        phase = firm.phase
        n = (4 * need.number + case.source) + case.round
        p = contact_probability(attempt, phase.contact_probability, phase.attempt_ratio)
        reached = is_warm and uniform(firm.key, need.account, Purpose.CONTACT, 256 * n + attempt) < p
        hours = phase.attempt_hours
        if reached:
            u = uniform(firm.key, need.account, Purpose.TALK_HOURS, n)
            hours = hours + task_hours(u, phase.talk_hours, phase.hours_law, phase.hours_sigma)
        task = case.task
        assert task is not None
        finish, desk_hours = crew.finish(worker.person, hours)
        firm.note(
            Kind.TASK,
            need,
            touchpoint=phase.call_touch,
            team=SALES,
            person=worker.number,
            source=case.source,
            item=case.number,
            hours=desk_hours,
            value=(env.now - task.queued) / DAY,
        )
        yield env.until(finish, Rank.TASK_END, crew.entity(worker.seat), worker.person.incumbent)
        crew.desk.release(worker)
        if reached and not need.closed:
            firm.note(
                Kind.CONTACT,
                need,
                team=SALES,
                person=worker.number,
                source=case.source,
                item=case.number,
                value=float(attempt),
            )
            self._hand_off(case, worker)
            return True
        firm.note(
            Kind.ATTEMPT,
            need,
            team=SALES,
            person=worker.number,
            source=case.source,
            item=case.number,
            value=float(attempt),
        )
        return False

    def _hand_off(self, case: Case, worker: Worker) -> None:
        """Whoever talks to a buyer that others have dealt with sees what went before, or trust is lost."""
        firm, need = self.firm, case.need
        phase = firm.phase
        n = (4 * need.number + case.source) + case.round
        if uniform(firm.key, need.account, Purpose.HISTORY, n) < firm.climate.visibility:
            return
        firm.note(
            Kind.HISTORY_LOST,
            need,
            team=SALES,
            person=worker.number,
            source=case.source,
            item=case.number,
            value=firm.lose_trust(need, phase.handoff_loss, 0.0),
        )

    def _back_to_nurture(self, case: Case, kind: Kind, value: float, worker: Worker | None = None) -> None:
        need = case.need
        need.case = None
        if not need.closed and need.stage in (Stage.MQL, Stage.SQL):
            need.stage = Stage.LEAD
        person = -1 if worker is None else worker.number
        if kind == Kind.RENEGED or (kind == Kind.GIVEN_UP and case.source == Source.INBOUND):
            self.firm.neglect(need)
        self.firm.note(kind, need, team=SALES, person=person, source=case.source, item=case.number, value=value)
        if case.source == Source.MQL and kind in (Kind.DECLINED, Kind.RENEGED):
            self.firm.climate.unworked += 1
        if case.source == Source.MQL and kind in (Kind.GIVEN_UP, Kind.NOT_READY):
            self.firm.learn_about_leads(kind == Kind.NOT_READY)
        if kind in RECYCLABLE:
            rest(self.firm, need, case.number)

    # -- qualification -----------------------------------------------------------------------------------------------

    def _qualify(self, case: Case, worker: Worker, code: int) -> None:
        """The conversation has happened: trust rises, fit shows, the buyer agrees to a sales process or not."""
        firm, need, crew = self.firm, case.need, self.crew_of(worker)
        phase = firm.phase
        strength = phase.touchpoints[code].strength
        firm.touch(need, code, worker.number, 0, effective_strength(strength, crew.effect(worker.person)))
        if not need.fits:
            need.case = None
            need.asked = need.handed = True
            need.stage = Stage.DISQUALIFIED
            firm.note(Kind.DISQUALIFIED, need, team=SALES, person=worker.number, source=case.source, item=case.number)
            if case.source == Source.MQL:
                firm.climate.rejected += 1
                firm.learn_about_leads(False)
            return
        need.stage = Stage.SQL
        firm.note(Kind.SQL, need, team=SALES, person=worker.number, source=case.source, item=case.number)
        p = interested(firm.total_trust(need), need.asks_at, phase.interest, phase.interest_slope)
        n = (4 * need.number + case.source) + case.round
        if uniform(firm.key, need.account, Purpose.INTEREST, n) >= p:
            self._back_to_nurture(case, Kind.NOT_READY, p, worker)
            return
        if case.source == Source.MQL:
            firm.learn_about_leads(True)
        if phase.opportunity_bar > NO_BAR:
            z = normal(uniform(firm.key, need.account, Purpose.DISCOVERY, n), 0.0, 1.0)
            liking = seen_liking(need.liking, phase.discovery_noise, z)
            if liking < phase.opportunity_bar:
                self._back_to_nurture(case, Kind.PASSED, liking, worker)
                return
        self.opportunities.open(case, worker if crew is self.reps and worker.on_roll else None)

    # -- people ------------------------------------------------------------------------------------------------------

    def _welcome(self, person: Person) -> None:
        self.owned[person.worker] = {}
        self.firm.quotas.welcome(person)

    def _hand_on(self, person: Person, tasks: list[Task]) -> None:
        """A rep leaves: deals and waiting tasks go to the least-loaded colleague (ties: the lowest seat)."""
        cases = self.owned.pop(person.worker, {})
        for case in cases:
            self.give(case, self.least_loaded())
        for task in tasks:
            if task.payload is PROSPECTING:
                task.desk.withdraw(task, None)
                continue
            owner = next((case.owner for case in cases if case.task is task), None)
            task.desk.reown(task, owner or self.least_loaded())
        self.firm.customers.hand_on(person.worker)

    def _back_to_pool(self, person: Person, tasks: list[Task]) -> None:
        """An SDR leaves: leads that were to be tried again wait for whoever is free."""
        for task in tasks:
            task.desk.reown(task, None)

    def give(self, case: Case, owner: Worker | None) -> None:
        """Give a case to somebody, or to nobody; reps keep a book of theirs."""
        self.drop(case)
        case.owner = owner
        if owner in self.owned:
            self.owned[owner][case] = None

    def drop(self, case: Case) -> None:
        """Take a case out of its owner's book."""
        if case.owner in self.owned:
            self.owned[case.owner].pop(case, None)

    def least_loaded(self) -> Worker | None:
        """Return the rep with the fewest cases (ties: the lowest seat), None if there is no rep."""
        people = self.reps.people()
        if not people:
            return None
        return min(people, key=lambda person: (len(self.owned[person.worker]), person.seat)).worker

    # -- the day -----------------------------------------------------------------------------------------------------

    def _days(self) -> Generator[Event, None, None]:
        """Process: each working day, own prospecting is put last in every rep's queue; at its end everyone is paid."""
        firm = self.firm
        env, calendar = firm.env, firm.calendar
        for day, index, days in firm.lowered.paid_days:
            yield env.until(calendar.day_start(day), Rank.PROSPECTING, 0, 0)
            if firm.phase.prospecting_hours > 0.0:
                for person in self.reps.people():
                    env.start(self._prospecting(person, day, calendar.day_end(day)))
            yield env.until(calendar.day_end(day), Rank.PAYROLL, 0, 0)
            for crew in (firm.marketing.crew, self.reps, self.sdrs):
                crew.pay(index, days)
            firm.site.pay(index, days)

    def _prospecting(self, person: Person, day: int, until: int) -> Generator[Event, Any, None]:
        """Process: own prospecting in a rep's spare time, by one tactic a day; it lapses at the end of the day."""
        firm, env = self.firm, self.firm.env
        serial = day + 100_000
        worker = yield self.reps.desk.request(
            firm.phase.priority_prospecting,
            serial * 1000 + person.seat,
            owner=person.worker,
            patience_until=until,
            entity=person.seat,
            sequence=serial,
            payload=PROSPECTING,
        )
        if worker is None:
            return
        phase = firm.phase
        tactic = self._tactic(worker.person, serial)
        calls_per_hour = phase.calls_per_hour if tactic is None else phase.touchpoints[tactic].per_hour
        hours = phase.prospecting_hours * worker.person.share * self.reps.speed(worker.person)
        finish, desk_hours = self.reps.finish(worker.person, hours)
        firm.note(
            Kind.TASK,
            touchpoint=phase.cold_touch if tactic is None else tactic,
            team=SALES,
            person=worker.number,
            source=Source.OUTBOUND,
            hours=desk_hours,
            value=0.0,
        )
        yield env.until(finish, Rank.TASK_END, self.reps.entity(worker.seat), worker.person.incumbent)
        self.reps.desk.release(worker)
        for call in range(int(hours * calls_per_hour + 0.5)):
            self._approach(worker, tactic, 1024 * serial + call)

    def _tactic(self, person: Person, serial: int) -> int | None:
        """Touchpoint of a rep's prospecting on a day, by the shares of the mix; None: cold calls, there is no mix."""
        phase = self.firm.phase
        if not phase.prospects_by_mix:
            return None
        u = uniform(self.firm.key, person.entity, Purpose.PROSPECT_KIND, serial)
        chosen, passed = -1, 0.0
        for code, share in enumerate(phase.prospecting_mix):
            if share > 0.0 and (chosen < 0 or u >= passed):
                chosen = code
            passed = passed + share
        return chosen

    def _approach(self, worker: Worker, tactic: int | None, n: int) -> None:
        firm = self.firm
        phase = firm.phase
        entity = worker.person.entity
        account = choose(uniform(firm.key, entity, Purpose.PROSPECT_ACCOUNT, n), firm.lowered.accounts)
        need = firm.market.open.get(account)
        if need is None:
            return
        reached = phase.cold_contact if tactic is None else phase.touchpoints[tactic].contact
        if need.case is not None:
            self._duplicate(need, worker, n, reached)
            return
        if need.stage not in (Stage.PROSPECT, Stage.LEAD):
            return
        if uniform(firm.key, entity, Purpose.PROSPECT_CONTACT, n) >= reached:
            return
        case = Case(need, Source.OUTBOUND, firm.env.now, 0.0)
        need.case = case
        firm.note(Kind.PROSPECTED, need, team=SALES, person=worker.number, source=Source.OUTBOUND, item=case.number)
        self._qualify(case, worker, phase.cold_touch if tactic is None else tactic)

    def _duplicate(self, need: Need, worker: Worker, n: int, reached: float) -> None:
        """A rep who does not see that a colleague is in touch with the buyer calls all the same; it does no good."""
        firm, entity = self.firm, worker.person.entity
        phase = firm.phase
        if uniform(firm.key, entity, Purpose.DUPLICATE, n) < firm.climate.visibility:
            return
        if uniform(firm.key, entity, Purpose.PROSPECT_CONTACT, n) >= reached:
            return
        loss = firm.lose_trust(need, phase.duplicate_loss, phase.duplicate_loss)
        firm.note(Kind.DUPLICATE, need, team=SALES, person=worker.number, source=Source.OUTBOUND, value=loss)
