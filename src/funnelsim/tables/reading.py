"""One log, indexed once: what every table starts from.

A `Reading` holds a log and its scenario and remembers what several tables need: rows by kind, needs, cases. Every table
is a function ``f(log, scenario)``; `reading` lets it take a `Reading` in place of the log, so that a `Run` indexes
its log only once.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, NO_CODE, Kind, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.clock import Clock
from funnelsim.tables.dated import Dated

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.tables.cases import Cases
    from funnelsim.tables.needs import Needs
    from funnelsim.tables.terms import Terms

NEVER = np.iinfo(np.int64).max
"""Internal time of what did not happen; public tables show NaT or NaN."""


class Reading:
    """A log and its scenario, indexed by kind of row.

    Parameters
    ----------
    log : numpy.ndarray
        Structured array with the columns of `funnelsim.events.COLUMNS`, in order of time.
    scenario : Scenario
        What was asked.

    Attributes
    ----------
    world : World
        The world at the start: right for what cannot change in time (accounts, names of touchpoints, stocks at the
        start). What a timeline may change is in `dated`.
    dated : Dated
        Values by the moment at which they hold.
    """

    def __init__(self, log: np.ndarray, scenario: Scenario) -> None:
        self.log = log
        self.scenario = scenario
        self.world = scenario.world
        self.clock = Clock(scenario)
        self.dated = Dated(scenario)
        self.end = self.clock.end
        self.touchpoints = tuple(scenario.world.touchpoints)
        self._rows: dict[Kind, np.ndarray] = {}

    @cached_property
    def _by_kind(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the log by kind (each kind in order of time), and where each kind begins."""
        kind = np.ascontiguousarray(self.log["kind"])
        stop = int(np.searchsorted(self.log["time"], self.end, side="left"))
        kind = kind[:stop]
        counts = np.bincount(kind, minlength=256)
        return np.argsort(kind, kind="stable"), np.concatenate(([0], np.cumsum(counts)))

    def rows(self, *kinds: Kind) -> np.ndarray:
        """Return the rows of one or more kinds before the end of the window, burn-in included, in order of the log."""
        order, starts = self._by_kind
        if len(kinds) == 1:
            kind = kinds[0]
            if kind not in self._rows:
                self._rows[kind] = self.log[order[starts[kind] : starts[kind + 1]]]
            return self._rows[kind]
        positions = np.concatenate([order[starts[kind] : starts[kind + 1]] for kind in kinds])
        return self.log[np.sort(positions)]

    def measured(self, *kinds: Kind) -> np.ndarray:
        """Return the rows of one or more kinds inside the measurement window."""
        rows = self.rows(*kinds)
        return rows[np.searchsorted(rows["time"], 0, side="left") :]

    def count(self, kind: Kind) -> int:
        """Return the number of rows of a kind inside the measurement window."""
        return len(self.measured(kind))

    # -- keys --------------------------------------------------------------------------------------------------

    def need_key(self, rows: np.ndarray) -> np.ndarray:
        """Return one integer per row that tells needs apart (-1: the row belongs to no need)."""
        key = rows["account"].astype(np.int64) * 65_536 + rows["need"]
        return np.where((rows["account"] >= 0) & (rows["need"] >= 0), key, NO_CODE)

    def code(self, name: str) -> int:
        """Return the log's code of a touchpoint."""
        return self.touchpoints.index(name)

    def is_care(self, rows: np.ndarray) -> np.ndarray:
        """Return which rows are account care."""
        return self.dated.named(rows["touchpoint"], rows["time"], lambda state: [state.world.customers.care_touch])

    # -- what several tables need ------------------------------------------------------------------------------

    @cached_property
    def needs(self) -> Needs:
        """Needs, one per row, in order of time."""
        from funnelsim.tables.needs import Needs

        return Needs(self)

    @cached_property
    def cases(self) -> Cases:
        """Cases that reached sales, one per row, in order of time."""
        from funnelsim.tables.cases import Cases

        return Cases(self)

    @cached_property
    def terms(self) -> Terms:
        """Paid terms of customers, one per row, in order of time."""
        from funnelsim.tables.terms import Terms

        return Terms(self)

    @cached_property
    def opportunities(self) -> pd.DataFrame:
        """The table of opportunities."""
        from funnelsim.tables.opportunities import build

        return build(self)

    @cached_property
    def desk_time(self) -> pd.DataFrame:
        """Staff time by person."""
        from funnelsim.tables.staff import build

        return build(self)


def reading(log: np.ndarray | Reading, scenario: Scenario) -> Reading:
    """Return a `Reading` of the log; one that is handed in is returned as it is."""
    return log if isinstance(log, Reading) else Reading(log, scenario)


# -- small tools -------------------------------------------------------------------------------------------------


class Lookup:
    """First or last row of each key in a set of rows.

    Parameters
    ----------
    row_keys : numpy.ndarray
        Key of each row; rows in order of time.
    """

    def __init__(self, row_keys: np.ndarray) -> None:
        self._order = np.argsort(row_keys, kind="stable")
        self._sorted = row_keys[self._order]

    def first(self, keys: np.ndarray) -> np.ndarray:
        """Return the position of the first row with each key, -1 where there is none."""
        return self._pick(keys, np.searchsorted(self._sorted, keys, side="left"))

    def last(self, keys: np.ndarray) -> np.ndarray:
        """Return the position of the last row with each key, -1 where there is none."""
        return self._pick(keys, np.searchsorted(self._sorted, keys, side="right") - 1)

    def count(self, keys: np.ndarray) -> np.ndarray:
        """Return the number of rows with each key."""
        found = np.searchsorted(self._sorted, keys, side="right") - np.searchsorted(self._sorted, keys, side="left")
        return np.where(keys >= 0, found, 0)

    def _pick(self, keys: np.ndarray, at: np.ndarray) -> np.ndarray:
        if not len(self._sorted):
            return np.full(len(keys), -1, dtype=np.int64)
        near = np.clip(at, 0, len(self._sorted) - 1)
        return np.where((self._sorted[near] == keys) & (keys >= 0), self._order[near], -1)


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
        self._unique = len(np.unique(self._keys)) == len(self._keys)
        self._lookup = Lookup(self._keys)

    def of(self, keys: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the position of the last row with each key and not later than each time, -1 where there is none."""
        keys = np.asarray(keys, dtype=np.int64)
        if self._unique:
            at = self._lookup.first(keys)
            return np.where(pick(self._times, at, NEVER) <= times, at, -1)
        rows = len(self._keys)
        whose, when = np.concatenate((self._keys, keys)), np.concatenate((self._times, times))
        asks = np.arange(len(whose)) >= rows
        order = np.lexsort((asks, when, whose))
        latest = np.maximum.accumulate(np.where(asks[order], -1, np.arange(len(order))))
        asked = asks[order]
        found = np.where(latest[asked] >= 0, order[latest[asked]], -1)
        at = np.full(len(keys), -1, dtype=np.int64)
        at[order[asked] - rows] = found
        return np.where((keys >= 0) & (pick(self._keys, at, -1) == keys), at, -1)


def pick(values: np.ndarray, at: np.ndarray, missing: float | int) -> np.ndarray:
    """Return ``values[at]``, and `missing` where `at` is -1."""
    if not len(values):
        return np.full(len(at), missing, dtype=np.result_type(values.dtype, type(missing)))
    return np.where(at >= 0, values[at], missing)


def total_trust(rows: np.ndarray) -> np.ndarray:
    """Return total trust 1 - (1 - B)(1 - R) after each row."""
    return 1.0 - (1.0 - rows["brand"]) * (1.0 - rows["relationship"])


def days_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return days between internal times, NaN where one of them is `NEVER`."""
    known = (start != NEVER) & (end != NEVER)
    days = np.full(len(start), np.nan)
    days[known] = (end[known] - start[known]) / DAY
    return days


def name(member: IntEnum) -> str:
    """Return the name of a code as tables show it."""
    return member.name.lower()


def categories(codes: np.ndarray, names: list[str] | tuple[str, ...]) -> pd.Series:
    """Return codes as a categorical column of names; codes without a name are NA."""
    import pandas as pd

    known = np.asarray(codes, dtype=np.int64).copy()
    known[(known < 0) | (known >= len(names))] = -1
    return pd.Series(pd.Categorical.from_codes(known, categories=pd.Index(list(names))))


def enum_names(enum: type[IntEnum]) -> list[str]:
    """Return the names of an enumeration whose codes are 0, 1, 2, …"""
    return [name(member) for member in enum]


def whole(values: np.ndarray) -> pd.arrays.IntegerArray:
    """Return whole numbers as Int64, NA where the log says 'does not apply'."""
    import pandas as pd

    values = np.array(values, dtype=np.int64)
    return pd.arrays.IntegerArray(values, values == NO_CODE)


def moments(time: np.ndarray, clock: Clock) -> np.ndarray:
    """Return internal times as datetime64[us], NaT where `NEVER`."""
    known = time != NEVER
    dates = np.full(len(time), np.datetime64("NaT"), dtype="datetime64[us]")
    dates[known] = clock.dates(time[known])
    return dates


def is_team(rows: np.ndarray, team: Team) -> np.ndarray:
    """Return which rows a team acted in."""
    return rows["team"] == int(team)
