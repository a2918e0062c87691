"""Which scenarios a sweep runs: factors, and designs that choose their levels.

A factor is anything that can be set in a scenario, by one dotted path or by several that move together.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.counterfactuals import unit_at
from funnelsim.scenario.changes import put
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.tree import Node, from_plain
from funnelsim.scenario.validation import bare, spot

Change = Callable[[Any], Mapping[str, Any]]
Point = dict[str, Any]
"""Level of each factor, by its label."""
LEVELS = 5
"""Levels of a range in a grid, where none are given."""
DIGITS = 6
"""Significant digits of levels that a design computes."""


@dataclass(frozen=True)
class Factor:
    """Something that is varied.

    Attributes
    ----------
    values
        Levels to try: numbers, or names where the field takes names.
    paths
        Dotted path, or several that take the same value (or with `times` the same multiple of their own value).
    span
        Lowest and highest value instead of `values`; the design chooses levels in between.
    times
        Levels are multiples of today's value: 1.0 leaves it as it is.
    change
        Instead of paths: a function from a level to changes by dotted path.
    unit
        Unit as people say it.
    step
        Smallest change that `search` makes within `span`; by default a fortieth of it or less.
    """

    values: tuple[Any, ...] = ()
    paths: tuple[str, ...] = ()
    span: tuple[float, float] | None = None
    times: bool = False
    change: Change | None = field(default=None, compare=False)
    unit: str = ""
    step: float | None = None

    def __post_init__(self) -> None:
        """Make single names and lists tuples."""
        paths: object = self.paths
        object.__setattr__(self, "paths", (paths,) if isinstance(paths, str) else tuple(self.paths))
        object.__setattr__(self, "values", tuple(_plain(value) for value in self.values))

    @property
    def numeric(self) -> bool:
        """Whether its levels are numbers."""
        return self.span is not None or (
            bool(self.values)
            and all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)
        )

    def changes(self, scenario: Scenario, level: Any) -> dict[str, Any]:
        """Return what a level changes in a scenario, by dotted path."""
        if self.change is not None:
            found = self.change(level)
            if not isinstance(found, Mapping):
                raise ScenarioError(f"a factor's change gave {found!r}; expected changes by dotted path")
            return dict(found)
        if not self.times:
            return dict.fromkeys(self.paths, level)
        found = {}
        for path in self.paths:
            for one, value in values_at(scenario, path).items():
                found[one] = _times(value, level, one, scenario)
        return found


FactorsLike = Mapping[Any, Any]
"""Factors as users write them; see `factors_of`."""


def factors_of(scenario: Scenario, given: FactorsLike) -> dict[str, Factor]:
    """Return factors by label.

    Parameters
    ----------
    scenario
        What they are varied in.
    given
        By dotted path (or a tuple of paths that take the same value) or by a label of your own: a list of values; a
        tuple ``(low, high)``; a mapping from names of levels to changes by dotted path; or a `Factor`.

    Raises
    ------
    ScenarioError
        If there is no such path, or no level to try.
    """
    if not isinstance(given, Mapping) or not given:
        raise ScenarioError("there is nothing to vary: give factors, e.g. {'plan.sales.reps': [8, 10, 12]}")
    found: dict[str, Factor] = {}
    for key, what in given.items():
        paths = tuple(key) if isinstance(key, tuple) else (key,)
        label = " and ".join(_short(str(path)) for path in paths)
        label = label if label not in found else " and ".join(map(str, paths))
        factor = what if isinstance(what, Factor) else _factor(label, paths, what)
        if not factor.paths and factor.change is None:
            factor = dataclasses.replace(factor, paths=paths)
        for path in factor.paths:
            check_path(scenario, path)
        _check_levels(label, factor)
        if not factor.unit and not factor.times and len(factor.paths) == 1 and factor.numeric:
            factor = dataclasses.replace(factor, unit=unit_at(factor.paths[0]).removeprefix("factor"))
        found[label] = factor
    return found


def _factor(label: str, paths: tuple[str, ...], what: Any) -> Factor:
    if isinstance(what, Mapping):
        named = {str(name): dict(changes) for name, changes in what.items() if isinstance(changes, Mapping)}
        if len(named) < len(what):
            raise ScenarioError(f"{label}: each level needs changes by dotted path, e.g. {{'plan.sales.reps': 12}}")
        return Factor(tuple(named), change=lambda level: named[str(level)])
    if isinstance(what, tuple) and len(what) == 2 and all(isinstance(end, int | float) for end in what):
        return Factor(paths=paths, span=(float(what[0]), float(what[1])))
    if isinstance(what, str) or not hasattr(what, "__iter__"):
        return Factor((what,), paths)
    return Factor(tuple(what), paths)


def _check_levels(label: str, factor: Factor) -> None:
    if factor.span is not None:
        low, high = factor.span
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ScenarioError(f"{label}: the range is {low:g} to {high:g}; expected (low, high) with low < high")
    elif not factor.values:
        raise ScenarioError(f"{label}: there is no level to try")
    elif len(set(map(repr, factor.values))) < len(factor.values):
        raise ScenarioError(f"{label}: a level is named twice")
    if factor.times and not factor.numeric:
        raise ScenarioError(f"{label}: multiples of today's value have to be numbers")


def check_path(scenario: Scenario, path: str) -> None:
    """Refuse a dotted path that does not exist in a scenario."""
    if not isinstance(path, str):
        raise ScenarioError(f"{path!r}: expected a dotted path such as 'plan.sales.reps'")
    put(from_plain(scenario.model_dump()), path, Node(None))


def values_at(scenario: Scenario, path: str) -> dict[str, Any]:
    """Return what stands at a path now, by full path: several where the path has a ``*``."""
    found: dict[str, Any] = {"": scenario}
    for part in path.split("."):
        deeper: dict[str, Any] = {}
        for before, value in found.items():
            names = list(value) if part == "*" and isinstance(value, Mapping) else [part]
            for name in names:
                inner = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
                deeper[f"{before}.{name}" if before else name] = inner
        found = deeper
    return found


def is_whole(scenario: Scenario, path: str) -> bool:
    """Whether only whole numbers make sense at a path."""
    parts = next(iter(values_at(scenario, path))).split(".")
    return bare(spot(Scenario, tuple(parts))[0])[0] is int


def _times(value: Any, level: Any, path: str, scenario: Scenario) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScenarioError(f"{path}: {value!r} has no multiple; give values instead of times")
    return round(value * level) if is_whole(scenario, path) else value * level


# -------------------------------------------------------------------------------------------------------------- designs


def grid(factors: Mapping[str, Factor], levels: int = LEVELS) -> list[Point]:
    """Every combination of levels, the last factor fastest."""
    columns = [levels_of(factor, levels) for factor in factors.values()]
    return [dict(zip(factors, row, strict=True)) for row in itertools.product(*columns)]


def latin_hypercube(factors: Mapping[str, Factor], points: int, seed: int = 1) -> list[Point]:
    """Points that cover every factor evenly: each of n slices of each range holds one point (McKay et al. 1979).

    Parameters
    ----------
    factors
        What to vary; levels that were listed are met equally often.
    points
        How many, >= 1.
    seed
        Which hypercube, >= 0.
    """
    from scipy.stats import qmc

    if isinstance(points, bool) or not isinstance(points, int) or points < 1:
        raise ScenarioError(f"points is {points!r}; expected a whole number from 1 on")
    cube = qmc.LatinHypercube(len(factors), seed=np.random.default_rng(seed)).random(points)
    columns = [[at(factor, float(u)) for u in column] for factor, column in zip(factors.values(), cube.T, strict=True)]
    return [dict(zip(factors, row, strict=True)) for row in zip(*columns, strict=True)]


def at(factor: Factor, share: float) -> Any:
    """Return the level at a share 0 <= u < 1 of a factor's range or list."""
    if factor.span is None:
        return factor.values[min(int(share * len(factor.values)), len(factor.values) - 1)]
    low, high = factor.span
    return significant(low + share * (high - low))


def levels_of(factor: Factor, levels: int = LEVELS) -> list[Any]:
    """Return the levels of a factor: those listed, or equally spaced ones of its range."""
    if factor.span is None:
        return list(factor.values)
    if isinstance(levels, bool) or not isinstance(levels, int) or levels < 2:
        raise ScenarioError(f"levels is {levels!r}; expected a whole number from 2 on")
    return [significant(float(value)) for value in np.linspace(*factor.span, levels)]


def significant(value: float) -> float:
    """Return a number rounded to six significant digits."""
    return float(f"{value:.{DIGITS}g}")


# ------------------------------------------------------------------------------------------------- scenarios of points


def changes_at(scenario: Scenario, factors: Mapping[str, Factor], point: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that a point changes; whole numbers are rounded where the field takes no others."""
    found: dict[str, Any] = {}
    for label, level in point.items():
        for path, value in factors[label].changes(scenario, level).items():
            if path in found:
                raise ScenarioError(f"two factors set {path}; give each path once")
            whole = factors[label].span is not None and isinstance(value, float) and is_whole(scenario, path)
            found[path] = round(value) if whole else value
    return found


def scenario_at(scenario: Scenario, factors: Mapping[str, Factor], point: Mapping[str, Any]) -> Scenario:
    """Return the scenario at a point of a design."""
    return scenario.with_changes(changes_at(scenario, factors, point))


def label_of(point: Mapping[str, Any], factors: Sequence[str] | None = None) -> str:
    """Return a point in words: ``reps 8, marketers 2``."""
    names = list(point) if factors is None else factors
    return ", ".join(f"{name} {written(point[name])}" for name in names) or "as it is"


def written(level: Any) -> str:
    """Return a level in words: ``1,200,000``, ``0.25``, ``aligned``."""
    if isinstance(level, bool) or not isinstance(level, int | float):
        return str(level).replace("_", " ")
    text = f"{level:,.0f}" if abs(level) >= 10_000 else f"{level:.4g}"
    return text


def _short(path: str) -> str:
    """Return the last part of a path in words, with its part where that says more."""
    parts = path.split(".")
    last = parts[-1].replace("_", " ")
    beside = parts[-2].replace("_", " ") if len(parts) > 2 and parts[-2] not in ("sales", "marketing", "*") else ""
    return f"{beside} {last}".strip()


def _plain(value: Any) -> Any:
    """Return numpy numbers as Python's."""
    return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value
