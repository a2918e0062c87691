"""One run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, SupportsIndex, cast

from funnelsim.errors import ScenarioError
from funnelsim.scenario.files import load
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.engines.compiled.engine import BurnIn
    from funnelsim.engines.reference.model import Model
    from funnelsim.run import Run
    from funnelsim.scenario.lowered import Lowered
    from funnelsim.tables.digest import Digest

MAX_SEED = 2**63 - 1


def simulate(
    scenario: Scenario | str,
    seed: int = 1,
    replication: int = 0,
    engine: str = "auto",
    *,
    model: type[Model] | None = None,
    insist: bool = False,
) -> Run:
    """Run a scenario once.

    Parameters
    ----------
    scenario
        A scenario, the name of a shipped one, or the path of a file.
    seed, replication
        Address of the randomness, >= 0: the same two give the same run, everywhere.
    engine
        ``"simpy"``, the reference engine; ``"compiled"``, its fast twin with the same log; ``"auto"``, the one that is
        done first.
    model
        A subclass of `funnelsim.engines.reference.model.Model` with processes of your own; it runs on SimPy.
    insist
        Run it even if it needs more memory or time than is reasonable.

    Returns
    -------
    Run
        The event log, and tables made from it.
    """
    from funnelsim.scenario.size import check_size

    found = as_scenario(scenario, insist)
    check_size(found, insist)
    return run_once(found, None, seed, replication, engine, model)


def run_once(
    scenario: Scenario,
    lowered: Lowered | None,
    seed: int,
    replication: int,
    engine: str,
    model: type[Model] | None = None,
    burn_in: BurnIn | None = None,
) -> Run:
    """Run a scenario that may have been lowered already, and whose burn-in the compiled engine may have run already."""
    from funnelsim.engines.choice import choose_engine, make_ready, simulate_log
    from funnelsim.run import Provenance, Run
    from funnelsim.scenario.lowering import lower
    from funnelsim.scenario.size import estimate

    check_number("seed", seed, 0, MAX_SEED)
    check_number("replication", replication, 0, 2**31 - 1)
    check_engine(engine)
    engine = choose_engine(engine, estimate(scenario).seconds, own_processes=model is not None)
    make_ready(engine)
    began = time.perf_counter()
    lowered = lowered or lower(scenario)
    if burn_in is not None:
        log = burn_in.log(lowered)
    elif model is None:
        log = simulate_log(engine, lowered, int(seed), int(replication))
    else:
        log = model(lowered, int(seed), int(replication)).run()
    seconds = time.perf_counter() - began
    return Run(scenario, log, Provenance.here(int(seed), int(replication), engine, seconds, len(log)))


def digest_once(
    scenario: Scenario, lowered: Lowered, seed: int, replication: int, engine: str, burn_in: BurnIn | None = None
) -> Digest:
    """Run a lowered scenario and return what tables need of its log; the burn-in must have a digest of its own."""
    from funnelsim.engines.choice import simulate_into

    if burn_in is not None:
        return cast("Digest", burn_in.into(lowered))
    return simulate_into(engine, empty_digest(scenario), lowered, seed, replication)


class BurnIns:
    """The latest burn-in of the compiled engine, for scenarios of a replication that have it in common.

    Parameters
    ----------
    seed
        Which family of random numbers.
    digested
        What is made of the runs: digests rather than logs.
    """

    def __init__(self, seed: int, digested: bool = False) -> None:
        self._seed = seed
        self._digested = digested
        self._latest: tuple[int, BurnIn] | None = None

    def of(self, scenario: Scenario, lowered: Lowered, replication: int) -> BurnIn | None:
        """Return the burn-in of a scenario, run now unless the latest one will do; None: it has none."""
        from funnelsim.engines.compiled.engine import BurnIn, common_part

        common = common_part(lowered)
        if common is None:
            return None
        if self._latest is None or self._latest[0] != replication or self._latest[1].common != common:
            self._latest = None  # its memory is used again
            sink = empty_digest(scenario) if self._digested else None
            self._latest = replication, BurnIn(lowered, self._seed, replication, sink)
        return self._latest[1]


def empty_digest(scenario: Scenario) -> Digest:
    """Return a digest of no rows, for a log of this scenario."""
    from funnelsim.tables.digest import Digest

    return Digest(sum(segment.accounts for segment in scenario.world.segments.values()))


def as_scenario(scenario: Scenario | str, insist: bool = False) -> Scenario:
    """Return the scenario, loaded if it was named."""
    return scenario if isinstance(scenario, Scenario) else load(scenario, insist=insist)


def engine_for(scenario: Scenario, runs: int) -> str:
    """Return the engine that is done first with some runs that are started one by one."""
    from funnelsim.engines.choice import AUTO, choose_engine
    from funnelsim.scenario.size import estimate

    return choose_engine(AUTO, estimate(scenario, runs).seconds)


def check_engine(engine: str) -> None:
    """Refuse an engine that does not exist."""
    from funnelsim.engines.choice import NAMES

    if engine not in NAMES:
        raise ScenarioError(f"no engine is named {engine!r}{hint(str(engine), NAMES, 'engines')[0]}")


def check_number(name: str, value: object, least: int, most: int) -> None:
    """Refuse what is not a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex) or not least <= value.__index__() <= most:
        raise ScenarioError(f"{name} is {value!r}; expected a whole number from {least} to {most}")


def list_scenarios(kind: str | None = None) -> pd.DataFrame:
    """Shipped scenarios, plans, worlds and studies: one row each.

    Parameters
    ----------
    kind
        ``"scenario"``, ``"plan"``, ``"world"`` or ``"study"``; by default all of them.

    Returns
    -------
    pandas.DataFrame
        Columns ``kind``, ``name``, ``title``.
    """
    import pandas as pd

    from funnelsim.scenario.files import list_shipped

    shipped = list_shipped()
    if kind is not None and kind not in shipped:
        raise ScenarioError(f"no kind is named {kind!r}{hint(str(kind), shipped, 'kinds')[0]}")
    rows = [(one, name, title) for one in shipped if kind in (None, one) for name, title in shipped[one]]
    return pd.DataFrame(rows, columns=["kind", "name", "title"])
