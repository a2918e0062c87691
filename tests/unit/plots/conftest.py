"""Runs, replications and plans that pictures are drawn from: made once for all tests of pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

import funnelsim as fs

SMALL = {
    "world.segments.core.accounts": 1500,
    "world.segments.fringe.accounts": 1500,
    "world.customers.start": 8,
    "horizon_quarters": 2,
}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="session")
def run() -> fs.Run:
    return fs.simulate("small", seed=1)


@pytest.fixture(scope="session")
def base() -> fs.Scenario:
    return fs.load("small").with_changes(SMALL)


@pytest.fixture(scope="session")
def several(base: fs.Scenario) -> fs.Replications:
    keep = ("funnel", "series", "profit_and_loss", "touches", "cases")
    return fs.replicate(base, replications=3, workers=1, keep=keep, progress=False)


@pytest.fixture(scope="session")
def study(base: fs.Scenario) -> fs.Comparison:
    named = {
        "today": base,
        "more marketing": base.with_changes(
            {"plan.marketing.marketers": 0.5, "plan.marketing.programme_money": 150000}
        ),
        "two reps, who also do all of the first calls": base.with_changes({"plan.sales.reps": 2}),
    }
    keep = ("kpis", "series", "funnel", "profit_and_loss")
    return fs.compare(named, replications=3, horizon_quarters=5, workers=1, keep=keep, progress=False)
