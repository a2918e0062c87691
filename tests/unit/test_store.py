"""The results store: nothing is computed twice, nothing broken is believed, nothing finished is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

import funnelsim as fs
from funnelsim.errors import FunnelsimError
from funnelsim.experiments import executors, identity, store
from funnelsim.experiments.identity import content_key, model_fingerprint
from funnelsim.experiments.keeping import keep_of
from funnelsim.experiments.store import Store, as_store

TINY = {
    "world.segments.*.accounts": 300,
    "world.customers.start": 3,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 1,
}
TABLES = ("kpis", "funnel", "series", "staff")


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(TINY)


@pytest.fixture(scope="module")
def plans(tiny):
    return {"today": tiny, "two reps": tiny.with_changes({"plan.sales.reps": 2})}


@pytest.fixture
def nothing_runs(monkeypatch):
    """Make every run fail: what comes back was stored."""

    def refuse():
        def fails(self, key):
            raise AssertionError(f"{key} was run")

        monkeypatch.setattr(executors._Bench, "make", fails)

    return refuse


@pytest.fixture
def runs(monkeypatch):
    """Count the runs that are made."""
    made, seen = executors._Bench.make, []

    def counted(self, key):
        seen.append(key)
        return made(self, key)

    monkeypatch.setattr(executors._Bench, "make", counted)
    return seen


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.kept"))


# ----------------------------------------------------------------------------------------------------------- what comes


def test_a_repeated_study_runs_nothing_and_is_the_same(plans, tmp_path, nothing_runs):
    first = fs.compare(plans, 3, workers=1, keep=TABLES, store=tmp_path)
    nothing_runs()
    again = fs.compare(plans, 3, workers=1, keep=TABLES, store=tmp_path)
    assert (first.stored, again.stored, again.n, again.engine) == (0, 6, 3, first.engine)
    pd.testing.assert_frame_equal(again.frame, first.frame, check_exact=True)
    for name in TABLES[1:]:
        pd.testing.assert_frame_equal(again.table(name), first.table(name), check_exact=True)
    assert again.log_rows == first.log_rows


def test_more_replications_run_only_what_is_new(plans, tmp_path, runs):
    fs.compare(plans, 2, workers=1, store=tmp_path)
    runs.clear()
    more = fs.compare(plans, 4, workers=1, store=tmp_path)
    assert sorted(runs) == sorted((label, number) for label in plans for number in (2, 3))
    pd.testing.assert_frame_equal(more.frame, fs.compare(plans, 4, workers=1).frame, check_exact=True)


def test_one_plan_more_runs_only_that_plan(tiny, plans, tmp_path, runs):
    fs.compare(plans, 2, workers=1, store=tmp_path)
    runs.clear()
    wider = {**plans, "three": tiny.with_changes({"plan.sales.reps": 3})}
    found = fs.compare(wider, 2, workers=2, executor="threads", store=tmp_path)
    assert {label for label, _ in runs} == {"three"}
    pd.testing.assert_frame_equal(found.frame, fs.compare(wider, 2, workers=1).frame, check_exact=True)


def test_titles_and_labels_do_not_count_but_every_number_does(tiny):
    keep = keep_of((), 1)
    key = content_key(tiny, keep)
    assert content_key(tiny.model_copy(update={"title": "Another"}), keep) == key
    renamed = tiny.world.model_copy(update={"title": "W"})
    assert content_key(tiny.model_copy(update={"world": renamed}), keep) == key
    for change in (
        {"plan.sales.reps": 1.5},
        {"world.demand": 1.000001},
        {"world.finance.commission": 0.11},
        {"horizon_quarters": 2},
        {"timeline": [{"date": "2026-02-01", "changes": {"plan.sales.reps": 3}}]},
    ):
        other = tiny.with_changes(change)
        assert content_key(other, keep_of((), other.horizon_quarters)) != key, change
    noted = [{"date": "2026-02-01", "changes": {"plan.sales.reps": 3}, "note": text} for text in ("a", "b")]
    assert len({content_key(tiny.with_changes({"timeline": [one]}), keep) for one in noted}) == 1


def test_seeds_and_missing_tables_are_other_entries(tiny, tmp_path, runs):
    fs.replicate(tiny, 2, seed=1, workers=1, store=tmp_path, keep=("kpis", "funnel"))
    runs.clear()
    fs.replicate(tiny, 2, seed=2, workers=1, store=tmp_path)
    assert len(runs) == 2
    fs.replicate(tiny, 2, seed=1, workers=1, store=tmp_path, keep=("series",))
    assert len(runs) == 4
    fewer = fs.replicate(tiny, 2, seed=1, workers=1, store=tmp_path)
    assert len(runs) == 4, "an entry with more tables than are asked for will do"
    with pytest.raises(FunnelsimError, match="was not kept"):
        fewer.table("funnel")


def test_an_engine_that_is_named_is_the_engine_that_ran(tiny, tmp_path, runs):
    fs.replicate(tiny, 2, workers=1, engine="simpy", store=tmp_path)
    runs.clear()
    assert fs.replicate(tiny, 2, workers=1, engine="auto", store=tmp_path).engine == "simpy"
    assert not runs
    pytest.importorskip("numba")
    fs.replicate(tiny, 2, workers=1, engine="compiled", store=tmp_path)
    assert len(runs) == 2


def test_another_version_of_the_model_uses_nothing(tiny, tmp_path, runs, monkeypatch):
    fs.replicate(tiny, 2, workers=1, store=tmp_path)
    assert len(model_fingerprint()) == 32
    monkeypatch.setattr(identity, "model_fingerprint", lambda: "0" * 32)
    runs.clear()
    assert fs.replicate(tiny, 2, workers=1, store=tmp_path).stored == 0
    assert len(runs) == 2


def test_the_fingerprint_follows_the_sources(tmp_path, monkeypatch):
    package = tmp_path / "funnelsim"
    for name in ("rules/a.py", "scenario/a.py", "engines/a.py", "tables/a.py", "experiments/keeping.py", "plots/a.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("1\n")
    monkeypatch.setattr(identity, "__file__", str(package / "experiments" / "identity.py"))
    seen = [model_fingerprint.__wrapped__()]
    (package / "plots" / "a.py").write_text("2\n")
    assert model_fingerprint.__wrapped__() == seen[0], "how it is drawn changes no number"
    for name in ("rules/a.py", "engines/a.py", "tables/a.py", "experiments/keeping.py"):
        (package / name).write_text("2\n")
        seen.append(model_fingerprint.__wrapped__())
    assert len(set(seen)) == 5


def test_whole_runs_are_not_stored(tiny, tmp_path):
    assert len(fs.replicate(tiny, 1, workers=1, keep="runs", store=tmp_path).runs) == 1
    assert not entries(tmp_path)


# ---------------------------------------------------------------------------------------------------------- what breaks


@pytest.mark.parametrize("wound", ["flip", "cut", "empty", "swap"])
def test_a_broken_entry_is_noticed_and_done_again(tiny, tmp_path, runs, wound):
    whole = fs.replicate(tiny, 3, workers=1, store=tmp_path)
    victim, other, _ = entries(tmp_path)
    content = bytearray(victim.read_bytes())
    if wound == "flip":
        content[-5] ^= 1
    victim.write_bytes(other.read_bytes() if wound == "swap" else content[: {"cut": 99, "empty": 0}.get(wound)])
    runs.clear()
    again = fs.replicate(tiny, 3, workers=1, store=tmp_path)
    assert len(runs) == 1
    assert again.stored == 2
    pd.testing.assert_frame_equal(again.frame, whole.frame, check_exact=True)
    assert fs.replicate(tiny, 3, workers=1, store=tmp_path).stored == 3, "mended"


def test_a_store_that_cannot_be_written_stops_no_study(tiny, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write", full)
    assert fs.replicate(tiny, 2, workers=1, store=tmp_path).n == 2


def test_a_store_that_is_cleared_meanwhile_is_filled_again(plans, tmp_path):
    def clear(done, total):
        if done == 2:
            assert Store(tmp_path).clear() == 2

    fs.compare(plans, 3, workers=1, store=tmp_path, progress=clear)
    assert len(entries(tmp_path)) == 4


def _fill(folder: str) -> None:
    fs.replicate(fs.load("small").with_changes(TINY), 6, workers=1, store=folder, progress=False)


def test_several_writers_at_once(tiny, tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_fill, args=(str(tmp_path),)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(entries(tmp_path)) == 6
    assert not list(tmp_path.glob("*/.*")), "no half-written files"
    assert fs.replicate(tiny, 6, workers=1, store=tmp_path).stored == 6


def test_several_threads_at_once(tiny, tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(fs.replicate(tiny, 4, workers=1, store=tmp_path)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3
    assert all(one.frame.equals(found[0].frame) for one in found)
    assert len(entries(tmp_path)) == 4


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_study_that_is_killed_loses_only_what_was_in_work(plans, tmp_path):
    """``kill -9`` to a real process in the middle of a study."""
    script = tmp_path / "study.py"
    script.write_text(
        "import funnelsim as fs\n"
        f"tiny = fs.load('small').with_changes({TINY!r})\n"
        "plans = {'today': tiny, 'two reps': tiny.with_changes({'plan.sales.reps': 2})}\n"
        f"fs.compare(plans, 2000, workers=2, engine='simpy', store={str(tmp_path / 'store')!r},\n"
        "    progress=lambda done, total: print(done, flush=True))\n"
    )
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    told = 0
    for line in process.stdout:
        told = int(line)
        if told >= 30:
            os.killpg(process.pid, signal.SIGKILL)
            break
    told = max([told, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line)])
    assert process.wait(30) == -signal.SIGKILL
    replications = told // 2 + 2
    resumed = fs.compare(plans, replications, workers=1, store=tmp_path / "store")
    assert told <= resumed.stored < 2000
    pd.testing.assert_frame_equal(resumed.frame, fs.compare(plans, replications, workers=1).frame, check_exact=True)


# ------------------------------------------------------------------------------------------------------------ its size


def test_what_was_not_used_for_longest_goes_first(tiny, tmp_path):
    fs.replicate(tiny, 5, workers=1, store=tmp_path)
    all_of_them = entries(tmp_path)
    size = sum(path.stat().st_size for path in all_of_them)
    for age, path in enumerate(all_of_them):
        os.utime(path, (time.time() - 100 * (age + 1),) * 2)
    half = all_of_them[0].with_name(".half")
    half.write_bytes(b"x")
    os.utime(half, (0, 0))
    fs.replicate(tiny, 5, workers=1, store=Store(tmp_path))  # all of them are used
    os.utime(all_of_them[2], (1, 1))
    Store(tmp_path, limit=1.02 * size).trim()
    assert len(entries(tmp_path)) == 5
    Store(tmp_path, limit=0.98 * size).trim()
    left = entries(tmp_path)
    assert len(left) < 5
    assert all_of_them[2] not in left
    assert not half.exists()
    Store(tmp_path, limit=0).trim()
    assert not list(tmp_path.iterdir())
    assert Store(tmp_path).clear() == 0
    assert not tmp_path.exists(), "an empty folder goes with the entries"
    assert fs.replicate(tiny, 1, workers=1, store=tmp_path).n == 1
    assert len(entries(tmp_path)) == 1


def test_a_study_keeps_the_store_within_its_limit(tiny, tmp_path):
    fs.replicate(tiny, 1, workers=1, store=tmp_path)
    size = entries(tmp_path)[0].stat().st_size
    small = Store(tmp_path, limit=4 * size)
    for seed in range(2, 6):
        fs.replicate(tiny, 2, seed=seed, workers=1, store=small)
        assert sum(path.stat().st_size for path in entries(tmp_path)) <= small.limit
    assert entries(tmp_path)


def test_what_there_is_and_clearing(tiny, plans, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    fs.compare(plans, 2, workers=1, store=tmp_path)
    stock = Store(tmp_path).stock()
    assert [(one.entries, one.quarters, one.accounts, one.current) for one in stock] == [(2, 1, 600, True)] * 2
    assert stock[0].title == tiny.title
    assert sum(one.size for one in stock) == sum(path.stat().st_size for path in entries(tmp_path))
    assert Store(tmp_path).clear() == 4
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert Store(tmp_path).stock() == []


# --------------------------------------------------------------------------------------------------------- which store


def test_which_store(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNELSIM_STORE", "off")
    assert as_store(None) is None
    assert as_store(False) is None
    with pytest.raises(FunnelsimError, match="FUNNELSIM_STORE is off"):
        as_store(True)
    monkeypatch.setenv("FUNNELSIM_STORE", str(tmp_path / "mine"))
    mine = as_store(None)
    assert mine is not None and mine.folder == tmp_path / "mine"
    assert as_store(True) is mine
    monkeypatch.setenv("FUNNELSIM_STORE_LIMIT", "5 MB")
    limited = as_store(None)
    assert limited is not None and limited.limit == 5e6
    monkeypatch.setenv("FUNNELSIM_STORE_LIMIT", "much")
    with pytest.raises(FunnelsimError, match="'much'; expected a size such as 500MB"):
        as_store(None)
    monkeypatch.delenv("FUNNELSIM_STORE_LIMIT")
    monkeypatch.delenv("FUNNELSIM_STORE")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *args, **options: tmp_path / "cache")
    users = as_store(None)
    assert users is not None and users.folder == tmp_path / "cache" / "results"


def test_mistakes(tiny, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FunnelsimError, match="is a file; expected a folder"):
        fs.replicate(tiny, 1, store=tmp_path / "file")
    with pytest.raises(FunnelsimError, match="store is 3; expected a folder"):
        fs.replicate(tiny, 1, store=3)
