"""YAML as a tree of values that know where they stand; merging of such trees.

The YAML parser's events are put together here, not by a constructor: no tag is ever executed, depth, size and aliases
are bounded, duplicate keys are errors, and every value keeps its file and line through merges. Scalars follow YAML 1.2
(``no`` is a text, ``1e3`` a number).
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from funnelsim.errors import Fault, ScenarioError

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 20_000
"""Values in one file, aliases written out."""
MAX_DIGITS = 18

WHOLE = frozenset({"mix", "prospecting_mix"})
"""Mappings that replace the inherited one instead of merging with it."""

_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9][0-9_]*\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)\Z")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)\Z")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\Z")


@dataclass(frozen=True)
class Node:
    """A value with its place.

    Attributes
    ----------
    value
        A scalar, a list of nodes or a mapping of names to nodes. Never changed in place: trees share branches.
    file, line
        Where it was written (for the value of a mapping: the line of its key).
    whole
        In a merge it replaces the inherited value, even if both are mappings.
    """

    value: Any
    file: Path | None = None
    line: int | None = None
    whole: bool = False

    def child(self, key: str | int) -> Node | None:
        """Return the node under a key or at a position, none where there is none."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None

    def fault(self, problem: str, field: str | None = None, **more: str | None) -> Fault:
        """Describe what is wrong with this value."""
        return Fault(problem, shown(self.file), self.line, field, **more)


def shown(path: Path | None) -> str | None:
    """Return a path as the user knows it: relative where it lies below the working folder."""
    if path is None:
        return None
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def nearest_place(tree: Node, path: tuple[str | int, ...]) -> Node:
    """Return the deepest node on the way to `path` that has a line."""
    node, found = tree, tree
    for key in path:
        child = node.child(key)
        if child is None:
            break
        node = child
        if node.line is not None:
            found = node
    return found


def from_plain(value: Any, like: Node | None = None) -> Node:
    """Return plain values as a tree; all of them stand where `like` stands."""
    file, line = (like.file, like.line) if like else (None, None)
    if isinstance(value, dict):
        return Node({str(key): from_plain(item, like) for key, item in value.items()}, file, line)
    if isinstance(value, list | tuple):
        return Node([from_plain(item, like) for item in value], file, line)
    return Node(value, file, line)


def to_plain(node: Node) -> Any:
    """Return the plain values of a tree."""
    if isinstance(node.value, dict):
        return {key: to_plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [to_plain(child) for child in node.value]
    return node.value


def merged(base: Node | None, over: Node, name: str = "") -> Node:
    """Put `over` on top of `base`.

    Mappings merge, lists and scalars replace, and so does a mapping of shares (`WHOLE`) or one that is complete in
    itself. An explicit null takes an inherited key away.
    """
    if (
        base is None
        or over.whole
        or name in WHOLE
        or not isinstance(base.value, dict)
        or not isinstance(over.value, dict)
    ):
        return over
    result = dict(base.value)
    for key, child in over.value.items():
        if child.value is None and key in result:
            del result[key]
        else:
            result[key] = merged(result.get(key), child, key)
    return replace(over, value=result, whole=base.whole)


# ------------------------------------------------------------------------------------------------------------- reading


def read(path: Path) -> Node:
    """Read a YAML file; its root must be a mapping.

    Raises
    ------
    ScenarioError
        If the file cannot be read, is no YAML, or is larger or deeper than any scenario.
    """
    try:
        if not path.is_file():
            problem = "is a folder, not a file" if path.is_dir() else "there is no such file"
            raise ScenarioError(Fault(problem, shown(path)))
        status = os.stat(path)
        return _read(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise ScenarioError(Fault(f"cannot be read ({error.strerror or 'unknown reason'})", shown(path))) from None


@lru_cache(maxsize=128)
def _read(path: Path, _modified: int, _size: int) -> Node:
    with open(path, "rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ScenarioError(Fault(f"larger than {MAX_BYTES} bytes; no scenario is", shown(path)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError(Fault("not a text file in UTF-8", shown(path), line)) from None
    root = parse(text, path)
    if not isinstance(root.value, dict):
        problem = "the file is empty" if root.value is None else f"expected a mapping (name: value), got {brief(root)}"
        raise ScenarioError(root.fault(problem))
    return root


def brief(node: Node) -> str:
    """Show a value in a message."""
    value = node.value
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return value.isoformat()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def parse(text: str, path: Path | None = None) -> Node:
    """Return the tree of a YAML text (one document)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _Composer(YAML(typ="safe", pure=True).parse(text), path).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(part for part in (error.context, error.problem) if part)
        raise ScenarioError(Fault(f"not YAML: {words}", shown(path), mark.line + 1 if mark else None)) from None
    except YAMLError as error:
        first = str(error).strip().splitlines() or ["unreadable"]
        raise ScenarioError(Fault(f"not YAML: {first[0]}", shown(path))) from None
    except (ValueError, TypeError, OverflowError, LookupError, AttributeError, AssertionError, RecursionError):
        # the parser lets some of these slip on garbled input, e.g. on an escape beyond Unicode
        raise ScenarioError(Fault("not YAML", shown(path))) from None


class _Composer:
    """Puts parser events together to nodes."""

    def __init__(self, events: Iterator[Any], path: Path | None) -> None:
        self.events = iter(events)
        self.path = path
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.open: set[str] = set()
        self.size = 0
        self.deepest = 0

    def document(self) -> Node:
        """Compose the one document of the stream."""
        root = None
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if root is not None:
                    raise self.refusal(event, "a second document begins here; a file holds one")
                root = self.node(next(self.events), 0, event.start_mark.line + 1)
        return root or Node(None, self.path, 1)

    def refusal(self, event: Any, problem: str) -> ScenarioError:
        return ScenarioError(Fault(problem, shown(self.path), event.start_mark.line + 1))

    def node(self, event: Any, depth: int, line: int | None = None) -> Node:
        """Compose the node that begins with `event`."""
        kind = type(event).__name__
        self.size += 1
        self.deepest = max(self.deepest, depth)
        if depth > MAX_DEPTH:
            raise self.refusal(event, f"nested deeper than {MAX_DEPTH} levels")
        if self.size > MAX_VALUES:
            raise self.refusal(event, f"more than {MAX_VALUES} values (aliases written out)")
        if kind == "AliasEvent":
            return self.alias(event, depth, line)
        if event.anchor:
            if event.anchor in self.anchors or event.anchor in self.open:
                raise self.refusal(event, f"a second anchor named {event.anchor!r}")
            self.open.add(event.anchor)
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in ("!", "tag:yaml.org,2002:str"):
            raise self.refusal(event, f"tag {str(tag)!r} is not allowed; write plain values")
        size, deepest, self.deepest = self.size, self.deepest, depth
        value: Any
        if kind == "MappingStartEvent":
            value = self.mapping(depth)
        elif kind == "SequenceStartEvent":
            value = self.sequence(depth)
        else:
            plain = event.style in (None, "") and tag is None
            value = self.scalar(event) if plain else event.value
        node = Node(value, self.path, line or event.start_mark.line + 1)
        if event.anchor:
            self.open.discard(event.anchor)
            self.anchors[event.anchor] = (node, self.size - size + 1, self.deepest - depth)
        self.deepest = max(self.deepest, deepest)
        return node

    def alias(self, event: Any, depth: int, line: int | None) -> Node:
        if event.anchor not in self.anchors:
            inside = event.anchor in self.open
            raise self.refusal(event, f"alias {event.anchor!r} {'contains itself' if inside else 'has no anchor'}")
        node, size, height = self.anchors[event.anchor]
        self.size += size
        self.deepest = max(self.deepest, depth + height)
        if self.size > MAX_VALUES or self.deepest > MAX_DEPTH:
            raise self.refusal(event, f"aliases write out to more than {MAX_VALUES} values or {MAX_DEPTH} levels")
        return replace(node, line=line or event.start_mark.line + 1)

    def mapping(self, depth: int) -> dict[str, Node]:
        result: dict[str, Node] = {}
        inherited: list[Node] = []
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            if type(event).__name__ != "ScalarEvent":
                raise self.refusal(event, "a name is expected here, not a mapping, list or alias")
            name, line = event.value, event.start_mark.line + 1
            if event.style in (None, "") and _NULL.match(name):
                raise self.refusal(event, "a name is missing before ':'")
            if event.tag is not None and str(event.tag) != "!":
                raise self.refusal(event, f"tag {str(event.tag)!r} is not allowed; write plain values")
            value = self.node(next(self.events), depth + 1, line)
            if name == "<<" and event.style in (None, ""):
                inherited.append(value)
            elif name in result:
                raise self.refusal(event, f"{name!r} stands twice in one mapping (first in line {result[name].line})")
            else:
                result[name] = value
        return self.with_merge_keys(result, inherited) if inherited else result

    def with_merge_keys(self, own: dict[str, Node], inherited: list[Node]) -> dict[str, Node]:
        """Apply YAML's `<<: *anchor` (shallow; own keys win, earlier sources win)."""
        result = dict(own)
        for source in inherited:
            for mapping in source.value if isinstance(source.value, list) else [source]:
                if not isinstance(mapping.value, dict):
                    raise ScenarioError(source.fault("'<<' takes a mapping or a list of mappings"))
                result = {**mapping.value, **result}
        return result

    def sequence(self, depth: int) -> list[Node]:
        result = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            result.append(self.node(event, depth + 1))
        return result

    def scalar(self, event: Any) -> Any:
        """Resolve a plain scalar by the rules of YAML 1.2, with dates."""
        text = event.value
        for pattern, value in ((_NULL, None), (_TRUE, True), (_FALSE, False)):
            if pattern.match(text):
                return value
        if _INT.match(text):
            digits = text.replace("_", "")
            if len(digits) > MAX_DIGITS:
                raise self.refusal(event, f"a number of more than {MAX_DIGITS} digits")
            return int(digits)
        if _FLOAT.match(text):
            return float(text.replace("_", ""))
        if match := _INFINITE.match(text):
            return float(f"{match[1]}inf")
        if _NAN.match(text):
            return float("nan")
        if match := _DATE.match(text):
            try:
                return dt.date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                raise self.refusal(event, f"{text} is not a day of the calendar") from None
        return text
