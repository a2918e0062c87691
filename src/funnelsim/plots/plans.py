"""Plans beside one another: differences to the baseline, and profit by reps per marketer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.compare import HEADLINE, Comparison
from funnelsim.experiments.ranking import NEITHER_IS_BETTER, less_is_better
from funnelsim.experiments.words import MINUS, counted, gap_unit, listed, plain, with_margin
from funnelsim.plots.frame import (
    BAD,
    FAINT,
    GOOD,
    GRID,
    INK,
    LINES,
    UNCLEAR,
    AxesLike,
    columns_of_text,
    end_labels,
    nothing,
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import axis_label, check_columns, gap_words, number_note, number_ticks, rows_of, unit_of

RATIOS = (1, 2, 3, 5, 8, 12, 20)
"""Ticks of reps per marketer."""
CLOSEST = 1.15
"""Ratio of neighbouring ticks below which their numbers would touch."""
MONEY = ("profit", "npv")
BETTER, WORSE, NOT_CLEAR, UNKNOWN = "clearly better", "clearly worse", "not clear", ""
LOOKS = {BETTER: (GOOD, "^"), WORSE: (BAD, "v"), NOT_CLEAR: (UNCLEAR, "o"), UNKNOWN: (UNCLEAR, "o")}
"""Colour and marker of each verdict on a plan."""
PLAIN_LOOKS = LOOKS | {BETTER: (INK, "^"), WORSE: (INK, "v")}
"""The same where neither more nor less is better."""
NAMED = 2
"""Plans that a title names; more are counted."""
SIGNS = f"+{MINUS}"


def comparison(
    result: Comparison | pd.DataFrame, kpi: str = HEADLINE, baseline: str | None = None, ax: AxesLike | None = None
) -> Axes:
    """Draw how far each plan is from the baseline, best first, with paired 95 % intervals.

    Parameters
    ----------
    result : Comparison or DataFrame
        Results of `compare`, or its ``differences(...)``.
    kpi : str
        Key figure.
    baseline : str, optional
        Plan to compare with; by default that of the comparison.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    table, base, quarters = differences_of(result, kpi, baseline)
    axes = panels(ax, 1.9 + 0.36 * max(len(table), 1))
    known = table[np.isfinite(table["difference"].to_numpy(dtype=float))]
    if known.empty:
        nothing(axes, "Comparison", f"No plan has a difference in {plain(kpi)}: give two plans or more.")
        return axes[0]
    (panel,) = axes
    unit = gap_unit(unit_of(kpi))
    sign = -1.0 if less_is_better(kpi) else 1.0
    known = known.iloc[np.argsort(-sign * known["difference"].to_numpy(dtype=float), kind="stable")]
    verdicts = [_verdict(row, sign) for row in rows_of(known)]
    up, down = _words(kpi)
    looks = LOOKS if up == "better" else PLAIN_LOOKS
    for place, (row, verdict) in enumerate(zip(rows_of(known), verdicts, strict=True)):
        colour, marker = looks[verdict]
        if np.isfinite(row.low) and np.isfinite(row.high):
            panel.plot([row.low, row.high], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
        face = colour if verdict in (BETTER, WORSE) else "white"
        panel.plot(
            row.difference, place, marker, markersize=8, markerfacecolor=face, markeredgecolor=colour,
            markeredgewidth=1.8, zorder=3,
        )  # fmt: skip
    panel.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    panel.set_yticks(range(len(known)), [shortened(str(plan)) for plan in known.index], parse_math=False)
    panel.set_ylim(len(known) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color=GRID, linewidth=0.8)
    panel.margins(x=0.06)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    number_ticks(panel.xaxis, unit, signed=True)
    panel.set_xlabel(f"{plain(kpi)},\n{axis_label('', unit, f'difference to “{_cut(base)}”')}", fontsize=9)
    panel.xaxis.label.set_parse_math(False)
    cells = [_margin(row, unit) for row in rows_of(known)]
    colours = [looks[verdict][0] if verdict in (BETTER, WORSE) else FAINT for verdict in verdicts]
    said = [{BETTER: f"clearly {up}", WORSE: f"clearly {down}"}.get(verdict, verdict) for verdict in verdicts]
    wide = 12.0 + 5.0 * max(map(len, cells))
    columns_of_text(panel, ["", ""], [cells, said], [wide, wide + 10.0 + 4.9 * max(map(len, said))], colours)
    n = int(known["n"].max())
    note = number_note(n, "Lines", "95 % interval of the paired difference, each by itself")
    legend = f" Clearly {up} or {down}: the interval excludes zero." if n > 1 else ""
    without = [f"“{_cut(str(plan))}”" for plan in table.index if plan not in known.index]
    gone = f" Without a value: {listed(without)}." if without else ""
    write(axes, _finding(known, kpi, base, quarters, sign), note + legend + gone)
    return panel


def _words(kpi: str) -> tuple[str, str]:
    """Return what a plan is that has more of the better, and less."""
    return ("higher", "lower") if kpi.startswith(NEITHER_IS_BETTER) else ("better", "worse")


def _verdict(row: Any, sign: float) -> str:
    """Return whether a plan is clearly better or worse than the baseline: whether the interval excludes zero."""
    if not (np.isfinite(row.low) and np.isfinite(row.high)):
        return UNKNOWN
    side = sign if row.low > 0 else -sign if row.high < 0 else 0.0
    return BETTER if side > 0 else WORSE if side < 0 else NOT_CLEAR


def differences_of(
    result: Comparison | pd.DataFrame, kpi: str, baseline: str | None = None
) -> tuple[pd.DataFrame, str, int | None]:
    """Return differences of one KPI by plan, the name of the baseline, and the horizon in quarters if it is known."""
    if isinstance(result, Comparison):
        table = result.differences(kpi, baseline)
        base, quarters = baseline or result.baseline, result.horizon_quarters
    elif isinstance(result, pd.DataFrame):
        table, base, quarters = result, baseline or "the baseline", None
    else:
        raise TypeError(f"expected results of compare or their differences; got {type(result).__name__}")
    flat = table.reset_index() if any(table.index.names) else table
    check_columns([flat], "kpi", "plan", "difference", "low", "high", "n")
    return flat[flat["kpi"] == kpi].set_index("plan"), base, quarters


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"


def _margin(row: Any, unit: str) -> str:
    return with_margin(float(row.difference), float(row.high - row.low) / 2, unit, sign=True)


def _finding(known: pd.DataFrame, kpi: str, base: str, quarters: int | None, sign: float) -> str:
    over = f" over {counted(quarters, 'quarter')}" if quarters else ""
    what = f"{plain(kpi)}{over}"
    best = next(rows_of(known))
    size = _margin(best, gap_unit(unit_of(kpi)))
    groups: dict[str, list[Any]] = {verdict: [] for verdict in LOOKS}
    for row in rows_of(known):
        groups[_verdict(row, sign)].append(row)
    better, worse, unclear = groups[BETTER], groups[WORSE], groups[NOT_CLEAR]
    up, down = _words(kpi)
    if groups[UNKNOWN]:
        return f"“{best.Index}” is {size} from “{base}” in {what}; one replication cannot tell luck"
    if len(worse) == len(known):
        who = f"“{best.Index}” is clearly {down}" if len(worse) == 1 else f"all {len(worse)} others are clearly {down}"
        nearest = "by" if len(worse) == 1 else "the nearest by"
        no_plan = "No plan beats" if up == "better" else "No plan is above"
        return f"{no_plan} “{base}” in {what}: {who}, {nearest} {size.lstrip(SIGNS)}"
    if not better:
        who = "the best mean" if sign * best.difference > 0.0 else "the best of the others"
        text = f"No plan is clearly {up} than “{base}” in {what}: {who} is {size}, “{best.Index}”"
        return text + _others(worse, down)
    row = better[0]
    size = gap_words(float(row.difference), float(row.low), float(row.high), kpi)
    text = f"“{row.Index}” {'earns' if kpi.startswith(MONEY) else 'is'} {size} than “{base}” ({what})"
    return text + _others(better[1:], up, "also ") + _others(worse, down) + _others(unclear, "")


def _others(rows: Sequence[Any], word: str, also: str = "") -> str:
    """Say which other plans are clearly better or worse, or (no word) not clear; more than two are counted."""
    if not rows:
        return ""
    names = [f"“{row.Index}”" for row in rows]
    who = listed(names) if len(names) <= NAMED else f"{len(names)} {'more ' if also else ''}plans"
    return f"; {who} {'is' if len(names) == 1 else 'are'} {f'{also}clearly {word}' if word else 'not clear'}"


# -- reps per marketer --------------------------------------------------------------------------------------------


def staffing_ratio(
    result: Comparison | pd.DataFrame,
    kpi: str = HEADLINE,
    horizons: Sequence[int] = (4, 12),
    show: str = "difference",
    ax: AxesLike | None = None,
) -> Axes:
    """Draw what each number of reps per marketer earns, at each horizon, and which are tied for best.

    Parameters
    ----------
    result : Comparison or DataFrame
        Results of `compare`, or a table as `ratio_table` returns it.
    kpi : str
        Key figure.
    horizons : sequence of int
        Quarters; those that were not read are left out, and if none was, the one that there is is taken.
    show : {'difference', 'level'}
        Paired difference to the best of the same horizon (its intervals hold together), or each plan's own mean.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    if show not in ("difference", "level"):
        raise FunnelsimError(f"cannot show {show!r}; expected 'difference' or 'level'")
    table = ratio_table(result, kpi, horizons) if isinstance(result, Comparison) else result
    check_columns([table], "ratio", "horizon_quarters", "mean", "difference", "tied", "n")
    axes = panels(ax, 4.6)
    table = table[np.isfinite(table["ratio"].to_numpy(float)) & np.isfinite(table["mean"].to_numpy(float))]
    if table.empty:
        nothing(axes, "Reps per marketer", f"No plan has both marketers and a number for {plain(kpi)}.")
        return axes[0]
    (panel,) = axes
    unit = unit_of(kpi)
    columns = ("difference", "difference_low", "difference_high") if show == "difference" else ("mean", "low", "high")
    ends: list[tuple[float, str, Any]] = []
    quarters = sorted({int(number) for number in table["horizon_quarters"]})
    for place, horizon in enumerate(quarters):
        part = table[table["horizon_quarters"] == horizon].sort_values("ratio", kind="stable")
        colour, dash, marker = LINES[place % len(LINES)]
        x = part["ratio"].to_numpy(float)
        middle, low, high = (part[name].to_numpy(float) for name in columns)
        panel.fill_between(x, low, high, color=colour, alpha=0.14, linewidth=0)
        panel.plot(x, middle, color=colour, linestyle=dash, linewidth=1.7)
        tied = part["tied"].to_numpy(bool)
        panel.plot(x[~tied], middle[~tied], marker, color=colour, markerfacecolor="white", markersize=6, zorder=3)
        panel.plot(x[tied], middle[tied], marker, color=colour, markersize=10, markeredgecolor=INK, zorder=4)
        at = 0.045 * (place + 0.6)
        places = np.flatnonzero(tied)
        for group in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
            panel.plot(
                [x[group].min() * 0.94, x[group].max() * 1.06], [at, at], color=colour, linewidth=5, alpha=0.75,
                solid_capstyle="butt", transform=panel.get_xaxis_transform(),
            )  # fmt: skip
        ends.append((float(middle[-1]), counted(horizon, "quarter"), colour))
    if show == "difference":
        panel.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    _ratio_axis(panel, table["ratio"].to_numpy(float))
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    low_end, high_end = panel.get_ylim()
    panel.set_ylim(low_end - 0.05 * (1 + len(quarters)) * (high_end - low_end), high_end)
    panel.yaxis.set_major_locator(MaxNLocator(6))
    unit = gap_unit(unit) if show == "difference" else unit
    number_ticks(panel.yaxis, unit, signed=show == "difference")
    what = f"{plain(kpi)},\n" + ("difference to the best, " if show == "difference" else "")
    panel.set_ylabel(what + (axis_label("", unit) or "number"), fontsize=9)
    end_labels(panel, ends)
    n = int(table["n"].max())
    which = "95 % intervals that hold together" if show == "difference" else "95 % interval of each mean"
    note = number_note(n, "Bands", which) + " Filled markers and bars at the bottom: tied for best."
    write(axes, _ratio_finding(table, kpi, quarters), note)
    return panel


def ratio_table(result: Comparison, kpi: str = HEADLINE, horizons: Sequence[int] = (4, 12)) -> pd.DataFrame:
    """Return the ranking of plans at each horizon, with their reps per marketer (``ratio``; NaN without marketers)."""
    wanted = [quarters for quarters in horizons if quarters in result.horizons] or [result.horizon_quarters]
    heads = result.plans
    ratio = heads["reps"] / heads["marketers"].where(heads["marketers"] > 0)
    parts = []
    for quarters in wanted:
        part = result.at(quarters).ranking(kpi).reset_index()
        part["ratio"] = part["plan"].map(ratio).astype(float)
        part["horizon_quarters"] = quarters
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _ratio_axis(panel: Axes, ratios: np.ndarray) -> None:
    """Scale x by logarithms, with the plans' own ratios named where there is room, else 1, 2, 3, 5, 8, 12, 20."""
    panel.set_xscale("log")
    low, high = min(1.0, float(ratios.min())), max(20.0, float(ratios.max()))
    below = [tick for tick in (0.1, 0.2, 0.5) if tick >= low * 0.99]
    above = [tick for tick in (50.0, 100.0, 200.0) if tick <= high * 1.01]
    ticks = sorted({round(float(ratio), 1) for ratio in ratios})
    if len(ticks) < 2 or any(after / before < CLOSEST for before, after in pairwise(ticks)):
        ticks = [*below, *RATIOS, *above]
    panel.xaxis.set_major_locator(FixedLocator(ticks))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlim(low * 0.88, high * 1.12)
    panel.set_xlabel("reps per marketer", fontsize=9, color=INK)


def _range(tied: Sequence[float], best: float, ratios: pd.Series) -> str:
    """Return the ratios tied with the best in words: ``3 to 8`` if they are neighbours."""
    group, known = sorted({*tied, best}), sorted({float(ratio) for ratio in ratios})
    first = known.index(group[0])
    if len(tied) > 2 and known[first : first + len(group)] == group:
        return f"{_ratio(group[0])} to {_ratio(group[-1])}"
    return listed([_ratio(ratio) for ratio in tied])


def _ratio_finding(table: pd.DataFrame, kpi: str, quarters: Sequence[int]) -> str:
    verb = "earn most" if kpi.startswith(MONEY) else f"have the best {plain(kpi)}"
    found: dict[tuple[str, str], list[int]] = {}
    for horizon in quarters:
        part = table[table["horizon_quarters"] == horizon]
        order = part.sort_values("mean", ascending=less_is_better(kpi), kind="stable")
        best = float(order["ratio"].iloc[0])
        tied = sorted({float(ratio) for ratio in part.loc[part["tied"].astype(bool), "ratio"]} - {best})
        rest = ""
        if int(part["n"].max()) < 2:
            rest = " (one replication: may be luck)"
        elif tied:
            rest = f" ({_range(tied, best, part['ratio'])} tied)"
        found.setdefault((_ratio(best), rest), []).append(horizon)
    parts: list[str] = []
    for (best_ratio, rest), horizons in found.items():
        over = f"over {listed([str(one) for one in horizons[:-1]] + [counted(horizons[-1], 'quarter')])}"
        parts.append(
            f"{over} it is {best_ratio}{rest}" if parts else f"{best_ratio} reps per marketer {verb} {over}{rest}"
        )
    return "; ".join(parts)


def _ratio(value: float) -> str:
    """Return reps per marketer as people say it; heads are rounded, so that 2 can come as 2.006."""
    return f"{round(value, 1):g}" if value >= 1.0 else f"{value:.2g}"
