"""The picture beside the sliders: both funnels, profit, difference and waiting, with the finding as title."""

from __future__ import annotations

import textwrap
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from funnelsim.experiments.compare import HEADLINE, Comparison
from funnelsim.experiments.intervals import Interval
from funnelsim.experiments.words import MINUS, amount, counted
from funnelsim.interactive.words import JUDGES, STEPS, WAITS, Pair, finding, funnel_pair, pair, same
from funnelsim.plots.frame import BAD, FAINT, GOOD, GRID, INK, UNCLEAR, head, wrap
from funnelsim.plots.sources import number_ticks, reach

SIZE = (9.0, 4.7)
"""Inches."""
DPI = 110
TODAY_COLOUR, YOURS_COLOUR = "#9AA0A6", "#0072B2"
COLOURS = (TODAY_COLOUR, YOURS_COLOUR)
LEFT, RIGHT = 0.02, 0.98


def png(comparison: Comparison, kpi: str = HEADLINE, moved: str = "") -> bytes:
    """Return the picture of a comparison of today and yours as PNG."""
    stream = BytesIO()
    draw(comparison, kpi, moved).savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()


def draw(comparison: Comparison, kpi: str = HEADLINE, moved: str = "") -> Figure:
    """Draw a comparison of today and yours.

    Parameters
    ----------
    comparison
        Of `funnelsim.interactive.replays`.
    kpi
        Profit by which the plans are judged.
    moved
        What differs, in words.

    Notes
    -----
    Panels stand at fixed places, so that nothing jumps while sliders are moved.
    """
    figure = Figure(figsize=SIZE, dpi=DPI)
    FigureCanvasAgg(figure)
    width = (RIGHT - LEFT) * SIZE[0] * DPI
    title = figure.text(
        LEFT, 0.985, finding(comparison, kpi), ha="left", va="top", fontsize=13, fontweight="bold",
        color=_verdict(pair(comparison, kpi).gap, same(comparison)), parse_math=False,
    )  # fmt: skip
    wrap(title, width)
    if moved:
        below = title.get_window_extent().y0 / (SIZE[1] * DPI) - 0.012
        line = textwrap.shorten(f"Yours: {moved}", 160, placeholder=" …")
        subtitle = figure.text(
            LEFT, below, line, ha="left", va="top", fontsize=9.5, color=YOURS_COLOUR, parse_math=False
        )
        wrap(subtitle, width)
    _funnel(figure.add_axes((0.135, 0.135, 0.25, 0.65)), comparison)
    _levels(figure.add_axes((0.728, 0.645, 0.25, 0.14)), comparison, kpi)
    _gap(figure.add_axes((0.728, 0.43, 0.25, 0.08)), comparison, kpi)
    _waits(figure.add_axes((0.728, 0.135, 0.25, 0.155)), comparison)
    n, quarters = comparison.n, counted(comparison.horizon_quarters, "quarter")
    note = figure.text(
        LEFT, 0.012, f"n = {n} replications of {quarters}, the same {n} histories for both plans. Lines and ±: 95 % "
        "intervals. Lengths of the funnel: square root of the number.",
        ha="left", va="bottom", fontsize=8, color=FAINT, parse_math=False,
    )  # fmt: skip
    wrap(note, width)
    return figure


def _verdict(gap: Interval, unmoved: bool) -> str:
    if unmoved or not gap.excludes_zero:
        return INK
    return GOOD if gap.mean > 0.0 else BAD


def _tidy(ax: Axes) -> Axes:
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color("#9AA0A6")
    ax.tick_params(axis="both", colors=INK, labelsize=8.5, length=0, pad=4)
    ax.set_axisbelow(True)
    return ax


def _funnel(ax: Axes, comparison: Comparison) -> None:
    """Draw both funnels, step by step, with numbers and paired differences at the right."""
    _tidy(ax)
    ax.spines["bottom"].set_visible(False)
    found = [funnel_pair(comparison, step) for step, _ in STEPS]
    places = np.arange(len(STEPS))
    for shift, colour, which in ((-0.19, TODAY_COLOUR, 0), (0.19, YOURS_COLOUR, 1)):
        lengths = np.sqrt([max(one[which].mean, 0.0) for one in found])
        ax.barh(places + shift, lengths, height=0.36, color=colour)
    ax.set_yticks(places, [name for _, name in STEPS])
    ax.set_ylim(len(STEPS) - 0.5, -0.5)
    ax.set_xlim(0.0, max(1.0, ax.get_xlim()[1]))
    ax.set_xticks([])
    head(ax, "Needs per year that reach a step")
    for at, text, colour in ((1.17, "today", FAINT), (1.40, "yours", YOURS_COLOUR), (1.79, "difference", FAINT)):
        _beside(ax, at, 1.0, text, colour, True)
    for place, one in enumerate(found):
        _beside(ax, 1.17, place, _count(one.today.mean), INK)
        _beside(ax, 1.40, place, _count(one.yours.mean), INK)
        gap = "–" if same(comparison) else _gap_words(one.gap)
        _beside(ax, 1.79, place, gap, GOOD if one.gap.low > 0 else BAD if one.gap.high < 0 else FAINT)


def _beside(ax: Axes, x: float, y: float, text: str, colour: str, above: bool = False) -> None:
    where = ax.transAxes if above else ax.get_yaxis_transform()
    ax.annotate(
        text, xy=(x, y), xycoords=where, xytext=(0.0, 4.0 if above else 0.0), textcoords="offset points", ha="right",
        va="bottom" if above else "center", fontsize=8 if above else 9, color=colour, annotation_clip=False,
        parse_math=False,
    )  # fmt: skip


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.5 else f"{value:,.1f}"


def _gap_words(gap: Interval) -> str:
    digits = 0 if max(abs(gap.mean), gap.half_width) >= 9.95 else 1
    text = f"{gap.mean:+,.{digits}f} ± {gap.half_width:,.{digits}f}"
    return text.replace("-", MINUS)


def _levels(ax: Axes, comparison: Comparison, kpi: str) -> None:
    """Draw what each plan earns a year."""
    _tidy(ax)
    _rows(ax, pair(comparison, kpi), "USD")
    name = next((label for label, one in JUDGES if one == kpi), kpi)
    head(ax, f"{name.capitalize()} a year")
    ax.margins(x=0.12)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    number_ticks(ax.xaxis, "USD")
    ax.grid(axis="x", color=GRID, linewidth=0.8)


def _rows(ax: Axes, found: Pair, unit: str) -> None:
    """Draw the intervals of both plans below one another."""
    names = []
    for place, (label, one, colour) in enumerate(zip(("today", "yours"), found[:2], COLOURS, strict=True)):
        names.append(f"{label}  {amount(one.mean, unit)}")
        if np.isfinite(one.low):
            ax.plot([one.low, one.high], [place, place], color=colour, linewidth=2.4, solid_capstyle="butt")
        ax.plot(one.mean, place, "o", color=colour, markersize=8, zorder=3)
    ax.set_yticks([0, 1], names, parse_math=False)
    ax.set_ylim(1.6, -0.6)


def _gap(ax: Axes, comparison: Comparison, kpi: str) -> None:
    """Draw how much more yours earns, pair by pair."""
    _tidy(ax)
    gap, unmoved = pair(comparison, kpi).gap, same(comparison)
    colour = UNCLEAR if unmoved or not gap.excludes_zero else GOOD if gap.mean > 0.0 else BAD
    if np.isfinite(gap.low) and not unmoved:
        ax.plot([gap.low, gap.high], [0, 0], color=colour, linewidth=2.4, solid_capstyle="butt")
    marker = "o" if colour == UNCLEAR else "^" if gap.mean > 0.0 else "v"
    ax.plot(gap.mean, 0, marker, color=colour, markersize=8, zorder=3)
    ax.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    ax.set_yticks([0], ["–" if unmoved else amount(gap.mean, "USD", sign=True)], parse_math=False)
    ax.set_ylim(0.8, -0.8)
    ends = [abs(value) for value in (gap.low, gap.high, gap.mean) if np.isfinite(value)]
    widest = max([*ends, 1.0]) * 1.15
    ax.set_xlim(-widest, widest)
    ax.xaxis.set_major_locator(FixedLocator([0.0]) if unmoved else MaxNLocator(4))
    number_ticks(ax.xaxis, "USD", signed=True)
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    head(ax, "Difference in the same histories")


def _waits(ax: Axes, comparison: Comparison) -> None:
    """Draw how long the first answer takes."""
    _tidy(ax)
    places = np.arange(len(WAITS))
    longest = 1.0
    for place, (kpi, _) in zip(places, WAITS, strict=True):
        found = pair(comparison, kpi, yearly=False)
        for shift, one, colour in ((-0.2, found.today, TODAY_COLOUR), (0.2, found.yours, YOURS_COLOUR)):
            if not np.isfinite(one.mean):
                continue
            low, high = reach(one)
            ax.barh(place + shift, one.mean, height=0.36, color=colour)
            if high > 0.0:
                ax.plot([one.mean - low, one.mean + high], [place + shift] * 2, color=INK, linewidth=1.0)
            longest = max(longest, one.mean + high)
    ax.set_yticks(places, [name for _, name in WAITS])
    ax.set_ylim(len(WAITS) - 0.5, -0.5)
    ax.set_xlim(0.0, longest * 1.05)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    head(ax, "Hours until the first answer, mean")
