"""Rows of a log by kind, and their columns: read when somebody asks for them, and remembered.

A row of the log is 67 bytes long and most tables look at three or four numbers of it, so whole rows are never copied.
An `Index` knows where the rows of each kind stand; it does not depend on a scenario, so that readings of one log up to
different horizons share it, and the columns that were read.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import overload

import numpy as np

from funnelsim.events import Kind

WIDELY_READ = ("time", "account", "need", "item")
"""Columns that most kinds of rows are asked for: put in order of kind at once, so that those of a kind are a slice."""
OF_TOUCHES = ("account",)
"""Those of them that touches are asked for too. Touches are half of a log, and little is asked of all of them."""
_LAST = np.uint8(255)
_AT_A_TIME = 8192
"""Rows worked on at a time: few enough that they are still near the processor when the next column is read."""


class Rows:
    """Some rows of a log: ``rows["time"]`` is a column of them, ``rows[chosen]`` are some of them.

    Parameters
    ----------
    log : numpy.ndarray, optional
        Structured array with the columns of `funnelsim.events.COLUMNS`; none: they are known without (`digest`).
    at : numpy.ndarray
        Positions of the rows in the log.
    among : tuple of (Rows, slice or numpy.ndarray), optional
        Rows of which these were chosen, and how.
    known : dict of numpy.ndarray, optional
        Columns that have been read already.
    """

    def __init__(
        self,
        log: np.ndarray | None,
        at: np.ndarray,
        among: tuple[Rows, slice | np.ndarray] | None = None,
        known: dict[str, np.ndarray] | None = None,
    ) -> None:
        self.at = at
        self._log = log
        self._among = among
        self._known = known or {}

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, key: str) -> np.ndarray: ...
    @overload
    def __getitem__(self, key: slice | np.ndarray) -> Rows: ...
    def __getitem__(self, key: str | slice | np.ndarray) -> np.ndarray | Rows:
        if isinstance(key, str):
            if key not in self._known:
                self._known[key] = self._column(key)
            column = self._known[key]
            column.flags.writeable = False  # tables share it
            return column
        return Rows(self._log, self.at[key], (self, key))

    def _column(self, name: str) -> np.ndarray:
        if self._among is not None:
            rows, chosen = self._among
            if name in rows._known or isinstance(chosen, slice) or self._log is None:
                return rows[name][chosen]
        assert self._log is not None
        return self._log[name][self.at]


class Index:
    """Where the rows of each kind stand in a log.

    Parameters
    ----------
    log : numpy.ndarray
        Structured array with the columns of `funnelsim.events.COLUMNS`, in order of time.
    """

    def __init__(self, log: np.ndarray) -> None:
        self._log = log
        whole = _columns(log, ("kind", *WIDELY_READ))
        kind = whole.pop("kind")
        kind = np.where(kind == Kind.TOUCH, _LAST, kind)
        order = np.argsort(kind, kind="stable")  # a counting sort, as kinds are bytes
        in_order, codes = kind[order], np.arange(256, dtype=np.uint8)
        self._begin = np.searchsorted(in_order, codes, side="left")
        self._end = np.searchsorted(in_order, codes, side="right")
        others = order[: self._begin[_LAST]]
        self._columns = {
            name: whole.pop(name).take(order if name in OF_TOUCHES else others) for name in WIDELY_READ
        }  # what has been put in order is given back at once
        self._order = order.astype(position_type(len(log)))
        self._rows: dict[Kind, Rows] = {}

    def before(self, time: int) -> int:
        """Return how many rows of the log come before a moment."""
        return bisect_left(self._log["time"], time)

    def rows(self, kinds: tuple[Kind, ...]) -> Rows:
        """Return the rows of one or more kinds, in order of the log."""
        if len(kinds) == 1:
            return self._of_kind(kinds[0])
        parts = [self._of_kind(kind) for kind in kinds]
        at = np.concatenate([rows.at for rows in parts])
        order = np.argsort(at, kind="stable")
        known = {name: np.concatenate([rows[name] for rows in parts])[order] for name in WIDELY_READ}
        return Rows(self._log, at[order], known=known)

    def _of_kind(self, kind: Kind) -> Rows:
        if kind not in self._rows:
            code = _LAST if kind == Kind.TOUCH else kind
            part = slice(int(self._begin[code]), int(self._end[code]))
            known = {name: column[part] for name, column in self._columns.items() if part.stop <= len(column)}
            self._rows[kind] = Rows(self._log, self._order[part], known=known)
        return self._rows[kind]


def _columns(log: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return columns of a log, the numbers of each side by side in memory; one way through the log for all of them."""
    found = {name: np.empty(len(log), log.dtype[name]) for name in names}
    for begin in range(0, len(log), _AT_A_TIME):
        part = slice(begin, begin + _AT_A_TIME)
        for name, column in found.items():
            column[part] = log[name][part]
    return found


def position_type(rows: int) -> type[np.signedinteger]:
    """Return the type of whole number in which the positions of so many rows are remembered."""
    return np.int32 if rows < 2**31 else np.int64
