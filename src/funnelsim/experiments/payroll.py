"""Plans that cost the same: heads moved between the teams at equal payroll."""

from __future__ import annotations

import math

from funnelsim.errors import ScenarioError
from funnelsim.experiments.single import as_scenario
from funnelsim.rules.alignment import at_level
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.sourcing import marketers_of, reps_of

PLACES = 1_000.0
"""Heads are rounded to a thousandth of a post."""


def payroll(scenario: Scenario) -> float:
    """Return what marketers, reps, SDRs and programmes cost, USD per year; commissions are not part of it."""
    world, plan = scenario.world, scenario.plan
    return (
        plan.marketing.marketers * marketers_of(world, plan).cost
        + plan.marketing.programme_money
        + plan.sales.reps * reps_of(world, plan).cost
        + plan.sales.sdrs * world.people.sdr.cost
    )


def yearly_cost(scenario: Scenario) -> float:
    """Return what people, programmes and the licences of their shared record cost, USD per year."""
    effects, plan = scenario.world.alignment, scenario.plan
    licence = at_level(plan.alignment.shared_record, *effects.licence.each()) if effects.on else 0.0
    return payroll(scenario) + licence * (plan.sales.reps + plan.sales.sdrs + plan.marketing.marketers)


def equal_payroll(scenario: Scenario | str, reps_per_marketer: float) -> Scenario:
    """Return the scenario with another ratio of reps to marketers at the same yearly cost.

    A marketer brings programme money along: dollars of programmes per marketer stay as in the given plan.

    Parameters
    ----------
    scenario
        Where to start: its plan needs marketers.
    reps_per_marketer
        Reps per marketer, >= 0; 0 puts all money into marketing.

    Returns
    -------
    Scenario
        Heads and programme money such that payroll plus programme money is that of the given plan. SDRs stay.

    Notes
    -----
    With cost c_m of a marketer, c_r of a rep and p of programmes per marketer, and budget b (without SDRs):
    marketers m = b / (c_m + p + ratio c_r), rounded to a thousandth; programme money m p; reps (b - m (c_m + p)) / c_r,
    rounded to a thousandth. The budget is met to within a thousandth of a rep.
    """
    base = as_scenario(scenario)
    ratio = float(reps_per_marketer)
    if not (math.isfinite(ratio) and ratio >= 0.0):
        raise ScenarioError(f"reps_per_marketer is {reps_per_marketer!r}; expected a number from 0 on")
    marketing, sales = base.plan.marketing, base.plan.sales
    marketer_cost, rep_cost = marketers_of(base.world, base.plan).cost, reps_of(base.world, base.plan).cost
    if marketing.marketers <= 0.0:
        raise ScenarioError(
            "equal_payroll needs a plan with marketers: they say how much programme money each brings along"
        )
    per_marketer = marketing.programme_money / marketing.marketers
    head = marketer_cost + per_marketer
    budget = marketing.marketers * head + sales.reps * rep_cost
    if head + ratio * rep_cost <= 0.0:
        raise ScenarioError("equal_payroll needs people who cost something")
    marketers = math.floor(budget / (head + ratio * rep_cost) * PLACES + 0.5) / PLACES
    reps = 0.0
    if ratio > 0.0:
        rest = (budget - marketers * head) / rep_cost if rep_cost else ratio * marketers
        reps = max(0.0, math.floor(rest * PLACES + 0.5) / PLACES)
    return base.with_changes(
        {
            "plan.title": f"{ratio:g} {'rep' if ratio == 1 else 'reps'} per marketer at equal payroll",
            "plan.sales.reps": reps,
            "plan.marketing.marketers": marketers,
            "plan.marketing.programme_money": math.floor(marketers * per_marketer * 100.0 + 0.5) / 100.0,
        }
    )
