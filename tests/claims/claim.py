"""What a claim of the project needs in order to be shown: a lever, a setting, a measure, an effect stated beforehand.

Each room of the model declares its claims in ``tests/claims/test_<room>.py`` as ``CLAIMS`` and tests each in a function
named after it. ``python -m tests.claims.report`` measures the same declarations and writes
``docs/reference/claims.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from funnelsim.engines.choice import choose_engine
from funnelsim.experiments.intervals import LEVEL, mean_interval
from funnelsim.experiments.single import BurnIns, run_once
from funnelsim.run import Run
from funnelsim.scenario.files import load
from funnelsim.scenario.lowered import Lowered
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Scenario

Changes = Mapping[str, Any]
SEED = 2026
"""None that a minimum was chosen with: settings and minima were tried out with seed 1."""


@dataclass(frozen=True)
class Effect:
    """A paired difference: mean and t-interval over replications."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Claim:
    """One claim and how it is measured.

    Attributes
    ----------
    key
        ``"C17"``; a letter follows where a claim has several parts (``"C17b"``).
    says
        The claim in one line, as somebody would say it.
    lever
        Dotted path (or paths) that a user moves.
    notebook
        File name below ``notebooks/`` that exhibits it.
    scenario
        Name of a shipped scenario, or a function that makes one.
    setting
        Changes common to both arms (the circumstances of the claim).
    lower, upper
        Changes of the two arms; the effect is upper minus lower, replication by replication, with the same randomness.
    off
        Changes that switch the mechanism off in both arms; the effect then has to vanish (or to go the other way).
        Empty: the lever itself is the switch, `lower` is the world without the mechanism, and there is nothing to
        vanish.
    reading
        Name of a key figure, or a function of a `Run`.
    unit
        Unit of the reading.
    minimum
        Effect stated beforehand, with its sign: the interval must lie beyond it.
    replications
        Paired replications.
    opposite, opposite_minimum
        Circumstances in which the evidence says that it goes the other way, on top of `setting`, and how far (with
        sign).
    small
        Without the mechanism what is left of the effect, in its direction, must be below this share of `minimum`.
    """

    key: str
    says: str
    lever: str
    notebook: str
    scenario: str | Callable[[], Scenario]
    lower: Changes
    upper: Changes
    reading: str | Callable[[Run], float]
    unit: str
    minimum: float
    off: Changes = field(default_factory=dict)
    setting: Changes = field(default_factory=dict)
    replications: int = 20
    opposite: Changes | None = None
    opposite_minimum: float = 0.0
    small: float = 0.5

    def base(self) -> Scenario:
        """Scenario with the setting of the claim."""
        found = load(self.scenario) if isinstance(self.scenario, str) else self.scenario()
        return found.with_changes(self.setting) if self.setting else found

    def measure(self, extra: Changes | None = None) -> Effect:
        """Measure upper minus lower, with `extra` changes in both arms."""
        base = self.base()
        if extra:
            base = base.with_changes(extra)
        arms = [base.with_changes(changes) if changes else base for changes in (self.lower, self.upper)]
        lowered = [lower(arm) for arm in arms]
        burn_ins = BurnIns(SEED)
        values = np.array([self._pair(arms, lowered, i, burn_ins) for i in range(self.replications)])
        mean, low, high, _, n = mean_interval(values[:, 1] - values[:, 0], LEVEL)
        return Effect(mean, low, high, n)

    def _pair(self, arms: list[Scenario], lowered: list[Lowered], replication: int, burn_ins: BurnIns) -> list[float]:
        """Read both arms of a replication; they share their burn-in where it is the same."""
        engine = choose_engine("auto", 1e9)
        found = []
        for arm, flat in zip(arms, lowered, strict=True):
            burn_in = burn_ins.of(arm, flat, replication) if engine == "compiled" else None
            found.append(self._read(run_once(arm, flat, SEED, replication, engine, burn_in=burn_in)))
        return found

    def _read(self, run: Run) -> float:
        if callable(self.reading):
            return float(self.reading(run))
        return float(run.kpis()[self.reading])

    def holds(self) -> None:
        """Assert that the effect is there, beyond its minimum; that it vanishes when off; and its opposite, if any."""
        found = self.measure()
        assert beyond(found, self.minimum), f"{self.key}: {found} is not clearly beyond {self.minimum} {self.unit}"
        if self.off:
            without = self.measure(self.off)
            left = without.mean if self.minimum > 0.0 else -without.mean
            assert left <= self.small * abs(self.minimum), f"{self.key} when off: {without}"
        if self.opposite is not None:
            other = self.measure(self.opposite)
            assert beyond(other, self.opposite_minimum), f"{self.key}, opposite: {other}, {self.opposite_minimum}"


def beyond(effect: Effect, minimum: float) -> bool:
    """Whether the whole interval lies beyond `minimum`, on the side of its sign."""
    return effect.low > minimum if minimum > 0.0 else effect.high < minimum
