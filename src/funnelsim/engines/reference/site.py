"""The site: visitors fill carts, leave them or buy, without a person or with an answer from one."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from simpy.events import Event

from funnelsim.engines.reference.opportunities import PATIENCES_PER_NEED, SALES, task_number
from funnelsim.events import DAY, Kind, Rank, Source, Stage, Team
from funnelsim.randomness import Purpose, exponential, uniform
from funnelsim.rules.incentives import priced
from funnelsim.rules.people import pay_of_day
from funnelsim.rules.selling import task_hours
from funnelsim.rules.site import ASSIST_NONE, ASSIST_SDRS, abandons, fills_cart

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm, Need

ASSIST_TASK: Final = 6
"""Task number of a need: a visitor's question."""
ASSIST_PATIENCE: Final = 62
"""Place of the end of a visitor's patience among those of a need."""
CARTS_PER_NEED: Final = 1024
MINUTE: Final = 60_000_000
WHOLE_POST: Final = 1_000_000


class Site:
    """Self-service."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm

    def visit(self, need: Need, n: int) -> None:
        """A buyer is on the site; one who trusts us enough may fill a cart.

        Parameters
        ----------
        need : Need
            Of the visitor.
        n : int
            Address of the moment that brought it here: all that becomes of the visit hangs on it.
        """
        firm = self.firm
        phase = firm.phase
        if not phase.site_enabled or need.in_cart or need.stopped or not need.fits:
            return
        price = priced(need.deal, phase.price)
        if price > phase.site_deal_limit or firm.total_trust(need) < phase.site_trust_share * need.threshold:
            return
        p = fills_cart(phase.cart, firm.reviews, phase.reviews_enough, phase.review_gain)
        if uniform(firm.key, need.account, Purpose.CART, n) >= p:
            return
        need.in_cart = True
        need.carts += 1
        firm.note(Kind.CART, need, source=Source.SITE, item=need.carts - 1, amount=price)
        if phase.assist == ASSIST_NONE:
            self._settle(need, n, False)
        else:
            firm.env.start(self._question(need, n))

    def _question(self, need: Need, n: int) -> Generator[Event, Any, None]:
        """Process: the visitor waits a little for somebody to answer, then decides."""
        firm, env, sales = self.firm, self.firm.env, self.firm.sales
        phase, queued = firm.phase, firm.env.now
        crew = sales.sdrs if phase.assist == ASSIST_SDRS else sales.reps
        days = exponential(uniform(firm.key, need.account, Purpose.ASSIST_PATIENCE, n), phase.assist_patience)
        worker = yield crew.desk.request(
            phase.priority_assist,
            task_number(need, ASSIST_TASK),
            patience_until=queued + int(days * DAY + 0.5),
            entity=need.account,
            sequence=PATIENCES_PER_NEED * need.number + ASSIST_PATIENCE,
        )
        if worker is None:
            self._settle(need, n, False)
            return
        crew, phase, waited = sales.crew_of(worker), firm.phase, env.now - queued
        u = uniform(firm.key, need.account, Purpose.ASSIST_HOURS, n)
        hours = task_hours(u, phase.assist_hours, phase.hours_law, phase.hours_sigma)
        finish, desk_hours = crew.finish(worker.person, hours)
        where: dict[str, Any] = {"team": SALES, "person": worker.number, "source": Source.SITE}
        firm.note(Kind.ASSISTED, need, **where, item=need.carts - 1, value=waited / MINUTE)
        firm.note(Kind.TASK, need, **where, touchpoint=phase.call_touch, hours=desk_hours, value=waited / DAY)
        yield env.until(finish, Rank.TASK_END, crew.entity(worker.seat), worker.person.incumbent)
        crew.desk.release(worker)
        self._settle(need, n, True)

    def _settle(self, need: Need, n: int, answered: bool) -> None:
        """The visitor buys or leaves the cart behind; a reminder may bring it back."""
        firm, env = self.firm, self.firm.env
        phase = firm.phase
        need.in_cart = False
        gone = need.closed or need.stopped
        p = abandons(phase.abandon, answered, phase.assist_effect)
        if not gone and uniform(firm.key, need.account, Purpose.ABANDON, n) >= p:
            self._sold(need)
            return
        cart = need.carts - 1
        reminded = not gone and need.known and not need.unsubscribed and phase.recovery > 0.0
        firm.note(Kind.ABANDONED, need, source=Source.SITE, item=cart, value=1.0 if reminded else 0.0)
        if not reminded or uniform(firm.key, need.account, Purpose.RECOVER, n) >= phase.recovery:
            return
        need.left_at = env.now
        days = exponential(uniform(firm.key, need.account, Purpose.RECOVERY_DELAY, n), phase.recovery_days)
        sequence = CARTS_PER_NEED * need.number + cart & 0xFFFFFF
        back = partial(self._comes_back, need, cart)
        env.call_at(env.now + int(days * DAY + 0.5), Rank.CART, need.account, sequence, back)

    def _comes_back(self, need: Need, cart: int, _: object) -> None:
        """The reminder has worked, unless the buyer is gone or has filled another cart since."""
        firm = self.firm
        if need.closed or need.stopped or cart != need.carts - 1:
            return
        days = (firm.env.now - need.left_at) / DAY
        firm.note(Kind.RECOVERED, need, source=Source.SITE, item=cart, value=days)
        self._sold(need)

    def _sold(self, need: Need) -> None:
        """The buyer has bought without a person; a case of sales that still waits for it goes cold."""
        firm = self.firm
        need.stage = Stage.CUSTOMER
        firm.sales.need_is_over(need)
        need.deal = priced(need.deal, firm.phase.price)
        days = (firm.env.now - need.opened) / DAY
        firm.note(Kind.WON, need, source=Source.SITE, value=days, amount=need.deal)
        firm.market.close_need(need, Stage.CUSTOMER)
        firm.customers.win(need, None)

    def pay(self, index: int, days: int) -> None:
        """Pay what the site costs on working day `index` of the year's `days`."""
        firm = self.firm
        cost = firm.phase.site_cost
        if cost > 0:
            amount = pay_of_day(cost, WHOLE_POST, index, days)
            firm.note(Kind.TOOLS_COST, team=Team.MARKETING, amount=amount)
