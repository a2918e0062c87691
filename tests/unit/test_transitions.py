"""Plans over time: what the builders write into the timeline, and how cash and chances are read."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelsim as fs
from funnelsim.errors import ScenarioError

SMALL = {
    "world.segments.*.accounts": 400,
    "world.customers.start": 4,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 2,
}
ONE = {"workers": 1, "progress": False}
REPS = "plan.sales.reps"


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(SMALL)


@pytest.fixture(scope="module")
def study(tiny):
    plans = {"today": tiny, "hire": fs.hiring_plan(tiny, {"2026-02-01": {"reps": "+1"}})}
    return fs.transition(plans, 4, targets={"revenue_booked": 40_000}, **ONE)


def steps(scenario, path=REPS):
    return [(entry.date.isoformat(), entry.changes[path]) for entry in scenario.timeline if path in entry.changes]


# ---------------------------------------------------------------------------------------------------------- builders


def test_dated_hires(tiny):
    found = fs.hiring_plan(tiny, {"2026-04-01": {"reps": "+1"}, dt.date(2026, 2, 1): {REPS: 3, "marketers": 0.5}})
    assert steps(found) == [("2026-02-01", 3), ("2026-04-01", 4.0)], "the later one adds to the earlier"
    assert steps(found, "plan.marketing.marketers") == [("2026-02-01", 0.5)]
    assert found.plan == tiny.plan


def test_building_in_steps(tiny):
    quick = fs.build_up(tiny, {"reps": 5, "programme_money": 100_000})
    assert steps(quick) == [("2026-01-01", 5.0)]
    slow = fs.build_up(tiny, {"reps": 4, "programme_money": 100_000}, quarters=2)
    assert steps(slow) == [("2026-01-01", 3.0), ("2026-04-01", 4.0)], "whole heads, rounded half up"
    assert steps(slow, "plan.marketing.programme_money") == [("2026-01-01", 80_000.0), ("2026-04-01", 100_000.0)]
    with pytest.raises(ScenarioError, match="not the first day of a quarter"):
        fs.build_up(tiny, {"reps": 5}, first="2026-02-01")
    with pytest.raises(ScenarioError, match="outside the run"):
        fs.build_up(tiny, {"reps": 5}, quarters=2, first="2026-04-01")


def test_a_shock_ends(tiny):
    found = fs.shock(tiny, "2026-02-01", {"world.demand": 0.7}, until="2026-04-01")
    assert steps(found, "world.demand") == [("2026-02-01", 0.7), ("2026-04-01", 1.0)]
    forever = fs.shock(tiny, "2026-02-01", {"world.demand": 0.7}, until="2027-01-01")
    assert len(forever.timeline) == 1, "the end lies behind the horizon"
    with pytest.raises(ScenarioError, match="expected a day after"):
        fs.shock(tiny, "2026-02-01", {"world.demand": 0.7}, until="2026-01-15")


def test_what_is_earned_decides(tiny):
    longer = tiny.with_changes({"horizon_quarters": 3})
    free = fs.earn_your_way(longer, {"reps": 3}, 2, cover=0.0, earned="cash", replications=2, **ONE)
    weeks = fs.replicate(longer, 2, keep="series", **ONE).table("series")
    first = weeks.loc[weeks["start"] < "2026-04-01", "cash"].sum()
    assert (steps(free)[:1] == [("2026-04-01", 2.0)]) == (first >= 0.0)
    never = fs.earn_your_way(longer, {"reps": 3}, 2, cover=1e9, replications=2, **ONE)
    assert never.timeline == ()
    with pytest.raises(ScenarioError, match="what can be earned"):
        fs.earn_your_way(longer, {"reps": 3}, earned="revenue")


@pytest.mark.parametrize(
    ("dated", "words"),
    [({"2026-13-01": {"reps": 2}}, "expected a date"), ({"2026-02-01": {"plan.sales.rep": 2}}, "did you mean")],
)
def test_mistakes_are_told(tiny, dated, words):
    with pytest.raises(ScenarioError, match=words):
        fs.hiring_plan(tiny, dated)


# -------------------------------------------------------------------------------------------------------------- cash


def test_the_cash_path_ends_at_the_ledgers_cash(tiny, study):
    run = fs.simulate(tiny, replication=2)
    ledger = run.ledger()
    assert study.weekly_cash("today")[2, -1] == pytest.approx(ledger.loc[ledger["in_cash"], "amount"].sum())
    table = study.cash_path()
    last = table[table["plan"] == "today"].iloc[-1]
    assert last["mean"] == pytest.approx(study.weekly_cash("today")[:, -1].mean())
    assert last["p10"] <= last["mean"] <= last["p90"] and last["n"] == 4


def test_the_series_hold_the_same_money(tiny):
    run = fs.simulate(tiny)
    weeks = run.series()
    assert weeks["revenue_booked"].sum() == pytest.approx(run.kpis()["revenue_booked"])
    daily = run.series("D")["cash"].cumsum().min()
    assert min(0.0, daily) == pytest.approx(run.kpis()["cash_trough"])


def test_troughs(study):
    table = study.troughs()
    paths = study.weekly_cash("hire")
    assert table.loc["hire", "depth"] == pytest.approx(np.minimum(paths.min(axis=1), 0.0).mean())
    assert table.loc["hire", "p10"] <= table.loc["hire", "depth"] <= 0.0
    relative = study.troughs(relative=True)
    assert list(relative.index) == ["hire"]
    gap = paths - study.weekly_cash("today")
    assert relative.loc["hire", "end"] == pytest.approx(gap[:, -1].mean())
    first = study.week_ends()[0]
    assert pd.Timestamp("2026-01-08") == pd.Timestamp(first)


# ------------------------------------------------------------------------------------------------------------ chances


def test_the_chance_to_miss(study):
    table = study.chance().set_index("plan")
    booked = np.array(study.comparison.values("revenue_booked", "hire"))
    assert table.loc["hire", "missed"] == (booked < 40_000).sum()
    assert table.loc["hire", "n"] == 4
    assert (table["low"] <= table["chance"]).all() and (table["chance"] <= table["high"]).all()
    less = study.chance("cac", 0.0).set_index("plan")
    assert (less["chance"].dropna() == 1.0).all(), "of a cost it is missed above the target"


def test_the_chance_to_miss_in_each_quarter(tiny, study):
    table = study.chance("wins", 1e9, each_quarter=True)
    assert list(table["quarter"]) == ["2026 Q1", "2026 Q2"] * 2
    assert (table["chance"] == 1.0).all()
    numbers = study._flows("revenue_booked", "today", True)
    total = np.add(*numbers.values())
    assert total == pytest.approx(np.array(study.comparison.values("revenue_booked", "today")))
    with pytest.raises(ScenarioError, match="no series is named"):
        study.chance("win", 3, each_quarter=True)
    with pytest.raises(ScenarioError, match="what is the target"):
        study.chance("wins")


def test_one_scenario_will_do(tiny):
    found = fs.transition(tiny, 2, **ONE)
    assert found.comparison.labels == [tiny.title]
    assert found.cash_path(relative=True).empty and found.troughs(relative=True).empty
    assert "Cash since day 0" in found.sentence
    with pytest.raises(ScenarioError, match="there is no target"):
        found.chance()


def test_words(study):
    assert "“hire”" in study.sentence and "4 replications" in study.sentence
    assert "<table" in study._repr_html_()
