"""Mails: who is on which list, how a mail is taken, who leaves the list."""

from __future__ import annotations


def on_late_list(trust: float, asks_at: float, threshold: float, scale: float, noise: float, z: float) -> bool:
    """Whether segmented lists have a reader down as far enough to talk to sales: what the score shows, not the truth.

    Parameters
    ----------
    trust, asks_at, threshold : float
        T, psi theta and theta of the buyer.
    scale : float
        One standard deviation of readiness T / theta.
    noise, z : float
        Noise of the score in standard deviations, and the buyer's deviate: a wrong impression lasts.
    """
    return (trust - asks_at) / threshold / scale + noise * z >= 0.0


def mail_gain(segmented: bool, wrong: bool, match_gain: float, wrong_gain: float) -> float:
    """Factor of a mail's strength and clicks: 1 on one list for all, more from the right list, less from the wrong."""
    if not segmented:
        return 1.0
    return wrong_gain if wrong else 1.0 + match_gain


def unsubscribes(base: float, frequency: float, frequent: float, wrong: bool, wrong_factor: float) -> float:
    """Chance that a mail makes its reader leave the list: u0 (1 + (f / f0)^2), more when wrong, at most 1.

    Parameters
    ----------
    base : float
        u0 (`mailchimp2019`).
    frequency : float
        f: mails of the last week before this one, decayed count.
    frequent : float
        f0, > 0 (too often hurts more than too seldom: `dreze2008`; the square: assumption).
    wrong : bool
        The mail is of the wrong list.
    wrong_factor : float
        What that does.
    """
    x = frequency / frequent
    p = base * (1.0 + x * x)
    if wrong:
        p = p * wrong_factor
    return p if p < 1.0 else 1.0
