"""`funnel-ref` as a good SimPy user would write it the first time."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from benchmarks.funnel_ref import HORIZON, Kind, Log, reps

Row = tuple[float, int, int, int, float]


def buyer(
    env: simpy.Environment, number: int, team: simpy.Resource, rng: np.random.Generator, log: list[Row]
) -> Generator[simpy.Event, Any, None]:
    """One buyer from arrival to the end."""
    log.append((env.now, number, Kind.ARRIVE, -1, 0.0))
    leave = env.now + 90.0
    trust = 0.0
    while trust < 3.0:
        gap = rng.exponential(5.0)
        if env.now + gap > leave:
            yield env.timeout(leave - env.now)
            log.append((env.now, number, Kind.COLD, -1, trust))
            return
        yield env.timeout(gap)
        trust = trust * math.exp2(-gap / 30.0) + rng.exponential(1.0)
        log.append((env.now, number, Kind.TOUCH, -1, trust))
    log.append((env.now, number, Kind.LEAD, -1, trust))

    meetings = 0
    while True:
        queued = env.now
        with team.request() as request:
            result = yield request | env.timeout(rng.exponential(10.0))
            if request not in result:
                log.append((env.now, number, Kind.ABANDON, -1, env.now - queued))
                return
            log.append((env.now, number, Kind.MSTART, -1, env.now - queued))
            duration = rng.exponential(0.05)
            yield env.timeout(duration)
            log.append((env.now, number, Kind.MEND, -1, duration))
        meetings += 1
        yield env.timeout(rng.exponential(5.0))
        if rng.random() < 1.0 / (1.0 + math.exp(-(-2.0 + 0.8 * meetings))):
            break
        if rng.random() < 0.15:
            log.append((env.now, number, Kind.DROP, -1, 0.0))
            return
        if meetings >= 8:
            log.append((env.now, number, Kind.EXHAUST, -1, 0.0))
            return
        log.append((env.now, number, Kind.REQUEUE, -1, 0.0))

    log.append((env.now, number, Kind.BUY, -1, rng.exponential(100.0)))
    while True:
        yield env.timeout(rng.exponential(90.0))
        log.append((env.now, number, Kind.REBUY, -1, rng.exponential(100.0)))
        if rng.random() < 0.3:
            log.append((env.now, number, Kind.CHURN, -1, 0.0))
            return


def source(
    env: simpy.Environment, buyers: int, team: simpy.Resource, rng: np.random.Generator, log: list[Row]
) -> Generator[simpy.Event, Any, None]:
    """Let buyers arrive."""
    number = 0
    while True:
        yield env.timeout(rng.exponential(HORIZON / buyers))
        env.process(buyer(env, number, team, rng, log))
        number += 1


def run(buyers: int, seed: int) -> list[Row]:
    """Run one replication and return its log."""
    env = simpy.Environment()
    rng = np.random.default_rng(seed)
    log: list[Row] = []
    team = simpy.Resource(env, capacity=reps(buyers))
    env.process(source(env, buyers, team, rng, log))
    env.run(until=HORIZON)
    return log


def columns(log: list[Row]) -> Log:
    """Turn the log into columns (not part of what is timed)."""
    return Log(
        time=np.array([row[0] for row in log]),
        kind=np.array([row[2] for row in log], dtype=np.int64),
        value=np.array([row[4] for row in log]),
    )
