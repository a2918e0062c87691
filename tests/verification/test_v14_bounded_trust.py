"""V14: bounded trust: mean and variance."""

from __future__ import annotations

from functools import cache

import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.theory import bounded_trust
from verification.trusts import DELTA, RATE, SETTING, STRENGTH, moments

SEED = 14


@cache
def measure() -> tuple[Measured, ...]:
    mean, variance, _ = moments(1.0, SEED, REPLICATIONS)
    m1, v = bounded_trust(RATE, STRENGTH, DELTA)
    return (
        Sampled("V14 mean trust, bounded", SETTING, "lambda g / (lambda g + delta)", m1, mean),
        Sampled("V14 variance, bounded", SETTING, "m_2 - m_1^2", v, variance),
    )


@pytest.mark.verification
@pytest.mark.slow
def test_bounded_trust_has_its_two_moments():
    for measured in measure():
        measured.check()
