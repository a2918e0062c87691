"""The event log while it is written: packed rows in one growing buffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any

import numpy as np

from funnelsim.events import COLUMNS, Column


class LogBuilder:
    """Packs rows into a bytearray, to be read as a numpy structured array without a copy.

    Parameters
    ----------
    columns : sequence of Column
        Columns in order; by default those of the event log.

    Attributes
    ----------
    write : callable
        ``write(*row)`` appends one row, one value per column in order.
    pack, extend : callable
        The two halves of `write`, for who writes very often: ``extend(pack(*row))``.
    dtype : numpy.dtype
        Type of a row.
    """

    write: Callable[..., None]

    def __init__(self, columns: Sequence[Column] = COLUMNS) -> None:
        self.columns = tuple(columns)
        self.dtype = np.dtype([(column.name, column.dtype) for column in self.columns])
        row = Struct("<" + "".join(column.code for column in self.columns))
        if row.size != self.dtype.itemsize:
            raise ValueError("the struct codes and the numpy types of the columns differ in size")
        self._buffer = buffer = bytearray()
        self.pack = pack = row.pack
        self.extend = extend = buffer.extend

        def write(*values: Any) -> None:
            extend(pack(*values))

        self.write = write

    def __len__(self) -> int:
        return len(self._buffer) // self.dtype.itemsize

    def to_array(self) -> np.ndarray:
        """Return the rows as a read-only structured array that looks into the buffer.

        Take it when the run is over: while it exists, `write` raises BufferError.
        """
        array = np.frombuffer(self._buffer, dtype=self.dtype)
        array.flags.writeable = False
        return array
