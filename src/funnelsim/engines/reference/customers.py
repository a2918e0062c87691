"""Customers: care, renewal, referral, further products, repeat purchases, winning back."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from funnelsim.engines.reference.desk import Worker
from funnelsim.engines.reference.firm import Need
from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED, task_number
from funnelsim.engines.reference.portfolio import Portfolio, first_price
from funnelsim.events import DAY, NO_CODE, Kind, Product, Rank, Stage, Team
from funnelsim.randomness import Purpose, choose, exponential, lognormal, uniform
from funnelsim.rules.customers import bought_cheap, buys_more, drops_out, renews
from funnelsim.rules.incentives import priced
from funnelsim.rules.selling import effective_strength, task_hours

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm
    from funnelsim.scenario.lowered import Phase

SPELL = 4096
"""Place of a customer's events among those of its account: 4096 need + count."""
REWARDED = 1 << 23
"""Above the places of referrals that come without a reward."""
REWARDED_DRAW = 1 << 40
WIN_BACK_TASK = 5
WIN_BACK_PATIENCE = 63


def place(need: Need, count: int) -> int:
    """Place of an event of a customer in the order of the instant."""
    return SPELL * need.number + count & 0xFFFFFF


class Customer:
    """An account that pays us: its products with their prices a year in cents, and until when they are paid."""

    __slots__ = (
        "active", "addon", "core", "entry", "is_premium", "need", "owner", "retained", "retentions", "term_end",
        "via_entry",
    )  # fmt: skip

    def __init__(self, need: Need, owner: Worker | None, price: int) -> None:
        self.need = need
        self.owner = owner
        self.active = True
        self.via_entry = need.product == Product.ENTRY
        self.entry = price if self.via_entry else 0
        self.core = 0 if self.via_entry else price
        self.addon = 0
        self.is_premium = False
        self.term_end = need.opened
        self.retained = False
        self.retentions = 0

    @property
    def person(self) -> int:
        """Number of the rep whose customer it is, -1 for nobody."""
        return NO_CODE if self.owner is None else self.owner.number

    @property
    def first_product(self) -> int:
        """What it came with, or what has taken its place."""
        if self.via_entry:
            return Product.ENTRY
        return Product.PREMIUM if self.is_premium else Product.CORE

    def products(self) -> list[tuple[int, int]]:
        """Products and prices, the first product first."""
        core = Product.PREMIUM if self.is_premium else Product.CORE
        found = [(int(Product.ENTRY), self.entry), (int(core), self.core), (int(Product.ADDON), self.addon)]
        first = self.first_product
        return [(product, price) for product, price in found if price > 0 or product == first]


class Customers:
    """All customers."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.active: dict[int, Customer] = {}
        self.portfolio = Portfolio(firm)

    def begin(self) -> None:
        """Start the reviews of the portfolio."""
        self.firm.env.start(self.portfolio.reviews())

    def phase_changed(self, before: Phase) -> None:
        """A product that is offered anew is on offer; who is to be kept in touch with now is."""
        self.portfolio.phase_changed(before)
        if self.firm.phase.retention_interval > 0.0:
            for account in sorted(self.active):
                self._retain(self.active[account])

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
        self._serve(Customer(need, owner, need.deal), firm.env.now + left)

    def win(self, need: Need, owner: Worker | None) -> None:
        """A won account becomes a customer of the rep who won it."""
        firm = self.firm
        firm.market.memory[need.account] = need
        if owner is not None and not owner.on_roll:
            owner = firm.sales.least_loaded()
        price = first_price(need, firm.phase)
        customer = Customer(need, owner, price)
        self.portfolio.bill(customer, need.product, price)
        self.portfolio.upsell(customer, price, need.threshold, need.number << 16)
        self._serve(customer, firm.env.now + firm.phase.term)
        firm.add_goodwill(firm.phase.goodwill_per_customer)

    def _serve(self, customer: Customer, renewal: int) -> None:
        self.active[customer.need.account] = customer
        customer.term_end = renewal
        self.firm.reviews += self.firm.phase.reviews_per_customer
        env = self.firm.env
        if self.firm.lowered.repeat:
            env.start(self._purchases(customer))
        else:
            env.start(self._renewals(customer, renewal))
            env.start(self.portfolio.cross_selling(customer))
        env.start(self._care(customer))
        env.start(self._referrals(customer))
        env.start(self._rewarded_referrals(customer))
        if self.firm.phase.retention_interval > 0.0:
            self._retain(customer)

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
            trust = firm.total_trust(need)
            ratio = bought_cheap(need.discount, phase.discount_harm)
            p = renews(trust, phase.churn, phase.term / DAY, phase.churn_trust, phase.churn_slope, ratio)
            n = 64 * need.number + number
            if uniform(firm.key, need.account, Purpose.RENEWAL, n) >= p:
                break
            self.portfolio.trade_up(customer, trust, number)
            for product, price in customer.products():
                firm.note(Kind.RENEWED, need, touchpoint=product, item=number, value=p, amount=price)
                self.portfolio.bill(customer, product, price)
            firm.add_goodwill(phase.goodwill_per_customer)
            renewal = env.now + phase.term
            customer.term_end = renewal
            number += 1
        self._leaves(customer, number, p)

    def _purchases(self, customer: Customer) -> Generator[Event, None, None]:
        """Process: the customer buys again at its own rate until it drops out after a purchase."""
        firm, env, need = self.firm, self.firm.env, customer.need
        key, account = firm.key, need.account
        rates, chances = firm.lowered.purchase_rates, firm.lowered.dropout_chances
        rate = rates[choose(uniform(key, account, Purpose.PURCHASE_RATE, need.number), len(rates))]
        chance = chances[choose(uniform(key, account, Purpose.DROPOUT_RATE, need.number), len(chances))]
        count = 0
        while True:
            n = (need.number << 16) + count
            days = exponential(uniform(key, account, Purpose.PURCHASE_GAP, n), 1.0 / rate)
            yield env.until(env.now + int(days * DAY + 0.5), Rank.PURCHASE, account, place(need, count))
            phase = firm.phase
            sigma = phase.spend_sigma
            price = int(lognormal(uniform(key, account, Purpose.SPEND, n), float(need.deal), sigma) + 0.5)
            firm.note(Kind.PURCHASE, need, item=count, amount=price)
            firm.climate.bill(price)
            self.portfolio.upsell(customer, price, phase.churn_trust, n + 1)
            count += 1
            ratio = bought_cheap(need.discount, phase.discount_harm)
            p = drops_out(firm.total_trust(need), chance, phase.churn_trust, phase.churn_slope, ratio)
            if uniform(key, account, Purpose.DROPOUT, n) < p:
                break
        self._leaves(customer, count, 1.0 - p)

    def _leaves(self, customer: Customer, number: int, p: float) -> None:
        """The account is no customer any more."""
        firm, need = self.firm, customer.need
        customer.active = False
        del self.active[need.account]
        need.stage = Stage.PAST_CUSTOMER
        need.known_at = firm.env.now
        firm.note(Kind.CHURNED, need, touchpoint=customer.first_product, item=number, value=p)
        firm.market.schedule_next(need.account)
        if firm.phase.win_back > 0:
            firm.env.start(self._win_back(customer, number, firm.phase.win_back))

    def _win_back(self, customer: Customer, number: int, wait: int) -> Generator[Event, Any, None]:
        """Process: some time after a customer has left, a rep calls; a need may open on the trust that is left."""
        firm, env, need = self.firm, self.firm.env, customer.need
        yield env.until(env.now + wait, Rank.WIN_BACK, need.account, need.number & 0xFFFFFF)
        if firm.phase.win_back <= 0 or not self._is_away(need):
            return
        reps, queued = firm.sales.reps, env.now
        owner = customer.owner
        worker = yield reps.desk.request(
            firm.phase.priority_care,
            task_number(need, WIN_BACK_TASK),
            owner=owner if owner is not None and owner.on_roll else None,
            patience_until=queued + wait,
            entity=need.account,
            sequence=PATIENCES_PER_NEED * need.number + WIN_BACK_PATIENCE,
        )
        if worker is None:
            return
        phase = firm.phase
        u = uniform(firm.key, need.account, Purpose.WIN_BACK, 2 * need.number + 1)
        hours = task_hours(u, phase.care_hours, phase.hours_law, phase.hours_sigma)
        finish, desk_hours = reps.finish(worker.person, hours)
        code = phase.care_touch
        waited = (env.now - queued) / DAY
        firm.note(
            Kind.TASK, need, touchpoint=code, team=Team.SALES, person=worker.number, hours=desk_hours, value=waited
        )
        yield env.until(finish, Rank.TASK_END, reps.entity(worker.seat), worker.person.incumbent)
        reps.desk.release(worker)
        if not self._is_away(need):
            return
        phase = firm.phase
        strength = effective_strength(phase.touchpoints[code].strength, reps.effect(worker.person))
        firm.touch(need, code, worker.number, number, strength)
        p = buys_more(firm.total_trust(need), phase.win_back_probability, phase.churn_trust, phase.more_slope)
        if uniform(firm.key, need.account, Purpose.WIN_BACK, 2 * need.number) < p:
            firm.note(Kind.WON_BACK, need, team=Team.SALES, person=worker.number, item=number)
            firm.market.open_need(need.account)

    def _is_away(self, need: Need) -> bool:
        """Whether the account has neither come back into the market nor bought since this need."""
        market = self.firm.market
        return need.account not in market.open and market.memory.get(need.account) is need

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

    def _retain(self, customer: Customer) -> None:
        """Start to keep in touch with a customer, unless marketing does already."""
        if not customer.retained:
            customer.retained = True
            self.firm.env.start(self._retention(customer))

    def _retention(self, customer: Customer) -> Generator[Event, None, None]:
        """Process: marketing keeps in touch with a customer at even intervals, until the plan ends it."""
        firm, env, need = self.firm, self.firm.env, customer.need
        u = uniform(firm.key, need.account, Purpose.RETENTION, SPELL * need.number + customer.retentions)
        due = env.now + int(u * firm.phase.retention_interval * DAY + 0.5)
        while True:
            yield env.until(due, Rank.RETENTION, need.account, place(need, customer.retentions))
            phase = firm.phase
            if not customer.active:
                return
            if phase.retention_interval <= 0.0:
                customer.retained = False
                return
            count, code = customer.retentions, phase.retention_touch
            customer.retentions += 1
            firm.note(
                Kind.RETENTION, need, touchpoint=code, team=Team.MARKETING, item=count, amount=phase.retention_cost
            )
            firm.touch(need, code, NO_CODE, count, phase.touchpoints[code].strength)
            due = env.now + max(1, int(phase.retention_interval * DAY + 0.5))

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
            self._refer(customer, n)
            count += 1

    def _rewarded_referrals(self, customer: Customer) -> Generator[Event, None, None]:
        """Process: further referrals that come only if there is a reward for them, the more the larger it is."""
        firm, env, need = self.firm, self.firm.env, customer.need
        if firm.phase.reward_rate <= 0.0:
            return
        count = 0
        while True:
            n = REWARDED_DRAW + 1024 * need.number + count
            days = exponential(uniform(firm.key, need.account, Purpose.REFERRAL, n), 1.0 / firm.phase.reward_rate)
            time = env.now + int(days * DAY + 0.5)
            yield env.until(time, Rank.REFERRAL, need.account, REWARDED + (count & REWARDED - 1))
            phase = firm.phase
            if not customer.active or phase.reward_rate <= 0.0:
                return
            if uniform(firm.key, need.account, Purpose.REFERRAL, REWARDED_DRAW + n) < phase.reward_share:
                self._refer(customer, n)
            count += 1

    def _refer(self, customer: Customer, n: int) -> None:
        """Recommend us to an account; if that opens a need, the reward is due."""
        firm, need = self.firm, customer.need
        account = choose(uniform(firm.key, need.account, Purpose.REFERRED_ACCOUNT, n), firm.lowered.accounts)
        if account in firm.market.open or account in self.active:
            return
        firm.market.open_need(account, referred_by=need.account)
        if firm.phase.reward > 0:
            firm.note(Kind.REFERRAL_REWARD, need, team=Team.MARKETING, amount=firm.phase.reward)
