"""V9: the clock of touches against the clock of the window: two competing exponentials."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import bare, days, end_of, logs, match, rows, streams

from funnelsim.events import Kind
from funnelsim.scenario.schema import Touchpoint

SEED = 9
TOUCHES = 0.1
"""Per day: every moment of attention becomes a touch, and the first touch makes the buyer leave an address."""
WINDOW = 15.0


@cache
def measure() -> tuple[Measured, ...]:
    ad = Touchpoint(owner="marketing", strength=0.0, moments_per_week=7.0 * TOUCHES, base_intensity=50.0, capture=1.0)
    scenario = bare(segment=streams(20_000, 25.0, WINDOW), touchpoints={"ad": ad}, quarters=1)
    latest = end_of(scenario) - 60.0
    share, first_clock = [], []
    for log in logs(scenario, SEED, REPLICATIONS):
        needs = rows(log, Kind.NEED)
        needs = needs[(needs["need"] == 0) & (days(needs) < latest)]
        leads, closed = rows(log, Kind.LEAD), rows(log, Kind.WINDOW_CLOSED)
        lead, close = match(needs, leads), match(needs, closed)
        came = np.where(lead >= 0, days(leads)[lead], np.inf)
        went = np.where(close >= 0, days(closed)[close], np.inf)
        first = np.minimum(came, went)
        known = np.isfinite(first)  # one in 10**4 has neither by the end of the run
        share.append((lead >= 0)[known].mean())
        first_clock.append((first - days(needs))[known].mean())
    nu = 1.0 / WINDOW
    setting = "touches 0.1 per day, window 15 d, capture 1"
    return (
        Sampled("V9 share of needs that leave an address", setting, "mu / (mu + nu)", TOUCHES / (TOUCHES + nu), share),
        Sampled(
            "V9 mean time to address or end of window [d]", setting, "1 / (mu + nu)", 1.0 / (TOUCHES + nu), first_clock
        ),
    )


@pytest.mark.verification
def test_touch_and_window_compete():
    for measured in measure():
        measured.check()
