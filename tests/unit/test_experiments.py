"""Many runs: several processes, pairing, early stops, failures, and what the public names do."""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import subprocess
import sys

import pandas as pd
import pytest

import funnelsim as fs
from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments import executors, pools
from funnelsim.experiments.executors import Job, SimulationError, execute
from funnelsim.experiments.keeping import keep_of, mean_table, shortened
from funnelsim.experiments.payroll import payroll
from funnelsim.experiments.ranking import less_is_better
from funnelsim.scenario.files import load_plan, load_study


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(
        {
            "world.segments.*.accounts": 400,
            "world.customers.start": 4,
            "world.burn_in_quarters": 1,
            "horizon_quarters": 1,
        }
    )


@pytest.fixture(scope="module")
def plans(tiny):
    return {
        "today": tiny,
        "two reps": tiny.with_changes({"plan.sales.reps": 2}),
        "twin": tiny,
    }


@pytest.fixture(scope="module")
def comparison(plans):
    return fs.compare(plans, replications=4, workers=1, keep=("kpis", "funnel", "series", "profit_and_loss", "staff"))


# ------------------------------------------------------------------------------------------------------- processes


def test_two_processes_give_the_same_numbers_bit_for_bit(plans, comparison):
    parallel = fs.compare(plans, replications=4, workers=2, keep=("kpis", "funnel"))
    pd.testing.assert_frame_equal(parallel.frame, comparison.frame, check_exact=True)
    pd.testing.assert_frame_equal(parallel.table("funnel"), comparison.table("funnel"), check_exact=True)


def test_work_is_really_done_by_other_processes(tiny, monkeypatch):
    seen = set()
    wait = pools.wait

    def spy(running, **options):
        seen.update(child.pid for child in multiprocessing.active_children())
        return wait(running, **options)

    monkeypatch.setattr(pools, "wait", spy)
    monkeypatch.setattr(executors._Bench, "make", None)  # this process cannot do the work itself
    outcome = execute(Job({"a": tiny}, 1, "simpy", keep_of((), 1)), 4, workers=2)
    assert len(outcome.results) == 4
    assert len(seen) == 2
    assert os.getpid() not in seen
    assert not multiprocessing.active_children()


def test_a_script_needs_no_guard(tmp_path):
    """A script without `if __name__ == '__main__'` may use several processes."""
    script = tmp_path / "script.py"
    script.write_text(
        "import funnelsim as fs\n"
        "print('begin')\n"
        "tiny = fs.load('small').with_changes({'world.segments.*.accounts': 100, 'world.customers.start': 1,\n"
        "    'world.burn_in_quarters': 0, 'horizon_quarters': 1})\n"
        "print(fs.replicate(tiny, 3, workers=2).n)\n"
    )
    found = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert (found.stdout, found.returncode) == ("begin\n3\n", 0), found.stderr


def test_replication_by_replication(plans):
    job = Job(plans, 1, "simpy", keep_of((), 1))
    order = list(execute(job, 2, workers=1).results)
    assert order == [(label, replication) for replication in range(2) for label in plans]


# --------------------------------------------------------------------------------------------------------- early stops


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_all_plans_have_finished(plans, comparison, workers):
    def press(done, total):
        assert total == 12
        if done >= 5:
            raise KeyboardInterrupt

    found = fs.compare(plans, replications=4, workers=workers, progress=press)
    assert found.interrupted
    assert 1 <= found.n < 4
    assert found.requested == 4
    for label in plans:
        assert len(found.values("profit", label)) == found.n
    whole = comparison.kpis.loc[found.kpis.index]
    pd.testing.assert_frame_equal(found.kpis, whole, check_exact=True)
    assert "of 4 replications, stopped early" in found.conclusion()
    assert not multiprocessing.active_children()


def test_ctrl_c_before_anything_is_finished(tiny):
    def press(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fs.replicate(tiny, 3, workers=1, progress=press)


def test_ctrl_c_after_the_last_one_changes_nothing(tiny):
    def press(done, total):
        if done == total:
            raise KeyboardInterrupt

    found = fs.replicate(tiny, 2, workers=1, progress=press)
    assert (found.n, found.interrupted) == (2, False)


def test_progress_is_told(tiny):
    told = []
    fs.replicate(tiny, 3, workers=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


# ------------------------------------------------------------------------------------------------------------ failures


def test_a_defect_names_scenario_seed_and_replication(plans, monkeypatch):
    made = executors._Bench.make

    def fails(self, key):
        if key == ("two reps", 1):
            raise ZeroDivisionError("oh")
        return made(self, key)

    monkeypatch.setattr(executors._Bench, "make", fails)
    with pytest.raises(
        SimulationError, match="scenario 'two reps', seed 7, replication 1: ZeroDivisionError: oh"
    ) as found:
        fs.compare(plans, replications=3, seed=7, workers=1)
    assert found.value.finished.n == 1  # nothing that was finished is lost
    assert isinstance(found.value.__cause__, ZeroDivisionError)


def test_a_worker_that_dies_is_reported(tiny):
    job = Job({"a": tiny}, 1, "simpy", keep_of((), 1))

    def kill(done, total):
        for child in multiprocessing.active_children():
            child.kill()

    outcome = execute(job, 20, workers=2, progress=kill)
    assert isinstance(outcome.error, SimulationError)
    assert "a worker process ended abruptly" in str(outcome.error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replications": 0}, "replications is 0; expected a whole number from 1"),
        ({"replications": 2.5}, "replications is 2.5"),
        ({"replications": True}, "replications is True"),
        ({"seed": -1}, "seed is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"engine": "simpi"}, "no engine is named 'simpi'; did you mean 'simpy'"),
        ({"keep": "funel"}, "cannot keep 'funel'; did you mean 'funnel'"),
    ],
)
def test_mistakes_are_named(tiny, options, message):
    with pytest.raises(ScenarioError, match=message):
        fs.replicate(tiny, **options)


def test_mistakes_in_what_to_compare(tiny):
    with pytest.raises(ScenarioError, match="no plan has the label 'tody'; did you mean 'today'"):
        fs.compare({"today": tiny, "b": tiny}, baseline="tody")
    with pytest.raises(ScenarioError, match="1 and 2 quarters; say horizon_quarters"):
        fs.compare({"a": tiny, "b": tiny.with_changes({"horizon_quarters": 2})})
    with pytest.raises(ScenarioError, match="nothing to compare"):
        fs.compare({})
    with pytest.raises(ScenarioError, match="one scenario has nothing to be compared with"):
        fs.compare(tiny)
    with pytest.raises(ScenarioError, match="scenarios need labels"):
        fs.compare([tiny, tiny])
    with pytest.raises(FunnelsimError, match="did you mean 'ratio_study'"):
        fs.compare("ratio_studdy")


# ------------------------------------------------------------------------------------------------------------- results


def test_kpis_are_those_of_single_runs(tiny, comparison):
    run = fs.simulate(tiny, seed=1, replication=2)
    stored = comparison.kpis.loc[("today", 2)]
    pd.testing.assert_series_equal(stored, run.kpis(), check_exact=True, check_names=False)


def test_twins_meet_the_same_luck(comparison):
    table = comparison.differences(baseline="today")
    twin = table.xs("twin", level="plan")
    known = twin["n"] > 0
    assert (twin.loc[known, "difference"] == 0).all()
    assert set(twin["finding"]) == {"not clear"}


def test_differences_are_paired(comparison):
    row = comparison.differences("salaries").loc[("salaries", "two reps")]
    values = comparison.kpis["salaries"]
    gaps = values.loc["two reps"] - values.loc["today"]
    assert row["difference"] == pytest.approx(gaps.mean())
    assert row["finding"] == "higher"
    assert (row["unit"], row["n"]) == ("USD", 4)


def test_ranking_has_the_best_first_and_its_twin_beside_it(comparison):
    table = comparison.ranking("salaries")
    assert list(table.index) == ["today", "twin", "two reps"]  # less is better
    assert list(table["tied"]) == [True, True, False]
    assert comparison.tied("salaries") == ["today", "twin"]
    text = comparison.conclusion("salaries")
    first, second, third = text.split("\n")  # one sentence per line
    assert first == "“today” and “twin” are tied for best on salaries over 1 quarter (4 replications)."
    assert second == "The best mean is that of “today”."
    assert third.startswith("“two reps” is $") and third.endswith("higher than “today”.")
    assert less_is_better("cac") and not less_is_better("profit")
    assert less_is_better("conflict_end") and less_is_better("unsubscribe_rate") and less_is_better("history_lost")


def test_one_replication_has_no_interval_and_says_so(plans):
    found = fs.compare(plans, replications=1, workers=1)
    assert "a single replication has no interval" in found.conclusion()
    assert found.summary("profit")["low"].isna().all()


def test_summary_and_tables_have_units(comparison):
    table = comparison.summary(["wins", "profit"])
    assert list(table["unit"]) == ["deals"] * 3 + ["USD"] * 3
    funnel = comparison.table("funnel", "today")
    assert funnel["step"].iloc[0] == "in_market"
    assert set(comparison.table("profit_and_loss")["plan"]) == set(comparison.labels)
    assert "profit" in set(comparison.table("profit_and_loss", "today")["line"])
    with pytest.raises(ScenarioError, match="'waiting' was not kept"):
        comparison.table("waiting")
    with pytest.raises(ScenarioError, match="no KPI is named 'profitt'; did you mean 'profit'"):
        comparison.summary("profitt")


def test_series_have_an_interval_per_week(comparison):
    table = comparison.series
    assert {"plan", "start", "quantity", "mean", "low", "high", "n"} == set(table.columns)
    needs = table[(table["plan"] == "today") & (table["quantity"] == "needs")]
    assert len(needs) == 13
    assert (needs["low"] <= needs["mean"]).all()


def test_runs_can_be_kept(tiny):
    found = fs.replicate(tiny, 2, workers=1, keep="runs")
    assert [run.provenance.replication for run in found.runs] == [0, 1]
    assert found.summary().loc["needs", "n"] == 2
    assert list(found.kpis.index) == [0, 1]


def test_shorter_horizons_are_read_from_the_same_runs(tiny):
    long = tiny.with_changes(
        {"horizon_quarters": 5, "timeline": [{"date": "2027-01-01", "changes": {"world.demand": 2}}]}
    )
    found = fs.replicate(long, 1, workers=1)
    assert found.horizons == (4, 5)
    alone = fs.replicate(tiny, 1, workers=1)
    assert alone.horizons == (1,)
    short = fs.simulate(shortened(long, 4)).kpis()
    pd.testing.assert_series_equal(found.at(4).kpis.iloc[0], short, check_names=False)
    with pytest.raises(ScenarioError, match="nothing was read at 3 quarters; these results have: 4, 5"):
        found.at(3)


def test_results_can_be_stored(comparison, tmp_path):
    again = pd.read_csv(comparison.to_csv(tmp_path / "a.csv"))
    assert list(again["value"]) == pytest.approx(list(comparison.frame["value"]), nan_ok=True, rel=0, abs=0)
    assert len(pd.read_parquet(comparison.to_parquet(tmp_path / "a.parquet"))) == len(again)
    assert pickle.loads(pickle.dumps(comparison)).n == 4
    with pytest.raises(FunnelsimError, match="cannot be written"):
        comparison.to_csv(tmp_path / "nowhere" / "a.csv")


def test_html_of_a_comparison_escapes(plans):
    found = fs.compare({"<b>x</b>": plans["today"]}, replications=2, workers=1)
    assert "<b>x</b>" not in found._repr_html_()


def test_mean_of_tables():
    a = pd.DataFrame({"role": ["rep", "sdr"], "hours": [1.0, 2.0]})
    b = pd.DataFrame({"role": ["rep", "sdr"], "hours": [3.0, math.nan]})
    assert list(mean_table([a, b])["hours"]) == [2.0, 2.0]
    assert list(mean_table([a, b.iloc[:1]])["hours"]) == [2.0, 2.0]


# ------------------------------------------------------------------------------------------------------- public names


@pytest.mark.parametrize("ratio", [1, 2, 3, 5, 8, 10, 15, 20])
def test_equal_payroll_gives_the_shipped_plans(ratio):
    base = fs.load("base")
    found = fs.equal_payroll(base, ratio)
    assert found.plan == load_plan(f"ratio_{ratio:02d}")
    assert payroll(found) == pytest.approx(payroll(base), abs=100)


def test_equal_payroll_at_the_edges():
    assert fs.equal_payroll("base", 0).plan.sales.reps == 0
    with pytest.raises(ScenarioError, match="expected a number from 0 on"):
        fs.equal_payroll("base", -1)
    alone = fs.load("base").with_changes({"plan.marketing.marketers": 0})
    with pytest.raises(ScenarioError, match="needs a plan with marketers"):
        fs.equal_payroll(alone, 3)


def test_public_names():
    for name in fs.__all__:
        if name != "plots":
            assert getattr(fs, name) is not None
    assert set(fs.__all__) <= set(dir(fs))
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        _ = fs.simulat


def test_importing_is_cheap():
    text = (
        "import sys, funnelsim;"
        "heavy = {'pandas', 'numpy', 'matplotlib', 'pydantic', 'scipy', 'simpy', 'typer', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_is_shipped():
    table = fs.list_scenarios()
    assert {"scenario", "plan", "world", "study"} == set(table["kind"])
    assert "base" in set(fs.list_scenarios("scenario")["name"])
    with pytest.raises(ScenarioError, match="did you mean 'plan'"):
        fs.list_scenarios("plans ")


def test_a_study_says_how_many(monkeypatch):
    study = load_study("ratio_study")
    seen = {}

    def spy(scenarios, replications, *rest, **more):
        seen.update(labels=list(scenarios), replications=replications)
        raise ScenarioError("enough")

    monkeypatch.setattr("funnelsim.experiments.compare.run_all", spy)
    with pytest.raises(ScenarioError, match="enough"):
        fs.compare(study, horizon_quarters=12)
    assert seen == {"labels": list(study.scenarios), "replications": 20}
