"""Means, t intervals, pairing; numbers by hand and from tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from funnelsim.experiments.intervals import (
    mean_interval,
    paired_difference,
    quantile,
    simultaneous_level,
    t_quantile,
)
from funnelsim.experiments.words import amount, counted, gap_unit, interval, listed, plain, with_interval, with_margin


def test_interval_by_hand():
    # mean 3, sd sqrt(2.5), t(0.975; 4) = 2.776445
    found = mean_interval([1, 2, 3, 4, 5])
    half = 2.7764451 * math.sqrt(2.5) / math.sqrt(5)
    assert found.mean == 3.0
    assert found.n == 5
    assert found.low == pytest.approx(3 - half, rel=1e-7)
    assert found.high == pytest.approx(3 + half, rel=1e-7)
    assert found.half_width == pytest.approx(half, rel=1e-7)
    assert found.excludes_zero


@pytest.mark.parametrize(("p", "df", "value"), [(0.975, 1, 12.7062), (0.975, 19, 2.09302), (0.995, 9, 3.24984)])
def test_t_quantiles_of_the_table(p, df, value):
    assert t_quantile(p, df) == pytest.approx(value, rel=1e-5)


def test_one_number_has_no_interval():
    found = mean_interval([7.0])
    assert (found.mean, found.n) == (7.0, 1)
    assert math.isnan(found.low) and math.isnan(found.high) and math.isnan(found.sd)
    assert not found.excludes_zero


def test_nothing_has_no_mean():
    assert math.isnan(mean_interval([]).mean)
    assert mean_interval([math.nan]).n == 0
    assert math.isnan(quantile([], 0.5))


def test_missing_numbers_are_left_out():
    assert mean_interval([1.0, math.nan, 3.0])[:1] == (2.0,)
    found = paired_difference([1.0, math.nan, 5.0, 2.0], [0.0, 1.0, math.nan, 1.0])
    assert found.interval.n == 2
    assert found.interval.mean == 1.0


def test_level_must_make_sense():
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([1.0, 2.0], level=95)


def test_pairing_removes_what_is_common():
    common = np.arange(10.0) * 100
    own = np.array([1.0, -1.0] * 5)
    found = paired_difference(common + own + 5, common)
    assert found.interval.mean == pytest.approx(5.0)
    assert found.interval.excludes_zero
    apart, together = (common + own).var(ddof=1) + common.var(ddof=1), own.var(ddof=1)
    assert found.variance_ratio == pytest.approx(apart / together)


def test_equal_plans_differ_by_exactly_zero():
    found = paired_difference([1.0, 4.0, 9.0], [1.0, 4.0, 9.0])
    assert found.interval[:3] == (0.0, 0.0, 0.0)
    assert found.variance_ratio == math.inf


def test_unequal_lengths_cannot_be_paired():
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_difference([1.0], [1.0, 2.0])


def test_simultaneous_level():
    assert simultaneous_level(1) == pytest.approx(0.95)
    assert simultaneous_level(5) == pytest.approx(0.99)
    assert simultaneous_level(0) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_234_567, "USD", "$1.23M"),
        (-1_234_567, "USD", "−$1.23M"),
        (999_600, "USD", "$1.00M"),
        (1_234, "USD", "$1,234"),
        (0.123, "share", "12.3%"),
        (4.52, "hour", "4.52 h"),
        (0, "USD", "$0"),
        (math.nan, "USD", "–"),
        (math.inf, "ratio", "–"),
        (12_345_678, "deals", "12.3M deals"),
        (2_500, "USD per year", "$2,500 a year"),
        (17.0, "deals", "17 deals"),
        (1234.0, "cases", "1,234 cases"),
        (17.5, "deals", "17.5 deals"),
        (3.0, "hour", "3.00 h"),
    ],
)
def test_amounts(value, unit, text):
    assert amount(value, unit) == text


def test_numbers_with_margins_share_their_scale():
    assert with_margin(1.2e6, 3e5, "USD") == "$1.20M ± 0.30M"
    assert with_margin(5e4, 3e6, "USD") == "$0.05M ± 3.00M"
    assert with_margin(0.8, math.nan, "share") == "80.0%"
    assert interval(-1e6, 2e6, "USD", sign=True) == "[−$1.00M, +$2.00M]"
    assert interval(math.nan, 1.0, "USD") == "–"
    assert interval(3.0, 4.5, "hour") == "[3.00, 4.50] h"
    assert with_margin(5e4, 0.0, "USD") == "$50.0k"


def test_shares_differ_by_points():
    assert gap_unit("share") == gap_unit("probability") == "points"
    assert gap_unit("USD") == "USD"
    assert amount(0.05, gap_unit("share"), sign=True) == "+5.0 points"
    assert amount(-0.0004, "points") == "\N{MINUS SIGN}0.04 points"
    assert with_margin(0.0512, 0.0123, "points") == "5.1 ± 1.2 points"
    assert with_interval(-0.05, -0.08, -0.02, "points") == "−5.0 [−8.0, −2.0] points"
    assert with_interval(1e5, 5e4, 1.5e5, "USD", sign=True) == "+$100k [+$50.0k, +$150k]"
    assert with_interval(3.1, 2.2, 4.0, "deals", sign=True) == "+3.10 [+2.20, +4] deals"


def test_words():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (counted(1, "quarter"), counted(4, "quarter")) == ("1 quarter", "4 quarters")
    assert plain("profit_with_value") == "profit with value"
