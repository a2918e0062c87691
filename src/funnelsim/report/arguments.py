"""What arguments of the command line mean."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path

from funnelsim.errors import Fault, ScenarioError
from funnelsim.scenario.changes import as_node, changed
from funnelsim.scenario.files import load, load_study
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.study import Study
from funnelsim.scenario.tree import parse


def with_sets(scenario: Scenario, sets: list[str] | None) -> Scenario:
    """Return the scenario with what --set says."""
    if not sets:
        return scenario
    nodes = {}
    for text in sets:
        path, sign, value = text.partition("=")
        path = path.strip()
        if not sign or not path or not value.strip() or "\n" in value:
            raise ScenarioError(f"--set {text}: expected path=value, e.g. --set plan.sales.reps=12")
        node = parse(value)
        nodes[path] = as_node(path, node.value) if isinstance(node.value, str) else node
    try:
        return changed(scenario, nodes)
    except ScenarioError as error:
        raise ScenarioError(*(f"--set {_placeless(fault)}" for fault in error.faults)) from None


def _placeless(fault: Fault) -> str:
    """Return a fault of an option: there is no line to name."""
    return str(dataclasses.replace(fault, file=None, line=None))


def named_plans(names: list[str], sets: list[str] | None) -> Study | dict[str, Scenario]:
    """Return a study, or scenarios by label."""
    if len(names) == 1:
        try:
            study = load_study(names[0])
        except ScenarioError as error:
            if "is a scenario" in str(error):
                raise ScenarioError(
                    f"{names[0]!r} is one scenario; compare needs a study, or two and more scenarios"
                ) from None
            raise
        return study.model_copy(
            update={"scenarios": {label: with_sets(one, sets) for label, one in study.scenarios.items()}}
        )
    found = {}
    for name in names:
        label = Path(name).stem if name.endswith((".yaml", ".yml")) else name
        if label in found:
            raise ScenarioError(f"two scenarios have the label {label!r}; give their files different names")
        found[label] = with_sets(load(name, insist=True), sets)
    return found


def command_again(
    verb: str, names: list[str], seed: int, horizon: int | None, sets: list[str] | None, options: Mapping[str, object]
) -> str:
    """Return the command that gives these numbers again."""
    words = ["funnelsim", verb, *names, "--seed", str(seed)]
    for name, value in {**options, "--horizon": horizon}.items():
        words += [name, str(value)] if value is not None else []
    for text in sets or []:
        words += ["--set", text]
    return shlex.join(words)
