"""One scenario, many replications."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from funnelsim.experiments.executors import Enough, Job, Outcome, SimulationError, execute
from funnelsim.experiments.intervals import LEVEL
from funnelsim.experiments.keeping import Keep, keep_of
from funnelsim.experiments.pools import ExecutorLike, kind_of, suits_threads
from funnelsim.experiments.progress import Progress
from funnelsim.experiments.results import Results
from funnelsim.experiments.single import MAX_SEED, as_scenario, check_engine, check_number
from funnelsim.experiments.store import Shelves, StoreLike, as_store, shelves_of
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.run import Run

R = TypeVar("R", bound=Results)
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
        return (
            f"<Replications of {self.scenario.title or 'a scenario'}: {self.replications_in_words}, seed {self.seed}>"
        )

    def _repr_html_(self) -> str:
        from html import escape

        head = f"<p><b>{escape(self.scenario.title)}</b> · {self.replications_in_words} · seed {self.seed}</p>"
        return head + self.rounded().to_html()


def replicate(
    scenario: Scenario | str,
    replications: int = 20,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress = None,
    keep: Iterable[str] = ("kpis",),
    engine: str = "auto",
    *,
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
        How many, 1 to 100,000.
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
    job, outcome = run_all(
        plan, replications, seed, workers, progress, what, engine, insist, executor=executor, store=store
    )
    result = Replications(job.scenarios, outcome, what, seed=seed, engine=job.engine, requested=replications)
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
    job, seconds = _job(scenarios, expected, seed, keep, engine, shelves)
    if workers is None and kind == "local" and seconds < (WORTH_THREADS if suits_threads(job) else WORTH_PROCESSES):
        workers = 1
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


def finish(result: R, outcome: Outcome) -> R:
    """Hand over what is finished, or the error with what is finished attached."""
    if outcome.error is not None:
        if isinstance(outcome.error, SimulationError) and result.n:
            outcome.error.finished = result
        raise outcome.error
    if outcome.interrupted and not result.n:
        raise KeyboardInterrupt
    return result
