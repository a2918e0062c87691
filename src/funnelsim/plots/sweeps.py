"""Sweeps: a line over one factor, a map over two, and what each factor does by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import FuncFormatter

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.compare import HEADLINE
from funnelsim.experiments.designs import Factor, written
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.sweep import TODAY, Sweep
from funnelsim.experiments.words import amount, capital, counted, gap_unit, plain, with_margin
from funnelsim.plots.frame import (
    BAD,
    FAINT,
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
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import axis_label, number_note, number_ticks, rows_of, short, unit_of

MOST_LINES = 7
COLOURS = "viridis"
"""Colours of maps: even steps look even, also in grey and to the colour-blind."""


def over(quarters: int) -> str:
    """Return ``over 4 quarters``."""
    return f"over {counted(quarters, 'quarter')}"


def factor_label(name: str, factor: Factor) -> str:
    """Return the label of an axis that a factor is drawn on."""
    return ", ".join(part for part in (name, factor.unit) if part)


def sweep_line(sweep: Sweep, kpi: str = HEADLINE, ax: AxesLike | None = None) -> Axes:
    """Draw a key figure over one factor, with 95 % intervals; a second factor gives one line per level.

    Parameters
    ----------
    sweep : Sweep
        Results of `sweep` with design ``"grid"`` (or one factor at a time), one or two factors.
    kpi : str
        Key figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    x_name, line_name = _line_factors(sweep)
    table = sweep.table(kpi)
    if sweep.design == "one_at_a_time":
        table = table[table[x_name].notna()]
    (panel,) = axes = panels(ax, 4.2)
    numeric = sweep.factors[x_name].numeric
    names = list(dict.fromkeys(table[x_name])) if not numeric else []
    groups = [("", table)] if line_name is None else [
        (f"{line_name} {written(level)}", table[table[line_name] == level])
        for level in dict.fromkeys(table[line_name])
    ]  # fmt: skip
    ends: list[tuple[float, str, Any]] = []
    for place, (label, part) in enumerate(groups):
        colour, dash, marker = LINES[place % len(LINES)]
        x = part[x_name].to_numpy(float) if numeric else np.array([names.index(level) for level in part[x_name]])
        order = np.argsort(x, kind="stable")
        mean, low, high = (part[name].to_numpy(float)[order] for name in ("mean", "low", "high"))
        if numeric:
            panel.fill_between(x[order], low, high, color=colour, alpha=0.15, linewidth=0)
            panel.plot(x[order], mean, color=colour, linestyle=dash, linewidth=1.7)
        else:
            panel.vlines(x[order], low, high, color=colour, linewidth=2.2)
        panel.plot(x[order], mean, marker, color=colour, markersize=6)
        ends.append((float(mean[-1]), label, colour))
    if not numeric:
        panel.set_xticks(range(len(names)), [shortened(written(name), 14) for name in names], parse_math=False)
        panel.margins(x=0.1)
    else:
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: written(round(float(value), 9))))
    panel.set_xlabel(factor_label(x_name, sweep.factors[x_name]), fontsize=9)
    unit = unit_of(kpi)
    panel.set_ylabel(axis_label(kpi, unit), fontsize=9)
    number_ticks(panel.yaxis, unit)
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    if line_name is not None:
        end_labels(panel, ends)
    what = "Bands" if numeric else "Lines"
    write(axes, _line_finding(sweep, kpi), number_note(sweep.n, what, "95 % interval of each mean"))
    return panel


def _line_factors(sweep: Sweep) -> tuple[str, str | None]:
    names = list(sweep.factors)
    if sweep.design == "latin_hypercube" or len(names) > 2 or (sweep.design != "grid" and len(names) > 1):
        raise FunnelsimError("a line needs a grid of one or two factors; for more take plots.tornado or a table")
    if len(names) == 1:
        return names[0], None
    names.sort(key=lambda name: not sweep.factors[name].numeric)  # numbers on the axis, names as lines
    if len({repr(point[names[1]]) for point in sweep.points.values()}) > MOST_LINES:
        raise FunnelsimError(f"more than {MOST_LINES} lines cannot be told apart; take plots.heat_map")
    return names[0], names[1]


def _line_finding(sweep: Sweep, kpi: str) -> str:
    tied = sweep.tied(kpi)
    what = f"{plain(kpi)} {over(sweep.horizon_quarters)}"
    if sweep.n < 2:
        return f"{capital(what)} is best at {tied[0]}; one replication cannot tell luck"
    if len(tied) == len(sweep.points):
        return f"{capital(what)}: no setting is clearly behind the best, {tied[0]}"
    rest = f", tied with {counted(len(tied) - 1, 'other')}" if len(tied) > 1 else ", clearly ahead of all others"
    return f"{capital(what)} is best at {tied[0]}{rest}"


def heat_map(sweep: Sweep, kpi: str = HEADLINE, ax: AxesLike | None = None) -> Axes:
    """Draw a key figure over two factors as a map; places that are tied for best are framed.

    Parameters
    ----------
    sweep : Sweep
        Results of `sweep` with design ``"grid"`` and two factors.
    kpi : str
        Key figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    if sweep.design != "grid" or len(sweep.factors) != 2:
        raise FunnelsimError("a heat map needs design='grid' with two factors")
    x_name, y_name = sweep.factors
    table = sweep.table(kpi)
    columns, lines = list(dict.fromkeys(table[x_name])), list(dict.fromkeys(table[y_name]))
    mean = np.array([[_mean(table, {x_name: x, y_name: y}) for x in columns] for y in lines])
    (panel,) = axes = panels(ax, 1.9 + 0.5 * max(len(lines), 3))
    image = panel.imshow(mean, cmap=COLOURS, aspect="auto", origin="lower")
    unit, tied = unit_of(kpi), set(sweep.tied(kpi))
    framed = set() if len(tied) == len(sweep.points) else tied
    middle = (np.nanmin(mean) + np.nanmax(mean)) / 2.0
    for label, point in sweep.points.items():
        x, y = columns.index(point[x_name]), lines.index(point[y_name])
        panel.text(
            x, y, short(mean[y, x], unit), ha="center", va="center", fontsize=8, parse_math=False,
            color="white" if mean[y, x] < middle else INK, fontweight="bold" if label in framed else "normal",
        )  # fmt: skip
        if label in framed:
            panel.add_patch(_frame(x, y))
    panel.set_xticks(range(len(columns)), [written(x) for x in columns], parse_math=False)
    panel.set_yticks(range(len(lines)), [written(y) for y in lines], parse_math=False)
    panel.set_xlabel(factor_label(x_name, sweep.factors[x_name]), fontsize=9)
    panel.set_ylabel(factor_label(y_name, sweep.factors[y_name]), fontsize=9)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    widths = (table["high"] - table["low"]).to_numpy(float) / 2.0
    note = "One replication: no interval."
    if sweep.n > 1:
        typical = amount(float(np.median(widths)), gap_unit(unit))
        marks = "Framed and bold: tied for best." if framed else "None is clearly behind the best."
        note = f"Means of {counted(sweep.n, 'replication')}, ± {typical} (95 %, median). {marks}"
    write(axes, _line_finding(sweep, kpi), note)
    colour_bar(panel, image, kpi)
    return panel


def _mean(table: Any, where: dict[str, Any]) -> float:
    for name, level in where.items():
        table = table[table[name] == level]
    return float(table["mean"].iloc[0])


def _frame(x: float, y: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, fill=False, edgecolor=BAD, linewidth=2.0)


def colour_bar(panel: Axes, image: ScalarMappable, kpi: str) -> None:
    """Draw what the colours mean beside a panel, once its words are written: they choose the layout."""
    bar = panel.figure.figure.colorbar(image, ax=panel, fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=2)
    number_ticks(bar.ax.yaxis, unit_of(kpi))
    bar.set_label(axis_label(kpi, unit_of(kpi)), fontsize=9, labelpad=8)


def tornado(sweep: Sweep, kpi: str = HEADLINE, ax: AxesLike | None = None) -> Axes:
    """Draw what each factor's levels change by themselves, the most powerful factor on top.

    Parameters
    ----------
    sweep : Sweep
        Results of `sweep` with design ``"one_at_a_time"``.
    kpi : str
        Key figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    if sweep.design != "one_at_a_time":
        raise FunnelsimError("a tornado needs design='one_at_a_time'")
    table = sweep.differences(kpi, TODAY)
    effects = sweep.effects(kpi)
    (panel,) = axes = panels(ax, 1.9 + 0.55 * len(effects))
    sign = -1.0 if less_is_better(kpi) else 1.0
    unit = gap_unit(unit_of(kpi))
    for place, name in enumerate(effects.index):
        for row in rows_of(table[table[name].notna()]):
            level = sweep.points[row.setting][name]
            clear = (row.low > 0.0 or row.high < 0.0) and np.isfinite(row.low)
            colour = UNCLEAR if not clear else GOOD if sign * row.difference > 0 else BAD
            panel.barh(place, row.difference, height=0.5, color=colour, alpha=0.45)
            panel.plot([row.low, row.high], [place, place], color=colour, linewidth=2.0)
            panel.annotate(
                written(level), xy=(row.difference, place + 0.26), xytext=(0.0, -3.0), textcoords="offset points",
                ha="center", va="top", fontsize=8, color=INK, parse_math=False,
            )  # fmt: skip
    panel.axvline(0.0, color=INK, linewidth=1.0)
    panel.set_yticks(range(len(effects)), [shortened(str(name)) for name in effects.index], parse_math=False)
    panel.set_ylim(len(effects) - 0.3, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    panel.xaxis.set_major_locator(RoomyTicks())
    number_ticks(panel.xaxis, unit, signed=True)
    panel.set_xlabel(axis_label(kpi, unit, "difference to today"), fontsize=9)
    cells = [with_margin(abs(row.difference), (row.high - row.low) / 2, unit) for row in rows_of(effects)]
    columns_of_text(panel, ["worst to best"], [cells], [12.0 + 5.0 * max(map(len, cells))], [FAINT] * len(cells))
    what = f"{capital(plain(kpi))} {over(sweep.horizon_quarters)}"
    note = (
        number_note(sweep.n, "Lines", "95 % interval of the paired difference") + " Grey: not clear. Numbers: levels."
    )
    write(axes, f"{what} depends most on {effects.index[0]}: {cells[0]} from worst to best", note, pad=HEADS)
    return panel
