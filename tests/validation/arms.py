"""What is run: the base firm, its overloaded variant, and the base firm with more or less money or reps.

All arms of a replication share their random numbers. Every arm has a year of burn-in under the incumbent plan (the base
plan, whatever the arm), so that a change of plan is permanent from day 0 and quarters 1-4 are its short run.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from funnelsim.scenario.files import load, load_study
from funnelsim.scenario.schema import Scenario

from .customers import DEEP, by_word_of_mouth, cheap

BASE = "base"
UNDEFINED = "undefined"
MONEY = "plan.marketing.programme_money"
MARKETERS = "plan.marketing.marketers"
REPS = "plan.sales.reps"
RAMPED = "plan.sales.ramped"
STEP = 1.1
"""The change that R1 and R4 are defined by."""
LOW, HIGH = 0.7, 1.3
"""Ends of the arc whose interval is several times narrower."""
MONEY_ARC = ("money -30 %", "money +30 %")
CHANGES: dict[str, tuple[str, float]] = {
    "money +10 %": (MONEY, STEP),
    "money -30 %": (MONEY, LOW),
    "money +30 %": (MONEY, HIGH),
    "reps +10 %": (REPS, STEP),
    "reps -30 %": (REPS, LOW),
    "reps +30 %": (REPS, HIGH),
}
"""Arms that differ from the base firm in one number: its path, and the factor."""
LONG = 12
"""Quarters of the long run."""
LONG_BASE = "base, 12 quarters"
ONE_REP_MORE = "one rep more, 12 quarters"
EARLY = {"early, money -30 %": LOW, "early, money +30 %": HIGH}
"""A firm at the start of its life: few know it, it has no customers and little content; factor of its money."""
YOUTH = {"world.goodwill.start": 0.3, "world.content.start": 0.3, "world.customers.start": 0}
SPENDING = {
    "marketing -30 %": {MONEY: LOW, MARKETERS: LOW},
    "marketing +30 %": {MONEY: HIGH, MARKETERS: HIGH},
    "selling -30 %": {REPS: LOW},
    "selling +30 %": {REPS: HIGH},
}
"""Everything that is spent on marketing, or on selling, for 12 quarters."""
RATIO_STUDY = "ratio_study"
RATIOS = {f"{ratio} reps a marketer": f"{ratio}:1" for ratio in (2, 3, 5, 8, 10)}
"""Plans at equal payroll, for 12 quarters, by their label in the study."""
QUOTA, NO_BONUS, NO_DISCOUNTS = "quota", "quota, no bonus", "quota, no discounts"
QUOTAS: dict[str, dict[str, Any]] = {
    QUOTA: {},
    NO_BONUS: {"bonus": 0.0, "discount_authority": 0.0},
    NO_DISCOUNTS: {"discount_authority": 0.0},
}
"""The base firm with quarterly quotas, in the burn-in too, and what differs from `QUOTA_PLAN`."""
QUOTA_PLAN = {"period": "quarter", "ambition": 0.9, "bonus": 5_000.0, "discount_authority": 0.07}
ONE_LIST, SEGMENTED, SHOP = "mails, one list", "mails, segmented lists", "a shop"
BUYERS: dict[str, dict[str, Any]] = {
    ONE_LIST: {"world.touchpoints.email.mail": True, "world.mail.landing_touch": "search"},
    SEGMENTED: {
        "world.touchpoints.email.mail": True,
        "world.mail.landing_touch": "search",
        "plan.marketing.mail.lists": "segmented",
    },
    SHOP: {
        "world.segments.*.deal_size": 300.0,
        "world.segments.*.threshold": 0.4,
        "world.touchpoints.search.site": True,
        "world.touchpoints.search.moments_per_week": 3.0,
        "plan.site.enabled": True,
        "plan.sales.reps": 0.0,
    },
}
"""The base firm with mails that readers may leave or click, and as a shop: small deals, no sales department."""
LOW_ALIGNMENT, HIGH_ALIGNMENT = "alignment undefined", "alignment integrated"
ALIGNMENTS = {LOW_ALIGNMENT: "undefined", HIGH_ALIGNMENT: "integrated"}
"""The base firm at the two ends of alignment, in the burn-in too: two kinds of firms, as surveys compare them."""
TRACKED, UNTRACKED = "follow-up tracked", "follow-up not tracked"
VIEWS_KEPT, UNTRAINED = "alignment integrated, views kept", "half the reps from marketing"
FIRMS: dict[str, dict[str, Any]] = {
    TRACKED: {"plan.sales.tracking": 1.0, "world.incumbent.sales.tracking": 1.0},
    UNTRACKED: {"plan.sales.tracking": 0.0, "world.incumbent.sales.tracking": 0.0},
    VIEWS_KEPT: {
        "plan.alignment": "integrated",
        "world.incumbent.alignment": "integrated",
        "world.alignment.sameness": 0.0,
    },
    UNTRAINED: {"plan.sales.from_marketing": 5},
}
"""Other kinds of the base firm, most of them in the burn-in too."""
BOUGHT_CHEAP, BOUGHT, BY_MOUTH = "customers bought cheaply", "customers at list price", "word of mouth alone"
OWN_FIRMS = {BOUGHT_CHEAP: lambda: cheap(DEEP), BOUGHT: lambda: cheap(0.0), BY_MOUTH: by_word_of_mouth}
"""Arms that are firms of their own, whatever the scale; `customers` reads them."""
HORIZONS = {name: LONG for name in (*MONEY_ARC, LONG_BASE, ONE_REP_MORE, *SPENDING, *RATIOS)}
"""Quarters of the arms that run longer than the others."""
LEAN = (*CHANGES, *EARLY, LONG_BASE, ONE_REP_MORE, *SPENDING, *RATIOS, VIEWS_KEPT, UNTRAINED)
"""Arms of which only money is read."""
ARMS = (BASE, UNDEFINED, *LEAN, *ALIGNMENTS, TRACKED, UNTRACKED, *QUOTAS, *BUYERS, *OWN_FIRMS)


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
    if name in OWN_FIRMS:
        return OWN_FIRMS[name]()
    shipped = load_study(RATIO_STUDY).scenarios[RATIOS[name]] if name in RATIOS else None
    scenario = scaled(shipped or load(UNDEFINED if name == UNDEFINED else BASE), scale)
    if name == UNDEFINED:
        return scenario
    changes: dict[str, Any] = {RAMPED: True, "horizon_quarters": HORIZONS.get(name, scenario.horizon_quarters)}
    factors: dict[str, float] = dict(SPENDING.get(name, {}))
    if name in CHANGES:
        path, factor = CHANGES[name]
        factors[path] = factor
    if name in EARLY:
        changes |= YOUTH
        factors[MONEY] = EARLY[name]
    for path, factor in factors.items():
        changes[path] = factor * _value(scenario, path)
    if name in QUOTAS:
        quota = QUOTA_PLAN | QUOTAS[name]
        changes |= {"plan.sales.quota": quota, "world.incumbent.sales.quota": quota}
    changes |= BUYERS.get(name, {}) | FIRMS.get(name, {})
    if name in ALIGNMENTS:
        changes |= {"plan.alignment": ALIGNMENTS[name], "world.incumbent.alignment": ALIGNMENTS[name]}
    if name == ONE_REP_MORE:
        changes[REPS] = scenario.plan.sales.reps + scale
    return scenario.with_changes(changes)


def _value(scenario: Scenario, path: str) -> float:
    found: Any = scenario
    for part in path.split("."):
        found = getattr(found, part)
    return float(found)


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
