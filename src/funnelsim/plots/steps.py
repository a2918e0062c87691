"""The funnel, and who touches the buyer at which stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import ScaledTranslation

from funnelsim.experiments.intervals import Interval
from funnelsim.experiments.words import amount, listed
from funnelsim.plots.frame import (
    BUYER,
    FAINT,
    INK,
    MARKETING,
    SALES,
    TEAM_INK,
    AxesLike,
    columns_of_text,
    nothing,
    panels,
    write,
)
from funnelsim.plots.sources import (
    Source,
    check_columns,
    interval_in,
    interval_of,
    number_ticks,
    reach,
    rows_of,
    tables_note,
    tables_of,
)

STEP_NAMES = {
    "in_market": "in market", "lead": "left an address", "with_sales": "reached sales", "worked": "tried by sales",
    "contacted": "spoken to", "sql": "found to fit", "proposal_sent": "proposal sent",
}  # fmt: skip
BY_MARKETING = ("touched", "lead")
WORK = {
    "market": (BUYER, FAINT, "the market"),
    "marketing": (MARKETING, TEAM_INK["marketing"], "marketing's work"),
    "sales": (SALES, TEAM_INK["sales"], "sales' work"),
}
"""Whose work a step is: colour of its bar, colour of its name (bars can be too short to show theirs), and words."""
STAGES = {
    "prospect": "Prospect",
    "lead": "Lead",
    "mql": "MQL (with sales)",
    "sql": "SQL (found to fit)",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "past_customer": "Past customer",
    "disqualified": "Disqualified",
    "lost": "Lost",
    "no_decision": "No decision",
}
"""Every stage, in the order of a journey; last those of accounts that sales has given up for this need."""
BOTH = 0.1
"""Share of the touches from which on a team counts as present at a stage."""


def funnel(source: Source, plan: str | None = None, ax: AxesLike | None = None) -> Axes:
    """Draw how many needs reached each step, and what share of the step before.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Table ``funnel``; several are averaged, with intervals.
    plan : str, optional
        Which plan of a comparison; by default its baseline.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    tables = tables_of(source, "funnel", plan)
    check_columns(tables, "step", "count")
    axes = panels(ax, 4.6)
    table = funnel_steps(tables)
    if table.empty or not table["mean"].iloc[0] > 0:
        nothing(axes, "Funnel", "No need arose in the window.")
        return axes[0]
    (panel,) = axes
    names = [str(step) for step in table["step"]]
    places = np.arange(len(names))
    teams = ["market", *("marketing" if name in BY_MARKETING else "sales" for name in names[1:])]
    found = [interval_in(row) for row in rows_of(table)]
    error = np.array([reach(one) for one in found]).T
    bars: dict[str, Any] = {}
    if error.any():
        bars = {"xerr": error, "error_kw": {"ecolor": INK, "elinewidth": 1, "capsize": 2}}
    drawn = panel.barh(places, table["mean"], edgecolor=INK, linewidth=0.4, height=0.72, **bars)
    panel.set_yticks(places, [STEP_NAMES.get(name, name) for name in names])
    for bar, label, team in zip(drawn, panel.get_yticklabels(), teams, strict=True):
        fill, ink, _ = WORK[team]
        bar.set_facecolor(fill)
        label.set_color(ink)
        label.set_fontweight("bold")
    panel.invert_yaxis()
    panel.tick_params(axis="y", length=0)
    panel.set_xlim(0, float(table["mean"].max() + error[1].max()) * 1.02)
    number_ticks(panel.xaxis, "needs")
    panel.set_xlabel("needs that reached the step in the window")
    counts = [_count(one) for one in found]
    shares = ["", *(_percent(value) for value in table["share"].iloc[1:])]
    wide = 58.0 if max(map(len, counts)) <= 8 else 78.0
    columns_of_text(panel, ["needs", "of the step\nbefore"], [counts, shares], [wide, wide + 58.0])
    shown = [WORK[team] for team in WORK if team in teams]
    above = ScaledTranslation(-70 / 72, 25 / 72, panel.figure.figure.dpi_scale_trans)
    panel.legend(
        handles=[Patch(facecolor=fill, edgecolor=INK, linewidth=0.4) for fill, *_ in shown],
        labels=[words for *_, words in shown], labelcolor=[ink for _, ink, _ in shown], loc="lower left",
        bbox_to_anchor=(0.0, 1.0), bbox_transform=panel.transAxes + above, ncols=3, borderaxespad=0.0, borderpad=0.0,
        handlelength=1.2, handletextpad=0.4, columnspacing=1.2, frameon=False, prop={"weight": "bold", "size": 9},
    ).set_in_layout(False)  # fmt: skip
    note = tables_note(source, len(tables))
    write(axes, _funnel_finding(table), note + " Flow: needs may have arisen before the window.", pad=46)
    return panel


def funnel_steps(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return mean and interval of the needs at each step, and the share of the step before."""
    if not tables or tables[0].empty:
        return pd.DataFrame(columns=["step", "mean", "low", "high", "n", "share"])
    counts = [table.groupby("step", sort=False, observed=True)["count"].sum() for table in tables]
    rows = []
    for step in counts[0].index:
        one = interval_of([float(count.get(step, np.nan)) for count in counts])
        rows.append((str(step), one.mean, one.low, one.high, one.n))
    table = pd.DataFrame(rows, columns=["step", "mean", "low", "high", "n"])
    before = table["mean"].shift()
    table["share"] = table["mean"] / before.where(before > 0)
    return table


def _count(one: Interval) -> str:
    digits = 0 if one.mean >= 100 or float(one.mean).is_integer() else 1
    text = f"{one.mean:,.{digits}f}"
    return f"{text} ± {one.half_width:,.{digits}f}" if np.isfinite(one.low) else text


def _percent(share: float) -> str:
    if not np.isfinite(share):
        return "–"
    return f"{share:.0%}" if share >= 0.095 or share == 0 else f"{share:.1%}"


def _funnel_finding(table: pd.DataFrame) -> str:
    first, last = table["mean"].iloc[0], table["mean"].iloc[-1]
    text = f"{_whole(last)} of {_whole(first)} needs in market were won ({amount(last / first, 'share')})"
    shares = table["share"].iloc[1:]
    if shares.notna().any():
        worst = 1 + int(np.nanargmin(shares.to_numpy(dtype=float)))
        names = [STEP_NAMES.get(name, name) for name in (table["step"].iloc[worst - 1], table["step"].iloc[worst])]
        text += f"; the narrowest step is from “{names[0]}” to “{names[1]}”: {_percent(float(shares.loc[worst]))}"
    return text


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 or float(value).is_integer() else f"{value:,.1f}"


# -- who touches whom ---------------------------------------------------------------------------------------------


def journey_mix(source: Source, plan: str | None = None, won: bool = False, ax: AxesLike | None = None) -> Axes:
    """Draw which team made the touches at each stage of the journey.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Table ``touches`` (or ``journeys``); from replications: ``keep="runs"``.
    plan : str, optional
        Which plan of a comparison; by default its baseline.
    won : bool
        Only touches that came before a win.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    tables = [stage_touches(table, won) for table in tables_of(source, "touches", plan)]
    mix = stage_mix(tables)
    axes = panels(ax, 1.7 + 0.37 * max(len(mix), 3))
    if mix.empty:
        nothing(axes, "Touches by stage", "No buyer was touched before a win." if won else "No buyer was touched.")
        return axes[0]
    (panel,) = axes
    places = np.arange(len(mix))
    share = mix["marketing"].to_numpy()
    panel.barh(places, share, color=MARKETING, height=0.66)
    panel.barh(places, 1.0 - share, left=share, color=SALES, height=0.66)
    for y, row in zip(places, rows_of(mix), strict=True):
        below, above = reach(Interval(row.marketing, row.low, row.high, np.nan, 2))
        if below + above > 0.0:
            low, high = max(row.marketing - below, 0.0), min(row.marketing + above, 1.0)
            panel.plot([low, high], [y, y], color=INK, linewidth=1.6, marker="|", markersize=7)
        for part, middle, ink in (
            (row.marketing, row.marketing / 2, "white"),
            (1.0 - row.marketing, (1.0 + row.marketing) / 2, INK),
        ):
            if part >= 0.12:
                panel.text(middle, y + 0.01, f"{part:.0%}", ha="center", va="center", color=ink, fontweight="bold")
    panel.set_yticks(places, [STAGES[str(stage)] for stage in mix.index])
    panel.invert_yaxis()
    panel.tick_params(axis="y", length=0)
    panel.set_xlim(0, 1)
    panel.xaxis.set_major_formatter(PercentFormatter(1.0))
    panel.set_xlabel("share of the touches at this stage, %")
    columns_of_text(panel, ["touches"], [[_whole(value) for value in mix["touches"]]], [52.0])
    panel.legend(
        handles=[Patch(color=MARKETING), Patch(color=SALES)], labels=["by marketing", "by sales"],
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize=9, borderaxespad=0.1,
        borderpad=0.2,
    )  # fmt: skip
    note = "Touches that came before a win. " if won else ""
    note += tables_note(source, len(tables), "Black lines")
    if "disqualified" in mix.index:
        note += " Disqualified: sales found no fit, and marketing's programmes reach the buyer all the same."
    write(axes, _mix_finding(mix), note, pad=24)
    return panel


def stage_touches(table: pd.DataFrame, won: bool = False) -> pd.DataFrame:
    """Return touches by stage (rows, in order of the journey) and team, from table ``touches`` or ``journeys``."""
    check_columns([table], "stage", "team")
    if "count" in table.columns:
        numbers = table["before_wins" if won else "count"].to_numpy(dtype=float)
    else:
        numbers = (table["outcome"] == "won").to_numpy(dtype=float) if won else np.ones(len(table))
    frame = pd.DataFrame({"stage": table["stage"].astype(str), "team": table["team"].astype(str), "touches": numbers})
    wide = frame.pivot_table(index="stage", columns="team", values="touches", aggfunc="sum")
    return wide.reindex(index=list(STAGES), columns=["marketing", "sales"]).fillna(0.0)


def stage_mix(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return marketing's share of the touches at each stage that saw any, with its interval over replications."""
    rows = []
    for stage in STAGES:
        parts = [table.loc[stage].to_numpy(dtype=float) for table in tables]
        totals = [float(part.sum()) for part in parts]
        if not sum(totals):
            continue
        ratios = [float(part[0]) / n for part, n in zip(parts, totals, strict=True) if n]
        one = interval_of(ratios)
        rows.append((stage, one.mean, one.low, one.high, sum(totals) / len(totals)))
    return pd.DataFrame(rows, columns=["stage", "marketing", "low", "high", "touches"]).set_index("stage")


def _mix_finding(mix: pd.DataFrame) -> str:
    both = mix[(mix["marketing"] >= BOTH) & (mix["marketing"] <= 1.0 - BOTH)]
    if both.empty:
        first = mix.iloc[0]
        return (
            f"No stage is touched by both teams: marketing makes {first['marketing']:.0%} "
            f"of the {_whole(first['touches'])} touches of {_plural(str(mix.index[0]))}"
        )
    names = listed([_plural(str(stage)) for stage in both.index])
    shares = listed([f"{value:.0%}" for value in both["marketing"]])
    return f"Both teams touch {names}: marketing makes {shares} of the touches there, sales the rest"


def _plural(stage: str) -> str:
    words = {
        "mql": "MQLs", "sql": "SQLs", "opportunity": "opportunities", "past_customer": "past customers",
        "disqualified": "disqualified buyers", "lost": "lost buyers", "no_decision": "buyers who decided nothing",
    }  # fmt: skip
    return words.get(stage, f"{stage}s")
