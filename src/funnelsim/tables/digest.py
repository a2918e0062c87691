"""What tables need of a log, taken from it piece by piece, so that the whole log never exists.

A `Digest` is handed a log a few ten thousand rows at a time (`take`) and keeps of each kind of rows the columns that
tables look at. Of touches, half of a log, it keeps those that are more than a number in a count: the first of each
need, those of needs with an opportunity, and those of customers. Then it stands in for the log: a `Reading` of a digest
makes the same key figures and the same tables, by the same code, except those that show every touch or every row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import chain

import numpy as np

from funnelsim.events import COLUMNS, Kind, Stage
from funnelsim.tables.rows import Rows

_OF_A_NEED = ("time", "account", "need", "stage")
KEPT: dict[Kind, tuple[str, ...]] = {
    Kind.NEED: _OF_A_NEED,
    Kind.WINDOW_CLOSED: _OF_A_NEED,
    Kind.LEAD: ("time", "account", "need"),
    Kind.TOUCH: (*_OF_A_NEED, "touchpoint", "team", "brand", "relationship", "value"),
    Kind.TASK: ("time", "account", "need", "item", "touchpoint", "team", "person", "source", "hours"),
    Kind.ATTEMPT: ("time", "account", "need", "item", "person"),
    Kind.BELIEF: ("time", "value"),
    Kind.GOODWILL: ("time", "value"),
    Kind.SALARY: ("time", "team", "person", "amount"),
}
"""Columns that are kept of the frequent kinds; of the others all are."""
_ALL = tuple(column.name for column in COLUMNS if column.name != "kind")
_TYPES = {column.name: np.dtype(column.dtype) for column in COLUMNS}
_NEEDS_PER_ACCOUNT = 1 << 16
FEWEST_PENDING = 30_000
"""Touches of open needs are looked through when they are twice as many as were left the last time, or these."""

Columns = dict[str, np.ndarray]


class Digest:
    """The rows and columns of a log that tables need.

    Parameters
    ----------
    accounts : int
        Number of accounts of the market, which are numbered from 0.

    Attributes
    ----------
    n_rows : int
        Rows of the log that were taken, kept or not.
    """

    def __init__(self, accounts: int) -> None:
        self.n_rows = 0
        self._pieces: dict[Kind, list[Columns]] = {}
        self._pending: list[Columns] = []
        """Touches of which it is not known yet whether they will be needed."""
        self._n_pending, self._look_at = 0, FEWEST_PENDING
        self._opportunities = np.zeros(0, dtype=np.int64)
        """Keys of the needs with an opportunity, ascending."""
        self._touched = np.full(accounts, -1, dtype=np.int16)
        """Latest need of each account that had a touch."""
        self._closed = np.full(accounts, -1, dtype=np.int16)
        """Latest need of each account that ended without an opportunity."""
        self._columns: dict[Kind, Columns] = {}
        self._moments: list[Columns] = []
        """Time and touchpoint of every touch: nine bytes each, for whoever counts them."""

    def copy(self) -> Digest:
        """Return the same digest, to be continued differently."""
        other = Digest(0)
        vars(other).update(vars(self))
        other._pieces = {kind: list(pieces) for kind, pieces in self._pieces.items()}
        other._pending, other._moments = list(self._pending), list(self._moments)
        other._touched, other._closed = self._touched.copy(), self._closed.copy()
        other._columns = {}
        return other

    @property
    def nbytes(self) -> int:
        """Bytes that the kept columns take."""
        pieces = chain(self._pending, self._moments, self._columns.values(), *self._pieces.values())
        return sum(column.nbytes for piece in pieces for column in piece.values())

    # -- taking --------------------------------------------------------------------------------------------------------

    def take(self, rows: np.ndarray) -> None:
        """Take the next rows of the log; nothing that is kept refers to them.

        Parameters
        ----------
        rows : numpy.ndarray
            Structured array with the columns of `funnelsim.events.COLUMNS`.
        """
        kind = np.ascontiguousarray(rows["kind"])
        order = np.argsort(kind, kind="stable")  # a counting sort, as kinds are bytes
        present, begin = np.unique(kind[order], return_index=True)
        for code, at in zip(present.tolist(), np.split(order, begin[1:]), strict=True):
            of_kind = Kind(code)
            piece = {name: rows[name][at] for name in KEPT.get(of_kind, _ALL)}
            piece["at"] = at + self.n_rows
            if of_kind == Kind.TOUCH:
                self._take_touches(piece)
                continue
            self._pieces.setdefault(of_kind, []).append(piece)
            if of_kind == Kind.WINDOW_CLOSED:
                self._closed[piece["account"]] = piece["need"]  # of several values for one place the last stays
            elif of_kind == Kind.OPPORTUNITY:
                self._opportunities = np.sort(np.append(self._opportunities, _key(piece)))
        self.n_rows += len(rows)
        if self._n_pending > self._look_at:
            self._settle(at_end=False)

    def _take_touches(self, touches: Columns) -> None:
        self._moments.append({name: touches[name] for name in ("time", "touchpoint")})
        account, need = touches["account"], touches["need"]
        maybe = np.flatnonzero(need > self._touched[account])
        first = np.zeros(len(need), dtype=bool)
        first[maybe[np.unique(_key(touches, maybe), return_index=True)[1]]] = True
        self._touched[account] = need
        sure = first | (touches["stage"] == int(Stage.CUSTOMER))
        self._pieces.setdefault(Kind.TOUCH, []).append(_chosen(touches, sure))
        self._pending.append(_chosen(touches, ~sure))
        self._n_pending += len(need) - int(np.count_nonzero(sure))

    def _settle(self, at_end: bool) -> None:
        """Keep the touches of needs with an opportunity, forget those of needs that ended without."""
        touches = _joined(self._pending, KEPT[Kind.TOUCH])
        key = _key(touches)
        near = np.searchsorted(self._opportunities, key)
        found = np.append(self._opportunities, -1)[near] == key
        if found.any():
            self._pieces[Kind.TOUCH].append(_chosen(touches, found))
        open_ = ~found & (touches["need"] > self._closed[touches["account"]])
        self._pending = [] if at_end else [_chosen(touches, open_)]
        self._n_pending = 0 if at_end else int(np.count_nonzero(open_))
        self._look_at = max(FEWEST_PENDING, 2 * self._n_pending)

    # -- standing in for a log -----------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.n_rows

    def _of(self, kind: Kind) -> Columns:
        if kind == Kind.TOUCH and self._pending:
            self._settle(at_end=True)
        if kind not in self._columns:
            joined = _joined(self._pieces.pop(kind, []), KEPT.get(kind, _ALL))
            if kind == Kind.TOUCH:
                joined = _chosen(joined, np.argsort(joined["at"], kind="stable"))
            joined["kind"] = np.broadcast_to(np.uint8(int(kind)), len(joined["at"]))
            self._columns[kind] = joined
        return self._columns[kind]

    def touch_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return time and touchpoint of every touch, in order of the log."""
        empty = {name: np.zeros(0, _TYPES[name]) for name in ("time", "touchpoint")}
        joined = {
            name: np.concatenate([none, *(piece[name] for piece in self._moments)]) for name, none in empty.items()
        }
        self._moments = [joined]
        return joined["time"], joined["touchpoint"]

    def before(self, time: int) -> int:
        """Return a position in the log that parts the kept rows before a moment from the others."""
        following = self.n_rows
        for kind in {*self._pieces, *self._columns}:
            columns = self._of(kind)
            place = bisect_left(columns["time"], time)
            if place < len(columns["at"]):
                following = min(following, int(columns["at"][place]))
        return following

    def rows(self, kinds: tuple[Kind, ...]) -> Rows:
        """Return the kept rows of one or more kinds, in order of the log."""
        parts = [self._of(kind) for kind in kinds]
        if len(parts) == 1:
            return _Kept(parts, None)
        at = np.concatenate([part["at"] for part in parts])
        return _Kept(parts, np.argsort(at, kind="stable"))


class _Kept(Rows):
    """Rows of a digest: the columns of its kinds, put into the order of the log when somebody asks."""

    def __init__(self, parts: list[Columns], order: np.ndarray | None) -> None:
        self._parts, self._order = parts, order
        super().__init__(None, self._column("at"))

    def _column(self, name: str) -> np.ndarray:
        if any(name not in part for part in self._parts):
            raise LookupError(f"a digest does not keep column {name!r} of these rows; this needs the whole log")
        if self._order is None:
            return self._parts[0][name]
        return np.concatenate([part[name] for part in self._parts])[self._order]


def _key(piece: Columns, chosen: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Return one integer per row that tells needs apart."""
    return piece["account"][chosen].astype(np.int64) * _NEEDS_PER_ACCOUNT + piece["need"][chosen]


def _chosen(piece: Columns, chosen: np.ndarray) -> Columns:
    return {name: column[chosen] for name, column in piece.items()}


def _joined(pieces: Iterable[Columns], names: tuple[str, ...]) -> Columns:
    """Put pieces one after the other."""
    pieces = list(pieces)
    if not pieces:
        return {name: np.zeros(0, _TYPES[name]) for name in names} | {"at": np.zeros(0, np.int64)}
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in (*names, "at")}
