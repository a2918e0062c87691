"""Price and discounts, quota and effort, the push at the end of a period, and what a rep learns of one buyer."""

from __future__ import annotations

from funnelsim.arithmetic import exp, log

NO_BAR = -20.0
"""Lowest bar: every buyer who agrees gets an opportunity."""
MOST_QUOTA = 4e15
"""Cents."""


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


def full_quota(won: float, post_months: float, months: int, ambition: float) -> float:
    """Quota of a full post for a period of `months`, from what the firm won per post and month [cents].

    Parameters
    ----------
    won : float
        Annual price of the deals won over the months looked back on, cents.
    post_months : float
        Full posts of reps on the roll, added over these months.
    months : int
        Length of the quota's period.
    ambition : float
        Quota relative to the mean of the past (`chung2014`: raised with what was reached).
    """
    if post_months <= 0.0:
        return 0.0
    quota = ambition * months * (won / post_months)
    return quota if quota < MOST_QUOTA else MOST_QUOTA


def bonus_weight(bonus: float, usual: float) -> float:
    """How much a bonus moves people, relative to the usual one: 2 b / (b + b0), from 0 to 2 (assumption)."""
    if bonus <= 0.0:
        return 0.0
    return 2.0 * bonus / (bonus + usual)


def effort(
    attained: float,
    quota: float,
    elapsed: float,
    gain: float,
    reach: float,
    give_up: float,
    give_up_left: float,
    loss: float,
) -> float:
    """Speed of a rep's work under a quota (`chung2014`): faster within reach, slower when it is hopeless.

    Parameters
    ----------
    attained, quota : float
        Won so far in the period, and asked for, cents; no quota: 0.
    elapsed : float
        Share of the period that is over.
    gain, loss : float
        Share by which work goes faster within reach, and slower when the rep has given up.
    reach : float
        Within reach: attainment of at least this share of `elapsed`, and not yet 1.
    give_up, give_up_left : float
        Given up: attainment below `give_up` when `give_up_left` of the period or less is left.
    """
    if quota <= 0.0:
        return 1.0
    attainment = attained / quota
    if attainment >= 1.0:
        return 1.0
    if attainment < give_up and 1.0 - elapsed <= give_up_left:
        return 1.0 - loss
    if attainment >= reach * elapsed:
        return 1.0 + gain
    return 1.0


def pull_chance(days: float, probability: float, scale: float) -> float:
    """Chance that a rep will ask for the decision before the period ends: p exp(-days / scale).

    Parameters
    ----------
    days : float
        Business days from the period's end to the buyer's own decision, at least 0.
    probability, scale : float
        p just after the end, and how fast it falls (`olist2018`: wins of the last and the first days of a month).
    """
    return probability * exp(-days / scale)


def pushes(attained: float, quota: float, price: float, give_up: float) -> bool:
    """Whether a rep cares for a deal now: the quota is not met, and with this deal it would be no longer hopeless."""
    return attained < quota and attained + price >= give_up * quota
