"""Over time: any column of the series, and the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from funnelsim.experiments.intervals import Interval
from funnelsim.experiments.results import Results
from funnelsim.experiments.words import amount, capital, plain
from funnelsim.plots.frame import GRID, LINES, AxesLike, end_labels, head, nothing, panels, write
from funnelsim.plots.sources import (
    Source,
    axis_label,
    check_columns,
    interval_of,
    number_ticks,
    tables_note,
    tables_of,
    unit_of_column,
    value_words,
)

FLOWS = (
    "needs", "leads", "mqls", "requests", "prospected", "opportunities", "wins", "revenue_booked", "revenue_earned",
    "cost", "profit", "cash",
)  # fmt: skip
"""Columns that add up over periods; the others are stocks at the end of a period."""
SIGNED = ("profit", "cash")
"""Columns that may be negative."""
CROWD = 3
"""More lines than these have their interval at the end only: bands would hide one another."""


def series(
    source: Source, quantity: str = "customers", plans: Sequence[str] | None = None, ax: AxesLike | None = None
) -> Axes:
    """Draw one column of the series over time, one line per plan.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Table ``series`` (of replications or a comparison: ``keep="series"``), or ``Comparison.series``.
    quantity : str
        Column: flows are per period, stocks at its end.
    plans : sequence of str, optional
        Which plans of a comparison; by default all.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table = series_table(source, [quantity], plans)
    axes = panels(ax, 3.8)
    if table.empty or not table["mean"].notna().any():
        nothing(axes, plain(quantity), f"The series holds no {plain(quantity)}.")
        return axes[0]
    unit = unit_of_column("series", quantity)
    last = draw_lines(axes[0], table, quantity, unit)
    axes[0].set_xlabel("date")
    title = (_total if quantity in FLOWS else _finding)(table, last, quantity, unit)
    write(axes, title, tables_note(_bare(source), int(table["n"].max()), _what(table)))
    return axes[0]


def pipeline(source: Source, plans: Sequence[str] | None = None, ax: AxesLike | None = None) -> tuple[Axes, ...]:
    """Draw open opportunities, and what they would be worth a year, over time.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Table ``series`` (of replications or a comparison: ``keep="series"``), or ``Comparison.series``.
    plans : sequence of str, optional
        Which plans of a comparison; by default all.
    ax : matplotlib.axes.Axes or two of them, optional
        Where to draw; one is divided. By default in a new figure.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Number, and value below it.
    """
    table = series_table(source, ["open_opportunities", "pipeline"], plans)
    axes = panels(ax, 5.0, rows=2)
    number = table[table["quantity"] == "open_opportunities"]
    if number.empty or not (number["mean"] > 0).any():
        nothing(axes, "Pipeline", "No opportunity was open at the end of any period.")
        return tuple(axes)
    draw_lines(axes[0], number, "open_opportunities", "opportunities", axis="number")
    head(axes[0], "Open opportunities")
    value = table[table["quantity"] == "pipeline"]
    last = draw_lines(axes[1], value, "pipeline", "USD per year", axis="USD per year")
    head(axes[1], "Their list price")
    axes[0].tick_params(labelbottom=False)
    axes[1].set_xlabel("date")
    title = _finding(value, last, "pipeline", "USD per year")
    note = tables_note(_bare(source), int(table["n"].max()), _what(table))
    write(
        axes,
        title,
        note + " Pipeline: list price of the open opportunities, not weighted by the chance to win.",
        pad=22,
    )
    return tuple(axes)


def series_table(source: Source, quantities: Sequence[str], plans: Sequence[str] | None = None) -> pd.DataFrame:
    """Return mean and interval of columns of the series: plan, start, quantity, mean, low, high, n."""
    names = ["plan", "start", "quantity", "mean", "low", "high", "n"]
    if isinstance(source, pd.DataFrame) and "quantity" in source.columns:
        table = source
        if plans is not None:
            table = table[table["plan"].astype(str).isin(list(plans))]
        return table.loc[table["quantity"].isin(list(quantities)), names]
    labels: list[str | None] = [None]
    if isinstance(source, Results):
        labels = [source.check_label(plan) for plan in plans] if plans is not None else list(source.labels)
    rows = []
    for label in labels:
        tables = tables_of(source, "series", label)
        check_columns(tables, "start", *quantities)
        if not tables or tables[0].empty:
            continue
        days = tables[0].get("days")
        stub = days is not None and len(days) > 1 and days.iloc[-1] < 0.9 * days.iloc[-2]
        for quantity in quantities:
            kept = -1 if stub and quantity in FLOWS else None  # a flow of a period cut short would seem to fall
            stack = [table[quantity].to_numpy(dtype=float)[:kept] for table in tables]
            for start, *values in zip(tables[0]["start"][:kept], *stack, strict=True):
                one = interval_of(values)
                rows.append((label or "", start, quantity, one.mean, one.low, one.high, one.n))
    return pd.DataFrame(rows, columns=names)


def draw_lines(ax: Axes, table: pd.DataFrame, quantity: str, unit: str, axis: str = "") -> dict[str, Interval]:
    """Draw one line and band per plan; return the last value of each."""
    labels = list(dict.fromkeys(str(plan) for plan in table["plan"]))
    last: dict[str, Interval] = {}
    ends: list[tuple[float, str, Any]] = []
    for number, label in enumerate(labels):
        part = table[table["plan"].astype(str) == label]
        colour, dash, marker = LINES[number % len(LINES)]
        times = pd.to_datetime(part["start"]).to_numpy()
        known = part["low"].notna() & part["high"].notna()
        if len(labels) > CROWD and known.iloc[-1]:
            ends_at = part.iloc[[-1]]
            ax.errorbar(
                times[-1:] + np.timedelta64(4 * number, "D"), ends_at["mean"],
                yerr=[ends_at["mean"] - ends_at["low"], ends_at["high"] - ends_at["mean"]], color=colour, capsize=2,
                elinewidth=1.2,
            )  # fmt: skip
        elif known.any():
            low, high = part["low"].to_numpy(float), part["high"].to_numpy(float)
            if quantity not in SIGNED:
                low = np.maximum(low, 0.0)
            ax.fill_between(times, low, high, color=colour, alpha=0.18, linewidth=0)
        points: dict[str, Any] = {"marker": marker, "markersize": 4} if len(part) <= 16 else {}
        ax.plot(times, part["mean"].to_numpy(float), color=colour, linestyle=dash, linewidth=1.7, **points)
        row = part.iloc[-1]
        last[label] = Interval(float(row["mean"]), float(row["low"]), float(row["high"]), np.nan, int(row["n"]))
        if len(labels) > 1:
            ends.append((last[label].mean, label, colour))
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.set_ylim(*_limits(table, quantity not in SIGNED))
    locator = AutoDateLocator(minticks=3, maxticks=7)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    ax.margins(x=0.01)
    number_ticks(ax.yaxis, unit)
    ax.set_ylabel(axis or axis_label(quantity, unit if unit != plain(quantity) else "", ""), fontsize=9)
    end_labels(ax, ends, lines=2 if any(len(text) > 18 for _, text, _ in ends) else 1)
    return last


def _limits(table: pd.DataFrame, positive: bool) -> tuple[float, float]:
    """Return limits of y: from zero where that does not hide the course."""
    ends = table[["mean", "low", "high"]].to_numpy(dtype=float)
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    low = max(low, 0.0) if positive else low
    span = (high - low) or abs(high) or 1.0
    if 0.0 <= low <= 0.7 * high:
        return 0.0, high + 0.06 * span
    return low - 0.06 * span, high + 0.06 * span


def _finding(table: pd.DataFrame, last: dict[str, Interval], quantity: str, unit: str) -> str:
    name = capital(plain(quantity))
    if len(last) == 1:
        first = table.dropna(subset=["mean"]).iloc[0]
        (end,) = last.values()
        start, final = amount(float(first["mean"]), unit), value_words(end, unit)
        if np.isfinite(end.low) and end.low <= float(first["mean"]) <= end.high:
            return f"{name}: no clear change, {start} in the first period and {final} in the last"
        way = "up" if end.mean > first["mean"] else "down" if end.mean < first["mean"] else "unchanged"
        return f"{name}: {way} from {start} in the first period to {final} in the last"
    order = sorted((one for one in last.items() if np.isfinite(one[1].mean)), key=lambda one: -one[1].mean)
    if not order:
        return f"{name} over time"
    (top, high), (bottom, low) = order[0], order[-1]
    return (
        f"{name} in the last period: highest under “{top}” ({value_words(high, unit)}), "
        f"lowest under “{bottom}” ({value_words(low, unit)})"
    )


def _total(table: pd.DataFrame, last: dict[str, Interval], quantity: str, unit: str) -> str:
    """Say how much flowed in all."""
    name = capital(plain(quantity))
    sums = table.groupby(table["plan"].astype(str), sort=False)["mean"].sum()
    if len(sums) == 1:
        periods = int(table["mean"].notna().sum())
        each = float(sums.iloc[0]) / max(periods, 1)
        return (
            f"{name}: {amount(float(sums.iloc[0]), unit)} in {periods} periods, {amount(each, unit)} in each on average"
        )
    top, bottom = str(sums.idxmax()), str(sums.idxmin())
    return (
        f"{name} in all: most under “{top}” ({amount(float(sums[top]), unit)}), "
        f"least under “{bottom}” ({amount(float(sums[bottom]), unit)})"
    )


def _what(table: pd.DataFrame) -> str:
    return "Lines at the right end" if table["plan"].nunique() > CROWD else "Bands"


def _bare(source: Source) -> Source:
    """Return the source; a table with its own intervals is not 'one table'."""
    if isinstance(source, pd.DataFrame) and "quantity" in source.columns:
        return None
    return source
