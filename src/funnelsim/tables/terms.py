"""Paid terms of customers: what they bill, what they earn when, and what the customers are worth.

Money is integer cents. What a term has earned by a moment is the floor of its price times the share of the term that
has passed; every amount of a period is the difference of two such floors, so that any cut adds up exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, Kind
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.lookup import Latest, first_of_each, last_of_each
from funnelsim.tables.reading import NEVER, Reading, moments, pick, reading, total_trust
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

YEAR = 365.0
_CHUNK = 100_000  # numbers worked on at a time: few enough to stay near the processor
_NUDGE = 1e-6  # cents: a whole number of cents that floats put a hair too low stays whole
SpellOf = Callable[[Rows], np.ndarray]


class Terms:
    """Arrays with one entry per paid term, in order of the log.

    A won deal, a renewal and a customer declared at the start of the burn-in each begin one.

    Attributes
    ----------
    rows : Rows
        The row that began each term.
    length, start, end : numpy.ndarray
        How long it lasts (the contract term of its first day), its first and last moment (a declared customer's term
        began before the log).
    yearly, billed : numpy.ndarray
        Price per year and price of the term, cents.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.rows = reading.rows(Kind.CUSTOMER, Kind.WON, Kind.RENEWED)
        term_days = reading.dated.values(lambda state: state.world.customers.term_days, self.rows["time"])
        self.length = np.floor(term_days * DAY + 0.5).astype(np.int64)
        declared = self.rows["kind"] == int(Kind.CUSTOMER)
        remaining = np.where(declared, np.floor(self.rows["value"] * DAY + 0.5), self.length).astype(np.int64)
        self.end = self.rows["time"] + remaining
        self.start = self.end - self.length
        self.yearly = self.rows["amount"]
        self.billed = np.floor(self.yearly * (term_days / YEAR) + 0.5).astype(np.int64)

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

    def _earned_in_order(self, time: np.ndarray) -> np.ndarray:
        """Return the cents earned by each of many moments, in order of time.

        Terms that begin near one another are worked on together, only at the moments at which one of them is running.
        """
        earned = np.zeros(len(time), dtype=np.int64)
        order = np.argsort(self.start, kind="stable")
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

    def cost_of_goods_between(self, edges: np.ndarray) -> np.ndarray:
        """Return the cost of goods of what was earned in each period, cents, at the margin of each date.

        Exact for edges that begin at day 0.
        """
        dated = self._reading.dated
        starts = np.maximum(dated.since, 0)
        ends = np.append(starts[1:], NEVER)
        goods = np.zeros(len(edges))
        for begin, end, margin in zip(starts, ends, dated.each(gross_margin), strict=True):
            if end > begin and begin < edges.max():
                earned = self.earned(np.concatenate(([begin], np.clip(edges, begin, end))))
                goods = goods + (earned[1:] - earned[0]) * (1.0 - margin)
        return np.diff(np.floor(goods + 0.5).astype(np.int64))

    def billed_in_window(self) -> tuple[np.ndarray, np.ndarray]:
        """Return days and cents of the terms that began inside the window."""
        inside = (self.start >= 0) & (self.start < self._reading.end)
        return self.start[inside] // DAY, self.billed[inside]

    def active(self, time: int) -> np.ndarray:
        """Return which terms run at a moment."""
        return (self.start <= time) & (time < self.end)

    def customers(self, time: np.ndarray) -> np.ndarray:
        """Return the number of paying customers at each moment."""
        starts, ends = np.sort(self.start), np.sort(self.end)
        return np.searchsorted(starts, time, side="right") - np.searchsorted(ends, time, side="right")

    def value(self, time: int) -> float:
        """Return what the customers of a moment are still worth, USD.

        Notes
        -----
        Margin still to be earned of the present term, plus annual margin times `renewal_factor`; margin, churn and
        discount rate are those of the moment.
        """
        now = self.active(time)
        state = self._reading.dated.at(time)
        to_earn = self.billed[now] - self._of_each(np.flatnonzero(now), time)
        later = self.yearly[now].sum() * renewal_factor(state)
        return float((to_earn.sum() + later) * gross_margin(state) / 100.0)


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
            "yearly_price": rows["amount"] / 100.0,
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


def _care(this: Reading, spell: SpellOf, n: int) -> np.ndarray:
    """Return the care calls that each customer had inside the window."""
    touches = this.measured(Kind.TOUCH)
    calls = touches[this.is_care(touches)]
    owner = spell(calls)
    return np.bincount(owner[owner >= 0], minlength=n)
