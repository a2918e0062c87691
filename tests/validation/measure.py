"""Run the arms that some rows need, on several processes, and estimate the rows."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from funnelsim.engines.choice import choose_engine
from funnelsim.experiments.batches import LONG_WORK
from funnelsim.experiments.executors import default_workers
from funnelsim.experiments.single import BurnIns, run_once
from funnelsim.run import Run
from funnelsim.scenario.lowering import lower

from .arms import ARMS, BUYERS, BY_MOUTH, HORIZONS, LEAN, OWN_FIRMS, arm
from .customers import bass_fit, lifetime_value
from .estimates import Estimate, Measurement, Replication, estimate
from .readings import buyers, money, read
from .rows import Row

Job = tuple[Sequence[str], float, int, int]
"""Arms, scale, seed, replication."""


def one(job: Job) -> Replication:
    """Simulate the arms of one replication and read them; those with the same burn-in share it."""
    names, scale, seed, replication = job
    engine = choose_engine("auto", LONG_WORK)
    burn_ins = BurnIns(seed)
    found: dict[str, Measurement] = {}
    for name in sorted(names, key=lambda name: HORIZONS.get(name, 0)):
        scenario = arm(name, scale)
        lowered = lower(scenario)
        burn_in = burn_ins.of(scenario, lowered, replication) if engine == "compiled" else None
        found[name] = _read(name, run_once(scenario, lowered, seed, replication, engine, burn_in=burn_in))
    return found


def _read(name: str, run: Run) -> Measurement:
    if name == BY_MOUTH:
        return Measurement(bass_fit(run), {})
    if name in OWN_FIRMS:
        return Measurement(lifetime_value(run), {})
    if name in BUYERS:
        return Measurement(buyers(run), {})
    return Measurement(money(run), {}) if name in LEAN else Measurement(*read(run))


def arms_of(rows: Sequence[Row]) -> list[str]:
    """Return the arms that the rows need, each once."""
    needed = {name for row in rows for name in row.arms}
    return [name for name in ARMS if name in needed]


def measure(
    rows: Sequence[Row],
    replications: int,
    seed: int = 1,
    scale: float = 1.0,
    workers: int | None = None,
    progress: bool = False,
) -> dict[str, Estimate]:
    """Measure rows; all arms of a replication share their random numbers.

    Parameters
    ----------
    rows
        What to measure; only the arms that they need are run.
    replications, seed
        Replications 0 … n - 1 of this seed.
    scale
        Size of market and firm, see `arms.scaled`.
    workers
        Processes; by default one per processor. Results do not depend on it.
    progress
        Tell on stderr how far it is.
    """
    found = run(arms_of(rows), replications, seed, scale, workers, progress)
    return {row.key: estimate(found, row.statistic) for row in rows}


def samples(name: str, reading: str, replications: int, seed: int = 1, scale: float = 1.0) -> list[float]:
    """Return the pooled samples of a reading of one arm."""
    found = run([name], replications, seed, scale)
    return [value for one in found for value in one[name].samples[reading]]


def run(
    names: Sequence[str],
    replications: int,
    seed: int,
    scale: float,
    workers: int | None = None,
    progress: bool = False,
) -> list[Replication]:
    """Run and read arms, replication by replication."""
    jobs: list[Job] = [(names, scale, seed, replication) for replication in range(replications)]
    found: list[Replication] = []
    began = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers or default_workers(), len(jobs)), mp_context=context) as pool:
        for replication in pool.map(one, jobs):
            found.append(replication)
            if progress:
                spent = time.perf_counter() - began
                text = f"replication {len(found)} of {replications} after {spent:.0f} s ({len(names)} runs each)"
                print(text, file=sys.stderr, flush=True)
    return found
