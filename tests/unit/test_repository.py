"""What a fresh clone must hold, and must not hold."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# a base64 picture can hold any letters: a path begins after something that base64 does not use
MACHINE_PATH = re.compile(r"(?<![\w./~+$}-])/(?:work|root|tmp|home|Users|mnt|private|var/folders)/[\w.-]")
REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|anaconda|npmjs|jfrog|yarnpkg)\.(?:org|com|io)\b|\bregistry\.[a-z]+\.[a-z]+", re.IGNORECASE
)
SUFFIXES = {"scenarios": {".yml", ".yaml", ".md"}, "notebooks": {".ipynb", ".md"}}


def git(*arguments: str) -> list[str]:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in result.stdout.split("\0") if name]


def tracked_files() -> list[Path]:
    """What git holds or would hold: files that are ignored are left out."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [path for path in (ROOT / name for name in names) if path.is_file()]


def findings(pattern: re.Pattern[str]) -> list[str]:
    """Each place of the tracked text files where the pattern occurs, as file:line: text."""
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {text[match.start() : match.start() + 40]!r}")
    return found


def folder_files(folder: str) -> list[Path]:
    unwanted = {"__pycache__", ".ipynb_checkpoints"}
    return [path for path in sorted((ROOT / folder).rglob("*")) if path.is_file() and not unwanted & set(path.parts)]


def notebooks() -> list[Path]:
    return [path for path in folder_files("notebooks") if path.suffix == ".ipynb"]


def test_no_paths_of_one_machine() -> None:
    assert findings(MACHINE_PATH) == []


def test_no_package_registry_is_named() -> None:
    assert findings(REGISTRY_HOST) == []
    assert not (ROOT / "uv.lock").exists()


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("see " + "/work" + "/shared/x.md", True),
        ('"' + "/tmp" + '/x.png"', True),
        ("AAAB" + "/tmp" + "/x", False),
        ("results" + "/home" + "/x", False),
    ],
)
def test_the_pattern_for_machine_paths(text: str, caught: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is caught


@pytest.mark.parametrize("folder", sorted(SUFFIXES))
def test_files_of_scenarios_and_notebooks_travel(folder: str) -> None:
    files = folder_files(folder)
    assert files, f"{folder}/ is empty"
    tracked = set(tracked_files())
    assert [str(path) for path in files if path not in tracked] == [], "ignored by git: missing from clone and wheel"
    assert [str(path) for path in files if path.suffix not in SUFFIXES[folder]] == []


def test_changelog_citation_and_package_agree_on_the_version() -> None:
    assert re.search(
        rf"^## \[{re.escape(VERSION)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    citation = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == VERSION
    assert metadata.version("funnelsim") == VERSION


def test_every_source_that_is_named_is_in_the_list_of_sources() -> None:
    listed = set(
        re.findall(r"^@\w+\{(\w+),", (ROOT / "docs" / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    )
    key = re.compile(r"(?<![\w/.-])[a-z]{2,}(?:19|20)\d\d[a-z]*\b")
    files = [
        path for folder in ("src", "scenarios") for path in folder_files(folder) if path.suffix in {".py", ".yaml"}
    ]
    named = {match for path in files for match in key.findall(path.read_text(encoding="utf-8"))}
    assert named
    assert named - listed == set()


def test_there_are_notebooks() -> None:
    assert notebooks()


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.name)
def test_notebooks_are_committed_executed(path: Path) -> None:
    """Nbval compares nothing in a notebook without outputs."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    assert code, "no code"
    assert [cell["source"] for cell in code if cell["execution_count"] is None] == [], "not executed: make notebooks"
    assert any(cell["outputs"] for cell in code), "no outputs: make notebooks"
    quiet = ["".join(cell["source"]) for cell in code if "".join(cell["source"]).rstrip().endswith(";")]
    assert quiet == [], "nbval does not know the last ';': write _ = ... instead"
    errors = [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert errors == []
