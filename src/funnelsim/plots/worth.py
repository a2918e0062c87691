"""What things are worth: values with intervals, shadow prices, and where the bottleneck is in each quarter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from funnelsim.experiments.intervals import Interval
from funnelsim.experiments.marginal import NOTHING, MarginalValues
from funnelsim.experiments.value import Value, reps_words
from funnelsim.experiments.words import amount, capital, counted, plain, with_interval, with_margin
from funnelsim.plots.frame import (
    BAD,
    GOOD,
    GRID,
    HEADS,
    INK,
    LINES,
    UNCLEAR,
    AxesLike,
    RoomyTicks,
    columns_of_text,
    end_labels,
    is_narrow,
    nothing,
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import number_note, number_ticks, rows_of

LOOKS = {"worth it": (GOOD, "^"), "a loss": (BAD, "v"), "not clear": (UNCLEAR, "o")}
LETTER = 4.9
"""Width of a letter of a column, points."""


def worth(value: Value, ax: AxesLike | None = None) -> Axes:
    """Draw what something is worth a year at each horizon, beside one more rep.

    Parameters
    ----------
    value : Value
        Result of `funnelsim.value_of`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table = value.table()
    axes = panels(ax, 1.7 + 0.42 * len(table))
    labels = [f"{capital(what)}, {counted(quarters, 'quarter')}" for quarters, what in table.index]
    if len(value.comparison.horizons) == 1:
        labels = [capital(what) for _, what in table.index]
    (panel,) = axes
    _rows(panel, table, [shortened(label, 16 if is_narrow(panel) else 26) for label in labels])
    reps = [
        reps_words(Interval(float(row.reps_worth), float(row.reps_low), float(row.reps_high), np.nan, 0))
        for row in rows_of(table)
    ]
    _columns(panel, ["USD a year", "in reps"], [_margins(table), reps], _colours(table))
    panel.set_xlabel(f"{plain(value.kpi)}, USD a year")
    one = value.money()
    title = value.sentence.split("\n")[0].rstrip(".")
    beside = _reps_title(value) if one.excludes_zero and np.isfinite(value.reps_worth().low) else ""
    quarters = counted(value.comparison.horizon_quarters, "quarter")
    note = number_note(one.n, "Lines", f"{value.level * 100:g} % interval of the paired difference")
    write(axes, title + beside, f"{note} Over {quarters} in the title.", pad=HEADS)
    return panel


def _reps_title(value: Value) -> str:
    one = value.reps_worth()
    return f"; that is {with_interval(one.mean, one.low, one.high)} reps’ worth"


def marginal_values(found: MarginalValues, most: int = 12, ax: AxesLike | None = None) -> Axes:
    """Draw what one step of each lever is worth a year, best first.

    Parameters
    ----------
    found : MarginalValues
        Result of `funnelsim.marginal_values`.
    most : int
        How many levers: those that were looked at closely first, then the largest.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table = found.table()
    order = table.assign(size=table["money_per_year"].abs()).sort_values(
        ["refined", "size"], ascending=[False, False], kind="stable"
    )
    table = table.loc[table.index.isin(order.index[:most])]
    axes = panels(ax, 1.9 + 0.36 * max(len(table), 1))
    if table.empty:
        nothing(axes, "Levers", "No lever of the plan changes anything.")
        return axes[0]
    (panel,) = axes
    slim = is_narrow(panel)
    _rows(panel, table, [shortened(capital(str(name)), 16 if slim else 30) for name in table.index])
    heads, columns = ["the step, USD a year"], [_margins(table)]
    if not slim:
        heads.append("for each $")
        columns.append([amount(one, "USD", sign=True) if np.isfinite(one) else "" for one in table["per_dollar"]])
    _columns(panel, heads, columns, _colours(table))
    panel.set_xlabel(f"{plain(found.kpi)}, USD a year")
    rest = len(found.levers) - len(table)
    more = f" {rest} more levers are not shown." if rest else ""
    level = f"{found.level * 100:g} % intervals that hold together"
    note = f"Lines: {level}; {found.screened.n} to {found.refined.n} replications. Values are net of costs.{more}"
    write(axes, _levers_title(found, table), note, pad=HEADS)
    return panel


def _levers_title(found: MarginalValues, shown: pd.DataFrame) -> str:
    quarters = counted(found.refined.horizon_quarters, "quarter")
    clear = shown[shown["finding"] != "not clear"]
    best = clear[clear["money_per_year"] > 0.0].head(1)
    worst = clear[clear["money_per_year"] < 0.0].tail(1)
    parts = [f"{name} earns {_margin(row)} a year" for name, row in best.iterrows()]
    parts += [f"{name} loses {_margin(row).lstrip('+−')}{'' if parts else ' a year'}" for name, row in worst.iterrows()]
    if not parts:
        return f"No single step of {len(found.levers)} levers is clearly worth anything over {quarters}"
    return f"{capital('; '.join(parts))} (over {quarters})"


def bottleneck(found: MarginalValues, ax: AxesLike | None = None) -> Axes:
    """Draw what another dollar for people or programmes brings in each quarter.

    Parameters
    ----------
    found : MarginalValues
        Result of `funnelsim.marginal_values`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    axes = panels(ax, 3.8)
    (panel,) = axes
    quarters = found.by_quarter()
    names = found.resources
    quarters = quarters[quarters["lever"].isin(names)]
    if not names or quarters.empty:
        nothing(axes, "Bottleneck", "No lever of this plan buys people or programmes.")
        return panel
    steps = list(dict.fromkeys(quarters["quarter"]))
    ends: list[tuple[float, str, Any]] = []
    for number, name in enumerate(names):
        colour, dash, marker = LINES[number % len(LINES)]
        lever = found.levers[name]
        cost = lever.cost * abs(lever.step) / 4.0
        part = quarters[quarters["lever"] == name]
        mean, low, high = (part[column].to_numpy(float) / cost for column in ("money", "low", "high"))
        at = np.arange(len(steps)) + 0.06 * (number - (len(names) - 1) / 2.0)
        panel.plot(at, mean, color=colour, linestyle=dash, marker=marker, markersize=5, linewidth=1.6)
        if np.isfinite(low).all():
            panel.errorbar(
                at, mean, yerr=[mean - low, high - mean], color=colour, fmt="none", elinewidth=1.0, capsize=2
            )
        ends.append((float(mean[-1]), _brief(name), colour))
    panel.axhline(0.0, color=INK, linewidth=0.8)
    cut = _leave_room(panel, quarters, found)
    panel.set_xticks(range(len(steps)), steps)
    if len(steps) > 6:
        panel.set_xticks(range(0, len(steps), 2), steps[::2])
    panel.set_ylabel("USD on top of each dollar\nspent in the quarter", fontsize=9)
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    end_labels(panel, ends, lines=2)
    note = number_note(found.refined.n, "Bars", f"{found.level * 100:g} % interval, each by itself")
    title = _bottleneck_title(found)
    more = " That of the title holds for all together." if "[" in title else ""
    more += " Some bars reach beyond the picture." if cut else ""
    write(axes, title, f"{note}{more}")
    return panel


def _leave_room(panel: Axes, quarters: pd.DataFrame, found: MarginalValues) -> bool:
    """Give the means the picture, and bars as much as most of them need; return whether some are cut off."""
    cost = np.array([found.levers[name].cost * abs(found.levers[name].step) / 4.0 for name in quarters["lever"]])
    mean, low, high = (quarters[column].to_numpy(float) / cost for column in ("money", "low", "high"))
    if not np.isfinite(low).all():
        return False
    reach = 1.1 * max(np.abs(mean).max(), float(np.quantile(np.maximum(np.abs(low), np.abs(high)), 0.75)))
    panel.set_ylim(max(low.min(), -reach) - 0.03 * reach, min(high.max(), reach) + 0.03 * reach)
    return bool(low.min() < -reach or high.max() > reach)


def _bottleneck_title(found: MarginalValues) -> str:
    table = found.bottleneck()
    whole = table.loc["all"]
    if whole["binds"] == NOTHING:
        return f"No bottleneck is clear; the best mean return on another dollar is that of {_brief(str(whole['best']))}"
    mean, low, high = (float(one) for one in np.asarray(whole[["per_dollar", "low", "high"]], dtype=float))
    ends = with_interval(mean, low, high, "USD")
    return f"The bottleneck is what {_brief(str(whole['binds']))} adds: {ends} on top of each dollar"


def _brief(name: str) -> str:
    """Return the name of a lever without its step in dollars."""
    return name.split(" with $")[0] + (" with programmes" if " with $" in name else "") if "$" in name else name


# -- rows of means and intervals ----------------------------------------------------------------------------------


def _rows(panel: Axes, table: pd.DataFrame, labels: Sequence[str]) -> None:
    """Draw a mean and its interval in each row of a table with money_per_year, low, high and finding."""
    for place, row in enumerate(rows_of(table)):
        colour, marker = LOOKS[str(row.finding)]
        if np.isfinite(float(row.low)) and np.isfinite(float(row.high)):
            panel.plot([row.low, row.high], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
        face = "white" if row.finding == "not clear" else colour
        panel.plot(
            row.money_per_year, place, marker, markersize=8, markerfacecolor=face, markeredgecolor=colour,
            markeredgewidth=1.8, zorder=3,
        )  # fmt: skip
    panel.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    panel.set_yticks(range(len(table)), labels, parse_math=False)
    panel.set_ylim(len(table) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    panel.margins(x=0.06)
    panel.xaxis.set_major_locator(RoomyTicks())
    number_ticks(panel.xaxis, "USD", signed=True)


def _columns(panel: Axes, heads: list[str], columns: list[list[str]], colours: list[str]) -> None:
    at, places = 4.0, []
    for head, cells in zip(heads, columns, strict=True):
        at += 8.0 + LETTER * max(len(head) * 0.9, *map(len, cells))
        places.append(at)
    columns_of_text(panel, heads, columns, places, colours)


def _colours(table: pd.DataFrame) -> list[str]:
    return [LOOKS[str(finding)][0] for finding in table["finding"]]


def _margins(table: pd.DataFrame) -> list[str]:
    return [_margin(row) for _, row in table.iterrows()]


def _margin(row: pd.Series) -> str:
    mean, half = float(row["money_per_year"]), float(row["high"] - row["low"]) / 2.0
    return with_margin(mean, half, "USD", sign=True) if np.isfinite(half) else amount(mean, "USD", sign=True)
