"""Trust and other stocks: jumps at touches, exponential decay between them."""

from __future__ import annotations

from funnelsim.arithmetic import exp, log

AIMS_ANY = 0
AIMS_EARLY = 1
AIMS_LATE = 2
MOST = 0.98
"""Strength to which a factor above 1 can raise a touch at most."""


def decayed(value: float, rate: float, days: float) -> float:
    """Level of a stock after `days` without input.

    Parameters
    ----------
    value : float
        Level at the last change.
    rate : float
        Decay rate delta per day (ln 2 / half-life), >= 0.
    days : float
        Time since the last change, >= 0.

    Notes
    -----
    X(t) = X e^{-delta t}. Brand trust: half-life 70 d (`leone1995`); relationship trust and goodwill: see the schema.
    """
    if value == 0.0 or rate == 0.0 or days == 0.0:
        return value
    return value * exp(-rate * days)


def touched(value: float, strength: float, saturation: float) -> float:
    """Trust after a touch of `strength` g: X <- X + g (1 - saturation X).

    Parameters
    ----------
    value : float
        Trust before, 0..1 (unbounded when `saturation` is 0).
    strength : float
        g, 0..1.
    saturation : float
        1: bounded trust (default). 0: additive shot noise.
    """
    return value + strength * (1.0 - saturation * value)


def total(brand: float, relationship: float) -> float:
    """Total trust T = 1 - (1 - B)(1 - R)."""
    return 1.0 - (1.0 - brand) * (1.0 - relationship)


def tired(strength: float, fatigue: float, recent: float) -> float:
    """Strength of a touch on a buyer who had `recent` touches lately: g / (1 + fatigue x recent).

    Parameters
    ----------
    strength : float
        g of the touchpoint.
    fatigue : float
        Loss per recent touch (assumption 0.1).
    recent : float
        Decayed number of recent touches, >= 0.
    """
    return strength / (1.0 + fatigue * recent)


def entry_trust(goodwill: float, at_one: float) -> float:
    """Brand trust with which an account enters the market: 1 - (1 - e)^G.

    Parameters
    ----------
    goodwill : float
        Goodwill G, 1 = level under the incumbent plan.
    at_one : float
        Entry trust e at G = 1, 0..1 (assumption).
    """
    if at_one <= 0.0 or goodwill <= 0.0:
        return 0.0
    return 1.0 - exp(goodwill * log(1.0 - at_one))


def scaled(strength: float, factor: float) -> float:
    """Strength of a touch times a factor; a factor above 1 raises it to `MOST` at most."""
    g = strength * factor
    return g if g < MOST or g <= strength else (strength if strength > MOST else MOST)


def heard(
    strength: float, from_other_team: bool, consistency: float, aims: int, ready: bool, wrong_tone: float
) -> float:
    """Strength of a touch as the buyer hears it: does it fit what was said before, and how far the buyer is?

    Parameters
    ----------
    strength : float
        g, 0..1.
    from_other_team : bool
        The buyer's last touch was by the other team.
    consistency : float
        Factor for such a touch: below 1 the teams contradict each other (assumption).
    aims : int
        Whom the tone suits: `AIMS_ANY`, `AIMS_EARLY` or `AIMS_LATE`.
    ready : bool
        The buyer's trust has reached psi theta: it would talk to sales.
    wrong_tone : float
        Factor for a tone that does not suit this buyer, 0..1 (assumption).
    """
    factor = consistency if from_other_team else 1.0
    if (ready and aims == AIMS_EARLY) or (not ready and aims == AIMS_LATE):
        factor = factor * wrong_tone
    return scaled(strength, factor)


def still_known(days: float, decay: float) -> float:
    """Chance that an address is still good after `days`: e^{-decay t}, decay per day (30 % a year: `crmdecay2024`)."""
    return exp(-decay * days)


def left_after(trust: float, share: float) -> float:
    """Trust when the `share` 0..1 of it is lost: a buyer who waited in vain, or has to say everything again."""
    return trust * (1.0 - share)
