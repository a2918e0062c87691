"""As many replications as it takes: the stopping rule, its coverage, and what comes back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import funnelsim as fs
from funnelsim.errors import ScenarioError
from funnelsim.experiments.intervals import mean_interval, paired_difference
from funnelsim.experiments.keeping import Kept
from funnelsim.experiments.precision import FIRST, LOOK_AHEAD, LookAhead, Precise, Precision, as_precision

TINY = {
    "world.segments.*.accounts": 300,
    "world.customers.start": 3,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 1,
}


@pytest.fixture(scope="module")
def plans():
    tiny = fs.load("small").with_changes(TINY)
    return {"today": tiny, "two reps": tiny.with_changes({"plan.sales.reps": 2})}


def kept(value: float) -> Kept:
    return Kept({4: {"profit": float(value)}}, {}, None, 0)


def study(rule: Precise, numbers: dict[str, np.ndarray]) -> int:
    """Feed made-up replications to a rule until it has enough; return how many."""
    results = {}
    for n in range(1, rule.most + 1):
        for label, values in numbers.items():
            results[label, n - 1] = kept(values[n - 1])
        if rule(results, n):
            return n
    raise AssertionError("it goes beyond the most")


# ------------------------------------------------------------------------------------------------------------- the rule


def test_it_looks_ahead_before_it_stops():
    rule = LookAhead(first=5, ahead=5)
    told = [rule.told(n, n >= 8) for n in range(1, 14)]
    assert told.index(True) + 1 == 13
    rule = LookAhead(first=5, ahead=5)
    narrow = [True] * 9 + [False] + [True] * 10  # not any more at 10: begin again at 11
    assert [rule.told(n, one) for n, one in enumerate(narrow, 1)].index(True) + 1 == 16
    assert (LookAhead().more(100), LookAhead().more(101), LookAhead().more(250)) == (5, 5, 12)


def test_never_fewer_than_it_takes_to_judge():
    rule = Precise(["a"], "profit", 4, "USD", Precision(half_width=1e9))
    assert study(rule, {"a": np.arange(100.0)}) == FIRST + LOOK_AHEAD
    assert rule.reached


def test_twins_differ_by_nothing_at_once():
    rule = Precise(["a", "b"], "profit", 4, "USD", Precision(share=0.01), baseline="a")
    same = np.random.default_rng(1).normal(0.0, 1.0, 1000)
    assert study(rule, {"a": same, "b": same}) == FIRST + LOOK_AHEAD
    assert rule.half_width == 0.0


def test_the_most_is_the_most_and_it_says_so():
    rule = Precise(["a"], "profit", 4, "USD", Precision(half_width=1000.0), most=20)
    assert study(rule, {"a": np.random.default_rng(1).normal(0.0, 10_000.0, 20)}) == 20
    assert not rule.reached
    assert "NOT as narrow as asked" in rule.report()
    assert "the most allowed" in rule.report()
    assert "it would take about" in rule.report()


def test_numbers_that_are_missing_are_not_narrow():
    rule = Precise(["a"], "profit", 4, "USD", Precision(share=0.5), most=15)
    assert study(rule, {"a": np.full(15, math.nan)}) == 15
    assert not rule.reached
    assert "no interval" in rule.report()


def test_which_interval_is_judged():
    rng = np.random.default_rng(3)
    numbers = {"a": rng.normal(100.0, 5.0, 400), "b": rng.normal(120.0, 5.0, 400), "c": rng.normal(110.0, 20.0, 400)}
    base = Precise(list(numbers), "profit", 4, "USD", Precision(share=0.05), most=400, baseline="a")
    n = study(base, numbers)
    widest = paired_difference(numbers["c"][:n], numbers["a"][:n]).interval.half_width
    assert base.half_width == pytest.approx(widest)
    assert base.allowed == pytest.approx(0.05 * numbers["a"][:n].mean())
    best = Precise(list(numbers), "profit", 4, "USD", Precision(share=0.05), most=400)
    n = study(best, numbers)
    joint = paired_difference(numbers["c"][:n], numbers["b"][:n], 0.975).interval.half_width
    assert best.half_width == pytest.approx(joint)
    assert best.allowed == pytest.approx(0.05 * numbers["b"][:n].mean())


def test_how_many_are_expected_is_of_the_right_size():
    rng = np.random.default_rng(7)
    rule = Precise(["a"], "profit", 4, "USD", Precision(half_width=1.0), most=5000)
    results = {("a", i): kept(value) for i, value in enumerate(rng.normal(0.0, 10.0, 100))}
    for n in range(1, 101):
        assert not rule(results, n)
    assert 250 <= rule.expected(100) <= 600  # (1.96 * 10 / 1)^2 = 384
    assert rule.expected(0) >= FIRST


# ------------------------------------------------------------------------------------------------------------- coverage

TRIALS = 500
SIGMAS = 3.0


def covered(share: float) -> tuple[float, float]:
    """Bounds of a number of hits out of `TRIALS`, as a share, if each hits with probability `share`."""
    margin = SIGMAS * math.sqrt(share * (1.0 - share) / TRIALS)
    return share - margin, share + margin


@pytest.mark.parametrize(
    ("law", "precision"),
    [("normal", Precision(share=0.1)), ("normal", Precision(half_width=2.5)), ("skewed", Precision(share=0.1))],
    ids=["normal-share", "normal-absolute", "skewed-share"],
)
def test_the_interval_of_a_mean_covers_it_as_often_as_it_says(law, precision):
    """The number of replications is chosen by looking at the data; the interval must hold all the same."""
    rng = np.random.default_rng(20261125)
    truth = 10.0 if law == "normal" else math.exp(0.125)
    hits = 0
    for _ in range(TRIALS):
        values = rng.normal(10.0, 3.0, 400) if law == "normal" else np.exp(rng.normal(0.0, 0.5, 400))
        rule = Precise(["a"], "profit", 4, "USD", precision, most=400)
        found = mean_interval(values[: study(rule, {"a": values})])
        hits += found.low <= truth <= found.high
    low, high = covered(0.95)
    assert low <= hits / TRIALS <= high


def test_the_interval_of_a_paired_difference_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(TRIALS):
        luck = rng.normal(50.0, 20.0, 200)
        numbers = {"a": luck + rng.normal(0.0, 2.0, 200), "b": luck + rng.normal(3.0, 2.0, 200)}
        rule = Precise(["a", "b"], "profit", 4, "USD", Precision(half_width=1.2), most=200, baseline="a")
        n = study(rule, numbers)
        found = paired_difference(numbers["b"][:n], numbers["a"][:n]).interval
        hits += found.low <= 3.0 <= found.high
    low, high = covered(0.95)
    assert low <= hits / TRIALS <= high


# --------------------------------------------------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("5%", Precision(share=0.05)),
        ("2.5 %", Precision(share=0.025)),
        (25_000, Precision(half_width=25_000.0)),
        ("$25k", Precision(half_width=25_000.0)),
        ("25,000", Precision(half_width=25_000.0)),
        ("1.5M", Precision(half_width=1_500_000.0)),
        ("2 points", Precision(half_width=0.02)),
        (0.5, Precision(half_width=0.5)),
    ],
)
def test_precisions_as_people_write_them(asked, found):
    assert as_precision(asked) == found


@pytest.mark.parametrize("asked", ["", "five", "0", 0, -1, "-5%", math.nan, math.inf, True, None, [], "5%%"])
def test_what_is_no_precision(asked):
    with pytest.raises(ScenarioError, match="expected a share of the mean such as '5%'"):
        as_precision(asked)


# ------------------------------------------------------------------------------------------------------- real studies


def test_a_comparison_runs_until_it_is_precise(plans):
    told = []
    found = fs.compare(
        plans,
        "auto",
        precision="$25k",
        kpi="salaries",
        workers=1,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found.precision is not None and found.precision.reached
    assert found.n == found.requested == found.precision.n == FIRST + LOOK_AHEAD
    row = found.differences("salaries").loc[("salaries", "two reps")]
    assert (row["high"] - row["low"]) / 2 == pytest.approx(found.precision.half_width)
    assert found.precision.half_width <= 25_000.0
    assert "each difference of salaries to the baseline “today”" in repr(found).replace("Each", "each")
    assert told[0] == (0, 30)
    assert all(done <= total for done, total in told)


def test_workers_change_nothing(plans, tmp_path):
    options = {"precision": "$20k", "kpi": "profit", "most": 40, "engine": "simpy"}
    one = fs.compare(plans, "auto", workers=1, **options)
    many = fs.compare(plans, "auto", workers=3, executor="threads", store=tmp_path, **options)
    stored = fs.compare(plans, "auto", workers=1, store=tmp_path, **options)
    assert one.n == many.n == stored.n
    assert stored.stored == 2 * one.n
    pd.testing.assert_frame_equal(many.frame, one.frame, check_exact=True)
    pd.testing.assert_frame_equal(stored.frame, one.frame, check_exact=True)


def test_replications_of_one_scenario(plans):
    found = fs.replicate(plans["today"], precision=1, kpi="needs", most=12, workers=1)
    assert found.precision is not None and not found.precision.reached
    assert found.n == found.requested == 12
    assert "the most allowed: NOT as narrow as asked" in repr(found)


def test_stopped_early(plans):
    def press(done, total):
        if done == 7:
            raise KeyboardInterrupt

    found = fs.compare(plans, precision="0.01%", workers=1, progress=press)
    assert found.interrupted
    assert found.n == 3
    assert found.requested > 3
    assert "stopped early: not as narrow as asked" in repr(found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replications": "many"}, "replications is 'many'; expected a whole number, or 'auto'"),
        ({"replications": 20, "precision": "5%"}, "replications is 20; leave it out"),
        ({"precision": "tight"}, "precision is 'tight'"),
        ({"precision": "5%", "kpi": "profitt"}, "no KPI is named 'profitt'; did you mean 'profit'"),
        ({"precision": "5%", "most": 3}, "most is 3; expected a whole number from 10"),
        ({"precision": "5%", "versus": "bst"}, "versus is 'bst'; did you mean 'best'"),
    ],
)
def test_mistakes_are_named(plans, options, message):
    with pytest.raises(ScenarioError, match=message):
        fs.compare(plans, **options)
