"""Pictures of values, explanations and transitions: titles say what the tables say, and nothing is clipped."""

from __future__ import annotations

import pytest
from plotting import outside, titles

import funnelsim as fs
from funnelsim import plots
from funnelsim.errors import FunnelsimError
from funnelsim.experiments.words import amount, with_margin

SMALL = {
    "world.segments.*.accounts": 400,
    "world.customers.start": 4,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 2,
}
ONE = {"workers": 1, "progress": False}


@pytest.fixture(scope="module")
def tiny() -> fs.Scenario:
    return fs.load("small").with_changes(SMALL)


@pytest.fixture(scope="module")
def moved(tiny: fs.Scenario) -> fs.Transition:
    plans = {"today": tiny, "two more reps, at once": fs.build_up(tiny, {"reps": 3})}
    return fs.transition(plans, 3, targets={"revenue_booked": 60_000}, **ONE)


def test_worth(tiny: fs.Scenario) -> None:
    value = fs.value_of(tiny, "channel.webinar", replications=3, **ONE)
    ax = plots.worth(value)
    assert amount(value.money().mean, "USD", sign=True) in titles(ax)
    assert len(ax.get_yticklabels()) == len(value.table())
    assert outside(ax.figure) == []


def test_marginal_values_and_bottleneck(tiny: fs.Scenario) -> None:
    levers = {"plan.sales.reps": 1, "plan.sales.sdrs": 1, "plan.marketing.lead_bar": -0.5}
    found = fs.marginal_values(tiny, levers, replications=3, screen=2, with_load=False, **ONE)
    for ax in (plots.marginal_values(found), plots.bottleneck(found)):
        assert titles(ax)
        assert outside(ax.figure) == []
    short = plots.marginal_values(found, most=1)
    assert len(short.get_yticklabels()) == 1


def test_waterfall(tiny: fs.Scenario) -> None:
    other = tiny.with_changes({"plan.sales.reps": 2, "plan.marketing.lead_bar": 0.5})
    why = fs.explain(tiny, other, names=("today", "the plan"), replications=3, **ONE)
    ax = plots.waterfall(why)
    assert "“the plan” less “today”" in titles(ax)
    assert with_margin(why.total.mean, why.total.half_width, "USD", sign=True) in titles(ax)
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends[-2] == pytest.approx(ends[-1]), "the steps end at the total"
    assert outside(ax.figure) == []


def test_paths_and_chances(moved: fs.Transition) -> None:
    quarterly = moved.chance("wins", 2, each_quarter=True)
    for ax in (
        plots.cash_path(moved),
        plots.cash_path(moved, relative=True),
        plots.cash_path(moved, ["today"]),
        plots.chance(moved),
        plots.chance(quarterly),
    ):
        assert titles(ax)
        assert outside(ax.figure) == []
    chance = moved.chance().set_index("plan")["chance"]
    assert amount(float(chance.max()), "share") in titles(plots.chance(moved))


def test_nothing_to_draw(moved: fs.Transition) -> None:
    assert "nothing to show" in titles(plots.cash_path(moved, ["today"], relative=True))
    two = moved.chance().assign(kpi=["wins", "profit"])
    with pytest.raises(FunnelsimError, match="one key figure at a time"):
        plots.chance(two)
