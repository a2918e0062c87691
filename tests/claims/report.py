"""``python -m tests.claims.report``: measure every claim and write ``docs/reference/claims.md``.

With names of claims (``python -m tests.claims.report C17 C19``) only those are measured; the others keep their rows.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
TARGET = ROOT / "docs" / "reference" / "claims.md"
NUMBERS = ROOT / "docs" / "reference" / "claims.json"
NAMES = [f"C{i}" for i in range(1, 29)]

HEAD = """<!-- written by `python -m tests.claims.report` (`make claims`); do not edit -->
# The claims, and what shows them

Each claim about marketing and sales is a mechanism with a switch. A row says which lever a user moves, where it is
exhibited, which test holds it, the smallest effect that was asked for beforehand, and what was measured: the paired
difference between the two settings of the lever under the same randomness, with its 95 % interval. *Off*: the same two
settings with the mechanism switched off; "–": the lever is itself the switch. *Opposite*: circumstances in which the
evidence says that it goes the other way.

These are worlds made to show one mechanism at a time; sizes belong to these settings, not to your firm. Settings and
minima were written down before this measurement, some of them after trying others with another seed (C8, C10, C14b,
C17b, C22, C24b); what stands here was measured with a seed that nothing was chosen with. Some got more replications
when the first could not tell the effect from the minimum, and C14b a sharper position. When the levers of alignment
were made weaker to meet target R18, the minimum of C19 went from 5 wins to the 3.5 % that a survey found.
When programmes of the base world were made to reach less, C14, which had looked at all leads talked to, was narrowed to
those that marketing hands over, and C8 got three times the replications.

| claim | says | lever | notebook | test | asked for at least | measured (on) | off | opposite | replications |
|---|---|---|---|---|---|---|---|---|---|
"""


def declared() -> dict[str, tuple[Any, str]]:
    """Every declared claim by its key, with the test that holds it."""
    sys.path.insert(0, str(HERE.parent))
    found: dict[str, tuple[Any, str]] = {}
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"claims.{path.stem}")
        tests = [n.name for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)]
        for claim in getattr(module, "CLAIMS", ()):
            if claim.key in found:
                raise ValueError(f"{claim.key} is declared twice")
            test = next((name for name in tests if name.startswith(f"test_{claim.key}_")), "")
            if not test:
                raise ValueError(f"{path.name}: no test is named test_{claim.key}_…")
            found[claim.key] = claim, f"tests/claims/{path.name}::{test}"
    return dict(sorted(found.items(), key=lambda item: (int(item[0][1:].rstrip("abcdef")), item[0])))


def measured(claim: Any) -> dict[str, Any]:
    """Numbers of a claim as plain data."""
    record = {"on": vars(claim.measure())}
    if claim.off:
        record["off"] = vars(claim.measure(claim.off))
    if claim.opposite is not None:
        record["opposite"] = vars(claim.measure(claim.opposite))
    return record


def number(value: float) -> str:
    """Write a number with three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def interval(effect: dict[str, Any] | None) -> str:
    """Write a difference with its interval."""
    if effect is None:
        return "–"
    return f"{number(effect['mean'])} ({number(effect['low'])} … {number(effect['high'])})"


def page(claims: dict[str, tuple[Any, str]], records: dict[str, Any]) -> str:
    """Write the page."""
    lines = [HEAD]
    for key, (claim, test) in claims.items():
        record = records[key]
        cells = (
            key, claim.says, f"`{claim.lever}`", f"[{claim.notebook.split('_')[0]}](../../notebooks/{claim.notebook})",
            f"`{test.split('::')[1]}`", f"{number(claim.minimum)} {claim.unit}", interval(record["on"]),
            interval(record.get("off")), interval(record.get("opposite")), str(record["on"]["n"]),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |\n")
    lines.append("\n[Back to the reference](index.md)\n")
    return "".join(lines)


def main(wanted: list[str]) -> int:
    """Measure and write."""
    claims = declared()
    missing = [name for name in NAMES if not any(key.rstrip("abcdef") == name for key in claims)]
    records = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    for key, (claim, _) in claims.items():
        if not wanted or key in wanted or key not in records:
            records[key] = measured(claim)
            NUMBERS.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")  # nothing measured is lost
            print(key, interval(records[key]["on"]), "off", interval(records[key].get("off")), flush=True)
    records = {key: records[key] for key in claims}
    NUMBERS.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    TARGET.write_text(page(claims, records), encoding="utf-8")
    if missing:
        print(f"no claim is declared for {', '.join(missing)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
