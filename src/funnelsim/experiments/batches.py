"""Runs in batches: sequential procedures decide after each batch which runs they want next."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack

import numpy as np

from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments.executors import How, Job, Key, _stored_or_made
from funnelsim.experiments.keeping import Keep, Kept, kpi_units
from funnelsim.experiments.progress import reporter
from funnelsim.experiments.replicate import MAX_WORKERS_ASKED
from funnelsim.experiments.single import MAX_SEED, check_engine, check_number
from funnelsim.experiments.store import as_store, shelves_of
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

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
    seed
        Which family of random numbers, >= 0.
    total
        Runs that a progress bar expects at most.
    how
        As in `compare`.

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
        total: int = 1,
        **how: Unpack[How],
    ) -> None:
        from funnelsim.engines.choice import choose_engine

        check_number("seed", seed, 0, MAX_SEED)
        if how.get("workers") is not None:
            check_number("workers", how["workers"], 1, MAX_WORKERS_ASKED)
        asked = how.get("engine", "auto")
        check_engine(asked)
        self.scenarios: dict[str, Scenario] = {}
        self.horizons = tuple(horizons)
        self.seed = int(seed)
        self.engine = choose_engine(asked, LONG_WORK)
        self.keep = Keep(("kpis",), self.horizons)
        self.kept: dict[Key, Kept] = {}
        self.interrupted = False
        self.seconds = 0.0
        self.how = how
        self._asked = asked
        self._store = as_store(how.get("store"))
        self._total = max(1, total)
        for label, scenario in scenarios.items():
            self.add(label, scenario)

    def __enter__(self) -> Self:
        """Open the progress bar."""
        self._reporting = reporter(self.how.get("progress"))
        self._report = self._reporting.__enter__()
        self._report(0, self._total, "")
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the progress bar."""
        self.seconds = time.perf_counter() - self._began
        self._reporting.__exit__(None, None, None)

    def add(self, label: str, scenario: Scenario) -> None:
        """Name one more plan."""
        from funnelsim.scenario.size import check_size

        check_size(scenario, bool(self.how.get("insist")))
        self.scenarios[label] = scenario

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
        keys = sorted((key for key in dict.fromkeys(wanted) if key not in self.kept), key=lambda key: key[1])
        if not keys or self.interrupted:
            return not self.interrupted
        plans = {label: self.scenarios[label] for label, _ in keys}
        job = Job(plans, self.seed, self.engine, self.keep)
        shelves = shelves_of(self._store, plans, self.keep, self.seed, self._asked)
        if shelves is not None:
            shelves.engine = self.engine
        workers, executor = self.how.get("workers"), self.how.get("executor")
        source = _stored_or_made(job, iter(keys), len(keys), shelves, workers, executor)
        try:
            for key, found in source:
                self.kept[key] = found
                self._report(min(len(self.kept), self._total), self._total, "")
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            source.close()
            if shelves is not None:
                shelves.close()
        return not self.interrupted


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
