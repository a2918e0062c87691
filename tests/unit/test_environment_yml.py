"""environment.yml, pyproject.toml and constraints.txt tell one story.

No conda solver is needed: names and ranges are compared.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
ENVIRONMENT = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CONDA_NAMES = {"matplotlib": "matplotlib-base"}
EXTRAS_IN_ENVIRONMENT = ["notebooks", "parquet", "dashboard", "test"]


def requirements_of(extras: list[str]) -> dict[str, SpecifierSet]:
    """Core requirements and those of some extras, extras of funnelsim itself opened up; name → range."""
    optional = PYPROJECT["optional-dependencies"]
    todo = [*PYPROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    found: dict[str, SpecifierSet] = {}
    while todo:
        requirement = Requirement(todo.pop())
        if requirement.name == "funnelsim":
            todo += [line for extra in requirement.extras for line in optional[extra]]
        else:
            name = canonicalize_name(requirement.name)
            found[name] = found.get(name, SpecifierSet()) & requirement.specifier
    return found


def environment_ranges() -> dict[str, SpecifierSet]:
    lines = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    pattern = re.compile(r"([a-z0-9._-]+)(.*)")
    matches = [pattern.fullmatch(line) for line in lines]
    return {match[1]: SpecifierSet(match[2]) for match in matches if match}


def pins() -> list[Requirement]:
    return [Requirement(line) for line in CONSTRAINTS if line.strip()]


def test_environment_names_what_pyproject_names() -> None:
    expected = {CONDA_NAMES.get(name, name) for name in requirements_of(EXTRAS_IN_ENVIRONMENT)}
    found = {
        "ruamel-yaml" if name == "ruamel.yaml" else name
        for name in environment_ranges()
        if name not in {"python", "pip"}
    }
    assert found == expected


def test_environment_has_pyproject_ranges() -> None:
    ranges = environment_ranges()
    ranges["ruamel-yaml"] = ranges["ruamel.yaml"]
    for name, specifier in requirements_of(EXTRAS_IN_ENVIRONMENT).items():
        assert ranges[CONDA_NAMES.get(name, name)] == specifier, name
    assert ranges["python"] == SpecifierSet(PYPROJECT["requires-python"])


def test_environment_installs_this_checkout_from_conda_forge() -> None:
    (pip_part,) = [entry for entry in ENVIRONMENT["dependencies"] if not isinstance(entry, str)]
    assert pip_part == {"pip": ["-e ."]}
    assert "pip" in ENVIRONMENT["dependencies"], "conda wants pip named when it is used"
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]


def test_constraints_are_only_names_and_versions() -> None:
    for line in CONSTRAINTS:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+!]*( ; [a-z_]+ .+)?", line), line


@pytest.mark.parametrize("name", sorted(requirements_of(list(PYPROJECT["optional-dependencies"]))))
def test_constraints_satisfy_every_range(name: str) -> None:
    specifier = requirements_of(list(PYPROJECT["optional-dependencies"]))[name]
    versions = [next(iter(pin.specifier)).version for pin in pins() if canonicalize_name(pin.name) == name]
    assert versions, f"{name} is not in constraints.txt: run make lock"
    for version in versions:
        assert Version(version) in specifier, f"{name}=={version} is outside {specifier}: run make lock"
