"""V20: goodwill under constant spending, and after a pulse."""

from __future__ import annotations

from functools import cache
from math import log as ln

import numpy as np
import pytest
from verification.measured import Exact, Measured
from verification.worlds import bare, days, end_of, logs, rows, streams

from funnelsim.events import Kind
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Programme, Touchpoint

SEED = 20
MONTH = 365.25 / 12.0
DELTA = 0.3 / MONTH
"""Per day."""
HALF_LIFE = ln(2.0) / DELTA
PER_DAY = 2.0
"""Programmes that the money buys."""


def steady() -> tuple[float, float]:
    """Level of goodwill over the last years of constant spending, measured and expected."""
    brand = Touchpoint(
        owner="marketing",
        strength=0.0,
        programme=Programme(money=500.0, hours=0.01, live_days=7.0, reach=0.0, goodwill=0.001),
    )
    scenario = bare(
        segment={"accounts": 200_000, "need_interval": 1000.0, "need_window": 1.0},
        goodwill={"half_life": HALF_LIFE, "start": 0.0},
        touchpoints={"campaign": brand},
        marketing={"marketers": 1.0, "programme_money": PER_DAY * 500.0 * 365.0, "mix": {"campaign": 1.0}},
        quarters=16,
    )
    programme = lower(scenario).phases[0].touchpoints[-1].programme
    assert programme is not None
    jumps = rows(next(logs(scenario, SEED, 1)), Kind.GOODWILL)
    jumps = jumps[days(jumps) > 730.0]
    times = np.append(days(jumps), end_of(scenario))
    held = np.diff(times)
    area = np.sum(jumps["value"] * (1.0 - np.exp(-DELTA * held)) / DELTA)
    return float(area / held.sum()), PER_DAY * programme.goodwill / DELTA


def pulse() -> tuple[float, float]:
    """Months until trust at entry shows a tenth of the goodwill of day 0; and the worst relative error on the way."""
    at_one, start = 0.12, 2.0
    scenario = bare(
        segment=streams(100_000, 100.0, 1.0),
        goodwill={"half_life": HALF_LIFE, "start": start, "entry_trust": at_one},
        quarters=4,
    )
    needs = rows(next(logs(scenario, SEED, 1)), Kind.NEED)
    level = np.log(1.0 - needs["brand"]) / np.log(1.0 - at_one)
    worst = float(np.abs(level / (start * np.exp(-DELTA * days(needs))) - 1.0).max())
    first = int(np.argmax(level <= 0.1 * start))
    return float(days(needs)[first]) / MONTH, worst


@cache
def measure() -> tuple[Measured, ...]:
    level, expected = steady()
    months, worst = pulse()
    late = months - ln(10.0) / 0.3
    return (
        Exact(
            "V20 goodwill under constant spending",
            "u = 0.002 per day in weekly programmes, delta = 0.3 per month",
            "u / delta",
            f"{expected:.5f}",
            f"{level:.5f}",
            abs(level / expected - 1.0),
            0.01,
            1,
        ),
        Exact(
            "V20 months to 90 % of a pulse's effect",
            "delta = 0.3 per month",
            "ln 10 / delta",
            f"{ln(10.0) / 0.3:.3f}",
            f"{months:.3f}",
            abs(late),
            0.01,
            1,
        ),
        Exact(
            "V20 goodwill after a pulse",
            "read from trust at entry",
            "A_0 exp(-delta t)",
            "each value",
            f"{worst:.1g} off at most (relative)",
            worst,
            1e-9,
            1,
        ),
    )


@pytest.mark.verification
def test_goodwill_settles_and_decays():
    for measured in measure():
        measured.check()
