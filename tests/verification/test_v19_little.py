"""V19: Little's law: exact on a closed sample path, and L = lambda W over a long run."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import Exact, Measured
from verification.spans import Span, of_cases, of_customers, of_needs, of_opportunities
from verification.test_v04_series import WINDOW, world
from verification.worlds import end_of, logs

from funnelsim.events import DAY
from funnelsim.scenario import load

SEED = 19


def level_area(span: Span, end: int) -> int:
    """Time integral of the number inside, from the steps up and down alone."""
    times = np.concatenate([span.begin, span.end[span.over]])
    steps = np.concatenate([np.ones(len(span.begin), np.int64), -np.ones(int(span.over.sum()), np.int64)])
    order = np.lexsort((-steps, times))
    level = np.cumsum(steps[order])
    assert (level >= 0).all()
    held = np.diff(np.append(times[order], end))
    return int(np.dot(level, held))


def closed() -> list[Measured]:
    """The shipped small market, each stage closed at the end of the run."""
    scenario = load("small")
    log = next(logs(scenario, SEED, 1))
    end = end_of(scenario) * DAY
    found: list[Measured] = []
    for name, spans in (
        ("needs", of_needs(log)),
        ("waiting cases", of_cases(log)),
        ("opportunities", of_opportunities(log)),
        ("customers", of_customers(log)),
    ):
        time_inside = int(np.sum(np.where(spans.over, spans.end, end) - spans.begin))
        area = level_area(spans, end)
        found.append(
            Exact(
                f"V19 Little's law, {name}",
                f"small, closed sample path, {len(spans.begin)} of them",
                "integral of L = sum of W",
                f"{time_inside / DAY:.6f} d",
                f"{area / DAY:.6f} d",
                float(abs(area - time_inside)),
                0.0,
                len(spans.begin),
            )
        )
    return found


def long_run() -> list[Measured]:
    """Two stages in series: the number inside against the arrival rate times the mean time inside."""
    scenario, unit = world()
    log = next(logs(scenario, SEED, 1))
    end = end_of(scenario)
    begin = int((1.0 + 5.0 * WINDOW * unit) * DAY)
    found: list[Measured] = []
    for name, spans, late in (
        ("needs", of_needs(log), 2.0 * WINDOW * unit),
        ("waiting cases", of_cases(log), 50.0 * unit),
        ("opportunities", of_opportunities(log), 2.0 * WINDOW * unit),
    ):
        until = int((end - late) * DAY)  # who comes before has gone before the end
        last = np.where(spans.over, spans.end, end * DAY)
        inside = np.minimum(last, until) - np.maximum(spans.begin, begin)
        level = float(np.sum(inside[inside > 0])) / (until - begin)
        cohort = (spans.begin >= begin) & (spans.begin < until)
        rate = float(cohort.sum()) / (until - begin)
        stay = float((last - spans.begin)[cohort].mean())
        off = abs(level - rate * stay) / level
        found.append(
            Exact(
                f"V19 L against lambda W, {name}",
                f"V4's world, {(until - begin) / DAY:.0f} d",
                "L = lambda W",
                f"{rate * stay:.5g}",
                f"{level:.5g}",
                off,
                0.01,
                int(cohort.sum()),
            )
        )
    return found


@cache
def measure() -> tuple[Measured, ...]:
    return (*closed(), *long_run())


@pytest.mark.verification
def test_littles_law_holds_at_every_stage():
    for measured in measure():
        measured.check()
