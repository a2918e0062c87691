"""Worlds of touches and trust, and trust read from the log."""

from __future__ import annotations

from math import log as ln
from typing import Any

import numpy as np
from verification.worlds import bare, days, end_of, logs, match, rows

from funnelsim.events import Kind
from funnelsim.scenario.schema import Scenario, Touchpoint

RATE = 1.0 / 7.0
"""Touches per day."""
STRENGTH = 0.12
HALF_LIFE = 60.0
DELTA = ln(2.0) / HALF_LIFE
SETTING = "lambda = 1/7 d, g = 0.12, half-life 60 d"


def touch_world(saturation: float, accounts: int, years: int, **segment: Any) -> Scenario:
    """One kind of touch, once a week, on needs that stay open for ten years on average."""
    ad = Touchpoint(owner="marketing", strength=STRENGTH, moments_per_week=1.0, base_intensity=50.0)
    return bare(
        segment={"accounts": accounts, "need_interval": 11.0, "need_window": 3650.0, **segment},
        trust={"brand_half_life": HALF_LIFE, "saturation": saturation},
        goodwill={"entry_trust": 0.0},
        touchpoints={"ad": ad},
        quarters=4 * years,
    )


def moments(saturation: float, seed: int, replications: int) -> tuple[list[float], list[float], list[float]]:
    """Mean, variance and autocorrelation (at one half-life) of brand trust at fixed times of old needs, each run."""
    scenario = touch_world(saturation, 16, 20)
    grid = np.arange(30.0, end_of(scenario), 30.0)
    means, variances, correlations = [], [], []
    for log in logs(scenario, seed, replications):
        needs, closed, touches = rows(log, Kind.NEED), rows(log, Kind.WINDOW_CLOSED), rows(log, Kind.TOUCH)
        end = match(needs, closed)
        ends = np.where(end >= 0, days(closed)[end] if len(closed) else np.inf, np.inf)
        of = match(touches, needs)
        series = []
        for number, (begin, close) in enumerate(zip(days(needs), ends, strict=True)):
            mine = touches[of == number]
            times = grid[(grid >= begin + 800.0) & (grid < close)]  # by then the start has decayed to a ten-thousandth
            if len(times) < 3:
                continue
            last = np.searchsorted(days(mine), times, side="right") - 1
            series.append(mine["brand"][last] * np.exp(-DELTA * (times - days(mine)[last])))
        together = np.concatenate(series)
        mean, variance = together.mean(), together.var()
        products = np.concatenate([(x[2:] - mean) * (x[:-2] - mean) for x in series])
        means.append(mean)
        variances.append(variance)
        correlations.append(products.mean() / variance)
    return means, variances, correlations
