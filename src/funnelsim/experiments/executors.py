"""Many runs on several processes: the same numbers whichever way, and nothing finished is lost.

Runs are made replication by replication: all plans of replication 0 first. A stop at any moment therefore leaves
replications that every plan has finished, and pairs stay pairs.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
import types
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.keeping import Keep, Kept, kept
from funnelsim.experiments.single import run_once
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from funnelsim.engines.compiled.engine import BurnIn
    from funnelsim.scenario.lowered import Lowered

Key = tuple[str, int]
"""Label of a scenario and number of a replication."""
Progress = bool | Callable[[int, int], object] | None
"""Whether to show a progress bar, or a function that is told (done, total); none: a bar where somebody watches."""

Results = Generator[tuple[Key, Kept], None, None]
ROWS_WORTH_COLLECTING = 20_000
"""After a run with more rows the memory of its model is given back at once."""
MAX_WORKERS = 61 if sys.platform == "win32" else 1024


class SimulationError(RuntimeError):
    """A run failed in a way that is not the user's mistake; the message names scenario, seed and replication.

    Attributes
    ----------
    finished
        Replications or comparison of the runs that were finished, none if there are none.
    """

    finished: Any = None


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
    """

    results: dict[Key, Kept] = field(default_factory=dict)
    interrupted: bool = False
    error: BaseException | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """Everything that is the same for all runs of an experiment."""

    scenarios: Mapping[str, Scenario]
    seed: int
    engine: str
    keep: Keep


def default_workers() -> int:
    """Return how many processes to use: the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def execute(job: Job, replications: int, workers: int | None = None, progress: Progress = None) -> Outcome:
    """Run every scenario `replications` times.

    A process is given one run at a time, or with the compiled engine, whose runs are short and share their burn-in, all
    runs of a replication.

    Parameters
    ----------
    job
        What to run, and what to keep.
    replications
        Number of replications, numbered from 0.
    workers
        Number of processes; 1 runs everything in this one.
    progress
        See `Progress`.
    """
    keys = [(label, replication) for replication in range(replications) for label in job.scenarios]
    count = min(workers or default_workers(), len(keys), MAX_WORKERS)
    source = _serially(job, keys) if count == 1 else _in_processes(job, keys, count)
    outcome = Outcome()
    began = time.perf_counter()
    with _reporter(progress, len(keys)) as report:
        try:
            report(0)
            for key, result in source:
                outcome.results[key] = result
                report(len(outcome.results))
        except KeyboardInterrupt:
            outcome.interrupted = len(outcome.results) < len(keys)
        except (SimulationError, FunnelsimError) as error:
            outcome.error = error
        finally:
            source.close()
    outcome.seconds = time.perf_counter() - began
    return outcome


# ------------------------------------------------------------------------------------------------------------ the work


class _Bench:
    """Makes runs of a job; scenarios are lowered once, and plans with the same burn-in share it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._lowered: dict[str, Lowered] = {}
        self._burn_in: tuple[int, BurnIn] | None = None

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
            burn_in = self._burn_in_of(lowered, replication)
        run = run_once(scenario, lowered, self.job.seed, replication, self.job.engine, burn_in=burn_in)
        result = kept(run, self.job.keep)
        if self.job.engine == "simpy" and len(run.log) > ROWS_WORTH_COLLECTING:
            gc.collect()  # a finished model is full of cycles, and old enough that the collector rarely looks
        return result

    def _burn_in_of(self, lowered: Lowered, replication: int) -> BurnIn | None:
        from funnelsim.engines.compiled.engine import BurnIn, common_part

        common = common_part(lowered)
        if common is None:
            return None
        if self._burn_in is None or self._burn_in[0] != replication or self._burn_in[1].common != common:
            self._burn_in = replication, BurnIn(lowered, self.job.seed, replication)
        return self._burn_in[1]


def _failure(job: Job, key: Key, error: BaseException) -> BaseException:
    """Say which run failed."""
    label, replication = key
    place = f"scenario {label!r}, seed {job.seed}, replication {replication}"
    if isinstance(error, FunnelsimError):
        return FunnelsimError(f"{place}: {error}")
    if isinstance(error, MemoryError):
        return SimulationError(f"{place}: out of memory; try fewer workers, or a smaller market")
    return SimulationError(f"{place}: {type(error).__name__}: {error}")


def _serially(job: Job, keys: list[Key]) -> Results:
    bench = _Bench(job)
    for key in keys:
        try:
            result = bench.make(key)
        except Exception as error:
            raise _failure(job, key, error) from error
        yield key, result


# -------------------------------------------------------------------------------------------------- several processes

_bench: _Bench | None = None


def _start_worker(job: Job) -> None:
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends the workers
    _bench = _Bench(job)


def _work(keys: Sequence[Key]) -> list[Kept | BaseException]:
    """Make some runs; one that fails is told by its error, so that the others are not lost."""
    assert _bench is not None
    done: list[Kept | BaseException] = []
    for key in keys:
        try:
            done.append(_bench.make(key))
        except Exception as error:
            done.append(_failure(_bench.job, key, error))
    return done


def _parcels(job: Job, keys: list[Key], workers: int) -> list[list[Key]]:
    """Put together what one process does in one go."""
    size = len(job.scenarios)
    if job.engine != "compiled" or len(keys) < workers * size:
        size = 1
    return [keys[begin : begin + size] for begin in range(0, len(keys), size)]


def _in_processes(job: Job, keys: list[Key], workers: int) -> Results:
    """Yield results in the order in which they are finished; never more than a few ahead of what is done."""
    context = multiprocessing.get_context("spawn")  # the same on every system, and safe beside threads
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(job,))
    parcels = _parcels(job, keys, workers)
    waiting = iter(range(len(parcels)))
    running: dict[Future[list[Kept | BaseException]], int] = {}
    clean = False
    try:
        while True:
            for position in waiting:
                with _quiet_start():
                    running[pool.submit(_work, parcels[position])] = position
                if len(running) >= 2 * workers:
                    break
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=running.__getitem__):
                parcel = parcels[running.pop(future)]
                for key, found in zip(parcel, _results(job, parcel, future), strict=True):
                    if isinstance(found, BaseException):
                        raise found
                    yield key, found
        clean = True
    finally:
        _shut_down(pool, clean)


def _results(job: Job, parcel: list[Key], future: Future[list[Kept | BaseException]]) -> list[Kept | BaseException]:
    key = parcel[0]
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise SimulationError(
            f"a worker process ended abruptly near scenario {key[0]!r}, seed {job.seed}, replication {key[1]} "
            "(out of memory?); try fewer workers, or workers=1 to see more"
        ) from error
    except Exception as error:
        raise _failure(job, key, error) from error


def _shut_down(pool: ProcessPoolExecutor, clean: bool) -> None:
    """End the pool; when it is not `clean`, do not wait for runs under way: nobody will read them."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=clean, cancel_futures=True)
    if not clean:
        for process in processes:
            with suppress(Exception):
                process.terminate()
        for process in processes:
            with suppress(Exception):
                process.join(5.0)


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Start processes that neither run the user's script again nor hear Ctrl-C.

    A spawned process imports the main module of its parent, so that scripts would need an ``if __name__ == "__main__"``
    guard. Workers need nothing from it: for the moment of starting them it is hidden.
    """
    blocks = hasattr(signal, "pthread_sigmask")
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else set()
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)


# ------------------------------------------------------------------------------------------------------------- progress


@contextmanager
def _reporter(progress: Progress, total: int) -> Iterator[Callable[[int], object]]:
    """Yield a function that is told how many runs are done."""
    if callable(progress):
        tell = progress
        yield lambda done: tell(done, total)
        return
    if progress is False or (progress is None and not (_in_notebook() or _terminal())):
        yield lambda done: None
        return
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm.auto warns where ipywidgets is missing
        from tqdm.auto import tqdm
    with tqdm(total=total, desc="runs", unit="run", leave=False, dynamic_ncols=True) as bar:
        yield lambda done: bar.update(done - bar.n)


def _terminal() -> bool:
    return bool(getattr(sys.stderr, "isatty", bool)())


def _in_notebook() -> bool:
    return type(getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()).__name__ == "ZMQInteractiveShell"
