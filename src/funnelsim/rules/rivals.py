"""Rivals: whom else the buyer trusts, and what that does to its decision."""

from __future__ import annotations

from funnelsim.arithmetic import log, logistic
from funnelsim.randomness import normal

MOST_TRUST = 0.98


def rival_trust(u: float, level: float, spread: float) -> float:
    """Trust of a buyer in the rival that its need meets: normal about `level`, kept within 0..0.98 (assumption)."""
    trust = normal(u, level, spread)
    if trust < 0.0:
        return 0.0
    return trust if trust < MOST_TRUST else MOST_TRUST


def rival_edge(rival: float, trust: float, level: float, weight: float, favourite: float, positioning: float) -> float:
    """Log-odds that the rival takes from us (negative) or leaves us.

    Parameters
    ----------
    rival, trust : float
        The buyer's trust in the rival and in us.
    level : float
        Mean trust in the rival.
    weight : float
        Log-odds per trust that the rival has above its mean (an average rival takes nothing: part of `selling.win`).
    favourite : float
        Log-odds lost where the rival is trusted more.
    positioning : float
        How sharply we are set apart, 0..1: rivals count 1 - this as much.
    """
    loss = weight * (rival - level)
    if rival > trust:
        loss = loss + favourite
    return -((1.0 - positioning) * loss)


def to_rival(share: float, rival: float, level: float, weight: float) -> float:
    """Chance that who does not buy from us buys from the rival: its log-odds grow with trust in the rival.

    Parameters
    ----------
    share : float
        That chance with an average rival, 0..1.
    rival, level, weight : float
        As in `rival_edge`.
    """
    if weight == 0.0 or share <= 0.0 or share >= 1.0:
        return share
    return logistic(log(share / (1.0 - share)) + weight * (rival - level))
