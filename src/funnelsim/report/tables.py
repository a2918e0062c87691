"""Tables that every report shows: built once, for terminal, page and file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from funnelsim.experiments.intervals import mean_interval, paired_difference
from funnelsim.experiments.words import amount, gap_unit, plain, with_interval, with_margin

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.experiments.compare import Comparison
    from funnelsim.scenario.schema import Scenario

BESIDE = {
    "wins": "deals won",
    "utilisation_reps": "reps busy",
    "utilisation_marketers": "marketers busy",
    "response_hours_inbound": "response",
}
"""KPIs shown beside the headline, and what they are called."""
MONEY = "USD"


class Cells(NamedTuple):
    """A table in words.

    Attributes
    ----------
    heads
        Column heads.
    rows
        Cells of each row.
    strong
        Which rows stand out.
    """

    heads: list[str]
    rows: list[list[str]]
    strong: list[bool]


def comparison_cells(comparison: Comparison, kpi: str, *, posts: bool = True) -> Cells:
    """Return plans in order: posts, the KPI with its interval, the difference to the baseline, and what explains it."""
    unit, base = comparison.units[kpi], comparison.baseline
    tied = set(comparison.tied(kpi))
    plans = comparison.plans
    beside = {name: text for name, text in BESIDE.items() if name != kpi}
    sdrs = {label: float(one.plan.sales.sdrs) for label, one in comparison.scenarios.items()}
    roles = ["reps", "marketers", *(["SDRs"] if any(sdrs.values()) else [])] if posts else []
    heads = [
        "plan",
        *roles,
        plain(kpi),
        f"difference to {base} [95 %]",
        *beside.values(),
    ]
    rows = []
    for label in comparison.labels:
        own = mean_interval(comparison.values(kpi, label))
        gap = "baseline"
        if label != base:
            found = paired_difference(comparison.values(kpi, label), comparison.values(kpi, base)).interval
            apart = gap_unit(unit)
            gap = with_interval(found.mean, found.low, found.high, apart, sign=True)
        means = [mean_interval(comparison.values(name, label)).mean for name in beside]
        shown = [
            amount(mean, "" if name == "wins" else comparison.units[name])
            for mean, name in zip(means, beside, strict=True)
        ]
        heads_of = {"SDRs": sdrs[label]} | {name: float(plans[name].loc[label]) for name in ("reps", "marketers")}
        rows.append(
            [
                label,
                *(_posts(heads_of[name]) for name in roles),
                with_margin(own.mean, own.half_width, unit),
                gap,
                *shown,
            ]
        )
    return Cells(heads, rows, [label in tied for label in comparison.labels])


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """Return every KPI of every plan at every horizon, with its interval and its difference to the baseline."""
    import pandas as pd

    parts = []
    for quarters in comparison.horizons:
        here = comparison.at(quarters)
        own = here.summary().reset_index()
        gaps = here.differences().reset_index().drop(columns=["n", "unit"])
        gaps = gaps.rename(columns={"low": "difference_low", "high": "difference_high"})
        part = own.merge(gaps, on=["kpi", "plan"], how="left", sort=False)
        part.insert(0, "horizon_quarters", quarters)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table.insert(2, "baseline", comparison.baseline)
    return table


def world_size(comparison: Comparison) -> str:
    """Return the size of the market: one number, or the range where worlds differ."""
    sizes = sorted({accounts(scenario) for scenario in comparison.scenarios.values()})
    return f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"


def accounts(scenario: Scenario) -> int:
    """Return the number of accounts of a scenario's market."""
    return sum(segment.accounts for segment in scenario.world.segments.values())


def _posts(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text or "0"


def duration(seconds: float) -> str:
    """Return a wall time in words: ``8.4 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if 0.0 < seconds < 0.095:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = int(seconds + 0.5)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
