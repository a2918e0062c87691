"""Products beside the core product: entry product, add-ons, premium product, and the review that may drop one."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from simpy.events import Event

from funnelsim.events import DAY, Kind, Product, Rank, Team
from funnelsim.randomness import Purpose, exponential, uniform
from funnelsim.rules.customers import buys_more, is_occasion, part_of_price, takes_entry

if TYPE_CHECKING:
    from funnelsim.engines.reference.customers import Customer
    from funnelsim.engines.reference.firm import Firm, Need
    from funnelsim.scenario.lowered import Phase

SPELL = 4096
REVIEW_ENTITY = 1
"""Place of the review among the reviews of an instant."""


def first_price(need: Need, phase: Phase) -> int:
    """Annual price of what a buyer takes, cents."""
    return part_of_price(need.deal, phase.entry_price) if need.product == Product.ENTRY else need.deal


class Portfolio:
    """What is on offer, and what it has brought in since the last review."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.dropped = False
        """The entry product."""
        self.billed_entry = 0
        self.billed_later = {Product.CORE: 0, Product.ADDON: 0, Product.PREMIUM: 0}
        """Cents that customers who came with the entry product were billed for other products."""

    @property
    def entry_on_offer(self) -> bool:
        """Whether buyers can take the entry product now."""
        return self.firm.phase.entry_offered and not self.dropped

    def buys_entry(self, need: Need, u: float, p: float) -> bool:
        """Whether a buyer who does not take the core product, with uniform u >= p, takes the entry product."""
        if not self.entry_on_offer or not takes_entry(u, p, self.firm.phase.entry_ratio):
            return False
        need.product = Product.ENTRY
        return True

    def phase_changed(self, before: Phase) -> None:
        """A plan that begins to offer the entry product does so, whatever was decided before."""
        if self.firm.phase.entry_offered and not before.entry_offered:
            self.dropped = False

    # -- selling more ------------------------------------------------------------------------------------------------

    def upsell(self, customer: Customer, price: int, reference: float, n: int) -> None:
        """With a purchase an add-on may be taken."""
        firm, need = self.firm, customer.need
        phase = firm.phase
        p = buys_more(firm.total_trust(need), phase.upsell, reference, phase.more_slope)
        if p <= 0.0 or uniform(firm.key, need.account, Purpose.UPSELL, n) >= p:
            return
        self._sell(customer, Kind.UPSOLD, Product.ADDON, part_of_price(price, phase.upsell_size))

    def cross_selling(self, customer: Customer) -> Generator[Event, None, None]:
        """Process: occasions for another product come and go; reps take them if the plan says so and there is any."""
        firm, env, need = self.firm, self.firm.env, customer.need
        if firm.phase.cross_sell_rate <= 0.0:
            return
        count = 0
        while True:
            n = SPELL * need.number + count
            u = uniform(firm.key, need.account, Purpose.CROSS_SELL, 2 * n)
            days = exponential(u, 1.0 / firm.phase.cross_sell_rate)
            yield env.until(env.now + int(days * DAY + 0.5), Rank.CROSS_SELL, need.account, n & 0xFFFFFF)
            phase = firm.phase
            if not customer.active or phase.cross_sell_rate <= 0.0:
                return
            if phase.cross_sell and firm.sales.reps.people():
                p = is_occasion(firm.total_trust(need), phase.more_slope)
                if uniform(firm.key, need.account, Purpose.CROSS_SELL, 2 * n + 1) < p:
                    self._cross_sell(customer)
            count += 1

    def _cross_sell(self, customer: Customer) -> None:
        """The core product to who has only the entry product, an add-on to everybody else."""
        phase, deal = self.firm.phase, customer.need.deal
        if customer.core == 0:
            self._sell(customer, Kind.CROSS_SOLD, Product.CORE, part_of_price(deal, phase.cross_sell_core))
        else:
            self._sell(customer, Kind.CROSS_SOLD, Product.ADDON, part_of_price(deal, phase.addon_size))

    def _sell(self, customer: Customer, kind: Kind, product: Product, price: int) -> None:
        firm, need = self.firm, customer.need
        if price <= 0:
            return
        crossed = kind == Kind.CROSS_SOLD
        firm.note(
            kind,
            need,
            touchpoint=product,
            team=Team.SALES,
            person=customer.person,
            item=customer.first_product if crossed else -1,
            value=(customer.term_end - firm.env.now) / DAY if crossed else float("nan"),
            amount=price,
        )
        if product == Product.CORE:
            customer.core = price
        else:
            customer.addon += price
        self.bill(customer, product, price)
        commission = part_of_price(price, firm.phase.commission)
        if commission > 0 and customer.owner is not None:
            firm.note(Kind.COMMISSION, need, team=Team.SALES, person=customer.person, amount=commission)

    def trade_up(self, customer: Customer, trust: float, number: int) -> None:
        """At a renewal a customer of the core product may move to the premium product."""
        firm, need = self.firm, customer.need
        phase = firm.phase
        if phase.trade_up <= 0.0 or customer.core == 0 or customer.is_premium or not firm.sales.reps.people():
            return
        p = buys_more(trust, phase.trade_up, phase.churn_trust, phase.more_slope)
        if uniform(firm.key, need.account, Purpose.TRADE_UP, 64 * need.number + number) >= p:
            return
        added = part_of_price(customer.core, phase.trade_up_size)
        customer.core += added
        customer.is_premium = True
        firm.note(
            Kind.TRADED_UP,
            need,
            touchpoint=Product.PREMIUM,
            team=Team.SALES,
            person=customer.person,
            item=number,
            amount=added,
        )

    # -- the review --------------------------------------------------------------------------------------------------

    def bill(self, customer: Customer, product: int, price: int) -> None:
        """Count what is billed: for the budget, and for the review."""
        self.firm.climate.bill(price)
        if product == Product.ENTRY:
            self.billed_entry += price
        elif customer.via_entry:
            self.billed_later[Product(product)] += price

    def reviews(self) -> Generator[Event, None, None]:
        """Process: as a quarter begins, the portfolio may be reviewed."""
        for number, (time, quarter) in enumerate(self.firm.lowered.quarters):
            yield self.firm.env.until(time, Rank.REVIEW, REVIEW_ENTITY, number)
            every = self.firm.phase.review_quarters
            if every > 0 and quarter % every == 0:
                self._review()

    def _review(self) -> None:
        """The entry product is dropped if what is counted is below zero."""
        phase, later = self.firm.phase, self.billed_later
        counted = self.billed_entry * phase.entry_margin
        if phase.review_by_value:
            counted = counted + later[Product.CORE] * phase.core_margin
            counted = counted + later[Product.ADDON] * phase.addon_margin
            counted = counted + later[Product.PREMIUM] * phase.premium_margin
        self.billed_entry = 0
        self.billed_later = dict.fromkeys(later, 0)
        if self.entry_on_offer and counted < 0.0:
            self.dropped = True
            team = Team.SALES if phase.review_by_value else Team.MARKETING
            self.firm.note(
                Kind.PRODUCT_DROPPED,
                touchpoint=Product.ENTRY,
                team=team,
                item=Product.ENTRY,
                value=counted / 100.0,
            )
