"""Runs in batches: sequential procedures decide after each batch which runs they want next.

The compiled engine runs in threads of this process (its kernel needs no interpreter), so that a batch has no start-up
and burn-ins stay in memory from batch to batch: every plan of a replication continues the same one. The reference
engine runs in processes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments import executors
from funnelsim.experiments.executors import Job, Key, Progress
from funnelsim.experiments.keeping import Keep, Kept, kept, kpi_units
from funnelsim.experiments.replicate import MAX_WORKERS_ASKED
from funnelsim.experiments.single import MAX_SEED, check_engine, check_number, run_once
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    from funnelsim.engines.compiled.engine import BurnIn
    from funnelsim.scenario.lowered import Lowered

BURN_IN_BYTES = 600e6
"""Memory for burn-ins that are kept."""
BYTES_PER_ACCOUNT = 350.0
"""Memory of a burn-in, by measurement on the base world, generously."""
LONG_WORK = 1e6
"""Seconds by which an engine is chosen: studies in batches are long enough for the compiled one."""


class Batches:
    """Makes runs on demand and remembers their key figures.

    Parameters
    ----------
    scenarios
        Plans by label; `add` names more.
    horizons
        Quarters at which key figures are read, the full horizon last.
    seed, workers, engine, progress, insist
        As in `compare`.
    total
        Runs that a progress bar expects at most.

    Notes
    -----
    Replication i of a plan is the same run as that of `compare`, whichever batch it was made in.
    """

    def __init__(
        self,
        scenarios: Mapping[str, Scenario],
        horizons: Sequence[int],
        *,
        seed: int = 1,
        workers: int | None = None,
        engine: str = "auto",
        progress: Progress = None,
        insist: bool = False,
        total: int = 1,
    ) -> None:
        from funnelsim.engines.choice import choose_engine, make_ready

        check_number("seed", seed, 0, MAX_SEED)
        if workers is not None:
            check_number("workers", workers, 1, MAX_WORKERS_ASKED)
        check_engine(engine)
        self.scenarios: dict[str, Scenario] = {}
        self.horizons = tuple(horizons)
        self.seed = int(seed)
        self.insist = insist
        self.engine = choose_engine(engine, LONG_WORK)
        make_ready(self.engine)
        self.workers = workers or executors.default_workers()
        self.keep = Keep(("kpis",), self.horizons)
        self.kept: dict[Key, Kept] = {}
        self.interrupted = False
        self.seconds = 0.0
        self._progress, self._total = progress, max(1, total)
        self._lowered: dict[str, Lowered] = {}
        self._burn_ins: OrderedDict[int, tuple[object, BurnIn]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[int, threading.Lock] = {}
        for label, scenario in scenarios.items():
            self.add(label, scenario)

    def __enter__(self) -> Self:
        """Open the progress bar."""
        self._reporting = executors._reporter(self._progress, self._total)
        self._report = self._reporting.__enter__()
        self._report(0)
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the progress bar, and let go of the burn-ins."""
        self.seconds = time.perf_counter() - self._began
        self._reporting.__exit__(None, None, None)
        self._burn_ins.clear()
        self._lowered.clear()

    def add(self, label: str, scenario: Scenario) -> None:
        """Name one more plan."""
        from funnelsim.scenario.size import check_size

        check_size(scenario, self.insist)
        self.scenarios[label] = scenario

    def count(self, label: str) -> int:
        """Replications of a plan that are there, from number 0 on without a gap."""
        n = 0
        while (label, n) in self.kept:
            n += 1
        return n

    def values(self, label: str, kpi: str, horizon: int, first: int = 0, last: int | None = None) -> np.ndarray:
        """Return a key figure of a plan, one number per replication from `first` to `last` (not included)."""
        found = []
        number = first
        while (last is None or number < last) and (label, number) in self.kept:
            found.append(self.kept[label, number].kpis[horizon][kpi])
            number += 1
        return np.array(found, dtype=float)

    def run(self, wanted: Iterable[Key]) -> bool:
        """Make runs that are not there yet; return false if somebody pressed Ctrl-C."""
        keys = [key for key in dict.fromkeys(wanted) if key not in self.kept]
        if not keys or self.interrupted:
            return not self.interrupted
        try:
            if self.engine == "compiled":
                self._in_threads(keys)
            else:
                self._elsewhere(keys)
        except KeyboardInterrupt:
            self.interrupted = True
        return not self.interrupted

    def _elsewhere(self, keys: list[Key]) -> None:
        labels = dict.fromkeys(label for label, _ in keys)
        job = Job({label: self.scenarios[label] for label in labels}, self.seed, self.engine, self.keep)
        count = min(self.workers, len(keys), executors.MAX_WORKERS)
        source = executors._serially(job, keys) if count == 1 else executors._in_processes(job, keys, count)
        try:
            for key, found in source:
                self._keep(key, found)
        finally:
            source.close()

    def _keep(self, key: Key, found: Kept) -> None:
        self.kept[key] = found
        self._report(min(len(self.kept), self._total))

    def _in_threads(self, keys: list[Key]) -> None:
        if self.workers == 1 or len(keys) == 1:
            for key in sorted(keys, key=lambda key: key[1]):
                self._keep(key, self._make(key))
            return
        order = sorted(keys, key=lambda key: key[1])
        pool = ThreadPoolExecutor(self.workers)
        running: dict[Future[Kept], Key] = {}
        waiting = iter(order)
        try:
            while True:
                for key in waiting:
                    running[pool.submit(self._make, key)] = key
                    if len(running) >= 2 * self.workers:
                        break
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    self._keep(running.pop(future), future.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, key: Key) -> Kept:
        from funnelsim.scenario.lowering import lower

        label, replication = key
        try:
            lowered = self._lowered.get(label) or self._lowered.setdefault(label, lower(self.scenarios[label]))
            burn_in = self._burn_in(lowered, replication) if self.engine == "compiled" else None
            run = run_once(self.scenarios[label], lowered, self.seed, replication, self.engine, burn_in=burn_in)
            return kept(run, self.keep)
        except Exception as error:
            raise executors._failure(self._job(label), key, error) from error

    def _job(self, label: str) -> Job:
        return Job({label: self.scenarios[label]}, self.seed, self.engine, self.keep)

    def _burn_in(self, lowered: Lowered, replication: int) -> BurnIn | None:
        """Return the burn-in of a replication: kept as long as there is room and plans share it."""
        from funnelsim.engines.compiled.engine import BurnIn, common_part

        common = common_part(lowered)
        if common is None:
            return None
        with self._lock:
            making = self._making.setdefault(replication, threading.Lock())
        with making:
            found = self._burn_ins.get(replication)
            if found is None or found[0] != common:
                found = common, BurnIn(lowered, self.seed, replication)
            with self._lock:
                self._burn_ins[replication] = found
                self._burn_ins.move_to_end(replication)
                most = max(self.workers + 1, int(BURN_IN_BYTES / (BYTES_PER_ACCOUNT * lowered.accounts)))
                while len(self._burn_ins) > most:
                    self._burn_ins.popitem(last=False)
        return found[1]


def check_kpi(kpi: str) -> str:
    """Return the unit of a KPI; refuse one that does not exist."""
    units = kpi_units()
    if kpi not in units:
        raise ScenarioError(f"no KPI is named {kpi!r}{hint(str(kpi), units, 'KPIs')[0]}")
    return units[kpi]


def check_known(values: Any, kpi: str, label: str) -> None:
    """Refuse a key figure that some replication does not have."""
    if not np.all(np.isfinite(values)):
        raise FunnelsimError(
            f"{kpi} has no number in some replications of “{label}”; choose plans by a figure that always has one, "
            "e.g. profit_with_value"
        )
