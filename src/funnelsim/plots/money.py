"""From revenue to profit, and to profit with the value of customers and pipeline."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from funnelsim.experiments.words import amount
from funnelsim.plots.frame import (
    BAD,
    BUYER,
    GOOD,
    INK,
    MARKETING,
    SALES,
    AxesLike,
    columns_of_text,
    nothing,
    panels,
    write,
)
from funnelsim.plots.sources import (
    Source,
    check_columns,
    interval_in,
    interval_of,
    number_ticks,
    reach,
    rows_of,
    tables_note,
    tables_of,
    value_words,
)

STEPS = (
    ("revenue_earned", "revenue earned", BUYER),
    ("cost_of_goods", "cost of goods", BUYER),
    ("marketing_people", "marketers", MARKETING),
    ("programmes", "programmes", MARKETING),
    ("sales_people", "reps and SDRs", SALES),
    ("commission", "commission", SALES),
    ("bonus", "bonus", SALES),
    ("tools", "shared tools", BUYER),
    ("retention", "retention", MARKETING),
    ("hiring", "hiring", BUYER),
    ("profit", "profit", GOOD),
    ("customer_value", "+ value of customers", GOOD),
    ("pipeline_value", "+ value of pipeline", GOOD),
    ("profit_with_value", "profit with value", GOOD),
)
LEVELS = ("revenue_earned", "profit", "profit_with_value")
"""Steps that stand on zero; the others are changes."""
ALWAYS = (*LEVELS, "customer_value", "pipeline_value")


def profit_waterfall(source: Source, plan: str | None = None, ax: AxesLike | None = None) -> Axes:
    """Draw how revenue becomes profit, and what the value left at the end adds.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Table ``profit_and_loss``; several are averaged, with intervals.
    plan : str, optional
        Which plan of a comparison; by default its baseline.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    tables = tables_of(source, "profit_and_loss", plan)
    axes = panels(ax, 4.4)
    steps = waterfall_steps(tables)
    if steps.empty or not np.isfinite(steps["mean"].to_dict()["profit"]):
        nothing(axes, "Profit", "No money moved: the profit and loss statement is empty.")
        return axes[0]
    (panel,) = axes
    at, ends = 0.0, []
    for place, row in enumerate(rows_of(steps)):
        line, value = row.Index, float(np.nan_to_num(row.mean))
        start = 0.0 if line in LEVELS else at
        level = line in LEVELS
        colour = BAD if level and value < 0 else row.colour
        panel.barh(
            place, value, left=start, height=0.7, color=colour, edgecolor=INK if level else colour, linewidth=0.6
        )
        if not level and line in ("customer_value", "pipeline_value"):
            panel.barh(place, value, left=start, height=0.7, fill=False, edgecolor="white", hatch="////", linewidth=0.0)
        below, above = reach(interval_in(row))
        at = start + value
        if level and below + above > 0.0:
            panel.errorbar(at, place, xerr=[[below], [above]], color=INK, elinewidth=1.2, capsize=3)
        ends += [start, at, at - below, at + above]
        if place + 1 < len(steps):
            panel.plot([at, at], [place + 0.35, place + 0.65], color="#9AA0A6", linewidth=0.8)
    panel.axvline(0, color=INK, linewidth=0.8)
    low, high = min(0.0, *ends), max(0.0, *ends)
    span = (high - low) or 1.0
    panel.set_xlim(low - 0.03 * span if low < 0 else 0.0, high + 0.03 * span)
    panel.set_yticks(range(len(steps)), list(steps["label"]))
    for label, line in zip(panel.get_yticklabels(), steps.index, strict=True):
        label.set_fontweight("bold" if line in LEVELS else "normal")
    panel.set_ylim(len(steps) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    number_ticks(panel.xaxis, "USD")
    panel.set_xlabel("USD over the horizon")
    numbers = [
        value_words(interval_in(row), "USD") if row.Index in LEVELS else amount(float(row.mean), "USD", sign=True)
        for row in rows_of(steps)
    ]
    columns_of_text(panel, [""], [numbers], [62.0 if max(map(len, numbers)) <= 8 else 94.0])
    note = tables_note(source, len(tables), "± and black lines")
    write(axes, _finding(steps), note + " Values: change from start to end.")
    return panel


def waterfall_steps(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the steps from revenue to profit with value: mean, low, high, label; steps that are nothing left out."""
    if not tables or any(table.empty for table in tables):
        return pd.DataFrame(columns=["mean", "low", "high", "n", "label", "colour"])
    check_columns(tables, "line", "total")
    totals = [table.assign(line=table["line"].astype(str)).set_index("line")["total"].astype(float) for table in tables]
    rows = []
    for line, label, colour in STEPS:
        values = [_value(total, line) for total in totals]
        one = interval_of(values)
        if line in ALWAYS or abs(one.mean) >= 0.5:
            rows.append((line, one.mean, one.low, one.high, one.n, label, colour))
    return pd.DataFrame(rows, columns=["line", "mean", "low", "high", "n", "label", "colour"]).set_index("line")


def _value(total: pd.Series, line: str) -> float:
    if line in ("customer_value", "pipeline_value"):
        return float(total.get(f"{line}_end", np.nan)) - float(total.get(f"{line}_start", np.nan))
    return float(total.get(line, np.nan))


def _finding(steps: pd.DataFrame) -> str:
    mean = {str(line): float(value) for line, value in steps["mean"].items()}
    revenue, profit = mean["revenue_earned"], mean["profit"]
    word = "profit" if profit >= 0 else "a loss"
    text = f"{amount(revenue, 'USD')} of revenue leaves {amount(abs(profit), 'USD')} {word}"
    if profit < 0:
        text = f"{amount(revenue, 'USD')} of revenue ends in a loss of {amount(abs(profit), 'USD')}"
    with_value = mean["profit_with_value"]
    if np.isfinite(with_value):
        text += f"; with the value of customers and pipeline that remains it is {amount(with_value, 'USD')}"
    return text
