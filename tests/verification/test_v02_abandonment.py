"""V2: buyers' patience is exponential: M/M/c+M."""

from __future__ import annotations

from functools import cache

import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.queues import queue
from verification.theory import erlang_a
from verification.worlds import logs

from funnelsim.events import Kind

SEED = 2
SETTINGS = ((10.0, 10, 0.5, 700.0), (12.0, 10, 0.5, 400.0), (20.0, 10, 0.25, 230.0))
"""Arrivals per unit, reps, rate at which leads go cold, units."""
WINDOW = 100.0
"""Units until a need is over, on average: a lead goes cold when patience or the need ends, at the sum of both rates."""


@cache
def measure() -> tuple[Measured, ...]:
    found: list[Measured] = []
    for arrivals, servers, cold, units in SETTINGS:
        q = queue(arrivals, servers, units, quarters=2, patience=1.0 / (cold - 1.0 / WINDOW), window=WINDOW, warm=40.0)
        p_wait, p_cold, wait, controls = [], [], [], []
        for log in logs(q.scenario, SEED, REPLICATIONS):
            talk, gone = q.cut(log, Kind.TASK), q.cut(log, Kind.RENEGED)
            cases = len(talk) + len(gone)
            p_wait.append(((talk["value"] > 0.0).sum() + len(gone)) / cases)
            p_cold.append(len(gone) / cases)
            wait.append((talk["value"].sum() + gone["value"].sum()) / cases / q.unit)
            controls.append(
                (len(q.cut(log, Kind.REQUEST)) / q.span - arrivals, talk["hours"].mean() / 24.0 / q.unit - 1.0)
            )
        w, mean, cold_share = erlang_a(arrivals, 1.0, servers, cold)
        setting = f"(lambda, mu, c, theta) = ({arrivals:g}, 1, {servers}, {cold:g}); controls: arrivals, mean talk"
        found.append(Sampled("V2 share gone cold", setting, "theta E[L_q] / lambda", cold_share, p_cold, controls))
        if w < 0.999:  # else everybody waits in every replication
            found.append(Sampled("V2 share of leads that wait", setting, "birth-death", w, p_wait, controls))
        found.append(Sampled("V2 mean wait of all leads", setting, "P_ab / theta", mean, wait, controls))
    return tuple(found)


@pytest.mark.verification
@pytest.mark.slow
def test_impatient_leads_make_an_erlang_a_queue():
    for measured in measure():
        measured.check()
