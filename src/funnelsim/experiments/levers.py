"""Every lever of a plan, with a sensible step: read from the schema, so that a new field is a new lever.

A number moves by a tenth of itself (all programme money by three tenths), a head by one, a rank to either end; yes
becomes no; a choice becomes each other choice; and each channel of the mix gets money of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from funnelsim.errors import ScenarioError
from funnelsim.experiments.counterfactuals import POSTS, case_of, move_words, unit_at, value_at
from funnelsim.experiments.words import amount, plain
from funnelsim.scenario.changes import paths
from funnelsim.scenario.schema import People, Scenario
from funnelsim.scenario.tree import from_plain
from funnelsim.scenario.validation import bare, spot

STEP = 0.10
"""Step of a number, relative to its value."""
AT_ZERO = {"USD": 1_000.0, "day": 30.0, "leads": 10.0}
"""Step of a number that is 0, by the beginning of its unit; of shares and the like it is `STEP`, else 1."""
FURTHER = {"plan.marketing.programme_money": 3.0}
"""Numbers that move further, in steps: a tenth of a small firm's programme money is lost in the noise, and R1 is read
at 30 % too."""
WHOLE_STEPS = {"level": 1.0, "heads": 1.0, POSTS: 1.0}
"""Steps that do not depend on the value, by the beginning of the unit."""
TEAMS = ("plan", "sales", "marketing")
"""Parts of a plan that a lever's name need not mention."""
CHANNEL_SHARE = 0.02
"""Least step of the money of a channel, relative to all programme money."""
MIX = "plan.marketing.mix"


@dataclass(frozen=True)
class Lever:
    """One step of one field of the plan.

    Attributes
    ----------
    name
        The step in words; names are unique.
    path
        Dotted path of the field.
    today, value
        Its value in the plan, and after the step.
    step
        How far a number moves; NaN for what is not a number.
    unit
        Unit of the field.
    cost
        What a unit costs, USD per year; NaN where it has no price.
    scenario
        The scenario after the step.
    """

    name: str
    path: str
    today: Any
    value: Any
    step: float
    unit: str
    cost: float
    scenario: Scenario


def plan_levers(
    scenario: Scenario, only: Sequence[str] | Mapping[str, float] | None = None, step: float = STEP
) -> tuple[list[Lever], dict[str, str]]:
    """Return the levers of a plan, and why others cannot be moved, by path.

    Parameters
    ----------
    scenario
        Today.
    only
        Paths, or beginnings of paths, to take; a mapping says the step of each number, too. By default every field.
    step
        Step of a number, relative to its value.
    """
    if not 0.0 < step <= 1.0:
        raise ScenarioError(f"step is {step!r}; expected a share above 0 and up to 1")
    tree = from_plain(scenario.model_dump())
    wanted = list(only) if only is not None else ["plan"]
    steps = dict(only) if isinstance(only, Mapping) else {}
    for path in wanted:
        value_at(scenario, path)  # it refuses what does not exist
    levers: list[Lever] = []
    stuck: dict[str, str] = {}
    for path in _fields(paths(tree), wanted):
        for move in _moves(scenario, path, step, steps.get(path)):
            try:
                levers.append(_lever(scenario, *move))
            except ScenarioError as error:
                stuck[path] = str(error)
    if (only is None or "plan.marketing" in wanted) and (pair := _marketer_with_programmes(scenario)):
        levers.append(pair)
    seen: dict[str, int] = {}
    for lever in levers:
        seen[lever.name] = seen.get(lever.name, 0) + 1
    return [lever if seen[lever.name] == 1 else _longer(lever) for lever in levers], stuck


def _fields(known: Iterable[str], wanted: Sequence[str]) -> Iterator[str]:
    """Yield the paths that were asked for, and `world` only where it was named to the letter."""
    every = [*known]
    every += [path for path in wanted if path not in every]
    for path in every:
        if any(path == one or (path.startswith(f"{one}.") and one.startswith("plan")) for one in wanted):
            yield path


def _longer(lever: Lever) -> Lever:
    from dataclasses import replace

    part = plain(lever.path.split(".")[-2])
    return replace(lever, name=f"{part}: {lever.name}")


Move = tuple[str, Any, float]
"""Path, new value, step (NaN: not a number)."""


def _moves(scenario: Scenario, path: str, share: float, given: float | None) -> Iterator[Move]:
    """Yield the steps of a field: none, one, or one for each alternative."""
    today = value_at(scenario, path)
    annotation, field = spot(Scenario, tuple(path.split(".")))
    kind = bare(annotation)[0]
    if path.startswith(f"{MIX}."):
        yield path, None, share
    elif path == MIX:
        for name, touchpoint in scenario.world.touchpoints.items():
            if touchpoint.programme is not None:
                yield f"{MIX}.{name}", None, share
    elif today is None:
        return
    elif kind is bool:
        yield path, not today, math.nan
    elif get_origin(kind) is Literal:
        for choice in get_args(kind):
            if choice != today:
                yield path, choice, math.nan
    elif kind in (int, float):
        low, high = _bounds(field)
        unit = unit_at(path)
        if given is None and unit == "rank":
            for end in (low, high):
                if math.isfinite(end) and int(end) != today:
                    yield path, int(end), math.nan
            return
        move = given if given is not None else _step(today, unit, share * FURTHER.get(path, 1.0), high, kind is int)
        if given is None and today + move > high:
            move = -move
        if move and low <= today + move <= high:
            yield path, float(f"{today + move:.12g}") if kind is float else int(today + move), move


def _step(today: float, unit: str, share: float, high: float, whole: bool) -> float:
    for beginning, size in WHOLE_STEPS.items():
        if unit.startswith(beginning):
            return size
    size = abs(today) * share
    if today == 0:
        start = next((size for beginning, size in AT_ZERO.items() if unit.startswith(beginning)), None)
        size = start if start is not None else share if high <= 1.0 else 1.0
    return float(max(1, math.floor(size + 0.5))) if whole else float(f"{size:.6g}")


def _bounds(field: Any) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    for item in field.metadata if field is not None else ():
        for name in ("ge", "gt"):
            if (bound := getattr(item, name, None)) is not None:
                low = max(low, float(bound))
        for name in ("le", "lt"):
            if (bound := getattr(item, name, None)) is not None:
                high = min(high, float(bound))
    return low, high


def _lever(scenario: Scenario, path: str, value: Any, step: float) -> Lever:
    """Return a lever; raise `ScenarioError` where the step is not valid."""
    if path.startswith(f"{MIX}."):
        return _channel(scenario, path, step)
    unit, today = unit_at(path), value_at(scenario, path)
    if math.isnan(step):
        other = next(iter(case_of(scenario, path, None, value, "both").ways.values()))
        name = f"{plain(path.split('.')[-1])} {_word(today)} to {_word(value)}"
        if unit == "rank":
            name = f"{plain(path.split('.')[-1])} {'first' if value < today else 'last'}"
        return Lever(_in_part(path, name), path, today, value, step, unit, math.nan, other)
    other = next(iter(case_of(scenario, path, step, None, "both").ways.values()))
    return Lever(
        _in_part(path, move_words(path, step)), path, today, value, step, unit, cost_of(scenario, path, unit), other
    )


def _in_part(path: str, name: str) -> str:
    """Return the name of a lever with the part of the plan that it belongs to."""
    part = path.split(".")[-2]
    return name if part in TEAMS else f"{plain(part)}: {name}"


def _word(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value).replace("_", " ")


def cost_of(scenario: Scenario, path: str, unit: str) -> float:
    """Return what a unit of a field costs, USD per year; NaN where it has no price."""
    role = path.split(".")[-1].removesuffix("s")
    if unit == POSTS and role in People.model_fields:
        return float(getattr(scenario.world.people, role).cost)
    return 1.0 if path == "plan.marketing.programme_money" else math.nan


def _channel(scenario: Scenario, path: str, share: float) -> Lever:
    """More programme money for one channel; the others keep theirs."""
    name, plan = path.split(".")[-1], scenario.plan.marketing
    today = plan.programme_money * plan.mix.get(name, 0.0)
    step = float(f"{max(share * today, CHANNEL_SHARE * plan.programme_money):.6g}")
    if step <= 0.0:
        raise ScenarioError(f"{path}: there is no programme money to begin with")
    money = plan.programme_money + step
    dollars = {key: plan.programme_money * one for key, one in plan.mix.items()}
    dollars[name] = today + step
    changes = {
        "plan.marketing.programme_money": money,
        MIX: {key: one / sum(dollars.values()) for key, one in dollars.items()},
    }
    other = next(iter(case_of(scenario, changes, None, None, "both").ways.values()))
    words = f"{plain(name)} programmes {amount(step, 'USD', sign=True)}"
    return Lever(words, path, today, today + step, step, "USD per year", 1.0, other)


def _marketer_with_programmes(scenario: Scenario) -> Lever | None:
    """One more marketer who brings along as much programme money as each has today: neither is of use alone."""
    plan, cost = scenario.plan.marketing, scenario.world.people.marketer.cost
    if not (plan.marketers > 0.0 and plan.programme_money > 0.0):
        return None
    brought = plan.programme_money / plan.marketers
    after = {
        "plan.marketing.marketers": plan.marketers + 1.0,
        "plan.marketing.programme_money": plan.programme_money + brought,
    }
    try:
        other = next(iter(case_of(scenario, after, None, None, "both").ways.values()))
    except ScenarioError:  # the timeline sets one of them
        return None
    name = f"one more marketer with {amount(brought, 'USD')} of programmes"
    return Lever(name, "plan.marketing", plan.marketers, plan.marketers + 1.0, 1.0, POSTS, cost + brought, other)
