"""The compiled kernel: what it is made of, how its tables grow, where it is kept, and when it is chosen."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("numba")

import numba
from parity.parity import assert_same, assert_same_log

import funnelsim as fs
from funnelsim.engines import choice
from funnelsim.engines.compiled import compiling
from funnelsim.engines.compiled import engine as compiled
from funnelsim.engines.reference import model as reference
from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.events import DAY, Kind
from funnelsim.scenario.lowering import lower

TINY = fs.load("small").with_changes(
    {
        "world.segments.*.accounts": 400,
        "world.customers.start": 4,
        "world.burn_in_quarters": 1,
        "horizon_quarters": 1,
    }
)
BUSY = fs.load("small").with_changes({"world.segments.*.need_interval": 1.0, "horizon_quarters": 2})
"""Tens of thousands of needs and events."""


@pytest.fixture(scope="module", autouse=True)
def kernel():
    """Compile it before anything is measured, and not at a place that a test has chosen."""
    return compiling.kernel()


@pytest.fixture
def fresh_folder(monkeypatch):
    """Let the folder be found anew, in the test and after it."""
    compiling.cache_folder.cache_clear()
    yield
    compiling.cache_folder.cache_clear()


# --------------------------------------------------------------------------------------------------- what it is made of


def counts_references(folder: Path) -> bool:
    """Whether the machine code in a cache folder calls Numba's reference counting."""
    files = list(folder.glob("**/*.nbc"))
    assert files
    return any(b"NRT_incref" in file.read_bytes() for file in files)


def test_nothing_counts_references(tmp_path):
    """No array travels through a call of the kernel (Numba shows no assembly of cached code; its symbols will do)."""
    assert not counts_references(compiling.cache_folder())
    source = tmp_path / "keeps.py"
    source.write_text(
        textwrap.dedent(
            """
            from numba import njit

            @njit("float64[::1](float64[::1], int64)", cache=True)
            def keeps(x, n):
                kept = [x]
                for _ in range(n):
                    kept.append(x)
                return kept[n]
            """
        )
    )
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", "import keeps"], env=environment, check=True)
    assert counts_references(tmp_path / "cache"), "this test does not see reference counting any more"


def test_no_arithmetic_is_relaxed():
    from funnelsim.engines.compiled.records import OPTIONS

    assert not OPTIONS.get("fastmath", False)
    assert not numba.config.DISABLE_JIT


# ------------------------------------------------------------------------------------------------------- tables grow


@pytest.fixture
def small_tables(monkeypatch):
    """Tables without a row to spare that grow by the least step; a count of how often each did."""
    grown: dict[str, int] = {}
    grow = compiled.State._grow

    def counted(self):
        before = {name: len(table) for name, table in self.growing.items()}
        grow(self)
        for name, table in self.growing.items():
            grown[name] = grown.get(name, 0) + (len(table) > before[name])

    monkeypatch.setattr(compiled, "first_rows", lambda *_: dict.fromkeys(compiled.L.GROWING, -compiled.AT_A_TIME))
    monkeypatch.setattr(compiled, "GROWTH", 1.0)
    monkeypatch.setattr(compiled.State, "_grow", counted)
    return grown


def test_tables_grow(small_tables):
    assert_same_log(BUSY.with_changes({"world.customers.start": 5000}), 3)
    for name in ("log", "needs", "tasks", "customers", "later"):
        assert small_tables[name] > 1, f"{name} never grew"


def test_tables_grow_within_an_event(small_tables):
    """One week's launches, and the moments of needs that stay open for ten years, are more than any table has room."""
    scenario = TINY.with_changes(
        {
            "world.segments.*.accounts": 10,
            "world.segments.*.need_window": 1500.0,
            "world.touchpoints.*.moments_per_week": 150.0,
            "world.touchpoints.ads.programme.hours": 0.01,
            "world.touchpoints.ads.programme.money": 0.0,
            "plan.marketing.mix": {"ads": 1.0},
            "plan.marketing.marketers": 1.2,
            "world.burn_in_quarters": 0,
            "world.programme_scale": 1.0,
            "timeline": [{"date": "2026-01-08", "changes": {"plan.marketing.marketers": 0.0}}],
            "horizon_quarters": 2,
        }
    )
    log = assert_same_log(scenario, 1)
    launches = log["time"][log["kind"] == Kind.PROGRAMME_LAUNCHED]
    assert np.unique(launches, return_counts=True)[1].max() > 2 * compiled.AT_A_TIME
    for name in ("log", "tasks", "programmes", "events"):
        assert small_tables[name] > 1, f"{name} never grew"


def test_moments_are_dealt_when_reach_rises_in_a_crowded_market(small_tables):
    """Raised bounds deal moments to everybody in market within one event."""
    scenario = BUSY.with_changes(
        {
            "world.segments.*.need_window": 300.0,
            "world.touchpoints.ads.moments_per_week": 40.0,
            "world.touchpoints.ads.strength": 0.001,
            "world.burn_in_quarters": 0,
            "horizon_quarters": 1,
            "timeline": [{"date": "2026-02-01", "changes": {"world.touchpoints.ads.base_intensity": 3.0}}],
            "world.segments.*.accounts": 800,
            "world.customers.start": 10,
        }
    )
    assert_same_log(scenario, 2)
    assert small_tables["later"] > 5


def test_without_memory_a_run_ends_with_the_error(monkeypatch):
    def fail(self):
        raise MemoryError("no more")

    monkeypatch.setattr(compiled, "first_rows", lambda *_: dict.fromkeys(compiled.L.GROWING, -compiled.AT_A_TIME))
    monkeypatch.setattr(compiled.State, "_grow", fail)
    with pytest.raises(MemoryError, match="no more"):
        compiled.simulate_log(lower(BUSY), 1)
    monkeypatch.undo()
    assert_same_log(TINY, 1)


# ------------------------------------------------------------------------------------------------------------ threads


def test_two_threads_at_once_leave_the_logs_of_one():
    jobs = [(lower(scenario), seed) for seed in range(4) for scenario in (TINY, BUSY)]
    alone = [compiled.simulate_log(*job) for job in jobs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda job: compiled.simulate_log(*job), jobs))
    for expected, found in zip(alone, together, strict=True):
        assert_same(expected, found)


def test_two_threads_may_continue_one_burn_in():
    other = TINY.with_changes({"plan.sales.reps": 3.0})
    burn_in = compiled.BurnIn(lower(TINY), 5, 0)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(burn_in.log, [lower(TINY), lower(other)] * 3))
    for k, scenario in enumerate([TINY, other] * 3):
        assert_same(reference.simulate_log(lower(scenario), 5, 0), found[k])


# --------------------------------------------------------------------------------------------------------- where it is


def test_cache_folder_is_the_chosen_one(fresh_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("FUNNELSIM_CACHE", str(tmp_path / "mine"))
    folder = compiling.cache_folder()
    assert folder.parent == tmp_path / "mine"
    assert folder.is_dir()
    assert folder.name.startswith("kernel-")


def test_cache_folder_is_the_users_own_by_default(fresh_folder, monkeypatch, tmp_path):
    monkeypatch.delenv("FUNNELSIM_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = compiling.cache_folder()
    if sys.platform.startswith("linux"):
        assert folder.parent == tmp_path / "funnelsim"


def test_cache_folder_that_cannot_be_written_is_replaced(fresh_folder, monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    monkeypatch.setenv("FUNNELSIM_CACHE", str(blocked))
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = compiling.cache_folder()
    assert tmp_path in folder.parents
    assert blocked not in folder.parents
    (folder / "probe").write_text("it can be written")


def test_cache_folder_is_found_where_nothing_can_be_written(fresh_folder, monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    monkeypatch.setenv("FUNNELSIM_CACHE", str(blocked))
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(blocked))
    monkeypatch.setattr(compiling.tempfile, "mkdtemp", lambda prefix: str(tmp_path / prefix))
    assert compiling.cache_folder().parent == tmp_path / "funnelsim-"


@pytest.fixture
def copied_sources(monkeypatch, tmp_path):
    root = Path(compiling.__file__).parents[2]
    copy = tmp_path / "funnelsim"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("__pycache__", "tables", "plots", "report"))
    monkeypatch.setattr(compiling, "__file__", str(copy / "engines" / "compiled" / "compiling.py"))
    return copy


@pytest.mark.parametrize(
    "source",
    [
        "events.py",
        "arithmetic.py",
        "randomness.py",
        "workhours.py",
        "rules/trust.py",
        "engines/compiled/sales.py",
        "engines/reference/deck.py",
        "scenario/lowered.py",
    ],
)
def test_fingerprint_changes_with_every_source(copied_sources, source):
    before = compiling._version()
    assert before == compiling._version()
    with (copied_sources / source).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert compiling._version() != before


def test_fingerprint_covers_every_module_that_the_kernel_imports():
    root = Path(compiling.__file__).parents[2]
    covered = {path.name for path in root.glob("*.py")}
    for source in compiling.SOURCES:
        place = root / source
        covered |= {str(place)} if source.endswith(".py") else {str(path) for path in place.glob("**/*.py")}
    program = "import sys, funnelsim.engines.compiled.loop; print('\\n'.join(" + (
        "m.__file__ for n, m in sys.modules.items() if n.startswith('funnelsim') and getattr(m, '__file__', None)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        path = Path(line)
        if path.name == "__init__.py":
            continue
        assert str(path) in covered or path.parent == root, f"{path} is not in compiling.SOURCES"


def test_old_versions_are_forgotten(tmp_path):
    folders = [tmp_path / f"kernel-{k}" for k in range(compiling.KEPT_VERSIONS + 3)]
    for folder in folders:
        folder.mkdir()
    compiling._forget_old_versions(folders[-1])
    assert len(list(tmp_path.iterdir())) == compiling.KEPT_VERSIONS + 1
    assert folders[-1].is_dir()


# --------------------------------------------------------------------------------------------------- when it is chosen

LONG, SHORT = 1000.0, 0.1


@pytest.fixture
def not_loaded(monkeypatch):
    monkeypatch.setattr(compiling, "is_loaded", lambda: False)
    monkeypatch.setattr(compiling, "is_cached", lambda: False)


def test_auto_takes_the_compiled_engine_once_it_is_loaded():
    assert choice.choose_engine("auto", SHORT) == "compiled"


def test_auto_takes_what_is_done_first(not_loaded, monkeypatch):
    assert choice.choose_engine("auto", SHORT) == "simpy"
    assert choice.choose_engine("auto", 10.0) == "simpy"
    assert choice.choose_engine("auto", LONG) == "compiled"
    monkeypatch.setattr(compiling, "is_cached", lambda: True)
    assert choice.choose_engine("auto", 10.0) == "compiled"
    assert choice.choose_engine("auto", SHORT) == "simpy"


def test_auto_does_without_numba(not_loaded, monkeypatch):
    monkeypatch.setattr(compiling, "is_installed", lambda: False)
    assert choice.choose_engine("auto", LONG) == "simpy"
    assert choice.choose_engine("simpy", LONG) == "simpy"
    with pytest.raises(FunnelsimError, match="engine 'compiled' needs Numba: pip install"):
        choice.choose_engine("compiled", SHORT)
    with pytest.raises(FunnelsimError, match="needs Numba"):
        fs.simulate(TINY, engine="compiled")
    assert fs.simulate(TINY, engine="auto").provenance.engine == "simpy"


def test_the_kernel_says_what_it_needs(monkeypatch):
    monkeypatch.setattr(compiling, "is_installed", lambda: False)
    monkeypatch.setattr(compiling, "_kernel", [])
    with pytest.raises(FunnelsimError, match="needs Numba: pip install"):
        compiling.kernel()


class Own(reference.Model):
    """A model with a process of the user's own."""


def test_processes_of_the_users_own_run_on_simpy():
    assert choice.choose_engine("auto", LONG, own_processes=True) == "simpy"
    run = fs.simulate(TINY, model=Own)
    assert run.provenance.engine == "simpy"
    assert_same(run.log, fs.simulate(TINY, engine="compiled").log)
    with pytest.raises(FunnelsimError, match="processes of your own run on engine 'simpy' only"):
        fs.simulate(TINY, engine="compiled", model=Own)


@pytest.mark.parametrize("call", [fs.simulate, fs.replicate, lambda s, engine: fs.compare({"a": s}, 1, engine=engine)])
def test_unknown_engines_are_refused(call):
    with pytest.raises(ScenarioError, match="no engine is named 'numba'"):
        call(TINY, engine="numba")


# ------------------------------------------------------------------------------------------- the same numbers for users


def test_simulate_gives_the_same_run():
    one, other = (fs.simulate(TINY, 7, 2, engine=engine) for engine in ("simpy", "compiled"))
    assert (one.provenance.engine, other.provenance.engine) == ("simpy", "compiled")
    assert_same(one.log, other.log)
    pd.testing.assert_series_equal(one.kpis(), other.kpis(), check_exact=True)


def test_replicate_gives_the_same_numbers():
    one, other = (fs.replicate(TINY, 3, engine=engine, workers=1) for engine in ("simpy", "compiled"))
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_compare_gives_the_same_numbers(workers):
    """Plans share their burn-in on the compiled engine; the last one begins in another market and cannot."""
    plans = {
        "today": TINY,
        "two reps": TINY.with_changes({"plan.sales.reps": 2.0}),
        "a rep later": TINY.with_changes(
            {"timeline": [{"date": TINY.start + pd.Timedelta(days=30), "changes": {"plan.sales.reps": 2.0}}]}
        ),
        "elsewhere": TINY.with_changes({"world.trust.brand_half_life": 20.0}),
    }
    one = fs.compare(plans, 3, engine="simpy", workers=1)
    other = fs.compare(plans, 3, engine="compiled", workers=workers)
    pd.testing.assert_frame_equal(one.frame, other.frame, check_exact=True)


def test_the_log_cannot_be_changed():
    log = compiled.simulate_log(lower(TINY), 1)
    with pytest.raises(ValueError, match="read-only"):
        log["time"][0] = DAY
