"""What replications and comparisons have in common: KPIs by plan, replication and horizon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments.executors import Key, Outcome
from funnelsim.experiments.intervals import LEVEL, mean_interval
from funnelsim.experiments.keeping import Keep, Kept, kpi_units, together
from funnelsim.experiments.words import rounded
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.experiments.precision import Precise
    from funnelsim.run import Run


class Results:
    """Results of one or more scenarios, each run the same number of times with the same random numbers.

    Attributes
    ----------
    scenarios
        What was run, by label.
    seed, engine
        How it was run.
    requested, n
        Replications asked for and finished (by every scenario).
    interrupted
        Whether it was stopped before all were finished.
    seconds
        Wall time.
    stored
        How many of the runs were read from the store.
    precision
        With ``replications="auto"``: what was asked and what was reached (``precision.report()``, ``.reached``,
        ``.half_width``); otherwise none.
    horizon_quarters, horizons
        The horizon that these KPIs are read at, and all there are; `at` gives another one.
    units
        Unit of each KPI, by name.
    """

    def __init__(
        self,
        scenarios: Mapping[str, Scenario],
        outcome: Outcome,
        keep: Keep,
        *,
        seed: int,
        engine: str,
        requested: int,
    ) -> None:
        self.scenarios = dict(scenarios)
        self.seed = seed
        self.engine = engine
        self.requested = requested
        self.interrupted = outcome.interrupted
        self.seconds = outcome.seconds
        self.stored = outcome.stored
        self.precision: Precise | None = None
        self.keep = keep
        self.horizons = keep.horizons
        self.horizon_quarters = keep.horizons[-1]
        self._kept = _balanced(outcome.results, list(self.scenarios))
        self.n = len(self._kept) // len(self.scenarios)
        self.units = kpi_units()

    @property
    def labels(self) -> list[str]:
        """Labels of the scenarios, in order."""
        return list(self.scenarios)

    @property
    def default_label(self) -> str:
        """Label that is meant where none is named: the baseline, or the first."""
        return self.labels[0]

    @property
    def kpis(self) -> pd.DataFrame:
        """KPIs at the horizon: one row per (plan, replication), one column per KPI; units in `units`."""
        import pandas as pd

        rows = [
            {"plan": key[0], "replication": key[1], **kept.kpis[self.horizon_quarters]}
            for key, kept in self._kept.items()
        ]
        table = pd.DataFrame(rows, columns=["plan", "replication", *self.units])
        table["plan"] = pd.Categorical(table["plan"], self.labels, ordered=True)
        return table.sort_values(["plan", "replication"]).set_index(["plan", "replication"])

    @property
    def frame(self) -> pd.DataFrame:
        """Everything that is kept of KPIs, tidy: plan, replication, horizon_quarters, kpi, value, unit."""
        import pandas as pd

        rows = [
            (label, replication, quarters, name, value, self.units.get(name, ""))
            for (label, replication), kept in self._kept.items()
            for quarters, values in kept.kpis.items()
            for name, value in values.items()
        ]
        columns = ["plan", "replication", "horizon_quarters", "kpi", "value", "unit"]
        table = pd.DataFrame(rows, columns=columns)
        table["plan"] = pd.Categorical(table["plan"], self.labels, ordered=True)
        return table.sort_values(columns[:3], kind="stable", ignore_index=True)

    def at(self, horizon_quarters: int) -> Self:
        """Return the same results read at another horizon, one of `horizons`."""
        import copy

        if horizon_quarters not in self.horizons:
            known = ", ".join(str(quarters) for quarters in self.horizons)
            raise ScenarioError(f"nothing was read at {horizon_quarters} quarters; these results have: {known}")
        other = copy.copy(self)
        other.horizon_quarters = horizon_quarters
        return other

    def values(self, kpi: str, label: str) -> list[float]:
        """Return a KPI of one plan, one number per replication in order."""
        self.check_kpis([kpi])
        self.check_label(label)
        return [kept.kpis[self.horizon_quarters][kpi] for key, kept in self._kept.items() if key[0] == label]

    def check_kpis(self, kpis: str | Iterable[str] | None) -> list[str]:
        """Return the names of KPIs, all if none are given; refuse one that does not exist."""
        names = list(self.units) if kpis is None else [kpis] if isinstance(kpis, str) else list(kpis)
        for name in names:
            if name not in self.units:
                raise ScenarioError(f"no KPI is named {name!r}{hint(str(name), self.units, 'KPIs')[0]}")
        return names

    def check_label(self, label: str) -> str:
        """Return the label; refuse one that does not exist."""
        if label not in self.scenarios:
            raise ScenarioError(f"no plan has the label {label!r}{hint(str(label), self.scenarios, 'labels')[0]}")
        return label

    def summary(self, kpis: str | Iterable[str] | None = None, level: float = LEVEL) -> pd.DataFrame:
        """Mean and t interval of each KPI: mean, low, high, sd, n, unit."""
        raise NotImplementedError

    def _summary(self, kpis: str | Iterable[str] | None, level: float) -> pd.DataFrame:
        import pandas as pd

        rows = []
        for label in self.labels:
            for name in self.check_kpis(kpis):
                one = mean_interval(self.values(name, label), level)
                rows.append((label, name, one.mean, one.low, one.high, one.sd, one.n, self.units[name]))
        table = pd.DataFrame(rows, columns=["plan", "kpi", "mean", "low", "high", "sd", "n", "unit"])
        table["plan"] = pd.Categorical(table["plan"], self.labels, ordered=True)
        return table

    def rounded(self, table: pd.DataFrame | None = None) -> pd.DataFrame:
        """A table of these results in short words, for reading: ``$6.63M``, ``80.1%``, ``+5.0 points``.

        Parameters
        ----------
        table
            What `summary`, ``differences``, ``ranking``, ``plans`` or `kpis` returned; by default `summary`. Compute
            with the table, print this: ``study.rounded(study.differences("wins"))``.

        Returns
        -------
        pandas.DataFrame
            The same rows and columns as text; each cell says its unit, so that the column ``unit`` is left out.
        """
        units = {**self.units, "payroll_and_programmes": "USD"}  # a column of `Comparison.plans`
        return rounded(self.summary() if table is None else table, units)

    def kept_tables(self, name: str, label: str | None = None) -> dict[int, pd.DataFrame]:
        """Return a table that was kept (``keep=``) of one plan, by number of the replication.

        Parameters
        ----------
        name
            Name of the table.
        label
            Which plan; by default the baseline, or the first.
        """
        label = self.default_label if label is None else self.check_label(label)
        found = {
            key[1]: kept.tables[name] for key, kept in self._kept.items() if key[0] == label and name in kept.tables
        }
        if not found:
            had = ", ".join(self.keep.names) or "nothing"
            raise ScenarioError(f"the table {name!r} was not kept (kept: {had}); say keep=('kpis', {name!r})")
        return found

    def kept_runs(self, label: str | None = None) -> list[Run]:
        """Return the runs of one plan, if they were kept (``keep="runs"``; each holds its whole log).

        Parameters
        ----------
        label
            Which plan; by default the baseline, or the first.
        """
        label = self.default_label if label is None else self.check_label(label)
        found = [kept.run for key, kept in self._kept.items() if key[0] == label and kept.run is not None]
        if not found:
            raise ScenarioError("the runs were not kept; say keep=('kpis', 'runs')")
        return found

    def _whole_table(self, name: str, label: str) -> pd.DataFrame:
        return together(name, self.kept_tables(name, label))

    @property
    def log_rows(self) -> float:
        """Mean number of rows of a run's log."""
        return sum(kept.rows for kept in self._kept.values()) / max(1, len(self._kept))

    @property
    def replications_in_words(self) -> str:
        """How many replications there are: ``20 replications``, or ``14 of 20 replications, stopped early``."""
        if self.n == self.requested:
            return "1 replication" if self.n == 1 else f"{self.n} replications"
        return f"{self.n} of {self.requested} replications, stopped early"

    def to_csv(self, path: str | Path) -> Path:
        """Write `frame` as CSV."""
        return write_table(self.frame, path)

    def to_parquet(self, path: str | Path) -> Path:
        """Write `frame` as Parquet (needs pyarrow)."""
        return write_table(self.frame, path, "parquet")


def _balanced(results: Mapping[Key, Kept], labels: list[str]) -> dict[Key, Kept]:
    """Keep the replications that every plan has finished, in order."""
    replications = sorted({replication for _, replication in results})
    whole = [number for number in replications if all((label, number) in results for label in labels)]
    return {(label, number): results[label, number] for label in labels for number in whole}


def write_table(table: pd.DataFrame, path: str | Path, form: str = "csv") -> Path:
    """Write a table; a reason in words if that is not possible."""
    path = Path(path)
    try:
        if form == "csv":
            table.to_csv(path, index=False, lineterminator="\n")
        else:
            table.to_parquet(path, index=False)
    except ImportError:
        raise FunnelsimError("writing Parquet needs pyarrow: pip install 'funnelsim[parquet]'; or take CSV") from None
    except OSError as error:
        raise FunnelsimError(f"{path}: cannot be written ({error.strerror or error})") from None
    return path
