"""Who does the work changes no number: threads, processes, executors of the user's, a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures.process import BrokenProcessPool

import pandas as pd
import pytest

import funnelsim as fs
from funnelsim.errors import FunnelsimError
from funnelsim.experiments import elsewhere, pools
from funnelsim.experiments.executors import Job, SimulationError, execute
from funnelsim.experiments.keeping import keep_of
from funnelsim.experiments.pools import MAX_LOSSES, Threads, in_pool, suits_threads

TINY = {
    "world.segments.*.accounts": 300,
    "world.customers.start": 3,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 1,
}


@pytest.fixture(scope="module")
def plans():
    tiny = fs.load("small").with_changes(TINY)
    return {"today": tiny, "two reps": tiny.with_changes({"plan.sales.reps": 2})}


@pytest.fixture(scope="module")
def serially(plans):
    return fs.compare(plans, 6, workers=1, engine="simpy", keep=("kpis", "funnel"))


def same(found, expected):
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)
    pd.testing.assert_frame_equal(found.table("funnel"), expected.table("funnel"), check_exact=True)


def compare(plans, **options):
    return fs.compare(plans, 6, engine="simpy", keep=("kpis", "funnel"), progress=False, **options)


class Shuffling(FuturesExecutor):
    """An executor of the user's: one thread, and what was handed out last is done first."""

    def __init__(self):
        self.waiting = []
        self.room = threading.Condition()
        self.done = []
        self.closed = False
        threading.Thread(target=self._loop, daemon=True).start()

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        with self.room:
            self.waiting.append((future, fn, args, kwargs))
            self.room.notify()
        return future

    def _loop(self):
        while not self.closed:
            with self.room:
                while not self.waiting and not self.closed:
                    self.room.wait(0.1)
                if self.closed:
                    return
                future, fn, args, kwargs = self.waiting.pop()
            if future.set_running_or_notify_cancel():
                self.done.append(args[-1])
                future.set_result(fn(*args, **kwargs))


class Failing(FuturesExecutor):
    """An executor that loses some parcels."""

    def __init__(self, losses, error=ConnectionError):
        self.losses = dict(losses)
        self.error = error
        self.pool = ThreadPoolExecutor(2)
        self._max_workers = 2

    def submit(self, fn, /, *args, **kwargs):
        key = args[-1][0]
        if self.losses.get(key, 0) > 0:
            self.losses[key] -= 1
            future = Future()
            future.set_exception(self.error("the worker is gone"))
            return future
        return self.pool.submit(fn, *args, **kwargs)


# ------------------------------------------------------------------------------------------------------- same numbers


def test_threads_and_executors_of_the_user_give_the_same_numbers(plans, serially):
    same(compare(plans, executor="threads", workers=3), serially)
    with ThreadPoolExecutor(2) as executor:
        same(compare(plans, executor=executor), serially)
        assert executor.submit(int, "7").result() == 7, "it is left open"


def test_the_order_in_which_things_are_done_does_not_matter(plans, serially):
    executor = Shuffling()
    same(compare(plans, executor=executor, workers=3), serially)
    executor.closed = True
    order = [key for keys in executor.done for key in keys]
    assert len(order) == 12
    assert order != sorted(order, key=lambda key: key[1])


def test_processes_of_the_user_give_the_same_numbers(plans, serially):
    import multiprocessing

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        same(compare(plans, executor=executor), serially)


def test_compiled_threads_give_the_same_numbers(plans, serially):
    pytest.importorskip("numba")
    found = fs.compare(plans, 6, engine="compiled", workers=3, executor="threads", keep=("kpis", "funnel"))
    same(found, serially)


def test_which_workers_suit(plans):
    job = Job(plans, 1, "compiled", keep_of((), 1))
    assert suits_threads(job, 2)
    assert not suits_threads(job, 64), "the tables are Python's: many threads would wait for each other"
    assert not suits_threads(Job(plans, 1, "simpy", keep_of((), 1)), 2)
    huge = {"a": fs.load("base").with_changes({"world.segments.core.accounts": 20_000_000, "horizon_quarters": 20})}
    assert not suits_threads(Job(huge, 1, "compiled", keep_of((), 20)), 2), "Ctrl-C cannot end a thread"


# ------------------------------------------------------------------------------------------------------------- losses


def test_a_parcel_that_is_lost_is_done_again(plans, serially):
    executor = Failing({("today", 2): MAX_LOSSES - 1, ("two reps", 4): 1})
    same(compare(plans, executor=executor), serially)
    assert set(executor.losses.values()) == {0}


def test_but_not_for_ever(plans, serially):
    with pytest.raises(SimulationError, match="a worker was lost 3 times near scenario 'today', seed 1, replication 4"):
        compare(plans, executor=Failing({("today", 4): 99}))
    try:
        compare(plans, executor=Failing({("today", 4): 99}))
    except SimulationError as error:
        assert error.finished is not None, "what is finished is handed over"


def test_an_executor_that_is_broken_is_reported(plans):
    with pytest.raises(SimulationError, match="a worker process ended abruptly"):
        compare(plans, executor=Failing({("today", 1): 99}, BrokenProcessPool))


def test_workers_that_lack_funnelsim_are_told_so(plans):
    with pytest.raises(FunnelsimError, match="install funnelsim there"):
        compare(plans, executor=Failing({("today", 0): 1}, ModuleNotFoundError))


def test_workers_with_other_sources_are_refused(plans, monkeypatch):
    monkeypatch.setattr(elsewhere, "model_fingerprint", iter([f"{n}" for n in range(99)]).__next__)
    with ThreadPoolExecutor(1) as executor, pytest.raises(FunnelsimError, match="other sources of funnelsim"):
        compare(plans, executor=executor)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_worker_process_that_is_killed_costs_only_what_it_had_in_work(plans, serially):
    import multiprocessing

    killed = []

    def kill_one(done, total):
        children = multiprocessing.active_children()
        if done >= 3 and not killed and children:
            killed.append(children[0].pid)
            os.kill(children[0].pid, signal.SIGKILL)

    found = fs.compare(
        plans, 6, engine="simpy", keep=("kpis", "funnel"), workers=2, executor="processes", progress=kill_one
    )
    assert killed
    same(found, serially)


def test_what_is_in_work_is_bounded(plans):
    """Never more than a few parcels ahead: a study of a million runs holds no million of futures."""
    job = Job(plans, 1, "simpy", keep_of((), 1))
    asked = []

    class Watched(Threads):
        def submit(self, keys):
            asked.append(keys)
            return super().submit(keys)

    source = in_pool(job, ((label, n) for n in range(10**9) for label in plans), Watched(job, 2))
    for _ in range(4):
        next(source)
    source.close()
    assert len(asked) <= 4 + 2 * pools.AHEAD * 2


# ----------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        ("thread", "no executor is named 'thread'; did you mean 'threads'"),
        (7, "executor is 7; expected 'threads'"),
        (object, "expected 'threads', 'processes', a concurrent.futures.Executor"),
    ],
)
def test_mistakes_are_named(plans, executor, message):
    with pytest.raises(FunnelsimError, match=message):
        compare(plans, executor=executor)


def test_a_broken_pool_breaks_when_it_is_asked():
    class Dead:
        def submit(self, keys):
            raise BrokenExecutor("dead")

    future = pools._submitted(Dead(), pools._Parcel([("a", 0)], 0))
    assert isinstance(future.exception(), BrokenExecutor)


# --------------------------------------------------------------------------------------------------------------- Dask


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="dask is not installed: pip install 'funnelsim[cluster]'")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, worker_dashboard_address=None
        ) as found,
        distributed.Client(found) as client,
    ):
        yield client


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_numbers(plans, serially, cluster):
    same(compare(plans, executor=cluster), serially)
    same(compare(plans, executor=cluster.scheduler.address), serially)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_dask_worker_that_is_killed_costs_only_what_it_had_in_work(plans, cluster):
    """A worker process of a real cluster is killed in the middle of a study; the numbers are the same."""
    killed = []

    def kill_one(done, total):
        if done >= 10 and not killed:
            workers = cluster.run(os.getpid)
            victim = next(iter(workers.values()))
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    found = fs.compare(plans, 20, engine="simpy", executor=cluster, progress=kill_one)
    assert killed
    assert found.n == 20
    expected = fs.compare(plans, 20, engine="simpy", workers=1, progress=False)
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer(plans, monkeypatch):
    pytest.importorskip("distributed", reason="dask is not installed: pip install 'funnelsim[cluster]'")
    monkeypatch.setattr(elsewhere, "PATIENCE", 0.5)
    began = time.monotonic()
    with pytest.raises(FunnelsimError, match=r"no Dask scheduler answers at .tcp://127\.0\.0\.1:9."):
        compare(plans, executor="tcp://127.0.0.1:9")
    assert time.monotonic() - began < 60.0


def test_without_dask_the_extra_is_named(plans, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(FunnelsimError, match=r"pip install \"funnelsim\[cluster\]\""):
        compare(plans, executor="tcp://127.0.0.1:9")


def test_execute_alone_takes_an_executor(plans):
    with ThreadPoolExecutor(2) as executor:
        outcome = execute(Job(plans, 1, "simpy", keep_of((), 1)), 2, executor=executor)
    assert len(outcome.results) == 4
