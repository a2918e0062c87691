"""Measure `funnel-ref`: naive SimPy, funnelsim's machinery, compiled machinery and C, alternately within one run.

``python -m benchmarks.funnel_ref.run --sizes 1e4 1e5 --rounds 3``

Each measurement runs in a process of its own, one after the other, so that none inherits another's memory. Times are
processor times of the run with the log on, from the empty environment to the finished log; start of Python, imports and
compilers are not part of them. A warm-up replication of 1,000 buyers comes first. An engine that needs milliseconds
runs the same replication several times; the median counts. All engines but the naive one must leave the same log, bit
by bit.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.base_scenario import peak_mb
from benchmarks.funnel_ref import REFERENCE, Outcome, outcome

ENGINES = ("naive", "machinery", "compiled", "c_loop")
Z_LIMIT = 4.0
SAME_LOG = ("machinery", "compiled", "c_loop")
"""Engines that share one algebra."""
AT_LEAST_SECONDS = 0.2
"""The same replication is run again until it has taken that long in all."""
MOST_RUNS = 25


def missing() -> dict[str, str]:
    """Say which engines cannot run here, and why."""
    found = {}
    if importlib.util.find_spec("numba") is None:
        found["compiled"] = "Numba is not installed"
    from benchmarks.funnel_ref import c_loop

    if c_loop.compiler() is None:
        found["c_loop"] = "there is no C compiler"
    return found


@dataclass(frozen=True)
class Measurement:
    """One replication."""

    seconds: float
    peak_mb: float
    outcome: Outcome
    fingerprint: str
    """Of the log, where another engine must leave the same."""


def measure(engine: str, buyers: int, seed: int) -> Measurement:
    """Run one replication here and now."""
    module = importlib.import_module(f"benchmarks.funnel_ref.{engine}")
    module.run(1_000, seed)
    seconds: list[float] = []
    while sum(seconds) < AT_LEAST_SECONDS and len(seconds) < MOST_RUNS:
        log = None  # the last one's memory is free before the next one runs
        begin = time.process_time()
        log = module.run(buyers, seed)
        seconds.append(time.process_time() - begin)
    peak = peak_mb()
    fingerprint = ""
    if engine in SAME_LOG:
        rows = log if isinstance(log, np.ndarray) else log.to_array()
        fingerprint = hashlib.sha256(rows.tobytes()).hexdigest()
    return Measurement(statistics.median(seconds), peak, outcome(module.columns(log), buyers), fingerprint)


def z_scores(outcomes: list[Outcome], buyers: int) -> dict[str, float]:
    """How many standard errors the means of some replications lie from the reference values."""
    return {
        name: (statistics.fmean(getattr(one, name) for one in outcomes) - mean) / (sd / math.sqrt(len(outcomes)))
        for name, (mean, sd) in REFERENCE[buyers].items()
    }


@dataclass(frozen=True)
class Comparison:
    """The engines at one size; medians over the rounds."""

    buyers: int
    rounds: int
    engines: tuple[str, ...]
    seconds: dict[str, float]
    events: dict[str, float]
    us_per_event: dict[str, float]
    peak_mb: dict[str, float]
    times_as_fast: dict[str, tuple[float, ...]]
    """By engine, as naive SimPy: the rounds' ratios of time per event, ascending."""
    over_c: tuple[float, ...]
    """Time of the compiled machinery over that of the C loop, ascending; empty if one of them cannot run here."""
    worst_z: dict[str, tuple[float, str] | None]
    same_log: bool
    """Whether the engines of `SAME_LOG` left the same log in each round."""


def compare(buyers: int, rounds: int, wanted: Sequence[str] = ENGINES) -> Comparison:
    """Measure the engines alternately; engines that cannot run here are left out."""
    cannot = missing()
    engines = tuple(engine for engine in wanted if engine not in cannot)
    found: dict[str, list[Measurement]] = {engine: [] for engine in engines}
    context = multiprocessing.get_context("spawn")
    for seed in range(rounds):
        for engine in engines:
            with context.Pool(1) as pool:
                found[engine].append(pool.apply(measure, (engine, buyers, seed)))

    def ratios(slow: str, fast: str) -> tuple[float, ...]:
        if slow not in found or fast not in found:
            return ()
        pairs = zip(found[slow], found[fast], strict=True)
        return tuple(sorted(a.seconds / a.outcome.events / (b.seconds / b.outcome.events) for a, b in pairs))

    worst: dict[str, tuple[float, str] | None] = dict.fromkeys(engines)
    if buyers in REFERENCE:
        for engine, runs in found.items():
            scores = z_scores([one.outcome for one in runs], buyers)
            worst[engine] = max((abs(z), name) for name, z in scores.items())

    def medians(value: Callable[[Measurement], float]) -> dict[str, float]:
        return {engine: statistics.median(map(value, runs)) for engine, runs in found.items()}

    return Comparison(
        buyers=buyers,
        rounds=rounds,
        engines=engines,
        seconds=medians(lambda one: one.seconds),
        events=medians(lambda one: one.outcome.events),
        us_per_event=medians(lambda one: one.seconds / one.outcome.events * 1e6),
        peak_mb=medians(lambda one: one.peak_mb),
        times_as_fast={engine: ratios("naive", engine) for engine in engines if engine != "naive"},
        over_c=ratios("compiled", "c_loop"),
        worst_z=worst,
        same_log=all(
            len({found[engine][i].fingerprint for engine in SAME_LOG if engine in found}) <= 1 for i in range(rounds)
        ),
    )


def show(found: Comparison) -> None:
    """Print what was measured."""
    print(f"\n{found.buyers:,} buyers, medians of {found.rounds} rounds")
    print(f"{'':12}{'seconds':>10}{'events':>12}{'us/event':>10}{'peak MB':>10}{'largest |z|':>13}")
    for engine in found.engines:
        worst = found.worst_z[engine]
        z = "no reference" if worst is None else f"{worst[0]:.2f} ({worst[1]})"
        print(
            f"{engine:12}{found.seconds[engine]:10.4f}{found.events[engine]:12,.0f}"
            f"{found.us_per_event[engine]:10.3f}{found.peak_mb[engine]:10.0f}   {z}"
        )
    for engine, ratios in found.times_as_fast.items():
        if ratios:
            middle = statistics.median(ratios)
            print(f"{engine} is {middle:.2f} x as fast (single rounds {ratios[0]:.2f} to {ratios[-1]:.2f})")
    if found.over_c:
        middle, low, high = statistics.median(found.over_c), found.over_c[0], found.over_c[-1]
        print(f"compiled takes {middle:.2f} x the time of the C loop (single rounds {low:.2f} to {high:.2f})")
    shared = [engine for engine in SAME_LOG if engine in found.engines]
    if len(shared) > 1:
        print(f"{', '.join(shared)}: {'the same log, bit by bit' if found.same_log else 'THE LOGS DIFFER'}")


def agrees(found: Comparison, limit: float = Z_LIMIT) -> bool:
    """Whether logs are equal where they must be, and all statistics within `limit` standard errors of the reference."""
    return found.same_log and all(worst is None or worst[0] <= limit for worst in found.worst_z.values())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--limit", type=float, default=Z_LIMIT, help=f"largest |z| that passes (default {Z_LIMIT:g})")
    arguments = parser.parse_args()
    for engine, why in missing().items():
        print(f"without {engine}: {why}")
    passed = True
    for buyers in arguments.sizes:
        found = compare(buyers, arguments.rounds, arguments.engines)
        show(found)
        passed = passed and agrees(found, arguments.limit)
    print(
        f"\nlogs and statistics {'agree' if passed else 'DO NOT AGREE'} with each other and with the reference values "
        f"(|z| <= {arguments.limit:g})"
    )
    if not passed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
