"""What pictures are drawn from: tables of one run, of replications, of plans; computed here, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.intervals import Interval, mean_interval
from funnelsim.experiments.results import Results
from funnelsim.experiments.words import POINTS, SHARES, amount, counted, gap_unit, plain, trimmed, with_margin
from funnelsim.run import Run
from funnelsim.tables.glossary import KPIS, TABLES

Source = Any
"""A `Run`, a table, a sequence of either (replications), or results of `replicate` or `compare`."""


def tables_of(source: Source, name: str, plan: str | None = None) -> list[pd.DataFrame]:
    """Return the tables of a source, one per replication.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Where they come from.
    name : str
        Name of the table: a method of `Run`.
    plan : str, optional
        Which plan of a comparison; by default its baseline.
    """
    if isinstance(source, pd.DataFrame):
        return [_flat(source)]
    if isinstance(source, Run):
        return [_flat(getattr(source, name)())]
    if isinstance(source, Results):
        label = source.check_label(plan) if plan else source.default_label
        if name in source.keep.names:
            return [_flat(table) for table in source.kept_tables(name, label).values()]
        if "runs" in source.keep.names:
            return [_flat(getattr(run, name)()) for run in source.kept_runs(label)]
        raise FunnelsimError(f"this picture needs the table {name!r}, which was not kept; say keep=('kpis', {name!r})")
    if isinstance(source, Sequence) and not isinstance(source, str):
        return [table for one in source for table in tables_of(one, name, plan)]
    raise TypeError(f"expected a Run, a table or replications; got {type(source).__name__}")


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    return table.reset_index() if table.index.name else table


def check_columns(tables: Sequence[pd.DataFrame], *columns: str) -> None:
    """Refuse tables that lack columns which a picture needs."""
    for table in tables:
        missing = [column for column in columns if column not in table.columns]
        if missing:
            raise FunnelsimError(f"the table has no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}")


def summary_of(source: Source, kpis: Sequence[str]) -> pd.DataFrame:
    """Return mean, low, high, n and unit of KPIs; index kpi and plan, plans in order.

    A `Run` has no intervals; a summary table is taken as it is.
    """
    if isinstance(source, pd.DataFrame):
        table = source.reset_index() if any(source.index.names) else source.copy()
        check_columns([table], "kpi", "mean")
        for column, value in (("plan", ""), ("low", np.nan), ("high", np.nan), ("n", 0)):
            if column not in table.columns:
                table[column] = value
        table["unit"] = table["kpi"].map(lambda name: unit_of(str(name)))
        table["plan"] = table["plan"].astype(str)
        return table[table["kpi"].isin(list(kpis))].set_index(["kpi", "plan"])
    if isinstance(source, Run):
        numbers = source.kpis()
        rows = [(name, "this run", float(numbers[name]), np.nan, np.nan, 1, unit_of(name)) for name in kpis]
        return pd.DataFrame(rows, columns=["kpi", "plan", "mean", "low", "high", "n", "unit"]).set_index(
            ["kpi", "plan"]
        )
    if isinstance(source, Results):
        found: Any = source
        table = found.summary(list(kpis)).reset_index()
        if "plan" not in table.columns:
            table["plan"] = source.labels[0]
        table["plan"] = table["plan"].astype(str)
        return table.set_index(["kpi", "plan"])
    raise TypeError(f"expected results of compare or replicate, a Run or a summary; got {type(source).__name__}")


def plans_of(table: pd.DataFrame) -> list[str]:
    """Return the plans of a summary, in order."""
    return list(dict.fromkeys(str(plan) for plan in table.index.get_level_values("plan")))


def cell(table: pd.DataFrame, kpi: str, plan: str) -> Interval:
    """Return one KPI of one plan, NaN where there is none."""
    if (kpi, plan) not in table.index:
        return Interval(np.nan, np.nan, np.nan, np.nan, 0)
    row: Any = table.loc[[(kpi, plan)]].iloc[0]
    return Interval(float(row["mean"]), float(row["low"]), float(row["high"]), np.nan, int(row["n"]))


def interval_of(values: Sequence[float]) -> Interval:
    """Return mean and 95 % interval over replications."""
    return mean_interval(np.asarray(values, dtype=float))


def reach(one: Interval) -> tuple[float, float]:
    """Return how far an interval reaches below and above its mean, 0 where there is none."""
    if not (np.isfinite(one.low) and np.isfinite(one.high) and np.isfinite(one.mean)):
        return 0.0, 0.0
    return max(one.mean - one.low, 0.0), max(one.high - one.mean, 0.0)


def interval_in(row: Any) -> Interval:
    """Return the interval in the columns mean, low, high and n of a row."""
    return Interval(float(row.mean), float(row.low), float(row.high), np.nan, int(row.n))


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Return rows with columns as attributes."""
    return table.itertuples()


# -- words --------------------------------------------------------------------------------------------------------


def number_note(n: int, what: str = "Bars", interval: str = "95 % interval of the mean") -> str:
    """Return what the footnote says on intervals and replications."""
    if n >= 2:
        return f"{what}: {interval}; {n} replications."
    return "One replication: no interval." if n == 1 else "No interval: the table gives none."


def tables_note(source: Source, n: int, what: str = "Bars") -> str:
    """Return the same for tables."""
    if n < 2 and isinstance(source, pd.DataFrame):
        return "One table: no interval."
    return number_note(n, what)


def unit_of(kpi: str) -> str:
    """Return the unit of a KPI."""
    return KPIS[kpi][0] if kpi in KPIS else ""


def unit_of_column(table: str, column: str) -> str:
    """Return the unit of a column of a table."""
    return TABLES[table][column][0] if column in TABLES.get(table, {}) else ""


def axis_label(name: str, unit: str, more: str = "") -> str:
    """Return an axis label with its unit: ``profit with value, USD``."""
    words = {
        "share": "%",
        "probability": "%",
        POINTS: "percentage points",
        "hour": "hours",
        "working hour": "working hours",
        "day": "days",
    }
    tail = words.get(unit, unit)
    return ", ".join(part for part in (plain(name), more, tail) if part)


def value_words(one: Interval, unit: str) -> str:
    """Return a mean with its margin, if there is one."""
    if np.isfinite(one.low) and np.isfinite(one.high):
        return with_margin(one.mean, one.half_width, unit)
    return amount(one.mean, unit)


def gap_words(difference: float, low: float, high: float, kpi: str) -> str:
    """Return a difference in words: ``$42k ± 25k less``, ``5.1 ± 1.2 points higher``."""
    unit = gap_unit(unit_of(kpi))
    size = with_margin(abs(difference), (high - low) / 2, unit)
    earns = kpi.startswith(("profit", "npv", "revenue"))
    side = ("more" if difference >= 0 else "less") if earns else ("higher" if difference >= 0 else "lower")
    return f"{size} {side}"


def short(value: float, unit: str) -> str:
    """Return a number for a tick: no unit but $ and %, no trailing zeros."""
    if unit == POINTS:
        value = value * 100.0
    kept = "USD" if unit.startswith("USD") else unit if unit in SHARES else ""
    return trimmed(amount(value, kept))


def number_ticks(axis: Axis, unit: str, signed: bool = False) -> None:
    """Write ticks as people write numbers: $1.2M, 40%."""

    def written(value: float, _: int | None = None) -> str:
        text = short(value, unit)
        return f"+{text}" if signed and value > 0 else text

    axis.set_major_formatter(FuncFormatter(written))


def replications(n: int) -> str:
    """Return ``20 replications``."""
    return counted(n, "replication")
