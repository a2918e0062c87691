"""The tables of one run of `funnel-ref` for the loops that reach them by address: `c_loop` and `compiled`.

Python owns all memory. A loop gets the address of one record of globals, in which the addresses of the tables stand;
when a table is nearly full it returns a code, gets a larger table and goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from benchmarks.funnel_ref import HORIZON, Log, reps
from benchmarks.funnel_ref.machinery import COLUMNS, P_BUY
from funnelsim.events import DAY
from funnelsim.randomness import run_key

DONE, LOG_FULL, BUYERS_FULL, EVENTS_FULL = range(4)
"""What a loop returns."""
SPARE = 8
"""Rows and events that one event can need, beside one per rep in the dispatch after it."""
MOST_BUYERS = 1 << 27
"""The C loop keeps the buyer's number in 28 bits."""
EVENTS_PER_BUYER = 13.4
EVENTS_PER_SLOT = 6
"""At most; half of it at least."""
MOST_SHIFT = 32
"""The C loop keeps the time within a slot in 32 bits."""

ROW = np.dtype([(column.name, column.dtype) for column in COLUMNS])
"""A row of the log, as the machinery packs it."""
BUYER_ROW = np.dtype([("deadline", "<i8"), ("since", "<i8"), ("trust", "<f8"), ("number", "<i4"), ("state", "<i4")])
WAITER_ROW = np.dtype([("queued", "<i8"), ("buyer", "<i8")])
IDLE_ROW = np.dtype([("since", "<i8"), ("seat", "<i8")])
SLOT_ROW = np.dtype([("first", "<i4")])
P_BUY_ROW = np.dtype([("probability", "<f8")])

GLOBALS_ROW = np.dtype(
    [
        ("key", "<u8"),
        *((name, "<i8") for name in ("end", "leave_after", "shift", "reps")),
        *((name, "<f8") for name in ("day", "per_half_life", "two", "arrival_mean", "least_patient")),
        *((name, "<i8") for name in ("p_buy", "rows", "buyers", "events", "slots", "present", "queue", "idle")),
        *((name, "<i8") for name in ("cap_rows", "cap_buyers", "cap_events", "cap_present", "queue_mask", "idle_mask")),
        *((name, "<i8") for name in ("n_rows", "n_events", "free_event", "slot", "first", "last", "now")),
        *((name, "<i8") for name in ("n_waiting", "queue_first", "queue_end", "idle_first", "idle_end")),
    ]
)
"""The globals; `loop.c` repeats them."""


class Tables:
    """The tables of one run.

    Parameters
    ----------
    buyers : int
        Expected number of buyers.
    seed, replication : int
        Address of the run's randomness.
    event, present : numpy.dtype
        Types of an event in a later slot and in the present one.
    day : int
        Ticks of the clock in a day: microseconds, or less to make events coincide.
    room : float
        Size of the tables, 1 for what nearly always suffices.
    """

    def __init__(
        self,
        buyers: int,
        seed: int,
        replication: int,
        event: np.dtype,
        present: np.dtype,
        day: int = DAY,
        room: float = 1.0,
    ) -> None:
        if not 0 < buyers <= MOST_BUYERS:
            raise ValueError(f"buyers must be between 1 and {MOST_BUYERS:,}, not {buyers}")
        self.globals = np.zeros(1, GLOBALS_ROW)
        self._tables: dict[str, np.ndarray] = {}
        team = reps(buyers)
        end = int(HORIZON * day)
        shift = 0
        while shift < MOST_SHIFT and EVENTS_PER_BUYER * buyers * (2 << shift) <= EVENTS_PER_SLOT * end:
            shift += 1
        most = buyers + 10 * math.isqrt(buyers) + 100  # ten standard deviations more than expected
        at_least = team + SPARE + 1
        self._set(
            key=run_key(seed, replication), end=end, leave_after=90 * day, shift=shift, reps=team, day=day,
            per_half_life=1.0 / (30.0 * day), two=2.0, arrival_mean=HORIZON / buyers, least_patient=0.06 / day,
            n_events=1, slot=-1, idle_end=team,
        )  # fmt: skip
        self._put("p_buy", np.array(P_BUY).view(P_BUY_ROW))
        self._put("rows", np.empty(at_least + int(room * 16 * most), ROW))
        self._put("buyers", np.empty(1 + int(room * most), BUYER_ROW))
        self._put("queue", np.empty(1 << len(self._tables["buyers"]).bit_length(), WAITER_ROW))
        self._put("events", np.empty(at_least + int(room * 2 * most), event))
        self._put("present", np.empty(at_least + int(room * 1000), present))
        self._put("slots", np.zeros((end >> shift) + 1, SLOT_ROW))  # 0: no event
        idle = np.zeros(1 << team.bit_length(), IDLE_ROW)
        idle["seat"][:team] = np.arange(team)
        self._put("idle", idle)

    def _set(self, **values: float) -> None:
        for name, value in values.items():
            self.globals[name] = value

    def _put(self, name: str, table: np.ndarray) -> None:
        """Keep a table and tell the globals where it is and how large."""
        self._tables[name] = table
        self._set(**{name: table.ctypes.data})
        if name in ("queue", "idle"):
            self._set(**{f"{name}_mask": len(table) - 1})
        elif name in ("rows", "buyers", "events", "present"):
            self._set(**{f"cap_{name}": len(table)})

    def _double(self, name: str) -> None:
        old = self._tables[name]
        new = np.empty(2 * len(old), old.dtype)
        new[: len(old)] = old
        self._put(name, new)

    def _grow(self, code: int) -> None:
        """Make room for a loop that has returned `code`."""
        if code == LOG_FULL:
            self._double("rows")
        elif code == EVENTS_FULL:
            self._double("events")
            self._double("present")
        elif code == BUYERS_FULL:
            self._double("buyers")
            # the queue is a ring: its part in use moves to its places in the larger ring
            old = self._tables["queue"]
            new = np.empty(2 * len(old), old.dtype)
            places = np.arange(self.globals["queue_first"][0], self.globals["queue_end"][0])
            new[places & (len(new) - 1)] = old[places & (len(old) - 1)]
            self._put("queue", new)
        else:
            raise RuntimeError(f"the loop returned {code}")

    def run(self, loop: Callable[[int], int]) -> np.ndarray:
        """Call ``loop(address)`` until it is done; the log, read-only.

        Parameters
        ----------
        loop : callable
            Gets the address of the globals.

        Returns
        -------
        numpy.ndarray
            Structured, `ROW`.
        """
        while (code := loop(self.globals.ctypes.data)) != DONE:
            self._grow(code)
        rows = self._tables["rows"][: int(self.globals["n_rows"][0])]
        rows.flags.writeable = False
        return rows


def columns(rows: np.ndarray) -> Log:
    """Turn rows into columns (not part of what is timed)."""
    return Log(time=rows["time"] / DAY, kind=rows["kind"].astype(np.int64), value=rows["value"])
