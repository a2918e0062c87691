"""Comparisons with as many replications as a stated width of an interval takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Unpack

from funnelsim.experiments.compare import Comparison, compare
from funnelsim.experiments.executors import How
from funnelsim.scenario.schema import Scenario

LEAST_REPLICATIONS = 10
"""Fewer would not tell how much replications differ."""
MAX_REPLICATIONS = 2_000
MARGIN = 1.1
"""Replications asked for, relative to what the width so far says is needed."""


def compare_precisely(
    plans: Mapping[str, Scenario],
    replications: int,
    precision: float | None,
    half_width: Callable[[Comparison], float],
    *,
    baseline: str,
    seed: int,
    keep: Sequence[str] = ("kpis",),
    **how: Unpack[How],
) -> Comparison:
    """Compare plans, with more replications until an interval is narrow enough.

    Parameters
    ----------
    plans
        Scenarios by label.
    replications
        How many to begin with.
    precision
        Half the width that is wanted; none: `replications` it is.
    half_width
        Reads half the width of the interval in question from a comparison.
    baseline, seed, keep
        As in `compare`.
    **how
        As in `compare`.

    Notes
    -----
    The width falls with the square root of the replications. Replication i is the same in every call, so that the last
    call holds all that went before. Stopping when the interval is narrow leaves its coverage a little below its level;
    that it is checked few times, after many replications each, keeps that small.
    """
    if precision is None:
        return compare(plans, replications, baseline, seed, keep=keep, **how)
    count = max(int(replications), LEAST_REPLICATIONS)
    while True:
        found = compare(plans, count, baseline, seed, keep=keep, **how)
        half = half_width(found)
        if found.interrupted or not half > precision or count >= MAX_REPLICATIONS:
            return found
        wanted = MARGIN * count * (half / precision) ** 2
        count = min(MAX_REPLICATIONS, max(count + LEAST_REPLICATIONS, math.ceil(wanted)))
