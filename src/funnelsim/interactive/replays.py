"""Two plans under the same luck within a time budget; what was run once is not run again."""

from __future__ import annotations

import gc
import inspect
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from funnelsim.engines.choice import choose_engine, make_ready
from funnelsim.errors import FunnelsimError
from funnelsim.experiments.compare import Comparison, compare
from funnelsim.experiments.executors import ROWS_WORTH_COLLECTING, Outcome
from funnelsim.experiments.keeping import Keep, Kept, kept
from funnelsim.experiments.single import MAX_SEED, check_engine, check_number, run_once
from funnelsim.interactive.levers import HORIZON
from funnelsim.scenario.lowered import Lowered
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.size import check_size, estimate

TODAY, YOURS = "today", "yours"
NUMBERS = (3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)
"""Replications that a budget can buy: few steps, so that the number does not flicker with the clock."""
FEWEST, MOST = NUMBERS[0], NUMBERS[-1]
SITTING = 200
"""Runs that somebody who moves sliders will make, roughly: compiling an engine for them pays."""
REMEMBERED = 64
"""Settings whose results are kept."""
KEPT = ("kpis", "funnel")

Changes = Mapping[str, Any]
Told = Callable[[int, int], object]
"""Is told how many runs are done, and of how many."""


@dataclass
class Shelf:
    """A scenario and what came out of its replications, in order.

    Attributes
    ----------
    scenario, lowered
        What is run.
    results
        One per replication, from replication 0 on.
    seconds
        Shortest time of one replication so far: the first of all may have to load or compile something.
    """

    scenario: Scenario
    lowered: Lowered
    results: list[Kept] = field(default_factory=list)
    seconds: float = float("inf")


class Replays:
    """Runs a scenario and variants of it, and remembers.

    Parameters
    ----------
    scenario
        Today's.
    seed
        Which family of random numbers.
    engine
        Name of an engine; by default that of `funnelsim.compare`. ``"auto"`` is decided once, for a whole sitting.
    budget
        Seconds that one answer may take, roughly: 3 to 30 replications.
    replications
        Replications of each plan; none: as many as the budget allows.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int = 1,
        engine: str | None = None,
        budget: float = 1.0,
        replications: int | None = None,
    ) -> None:
        check_number("seed", seed, 0, MAX_SEED)
        if replications is not None:
            check_number("replications", replications, 2, 1000)
        if not 0.0 < budget <= 3600.0:
            raise FunnelsimError(f"budget is {budget!r}; expected seconds, more than 0")
        self.scenario = scenario
        self.seed = int(seed)
        asked = str(engine or inspect.signature(compare).parameters["engine"].default)
        check_engine(asked)
        self.engine = choose_engine(asked, estimate(scenario).seconds * SITTING)
        make_ready(self.engine)
        self.budget = float(budget)
        self.replications = replications
        self._shelves: OrderedDict[tuple[tuple[str, Any], ...], Shelf] = OrderedDict()

    def compare(self, changes: Changes, told: Told = lambda done, total: None) -> Comparison:
        """Compare today's scenario with the one that has these changes; both have the horizon of the changes."""
        began = time.perf_counter()
        frame = {HORIZON: changes[HORIZON]} if HORIZON in changes else {}
        shelves = {TODAY: self._shelf(frame), YOURS: self._shelf(changes)}
        different = list({id(shelf): shelf for shelf in shelves.values()}.values())
        at_first = [len(shelf.results) for shelf in different]
        target = self._target(different, at_first)
        while (n := min(len(shelf.results) for shelf in different)) < target:
            for shelf in different:
                if len(shelf.results) == n:
                    done = sum(len(one.results) for one in different) - sum(at_first)
                    told(done, sum(max(0, target - number) for number in at_first))
                    self._run(shelf)
            target = self._target(different, at_first)
        self._forget()
        scenarios = {label: shelf.scenario for label, shelf in shelves.items()}
        results = {(label, i): shelf.results[i] for label, shelf in shelves.items() for i in range(target)}
        outcome = Outcome(results, seconds=time.perf_counter() - began)
        keep = Keep(KEPT, (scenarios[TODAY].horizon_quarters,))
        comparison = Comparison(scenarios, outcome, keep, seed=self.seed, engine=self.engine, requested=target)
        comparison.baseline = TODAY
        return comparison

    def _target(self, shelves: list[Shelf], at_first: list[int]) -> int:
        """Return how many replications both plans shall have."""
        if self.replications is not None:
            return self.replications
        have = min(at_first)
        if have >= FEWEST:
            return have  # seen before
        fewest = max(FEWEST, have)
        if not all(shelf.results for shelf in shelves):
            return fewest
        affordable = [
            number
            for number in NUMBERS
            if sum(max(0, number - at) * shelf.seconds for shelf, at in zip(shelves, at_first, strict=True))
            <= self.budget
        ]
        return max(fewest, *affordable) if affordable else fewest

    def _run(self, shelf: Shelf) -> None:
        """Make the next replication."""
        began = time.perf_counter()
        run = run_once(shelf.scenario, shelf.lowered, self.seed, len(shelf.results), self.engine)
        found = kept(run, Keep(KEPT, (shelf.scenario.horizon_quarters,)))
        if self.engine == "simpy" and len(run.log) > ROWS_WORTH_COLLECTING:
            del run
            gc.collect()  # a finished model is full of cycles
        shelf.results.append(found)
        shelf.seconds = min(shelf.seconds, time.perf_counter() - began)

    def _shelf(self, changes: Changes) -> Shelf:
        """Return what is known about a variant; the one asked for last is forgotten last."""
        key = tuple(sorted(changes.items()))
        if key not in self._shelves:
            scenario = self.scenario.with_changes(changes) if changes else self.scenario
            check_size(scenario)
            self._shelves[key] = Shelf(scenario, lower(scenario))
        self._shelves.move_to_end(key)
        return self._shelves[key]

    def _forget(self) -> None:
        while len(self._shelves) > REMEMBERED:
            self._shelves.popitem(last=False)
