"""Who does the work: threads or processes of this machine, an executor of the user's, or a Dask cluster.

Whoever does it, a run is the same run: its randomness is addressed by seed, replication and purpose, never by the order
in which things are done.
"""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import sys
import threading
import types
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.executors import Job, Key, Results, SimulationError, _Bench, default_workers
from funnelsim.experiments.keeping import Kept
from funnelsim.scenario.validation import hint

ExecutorLike = Any
"""See `pool_of`."""
Done = list[Kept | BaseException]
MAX_WORKERS = 61 if sys.platform == "win32" else 1024
MAX_LOSSES = 3
"""How often a parcel of runs may be lost with its worker."""
AHEAD = 2
"""Parcels per worker that are handed out: one in work, one that waits."""
LONG_RUN = 10.0
"""Seconds, by estimate, of a run that had better not keep a thread: Ctrl-C cannot end a thread."""
MOST_THREADS = 4
"""Threads beyond which processes are better: a fifth to two fifths of a run, its tables, hold the interpreter's lock
(docs/how-to/scale_out.md)."""
LOCAL = ("threads", "processes")
SCHEMES = ("tcp://", "tls://", "ucx://", "ws://", "wss://", "inproc://")


class Pool(Protocol):
    """Workers that make parcels of runs."""

    here: bool
    """Whether the work is done by this process or its children."""

    def workers(self) -> int:
        """How many parcels are made at a time, now."""

    def submit(self, keys: Sequence[Key]) -> Future[Done]:
        """Hand out a parcel."""

    def renew(self) -> bool:
        """Start again after the workers have died; return whether that is possible."""

    def close(self, clean: bool) -> None:
        """End the workers; if not `clean` do not wait for runs under way: nobody will read them."""


@dataclass
class _Parcel:
    keys: list[Key]
    place: int
    losses: int = 0


def in_pool(job: Job, keys: Iterable[Key], pool: Pool) -> Results:
    """Yield results as they are finished; never more than a few parcels ahead of what is done.

    A parcel that is lost because its worker died is handed out again, up to `MAX_LOSSES` times in all.
    """
    parcels = _parcels(job, keys)
    again: list[_Parcel] = []
    running: dict[Future[Done], _Parcel] = {}
    clean = False
    try:
        while True:
            room = max(1, AHEAD * pool.workers() - len(running))
            for parcel in itertools.islice(itertools.chain(_drained(again), parcels), room):
                running[_submitted(pool, parcel)] = parcel
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            broken: BaseException | None = None
            for future in sorted(done, key=lambda one: running[one].place):
                parcel = running.pop(future)
                try:
                    found = future.result()
                except (Exception, CancelledError) as error:
                    broken = error if isinstance(error, BrokenExecutor) else broken
                    again.append(_lost(job, parcel, error))
                    continue
                for key, one in zip(parcel.keys, found, strict=True):
                    if isinstance(one, BaseException):
                        raise one
                    yield key, one
            if broken is not None:
                again += running.values()  # they broke with the others, and are not to blame
                running.clear()
                if not pool.renew():
                    raise _ended(job, again[0], broken) from broken
        clean = True
    finally:
        for future in running:
            future.cancel()
        pool.close(clean)


def _parcels(job: Job, keys: Iterable[Key]) -> Iterator[_Parcel]:
    """Put together what one worker does in one go."""
    place = itertools.count()
    if job.engine != "compiled" or len(job.scenarios) == 1:
        for key in keys:
            yield _Parcel([key], next(place))
        return
    for _, group in itertools.groupby(keys, key=lambda key: key[1]):
        yield _Parcel(list(group), next(place))


def _drained(again: list[_Parcel]) -> Iterator[_Parcel]:
    while again:
        yield again.pop(0)


def _submitted(pool: Pool, parcel: _Parcel) -> Future[Done]:
    try:
        return pool.submit(parcel.keys)
    except BrokenExecutor as error:  # it died before it was asked: told in the same way as a death in between
        future: Future[Done] = Future()
        future.set_exception(error)
        return future


def _lost(job: Job, parcel: _Parcel, error: BaseException) -> _Parcel:
    """Note that a parcel was lost; the error, if it was lost too often or will be lost again."""
    if isinstance(error, FunnelsimError):
        raise error
    if isinstance(error, ImportError):
        raise FunnelsimError(f"the workers cannot import what they need ({error}): install funnelsim there") from error
    parcel.losses += 1
    if parcel.losses >= MAX_LOSSES:
        raise _ended(job, parcel, error) from error
    return parcel


def _ended(job: Job, parcel: _Parcel, error: BaseException) -> SimulationError:
    label, replication = parcel.keys[0]
    place = f"near scenario {label!r}, seed {job.seed}, replication {replication}"
    if isinstance(error, BrokenExecutor):
        return SimulationError(
            f"a worker process ended abruptly {place} (out of memory?); try fewer workers, or workers=1 to see more"
        )
    return SimulationError(f"a worker was lost {MAX_LOSSES} times {place}: {type(error).__name__}: {error}")


# ------------------------------------------------------------------------------------------------------- which workers


def kind_of(executor: Any) -> str:
    """Return what an argument ``executor=`` is: local, threads, processes, futures, address or client.

    Raises
    ------
    FunnelsimError
        If it is nothing of this kind.
    """
    if executor is None:
        return "local"
    if isinstance(executor, Executor):
        return "futures"
    if isinstance(executor, str):
        if executor in LOCAL:
            return executor
        if executor.startswith(SCHEMES) or executor.endswith(".json"):
            return "address"
        near = hint(executor, LOCAL, "executors")[0]
        raise FunnelsimError(f"no executor is named {executor!r}{near}, or the address of a Dask scheduler: tcp://...")
    if hasattr(executor, "get_executor") and hasattr(executor, "scheduler_info"):
        return "client"
    raise FunnelsimError(
        f"executor is {executor!r}; expected 'threads', 'processes', a concurrent.futures.Executor, a "
        "dask.distributed.Client, or the address of a Dask scheduler"
    )


def pool_of(executor: ExecutorLike, job: Job, workers: int | None) -> Pool:
    """Return the workers that an argument ``executor=`` means.

    Parameters
    ----------
    executor
        None: with the compiled engine and up to `MOST_THREADS` workers threads, otherwise processes;
        ``"threads"``, ``"processes"``; a `concurrent.futures.Executor`; a `distributed.Client`; the address of a Dask
        scheduler, or the path of the file (``.json``) in which it wrote its address.
    job
        What they will do.
    workers
        How many at a time; none: as many as there are.

    Raises
    ------
    FunnelsimError
        If it is nothing of this kind, or cannot be reached.
    """
    kind = kind_of(executor)
    if kind == "local":
        kind = "threads" if suits_threads(job, workers or default_workers()) else "processes"
    if kind in LOCAL:
        count = min(workers or default_workers(), MAX_WORKERS)
        return Threads(job, count) if kind == "threads" else Processes(job, count)
    from funnelsim.experiments.elsewhere import Elsewhere

    return Elsewhere(job, executor, kind, workers)


def suits_threads(job: Job, workers: int) -> bool:
    """Whether threads are the better workers.

    They are there at once, while a process imports everything anew. But the engine must be compiled; the tables, which
    are Python's, must not keep the threads waiting for each other; and no run may be so long that Ctrl-C would wait.
    """
    from funnelsim.engines.choice import COMPILED_SPEED
    from funnelsim.scenario.size import estimate

    if job.engine != "compiled" or workers > MOST_THREADS:
        return False
    return max(estimate(one).seconds for one in job.scenarios.values()) / COMPILED_SPEED < LONG_RUN


class Threads:
    """Threads of this process; each has a bench of its own."""

    here = True

    def __init__(self, job: Job, workers: int) -> None:
        self._job = job
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="funnelsim")
        self._mine = threading.local()
        self._stopped = threading.Event()

    def workers(self) -> int:
        return self._workers

    def submit(self, keys: Sequence[Key]) -> Future[Done]:
        return self._pool.submit(self._work, keys)

    def _work(self, keys: Sequence[Key]) -> Done:
        bench: _Bench = vars(self._mine).setdefault("bench", _Bench(self._job))
        done: Done = []
        for result in bench.make_all(keys):
            done.append(result)
            if self._stopped.is_set():
                break
        return done

    def renew(self) -> bool:
        return False

    def close(self, clean: bool) -> None:
        self._stopped.set()
        self._pool.shutdown(wait=clean, cancel_futures=True)


_bench: _Bench | None = None


def _start_worker(job: Job) -> None:
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends the workers
    _bench = _Bench(job)


def _work(keys: Sequence[Key]) -> Done:
    assert _bench is not None
    return list(_bench.make_all(keys))


class Processes:
    """Processes of this machine, started for one job."""

    here = True

    def __init__(self, job: Job, workers: int) -> None:
        self._job = job
        self._workers = workers
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # the same on every system, and safe beside threads
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_start_worker, initargs=(self._job,)
        )

    def workers(self) -> int:
        return self._workers

    def submit(self, keys: Sequence[Key]) -> Future[Done]:
        with _quiet_start():
            return self._pool.submit(_work, keys)

    def renew(self) -> bool:
        self.close(False)
        self._start()
        return True

    def close(self, clean: bool) -> None:
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        self._pool.shutdown(wait=clean, cancel_futures=True)
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
