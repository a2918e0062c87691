"""Why one plan beats another: a difference taken apart."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from funnelsim.experiments.explain import TOTAL, Explanation
from funnelsim.experiments.words import amount, capital, counted, plain, with_margin
from funnelsim.plots.frame import (
    BAD,
    GOOD,
    GRID,
    INK,
    UNCLEAR,
    AxesLike,
    RoomyTicks,
    columns_of_text,
    is_narrow,
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import axis_label, number_note, number_ticks

COLOURS = {"for": GOOD, "against": BAD, "not clear": UNCLEAR}
NAMED = 2
"""Changes that a title names."""


def waterfall(explanation: Explanation, ax: AxesLike | None = None) -> Axes:
    """Draw how the changes add up to the difference, largest first.

    Parameters
    ----------
    explanation : Explanation
        Result of `funnelsim.explain`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table = explanation.table()
    unit, (a, b) = explanation.unit, explanation.names
    axes = panels(ax, 1.9 + 0.42 * len(table))
    (panel,) = axes
    at, reached = 0.0, [0.0]
    for place, (name, row) in enumerate(table.iterrows()):
        whole = name == TOTAL
        value, start = float(row["share"]), 0.0 if whole else at
        colour = COLOURS[str(row["finding"])]
        panel.barh(
            place, value, left=start, height=0.66, color=colour, edgecolor=INK if whole else colour, linewidth=0.8
        )
        end = start + value
        if np.isfinite(float(row["low"])):
            low, high = value - float(row["low"]), float(row["high"]) - value
            panel.errorbar(end, place, xerr=[[low], [high]], color=INK, elinewidth=1.2, capsize=3)
            reached += [end - low, end + high]
        if not whole:
            panel.plot([end, end], [place + 0.33, place + 0.67], color="#9AA0A6", linewidth=0.8)
            at = end
        reached.append(end)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    span = (max(reached) - min(reached)) or 1.0
    panel.set_xlim(min(reached) - 0.04 * span, max(reached) + 0.04 * span)
    labels = [f"“{b}” less “{a}”" if name == TOTAL else capital(str(name)) for name in table.index]
    panel.set_yticks(
        range(len(table)), [shortened(label, 16 if is_narrow(panel) else 28) for label in labels], parse_math=False
    )
    panel.get_yticklabels()[-1].set_fontweight("bold")
    panel.set_ylim(len(table) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    panel.xaxis.set_major_locator(RoomyTicks())
    number_ticks(panel.xaxis, unit, signed=True)
    panel.set_xlabel(axis_label(explanation.kpi, unit, "difference"))
    cells = [_margin(float(row["share"]), float(row["low"]), float(row["high"]), unit) for _, row in table.iterrows()]
    colours = [COLOURS[str(finding)] for finding in table["finding"]]
    columns_of_text(panel, [""], [cells], [8.0 + 5.0 * max(map(len, cells))], colours)
    note = number_note(explanation.n, "Black lines", f"{explanation.level * 100:g} % interval of each share, paired")
    write(axes, _finding(explanation), f"{note} Shares add up to the difference (Shapley). Grey: not clear.")
    return panel


def _margin(mean: float, low: float, high: float, unit: str) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return amount(mean, unit, sign=True)
    return with_margin(mean, (high - low) / 2.0, unit, sign=True)


def _finding(explanation: Explanation) -> str:
    whole, (a, b) = explanation.total, explanation.names
    unit = explanation.unit
    quarters = counted(explanation.comparison.horizon_quarters, "quarter")
    size = _margin(whole.mean, whole.low, whole.high, unit)
    head = f"“{b}” less “{a}”: {size} of {plain(explanation.kpi)} over {quarters}"
    if not whole.excludes_zero:
        return f"{head}, which is not clear"
    table = explanation.table().drop(index=TOTAL)
    clear = table[table["finding"] != "not clear"].head(NAMED)
    if clear.empty:
        return f"{head}; which change makes it is not clear"
    sizes = [_margin(float(row["share"]), float(row["low"]), float(row["high"]), unit) for _, row in clear.iterrows()]
    parts = [f"{name} {size}" for name, size in zip(clear.index, sizes, strict=True)]
    return f"{head}; the most by {' and '.join(parts)}"
