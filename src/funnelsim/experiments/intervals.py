"""Means, confidence intervals and paired differences over replications.

Every function takes plain numbers, one per replication. Missing ones (NaN, e.g. the cost per win of a replication
without a win) are left out, pairwise where two plans are compared; `n` says how many are left. With one number there
is a mean and no interval: its ends are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Values = Sequence[float] | np.ndarray
LEVEL = 0.95
"""Confidence level where none is given."""


class Interval(NamedTuple):
    """A mean with its confidence interval.

    Attributes
    ----------
    mean, low, high : float
        Mean and ends of the interval, in the unit of the numbers.
    sd : float
        Standard deviation between replications (n - 1), same unit; NaN for n < 2.
    n : int
        Numbers that went in.
    """

    mean: float
    low: float
    high: float
    sd: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval; NaN for n < 2."""
        return (self.high - self.low) / 2.0

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0 (false when there is no interval)."""
        return self.low > 0.0 or self.high < 0.0


class Difference(NamedTuple):
    """A paired difference: the same replications of two plans.

    Attributes
    ----------
    interval : Interval
        Of plan minus baseline.
    variance_ratio : float
        (var a + var b) / var(a - b): how many times as many replications would be needed without pairing; below 1
        pairing hurts. NaN for n < 2, infinite when the difference is the same in every replication.
    """

    interval: Interval
    variance_ratio: float


def t_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t."""
    from scipy.special import stdtrit  # what scipy.stats.t.ppf calls, without its slow import

    return float(stdtrit(degrees, probability))


def mean_interval(values: Values, level: float = LEVEL) -> Interval:
    """Mean and two-sided t interval.

    Parameters
    ----------
    values
        One number per replication; NaN is left out.
    level
        Confidence level, 0 < level < 1.

    Notes
    -----
    mean ± t(1 - (1 - level)/2; n - 1) sd / sqrt(n). Replications are independent; the interval is exact for normal
    numbers and close for n >= 10 otherwise.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level}; expected between 0 and 1")
    numbers = _known(values)
    n = len(numbers)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, math.nan, 0)
    mean = float(numbers.mean())
    if n == 1:
        return Interval(mean, math.nan, math.nan, math.nan, 1)
    sd = float(numbers.std(ddof=1))
    half = t_quantile(0.5 + level / 2.0, n - 1) * sd / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, sd, n)


def paired_difference(values: Values, baseline: Values, level: float = LEVEL) -> Difference:
    """Interval of ``values - baseline``, replication by replication.

    Parameters
    ----------
    values, baseline
        Numbers of the same replications, in the same order; a pair with a NaN is left out.
    level
        Confidence level, 0 < level < 1.
    """
    a, b = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} numbers cannot be paired")
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    interval = mean_interval(a - b, level)
    if len(a) < 2:
        return Difference(interval, math.nan)
    apart = float(a.var(ddof=1) + b.var(ddof=1))
    together = float((a - b).var(ddof=1))
    if together > 1e-18 * apart:  # else equal but for rounding
        return Difference(interval, apart / together)
    return Difference(interval, math.inf if apart > 0.0 else math.nan)


def simultaneous_level(comparisons: int, level: float = LEVEL) -> float:
    """Level of each of several intervals such that all of them hold together at `level` (Bonferroni)."""
    return 1.0 - (1.0 - level) / max(1, comparisons)


def quantile(values: Values, share: float) -> float:
    """Quantile of the known numbers, linear between order statistics; NaN if there are none."""
    numbers = _known(values)
    return float(np.quantile(numbers, share)) if len(numbers) else math.nan


def _known(values: Values) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    return numbers[~np.isnan(numbers)]
