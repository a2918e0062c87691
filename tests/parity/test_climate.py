"""Alignment, promises, conflict, learning, bar and budget: both engines agree where much happens at once."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from parity.generated import TIES, TINY
from parity.parity import assert_same, assert_same_log

from funnelsim.engines.compiled.engine import BurnIn
from funnelsim.events import Kind
from funnelsim.scenario.lowering import lower

CLIMATE = (Kind.ALIGNMENT, Kind.CONFLICT, Kind.TARGETING, Kind.BAR, Kind.BUDGET, Kind.TOOLS_COST, Kind.ESCALATED)
MOVES = [
    {
        "date": "2026-02-01",
        "changes": {
            "plan.alignment": "integrated",
            "world.alignment.change_over.integrated": 0.0,
            "world.alignment.promise_integrated": 1.0,
            "plan.marketing.targeting": 0.4,
        },
    },
    {
        "date": "2026-02-17",
        "changes": {
            "world.conflict.on": False,
            "plan.marketing.budget_rule": "fixed",
            "plan.marketing.lead_target": 0.0,
            "plan.sales.sourcing": "contract",
        },
    },
    {"date": "2026-04-01", "changes": {"world.alignment.on": False, "plan.marketing.sourcing": "agency"}},
    {
        "date": "2026-05-10",
        "changes": {
            "world.alignment.on": True,
            "world.conflict.on": True,
            "plan.alignment": "undefined",
            "plan.marketing.budget_rule": "revenue_share",
            "plan.marketing.lead_target": 900.0,
            "plan.sales.sdrs": 2.0,
        },
    },
]


@pytest.mark.slow
@pytest.mark.parametrize("ties", [{}, TIES], ids=["plain", "ties"])
def test_the_plan_changes_while_everything_is_under_way(ties):
    scenario = TINY.with_changes({**ties, "world.incumbent.alignment": "aligned", "horizon_quarters": 3})
    scenario = scenario.with_changes({"timeline": MOVES, "world.alignment.promise_aligned": 1.0})
    lowered = lower(scenario)
    log = assert_same_log(lowered, 3)
    assert {int(kind) for kind in CLIMATE} <= set(np.unique(log["kind"]).tolist())
    assert_same(log, BurnIn(lowered, 3, 0).log(lowered), lowered, "burn-in run before")
