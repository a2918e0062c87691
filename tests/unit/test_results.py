"""What is kept of many runs, and how results are shown: averages, rows, words."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import funnelsim as fs
from funnelsim.errors import ScenarioError
from funnelsim.experiments.keeping import COUNTED, KEEPABLE, mean_table
from funnelsim.experiments.ranking import conclusion


@pytest.fixture(scope="module")
def study() -> fs.Comparison:
    tiny = fs.load("small").with_changes(
        {
            "world.segments.*.accounts": 400,
            "world.customers.start": 4,
            "world.burn_in_quarters": 1,
            "horizon_quarters": 1,
        }
    )
    plans = {"today": tiny, "two reps": tiny.with_changes({"plan.sales.reps": 2})}
    return fs.compare(plans, replications=3, workers=1, keep=KEEPABLE, progress=False)


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_touches_are_averaged_and_none_counts_as_zero(study):
    mean = study.table("touches", "today")
    runs = study.kept_runs("today")
    assert mean["count"].sum() == pytest.approx(sum(run.touches()["count"].sum() for run in runs) / 3)
    keys = ["touchpoint", "team", "stage"]
    assert not mean.duplicated(keys).any()
    one = mean.iloc[-1]
    each = [run.touches() for run in runs]
    counts = [int(table.loc[(table[keys] == one[keys]).all(axis=1), "count"].sum()) for table in each]
    assert one["count"] == pytest.approx(sum(counts) / 3)


def test_rows_that_differ_between_replications_are_matched_by_their_words():
    a = pd.DataFrame({"stage": ["lead", "mql"], "count": [4, 2], "mean_gain": [0.1, 0.5]})
    b = pd.DataFrame({"stage": ["lead", "opportunity"], "count": [6, 8], "mean_gain": [0.3, 0.7]})
    mean = mean_table([a, b], COUNTED[:1]).set_index("stage")
    assert mean["count"].to_dict() == {"lead": 5.0, "mql": 1.0, "opportunity": 4.0}
    assert mean["mean_gain"].to_dict() == pytest.approx({"lead": 0.2, "mql": 0.5, "opportunity": 0.7})


@pytest.mark.parametrize("name", ["journeys", "cases"])
def test_rows_stand_below_one_another_with_their_replication(study, name):
    table = study.table(name, "two reps")
    runs = study.kept_runs("two reps")
    assert table["replication"].unique().tolist() == [0, 1, 2]
    for number, run in enumerate(runs):
        part = table[table["replication"] == number].drop(columns="replication").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, getattr(run, name)())
    both = study.table(name)
    assert set(both["plan"]) == {"today", "two reps"} and len(both) > len(table)


def test_what_was_kept_can_be_had_one_by_one(study):
    tables = study.kept_tables("funnel")  # of the baseline
    assert list(tables) == [0, 1, 2]
    pd.testing.assert_frame_equal(tables[1], study.kept_runs("today")[1].funnel())
    assert study.runs("today") == study.kept_runs()
    with pytest.raises(ScenarioError, match="no plan has the label 'tody'"):
        study.kept_tables("funnel", "tody")
    bare = fs.replicate(study.scenarios["today"], 1, workers=1, progress=False)
    with pytest.raises(ScenarioError, match="the table 'cases' was not kept"):
        bare.kept_tables("cases")
    with pytest.raises(ScenarioError, match="the runs were not kept"):
        bare.kept_runs()


def test_replications_have_the_same(study):
    found = fs.replicate(study.scenarios["today"], 2, workers=1, keep=("cases", "touches", "runs"), progress=False)
    assert found.table("cases")["replication"].max() == 1
    assert found.runs == found.kept_runs()
    assert found.default_label == found.labels[0]
    assert len(fs.plots.journey_mix(found).texts)


# -- words -------------------------------------------------------------------------------------------------------------


def test_summaries_in_short_words(study):
    table = study.rounded(study.summary(["profit", "utilisation_reps", "needs"]))
    assert "unit" not in table.columns
    words = table["mean"].to_dict()
    assert re.fullmatch(r"−?\$\d+(\.\d+)?[kM]?", words[("profit", "today")])
    assert re.fullmatch(r"\d+(\.\d+)?%", words[("utilisation_reps", "today")])
    assert words[("needs", "today")].endswith(" needs")
    assert table.loc[("utilisation_reps", "today"), "sd"].endswith(" points")
    assert (table["n"] == 3).all()


def test_differences_in_short_words(study):
    table = study.rounded(study.differences(["utilisation_reps", "salaries"]))
    row = table.loc[("utilisation_reps", "two reps")]
    assert all(row[name].endswith(" points") for name in ("difference", "low", "high"))
    assert table.loc[("salaries", "two reps"), "difference"].startswith("+$")
    assert study.rounded().shape[0] == 2 * len(study.units)
    assert study.rounded(study.plans)["payroll_and_programmes"].str.startswith("$").all()
    assert study.rounded(study.kpis)["profit"].str.contains("$", regex=False).all()


def test_the_page_of_a_notebook_has_readable_numbers(study):
    text = study._repr_html_()
    assert not re.search(r"\de[+-]\d", text), "no 6.6e+06"
    assert "$" in text and "<br>" in text
    assert "profit with value" in text


def test_a_conclusion_has_short_lines(study):
    for kpi in ("profit_with_value", "salaries", "utilisation_reps", "unworked_mql_share"):
        lines = study.conclusion(kpi).split("\n")
        assert len(lines) >= 2
        assert all(line.endswith(".") and len(line) < 110 for line in lines)
    assert "points" in study.conclusion("utilisation_marketers") or "tied" in study.conclusion("utilisation_marketers")


def test_many_plans_behind_are_counted():
    values = {label: [1e6 - 1e5 * place + noise for noise in (0.0, 9.0, 3.0)] for place, label in enumerate("abcde")}
    few: Any = SimpleNamespace(
        labels=list(values), units={"profit": "USD"}, n=3, horizon_quarters=4, replications_in_words="3 replications",
        check_kpis=list, values=lambda kpi, label: values[label],
    )  # fmt: skip
    assert conclusion(few, "profit").split("\n") == [
        "“a” is best on profit over 4 quarters (3 replications).",
        "4 plans are clearly behind it.",
        "The nearest of them, “b”, earns $100k less.",
        "The last of them, “e”, earns $400k less.",
    ]
