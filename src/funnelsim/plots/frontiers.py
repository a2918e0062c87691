"""How many reps per marketer, how much marketing, how many heads of each: curves and maps with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from funnelsim.experiments.compare import HEADLINE
from funnelsim.experiments.frontier import WAITING, IsoProfit, OverloadCurve, RatioFrontier
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.words import amount, capital, counted, gap_unit, plain, with_margin
from funnelsim.plots.frame import FAINT, GRID, INK, LINES, SALES, AxesLike, panels, write
from funnelsim.plots.sources import axis_label, number_note, number_ticks, short, unit_of
from funnelsim.plots.sweeps import COLOURS, colour_bar, over


def ratio_frontier(frontier: RatioFrontier, ax: AxesLike | None = None) -> tuple[Axes, ...]:
    """Draw what each ratio of reps to marketers earns at equal payroll; those tied for best are shaded.

    Parameters
    ----------
    frontier : RatioFrontier
        Results of `ratio_frontier`.
    ax : matplotlib.axes.Axes or sequence of them, optional
        Where to draw, one panel per horizon; by default in a new figure.
    """
    horizons = frontier.horizons
    axes = panels(ax, 1.3 + 2.5 * len(horizons), rows=len(horizons))
    unit = frontier.unit
    for place, (panel, horizon) in enumerate(zip(axes, horizons, strict=True)):
        colour, _, marker = LINES[place % len(LINES)]
        table = frontier.table(horizon).sort_values("ratio", kind="stable")
        x, tied = table["ratio"].to_numpy(float), table["tied"].to_numpy(bool)
        best = float(frontier.table(horizon)["mean"].iloc[0])
        columns = ("difference", "difference_low", "difference_high")
        mean, low, high = (best + table[name].to_numpy(float) for name in columns)
        panel.axhline(best, color=FAINT, linewidth=0.8, linestyle=":")
        for first, last in _runs(tied):
            panel.axvspan(_edge(x, first, -1), _edge(x, last, 1), color=colour, alpha=0.13, linewidth=0)
        panel.plot(x, mean, color=colour, linewidth=1.6)
        panel.vlines(x, low, high, color=colour, linewidth=1.6, alpha=0.7)
        panel.plot(x[~tied], mean[~tied], marker, color=colour, markerfacecolor="white", markersize=6, zorder=3)
        panel.plot(x[tied], mean[tied], marker, color=colour, markersize=8, markeredgecolor=INK, zorder=4)
        panel.grid(axis="y", color=GRID, linewidth=0.8)
        panel.yaxis.set_major_locator(MaxNLocator(5))
        number_ticks(panel.yaxis, unit)
        panel.set_ylabel(f"{plain(frontier.kpi)}\n{axis_label(over(horizon), unit)}", fontsize=9)
        _log_axis(panel, x)
        if place < len(horizons) - 1:
            panel.tick_params(labelbottom=False)
    axes[-1].set_xlabel("reps per marketer, at equal payroll", fontsize=9)
    counts = [len(frontier.values(label, horizons[0])) for label in frontier.labels]
    often = " to ".join(dict.fromkeys((str(min(counts)), str(max(counts)))))
    zone = " and ".join(dict.fromkeys(amount(frontier.indifference[one], gap_unit(unit)) for one in horizons))
    note = (
        f"Height: best mean and paired difference to it, {often} replications; lines: intervals "
        f"of the differences that hold together ({frontier.level * 100:g} %). Shaded and filled: tied for best by a "
        f"sequential selection; open: shown to be worse than some other; a difference below {zone} does not matter."
    )
    write(axes, _frontier_finding(frontier), note)
    return tuple(axes)


def _frontier_finding(frontier: RatioFrontier) -> str:
    verb = "earn most" if frontier.kpi.startswith(("profit", "npv")) else f"have the best {plain(frontier.kpi)}"
    parts: list[str] = []
    for horizon in frontier.horizons:
        tied = frontier.tied(horizon)
        best = f"{frontier.ratios[frontier.best(horizon)]:g}"
        group = frontier.named(tied).removesuffix(" reps per marketer")
        where = f"{group} (tied)" if len(tied) > 1 else best
        first = not parts
        parts.append(f"{where} reps per marketer {verb} {over(horizon)}" if first else f"{where} {over(horizon)}")
    payroll = amount(frontier.payroll, "USD")
    return f"{capital('; '.join(parts))}, at {payroll} a year for people and programmes"


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last place of each run of true values."""
    places = np.flatnonzero(mask)
    groups = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups if len(group)]


def _edge(x: np.ndarray, place: int, side: int) -> float:
    """Return the middle between a place and its neighbour, on the logarithmic axis."""
    other = place + side
    if 0 <= other < len(x):
        return float(np.sqrt(x[place] * x[other]))
    return float(x[place] * 1.12**side)


def _log_axis(panel: Axes, x: np.ndarray, clear: float = 1.12) -> None:
    panel.set_xscale("log")
    ticks: list[float] = []
    for value in x:
        if not ticks or value / ticks[-1] >= clear:
            ticks.append(float(value))
    panel.xaxis.set_major_locator(FixedLocator(ticks))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlim(float(x.min()) * 0.88, float(x.max()) * 1.12)


# ------------------------------------------------------------------------------------------------------ overload curve


def overload_curve(
    curve: OverloadCurve, kpi: str = HEADLINE, below: Sequence[str] = WAITING[:2], ax: AxesLike | None = None
) -> tuple[Axes, ...]:
    """Draw what more marketing does to profit, and below it to wins and waiting; the peak is shaded, if there is one.

    Parameters
    ----------
    curve : OverloadCurve
        Results of `overload_curve`.
    kpi : str
        Key figure of the upper panel.
    below : sequence of str
        Key figures of the panels below.
    ax : matplotlib.axes.Axes or sequence of them, optional
        Where to draw; by default in a new figure.
    """
    kpis = [kpi, *below]
    axes = panels(ax, 2.4 + 1.6 * len(kpis), rows=len(kpis), ratios=[1.7, *[1.0] * len(below)])
    x, peak = curve.volumes, curve.peak(kpi)
    summary = curve.results.summary(kpis)
    for place, (panel, name) in enumerate(zip(axes, kpis, strict=True)):
        colour, _, marker = LINES[place % len(LINES)]
        table = summary.loc[name].loc[list(curve.points)]
        panel.fill_between(x, table["low"], table["high"], color=colour, alpha=0.15, linewidth=0)
        panel.plot(x, table["mean"], marker=marker, color=colour, linewidth=1.7, markersize=5)
        if peak.inside:
            panel.axvspan(peak.low, peak.high, color=SALES, alpha=0.22, linewidth=0)
            panel.axvline(peak.at, color=SALES, linewidth=1.4, linestyle="--")
        panel.axvline(1.0, color=FAINT, linewidth=0.8, linestyle=":")
        panel.grid(axis="y", color=GRID, linewidth=0.8)
        panel.yaxis.set_major_locator(MaxNLocator(4))
        number_ticks(panel.yaxis, unit_of(name))
        panel.set_ylabel(_stacked(name), fontsize=9)
        if place < len(kpis) - 1:
            panel.tick_params(labelbottom=False)
    if x.min() > 0.0:
        _log_axis(axes[-1], x)
    name, factor = next(iter(curve.factors.items()))
    axes[-1].set_xlabel(", ".join(part for part in (name, factor.unit) if part), fontsize=9)
    mark = "Shaded: 95 % interval of the peak (bootstrap). " if peak.inside else ""
    note = number_note(curve.n, "Bands", "95 % interval of each mean") + f" {mark}Dotted: today."
    write(axes, _overload_finding(curve, kpi), note)
    return tuple(axes)


def _stacked(kpi: str) -> str:
    words = axis_label(kpi, unit_of(kpi)).split(", ")
    return ",\n".join(words) if len(words) > 1 else plain(kpi).replace(" ", "\n", 1)


def _overload_finding(curve: OverloadCurve, kpi: str) -> str:
    peak, x = curve.peak(kpi), curve.volumes
    what = f"{capital(plain(kpi))} {over(curve.horizon_quarters)}"
    name = next(iter(curve.factors))
    if peak.inside:
        size = with_margin(abs(peak.fall), (peak.fall_high - peak.fall_low) / 2, gap_unit(unit_of(kpi)))
        return (
            f"{what} peaks at {peak.at:.2g} times today’s {name} ({peak.low:.2g} to {peak.high:.2g}); "
            f"at {x[-1]:g} times it is {size} lower"
        )
    best = x[int(np.argmax(curve.matrix(kpi).mean(axis=1) * (-1.0 if less_is_better(kpi) else 1.0)))]
    span = f"{x[0]:g} to {x[-1]:g} times today’s {name}"
    if best == x[-1]:
        return f"{what} has no peak within {span}: the best mean is at the upper end"
    size = with_margin(abs(peak.fall), (peak.fall_high - peak.fall_low) / 2, gap_unit(unit_of(kpi)))
    if peak.fall_low > 0.0:
        where = "at the lower end" if best == x[0] else f"at {best:g}, where the rise before it is not clear"
        return f"{what} falls by {size} up to {x[-1]:g} times today’s {name}; the best mean is {where}"
    return f"{what} has no clear peak within {span}: the best mean, at {best:g}, is {size} above the upper end"


# ----------------------------------------------------------------------------------------------------- heads by heads


def _near_edge(
    result: IsoProfit, costs: np.ndarray, reps: np.ndarray, marketers: np.ndarray
) -> list[tuple[float, float]]:
    """Return where lines of equal cost meet a line just above the lower edge of the map, or just inside the right one.

    There their labels are out of the way of those of equal profit.
    """
    low, right = marketers[0] + 0.08 * np.ptp(marketers), reps[-1] - 0.07 * np.ptp(reps)
    nothing, a_rep, a_marketer = (float(result.cost(*heads)) for heads in ((0, 0), (1, 0), (0, 1)))
    a_rep, a_marketer = a_rep - nothing, a_marketer - nothing
    places = []
    for cost in costs:
        x = (cost - nothing - a_marketer * low) / a_rep
        x, y = (x, low) if x <= right else (right, (cost - nothing - a_rep * right) / a_marketer)
        if reps[0] < x < reps[-1] and marketers[0] < y < marketers[-1]:
            places.append((float(x), float(y)))
    return places


def iso_profit(result: IsoProfit, kpi: str = HEADLINE, ax: AxesLike | None = None) -> Axes:
    """Draw profit over reps and marketers: lines of equal profit, and dashed lines of equal payroll.

    Parameters
    ----------
    result : IsoProfit
        Results of `iso_profit`.
    kpi : str
        Key figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    reps, marketers, mean = result.grid(kpi)
    (panel,) = axes = panels(ax, 5.2)
    unit = unit_of(kpi)
    filled = panel.contourf(reps, marketers, mean, levels=12, cmap=COLOURS, alpha=0.85)
    lines = panel.contour(
        reps, marketers, mean, levels=np.asarray(filled.levels)[1:-1:2], colors="white", linewidths=1.0
    )
    panel.clabel(lines, fmt=lambda value: short(float(value), unit), fontsize=8)
    fine = np.meshgrid(np.linspace(reps[0], reps[-1], 60), np.linspace(marketers[0], marketers[-1], 60))
    cost = np.asarray(result.cost(*fine), dtype=float)
    budget = panel.contour(*fine, cost, levels=5, colors=INK, linewidths=0.9, linestyles="--")
    for text in panel.clabel(budget, fmt=lambda value: f"{short(float(value), 'USD')} a year", fontsize=8,
                             manual=_near_edge(result, np.asarray(budget.levels), reps, marketers)):  # fmt: skip
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0})
    tied = result.tied(kpi)
    places = np.array([[result.points[label]["reps"], result.points[label]["marketers"]] for label in tied])
    panel.plot(places[1:, 0], places[1:, 1], "o", color="white", markeredgecolor=INK, markersize=5, clip_on=False)
    panel.plot(*places[0], "*", color="white", markeredgecolor=INK, markersize=15, clip_on=False)
    today = result.base.plan.sales.reps, result.base.plan.marketing.marketers
    if reps[0] <= today[0] <= reps[-1] and marketers[0] <= today[1] <= marketers[-1]:
        panel.plot(*today, "D", color=SALES, markeredgecolor=INK, markersize=8, clip_on=False)
    panel.set_xlabel("reps, full posts", fontsize=9)
    panel.set_ylabel(
        f"marketers, full posts, each with {amount(result.programme_money, 'USD')} of programmes", fontsize=9
    )
    best = result.points[tied[0]]
    what = f"{capital(plain(kpi))} {over(result.horizon_quarters)}"
    price = amount(float(result.cost(best["reps"], best["marketers"])), "USD")
    rest = f"; {counted(len(tied) - 1, 'other place')} tied with it" if len(tied) > 1 else ""
    if best["reps"] == reps[-1] or best["marketers"] == marketers[-1]:
        rest += ", and it lies on the edge of the map"
    title = f"{what} is best at {best['reps']:g} reps and {best['marketers']:g} marketers ({price} a year){rest}"
    note = (
        f"Means of {counted(result.n, 'replication')}; white lines: equal {plain(kpi)}; dashed: equal payroll and "
        "programmes; star: best mean; white circles: tied for best (95 %, paired); diamond: today."
    )
    write(axes, title, note)
    colour_bar(panel, filled, kpi)
    return panel
