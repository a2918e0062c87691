"""V1: Poisson leads, exponential talks, nobody gives up: the first-response queue is M/M/c."""

from __future__ import annotations

from functools import cache

import pytest
from verification.measured import Measured, Sampled
from verification.queues import queue
from verification.theory import erlang_c
from verification.worlds import logs

from funnelsim.events import Kind

SEED = 1
REPLICATIONS = 40
SETTINGS = ((4.0, 5, 5000.0, 4), (1.0, 2, 4000.0, 4))
"""Arrivals per unit, reps, units, quarters."""


@cache
def measure() -> tuple[Measured, ...]:
    found: list[Measured] = []
    for arrivals, servers, units, quarters in SETTINGS:
        q = queue(arrivals, servers, units, quarters=quarters, accounts=int(10_000 * arrivals))
        p_wait, wait, controls = [], [], []
        for log in logs(q.scenario, SEED, REPLICATIONS):
            talk = q.cut(log, Kind.TASK)
            p_wait.append((talk["value"] > 0.0).mean())
            wait.append(talk["value"].mean() / q.unit)
            hours = talk["hours"] / 24.0 / q.unit
            controls.append((len(talk) / q.span - arrivals, hours.mean() - 1.0, (hours * hours).mean() - 2.0))
        c, w = erlang_c(arrivals, 1.0, servers)
        setting = f"(lambda, mu, c) = ({arrivals:g}, 1, {servers}); controls: arrivals, talk, talk squared"
        found.append(Sampled("V1 share of leads that wait", setting, "C(c, a)", c, p_wait, controls))
        found.append(Sampled("V1 mean wait", setting, "C(c, a) / (c mu - lambda)", w, wait, controls))
    return tuple(found)


@pytest.mark.verification
@pytest.mark.slow
def test_first_response_is_an_mmc_queue():
    for measured in measure():
        measured.check()
