"""Opportunities: their meetings, touches and trust, and how the buyer decided."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, NO_AMOUNT, NO_CODE, Kind, Source, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.lookup import Lookup
from funnelsim.tables.reading import (
    NEVER,
    Reading,
    categories,
    days_between,
    enum_names,
    is_team,
    moments,
    pick,
    reading,
    total_trust,
    whole,
)
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ["won", "lost", "no_decision", "open"]
WON, LOST, NO_DECISION, OPEN = range(4)
PROPOSAL = 2
"""The proposal is the third entry of ``selling.meetings``."""


class Opportunities:
    """Arrays with one entry per opportunity, in order of the log; those decided in the burn-in too.

    Attributes
    ----------
    rows : Rows
        The row that opened each opportunity.
    case : numpy.ndarray
        Position of its case, -1 where it has none.
    decided : numpy.ndarray
        When the buyer decided, `NEVER` if not yet.
    outcome : numpy.ndarray
        Position in `OUTCOMES`.
    open_day, end_day, days : numpy.ndarray
        Days at which it was opened and decided, and from the one to the other; NaN if not yet.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.rows = reading.rows(Kind.OPPORTUNITY)
        self.case = reading.cases.of(self.rows)
        self._ends = reading.rows(Kind.WON, Kind.LOST, Kind.NO_DECISION)
        self._end = Lookup(reading.cases.of(self._ends)).first(self.case)
        self.decided = pick(self._ends["time"], self._end, NEVER)
        outcome = np.full(256, OPEN)
        outcome[[int(Kind.WON), int(Kind.LOST), int(Kind.NO_DECISION)]] = [WON, LOST, NO_DECISION]
        self.outcome = pick(outcome[self._ends["kind"]], self._end, OPEN)
        opened = self.rows["time"]
        self.open_day = opened / DAY
        self.end_day = np.where(self.decided == NEVER, np.nan, self.decided / DAY)
        self.days = days_between(opened, self.decided)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def decided_in_window(self) -> np.ndarray:
        """Which were decided inside the measurement window."""
        return self.end_day >= 0

    @cached_property
    def win_rate(self) -> float:
        """Won / decided of those decided in the window, NaN if none was."""
        outcome = self.outcome[self.decided_in_window]
        return float((outcome == WON).mean()) if len(outcome) else float("nan")

    @cached_property
    def source(self) -> np.ndarray:
        """How each came to sales: code."""
        return np.where(self.case >= 0, pick(self._reading.cases.source, self.case, NO_CODE), self.rows["source"])

    @cached_property
    def person(self) -> np.ndarray:
        """Who was there when the buyer decided, else who opened it."""
        person = pick(self._ends["person"].astype(np.int64), self._end, NO_CODE)
        return np.where(person != NO_CODE, person, self.rows["person"])

    @cached_property
    def list_price(self) -> np.ndarray:
        """Annual list price, USD."""
        return dollars(self.rows["amount"])

    @cached_property
    def sold_price(self) -> np.ndarray:
        """Annual price of those that were won, USD; NaN for the others."""
        return np.where(self.outcome == WON, dollars(pick(self._ends["amount"], self._end, NO_AMOUNT)), np.nan)

    @cached_property
    def product(self) -> np.ndarray:
        """Code of the product that was sold; that of the core product where none was."""
        sold = pick(self._ends["touchpoint"].astype(np.int64), self._end, NO_CODE)
        return np.where(self.outcome == WON, sold, NO_CODE)

    # -- touches of its need -------------------------------------------------------------------------------------------

    @cached_property
    def _need(self) -> np.ndarray:
        return self._reading.needs.of(self.rows)

    @cached_property
    def _touches(self) -> tuple[Rows, np.ndarray]:
        """Touches of accounts that have an opportunity, and the need of each.

        These are few of all touches: what a need or an opportunity is asked of all of them would be wasted.
        """
        touches = self._reading.rows(Kind.TOUCH)
        account, ours = touches["account"], self.rows["account"]
        has_one = np.zeros(int(account.max(initial=0)) + 2, dtype=bool)  # the last place is for -1
        has_one[ours[(ours >= 0) & (ours < len(has_one) - 1)]] = True
        chosen = touches[np.flatnonzero(has_one[account])]
        return chosen, self._reading.needs.of(chosen)

    @cached_property
    def touched(self) -> dict[str, np.ndarray]:
        """Meetings of each opportunity, and the touches of its need until the decision."""
        touches, need = self._touches
        owner = np.full(len(self._reading.needs), -1, dtype=np.int64)
        known = np.flatnonzero(self._need >= 0)
        owner[self._need[known]] = known
        of_touch = pick(owner, need, -1)
        opened = pick(self.rows["time"], of_touch, NEVER)
        counted = (of_touch >= 0) & (touches["time"] <= pick(self.decided, of_touch, NEVER))
        code = touches["touchpoint"]
        held = counted & (touches["time"] >= opened) & is_meeting(self._reading, code, opened)
        proposal = held & is_meeting(self._reading, code, opened, slice(PROPOSAL, PROPOSAL + 1))

        def per_opportunity(chosen: np.ndarray) -> np.ndarray:
            return np.bincount(of_touch[chosen], minlength=len(self))

        return {
            "meetings_held": per_opportunity(held),
            "meetings_missed": self._missed,
            "proposal_sent": per_opportunity(proposal) > 0,
            "touches_marketing": per_opportunity(counted & is_team(touches, Team.MARKETING)),
            "touches_sales": per_opportunity(counted & is_team(touches, Team.SALES)),
        }

    @property
    def _missed(self) -> np.ndarray:
        """Meetings that came due and were not held."""
        return Lookup(self._reading.cases.of(self._reading.rows(Kind.MISSED))).count(self.case)

    @cached_property
    def trust(self) -> dict[str, np.ndarray]:
        """Total trust just before the first sales touch of the need, and at the decision."""
        touches, need = self._touches
        at_decision = pick(total_trust(self._ends), self._end, np.nan)
        first = pick(self._reading.needs.first_sales_touch(touches, need), self._need, -1)
        before = np.full(len(self), np.nan)
        if len(touches):
            seen = touches[np.maximum(first, 0)]
            before = np.where(first >= 0, np.maximum(total_trust(seen) - seen["value"], 0.0), np.nan)
        share = np.full(len(self), np.nan)
        np.divide(before, at_decision, out=share, where=at_decision > 0)
        return {
            "trust_before_sales": before,
            "trust_at_decision": at_decision,
            "trust_before_sales_share": share,
        }


def opportunities(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """One row per opportunity that was open at some time of the measurement window.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    table = every_opportunity(reading(log, scenario))
    return table[(table["end_day"].isna()) | (table["end_day"] >= 0)].reset_index(drop=True)


def every_opportunity(this: Reading) -> pd.DataFrame:
    """Return the table of all opportunities, those decided in the burn-in too."""
    import pandas as pd

    deals, rows = this.opportunities, this.opportunities.rows
    columns = {
        "account": rows["account"].astype(np.int64),
        "need": rows["need"].astype(np.int64),
        "case": rows["item"].astype(np.int64),
        "source": categories(deals.source, enum_names(Source)),
        "person": whole(deals.person),
        "opened": moments(rows["time"], this.clock),
        "open_day": deals.open_day,
        "list_price": deals.list_price,
        "cycle_days": rows["value"],
        "outcome": categories(deals.outcome, OUTCOMES),
        "decided": moments(deals.decided, this.clock),
        "end_day": deals.end_day,
        "days": deals.days,
        "sold_price": deals.sold_price,
    }
    return pd.DataFrame(columns | deals.touched | deals.trust)


def dollars(cents: np.ndarray) -> np.ndarray:
    """Return money in USD, NaN where the log says 'no money involved'."""
    return np.where(cents == NO_AMOUNT, np.nan, cents / 100.0)


def is_meeting(this: Reading, code: np.ndarray, opened: np.ndarray, which: slice = slice(None)) -> np.ndarray:
    """Return which touches are meetings (or some of them), as they were named when the opportunity was opened.

    Parameters
    ----------
    this : Reading
        Log and scenario.
    code : numpy.ndarray
        Touchpoint of each touch.
    opened : numpy.ndarray
        When the opportunity was opened.
    which : slice
        Which of ``selling.meetings``.
    """
    return this.dated.named(code, opened, lambda state: state.world.selling.meetings[which])
