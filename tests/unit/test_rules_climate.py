"""Laws of alignment, conflict, learning, the lead bar and the budget, by hand."""

from __future__ import annotations

import math

import pytest

from funnelsim.rules.alignment import (
    aided,
    at_level,
    bar_given,
    best_targeting,
    budget_of,
    conflict_after,
    faded,
    imbalance,
    learned,
    moved_level,
    pace,
    promised_hours,
    share_of,
)

TABLE = (0.4, 0.6, 0.8, 0.95)


@pytest.mark.parametrize(
    ("level", "value"),
    [(-1.0, 0.4), (0.0, 0.4), (0.5, 0.5), (1.0, 0.6), (1.25, 0.65), (2.0, 0.8), (2.5, 0.875), (3.0, 0.95), (9.0, 0.95)],
)
def test_an_effect_runs_straight_between_the_named_levels(level, value):
    assert at_level(level, *TABLE) == pytest.approx(value, abs=1e-12)


def test_named_levels_are_met_exactly():
    assert [at_level(float(i), *TABLE) for i in range(4)] == list(TABLE)


def test_a_lever_moves_by_its_time_constant_and_arrives():
    assert moved_level(1.0, 2.0, 6.0) == pytest.approx(1.0 + (1.0 - math.exp(-1.0 / 6.0)))
    assert moved_level(3.0, 1.0, 3.0) == pytest.approx(3.0 - 2.0 * (1.0 - math.exp(-1.0 / 3.0)))
    assert moved_level(1.0, 2.0, 0.0) == 2.0
    assert moved_level(1.9999, 2.0, 6.0) == 2.0
    level = 1.0
    for _ in range(60):
        level = moved_level(level, 2.0, 6.0)
    assert level == 2.0


def test_hours_for_alignment_slow_people_down_relative_to_defined():
    assert pace(0.035, 0.035, 0.0, 0.0) == 1.0
    assert pace(0.085, 0.035, 0.0, 0.0) == pytest.approx(0.95)
    assert pace(0.035, 0.035, 0.1, 2.0) == pytest.approx(1.0 / 1.2)
    assert pace(4.0, 0.0, 0.0, 0.0) == 0.05


def test_the_promise_comes_in_two_steps():
    assert [promised_hours(level, 8.0, 2.0) for level in (0.0, 1.4, 1.5, 2.4, 2.5, 3.0)] == [
        0.0,
        0.0,
        8.0,
        8.0,
        2.0,
        2.0,
    ]


def test_tools_strengthen_a_touch_but_not_beyond_its_bound():
    assert aided(0.97, 1.0) == 0.97
    assert aided(0.2, 1.1) == pytest.approx(0.22)
    assert aided(0.9, 2.0) == 0.95


def test_imbalance_counts_from_the_tolerated_ratio():
    assert imbalance(10.0, 2.0, 5.0) == 0.0
    assert imbalance(30.0, 2.0, 5.0) == pytest.approx(math.log(3.0))
    assert imbalance(3.0, 2.0, 5.0) == 0.0
    assert imbalance(10.0, 0.0, 5.0) == imbalance(0.0, 1.0, 5.0) == 0.0


def test_shares_of_counts():
    assert share_of(0, 0) == 0.0
    assert share_of(1, 4) == 0.25
    assert share_of(5, 4) == 1.0


def test_conflict_halves_in_its_half_life_and_grows_with_grievances():
    rate = math.log(2.0) / 90.0
    assert conflict_after(0.8, rate, 90.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0) == pytest.approx(0.4)
    grown = conflict_after(0.0, rate, 30.0, math.log(3.0), 0.1, 0.5, 0.2, 0.4, 0.05)
    assert grown == pytest.approx(0.1 * math.log(3.0) + 0.1 + 0.02)


def test_targeting_learns_towards_the_best_and_fades_to_the_plan():
    assert learned(0.55, 0.8, 0.02) == pytest.approx(0.555)
    assert learned(0.9, 0.8, 0.5) == 0.9
    assert learned(0.55, 0.8, 1.0) == 0.8
    rate = math.log(2.0) / 730.0
    assert faded(0.75, 0.55, rate, 730.0) == pytest.approx(0.65)
    assert faded(0.35, 0.55, rate, 730.0) == pytest.approx(0.45)
    assert faded(0.75, 0.55, 0.0, 730.0) == 0.75
    assert faded(0.55, 0.55, rate, 730.0) == 0.55


def test_teams_that_think_alike_find_less():
    assert best_targeting(0.8, 0.05, 2.0, 1.0) == 0.8
    assert best_targeting(0.8, 0.05, 3.0, 3.0) == pytest.approx(0.75)
    assert best_targeting(0.8, 0.05, 3.0, 2.0) == pytest.approx(0.775)
    assert best_targeting(0.01, 1.0, 3.0, 3.0) == 0.0


def test_the_bar_gives_way_with_the_shortfall():
    assert bar_given(0, 300.0, 0.0, 0.8, 0.1) == 0.0
    assert bar_given(50, 300.0, 1.0 / 3.0, 0.8, 0.1) == pytest.approx(0.8 * 0.9 * 0.5)
    assert bar_given(0, 300.0, 0.5, 0.8, 1.0) == 0.0
    assert bar_given(200, 300.0, 0.5, 0.8, 0.0) == 0.0
    assert bar_given(5, 0.0, 0.5, 0.8, 0.0) == 0.0


def test_a_budget_follows_the_last_four_quarters():
    assert budget_of(400_000_00, 4, 0.1, 10**12) == 40_000_00
    assert budget_of(100_000_00, 1, 0.1, 10**12) == 40_000_00
    assert budget_of(400_000_00, 4, 0.1, 30_000_00) == 30_000_00
