"""Write docs/reference/verification.md (`python -m tests.verification.report`) from the functions that the tests check.

With names of limits (`python -m tests.verification.report v09 v12`) their rows are printed and nothing is written.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "reference" / "verification.md"

HEAD = """# Verification: limits with known answers

Settings of the model in which theory knows the answer. Each is a scenario that the shipped reference engine runs,
built in `tests/verification/worlds.py`; every number below comes from its event log. Written by `python -m
tests.verification.report` from the functions that the tests in `tests/verification/` check; do not edit.

**Rule.** A sampled quantity passes if the 99.9 % t-interval of its mean over at least 20 replications contains the
theoretical value *and* the interval's half-width is at most 5 % of it (where theory says 0: at most 0.05). An exact
one passes if every comparison agrees. The seed is the number of the limit. Where "controls" are named, the mean is
adjusted by regression on quantities measured in the same replications whose true means are inputs of the scenario
(arrival rate, task hours): control variates.

Time is in units of the mean service where no unit is given.

"""
SAMPLED = """## Sampled

| Quantity | Setting | Formula | Theory | Measured | 99.9 % interval | Half-width | Replications | Passes |
|---|---|---|--:|--:|---|--:|--:|---|
"""
EXACT = """
## Exact

| Quantity | Setting | Law | Theory | Measured | Comparisons | Largest deviation (allowed) | Passes |
|---|---|---|--:|--:|--:|---|---|
"""
TAIL = """
## Notes

* V1–V4: accounts that are in market when the run starts never ask for sales (all would in the same instant); buyers
  ask from day 1 on, and measuring starts 40 to 150 units later. A need that closes while it waits is lost to the
  queue. In V1 the window lasts 2,000 units, which lowers the mean wait by half a percent; in V2 and V3 the window's
  rate is part of the stated rate θ.
* V3: patience to infinity gives V1; V1 runs with a patience of 100,000 days.
* V4 and V5: a buying cycle lasts as long as a window on average, so that an account is away from the market for as
  long on either way.
* V8: the chain of the notes goes back from SQL and from opportunity. Here leads that were not ready go back (recycling)
  and opportunities do not, so that the second chain has the model's own step back.
* V22 is an analytical cross-check only.
* V13 and V14: trust of needs older than 800 days, every 30 days; between touches it is carried on with the decay that
  V12 checks.
* V21: where buyers cannot serve themselves, nobody buys without a rep, so without reps there are no sales at all.
"""


def modules() -> list[str]:
    """Names of the test modules that measure."""
    return sorted(path.stem for path in Path(__file__).parent.glob("test_v[0-9][0-9]_*.py"))


def passes(measured: object) -> str:
    """Verdict of the rule."""
    try:
        measured.check()  # type: ignore[attr-defined]
    except AssertionError:
        return "**no**"
    return "yes"


def cell(text: str) -> str:
    """Text that does not break a table."""
    return text.replace("|", "\\|")


def tables(names: list[str]) -> str:
    """Both tables of these test modules."""
    from verification.measured import Sampled

    sampled, exact = [], []
    for name in names:
        for m in importlib.import_module(f"verification.{name}").measure():
            if isinstance(m, Sampled):
                mean, half = m.interval()
                relative = f"{100.0 * half / abs(m.theory):.1f} %" if m.theory else f"{half:.3f}"
                cells = (
                    m.name,
                    m.setting,
                    m.formula,
                    f"{m.theory:.5g}",
                    f"{mean:.5g}",
                    f"{mean - half:.5g} … {mean + half:.5g}",
                    relative,
                    str(m.replications),
                    passes(m),
                )
                sampled.append("| " + " | ".join(map(cell, cells)) + " |\n")
            else:
                cells = (
                    m.name,
                    m.setting,
                    m.formula,
                    m.theory,
                    m.measured,
                    f"{m.compared:,}",
                    f"{m.worst:.2g} ({m.tolerance:.2g})",
                    passes(m),
                )
                exact.append("| " + " | ".join(map(cell, cells)) + " |\n")
    return SAMPLED + "".join(sampled) + EXACT + "".join(exact)


def main(arguments: list[str]) -> int:
    """Write the page, or print the rows of some limits."""
    sys.path.insert(0, str(ROOT / "tests"))
    if arguments:
        print(tables([name for name in modules() if name.split("_")[1] in arguments]))
        return 0
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(HEAD + tables(modules()) + TAIL, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
