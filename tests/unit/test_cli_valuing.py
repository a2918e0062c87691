"""Commands value, marginal, explain and transition: the API's numbers, files in a folder, one message per mistake."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import funnelsim as fs
from funnelsim.cli import app
from funnelsim.commands.valuing import _change

TINY = """\
title: A tiny market
world:
  extends: b2b_small
  segments: {core: {accounts: 400}, fringe: {accounts: 400}}
  customers: {start: 4}
  burn_in_quarters: 1
plan: small
horizon_quarters: 1
"""
MORE = "extends: tiny\nplan: {sales: {reps: 2}, marketing: {lead_bar: 0.5}}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "more.yaml").write_text(MORE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    found = CliRunner().invoke(app, [*map(str, arguments), "--workers", "1"])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_value(here):
    found = call("value", "tiny.yaml", "plan.sales.reps+1", "-n", 2, "--out", "out")
    assert found.exit_code == 0, found.output
    assert "One more rep is worth" in found.output
    assert names(here / "out") == ["value.csv", "value.json", "value.png"]
    table = fs.value_of(fs.load("tiny.yaml"), "plan.sales.reps", 1, replications=2, workers=1).table()
    written = pd.read_csv(here / "out" / "value.csv")
    assert written["money_per_year"].tolist() == pytest.approx(table["money_per_year"].tolist())
    assert json.loads((here / "out" / "value.json").read_text())["replications"] == 2


def test_explain(here):
    found = call("explain", "tiny.yaml", "more.yaml", "-n", 2, "--out", "out", "--group", "all=plan.*")
    assert found.exit_code == 0, found.output
    assert "“more” less “tiny”" in found.output
    assert names(here / "out") == ["explanation.csv", "explanation.json", "explanation.png", "interactions.csv"]


def test_marginal(here):
    found = call("marginal", "tiny.yaml", "-n", 2, "--screen", 2, "--lever", "plan.sales.reps", "--out", "out")
    assert found.exit_code == 0, found.output
    assert "one more rep" in found.output and "Busiest" in found.output
    files = [
        "bottleneck.csv",
        "bottleneck.png",
        "levers.csv",
        "levers.json",
        "levers.png",
        "levers_by_quarter.csv",
        "load.csv",
    ]
    assert names(here / "out") == files


def test_transition(here):
    words = ["transition", "tiny.yaml", "--hire", "2026-02-01:reps=+1", "--target", "revenue_booked=50_000"]
    found = call(*words, "-n", 2, "--out", "out")
    assert found.exit_code == 0, found.output
    assert "with dated hires" in found.output
    files = [f"{name}.{form}" for name in ("cash", "cash_to_baseline", "chance") for form in ("csv", "png")]
    assert names(here / "out") == sorted([*files, "troughs.csv", "troughs.json"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("value", "tiny.yaml", "plan.sales.rep+1"), "did you mean 'plan.sales.reps'"),
        (("value", "tiny.yaml", "chanel.ads"), "did you mean 'channel'"),
        (("value", "tiny.yaml", "plan.sales.reps="), "expected path=value"),
        (("value", "tiny.yaml", "team.sales", "team.marketing"), "they are one change"),
        (("value", "tiny.yaml", "plan.sales.reps+1", "--kpi", "wins"), "is not money"),
        (("explain", "tiny.yaml", "tiny.yaml"), "do not differ"),
        (("explain", "tiny.yaml", "more.yaml", "--group", "heads"), "expected NAME=PATTERN"),
        (("transition", "tiny.yaml", "--target", "revenue=3"), "no KPI is named 'revenue'"),
        (("transition", "tiny.yaml", "--target", "wins=many"), "expected KPI=NUMBER"),
        (("transition", "tiny.yaml", "--hire", "reps=+1"), "expected DATE:WHAT=VALUE"),
        (("marginal", "tiny.yaml", "--lever", "plan.sale"), "did you mean 'plan.sales'"),
    ],
)
def test_mistakes_are_told(here, words, message):
    found = call(*words, "-n", 2)
    assert found.exit_code == 2
    assert message in " ".join(found.output.split())
    assert not (here / "results").exists()


def test_words_of_a_change():
    assert _change(["plan.sales.reps+1"]) == ("plan.sales.reps", 1.0)
    assert _change(["plan.marketing.lead_bar-0.5"]) == ("plan.marketing.lead_bar", -0.5)
    assert _change(["team.sales"]) == ("team.sales", None)
    assert _change(["plan.marketing.hand_over=false", "plan.sales.reps=3"]) == (
        {"plan.marketing.hand_over": False, "plan.sales.reps": 3},
        None,
    )
