"""V18: the share of accounts that are in market."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import bare, end_of, logs, rows

from funnelsim.events import DAY, Kind

SEED = 18
ACCOUNTS = 1_000
INTERVAL, WINDOW = 5.0, 0.25
"""Years."""


@cache
def measure() -> tuple[Measured, ...]:
    scenario = bare(
        segment={"accounts": ACCOUNTS, "need_interval": INTERVAL, "need_window": WINDOW * 365.0}, quarters=60
    )
    end = end_of(scenario) * DAY
    share = []
    for log in logs(scenario, SEED, REPLICATIONS):
        opened, closed = rows(log, Kind.NEED)["time"], rows(log, Kind.WINDOW_CLOSED)["time"]
        share.append(float(np.sum(end - opened) - np.sum(end - closed)) / (end * ACCOUNTS))
    big = bare(segment={"accounts": 20_000, "need_interval": INTERVAL, "need_window": WINDOW * 365.0}, quarters=1)
    at_start = [float((rows(log, Kind.NEED)["time"] == 0).sum()) / 20_000 for log in logs(big, SEED, REPLICATIONS)]
    setting = f"window {WINDOW:g} y, one need per {INTERVAL:g} y"
    formula = "E[window] / (E[window] + E[gap])"
    return (
        Sampled("V18 share in market, mean over 15 years", setting, formula, WINDOW / INTERVAL, share),
        Sampled("V18 share in market at the start", setting, formula, WINDOW / INTERVAL, at_start),
    )


@pytest.mark.verification
def test_share_of_accounts_in_market():
    for measured in measure():
        measured.check()
