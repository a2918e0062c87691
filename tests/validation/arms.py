"""What is run: the base firm, its overloaded variant, and the base firm with more or less money or reps.

All arms of a replication share their random numbers. Every arm has a year of burn-in under the incumbent plan (the base
plan, whatever the arm), so that a change of plan is permanent from day 0 and quarters 1-4 are its short run.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from funnelsim.scenario.files import load
from funnelsim.scenario.schema import Scenario

BASE = "base"
UNDEFINED = "undefined"
MONEY = "plan.marketing.programme_money"
REPS = "plan.sales.reps"
RAMPED = "plan.sales.ramped"
STEP = 1.1
"""The change that R1 and R4 are defined by."""
LOW, HIGH = 0.7, 1.3
"""Ends of the arc whose interval is several times narrower."""
CHANGES: dict[str, tuple[str, float]] = {
    "money +10 %": (MONEY, STEP),
    "money -30 %": (MONEY, LOW),
    "money +30 %": (MONEY, HIGH),
    "reps +10 %": (REPS, STEP),
    "reps -30 %": (REPS, LOW),
    "reps +30 %": (REPS, HIGH),
}
"""Arms that differ from the base firm in one number: its path, and the factor."""
ARMS = (BASE, UNDEFINED, *CHANGES)


def arm(name: str, scale: float = 1.0) -> Scenario:
    """Build the scenario of an arm.

    Parameters
    ----------
    name
        One of `ARMS`.
    scale
        Size of market and firm relative to the shipped one; see `scaled`.

    Notes
    -----
    People hired by the plan arrive fully ramped in every arm, the base firm too. There it changes nothing: base plan
    and incumbent have the same heads, so the plan hires nobody, and the base arm is the shipped scenario ``base``.
    """
    scenario = scaled(load(UNDEFINED if name == UNDEFINED else BASE), scale)
    if name == UNDEFINED:
        return scenario
    changes: dict[str, Any] = {RAMPED: True}
    if name in CHANGES:
        path, factor = CHANGES[name]
        plan = scenario.plan
        changes[path] = factor * (plan.marketing.programme_money if path == MONEY else plan.sales.reps)
    return scenario.with_changes(changes)


def scaled(scenario: Scenario, scale: float) -> Scenario:
    """Return market and firm at another size: the same load per person and the same reach per account.

    Accounts, heads, programme money, size of a programme and declared customers are multiplied by `scale`. What does
    not scale is pooling: half as many reps at the same utilisation make buyers wait longer, and a vacancy hurts more.
    """
    if scale == 1.0:
        return scenario
    world = scenario.world
    changes: dict[str, Any] = {
        f"world.segments.{name}.accounts": max(1, round(segment.accounts * scale))
        for name, segment in world.segments.items()
    }
    changes["world.programme_scale"] = world.programme_scale * scale
    changes["world.customers.start"] = round(world.customers.start * scale)
    for where, plan in (("plan", scenario.plan), ("world.incumbent", world.incumbent)):
        changes[f"{where}.sales.reps"] = plan.sales.reps * scale
        changes[f"{where}.sales.sdrs"] = plan.sales.sdrs * scale
        changes[f"{where}.marketing.marketers"] = plan.marketing.marketers * scale
        changes[f"{where}.marketing.programme_money"] = plan.marketing.programme_money * scale
    return scenario.with_changes(changes)


def digest() -> str:
    """Fingerprint of the shipped scenarios that are measured, defaults of the schema included, titles left out."""
    plain = []
    for name in (BASE, UNDEFINED):
        scenario = load(name).model_dump(mode="json")
        for part in (scenario, scenario["plan"], scenario["world"], scenario["world"]["incumbent"]):
            part.pop("title", None)
        plain.append(scenario)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
