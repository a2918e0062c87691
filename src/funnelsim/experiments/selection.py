"""Ranking and selection: which plans may be best, with as few runs as the question needs.

Three procedures, all on common random numbers:

* **Race**, the default: paired t intervals of all differences at a few looks, spaced so that replications grow by half;
  they hold together over all looks and pairs (Bonferroni). Out goes who is shown to be worse than somebody; tied is
  who is shown to be within the indifference zone. It drops plans that are far behind early, whatever the zone.
* **KN** (Kim & Nelson 2001), fully sequential, built around the indifference zone. `Screening` can be asked for one
  plan (the original) or for the set of plans tied for best.
* **OCBA** (Chen et al. 2000): a fixed budget of runs, given to those plans whose order is still in doubt.

KN for a set: its boundary tests whether a difference of means is at most -d or at least d. We apply it, with d half the
zone, to the difference *less half the zone*.

The promises of the first two, each with the stated confidence for normal numbers: the truly best plan is in the set; no
plan that is worse than the best by the zone or more is in the set, once everything is decided. In between either is
right: nobody needs to care.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.intervals import LEVEL, t_quantile

FIRST = 10
"""Replications of the first stage."""
LOOK = 1.1
"""KN: replications grow by this factor from look to look (and by one at least)."""
RACE_LOOK = 1.5
"""The same for a race."""


def kn_constants(plans: int, first: int = FIRST, level: float = LEVEL) -> tuple[float, float]:
    """Return eta and h² of the KN procedure, with c = 1.

    Parameters
    ----------
    plans
        Number of plans k, >= 2.
    first
        Replications of the first stage n0, >= 2.
    level
        Probability of a correct selection 1 - alpha, between 1/k and 1.

    Notes
    -----
    eta = ((2 alpha / (k - 1))^(-2 / (n0 - 1)) - 1) / 2 and h² = 2 eta (n0 - 1), Kim & Nelson (2001).
    """
    if plans < 2 or first < 2:
        raise FunnelsimError(f"selection needs two plans and two replications; got {plans} and {first}")
    if not 1.0 / plans < level < 1.0:
        raise FunnelsimError(f"level is {level}; expected between {1.0 / plans:.3g} and 1")
    eta = 0.5 * ((2.0 * (1.0 - level) / (plans - 1)) ** (-2.0 / (first - 1)) - 1.0)
    return eta, 2.0 * eta * (first - 1)


@dataclass
class Screening:
    """A sequential elimination under way.

    Parameters
    ----------
    first
        Numbers of the first stage, one row per plan, larger is better; the columns are the same replications for all.
    zone
        Indifference zone: the smallest difference that matters, > 0.
    level
        Probability that the promise holds.
    one
        Ask for one plan (Kim & Nelson's procedure) instead of the set of plans that may be best.

    Attributes
    ----------
    alive
        Places of the plans that are still in.
    dropped
        Place of a plan that is out: (the plan that beat it, replications at that look).
    done
        Whether nothing is left to decide.
    """

    first: np.ndarray
    zone: float
    level: float = LEVEL
    one: bool = False
    alive: list[int] = field(default_factory=list)
    dropped: dict[int, tuple[int, int]] = field(default_factory=dict)
    done: bool = False

    def __post_init__(self) -> None:
        """Estimate the variances of all differences from the first stage."""
        numbers = np.asarray(self.first, dtype=float)
        plans, n = numbers.shape
        if not self.zone > 0.0:
            raise FunnelsimError(f"the indifference zone is {self.zone:g}; expected a positive number")
        self.alive = list(range(plans))
        self._h2 = kn_constants(plans, n, self.level)[1] if plans > 1 else 0.0
        gaps = numbers[:, None, :] - numbers[None, :, :]
        self._spread = gaps.var(axis=2, ddof=1)
        self._shift = 0.0 if self.one else self.zone / 2.0
        self._test = self.zone if self.one else self.zone / 2.0
        self._closed = np.eye(plans, dtype=bool)
        self.look(numbers, n)

    def look(self, numbers: Sequence[np.ndarray] | np.ndarray, n: int) -> list[int]:
        """Take a look after `n` replications of every plan that is in; return the places of plans that drop out.

        Parameters
        ----------
        numbers
            Numbers of each plan, its first `n` count; those of plans that are out are not looked at.
        n
            Replications so far.
        """
        here = list(self.alive)
        means = {i: float(np.mean(numbers[i][:n])) for i in here}
        out: list[int] = []
        for i in here:
            for j in here:
                if i == j or self._closed[i, j]:
                    continue
                gap = means[j] - means[i] - self._shift  # how much better j looks than i
                room = max(0.0, self._test / (2.0 * n) * (self._h2 * float(self._spread[i, j]) / self._test**2 - n))
                if gap > room and i not in out:
                    out.append(i)
                    self.dropped[i] = (j, n)
                elif not self.one and gap <= -room:
                    self._closed[i, j] = True  # i is not worse than j by anything that matters
        self.alive = [i for i in here if i not in out] or [max(here, key=lambda i: means[i])]
        pairs = [(i, j) for i in self.alive for j in self.alive if i != j]
        self.done = not pairs if self.one else all(self._closed[i, j] for i, j in pairs)
        return out


@dataclass
class Race:
    """A race under way: paired t intervals at a few looks that are known beforehand.

    Parameters
    ----------
    first
        Numbers of the first stage, one row per plan, larger is better; the columns are the same replications for all.
    zone
        Indifference zone, > 0.
    most
        Replications after which the race ends.
    level
        Probability that each promise holds.

    Attributes
    ----------
    alive, dropped, done
        As of `Screening`.

    Notes
    -----
    Of k plans at J looks, each interval has level 1 - 2 alpha / ((k - 1) J): it errs on one side with probability
    alpha / ((k - 1) J), and no side errs anywhere with probability 1 - alpha at least. n(j + 1) = ceil(1.5 n(j)).
    """

    first: np.ndarray
    zone: float
    most: int
    level: float = LEVEL
    alive: list[int] = field(default_factory=list)
    dropped: dict[int, tuple[int, int]] = field(default_factory=dict)
    done: bool = False

    def __post_init__(self) -> None:
        """Count the looks, and take the first."""
        numbers = np.asarray(self.first, dtype=float)
        plans, n = numbers.shape
        if plans < 2 or n < 2:
            raise FunnelsimError(f"selection needs two plans and two replications; got {plans} and {n}")
        if not self.zone > 0.0:
            raise FunnelsimError(f"the indifference zone is {self.zone:g}; expected a positive number")
        looks, at = 1, n
        while at < self.most:
            looks, at = looks + 1, next_look(at, self.most, RACE_LOOK)
        self.alive = list(range(plans))
        self._error = (1.0 - self.level) / ((plans - 1) * looks)
        self._closed = np.eye(plans, dtype=bool)
        self.look(numbers, n)

    def look(self, numbers: Sequence[np.ndarray] | np.ndarray, n: int) -> list[int]:
        """Take a look after `n` replications of every plan that is in; return the places of plans that drop out."""
        here = list(self.alive)
        matrix = np.array([np.asarray(numbers[i], dtype=float)[:n] for i in here])
        reach = t_quantile(1.0 - self._error, n - 1) / math.sqrt(n)
        out: list[int] = []
        for row, i in enumerate(here):
            gaps = matrix - matrix[row]
            mean, half = gaps.mean(axis=1), reach * gaps.std(axis=1, ddof=1)
            for place, j in enumerate(here):
                if i == j or self._closed[i, j]:
                    continue
                if mean[place] + half[place] <= self.zone:
                    self._closed[i, j] = True  # i is not worse than j by anything that matters
                elif mean[place] - half[place] > 0.0 and i not in out:
                    out.append(i)
                    self.dropped[i] = (j, n)
        self.alive = [i for i in here if i not in out]
        self.done = all(self._closed[i, j] for i in self.alive for j in self.alive)
        return out


def next_look(n: int, most: int, factor: float = LOOK) -> int:
    """Return after how many replications to look next."""
    return min(max(n + 1, math.ceil(n * factor)), most)


# ----------------------------------------------------------------------------------------------------------------- OCBA


def ocba_shares(means: Sequence[float] | np.ndarray, sds: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the share of a budget of runs that each plan should get, so that the best is found most surely.

    Parameters
    ----------
    means, sds
        Mean (larger is better) and standard deviation of each plan so far.

    Notes
    -----
    N_i / N_j = ((s_i / d_i) / (s_j / d_j))² with d_i the distance to the best mean; N_b = s_b sqrt(sum N_i² / s_i²)
    (Chen et al. 2000). Plans that look exactly like the best are treated as a tenth of a standard error apart.
    """
    mean, sd = np.asarray(means, dtype=float), np.asarray(sds, dtype=float)
    best = int(np.argmax(mean))
    sd = np.maximum(sd, 1e-12 * max(1.0, float(np.abs(mean).max())))
    others = np.arange(len(mean)) != best
    if not others.any():
        return np.ones(1)
    gap = np.maximum(mean[best] - mean, 0.01 * sd)
    share = np.where(others, (sd / gap) ** 2, 0.0)
    share[best] = sd[best] * math.sqrt(float(np.sum(share[others] ** 2 / sd[others] ** 2)))
    return share / share.sum()


def ocba_next(means: np.ndarray, sds: np.ndarray, counts: np.ndarray, more: int) -> np.ndarray:
    """Return how many more runs each plan gets of the next `more`: towards its share of all runs so far."""
    wanted = ocba_shares(means, sds) * (counts.sum() + more)
    lack = np.maximum(wanted - counts, 0.0)
    if lack.sum() <= 0.0:
        return np.zeros(len(counts), dtype=int)
    exact = lack / lack.sum() * more
    given = np.floor(exact).astype(int)
    rest = more - int(given.sum())
    given[np.argsort(-(exact - given), kind="stable")[:rest]] += 1
    return given


def chance_of_best(means: np.ndarray, sds: np.ndarray, counts: np.ndarray) -> float:
    """Return a lower bound of the probability that the best mean is that of the best plan (Bonferroni, normal).

    Notes
    -----
    1 - sum over i of Phi(-(m_b - m_i) / sqrt(s_b²/n_b + s_i²/n_i)): the approximate probability of correct selection of
    Chen et al. (2000), for independent runs; with common random numbers it errs on the safe side.
    """
    from scipy.special import ndtr

    best = int(np.argmax(means))
    others = np.arange(len(means)) != best
    error = np.sqrt(sds[best] ** 2 / counts[best] + sds**2 / counts)
    z = (means[best] - means)[others] / np.maximum(error[others], 1e-300)
    return max(0.0, 1.0 - float(ndtr(-z).sum()))
