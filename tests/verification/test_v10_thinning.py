"""V10: each kind of touch accepts a share of its moments of attention: independent thinned Poisson streams."""

from __future__ import annotations

from functools import cache
from math import exp

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import bare, days, end_of, logs, match, rows, streams

from funnelsim.events import Kind
from funnelsim.scenario.schema import Touchpoint

SEED = 10
PERIOD = 20.0
"""Days from the beginning of a need in which touches are counted (needs that stay open so long)."""
KINDS = {"often": (7.0, 0.2), "seldom": (1.4, 1.5)}
"""Moments per week, intensity."""


@cache
def measure() -> tuple[Measured, ...]:
    touchpoints = {
        name: Touchpoint(owner="marketing", strength=0.0, moments_per_week=moments, base_intensity=intensity)
        for name, (moments, intensity) in KINDS.items()
    }
    scenario = bare(segment=streams(3_000, 12.0, 60.0), touchpoints=touchpoints, quarters=1)
    codes = {name: list(scenario.world.touchpoints).index(name) for name in KINDS}
    latest = end_of(scenario) - PERIOD
    means: dict[str, list[float]] = {name: [] for name in KINDS}
    dispersions: dict[str, list[float]] = {name: [] for name in KINDS}
    correlation = []
    for log in logs(scenario, SEED, REPLICATIONS):
        needs, closed = rows(log, Kind.NEED), rows(log, Kind.WINDOW_CLOSED)
        end = match(needs, closed)
        length = np.where(end >= 0, days(closed)[end], np.inf) - days(needs)
        needs = needs[(days(needs) < latest) & (length >= PERIOD)]
        counts = {}
        for name in KINDS:
            touches = rows(log, Kind.TOUCH)
            touches = touches[touches["touchpoint"] == codes[name]]
            of = match(touches, needs)
            early = (of >= 0) & (days(touches) - days(needs)[of] <= PERIOD)
            n = np.bincount(of[early], minlength=len(needs)).astype(float)
            means[name].append(n.mean())
            dispersions[name].append(n.var(ddof=1) / n.mean())
            counts[name] = n
        correlation.append(np.corrcoef(*counts.values())[0, 1])
    found: list[Measured] = []
    for name, (moments, intensity) in KINDS.items():
        p = 1.0 - exp(-intensity)
        setting = f"{moments:g} moments per week, intensity {intensity:g}: p = {p:.4f}; {PERIOD:g} d"
        found.append(Sampled("V10 touches per need", setting, "p lambda t", p * moments / 7.0 * PERIOD, means[name]))
        found.append(Sampled("V10 variance / mean of touches", setting, "1 (Poisson)", 1.0, dispersions[name]))
    found.append(
        Sampled("V10 correlation of two kinds", "both kinds on the same needs", "0 (independent)", 0.0, correlation)
    )
    return tuple(found)


@pytest.mark.verification
def test_touches_are_independent_thinned_poisson_streams():
    for measured in measure():
        measured.check()
