"""Opportunities: cycle, meetings, choice of the buyer."""

from __future__ import annotations

from funnelsim.arithmetic import exp, log, logistic
from funnelsim.randomness import exponential, lognormal

HOURS_FIXED = 0
HOURS_EXPONENTIAL = 1
HOURS_LOGNORMAL = 2


def task_hours(u: float, mean: float, law: int, sigma: float) -> float:
    """Working hours of a task with mean `mean` (law: fixed, exponential or lognormal with log-sd `sigma`)."""
    if mean <= 0.0 or law == HOURS_FIXED:
        return mean
    if law == HOURS_EXPONENTIAL:
        return exponential(u, mean)
    return lognormal(u, mean * exp(-0.5 * sigma * sigma), sigma)


def cycle_median(deal: float, median: float, reference: float, power: float) -> float:
    """Median buying cycle in days of a deal of `deal` USD: m (deal / reference)^power (`bridge2017`, assumption)."""
    if power == 0.0:
        return median
    return median * exp(power * log(deal / reference))


def stays(trust: float, threshold: float, liking: float, level: float, slope: float) -> float:
    """Chance that the buyer goes on after an early meeting: logistic in T - theta and the account's liking."""
    return logistic(level + slope * (trust - threshold) + liking)


def wins(trust: float, threshold: float, liking: float, log_skill: float, level: float, slope: float) -> float:
    """Chance that the buyer decides for us: logistic in T - theta, liking and ln(skill) of the rep."""
    return logistic(level + slope * (trust - threshold) + liking + log_skill)


def effective_strength(strength: float, effect: float) -> float:
    """Strength of a touch by a person of effect `effect` (skill x ramp; 1 = median, ramped), kept below 0.95."""
    g = strength * effect
    return g if g < 0.95 else 0.95
