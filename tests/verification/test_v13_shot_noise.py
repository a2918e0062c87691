"""V13: additive touches: trust is shot noise."""

from __future__ import annotations

from functools import cache

import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.trusts import DELTA, RATE, SETTING, STRENGTH, moments

SEED = 13


@cache
def measure() -> tuple[Measured, ...]:
    mean, variance, correlation = moments(0.0, SEED, REPLICATIONS)
    return (
        Sampled("V13 mean trust, additive", SETTING, "lambda a / delta", RATE * STRENGTH / DELTA, mean),
        Sampled(
            "V13 variance, additive", SETTING, "lambda a^2 / (2 delta)", RATE * STRENGTH**2 / (2.0 * DELTA), variance
        ),
        Sampled("V13 autocorrelation at 60 d, additive", SETTING, "exp(-delta s)", 0.5, correlation),
    )


@pytest.mark.verification
@pytest.mark.slow
def test_additive_trust_is_shot_noise():
    for measured in measure():
        measured.check()
