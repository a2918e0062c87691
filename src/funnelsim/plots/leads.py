"""Too many leads: what more marketing does to results, to the leads, and to those who wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.compare import Comparison
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.words import amount, capital, gap_unit, plain, with_margin
from funnelsim.plots.frame import (
    BUYER,
    GOOD,
    GRID,
    INK,
    MARKETING,
    AxesLike,
    head,
    legend,
    nothing,
    panels,
    write,
)
from funnelsim.plots.sources import axis_label, check_columns, gap_words, number_note, number_ticks, rows_of, unit_of

HEADS = ("marketers", "reps", "sdrs")
UNWORKED = "unworked_mql_share"
WAITS = (("response_hours_mql", MARKETING, "o", "leads"), ("response_hours_inbound", BUYER, "D", "requests"))
OWN, GAP = ("mean", "low", "high"), ("difference", "difference_low", "difference_high")
"""Columns of each plan's own mean and of the paired difference, with the ends of their intervals."""


def overload(
    source: Comparison | pd.DataFrame,
    against: str = "marketers",
    kpi: str = "profit_with_value",
    show: str = "difference",
    baseline: str | None = None,
    ax: AxesLike | None = None,
) -> tuple[Axes, ...]:
    """Draw what more marketers, or more leads, do to results, to the share of leads never worked, and to waiting.

    Parameters
    ----------
    source : Comparison or DataFrame
        Results of `compare` over plans with more and more marketers, or a table as `overload_table` returns it.
    against : str
        What is varied: a column of ``Comparison.plans`` (``"marketers"``, ``"reps"``, …) or a key figure such as
        ``"mqls"``.
    kpi : str
        Result to show on top, such as ``"wins"``.
    show : {'difference', 'level'}
        On top: paired difference to the baseline, replication by replication (all plans meet the same luck, so that its
        band is far narrower), or each plan's own mean. The panels below show means.
    baseline : str, optional
        Plan to compare with; by default that of the comparison.
    ax : matplotlib.axes.Axes or three of them, optional
        Where to draw; one is divided. By default in a new figure.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Result, share of marketing leads never worked, hours to the first attempt.
    """
    if show not in ("difference", "level"):
        raise FunnelsimError(f"cannot show {show!r}; expected 'difference' or 'level'")
    names = [kpi, UNWORKED, *(name for name, *_ in WAITS)]
    table = overload_table(source, against, names, baseline) if isinstance(source, Comparison) else source
    paired = show == "difference"
    check_columns([table], "x", "plan", "kpi", "n", *OWN, *((*GAP, "baseline") if paired else ()))
    table = table[np.isfinite(table["x"].to_numpy(float)) & np.isfinite(table["mean"].to_numpy(float))]
    axes = panels(ax, 6.0, rows=3, ratios=(1.4, 1, 1))
    part = table[table["kpi"] == kpi].sort_values("x", kind="stable")
    if paired:
        part = part[np.isfinite(part["difference"].to_numpy(float))]
    if part.empty:
        nothing(axes, "Overload", f"No plan has a number for {plain(kpi)}.")
        return tuple(axes)
    top, unworked, wait = axes
    best = _best(part, kpi)
    base = str(part["baseline"].iloc[0]) if paired else ""
    _result(top, part, kpi, base)
    _line(unworked, table, UNWORKED, MARKETING, "o")
    head(unworked, "Marketing's leads never worked")
    unworked.set_ylabel("%", fontsize=9)
    unworked.set_ylim(bottom=0.0)
    number_ticks(unworked.yaxis, "share")
    for name, colour, marker, label in WAITS:
        _line(wait, table, name, colour, marker, label)
    head(wait, "Wait for a first attempt")
    wait.set_ylabel("hours", fontsize=9)
    wait.set_ylim(bottom=0.0)
    if wait.get_legend_handles_labels()[1]:
        legend(wait, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.0, borderpad=0.1)
    for panel in axes:
        panel.grid(axis="y", color=GRID, linewidth=0.8)
        panel.yaxis.set_major_locator(MaxNLocator(4))
        panel.axvline(float(best.x), color="#7A8087", linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
        panel.tick_params(labelbottom=panel is wait)
    unit = "full posts" if against in HEADS else unit_of(against)
    wait.set_xlabel(axis_label(against, unit if unit != against else ""), fontsize=9)
    number_ticks(wait.xaxis, unit)
    write(axes, _finding(table, part, against, kpi, base), _note(int(table["n"].max()), base), pad=22)
    return tuple(axes)


def overload_table(result: Comparison, against: str, kpis: Sequence[str], baseline: str | None = None) -> pd.DataFrame:
    """Return KPIs by plan with what is varied as ``x``, each plan's own mean and its paired difference to a baseline.

    Parameters
    ----------
    result : Comparison
        Results of `compare`.
    against : str
        A column of ``Comparison.plans`` or a key figure.
    kpis : sequence of str
        Key figures.
    baseline : str, optional
        Plan to compare with; by default that of the comparison.

    Returns
    -------
    pandas.DataFrame
        x, plan, kpi, mean, low, high, n, difference, difference_low, difference_high, baseline; by kpi and x.
    """
    names = list(kpis)
    if against in result.plans.columns:
        place = result.plans[against].astype(float)
    elif against in result.units:
        place = result.summary(against)["mean"].droplevel("kpi")
    else:
        known = ", ".join(map(str, result.plans.columns))
        raise FunnelsimError(f"{against!r} is neither a key figure nor one of {known}")
    base = result.default_label if baseline is None else result.check_label(baseline)
    table = result.summary(names).reset_index()
    table["plan"] = table["plan"].astype(str)
    gaps = result.differences(names, base).reset_index()[["kpi", "plan", "difference", "low", "high"]]
    gaps = gaps.rename(columns={"low": "difference_low", "high": "difference_high"}).astype({"plan": str})
    table = table.merge(gaps, on=["kpi", "plan"], how="left")
    here = (table["plan"] == base) & table["mean"].notna()
    table.loc[here, list(GAP)] = 0.0
    table["baseline"] = base
    table["x"] = table["plan"].map({str(plan): float(value) for plan, value in place.items()})
    return table.sort_values(["kpi", "x"], kind="stable", ignore_index=True)


def _result(panel: Axes, part: pd.DataFrame, kpi: str, base: str) -> None:
    """Draw the result: the paired difference to a baseline, if there is one, else each plan's own mean."""
    unit = unit_of(kpi)
    if not base:
        _line(panel, part, kpi, GOOD, "o")
        head(panel, capital(plain(kpi)))
        panel.set_ylabel(axis_label("", unit) or "number", fontsize=9)
        number_ticks(panel.yaxis, unit)
        return
    _line(panel, part, kpi, GOOD, "o", columns=GAP)
    here = part[part["plan"].astype(str) == base]
    panel.plot(here["x"], here["difference"], "o", color="white", markeredgecolor=GOOD, markersize=7, zorder=3)
    panel.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    head(panel, f"{capital(plain(kpi))}: difference to “{base}”")
    panel.set_ylabel(axis_label("", gap_unit(unit)) or "number", fontsize=9)
    number_ticks(panel.yaxis, gap_unit(unit), signed=True)


def _line(
    panel: Axes, table: pd.DataFrame, kpi: str, colour: str, marker: str, label: str = "",
    columns: Sequence[str] = OWN,
) -> None:  # fmt: skip
    part = table[table["kpi"] == kpi].sort_values("x", kind="stable")
    if part.empty:
        return
    x, middle, low, high = (part[name].to_numpy(float) for name in ("x", *columns))
    panel.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
    words: dict[str, Any] = {"label": label} if label else {}
    panel.plot(x, middle, marker=marker, color=colour, markersize=5, linewidth=1.6, **words)


def _best(part: pd.DataFrame, kpi: str) -> Any:
    """Return the row with the best mean."""
    values = part["mean"].to_numpy(dtype=float)
    return list(rows_of(part))[int(np.argmin(values) if less_is_better(kpi) else np.argmax(values))]


def _place(x: float, against: str) -> str:
    """Return where a plan stands: ``784 MQLs`` (means of counts are rounded), ``0.25 marketers``."""
    unit = unit_of(against)
    if against in HEADS:
        return f"{x:,.3g} {plain(against)}"
    if unit.startswith("USD") or unit in ("share", "hour", "day", "working hour"):
        return f"{plain(against)} {amount(x, unit)}"
    return f"{x:,.0f} {plain(against)}" if abs(x) >= 9.5 else f"{x:,.2g} {plain(against)}"


def _finding(table: pd.DataFrame, part: pd.DataFrame, against: str, kpi: str, base: str) -> str:
    best, last = _best(part, kpi), list(rows_of(part))[-1]
    name = capital(plain(kpi))
    if len(part) == 1:
        return (
            f"{name} is {amount(float(best.mean), unit_of(kpi))} at {_place(best.x, against)}: one plan shows no trend"
        )
    there, far = _place(best.x, against), f"at {_place(last.x, against)}"
    unworked = {str(row.plan): float(row.mean) for row in rows_of(table[table["kpi"] == UNWORKED])}
    here, left = (unworked.get(str(row.plan), np.nan) for row in (best, last))
    lost = f"{amount(left, 'share')} of the leads are never worked" if np.isfinite(left) else ""
    if not base:
        text = f"{name} has its best mean, {amount(float(best.mean), unit_of(kpi))}, at {there}"
        text += f"; {amount(here, 'share')} of the leads are never worked there" if np.isfinite(here) else ""
        return text if not lost or best.Index == last.Index else f"{text}, {amount(left, 'share')} {far}"
    if str(best.plan) == base:
        text = f"{name} has its best mean under “{base}”, at {there}"
    elif _clear(best):
        word = "still improves" if best.Index == last.Index else "is best"
        text = f"{name} {word} at {there}, {gap_words(*_gap(best), kpi)} than under “{base}”"
    else:
        text = f"{name} is nowhere clearly better than under “{base}”: the best mean, {_size(best, kpi)}, is at {there}"
    if best.Index == last.Index:
        return f"{text}, although {lost}" if lost else text
    if str(last.plan) != base:
        text += (
            f"; {far} it is {gap_words(*_gap(last), kpi)}" if _clear(last) else f"; {far} it is not clearly different"
        )
    return f"{text}; {lost} {'there' if str(last.plan) != base else far}" if lost else text


def _clear(row: Any) -> bool:
    """Whether the interval of a paired difference excludes zero."""
    return bool(row.difference_low > 0 or row.difference_high < 0)


def _size(row: Any, kpi: str) -> str:
    margin = (float(row.difference_high) - float(row.difference_low)) / 2
    return with_margin(float(row.difference), margin, gap_unit(unit_of(kpi)), sign=True)


def _gap(row: Any) -> tuple[float, float, float]:
    return float(row.difference), float(row.difference_low), float(row.difference_high)


def _note(n: int, base: str) -> str:
    if not base:
        return (
            number_note(n, "Bands", "95 % interval of each plan's own mean, not of differences") + " Dashed: best mean."
        )
    if n < 2:
        return number_note(n) + " Dashed: best mean."
    top = f"95 % interval of the paired difference to “{base}” (hollow), replication by replication"
    return f"Band on top: {top}; below: of each plan's own mean; {n} replications. Dashed: best mean."
