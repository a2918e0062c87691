"""V17: constant churn: lifetimes are geometric, and customer lifetime value follows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import bare, logs, rows

from funnelsim.events import Kind

SEED = 17
STAY = 0.8
TERM = 30.0
INTEREST = 0.12
"""Per term."""
CUSTOMERS = 400


@cache
def measure() -> tuple[Measured, ...]:
    scenario = bare(
        segment={"accounts": 1_000, "need_interval": 1000.0, "need_window": 1.0},
        customers={"start": CUSTOMERS, "term_days": TERM, "churn": 1.0 - STAY ** (365.0 / TERM), "churn_slope": 0.0},
        quarters=24,
    )
    terms, stays, value = [], [], []
    for log in logs(scenario, SEED, REPLICATIONS):
        left, renewed = rows(log, Kind.CHURNED), rows(log, Kind.RENEWED)
        assert len(left) == CUSTOMERS  # nobody outlives six years of 30-day terms
        terms.append(left["item"].mean() + 1.0)
        stays.append(len(renewed) / (len(renewed) + len(left)))
        value.append(float(np.sum((1.0 + INTEREST) ** -(renewed["item"] + 1.0))) / CUSTOMERS)
    setting = f"r = {STAY:g} per term"
    return (
        Sampled("V17 lifetime in terms", setting, "1 / (1 - r)", 1.0 / (1.0 - STAY), terms),
        Sampled("V17 share of renewals", setting, "r", STAY, stays),
        Sampled("V17 customer lifetime value", f"{setting}, i = {INTEREST:g}, m = 1", "m r / (1 + i - r)", 2.5, value),
    )


@pytest.mark.verification
def test_constant_churn_is_geometric():
    for measured in measure():
        measured.check()
