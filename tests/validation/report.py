"""``python -m tests.validation.report``: measure the base world against published results.

Writes ``targets.md`` and ``targets.json`` into ``docs/reference`` (or ``--out``). With ``--rows`` only these are
measured again; the others keep their numbers from the file that is there.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .arms import digest
from .estimates import FAIL, PASS, UNDECIDED, Estimate
from .measure import arms_of, measure
from .rows import BY_KEY, REPORT, ROWS, Row, chosen

COMMAND = "python -m tests.validation.report"
HEAD = """\
# The base world beside published results

Written by `make targets` (`{command}`); do not edit. What was calibrated, what was not, and what the numbers can
and cannot say: [calibration](../explanation/calibration.md). Raw numbers: [targets.json](targets.json).

{stamp}

**Verdict**: *pass* if the whole 95 % interval lies inside the tolerance, *fail* if it lies outside, *not decided* if
it straddles an edge: then more replications are needed, not another tolerance. Rows marked ' and U get no verdict:
they stand beside those that do. **Type**: H, a number with a tolerance; S, a sign or shape. **Source**: key in
[references.bib](../references.bib).

"""
COLUMNS = (
    "row", "result", "published", "tolerance", "type", "source", "measured", "95 % interval", "replications", "verdict",
)  # fmt: skip


def record(row: Row, found: Estimate, stamp: dict[str, Any]) -> dict[str, Any]:
    """Write one measured row as plain data: the statement of the target, the numbers, and where they come from."""
    return {
        "result": row.result,
        "published": row.published,
        "low": row.low,
        "high": row.high if math.isfinite(row.high) else None,
        "type": row.kind,
        "sources": list(row.sources),
        "judged": row.judged,
        "arms": list(row.arms),
        "value": _plain(found.value),
        "interval": [_plain(found.low), _plain(found.high)],
        "replications": found.n,
        "verdict": found.verdict(row.low, row.high) if row.judged else None,
        "each_replication": [_plain(value) for value in found.each],
        **stamp,
    }


def _plain(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def text(records: dict[str, dict[str, Any]]) -> str:
    """Write the page."""
    lines = [HEAD.format(command=COMMAND, stamp=_stamps(records))]
    lines.append(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n")
    for key, one in records.items():
        row = BY_KEY[key]
        low, high = (row.shown(_number(end)) for end in one["interval"])
        sources = ", ".join(f"`{source}`" for source in one["sources"]) or "–"
        cells = (
            key, row.result, row.published, row.tolerance, row.kind, sources, row.shown(_number(one["value"])),
            f"{low} … {high}", one["replications"], _verdict(one["verdict"]),
        )  # fmt: skip
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |\n")
    lines.append(f"\n{_summary(records)}\n\n## How each row is read\n\n")
    lines.append(
        "All are read in the year after day 0, which follows a year of burn-in. The value is pooled over replications\n"
        "(sum over sum); the interval is a t-interval with the standard error of the delete-one jackknife.\n\n"
    )
    lines += [f"- **{key}**: {BY_KEY[key].reading}\n" for key in records]
    return "".join(lines)


def _verdict(verdict: str | None) -> str:
    return {PASS: "pass", FAIL: "**fail**", UNDECIDED: "*not decided*", None: "–"}[verdict]


def _summary(records: dict[str, dict[str, Any]]) -> str:
    verdicts = [one["verdict"] for one in records.values() if one["verdict"]]
    return ", ".join(f"{verdicts.count(word)} {word}" for word in (PASS, FAIL, UNDECIDED)) + f", of {len(verdicts)}."


def _stamps(records: dict[str, dict[str, Any]]) -> str:
    """Say where the numbers come from; rows measured on different occasions are named."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for key, one in records.items():
        stamp = tuple(one[name] for name in ("date", "package_version", "scenario_digest", "seed", "scale"))
        groups.setdefault(stamp, []).append(key)
    parts = []
    for (date, package, digested, seed, scale), keys in groups.items():
        which = "All rows" if len(groups) == 1 else ", ".join(keys)
        parts.append(f"{which}: {date}, funnelsim {package}, scenarios `{digested}`, seed {seed}.")
        if scale != 1.0:
            parts.append(
                f"**Market and firm at {scale:g} of their size**: a quick look, not the base world. Small teams pool "
                "less: waits, vacancies and the spread between reps weigh more than at full size."
            )
    return "\n".join(parts)


def load_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the report in a folder, none if there is no report."""
    path = folder / "targets.json"
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else {}
    return rows


def write(folder: Path, records: dict[str, dict[str, Any]]) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = {row.key: records[row.key] for row in ROWS if row.key in records}
    data = json.dumps({"command": COMMAND, "rows": ordered}, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "targets.json").write_text(data + "\n", encoding="utf-8")
    (folder / "targets.md").write_text(text(ordered), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    result = argparse.ArgumentParser(prog=COMMAND, description="Measure the base world against published results.")
    result.add_argument("--replications", type=int, default=30, help="how many (30)")
    result.add_argument("--seed", type=int, default=1, help="family of random numbers (1)")
    result.add_argument("--rows", help="only these, e.g. R13,R15; the others keep their numbers")
    result.add_argument("--workers", type=int, help="processes (one per processor)")
    result.add_argument("--scale", type=float, default=1.0, help="size of market and firm, for a quick look (1)")
    result.add_argument("--out", type=Path, default=REPORT, help="folder to write to (docs/reference)")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and print the table."""
    asked = parser().parse_args(arguments)
    if asked.scale != 1.0 and asked.out.resolve() == REPORT:
        parser().error("a report at another scale is no reference: name another folder with --out")
    if asked.replications < 2:
        parser().error("an interval needs at least 2 replications")
    try:
        rows = chosen(asked.rows.split(",") if asked.rows else None)
    except ValueError as error:
        parser().error(str(error))
    runs = asked.replications * len(arms_of(rows))
    print(f"{len(rows)} rows, {runs} runs at scale {asked.scale:g}", flush=True)
    found = measure(rows, asked.replications, asked.seed, asked.scale, asked.workers, progress=True)
    stamp = {
        "seed": asked.seed,
        "scale": asked.scale,
        "package_version": version("funnelsim"),
        "date": dt.date.today().isoformat(),
        "scenario_digest": digest(),
    }
    records = load_records(asked.out) if asked.rows else {}
    kept = {key: one for key, one in records.items() if key in BY_KEY and one["scale"] == asked.scale}
    records = kept | {row.key: record(row, found[row.key], stamp) for row in rows}
    write(asked.out, records)
    for row in rows:
        one = found[row.key]
        verdict = one.verdict(row.low, row.high) if row.judged else ""
        interval = f"{row.shown(one.low)} … {row.shown(one.high)}"
        band, value = row.tolerance, row.shown(one.value)
        print(f"{row.key:5} {row.result[:56]:56} {band:>12} {value:>8}  {interval:20} {verdict}")
    print(_summary({row.key: records[row.key] for row in rows}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
