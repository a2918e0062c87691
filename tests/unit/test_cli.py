"""The command line: the API's numbers, one clear message for each mistake, files whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from typer.testing import CliRunner

import funnelsim as fs
from funnelsim.cli import app
from funnelsim.experiments import executors

TINY = """\
title: A tiny [red]market[/red]
world:
  extends: b2b_small
  segments: {core: {accounts: 400}, fringe: {accounts: 400}}
  customers: {start: 4}
  burn_in_quarters: 1
plan: small
horizon_quarters: 1
"""
STUDY = """\
title: Two or one
question: One rep or two?
scenario: tiny
changes:
  one:
  two: {plan.sales.reps: 2}
baseline: one
replications: 3
"""

HUGE = "world.segments.core.accounts=20000000"


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "wrong.yaml").write_text(TINY.replace("burn_in_quarters", "burn_in_quartres"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def shell(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "funnelsim.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_help_and_version_are_quick_to_import():
    text = (
        "import sys, funnelsim.cli; heavy = {'pandas', 'numpy', 'matplotlib', 'pydantic', 'scipy', 'simpy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert call("--version").output == f"funnelsim {fs.__version__}\n"
    for command in ("run", "compare", "validate", "list", "describe", "diagnose"):
        assert call(command, "--help").exit_code == 0


def test_compare_gives_the_numbers_of_the_api(here):
    found = call("compare", "study.yaml", "--out", "out")
    assert found.exit_code == 0, found.output
    assert sorted(os.listdir(here / "out")) == ["comparison.csv", "replications.csv", "report.html"]
    api = fs.compare("study.yaml", workers=1)
    stored = pd.read_csv(here / "out" / "replications.csv")
    assert stored["value"].equals(api.frame["value"].reset_index(drop=True))
    table = pd.read_csv(here / "out" / "comparison.csv").set_index(["kpi", "plan"])
    gap = api.differences("profit").loc[("profit", "two")]
    row = table.loc[("profit", "two")]
    assert (row["difference"], row["difference_low"], row["unit"]) == (gap["difference"], gap["low"], "USD")
    assert " ".join(api.conclusion().split()) in " ".join(found.output.split())
    assert "3 replications, seed 1, 800 accounts" in found.output
    assert os.listdir(here) and not [name for name in os.listdir(here) if name.startswith(".funnelsim")]


def test_run_gives_the_numbers_of_the_api(here):
    found = call("run", "tiny.yaml", "--seed", 5, "--set", "plan.sales.reps=2", "--out", "out")
    assert found.exit_code == 0, found.output
    assert "A tiny [red]market[/red]" in found.output
    scenario = fs.load("tiny.yaml").with_changes({"plan.sales.reps": 2})
    stored = pd.read_csv(here / "out" / "kpis.csv").set_index("kpi")["value"]
    pd.testing.assert_series_equal(stored, fs.simulate(scenario, seed=5).kpis(), check_exact=True)
    assert fs.load(here / "out" / "scenario.yaml") == scenario
    assert {"report.html", "funnel.csv", "ledger.csv", "events.csv"} <= set(os.listdir(here / "out"))


def test_many_runs_as_parquet(here):
    found = call("run", "tiny.yaml", "-n", 3, "--format", "parquet", "--out", "deep/out")
    assert found.exit_code == 0, found.output
    stored = pd.read_parquet(here / "deep" / "out" / "summary.parquet").set_index("kpi")
    assert stored["mean"].equals(fs.replicate("tiny.yaml", 3, workers=1).summary()["mean"])


def test_horizons_and_wholes(here):
    found = call("run", "tiny.yaml", "--horizon", 5, "-n", 2)
    assert found.exit_code == 0, found.output
    assert "Key figures over 4 quarters" in found.output
    assert "Key figures over 5 quarters" in found.output
    assert sorted(os.listdir(here)) == ["study.yaml", "tiny.yaml", "wrong.yaml"]  # no --out, no files


def test_values_of_set(here):
    found = call(
        "compare", "study.yaml", "-n", 1, "--set", "plan=undefined", "--set", "plan.sales.reps=1", "--set", "title=a b"
    )
    assert found.exit_code == 0, found.output
    assert "single replication has no interval" in " ".join(found.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "tinny.yaml"), "did you mean 'tiny.yaml'"),
        (("run", "bsae"), "did you mean 'base'"),
        (("run", "wrong.yaml"), "wrong.yaml, line 6: world.burn_in_quartres"),
        (("run", "ratio_study"), "'ratio_study' is a study"),
        (("run", "tiny.yaml", "--set", "plan.sales.rep=2"), "no such path; did you mean"),
        (("run", "tiny.yaml", "--set", "plan.sales.reps"), "expected path=value"),
        (("run", "tiny.yaml", "--set", "plan.sales.reps=many"), "--set plan.sales.reps"),
        (("run", "tiny.yaml", "--set", "plan.sales.reps=-1"), "--set plan.sales.reps"),
        (("run", "tiny.yaml", "--set", "plan.sales.reps=[1"), "not YAML"),
        (("run", "tiny.yaml", "--seed", "-1"), "Invalid value for '--seed'"),
        (("run", "tiny.yaml", "--replications", "0"), "Invalid value for '--replications'"),
        (("run", "tiny.yaml", "--horizon", "81"), "Invalid value for '--horizon'"),
        (("run", "tiny.yaml", "--out", "tiny.yaml"), "is a file; expected a folder"),
        (("run", "tiny.yaml", "--out", "/proc/nowhere/out"), "--out /proc/nowhere/out: cannot be written"),
        (("run", "tiny.yaml", "--format", "xls"), "'--format'"),
        (("run", "tiny.yaml", "--horizon", "80", "--set", HUGE), "to run it all the same say --insist"),
        (("compare", "ratio_studdy"), "did you mean 'ratio_study'"),
        (("compare", "base"), "compare needs a study, or two and more scenarios"),
        (("compare", "tiny.yaml", "tiny.yaml"), "two scenarios have the label 'tiny'"),
        (("compare", "study.yaml", "--kpi", "profitt"), "did you mean 'profit'"),
        (("compare", "study.yaml", "--baseline", "on"), "did you mean 'one'"),
        (("compare", "study.yaml", "--horizon", "x"), "Invalid value for '--horizon'"),
        (("validate", "wrong.yaml"), "burn_in_quartres"),
        (("list", "words"), "did you mean 'worlds'"),
        (("describe", "bse"), "did you mean 'base'"),
        (("describe", "base", "--fields", "plan.sale"), "did you mean 'plan.sales'"),
        (("runn",), "No such command"),
    ],
)
def test_mistakes_get_one_message_and_status_2(here, arguments, message):
    found = call(*arguments)
    words = " ".join(found.stderr.replace("│", " ").split())
    assert found.exit_code == 2, found.output
    assert message in words
    assert "Traceback" not in found.output
    assert sorted(os.listdir(here)) == ["study.yaml", "tiny.yaml", "wrong.yaml"]


def test_a_defect_is_short_and_says_how_to_see_more(here, monkeypatch):
    def fails(self, key):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(executors._Bench, "make", fails)
    found = call("compare", "study.yaml", "--workers", 1)
    assert found.exit_code == 1
    assert "scenario 'one', seed 1, replication 0: ZeroDivisionError: oh" in found.stderr
    assert "FUNNELSIM_DEBUG=1" in found.stderr
    assert "Traceback" not in found.output
    monkeypatch.setenv("FUNNELSIM_DEBUG", "1")
    assert isinstance(call("compare", "study.yaml", "--workers", 1).exception, executors.SimulationError)


def test_a_defect_loses_nothing_that_was_finished(here, monkeypatch):
    made = executors._Bench.make

    def fails(self, key):
        if key[1] == 2:
            raise ZeroDivisionError("oh")
        return made(self, key)

    monkeypatch.setattr(executors._Bench, "make", fails)
    found = call("compare", "study.yaml", "--workers", 1, "--out", "out")
    assert found.exit_code == 1
    assert set(pd.read_csv(here / "out" / "replications.csv")["replication"]) == {0, 1}


def test_ctrl_c_writes_what_is_finished(here):
    """A real SIGINT to a real process with real workers."""
    (here / "long.yaml").write_text(STUDY.replace("replications: 3", "replications: 400"))
    command = [sys.executable, "-m", "funnelsim.cli", "compare", "long.yaml", "--out", "out", "--workers", "2"]
    process = subprocess.Popen(
        command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the tests run in background
    )  # fmt: skip
    time.sleep(6.0)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the parent and to its workers
    out, err = process.communicate(timeout=120)
    # to a shell both are 130; Python dies of the signal if it was importing something when it came
    assert process.returncode in (130, -signal.SIGINT), err
    assert "Traceback" not in err
    if "nothing was finished" not in err:
        assert "of 400 replications, stopped early" in " ".join(out.split())
        stored = pd.read_csv(here / "out" / "replications.csv")
        assert (stored.groupby("replication", observed=True)["plan"].nunique() == 2).all()
    assert not [name for name in os.listdir(here) if name.startswith(".funnelsim")]


def test_files_are_replaced_whole(here, monkeypatch):
    (here / "out").mkdir()
    (here / "out" / "comparison.csv").write_text("old")
    (here / "out" / "mine.txt").write_text("mine")
    monkeypatch.setattr("funnelsim.report.html.html_report", None)  # fails after the tables are written
    assert call("compare", "study.yaml", "-n", 1, "--out", "out").exit_code == 1
    assert (here / "out" / "comparison.csv").read_text() == "old"
    assert sorted(os.listdir(here / "out")) == ["comparison.csv", "mine.txt"]


def test_as_a_process(here):
    found = shell("run", "tinny.yaml", cwd=here)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("Error: tinny.yaml: there is no such file")
    found = shell("list", "plans")
    assert found.returncode == 0
    assert "ratio_05" in found.stdout


def test_validate_describe_list(here):
    found = call("validate", "tiny.yaml", "study.yaml", "base", "b2b_small", "ratio_01")
    assert found.exit_code == 0
    for text in (
        "tiny.yaml: a scenario",
        "study.yaml: a study, all right; 2 plans",
        "b2b_small: a world",
        "ratio_01: a plan",
    ):
        assert text in found.output
    mixed = call("validate", "tiny.yaml", "wrong.yaml")
    assert mixed.exit_code == 2
    assert "tiny.yaml: a scenario, all right" in mixed.stdout
    text = call("describe", "tiny.yaml").output
    for words in ("1 rep, 0 SDRs", "1 quarter from 2026-01-01", "400 accounts", "[red]market[/red]"):
        assert words in text
    assert "One rep or two?" in call("describe", "study.yaml").output
    fields = call("describe", "base", "--fields", "plan.sales").output
    assert "full posts" in fields and "plan.sales.reps" in fields and "world." not in fields
    for kind in ("worlds", "plans", "scenarios", "studies"):
        assert call("list", kind).exit_code == 0
    assert "ratio_study" in call("list").output
