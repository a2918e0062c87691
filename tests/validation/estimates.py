"""From replications to a number with its interval, and from an interval to a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
PASS, FAIL, UNDECIDED = "pass", "fail", "not decided"
DETERMINED = 0.2
"""A row is well determined when its interval is at most this share as wide as its tolerance."""


@dataclass(frozen=True)
class Measurement:
    """What was read from one run: sums, and samples where a sum does not do."""

    sums: Mapping[str, float]
    samples: Mapping[str, Sequence[float]]


Replication = Mapping[str, Measurement]
"""What was read from each arm of one replication."""
Statistic = Callable[[Sequence[Replication]], float]
"""A number from pooled replications, NaN if there is nothing to measure."""


@dataclass(frozen=True)
class Estimate:
    """A pooled number with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        Pooled over all replications; ends of the interval, NaN with fewer than two replications.
    n : int
        Replications.
    each : tuple of float
        The same number of each replication alone.
    """

    value: float
    low: float
    high: float
    n: int
    each: tuple[float, ...] = ()

    def verdict(self, low: float, high: float) -> str:
        """Pass if the interval lies inside the tolerance, fail if it lies outside, otherwise not decided."""
        if not math.isfinite(self.low) or not math.isfinite(self.high):
            return UNDECIDED
        if low <= self.low and self.high <= high:
            return PASS
        if self.high < low or self.low > high:
            return FAIL
        return UNDECIDED

    def determined(self, low: float, high: float) -> bool:
        """Whether the interval is narrow beside the tolerance."""
        width = high - low
        return math.isfinite(width) and self.high - self.low <= DETERMINED * width


def estimate(replications: Sequence[Replication], statistic: Statistic) -> Estimate:
    """Pool a statistic over replications.

    Notes
    -----
    The value is the statistic of all replications together (for a ratio: sum over sum, so that a replication with more
    cases weighs more). The interval is value ± t(0.975; n - 1) s, with s the standard error of the delete-one
    jackknife; for a ratio this is the usual interval of the ratio estimator up to terms of order 1/n.
    """
    n = len(replications)
    value = statistic(replications)
    each = tuple(statistic([one]) for one in replications)
    if n < 2:
        return Estimate(value, math.nan, math.nan, n, each)
    without = np.array([statistic([*replications[:i], *replications[i + 1 :]]) for i in range(n)])
    error = math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    half = float(stats.t.ppf(0.5 + LEVEL / 2.0, n - 1)) * error
    return Estimate(value, value - half, value + half, n, each)


def total(replications: Sequence[Replication], arm: str, name: str) -> float:
    """Return the sum of a reading over replications."""
    return math.fsum(one[arm].sums[name] for one in replications)


def pooled_ratio(arm: str, above: str, below: str) -> Statistic:
    """Make a ratio of two readings: sum over sum."""

    def statistic(replications: Sequence[Replication]) -> float:
        denominator = total(replications, arm, below)
        return total(replications, arm, above) / denominator if denominator > 0.0 else math.nan

    return statistic


def won_of_worked(arm: str) -> Statistic:
    """Make the deals won of the marketing leads that sales worked: wins over leads resolved that were not left."""

    def statistic(replications: Sequence[Replication]) -> float:
        worked = total(replications, arm, "mql_resolved") - total(replications, arm, "mql_unworked")
        return total(replications, arm, "mql_wins") / worked if worked > 0.0 else math.nan

    return statistic


def tracked_more(tracked: str, untracked: str, who: str) -> Statistic:
    """Make by how much tracking raises the share of leads that new or old reps work."""
    return difference(
        pooled_ratio(tracked, f"{who}_worked", f"{who}_leads"), pooled_ratio(untracked, f"{who}_worked", f"{who}_leads")
    )


def better_more(arm: str, who: str) -> Statistic:
    """Make by how much more of the well-qualified leads than of the others new or old reps work."""
    return difference(
        pooled_ratio(arm, f"{who}_good_worked", f"{who}_good_leads"),
        pooled_ratio(arm, f"{who}_poor_worked", f"{who}_poor_leads"),
    )


def points_a_year_more(high: str, low: str, last: str, first: str) -> Statistic:
    """Make by how many percentage points a year growth from the first to the last quarter is higher in one arm."""
    gap = difference(pooled_ratio(high, last, first), pooled_ratio(low, last, first))
    return lambda replications: 100.0 * gap(replications) / 0.75


def faster(before: str, after: str) -> Statistic:
    """Make how much faster meetings are done in one arm than in another: ratio of mean desk hours, less 1."""

    def statistic(replications: Sequence[Replication]) -> float:
        hours = [
            total(replications, arm, "meeting_hours") / max(total(replications, arm, "meetings"), 1.0)
            for arm in (before, after)
        ]
        return hours[0] / hours[1] - 1.0 if hours[1] > 0.0 else math.nan

    return statistic


def elasticity(low: str, high: str, input_ratio: float, name: str = "revenue") -> Statistic:
    """Make an elasticity of a reading between two arms: ln(ratio of the reading) / ln(input ratio)."""

    def statistic(replications: Sequence[Replication]) -> float:
        a, b = total(replications, low, name), total(replications, high, name)
        return math.log(b / a) / math.log(input_ratio) if a > 0.0 and b > 0.0 else math.nan

    return statistic


def difference(first: Statistic, second: Statistic) -> Statistic:
    """Make the difference of two statistics of the same replications."""
    return lambda replications: first(replications) - second(replications)


def quotient(first: Statistic, second: Statistic) -> Statistic:
    """Make the ratio of two statistics of the same replications."""

    def statistic(replications: Sequence[Replication]) -> float:
        below = second(replications)
        return first(replications) / below if below else math.nan

    return statistic


def marginal(more: str, base: str, gain: str, cost: str) -> Statistic:
    """Make what a change of plan gains per unit of what it costs."""

    def statistic(replications: Sequence[Replication]) -> float:
        extra = total(replications, more, cost) - total(replications, base, cost)
        return (total(replications, more, gain) - total(replications, base, gain)) / extra if extra else math.nan

    return statistic


def best_on_grid(arms: Mapping[str, float], name: str) -> Statistic:
    """Make the place of the largest reading: the top of a parabola in the logarithm, through the means on a grid."""

    def statistic(replications: Sequence[Replication]) -> float:
        x = np.log(np.array(list(arms.values()), dtype=float))
        y = np.array([total(replications, arm, name) for arm in arms])
        curvature, slope, _ = np.polyfit(x, y, 2)
        return float(np.exp(-0.5 * slope / curvature)) if curvature < 0.0 else math.nan

    return statistic


def spread(arm: str, weight: str, first: str, second: str) -> Statistic:
    """Make a coefficient of variation from the sums of weights, of values, and of squares (all times weight)."""

    def statistic(replications: Sequence[Replication]) -> float:
        w = total(replications, arm, weight)
        mean = total(replications, arm, first) / w if w > 0.0 else 0.0
        if mean <= 0.0:
            return math.nan
        return math.sqrt(max(0.0, total(replications, arm, second) / w - mean * mean)) / mean

    return statistic


def skewness(arm: str, name: str) -> Statistic:
    """Make mean / median of pooled samples."""

    def statistic(replications: Sequence[Replication]) -> float:
        values = np.concatenate([np.asarray(one[arm].samples[name], dtype=float) for one in replications])
        middle = float(np.median(values)) if len(values) else 0.0
        return float(values.mean()) / middle if middle > 0.0 else math.nan

    return statistic
