"""Customers: whether they stay, and whether they buy more."""

from __future__ import annotations

from funnelsim.arithmetic import exp, log, logistic


def renews(trust: float, yearly_churn: float, term_days: float, reference: float, slope: float, ratio: float) -> float:
    """Chance to stay for another term: exp(-h), h = h0 ratio exp(-gamma (T - reference)) (`gupta2003`).

    Parameters
    ----------
    trust : float
        Total trust at renewal.
    yearly_churn : float
        Churn per year at the reference trust, 0..1.
    term_days : float
        Contract term.
    reference : float
        Reference trust.
    slope : float
        gamma per unit of trust.
    ratio : float
        What else the rate of leaving is multiplied by (`bought_cheap`); 1 for most customers.
    """
    if yearly_churn <= 0.0:
        return 1.0
    hazard = -log(1.0 - yearly_churn) * (term_days / 365.0)
    return exp(-(hazard * ratio) * exp(-slope * (trust - reference)))


def bought_cheap(discount: float, harm: float) -> float:
    """Ratio of the rate at which customers leave who were bought with a discount: 1 + harm d (`lewis2006`)."""
    return 1.0 + harm * discount


def drops_out(trust: float, chance: float, reference: float, slope: float, ratio: float) -> float:
    """Chance to drop out after a repeat purchase: chance x ratio x exp(-gamma (T - reference)), at most 1.

    With slope 0 and ratio 1 it is that of the BG/NBD model (`fader2005`).
    """
    p = chance * ratio * exp(-slope * (trust - reference))
    return p if p < 1.0 else 1.0


def buys_more(trust: float, probability: float, reference: float, slope: float) -> float:
    """Chance to take what is offered: `probability` at the reference trust, log-odds rising with trust.

    Parameters
    ----------
    trust, reference : float
        Total trust, and where `probability` holds.
    probability : float
        0 and 1 stay what they are.
    slope : float
        Log-odds per unit of trust.
    """
    if probability <= 0.0 or probability >= 1.0:
        return probability
    return logistic(log(probability / (1.0 - probability)) + slope * (trust - reference))


def is_occasion(trust: float, slope: float) -> float:
    """Chance that a moment becomes an occasion to buy more: 1 at full trust, exp(-slope (1 - T)) below."""
    return exp(-slope * (1.0 - trust))


def takes_entry(u: float, p: float, ratio: float) -> bool:
    """Whether a buyer who does not take the core product (u >= p) takes the entry product: u < min(1, ratio p)."""
    return u < ratio * p


def part_of_price(price: int, share: float) -> int:
    """Cents of a share of a price, rounded half up."""
    return int(price * share + 0.5)
