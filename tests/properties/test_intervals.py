"""A 95 % interval holds the truth in 95 of 100 cases; the set of the best holds the best."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelsim.experiments.intervals import mean_interval, paired_difference, simultaneous_level

pytestmark = pytest.mark.properties

TRIALS = 4000
TOLERANCE = 4.0 * math.sqrt(0.95 * 0.05 / TRIALS)
"""Four standard errors of a share of 95 % in that many trials: 1.4 percentage points."""

numbers = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=30)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_coverage_of_normal_means(n):
    rng = np.random.default_rng(20261)
    hits = sum(_holds(mean_interval(rng.normal(3.0, 2.0, n)), 3.0) for _ in range(TRIALS))
    assert hits / TRIALS == pytest.approx(0.95, abs=TOLERANCE)


def test_coverage_of_paired_differences():
    rng = np.random.default_rng(20262)
    hits = 0
    for _ in range(TRIALS):
        common = rng.normal(0.0, 10.0, 10)
        hits += _holds(paired_difference(common + rng.normal(1.0, 1.0, 10), common).interval, 1.0)
    assert hits / TRIALS == pytest.approx(0.95, abs=TOLERANCE)


def test_skewed_numbers_come_close():
    """Money is skewed: the interval of an exponential mean, n = 20, still holds in 90 to 96 of 100."""
    rng = np.random.default_rng(20263)
    hits = sum(_holds(mean_interval(rng.exponential(1.0, 20)), 1.0) for _ in range(TRIALS))
    assert 0.90 < hits / TRIALS < 0.96


def test_the_best_is_among_the_tied():
    """Five plans, two equally good, chosen after the fact: the tied hold plan 0 in 95 of 100 or more."""
    rng = np.random.default_rng(20264)
    means, held, trials = np.array([1.0, 1.0, 0.8, 0.5, 0.0]), 0, 1000
    for _ in range(trials):
        values = means[:, None] + rng.normal(0.0, 1.0, (5, 12)) + rng.normal(0.0, 3.0, 12)
        best = int(values.mean(axis=1).argmax())
        gap = paired_difference(values[0], values[best], simultaneous_level(4)).interval
        held += best == 0 or not gap.excludes_zero
    assert held / trials >= 0.95


@given(numbers, st.floats(0.5, 0.99))
def test_interval_surrounds_its_mean(values, level):
    found = mean_interval(values, level)
    assert found.low <= found.mean <= found.high
    assert found.n == len(values)


@given(numbers)
def test_a_higher_level_is_wider(values):
    assert mean_interval(values, 0.99).half_width >= mean_interval(values, 0.9).half_width


@given(numbers, st.randoms())
def test_a_difference_turns_round_with_its_plans(values, random):
    other = [value + random.uniform(-1, 1) for value in values]
    there, back = paired_difference(values, other).interval, paired_difference(other, values).interval
    assert there.mean == -back.mean
    assert (there.low, there.high) == (-back.high, -back.low)


def _holds(interval, truth):
    return interval.low <= truth <= interval.high
