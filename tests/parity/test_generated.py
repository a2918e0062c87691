"""Both engines leave the same log for whatever the schema allows.

Environment variable ``PARITY_EXAMPLES`` says how many are tried, other ones each time:
``PARITY_EXAMPLES=600 python -m pytest tests/parity/test_generated.py``. Without it the same few are tried each time.
"""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

pytest.importorskip("numba")

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from parity.generated import BY_HAND, LEAVES, MORE_TIES, NARROW, OFTEN, TIES, TINY, scenarios
from parity.parity import as_text, assert_same, assert_same_log, difference

from funnelsim.engines.compiled.engine import BurnIn
from funnelsim.events import Kind
from funnelsim.scenario.changes import paths
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.tree import from_plain

EXAMPLES = int(os.environ.get("PARITY_EXAMPLES", "0"))
IN_CI = 250
FIXED = settings(
    max_examples=EXAMPLES or IN_CI,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@FIXED
@given(scenario=scenarios(), seed=st.integers(0, 2**63 - 1), replication=st.integers(0, 3))
def test_same_log(scenario, seed, replication):
    lowered = lower(scenario)
    log = assert_same_log(lowered, seed, replication)
    if lowered.start < 0:
        assert_same(log, BurnIn(lowered, seed, replication).log(lowered), lowered, "burn-in run before")


# ------------------------------------------------------------------------------------------ what examples are made of


def test_every_kind_of_event_happens_in_what_examples_start_from():
    # a low bar: leads are handed over so early that some buyers ask while they wait
    changes = {"horizon_quarters": 4, "world.finance.commission": 0.1, "plan.marketing.lead_bar": 0.0}
    year = TINY.with_changes(changes)
    logs = [assert_same_log(year), assert_same_log(year.with_changes({"world.customers.purchase": "repeat"}))]
    missing = set(map(int, Kind)) - {kind for log in logs for kind in np.unique(log["kind"]).tolist()}
    assert {Kind(kind).name for kind in missing} == set()


def test_every_field_is_drawn():
    """Every path of the schema is drawn, or somebody has said why not."""
    parts = {path.rsplit(".", 1)[0] for path in LEAVES}
    for path in paths(from_plain(TINY.model_dump())):
        drawn = path in LEAVES or any(one == path or one.startswith(f"{path}.") for one in parts)
        by_hand = any(re.fullmatch(pattern, path) or re.fullmatch(pattern, f"{path}.x") for pattern in BY_HAND)
        assert drawn or by_hand or re.search(r"\.programme(\..*)?$", path), f"{path} is never drawn"


def test_nothing_said_by_hand_is_out_of_date():
    everything = set(paths(from_plain(TINY.model_dump())))
    for pattern in NARROW:
        assert any(re.fullmatch(pattern, path) for path in LEAVES), f"NARROW names {pattern}, which nothing matches"
    for patterns in BY_HAND:
        for pattern in patterns.split("|world"):
            pattern = pattern if patterns.startswith(pattern) else f"world{pattern}"
            assert any(re.fullmatch(pattern, path) for path in everything), f"BY_HAND: nothing matches {pattern}"
    assert len(OFTEN) > 15
    for path in [*TIES, *MORE_TIES]:
        assert "*" in path or path in LEAVES, path


def test_differences_are_told():
    log = assert_same_log(TINY)
    other = log.copy()
    row = len(log) // 2
    other["hours"][row] = 1.0
    text = difference(log, other, lower(TINY), "seed 1")
    assert f"{row:8d}" in text
    assert "hours: reference" in text
    assert len(text.splitlines()) == 14
    assert "no such row" in difference(log, log[:row], lower(TINY))
    assert "no difference" in difference(log, log)
    assert "day " in as_text(log[0])
    with pytest.raises(AssertionError, match="the logs differ"):
        assert_same(log, other, lower(TINY))


def test_examples_can_be_made_smaller():
    """What Hypothesis shrinks to is what examples start from, nearly."""
    quiet = settings(FIXED, max_examples=50, phases=[Phase.generate, Phase.shrink])
    smallest = find(scenarios(), lambda _: True, settings=quiet)
    assert smallest.timeline == ()
    assert smallest.horizon_quarters == 1
