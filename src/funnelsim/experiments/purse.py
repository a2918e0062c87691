"""What a budget buys: the levers that spend it, and plans that keep to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.designs import Factor, Point, is_whole, scenario_at, values_at
from funnelsim.experiments.words import amount
from funnelsim.scenario.alignment import LEVELS
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.sourcing import marketers_of, reps_of

STEPS = 40
"""Steps that a range is divided into where a factor names none."""
Cost = Callable[[Scenario], float]


def money_levers(scenario: Scenario, budget: float) -> dict[str, Factor]:
    """Return the default levers: reps, SDRs, marketers, programme money and, where it does anything, alignment.

    Parameters
    ----------
    scenario
        Where to start.
    budget
        USD per year, > 0: no range goes beyond what it buys.

    Returns
    -------
    dict[str, Factor]
        Ranges from 0 on.
    """
    world, plan = scenario.world, scenario.plan
    found: dict[str, Factor] = {}
    heads = {
        "reps": ("plan.sales.reps", reps_of(world, plan).cost),
        "SDRs": ("plan.sales.sdrs", world.people.sdr.cost),
        "marketers": ("plan.marketing.marketers", marketers_of(world, plan).cost),
    }
    for name, (path, price) in heads.items():
        if price <= 0.0:
            raise ScenarioError(f"{name} cost nothing in this world, so that a budget says nothing: name levers=...")
        most = min(budget / price, 990.0)
        found[name] = Factor(paths=(path,), span=(0.0, most), step=_head_step(most), unit="full posts")
    step = _nice(budget / STEPS)
    found["programme money"] = Factor(
        paths=("plan.marketing.programme_money",), span=(0.0, budget), step=step, unit="USD per year"
    )
    if world.alignment.on:
        found["alignment"] = Factor(tuple(LEVELS), ("plan.alignment",))
    return found


def _head_step(most: float) -> float:
    """Return the step of heads: half posts for a firm of ten or more, a tenth and less for a small one."""
    return 0.5 if most >= 8.0 else 0.1 if most >= 2.0 else 0.05


def _nice(value: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(one * power for one in (1.0, 2.0, 5.0) if one * power <= value * (1 + 1e-9))


class Purse:
    """Turns points of the unit cube into plans that the budget allows.

    Parameters
    ----------
    base, levers
        What is changed, and how.
    budget, cost
        What a plan may cost, and what it does.
    """

    def __init__(self, base: Scenario, levers: Mapping[str, Factor], budget: float, cost: Cost) -> None:
        self.base, self.levers, self.budget, self.cost = base, dict(levers), budget, cost
        self.names = list(levers)
        self.numeric = [name for name in self.names if levers[name].span is not None]
        self.step = {name: self._step(name) for name in self.numeric}
        self._prices: dict[tuple[Any, ...], tuple[float, dict[str, float]]] = {}

    def _step(self, name: str) -> float:
        factor = self.levers[name]
        if factor.step is not None:
            return factor.step
        low, high = factor.span or (0.0, 0.0)
        whole = any(is_whole(self.base, path) for path in factor.paths) and not factor.times
        return max(_nice((high - low) / STEPS), 1.0 if whole else 0.0)

    def point(self, cube: Sequence[float] | np.ndarray) -> Point:
        """Return the setting at a point of the unit cube, scaled back to the budget."""
        point: Point = {}
        wanted: dict[str, float] = {}
        for name, u in zip(self.names, cube, strict=True):
            factor = self.levers[name]
            if factor.span is None:
                point[name] = factor.values[min(int(float(u) * len(factor.values)), len(factor.values) - 1)]
            else:
                wanted[name] = factor.span[0] + min(max(float(u), 0.0), 1.0) * (factor.span[1] - factor.span[0])
        least, prices = self._price(point)
        if least > self.budget:
            raise ScenarioError(
                f"the cheapest plan costs {amount(least, 'USD')} a year, more than the budget of "
                f"{amount(self.budget, 'USD')}: lower the ranges of the levers"
            )
        low = {name: (self.levers[name].span or (0.0, 0.0))[0] for name in wanted}
        extra = sum(prices[name] * (wanted[name] - low[name]) for name in wanted)
        share = min(1.0, (self.budget - least) / extra) if extra > 0.0 else 1.0
        exact = {
            name: (value - low[name]) * (share if prices[name] > 0.0 else 1.0) / self.step[name]
            for name, value in wanted.items()
        }
        steps = {name: math.floor(number + 0.5) for name, number in exact.items()}
        if share < 1.0 or least + sum(prices[name] * steps[name] * self.step[name] for name in steps) > self.budget:
            steps = self._within(exact, prices, least)
        for name, number in steps.items():
            point[name] = round(low[name] + number * self.step[name], 9)
        return {name: point[name] for name in self.names}

    def _within(self, exact: dict[str, float], prices: dict[str, float], least: float) -> dict[str, int]:
        """Round numbers of steps down, then those with the largest rest up as far as the budget goes."""
        steps = {name: math.floor(number + (1e-9 if prices[name] > 0.0 else 0.5)) for name, number in exact.items()}
        spent = least + sum(prices[name] * number * self.step[name] for name, number in steps.items())
        for name in sorted(exact, key=lambda one: steps[one] - exact[one]):
            price = prices[name] * self.step[name]
            if price > 0.0 and exact[name] > steps[name] and spent + price <= self.budget:
                steps[name] += 1
                spent += price
        return steps

    def _price(self, named: Point) -> tuple[float, dict[str, float]]:
        """Return the cost with every range at its lowest value, and what one unit of each range costs beyond that."""
        key = tuple(sorted((name, repr(level)) for name, level in named.items()))
        if key not in self._prices:
            low = {name: (self.levers[name].span or (0.0, 0.0))[0] for name in self.numeric}
            least = self.cost(self.scenario({**named, **low}))
            prices = {}
            for name in self.numeric:
                start, end = self.levers[name].span or (0.0, 0.0)
                prices[name] = (self.cost(self.scenario({**named, **low, name: end})) - least) / (end - start)
            self._prices[key] = least, prices
        return self._prices[key]

    def scenario(self, point: Point) -> Scenario:
        """Return the scenario at a setting."""
        return scenario_at(self.base, self.levers, point)

    def cube_of_today(self) -> np.ndarray | None:
        """Return where today's plan stands in the cube; none if some lever does not say."""
        cube = []
        for factor in self.levers.values():
            today = [value for path in factor.paths for value in values_at(self.base, path).values()]
            if factor.times or len(today) != 1:
                return None
            if factor.span is not None:
                cube.append((float(today[0]) - factor.span[0]) / (factor.span[1] - factor.span[0]))
            elif today[0] in factor.values:
                cube.append((factor.values.index(today[0]) + 0.5) / len(factor.values))
            else:
                return None
        return np.clip(np.array(cube), 0.0, 1.0)
