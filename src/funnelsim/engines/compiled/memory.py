"""Memory for the tables of a run, used again by the next one.

The operating system clears every page that it gives, which took a seventh of a run of the base scenario. So the memory
of a run whose log and tables nobody holds any more is kept for the next run, up to `MOST_KEPT` bytes in a process.
"""

from __future__ import annotations

import sys
import threading

import numpy as np

LINE = 64
"""Bytes of a line of the processor's cache."""
MOST_KEPT = 1 << 29
"""Bytes that are kept at most: about two runs of the base scenario over four quarters."""
_lock = threading.Lock()
_rooms: list[np.ndarray] = []
"""Memory that was given, the latest last. It is free when nothing but this list refers to it: every table refers to
the memory that it stands in."""


def _references(i: int) -> int:
    return sys.getrefcount(_rooms[i])


_rooms.append(np.empty(0, np.uint8))
_FREE = _references(0)
"""References to memory that nobody uses."""
_rooms.clear()


def empty(rows: int, dtype: np.dtype) -> np.ndarray:
    """Return room for rows that begins with a line of the processor's cache; what stands in it has no meaning.

    Parameters
    ----------
    rows : int
        Their number.
    dtype : numpy.dtype
        Type of a row.
    """
    size = rows * dtype.itemsize
    room = _room(size + LINE)
    begin = -room.ctypes.data % LINE
    return room[begin : begin + size].view(dtype)


def _room(size: int) -> np.ndarray:
    if size > MOST_KEPT:
        return np.empty(size, np.uint8)
    with _lock:
        for i, held in enumerate([len(room) for room in _rooms]):
            # not much larger: who keeps a log should not keep the memory of a larger one with it
            if size <= held <= size + size // 4 and _references(i) == _FREE:
                _rooms.append(_rooms.pop(i))
                return _rooms[-1]
        room = np.empty(size, np.uint8)
        _rooms.append(room)
        kept = sum(len(one) for one in _rooms)
        while kept > MOST_KEPT:  # somebody may still use what is forgotten here; it is freed after that
            kept -= len(_rooms.pop(0))
        return room
