"""Robust choice: regret over worlds, where the favourite flips, and what decides the ranking."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from funnelsim.experiments.designs import written
from funnelsim.experiments.robust import Robust
from funnelsim.experiments.sensitivity import Sensitivity
from funnelsim.experiments.switching import SURE, Switching
from funnelsim.experiments.words import amount, capital, counted, gap_unit, plain
from funnelsim.plots.frame import (
    BAD,
    GOOD,
    GRID,
    INK,
    LINES,
    SALES,
    AxesLike,
    RoomyTicks,
    end_labels,
    legend,
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import axis_label, number_note, number_ticks, short
from funnelsim.plots.sweeps import factor_label, over


def regret(result: Robust, ax: AxesLike | None = None) -> Axes:
    """Draw the regret of each plan in each world, the safest plan on top.

    Parameters
    ----------
    result : Robust
        Results of `robust`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table, chance = result.regret(), result.chance_best()
    columns = [*result.worlds, "mean", "worst"]
    (panel,) = axes = panels(ax, 2.0 + 0.66 * len(table))
    numbers = table[columns].to_numpy(float)
    panel.imshow(numbers, cmap="OrRd", aspect="auto", vmin=0.0, vmax=2.0 * max(float(numbers.max()), 1e-9))
    unit = gap_unit(result.unit)
    for y, plan in enumerate(table.index):
        for x, name in enumerate(columns):
            value = float(numbers[y, x])
            text = "0" if value == 0.0 else short(value, unit)
            below = f"{chance.loc[plan, name]:.0%}" if name in result.worlds else _ends(table, plan, name, unit)
            bold = "bold" if (name in result.worlds and value == 0.0) or (name == "worst" and y == 0) else "normal"
            panel.text(
                x,
                y,
                f"{text}\n{below}",
                ha="center",
                va="center",
                fontsize=8,
                color=INK,
                fontweight=bold,
                parse_math=False,
            )
    panel.axvline(len(result.worlds) - 0.5, color="white", linewidth=5)
    heads = [shortened(name, 14) for name in result.worlds]
    panel.set_xticks(range(len(columns)), [*heads, "mean", "worst"], parse_math=False)
    panel.set_yticks(range(len(table)), [shortened(str(plan)) for plan in table.index], parse_math=False)
    panel.xaxis.tick_top()
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    what = f"{plain(result.kpi)} {over(result.horizon_quarters)}"
    panel.set_xlabel(f"regret: {what} less than the best plan of the world, {axis_label('', result.unit)}", fontsize=9)
    panel.xaxis.set_label_position("bottom")
    note = (
        f"{counted(result.n, 'replication')}, the same for all. Below each regret: share of replications in which the "
        "plan is best there; below mean and worst: 95 % bootstrap interval. Bold: best of its world; safest plan."
    )
    safest = table.index[0]
    worst = amount(float(table["worst"].iloc[0]), unit)
    title = f"“{safest}” is the safest: at worst {worst} behind the best plan of the world"
    best = result.best_on_average()
    if best != safest:
        title += f"; “{best}” is best on average"
    write(axes, title, note, pad=26.0)
    return panel


def _ends(table: Any, plan: Any, name: str, unit: str) -> str:
    low, high = float(table.loc[plan, f"{name}_low"]), float(table.loc[plan, f"{name}_high"])
    return f"{short(low, unit)} to\n{short(high, unit)}"


def switching(result: Switching, ax: AxesLike | None = None) -> Axes:
    """Draw where the favourite flips: lines over one number, or a map over two.

    Parameters
    ----------
    result : Switching
        Results of `switching`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    return _line(result, ax) if len(result.factors) == 1 else _map(result, ax)


def _line(result: Switching, ax: AxesLike | None) -> Axes:
    (panel,) = axes = panels(ax, 4.4)
    name, factor = next(iter(result.factors.items()))
    table, unit = result.table(), gap_unit(result.unit)
    scale, fitted = result.curves()
    aside = 0.012 * float(np.ptp(scale))  # plans stand beside each other, so that each interval is seen
    ends: list[tuple[float, str, Any]] = [(0.0, result.plans[0], INK)]
    panel.axhline(0.0, color=INK, linewidth=1.4)
    for place, plan in enumerate(result.plans[1:]):
        colour, dash, marker = LINES[place % len(LINES)]
        part = table[table["plan"] == plan]
        beside = part[name].to_numpy(float) + aside * (place - len(result.plans) / 2.0 + 1.0)
        panel.vlines(beside, part["low"], part["high"], color=colour, linewidth=1.6, alpha=0.7)
        panel.plot(beside, part["difference"], marker, color=colour, markersize=6)
        panel.plot(scale, fitted[place + 1], color=colour, linestyle=dash, linewidth=1.6)
        ends.append((float(fitted[place + 1][-1]), plan, colour))
    flips = result.flips()
    for flip in flips:
        panel.axvspan(flip.low, flip.high, color=SALES, alpha=0.22, linewidth=0)
        panel.axvline(flip.at, color=SALES, linewidth=1.4, linestyle="--")
    panel.set_xlabel(factor_label(name, factor), fontsize=9)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: written(round(float(value), 9))))
    panel.set_ylabel(f"{plain(result.kpi)},\ndifference to “{result.plans[0]}”, {axis_label('', unit)}", fontsize=9)
    panel.yaxis.label.set_parse_math(False)
    panel.yaxis.set_major_locator(MaxNLocator(6))
    number_ticks(panel.yaxis, unit, signed=True)
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    end_labels(panel, ends, 2)
    note = number_note(result.n, "Lines", "95 % interval of the paired difference") + " Curve: fitted, second degree."
    note += " Shaded: 95 % interval of the flip (bootstrap)." if flips else ""
    write(axes, _flip_finding(result, name), note)
    return panel


def _flip_finding(result: Switching, name: str) -> str:
    flips, levels = result.flips(), result.levels(name)
    if not flips:
        best = result.plans[int(result.favourite()[1][0])]
        return f"“{best}” stays the favourite for every {name} from {written(levels[0])} to {written(levels[-1])}"
    parts = []
    for flip in flips:
        place = f"{written(float(f'{flip.at:.3g}'))} ({written(float(f'{flip.low:.3g}'))} to "
        place += f"{written(float(f'{flip.high:.3g}'))})"
        parts.append(f"from “{flip.above}” to “{flip.below}” when {name} falls below {place}")
    return f"The favourite flips {'; '.join(parts)}"


def _map(result: Switching, ax: AxesLike | None) -> Axes:
    (panel,) = axes = panels(ax, 5.0)
    (x_name, x_factor), (y_name, y_factor) = result.factors.items()
    scales, best, sure = result.favourite()
    x, y = scales
    seen = [place for place in range(len(result.plans)) if (best == place).any()]
    for place in seen:
        colour = LINES[place % len(LINES)][0]
        panel.contourf(x, y, (best == place).T.astype(float), levels=[0.5, 1.5], colors=[colour], alpha=0.55)
        panel.fill_between([], [], color=colour, alpha=0.55, label=shortened(result.plans[place], 18))
    if (sure < SURE).any():
        panel.contourf(
            x, y, sure.T, levels=[0.0, SURE], colors=["none"], hatches=["////"]
        )  # hatching alone: the colour below still says which plan
        panel.fill_between([], [], facecolor="white", edgecolor=INK, hatch="////", linewidth=0.5, label="not sure")
    points = np.array([[float(point[x_name]), float(point[y_name])] for point in result.points])
    panel.plot(points[:, 0], points[:, 1], ".", color=INK, markersize=3, clip_on=False)
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: written(round(float(value), 9))))
    panel.set_xlabel(factor_label(x_name, x_factor), fontsize=9)
    panel.set_ylabel(factor_label(y_name, y_factor), fontsize=9)
    legend(panel, loc="upper left", bbox_to_anchor=(1.0, 1.02), borderaxespad=0.4)  # beside: it must not hide the map
    shares = sorted(((float((best == place).mean()), result.plans[place]) for place in seen), reverse=True)
    share, plan = shares[0]
    sure_share = float(((best == result.plans.index(plan)) & (sure >= SURE)).mean())
    title = f"“{plan}” is the favourite on {share:.0%} of the map, surely on {sure_share:.0%}"
    if len(shares) > 1:
        title += f"; the rest is {'' if len(shares) == 2 else 'mostly '}“{shares[1][1]}”"
    note = (
        f"Favourite by {plain(result.kpi)} {over(result.horizon_quarters)}; fitted, second degree, through the dots "
        f"({counted(result.n, 'replication')} each, paired). Hatched: fewer than {SURE:.0%} of bootstrap samples agree."
    )
    write(axes, title, note)
    return panel


def sensitivity(result: Sensitivity, ax: AxesLike | None = None) -> Axes:
    """Draw how much each factor moves the favourite's lead, the strongest on top.

    Parameters
    ----------
    result : Sensitivity
        Results of `sensitivity`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table = result.table()
    (panel,) = axes = panels(ax, 1.9 + 0.55 * len(table))
    places = np.arange(len(table))
    if result.method == "morris":
        _bars(panel, places, table, "mu_star", LINES[0][0], 0.6, "mean effect μ*")
        panel.plot(table["sigma"], places, "D", color=BAD, markersize=6, label="interaction or curvature σ")
        panel.xaxis.set_major_locator(RoomyTicks())
        number_ticks(panel.xaxis, gap_unit(result.unit))
        panel.set_xlabel(f"change of the lead over the whole range, {axis_label('', result.unit)}", fontsize=9)
    else:
        _bars(panel, places - 0.17, table, "ST", LINES[0][0], 0.32, "with interactions ST")
        _bars(panel, places + 0.17, table, "S1", GOOD, 0.32, "alone S1")
        panel.axvline(result.noise_share, color=BAD, linestyle="--", linewidth=1.4, label="luck of the replications")
        panel.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        panel.set_xlabel("share of the variance of the lead, %", fontsize=9)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    panel.set_yticks(places, [shortened(str(name)) for name in table.index], parse_math=False)
    panel.set_ylim(len(table) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    legend(panel, loc="lower right")
    title = (
        f"Whether “{result.favourite}” stays ahead depends most on {table.index[0]}; it does in {result.holds:.0%} of "
        f"{counted(len(result.points), 'setting')}"
    )
    note = (
        f"{capital(result.method)} by SALib; lead in {plain(result.kpi)} {over(result.horizon_quarters)}, "
        f"{counted(result.n, 'replication')} each, paired; luck is {result.noise_share:.0%} of its variance. "
        "Lines: 95 %."
    )
    write(axes, title, note)
    return panel


def _bars(panel: Axes, places: np.ndarray, table: Any, name: str, colour: str, height: float, label: str) -> None:
    values, half = table[name].to_numpy(float), table[f"{name}_conf"].to_numpy(float)
    panel.barh(places, values, height=height, color=colour, alpha=0.5, label=label)
    panel.hlines(places, values - half, values + half, color=colour, linewidth=1.8)
