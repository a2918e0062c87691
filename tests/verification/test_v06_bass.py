"""V6, V7: everybody who comes into the market buys at once, and customers recommend: adoption is Bass's curve.

A need arises at the rate p (mass media, search), and each customer recommends at the rate q to one of all accounts,
so an account that has not bought yet does so at the rate p + q F. Without recommendations (V7) adoption is exponential.
Buying at once: entry trust asks for sales, the first attempt reaches the buyer, work takes no time, wins are sure.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import ASK_AT_ONCE, bare, days, logs, rows

from funnelsim.events import Kind

SEED = 6
P, Q = 0.03, 0.38
"""Per year."""
ACCOUNTS = 2_000
YEAR = 365.0
WINDOW = 1e-3
"""Days; a buyer needs a few microseconds."""


def adopted(t: float, q: float) -> float:
    """Share that has bought after t years."""
    fade = np.exp(-(P + q) * t)
    return float((1.0 - fade) / (1.0 + q / P * fade))


def world(q: float, quarters: int):
    """Return a world in which whoever comes into the market buys at once."""
    return bare(
        segment={"accounts": ACCOUNTS, "need_interval": 1.0 / P, "need_window": WINDOW},
        buyers=ASK_AT_ONCE,
        selling={"cycle_days": 1e-9, "win": 20.0},
        customers={"referral_rate": q, "referral_trust": 0.0, "churn": 0.0},
        sales={"reps": 20},
        quarters=quarters,
    )


def wins(q: float, quarters: int) -> list[np.ndarray]:
    """Return times of adoption in years, one array per replication."""
    found = []
    for log in logs(world(q, quarters), SEED, REPLICATIONS):
        won = rows(log, Kind.WON)
        assert len(np.unique(won["account"])) == len(won)
        found.append(days(won) / YEAR)
    return found


@cache
def measure() -> tuple[Measured, ...]:
    bass = wins(Q, 62)
    setting = f"p {P:g}, q {Q:g} per year, {ACCOUNTS} accounts"
    formula = "(1 - e^-(p+q)t) / (1 + q/p e^-(p+q)t)"
    found: list[Measured] = [
        Sampled(
            f"V6 adopted after {t:g} years",
            setting,
            formula,
            adopted(t, Q),
            [float((times <= t).sum()) / ACCOUNTS for times in bass],
        )
        for t in (5.0, float(np.log(Q / P) / (P + Q)), 10.0, 15.0)
    ]
    alone = wins(0.0, 42)
    found += [
        Sampled(
            f"V7 adopted after {t:g} years without recommendations",
            f"p {P:g} per year",
            "1 - e^-pt",
            adopted(t, 0.0),
            [float((times <= t).sum()) / ACCOUNTS for times in alone],
        )
        for t in (5.0, 10.0)
    ]
    return tuple(found)


def test_the_formula_gives_the_reference_values():
    peak = np.log(Q / P) / (P + Q)
    assert peak == pytest.approx(6.1926, abs=5e-5)
    assert [adopted(t, Q) for t in (peak, 5.0, 10.0, 15.0)] == pytest.approx(
        [0.46053, 0.3312, 0.8128, 0.97161], abs=5e-6
    )


@pytest.mark.verification
def test_adoption_is_bass():
    for measured in measure():
        measured.check()
