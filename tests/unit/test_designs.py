"""Factors and designs: which scenarios a sweep runs."""

from __future__ import annotations

import numpy as np
import pytest

import funnelsim as fs
from funnelsim.errors import ScenarioError
from funnelsim.experiments.designs import (
    changes_at,
    factors_of,
    grid,
    label_of,
    latin_hypercube,
    scenario_at,
    values_at,
)
from funnelsim.experiments.sweep import design_points

VOLUME = ("plan.marketing.marketers", "plan.marketing.programme_money")


@pytest.fixture(scope="module")
def small():
    return fs.load("small")


def test_a_grid_holds_every_combination(small):
    factors = factors_of(small, {"plan.sales.reps": [1, 2, 3], "plan.marketing.lead_bar": (0.0, 1.0)})
    points = grid(factors, 3)
    assert len(points) == 9
    assert points[1] == {"reps": 1, "lead bar": 0.5}
    assert len({label_of(point) for point in points}) == 9
    assert label_of(points[1]) == "reps 1, lead bar 0.5"


def test_one_at_a_time_leaves_all_else_as_it_is(small):
    factors = factors_of(small, {"plan.sales.reps": [2], "plan.marketing.lead_bar": (0.0, 1.0)})
    points = design_points(factors, "one_at_a_time", 2, 0, 1)
    assert points == [{}, {"reps": 2}, {"lead bar": 0.0}, {"lead bar": 1.0}]
    assert scenario_at(small, factors, points[0]) == small


def test_a_latin_hypercube_meets_every_slice_once(small):
    factors = factors_of(small, {"plan.sales.reps": (0.0, 10.0), "plan.marketing.hand_over": [True, False]})
    points = latin_hypercube(factors, 20, seed=3)
    slices = sorted(int(point["reps"] * 2) for point in points)
    assert slices == list(range(20))
    assert sum(point["hand over"] for point in points) == 10
    assert points == latin_hypercube(factors, 20, seed=3)
    assert points != latin_hypercube(factors, 20, seed=4)


def test_several_paths_move_together(small):
    factors = factors_of(small, {"volume": fs.Factor([0.5, 2], VOLUME, times=True)})
    two = scenario_at(small, factors, {"volume": 2})
    assert two.plan.marketing.marketers == pytest.approx(2 * small.plan.marketing.marketers)
    assert two.plan.marketing.programme_money == pytest.approx(2 * small.plan.marketing.programme_money)
    same = factors_of(small, {("plan.sales.reps", "plan.sales.sdrs"): [3]})
    both = scenario_at(small, same, {"reps and sdrs": 3})
    assert (both.plan.sales.reps, both.plan.sales.sdrs) == (3, 3)


def test_stars_and_whole_numbers(small):
    factors = factors_of(small, {"deals": fs.Factor([1.5], "world.segments.*.deal_size", times=True)})
    changes = changes_at(small, factors, {"deals": 1.5})
    assert changes == {
        f"world.segments.{name}.deal_size": 1.5 * one.deal_size for name, one in small.world.segments.items()
    }
    whole = factors_of(small, {"plan.sales.max_attempts": (2, 9)})
    assert changes_at(small, whole, {"max attempts": 4.6}) == {"plan.sales.max_attempts": 5}
    assert set(values_at(small, "world.segments.*.accounts").values()) == {10_000}


def test_named_levels_and_functions(small):
    levels = {"kept": {"plan.marketing.hand_over": False}, "handed over": {"plan.marketing.hand_over": True}}
    factors = factors_of(small, {"leads": levels})
    assert not factors["leads"].numeric
    assert not scenario_at(small, factors, {"leads": "kept"}).plan.marketing.hand_over
    heads = fs.Factor([4], change=lambda heads: {"plan.sales.reps": heads - 1, "plan.sales.sdrs": 1})
    assert scenario_at(small, factors_of(small, {"heads": heads}), {"heads": 4}).plan.sales.reps == 3
    assert fs.Factor(np.array([1.0, 2.0]), "plan.sales.reps").values == (1.0, 2.0)


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({}, "nothing to vary"),
        ({"plan.sales.repz": [1]}, "did you mean 'plan.sales.reps'"),
        ({"reps": [1]}, "did you mean 'plan.sales.reps'"),
        ({"plan.sales.reps": []}, "no level"),
        ({"plan.sales.reps": [1, 1]}, "named twice"),
        ({"plan.sales.reps": (3, 1)}, "low < high"),
        ({"leads": {"kept": 3}}, "changes by dotted path"),
        ({"x": fs.Factor(["a"], "plan.sales.reps", times=True)}, "have to be numbers"),
    ],
)
def test_mistakes_get_one_message(small, factors, words):
    with pytest.raises(ScenarioError, match=words):
        factors_of(small, factors)


def test_mistakes_of_levels(small):
    with pytest.raises(ScenarioError, match="two factors set"):
        changes_at(small, factors_of(small, {"plan.sales.reps": [1], "a": fs.Factor([2], "plan.sales.reps")}),
                   {"reps": 1, "a": 2})  # fmt: skip
    with pytest.raises(ScenarioError, match="no multiple"):
        scenario_at(small, factors_of(small, {"a": fs.Factor([2], "plan.marketing.hand_over", times=True)}), {"a": 2})
    with pytest.raises(ScenarioError, match="gave 3"):
        scenario_at(small, factors_of(small, {"a": fs.Factor([2], change=lambda level: 3)}), {"a": 2})
    with pytest.raises(ScenarioError, match="no design is named 'gird'; did you mean 'grid'"):
        fs.sweep(small, {"plan.sales.reps": [1]}, "gird")
    with pytest.raises(ScenarioError, match="at most 20,000"):
        fs.sweep(small, {"plan.sales.reps": (0, 9), "plan.marketing.lead_bar": (0, 1)}, levels=200)
    with pytest.raises(ScenarioError, match="levels is 1"):
        fs.sweep(small, {"plan.sales.reps": (0, 9)}, levels=1)
