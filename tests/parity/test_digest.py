"""What tables need of a log, taken piece by piece, gives the tables of the whole log."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("numba")

import funnelsim as fs
from funnelsim import tables
from funnelsim.engines.compiled import engine as compiled
from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.events import Kind
from funnelsim.experiments.keeping import OF_WHOLE_LOGS, TABLES
from funnelsim.experiments.single import empty_digest
from funnelsim.scenario.files import list_shipped
from funnelsim.scenario.lowering import lower
from funnelsim.tables import Reading
from funnelsim.tables.digest import Digest

SCENARIOS = [name for name, _ in list_shipped()["scenario"]]
FROM_DIGESTS = ("kpis", "funnel", "series", "profit_and_loss", "ledger", "waiting", "staff", "cases", "opportunities",
                "customers")  # fmt: skip
BY = {"funnel": {"by": "source"}, "staff": {"by": "role"}, "series": {"freq": "D"}, "ledger": {"by": "quarter"}}
SMALL = fs.load("small")


def in_pieces(log: np.ndarray, digest: Digest, size: int) -> Digest:
    for begin in range(0, len(log), size):
        piece = log[begin : begin + size].copy()
        digest.take(piece)
        piece["account"] = -7  # it will be overwritten
    return digest


def assert_equal(found: object, wanted: object) -> None:
    if isinstance(wanted, pd.Series):
        pd.testing.assert_series_equal(found, wanted, check_exact=True)
    else:
        pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def assert_same_tables(digest: Digest, log: np.ndarray, scenario: fs.Scenario) -> None:
    """Compare every table that a digest can make, each number exactly."""
    less, whole = Reading(digest, scenario), Reading(log, scenario)
    assert len(less) == len(whole)
    for name in FROM_DIGESTS:
        make = getattr(tables, name)
        assert_equal(make(less, scenario), make(whole, scenario))
        if name in BY:
            assert_equal(make(less, scenario, **BY[name]), make(whole, scenario, **BY[name]))


@pytest.mark.parametrize("name", SCENARIOS)
def test_tables_of_shipped_scenarios(name):
    scenario = fs.load(name)
    lowered = lower(scenario)
    log = compiled.simulate_log(lowered, 3)
    digest = compiled.simulate_into(empty_digest(scenario), lowered, 3)
    assert_same_tables(digest, log, scenario)
    # how much less it is depends on how many rows are touches, which no table needs one by one
    assert digest.nbytes < 0.75 * log.nbytes


@pytest.mark.parametrize("size", [1, 997, 20_000])
def test_pieces_of_any_size(size, monkeypatch):
    monkeypatch.setattr(tables.digest, "FEWEST_PENDING", 50)
    scenario = SMALL.with_changes(
        {"horizon_quarters": 1, "world.segments.*.accounts": 300, "world.burn_in_quarters": 1}
    )
    log = compiled.simulate_log(lower(scenario), 2)
    assert np.count_nonzero(log["kind"] == Kind.OPPORTUNITY) > 3
    assert_same_tables(in_pieces(log, empty_digest(scenario), size), log, scenario)


def test_many_needs_of_few_accounts():
    """Several needs of an account begin and end in one piece, some with an opportunity."""
    changes = {
        "horizon_quarters": 6,
        "world.segments.*.accounts": 60,
        "world.segments.*.need_interval": 0.1,
        "world.segments.*.need_window": 20.0,
        "world.customers.start": 5,
    }
    scenario = SMALL.with_changes(changes)
    log = compiled.simulate_log(lower(scenario), 5)
    assert log["need"].max() > 10
    assert np.count_nonzero(log["kind"] == Kind.OPPORTUNITY) > 20
    for size in (500, len(log)):
        assert_same_tables(in_pieces(log, empty_digest(scenario), size), log, scenario)


def test_a_run_with_hardly_any_rows():
    scenario = SMALL.with_changes(
        {"horizon_quarters": 1, "world.burn_in_quarters": 0, "world.demand": 0.0, "world.customers.start": 0}
    )
    lowered = lower(scenario)
    digest = compiled.simulate_into(empty_digest(scenario), lowered, 1)
    assert_same_tables(digest, compiled.simulate_log(lowered, 1), scenario)


def test_a_shorter_horizon_and_a_shared_burn_in():
    """As `compare` reads them: two plans on one burn-in, KPIs also after four quarters."""
    plans = {"a": SMALL.with_changes({"horizon_quarters": 5}), "b": SMALL.with_changes({"horizon_quarters": 5})}
    plans["b"] = plans["b"].with_changes({"plan.sales.reps": 2.0})
    names = [name for name in TABLES if name not in OF_WHOLE_LOGS]
    found = {
        log: fs.compare(plans, 2, keep=names, engine="compiled", log=log, workers=1, store=False, progress=False)
        for log in ("full", "tables")
    }
    pd.testing.assert_frame_equal(found["full"].frame, found["tables"].frame, check_exact=True)
    for name in names:
        for label in plans:
            assert_equal(found["tables"].table(name, label), found["full"].table(name, label))


def test_what_needs_the_whole_log_is_refused():
    lowered = lower(SMALL.with_changes({"horizon_quarters": 1}))
    this = Reading(compiled.simulate_into(empty_digest(SMALL), lowered, 1), SMALL)
    for make in (tables.touches, tables.journeys, tables.events):
        with pytest.raises(FunnelsimError, match="every row"):
            make(this, SMALL)
    with pytest.raises(ScenarioError, match="keep='touches' needs every row"):
        fs.replicate(SMALL, 1, keep="touches", log="tables", store=False)
    with pytest.raises(ScenarioError, match="did you mean 'tables'"):
        fs.replicate(SMALL, 1, log="table", store=False)
