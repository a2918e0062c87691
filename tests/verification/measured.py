"""What was measured beside what theory says, and the tolerance rule.

Sampled: the 99.9 % t-interval of the mean over at least 20 replications contains the value and its relative half-width
is at most 5 % (where theory says 0: the half-width itself is at most 0.05). Exact: every one of many comparisons agrees
to the stated tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.999
HALF_WIDTH = 0.05
REPLICATIONS = 20


@dataclass(frozen=True)
class Sampled:
    """A mean over replications.

    Parameters
    ----------
    name, setting, formula : str
        What, where, and the law.
    theory : float
        The value.
    samples : sequence of float
        One per replication.
    controls : sequence of rows, optional
        Per replication, deviations of other measured quantities from their known means (control variates).
    """

    name: str
    setting: str
    formula: str
    theory: float
    samples: Sequence[float]
    controls: Sequence[Sequence[float]] = ()

    @property
    def replications(self) -> int:
        """Number of replications."""
        return len(self.samples)

    def interval(self) -> tuple[float, float]:
        """Mean and half-width of its 99.9 % interval."""
        y = np.asarray(self.samples, float)
        columns = (
            np.c_[np.ones(len(y)), np.asarray(self.controls, float)] if len(self.controls) else np.ones((len(y), 1))
        )
        solution = np.linalg.lstsq(columns, y, rcond=None)[0]
        free = len(y) - columns.shape[1]
        residual = y - columns @ solution
        error = np.sqrt(residual @ residual / free * np.linalg.inv(columns.T @ columns)[0, 0])
        return float(solution[0]), float(stats.t.ppf(0.5 + CONFIDENCE / 2.0, free) * error)

    def check(self) -> None:
        """Apply the tolerance rule."""
        mean, half = self.interval()
        scale = abs(self.theory) if self.theory else 1.0
        text = f"{self.name}: theory {self.theory:.6g}, measured {mean:.6g} +- {half:.2g}"
        assert self.replications >= REPLICATIONS, text
        assert half <= HALF_WIDTH * scale, f"{text}: the interval is too wide"
        assert abs(mean - self.theory) <= half, text


@dataclass(frozen=True)
class Exact:
    """Many comparisons that must all hold.

    Parameters
    ----------
    name, setting, formula : str
        What, where, and the law.
    theory : str
        The value, in words where it is not one number.
    measured : str
        What was found.
    worst : float
        Largest deviation.
    tolerance : float
        Largest deviation allowed.
    compared : int
        Number of comparisons; none is a failure.
    """

    name: str
    setting: str
    formula: str
    theory: str
    measured: str
    worst: float
    tolerance: float
    compared: int
    replications: int = 1

    def check(self) -> None:
        """Apply the rule."""
        assert self.compared > 0, f"{self.name}: nothing was compared"
        assert self.worst <= self.tolerance, (
            f"{self.name}: theory {self.theory}, measured {self.measured}; off by {self.worst:g}"
        )


Measured = Sampled | Exact
