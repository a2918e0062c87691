"""Ratios of two paired differences, with Fieller's interval; shares of replications, with Wilson's."""

from __future__ import annotations

import math

import numpy as np

from funnelsim.experiments.intervals import LEVEL, Interval, Values, t_quantile


def paired_ratio(top: Values, bottom: Values, level: float = LEVEL) -> Interval:
    """Ratio of two means over the same replications, with Fieller's interval.

    Parameters
    ----------
    top, bottom
        Numbers of the same replications, in the same order; a pair with a NaN is left out.
    level
        Confidence level, 0 < level < 1.

    Returns
    -------
    Interval
        ``mean`` is mean(top) / mean(bottom). When the mean of `bottom` is not clearly different from zero no bounded
        interval exists, and the ends are NaN: the data cannot exclude any ratio, however large. ``sd`` is NaN.

    Notes
    -----
    All ratios r for which the t interval of mean(top - r bottom) reaches 0 (Fieller 1954). It needs no approximation
    but normal means, and stays honest where a bootstrap or the delta method gives a bounded interval at any price.
    """
    a, b = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} numbers cannot be paired")
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    n = len(a)
    if n == 0 or float(b.mean()) == 0.0:
        return Interval(math.nan, math.nan, math.nan, math.nan, n)
    ratio = float(a.mean() / b.mean())
    if n < 2:
        return Interval(ratio, math.nan, math.nan, math.nan, n)
    spread = np.cov(a, b, ddof=1) / n * t_quantile(0.5 + level / 2.0, n - 1) ** 2
    square = float(b.mean() ** 2 - spread[1, 1])
    if square <= 0.0:
        return Interval(ratio, math.nan, math.nan, math.nan, n)
    middle = float(a.mean() * b.mean() - spread[0, 1])
    rest = float(a.mean() ** 2 - spread[0, 0])
    half = math.sqrt(max(0.0, middle * middle - square * rest))
    return Interval(ratio, (middle - half) / square, (middle + half) / square, math.nan, n)


def wilson(hits: int, n: int, level: float = LEVEL) -> Interval:
    """Share of replications in which something happened, with Wilson's score interval.

    Parameters
    ----------
    hits, n
        Replications in which it happened, and all of them.
    level
        Confidence level, 0 < level < 1.

    Notes
    -----
    Wilson (1927): the shares p for which ``hits`` would not be surprising. It never leaves 0 to 1, and is not empty
    where nothing or everything happened.
    """
    from scipy.special import ndtri

    if n == 0:
        return Interval(math.nan, math.nan, math.nan, math.nan, 0)
    z = float(ndtri(0.5 + level / 2.0))
    share = hits / n
    centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Interval(share, 0.0 if hits == 0 else low, 1.0 if hits == n else high, math.nan, n)
