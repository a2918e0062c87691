"""The reference page of the fields says what the schema says."""

from __future__ import annotations

import re
from pathlib import Path

from funnelsim.scenario import parameters
from funnelsim.scenario.changes import paths
from funnelsim.scenario.files import load
from funnelsim.scenario.tree import from_plain

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_page_is_up_to_date():
    page = (DOCS / "reference" / "parameters.md").read_text(encoding="utf-8")
    assert page == parameters.markdown(), "run: python -m funnelsim.scenario.parameters > docs/reference/parameters.md"


def test_it_has_every_path_of_a_plan():
    page = parameters.markdown()
    scenario = load("base")
    for path in paths(from_plain(scenario.model_dump())):
        if path.startswith("plan."):
            assert f"`{path}`" in page, path


def test_every_source_is_in_the_bibliography():
    keys = set(re.findall(r"^@\w+\{([^,]+),", (DOCS / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))
    rows = [line.split(" | ") for line in parameters.markdown().splitlines() if line.startswith("| `")]
    sources = {row[5].strip("`") for row in rows} - {"", "assumption"}
    assert len(sources) > 10
    assert sources <= keys, sources - keys
