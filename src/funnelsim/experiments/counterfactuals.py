"""The world re-run with or without something: what to change, and how to say it.

A question such as "what is the webinar worth?" becomes scenarios that differ from today's in nothing else. Everything
begins on day 0, so that all of them share their past.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from funnelsim.errors import ScenarioError
from funnelsim.experiments.words import amount, listed, plain
from funnelsim.scenario.changes import paths
from funnelsim.scenario.schema import Change, Scenario
from funnelsim.scenario.tree import from_plain
from funnelsim.scenario.validation import hint, spot

POSTS = "full posts"
"""Unit of fields that count heads."""
KINDS = ("team", "channel", "touchpoint")
SAVED, SPREAD = "money saved", "money spread"
MONEY = {"saved": (SAVED,), "spread": (SPREAD,), "both": (SAVED, SPREAD)}
"""What becomes of the money of a channel that is taken away."""


@dataclass(frozen=True)
class Case:
    """Something that is to be valued.

    Attributes
    ----------
    what
        What it is, in words: ``one more rep``, ``the channel webinar``.
    ways
        Scenarios to run beside today's, by label. Several where it can be taken away in several ways.
    taken_away
        Whether they are the firm *without* it: its value is then today less the other.
    """

    what: str
    ways: dict[str, Scenario]
    taken_away: bool = False


def case_of(
    scenario: Scenario, change: str | Mapping[str, Any] | Scenario, by: float | None, to: Any, money: str
) -> Case:
    """Return the scenarios that say what a change is worth; see `funnelsim.experiments.value.value_of`."""
    if money not in MONEY:
        raise ScenarioError(f"money is {money!r}{hint(str(money), MONEY, 'what becomes of it')[0]}")
    if isinstance(change, str) and by is not None:
        if to is not None:
            raise ScenarioError("say by= (how much more or less) or to= (the new value), not both")
        return _moved(scenario, change, by)
    if by is not None:
        raise ScenarioError("by= needs one dotted path, e.g. value_of(scenario, 'plan.sales.reps', +1)")
    if isinstance(change, Scenario):
        return Case(change.title or "the other scenario", {"with it": change})
    if isinstance(change, Mapping):
        return _changed(scenario, dict(change))
    if not isinstance(change, str):
        raise ScenarioError(f"cannot value {change!r}: expected a dotted path, changes by path, or a scenario")
    if to is not None:
        return _changed(scenario, {change: to})
    kind, _, name = change.partition(".")
    if kind == "team" and name:
        return _team(scenario, name)
    if kind == "channel" and name:
        return _channel(scenario, name, MONEY[money])
    if kind == "touchpoint" and name:
        return _touchpoint(scenario, name)
    if kind in ("plan", "world"):
        value_at(scenario, change)
        raise ScenarioError(f"{change}: say by= (how much more or less) or to= (the new value)")
    raise ScenarioError(
        f"cannot value {change!r}: expected a dotted path with by= or to=, or 'team.NAME', 'channel.NAME', "
        f"'touchpoint.NAME'{hint(kind, (*KINDS, 'plan', 'world'), 'beginnings')[0]}"
    )


# -------------------------------------------------------------------------------------------------- numbers in a plan


def value_at(scenario: Scenario, path: str) -> Any:
    """Return what a scenario says at a dotted path; refuse a path that does not exist, with the nearest one."""
    found: Any = scenario
    for key in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(key)
        else:
            found = getattr(found, key, None) if key in getattr(type(found), "model_fields", {}) else None
        if found is None:
            _check_path(scenario, path)
            return None
    return found


def _check_path(scenario: Scenario, path: str) -> None:
    tree = from_plain(scenario.model_dump())
    known = list(paths(tree))
    if path in known or re.fullmatch(r"plan\.marketing\.mix\.[^.]+", path):
        return
    scenario.with_changes({path: 0})  # it knows the nearest path
    raise ScenarioError(f"{path}: no such path")


def unit_at(path: str) -> str:
    """Return the unit of the field at a dotted path, empty if it has none."""
    field = spot(Scenario, tuple(path.split(".")))[1]
    extra = field.json_schema_extra if field is not None else None
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def dated_paths(scenario: Scenario, path: str) -> list[str]:
    """Return the paths of the timeline that set what stands at `path`, or a part or the whole of it."""
    found = []
    for entry in scenario.timeline:
        for other in entry.changes:
            pattern = re.escape(other).replace(r"\*", r"[^.]+")
            if other.startswith(f"{path}.") or re.match(rf"{pattern}(\.|\Z)", path):
                found.append(other)
    return found


def _refuse_dated(scenario: Scenario, changed: list[str]) -> None:
    for path in changed:
        for other in dated_paths(scenario, path):
            raise ScenarioError(
                f"{path}: the timeline changes {other}, and would undo what is asked; "
                "give the whole other scenario instead: value_of(scenario, other_scenario)"
            )


# ---------------------------------------------------------------------------------------------------------- the cases


def _moved(scenario: Scenario, path: str, by: float) -> Case:
    """One number moved, today and wherever the timeline sets it."""
    today = value_at(scenario, path)
    if isinstance(today, bool) or not isinstance(today, int | float):
        raise ScenarioError(f"{path} is {today!r}: by= moves a number; say to= for anything else")
    if isinstance(by, bool) or not isinstance(by, int | float) or not by:
        raise ScenarioError(f"by is {by!r}; expected a number other than 0")
    _refuse_dated(scenario, [other for other in dated_paths(scenario, path) if other != path])
    changes: dict[str, Any] = {path: _sum(today, by)}
    if path in dated_paths(scenario, path):
        entries = []
        for entry in scenario.timeline:
            dated = dict(entry.changes)
            if path in dated:
                dated[path] = _sum(dated[path], by)
            entries.append(entry.model_copy(update={"changes": dated}).model_dump())
        changes["timeline"] = entries
    return Case(move_words(path, by), {"with it": scenario.with_changes(changes)})


def _sum(value: float, by: float) -> float:
    """Return the sum without the dust of binary fractions: 2.5 + 0.1 is 2.6."""
    return int(value + by) if isinstance(value, int) and float(by).is_integer() else float(f"{value + by:.12g}")


def move_words(path: str, by: float) -> str:
    """Say what a step is: ``one more rep``, ``programme money +$60.0k``."""
    *_, part, name = path.split(".")
    unit = unit_at(path)
    if unit == POSTS:
        one = plain(name).removesuffix("s")
        size = "one" if abs(by) == 1 else f"{abs(by):g}"
        return f"{size} {'more' if by > 0 else 'fewer'} {one if abs(by) <= 1 else plain(name)}"
    if unit.startswith("USD"):
        return f"{plain(name)} {amount(by, 'USD', sign=True)}"
    of = f"{plain(part)} heads " if name.startswith("from_") else ""  # “from sales +1” alone says little
    return f"{of}{plain(name)} {by:+g}"


def _changed(scenario: Scenario, changes: dict[str, Any]) -> Case:
    if not changes:
        raise ScenarioError("nothing is changed: give at least one path and its new value")
    other = scenario.with_changes(changes)
    _refuse_dated(scenario, [path for path in changes if path != "timeline"])
    if other == scenario:
        raise ScenarioError("the changes change nothing: the scenario says the same already")
    parts = [f"{plain(path.split('.')[-1])} {_brief(value)}" for path, value in changes.items()]
    what = listed(parts) if len(parts) <= 3 else f"{len(parts)} changes together"
    return Case(what, {"with it": other})


def _brief(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else str(value) if isinstance(value, str) else "changed"


def head_paths(scenario: Scenario) -> list[str]:
    """Return the paths of the plan that count heads."""
    tree = from_plain(scenario.model_dump())
    return [path for path in paths(tree) if path.startswith("plan.") and unit_at(path) == POSTS]


def _team(scenario: Scenario, name: str) -> Case:
    """All heads of a team go on day 0; marketing's programmes end with its people."""
    teams: dict[str, list[str]] = {}
    for path in head_paths(scenario):
        teams.setdefault(path.split(".")[1], []).append(path)
    if name not in teams:
        raise ScenarioError(f"no team is named {name!r}{hint(name, teams, 'teams')[0]}")
    changes: dict[str, Any] = {path: 0 for path in teams[name] if value_at(scenario, path)}
    if not changes:
        raise ScenarioError(f"team.{name}: it has no heads in this plan")
    if name == "marketing":
        changes["plan.marketing.programme_money"] = 0
    _refuse_dated(scenario, teams[name])
    return Case(f"the whole {plain(name)} team", {f"without {name}": scenario.with_changes(changes)}, True)


def _channel(scenario: Scenario, name: str, ways: tuple[str, ...]) -> Case:
    """A channel without programmes: its money is saved, or goes to the other channels in their proportions."""
    plan = scenario.plan.marketing
    if not plan.mix.get(name):
        used = [key for key, share in plan.mix.items() if share > 0.0]
        raise ScenarioError(f"no channel of the plan is named {name!r}{hint(name, used, 'channels')[0]}")
    _refuse_dated(scenario, ["plan.marketing.mix", "plan.marketing.programme_money"])
    mix = mix_without(plan.mix, name)
    found = {}
    for way in ways:
        if way == SPREAD and not mix:
            continue  # there is no other channel
        money = plan.programme_money
        if way == SAVED:
            money = float(f"{money * (1.0 - plan.mix[name]) if mix else 0.0:.12g}")
        found[way] = scenario.with_changes({"plan.marketing.mix": mix, "plan.marketing.programme_money": money})
    if not found:
        raise ScenarioError(f"channel.{name}: it is the only channel, so that its money has nowhere to go")
    return Case(f"the channel {name}", found, True)


def mix_without(mix: Mapping[str, float], name: str) -> dict[str, float]:
    """Return the mix of the other channels in their proportions, empty if there is none."""
    rest = {key: share for key, share in mix.items() if key != name and share > 0.0}
    total = sum(rest.values())
    return {key: share / total for key, share in rest.items()}


def _touchpoint(scenario: Scenario, name: str) -> Case:
    """From day 0 on a touch happens and costs as before, but builds no trust and leaves no address."""
    touchpoints = scenario.world.touchpoints
    if name not in touchpoints:
        raise ScenarioError(f"no touchpoint is named {name!r}{hint(name, touchpoints, 'touchpoints')[0]}")
    path = f"world.touchpoints.{name}"
    _refuse_dated(scenario, [f"{path}.strength", f"{path}.capture"])
    idle = {f"{path}.strength": 0.0, f"{path}.capture": 0.0}
    return Case(f"what {plain(name)} does to buyers", {"without its effect": dated(scenario, idle)}, True)


def dated(scenario: Scenario, changes: Mapping[str, Any], note: str = "") -> Scenario:
    """Return the scenario in which something changes on day 0, the past being as it was."""
    entry = Change(date=scenario.start, changes=dict(changes), note=note)
    return scenario.with_changes({"timeline": [entry.model_dump(), *(one.model_dump() for one in scenario.timeline)]})
