"""The glossary is complete, and the tables of a real run keep their laws."""

from __future__ import annotations

from pathlib import Path

import pytest

import funnelsim as fs
from funnelsim.events import Kind
from funnelsim.tables import glossary
from funnelsim.tables.funnel import STEPS, step_times
from funnelsim.tables.needs import OUTCOMES
from funnelsim.tables.reading import NEVER, Reading


@pytest.fixture(scope="module")
def small():
    return fs.simulate("small", seed=3)


# -- glossary ----------------------------------------------------------------------------------------------------------


def test_the_glossary_has_every_column(small):
    for name in glossary.TABLES:
        table = getattr(small, name)()
        if name == "profit_and_loss":
            assert table.index.tolist() == list(glossary.TABLES[name])
            continue
        columns = set(table.columns)
        if name == "staff":
            columns |= set(small.staff(by="role").columns)
        if name == "funnel":
            columns |= set(small.funnel(by="source").columns)
        if name == "ledger":
            columns |= set(small.ledger(by=["month", "cause"]).columns) | set(
                small.ledger(by=["quarter", "team"]).columns
            )
        assert columns == set(glossary.TABLES[name]), name
    assert set(small.kpis().index) == set(glossary.KPIS)


def test_every_entry_has_a_unit_and_a_meaning():
    for columns in (glossary.KPIS, *glossary.TABLES.values(), *glossary.EXPORT.values()):
        for name, (unit, meaning) in columns.items():
            assert unit, name
            assert meaning, name


def test_the_reference_page_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"
    assert page.read_text(encoding="utf-8") == glossary.markdown(), (
        "run: python -m funnelsim.tables.glossary > docs/reference/tables.md"
    )


def test_explain():
    assert glossary.explain("kpis").loc["cac", "unit"] == "USD"
    assert glossary.explain("waiting").index[0] == "source"
    with pytest.raises(ValueError, match="no table 'nothing'"):
        glossary.explain("nothing")


# -- laws on a real run ------------------------------------------------------------------------------------------------


def test_buyers_are_conserved(small):
    needs = Reading(small.log, small.scenario).needs
    is_open = needs.outcome == OUTCOMES.index("open")
    assert (is_open == (needs.end == NEVER)).all()
    assert (needs.end >= needs.start).all()
    series = small.series()
    start = (needs.start < 0) & (needs.end >= 0)
    ends = (needs.end >= 0) & ~is_open
    assert start.sum() + series["needs"].sum() - ends.sum() == series["open_needs"].iloc[-1]


def test_every_case_of_a_run_is_found(small):
    reading = Reading(small.log, small.scenario)
    for kind in (Kind.TASK, Kind.CONTACT, Kind.SQL, Kind.NOT_READY, Kind.OPPORTUNITY, Kind.WON, Kind.LOST, Kind.MISSED):
        rows = reading.rows(kind)
        rows = rows[(rows["account"] >= 0) & (rows["item"] >= 0)]
        assert (reading.cases.of(rows) >= 0).all(), kind
    cases = reading.cases
    opened = cases.outcome == 5
    assert opened.sum() == len(reading.rows(Kind.OPPORTUNITY))
    assert cases.was_attempted[opened].all()
    assert (cases.attempted >= cases.handed_over).all()


def test_steps_after_sales_are_nested(small):
    table = small.funnel().set_index("step")
    by_source = small.funnel(by="source").groupby("step", observed=True)["count"].sum()
    assert by_source.tolist() == table["count"].tolist()
    times = step_times(Reading(small.log, small.scenario))
    for name in ("worked", "contacted", "sql", "opportunity"):
        step = STEPS.index(name)
        assert (times[step] >= times[step - 1]).all(), name


def test_tables_agree_with_each_other(small):
    numbers, series, staff = small.kpis(), small.series("Q"), small.staff()
    assert series["wins"].sum() == numbers["wins"] == small.funnel()["count"].iloc[-1]
    assert series["profit"].sum() == pytest.approx(numbers["profit"], abs=0.01)
    assert small.profit_and_loss().loc["profit", "total"] == pytest.approx(numbers["profit"], abs=0.01)
    assert series["customers"].iloc[-1] == numbers["customers_end"] == small.customers()["active"].sum()
    assert small.customers()["earned"].sum() == pytest.approx(numbers["revenue_earned"], abs=0.01)
    assert (staff["utilisation"] <= 1.01).all()
    assert small.waiting()["cases"].iloc[:3].sum() == len(small.cases()) == small.waiting()["cases"].iloc[3]
    assert numbers["opportunities"] == series["opportunities"].sum()


def test_tables_do_not_change_the_log(small):
    before = small.log.copy()
    for name in glossary.TABLES:
        getattr(small, name)()
    assert (small.log.tobytes()) == before.tobytes()
