"""Needs: one per time that an account was in market, and when it first reached each step of the funnel."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from funnelsim.events import Kind, Stage, Team
from funnelsim.tables.reading import NEVER, Lookup, Reading, is_team, pick

OUTCOMES = ["won", "lost", "no_decision", "open"]
"""How a need ends; ``open`` has not ended by the end of the window."""
WON, LOST, NO_DECISION, OPEN = range(4)


class Needs:
    """Arrays with one entry per need, in order of time.

    Parameters
    ----------
    reading : Reading
        The indexed log.

    Attributes
    ----------
    key, account, need : numpy.ndarray
        What tells needs apart.
    start, end : numpy.ndarray
        When the need arose and ended (`NEVER`: still open).
    outcome : numpy.ndarray
        Position in `OUTCOMES`.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        rows = reading.rows(Kind.NEED)
        self.key = reading.need_key(rows)
        self.account, self.need = rows["account"], rows["need"]
        self.start = rows["time"]
        self._lookup = Lookup(self.key)
        ends = reading.rows(Kind.WON, Kind.LOST, Kind.NO_DECISION, Kind.WINDOW_CLOSED)
        at = Lookup(reading.need_key(ends)).first(self.key)
        self.end = pick(ends["time"], at, NEVER)
        self.outcome = pick(_outcome(ends), at, OPEN)

    def __len__(self) -> int:
        return len(self.key)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return for each row the position of its need, -1 where it has none."""
        return self._lookup.first(self._reading.need_key(rows))

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

    @cached_property
    def first_sales_touch(self) -> np.ndarray:
        """Position among the touches of the first one by sales, -1 where there is none."""
        rows = self._reading.rows(Kind.TOUCH)
        by_sales = np.flatnonzero(is_team(rows, Team.SALES))
        at = Lookup(self.of_touch[by_sales]).first(np.arange(len(self)))
        return pick(by_sales, at, -1)

    def _earliest(self, position: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Return the earliest time per need; rows come in order of time."""
        earliest = np.full(len(self), NEVER, dtype=np.int64)
        known = position >= 0
        earliest[position[known][::-1]] = time[known][::-1]
        return earliest

    def time_open(self, start: int, end: int) -> int:
        """Return the total time that needs were open between two moments."""
        open_for = np.minimum(self.end, end) - np.maximum(self.start, start)
        return int(np.maximum(open_for, 0).sum())


def _outcome(ends: np.ndarray) -> np.ndarray:
    """Return the outcome of rows that end a need."""
    outcome = np.where(ends["stage"] == int(Stage.NO_DECISION), NO_DECISION, LOST)
    for kind, code in ((Kind.WON, WON), (Kind.LOST, LOST), (Kind.NO_DECISION, NO_DECISION)):
        outcome[ends["kind"] == int(kind)] = code
    return outcome
