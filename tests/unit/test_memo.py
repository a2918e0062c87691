"""The decision memo: one page that stands for itself, from a budget or from plans."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import funnelsim as fs
from funnelsim.cli import app
from funnelsim.errors import FunnelsimError
from funnelsim.experiments.memo import PARTS, QUICK
from funnelsim.report import pdf
from funnelsim.report.memo import memo_page

TINY = replace(
    QUICK, evaluations=8, trials=1, finalists=2, most=3, compared=3, ratios=(1.0, 4.0), frontier=3, why=3, worth=3,
    levels=3, flips=3,
)  # fmt: skip
LEVERS = {"plan.sales.reps": (0.5, 2.0), "plan.marketing.programme_money": (20_000.0, 120_000.0)}
HOSTILE = "<script>alert('x')</script>"
cli = CliRunner()


@pytest.fixture(scope="module")
def tiny():
    changes = {"world.segments.*.accounts": 300, "world.customers.start": 4, "world.burn_in_quarters": 1}
    return fs.load("small").with_changes({**changes, "horizon_quarters": 2, "plan.sales.reps": 1.2, "title": HOSTILE})


@pytest.fixture(scope="module")
def tiny_file(tiny, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("memo") / "today.yaml"
    path.write_text(tiny.to_yaml(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def memo(tiny, told):
    return fs.report(
        tiny, budget="300k", levers=LEVERS, worth=("plan.sales.reps",), effort=TINY, seed=3, tell=told.append, workers=1
    )


@pytest.fixture(scope="module")
def page(memo):
    return memo_page(memo, command="funnelsim report today.yaml --budget 300k --seed 3")


def test_a_budget_gives_every_part(memo, told):
    assert not memo.left_out
    assert memo.search.budget == 300_000.0
    assert all(one <= 300_000.0 for one in memo.search.costs.values())
    assert memo.frontier and memo.why and memo.worth and len(memo.flips) == 2
    assert [text for text in told if text in PARTS.values()] == list(PARTS.values())
    assert set(memo.seconds) == {"search", "compare", *PARTS}


def test_no_plan_is_compared_with_itself(memo):
    plans = [scenario.plan for scenario in memo.comparison.scenarios.values()]
    assert all(one not in plans[:place] for place, one in enumerate(plans))


def test_the_comparison_uses_numbers_that_nothing_was_chosen_with(memo):
    assert memo.search.seed == 3
    assert memo.comparison.seed == 4


def test_the_waterfall_adds_up_to_the_answer(memo):
    first, second = (np.asarray(memo.comparison.values(memo.kpi, name)) for name in memo.why.names[:2])
    gaps = second - first
    assert memo.why.differences() == pytest.approx(gaps)


def test_the_page_loads_nothing_from_elsewhere(page):
    text = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"(?i)https?:|(src|href|url)\s*[=(]\s*[\"']?//|@import|<link|<iframe|<script", text)
    assert not [one for one in re.findall(r'src="([^"]*)"', text) if not one.startswith("data:")]


def test_the_page_says_it_all(memo, page):
    assert "What is the best use of $300k a year for people and programmes?" in page
    for line in memo.lines:
        assert line in page.replace("&#39;", "'").replace("\u2060", "")
    assert re.search(r"\[[+−]?\u2060?\$[\d.,]+[kM]?, [+−]?\u2060?\$[\d.,]+[kM]?\]", page), "an interval"
    assert "funnelsim report today.yaml --budget 300k --seed 3" in page
    assert "fs.report" not in page
    for head in ("What they would earn", "Reps per marketer", "Why “", "What each lever is worth", "Which assumptions"):
        assert head in page
    assert page.count("<img ") >= 5
    assert page.count("(YAML)</summary>") == len(memo.comparison.labels)
    assert "&lt;script&gt;" in page
    assert re.search(r"funnelsim \d+\.\d+.*scipy", page)


def test_without_a_command_the_page_names_the_call(memo):
    assert "funnelsim.report(today, budget=300000, seed=3" in memo_page(memo)


def test_plans_can_be_given(tiny):
    plans = {"today": tiny, HOSTILE: tiny.with_changes({"plan.sales.reps": 2})}
    memo = fs.report(plans, effort=TINY, without=["worth", "flips"], workers=1)
    assert memo.search is None and memo.worth is None and not memo.flips
    assert memo.today == "today"
    assert "has the best mean" in memo.sentence or "is best" in memo.sentence
    page = memo_page(memo)
    assert "<script" not in page
    assert "What each lever is worth" not in page
    again = fs.report(memo.comparison, effort=TINY, without=list(PARTS))
    assert again.sentence == memo.sentence


def test_a_part_that_cannot_be_had_is_named(tiny):
    other = tiny.with_changes({"plan.sales.reps": 2})
    memo = fs.report({"a": tiny, "b": other}, kpi="wins", effort=TINY, without=["why", "flips"], workers=1)
    assert "worth" in memo.left_out
    assert "Left out: what one step of each lever is worth" in memo_page(memo)


def test_no_part_begins_when_the_time_is_over(tiny):
    plans = {"a": tiny, "b": tiny.with_changes({"plan.sales.reps": 2})}
    memo = fs.report(plans, effort=TINY, minutes=1e-9, workers=1)
    assert list(memo.left_out) == list(PARTS)
    assert "minutes were over" in memo.left_out["why"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"without": ["whi"]}, "did you mean 'why'"),
        ({"kpi": "profitt"}, "did you mean 'profit'"),
        ({"worth": ["plan.sales.repz"]}, "reps"),
        ({"assumptions": {"world.demnd": (0.5, 1.5)}}, "demand"),
        ({"budget": "lots"}, "2.5M"),
        ({"budget": -1.0}, "above 0"),
        ({"minutes": 0.0}, "minutes"),
        ({"path": "no/such/folder/memo.html"}, "no folder"),
        ({"pdf": True}, "path="),
    ],
)
def test_mistakes_are_refused_before_any_work(tiny, options, said, monkeypatch):
    monkeypatch.setattr("funnelsim.report.memo.browser", lambda: "chromium")
    with pytest.raises(FunnelsimError, match=re.escape(said)):
        fs.report(tiny, **({"budget": 3e5} | options), effort=TINY)


def test_one_scenario_without_a_budget_is_no_decision(tiny):
    with pytest.raises(FunnelsimError, match="budget"):
        fs.report(tiny)


def test_the_package_can_be_called_and_still_holds_its_parts():
    import inspect

    import funnelsim.report.html as page

    assert callable(fs.report)
    assert "budget" in inspect.signature(fs.report).parameters
    assert fs.report.html is page


def test_the_command_writes_the_page(tiny_file, tmp_path):
    target = tmp_path / "memo.html"
    words = ["report", str(tiny_file), str(tiny_file.with_name("more.yaml")), "--out", str(target), "-n", "3"]
    text = tiny_file.read_text(encoding="utf-8")
    tiny_file.with_name("more.yaml").write_text(re.sub(r"(?m)^(    reps:).*$", r"\1 2.0", text), encoding="utf-8")
    skip = [word for part in PARTS for word in ("--without", part)]
    result = cli.invoke(app, [*words, *skip, "--workers", "1", "--no-store"])
    assert result.exit_code == 0, result.output
    page = target.read_text(encoding="utf-8")
    assert "funnelsim report" in page and "--without why" in page
    assert f"Written: {target}" in result.output.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["smal", "--budget", "300k"], "small"),
        (["small", "--budget", "300k", "--without", "whi"], "why"),
        (["small", "--budget", "much"], "2.5M"),
        (["small"], "--budget"),
        (["small", "base", "--budget", "1M"], "one scenario"),
        (["small", "base", "--lever", "plan.sales.reps=1..2"], "--budget"),
        (["small", "--budget", "300k", "--worth", "plan.sales.repz"], "reps"),
    ],
)
def test_a_typo_exits_with_2(words, said):
    result = cli.invoke(app, ["report", *words])
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "Traceback" not in result.output


def test_without_a_browser_one_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    result = cli.invoke(app, ["report", "small", "--budget", "300k", "--pdf"])
    assert result.exit_code == 2
    assert "Chromium" in result.output and "print it" in result.output


def test_a_browser_that_fails_is_no_traceback(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf, "browser", lambda: str(tmp_path / "nothing"))
    with pytest.raises(FunnelsimError, match="did not print it"):
        pdf.print_pdf(tmp_path / "memo.html", tmp_path / "memo.pdf")
