"""Opportunities: one-to-one touches with the buyer's own gaps between, then the buyer's decision."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from simpy.events import Event

from funnelsim.engines.reference.desk import Task, Worker
from funnelsim.engines.reference.portfolio import first_price
from funnelsim.events import DAY, Kind, Rank, Source, Stage, Team
from funnelsim.randomness import Purpose, exponential, lognormal, uniform
from funnelsim.rules.customers import part_of_price
from funnelsim.rules.incentives import price_gain, priced
from funnelsim.rules.selling import cycle_median, effective_strength, stays, task_hours, wins

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm, Need
    from funnelsim.engines.reference.sales import Sales

SALES: Final = int(Team.SALES)
TASKS_PER_NEED: Final = 8
MEETINGS_FROM: Final = 4
"""Task numbers of a need: its cases by source, then care, then its meeting."""
ROUND_SHIFT: Final = 40
"""Bits of addresses of a case's randomness below those of its round."""
PATIENCES_PER_NEED: Final = 64
"""Places of ends of patience of a need in the order of the instant: cases, care, meetings."""


def task_number(need: Need, kind: int) -> int:
    """Number of a task of a need: unique among the tasks that can wait at the same time."""
    return ((need.account << 10) | need.number) * TASKS_PER_NEED + kind


class Case:
    """One attempt of sales to win a need: a lead, a request or a find, and the opportunity it may become."""

    __slots__ = (
        "checkpoints", "code", "in_meeting", "meeting", "need", "number", "opened", "owner", "pushable_from", "queued",
        "round", "score", "source", "task", "tried",
    )  # fmt: skip

    def __init__(self, need: Need, source: Source, now: int, score: float) -> None:
        self.need = need
        self.number = need.cases
        need.cases += 1
        self.round = need.rounds << ROUND_SHIFT
        """Of the addresses of its randomness: how often the need's leads had been recycled before."""
        self.source = source
        self.queued = now
        self.score = score
        self.owner: Worker | None = None
        self.task: Task | None = None
        self.tried = False
        self.opened = now
        self.meeting = 0
        """Meeting that comes next, or is under way; its touchpoint."""
        self.code = -1
        self.checkpoints: tuple[bool, ...] = ()
        """Of each meeting: whether the buyer looks back after it and may stop."""
        self.in_meeting = False
        self.pushable_from = 0

    @property
    def can_be_upgraded(self) -> bool:
        """A marketing lead that still waits becomes a request if its buyer asks."""
        return self.source == Source.MQL and not self.tried


class Opportunities:
    """Open opportunities of all reps."""

    def __init__(self, firm: Firm, sales: Sales) -> None:
        self.firm = firm
        self.sales = sales
        self.running: dict[Case, None] = {}
        """Open opportunities."""

    def open(self, case: Case, owner: Worker | None) -> None:
        firm, env, need = self.firm, self.firm.env, case.need
        phase = firm.phase
        need.stopped = True
        need.stage = Stage.OPPORTUNITY
        median = cycle_median(need.deal / 100.0, phase.cycle_days, phase.reference_deal, phase.cycle_power)
        days = lognormal(uniform(firm.key, need.account, Purpose.CYCLE, need.number), median, phase.cycle_sigma)
        need.decision_at = env.now + int(days * DAY + 0.5)
        case.opened = env.now
        case.tried = True
        case.pushable_from = phase.pushable_from
        self.running[case] = None
        self.sales.give(case, owner)
        firm.note(
            Kind.OPPORTUNITY,
            need,
            team=SALES,
            person=-1 if owner is None else owner.number,
            source=case.source,
            item=case.number,
            value=days,
            amount=priced(need.deal, phase.price),
        )
        env.start(self._opportunity(case, env.now, days))

    def _opportunity(self, case: Case, opened: int, cycle_days: float) -> Generator[Event, Any, None]:
        """Process: one-to-one touches with the buyer's own gaps between, then the buyer's decision."""
        firm, env, need = self.firm, self.firm.env, case.need
        meetings = firm.phase.meetings
        case.checkpoints = firm.phase.is_checkpoint
        for k, code in enumerate(meetings):
            case.meeting, case.code = k, code
            u = uniform(firm.key, need.account, Purpose.MEETING_GAP, 64 * need.number + k)
            if k == 0:
                due = opened + int(exponential(u, firm.phase.first_meeting_days) * DAY + 0.5)
            else:
                due = opened + int(cycle_days * ((k - 0.5 + u) / len(meetings)) * DAY + 0.5)
            if due >= need.decision_at or env.now >= need.decision_at:
                self._missed(case, code, k)
                break
            if due > env.now:
                yield env.until(due, Rank.MEETING_DUE, need.account, 64 * need.number + k & 0xFFFFFF)
                if need.closed:
                    return
            worker = yield from self._wait_for_rep(case, k)
            if worker is None:
                self._missed(case, code, k)
                break
            yield from self._meeting(case, worker, code, k)
            case.meeting = k + 1
            if case.checkpoints[k] and not self._goes_on(case, k):
                self._ends_without_us(case)
                return
        if need.decision_at > env.now:
            yield env.until(need.decision_at, Rank.DECISION, need.account, need.number & 0xFFFFFF)
            if need.closed:
                return
        self._decide(case, firm.phase.discount)

    def _wait_for_rep(self, case: Case, k: int) -> Generator[Event, Any, Worker | None]:
        """A due meeting waits for the rep who owns the deal (anyone if nobody does) until the buyer decides."""
        need = case.need
        case.task = self.sales.reps.desk.request(
            self.firm.phase.priority_meeting,
            task_number(need, MEETINGS_FROM),
            owner=case.owner,
            patience_until=need.decision_at,
            entity=need.account,
            sequence=PATIENCES_PER_NEED * need.number + MEETINGS_FROM + k,
        )
        worker: Worker | None = yield case.task
        return worker

    def _meeting(self, case: Case, worker: Worker, code: int, k: int) -> Generator[Event, Any, None]:
        firm, env, need = self.firm, self.firm.env, case.need
        phase = firm.phase
        if case.owner is None and worker.on_roll:
            self.sales.give(case, worker)
        u = uniform(firm.key, need.account, Purpose.MEETING_HOURS, 64 * need.number + k)
        hours = task_hours(u, phase.meeting_hours, phase.hours_law, phase.hours_sigma)
        assert case.task is not None
        case.in_meeting = True
        finish, desk_hours = self.sales.reps.finish(worker.person, hours)
        firm.note(
            Kind.TASK,
            need,
            touchpoint=code,
            team=SALES,
            person=worker.number,
            source=case.source,
            item=case.number,
            hours=desk_hours,
            value=(env.now - case.task.queued) / DAY,
        )
        yield env.until(finish, Rank.TASK_END, self.sales.reps.entity(worker.seat), worker.person.incumbent)
        self.sales.reps.desk.release(worker)
        case.in_meeting = False
        strength = firm.phase.touchpoints[code].strength
        firm.touch(need, code, worker.number, k, effective_strength(strength, self.sales.reps.effect(worker.person)))

    def _missed(self, case: Case, code: int, k: int) -> None:
        person = -1 if case.owner is None else case.owner.number
        self.firm.note(
            Kind.MISSED,
            case.need,
            touchpoint=code,
            team=SALES,
            person=person,
            source=case.source,
            item=case.number,
            value=float(k),
        )

    def _goes_on(self, case: Case, k: int) -> bool:
        firm, need = self.firm, case.need
        phase = firm.phase
        p = stays(
            firm.total_trust(need), need.threshold, need.liking + firm.rival_edge(need), phase.stay, phase.stay_slope
        )
        return uniform(firm.key, need.account, Purpose.STAY, 64 * need.number + k) < p

    def ask_early(self, case: Case, discount: float) -> None:
        """A rep asks for the decision before the buyer's own time, with a discount; a meeting that is due is missed."""
        firm, need, task = self.firm, case.need, case.task
        firm.note(
            Kind.PUSHED,
            need,
            team=SALES,
            person=-1 if case.owner is None else case.owner.number,
            source=case.source,
            item=case.number,
            value=discount,
        )
        waiting = task is not None and task.waiting
        if task is not None and waiting:
            self._missed(case, case.code, case.meeting)
            task.desk.cancel(task)
        self._decide(case, discount)

    def _decide(self, case: Case, discount: float) -> None:
        """The buying cycle is over: won, or lost to a competitor, or no decision.

        A meeting that was not held is no checkpoint passed: the buyer still asks whether to go on, now, with the
        trust there is.
        """
        firm, need = self.firm, case.need
        phase = firm.phase
        for k in range(case.meeting, len(case.checkpoints)):
            if case.checkpoints[k] and not self._goes_on(case, k):
                self._ends_without_us(case)
                return
        need.discount = discount
        skill = 0.0
        if case.owner is not None and phase.skill_weight > 0.0:
            skill = phase.skill_weight * self.sales.reps.log_effect(case.owner.person)
        level = phase.win + price_gain(1.0 - need.discount, phase.price_slope)
        liking = need.liking + firm.rival_edge(need)
        p = wins(firm.total_trust(need), need.threshold, liking, skill, level, phase.win_slope)
        u = uniform(firm.key, need.account, Purpose.DECISION, need.number)
        if u < p or firm.customers.portfolio.buys_entry(need, u, p):
            self._won(case)
        else:
            self._ends_without_us(case)

    def _finish(self, case: Case) -> int:
        """The case is over; number of the rep who owned it."""
        case.need.case = None
        self.running.pop(case, None)
        self.sales.drop(case)
        return -1 if case.owner is None else case.owner.number

    def _won(self, case: Case) -> None:
        firm, need = self.firm, case.need
        person = self._finish(case)
        need.stage = Stage.CUSTOMER
        need.deal = priced(need.deal, firm.phase.price * (1.0 - need.discount))
        price = first_price(need, firm.phase)
        firm.note(
            Kind.WON,
            need,
            touchpoint=need.product,
            team=SALES,
            person=person,
            source=case.source,
            item=case.number,
            value=self._opened_days(case),
            amount=price,
        )
        commission = part_of_price(price, firm.phase.commission)
        if commission > 0:
            firm.note(
                Kind.COMMISSION,
                need,
                team=SALES,
                person=person,
                source=case.source,
                item=case.number,
                amount=commission,
            )
        firm.quotas.credit(None if case.owner is None else case.owner.person, price)
        firm.market.close_need(need, Stage.CUSTOMER)
        firm.customers.win(need, case.owner)

    def _ends_without_us(self, case: Case) -> None:
        firm, need = self.firm, case.need
        person = self._finish(case)
        u = uniform(firm.key, need.account, Purpose.OUTCOME, 2 * need.number + 1)
        lost = u < firm.to_rival(need, firm.phase.lost_share)
        need.stage = Stage.LOST if lost else Stage.NO_DECISION
        kind = Kind.LOST if lost else Kind.NO_DECISION
        firm.note(
            kind, need, team=SALES, person=person, source=case.source, item=case.number, value=self._opened_days(case)
        )
        firm.market.close_need(need, Stage(need.stage))

    def _opened_days(self, case: Case) -> float:
        return (self.firm.env.now - case.opened) / DAY
