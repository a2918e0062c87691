"""The commands sweep, frontier, search and robust: the numbers of the API, files, and one message for each mistake."""

from __future__ import annotations

import os

import pandas as pd
import pytest
from typer.testing import CliRunner

import funnelsim as fs
from funnelsim.cli import app
from funnelsim.errors import ScenarioError
from funnelsim.report.factors import factor_of, factors_of, money_of, numbers_of, worlds_of

TINY = """\
extends: small
title: Tiny
world:
  segments: {core: {accounts: 400}, fringe: {accounts: 400}}
  customers: {start: 4}
  burn_in_quarters: 1
horizon_quarters: 1
"""
QUICK = ("--engine", "simpy", "--workers", "1")


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    (tmp_path / "two.yaml").write_text(f"{TINY}plan: {{extends: small, sales: {{reps: 2}}}}\n", encoding="utf-8")
    return tmp_path


def test_sweep(here):
    found = call("sweep", "tiny.yaml", "--vary", "plan.sales.reps=1,2", "-n", 3, "--out", "out", *QUICK)
    assert found.exit_code == 0, found.output
    assert sorted(os.listdir("out")) == ["answer.txt", "replications.csv", "sweep.csv", "sweep_line.png"]
    api = fs.sweep("tiny.yaml", {"plan.sales.reps": [1, 2]}, replications=3, engine="simpy", workers=1)
    stored = pd.read_csv("out/sweep.csv").set_index(["kpi", "reps"])["mean"]
    assert stored.loc[("profit", 2)] == pytest.approx(api.table("profit").set_index("reps").loc[2, "mean"])
    assert api.conclusion().split("\n")[0] in " ".join(found.output.split())
    alone = call("sweep", "tiny.yaml", "--vary", "world.demand=0.5..2", "--design", "one_at_a_time", "--levels", 2,
                 "-n", 2, "--out", "alone", *QUICK)  # fmt: skip
    assert alone.exit_code == 0, alone.output
    assert "tornado.png" in os.listdir("alone")


def test_frontier(here):
    found = call("frontier", "tiny.yaml", "--ratios", "2,5", "--quarters", "1", "--most", 10, "--out", "a", *QUICK)
    assert found.exit_code == 0, found.output
    assert sorted(os.listdir("a")) == ["answer.txt", "frontier.csv", "ratio_frontier.png"]
    assert "reps per marketer" in found.output
    for what, picture in (("overload", "overload_curve.png"), ("heads", "iso_profit.png")):
        found = call("frontier", "tiny.yaml", "--what", what, "-n", 2, "--out", what, *QUICK)
        assert found.exit_code == 0, found.output
        assert picture in os.listdir(what)


def test_search(here):
    found = call("search", "tiny.yaml", "--budget", "$300k", "--evaluations", 5, "-n", 2, "--finalists", 2, "--most", 3,
                 "--out", "out", *QUICK)  # fmt: skip
    assert found.exit_code == 0, found.output
    assert sorted(os.listdir("out")) == ["answer.txt", "best_plan.yaml", "evaluations.csv", "finalists.csv"]
    assert "For $300k a year:" in found.output
    assert fs.load("out/best_plan.yaml").plan.sales.reps >= 0.0


def test_robust(here):
    pytest.importorskip("SALib")
    found = call("robust", "tiny.yaml", "two.yaml", "--world", "slump:world.demand=0.5",
                 "--switch", "world.demand=0.5..2",
                 "--decides", "world.demand=0.5..2", "--decides", "world.segments.*.deal_size=x0.5..2", "--size", 2,
                 "-n", 6, "--out", "out", *QUICK)  # fmt: skip
    assert found.exit_code == 0, found.output
    files = {"answer.txt", "regret.csv", "regret.png", "chance_best.csv", "switching.csv", "switching.png"}
    assert {*files, "sensitivity.csv", "sensitivity.png"} == set(os.listdir("out"))
    words = " ".join(found.output.split())
    assert "is the safest of 2 plans in 2 worlds" in words
    assert "stays ahead in" in words
    assert "luck that 6 replications leave" in words, "-n counts for --decides, too"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep", "tiny.yaml"), "Missing option '--vary'"),
        (("sweep", "tiny.yaml", "--vary", "plan.sales.rep=1"), "did you mean 'plan.sales.reps'"),
        (("sweep", "tiny.yaml", "--vary", "plan.sales.reps"), "expected PATH=1,2,3"),
        (("sweep", "tiny.yaml", "--vary", "plan.sales.reps=1", "--kpi", "profitt"), "did you mean 'profit'"),
        (("sweep", "tiny.yaml", "--vary", "plan.sales.reps=1", "--design", "x"), "'--design'"),
        (("frontier", "tiny.yaml", "--ratios", "a"), "expected numbers between commas"),
        (("frontier", "tiny.yaml", "--method", "knn"), "did you mean 'kn'"),
        (("search", "tiny.yaml"), "Missing option '--budget'"),
        (("search", "tiny.yaml", "--budget", "much"), "expected money such as"),
        (("search", "tiny.yaml", "--budget", "100", "--lever", "plan.sales.reps=1..2"), "the cheapest plan costs"),
        (("robust", "tiny.yaml", "two.yaml"), "nothing to be robust against"),
        (("robust", "tiny.yaml", "two.yaml", "--decides", "world.demand=1..2", "-n", 4), "replications is 4"),
        (("robust", "tiny.yaml", "two.yaml", "--decides", "world.demand=1..2", "--method", "x"), "no method is named"),
        (("sweep", "tiny.yaml", "--vary", "plan.sales.reps=1", "--executor", "thread"), "did you mean 'threads'"),
        (("robust", "tiny.yaml", "two.yaml", "--world", "slump"), "expected LABEL:PATH=VALUE"),
        (("robust", "tiny.yaml", "two.yaml", "--world", "slump:demand=1"), "did you mean 'world.demand'"),
    ],
)
def test_mistakes_get_one_message_and_status_2(here, arguments, message):
    found = call(*arguments)
    words = " ".join(found.stderr.replace("│", " ").split())
    assert found.exit_code == 2, found.output
    assert message in words
    assert "Traceback" not in found.output
    assert sorted(os.listdir(here)) == ["tiny.yaml", "two.yaml"]


def test_arguments():
    assert [money_of("--budget", text) for text in ("2.5M", "$250k", "1,200,000", "1e6", "2bn")] == [
        2.5e6, 2.5e5, 1.2e6, 1e6, 2e9,
    ]  # fmt: skip
    assert numbers_of("--ratios", "1, 2.5,5") == [1.0, 2.5, 5.0]
    label, factor = factor_of("--vary", "plan.marketing.marketers+plan.marketing.programme_money=x0.5,1,2")
    assert (label, factor.times, factor.values) == ("marketers and programme money", True, (0.5, 1, 2))
    assert factor_of("--lever", "plan.sales.reps=4..12:0.5")[1].step == 0.5
    assert factor_of("--vary", "plan.marketing.hand_over=true,false")[1].values == (True, False)
    assert factor_of("--vary", "plan.marketing.lead_bar=-1..2")[1].span == (-1.0, 2.0)
    assert set(factors_of("--vary", ["world.people.rep.cost=1..2", "world.people.sdr.cost=1..2"])) == {
        "cost", "world.people.sdr.cost",
    }  # fmt: skip
    assert worlds_of(["bad: world.demand=0.5; world.finance.gross_margin=0.6"]) == {
        "as it is": {}, "bad": {"world.demand": 0.5, "world.finance.gross_margin": 0.6},
    }  # fmt: skip
    with pytest.raises(ScenarioError, match="expected PATH=VALUE"):
        worlds_of(["bad:world.demand"])
