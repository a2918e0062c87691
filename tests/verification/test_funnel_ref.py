"""`funnel-ref` on naive SimPy and on funnelsim's machinery: both agree with the reference values."""

from __future__ import annotations

import math
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest

from funnelsim.engines.reference.blocks import BlockGroup, UniformBlocks
from funnelsim.randomness import exponential, exponential_array, run_key, uniform

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
try:
    from benchmarks.funnel_ref import HORIZON, REFERENCE, Kind, machinery, naive, outcome
finally:
    sys.path.remove(str(ROOT))

pytestmark = pytest.mark.verification

LIMIT = 4.0
"""With 40 comparisons a true model passes |z| <= 4 in 99.7 % of all choices of seeds."""


@pytest.mark.parametrize("engine", [naive, machinery], ids=["naive", "machinery"])
@pytest.mark.parametrize(("buyers", "replications"), [(1_000, 12), (10_000, 3)])
def test_statistics_agree_with_the_reference_values(engine, buyers, replications):
    outcomes = [outcome(engine.columns(engine.run(buyers, seed)), buyers) for seed in range(replications)]
    for name, (mean, sd) in REFERENCE[buyers].items():
        found = statistics.fmean(getattr(one, name) for one in outcomes)
        z = (found - mean) / (sd / math.sqrt(replications))
        assert abs(z) <= LIMIT, f"{name}: {found:g} instead of {mean:g}, {z:+.1f} standard errors"


def test_the_log_of_the_machinery_is_a_function_of_the_seed_and_in_order():
    first, again, other = (machinery.run(1_000, seed).to_array() for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)
    assert np.all(np.diff(first["time"]) >= 0)
    assert first["time"][-1] <= HORIZON * 86_400_000_000


def test_every_buyer_of_the_machinery_follows_the_funnel():
    rows = machinery.run(1_000, 3).to_array()
    may_follow = {
        Kind.ARRIVE: {Kind.TOUCH, Kind.COLD},
        Kind.TOUCH: {Kind.TOUCH, Kind.COLD, Kind.LEAD},
        Kind.LEAD: {Kind.MSTART, Kind.ABANDON},
        Kind.MSTART: {Kind.MEND},
        Kind.MEND: {Kind.BUY, Kind.DROP, Kind.EXHAUST, Kind.REQUEUE},
        Kind.REQUEUE: {Kind.MSTART, Kind.ABANDON},
        Kind.BUY: {Kind.REBUY},
        Kind.REBUY: {Kind.REBUY, Kind.CHURN},
    }
    last = {}
    for kind, buyer in zip(rows["kind"].tolist(), rows["buyer"].tolist(), strict=True):
        if buyer in last:
            assert kind in may_follow[last[buyer]]
        else:
            assert kind == Kind.ARRIVE
        last[buyer] = kind
    assert sorted(last) == list(range(len(last)))


def test_values_computed_in_blocks_are_those_computed_one_by_one():
    key = run_key(7, 3)
    plain = UniformBlocks(key, 5, 4, 16)
    days = UniformBlocks(key, 6, 4, 16, lambda u: int(exponential(u, 3.0) * 1e6 + 0.5), _days)
    group = BlockGroup(plain, days)
    for entity in (0, 5, 15, 16, 1000, 2**33 + 3):
        rows = group.take(entity)
        for n in range(4):
            u = uniform(key, entity, 5, n)
            assert plain.get(entity, n) == plain.single(entity, n) == plain.row(entity)[n] == rows[0][n] == u
            assert days.get(entity, n) == days.single(entity, n) == rows[1][n]
        assert plain.get(entity, 99) == uniform(key, entity, 5, 99)
        assert type(rows[0][0]) is type(plain.row(entity)[0]) is float
        assert type(rows[1][0]) is type(days.get(entity, 99)) is int
        assert group.take(entity) == rows
    with pytest.raises(ValueError, match="neither"):
        UniformBlocks(key, 5, scalar=abs)
    with pytest.raises(ValueError, match="same entities"):
        BlockGroup(plain, UniformBlocks(key, 5, 4, 17))


def _days(u):
    return (exponential_array(u, 3.0) * 1e6 + 0.5).astype(np.int64)
