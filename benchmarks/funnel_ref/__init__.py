"""`funnel-ref`: one small funnel, written for several engines, so that their speed can be compared honestly.

Horizon 365 days, cut there, empty at the start; Exp(m) is exponential with mean m days.

1. **ARRIVE**: ``n`` buyers expected, inter-arrival Exp(365/n). Trust 0.
2. **Nurture**: next touch after Exp(5). Later than arrival + 90: the buyer leaves at arrival + 90 (**COLD**). Else
   trust decays with a half-life of 30 days and grows by Exp(1) (**TOUCH**); trust of at least 3:
   **LEAD**, queues at once.
3. **Queue**: first come first served, ``max(1, round(n/3150))`` identical reps; patience Exp(10), then **ABANDON**.
4. **Meeting**: **MSTART**, Exp(0.05), **MEND**, then a gap Exp(5).
5. **Decision** after m meetings: with probability logistic(-2 + 0.8 m) **BUY**, revenue Exp(100); else with probability
   0.15 **DROP**; else m = 8 **EXHAUST**; else **REQUEUE**.
6. **Customer**: every Exp(90) **REBUY**, revenue Exp(100); then with probability 0.3 **CHURN**.

One event of the model is one row of the log: time, buyer, kind, owner, value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

HORIZON = 365.0
"""Days."""


class Kind(IntEnum):
    """Kinds of events of the model."""

    ARRIVE = 0
    TOUCH = 1
    COLD = 2
    LEAD = 3
    ABANDON = 4
    MSTART = 5
    MEND = 6
    BUY = 7
    DROP = 8
    EXHAUST = 9
    REQUEUE = 10
    REBUY = 11
    CHURN = 12


def reps(buyers: int) -> int:
    """Number of reps for an expected number of buyers."""
    return max(1, round(buyers / 3150))


@dataclass(frozen=True)
class Log:
    """A log as columns; times in days."""

    time: np.ndarray
    kind: np.ndarray
    value: np.ndarray

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Outcome:
    """What one replication is checked by."""

    events: float
    touches: float
    leads: float
    abandons: float
    meetings: float
    customers: float
    repurchases: float
    revenue: float
    mean_wait: float
    utilisation: float


REFERENCE: dict[int, dict[str, tuple[float, float]]] = {
    1_000: {
        "events": (13_360, 455),
        "touches": (4_348, 158),
        "leads": (934.8, 31),
        "abandons": (3.78, 1.95),
        "meetings": (1_955, 72),
        "customers": (721.4, 27),
        "repurchases": (949, 48),
        "revenue": (167_090, 8_180),
        "mean_wait": (0.01924, 0.0022),
        "utilisation": (0.2679, 0.012),
    },
    10_000: {
        "events": (131_970, 1_240),
        "touches": (43_480, 482),
        "leads": (9_347, 96),
        "abandons": (303, 44.5),
        "meetings": (19_041, 174),
        "customers": (6_984, 68),
        "repurchases": (9_209, 132),
        "revenue": (1_619_600, 22_300),
        "mean_wait": (0.1568, 0.0216),
        "utilisation": (0.8693, 0.0092),
    },
}
"""Mean and standard deviation of one replication, over thousands of replications of independent programs."""


def outcome(log: Log, buyers: int) -> Outcome:
    """Count a log.

    MSTART rows hold the wait and MEND rows the meeting's length, both in days; BUY and REBUY rows hold the revenue.
    Utilisation counts a meeting that is cut by the horizon up to there.
    """
    count = np.bincount(log.kind, minlength=len(Kind))
    start, end = log.kind == Kind.MSTART, log.kind == Kind.MEND
    bought = (log.kind == Kind.BUY) | (log.kind == Kind.REBUY)
    # busy time = sum of ends - sum of starts, with the open meetings ending at the horizon
    open_meetings = int(count[Kind.MSTART] - count[Kind.MEND])
    busy = float(log.time[end].sum() - log.time[start].sum()) + open_meetings * HORIZON
    return Outcome(
        events=len(log),
        touches=int(count[Kind.TOUCH]),
        leads=int(count[Kind.LEAD]),
        abandons=int(count[Kind.ABANDON]),
        meetings=int(count[Kind.MSTART]),
        customers=int(count[Kind.BUY]),
        repurchases=int(count[Kind.REBUY]),
        revenue=float(log.value[bought].sum()),
        mean_wait=float(log.value[start].mean()) if start.any() else 0.0,
        utilisation=busy / (reps(buyers) * HORIZON),
    )
