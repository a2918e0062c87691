"""The scenario as it stood at each moment of a run: what a timeline changes holds from its date on, not before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from copy import copy
from functools import lru_cache

import numpy as np

from funnelsim.events import DAY
from funnelsim.scenario.changes import states
from funnelsim.scenario.schema import Scenario

_LONG_AGO = np.iinfo(np.int64).min
_CODES = 257
"""One more than a code can be, so that 'no touchpoint' (-1) has a place of its own: the last."""


class _This:
    """A scenario as the key of a cache: equal to nothing but itself."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __hash__(self) -> int:
        return id(self.scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and other.scenario is self.scenario


@lru_cache(maxsize=16)
def _states(this: _This) -> list[tuple[dt.date, Scenario]]:
    """Return the states of a scenario; to make them is slow, and all its replications ask for the same ones."""
    return states(this.scenario)


class Dated:
    """Values of a scenario by the moment at which they hold.

    Parameters
    ----------
    scenario : Scenario
        What was asked, timeline included.

    Attributes
    ----------
    states : list of Scenario
        The scenario at first (the burn-in too), then as it stands from each date of the timeline on.
    since : numpy.ndarray
        From when on each state holds, microseconds.
    """

    def __init__(self, scenario: Scenario) -> None:
        later = [(date, state) for date, state in _states(_This(scenario)) if state is not scenario]
        self.states = [scenario, *(state for _, state in later)]
        starts = [(date - scenario.start).days * DAY for date, _ in later]
        self.since = np.array([_LONG_AGO, *starts], dtype=np.int64)
        self._codes = {name: code for code, name in enumerate(scenario.world.touchpoints)}

    def until(self, time: int) -> Dated:
        """Return the same without what holds from a moment on, or later."""
        earlier = copy(self)
        known = int(np.searchsorted(self.since, time, side="left"))
        earlier.states, earlier.since = self.states[:known], self.since[:known]
        return earlier

    def number(self, time: np.ndarray | int) -> np.ndarray:
        """Return the position in `states` of the one that holds at each moment."""
        return np.searchsorted(self.since, time, side="right") - 1

    def at(self, time: int) -> Scenario:
        """Return the scenario as it stands at a moment."""
        return self.states[int(self.number(time))]

    def each(self, read: Callable[[Scenario], float]) -> np.ndarray:
        """Return a value in each state."""
        return np.array([read(state) for state in self.states])

    def values(self, read: Callable[[Scenario], float], time: np.ndarray | int) -> np.ndarray:
        """Return the value that holds at each moment."""
        return self.each(read)[self.number(time)]

    def halvings(
        self, start: np.ndarray | int, end: np.ndarray | int, half_life: Callable[[Scenario], float]
    ) -> np.ndarray:
        """Return how often a stock halves from each start to each end, each half-life (days) counted while it holds."""
        first, last = np.broadcast_arrays(np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64))
        until = np.append(self.since[1:], np.iinfo(np.int64).max)
        number = np.zeros(first.shape)
        for begins, ends, days in zip(self.since, until, self.each(half_life), strict=True):
            span = np.minimum(last, ends) - np.maximum(first, begins)
            number = number + np.maximum(span, 0) / DAY / days
        return number

    def meanings(
        self,
        meaning: Callable[[Scenario], Iterable[tuple[str, int]]],
        other: int,
        touchpoint: np.ndarray,
        time: np.ndarray,
    ) -> np.ndarray:
        """Return what touchpoints (codes) mean at some moments.

        Parameters
        ----------
        meaning : callable
            Names of touchpoints and what they mean, from a scenario.
        other : int
            What those mean that it does not name.
        touchpoint, time : numpy.ndarray
            Code of each touchpoint, and the moment.
        """
        found = np.full((len(self.states), _CODES), other)
        for row, state in enumerate(self.states):
            for name, value in meaning(state):
                found[row, self._codes[name]] = value
        if len(found) == 1:
            return found[0][touchpoint]
        return found[self.number(time), touchpoint]

    def named(self, touchpoint: np.ndarray, time: np.ndarray, names: Callable[[Scenario], Iterable[str]]) -> np.ndarray:
        """Return which touchpoints (codes) are among those that the scenario names, as it stood at each moment."""
        return self.meanings(lambda state: ((name, 1) for name in names(state)), 0, touchpoint, time) > 0
