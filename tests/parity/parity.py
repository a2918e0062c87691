"""Hold the compiled engine to the reference engine, row by row and bit by bit."""

from __future__ import annotations

import numpy as np

from funnelsim.engines.compiled import engine as compiled
from funnelsim.engines.reference import model as reference
from funnelsim.events import DAY, HOUR, NO_AMOUNT, Kind, Stage, Team
from funnelsim.scenario.lowered import Lowered
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Scenario

ROWS_BEFORE = 10
"""Rows that are shown before the first one that differs."""


def assert_same_log(scenario: Scenario | Lowered, seed: int = 1, replication: int = 0) -> np.ndarray:
    """Run a scenario on both engines and compare the logs; the log is returned."""
    lowered = scenario if isinstance(scenario, Lowered) else lower(scenario)
    expected = reference.simulate_log(lowered, seed, replication)
    found = compiled.simulate_log(lowered, seed, replication)
    assert_same(expected, found, lowered, f"seed {seed}, replication {replication}")
    return expected


def assert_same(expected: np.ndarray, found: np.ndarray, lowered: Lowered | None = None, where: str = "") -> None:
    """Compare two logs; the message shows where they part."""
    assert expected.dtype == found.dtype
    if expected.tobytes() != found.tobytes():
        raise AssertionError(difference(expected, found, lowered, where))


def difference(expected: np.ndarray, found: np.ndarray, lowered: Lowered | None = None, where: str = "") -> str:
    """Text about the first row in which two logs differ, with the rows before it.

    Parameters
    ----------
    expected, found : numpy.ndarray
        Logs of the reference and of the compiled engine.
    lowered : Lowered, optional
        Names the touchpoints.
    where : str
        Begins the text.
    """
    row = first_difference(expected, found)
    lines = [f"{where}: the logs differ; rows: {len(expected):,} reference, {len(found):,} compiled"]
    if row is None:
        return "\n".join([*lines, "no difference: every row is the same"])
    begin = max(0, row - ROWS_BEFORE)
    lines += [f"  {i:8d}  {as_text(expected[i], lowered)}" for i in range(begin, row)]
    for log, name in ((expected, "reference"), (found, "compiled")):
        lines.append(f"> {row:8d}  {as_text(log[row], lowered) if row < len(log) else 'no such row'}   [{name}]")
    if row < min(len(expected), len(found)):
        lines += [
            f"    {name}: reference {expected[row][name]!r}, compiled {found[row][name]!r}"
            for name in expected.dtype.names or ()
            if expected[row][name].tobytes() != found[row][name].tobytes()
        ]
    return "\n".join(lines)


def first_difference(expected: np.ndarray, found: np.ndarray) -> int | None:
    """Number of the first row in which two logs differ, None if there is none."""
    size = min(len(expected), len(found))
    width = expected.dtype.itemsize
    one = np.frombuffer(expected[:size].tobytes(), np.uint8).reshape(size, width)
    other = np.frombuffer(found[:size].tobytes(), np.uint8).reshape(size, width)
    rows = np.flatnonzero((one != other).any(axis=1))
    if len(rows):
        return int(rows[0])
    return None if len(expected) == len(found) else size


def as_text(row: np.void, lowered: Lowered | None = None) -> str:
    """One row of a log in words: day and clock, kind, then every column that says something."""
    time = int(row["time"])
    day, rest = divmod(time, DAY)
    hour, rest = divmod(rest, HOUR)
    minute, rest = divmod(rest, HOUR // 60)
    parts = [f"day {day} {hour:02d}:{minute:02d}:{rest / 1e6:09.6f}", f"{Kind(row['kind']).name:18s}"]
    for name in row.dtype.names or ():
        value = row[name]
        if name in ("time", "kind") or value in (-1, NO_AMOUNT) or value != value:
            continue
        text = f"{value!r}" if isinstance(value, float) else f"{value}"
        if name == "stage":
            text = Stage(value).name
        elif name == "team":
            text = Team(value).name
        elif name == "touchpoint" and lowered is not None:
            text = lowered.phases[0].touchpoints[value].name
        parts.append(f"{name} {text}")
    return "  ".join(parts)
