"""Price, discounts and what the rep learns of one buyer."""

from __future__ import annotations

from funnelsim.arithmetic import log

NO_BAR = -20.0
"""Lowest bar: every buyer who agrees gets an opportunity."""


def priced(deal: int, factor: float) -> int:
    """Price in cents of a deal whose list price at index 1 is `deal` cents, rounded half up.

    Parameters
    ----------
    deal : int
        Annual list price at price index 1, cents.
    factor : float
        Price index, times 1 - discount where there is one.
    """
    return int(deal * factor + 0.5)


def price_gain(factor: float, slope: float) -> float:
    """Log-odds of winning gained by a price of `factor` times another: slope x -ln(factor) (`bijmolt2005`).

    Parameters
    ----------
    factor : float
        Price relative to the one compared with, above 0; below 1 the gain is positive.
    slope : float
        Log-odds per log unit of price.
    """
    if factor == 1.0 or slope == 0.0:
        return 0.0
    return -slope * log(factor)


def neglected(trust: float, share: float) -> float:
    """Trust of a buyer who was kept waiting in vain: the `share` 0..1 of it is lost (assumption)."""
    return trust * (1.0 - share)


def seen_liking(liking: float, noise: float, z: float) -> float:
    """A buyer's liking as a rep sees it after the talk [log-odds]: truth plus noise.

    Parameters
    ----------
    liking : float
        What the segment does not reveal about this account.
    noise : float
        Standard deviation of the rep's error.
    z : float
        Standard normal deviate of this talk.
    """
    return liking + noise * z
