"""Queues as scenarios: time in units of the mean service.

Every need asks for sales at once and every account is found not to fit after the talk, so that a need is one customer
of the queue. Accounts that are in market when the run starts never ask (they would all come in the same instant); those
that come from day 1 on do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from verification.worlds import ASK_AT_ONCE, QUARTER_DAYS, bare, days, end_of, opening_day, rows, streams

from funnelsim.events import Kind
from funnelsim.scenario.schema import Scenario

WARM = 100.0
"""Units after the opening until measuring starts."""


@dataclass(frozen=True)
class Queue:
    """A scenario with its unit of time."""

    scenario: Scenario
    unit: float
    """Days."""
    begin: float
    """Day from which on is measured."""
    end: float

    @property
    def span(self) -> float:
        """Units measured."""
        return (self.end - self.begin) / self.unit

    def cut(self, log: np.ndarray, *kinds: Kind) -> np.ndarray:
        """Rows of these kinds within the time measured."""
        found = rows(log, *kinds)
        return found[days(found) >= self.begin]


def queue(
    arrivals: float,
    servers: int,
    units: float,
    *,
    quarters: int = 4,
    patience: float | None = None,
    accounts: int = 20_000,
    window: float = 2000.0,
    warm: float = WARM,
    selling: dict[str, Any] | None = None,
    **parts: Any,
) -> Queue:
    """Build a queue with mean service 1 unit and `units` of time from opening to horizon.

    Parameters
    ----------
    arrivals : float
        Per unit.
    servers : int
        Reps.
    units : float
        Length of the run.
    patience, window : float
        Means, units. The window is long: a need that closes while it waits would be lost.
    """
    unit = (quarters * QUARTER_DAYS - 1.0) / units
    scenario = bare(
        segment={**streams(accounts, arrivals / unit, window * unit), "fit_share": 0.0},
        buyers={**ASK_AT_ONCE, "ask_probability": 0.0},
        response={} if patience is None else {"request_patience": patience * unit},
        selling={"talk_hours": 24.0 * unit, **(selling or {})},
        sales={"reps": servers},
        timeline=opening_day(),
        quarters=quarters,
        **parts,
    )
    return Queue(scenario, unit, 1.0 + warm * unit, float(end_of(scenario)))
