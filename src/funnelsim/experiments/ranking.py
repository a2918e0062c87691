"""Which plan is best, which others may be, and how to say it.

The intervals of the differences to the best hold together (Bonferroni over the k - 1 comparisons). A plan whose
interval reaches 0 is *tied with the best*. Whichever plan comes out first, the truly best one is among the tied with at
least the stated confidence: to be left out, it would have to lie outside one of its own k - 1 intervals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelsim.experiments.intervals import LEVEL, mean_interval, paired_difference, simultaneous_level
from funnelsim.experiments.words import counted, gap_unit, listed, plain, with_margin

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.experiments.compare import Comparison

HEADLINE = "profit_with_value"
"""KPI that decides where none is named."""
LESS_IS_BETTER = (
    "cac",
    "cart_abandonment",
    "churn_rate",
    "conflict_end",
    "cost_per_",
    "cycle_days_",
    "duplicates",
    "escalated",
    "history_lost",
    "lost_after_",
    "lost_to_",
    "marketing_cost",
    "mean_waiting",
    "mql_to_win_days_",
    "never_answered_",
    "no_decision_after_",
    "payback_",
    "programme_money",
    "response_",
    "salaries",
    "sales_cost",
    "unsubscribe_rate",
    "unworked_",
    "won_cycle_days_",
)
"""Beginnings of the names of KPIs that are better when they are smaller."""


LISTED = 3
"""Plans behind the best that a conclusion names; of more it names the nearest and the last."""


NEITHER_IS_BETTER = ("first_days_wins", "last_days_wins", "programme_budget_end")
"""KPIs of which neither more nor less is better by itself."""


def less_is_better(kpi: str) -> bool:
    """Whether smaller values of a KPI are better."""
    return kpi.startswith(LESS_IS_BETTER)


def ranking(comparison: Comparison, kpi: str, level: float = LEVEL) -> pd.DataFrame:
    """Return plans best first; see `Comparison.ranking`."""
    import pandas as pd

    comparison.check_kpis([kpi])
    values = {label: comparison.values(kpi, label) for label in comparison.labels}
    own = {label: mean_interval(numbers, level) for label, numbers in values.items()}
    sign = 1.0 if less_is_better(kpi) else -1.0
    order = sorted(values, key=lambda label: (math.isnan(own[label].mean), sign * own[label].mean))
    best = order[0]
    joint = simultaneous_level(len(values) - 1, level)
    rows = []
    for label in order:
        mean, low, high, sd, n = own[label]
        if label == best:
            gap = (0.0, 0.0, 0.0)
            tied = not math.isnan(mean)
        else:
            found = paired_difference(values[label], values[best], joint).interval
            gap = (found.mean, found.low, found.high)
            tied = not found.excludes_zero and not math.isnan(mean)
        rows.append((label, mean, low, high, sd, n, *gap, tied, comparison.units[kpi]))
    columns = [
        "plan",
        "mean",
        "low",
        "high",
        "sd",
        "n",
        "difference",
        "difference_low",
        "difference_high",
        "tied",
        "unit",
    ]
    return pd.DataFrame(rows, columns=columns).set_index("plan")


def conclusion(comparison: Comparison, kpi: str, level: float = LEVEL) -> str:
    """Return what a ranking says, one sentence per line; see `Comparison.conclusion`."""
    table = ranking(comparison, kpi, level)
    what = f"{plain(kpi)} over {counted(comparison.horizon_quarters, 'quarter')} ({comparison.replications_in_words})"
    unit, best = comparison.units[kpi], f"“{table.index[0]}”"
    if math.isnan(float(table["mean"].iloc[0])):
        return f"There is no {what} to compare: no replication gave a number."
    if len(table) == 1:
        margin = float(table["high"].iloc[0] - table["low"].iloc[0]) / 2.0
        return f"{best} has {with_margin(float(table['mean'].iloc[0]), margin, unit)} {what}."
    if comparison.n < 2:
        side = "lowest" if less_is_better(kpi) else "highest"
        return (
            f"{best} has the {side} {what}.\n"
            "But a single replication has no interval, so this may be luck.\nRun more replications."
        )
    tied = [f"“{label}”" for label in table.index[table["tied"]]]
    rest = table[~table["tied"]]
    if len(tied) == len(table):
        who = "Both plans" if len(tied) == 2 else f"All {len(tied)} plans"
        return f"{who} are tied for best on {what}.\nThe best mean is that of {best}; none is clearly behind it."
    if len(tied) == 1:
        lines = [f"{best} is best on {what}."]
    else:
        lines = [f"{listed(tied)} are tied for best on {what}.", f"The best mean is that of {best}."]
    if len(rest) <= LISTED:
        lines += [f"“{label}” {_gap(row, unit, kpi)} than {best}." for label, row in rest.iterrows()]
    else:
        lines.append(f"{len(rest)} plans are clearly behind it.")
        for place, word in ((0, "nearest"), (-1, "last")):
            row = rest.iloc[place]
            lines.append(f"The {word} of them, “{row.name}”, {_gap(row, unit, kpi)}.")
    return "\n".join(lines)


def _gap(row: pd.Series, unit: str, kpi: str) -> str:
    """Say how far a plan is from the best: ``earns $1.2M ± 0.3M less``."""
    earns = kpi.startswith(("profit", "npv", "revenue"))
    gap, margin = float(row["difference"]), float(row["difference_high"] - row["difference_low"]) / 2.0
    size = with_margin(abs(gap), margin, gap_unit(unit))
    side = ("less" if gap < 0 else "more") if earns else ("lower" if gap < 0 else "higher")
    return f"{'earns' if earns else 'is'} {size} {side}"
