"""Scenario files: YAML, names, `extends`, and messages that name file, line and field.

``docs/reference`` describes the format. In short: a scenario is a mapping with `title`, `world`, `plan`, `timeline`,
`start`, `horizon_quarters`; world and plan are names, relative paths or mappings; `extends` names a file of the same
kind and what follows lists only what differs.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import Field

from funnelsim.errors import Fault, ScenarioError
from funnelsim.scenario.changes import changed, check_timeline, quarter_start
from funnelsim.scenario.part import Part
from funnelsim.scenario.schema import Plan, Scenario, World
from funnelsim.scenario.study import Study
from funnelsim.scenario.tree import Node, brief, merged, read, shown
from funnelsim.scenario.validation import hint, nearest, spelt_out, validated

FOLDERS = {"scenario": "", "plan": "plans", "world": "worlds", "study": "studies"}
"""Kinds of files and their folders below the shipped root and beside a user's scenario."""
MAX_CHAIN = 12
"""How many files may extend or name one another in a row."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OTHER_WORDS = {"null", "true", "false", "yes", "no", "on", "off"}
_MARKS = {
    "scenario": {"world", "plan", "timeline", "start", "horizon_quarters"},
    "study": {"plans", "changes", "scenario", "baseline", "question"},
}
"""Keys that tell a scenario or study from a plan or world of the same name."""
_REFERENCES = {("scenario", "world"): "world", ("scenario", "plan"): "plan", ("world", "incumbent"): "plan"}

_MODELS = {"scenario": Scenario, "plan": Plan, "world": World}

Chain = tuple[Path, ...]


def scenarios_root() -> Path:
    """Return the folder of the shipped scenarios: inside the installed package, or at the root of a checkout."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_scenarios"
    return shipped if shipped.is_dir() else package.parent.parent / "scenarios"


def list_shipped() -> dict[str, list[tuple[str, str]]]:
    """List the shipped files as (name, title), by kind."""
    result: dict[str, list[tuple[str, str]]] = {}
    for kind in FOLDERS:
        entries = []
        for path in _files(scenarios_root() / FOLDERS[kind]):
            title = read(path).child("title")
            entries.append((path.stem, str(title.value) if title is not None else ""))
        result[kind] = entries
    return result


def load(name_or_path: str | Path, *, insist: bool = False) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name_or_path
        Name of a shipped scenario (``"base"``) or path of a file (``"mine.yaml"``).
    insist
        Accept a scenario that would need more memory or time than is reasonable.

    Raises
    ------
    ScenarioError
        With one fault for each thing that is wrong, each with file, line and field.
    TooLargeError
        If it is too large and nobody insists.
    """
    from funnelsim.scenario.size import check_size

    scenario = _scenario(_tree(_top(name_or_path, "scenario"), "scenario", ()))
    check_size(scenario, insist)
    return scenario


def load_plan(name_or_path: str | Path) -> Plan:
    """Load a plan by the name of a shipped one or by path."""
    return validated(_tree(_top(name_or_path, "plan"), "plan", ()), Plan)


def load_world(name_or_path: str | Path) -> World:
    """Load a world by the name of a shipped one or by path."""
    return validated(_tree(_top(name_or_path, "world"), "world", ()), World)


def _scenario(tree: Node) -> Scenario:
    tree = _with_dates(tree)
    scenario = validated(tree, Scenario)
    check_timeline(scenario, tree.child("timeline"))
    return scenario


# --------------------------------------------------------------------------------------------------------------- names


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml")) if folder.is_dir() else []


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.lower().endswith((".yaml", ".yml"))


def _plural(kind: str) -> str:
    return FOLDERS[kind] or "scenarios"


def _top(name_or_path: str | Path, kind: str) -> Path:
    """Return the file that a user names from outside: any path, or a shipped name."""
    text = str(name_or_path)
    if not text or any(ord(letter) < 32 for letter in text):
        raise ScenarioError(f"expected the name of a {kind} or a path, got {text!r}")
    if isinstance(name_or_path, Path) or _is_path(text):
        path = Path(text).expanduser() if text.startswith("~") else Path(text)
        path = Path.cwd() / path
        if not path.is_file():
            near = nearest(path.name, [other.name for other in _files(path.parent)])
            problem = "is a folder, not a file" if path.is_dir() else "there is no such file"
            problem += f"; did you mean {near!r}?" if near else ""
            raise ScenarioError(Fault(problem, text, nearest=near))
        return path
    folder = scenarios_root() / FOLDERS[kind]
    for name in (text, text.replace("-", "_")):
        if _NAME.match(name) and (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    raise ScenarioError(_unknown(text, kind, [path.stem for path in _files(folder)]))


def _unknown(name: str, kind: str, names: list[str], place: Node | None = None, field: str | None = None) -> Fault:
    """Describe a name that nothing has."""
    text, close = hint(name, names, _plural(kind))
    beside = Path.cwd() / f"{name}.yaml"
    for other in FOLDERS:
        if other != kind and (scenarios_root() / FOLDERS[other] / f"{name.replace('-', '_')}.yaml").is_file():
            text = f"; {name!r} is a {other}{text if not close else text[text.index('?') + 1 :]}"
            break
    else:
        if place is None and _NAME.match(name) and beside.is_file():
            close = f"./{name}.yaml"
            text = f"; did you mean the file {close}? ({_plural(kind)}: {', '.join(names)})"
    problem = f"no {kind} is named {name!r}{text}"
    return Fault(problem, nearest=close) if place is None else place.fault(problem, field, nearest=close)


def _inside(path: Path, folder: Path) -> bool:
    """Tell whether a file, links followed, lies in a folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _find(ref: Node, kind: str, origin: Path, field: str) -> Path:
    """Return the file that `ref`, written in `origin`, names: beside it, in its folders, or shipped."""
    text = ref.value
    if not isinstance(text, str) or not text or any(ord(letter) < 32 for letter in text):
        wanted = f"the name of a {kind} or a relative path"
        raise ScenarioError(ref.fault(f"expected {wanted}, got {brief(ref)}", field, expectation=wanted))
    folder, root = origin.parent, scenarios_root()
    if _is_path(text):
        return _find_path(ref, folder, root, field)
    home = folder.parent if folder.name == FOLDERS[kind] or folder.name in ("plans", "worlds", "studies") else folder
    own = (
        []
        if _inside(origin, root)
        else list(dict.fromkeys([home / FOLDERS[kind], folder / FOLDERS[kind], folder, home]))
    )
    if _NAME.match(text):
        for name in dict.fromkeys((text, text.replace("-", "_"))):
            for place in own:
                path = place / f"{name}.yaml"
                if path.is_file() and path != origin and _may_be(path, kind, place.name == FOLDERS[kind]):
                    if not _inside(path, home):
                        raise ScenarioError(ref.fault(f"{shown(path)} is a link that leads out of its folder", field))
                    return path
            if (root / FOLDERS[kind] / f"{name}.yaml").is_file():
                return root / FOLDERS[kind] / f"{name}.yaml"
    names = [path.stem for place in own if place.name == FOLDERS[kind] for path in _files(place)]
    names += [path.stem for path in _files(root / FOLDERS[kind])]
    raise ScenarioError(_unknown(text, kind, list(dict.fromkeys(names)), ref, field))


def _find_path(ref: Node, folder: Path, root: Path, field: str) -> Path:
    text = ref.value
    if PurePosixPath(text).is_absolute() or PureWindowsPath(text).drive or text.startswith(("~", "\\")):
        raise ScenarioError(ref.fault(f"{text!r}: only paths relative to this file are allowed here", field))
    path = folder / PurePosixPath(text.replace("\\", "/"))
    limits = (folder, root) if _inside(folder, root) else (folder,)
    if not any(_inside(path, limit) for limit in limits):
        raise ScenarioError(ref.fault(f"{text!r} leads out of the folder of this file", field))
    if not path.is_file():
        near = nearest(path.name, [other.name for other in _files(path.parent)])
        problem = f"there is no file {text!r} beside this one" + (f"; did you mean {near!r}?" if near else "")
        raise ScenarioError(ref.fault(problem, field, nearest=near))
    return path


def _may_be(path: Path, kind: str, in_own_folder: bool) -> bool:
    """Tell whether a file beside a scenario can be of a kind: plans, worlds and scenarios may share a name."""
    if in_own_folder or kind == "study":
        return True
    try:
        keys = set(read(path).value)
    except ScenarioError:
        return True
    if kind == "scenario":
        return bool(keys & _MARKS["scenario"]) or not keys & _MARKS["study"]
    return bool(keys - {"extends", "title"}) and not keys & (_MARKS["scenario"] | _MARKS["study"])


# ------------------------------------------------------------------------------------------------------------- extends


def _tree(path: Path, kind: str, chain: Chain) -> Node:
    """Read a file and everything that it extends and names."""
    if path in chain:
        steps = " -> ".join(str(shown(step)) for step in (*chain[chain.index(path) :], path))
        raise ScenarioError(Fault(f"files extend one another in a circle: {steps}", shown(path)))
    if len(chain) >= MAX_CHAIN:
        steps = " -> ".join(step.stem for step in (*chain, path))
        raise ScenarioError(Fault(f"more than {MAX_CHAIN} files extend one another: {steps}", shown(path)))
    return _resolved(read(path), kind, path, (*chain, path), "")


def _resolved(node: Node, kind: str, origin: Path, chain: Chain, at: str) -> Node:
    """Return a mapping written in `origin` with its references and its `extends` put in."""
    children = dict(node.value)
    for key, child in node.value.items():
        inner = _REFERENCES.get((kind, key))
        if inner is not None:
            children[key] = _referred(child, inner, origin, chain, f"{at}{key}")
        elif (kind, key) == ("scenario", "timeline"):
            children[key] = _timeline_resolved(child, origin, chain)
    extends = children.pop("extends", None)
    own = Node(children, node.file, node.line, node.whole)
    if kind in _MODELS:
        own = spelt_out(own, _MODELS[kind])
    if extends is None or extends.value is None:
        return own
    base = _tree(_find(extends, kind, origin, f"{at}extends"), kind, chain)
    result = merged(base, own)
    return Node(result.value, node.file, node.line, whole=True)


def _referred(child: Node, kind: str, origin: Path, chain: Chain, at: str) -> Node:
    """Return the plan or world that a value names, or is."""
    if isinstance(child.value, dict):
        return _resolved(child, kind, origin, chain, f"{at}.")
    if child.value is None:
        return child
    if not isinstance(child.value, str):
        wanted = f"the name of a {kind}, a relative path or a mapping"
        raise ScenarioError(child.fault(f"expected {wanted}, got {brief(child)}", at, expectation=wanted))
    found = _tree(_find(child, kind, origin, at), kind, chain)
    return Node(found.value, child.file, child.line, whole=True)


def _timeline_resolved(timeline: Node, origin: Path, chain: Chain) -> Node:
    """Put plans in where the timeline names them: `changes: {plan: undefined}`."""
    if not isinstance(timeline.value, list):
        return timeline
    entries = []
    for number, entry in enumerate(timeline.value):
        changes = entry.child("changes")
        if changes is not None and isinstance(changes.value, dict):
            found = _changes_resolved(changes, origin, chain, f"timeline.{number}.changes.")
            entry = Node({**entry.value, "changes": found}, entry.file, entry.line)
        entries.append(entry)
    return Node(entries, timeline.file, timeline.line)


def _changes_resolved(changes: Node, origin: Path, chain: Chain, at: str) -> Node:
    found = dict(changes.value)
    for key in ("plan", "world", "world.incumbent"):
        if key in found:
            found[key] = _referred(found[key], "world" if key == "world" else "plan", origin, chain, f"{at}{key}")
    return Node(found, changes.file, changes.line)


def _with_dates(tree: Node) -> Node:
    """Turn `quarter: 2` of timeline entries into the date on which that quarter begins."""
    timeline = tree.child("timeline")
    if timeline is None or not isinstance(timeline.value, list):
        return tree
    start = tree.child("start")
    first = (
        start.value
        if start is not None and isinstance(start.value, dt.date)
        else Scenario.model_fields["start"].default
    )
    entries = []
    for number, entry in enumerate(timeline.value):
        quarter = entry.child("quarter")
        if quarter is None:
            entries.append(entry)
            continue
        field = f"timeline.{number}.quarter"
        if entry.child("date") is not None:
            raise ScenarioError(quarter.fault("an entry has a date or a quarter, not both", field))
        if not isinstance(quarter.value, int) or isinstance(quarter.value, bool) or not 1 <= quarter.value <= 80:
            wanted = "a whole number between 1 (the first quarter of the run) and 80"
            raise ScenarioError(quarter.fault(f"expected {wanted}, got {brief(quarter)}", field, expectation=wanted))
        children = {key: child for key, child in entry.value.items() if key != "quarter"}
        children["date"] = Node(quarter_start(first, quarter.value - 1), quarter.file, quarter.line)
        entries.append(Node(children, entry.file, entry.line))
    return Node({**tree.value, "timeline": Node(entries, timeline.file, timeline.line)}, tree.file, tree.line)


# ------------------------------------------------------------------------------------------------------------- studies


class _StudyFile(Part):
    """A study as it is written."""

    title: str = ""
    question: str = ""
    scenario: Any = Field(..., description="name, relative path or mapping")
    plans: dict[str, Any] | None = Field(None, min_length=1, max_length=200)
    changes: dict[str, Any] | None = Field(None, min_length=1, max_length=200)
    baseline: str
    horizon_quarters: int | None = Field(None, ge=1, le=80)
    replications: int = Field(20, ge=1, le=100_000)


def load_study(name_or_path: str | Path, *, insist: bool = False) -> Study:
    """Load a study by the name of a shipped one or by path; `insist` as in `load`."""
    from funnelsim.scenario.size import check_size

    path = _top(name_or_path, "study")
    tree = read(path)
    head = validated(tree, _StudyFile)
    if (head.plans is None) == (head.changes is None):
        raise ScenarioError(tree.fault("a study has either plans or changes, by label"))
    field = "plans" if head.plans is not None else "changes"
    labels = tree.value[field].value
    if head.baseline not in labels:
        text, close = hint(head.baseline, labels, "labels")
        raise ScenarioError(
            tree.value["baseline"].fault(f"no label {head.baseline!r}{text}", "baseline", nearest=close)
        )
    base = _study_base(tree.value["scenario"], path)
    if head.horizon_quarters is not None:
        base = merged(base, Node({"horizon_quarters": tree.value["horizon_quarters"]}))
    scenarios = {}
    for label, node in labels.items():
        at = f"{field}.{label}"
        scenarios[label] = (_with_plan if field == "plans" else _with_changed)(base, node, path, at)
        check_size(scenarios[label], insist)
    return Study(
        title=head.title,
        question=head.question,
        baseline=head.baseline,
        replications=head.replications,
        scenarios=scenarios,
    )


def _study_base(node: Node, path: Path) -> Node:
    if isinstance(node.value, dict):
        return _resolved(node, "scenario", path, (path,), "scenario.")
    return _tree(_find(node, "scenario", path, "scenario"), "scenario", (path,))


def _with_plan(base: Node, node: Node, path: Path, at: str) -> Scenario:
    plan = _referred(node, "plan", path, (path,), at)
    return _scenario(Node({**base.value, "plan": plan}, base.file, base.line))


def _with_changed(base: Node, node: Node, path: Path, at: str) -> Scenario:
    scenario = _scenario(base)
    if node.value is None:
        return scenario
    if not isinstance(node.value, dict):
        wanted = "a mapping of dotted paths to values"
        raise ScenarioError(node.fault(f"expected {wanted}, got {brief(node)}", at, expectation=wanted))
    return changed(scenario, _changes_resolved(node, path, (path,), f"{at}.").value)


# ------------------------------------------------------------------------------------------------------------- writing


def to_yaml(scenario: Scenario) -> str:
    """Return a scenario as one self-contained file: nothing is inherited, every value is written out."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 120
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(_laid_out(scenario.model_dump(exclude_none=True)), stream)
    return stream.getvalue()


def _laid_out(value: Any) -> Any:
    """Write short lists and mappings of numbers in one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        mapping = CommentedMap((_laid_out(key), _laid_out(item)) for key, item in value.items())
        if (
            value
            and len(str(value)) <= 100
            and not any(isinstance(item, dict | list | tuple | str) for item in value.values())
        ):
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list | tuple):
        sequence = CommentedSeq(_laid_out(item) for item in value)
        if not any(isinstance(item, dict | list | tuple) for item in value):
            sequence.fa.set_flow_style()
        return sequence
    if isinstance(value, str) and (not _WORD.match(value) or value.lower() in _OTHER_WORDS):
        return DoubleQuotedScalarString(value)
    return value


def save(scenario: Scenario, path: str | Path) -> Path:
    """Write a scenario to a file that `load` reads back unchanged."""
    path = Path(path)
    text = to_yaml(scenario)
    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "a text is not Unicode"
        raise ScenarioError(Fault(f"cannot be written ({reason})", str(path))) from None
    return path
