"""As many replications as it takes: the confidence-interval method with look-ahead (Hoad, Robinson & Davies 2010).

Replications are added one by one until the interval that was asked for is narrow enough, and stays so for some more
replications: an interval that is narrow by luck does not end a study. What is decided depends on the numbers of
replications 0, 1, 2, ... in that order, and on nothing else; however many workers there are, and whoever is quicker,
the same replications come back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, SupportsIndex

from funnelsim.errors import ScenarioError
from funnelsim.experiments.intervals import LEVEL, Interval, mean_interval, simultaneous_level
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.words import SHARES, amount, capital, counted, gap_unit, plain

if TYPE_CHECKING:
    from funnelsim.experiments.executors import Key
    from funnelsim.experiments.keeping import Keep, Kept

AUTO: Final = "auto"
DEFAULT: Final = "5%"
MOST: Final = 1000
"""Replications that nobody goes beyond where nothing is said."""
MAX_MOST: Final = 100_000
FIRST: Final = 10
"""Replications before anything is judged. Hoad et al. take at least 5; with so few, normal numbers were covered in 92.6
to 94.2 % of 4,000 trials instead of 95 %, with 10 in 94.2 to 94.8 %."""
LOOK_AHEAD: Final = 5
"""kLimit of Hoad et al.: replications during which the interval must stay narrow, for each 100 from 100 on."""
VERSUS: Final = ("baseline", "best")

_NUMBER = re.compile(r"\s*\$?\s*(\d[\d,_]*\.?\d*|\.\d+)\s*(%|k|M|bn|B|points)?\s*\Z")
_UNITS: Final = {None: 1.0, "k": 1e3, "M": 1e6, "bn": 1e9, "B": 1e9, "points": 0.01}


@dataclass(frozen=True)
class Precision:
    """How narrow an interval shall be: half its width, as a share of a mean or in the unit of the KPI.

    Attributes
    ----------
    half_width
        In the unit of the KPI, > 0; or none.
    share
        As a share of the absolute value of a mean, > 0; or none.
    """

    half_width: float | None = None
    share: float | None = None

    def allowed(self, mean: float) -> float:
        """Return the largest half-width, given the mean that shares refer to."""
        if self.half_width is not None:
            return self.half_width
        assert self.share is not None
        return self.share * abs(mean)

    def words(self, unit: str) -> str:
        """Return what was asked: ``±5%``, ``±$25k``."""
        return f"±{amount(self.share, 'share')}" if self.share is not None else f"±{amount(self.half_width or 0, unit)}"


def as_precision(asked: object) -> Precision:
    """Return what a user means by a precision.

    Parameters
    ----------
    asked
        A number: half-width in the unit of the KPI. A text: ``"5%"``, a share of the mean; ``"25000"``, ``"$25k"``,
        ``"1.5M"``, ``"2 points"`` (percentage points): in the unit of the KPI.
    """
    if isinstance(asked, Precision):
        return asked
    value, unit = math.nan, None
    if isinstance(asked, str):
        match = _NUMBER.match(asked)
        if match:
            value, unit = float(match[1].replace(",", "").replace("_", "")), match[2]
    elif isinstance(asked, (int, float)) and not isinstance(asked, bool):
        value = float(asked)
    if not 0.0 < value < math.inf:
        raise ScenarioError(
            f"precision is {asked!r}; expected a share of the mean such as '5%', or half the width of the interval in "
            "the unit of the KPI, such as 25000 or '$25k'"
        )
    return Precision(share=value / 100.0) if unit == "%" else Precision(half_width=value * _UNITS[unit])


class LookAhead:
    """Says when to stop, told after each replication whether the interval is narrow enough.

    Parameters
    ----------
    first
        Replications before anything is judged.
    ahead
        Replications during which it must stay so; from 100 replications on, as many for each 100.
    """

    def __init__(self, first: int = FIRST, ahead: int = LOOK_AHEAD) -> None:
        self.first = first
        self.ahead = ahead
        self.since: int | None = None
        """Replications after which it was narrow enough first, and has been ever since."""

    def told(self, n: int, narrow: bool) -> bool:
        """Return whether `n` replications are enough."""
        if n < self.first or not narrow:
            self.since = None
            return False
        if self.since is None:
            self.since = n
        return n >= self.since + self.more(self.since)

    def more(self, n: int) -> int:
        """Return how many replications are looked ahead from `n`."""
        return self.ahead if n <= 100 else self.ahead * n // 100


class Precise:
    """Ends an experiment when its intervals are narrow enough; an `executors.Enough`.

    Parameters
    ----------
    labels
        Plans. With one, the interval is that of its mean, otherwise those of the paired differences.
    kpi, horizon, unit
        Key figure, the horizon (quarters) at which it is read, and its unit.
    precision
        How narrow.
    most
        Replications beyond which nobody goes.
    baseline
        Plan that the others are compared with; none: the one that is best so far, with intervals that hold together, as
        in `Comparison.ranking`.
    level
        Confidence level.
    """

    def __init__(
        self,
        labels: Sequence[str],
        kpi: str,
        horizon: int,
        unit: str,
        precision: Precision,
        most: int = MOST,
        baseline: str | None = None,
        level: float = LEVEL,
    ) -> None:
        self.labels = list(labels)
        self.kpi = kpi
        self.horizon = horizon
        self.unit = unit
        self.precision = precision
        self.most = most
        self.baseline = baseline
        self.level = level
        self.rule = LookAhead()
        self.values: dict[str, list[float]] = {label: [] for label in self.labels}
        self.n = 0
        self.reached = False
        self.half_width = math.nan
        self.allowed = math.nan
        self._needed = FIRST + LOOK_AHEAD

    def __call__(self, results: Mapping[Key, Kept], n: int, seconds: float = 0.0) -> bool:
        """Take in replication `n - 1`; return whether the first `n` are enough."""
        for label in self.labels:
            self.values[label].append(results[label, n - 1].kpis[self.horizon][self.kpi])
        self.n = n
        self._measure()
        self.reached = self.rule.told(n, self.half_width <= self.allowed)
        return self.reached or n >= self.most

    def expected(self, n: int) -> int:
        """Return how many replications will be needed, as far as is known after `n`."""
        return min(self.most, max(n, self._needed))

    def words(self) -> str:
        """Say how narrow it is: ``±$41k of ±$25k``."""
        if self.n < 2:
            return ""
        return f"{self._width(self.half_width)} of {self._width(self.allowed)}"

    def report(self) -> str:
        """Say in a sentence what was asked and what was reached."""
        which = f"the mean of {plain(self.kpi)}"
        if len(self.labels) > 1:
            other = "best plan" if self.baseline is None else f"baseline “{self.baseline}”"
            which = f"each difference of {plain(self.kpi)} to the {other}"
        asked = self.precision.words(self._unit)
        if self.precision.share is not None:
            asked += f" ({self._width(self.allowed)})"
        head = f"{capital(which)}: {asked} asked, {self._width(self.half_width)} reached"
        done = counted(self.n, "replication")
        if self.reached:
            return f"{head} after {done} (95 %)."
        if self.n < self.most:
            return f"{head} after {done}, stopped early: not as narrow as asked (95 %)."
        more = f"; it would take about {self._needed:,}" if self._needed > self.n else ""
        return f"{head} after {done}, the most allowed: NOT as narrow as asked (95 %){more}."

    @property
    def requested(self) -> int:
        """Replications that were asked for, as it turned out: those that were done, unless it was stopped early."""
        return self.n if self.reached or self.n >= self.most else self.expected(self.n)

    @property
    def _unit(self) -> str:
        return gap_unit(self.unit) if len(self.labels) > 1 or self.unit in SHARES else self.unit

    def _width(self, width: float) -> str:
        return f"±{amount(width, self._unit)}" if math.isfinite(width) else "no interval"

    def _measure(self) -> None:
        """Look at the widest interval, as against what is allowed."""
        found, mean = self._intervals()
        self.allowed = self.precision.allowed(mean)
        widths = [one.half_width for one in found]
        self.half_width = math.nan if any(math.isnan(width) for width in widths) else max(widths)
        needed = FIRST
        if self.n >= 2 and self.half_width > 0.0:
            # the width falls with the root of the number; t also falls, so that this errs on the safe side
            ratio = self.half_width / self.allowed if self.allowed > 0.0 else math.inf
            needed = math.ceil(min(self.n * ratio * ratio, 1e9))
        start = self.rule.since or max(FIRST, needed)
        self._needed = start + self.rule.more(start)

    def _intervals(self) -> tuple[list[Interval], float]:
        """Return the intervals that shall be narrow, and the mean that shares refer to."""
        import numpy as np

        values = {label: np.asarray(numbers, dtype=float) for label, numbers in self.values.items()}
        if len(values) == 1:
            one = mean_interval(values[self.labels[0]], self.level)
            return [one], one.mean
        base, level = self.baseline, self.level
        if base is None:
            sign = 1.0 if less_is_better(self.kpi) else -1.0
            means = {label: mean_interval(numbers).mean for label, numbers in values.items()}
            base = min(means, key=lambda label: (math.isnan(means[label]), sign * means[label]))
            level = simultaneous_level(len(values) - 1, level)
        gaps = [mean_interval(numbers - values[base], level) for label, numbers in values.items() if label != base]
        return gaps, mean_interval(values[base]).mean


def wanted(replications: object, precision: object) -> bool:
    """Whether as many replications are wanted as it takes; refuse what contradicts itself.

    Parameters
    ----------
    replications
        A number, ``"auto"``, or none: ``"auto"`` if a precision is given.
    precision
        See `as_precision`; none if nothing is asked.
    """
    if isinstance(replications, str):
        if replications != AUTO:
            raise ScenarioError(f"replications is {replications!r}; expected a whole number, or 'auto'")
        return True
    if precision is not None and replications is not None:
        raise ScenarioError(
            f"precision is asked for, but replications is {replications!r}; leave it out, or say 'auto'"
        )
    return precision is not None


def until(
    replications: object,
    precision: object,
    most: object,
    kpi: str,
    labels: Sequence[str],
    keep: Keep,
    baseline: str | None = None,
) -> Precise | None:
    """Return what decides how many replications are enough; none if their number was given.

    Parameters
    ----------
    replications, precision
        As in `wanted`.
    most
        Replications beyond which nobody goes.
    kpi
        Key figure whose interval shall be narrow.
    labels, baseline
        As in `Precise`.
    keep
        What is kept; the KPI is read at the last of its horizons.
    """
    if not wanted(replications, precision):
        return None
    from funnelsim.experiments.keeping import kpi_units
    from funnelsim.scenario.validation import hint

    units = kpi_units()
    if kpi not in units:
        raise ScenarioError(f"no KPI is named {kpi!r}{hint(str(kpi), units, 'KPIs')[0]}")
    if isinstance(most, bool) or not isinstance(most, SupportsIndex) or not FIRST <= most.__index__() <= MAX_MOST:
        raise ScenarioError(f"most is {most!r}; expected a whole number from {FIRST} to {MAX_MOST}")
    asked = as_precision(DEFAULT if precision is None else precision)
    return Precise(labels, kpi, keep.horizons[-1], units[kpi], asked, most.__index__(), baseline)
