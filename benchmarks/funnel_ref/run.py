"""Measure `funnel-ref`: naive SimPy against funnelsim's machinery, alternately within one run.

``python -m benchmarks.funnel_ref.run --sizes 1e4 1e5 --rounds 3``

Each replication runs in a process of its own, one after the other, so that neither inherits the other's memory. Times
are processor times of the run with the log on, from the empty environment to the finished log; start of Python and
imports are not part of them. A warm-up replication of 1,000 buyers comes first.
"""

from __future__ import annotations

import argparse
import importlib
import math
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.funnel_ref import REFERENCE, Outcome, outcome

ENGINES = ("naive", "machinery")
Z_LIMIT = 4.0


@dataclass(frozen=True)
class Measurement:
    """One replication."""

    seconds: float
    peak_mb: float
    outcome: Outcome


def measure(engine: str, buyers: int, seed: int) -> Measurement:
    """Run one replication here and now."""
    import resource

    module = importlib.import_module(f"benchmarks.funnel_ref.{engine}")
    module.run(1_000, seed)
    begin = time.process_time()
    log = module.run(buyers, seed)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Measurement(seconds, peak, outcome(module.columns(log), buyers))


def z_scores(outcomes: list[Outcome], buyers: int) -> dict[str, float]:
    """How many standard errors the means of some replications lie from the reference values."""
    return {
        name: (statistics.fmean(getattr(one, name) for one in outcomes) - mean) / (sd / math.sqrt(len(outcomes)))
        for name, (mean, sd) in REFERENCE[buyers].items()
    }


@dataclass(frozen=True)
class Comparison:
    """Both engines at one size; medians over the rounds."""

    buyers: int
    rounds: int
    seconds: dict[str, float]
    events: dict[str, float]
    us_per_event: dict[str, float]
    peak_mb: dict[str, float]
    ratio: float
    ratios: tuple[float, ...]
    worst_z: dict[str, tuple[float, str] | None]


def compare(buyers: int, rounds: int) -> Comparison:
    """Measure the engines alternately; the ratio is the median of the rounds' ratios of time per event."""
    found: dict[str, list[Measurement]] = {engine: [] for engine in ENGINES}
    context = multiprocessing.get_context("spawn")
    for seed in range(rounds):
        for engine in ENGINES:
            with context.Pool(1) as pool:
                found[engine].append(pool.apply(measure, (engine, buyers, seed)))
    ratios = sorted(
        a.seconds / a.outcome.events / (b.seconds / b.outcome.events)
        for a, b in zip(found["naive"], found["machinery"], strict=True)
    )
    worst: dict[str, tuple[float, str] | None] = dict.fromkeys(ENGINES)
    if buyers in REFERENCE:
        for engine, runs in found.items():
            scores = z_scores([one.outcome for one in runs], buyers)
            worst[engine] = max((abs(z), name) for name, z in scores.items())

    def medians(value: Callable[[Measurement], float]) -> dict[str, float]:
        return {engine: statistics.median(map(value, runs)) for engine, runs in found.items()}

    return Comparison(
        buyers=buyers,
        rounds=rounds,
        seconds=medians(lambda one: one.seconds),
        events=medians(lambda one: one.outcome.events),
        us_per_event=medians(lambda one: one.seconds / one.outcome.events * 1e6),
        peak_mb=medians(lambda one: one.peak_mb),
        ratio=statistics.median(ratios),
        ratios=tuple(ratios),
        worst_z=worst,
    )


def show(found: Comparison) -> None:
    """Print what was measured."""
    print(f"\n{found.buyers:,} buyers, medians of {found.rounds} rounds")
    print(f"{'':12}{'seconds':>10}{'events':>12}{'us/event':>10}{'peak MB':>10}{'largest |z|':>13}")
    for engine in ENGINES:
        worst = found.worst_z[engine]
        z = "no reference" if worst is None else f"{worst[0]:.2f} ({worst[1]})"
        print(
            f"{engine:12}{found.seconds[engine]:10.3f}{found.events[engine]:12,.0f}"
            f"{found.us_per_event[engine]:10.2f}{found.peak_mb[engine]:10.0f}   {z}"
        )
    print(f"machinery is {found.ratio:.2f} x as fast (single rounds {found.ratios[0]:.2f} to {found.ratios[-1]:.2f})")


def agrees(found: Comparison, limit: float = Z_LIMIT) -> bool:
    """Whether the statistics of both engines lie within `limit` standard errors of the reference values."""
    return all(worst is None or worst[0] <= limit for worst in found.worst_z.values())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=Z_LIMIT, help=f"largest |z| that passes (default {Z_LIMIT:g})")
    arguments = parser.parse_args()
    passed = True
    for buyers in arguments.sizes:
        found = compare(buyers, arguments.rounds)
        show(found)
        passed = passed and agrees(found, arguments.limit)
    print(
        f"\nstatistics {'agree' if passed else 'DO NOT AGREE'} with the reference values (|z| <= {arguments.limit:g})"
    )
    if not passed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
