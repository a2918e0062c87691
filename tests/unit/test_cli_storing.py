"""The command line's store, precision and executors."""

from __future__ import annotations

import pandas as pd
import pytest
from typer.testing import CliRunner

import funnelsim as fs
from funnelsim.cli import app

TINY = """\
title: A tiny [red]market[/red]
world:
  extends: b2b_small
  segments: {core: {accounts: 200}, fringe: {accounts: 200}}
  customers: {start: 2}
  burn_in_quarters: 1
plan: small
horizon_quarters: 1
"""
STUDY = """\
scenario: tiny
changes:
  one:
  two: {plan.sales.reps: 2}
baseline: one
replications: 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "study.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FUNNELSIM_STORE", str(tmp_path / "store"))
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def words(found):
    return " ".join(found.output.replace("│", " ").split())


def test_a_study_is_read_the_second_time(here):
    options = ("compare", "study.yaml", "--workers", 1)
    assert "read from the store" not in words(call(*options, "--out", "a"))
    again = call(*options, "--out", "b")
    assert again.exit_code == 0, again.output
    assert "all 6 runs read from the store" in words(again)
    one, other = (pd.read_csv(here / folder / "replications.csv") for folder in "ab")
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    more = call(*options, "-n", 4, "--out", "c")
    assert "6 of 8 runs read from the store" in words(more)
    assert "read from the store" not in words(call(*options, "--no-store", "--out", "d"))


def test_cache_shows_and_clears(here, monkeypatch):
    assert call("run", "tiny.yaml", "-n", 3, "--workers", 1).exit_code == 0
    shown = words(call("cache"))
    assert "A tiny [red]market[/red]" in shown
    assert "1 scenario, 3 replications" in shown
    assert "of at most 1,000 MB" in shown
    assert "3 replications removed" in words(call("cache", "--clear"))
    assert "0 scenarios, 0 replications" in words(call("cache"))
    assert "0 scenarios, 0 replications" in words(call("cache", "--store", here / "other"))
    monkeypatch.setenv("FUNNELSIM_STORE", "off")
    assert "There is no store: FUNNELSIM_STORE is off" in words(call("cache"))


def test_until_it_is_precise(here):
    found = call("compare", "study.yaml", "-n", "auto", "--precision", "$20k", "--kpi", "salaries", "--out", "out")
    assert found.exit_code == 0, found.output
    assert "Each difference of salaries to the baseline “one”: ±$20.0k asked" in words(found)
    api = fs.compare("study.yaml", "auto", precision="$20k", kpi="salaries", store=False, workers=1)
    stored = pd.read_csv(here / "out" / "replications.csv")
    assert stored["value"].equals(api.frame["value"].reset_index(drop=True))
    page = (here / "out" / "report.html").read_text(encoding="utf-8")
    assert "--replications auto" in page
    assert "reached after" in page


def test_a_precision_that_is_not_reached_is_said(here):
    found = call("run", "tiny.yaml", "--precision", "0.1%", "--kpi", "needs", "--most", 12, "--out", "out")
    assert found.exit_code == 0, found.output
    assert "NOT as narrow as asked" in words(found)
    assert "NOT as narrow as asked" in (here / "out" / "report.html").read_text(encoding="utf-8")


def test_who_does_the_work(here):
    one = call("compare", "study.yaml", "--executor", "threads", "--workers", 2, "--no-store", "--out", "a")
    assert one.exit_code == 0, one.output
    other = call("compare", "study.yaml", "--workers", 1, "--no-store", "--out", "b")
    assert other.exit_code == 0, other.output
    assert (here / "a" / "replications.csv").read_bytes() == (here / "b" / "replications.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "tiny.yaml", "-n", "atuo"), "'atuo' is neither a whole number from 1 to 100,000 nor 'auto'"),
        (("run", "tiny.yaml", "-n", "auto", "--precision", "tight"), "precision is 'tight'"),
        (("run", "tiny.yaml", "-n", 20, "--precision", "5%"), "replications is 20; leave it out"),
        (("run", "tiny.yaml", "-n", "auto", "--kpi", "profitt"), "did you mean 'profit'"),
        (("compare", "study.yaml", "-n", "auto", "--versus", "bst"), "did you mean 'best'"),
        (("compare", "study.yaml", "--executor", "thread"), "did you mean 'threads'"),
        (("cache", "--store", "tiny.yaml"), "is a file; expected a folder"),
    ],
)
def test_mistakes_get_one_message_and_status_2(here, arguments, message):
    found = call(*arguments)
    assert found.exit_code == 2, found.output
    assert message in " ".join(found.stderr.replace("│", " ").split())
    assert "Traceback" not in found.output
