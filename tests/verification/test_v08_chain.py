"""V8: fixed chances at every stage: an absorbing chain, B = N R and N tau.

A buyer meets us after 5 days on average (lead); marketing hands over those whose score passes, a quarter; the talk takes
10 days and finds that 35 % fit (SQL); the first meeting comes after 4 days, and 55 % go on (opportunity); the buyer
decides 64 days after the opportunity opened, 60 after the first meeting on average; 22 % decide for us. Trust stands
still, so every chance is fixed. Who goes no further at a stage is absorbed there.

The chain of ``science/verification.md`` also goes back, from SQL and opportunity to MQL. Nobody is handed over twice
here; the matrix has zeros in these places, and the formulas are the same.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import norm
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import FOREVER, START, bare, days, logs, match, rows

from funnelsim.events import Kind
from funnelsim.scenario.schema import Change, Touchpoint

SEED = 8
STEPS = (0.25, 0.35, 0.55, 0.22)
"""Lead to MQL, MQL to SQL, SQL to opportunity, opportunity to won."""
DWELL = (5.0, 10.0, 4.0, 60.0)
ACCOUNTS = 40_000
HOURS = 40.0
"""Of a talk, on average, at a sixth of the day: ten days."""
NAMES = ("lead", "MQL", "SQL", "opportunity")


def chain() -> tuple[np.ndarray, np.ndarray]:
    """Return P(win) and mean time to absorption from each state."""
    q = np.diag(STEPS[:3], k=1)
    n = np.linalg.inv(np.eye(4) - q)
    return n @ np.array([0.0, 0.0, 0.0, STEPS[3]]), n @ np.array(DWELL)


def world():
    """Return the world: everybody is in market from the start, and stays."""
    return bare(
        segment={
            "accounts": ACCOUNTS,
            "need_interval": 1000.0,
            "need_window": 0.999 * 365_000.0,
            "fit_share": STEPS[1],
        },
        touchpoints={
            "visit": Touchpoint(
                owner="marketing", strength=0.0, moments_per_week=7.0 / DWELL[0], base_intensity=50.0, capture=1.0
            ),
            "meeting": Touchpoint(owner="sales", feeds="relationship", strength=0.0),
        },
        selling={
            "talk_hours": HOURS,
            "meetings": ("meeting",),
            "checkpoints": ("meeting",),
            "first_meeting_days": DWELL[2],
            "stay": float(logit(STEPS[2])),
            "stay_slope": 0.0,
            "cycle_days": DWELL[2] + DWELL[3],
            "win": float(logit(STEPS[3])),
        },
        marketing={"hand_over": True, "score_noise": 1.0, "lead_bar": float(norm.ppf(1.0 - STEPS[0]))},
        sales={"reps": 990},
        quarters=8,
    )


def test_world_is_valid():
    pytest.importorskip("numba")
