"""Key figures of the climate between the teams: alignment, conflict, targeting, promises, budget."""

from __future__ import annotations

import numpy as np

from funnelsim.events import Kind, Lever
from funnelsim.scenario.alignment import lever_levels
from funnelsim.scenario.schema import Plan, Scenario
from funnelsim.tables.glossary_tables import Meaning
from funnelsim.tables.reading import Reading
from funnelsim.tables.series import last_value

NAN = float("nan")

CLIMATE_KPIS: dict[str, Meaning] = {
    "alignment_end": ("level 0..3", "mean level of the levers of alignment at the end; NaN where alignment is off"),
    "conflict_end": ("conflict", "conflict between the teams at the end; NaN where there is none"),
    "targeting_end": ("share", "attention on accounts that fit, as marketing aims it at the end"),
    "escalated": ("leads", "marketing leads that waited longer than sales had promised"),
    "escalated_share": ("share", "the same / leads handed over"),
    "tools_cost": ("USD", "licences and tools that the teams share"),
    "programme_budget_end": (
        "USD per year",
        "programme money in force at the end, as planned or set by a rule",
    ),
}


def climate_figures(this: Reading) -> dict[str, float]:
    """Return the key figures of alignment, conflict and learning."""
    end = np.array([this.end])
    state = this.dated.states[-1]
    world, plan = state.world, state.plan
    escalated, handed = this.count(Kind.ESCALATED), this.count(Kind.MQL)
    tools = this.measured(Kind.TOOLS_COST)["amount"].sum() / 100.0
    conflict = float(last_value(this, Kind.CONFLICT, end, 0.0)[0])
    return {
        "alignment_end": _alignment(this, state) if world.alignment.on else NAN,
        "conflict_end": conflict if world.conflict.on else NAN,
        "targeting_end": _targeting(this, state),
        "escalated": escalated,
        "escalated_share": escalated / handed if handed else NAN,
        "tools_cost": tools,
        "programme_budget_end": _budget(this, plan),
    }


def _alignment(this: Reading, state: Scenario) -> float:
    """Return the mean level of the levers at the end: where they moved last, else where they began."""
    rows = this.rows(Kind.ALIGNMENT)
    first = this.scenario
    begun = first.world.incumbent if this.clock.begin < 0 else first.plan
    if not first.world.alignment.on:
        begun = state.plan  # while alignment is off, levers stand where they are planned
    levels = dict(zip(Lever, lever_levels(begun.alignment), strict=True))
    for item, level in zip(rows["item"].tolist(), rows["value"].tolist(), strict=True):
        levels[Lever(item)] = level
    return sum(levels.values()) / len(levels)


def _targeting(this: Reading, state: Scenario) -> float:
    """Return targeting at the end: the last that was learned, else the plan's."""
    rows = this.rows(Kind.TARGETING)
    if not state.world.targeting.learns or not len(rows):
        return state.plan.marketing.targeting
    return float(rows["value"][-1])


def _budget(this: Reading, plan: Plan) -> float:
    """Return programme money at the end, USD per year."""
    rows = this.rows(Kind.BUDGET)
    marketing = plan.marketing
    if marketing.budget_rule == "fixed" or not len(rows):
        return marketing.programme_money
    return min(float(rows["amount"][-1]) / 100.0, marketing.budget_most * marketing.programme_money)
