"""The definitions: every reading equals a count by hand, and arms and estimates are what they say.

No calibration is tested here, only that the harness measures what it says it measures.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from validation.arms import ARMS, BASE, CHANGES, ONE_LIST, QUOTA, SHOP, UNDEFINED, arm, scaled
from validation.by_hand import Walk, median_ratio
from validation.estimates import FAIL, PASS, UNDECIDED, Estimate, Measurement, estimate, pooled_ratio, skewness
from validation.measure import arms_of
from validation.readings import buyers, read, revenue
from validation.report import load_records, record, text, write
from validation.rows import BY_KEY, MARKETER_COST, MONEY_A_MARKETER, REP_COST, ROWS, chosen

from funnelsim.events import Kind
from funnelsim.experiments.single import simulate
from funnelsim.scenario.files import load
from funnelsim.tables import Reading

ROOT = Path(__file__).parents[2]
SMALL = 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", [BASE, UNDEFINED, QUOTA])
def test_readings_equal_a_count_by_hand(name: str) -> None:
    run = simulate(arm(name, SMALL), seed=3)
    sums, samples = read(run)
    hand = Walk(run)
    assert sums["won"] > 5 and sums["mql_resolved"] > 100 and sums["inbound_resolved"] > 20
    for reading, value in hand.sums.items():
        assert sums[reading] == pytest.approx(value, rel=1e-9), reading
    nothing = {name for name, value in sums.items() if name not in hand.sums and value != 0.0}
    other = {
        "wins",
        "runs",
        "earned_first",
        "earned_last",
        "accounts",
        "reps",
        "count_wins",
        "count_wins_squared",
        "busy_hours",
        "available_hours",
    }
    assert nothing == other, "readings that nobody counted by hand"
    assert sums["wins"] == hand.sums["won"]
    assert sorted(samples["lead_to_win_days"]) == pytest.approx(sorted(hand.days))
    one = {name: Measurement(sums, samples)}
    assert skewness(name, "lead_to_win_days")([one]) == pytest.approx(median_ratio(hand.days))
    kpis = run.kpis()
    assert sums["earned_first"] <= sums["earned_last"] < kpis["revenue_earned"]
    assert (
        sums["revenue"] == revenue(Reading(run.log, run.scenario))["revenue"] == pytest.approx(kpis["revenue_booked"])
    )
    for kpi, row in KPIS.items():
        assert pooled_ratio(name, *row)([one]) == pytest.approx(kpis[kpi], nan_ok=True), kpi


@pytest.mark.slow
@pytest.mark.parametrize("name", [ONE_LIST, SHOP])
def test_mails_and_carts_equal_a_count_by_hand(name: str) -> None:
    run = simulate(arm(name, SMALL), seed=3)
    names, counted = list(run.scenario.world.touchpoints), dict.fromkeys(buyers(run), 0.0)
    waiting: set[tuple[int, int]] = set()
    for row in run.log[run.log["time"] >= 0]:
        kind, need = Kind(int(row["kind"])), (int(row["account"]), int(row["need"]))
        if kind == Kind.TOUCH and run.scenario.world.touchpoints[names[row["touchpoint"]]].mail:
            counted["mails"] += 1.0
        elif kind in (Kind.CLICKED, Kind.UNSUBSCRIBED):
            counted["clicks" if kind == Kind.CLICKED else "unsubscribed"] += 1.0
        elif kind == Kind.CART:
            waiting.add(need)
        elif kind == Kind.ABANDONED or (kind == Kind.WON and need in waiting):
            waiting.discard(need)
            counted["carts_settled"] += 1.0
            counted["carts_left"] += kind == Kind.ABANDONED
            counted["carts_reminded"] += kind == Kind.ABANDONED and row["value"] == 1.0
        elif kind == Kind.RECOVERED:
            counted["carts_recovered"] += 1.0
    assert counted == buyers(run)
    assert counted["mails" if name == ONE_LIST else "carts_settled"] > 100


KPIS = {
    "win_rate": ("won", "decided"),
    "lead_to_won": ("lead_wins", "lead_needs"),
    "mql_to_won": ("mql_wins", "mqls"),
    "won_after_proposal": ("sent_won", "sent"),
    "response_hours_inbound": ("response_hours", "responses"),
    "touches_per_win_inbound": ("inbound_touches", "inbound_wins"),
    "trust_before_sales": ("trust_share", "trust_known"),
    "in_market_share": ("in_market", "accounts"),
    "quota_attained": ("quotas_met", "quotas"),
    "utilisation_reps": ("busy_hours", "available_hours"),
}
"""Rows that are key figures of a run, too."""


# -- arms --------------------------------------------------------------------------------------------------------------


def test_a_tenth_of_base_is_the_shipped_small_world() -> None:
    ours, shipped = scaled(load("base"), 0.1).model_dump(), load("small").model_dump()
    for scenario in (ours, shipped):
        for part in (scenario, scenario["plan"], scenario["world"], scenario["world"]["incumbent"]):
            del part["title"]
    assert ours == shipped


@pytest.mark.slow
def test_the_base_arm_is_the_shipped_base() -> None:
    """Ramped hires change nothing where the plan hires nobody: base serves as reference and is read as it is."""
    ours, shipped = (simulate(scenario, seed=2).log for scenario in (arm(BASE, SMALL), load("small")))
    assert ours.tobytes() == shipped.tobytes()


def test_arms_differ_from_base_in_one_number() -> None:
    base = arm(BASE).model_dump()
    for name, (path, factor) in CHANGES.items():
        changed = arm(name).model_dump()
        changed["horizon_quarters"] = base["horizon_quarters"]
        part, field = path.split(".")[1:]
        assert changed["plan"][part].pop(field) == pytest.approx(factor * base["plan"][part][field]), name
        assert changed["world"] == base["world"], "the burn-in is that of the incumbent"
        changed["plan"][part][field] = base["plan"][part][field]
        assert changed == base


def test_costs_of_the_spending_ratio_are_those_of_the_base_firm() -> None:
    base = arm(BASE)
    people, plan = base.world.people, base.plan.marketing
    assert (people.rep.cost, people.marketer.cost) == (REP_COST, MARKETER_COST)
    assert plan.programme_money / plan.marketers == MONEY_A_MARKETER


def test_only_the_arms_that_are_needed_run() -> None:
    assert arms_of(chosen(["R37", "R13"])) == [BASE, UNDEFINED]
    assert arms_of(ROWS) == list(ARMS)
    assert [row.key for row in chosen(["R15", "R29'"])] == ["R15a", "R15b", "R29'"]
    with pytest.raises(ValueError, match="R99"):
        chosen(["R99"])


# -- estimates ---------------------------------------------------------------------------------------------------------


def test_the_jackknife_of_a_mean_is_the_usual_interval() -> None:
    values = [1.0, 4.0, 2.0, 7.0]
    found = estimate([{"x": Measurement({"a": v, "b": 1.0}, {})} for v in values], pooled_ratio("x", "a", "b"))
    half = 3.182446 * np.std(values, ddof=1) / 2.0
    assert (found.value, found.low, found.high) == pytest.approx((3.5, 3.5 - half, 3.5 + half), rel=1e-5)
    assert found.each == tuple(values)


def test_ratios_are_pooled() -> None:
    runs = [{"x": Measurement({"a": a, "b": b}, {})} for a, b in ((1.0, 10.0), (9.0, 10.0), (0.0, 0.0))]
    assert estimate(runs, pooled_ratio("x", "a", "b")).value == 0.5
    assert math.isnan(estimate(runs[2:], pooled_ratio("x", "a", "b")).value)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.2, 0.3, PASS),
        (0.1, 0.5, PASS),
        (0.05, 0.3, UNDECIDED),
        (0.0, 0.05, FAIL),
        (0.6, 0.7, FAIL),
        (0.0, 1.0, UNDECIDED),
    ],
)
def test_verdicts(low: float, high: float, verdict: str) -> None:
    assert Estimate(0.5 * (low + high), low, high, 5).verdict(0.1, 0.5) == verdict
    assert Estimate(0.3, math.nan, math.nan, 1).verdict(0.1, 0.5) == UNDECIDED


# -- report ------------------------------------------------------------------------------------------------------------


def test_sources_are_in_the_list() -> None:
    bib = (ROOT / "docs" / "references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{(\w+),", bib, re.MULTILINE))
    assert {source for row in ROWS for source in row.sources} <= keys
    assert all(row.sources for row in ROWS if row.judged)
    assert len(BY_KEY) == len(ROWS)


def test_report_is_written_and_read_back(tmp_path: Path) -> None:
    stamp = {"seed": 1, "scale": 0.1, "package_version": "0", "date": "2026-01-01", "scenario_digest": "x"}
    records = {row.key: record(row, Estimate(0.3, 0.2, math.nan, 4, (0.3, math.nan)), stamp) for row in ROWS}
    write(tmp_path, records)
    assert load_records(tmp_path) == json.loads(json.dumps(records))
    page = (tmp_path / "targets.md").read_text(encoding="utf-8")
    assert page == text(records)
    assert "at 0.1 of their size" in page
    assert all(f"| {row.key} |" in page for row in ROWS)
