"""Laws of price, quota, effort and push, by hand."""

from __future__ import annotations

import math

import pytest

from funnelsim.rules.incentives import neglected, price_gain, priced, seen_liking


def test_price_is_rounded_half_up_to_a_cent():
    assert priced(2_500_000, 1.0) == 2_500_000
    assert priced(2_500_000, 0.9) == 2_250_000
    assert priced(5, 0.5) == 3


def test_a_lower_price_gains_log_odds():
    assert price_gain(1.0, 3.3) == 0.0
    assert price_gain(0.9, 3.3) == pytest.approx(3.3 * math.log(1 / 0.9))
    assert price_gain(1.1, 3.3) < 0.0
    assert price_gain(0.5, 0.0) == 0.0


def test_price_slope_gives_the_published_elasticity():
    """At 22 % won, a price 1 % lower brings 2.6 % more wins (`bijmolt2005`)."""
    odds = 0.22 / 0.78
    more = odds * math.exp(price_gain(0.99, 2.6 / 0.78))
    assert math.log(more / (1 + more) / 0.22) / math.log(0.99) == pytest.approx(-2.6, abs=0.05)


def test_neglect_takes_a_share():
    assert neglected(0.4, 0.0) == 0.4
    assert neglected(0.4, 0.25) == pytest.approx(0.3)


def test_what_a_rep_sees_is_truth_plus_noise():
    assert seen_liking(0.2, 0.3, 0.0) == 0.2
    assert seen_liking(0.2, 0.3, -1.0) == pytest.approx(-0.1)
