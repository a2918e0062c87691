"""Teams at work: how busy they are, how long buyers wait, and where more leads do harm."""

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
from funnelsim.experiments.words import amount
from funnelsim.plots.frame import (
    BUYER,
    GOOD,
    GRID,
    INK,
    MARKETING,
    SALES,
    AxesLike,
    head,
    legend,
    nothing,
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import (
    Source,
    axis_label,
    cell,
    check_columns,
    number_note,
    number_ticks,
    plans_of,
    reach,
    said,
    summary_of,
    unit_of,
    value_words,
)

BUSY = (("utilisation_marketers", "marketers", MARKETING, "o"), ("utilisation_reps", "reps", SALES, "s"))
WAITS = (
    ("response_hours_inbound", "buyers who asked", BUYER, "D"),
    ("response_hours_mql", "marketing's leads", MARKETING, "o"),
)


def utilisation_waiting(source: Source, ax: AxesLike | None = None) -> tuple[Axes, ...]:
    """Draw how busy both teams are under each plan, beside how long buyers wait for a first attempt.

    Parameters
    ----------
    source : Comparison, Replications, Run or DataFrame
        Results, or a ``summary(...)`` with the KPIs utilisation_marketers, utilisation_reps, response_hours_inbound
        and response_hours_mql.
    ax : matplotlib.axes.Axes or two of them, optional
        Where to draw; one is divided. By default in a new figure.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Utilisation, and waiting beside it.
    """
    table = summary_of(source, [kpi for kpi, *_ in (*BUSY, *WAITS)])
    plans = plans_of(table)
    axes = panels(ax, 2.1 + 0.4 * max(len(plans), 1), columns=2)
    if table.empty or not table["mean"].notna().any():
        nothing(axes, "Utilisation and waiting", "There is no utilisation and no waiting in this table.")
        return tuple(axes)
    busy, waits = axes
    for panel, kinds in ((busy, BUSY), (waits, WAITS)):
        for kpi, label, colour, marker in kinds:
            found = [cell(table, kpi, plan) for plan in plans]
            shift = -0.14 if kpi == kinds[0][0] else 0.14
            error = np.array([reach(one) for one in found]).T
            panel.errorbar(
                [one.mean for one in found], np.arange(len(plans)) + shift, xerr=error, fmt=marker, color=colour,
                markeredgecolor=INK, markeredgewidth=0.6, markersize=7, elinewidth=1.6, capsize=3, ecolor=INK,
                label=label,
            )  # fmt: skip
        panel.grid(axis="x", color=GRID, linewidth=0.8)
        panel.tick_params(axis="y", length=0)
        for place in range(len(plans) - 1):
            panel.axhline(place + 0.5, color=GRID, linewidth=0.8)
        legend(
            panel, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=1, borderaxespad=0.1, handletextpad=0.3,
            borderpad=0.1,
        )  # fmt: skip
    busy.set_yticks(range(len(plans)), [shortened(plan, 18) for plan in plans], parse_math=False)
    busy.set_ylim(len(plans) - 0.5, -0.5)
    busy.set_xlim(0.0, max(1.05, *_tops(table, [kpi for kpi, *_ in BUSY])))
    busy.axvline(1.0, color=INK, linewidth=0.8)
    number_ticks(busy.xaxis, "share")
    busy.set_xlabel("utilisation,\n% of working time", fontsize=9)
    waits.tick_params(labelleft=False)
    waits.set_xlim(0.0, 1.06 * max([1e-9, *_tops(table, [kpi for kpi, *_ in WAITS])]))
    waits.xaxis.set_major_locator(MaxNLocator(4))
    number_ticks(waits.xaxis, "hour")
    waits.set_xlabel("wait for a first\nattempt, hours", fontsize=9)
    n = int(table["n"].max())
    write(axes, _busy_finding(table, plans), number_note(n, "Lines") + " Waiting: mean of those answered.", 0, pad=36)
    return tuple(axes)


def _tops(table: pd.DataFrame, kpis: Sequence[str]) -> list[float]:
    values = table[table.index.get_level_values("kpi").isin(list(kpis))][["mean", "high"]].to_numpy(dtype=float)
    return [float(value) for value in values.ravel() if np.isfinite(value)]


def _busy_finding(table: pd.DataFrame, plans: Sequence[str]) -> str:
    reps = {plan: cell(table, "utilisation_reps", plan).mean for plan in plans}
    known = {plan: value for plan, value in reps.items() if np.isfinite(value)}
    if not known:
        value = cell(table, "utilisation_marketers", plans[0])
        return f"Marketers are {value_words(value, 'share')} busy; there are no reps"

    def hours(plan: str) -> tuple[str, str]:
        found = [cell(table, kpi, plan).mean for kpi, *_ in WAITS]
        asked, leads = (amount(value, "hour") if np.isfinite(value) else "in vain" for value in found)
        return asked, leads

    busiest = max(known, key=lambda plan: known[plan])
    if len(known) == 1:
        marketers = cell(table, "utilisation_marketers", busiest)
        asked, leads = hours(busiest)
        return (
            f"Reps are {amount(known[busiest], 'share')} busy, marketers {amount(marketers.mean, 'share')}; "
            f"a buyer who asks waits {asked}, marketing's leads {leads}"
        )
    idlest = min(known, key=lambda plan: known[plan])
    (_, late), (_, early) = hours(busiest), hours(idlest)
    return (
        f"Marketing's leads wait {late} under “{busiest}”, where reps are {amount(known[busiest], 'share')} busy, "
        f"and {early} under “{idlest}” ({amount(known[idlest], 'share')})"
    )


# -- too many leads -----------------------------------------------------------------------------------------------


def overload(
    source: Comparison | pd.DataFrame,
    against: str = "marketers",
    kpi: str = "profit_with_value",
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
    ax : matplotlib.axes.Axes or three of them, optional
        Where to draw; one is divided. By default in a new figure.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Result, share of marketing leads never worked, hours to the first attempt.
    """
    rows = (
        ((kpi,), "mean"), (("unworked_mql_share",), "never worked"),
        (("response_hours_mql", "response_hours_inbound"), "wait"),
    )  # fmt: skip
    names = [name for kpis, _ in rows for name in kpis]
    table = overload_table(source, against, names) if isinstance(source, Comparison) else source
    check_columns([table], "x", "kpi", "mean", "low", "high", "n")
    table = table[np.isfinite(table["x"].to_numpy(float)) & np.isfinite(table["mean"].to_numpy(float))]
    axes = panels(ax, 6.0, rows=3, ratios=(1.4, 1, 1))
    if table.empty or kpi not in set(table["kpi"]):
        nothing(axes, "Overload", f"No plan has a number for {said(kpi)}.")
        return tuple(axes)
    top, unworked, wait = axes
    best = _best(table, kpi)
    _line(top, table, kpi, GOOD, "o")
    head(top, _capital(said(kpi)))
    top.set_ylabel(axis_label("", unit_of(kpi)) or "number", fontsize=9)
    number_ticks(top.yaxis, unit_of(kpi))
    _line(unworked, table, "unworked_mql_share", MARKETING, "o")
    head(unworked, "Marketing's leads never worked")
    unworked.set_ylabel("%", fontsize=9)
    unworked.set_ylim(bottom=0.0)
    number_ticks(unworked.yaxis, "share")
    _line(wait, table, "response_hours_mql", MARKETING, "o", "leads")
    _line(wait, table, "response_hours_inbound", BUYER, "D", "requests")
    head(wait, "Wait for a first attempt")
    wait.set_ylabel("hours", fontsize=9)
    wait.set_ylim(bottom=0.0)
    if wait.get_legend_handles_labels()[1]:
        legend(wait, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.0, borderpad=0.1)
    for panel in axes:
        panel.grid(axis="y", color=GRID, linewidth=0.8)
        panel.yaxis.set_major_locator(MaxNLocator(4))
        panel.axvline(best, color="#7A8087", linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
        panel.tick_params(labelbottom=panel is wait)
    unit = "full posts" if against in ("marketers", "reps", "sdrs") else unit_of(against)
    wait.set_xlabel(axis_label(against, unit if unit != against else ""), fontsize=9)
    number_ticks(wait.xaxis, unit)
    n = int(table["n"].max())
    write(axes, _overload_finding(table, against, kpi), number_note(n, "Bands") + " Dashed: best mean.", pad=22)
    return tuple(axes)


def overload_table(result: Comparison, against: str, kpis: Sequence[str]) -> pd.DataFrame:
    """Return KPIs by plan with what is varied as ``x``: x, plan, kpi, mean, low, high, n."""
    names = list(kpis)
    if against in result.plans.columns:
        place = result.plans[against].astype(float)
    elif against in result.units:
        place = result.summary(against)["mean"].droplevel("kpi")
    else:
        known = ", ".join(map(str, result.plans.columns))
        raise FunnelsimError(f"{against!r} is neither a key figure nor one of {known}")
    table = result.summary(names).reset_index()
    table["plan"] = table["plan"].astype(str)
    table["x"] = table["plan"].map({str(plan): float(value) for plan, value in place.items()})
    return table.sort_values(["kpi", "x"], kind="stable", ignore_index=True)


def _line(panel: Axes, table: pd.DataFrame, kpi: str, colour: str, marker: str, label: str | None = None) -> None:
    part = table[table["kpi"] == kpi].sort_values("x", kind="stable")
    if part.empty:
        return
    x, middle = part["x"].to_numpy(float), part["mean"].to_numpy(float)
    panel.fill_between(x, part["low"].to_numpy(float), part["high"].to_numpy(float), color=colour, alpha=0.16, lw=0)
    words: dict[str, Any] = {"label": label} if label else {}
    panel.plot(x, middle, marker=marker, color=colour, markersize=5, linewidth=1.6, **words)


def _best(table: pd.DataFrame, kpi: str) -> float:
    part = table[table["kpi"] == kpi]
    values = part["mean"].to_numpy(dtype=float)
    return float(part["x"].iloc[int(np.argmin(values) if less_is_better(kpi) else np.argmax(values))])


def _overload_finding(table: pd.DataFrame, against: str, kpi: str) -> str:
    part = table[table["kpi"] == kpi].sort_values("x", kind="stable")
    best, most = _best(table, kpi), float(part["x"].max())
    what, unit = said(against), unit_of(kpi)
    name = _capital(said(kpi))
    if len(part) == 1:
        return f"{name} is {amount(float(part['mean'].iloc[0]), unit)} at {best:,.4g} {what}: one plan shows no trend"
    value = float(part.loc[part["x"] == best, "mean"].iloc[0])
    text = f"{name} is best, {amount(value, unit)}, at {best:,.4g} {what}"
    unworked = table[table["kpi"] == "unworked_mql_share"].sort_values("x", kind="stable")
    last = float(unworked["mean"].iloc[-1]) if len(unworked) else float("nan")
    if best >= most:
        text = f"{name} still improves at {most:,.4g} {what}: {amount(value, unit)}"
        return (
            text if not np.isfinite(last) else f"{text}, although {amount(last, 'share')} of the leads are not worked"
        )
    if len(unworked):
        there = float(unworked["mean"].iloc[int((unworked["x"] - best).abs().to_numpy().argmin())])
        text += (
            f"; beyond, leads are left: {amount(there, 'share')} never worked there, "
            f"{amount(last, 'share')} at {most:,.4g}"
        )
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
