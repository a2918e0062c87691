"""Many runs, one after the other or many at a time: the same numbers whichever way, and nothing finished is lost.

Runs are made replication by replication: all plans of replication 0 first. A stop at any moment therefore leaves
replications that every plan has finished, and pairs stay pairs. Who does the work is the matter of
`funnelsim.experiments.pools`, what is kept of it on disk that of `funnelsim.experiments.store`.
"""

from __future__ import annotations

import gc
import itertools
import os
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.keeping import Keep, Kept, kept, kept_of
from funnelsim.experiments.progress import Progress, Report, reporter
from funnelsim.experiments.single import BurnIns, digest_once, run_once
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from funnelsim.experiments.pools import ExecutorLike
    from funnelsim.experiments.store import Shelves, StoreLike
    from funnelsim.scenario.lowered import Lowered

Key = tuple[str, int]
"""Label of a scenario and number of a replication."""
Results = Generator[tuple[Key, Kept], None, None]
ROWS_WORTH_COLLECTING = 20_000
"""After a run with more rows the memory of its model is given back at once."""


class How(TypedDict, total=False):
    """Who does the work of an experiment and what of it is remembered; none of it changes a number.

    Experiments that call others pass it on: ``def study(..., **how: Unpack[How])`` and ``compare(plans, **how)``.
    """

    workers: int | None
    executor: ExecutorLike
    store: StoreLike
    engine: str
    log: str
    progress: Progress
    insist: bool


class SimulationError(RuntimeError):
    """A run failed in a way that is not the user's mistake; the message names scenario, seed and replication.

    Attributes
    ----------
    finished
        Replications or comparison of the runs that were finished, none if there are none.
    """

    finished: Any = None


class Enough(Protocol):
    """Decides how many replications are enough, from results alone, so that it does not matter who is quicker."""

    def __call__(self, results: Mapping[Key, Kept], n: int, seconds: float) -> bool:
        """Return whether the first `n` replications, which every plan has finished after `seconds`, are enough."""

    def expected(self, n: int) -> int:
        """Return how many replications will be needed, as far as is known after `n`."""

    def words(self) -> str:
        """Say in a few words how it goes."""


@dataclass
class Outcome:
    """What came back.

    Attributes
    ----------
    results
        What was kept of each run that was finished, by (label, replication).
    interrupted
        Whether somebody pressed Ctrl-C before all were finished.
    error
        Why a run failed, none if all went well; the others that were finished are in `results` all the same.
    seconds
        Wall time.
    stored
        How many of the runs were read from the store.
    """

    results: dict[Key, Kept] = field(default_factory=dict)
    interrupted: bool = False
    error: BaseException | None = None
    seconds: float = 0.0
    stored: int = 0


@dataclass(frozen=True)
class Job:
    """Everything that is the same for all runs of an experiment."""

    scenarios: Mapping[str, Scenario]
    seed: int
    engine: str
    keep: Keep
    log: str = "full"
    """What runs leave: ``"full"`` or ``"tables"``; the results are the same."""


def default_workers() -> int:
    """Return how many runs to make at a time: the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def execute(
    job: Job,
    replications: int,
    workers: int | None = None,
    progress: Progress = None,
    executor: ExecutorLike = None,
    shelves: Shelves | None = None,
    enough: Enough | None = None,
) -> Outcome:
    """Run every scenario `replications` times.

    A worker is given one run at a time, or with the compiled engine, whose runs are short and share their burn-in, all
    runs of a replication.

    Parameters
    ----------
    job
        What to run, and what to keep.
    replications
        Number of replications, numbered from 0; with `enough` the largest number.
    workers
        Runs at a time; 1 runs everything in this process and thread.
    progress
        See `Progress`.
    executor
        Who does the work; see `funnelsim.experiments.pools.pool_of`.
    shelves
        Where finished runs are looked for and kept.
    enough
        Asked after each replication, in order, whether there are enough; what was finished beyond that is left out.
    """
    outcome = Outcome()
    total = replications * len(job.scenarios)
    keys = ((label, replication) for replication in range(replications) for label in job.scenarios)
    source = _stored_or_made(job, keys, total, shelves, workers, executor)
    began = time.perf_counter()
    with reporter(progress) as report:
        try:
            _collect(outcome, job, source, total, report, enough, began)
        except KeyboardInterrupt:
            outcome.interrupted = len(outcome.results) < total
        except (SimulationError, FunnelsimError) as error:
            outcome.error = error
        finally:
            source.close()
    if shelves is not None:
        outcome.stored = shelves.read
        shelves.close()
    outcome.seconds = time.perf_counter() - began
    return outcome


def _collect(
    outcome: Outcome, job: Job, source: Results, total: int, report: Report, enough: Enough | None, began: float
) -> None:
    """Take what comes until all is there, or enough."""
    plans, results = len(job.scenarios), outcome.results
    expected, words, n = total, "", 0
    if enough is not None:
        expected = min(total, plans * enough.expected(0))
    report(0, expected, words)
    for key, result in source:
        results[key] = result
        if enough is not None:
            while results and all((label, n) in results for label in job.scenarios):
                n += 1
                if enough(results, n, time.perf_counter() - began):
                    outcome.results = {key: one for key, one in results.items() if key[1] < n}
                    return
                expected, words = min(total, plans * enough.expected(n)), enough.words()
        report(len(results), max(expected, len(results)), words)


def _stored_or_made(
    job: Job, keys: Iterator[Key], total: int, shelves: Shelves | None, workers: int | None, executor: ExecutorLike
) -> Results:
    """Yield what is stored, and have made and stored what is not."""
    if shelves is None:
        yield from _made(job, keys, total, workers, executor)
        return
    found: list[tuple[Key, Kept]] = []

    def missing() -> Iterator[Key]:
        for key in itertools.chain(first, keys):
            result = shelves.get(key)
            if result is None:
                yield key
            else:
                found.append((key, result))

    first: list[Key] = []
    for key in keys:
        result = shelves.get(key)
        if result is None:
            first.append(key)
            break
        yield key, result
    else:
        return
    source = _made(job, missing(), total, workers, executor)
    try:
        for key, result in source:
            shelves.put(key, result)
            yield key, result
            while found:
                yield found.pop(0)
    finally:
        source.close()
    yield from found


def _made(job: Job, keys: Iterable[Key], total: int, workers: int | None, executor: ExecutorLike) -> Results:
    """Yield runs as they are finished."""
    from funnelsim.engines.choice import make_ready
    from funnelsim.experiments.pools import in_pool, pool_of

    count = min(workers or default_workers(), total)
    if count == 1 and executor is None:
        return _serially(job, keys)
    pool = pool_of(executor, job, count if executor is None else workers)
    if pool.here:
        make_ready(job.engine)  # once for all workers
    return in_pool(job, keys, pool)


# ------------------------------------------------------------------------------------------------------------ the work


class _Bench:
    """Makes runs of a job; scenarios are lowered once, and plans with the same burn-in share it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._lowered: dict[str, Lowered] = {}
        self._burn_ins = BurnIns(job.seed, job.log == "tables")

    def make(self, key: Key) -> Kept:
        """Make one run and return what is kept of it."""
        from funnelsim.scenario.lowering import lower

        label, replication = key
        scenario = self.job.scenarios[label]
        if label not in self._lowered:
            self._lowered[label] = lower(scenario)
        lowered = self._lowered[label]
        burn_in = None
        if self.job.engine == "compiled" and len(self.job.scenarios) > 1:
            burn_in = self._burn_ins.of(scenario, lowered, replication)
        if self.job.log == "tables":
            digest = digest_once(scenario, lowered, self.job.seed, replication, self.job.engine, burn_in)
            return kept_of(digest, scenario, self.job.keep)
        run = run_once(scenario, lowered, self.job.seed, replication, self.job.engine, burn_in=burn_in)
        result = kept(run, self.job.keep)
        if self.job.engine == "simpy" and len(run.log) > ROWS_WORTH_COLLECTING:
            gc.collect()  # a finished model is full of cycles, and old enough that the collector rarely looks
        return result

    def make_all(self, keys: Iterable[Key]) -> Iterator[Kept | BaseException]:
        """Make some runs; one that fails is told by its error, so that the others are not lost."""
        for key in keys:
            try:
                yield self.make(key)
            except Exception as error:
                yield _failure(self.job, key, error)


def _failure(job: Job, key: Key, error: BaseException) -> BaseException:
    """Say which run failed."""
    label, replication = key
    place = f"scenario {label!r}, seed {job.seed}, replication {replication}"
    if isinstance(error, FunnelsimError):
        return FunnelsimError(f"{place}: {error}")
    if isinstance(error, MemoryError):
        return SimulationError(f"{place}: out of memory; try fewer workers, or a smaller market")
    return SimulationError(f"{place}: {type(error).__name__}: {error}")


def _serially(job: Job, keys: Iterable[Key]) -> Results:
    bench = _Bench(job)
    for key in keys:
        try:
            result = bench.make(key)
        except Exception as error:
            raise _failure(job, key, error) from error
        yield key, result
