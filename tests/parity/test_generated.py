"""Both engines leave the same log for whatever the schema allows."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("numba")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parity.generated import scenarios
from parity.parity import assert_same_log

EXAMPLES = int(os.environ.get("PARITY_EXAMPLES", "0"))
"""How many examples are tried; 0: those of the build server, the same each time. Others differ from run to run."""
AS_IN_CI = settings(
    max_examples=EXAMPLES or 70,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@AS_IN_CI
@given(scenario=scenarios(), seed=st.integers(0, 2**63 - 1), replication=st.integers(0, 3))
def test_same_log(scenario, seed, replication):
    assert_same_log(scenario, seed, replication)
