"""Regret, flips and sensitivity on numbers that are known; the same through real runs of a tiny market."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import funnelsim as fs
from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments.designs import Factor, factors_of, label_of
from funnelsim.experiments.robust import BETWEEN, Robust, in_world, weights_of
from funnelsim.experiments.sensitivity import Sensitivity, _design
from funnelsim.experiments.switching import Switching, _changes

KPI = "profit_with_value"


def results(values):
    """What a comparison would give: numbers by label."""
    n = len(next(iter(values.values())))
    return SimpleNamespace(
        values=lambda kpi, label: list(values[label]), units={KPI: "USD", "churn_rate": "share"}, n=n,
        horizon_quarters=4, replications_in_words=f"{n} replications", interrupted=False,
    )  # fmt: skip


def robust_of(table, weights=None, kpi=KPI):
    plans, worlds = list(table), list(next(iter(table.values())))
    values = {f"{plan}{BETWEEN}{world}": table[plan][world] for plan in plans for world in worlds}
    return Robust(plans, worlds, weights_of(worlds, weights), results(values), kpi)


TABLE = {
    "bold": {"boom": [100.0, 120.0], "slump": [10.0, 20.0]},
    "careful": {"boom": [80.0, 90.0], "slump": [50.0, 40.0]},
}


def test_regret_by_hand():
    found = robust_of(TABLE)
    regret = found.regret()
    assert list(regret.index) == ["careful", "bold"]
    assert regret.loc["bold", ["boom", "slump", "mean", "worst"]].tolist() == [0.0, 30.0, 15.0, 30.0]
    assert regret.loc["careful", ["boom", "slump", "mean", "worst"]].tolist() == [25.0, 0.0, 12.5, 25.0]
    assert (regret["worst_low"] <= regret["worst"]).all()
    assert (regret["worst_high"] >= regret["worst"]).all()
    assert found.safest() == "careful"
    assert found.favourites() == {"boom": "bold", "slump": "careful"}
    chance = found.chance_best()
    assert chance.loc["bold", ["boom", "slump", "overall"]].tolist() == [1.0, 0.0, 0.5]
    assert chance[["best_mean", "safest"]].sum().tolist() == pytest.approx([1.0, 1.0])
    assert "“careful” is the safest of 2 plans in 2 worlds" in found.conclusion()


def test_weights_decide_the_mean_and_not_the_worst():
    found = robust_of(TABLE, {"boom": 9.0, "slump": 1.0})
    assert found.table()["mean"].tolist() == pytest.approx([100.5, 81.0])
    assert found.best_on_average() == "bold"
    assert found.safest() == "careful"
    assert "“bold” is the best on average" in found.conclusion()


def test_less_can_be_better():
    table = {"a": {"x": [0.1, 0.1], "y": [0.3, 0.3]}, "b": {"x": [0.2, 0.2], "y": [0.2, 0.2]}}
    found = robust_of(table, kpi="churn_rate")
    assert found.favourites() == {"x": "a", "y": "b"}
    assert found.regret().loc["a", "worst"] == pytest.approx(0.1)


def switching_of(gaps, levels, noise, n, seed, plans=("a", "b")):
    """Plans whose differences to the first are known functions of x; luck is common, and some is not."""
    generator = np.random.default_rng(seed)
    points = [{"x": float(level)} for level in levels]
    values = {}
    luck = 10.0 * generator.standard_normal(n)
    for place, plan in enumerate(plans):
        for point in points:
            own = noise * generator.standard_normal(n)
            values[f"{plan}{BETWEEN}{label_of(point)}"] = (gaps[place - 1](point["x"]) if place else 0.0) + luck + own
    factor = Factor(tuple(float(level) for level in levels), ("world.demand",))
    return Switching(list(plans), {"x": factor}, points, results(values), KPI)


def test_the_flip_is_found_where_it_is():
    found = switching_of([lambda x: 3.0 * (x - 0.7)], np.linspace(0, 2, 7), 0.5, 20, 1)
    (flip,) = found.flips()
    assert (flip.below, flip.above) == ("a", "b")
    assert flip.at == pytest.approx(0.7, abs=0.15)
    assert flip.low < 0.7 < flip.high
    assert flip.share == 1.0
    assert "flips from “b” to “a” when x falls below" in found.conclusion()


def test_the_interval_of_a_flip_covers():
    hits = 0
    for seed in range(60):
        found = switching_of([lambda x: 2.0 * (x - 0.9) + 0.5 * (x - 0.9) ** 2], np.linspace(0, 2, 5), 1.0, 20, seed)
        hits += any(flip.low <= 0.9 <= flip.high for flip in found.flips())
    assert hits >= 51  # 95 % of 60 is 57; the bootstrap of 20 replications is a little narrow


def test_no_flip_is_said():
    found = switching_of([lambda x: 5.0 + x], np.linspace(0, 2, 4), 0.5, 20, 1)
    assert found.flips() == []
    assert "“b” stays the favourite over the whole range of x, 0 to 2" in found.conclusion()


def test_two_flips_of_three_plans():
    gaps = [lambda x: 2.0 * (x - 0.5), lambda x: 6.0 * (x - 1.0)]
    found = switching_of(gaps, np.linspace(0, 2, 9), 0.3, 20, 1, ("a", "b", "c"))
    flips = found.flips()
    assert [(flip.below, flip.above) for flip in flips] == [("a", "b"), ("b", "c")]
    assert [flip.at for flip in flips] == pytest.approx([0.5, 1.25], abs=0.1)


def test_changes_of_the_highest_curve():
    scale = np.array([0.0, 1.0, 2.0])
    assert _changes(scale, np.array([[0.0, 0.0, 0.0], [-1.0, 1.0, 1.0]])) == [(0, 1, 0.5)]


def test_a_map_of_two_numbers():
    generator = np.random.default_rng(1)
    levels = [0.0, 1.0, 2.0]
    points = [{"x": x, "y": y} for x in levels for y in levels]
    luck, values = generator.standard_normal(20), {}
    for point in points:
        for plan, gap in (("a", 0.0), ("b", 4.0 * (point["x"] - point["y"]))):
            own = 0.3 * generator.standard_normal(20)
            values[f"{plan}{BETWEEN}{label_of(point)}"] = gap + luck + own
    factor = Factor(tuple(levels), ("world.demand",))
    found = Switching(["a", "b"], {"x": factor, "y": factor}, points, results(values), KPI)
    (x, y), best, sure = found.favourite()
    clear = np.abs(x[:, None] - y[None, :]) > 0.3
    assert ((best == 1) == (x[:, None] > y[None, :]))[clear].all()
    assert sure[np.abs(x[:, None] - y[None, :]) > 1.0].min() == 1.0
    assert "favourite on" in found.conclusion()
    with pytest.raises(ScenarioError, match="along one factor"):
        found.flips()


def sensitivity_of(method, size, noise, n=5):
    factors = {name: Factor(span=(0.0, 1.0), paths=("world.demand",)) for name in ("x", "y", "z")}
    points = _design(factors, method, size, 1)
    generator = np.random.default_rng(1)
    values = {}
    for place, (x, y, _) in enumerate(points):
        luck = generator.standard_normal(n)
        values[f"a{BETWEEN}{place}"] = 4.0 * x + 2.0 * y - 3.0 + luck + noise * generator.standard_normal(n)
        values[f"b{BETWEEN}{place}"] = luck
    return Sensitivity(["a", "b"], "a", factors, method, points, results(values), KPI)


def test_morris_finds_effects_of_a_known_function():
    pytest.importorskip("SALib")
    table = sensitivity_of("morris", 10, 0.0).table()
    assert list(table.index[:2]) == ["x", "y"]
    assert table["mu_star"].tolist() == pytest.approx([4.0, 2.0, 0.0], abs=1e-6)
    assert table["sigma"].max() < 1e-6


def test_sobol_finds_shares_of_a_known_function():
    pytest.importorskip("SALib")
    found = sensitivity_of("sobol", 256, 0.0)
    table = found.table()
    assert table["S1"].tolist() == pytest.approx([0.8, 0.2, 0.0], abs=0.03)
    assert table["ST"].tolist() == pytest.approx([0.8, 0.2, 0.0], abs=0.03)
    assert found.noise_share < 1e-6
    assert found.holds == pytest.approx(0.5, abs=0.05)


def test_luck_is_told():
    pytest.importorskip("SALib")
    found = sensitivity_of("morris", 20, 8.0)
    assert found.noise_share > 0.5
    assert "may change" in found.conclusion()


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(
        {"world.segments.*.accounts": 400, "world.customers.start": 4, "world.burn_in_quarters": 1,
         "horizon_quarters": 1}
    )  # fmt: skip


HOW = {"engine": "simpy", "workers": 1, "progress": False}
PLANS = {"today": {}, "two reps": {"plan.sales.reps": 2}}


def test_worlds_are_runs_of_compare(tiny):
    worlds = {"as it is": {}, "slump": {"world.demand": 0.5}}
    found = fs.robust(PLANS, worlds, tiny, replications=3, **HOW)
    slump = tiny.with_changes({"plan.sales.reps": 2, "world.demand": 0.5})
    assert found.scenario("two reps", "slump") == slump
    one = fs.compare({"x": slump}, 3, **HOW)
    assert found.values()[1, 1].tolist() == one.values(KPI, "x")
    assert found.n == 3
    assert found._repr_html_().count("<tr") == 3
    assert in_world(tiny, tiny.world, "w") == tiny


def test_switching_and_sensitivity_run(tiny):
    found = fs.switching(PLANS, {"world.demand": (0.5, 2.0)}, tiny, levels=3, replications=3, **HOW)
    assert found.levels("demand").tolist() == [0.5, 1.25, 2.0]
    assert len(found.table()) == 3
    assert found.conclusion()
    pytest.importorskip("SALib")
    ranges = {"world.demand": (0.5, 2.0), "world.people.rep.productive_share": (0.2, 0.4)}
    decides = fs.sensitivity(PLANS, ranges, tiny, size=2, **HOW)
    assert len(decides.points) == 6
    assert 0.0 <= decides.noise_share <= 1.0
    assert set(decides.table().index) == {"demand", "rep productive share"}
    assert "stays ahead in" in repr(decides)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda tiny: fs.robust(PLANS, {"x": {}, "y": {}}), "say scenario="),
        (lambda tiny: fs.robust({"a": tiny}, {"x": {}, "y": {}}), "two plans and two worlds"),
        (lambda tiny: fs.robust({"a": tiny, "b": tiny}, {"x": {}, "y": 3}), "world 'y'"),
        (
            lambda tiny: fs.robust({"a": tiny, "b": tiny}, {"x": {}, "y": {}}, weights={"z": 1}),
            "no world has the label",
        ),
        (lambda tiny: fs.robust({"a": tiny, "b": tiny}, {"x": {}, "y": {}}, weights={"x": -1}), "weights"),
        (lambda tiny: fs.switching(PLANS, {"world.demand": [1, 2]}, tiny), "three levels"),
        (lambda tiny: fs.switching({"a": tiny}, {"world.demand": (1, 2)}), "two plans"),
        (lambda tiny: fs.sensitivity(PLANS, {"world.demand": (1, 2)}, tiny), "two factors"),
        (lambda tiny: fs.sensitivity(PLANS, {"world.demand": (1, 2)}, tiny, replications=2), "replications is 2"),
        (lambda tiny: fs.sensitivity(PLANS, {"world.demand": (1, 2)}, tiny, method="sobel"), "did you mean 'sobol'"),
    ],
)
def test_mistakes_get_one_message(tiny, call, words):
    with pytest.raises(FunnelsimError, match=words):
        call(tiny)


def test_sobol_wants_a_power_of_two(tiny):
    pytest.importorskip("SALib")
    ranges = factors_of(tiny, {"world.demand": (0.5, 2.0), "world.finance.gross_margin": (0.5, 0.9)})
    with pytest.raises(ScenarioError, match="power of two"):
        _design(ranges, "sobol", 100, 1)
