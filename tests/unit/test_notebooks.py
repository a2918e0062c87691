"""What every notebook promises its reader: one question, short cells, exercises, an answer."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
LINES = 15
"""A cell is read at one glance."""
ALLOWED = {"funnelsim", "pandas", "matplotlib", "ipywidgets", "IPython"}
QUIET = {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def source(cell: dict[str, Any]) -> str:
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def cells(path: Path, kind: str | None = None) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def trees(path: Path) -> list[ast.Module]:
    return [ast.parse(source(cell)) for cell in cells(path, "code")]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each_notebook
def test_the_first_cell_asks_one_question(path: Path) -> None:
    first = cells(path)[0]
    title = source(first).splitlines()[0]
    assert first["cell_type"] == "markdown"
    assert re.fullmatch(r"# [A-Z].*\?", title), title
    others = [line for cell in cells(path, "markdown") for line in source(cell).splitlines() if line.startswith("# ")]
    assert others == [title], "one title, one question"


@each_notebook
def test_it_says_how_large_the_market_is_and_how_often_it_was_run(path: Path) -> None:
    first = source(cells(path)[0])
    assert "accounts" in first
    assert re.search(r"\b\d+ replications\b", first)


@each_notebook
def test_the_last_cell_answers(path: Path) -> None:
    last = cells(path)[-1]
    assert source(last).strip()
    if last["cell_type"] == "code":
        said = "".join("".join(output.get("text", "")) for output in last["outputs"])
        assert len(said.split()) >= 10, "the answer is a sentence"
        assert "## Answer" in source(cells(path)[-2])


@each_notebook
def test_cells_are_short_and_plain(path: Path) -> None:
    for cell in cells(path, "code"):
        text = source(cell)
        assert 0 < len(text.strip().splitlines()) <= LINES, text
    for tree in trees(path):
        for node in ast.walk(tree):
            assert not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), f"private: {node.attr}"


@each_notebook
def test_imports_are_few(path: Path) -> None:
    named = set()
    for tree in trees(path):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named.add(node.module or ".")
    assert named
    assert {name.split(".")[0] for name in named} <= ALLOWED
    assert [name for name in named if name.startswith("funnelsim.")] == [], "what is not in fs is not public"


@each_notebook
def test_it_was_run_from_top_to_bottom(path: Path) -> None:
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), "not executed: make notebooks"
    for cell in code:
        tree = ast.parse(source(cell))
        shows = any(isinstance(node, ast.Call) and ast.unparse(node).startswith("print(") for node in ast.walk(tree))
        if shows or isinstance(tree.body[-1], ast.Expr) or ".plots." in source(cell):
            assert cell["outputs"], f"no output: {source(cell)}"


@each_notebook
def test_pictures_are_shown(path: Path) -> None:
    for cell in cells(path, "code"):
        if "fs.plots." in source(cell):
            kinds = [kind for output in cell["outputs"] for kind in output.get("data", {})]
            assert "image/png" in kinds, source(cell)


@each_notebook
def test_outputs_hold_nothing_that_changes(path: Path) -> None:
    """No progress bars, warnings, addresses, versions or wall times: nbval compares outputs word by word."""
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            assert output.get("name") != "stderr", output
            data = {"text/plain": output.get("text", ""), **output.get("data", {})}
            for kind, text in data.items():
                if not kind.startswith("image/"):
                    text = "".join(text)
                    assert not re.search(r"0x[0-9a-f]{6,}|python \d|\d (?:ms|seconds)\b|\|[█▏#]+", text), text
                    assert not re.search(r"\d\.\d{5,}", text), f"round it: {text}"


@each_notebook
def test_nothing_of_one_machine_is_stored(path: Path) -> None:
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert whole["metadata"]["kernelspec"]["name"] == "python3"
    assert set(whole["metadata"]) <= {"kernelspec", "language_info"}
    for cell in whole["cells"]:
        assert set(cell) <= QUIET
        assert cell["metadata"] == {}, "make notebooks leaves no metadata"


@each_notebook
def test_there_are_exercises_with_folded_solutions(path: Path) -> None:
    found = [source(cell) for cell in cells(path, "markdown") if "## Exercises" in source(cell)]
    assert len(found) == 1
    tasks, folded = found[0].split("<details>")
    assert len(re.findall(r"^\d\. ", tasks, re.MULTILINE)) in (2, 3)
    assert "<summary>Solution" in folded
    assert "</details>" in folded
    assert len(re.findall(r"^\d\. ", tasks, re.MULTILINE)) == len(re.findall(r"^\d\. ", folded, re.MULTILINE))


@each_notebook
def test_it_is_on_the_map(path: Path) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if f"({path.relative_to(FOLDER).as_posix()})" in line]
    assert len(rows) == 1, "one row in notebooks/README.md"
    question = source(cells(path)[0]).splitlines()[0].removeprefix("# ")
    assert question in rows[0]
    assert re.search(r"\bC\d+\b", rows[0]), "which claims?"


def test_the_map_names_no_notebook_that_is_not_there() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    linked = {name for name in re.findall(r"\(([\w./-]+\.ipynb)\)", text)}
    assert linked == {path.relative_to(FOLDER).as_posix() for path in NOTEBOOKS}
