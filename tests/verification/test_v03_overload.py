"""V3: overload. Throughput is what reps can do, the rest leaks. (Patience to infinity is V1.)"""

from __future__ import annotations

from functools import cache

import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.queues import queue
from verification.worlds import logs

from funnelsim.events import Kind

SEED = 3


@cache
def measure() -> tuple[Measured, ...]:
    arrivals, servers = 10.0, 3
    # a lead goes cold when patience or the need ends: at rate 1 / 25 + 1 / 100 = 1 / 20
    q = queue(arrivals, servers, 500.0, quarters=2, patience=25.0, window=100.0, warm=150.0)
    done, lost = [], []
    for log in logs(q.scenario, SEED, REPLICATIONS):
        talk, gone = len(q.cut(log, Kind.TASK)), len(q.cut(log, Kind.RENEGED))
        done.append(talk / q.span)
        lost.append(gone / (talk + gone))
    setting = "(lambda, mu, c) = (10, 1, 3), patience 20: rho = 3.33"
    return (
        Sampled("V3 throughput", setting, "c mu", float(servers), done),
        Sampled("V3 leakage", setting, "1 - 1 / rho", 1.0 - servers / arrivals, lost),
    )


@pytest.mark.verification
def test_overloaded_sales_work_at_capacity_and_leak_the_rest():
    for measured in measure():
        measured.check()
