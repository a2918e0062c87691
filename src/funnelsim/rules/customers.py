"""Customers: renewal and its dependence on trust."""

from __future__ import annotations

from funnelsim.arithmetic import exp, log


def renews(trust: float, yearly_churn: float, term_days: float, reference: float, slope: float) -> float:
    """Chance to stay for another term: exp(-h), h = h0 exp(-gamma (T - reference)) (`gupta2003`).

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
    """
    if yearly_churn <= 0.0:
        return 1.0
    hazard = -log(1.0 - yearly_churn) * (term_days / 365.0)
    return exp(-hazard * exp(-slope * (trust - reference)))
