"""How tables read a log: rows by kind, look-ups, one log up to several horizons, and memory that is given back."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pandas as pd
import pytest

import funnelsim as fs
from funnelsim import tables
from funnelsim.events import DAY, Kind
from funnelsim.experiments.keeping import KEEPABLE, keep_of, kept, kpi_values, shortened
from funnelsim.run import Run
from funnelsim.tables.dated import Dated
from funnelsim.tables.lookup import Latest, Lookup, first_of_each, last_of_each
from funnelsim.tables.reading import Reading
from funnelsim.tables.rows import Index, Rows, position_type

KINDS = [(Kind.TOUCH,), (Kind.NEED,), (Kind.WON, Kind.LOST), (Kind.MQL, Kind.TOUCH), (Kind.MISSED,), ()]
TIMELINE = [
    {"date": "2026-02-10", "changes": {"world.finance.gross_margin": 0.5, "plan.sales.reps": 3}},
    {"date": "2026-05-10", "changes": {"world.finance.gross_margin": 0.9, "world.goodwill.half_life": 20.0}},
]


@pytest.fixture(scope="module")
def run() -> Run:
    tiny = {"world.segments.*.accounts": 2000, "world.customers.start": 20, "world.burn_in_quarters": 1}
    return fs.simulate(fs.load("small").with_changes({**tiny, "horizon_quarters": 3, "timeline": TIMELINE}))


# -- rows --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", KINDS[:-1], ids=str)
def test_rows_of_kinds_are_those_of_the_log(run, kinds):
    chosen = run.log[np.isin(run.log["kind"], kinds)]
    rows = Index(run.log).rows(kinds)
    assert len(rows) == len(chosen)
    for name in run.log.dtype.names:
        np.testing.assert_array_equal(rows[name], chosen[name])
        assert rows[name].dtype == chosen[name].dtype


@pytest.mark.parametrize("read_before", [(), ("account", "value")])
def test_some_of_some_rows(run, read_before):
    rows, chosen = Index(run.log).rows((Kind.TOUCH,)), run.log[run.log["kind"] == Kind.TOUCH]
    for name in read_before:
        assert len(rows[name])
    mask = chosen["account"] % 3 == 0
    for pick in (mask, np.flatnonzero(mask)[::-1], slice(5, 50)):
        for name in ("time", "account", "value", "touchpoint"):
            np.testing.assert_array_equal(rows[pick][name], chosen[pick][name])
            np.testing.assert_array_equal(rows[pick][2:7][name], chosen[pick][2:7][name])


def test_measured_rows_are_those_of_the_window(run):
    reading = Reading(run.log, run.scenario)
    for kind in (Kind.TOUCH, Kind.NEED, Kind.SALARY):
        inside = run.log[(run.log["kind"] == kind) & (run.log["time"] >= 0) & (run.log["time"] < reading.end)]
        np.testing.assert_array_equal(reading.measured(kind)["time"], inside["time"])
        assert reading.count(kind) == len(inside)


def test_a_log_without_rows():
    scenario = fs.load("small")
    reading = Reading(fs.simulate(scenario.with_changes({"horizon_quarters": 1})).log[:0], scenario)
    assert [len(reading.rows(*kinds)) for kinds in KINDS[:-1]] == [0] * 5
    assert reading.key_figures["wins"] == 0.0 and np.isnan(reading.key_figures["win_rate"])


def test_positions_need_more_room_in_a_log_of_billions():
    assert position_type(1_000_000) is np.int32
    assert position_type(2**31) is np.int64


# -- look-ups ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [7, 10**12], ids=["by table", "by search"])
def test_lookup_by_table_and_by_search(span):
    random = np.random.default_rng(3)
    keys = np.where(random.random(60) < 0.1, -1, random.integers(0, 7, 60) * (span // 7))
    asked = np.append(np.unique(keys), [span // 7 * 3 + 1, span * 2, -1])
    lookup = Lookup(keys)
    where = [np.flatnonzero((keys == key) & (key >= 0)) for key in asked]
    assert lookup.first(asked).tolist() == [at[0] if len(at) else -1 for at in where]
    assert lookup.last(asked).tolist() == [at[-1] if len(at) else -1 for at in where]
    assert lookup.count(asked).tolist() == [len(at) for at in where]


def test_first_and_last_of_each_key():
    keys = np.array([2, -1, 0, 2, 0, -1])
    assert first_of_each(keys, 4).tolist() == [2, -1, 0, -1]
    assert last_of_each(keys, 4).tolist() == [4, -1, 3, -1]


def test_latest_where_some_keys_are_repeated():
    random = np.random.default_rng(4)
    keys, times = random.integers(-1, 30, 40), np.sort(random.integers(0, 20, 40))
    asked, when = random.integers(-1, 32, 300), random.integers(-1, 22, 300)
    found = Latest(keys, times).of(asked, when).tolist()
    for key, time, at in zip(asked, when, found, strict=True):
        before = np.flatnonzero((keys == key) & (times <= time) & (key >= 0))
        assert at == (before[-1] if len(before) else -1)


# -- one log up to several horizons ------------------------------------------------------------------------------------


def test_an_earlier_end_reads_the_same_as_a_reading_of_its_own(run):
    for quarters in (1, 2):
        short = shortened(run.scenario, quarters)
        alone = tables.kpis(run.log, short)
        assert kpi_values(run, quarters) == pytest.approx(alone.to_dict(), abs=0.0, rel=0.0, nan_ok=True)
        shared = run._reading.until(short)
        pd.testing.assert_frame_equal(tables.staff(shared, short), tables.staff(run.log, short), check_exact=True)
        pd.testing.assert_frame_equal(tables.series(shared, short), tables.series(run.log, short), check_exact=True)


def test_kpis_do_not_depend_on_what_was_read_before(run):
    fresh = Run(run.scenario, run.log, run.provenance)
    first = kpi_values(fresh, 3)
    for name in ("journeys", "series", "cases", "opportunities", "staff"):
        getattr(fresh, name)()
    again = Run(run.scenario, run.log, run.provenance)
    again.journeys(), again.touches(), again.staff()
    assert first == kpi_values(again, 3) == kpi_values(fresh, 3)
    pd.testing.assert_series_equal(fresh.kpis(), tables.kpis(run.log, run.scenario), check_exact=True)


def test_states_of_an_earlier_end(run):
    dated = Dated(run.scenario)
    assert [len(dated.until(day * DAY).states) for day in (1, 40, 41, 400)] == [1, 1, 2, 3]
    assert dated.until(41 * DAY).states == dated.states[:2] and len(dated.states) == 3


# -- memory ------------------------------------------------------------------------------------------------------------


def test_nothing_holds_the_log_when_the_run_is_not_kept(run):
    names = [name for name in KEEPABLE if name != "runs"]
    mine = Run(run.scenario, run.log.copy(), run.provenance)
    log = weakref.ref(mine.log.base)
    gc.disable()  # memory must be free without the help of the collector
    try:
        found = kept(mine, keep_of(names, 3))
        del mine
        assert log() is None
    finally:
        gc.enable()
    assert found.run is None and found.rows == len(run.log) and len(found.tables["journeys"])


def test_forgetting_changes_nothing(run):
    mine = Run(run.scenario, run.log, run.provenance)
    before, staff = kpi_values(mine, 3), mine.staff()
    mine._reading.forget()
    assert kpi_values(mine, 3) == before
    pd.testing.assert_frame_equal(mine.staff(), staff)


def test_key_figures_need_less_memory_than_two_thirds_of_the_log(run):
    log = np.tile(run.log, 24)
    log["account"] += np.where(log["account"] >= 0, np.repeat(np.arange(24) * 4000, len(run.log)), 0)
    log = log[np.argsort(log["time"], kind="stable")]
    Reading(run.log, run.scenario).key_figures  # noqa: B018 - what is imported and cached does not count
    tracemalloc.start()
    try:
        assert Reading(log, run.scenario).key_figures["needs"] > 0
        assert tracemalloc.get_traced_memory()[1] < 0.66 * log.nbytes
    finally:
        tracemalloc.stop()


def test_columns_cannot_be_written_over(run):
    rows = Reading(run.log, run.scenario).rows(Kind.NEED)
    assert isinstance(rows, Rows)
    for name in ("time", "value"):
        with pytest.raises(ValueError, match="read-only"):
            rows[name][0] = 0
