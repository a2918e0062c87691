"""Where the favourite flips: the difference between plans over one or two numbers of the world.

Differences are paired, so that they are smooth where the plans themselves are noisy. A polynomial of second degree is
fitted to the mean differences; the bootstrap over replications says how far the flip may be from where it seems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare
from funnelsim.experiments.designs import Factor, FactorsLike, Point, factors_of, grid, label_of, scenario_at, written
from funnelsim.experiments.intervals import LEVEL
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.robust import BETWEEN, PlansLike, plans_of
from funnelsim.experiments.words import counted, plain
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 1000
FINE = 201
"""Places at which the favourite is looked up along a factor; 61 along each of two."""
FINE_EACH = 61
SURE = 0.95


class Flip(NamedTuple):
    """A place where the favourite changes.

    Attributes
    ----------
    below, above
        Favourite on either side.
    at, low, high
        Place, and its bootstrap interval.
    share
        Share of bootstrap samples in which these two plans trade places within the range.
    """

    below: str
    above: str
    at: float
    low: float
    high: float
    share: float


class Switching:
    """Which plan is the favourite, over one or two numbers; made by `switching`.

    Attributes
    ----------
    plans
        Labels.
    factors
        One or two numeric factors, by label.
    points
        Their levels, in order.
    results
        The runs: a `Comparison` of all plans at all levels.
    """

    def __init__(
        self, plans: list[str], factors: Mapping[str, Factor], points: list[Point], results: Comparison, kpi: str
    ) -> None:
        self.plans, self.factors, self.points = plans, dict(factors), points
        self.results, self.kpi, self.unit = results, kpi, results.units[kpi]
        numbers = [
            [results.values(kpi, f"{plan}{BETWEEN}{label_of(point)}") for point in points] for plan in plans
        ]  # plan, level, replication
        self._values = np.array(numbers) * (-1.0 if less_is_better(kpi) else 1.0)
        self._gaps = self._values - self._values[:1]

    @property
    def n(self) -> int:
        """Replications of every plan at every level."""
        return self.results.n

    @property
    def horizon_quarters(self) -> int:
        """Horizon that the key figure is read at."""
        return self.results.horizon_quarters

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before all were finished."""
        return self.results.interrupted

    def levels(self, factor: str) -> np.ndarray:
        """Return the levels of a factor, in order."""
        return np.array(sorted({float(point[factor]) for point in self.points}))

    def table(self) -> pd.DataFrame:
        """Paired difference of each plan to the first: factors, plan, difference, low, high, n, unit."""
        import pandas as pd

        from funnelsim.experiments.intervals import paired_difference

        rows = []
        for place, point in enumerate(self.points):
            for number, plan in enumerate(self.plans[1:], 1):
                gap = paired_difference(self._values[number, place], self._values[0, place]).interval
                rows.append((*point.values(), plan, gap.mean, gap.low, gap.high, gap.n, self.unit))
        return pd.DataFrame(rows, columns=[*self.factors, "plan", "difference", "low", "high", "n", "unit"])

    def curves(self) -> tuple[np.ndarray, np.ndarray]:
        """Return a fine scale of the factor, and the fitted difference of each plan to the first there."""
        (name,) = self._one_factor()
        scale = np.linspace(self.levels(name)[0], self.levels(name)[-1], FINE)
        return scale, self._fitted([scale])

    def flips(self, level: float = LEVEL) -> list[Flip]:
        """Return where the favourite changes along one factor, in order."""
        scale, fitted = self.curves()
        found = _changes(scale, fitted)
        drawn = [_crossings(scale, one) for one in self._resampled([scale])]
        flips = []
        for below, above, at in found:
            near = [
                min(places, key=lambda place: abs(place - at))
                for one in drawn
                if (places := one.get((below, above), []))
            ]
            low, high = float(scale[0]), float(scale[-1])
            if near:
                low, high = (float(end) for end in np.quantile(near, [(1 - level) / 2, (1 + level) / 2]))
            share = len(near) / len(drawn)
            flips.append(Flip(self.plans[below], self.plans[above], at, low, high, share))
        return flips

    def favourite(self) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        """Return fine scales of the factors, the place of the favourite there, and how sure that is.

        Returns
        -------
        tuple
            Scales; index of the favourite in `plans`; share of bootstrap samples with the same favourite.
        """
        scales = [np.linspace(self.levels(name)[0], self.levels(name)[-1], FINE_EACH if len(self.factors) > 1 else FINE)
                  for name in self.factors]  # fmt: skip
        best = self._fitted(scales).argmax(axis=0)
        same = [one.argmax(axis=0) == best for one in self._resampled(scales)]
        return scales, best, np.mean(same, axis=0)

    def conclusion(self) -> str:
        """Where the favourite flips, or that it does not; one sentence per line."""
        what = f"{plain(self.kpi)} over {counted(self.horizon_quarters, 'quarter')}"
        if len(self.factors) == 2:
            _, best, sure = self.favourite()
            names = " and ".join(self.factors)
            lines = [f"Over {names} ({what}, {self.results.replications_in_words}):"]
            for place, plan in enumerate(self.plans):
                share = float((best == place).mean())
                if share > 0.0:
                    lines.append(f"“{plan}” is the favourite on {share:.0%} of the map.")
            return "\n".join([*lines, f"{float((sure >= SURE).mean()):.0%} of the map are sure ({SURE:.0%})."])
        (name,) = self._one_factor()
        levels, flips = self.levels(name), self.flips()
        if not flips:
            _, first, sure = self.favourite()
            return (
                f"“{self.plans[int(first[0])]}” stays the favourite over the whole range of {name}, "
                f"{written(levels[0])} to {written(levels[-1])} ({what}, {self.results.replications_in_words}); "
                f"at its weakest place in "
                f"{float(sure.min()):.0%} of resamples."
            )
        lines = []
        for flip in flips:
            at, low, high = (written(float(f"{one:.3g}")) for one in (flip.at, flip.low, flip.high))
            spot = f"{at} (95 % interval {low} to {high})"
            doubt = "" if flip.share >= SURE else f", in {flip.share:.0%} of resamples"
            lines.append(
                f"The favourite flips from “{flip.above}” to “{flip.below}” when {name} falls below {spot}{doubt}."
            )
        return "\n".join([*lines, f"By {what}, {self.results.replications_in_words}, paired."])

    def brief(self) -> str:
        """Where the favourite flips over one number, in one short sentence."""
        (name,) = self._one_factor()
        levels, unit = self.levels(name), self.factors[name].unit
        if self.flips():
            return self.conclusion().split("\n")[0]
        _, first, sure = self.favourite()
        span = f"{written(levels[0])} to {written(levels[-1])} {unit}".strip()
        plan, least = self.plans[int(first[0])], f"{float(sure.min()):.0%} sure"
        return f"“{plan}” stays ahead for any {name} from {span} (at its weakest place {least})."

    def _one_factor(self) -> list[str]:
        if len(self.factors) != 1:
            raise ScenarioError("flips lie along one factor; for two see favourite() and plots.switching")
        return list(self.factors)

    def _resampled(self, scales: list[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield what `_fitted` gives for replications drawn again and again; all plans and levels alike: pairs stay."""
        n = self._gaps.shape[2]
        generator = np.random.default_rng(19540101)
        smoother, shape = self._smoother(scales), [len(scale) for scale in scales]
        for _ in range(RESAMPLES if n > 1 else 1):
            times = np.bincount(generator.integers(0, n, n), minlength=n)
            yield (self._gaps @ (times / n) @ smoother.T).reshape(len(self.plans), *shape)

    def _fitted(self, scales: list[np.ndarray]) -> np.ndarray:
        """Return the fitted difference of each plan to the first on a fine scale of each factor."""
        fine = self._gaps.mean(axis=2) @ self._smoother(scales).T
        return fine.reshape(len(self.plans), *(len(scale) for scale in scales))

    def _smoother(self, scales: list[np.ndarray]) -> np.ndarray:
        """Return the matrix that turns values at the levels into fitted ones on fine scales (least squares)."""
        places = np.array([[float(point[name]) for name in self.factors] for point in self.points])
        middle, half = places.mean(axis=0), np.ptp(places, axis=0) / 2.0
        mesh = np.stack(np.meshgrid(*scales, indexing="ij"), axis=-1).reshape(-1, len(scales))
        few = min(len(self.levels(name)) for name in self.factors) < 4
        found: np.ndarray = _terms((mesh - middle) / half, few) @ np.linalg.pinv(_terms((places - middle) / half, few))
        return found

    def __repr__(self) -> str:
        return f"<Switching: {', '.join(self.plans)} over {', '.join(self.factors)}>\n{self.conclusion()}"


def _terms(places: np.ndarray, straight: bool) -> np.ndarray:
    """Return the terms of a polynomial of first or second degree at some places."""
    columns = [np.ones(len(places)), *places.T]
    if not straight:
        count = places.shape[1]
        columns += [places[:, i] * places[:, j] for i in range(count) for j in range(i, count)]
    return np.column_stack(columns)


def _changes(scale: np.ndarray, fitted: np.ndarray) -> list[tuple[int, int, float]]:
    """Return where the highest of several curves changes: (before, after, place)."""
    best = fitted.argmax(axis=0)
    found = []
    for place in np.flatnonzero(np.diff(best)):
        a, b = int(best[place]), int(best[place + 1])
        gap = fitted[a] - fitted[b]
        share = gap[place] / (gap[place] - gap[place + 1])
        found.append((a, b, float(scale[place] + share * (scale[place + 1] - scale[place]))))
    return found


def _crossings(scale: np.ndarray, fitted: np.ndarray) -> dict[tuple[int, int], list[float]]:
    """Return where each pair of curves changes places: by (ahead before, ahead after)."""
    found: dict[tuple[int, int], list[float]] = {}
    for a in range(len(fitted)):
        for b in range(a + 1, len(fitted)):
            gap = fitted[a] - fitted[b]
            for place in np.flatnonzero(np.diff(np.sign(gap))):
                share = gap[place] / (gap[place] - gap[place + 1])
                at = float(scale[place] + share * (scale[place + 1] - scale[place]))
                found.setdefault((a, b) if gap[place] > 0 else (b, a), []).append(at)
    return found


def switching(
    plans: PlansLike,
    factors: FactorsLike,
    scenario: Scenario | str | None = None,
    *,
    kpi: str = HEADLINE,
    levels: int = 7,
    horizon_quarters: int | None = None,
    **how: Any,
) -> Switching:
    """Find where the favourite among plans flips as one or two numbers of the world change.

    Parameters
    ----------
    plans
        Two or more, as in `robust`.
    factors
        One or two numeric factors, as in `sweep`; three levels or more.
    scenario
        What plans that are changes change.
    kpi
        What decides.
    levels
        Levels of a range ``(low, high)``.
    horizon_quarters
        Length of the runs; by default that of the scenarios.
    **how
        Handed to `compare`: ``replications`` (20), ``seed``, ``workers``, …

    Returns
    -------
    Switching
        Flips with intervals; picture: `plots.switching`.
    """
    found = plans_of(plans, scenario, horizon_quarters, bool(how.get("insist")))
    if len(found) < 2:
        raise ScenarioError("a favourite needs two plans or more")
    numeric = factors_of(next(iter(found.values())), factors)
    points = grid(numeric, levels)
    for name, factor in numeric.items():
        if not factor.numeric or len({point[name] for point in points}) < 3:
            raise ScenarioError(f"{name}: a flip needs a number with three levels or more, e.g. (0.5, 2.0)")
    if len(numeric) > 2:
        raise ScenarioError("one or two factors can be looked at; for more see sensitivity")
    pairs = {
        f"{plan}{BETWEEN}{label_of(point)}": scenario_at(one, numeric, point)
        for point in points
        for plan, one in found.items()
    }
    results = compare(pairs, **how)
    results.check_kpis([kpi])
    return Switching(list(found), numeric, points, results, kpi)
