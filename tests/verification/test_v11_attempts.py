"""V11: attempts until a lead is reached."""

from __future__ import annotations

from functools import cache

import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import ASK_AT_ONCE, bare, days, end_of, logs, rows, streams

from funnelsim.events import Kind

SEED = 11
P = 0.358
ATTEMPTS = 6


@cache
def measure() -> tuple[Measured, ...]:
    scenario = bare(
        segment={**streams(10_000, 10.0, 100.0), "fit_share": 0.0},
        buyers=ASK_AT_ONCE,
        response={"contact_probability": P, "retry_days": 0.01},
        sales={"reps": 50.0, "max_attempts": ATTEMPTS},
        quarters=1,
    )
    latest = end_of(scenario) - 5.0
    shares: list[list[float]] = [[] for _ in range(ATTEMPTS)]
    for log in logs(scenario, SEED, REPLICATIONS):
        asked = rows(log, Kind.REQUEST)
        cases = (days(asked) < latest).sum()
        reached = rows(log, Kind.CONTACT)
        reached = reached[days(reached) < latest]
        for n, samples in enumerate(shares, 1):
            samples.append((reached["value"] <= n).sum() / cases)
    return tuple(
        Sampled(
            f"V11 reached by attempt {n}",
            f"p = {P}, at most {ATTEMPTS} attempts",
            "1 - (1 - p)^n",
            1.0 - (1.0 - P) ** n,
            samples,
        )
        for n, samples in enumerate(shares, 1)
    )


@pytest.mark.verification
def test_attempts_until_contact_are_geometric():
    for measured in measure():
        measured.check()
