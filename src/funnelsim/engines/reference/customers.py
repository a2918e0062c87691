"""Customers: care, renewal, referral."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from funnelsim.engines.reference.desk import Worker
from funnelsim.engines.reference.firm import Need
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED, task_number
from funnelsim.events import DAY, Kind, Rank, Stage, Team
from funnelsim.randomness import Purpose, choose, exponential, uniform
from funnelsim.rules.customers import renews
from funnelsim.rules.incentives import priced
from funnelsim.rules.selling import effective_strength, task_hours

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm


class Customer:
    """An account that pays us."""

    __slots__ = ("active", "need", "owner")

    def __init__(self, need: Need, owner: Worker | None) -> None:
        self.need = need
        self.owner = owner
        self.active = True


class Customers:
    """All customers."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.active: dict[int, Customer] = {}

    # -- coming ------------------------------------------------------------------------------------------------------

    def declare(self, account: int) -> None:
        """A customer that the world declares at the start, somewhere in its term."""
        firm = self.firm
        market = firm.market
        market.needs_so_far[account] = 1
        traits = firm.deck.traits(account, 0)
        need = Need(account, 0, firm.env.now, traits)
        need.relationship = firm.lowered.customer_trust
        need.brand = firm.entry_trust()
        need.known = need.closed = True
        need.deal = priced(need.deal, firm.phase.price)
        need.stage = Stage.CUSTOMER
        market.memory[account] = need
        left = int(uniform(firm.key, account, Purpose.INITIAL_TERM, 0) * firm.phase.term + 0.5)
        firm.note(Kind.CUSTOMER, need, value=left / DAY, amount=need.deal)
        people = firm.sales.reps.people()
        owner = people[account % len(people)].worker if people else None
        self._serve(Customer(need, owner), firm.env.now + left)

    def win(self, need: Need, owner: Worker | None) -> None:
        """A won account becomes a customer of the rep who won it."""
        firm = self.firm
        firm.market.memory[need.account] = need
        if owner is not None and not owner.on_roll:
            owner = firm.sales.least_loaded()
        self._serve(Customer(need, owner), firm.env.now + firm.phase.term)
        firm.add_goodwill(firm.phase.goodwill_per_customer)

    def _serve(self, customer: Customer, renewal: int) -> None:
        self.active[customer.need.account] = customer
        self.firm.reviews += self.firm.phase.reviews_per_customer
        env = self.firm.env
        env.start(self._renewals(customer, renewal))
        env.start(self._care(customer))
        env.start(self._referrals(customer))

    def hand_on(self, worker: Worker) -> None:
        """A rep leaves: the rep's customers go to the colleagues in turn, by account."""
        people = self.firm.sales.reps.people()
        for account in sorted(a for a, c in self.active.items() if c.owner is worker):
            self.active[account].owner = people[account % len(people)].worker if people else None

    # -- staying -----------------------------------------------------------------------------------------------------

    def _renewals(self, customer: Customer, renewal: int) -> Generator[Event, None, None]:
        """Process: at the end of each term the customer stays or leaves, on the trust held then."""
        firm, env, need = self.firm, self.firm.env, customer.need
        number = 0
        while True:
            yield env.until(renewal, Rank.RENEWAL, need.account, number)
            phase = firm.phase
            p = renews(firm.total_trust(need), phase.churn, phase.term / DAY, phase.churn_trust, phase.churn_slope)
            n = 64 * need.number + number
            if uniform(firm.key, need.account, Purpose.RENEWAL, n) >= p:
                break
            firm.note(Kind.RENEWED, need, item=number, value=p, amount=need.deal)
            firm.climate.bill(need.deal)
            firm.add_goodwill(phase.goodwill_per_customer)
            renewal = env.now + phase.term
            number += 1
        customer.active = False
        del self.active[need.account]
        need.stage = Stage.PAST_CUSTOMER
        need.known_at = env.now
        firm.note(Kind.CHURNED, need, item=number, value=p)
        firm.market.schedule_next(need.account)

    # -- care and referral -------------------------------------------------------------------------------------------

    def _care(self, customer: Customer) -> Generator[Event, Any, None]:
        """Process: care calls at even intervals; one that nobody has time for lapses when the next is due."""
        firm, env, need = self.firm, self.firm.env, customer.need
        interval = firm.phase.care_interval
        if interval <= 0.0:
            return
        u = uniform(firm.key, need.account, Purpose.CARE, 1024 * need.number)
        due = env.now + int(u * interval * DAY + 0.5)
        count = 0
        while True:
            yield env.until(due, Rank.CARE, need.account, count)
            if not customer.active:
                return
            phase = firm.phase
            if phase.care_interval <= 0.0:
                return
            due = due + int(phase.care_interval * DAY + 0.5)
            queued = env.now
            desk = firm.sales.reps.desk
            worker = yield desk.request(
                phase.priority_care,
                task_number(need, 3),
                owner=customer.owner,
                patience_until=due - 1,
                entity=need.account,
                sequence=PATIENCES_PER_NEED * need.number + 3,
            )
            count += 1
            if worker is None:
                continue
            reps = firm.sales.reps
            u = uniform(firm.key, need.account, Purpose.CARE, 1024 * need.number + count)
            hours = task_hours(u, firm.phase.care_hours, firm.phase.hours_law, firm.phase.hours_sigma)
            finish, desk_hours = reps.finish(worker.person, hours)
            code = firm.phase.care_touch
            firm.note(
                Kind.TASK,
                need,
                touchpoint=code,
                team=Team.SALES,
                person=worker.number,
                hours=desk_hours,
                value=(env.now - queued) / DAY,
            )
            yield env.until(finish, Rank.TASK_END, reps.entity(worker.seat), worker.person.incumbent)
            reps.desk.release(worker)
            if not customer.active:
                return
            strength = effective_strength(firm.phase.touchpoints[code].strength, reps.effect(worker.person))
            firm.touch(need, code, worker.number, count, strength)
            if due < env.now:
                due = env.now + 1

    def _referrals(self, customer: Customer) -> Generator[Event, None, None]:
        """Process: now and then the customer recommends us to another account, which opens a need."""
        firm, env, need = self.firm, self.firm.env, customer.need
        if firm.phase.referral_rate <= 0.0:
            return
        count = 0
        while True:
            n = 1024 * need.number + count
            days = exponential(uniform(firm.key, need.account, Purpose.REFERRAL, n), 1.0 / firm.phase.referral_rate)
            yield env.until(env.now + int(days * DAY + 0.5), Rank.REFERRAL, need.account, count)
            if not customer.active or firm.phase.referral_rate <= 0.0:
                return
            account = choose(uniform(firm.key, need.account, Purpose.REFERRED_ACCOUNT, n), firm.lowered.accounts)
            if account not in firm.market.open and account not in self.active:
                firm.market.open_need(account, referred_by=need.account)
            count += 1
