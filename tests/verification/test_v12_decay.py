"""V12: a touch, then silence: trust decays with its half-life."""

from __future__ import annotations

from functools import cache
from math import log as ln

import numpy as np
import pytest
from verification.measured import Exact, Measured
from verification.trusts import DELTA, HALF_LIFE, touch_world
from verification.worlds import days, key, logs, rows

from funnelsim.events import Kind

SEED = 12


@cache
def measure() -> tuple[Measured, ...]:
    log = next(logs(touch_world(1.0, 400, 1, need_interval=2.0, need_window=100.0), SEED, 1))
    told = rows(log, Kind.TOUCH, Kind.WINDOW_CLOSED)
    told = told[np.lexsort((told["time"], key(told)))]
    closing = np.flatnonzero((told["kind"][1:] == Kind.WINDOW_CLOSED) & (key(told)[1:] == key(told)[:-1])) + 1
    silence = days(told)[closing] - days(told)[closing - 1]
    before, after = told["brand"][closing - 1], told["brand"][closing]
    worst = np.abs(after / (before * np.exp(-DELTA * silence)) - 1.0).max()
    # the half-life that the log itself shows
    long = silence > 10.0
    half = ln(2.0) * silence[long] / np.log(before[long] / after[long])
    setting = "from the last touch to the end of the window; half-life 60 d"
    return (
        Exact(
            "V12 trust after silence",
            setting,
            "T_0 exp(-delta t)",
            "each value",
            f"{worst:.1g} off at most (relative)",
            worst,
            1e-12,
            len(closing),
        ),
        Exact(
            "V12 half-life [d]",
            setting,
            "ln 2 / delta",
            f"{HALF_LIFE:g}",
            f"{half.mean():.6g}",
            float(np.abs(half - HALF_LIFE).max()),
            1e-6,
            len(half),
        ),
    )


@pytest.mark.verification
def test_trust_decays_with_its_half_life():
    for measured in measure():
        measured.check()
