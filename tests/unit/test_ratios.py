"""Ratios of paired means and shares of replications: known answers and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from funnelsim.experiments.ratios import paired_ratio, wilson


def test_a_multiple_has_that_ratio_without_doubt():
    one = paired_ratio([8.0, 10.0, 13.0], [4.0, 5.0, 6.5])
    assert one[:3] == pytest.approx((2.0, 2.0, 2.0))
    assert one.n == 3


def test_no_bounded_interval_where_the_divisor_may_be_zero():
    one = paired_ratio([1.0, 2.0, 3.0, 4.0], [-1.0, 1.5, -0.5, 1.0])
    assert math.isfinite(one.mean)
    assert math.isnan(one.low) and math.isnan(one.high)


def test_missing_numbers_go_in_pairs():
    assert paired_ratio([2.0, math.nan, 4.0], [1.0, 1.0, 2.0]).n == 2
    assert math.isnan(paired_ratio([], []).mean)
    assert paired_ratio([3.0], [2.0]).mean == 1.5
    assert math.isnan(paired_ratio([1.0, 2.0], [1.0, -1.0]).mean)
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_ratio([1.0], [1.0, 2.0])


def test_fieller_is_the_set_of_ratios_that_the_t_test_does_not_refuse():
    from funnelsim.experiments.intervals import mean_interval

    generator = np.random.default_rng(5)
    bottom = generator.normal(10.0, 3.0, 12)
    top = 0.7 * bottom + generator.normal(0.0, 2.0, 12)
    one = paired_ratio(top, bottom)
    for end in (one.low, one.high):
        test = mean_interval(top - end * bottom)
        assert min(abs(test.low), abs(test.high)) == pytest.approx(0.0, abs=1e-9)
    assert mean_interval(top - one.mean * bottom).mean == pytest.approx(0.0, abs=1e-12)


def test_fieller_covers():
    generator = np.random.default_rng(11)
    covered = 0
    for _ in range(1000):
        bottom = generator.normal(5.0, 4.0, 15)
        top = 2.0 * bottom + generator.normal(0.0, 6.0, 15)
        one = paired_ratio(top, bottom)
        covered += math.isnan(one.low) or one.low <= 2.0 <= one.high
    assert 0.93 <= covered / 1000 <= 0.97


def test_wilson():
    """Numbers of Newcombe (1998, table I): 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for hits, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        one = wilson(hits, n)
        assert (one.low, one.high) == pytest.approx((low, high), abs=5e-5)
        assert one.mean == hits / n
    assert wilson(20, 20).high == 1.0
    assert math.isnan(wilson(0, 0).mean)
