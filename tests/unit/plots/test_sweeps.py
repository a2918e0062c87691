"""Pictures of sweeps, frontiers and robust choice: the finding is the title, and nothing is cut off."""

from __future__ import annotations

import pytest
from plotting import axes_of, outside, titles

import funnelsim as fs
from funnelsim.errors import FunnelsimError

HOW = {"engine": "simpy", "workers": 1, "progress": False}
PLANS = {"today": {}, "two reps": {"plan.sales.reps": 2}, "many more programmes": {"plan.marketing.marketers": 0.6}}
DEALS = fs.Factor(span=(0.3, 2.0), paths="world.segments.*.deal_size", times=True, unit="times today’s")


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(
        {"world.segments.*.accounts": 400, "world.customers.start": 4, "world.burn_in_quarters": 1,
         "horizon_quarters": 1}
    )  # fmt: skip


def fits(drawn, *words):
    assert outside(axes_of(drawn)[0].figure) == []
    for word in words:
        assert word in titles(drawn), titles(drawn)


def test_lines_and_maps(tiny):
    one = fs.sweep(tiny, {"plan.sales.reps": [1, 2, 3]}, replications=3, **HOW)
    fits(fs.plots.sweep_line(one), "over 1 quarter")
    leads = {"kept": {"plan.marketing.hand_over": False}, "handed over": {"plan.marketing.hand_over": True}}
    two = fs.sweep(tiny, {"leads": leads, "plan.sales.reps": [1, 2]}, replications=3, **HOW)
    fits(fs.plots.sweep_line(two, "wins"))
    fits(fs.plots.heat_map(two), "Profit with value")  # which setting is best is luck here
    names = fs.sweep(tiny, {"leads": leads}, replications=1, **HOW)
    fits(fs.plots.sweep_line(names), "cannot tell luck")
    alone = fs.sweep(tiny, {"plan.sales.reps": [2], "world.demand": (0.5, 2)}, "one_at_a_time", levels=2,
                     replications=3, **HOW)  # fmt: skip
    fits(fs.plots.tornado(alone), "depends most on")
    for draw, words in ((fs.plots.heat_map, "two factors"), (fs.plots.tornado, "one_at_a_time")):
        with pytest.raises(FunnelsimError, match=words):
            draw(one)
    cube = fs.sweep(tiny, {"plan.sales.reps": (1, 2), "world.demand": (0.5, 2)}, "latin_hypercube", points=3,
                    replications=1, **HOW)  # fmt: skip
    with pytest.raises(FunnelsimError, match="grid of one or two"):
        fs.plots.sweep_line(cube)


def test_frontiers(tiny):
    found = fs.ratio_frontier(tiny, (2, 5, 10), horizons=(1, 2), first=3, most=4, **HOW)
    fits(fs.plots.ratio_frontier(found), "reps per marketer", "people and programmes")
    curve = fs.overload_curve(tiny, (0.5, 1, 3), replications=3, **HOW)
    fits(fs.plots.overload_curve(curve, "profit"), "times today’s marketing")
    heads = fs.iso_profit(tiny, (1, 2, 3), (0.2, 0.4), replications=3, **HOW)
    fits(fs.plots.iso_profit(heads), "a year")


def test_robust_choice(tiny):
    worlds = {"as it is": {}, "a very deep slump": {"world.demand": 0.3}, "boom": {"world.demand": 3.0}}
    found = fs.robust(PLANS, worlds, tiny, replications=4, **HOW)
    fits(fs.plots.regret(found), "is the safest: at worst")
    one = fs.switching(PLANS, {"deal size": DEALS}, tiny, levels=4, replications=4, **HOW)
    fits(fs.plots.switching(one), "favourite")
    two = fs.switching(PLANS, {"deal size": DEALS, "world.demand": (0.5, 2)}, tiny, levels=3, replications=3, **HOW)
    fits(fs.plots.switching(two), "is the favourite on")


@pytest.mark.parametrize(("method", "size"), [("morris", 2), ("sobol", 8)])
def test_sensitivity(tiny, method, size):
    pytest.importorskip("SALib")
    ranges = {"deal size": DEALS, "world.demand": (0.5, 2.0)}
    found = fs.sensitivity(PLANS, ranges, tiny, method=method, size=size, **HOW)
    fits(fs.plots.sensitivity(found), "depends most on")
