"""V23: what comes in has gone out or is still there: needs, cases, opportunities, customers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification.measured import Exact, Measured
from verification.spans import CASE_BEGINS, CASE_ENDS, NEED_ENDS, OPPORTUNITY_ENDS, case_key
from verification.worlds import key, rows

from funnelsim.engines.reference.model import Model
from funnelsim.events import Kind
from funnelsim.scenario import load
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Scenario

SEED = 23


def balance(scenario: Scenario, seed: int) -> dict[str, tuple[int, int, int]]:
    """Came in, went out (both from the log), still there (from the model at the end of the run)."""
    model = Model(lower(scenario), seed, 0)
    log = model.run()

    def count(*kinds: Kind) -> int:
        return len(rows(log, *kinds))

    open_needs = model.firm.market.open
    in_case = [n for n in open_needs.values() if n.case is not None and not n.stopped]
    # A case whose need ended meanwhile is closed when sales next looks: at the end of the task or the next attempt.
    still = np.array(sorted(account * 65536 + need.number for account, need in open_needs.items()), np.int64)
    begun, ended = (part[np.isin(key(part), still)] for part in (rows(log, *CASE_BEGINS), rows(log, *CASE_ENDS)))
    return {
        "needs": (count(Kind.NEED), count(*NEED_ENDS), len(open_needs)),
        "cases of open needs": (len(begun), len(ended), len(in_case)),
        "opportunities": (
            count(Kind.OPPORTUNITY),
            count(*OPPORTUNITY_ENDS),
            sum(n.stopped for n in open_needs.values()),
        ),
        "customers": (count(Kind.CUSTOMER, Kind.WON), count(Kind.CHURNED), len(model.firm.customers.active)),
    }


def each_begins_once(log: np.ndarray) -> bool:
    """Whether every need and case has one beginning and at most one end."""
    pairs = (
        (key(rows(log, Kind.NEED)), key(rows(log, *NEED_ENDS))),
        (case_key(rows(log, *CASE_BEGINS)), case_key(rows(log, *CASE_ENDS))),
    )
    return all(
        len(np.unique(begins)) == len(begins) and len(np.unique(ends)) == len(ends) and np.isin(ends, begins).all()
        for begins, ends in pairs
    )


@cache
def measure() -> tuple[Measured, ...]:
    return tuple(
        Exact(
            f"V23 {name}",
            "small, burn-in and four quarters",
            "came = went + still there",
            str(came),
            f"{went} + {still}",
            abs(came - went - still),
            0.0,
            came,
        )
        for name, (came, went, still) in balance(load("small"), SEED).items()
    )


@pytest.mark.verification
def test_nothing_is_lost_in_the_small_market():
    for measured in measure():
        measured.check()


def tiny() -> Scenario:
    """The small market at a hundredth of the base market's size."""
    return load("small").with_changes(
        {
            "world.segments.core.accounts": 1000,
            "world.segments.fringe.accounts": 1000,
            "world.programme_scale": 0.01,
            "world.customers.start": 8,
            "world.burn_in_quarters": 1,
            "horizon_quarters": 1,
        }
    )


@pytest.mark.verification
@given(
    seed=st.integers(0, 2**31),
    reps=st.sampled_from([0.0, 0.2, 1.0, 3.0]),
    sdrs=st.sampled_from([0.0, 0.5]),
    bar=st.floats(-1.0, 2.0),
    attempts=st.integers(1, 8),
    window=st.sampled_from([5.0, 90.0]),
    win=st.sampled_from([-5.0, 3.0]),
    term=st.sampled_from([20.0, 365.0]),
    attrition=st.sampled_from([0.0, 4.0]),
)
@settings(max_examples=15)
def test_nothing_is_lost_anywhere(seed, reps, sdrs, bar, attempts, window, win, term, attrition):
    scenario = tiny().with_changes(
        {
            "plan.sales.reps": reps,
            "plan.sales.sdrs": sdrs,
            "plan.marketing.lead_bar": bar,
            "plan.sales.max_attempts": attempts,
            "world.segments.core.need_window": window,
            "world.selling.win": win,
            "world.selling.interest": win,
            "world.selling.cycle_days": 10.0,
            "world.customers.term_days": term,
            "world.people.rep.attrition": attrition,
            "world.people.rep.vacancy_days": 10.0,
        }
    )
    for name, (came, went, still) in balance(scenario, seed).items():
        assert came == went + still, name
    assert each_begins_once(Model(lower(scenario), seed, 0).run())
