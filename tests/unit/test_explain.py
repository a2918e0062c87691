"""Why one scenario beats another: what is split, into which parts, and that it adds up."""

from __future__ import annotations

import numpy as np
import pytest

import funnelsim as fs
from funnelsim.errors import ScenarioError
from funnelsim.experiments.explain import TOTAL, changes_between, group_of

SMALL = {
    "world.segments.*.accounts": 400,
    "world.customers.start": 4,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 1,
}
ONE = {"workers": 1, "progress": False}


@pytest.fixture(scope="module")
def a():
    return fs.load("small").with_changes(SMALL)


@pytest.fixture(scope="module")
def b(a):
    return a.with_changes(
        {"plan.title": "other", "plan.sales.reps": 2, "plan.marketing.lead_bar": 0.5, "plan.sales.max_attempts": 4}
    )


@pytest.fixture(scope="module")
def exact(a, b):
    return fs.explain(a, b, names=("today", "other"), replications=3, **ONE)


def test_changes_are_found_and_named(a, b):
    found = changes_between(a, b)
    assert found == {
        "reps 1 to 2": {"plan.sales.reps": 2},
        "max attempts 12 to 4": {"plan.sales.max_attempts": 4},
        "lead bar 1.5 to 0.5": {"plan.marketing.lead_bar": 0.5},
    }


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("plan.sales.reps", "plan.sales.reps"),
        ("plan.sales.priorities.request", "plan.sales.priorities"),
        ("plan.alignment.meetings", "plan.alignment"),
        ("world.demand", "world.demand"),
        ("world.people.rep.cost", "world.people.rep"),
        ("world.segments.core.deal_size", "world.segments.core"),
        ("timeline", "timeline"),
    ],
)
def test_fields_that_belong_together_are_one_change(path, group):
    assert group_of(path) == group


def test_groups_of_ones_own(a, b):
    found = changes_between(a, b, {"sales": "plan.sales.*"})
    assert list(found) == ["sales", "lead bar 1.5 to 0.5"]
    assert set(found["sales"]) == {"plan.sales.reps", "plan.sales.max_attempts"}
    with pytest.raises(ScenarioError, match="differ in nothing like"):
        changes_between(a, b, {"sales": "plan.slaes.*"})


def test_what_cannot_be_explained(a, b):
    with pytest.raises(ScenarioError, match="do not differ"):
        fs.explain(a, a.with_changes({"plan.title": "same"}))
    with pytest.raises(ScenarioError, match="differ in horizon_quarters"):
        fs.explain(a, b.with_changes({"horizon_quarters": 2}))
    with pytest.raises(ScenarioError, match="no KPI is named"):
        fs.explain(a, b, kpi="profitt", replications=1, **ONE)


def test_changes_that_need_each_other_are_told(a):
    named = a.with_changes(
        {
            "world.touchpoints.webinar": None,
            "plan.marketing.mix": {"ads": 1.0},
            "world.incumbent.marketing.mix": {"ads": 1.0},
        }
    )
    with pytest.raises(ScenarioError, match="put them into one group with groups="):
        fs.explain(named, a, replications=1, **ONE)


def test_shares_add_up_in_every_replication(exact):
    assert exact.exact and len(exact.comparison.labels) == 8
    np.testing.assert_allclose(exact.shares().sum(axis=0), exact.differences(), rtol=1e-9, atol=1e-6)
    table = exact.table()
    assert table.loc[TOTAL, "share"] == pytest.approx(table.drop(index=TOTAL)["share"].sum())
    assert table.index[-1] == TOTAL and set(table["n"]) == {3}
    assert table["part"].drop(TOTAL).sum() == pytest.approx(1.0)


def test_the_ends_are_the_scenarios_themselves(exact, a, b):
    alone = fs.compare({"a": a, "b": b}, 3, **ONE)
    gap = np.subtract(alone.values("profit_with_value", "b"), alone.values("profit_with_value", "a"))
    np.testing.assert_array_equal(exact.differences(), gap)


def test_sampled_shares_add_up_too(exact, a, b):
    sampled = fs.explain(a, b, replications=3, max_exact=2, pairs=3, **ONE)
    assert not sampled.exact and len(sampled.orders) == 6
    np.testing.assert_allclose(sampled.shares().sum(axis=0), sampled.differences(), rtol=1e-9, atol=1e-6)
    np.testing.assert_array_equal(sampled.differences(), exact.differences())
    assert "3 random orders of 3 changes, each with its reverse" in sampled.sentence
    assert set(sampled.interactions()["other"]) == {"all the others"}


def test_a_twin_change_gets_nothing(a):
    """SDRs' ramp matters to nobody where there are no SDRs."""
    other = a.with_changes({"plan.sales.reps": 2, "world.people.sdr.ramp_days": 10})
    found = fs.explain(a, other, replications=2, **ONE)
    table = found.table()
    (idle,) = [name for name in table.index if "ramp" in name]
    assert table.loc[idle, "share"] == 0.0
    assert table.drop(index=[TOTAL, idle])["share"].item() == pytest.approx(table.loc[TOTAL, "share"])


def test_words(exact):
    assert "“other” less “today”" in exact.sentence and "8 scenarios, 3 replications" in exact.sentence
    assert len(exact.interactions()) == 3
    assert "<table" in exact._repr_html_()
