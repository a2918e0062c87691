"""One scenario, many replications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from funnelsim.experiments.executors import (
    Enough,
    Job,
    Outcome,
    SimulationError,
    default_workers,
    execute,
)
from funnelsim.experiments.intervals import LEVEL
from funnelsim.experiments.keeping import Keep, keep_of, log_mode
from funnelsim.experiments.pools import MOST_THREADS, ExecutorLike, kind_of, suits_threads
from funnelsim.experiments.precision import MOST, until
from funnelsim.experiments.progress import Progress
from funnelsim.experiments.ranking import HEADLINE
from funnelsim.experiments.results import Results
from funnelsim.experiments.single import MAX_SEED, as_scenario, check_engine, check_number
from funnelsim.experiments.store import Shelves, StoreLike, as_store, shelves_of
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.run import Run

R = TypeVar("R", bound=Results)
DEFAULT_REPLICATIONS = 20
MAX_REPLICATIONS = 100_000
MAX_WORKERS_ASKED = 4096
WORTH_PROCESSES = 3.0
"""Seconds of work, by estimate, from which on starting processes pays."""
WORTH_THREADS = 0.1
"""Seconds of work, by estimate, from which on several threads pay."""
TABLE_SECONDS_PER_ROW = 0.06e-6
"""Time to read key figures from a log."""


class Replications(Results):
    """Replications of one scenario; made by `replicate`."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return next(iter(self.scenarios.values()))

    @property
    def kpis(self) -> pd.DataFrame:
        """KPIs at the horizon: one row per replication, one column per KPI; units in `units`."""
        return super().kpis.reset_index("plan", drop=True)

    @property
    def frame(self) -> pd.DataFrame:
        """Everything that is kept of KPIs, tidy: replication, horizon_quarters, kpi, value, unit."""
        return super().frame.drop(columns="plan")

    def summary(self, kpis: str | Iterable[str] | None = None, level: float = LEVEL) -> pd.DataFrame:
        """Mean, t interval, standard deviation and number of replications of each KPI.

        Parameters
        ----------
        kpis
            Names of KPIs; by default all.
        level
            Confidence level, 0 < level < 1.

        Returns
        -------
        pandas.DataFrame
            Index ``kpi``; columns ``mean``, ``low``, ``high``, ``sd``, ``n``, ``unit``. With one replication there is
            no interval: ``low`` and ``high`` are NaN.
        """
        return self._summary(kpis, level).drop(columns="plan").set_index("kpi")

    def table(self, name: str) -> pd.DataFrame:
        """A table that was kept, e.g. ``replicate(…, keep="funnel").table("funnel")``.

        Parameters
        ----------
        name
            Name of the table. ``funnel``, ``series``, ``profit_and_loss``, ``waiting``, ``staff`` and ``touches`` are
            means over replications; ``journeys`` and ``cases`` hold every row of each, with a column ``replication``.
        """
        return self._whole_table(name, self.labels[0])

    @property
    def runs(self) -> list[Run]:
        """The runs, if they were kept (``keep="runs"``; each holds its whole log)."""
        return self.kept_runs()

    def __repr__(self) -> str:
        title = self.scenario.title or "a scenario"
        head = f"<Replications of {title}: {self.replications_in_words}, seed {self.seed}>"
        return f"{head}\n{self.precision.report()}" if self.precision else head

    def _repr_html_(self) -> str:
        from html import escape

        head = f"<p><b>{escape(self.scenario.title)}</b> · {self.replications_in_words} · seed {self.seed}</p>"
        return head + self.rounded().to_html()


def replicate(
    scenario: Scenario | str,
    replications: int | str | None = None,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress = None,
    keep: Iterable[str] = ("kpis",),
    engine: str = "auto",
    *,
    precision: float | str | None = None,
    kpi: str = HEADLINE,
    most: int = MOST,
    log: str = "auto",
    executor: ExecutorLike = None,
    store: StoreLike = None,
    insist: bool = False,
) -> Replications:
    """Run a scenario several times with different random numbers.

    Parameters
    ----------
    scenario
        A scenario, the name of a shipped one, or the path of a file.
    replications
        How many, 1 to 100,000, by default 20; or ``"auto"``: as many as `precision` takes.
    seed
        Which family of random numbers, >= 0; replication i of a seed is always the same.
    workers
        Runs at a time; by default one per processor. Results do not depend on it.
    progress
        Show a progress bar: yes, no, or (none) if somebody watches; or a function that is told (done, total).
    keep
        What to keep of each run: ``"kpis"`` (always kept); tables that `Replications.table` averages: ``"funnel"``,
        ``"series"``, ``"profit_and_loss"``, ``"waiting"``, ``"staff"``, ``"touches"``; tables of which every row is
        kept: ``"journeys"`` (one row per touch: large) and ``"cases"``; ``"runs"`` (all of it: memory!).
    engine
        ``"simpy"``, the reference engine; ``"compiled"``, its fast twin with the same logs; ``"auto"``, the one that is
        done first.
    log
        What each run leaves while its figures are read: ``"full"``, its whole event log; ``"tables"``, only what tables
        need of it, which takes less memory, with equal results (``"touches"``, ``"journeys"`` and ``"runs"`` cannot be
        kept then); ``"auto"``, the latter where it is enough and the compiled engine runs.
    precision, kpi, most
        With ``"auto"``: half the width of the 95 % interval of the mean of `kpi`, ``"5%"`` of that mean (the default),
        or in its unit (``25_000``, ``"$25k"``); no more than `most` replications. `Results.precision` says what was
        reached; the method is that of `funnelsim.experiments.precision`.
    executor
        Who does the work: threads or processes of this machine, whichever suit (the default), ``"threads"``,
        ``"processes"``; an executor of `concurrent.futures`; a `dask.distributed.Client`, or the address of a Dask
        scheduler such as ``"tcp://10.0.0.1:8786"``. Results do not depend on it.
    store
        Where finished replications are kept, so that nothing is computed twice: none, the user's store
        (`funnelsim.experiments.store.default_store`); false, nowhere; or a folder. Runs that are kept whole
        (``keep="runs"``) are not stored.
    insist
        Run it even if it needs more memory or time than is reasonable.

    Notes
    -----
    Ctrl-C ends it early; what is finished is returned, marked ``interrupted``. A worker that dies costs only what it
    had in work: that is done again, up to three times.
    """
    found = as_scenario(scenario, insist)
    what = keep_of(keep, found.horizon_quarters)
    plan = {found.title or "scenario": found}
    enough = until(replications, precision, most, kpi, list(plan), what)
    number: Any = enough.most if enough else DEFAULT_REPLICATIONS if replications is None else replications
    job, outcome = run_all(
        plan,
        number,
        seed,
        workers,
        progress,
        what,
        engine,
        insist,
        log=log,
        executor=executor,
        store=store,
        enough=enough,
    )
    requested = enough.requested if enough else number
    result = Replications(job.scenarios, outcome, what, seed=seed, engine=job.engine, requested=requested)
    result.precision = enough
    return finish(result, outcome)


def run_all(
    scenarios: dict[str, Scenario],
    replications: int,
    seed: int,
    workers: int | None,
    progress: Progress,
    keep: Keep,
    engine: str,
    insist: bool,
    *,
    log: str = "auto",
    executor: ExecutorLike = None,
    store: StoreLike = None,
    enough: Enough | None = None,
) -> tuple[Job, Outcome]:
    """Check the arguments of an experiment and run it."""
    from funnelsim.scenario.size import check_size

    check_number("replications", replications, 1, MAX_REPLICATIONS)
    check_number("seed", seed, 0, MAX_SEED)
    if workers is not None:
        check_number("workers", workers, 1, MAX_WORKERS_ASKED)
    check_engine(engine)
    kind = kind_of(executor)
    for scenario in scenarios.values():
        check_size(scenario, insist)
    replications, seed = int(replications), int(seed)
    shelves = shelves_of(as_store(store), scenarios, keep, seed, engine)
    expected = replications if enough is None else min(replications, enough.expected(0))
    log_mode(log, keep, engine)  # refuse what cannot be
    job, seconds = _job(scenarios, expected, seed, keep, engine, shelves)
    job = replace(job, log=log_mode(log, keep, job.engine))
    if workers is None and kind == "local":
        workers = _worth(job, seconds)
    return job, execute(job, replications, workers, progress, executor, shelves, enough)


def _job(
    scenarios: dict[str, Scenario], replications: int, seed: int, keep: Keep, asked: str, shelves: Shelves | None
) -> tuple[Job, float]:
    """Choose the engine for what is not stored; return the job, and how many seconds it will take, roughly."""
    from funnelsim.engines.choice import COMPILED_SPEED, choose_engine
    from funnelsim.scenario.size import estimate

    seconds = rows = 0.0
    for label, scenario in scenarios.items():
        stored = 0 if shelves is None else sum((label, number) in shelves for number in range(replications))
        one = estimate(scenario)
        seconds += one.seconds * (replications - stored)
        rows += one.rows * (replications - stored)
    made_by = shelves.engine_of_first() if shelves is not None and seconds == 0.0 else None
    engine = made_by if asked == "auto" and made_by else choose_engine(asked, seconds)
    if engine == "compiled":
        seconds = seconds / COMPILED_SPEED + rows * TABLE_SECONDS_PER_ROW
    if shelves is not None:
        shelves.engine = engine
    return Job(scenarios, seed, engine, keep), seconds


def _worth(job: Job, seconds: float) -> int | None:
    """Return how many workers pay for so many seconds of work; none: as many as there are."""
    if suits_threads(job, 1):
        if seconds < WORTH_THREADS:
            return 1
        return min(default_workers(), MOST_THREADS) if seconds < MOST_THREADS * WORTH_PROCESSES else None
    return 1 if seconds < WORTH_PROCESSES else None


def finish(result: R, outcome: Outcome) -> R:
    """Hand over what is finished, or the error with what is finished attached."""
    if outcome.error is not None:
        if isinstance(outcome.error, SimulationError) and result.n:
            outcome.error.finished = result
        raise outcome.error
    if outcome.interrupted and not result.n:
        raise KeyboardInterrupt
    return result
