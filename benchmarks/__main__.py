"""All benchmarks: ``python -m benchmarks`` measures, prints, and writes the two files of results.

``docs/reference/performance.md`` is for people, ``benchmarks/results.json`` for programs. Both are written after each
part, so that a stop loses only the part under way; ``--only race threads`` measures some parts anew and keeps what the
file has of the others; ``--page`` writes the page from the file. ``--quick`` runs everything once at small sizes to see
that it works; it writes nothing and judges nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import importlib.util
import json
import os
import platform
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import base_scenario, engines
from benchmarks.base_scenario import Size
from benchmarks.funnel_ref import run as funnel_ref
from benchmarks.funnel_ref.run import Comparison

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results.json"

PARTS = ("funnel_ref", "base_scenario", *engines.PARTS)
SPEED_TARGETS = {"machinery": {10_000: 2.5, 100_000: 3.3}, "compiled": {10_000: 80.0, 100_000: 150.0}}
"""How many times as fast as naive SimPy, at least, by engine and number of buyers."""
MOST_OVER_C = 1.35
"""Time of the compiled machinery over that of a hand-written C loop."""
ROUNDS = {10_000: 7, 100_000: 3}
LONG_RUN, STUDY = 0.3, 60.0
"""Seconds for a replication of twelve quarters, and for a study of five plans and fifty of these."""
TWO_THREADS = 1.85
"""How many times as fast the kernel is in two threads, at least."""
MOST_COMPILING = 30.0
"""Seconds of compiling for the first time, at most; what `auto` reckons with may change, the target does not."""
GROWTH_ALLOWANCE = 0.10
"""The fitted exponent may exceed that of n log n by this much: caches and noise."""


@dataclass(frozen=True)
class Verdict:
    """A target and what was found."""

    what: str
    target: str
    found: str
    passed: bool


@dataclass(frozen=True)
class Results:
    """Everything that was measured, perhaps on several occasions."""

    funnel_ref: tuple[Comparison, ...] = ()
    base_scenario: tuple[Size, ...] = ()
    engines: engines.Found = field(default_factory=engines.Found)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Date, machine, load and versions by part."""


def read_results() -> Results:
    """Read what earlier measurements have left; parts that are written in an older form are missing."""
    if not RESULTS.is_file():
        return Results()
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    about = {name: said for name, said in kept["about"].items() if name in PARTS}
    comparisons = tuple(Comparison(**one) for one in kept["funnel_ref"]) if "funnel_ref" in about else ()
    sizes = tuple(Size(**one) for one in kept["base_scenario"]) if "base_scenario" in about else ()
    return Results(comparisons, sizes, engines.from_json(kept.get("engines", {})), about)


def write_results(results: Results) -> list[Verdict]:
    """Write both files; return what became of the targets."""
    judged = verdicts(results)
    PAGE.write_text(page(results, judged), encoding="utf-8")
    whole = asdict(results) | {"targets": [asdict(verdict) for verdict in judged]}
    RESULTS.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return judged


def measured(part: str, results: Results, quick: bool) -> Results:
    """Measure a part, print it, and put it into the results."""
    about = {"date": dt.date.today().isoformat(), **machine()}
    if part == "funnel_ref":
        comparisons = []
        for buyers, rounds in {1_000: 1}.items() if quick else ROUNDS.items():
            comparisons.append(funnel_ref.compare(buyers, rounds))
            funnel_ref.show(comparisons[-1])
        results = replace(results, funnel_ref=tuple(comparisons))
    elif part == "base_scenario":
        sizes = [base_scenario.measure(accounts) for accounts in ((1_000, 2_000) if quick else base_scenario.SIZES)]
        base_scenario.show(sizes)
        results = replace(results, base_scenario=tuple(sizes))
    else:
        if not engines.is_installed():
            print(f"{part}: left out, without Numba there is no compiled engine")
            return results
        found = engines.measure([part], quick=quick)
        print("\n".join(engines.lines(found)), flush=True)
        results = replace(results, engines=engines.together(results.engines, found))
    return replace(results, about=results.about | {part: about})


def machine() -> dict[str, object]:
    """Describe the machine in words, its load, and the versions."""
    try:
        memory = f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB of memory"
        load = f"{os.getloadavg()[0]:.1f}"
    except (AttributeError, OSError, ValueError):
        memory, load = "memory not known", "not known"
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "simpy")}
    if importlib.util.find_spec("numba") is not None:
        versions["numba"] = importlib.metadata.version("numba")
    return {
        "machine": f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors, {memory}",
        "load_at_start": load,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **versions,
    }


def verdicts(results: Results) -> list[Verdict]:
    """Hold what was measured against the targets."""
    found = _of_the_twin(results.engines)
    comparisons, sizes = results.funnel_ref, results.base_scenario
    for one in comparisons:
        for engine, targets in SPEED_TARGETS.items():
            if engine in one.engines:
                ratios, target = one.times_as_fast[engine], targets[one.buyers]
                found.append(
                    Verdict(
                        f"`funnel-ref`, {one.buyers:,} buyers: {engine} against naive SimPy",
                        f"at least {target:g} times as fast",
                        f"{median(ratios):.4g} ({ratios[0]:.4g} to {ratios[-1]:.4g})",
                        median(ratios) >= target,
                    )
                )
        if one.over_c:
            found.append(
                Verdict(
                    f"`funnel-ref`, {one.buyers:,} buyers: compiled against a hand-written C loop",
                    f"at most {MOST_OVER_C:g} times its time",
                    f"{median(one.over_c):.2f} ({one.over_c[0]:.2f} to {one.over_c[-1]:.2f})",
                    median(one.over_c) <= MOST_OVER_C,
                )
            )
    if comparisons:
        found.append(_agreement(comparisons))
    if not sizes:
        return found
    grows, bound = base_scenario.exponent(sizes), base_scenario.exponent_of_n_log_n(sizes)
    found.append(
        Verdict(
            f"base scenario: time against accounts n, from {base_scenario.FIT_FROM:,} on",
            f"no faster than n log n: exponent at most {bound:.2f} + {GROWTH_ALLOWANCE:.2f}",
            f"{grows:.2f}",
            grows <= bound + GROWTH_ALLOWANCE,
        )
    )
    largest = sizes[-1]
    found.append(
        Verdict(
            f"base scenario: peak memory at {largest.accounts:,} accounts",
            f"below {base_scenario.MOST_MB:,.0f} MB",
            f"{largest.peak_mb:,.0f} MB",
            largest.peak_mb < base_scenario.MOST_MB,
        )
    )
    return found


def _agreement(comparisons: tuple[Comparison, ...]) -> Verdict:
    return Verdict(
        "`funnel-ref`: logs against each other, statistics against the reference values",
        f"the same log; at most {funnel_ref.Z_LIMIT:g} standard errors away",
        f"{'the same' if all(one.same_log for one in comparisons) else 'not the same'}; "
        f"{max(worst[0] for one in comparisons for worst in one.worst_z.values() if worst is not None):.1f}",
        all(funnel_ref.agrees(one) for one in comparisons),
    )


def _of_the_twin(twin: engines.Found) -> list[Verdict]:
    """Hold the compiled engine against what the choice of engines takes for granted."""
    from funnelsim.engines.choice import COMPILED_SPEED, LOAD_SECONDS

    found = []
    for one in twin.races:
        if one.scenario == "base":
            found.append(
                Verdict(
                    f"base scenario, {one.quarters} quarters: compiled engine against SimPy",
                    f"the same log; at least {COMPILED_SPEED:g} times as fast",
                    f"{'the same' if one.same_log else 'not the same'}; {median(one.ratios):.1f} "
                    f"({one.ratios[0]:.1f} to {one.ratios[-1]:.1f})",
                    one.same_log and median(one.ratios) >= COMPILED_SPEED,
                )
            )
        if one.scenario == "base" and one.quarters == engines.LONG_QUARTERS:
            seconds = one.cpu["compiled"]
            what = f"base scenario, {one.quarters} quarters: one replication, its log kept"
            found.append(Verdict(what, f"within {LONG_RUN:g} s", f"{seconds:.2f} s", seconds <= LONG_RUN))
    if twin.study is not None:
        what = f"{twin.study.plans} plans x {twin.study.replications} replications x {twin.study.quarters} quarters"
        seconds = twin.study.seconds
        found.append(Verdict(what, f"within {STUDY:g} s", f"{seconds:.0f} s", seconds <= STUDY))
    if twin.threads is not None:
        ratio = twin.threads.ratio
        what, target = "compiled engine: two threads", f"at least {TWO_THREADS:g} times as fast"
        found.append(Verdict(what, target, f"{ratio:.2f}", ratio >= TWO_THREADS))
    if twin.start is not None:
        for what, seconds, most in (
            ("loaded from the cache", twin.start.cached_kernel, LOAD_SECONDS),
            ("compiled for the first time", twin.start.fresh_kernel, MOST_COMPILING),
        ):
            found.append(Verdict(f"compiled engine: {what}", f"within {most:g} s", f"{seconds:.2f} s", seconds <= most))
    return found


def page(results: Results, judged: list[Verdict]) -> str:
    """Write the page for people."""
    comparisons, sizes, twin = results.funnel_ref, results.base_scenario, results.engines
    lines = [
        "# Performance",
        "",
        "Written by `python -m benchmarks` (`make bench`); what is measured and how: `benchmarks/README.md`. Times are "
        "processor times. Ratios compare runs that alternate within one session, so they hold better than seconds do; "
        "other work on the machine still moves both, because it takes caches away, from the engines unequally. The "
        "load average says how much of it there was: 0 on an idle machine.",
        "",
        *_occasions(results.about),
        "",
        "## Targets",
        "",
        "| what | target | found | |",
        "|---|---|---|---|",
        *(f"| {v.what} | {v.target} | {v.found} | {'pass' if v.passed else '**fail**'} |" for v in judged),
        "",
        *_of_funnel_ref(comparisons),
        *_of_sizes(sizes),
    ]
    lines += engines.lines(twin) if engines.is_installed() else ["", "Without Numba there is no compiled engine.", ""]
    return "\n".join(lines)


def _of_funnel_ref(comparisons: tuple[Comparison, ...]) -> list[str]:
    if not comparisons:
        return []
    lines = [
        "## Engines against naive SimPy: `funnel-ref`",
        "",
        "Medians over the rounds, event log on. One event is one row of the log, whatever an engine schedules inside. "
        "`machinery` is SimPy on funnelsim's environment, `compiled` is Numba on the compiled engine's records, "
        "`c_loop` the same written by hand in C; what cannot run on the machine is left out.",
        "",
        "| buyers | engine | seconds | events | µs per event | peak MB | times as fast | single rounds |",
        "|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for one in comparisons:
        for engine in one.engines:
            ratios = one.times_as_fast.get(engine, ())
            lines.append(
                f"| {one.buyers:,} | {engine} | {one.seconds[engine]:.3g} | {one.events[engine]:,.0f} "
                f"| {one.us_per_event[engine]:.3g} | {one.peak_mb[engine]:.0f} "
                f"| {f'{median(ratios):.4g}' if ratios else '1'} "
                f"| {', '.join(f'{ratio:.4g}' for ratio in ratios)} |"
            )
    return [*lines, ""]


def _of_sizes(sizes: tuple[Size, ...]) -> list[str]:
    if not sizes:
        return []
    return [
        "## The base scenario against the size of the market",
        "",
        f"One replication, {base_scenario.BURN_IN_QUARTERS} quarter of burn-in and {base_scenario.HORIZON_QUARTERS} "
        "of horizon; the firm scaled with the market; a fresh process for each size. Peak memory is that of the whole "
        "process, Python and libraries included.",
        "",
        "| accounts | seconds | log rows | µs per row | log MB | peak MB |",
        "|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {size.accounts:,} | {size.seconds:.2f} | {size.rows:,} | {size.seconds / size.rows * 1e6:.1f} "
            f"| {size.log_mb:.1f} | {size.peak_mb:,.0f} |"
            for size in sizes
        ),
        "",
        f"Time grows as accounts to the {base_scenario.exponent(sizes):.2f} from {base_scenario.FIT_FROM:,} accounts "
        f"on; n log n itself would show {base_scenario.exponent_of_n_log_n(sizes):.2f} there.",
    ]


def _occasions(about: dict[str, dict[str, Any]]) -> list[str]:
    """Return the table of what was measured when, and how busy the machine was."""
    rows = ["| part | date | load average at the start | machine | versions |", "|---|---|---:|---|---|"]
    for part in PARTS:
        if part in about:
            said = about[part]
            versions = ", ".join(
                [said["python"], *(f"{n} {said[n]}" for n in ("numpy", "simpy", "numba") if n in said)]
            )
            rows.append(f"| {part} | {said['date']} | {said['load_at_start']} | {said['machine']} | {versions} |")
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast is the engine on this machine?")
    parser.add_argument("--quick", action="store_true", help="small sizes, once; writes and judges nothing")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure these anew, keep the others as they are")
    parser.add_argument("--page", action="store_true", help="measure nothing; write the page from the results")
    asked = parser.parse_args(arguments)
    results = read_results() if asked.only or asked.page else Results()
    for engine, why in funnel_ref.missing().items():
        print(f"without {engine}: {why}")
    for part in () if asked.page else asked.only or PARTS:
        results = measured(part, results, asked.quick)
        if not asked.quick:
            write_results(results)
    if asked.quick:
        return 0
    judged = write_results(results)
    for verdict in judged:
        print(f"{'pass' if verdict.passed else 'FAIL'}: {verdict.what}: {verdict.found} ({verdict.target})")
    print(f"written: {PAGE.relative_to(ROOT)}, {RESULTS.relative_to(ROOT)}")
    return 0 if all(verdict.passed for verdict in judged) else 1


if __name__ == "__main__":
    raise SystemExit(main())
