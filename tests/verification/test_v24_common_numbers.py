"""V24: common random numbers: the log is a function of scenario and seed, and what nobody uses changes nothing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from verification.measured import Exact, Measured
from verification.worlds import bare, logs

from funnelsim.events import COLUMNS, Kind
from funnelsim.scenario import load
from funnelsim.scenario.schema import Scenario, Touchpoint

SEED = 24
SHORT = {
    "world.burn_in_quarters": 1,
    "horizon_quarters": 2,
    "world.customers.referral_rate": 0.0,
    "world.finance.commission": 0.0,
}
UNUSED: Mapping[str, Any] = {
    "world.customers.referral_trust": 0.9,
    "world.finance.gross_margin": 0.1,
    "world.finance.discount_rate": 0.5,
    "world.people.sdr.cost": 1.0,
    "world.people.sdr.attrition": 5.0,
    "world.title": "another title",
}
"""Without referrals and SDRs none of these has a say in what happens."""


def short() -> Scenario:
    return load("small").with_changes(SHORT)


def digest(scenario: Scenario) -> str:
    return hashlib.sha256(next(logs(scenario, SEED, 1)).tobytes()).hexdigest()


def elsewhere() -> str:
    """Digest of the same run in another process, with another order of hashes."""
    code = "from verification.test_v24_common_numbers import digest, short; print(digest(short()))"
    path = os.pathsep.join(p for p in sys.path if p)
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def apart(left: np.ndarray, right: np.ndarray, *but: str) -> int:
    """Rows that differ in any column but some (all, if the numbers of rows differ)."""
    if len(left) != len(right):
        return max(len(left), len(right))
    different = np.zeros(len(left), bool)
    for column in COLUMNS:
        if column.name not in but:
            a, b = left[column.name], right[column.name]
            different |= ~((a == b) | ((a != a) & (b != b)))
    return int(different.sum())


def quiet(accounts: int = 3_000, reps: float = 40.0, more: Mapping[str, Touchpoint] | None = None) -> Scenario:
    """A world in which nobody ever waits for a person: what happens to a buyer depends on that buyer alone."""
    touches = {
        "ad": Touchpoint(owner="marketing", strength=0.1, moments_per_week=7.0, base_intensity=0.5, capture=0.3),
        "meeting": Touchpoint(owner="sales", feeds="relationship", strength=0.2),
        **(more or {}),
    }
    return bare(
        segment={
            "accounts": accounts,
            "need_interval": 3.0,
            "need_window": 60.0,
            "fit_share": 1.0,
            "threshold_sd": 0.08,
        },
        buyers={"ask_probability": 0.5, "propensity_sd": 0.5},
        trust={"brand_half_life": 70.0, "fatigue": 0.1},
        goodwill={"entry_trust": 0.1},
        touchpoints=touches,
        response={"contact_probability": 0.4, "cooling_floor": 0.5},
        selling={
            "talk_hours": 0.4,
            "meeting_hours": 0.7,
            "meetings": ("meeting",),
            "checkpoints": ("meeting",),
            "interest": 0.0,
            "interest_slope": 6.0,
            "cycle_sigma": 0.8,
            "cycle_days": 45.0,
            "win": -5.0,
            # a lead counts itself in the load per rep, which the number of reps divides
            "load_weight": 0.0,
        },
        sales={"reps": reps},
        marketing={"hand_over": True},
        quarters=4,
    )


@cache
def measure() -> tuple[Measured, ...]:
    scenario = short()
    first = next(logs(scenario, SEED, 1))
    again = next(logs(scenario, SEED, 1))
    found: list[Measured] = []

    def same(name: str, setting: str, differing: int, compared: int) -> None:
        found.append(Exact(f"V24 {name}", setting, "no row differs", "0", str(differing), differing, 0.0, compared))

    same("same seed, same log", "small, three quarters", apart(first, again), len(first))
    here = hashlib.sha256(first.tobytes()).hexdigest()
    same("another process, another PYTHONHASHSEED", "small, three quarters", int(elsewhere() != here), len(first))
    for path, value in UNUSED.items():
        other = next(logs(scenario.with_changes({path: value}), SEED, 1))
        same(f"unused {path}", "small without referrals and SDRs", apart(first, other), len(first))
    base = next(logs(quiet(), SEED, 1))
    buyers = base[base["account"] >= 0]
    larger = next(logs(quiet(accounts=3_001), SEED, 1))
    others = larger[(larger["account"] >= 0) & (larger["account"] < 3_000)]
    assert (larger["account"] == 3_000).any()
    same("one account more", "nobody waits; rows of the others", apart(buyers, others, "person"), len(buyers))
    staffed = next(logs(quiet(reps=41.0), SEED, 1))
    same(
        "one rep more",
        "nobody waits; rows of buyers",
        apart(buyers, staffed[staffed["account"] >= 0], "person"),
        len(buyers),
    )
    unused = Touchpoint(owner="marketing", strength=0.3)
    catalogue = next(logs(quiet(more={"never": unused}), SEED, 1))
    same("an unused touchpoint", "at the end of the catalogue", apart(base, catalogue), len(base))
    waited = base[base["kind"] == Kind.TASK]["value"]
    found.append(
        Exact(
            "V24 (set-up) nobody waits",
            "tasks in the last three rows' world",
            "0",
            "0",
            str(int((waited > 0).sum())),
            float((waited > 0).sum()),
            0.0,
            len(waited),
        )
    )
    return tuple(found)


@pytest.mark.verification
def test_common_random_numbers():
    for measured in measure():
        measured.check()


@pytest.mark.verification
def test_another_seed_and_another_replication_are_other_runs():
    one, other = logs(short(), SEED, 2)
    assert apart(one, other) > 0
    assert apart(one, next(logs(short(), SEED + 1, 1))) > 0
