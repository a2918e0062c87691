"""From a tree of values to a model, with messages in plain words.

Names and types are compared with the models first (YAML knows more about types than pydantic's lenient reading:
``true`` is no number, 2026 no date); pydantic then checks bounds and what models say about themselves.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from funnelsim.errors import Fault, ScenarioError
from funnelsim.scenario.tree import Node, brief, from_plain, nearest_place, to_plain

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
"""How segments and touchpoints may be called: dotted paths run through these names."""

_YES = {"yes": True, "on": True, "no": False, "off": False}


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as users write it."""
    return ".".join(str(key) for key in path)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the valid name that looks most like `name`, none if nothing does."""
    known = list(names)
    if name.replace("-", "_").lower() in known:
        return name.replace("-", "_").lower()
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return found[0] if found else None


def hint(name: str, names: Iterable[str], heading: str) -> tuple[str, str | None]:
    """Return '; did you mean ...? (heading: all names)' and the nearest name."""
    known = list(names)
    close = nearest(name, known)
    text = f"; did you mean {close!r}?" if close else ";"
    return f"{text} ({heading}: {', '.join(known) or 'none'})", close


# --------------------------------------------------------------------------------------------------- what a field takes


def bare(annotation: Any) -> tuple[Any, list[Any]]:
    """Return an annotation without Optional and Annotated, and its constraints."""
    constraints: list[Any] = []
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *found = get_args(annotation)
            for item in found:
                constraints.extend(item.metadata if isinstance(item, FieldInfo) else [item])
        elif origin in (Union, types.UnionType):
            rest = [part for part in get_args(annotation) if part is not type(None)]
            if len(rest) != 1:
                return annotation, constraints
            annotation = rest[0]
        else:
            return annotation, constraints


def is_model(annotation: Any) -> bool:
    """Tell whether an annotation is one of our models."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def presets(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the mappings that may be written as a name where a model stands, by name."""
    return model.presets() if hasattr(model, "presets") else {}


def spelt_out(node: Node, annotation: Any) -> Node:
    """Return a node in which presets are written out as their mappings, so that others can merge with them."""
    kind = bare(annotation)[0]
    if not is_model(kind):
        return node
    if isinstance(node.value, str):
        found = presets(kind).get(node.value)
        return node if found is None else replace(from_plain(found, node), whole=True)
    if not isinstance(node.value, dict):
        return node
    fields = kind.model_fields
    children = {
        key: spelt_out(child, fields[key].annotation) if key in fields else child for key, child in node.value.items()
    }
    return replace(node, value=children)


def item_type(annotation: Any) -> Any:
    """Return the type of the values of a dict, or of the items of a tuple or list."""
    args = get_args(annotation)
    if not args:
        return Any
    return args[1] if get_origin(annotation) is dict else args[0]


def _bounds(constraints: Iterable[Any]) -> str:
    found: dict[str, Any] = {}
    for item in constraints:
        for name in ("ge", "gt", "le", "lt"):
            value = getattr(item, name, None)
            if value is not None:
                found[name] = value
    if "ge" in found and "le" in found:
        return f"between {_bound(found['ge'])} and {_bound(found['le'])}"
    words = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
    return " and ".join(f"{words[name]} {_bound(found[name])}" for name in words if name in found)


def _bound(value: Any) -> str:
    return str(value) if isinstance(value, dt.date) else f"{value:,.15g}"


def expectation(annotation: Any, field: FieldInfo | None = None) -> str:
    """Say in words what a field takes, e.g. 'a number between 0 and 1 (share)'."""
    kind, constraints = bare(annotation)
    if field is not None:
        constraints = [*constraints, *field.metadata]
    unit = (field.json_schema_extra or {}).get("unit") if field and isinstance(field.json_schema_extra, dict) else None
    if kind in (int, float):
        text = " ".join(
            part for part in ("a whole number" if kind is int else "a number", _bounds(constraints)) if part
        )
        return f"{text} ({unit})" if unit else text
    if kind is bool:
        return "true or false"
    if kind is str:
        return "a text"
    if kind is dt.date:
        bounds = _bounds(constraints)
        return f"a date {bounds}, such as 2026-04-01" if bounds else "a date such as 2026-04-01"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(str(value) for value in get_args(kind))}"
    if is_model(kind):
        return f"a mapping with the fields {', '.join(kind.model_fields)}"
    if get_origin(kind) is dict:
        inner = item_type(kind)
        return "a mapping of names to " + ("numbers" if inner is float else "mappings" if is_model(inner) else "values")
    if get_origin(kind) in (tuple, list):
        inner = bare(item_type(kind))[0]
        return {dt.date: "a list of dates", int: "a list of whole numbers", str: "a list of names"}.get(inner, "a list")
    return "another value"


def spot(model: type[BaseModel], path: Path) -> tuple[Any, FieldInfo | None]:
    """Return the annotation at a path of a model, and its field where it is one; `Any` where there is nothing."""
    annotation: Any = model
    field: FieldInfo | None = None
    for key in path:
        kind = bare(annotation)[0]
        if is_model(kind) and key in kind.model_fields:
            field = kind.model_fields[key]
            annotation = field.annotation
        elif get_origin(kind) in (dict, tuple, list):
            annotation, field = item_type(kind), None
        else:
            return Any, None
    return annotation, field


# ------------------------------------------------------------------------------------------------------ names and types


class _Preparation:
    """Turns a tree to plain values for pydantic, and notes unknown names and wrong types on the way."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.bad: set[Path] = set()

    def wrong(self, path: Path, node: Node, problem: str, **more: str | None) -> Any:
        self.faults.append(node.fault(problem, dotted(path), **more))
        self.bad.add(path)
        return None

    def mistyped(self, path: Path, node: Node, annotation: Any, field: FieldInfo | None) -> Any:
        wanted = expectation(annotation, field)
        problem = f"expected {wanted}, got {brief(node)}"
        if isinstance(node.value, str) and bare(annotation)[0] in (int, float):
            problem += number_advice(node.value)
        elif bare(annotation)[0] is str and not isinstance(node.value, dict | list):
            problem += "; put it in quotes"
        return self.wrong(path, node, problem, expectation=wanted)

    def value(self, node: Node, annotation: Any, path: Path, field: FieldInfo | None = None) -> Any:
        """Return the plain value of a node that should be of the annotated type."""
        kind = bare(annotation)[0]
        if is_model(kind):
            if isinstance(node.value, str) and presets(kind):
                return self.preset(node, kind, path)
            return (
                self.part(node, kind, path) if isinstance(node.value, dict) else self.mistyped(path, node, kind, field)
            )
        origin = get_origin(kind)
        if origin is dict:
            return (
                self.names(node, kind, path) if isinstance(node.value, dict) else self.mistyped(path, node, kind, field)
            )
        if origin in (tuple, list):
            if not isinstance(node.value, list):
                return self.mistyped(path, node, kind, field)
            inner = item_type(kind)
            return [self.value(item, inner, (*path, n)) for n, item in enumerate(node.value)]
        return to_plain(node) if kind is Any else self.scalar(node, kind, annotation, path, field)

    def scalar(self, node: Node, kind: Any, annotation: Any, path: Path, field: FieldInfo | None) -> Any:
        value = node.value
        if kind in (int, float):
            right = isinstance(value, int | float) and not isinstance(value, bool)
        elif kind is bool:
            if isinstance(value, str) and value.lower() in _YES:
                return _YES[value.lower()]
            right = isinstance(value, bool)
        elif kind is dt.date:
            if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d\Z", value):
                try:
                    return dt.date.fromisoformat(value)
                except ValueError:
                    pass
            right = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        elif kind is str or get_origin(kind) is Literal:
            right = isinstance(value, str)
        else:
            right = True
        return value if right else self.mistyped(path, node, annotation, field)

    def part(self, node: Node, model: type[BaseModel], path: Path) -> dict[str, Any]:
        """Return the plain mapping of a model: names checked, partial defaults filled up."""
        result: dict[str, Any] = {}
        for key, child in node.value.items():
            here = (*path, key)
            field = model.model_fields.get(key)
            if field is None:
                text, close = hint(key, model.model_fields, "fields")
                self.wrong(here, child, f"unknown field{text}", nearest=close)
            elif child.value is not None:
                value = self.value(child, field.annotation, here, field)
                if isinstance(field.default, BaseModel) and isinstance(value, dict):
                    value = _filled(field.default.model_dump(), value)
                result[key] = value
        return result

    def preset(self, node: Node, model: type[BaseModel], path: Path) -> Any:
        """Return the mapping that a name stands for."""
        known = presets(model)
        if node.value in known:
            return dict(known[node.value])
        text, close = hint(node.value, known, "levels")
        return self.wrong(path, node, f"no level is named {node.value!r}{text}", nearest=close)

    def names(self, node: Node, kind: Any, path: Path) -> dict[str, Any]:
        """Return the plain mapping of a dictionary with free names."""
        result: dict[str, Any] = {}
        inner = item_type(kind)
        others = [key for key, child in node.value.items() if child.value is not None]
        for key, child in node.value.items():
            here = (*path, key)
            if inner is Any:
                result[key] = to_plain(child)
            elif child.value is None:
                text, close = hint(key, others, "there are")
                self.wrong(here, child, f"nothing of this name to take away{text}", nearest=close)
            elif is_model(inner) and not NAME.match(key):
                self.wrong(here, child, "a name consists of letters, digits, '_' and '-', and begins with a letter")
            else:
                result[key] = self.value(child, inner, here)
        return result


def number_advice(text: str) -> str:
    """Tell how to write what looks like a number: '10%', '$600k', '1,000', or a number in quotes."""
    match = re.match(r"\s*\$?\s*([-+]?[0-9][0-9,_]*(?:\.[0-9]+)?)\s*([%kKmM]?)\s*\$?\s*\Z", text)
    if not match:
        return ""
    number = float(match[1].replace(",", "").replace("_", ""))
    number = number / 100 if match[2] == "%" else number * {"k": 1e3, "m": 1e6}.get(match[2].lower(), 1.0)
    return f"; write {number:.12g}"


def _filled(default: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """Put a partial mapping on its field's own default (which may differ from its model's defaults)."""
    result = dict(default)
    for key, item in value.items():
        base = result.get(key)
        nested = isinstance(base, dict) and isinstance(item, dict)
        result[key] = _filled(base, item) if nested else item  # type: ignore[arg-type]
    return result


# ---------------------------------------------------------------------------------------------------------- validation


def validated(tree: Node, model: type[Model], prefix: str = "") -> Model:
    """Return the model that a tree describes.

    Parameters
    ----------
    tree
        Values with their places, complete (no `extends` left).
    model
        What it should be.
    prefix
        Put before the dotted path in messages.

    Raises
    ------
    ScenarioError
        With one fault for each thing that is wrong.
    """
    work = _Preparation()
    plain = work.value(tree, model, ())
    faults = list(work.faults)
    result = None
    try:
        if isinstance(plain, dict):
            result = model.model_validate(plain)
    except ValidationError as error:
        faults.extend(_translated(error, tree, model, work.bad))
    if faults or result is None:
        if prefix:
            faults = [replace(fault, field=f"{prefix}{fault.field or ''}") for fault in faults]
        raise ScenarioError(*sorted(set(faults), key=lambda f: (f.file or "", f.line or 0, f.field or "", f.problem)))
    return result


def _translated(error: ValidationError, tree: Node, model: type[BaseModel], known: set[Path]) -> Iterator[Fault]:
    """Yield pydantic's findings as faults, but those at `known` places."""
    for item in error.errors(include_url=False):
        path: Path = tuple(key for key in item["loc"] if key != "[key]")
        if any(path[: len(place)] == place for place in known):
            continue
        place = nearest_place(tree, path)
        annotation, field = spot(model, path)
        kind, wanted = item["type"], expectation(annotation, field)
        if kind == "missing":
            yield place.fault(f"missing; expected {wanted}", dotted(path), expectation=wanted)
        elif kind in ("value_error", "assertion_error"):
            yield _said_by_model(str(item.get("ctx", {}).get("error", item["msg"])), path, tree)
        elif kind in ("too_long", "too_short"):
            words = f"at {'most' if kind == 'too_long' else 'least'}"
            number = item.get("ctx", {}).get("max_length" if kind == "too_long" else "min_length", "")
            yield place.fault(
                f"expected {words} {number} entries", dotted(path), expectation=f"{words} {number} entries"
            )
        elif kind == "extra_forbidden":
            yield place.fault("unknown field", dotted(path))
        elif is_model(bare(annotation)[0]) or annotation is Any:
            yield place.fault(item["msg"][:1].lower() + item["msg"][1:], dotted(path))
        else:
            yield place.fault(f"expected {wanted}, got {brief(Node(item['input']))}", dotted(path), expectation=wanted)


def _said_by_model(text: str, path: Path, tree: Node) -> Fault:
    """Return what a model's own check says, at the line of the field that its text begins with."""
    close = None
    begin = re.match(r"[a-z_]+(?:\.[A-Za-z0-9_]+)*", text)
    target = path
    if begin:
        target = (*path, *begin[0].split("."))
    place = nearest_place(tree, target)
    name = re.search(r"'([^']*)'", text)
    if name:
        entries = nearest_place(tree, (*target, name[1]))
        place = entries if entries.line is not None else place
        for offer in ("programmes exist for: ", "tactics with per_hour: "):
            if f"; {offer}" in text:
                close = nearest(name[1], text.split(offer)[1].split(", "))
                text = text.replace(f"; {offer}", f"; did you mean {close!r}? {offer}") if close else text
    return place.fault(text, dotted(path), nearest=close)
