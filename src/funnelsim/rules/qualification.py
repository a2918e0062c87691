"""From score to first conversation."""

from __future__ import annotations

from funnelsim.arithmetic import exp, log, logistic


def readiness(trust: float, threshold: float) -> float:
    """How far a buyer has come: T / theta."""
    return trust / threshold


def score(ready: float, fits: bool, centre: float, scale: float, fit_weight: float, noise: float, z: float) -> float:
    """Lead score in standard deviations of readiness: truth plus noise.

    Parameters
    ----------
    ready : float
        Readiness T / theta.
    fits : bool
        Whether the account fits (seen dimly, through its weight).
    centre, scale : float
        Readiness of the average lead, and one standard deviation of it.
    fit_weight : float
        Difference in sd between accounts that fit and that do not.
    noise : float
        Standard deviation of the noise (assumption; less of it the better the teams are aligned).
    z : float
        Standard normal deviate of this need: the same at every look, so a wrong impression lasts.
    """
    half = 0.5 * fit_weight
    return (ready - centre) / scale + (half if fits else -half) + noise * z


def warm(delay_hours: float, cooling_hours: float, power: float, floor: float) -> float:
    """Share of leads still warm when sales first tries: m = f + (1 - f)(1 + tau / tau0)^-beta.

    Parameters
    ----------
    delay_hours : float
        Calendar hours from hand-over or request to the first attempt.
    cooling_hours, power, floor : float
        tau0, beta and f. Fitted between Velocify and Oldroyd (`oldroyd2011`); the floor keeps the effect gentle,
        because the published ratios are not causal.
    """
    return floor + (1.0 - floor) * exp(-power * log(1.0 + delay_hours / cooling_hours))


def contact_probability(attempt: int, first: float, ratio: float) -> float:
    """Chance that attempt number `attempt` (from 1) reaches a warm lead: p1 rho^(k-1)."""
    p = first
    for _ in range(attempt - 1):
        p = p * ratio
    return p


def interested(trust: float, asks_at: float, level: float, slope: float) -> float:
    """Chance that a fitting buyer agrees to a sales process: logistic in T - psi theta."""
    return logistic(level + slope * (trust - asks_at))


def works_lead(
    preference: float,
    quality: float,
    quality_weight: float,
    belief: float,
    belief_weight: float,
    tracking: float,
    tracking_weight: float,
    tracking_fade: float,
    experience: float,
    experience_weight: float,
    load: float,
    load_weight: float,
) -> float:
    """Propensity of a rep to work a marketing lead (signs: `sabnis2013`; sizes: assumption).

    Parameters
    ----------
    preference : float
        Log-odds of an average lead in an average team.
    quality : float
        Score above the bar, sd.
    belief : float
        Sales' belief in marketing's leads, 0..1.
    tracking : float
        How closely follow-up is tracked, 0..1.
    tracking_fade : float
        How much less tracking moves an experienced rep, per year: its effect is divided by 1 + fade x years.
    experience : float
        Years with the firm.
    load : float
        Tasks waiting per rep.
    """
    return logistic(
        preference
        + quality_weight * quality
        + belief_weight * (belief - 0.4)
        + tracking_weight * (tracking - 0.5) / (1.0 + tracking_fade * experience)
        - experience_weight * experience
        - load_weight * load
    )


def updated_belief(belief: float, good: bool, memory: float) -> float:
    """Running average of how good worked marketing leads turned out, over `memory` leads."""
    return belief + ((1.0 if good else 0.0) - belief) / memory
