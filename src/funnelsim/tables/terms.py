"""Paid terms of customers: what they bill, what they earn when, and what the customers are worth.

Money is integer cents. What a term has earned by a moment is the floor of its price times the share of the term that
has passed; every amount of a period is the difference of two such floors, so that any cut adds up exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, Kind, Product
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.lookup import Latest, Lookup, first_of_each, last_of_each
from funnelsim.tables.reading import NEVER, Reading, categories, moments, pick, reading, total_trust
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

YEAR = 365.0
PRODUCTS = ["core", "entry", "addon", "premium"]
"""Names of products; the core product has the code -1 in the log and stands first here."""
_CHUNK = 100_000  # numbers worked on at a time: few enough to stay near the processor
_NUDGE = 1e-6  # cents: a whole number of cents that floats put a hair too low stays whole
CONTRACTS = (Kind.CUSTOMER, Kind.WON, Kind.RENEWED, Kind.UPSOLD, Kind.CROSS_SOLD)
"""Rows that begin a term, for customers under contract."""
AT_ONCE = (Kind.WON, Kind.PURCHASE, Kind.UPSOLD)
"""Rows that bring revenue, for customers who buy again and again."""
SpellOf = Callable[[Rows], np.ndarray]


class Terms:
    """Arrays with one entry per paid term of a product, in order of the log.

    A won deal, an add-on sold with it or later, the renewal of a product and a customer declared at the start of the
    burn-in each begin one. Where customers buy without a contract, each purchase is a term that is over at once.

    Attributes
    ----------
    rows : Rows
        The row that began each term.
    product : numpy.ndarray
        Code of the product, see `funnelsim.events.Product`.
    is_first : numpy.ndarray
        Which are terms of a customer's first product: one per customer at a time.
    length, start, end : numpy.ndarray
        How long it lasts (the contract term of its first day; what is bought during a term lasts as long as that), its
        first and last moment (a declared customer's term began before the log).
    yearly, billed : numpy.ndarray
        Price per year and price of the term, cents.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.is_repeat = reading.world.customers.purchase == "repeat"
        self.rows = reading.rows(*(AT_ONCE if self.is_repeat else CONTRACTS))
        self.product = products(self.rows)
        kind = self.rows["kind"]
        self.yearly = self.rows["amount"]
        if self.is_repeat:
            self.is_first = np.zeros(len(self.rows), dtype=bool)
            self.length = np.ones(len(self.rows), dtype=np.int64)
            self.start = self.rows["time"]
            self.end = self.start + self.length
            self.billed = self.yearly
            return
        sold_later = (kind == int(Kind.UPSOLD)) | (kind == int(Kind.CROSS_SOLD))
        self.is_first = ~sold_later & first_of_renewal(self.rows)
        term_days = reading.dated.values(lambda state: state.world.customers.term_days, self.rows["time"])
        length = np.floor(term_days * DAY + 0.5).astype(np.int64)
        is_cut = (kind == int(Kind.CUSTOMER)) | (kind == int(Kind.CROSS_SOLD))
        remaining = np.where(is_cut, np.floor(self.rows["value"] * DAY + 0.5), length).astype(np.int64)
        self.length = np.where(kind == int(Kind.CROSS_SOLD), remaining, length)
        self.end = self.rows["time"] + remaining
        self.start = self.end - self.length
        days = np.where(kind == int(Kind.CROSS_SOLD), self.rows["value"], term_days)
        self.billed = np.floor(self.yearly * (days / YEAR) + 0.5).astype(np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def earned(self, time: np.ndarray) -> np.ndarray:
        """Return the cents that all terms together have earned by each moment."""
        day = time // DAY
        if (day * DAY == time).all() and (day >= 0).all() and (day <= self._reading.clock.days).all():
            return self._earned_by_day[day]
        order = np.argsort(time, kind="stable")
        earned = np.empty(len(time), dtype=np.int64)
        earned[order] = self._earned_in_order(time[order])
        return earned

    @cached_property
    def _earned_by_day(self) -> np.ndarray:
        """Cents that all terms together have earned by the beginning of each day of the window, and by its end."""
        return self._earned_in_order(np.arange(self._reading.clock.days + 1) * DAY)

    def _earned_in_order(self, time: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """Return the cents earned by each of many moments, in order of time, by all terms or by `which` of them.

        Terms that begin near one another are worked on together, only at the moments at which one of them is running.
        """
        earned = np.zeros(len(time), dtype=np.int64)
        order = np.argsort(self.start, kind="stable")
        if which is not None:
            order = order[which[order]]
        step = max(1, _CHUNK // max(1, len(time)))
        for first in range(0, len(order), step):
            terms = order[first : first + step]
            begin = int(np.searchsorted(time, self.start[terms[0]], side="right"))
            over = int(np.searchsorted(time, self.end[terms].max(), side="left"))
            earned[begin:over] += self._of_each(terms, time[begin:over, None]).sum(axis=1)
            earned[over:] += self.billed[terms].sum()
        return earned

    def _of_each(self, terms: np.ndarray, time: np.ndarray | int) -> np.ndarray:
        """Return the cents that each of some terms has earned by a moment."""
        passed = np.clip((time - self.start[terms]) / self.length[terms], 0.0, 1.0)
        return np.floor(passed * self.billed[terms] + _NUDGE).astype(np.int64)

    def earned_in_window(self) -> np.ndarray:
        """Return the cents that each term earned inside the window."""
        every = np.arange(len(self))
        return self._of_each(every, self._reading.end) - self._of_each(every, 0)

    def earned_between(self, edges: np.ndarray) -> np.ndarray:
        """Return the cents earned in each period between successive moments."""
        return np.diff(self.earned(edges))

    def earned_of_product(self, edges: np.ndarray, product: int) -> np.ndarray:
        """Return the cents that one product earned in each period between successive moments, in order of time."""
        return np.diff(self._earned_in_order(edges, self.product == product))

    def cost_of_goods_between(self, edges: np.ndarray) -> np.ndarray:
        """Return the cost of goods of what was earned in each period, cents, at the margin of each date and product.

        Exact for edges that begin at day 0.
        """
        goods = np.zeros(len(edges))
        sold = np.unique(self.product)
        for product in sold:
            goods = goods + self._goods_until(edges, int(product), product if len(sold) > 1 else None)
        return np.diff(np.floor(goods + 0.5).astype(np.int64))

    def goods_of_product(self, edges: np.ndarray, product: int) -> np.ndarray:
        """Return the cost of goods of one product in each period between successive moments, cents."""
        return np.diff(np.floor(self._goods_until(edges, product, product) + 0.5).astype(np.int64))

    def _goods_until(self, edges: np.ndarray, product: int, only: int | None) -> np.ndarray:
        """Return the cost of goods of a product until each moment, cents; `only` None: there is no other product."""
        dated = self._reading.dated
        starts = np.maximum(dated.since, 0)
        ends = np.append(starts[1:], NEVER)
        goods = np.zeros(len(edges))
        for begin, end, margin in zip(starts, ends, dated.each(margin_of(product)), strict=True):
            if end > begin and begin < edges.max():
                moments = np.concatenate(([begin], np.clip(edges, begin, end)))
                earned = self.earned(moments) if only is None else self._earned_of(moments, only)
                goods = goods + (earned[1:] - earned[0]) * (1.0 - margin)
        return goods

    def _earned_of(self, time: np.ndarray, product: int) -> np.ndarray:
        order = np.argsort(time, kind="stable")
        earned = np.empty(len(time), dtype=np.int64)
        earned[order] = self._earned_in_order(time[order], self.product == product)
        return earned

    def billed_in_window(self) -> tuple[np.ndarray, np.ndarray]:
        """Return days and cents of the terms that began inside the window."""
        inside = (self.start >= 0) & (self.start < self._reading.end)
        return self.start[inside] // DAY, self.billed[inside]

    def active(self, time: int) -> np.ndarray:
        """Return which terms run at a moment."""
        return (self.start <= time) & (time < self.end)

    def customers(self, time: np.ndarray) -> np.ndarray:
        """Return the number of paying customers at each moment."""
        if self.is_repeat:
            come = np.sort(self._reading.rows(Kind.CUSTOMER, Kind.WON)["time"])
            gone = np.sort(self._reading.rows(Kind.CHURNED)["time"])
            return np.searchsorted(come, time, side="right") - np.searchsorted(gone, time, side="right")
        starts, ends = np.sort(self.start[self.is_first]), np.sort(self.end[self.is_first])
        return np.searchsorted(starts, time, side="right") - np.searchsorted(ends, time, side="right")

    def value(self, time: int) -> float:
        """Return what the customers of a moment are still worth, USD.

        Notes
        -----
        Margin still to be earned of the present term, plus annual margin times `renewal_factor`; margin, churn and
        discount rate are those of the moment. Where customers buy without a contract the annual margin is that of
        the purchases of the last 365 days by those who are still customers.
        """
        state = self._reading.dated.at(time)
        now = self._bought_lately(time) if self.is_repeat else self.active(time)
        worth = 0.0
        for product in np.unique(self.product[now]):
            mine = now & (self.product == product)
            later = self.yearly[mine].sum() * renewal_factor(state)
            left = 0 if self.is_repeat else (self.billed[mine] - self._of_each(np.flatnonzero(mine), time)).sum()
            worth += float((left + later) * margin_of(int(product))(state) / 100.0)
        return worth

    def _bought_lately(self, time: int) -> np.ndarray:
        """Return which purchases were made in the last year by accounts that have not left since."""
        left = self._reading.rows(Kind.CHURNED)
        left = left[left["time"] <= time]
        last = Lookup(left["account"].astype(np.int64)).last(self.rows["account"].astype(np.int64))
        stays = pick(left.at.astype(np.int64), last, -1) < self.rows.at
        lately = (self.start <= time) & (self.start > time - int(YEAR) * DAY)
        return lately & stays & (self.rows["kind"] != int(Kind.WON))


def products(rows: Rows) -> np.ndarray:
    """Return the code of the product that each row is about."""
    return rows["touchpoint"].astype(np.int64)


def first_of_renewal(rows: Rows) -> np.ndarray:
    """Return which rows are the first of a renewal: of the rows of one account and moment, one per product."""
    account, time, kind = rows["account"], rows["time"], rows["kind"]
    again = np.zeros(len(rows), dtype=bool)
    again[1:] = (account[1:] == account[:-1]) & (time[1:] == time[:-1]) & (kind[1:] == kind[:-1])
    return ~(again & (kind == int(Kind.RENEWED)))


def margin_of(product: int) -> Callable[[Scenario], float]:
    """Return what reads the margin of a product from a scenario."""
    return {
        int(Product.ENTRY): lambda state: state.world.portfolio.entry_margin,
        int(Product.ADDON): lambda state: state.world.portfolio.addon_margin,
        int(Product.PREMIUM): lambda state: state.world.portfolio.premium_margin,
    }.get(product, gross_margin)


def gross_margin(scenario: Scenario) -> float:
    """Return the gross margin of revenue."""
    return scenario.world.finance.gross_margin


def renewal_factor(scenario: Scenario) -> float:
    """Return the present value of all renewals of one dollar a year: r / (1 + i - r).

    r = 1 - ``customers.churn`` and i = ``finance.discount_rate``; the first dollar, of the present term, is not in it.
    NaN when nobody ever leaves and nothing is discounted: the sum has no limit.
    """
    stay = 1.0 - scenario.world.customers.churn
    gap = 1.0 + scenario.world.finance.discount_rate - stay
    return stay / gap if gap > 0.0 else float("nan")


def customers(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """One row per customer of the measurement window: from the first purchase until they left.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    import pandas as pd

    this = reading(log, scenario)
    rows = this.rows(Kind.CUSTOMER, Kind.WON)
    begun = Latest(rows["account"], rows["time"])

    def spell(others: Rows) -> np.ndarray:
        return begun.of(others["account"], others["time"])

    left = this.rows(Kind.CHURNED)
    ended = pick(left["time"], first_of_each(spell(left), len(rows)), NEVER)
    renewals = this.rows(Kind.RENEWED)
    renewals = renewals[first_of_renewal(renewals)]
    purchases = this.rows(Kind.PURCHASE)
    bought = spell(purchases)
    of_renewal = spell(renewals)
    last_row = this.rows(Kind.CUSTOMER, Kind.WON, Kind.RENEWED, Kind.CHURNED)
    last = last_of_each(spell(last_row), len(rows))
    table = pd.DataFrame(
        {
            "account": rows["account"].astype(np.int64),
            "declared": rows["kind"] == int(Kind.CUSTOMER),
            "since": moments(rows["time"], this.clock),
            "left": moments(ended, this.clock),
            "active": ended == NEVER,
            "product": categories(np.maximum(products(rows), 0), PRODUCTS),
            "yearly_price": rows["amount"] / 100.0,
            "added_price": _added_by_spell(this, spell, len(rows)) / 100.0,
            "purchases": np.bincount(bought[bought >= 0], minlength=len(rows)),
            "renewals": np.bincount(of_renewal[of_renewal >= 0], minlength=len(rows)),
            "earned": _earned_by_spell(this, spell, len(rows)) / 100.0,
            "care_calls": _care(this, spell, len(rows)),
            "trust": pick(total_trust(last_row), last, np.nan),
        }
    )
    return table[ended >= 0].reset_index(drop=True)


def _earned_by_spell(this: Reading, spell: SpellOf, n: int) -> np.ndarray:
    """Return the cents that each customer earned inside the window."""
    cents = this.terms.earned_in_window()
    owner = spell(this.terms.rows)
    return np.bincount(owner[owner >= 0], weights=cents[owner >= 0], minlength=n)


def _added_by_spell(this: Reading, spell: SpellOf, n: int) -> np.ndarray:
    """Return the cents a year that each customer has bought beside its first purchase."""
    added = this.rows(Kind.UPSOLD, Kind.CROSS_SOLD, Kind.TRADED_UP)
    owner = spell(added)
    return np.bincount(owner[owner >= 0], weights=added["amount"][owner >= 0], minlength=n)


def _care(this: Reading, spell: SpellOf, n: int) -> np.ndarray:
    """Return the care calls that each customer had inside the window."""
    touches = this.measured(Kind.TOUCH)
    calls = touches[this.is_care(touches)]
    owner = spell(calls)
    return np.bincount(owner[owner >= 0], minlength=n)
