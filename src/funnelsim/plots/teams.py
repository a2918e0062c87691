"""Teams at work: how busy they are, how long buyers wait, and where more leads do harm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from funnelsim.experiments.words import amount
from funnelsim.plots.frame import (
    BUYER,
    GRID,
    INK,
    MARKETING,
    SALES,
    AxesLike,
    legend,
    nothing,
    panels,
    shortened,
    write,
)
from funnelsim.plots.sources import (
    Source,
    cell,
    number_note,
    number_ticks,
    plans_of,
    reach,
    summary_of,
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
