"""V5: reps without limit: open opportunities are an M/G/infinity queue, Poisson whatever the buying cycle's law."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.theory import pipeline
from verification.worlds import ASK_AT_ONCE, bare, days, logs, match, opening_day, rows, streams

from funnelsim.events import Kind

SEED = 5
SIGMA = 0.8
MEAN_CYCLE = 60.0
MEDIAN = MEAN_CYCLE * float(np.exp(-0.5 * SIGMA * SIGMA))
ACCOUNTS = 100_000
BLOCKS = 60
ENDS = (Kind.WON, Kind.LOST, Kind.NO_DECISION)


def intervals(log: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Account, begin and end of each opportunity in days (end: infinity if open)."""
    opened, ended = rows(log, Kind.OPPORTUNITY), rows(log, *ENDS)
    place = match(opened, ended)
    end = np.where(place >= 0, days(ended)[place] if len(ended) else np.inf, np.inf)
    return opened["account"], days(opened), end


def world(per_day: float, quarters: int):
    return bare(
        # a cycle takes as long as a window on average, so that an account is away for as long on either way
        segment=streams(ACCOUNTS, per_day, MEAN_CYCLE),
        buyers={**ASK_AT_ONCE, "ask_probability": 0.0},
        selling={"cycle_days": MEDIAN, "cycle_sigma": SIGMA},
        sales={"reps": 50},
        timeline=opening_day(),
        quarters=quarters,
    )


@cache
def measure() -> tuple[Measured, ...]:
    per_day = 2.0
    mean, dispersion = [], []
    for log in logs(world(per_day, 40), SEED, REPLICATIONS):
        account, begin, end = intervals(log)
        block = account * BLOCKS // ACCOUNTS
        counts = []
        for time in np.arange(600.0, 3600.0, 120.0):
            is_open = (begin <= time) & (end > time)
            counts.append(np.bincount(block[is_open], minlength=BLOCKS))
        table = np.array(counts, float)
        mean.append(table.sum(axis=1).mean())
        dispersion.append(table.var(ddof=1) / table.mean())
    found: list[Measured] = [
        Sampled(
            "V5 open opportunities",
            "2 per day, lognormal cycles of mean 60 d",
            "lambda E[S]",
            per_day * MEAN_CYCLE,
            mean,
        ),
        Sampled(
            "V5 variance / mean of open opportunities",
            f"the same, in {BLOCKS} blocks of accounts",
            "1 (Poisson)",
            1.0,
            dispersion,
        ),
    ]
    per_day = 40.0
    times = (15.0, 30.0, 60.0)
    counts_at: list[list[float]] = [[] for _ in times]
    for log in logs(world(per_day, 1), SEED, REPLICATIONS):
        _, begin, end = intervals(log)
        for samples, time in zip(counts_at, times, strict=True):
            samples.append(float(((begin <= 1.0 + time) & (end > 1.0 + time)).sum()))
    for samples, time in zip(counts_at, times, strict=True):
        theory = pipeline(per_day, MEDIAN, SIGMA, time)
        setting = f"40 per day, {time:g} d after an empty start"
        found.append(
            Sampled("V5 open opportunities in the transient", setting, "lambda int_0^t (1 - G)", theory, samples)
        )
    return tuple(found)


@pytest.mark.verification
def test_the_pipeline_is_poisson():
    for measured in measure():
        measured.check()
