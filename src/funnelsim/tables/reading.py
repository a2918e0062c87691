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

from funnelsim.errors import FunnelsimError
from funnelsim.events import DAY, NO_CODE, Kind, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.clock import Clock
from funnelsim.tables.dated import Dated
from funnelsim.tables.digest import Digest
from funnelsim.tables.rows import Index, Rows

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.tables.cases import Cases
    from funnelsim.tables.needs import Needs
    from funnelsim.tables.opportunities import Opportunities
    from funnelsim.tables.staff import People
    from funnelsim.tables.terms import Terms

NEVER = np.iinfo(np.int64).max
"""Internal time of what did not happen; public tables show NaT or NaN."""


class Reading:
    """A log and its scenario, indexed by kind of row.

    Parameters
    ----------
    log : numpy.ndarray or Digest
        Structured array with the columns of `funnelsim.events.COLUMNS`, in order of time; or what was kept of one.
    scenario : Scenario
        What was asked.
    longer : Reading, optional
        Of the same log and scenario up to a later end; see `until`.

    Attributes
    ----------
    world : World
        The world at the start: right for what cannot change in time (accounts, names of touchpoints, stocks at the
        start). What a timeline may change is in `dated`.
    dated : Dated
        Values by the moment at which they hold.
    """

    def __init__(self, log: np.ndarray | Digest, scenario: Scenario, longer: Reading | None = None) -> None:
        self._log = log
        self.scenario = scenario
        self.world = scenario.world
        self.clock = Clock(scenario)
        self.end = self.clock.end
        self.dated: Dated = Dated(scenario) if longer is None else longer.dated.until(self.end)
        self.touchpoints = tuple(scenario.world.touchpoints)
        self._index = None if longer is None else longer._indexed

    def until(self, scenario: Scenario) -> Reading:
        """Return a reading of the same log for the same scenario that ends earlier.

        They share what does not depend on the end: where rows stand, columns that were read, states of the timeline.
        """
        return Reading(self._log, scenario, self)

    def forget(self) -> None:
        """Give back what was remembered, except the log.

        Needs, cases and the like know the reading that made them. Without this, only the garbage collector would find
        out that nobody needs the log any more, and it may take long to look.
        """
        for name, member in vars(type(self)).items():
            if isinstance(member, cached_property):
                vars(self).pop(name, None)
        self._index = None

    # -- rows --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of rows of the log."""
        return len(self._log)

    @property
    def log(self) -> np.ndarray:
        """The whole log.

        Raises
        ------
        FunnelsimError
            If only what tables need was kept of it.
        """
        if isinstance(self._log, Digest):
            raise FunnelsimError(
                'this needs every row of the log, and only those that tables need were kept; log="full"'
            )
        return self._log

    def every_touch(self) -> Rows:
        """Return all touches before the end of the window, burn-in included; raises as `log`."""
        _ = self.log
        return self.rows(Kind.TOUCH)

    def touch_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return time and touchpoint of every touch inside the measurement window, also where no other is kept."""
        if isinstance(self._log, Digest):
            time, touchpoint = self._log.touch_moments()
        else:
            rows = self.rows(Kind.TOUCH)
            time, touchpoint = rows["time"], rows["touchpoint"]
        inside = slice(int(np.searchsorted(time, 0)), int(np.searchsorted(time, self.end)))
        return time[inside], touchpoint[inside]

    @cached_property
    def _indexed(self) -> Index | Digest:
        return self._log if isinstance(self._log, Digest) else self._index or Index(self._log)

    @cached_property
    def _window(self) -> tuple[int, int]:
        """Positions in the log of the first row of the window and of the first one after it."""
        return self._indexed.before(0), self._indexed.before(self.end)

    def rows(self, *kinds: Kind) -> Rows:
        """Return the rows of one or more kinds before the end of the window, burn-in included, in order of the log."""
        rows, stop = self._indexed.rows(kinds), self._window[1]
        return rows if stop == len(self) else rows[: int(np.searchsorted(rows.at, stop))]

    def measured(self, *kinds: Kind) -> Rows:
        """Return the rows of one or more kinds inside the measurement window."""
        rows = self.rows(*kinds)
        return rows[int(np.searchsorted(rows.at, self._window[0])) :]

    def count(self, kind: Kind) -> int:
        """Return the number of rows of a kind inside the measurement window."""
        return len(self.measured(kind))

    # -- keys --------------------------------------------------------------------------------------------------

    def code(self, name: str) -> int:
        """Return the log's code of a touchpoint."""
        return self.touchpoints.index(name)

    def is_care(self, rows: Rows) -> np.ndarray:
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
    def opportunities(self) -> Opportunities:
        """Opportunities, one per row, in order of time."""
        from funnelsim.tables.opportunities import Opportunities

        return Opportunities(self)

    @cached_property
    def people(self) -> People:
        """Staff time, person by person."""
        from funnelsim.tables.staff import People

        return People(self)

    @cached_property
    def desk_time(self) -> pd.DataFrame:
        """The table of staff time by person."""
        from funnelsim.tables.staff import by_person

        return by_person(self)

    @cached_property
    def costs(self) -> np.ndarray:
        """Cents by team, cause and day of the window, cost of goods aside."""
        from funnelsim.tables.ledger import daily_costs

        return daily_costs(self)

    @cached_property
    def key_figures(self) -> dict[str, float]:
        """Key figures by name."""
        from funnelsim.tables.kpis import key_figures

        return key_figures(self)


def reading(log: np.ndarray | Reading, scenario: Scenario) -> Reading:
    """Return a `Reading` of the log; one that is handed in is returned as it is."""
    return log if isinstance(log, Reading) else Reading(log, scenario)


# -- small tools -------------------------------------------------------------------------------------------------


def pick(values: np.ndarray, at: np.ndarray, missing: float | int) -> np.ndarray:
    """Return ``values[at]``, and `missing` where `at` is -1."""
    if not len(values):
        return np.full(len(at), missing, dtype=np.result_type(values.dtype, type(missing)))
    return np.where(at >= 0, values[at], missing)


def total_trust(rows: Rows) -> np.ndarray:
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


def is_team(rows: Rows, team: Team) -> np.ndarray:
    """Return which rows a team acted in."""
    return rows["team"] == int(team)
