"""Reach: from live programmes to the chance that a moment of attention becomes a touch."""

from __future__ import annotations

from funnelsim.arithmetic import exp


def acceptance(intensity: float) -> float:
    """Chance that a candidate moment becomes a touch: 1 - exp(-intensity).

    Overlapping programmes of a kind add intensity, so reach saturates (random overlap of audiences).
    """
    if intensity <= 0.0:
        return 0.0
    return 1.0 - exp(-intensity)


def attention(targeting: float, fit_share: float, fits: bool) -> float:
    """Intensity that falls on an account, relative to untargeted buying.

    Parameters
    ----------
    targeting : float
        Share of attention bought on accounts that fit, 0..1.
    fit_share : float
        Share of the market's accounts that fit, 0..1.
    fits : bool
        Whether this account fits.

    Notes
    -----
    q / f for accounts that fit and (1 - q) / (1 - f) for the others: the total bought is the same for every q.
    """
    if fit_share <= 0.0 or fit_share >= 1.0:
        return 1.0
    if fits:
        return targeting / fit_share
    return (1.0 - targeting) / (1.0 - fit_share)


def found(content: float, half_saturation: float) -> float:
    """Chance that a buyer's search finds us: C / (C + C_half)."""
    if content <= 0.0:
        return 0.0
    return content / (content + half_saturation)
