"""Getting there: cash over time, and the chance to miss a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.transitions import Transition
from funnelsim.experiments.words import amount, counted, interval, plain
from funnelsim.plots.frame import GRID, INK, LINES, AxesLike, end_labels, nothing, panels, shortened, write
from funnelsim.plots.sources import check_columns, number_note, number_ticks, unit_of

DATED = "%Y-%m-%d"


def cash_path(
    found: Transition, plans: Sequence[str] | None = None, relative: bool = False, ax: AxesLike | None = None
) -> Axes:
    """Draw cash since day 0 by week: means with intervals, and the trough of each plan.

    Parameters
    ----------
    found : Transition
        Result of `funnelsim.transition`.
    plans : sequence of str, optional
        Which plans; by default all.
    relative : bool
        Each plan less the baseline: what the build itself takes and brings.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table, troughs = found.cash_path(relative), found.troughs(relative)
    if plans is not None:
        for plan in plans:
            found.comparison.check_label(plan)
        table, troughs = table[table["plan"].isin(list(plans))], troughs[troughs.index.isin(list(plans))]
    axes = panels(ax, 4.0)
    (panel,) = axes
    if table.empty:
        nothing(axes, "Cash", "There is no plan beside the baseline: give two, or say relative=False.")
        return panel
    ends: list[tuple[float, str, Any]] = []
    for number, plan in enumerate(dict.fromkeys(table["plan"])):
        part = table[table["plan"] == plan]
        colour, dash, _ = LINES[number % len(LINES)]
        dates = part["date"].to_numpy()
        mean = part["mean"].to_numpy(float)
        if part["low"].notna().all():
            panel.fill_between(dates, part["low"], part["high"], color=colour, alpha=0.16, linewidth=0)
        panel.plot(dates, mean, color=colour, linestyle=dash, linewidth=1.7)
        low = int(mean.argmin())
        if mean[low] < 0.0:
            panel.plot(dates[low], mean[low], "v", color=colour, markersize=7, zorder=4)
        ends.append((float(mean[-1]), str(plan), colour))
    panel.axhline(0.0, color=INK, linewidth=0.8)
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    panel.margins(x=0.01)
    locator = AutoDateLocator(minticks=3, maxticks=7)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    number_ticks(panel.yaxis, "USD", signed=relative)
    what = f"cash less that of “{found.baseline}”" if relative else "cash since day 0"
    panel.set_ylabel(f"{what}, USD", fontsize=9, parse_math=False)
    panel.set_xlabel("end of the week")
    end_labels(panel, ends, lines=2 if any(len(text) > 18 for _, text, _ in ends) else 1)
    bands = number_note(found.n, "Bands", f"{found.level * 100:g} % interval of the mean, each week by itself")
    write(
        axes,
        _cash_title(found, troughs, relative),
        f"{bands} Triangles: lowest of the mean; single histories sink deeper.",
    )
    return panel


def _cash_title(found: Transition, troughs: pd.DataFrame, relative: bool) -> str:
    deepest, row = next(iter(troughs.sort_values("depth", kind="stable").iterrows()))
    if float(row["depth"]) > -0.5:
        return "Cash never sinks below its level of day 0" + (" of the baseline’s" if relative else "")
    if not float(row["high"]) < 0.0:
        last = troughs["end"].astype(float)
        size = amount(float(last.max()), "USD", sign=relative)
        than = f"that of “{found.baseline}”" if relative else "its level of day 0"
        return f"Cash does not clearly sink below {than}; “{last.idxmax()}” ends highest, at {size}"
    size = f"{amount(-float(row['depth']), 'USD')} {interval(-float(row['high']), -float(row['low']), 'USD')}"
    text = f"“{deepest}” takes {size} of cash at its lowest"
    if relative:
        text = f"“{deepest}” takes {size} more cash than “{found.baseline}” at its lowest"
    return text + (f" and is back by {row['back']:{DATED}}" if pd.notna(row["back"]) else " and is not back by the end")


def chance(
    found: Transition | pd.DataFrame, kpi: str | None = None, target: float | None = None, ax: AxesLike | None = None
) -> Axes:
    """Draw the chance to miss a target: of each plan, or of each plan in each quarter.

    Parameters
    ----------
    found : Transition or DataFrame
        Result of `funnelsim.transition`, or a table of its ``chance(...)`` with one key figure.
    kpi, target
        Key figure and target, where `found` is a transition; by default its own first target.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table = found.chance(kpi, target) if isinstance(found, Transition) else found
    check_columns([table], "kpi", "plan", "target", "chance", "low", "high", "n")
    names = list(dict.fromkeys(table["kpi"]))
    if len(names) != 1:
        if kpi is None and isinstance(found, Transition):
            table = table[table["kpi"] == names[0]]
        else:
            raise FunnelsimError(f"one key figure at a time: {', '.join(names)}")
    quarterly = "quarter" in table.columns
    axes = panels(ax, 3.8 if quarterly else 1.9 + 0.42 * len(table))
    panel = axes[0]
    (_by_quarter if quarterly else _by_plan)(panel, table)
    note = number_note(int(table["n"].min()), "Lines", "95 % Wilson interval")
    write(axes, _chance_title(table, quarterly), note)
    return panel


def _by_plan(panel: Axes, table: pd.DataFrame) -> None:
    for place, (_, row) in enumerate(table.iterrows()):
        panel.plot([row["low"], row["high"]], [place, place], color=LINES[0][0], linewidth=2.2, solid_capstyle="butt")
        panel.plot(row["chance"], place, "o", color=LINES[0][0], markersize=8, zorder=3)
    panel.set_yticks(range(len(table)), [shortened(str(plan)) for plan in table["plan"]], parse_math=False)
    panel.set_ylim(len(table) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.set_xlim(-0.02, 1.02)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    number_ticks(panel.xaxis, "share")
    panel.set_xlabel("chance to miss the target, %")


def _by_quarter(panel: Axes, table: pd.DataFrame) -> None:
    quarters = list(dict.fromkeys(table["quarter"]))
    plans = list(dict.fromkeys(table["plan"]))
    ends: list[tuple[float, str, Any]] = []
    for number, plan in enumerate(plans):
        colour, dash, marker = LINES[number % len(LINES)]
        part = table[table["plan"] == plan]
        at = np.arange(len(part)) + 0.08 * (number - (len(plans) - 1) / 2.0)
        mean, low, high = (part[name].to_numpy(float) for name in ("chance", "low", "high"))
        panel.plot(at, mean, color=colour, linestyle=dash, marker=marker, markersize=5, linewidth=1.5)
        panel.errorbar(at, mean, yerr=[mean - low, high - mean], color=colour, fmt="none", elinewidth=1.0, capsize=2)
        ends.append((float(mean[-1]), str(plan), colour))
    step = 1 if len(quarters) <= 6 else 2
    panel.set_xticks(range(0, len(quarters), step), quarters[::step])
    panel.set_ylim(-0.03, 1.03)
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    number_ticks(panel.yaxis, "share")
    panel.set_ylabel("chance to miss the target, %", fontsize=9)
    panel.set_xlabel("quarter")
    end_labels(panel, ends, lines=2 if any(len(text) > 18 for _, text, _ in ends) else 1)


def _chance_title(table: pd.DataFrame, quarterly: bool) -> str:
    name = str(table["kpi"].iloc[0])
    unit = unit_of(name) or ("USD" if name in ("cash", "cost") else "")
    unit = unit.removesuffix(" per year")  # annual prices are added up over the window
    goal = f"{amount(float(table['target'].iloc[0]), unit)} of {plain(name)}{' in a quarter' if quarterly else ''}"
    order: list[pd.Series] = [row for _, row in table.sort_values("chance", kind="stable").iterrows()]
    least, most = order[0], order[-1]

    def words(row: pd.Series) -> str:
        ends = interval(float(row["low"]), float(row["high"]), "share")
        when = f" in {row['quarter']}" if quarterly else ""
        return f"“{row['plan']}” misses {{}} with a chance of {amount(float(row['chance']), 'share')} {ends}{when}"

    if len(table) == 1 or float(least["chance"]) == float(most["chance"]):
        if len(table) == 1:
            return words(most).format(goal)
        ends = interval(float(most["low"]), float(most["high"]), "share")
        return f"Every plan misses {goal} with a chance of {amount(float(most['chance']), 'share')} {ends}"
    return f"{words(most).format(goal)}; {words(least).format('it')} ({counted(int(table['n'].min()), 'replication')})"
