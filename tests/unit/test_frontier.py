"""Sweeps, frontiers, curves and the search under a budget: numbers are those of compare; peaks are where they are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import funnelsim as fs
from funnelsim.errors import FunnelsimError
from funnelsim.experiments.designs import Factor
from funnelsim.experiments.frontier import OverloadCurve, span_of, vertex
from funnelsim.experiments.payroll import payroll, yearly_cost
from funnelsim.experiments.purse import Purse, money_levers
from funnelsim.experiments.search import Trials, _optimise

KPI = "profit_with_value"
HOW = {"engine": "simpy", "workers": 1, "progress": False}


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(
        {"world.segments.*.accounts": 400, "world.customers.start": 4, "world.burn_in_quarters": 1,
         "horizon_quarters": 1}
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- sweep


def test_a_sweep_is_a_comparison(tiny):
    found = fs.sweep(tiny, {"plan.sales.reps": [1, 2], "plan.sales.sdrs": [0, 1]}, replications=3, **HOW)
    alone = fs.replicate(tiny.with_changes({"plan.sales.reps": 2, "plan.sales.sdrs": 1}), 3, **HOW)
    row = found.table().set_index(["reps", "sdrs"]).loc[(2, 1)]
    assert row["mean"] == pytest.approx(alone.summary(KPI).loc[KPI, "mean"])
    assert row["unit"] == "USD"
    assert len(found.frame) == 4 * 3 * len(found.results.units)
    assert list(found.table().columns[:4]) == ["reps", "sdrs", "kpi", "setting"]
    assert set(found.effects().index) == {"reps", "sdrs"}
    assert "tied" in found.conclusion() or "best" in found.conclusion()
    assert found._repr_html_().count("<tr") == 5


def test_one_at_a_time_says_what_matters_most(tiny):
    found = fs.sweep(tiny, {"plan.sales.reps": [2], "world.demand": [0.1, 5.0]}, "one_at_a_time", replications=3, **HOW)
    assert found.effects("wins").index[0] == "demand"
    assert found.effects("wins").loc["demand", "to"] == "5"
    assert found.conclusion("wins").startswith("Of 2 factors, demand moves wins")


# ------------------------------------------------------------------------------------------------------------- choosing


@pytest.mark.parametrize("method", ["race", "kn", "ocba"])
def test_a_choice_uses_the_runs_of_compare(tiny, method):
    plans = {"today": tiny, "twin": tiny, "many reps": tiny.with_changes({"plan.sales.reps": 12})}
    found = fs.choose(plans, method=method, first=3, most=6, runs=12, indifference=1e4, **HOW)
    same = fs.compare({"today": tiny}, len(found.values("today")), **HOW)
    assert found.values("today").tolist() == same.values(KPI, "today")
    assert {"today", "twin"} <= set(found.tied())  # they are the same plan
    assert found.runs == sum(len(found.values(label)) for label in found.labels)
    assert found.indifference == {1: 1e4}
    table = found.table()
    assert table.loc["twin", "difference"] == 0.0
    assert "common random numbers" in found.conclusion()
    assert found._repr_html_().count("<tr") == 4


def test_a_frontier_decides_at_each_horizon(tiny):
    found = fs.ratio_frontier(tiny, (2, 5, 10), horizons=(1, 2), first=3, most=4, **HOW)
    assert found.horizons == (1, 2)
    assert set(found.ratios.values()) == {2.0, 5.0, 10.0}
    assert set(found.tied_ratios(1)) <= {2.0, 5.0, 10.0}
    costs = [payroll(one) for one in found.scenarios.values()]
    assert max(costs) - min(costs) < 1000
    assert list(found.frame["horizon_quarters"]) == [1, 1, 1, 2, 2, 2]
    assert "reps per marketer" in found.conclusion()


def test_neighbours_in_words():
    assert span_of([3, 4, 5], [1, 3, 4, 5, 8]) == "3 to 5"
    assert span_of([3, 5], [1, 3, 4, 5, 8]) == "3 and 5"


# ------------------------------------------------------------------------------------------------------ overload, maps


def curve_of(function, noise=0.5, n=20, seed=1):
    generator = np.random.default_rng(seed)
    volumes = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
    luck = 5.0 * generator.standard_normal(n)
    values = {str(x): function(x) + luck + noise * generator.standard_normal(n) for x in volumes}
    results = SimpleNamespace(
        values=lambda kpi, label: list(values[label]), units={KPI: "USD"}, n=n, horizon_quarters=4,
    )  # fmt: skip
    points = {str(x): {"marketing": x} for x in volumes}
    return OverloadCurve({"marketing": Factor(volumes)}, "grid", points, results)


def test_a_peak_is_found_where_it_is():
    curve = curve_of(lambda x: -((x - 2.4) ** 2))
    peak = curve.peak()
    assert peak.inside
    assert peak.at == pytest.approx(2.4, abs=0.3)
    assert peak.low <= 2.4 <= peak.high
    assert "peaks at marketing 2." in curve.conclusion()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x, "upper end: look further up"),
        (lambda x: -x, "lower end: less is better"),
        (lambda x: 0.01 * x, "no clear peak"),
    ],
)
def test_no_peak_is_said(function, words):
    curve = curve_of(function)
    assert not curve.peak().inside
    assert words in curve.conclusion()


def test_the_vertex_of_a_parabola_is_exact():
    x = np.array([0.0, 1.0, 3.0, 4.0])
    assert vertex(x, -((x - 1.7) ** 2)) == pytest.approx(1.7)
    assert vertex(x, x) == 4.0


def test_curves_and_maps_run(tiny):
    curve = fs.overload_curve(tiny, (0.5, 1, 3), replications=3, **HOW)
    assert curve.volumes.tolist() == [0.5, 1.0, 3.0]
    assert curve.scenario("marketing 3").plan.marketing.marketers == pytest.approx(3 * tiny.plan.marketing.marketers)
    assert curve.conclusion()
    money = fs.overload_curve(tiny, (0.5, 1, 3), of="programmes", replications=2, **HOW)
    assert money.scenario("programmes 3").plan.marketing.marketers == tiny.plan.marketing.marketers
    found = fs.iso_profit(tiny, (1, 2), (0.2, 0.4), replications=2, **HOW)
    reps, marketers, mean = found.grid()
    assert (reps.tolist(), marketers.tolist(), mean.shape) == ([1.0, 2.0], [0.2, 0.4], (2, 2))
    for label, point in found.points.items():
        assert found.cost(point["reps"], point["marketers"]) == pytest.approx(payroll(found.scenario(label)))
    assert "reps and" in found.conclusion()


# -------------------------------------------------------------------------------------------------------------- search


def test_every_plan_keeps_to_the_budget():
    base, generator = fs.load("base").with_changes({"world.alignment.on": False}), np.random.default_rng(1)
    purse = Purse(base, money_levers(base, 2.5e6), 2.5e6, yearly_cost)
    for _ in range(25):
        cube = generator.random(4)
        scenario = purse.scenario(purse.point(cube))
        assert yearly_cost(scenario) <= 2.5e6
        if cube.sum() > 1.2:  # each lever alone may spend the budget: it asks for more than there is
            assert yearly_cost(scenario) > 2.5e6 - 0.5 * (2 * 180e3 + 162e3)  # rounding of heads to half posts
        assert scenario.plan.sales.reps * 2 == int(scenario.plan.sales.reps * 2)
    thrifty = purse.scenario(purse.point([0.1, 0.0, 0.1, 0.05]))
    assert yearly_cost(thrifty) < 1e6
    assert purse.point(purse.cube_of_today())["reps"] == pytest.approx(9.0, abs=0.5)  # today's plan, scaled back


def test_names_and_policies_can_be_levers():
    base = fs.load("base").with_changes({"world.alignment.on": True})
    levers = money_levers(base, 2.5e6)
    assert levers["alignment"].values == ("undefined", "defined", "aligned", "integrated")
    purse = Purse(base, levers, 2.5e6, yearly_cost)
    integrated = purse.scenario(purse.point([0.5, 0.1, 0.2, 0.2, 0.99]))
    assert integrated.plan.alignment.shared_record == 3.0
    assert payroll(integrated) < yearly_cost(integrated) <= 2.5e6  # licences


def test_default_levers_are_all_posts_and_money():
    base = fs.load("base").with_changes({"world.alignment.on": False})
    levers = money_levers(base, 2.5e6)
    assert list(levers) == ["reps", "SDRs", "marketers", "programme money"]
    assert all(factor.span[0] == 0.0 for factor in levers.values())
    purse = Purse(base, levers, 2.5e6, yearly_cost)
    assert yearly_cost(purse.scenario(purse.point([1.0, 1.0, 1.0, 1.0]))) <= 2.5e6
    with pytest.raises(FunnelsimError, match="SDRs cost nothing"):
        money_levers(base.with_changes({"world.people.sdr.cost": 0.0}), 2.5e6)


class Surface:
    """Stands in for runs: a smooth surface with luck that all plans share, and some of their own."""

    def __init__(self, function, seed):
        self.function, self.scenarios, self.horizons, self.interrupted = function, {}, (4,), False
        self.shared = np.random.default_rng(seed).standard_normal(4)

    def add(self, label, scenario):
        self.scenarios[label] = scenario

    def run(self, keys):
        return not self.interrupted

    def values(self, label, kpi, horizon, first, last):
        plan = self.scenarios[label].plan
        own = np.random.default_rng(int(1e3 * (plan.sales.reps + 7 * plan.marketing.marketers))).standard_normal(4)
        return self.function(plan) + 1e6 * (self.shared + 0.3 * own)


def profit(plan):
    """Leads and hours to work them, neither of which replaces the other; best about 8 reps and 3 marketers."""
    leads = (plan.marketing.marketers + 0.05) ** 0.4 * (plan.marketing.programme_money / 1e5 + 0.1) ** 0.4
    hours = plan.sales.reps + 0.01
    return 24e6 * (0.5 * (leads / 2.6) ** -2 + 0.5 * (hours / 10) ** -2) ** -0.5


def searched(method, seed, most=120):
    base = fs.load("base")
    trials = Trials(Surface(profit, seed), Purse(base, money_levers(base, 2.5e6), 2.5e6, yearly_cost), KPI, 4, most)
    _optimise(trials, method, seed)
    assert 4 <= len(trials.means) <= most
    return max(profit(trials.lab.scenarios[label].plan) for label in trials.best(8))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["differential_evolution", "dual_annealing"])
def test_the_optimiser_comes_near_the_best(method):
    grid = [
        fs.load("base").plan.model_copy(
            update={
                "sales": fs.load("base").plan.sales.model_copy(update={"reps": reps}),
                "marketing": fs.load("base").plan.marketing.model_copy(
                    update={"marketers": heads, "programme_money": 2.5e6 - 180e3 * reps - 162e3 * heads}
                ),
            }
        )
        for reps in np.arange(1, 13, 0.5)
        for heads in np.arange(0.5, 10, 0.5)
        if 180e3 * reps + 162e3 * heads < 2.5e6
    ]
    top = max(profit(plan) for plan in grid)
    assert np.mean([searched(method, seed) for seed in range(3)]) > 0.93 * top


def test_a_search_ends_with_a_tied_set(tiny):
    found = fs.search(tiny, 3e5, evaluations=6, replications=2, finalists=3, most=3, **HOW)
    assert 2 <= len(found.labels) <= 4
    table = found.table()
    assert (table["cost"] <= 3e5).all()
    assert table["tied"].any()
    assert list(table.columns[:5]) == ["reps", "SDRs", "marketers", "programme money", "alignment"]
    assert len(found.evaluations) <= 6
    assert "For $300k a year:" in found.conclusion()
    best = found.best()
    fresh = fs.replicate(found.scenarios[best], 5, **HOW).kpis[KPI]
    assert found.values(best)[:1].tolist() == fresh.iloc[2:3].tolist()  # replications that the search did not use


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda tiny: fs.search(tiny, -1.0), "budget is -1"),
        (lambda tiny: fs.search(tiny, 1e5, method="hill"), "no method is named 'hill'"),
        (lambda tiny: fs.search(tiny, 1e5, {"plan.sales.reps": (2, 5)}), "the cheapest plan costs"),
        (lambda tiny: fs.search(tiny, 1e5, kpi="profitt"), "did you mean 'profit'"),
        (lambda tiny: fs.ratio_frontier(tiny, (5,)), "two numbers above 0"),
        (lambda tiny: fs.overload_curve(tiny, (1, 2)), "three numbers"),
        (lambda tiny: fs.overload_curve(tiny, of="plan.marketing.money"), "no such path"),
        (lambda tiny: fs.iso_profit(tiny, reps=[1]), "two numbers of heads"),
        (lambda tiny: fs.choose({"a": tiny}), "two plans or more"),
        (lambda tiny: fs.choose({"a": tiny, "b": tiny}, indifference=0), "indifference is 0"),
        (lambda tiny: fs.choose({"a": tiny, "b": tiny}, method="knn"), "did you mean 'kn'"),
        (lambda tiny: fs.choose({"a": tiny, "b": tiny}, "cost_per_wn"), "no KPI is named"),
    ],
)
def test_mistakes_get_one_message(tiny, call, words):
    with pytest.raises(FunnelsimError, match=words):
        call(tiny)
