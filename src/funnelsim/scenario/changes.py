"""Changes by dotted path: one-off (`with_changes`) and dated (the timeline)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from pydantic import BaseModel

from funnelsim.errors import ScenarioError
from funnelsim.scenario.schema import Plan, Scenario
from funnelsim.scenario.tree import WHOLE, Node, brief, from_plain, merged
from funnelsim.scenario.validation import (
    bare,
    dotted,
    expectation,
    is_model,
    item_type,
    nearest,
    spelt_out,
    validated,
)

FIXED = (
    (r"title", "it names the scenario"),
    (r"start|horizon_quarters|timeline", "it is the frame in which changes happen"),
    (r"world\.(incumbent|burn_in_quarters)(\..*)?", "it is over before day 0"),
    (r"world\.workweek(\..*)?", "the calendar of a run is fixed; list holidays in the world"),
    (
        r"world\.segments\.[^.]+\.accounts",
        "accounts neither come nor go during a run; change world.demand instead",
    ),
    (
        r"world\.segments\.[^.]+\.[^.]+",
        "what accounts are like is drawn once; for more or fewer needs change world.demand",
    ),
    (
        r"world\.buyers\.(share_before_sales_[ab]|propensity_sd)",
        "it is drawn once for each account",
    ),
    (
        r"world\.touchpoints\.[^.]+\.(moments_per_week|known_only|found_by_search)",
        "a buyer's moments of attention are dealt when the need arises",
    ),
    (r"world\.programme_scale", "the size of the market's programmes is fixed"),
    (r"world\.(customers|goodwill|content)\.start", "it is a stock at the start of the burn-in"),
    (r"world\.customers\.(purchase|repeat(\..*)?)", "how customers buy again is drawn once for each of them"),
    (r"world\.(trust\.customer_start|selling\.belief_start)", "it is a value at the start of the burn-in"),
)
"""Paths that make no sense in a timeline, with the reason."""


def quarter_start(start: dt.date, number: int) -> dt.date:
    """Return the first day of the quarter that begins `number` quarters after `start`."""
    months = start.year * 12 + start.month - 1 + 3 * number
    if not dt.MINYEAR <= months // 12 <= dt.MAXYEAR:
        raise ScenarioError(f"start: {number} quarters from {start} is beyond the calendar")
    return dt.date(months // 12, months % 12 + 1, 1)


def end_date(scenario: Scenario) -> dt.date:
    """Return the first day after the horizon."""
    return quarter_start(scenario.start, scenario.horizon_quarters)


# ------------------------------------------------------------------------------------------------------- dotted paths


def paths(tree: Node, annotation: Any = Scenario, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every dotted path that can be set, names of segments and touchpoints as they are in `tree`."""
    kind = bare(annotation)[0]
    if is_model(kind):
        items: Any = ((name, field.annotation) for name, field in kind.model_fields.items())
    elif get_origin(kind) is dict and is_model(item_type(kind)):
        items = ((name, item_type(kind)) for name in tree.value) if isinstance(tree.value, dict) else ()
    else:
        return
    for name, inner in items:
        yield dotted((*path, name))
        yield from paths(tree.child(name) or Node({}), inner, (*path, name))


def put(tree: Node, path: str, value: Node, *, dated: bool = False) -> Node:
    """Return a tree in which `path` has the given value.

    Mappings merge with what is there (but `mix` and complete parts replace it); null takes a value away, so that its
    default holds. `*` stands for every segment or touchpoint.

    Raises
    ------
    ScenarioError
        If there is no such path.
    """
    return _Put(tree, path, value, dated).into(tree, Scenario, ())


class _Put:
    def __init__(self, tree: Node, path: str, value: Node, dated: bool) -> None:
        self.tree = tree
        self.path = path
        self.parts = path.split(".")
        self.given = value
        self.dated = dated

    def into(self, node: Node, annotation: Any, done: tuple[str, ...]) -> Node:
        """Return `node`, which stands at `done`, with the value put into it."""
        if len(done) == len(self.parts):
            self.given = spelt_out(self.given, annotation)
            if self.dated:
                self.refuse_catalogue_change(node, annotation, self.given, done)
            return merged(node if node.value is not None else None, self.given, done[-1])
        kind = bare(annotation)[0]
        key = self.parts[len(done)]
        if is_model(kind):
            return self.into_part(node, kind, key, done)
        if get_origin(kind) is dict:
            return self.into_names(node, kind, key, done)
        raise self.unknown(f"{dotted(done)} is a single value")

    def into_part(self, node: Node, kind: type[BaseModel], key: str, done: tuple[str, ...]) -> Node:
        if key not in kind.model_fields:
            raise self.unknown(f"{dotted(done) or 'a scenario'} has: {', '.join(kind.model_fields)}")
        return self.with_child(node, key, kind.model_fields[key].annotation, done)

    def into_names(self, node: Node, kind: Any, key: str, done: tuple[str, ...]) -> Node:
        names = list(node.value) if isinstance(node.value, dict) else []
        if key == "*":
            for name in names:
                node = self.with_child(node, name, item_type(kind), done)
            return node
        last = len(done) + 1 == len(self.parts)
        number = not is_model(item_type(kind))  # a share of a mix
        if key not in names and not (last and (number or (isinstance(self.given.value, dict) and not self.dated))):
            raise self.unknown(f"{dotted(done)} has: {', '.join(names) or 'nothing'}")
        if self.dated and last and not number and self.given.value is None:
            raise self.catalogue((*done, key), "taken away")
        return self.with_child(node, key, item_type(kind), done)

    def with_child(self, node: Node, key: str, annotation: Any, done: tuple[str, ...]) -> Node:
        children = dict(node.value) if isinstance(node.value, dict) else {}
        child = self.into(children.get(key, Node(None)), annotation, (*done, key))
        if child.value is None:
            children.pop(key, None)
        else:
            children[key] = child
        return Node(children, node.file, node.line)

    def refuse_catalogue_change(self, node: Node, annotation: Any, given: Node, done: tuple[str, ...]) -> None:
        """Refuse names of segments or touchpoints that a dated change would add or take away."""
        if not isinstance(given.value, dict):
            return
        kind = bare(annotation)[0]
        free = get_origin(kind) is dict and is_model(item_type(kind))
        for key, child in given.value.items():
            here = node.child(key) or Node(None)
            if free and (here.value is None or child.value is None):
                raise self.catalogue((*done, key), "taken away" if child.value is None else "added")
            if is_model(kind) and key in kind.model_fields:
                self.refuse_catalogue_change(here, kind.model_fields[key].annotation, child, (*done, key))
            elif free:
                self.refuse_catalogue_change(here, item_type(kind), child, (*done, key))

    def catalogue(self, path: tuple[str, ...], what: str) -> ScenarioError:
        problem = f"cannot be {what} in a timeline: segments and touchpoints are fixed for a run"
        return ScenarioError(self.given.fault(problem, dotted(path)))

    def unknown(self, known: str) -> ScenarioError:
        everything = list(paths(self.tree))
        *parents, last = self.parts
        beside = [path for path in everything if path.split(".")[:-1] == list(parents)]
        same = [path for path in everything if path.split(".")[-1] == last]
        same.sort(key=lambda path: not path.startswith("plan."))  # what people want to change most
        close = nearest(self.path, same) or nearest(self.path, beside)
        close = close or (same[0] if same else nearest(self.path, everything))
        text = f"; did you mean {close!r}?" if close else ";"
        return ScenarioError(self.given.fault(f"no such path{text} ({known})", self.path, nearest=close))


# ------------------------------------------------------------------------------------------------------ one-off changes


def with_changes(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario that differs in the given places.

    Parameters
    ----------
    scenario
        What to start from.
    changes
        New values by dotted path, e.g. ``{"plan.sales.reps": 12}``. A mapping merges with what is there;
        ``plan.marketing.mix`` and models replace it; none stands for the default. ``plan`` and ``world`` also take the
        name of a shipped one. ``*`` stands for every segment or touchpoint. Short paths are applied before long ones.

    Raises
    ------
    ScenarioError
        If a path does not exist or a value is not valid there.
    """
    nodes = {path: as_node(path, value) for path, value in changes.items()}
    return changed(scenario, nodes)


def as_node(path: str, value: Any) -> Node:
    """Return a Python value as what a change puts at `path`."""
    if not isinstance(path, str):
        raise ScenarioError(f"{path!r}: expected a dotted path such as 'plan.sales.reps'")
    if isinstance(value, str) and path in ("plan", "world"):
        from funnelsim.scenario.files import load_plan, load_world

        value = load_plan(value) if path == "plan" else load_world(value)
    if isinstance(value, BaseModel):
        return Node(from_plain(value.model_dump()).value, whole=True)
    return from_plain(_dumped(value))


def _dumped(value: Any) -> Any:
    """Return models as mappings and numpy numbers as Python's."""
    if isinstance(value, dict):
        return {key: _dumped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_dumped(item) for item in value]
    if isinstance(value, BaseModel):
        return value.model_dump()
    return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value


def changed(scenario: Scenario, changes: Mapping[str, Node]) -> Scenario:
    """Return a scenario with changes that know where they stand; the result is valid, its timeline too."""
    tree = from_plain(scenario.model_dump())
    for path in sorted(changes, key=lambda path: path.count(".")):
        tree = put(tree, path, changes[path])
    result = validated(tree, Scenario)
    check_timeline(result)
    return result


def differences(a: Scenario, b: Scenario) -> list[tuple[str, Any, Any]]:
    """List where two scenarios differ, as (dotted path, value in a, value in b).

    A name that one of them does not have has the value none there. Lists, shares of a mix and the timeline are compared
    as wholes, so that ``with_changes(a, {path: value in b})`` gives `b`.
    """
    return list(_differences(a.model_dump(), b.model_dump(), ()))


def _differences(a: Any, b: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict) and not (path and path[-1] in WHOLE):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from _differences(a.get(key), b.get(key), (*path, key))
    elif a != b:
        yield dotted(path), a, b


# ------------------------------------------------------------------------------------------------------------ timeline


def states(scenario: Scenario, timeline: Node | None = None) -> list[tuple[dt.date, Scenario]]:
    """Return the scenario as it stands from each date of its timeline on, in order of dates.

    The first entry is the scenario itself at its start. Entries of the same date are applied in the order in which they
    are written; each date appears once.

    Raises
    ------
    ScenarioError
        If an entry is outside the horizon, names a path that does not exist or that cannot change in time, or gives a
        value that is not valid there.
    """
    result = [(scenario.start, scenario)]
    if not scenario.timeline:
        return result
    tree = from_plain(scenario.model_dump(exclude={"timeline"}))
    first, end = scenario.start, end_date(scenario)
    for number in sorted(range(len(scenario.timeline)), key=lambda n: scenario.timeline[n].date):
        entry = scenario.timeline[number]
        written = (timeline and timeline.child(number)) or from_plain(entry.model_dump())
        if not first <= entry.date < end:
            problem = f"outside the run, which begins on {first} and ends before {end}"
            where = written.child("date") or written
            raise ScenarioError(where.fault(f"{entry.date} is {problem}", f"timeline.{number}.date"))
        nodes = (written.child("changes") or Node({})).value
        for path in sorted(nodes, key=lambda path: path.count(".")):
            tree = _dated(tree, path, nodes[path])
        state = validated(tree, Scenario, f"timeline of {entry.date}: ")
        if result[-1][0] == entry.date:
            result.pop()
        result.append((entry.date, state))
    return result


def check_timeline(scenario: Scenario, timeline: Node | None = None) -> None:
    """Refuse a timeline that cannot happen; see `states`."""
    states(scenario, timeline)


def _dated(tree: Node, path: str, value: Node) -> Node:
    head = path.split(".")[0]
    if head == "world" and "." not in path:
        raise ScenarioError(value.fault("name what changes, e.g. world.demand: 0.7", path))
    for leaf in _leaves(path, value):
        for pattern, reason in FIXED:
            if re.fullmatch(pattern, leaf):
                raise ScenarioError(value.fault(f"cannot change in a timeline: {reason}", leaf))
    if path == "plan" and not isinstance(value.value, dict):
        wanted = expectation(Plan)
        raise ScenarioError(value.fault(f"expected the name of a plan or {wanted}, got {brief(value)}", path))
    return put(tree, path, value, dated=True)


def _leaves(path: str, value: Node) -> Iterator[str]:
    yield path
    if isinstance(value.value, dict):
        for key, child in value.value.items():
            yield from _leaves(f"{path}.{key}", child)
