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
import resource
import statistics
import sys
import time
from dataclasses import dataclass

from benchmarks.funnel_ref import REFERENCE, Outcome, outcome

ENGINES = ("naive", "machinery")


@dataclass(frozen=True)
class Measurement:
    """One replication."""

    seconds: float
    peak_mb: float
    outcome: Outcome


def measure(engine: str, buyers: int, seed: int) -> Measurement:
    """Run one replication here and now."""
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


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=4.0, help="largest |z| that passes (default 4)")
    arguments = parser.parse_args()
    passed = True
    context = multiprocessing.get_context("spawn")
    for buyers in arguments.sizes:
        found: dict[str, list[Measurement]] = {engine: [] for engine in ENGINES}
        for seed in range(arguments.rounds):
            for engine in ENGINES:
                with context.Pool(1) as pool:
                    found[engine].append(pool.apply(measure, (engine, buyers, seed)))
        print(f"\n{buyers:,} buyers, medians of {arguments.rounds} rounds")
        print(f"{'':12}{'seconds':>10}{'events':>12}{'events/s':>12}{'us/event':>10}{'peak MB':>10}{'largest |z|':>13}")
        per_event = {}
        for engine, rounds in found.items():
            seconds = statistics.median(one.seconds for one in rounds)
            events = statistics.median(one.outcome.events for one in rounds)
            per_event[engine] = statistics.median(one.seconds / one.outcome.events for one in rounds)
            peak = statistics.median(one.peak_mb for one in rounds)
            worst = "no reference"
            if buyers in REFERENCE:
                scores = z_scores([one.outcome for one in rounds], buyers)
                name = max(scores, key=lambda name: abs(scores[name]))
                passed = passed and abs(scores[name]) <= arguments.limit
                worst = f"{abs(scores[name]):.2f} ({name})"
            print(
                f"{engine:12}{seconds:10.3f}{events:12,.0f}{1 / per_event[engine]:12,.0f}"
                f"{per_event[engine] * 1e6:10.2f}{peak:10.0f}   {worst}"
            )
        ratios = sorted(
            a.seconds / a.outcome.events / (b.seconds / b.outcome.events)
            for a, b in zip(found["naive"], found["machinery"], strict=True)
        )
        print(
            f"machinery is {per_event['naive'] / per_event['machinery']:.2f} x as fast"
            f" (single rounds {ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    print(
        f"\nstatistics {'agree' if passed else 'DO NOT AGREE'} with the reference values (|z| <= {arguments.limit:g})"
    )
    if not passed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
