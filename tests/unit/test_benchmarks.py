"""The benchmarks run, and their engines leave the same log; how fast is not a matter for tests."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "docs" / "reference" / "performance.md", ROOT / "benchmarks" / "results.json"]
sys.path.insert(0, str(ROOT))
try:
    from benchmarks.funnel_ref import Kind, c_loop, machinery
finally:
    sys.path.remove(str(ROOT))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("c_loop", marks=pytest.mark.skipif(c_loop.compiler() is None, reason="there is no C compiler")),
        pytest.param("compiled", marks=pytest.mark.slow),  # Numba compiles for some seconds
    ],
)
def loop(request):
    if request.param == "c_loop":
        return c_loop
    pytest.importorskip("numba")
    return importlib.import_module("benchmarks.funnel_ref.compiled")


def assert_same(rows, expected):
    assert rows.dtype == expected.dtype
    assert rows.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("buyers", "seed", "replication"),
    [(1, 0, 0), (10, 1, 0), (1_000, 1, 0), (1_000, 2, 7), (1_000, 2**64 - 1, 2**32 - 1), (10_000, 3, 0)],
)
def test_a_loop_leaves_the_log_of_the_machinery(loop, buyers, seed, replication):
    expected = machinery.run(buyers, seed, replication).to_array()
    assert_same(loop.run(buyers, seed, replication), expected)


def test_a_loop_leaves_the_log_of_the_machinery_where_a_buyer_has_eight_meetings_in_vain(loop):
    seed = 22_098  # the first with such a buyer, one in 40 million
    expected = machinery.run(1_000, seed).to_array()
    assert set(expected["kind"].tolist()) == set(map(int, Kind))
    assert_same(loop.run(1_000, seed), expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_loop_leaves_the_log_of_the_machinery_at_ten_thousand_buyers(loop, seed):
    assert_same(loop.run(10_000, seed), machinery.run(10_000, seed).to_array())


@pytest.mark.parametrize("day", [1, 4, 24, 1440])
def test_a_loop_keeps_the_order_of_the_machinery_when_events_coincide(loop, day, monkeypatch):
    with monkeypatch.context() as coarse:
        coarse.setattr(machinery, "DAY", day)
        coarse.setattr(machinery, "LEAVE_AFTER", 90 * day)
        coarse.setattr(machinery, "PER_HALF_LIFE", 1.0 / (30.0 * day))
        expected = [machinery.run(buyers, 5).to_array() for buyers in (30, 1_000)]
    for buyers, log in zip((30, 1_000), expected, strict=True):
        assert_same(loop.run(buyers, 5, day=day), log)


def test_a_loop_does_not_mind_when_its_tables_grow(loop):
    expected = loop.run(1_000, 4)
    for room in (0.0, 0.01, 0.3):
        assert_same(loop.run(1_000, 4, room=room), expected)


def test_without_a_compiler_the_c_loop_says_so(monkeypatch):
    monkeypatch.setattr(c_loop, "compiler", lambda: None)
    c_loop._loop.cache_clear()
    try:
        with pytest.raises(c_loop.NoCompiler, match="needs a C compiler"):
            c_loop.run(10, 0)
    finally:
        c_loop._loop.cache_clear()


@pytest.mark.parametrize("buyers", [0, -1, 2**27 + 1])
def test_a_loop_refuses_impossible_numbers_of_buyers(loop, buyers):
    with pytest.raises(ValueError, match="buyers must be between"):
        loop.run(buyers, 0)


def test_the_quick_benchmarks_run_and_write_nothing():
    before = [path.read_bytes() if path.exists() else None for path in FILES]
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "machinery is" in done.stdout
    assert "DIFFER" not in done.stdout
    assert "base scenario" in done.stdout
    assert before == [path.read_bytes() if path.exists() else None for path in FILES]
