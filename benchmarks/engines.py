"""The compiled engine against the reference engine: speed, threads, growth, and what it takes to start.

``python -m benchmarks.engines`` measures everything; ``--only race threads`` some of it; ``--quick`` tries it at tiny
sizes. What is measured:

``race``     both engines on shipped scenarios, alternating within one process: processor time of the thread and wall
``study``    five plans, many replications, two processes, as `compare` runs them; may be estimated from fewer
``threads``  the same runs one after the other and in two threads, the kernel alone
``growth``   markets with ever more needs (account-journeys), each in a fresh process, as far as memory goes
``logs``     one replication and its key figures, the whole log kept or only what tables need, a fresh process for each
``start``    a fresh process that loads the kernel, and one that compiles it
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import base_scenario

ROOT = Path(__file__).parents[1]
ENGINES = ("simpy", "compiled")
PARTS = ("race", "study", "threads", "growth", "logs", "start")
RACES = {"small": 5, "regional": 5, "base": 3}
"""Rounds by scenario, as it is shipped."""
LONG_QUARTERS = 12
LONG_ROUNDS = 2
FACTORS = (0.5, 0.8, 1.0, 1.3, 2.0)
"""Reps of the plans that are compared, relative to the base plan."""
REPLICATIONS, WORKERS = 50, 2
JOURNEYS = (10_000, 100_000, 1_000_000, 10_000_000)
JOURNEYS_PER_ACCOUNT = 0.29
"""Needs per account in the five quarters of a run, about."""
MOST_GB = 20.0
MOST_HEADS, MOST_SCALE = 990.0, 100.0
"""Bounds of the schema: beyond them the firm no longer grows with the market."""


@dataclass(frozen=True)
class Race:
    """Both engines on one scenario; medians over the rounds."""

    scenario: str
    quarters: int
    rounds: int
    rows: int
    cpu: dict[str, float]
    """Processor time of the thread that ran it, in seconds, by engine."""
    wall: dict[str, float]
    ratios: tuple[float, ...]
    """How many times as fast the compiled engine was in each round, by processor time, ascending."""
    same_log: bool


@dataclass(frozen=True)
class StudyTime:
    """Wall time of a comparison on several processes."""

    plans: int
    replications: int
    quarters: int
    workers: int
    seconds: float
    measured_replications: int
    """How many were run; with fewer than `replications` the rest is estimated."""
    reference_hours: float
    """What the reference engine would take, by its time for one run, in hours."""


@dataclass(frozen=True)
class Threads:
    """The kernel in one thread and in two."""

    runs: int
    one: float
    two: float

    @property
    def ratio(self) -> float:
        """How many times as fast two threads are."""
        return self.one / self.two


@dataclass(frozen=True)
class Growth:
    """One replication on a market of some size."""

    accounts: int
    journeys: int
    rows: int
    seconds: float
    wall: float
    log_mb: float
    peak_mb: float


@dataclass(frozen=True)
class Log:
    """One replication after the other in one process, and their key figures."""

    mode: str
    """What a run leaves: ``"full"``, ``"tables"``."""
    quarters: int
    rows: int
    seconds: float
    """Processor time of a replication, median."""
    mb: float
    """Peak memory above that of the process before the first replication."""


@dataclass(frozen=True)
class Start:
    """Seconds until a first small run is done in a fresh process, and of what in it is the kernel."""

    python: float
    """A process that imports the package and its engines, and ends."""
    cached: float
    """Kernel loaded from the cache."""
    cached_kernel: float
    fresh: float
    """Kernel compiled: the first time after an installation."""
    fresh_kernel: float


@dataclass(frozen=True)
class Found:
    """Everything; a part that was not asked for is empty."""

    races: tuple[Race, ...] = ()
    study: StudyTime | None = None
    threads: Threads | None = None
    growth: tuple[Growth, ...] = ()
    logs: tuple[Log, ...] = ()
    start: Start | None = None


def together(old: Found, new: Found) -> Found:
    """Return what was found of old and new; of what both have, the new."""
    return replace(old, **{name: value for name, value in vars(new).items() if value})


def from_json(kept: dict[str, Any]) -> Found:
    """Return what was found from its JSON."""
    several = {"races": Race, "growth": Growth, "logs": Log}
    single = {"study": StudyTime, "threads": Threads, "start": Start}
    parts: dict[str, Any] = {name: tuple(kind(**one) for one in kept.get(name, ())) for name, kind in several.items()}
    parts |= {name: kind(**kept[name]) for name, kind in single.items() if kept.get(name)}
    return Found(**parts)


def is_installed() -> bool:
    """Whether there is a compiled engine on this machine."""
    return importlib.util.find_spec("numba") is not None


def log_of(engine: str) -> Callable[..., Any]:
    """Return ``simulate_log`` of an engine, ready to run."""
    from funnelsim.engines.choice import make_ready, simulate_log

    make_ready(engine)
    return lambda lowered, seed: simulate_log(engine, lowered, seed, 0)


# ---------------------------------------------------------------------------------------------------------------- race


def race(name: str, rounds: int, changes: dict[str, Any] | None = None) -> Race:
    """Let the engines alternate on a shipped scenario; a new seed in each round."""
    from funnelsim.scenario.files import load
    from funnelsim.scenario.lowering import lower

    scenario = load(name).with_changes(changes or {})
    lowered = lower(scenario)
    run = {engine: log_of(engine) for engine in ENGINES}
    run["compiled"](lower(load("small").with_changes({"horizon_quarters": 1})), 1)  # touch its code once
    cpu: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    wall: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    same, rows = True, 0
    for seed in range(1, rounds + 1):
        logs = []
        for engine in ENGINES if seed % 2 else reversed(ENGINES):
            gc.collect()
            begin, begin_cpu = time.perf_counter(), time.thread_time()
            log = run[engine](lowered, seed)
            cpu[engine].append(time.thread_time() - begin_cpu)
            wall[engine].append(time.perf_counter() - begin)
            logs.append(log.tobytes())
            rows = len(log)
            del log
        same = same and logs[0] == logs[1]
    ratios = sorted(slow / fast for slow, fast in zip(cpu["simpy"], cpu["compiled"], strict=True))
    return Race(
        name,
        scenario.horizon_quarters,
        rounds,
        rows,
        {engine: median(seconds) for engine, seconds in cpu.items()},
        {engine: median(seconds) for engine, seconds in wall.items()},
        tuple(ratios),
        same,
    )


# --------------------------------------------------------------------------------------------------------------- study


def study(
    measured: int, replications: int = REPLICATIONS, quarters: int = LONG_QUARTERS, name: str = "base"
) -> StudyTime:
    """Compare five plans; of the replications only `measured` are run, and half as many to know what starting takes."""
    import funnelsim as fs

    base = fs.load(name).with_changes({"horizon_quarters": quarters})
    reps = base.plan.sales.reps
    plans = {f"{factor:g}": base.with_changes({"plan.sales.reps": reps * factor}) for factor in FACTORS}

    def seconds(count: int) -> float:
        begin = time.perf_counter()
        fs.compare(
            plans, replications=count, workers=WORKERS, engine="compiled", progress=False, store=False, insist=True
        )
        return time.perf_counter() - begin

    whole = seconds(measured)
    if measured < replications:
        half = max(1, measured // 2)
        each = (whole - seconds(half)) / (measured - half) if measured > half else whole / measured
        whole += each * (replications - measured)
    slow = race(name, 1, {"horizon_quarters": quarters}).wall["simpy"]
    return StudyTime(
        len(plans),
        replications,
        quarters,
        WORKERS,
        whole,
        measured,
        slow * len(plans) * replications / WORKERS / 3600.0,
    )


# ------------------------------------------------------------------------------------------------------------- threads


def threads(runs: int, name: str = "regional") -> Threads:
    """Run the same states in one thread and in two; making the tables is Python's work and not part of it."""
    from funnelsim.engines.compiled.engine import State
    from funnelsim.scenario.files import load
    from funnelsim.scenario.lowering import lower

    lowered = lower(load(name))
    log_of("compiled")(lowered, 1)

    def seconds(workers: int) -> float:
        states = [State(lowered, seed, 0) for seed in range(2 * runs)]
        for state in states:
            state.know_plans()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda _: None, range(workers)))  # the threads are there
            begin = time.perf_counter()
            list(pool.map(State.run, states))
            return time.perf_counter() - begin

    rounds = [(seconds(1), seconds(2)) for _ in range(3)]
    one, two = sorted(rounds, key=lambda pair: pair[0] / pair[1])[1]
    return Threads(2 * runs, one, two)


# -------------------------------------------------------------------------------------------------------------- growth


def market(journeys: int) -> Any:
    """Return the base scenario with about that many needs, and a firm to match as far as the schema lets it grow."""
    from funnelsim.scenario.files import load

    base = load("base")
    accounts = journeys / JOURNEYS_PER_ACCOUNT
    factor = accounts / sum(segment.accounts for segment in base.world.segments.values())
    changes: dict[str, object] = {
        f"world.segments.{name}.accounts": int(segment.accounts * factor + 0.5)
        for name, segment in base.world.segments.items()
    }
    for where, plan in (("plan", base.plan), ("world.incumbent", base.world.incumbent)):
        changes[f"{where}.sales.reps"] = min(plan.sales.reps * factor, MOST_HEADS)
        changes[f"{where}.sales.sdrs"] = min(plan.sales.sdrs * factor, MOST_HEADS)
        changes[f"{where}.marketing.marketers"] = min(plan.marketing.marketers * factor, MOST_HEADS)
        changes[f"{where}.marketing.programme_money"] = min(plan.marketing.programme_money * factor, 1e10)
    changes["world.customers.start"] = int(base.world.customers.start * factor + 0.5)
    changes["world.programme_scale"] = min(base.world.programme_scale * factor, MOST_SCALE)
    changes["world.burn_in_quarters"] = base_scenario.BURN_IN_QUARTERS
    changes["horizon_quarters"] = base_scenario.HORIZON_QUARTERS
    return base.with_changes(changes)


def grow_here(journeys: int) -> Growth:
    """Run one replication in this process."""
    import numpy as np

    from funnelsim.events import Kind
    from funnelsim.scenario.lowering import lower

    run = log_of("compiled")
    lowered = lower(market(journeys))
    begin, begin_cpu = time.perf_counter(), time.thread_time()
    log = run(lowered, 1)
    cpu, wall = time.thread_time() - begin_cpu, time.perf_counter() - begin
    peak = base_scenario.peak_mb()
    needs = int(np.count_nonzero(log["kind"] == int(Kind.NEED)))
    return Growth(lowered.accounts, needs, len(log), cpu, wall, log.nbytes / (1 << 20), peak)


def growth(sizes: Sequence[int], most_gb: float = MOST_GB) -> tuple[Growth, ...]:
    """Run each size in a fresh process, as long as the next one will fit into memory."""
    found: list[Growth] = []
    for journeys in sizes:
        if len(found) > 1:
            last, before = found[-1], found[-2]
            each = (last.peak_mb - before.peak_mb) / (last.journeys - before.journeys)
            needed = last.peak_mb + each * (journeys - last.journeys)
            if needed > most_gb * 1024.0:
                print(f"left out: {journeys:,} journeys would need {needed / 1024.0:.0f} GB of memory")
                break
        done = _fresh(["-m", "benchmarks.engines", "--here", str(journeys)])
        found.append(Growth(**json.loads(done.splitlines()[-1])))
    return tuple(found)


def exponent(sizes: Sequence[Growth]) -> float:
    """Least-squares slope of log seconds on log journeys."""
    import math

    return base_scenario._slope([math.log(s.journeys) for s in sizes], [math.log(s.seconds) for s in sizes])


# ---------------------------------------------------------------------------------------------------------------- logs


def log_here(mode: str, quarters: int, name: str, runs: int) -> Log:
    """Make some replications in this process, one after the other, and read their key figures."""
    from funnelsim.experiments.executors import Job, _Bench
    from funnelsim.experiments.keeping import keep_of
    from funnelsim.scenario.files import load

    log_of("compiled")
    first = load("small").with_changes({"horizon_quarters": 1})
    _Bench(Job({"first": first}, 1, "compiled", keep_of((), 1), mode)).make(("first", 0))  # everything is imported
    before = base_scenario.peak_mb()
    bench = _Bench(Job({name: load(name).with_changes({"horizon_quarters": quarters})}, 1, "compiled",
                       keep_of((), quarters), mode))  # fmt: skip
    seconds, rows = [], 0
    for replication in range(runs):
        begin = time.thread_time()
        rows = bench.make((name, replication)).rows
        seconds.append(time.thread_time() - begin)
    return Log(mode, quarters, rows, median(seconds), base_scenario.peak_mb() - before)


def logs(quarters: int = LONG_QUARTERS, name: str = "base", runs: int = 5) -> tuple[Log, ...]:
    """Measure both modes, each in a fresh process."""
    found = []
    for mode in ("full", "tables"):
        run = f"asdict(log_here({mode!r}, {quarters}, {name!r}, {runs}))"
        code = f"from benchmarks.engines import *; print(json.dumps({run}))"
        found.append(Log(**json.loads(_fresh(["-c", code]).splitlines()[-1])))
    return tuple(found)


# --------------------------------------------------------------------------------------------------------------- start

_FIRST_RUN = """
import time
import funnelsim as fs
from funnelsim.engines.compiled import engine
from funnelsim.engines.compiled.compiling import kernel
begin = time.perf_counter()
if {run}:
    kernel()
    print(time.perf_counter() - begin)
    fs.simulate(fs.load("small").with_changes({{"horizon_quarters": 1}}), engine="compiled").log
"""


def start(rounds: int, with_fresh: bool = True) -> Start:
    """Time fresh processes: with the kernel in the cache (median), and with an empty cache (once)."""
    log_of("compiled")

    def seconds(run: bool, **environment: str) -> tuple[float, float]:
        begin = time.perf_counter()
        said = _fresh(["-c", _FIRST_RUN.format(run=run)], **environment)
        return time.perf_counter() - begin, float(said) if said.strip() else 0.0

    python = median(seconds(False)[0] for _ in range(rounds))
    cached = sorted(seconds(True) for _ in range(rounds))[rounds // 2]
    fresh = (0.0, 0.0)
    if with_fresh:
        with tempfile.TemporaryDirectory() as folder:
            fresh = seconds(True, FUNNELSIM_CACHE=folder)
    return Start(python, *cached, *fresh)


def _fresh(arguments: list[str], **environment: str) -> str:
    """Run Python in a new process and return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)[:200]} failed:\n{done.stderr}")
    return done.stdout


# ----------------------------------------------------------------------------------------------------------- all of it


def measure(
    parts: Sequence[str] = PARTS,
    *,
    quick: bool = False,
    replications: int = REPLICATIONS,
    sizes: Sequence[int] = JOURNEYS,
    most_gb: float = MOST_GB,
) -> Found:
    """Measure the parts that are asked for.

    Parameters
    ----------
    parts
        Some of `PARTS`.
    quick
        Tiny sizes, once each; nothing is compiled anew.
    replications
        How many of a study's `REPLICATIONS` are run; the others are estimated.
    sizes, most_gb
        Journeys of `growth`, and the memory that it may take.
    """
    found = Found()
    if "race" in parts:
        if quick:
            races = [race("small", 1, {"horizon_quarters": 1, "world.burn_in_quarters": 1})]
        else:
            races = [race(name, rounds) for name, rounds in RACES.items()]
            races.append(race("base", LONG_ROUNDS, {"horizon_quarters": LONG_QUARTERS}))
        found = replace(found, races=tuple(races))
    if "study" in parts:
        found = replace(found, study=study(1, 2, 1, "small") if quick else study(replications))
    if "threads" in parts:
        found = replace(found, threads=threads(1, "small") if quick else threads(6))
    if "growth" in parts:
        found = replace(found, growth=growth((300, 1_000) if quick else sizes, most_gb))
    if "logs" in parts:
        found = replace(found, logs=logs(1, "small", 1) if quick else logs())
    if "start" in parts:
        found = replace(found, start=start(1, with_fresh=False) if quick else start(5))
    return found


def lines(found: Found) -> list[str]:
    """Return what was found as lines of Markdown."""
    text = ["", "## The compiled engine against the reference engine", ""]
    if found.races:
        text += [
            "One replication on one core, the engines alternating within one process; seconds are processor times of "
            "the thread, medians over the rounds. Same log in each round: "
            f"{'yes' if all(one.same_log for one in found.races) else '**no**'}.",
            "",
            "| scenario | quarters | log rows | SimPy s | compiled s | wall s | times as fast | single rounds |",
            "|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        text += [
            f"| {one.scenario} | {one.quarters} | {one.rows:,} | {one.cpu['simpy']:.2f} | {one.cpu['compiled']:.3f} "
            f"| {one.wall['simpy']:.2f}, {one.wall['compiled']:.3f} | {median(one.ratios):.1f} "
            f"| {', '.join(f'{ratio:.1f}' for ratio in one.ratios)} |"
            for one in found.races
        ]
        text.append("")
    if found.study:
        s = found.study
        how = "measured" if s.measured_replications >= s.replications else f"estimated from {s.measured_replications}"
        text += [
            f"{s.plans} plans x {s.replications} replications x {s.quarters} quarters, burn-in shared, {s.workers} "
            f"processes: {s.seconds:.1f} s wall ({how}); on SimPy about {s.reference_hours:.1f} hours.",
            "",
        ]
    if found.threads:
        t = found.threads
        text += [
            f"{t.runs} runs of the kernel: {t.one:.2f} s in one thread, {t.two:.2f} s in two "
            f"({t.ratio:.2f} times as fast).",
            "",
        ]
    if found.growth:
        text += [
            f"One replication of the base scenario with ever more accounts, {base_scenario.BURN_IN_QUARTERS} quarter "
            f"of burn-in and {base_scenario.HORIZON_QUARTERS} of horizon, a fresh process for each size; a journey is "
            "one need of one account, from beginning to end.",
            "",
            "| accounts | journeys | log rows | seconds | wall | µs per row | log MB | peak MB |",
            "|---:|---:|---:|---:|---:|---:|---:|---:|",
        ]
        text += [
            f"| {g.accounts:,} | {g.journeys:,} | {g.rows:,} | {g.seconds:.3g} | {g.wall:.3g} "
            f"| {g.seconds / g.rows * 1e6:.2f} | {g.log_mb:,.0f} | {g.peak_mb:,.0f} |"
            for g in found.growth
        ]
        text += ["", f"Time grows as journeys to the {exponent(found.growth):.2f}.", ""]
    if found.logs:
        text += [
            "One replication of the base scenario and its key figures, by what the run leaves (`log=` of `replicate` "
            "and `compare`; the results are the same); memory is the peak above that of the process before.",
            "",
            "| log | quarters | rows | seconds | MB |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {one.mode} | {one.quarters} | {one.rows:,} | {one.seconds:.2f} | {one.mb:,.0f} |"
                for one in found.logs
            ),
            "",
        ]
    if found.start:
        s = found.start
        text += [
            f"A fresh process: {s.python:.2f} s to import the package and its engines; {s.cached:.2f} s with a first "
            f"small run, kernel loaded from the cache ({s.cached_kernel:.2f} s of it)"
            + (f"; {s.fresh:.1f} s where it must be compiled first ({s.fresh_kernel:.1f} s)." if s.fresh else "."),
            "",
        ]
    return text


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does everything run?")
    parser.add_argument(
        "--replications",
        type=int,
        default=REPLICATIONS,
        help=f"replications to run of {REPLICATIONS}; the rest is estimated",
    )
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=list(JOURNEYS))
    parser.add_argument("--most-gb", type=float, default=MOST_GB, help="memory that growth may take")
    parser.add_argument("--json", type=Path, help="file to write what was found to, as well")
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not is_installed():
        raise SystemExit("the compiled engine needs Numba")
    if asked.here is not None:
        print(json.dumps(asdict(grow_here(asked.here))))
        return
    found = measure(
        asked.only, quick=asked.quick, replications=asked.replications, sizes=asked.sizes, most_gb=asked.most_gb
    )
    print("\n".join(lines(found)))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
