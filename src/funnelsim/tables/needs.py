"""Needs: one per time that an account was in market, and when it first reached each step of the funnel."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from funnelsim.events import NO_CODE, Kind, Stage, Team
from funnelsim.tables.lookup import Lookup, first_of_each
from funnelsim.tables.reading import NEVER, Reading, is_team, pick
from funnelsim.tables.rows import Rows

OUTCOMES = ["won", "lost", "no_decision", "open"]
"""How a need ends; ``open`` has not ended by the end of the window."""
WON, LOST, NO_DECISION, OPEN = range(4)
_ENDING = (Kind.WON, Kind.LOST, Kind.NO_DECISION, Kind.WINDOW_CLOSED)


class Needs:
    """Arrays with one entry per need, in order of time.

    Parameters
    ----------
    reading : Reading
        The indexed log.

    Attributes
    ----------
    account, need : numpy.ndarray
        What tells needs apart.
    start, end : numpy.ndarray
        When the need arose and ended (`NEVER`: still open).
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        rows = reading.rows(Kind.NEED)
        self.account, self.need, self.start = rows["account"], rows["need"], rows["time"]
        self._per_account = int(self.need.max(initial=0)) + 1
        key = self._key(rows)
        self._lookup = Lookup(key)
        ends = reading.rows(*_ENDING)
        self._end = pick(first_of_each(self.of(ends), len(self)), self._lookup.first(key), -1)
        self.end = pick(ends["time"], self._end, NEVER)

    def __len__(self) -> int:
        return len(self.start)

    def _key(self, rows: Rows) -> np.ndarray:
        """Return one integer per row that tells needs apart (-1: the row belongs to no need)."""
        account, need = rows["account"], rows["need"]
        key = account.astype(np.int64)
        key *= self._per_account
        key += need
        key[(account < 0) | (need < 0) | (need >= self._per_account)] = NO_CODE
        return key

    def of(self, rows: Rows) -> np.ndarray:
        """Return for each row the position of its need, -1 where it has none."""
        return self._lookup.first(self._key(rows))

    @cached_property
    def outcome(self) -> np.ndarray:
        """How each need ended: position in `OUTCOMES`."""
        return pick(_outcome(self._reading.rows(*_ENDING)), self._end, OPEN)

    @cached_property
    def of_touch(self) -> np.ndarray:
        """Position of the need of each touch."""
        return self.of(self._reading.rows(Kind.TOUCH))

    def first(self, *kinds: Kind) -> np.ndarray:
        """Return for each need the time of its first row of these kinds, `NEVER` where there is none."""
        rows = self._reading.rows(*kinds)
        return self._earliest(self.of_touch if kinds == (Kind.TOUCH,) else self.of(rows), rows["time"])

    def first_touch(self, chosen: np.ndarray) -> np.ndarray:
        """Return for each need the time of the first of its chosen touches."""
        rows = self._reading.rows(Kind.TOUCH)
        return self._earliest(self.of_touch[chosen], rows["time"][chosen])

    def first_sales_touch(self, touches: Rows, need: np.ndarray) -> np.ndarray:
        """Return for each need the position among some touches of the first one by sales, -1 where there is none.

        Parameters
        ----------
        touches : Rows
            Touches, among them all those of the needs that are asked for.
        need : numpy.ndarray
            Position of the need of each touch.
        """
        by_sales = np.flatnonzero(is_team(touches, Team.SALES))
        return pick(by_sales, first_of_each(need[by_sales], len(self)), -1)

    def _earliest(self, position: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Return the earliest time per need; rows come in order of time."""
        earliest = np.full(len(self) + 1, NEVER, dtype=np.int64)  # the last place is for rows without a need
        earliest[position[::-1]] = time[::-1]
        return earliest[:-1]

    def time_open(self, start: int, end: int) -> int:
        """Return the total time that needs were open between two moments."""
        open_for = np.minimum(self.end, end) - np.maximum(self.start, start)
        return int(np.maximum(open_for, 0).sum())


def _outcome(ends: Rows) -> np.ndarray:
    """Return the outcome of rows that end a need."""
    outcome = np.where(ends["stage"] == int(Stage.NO_DECISION), NO_DECISION, LOST)
    for kind, code in ((Kind.WON, WON), (Kind.LOST, LOST), (Kind.NO_DECISION, NO_DECISION)):
        outcome[ends["kind"] == int(kind)] = code
    return outcome
