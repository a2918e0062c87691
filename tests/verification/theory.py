"""Formulas with which the engine is compared; nothing of funnelsim is used here."""

from __future__ import annotations

import math

import numpy as np


def erlang_c(arrivals: float, service: float, servers: int) -> tuple[float, float]:
    """P_w and W_q of the M/M/c queue."""
    p_wait, wait, _ = erlang_a(arrivals, service, servers, 0.0)
    return p_wait, wait


def erlang_a(arrivals: float, service: float, servers: int, abandon: float) -> tuple[float, float, float]:
    """P_w, E[W] over all arrivals and P_ab of the M/M/c+M queue, from its birth-death equations (abandon 0: M/M/c)."""
    logs = [0.0]
    n = 0
    peak = 0.0
    while n < servers * 4 or logs[-1] > peak - 45.0:
        n += 1
        rate = min(n, servers) * service + max(n - servers, 0) * abandon
        logs.append(logs[-1] + math.log(arrivals / rate))
        peak = max(peak, logs[-1])
    weights = np.exp(np.array(logs) - peak)
    p = weights / weights.sum()
    queue = float(np.dot(np.maximum(np.arange(len(p)) - servers, 0), p))
    return float(p[servers:].sum()), queue / arrivals, abandon * queue / arrivals


def pipeline(arrivals: float, median: float, sigma: float, time: float) -> float:
    """Mean number of open deals `time` after an empty start: arrivals x integral of the survival (lognormal)."""
    steps = np.linspace(0.0, time, 20_001)
    survival = np.ones_like(steps)
    z = np.log(steps[1:] / median) / sigma
    survival[1:] = [0.5 * math.erfc(x / math.sqrt(2.0)) for x in z]
    return arrivals * float(0.5 * np.dot(survival[1:] + survival[:-1], np.diff(steps)))


def bounded_trust(rate: float, g: float, delta: float) -> tuple[float, float]:
    """Mean and variance of trust with jumps g (1 - T) at `rate` and decay `delta` (PASTA: also what touches meet)."""
    m1 = rate * g / (rate * g + delta)
    m2 = rate * (2.0 * g * (1.0 - g) * m1 + g * g) / (2.0 * delta + rate * (1.0 - (1.0 - g) ** 2))
    return m1, m2 - m1 * m1
