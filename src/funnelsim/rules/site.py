"""Self-service: from a visit to a cart to a purchase."""

from __future__ import annotations

ASSIST_NONE = 0
ASSIST_SDRS = 1
ASSIST_REPS = 2


def fills_cart(base: float, reviews: float, enough: float, gain: float) -> float:
    """Chance that a visit fills a cart: p (1 + gain x min(n, enough) / enough), at most 1 (`spiegel2017`).

    Parameters
    ----------
    base : float
        p: the chance without reviews, 0..1.
    reviews : float
        n: reviews of the product at hand, >= 0.
    enough : float
        Number from which more add nothing, > 0.
    gain : float
        What that many add, as a ratio (2.7: +270 %).
    """
    shown = reviews if reviews < enough else enough
    p = base * (1.0 + gain * (shown / enough))
    return p if p < 1.0 else 1.0


def abandons(base: float, answered: bool, effect: float) -> float:
    """Chance that a cart is left behind; an answer to the visitor's question raises 1 - that by 1 + effect.

    Parameters
    ----------
    base : float
        Chance without an answer, 0..1 (`baymard`).
    answered : bool
        Somebody has answered.
    effect : float
        Relative gain of purchases among those answered (0.2, assumption).
    """
    if not answered:
        return base
    bought = (1.0 - base) * (1.0 + effect)
    return 1.0 - bought if bought < 1.0 else 0.0
