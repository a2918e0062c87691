"""Finding rows by a key: the first, the last, how many, and the latest before a moment.

Keys are whole numbers, -1 for none. Where they are not much larger than there are rows and questions, the answer for
every possible key is written into a table, which is far quicker than searching.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from funnelsim.tables.reading import NEVER, pick
from funnelsim.tables.rows import position_type

_ROOMY = 32
"""A table may have so many places per row and question: to fill these takes about as long as one search."""
_SMALL = 4096
"""A table of so many places is always worth it."""


class Lookup:
    """First or last row of each key in a set of rows.

    Parameters
    ----------
    row_keys : numpy.ndarray
        Key of each row, -1 or more; rows in order of time.
    """

    def __init__(self, row_keys: np.ndarray) -> None:
        self._keys = row_keys
        self._size = int(row_keys.max(initial=-1)) + 1

    def first(self, keys: np.ndarray) -> np.ndarray:
        """Return the position of the first row with each key, -1 where there is none."""
        if self._in_table(keys):
            return self._first_of_each[self._place(keys)]
        return self._pick(keys, np.searchsorted(self._sorted, keys, side="left"))

    def last(self, keys: np.ndarray) -> np.ndarray:
        """Return the position of the last row with each key, -1 where there is none."""
        if self._in_table(keys):
            return self._last_of_each[self._place(keys)]
        return self._pick(keys, np.searchsorted(self._sorted, keys, side="right") - 1)

    def count(self, keys: np.ndarray) -> np.ndarray:
        """Return the number of rows with each key."""
        if self._in_table(keys):
            return self._count_of_each[self._place(keys)]
        found = np.searchsorted(self._sorted, keys, side="right") - np.searchsorted(self._sorted, keys, side="left")
        return np.where(keys >= 0, found, 0)

    # -- by table: a place for each key, and one at the end for none ---------------------------------------------------

    def _in_table(self, keys: np.ndarray) -> bool:
        return self._size <= max(_SMALL, _ROOMY * (len(self._keys) + len(keys)))

    def _place(self, keys: np.ndarray) -> np.ndarray:
        """Return the place of each key; -1 is the place at the end."""
        return np.minimum(keys, self._size)

    @cached_property
    def _first_of_each(self) -> np.ndarray:
        return first_of_each(self._keys, self._size, with_none=True)

    @cached_property
    def _last_of_each(self) -> np.ndarray:
        return last_of_each(self._keys, self._size, with_none=True)

    @cached_property
    def _count_of_each(self) -> np.ndarray:
        return np.bincount(self._keys[self._keys >= 0], minlength=self._size + 1)

    # -- by search -----------------------------------------------------------------------------------------------------

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self._keys, kind="stable")

    @cached_property
    def _sorted(self) -> np.ndarray:
        return self._keys[self._order]

    def _pick(self, keys: np.ndarray, at: np.ndarray) -> np.ndarray:
        near = np.clip(at, 0, len(self._sorted) - 1)
        return np.where((self._sorted[near] == keys) & (keys >= 0), self._order[near], -1)


def first_of_each(keys: np.ndarray, size: int, with_none: bool = False) -> np.ndarray:
    """Return the position of the first row with each key from 0 to ``size - 1``, -1 where there is none.

    Parameters
    ----------
    keys : numpy.ndarray
        Key of each row, -1 to ``size - 1``.
    size : int
        Number of keys.
    with_none : bool
        Whether a -1 is put at the end, where the key -1 points at.
    """
    kind = position_type(len(keys))
    table = np.full(size + 1, -1, dtype=kind)
    table[keys[::-1]] = np.arange(len(keys) - 1, -1, -1, dtype=kind)  # of several values for one place the last stays
    table[-1] = -1
    return table if with_none else table[:-1]


def last_of_each(keys: np.ndarray, size: int, with_none: bool = False) -> np.ndarray:
    """Return the position of the last row with each key; as `first_of_each`."""
    kind = position_type(len(keys))
    table = np.full(size + 1, -1, dtype=kind)
    table[keys] = np.arange(len(keys), dtype=kind)
    table[-1] = -1
    return table if with_none else table[:-1]


class Latest:
    """The last of a set of rows with a given key at or before a given time.

    Parameters
    ----------
    keys, times : numpy.ndarray
        Key and time of each row.
    """

    def __init__(self, keys: np.ndarray, times: np.ndarray) -> None:
        self._keys = np.asarray(keys, dtype=np.int64)
        self._times = times
        self._lookup = Lookup(self._keys)
        self._repeated = np.zeros(len(self._keys), dtype=bool)
        first = self._lookup.first(self._keys)
        later = np.flatnonzero((first >= 0) & (first != np.arange(len(first))))
        self._repeated[later] = self._repeated[first[later]] = True

    def of(self, keys: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the position of the last row with each key and not later than each time, -1 where there is none."""
        keys = np.asarray(keys, dtype=np.int64)
        at = self._lookup.first(keys)
        found = np.where(pick(self._times, at, NEVER) <= times, at, -1)
        if self._repeated.any():
            asks = np.flatnonzero(pick(self._repeated, at, False))
            found[asks] = self._among_repeated(keys[asks], times[asks])
        return found

    def _among_repeated(self, keys: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the same for keys that several rows have: rows and questions are put into one order of time."""
        several = np.flatnonzero(self._repeated)
        rows = len(several)
        whose = np.concatenate((self._keys[several], keys))
        when = np.concatenate((self._times[several], times))
        asks = np.arange(len(whose)) >= rows
        order = np.lexsort((asks, when, whose))
        latest = np.maximum.accumulate(np.where(asks[order], -1, np.arange(len(order))))
        asked = asks[order]
        at = np.full(len(keys), -1, dtype=np.int64)
        at[order[asked] - rows] = np.where(latest[asked] >= 0, order[latest[asked]], -1)
        found = pick(several, at, -1)
        return np.where(pick(self._keys, found, -1) == keys, found, -1)
