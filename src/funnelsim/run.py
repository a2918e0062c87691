"""What came out: the event log of one replication, where it came from, and its tables."""

from __future__ import annotations

import html
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelsim.errors import FunnelsimError
from funnelsim.events import COLUMNS
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.tables import Reading

LOG_DTYPE = np.dtype([(column.name, column.dtype) for column in COLUMNS])
"""Type of a row of the event log."""
SAVED = (
    "events", "funnel", "journeys", "journey_paths", "touches", "cases", "opportunities", "customers", "products",
    "staff", "waiting", "ledger", "profit_and_loss", "series", "kpis",
)  # fmt: skip
"""Tables that `Run.to_csv` and `Run.to_parquet` write."""


@dataclass(frozen=True)
class Provenance:
    """Where a log came from.

    Attributes
    ----------
    seed, replication : int
        Address of the run's randomness.
    engine : str
        Which engine ran.
    funnelsim, python : str
        Versions.
    seconds : float
        Wall time of the engine.
    rows : int
        Rows of the log.
    """

    seed: int
    replication: int
    engine: str
    funnelsim: str
    python: str
    seconds: float
    rows: int

    @classmethod
    def here(cls, seed: int, replication: int, engine: str, seconds: float, rows: int) -> Provenance:
        """Return the provenance of a log that this process has just made."""
        return cls(seed, replication, engine, _version(), platform.python_version(), seconds, rows)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("funnelsim")
    except PackageNotFoundError:
        return "unknown"


class Run:
    """One replication of a scenario: event log, provenance, and tables made from the log on demand.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    log : numpy.ndarray
        What happened: structured array with the columns of `funnelsim.events.COLUMNS`, in order of time.
    provenance : Provenance
        Where it came from.

    Notes
    -----
    Every table is a pure function in `funnelsim.tables`; units and meanings are in `funnelsim.tables.glossary` and in
    ``docs/reference/tables.md``. A run cannot be changed.
    """

    scenario: Scenario
    log: np.ndarray
    provenance: Provenance

    def __init__(self, scenario: Scenario, log: np.ndarray, provenance: Provenance) -> None:
        if log.dtype != LOG_DTYPE:
            raise TypeError("the log does not have the columns of funnelsim.events.COLUMNS")
        if log.flags.writeable:
            log = log.view()
            log.flags.writeable = False
        vars(self).update(scenario=scenario, log=log, provenance=provenance)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Run cannot be changed ({name!r}); change the scenario and run it again")

    def __getstate__(self) -> dict[str, Any]:
        return {"scenario": self.scenario, "log": self.log, "provenance": self.provenance}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    @cached_property
    def _reading(self) -> Reading:
        """The log, indexed once for all tables."""
        from funnelsim.tables import Reading

        return Reading(self.log, self.scenario)

    @cached_property
    def _kpis(self) -> pd.Series:
        from funnelsim.tables import kpis

        return kpis(self._reading, self.scenario)

    # -- what happened -------------------------------------------------------------------------------------------------

    def events(self, burn_in: bool = False) -> pd.DataFrame:
        """Return every row of the log, with dates, names and dollars; with `burn_in` also those before day 0."""
        from funnelsim.tables import events

        return events(self._reading, self.scenario, burn_in=burn_in)

    def funnel(self, by: str | None = None) -> pd.DataFrame:
        """Return needs by step of the funnel; ``by='source'``: one funnel per source."""
        from funnelsim.tables import funnel

        return funnel(self._reading, self.scenario, by=by)

    def journeys(self) -> pd.DataFrame:
        """Return each touch of every need that ended in the window."""
        from funnelsim.tables import journeys

        return journeys(self._reading, self.scenario)

    def journey_paths(self, top: int = 20, by: str = "touchpoint") -> pd.DataFrame:
        """Return the `top` most frequent paths, of touchpoints or (``by='team'``) of teams."""
        from funnelsim.tables import journey_paths

        return journey_paths(self._reading, self.scenario, top=top, by=by)

    def touches(self) -> pd.DataFrame:
        """Return touches by touchpoint, team and stage."""
        from funnelsim.tables import touches

        return touches(self._reading, self.scenario)

    def cases(self) -> pd.DataFrame:
        """Return what reached sales, how long it waited, and what became of it."""
        from funnelsim.tables import cases

        return cases(self._reading, self.scenario)

    def opportunities(self) -> pd.DataFrame:
        """Return the opportunities open at some time of the window."""
        from funnelsim.tables import opportunities

        return opportunities(self._reading, self.scenario)

    def customers(self) -> pd.DataFrame:
        """Return the customers of the window."""
        from funnelsim.tables import customers

        return customers(self._reading, self.scenario)

    def products(self) -> pd.DataFrame:
        """Return what each product sold and earned."""
        from funnelsim.tables import products

        return products(self._reading, self.scenario)

    def staff(self, by: str = "person") -> pd.DataFrame:
        """Return time, activities, utilisation and wins of people, or (``by='role'``) of roles."""
        from funnelsim.tables import staff

        return staff(self._reading, self.scenario, by=by)

    def waiting(self) -> pd.DataFrame:
        """Return how long buyers waited for a first attempt, by source."""
        from funnelsim.tables import waiting

        return waiting(self._reading, self.scenario)

    # -- what it came to -----------------------------------------------------------------------------------------------

    def ledger(self, by: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return money by working day, team and cause, or summed by month, quarter, team, cause."""
        from funnelsim.tables import ledger

        return ledger(self._reading, self.scenario, by=by)

    def profit_and_loss(self) -> pd.DataFrame:
        """Return profit and loss by quarter and in total, with the value of customers and pipeline at both ends."""
        from funnelsim.tables import profit_and_loss

        return profit_and_loss(self._reading, self.scenario)

    def series(self, freq: str = "W") -> pd.DataFrame:
        """Return flows and stocks by day (D), week (W), month (M) or quarter (Q)."""
        from funnelsim.tables import series

        return series(self._reading, self.scenario, freq=freq)

    def kpis(self) -> pd.Series:
        """Return the key figures: one flat series of named numbers."""
        return self._kpis.copy()

    # -- files ---------------------------------------------------------------------------------------------------------

    def to_csv(self, folder: str | Path) -> list[Path]:
        """Write every table as CSV into a folder, which is made if need be; return the files."""
        return self._write(folder, ".csv", lambda table, path: table.to_csv(path, lineterminator="\n"))

    def to_parquet(self, folder: str | Path) -> list[Path]:
        """Write every table as Parquet into a folder, which is made if need be; return the files."""
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise FunnelsimError('Parquet files need pyarrow: pip install "funnelsim[parquet]"') from None
        return self._write(folder, ".parquet", lambda table, path: table.to_parquet(path))

    def _write(self, folder: str | Path, ending: str, write: Callable[[pd.DataFrame, Path], Any]) -> list[Path]:
        import pandas as pd

        target = _folder(folder)
        files = []
        for name in SAVED:
            table = getattr(self, name)()
            if isinstance(table, pd.Series):
                table = table.to_frame()
            path = target / f"{name}{ending}"
            write(table.set_index(table.columns[0]) if isinstance(table.index, pd.RangeIndex) else table, path)
            files.append(path)
        return files

    def export_crm(self, folder: str | Path) -> list[Path]:
        """Write the tables of a CRM and an event log for process mining as CSV; return the files."""
        from funnelsim.tables.crm import crm_tables

        target = _folder(folder)
        files = []
        for name, table in crm_tables(self._reading, self.scenario).items():
            path = target / f"{name}.csv"
            table.to_csv(path, index=False, lineterminator="\n")
            files.append(path)
        return files

    # -- in a word -----------------------------------------------------------------------------------------------------

    def _sentence(self) -> str:
        """Return days, accounts, wins and profit in one sentence."""
        accounts = sum(segment.accounts for segment in self.scenario.world.segments.values())
        numbers = self._kpis
        wins, profit = int(numbers["wins"]), numbers["profit"]
        money = f"${abs(profit):,.0f}"
        days = self._reading.clock.days
        deals = "1 win" if wins == 1 else f"{wins:,} wins"
        return f"{days} days, {accounts:,} accounts: {deals}, {'a profit' if profit >= 0 else 'a loss'} of {money}"

    def __repr__(self) -> str:
        source = self.provenance
        return f"<Run: {self._sentence()} (seed {source.seed}, replication {source.replication})>"

    def _repr_html_(self) -> str:
        source = self.provenance
        title = html.escape(self.scenario.title or "Run")
        shown = {key: value for key, value in asdict(source).items() if key != "seconds"}
        facts = ", ".join(f"{key} {html.escape(str(value))}" for key, value in shown.items())
        return f"<p><b>{title}</b>: {html.escape(self._sentence())}.<br><small>{facts}</small></p>"


def _folder(folder: str | Path) -> Path:
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise FunnelsimError(f"{path} is a file; expected a folder")
    path.mkdir(parents=True, exist_ok=True)
    return path
