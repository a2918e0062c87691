"""V15: without decay a fixed number of touches leads to the threshold."""

from __future__ import annotations

from functools import cache
from math import ceil
from math import log as ln

import numpy as np
import pytest
from verification.measured import Exact, Measured
from verification.worlds import ASK_AT_THRESHOLD, bare, logs, match, rows, streams

from funnelsim.events import Kind
from funnelsim.scenario.schema import Touchpoint

SEED = 15
THRESHOLD = 0.6


@cache
def measure() -> tuple[Measured, ...]:
    found: list[Measured] = []
    for strength in (0.12, 0.10, 0.20):
        ad = Touchpoint(owner="marketing", strength=strength, moments_per_week=70.0, base_intensity=50.0)
        scenario = bare(
            segment={**streams(200_000, 5.0, 3.0), "threshold": THRESHOLD},
            buyers=ASK_AT_THRESHOLD,
            goodwill={"entry_trust": 0.0},
            touchpoints={"ad": ad},
            quarters=1,
        )
        log = next(logs(scenario, SEED, 1))
        requests = rows(log, Kind.REQUEST)
        touches = rows(log, Kind.TOUCH)
        of = match(touches, requests)
        before = (of >= 0) & (touches["time"] <= requests["time"][of])
        counts = np.bincount(of[before], minlength=len(requests))
        n = ceil(ln(1.0 - THRESHOLD) / ln(1.0 - strength))
        worst = float(np.abs(counts - n).max()) if len(counts) else np.inf
        found.append(
            Exact(
                "V15 touches to the threshold",
                f"g = {strength:g}, theta = {THRESHOLD:g}",
                "ceil(ln(1 - theta) / ln(1 - g))",
                str(n),
                "/".join(str(c) for c in sorted(set(counts.tolist()))),
                worst,
                0.0,
                len(counts),
            )
        )
    return tuple(found)


@pytest.mark.verification
def test_touches_to_the_threshold():
    for measured in measure():
        measured.check()
