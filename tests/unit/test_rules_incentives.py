"""Laws of price, quota, effort and push, by hand."""

from __future__ import annotations

import math

import pytest

from funnelsim.rules.incentives import (
    MOST_QUOTA,
    bonus_weight,
    effort,
    full_quota,
    price_gain,
    priced,
    pull_chance,
    pushes,
    seen_liking,
)
from funnelsim.rules.trust import left_after


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
    assert left_after(0.4, 0.0) == 0.4
    assert left_after(0.4, 0.25) == pytest.approx(0.3)


def test_what_a_rep_sees_is_truth_plus_noise():
    assert seen_liking(0.2, 0.3, 0.0) == 0.2
    assert seen_liking(0.2, 0.3, -1.0) == pytest.approx(-0.1)


def test_quota_is_the_past_mean_per_post_and_month_raised():
    # 12 months with 10 posts each won 600,000: 5,000 per post and month
    assert full_quota(600_000.0, 120.0, 3, 1.15) == pytest.approx(3 * 5_000 * 1.15)
    assert full_quota(600_000.0, 0.0, 3, 1.15) == 0.0
    assert full_quota(1e18, 1.0, 3, 20.0) == MOST_QUOTA


def test_a_bonus_moves_people_with_its_size():
    assert bonus_weight(0.0, 5_000.0) == 0.0
    assert bonus_weight(5_000.0, 5_000.0) == 1.0
    assert bonus_weight(1e9, 5_000.0) == pytest.approx(2.0, abs=1e-4)


def speed(attained, elapsed, quota=100.0):
    """Effort with the default numbers."""
    return effort(attained, quota, elapsed, 0.1, 0.6, 0.6, 0.2, 0.2)


@pytest.mark.parametrize(
    ("attained", "elapsed", "expected"),
    [
        (0.0, 0.0, 1.1),  # everybody is within reach at the beginning
        (29.0, 0.5, 1.0),  # 0.29 < 0.6 x 0.5
        (30.0, 0.5, 1.1),
        (59.0, 0.81, 0.8),  # hopeless: less than 0.6, less than a fifth of the time left
        (59.0, 0.75, 1.1),
        (60.0, 0.9, 1.1),
        (100.0, 0.5, 1.0),  # met: nothing more to win
    ],
)
def test_effort(attained, elapsed, expected):
    assert speed(attained, elapsed) == pytest.approx(expected)


def test_without_a_quota_there_is_no_effort():
    assert speed(0.0, 0.9, quota=0.0) == 1.0


def test_deals_just_after_the_end_are_pulled_most():
    assert pull_chance(0.0, 0.9, 3.5) == 0.9
    assert pull_chance(3.5, 0.9, 3.5) == pytest.approx(0.9 / math.e)


def test_who_pushes():
    assert pushes(50.0, 100.0, 20.0, 0.6)  # with the deal no longer hopeless
    assert not pushes(30.0, 100.0, 20.0, 0.6)  # hopeless anyway
    assert not pushes(100.0, 100.0, 20.0, 0.6)  # met
    assert not pushes(0.0, 0.0, 20.0, 0.6)  # no quota
