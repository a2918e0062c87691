"""How busy each team is, quarter by quarter, and what waits for it.

Busy is not the same as binding: who has work for every hour may still be the wrong one to hire. What binds is what is
worth most to have more of (`funnelsim.experiments.marginal`); this says who is busy meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.experiments.intervals import LEVEL, mean_interval
from funnelsim.experiments.keeping import shortened
from funnelsim.experiments.single import engine_for, simulate
from funnelsim.experiments.words import amount, counted, listed, plain
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.run import Run
    from funnelsim.tables.reading import Reading


@dataclass(frozen=True)
class Load:
    """How busy each role is in each quarter; made by `load_of`.

    Attributes
    ----------
    table
        Index ``quarter``, ``role``; columns ``utilisation``, ``low``, ``high``, ``waiting`` (cases that wait for a
        first attempt at the end of the quarter), ``never_answered`` (share of the quarter's cases that ended
        unanswered), ``n``. Waiting stands beside the roles that answer.
    n
        Replications.
    """

    table: pd.DataFrame
    n: int

    @property
    def busiest(self) -> pd.Series:
        """The busiest role of each quarter."""
        return self.table["utilisation"].unstack("role").idxmax(axis=1).rename("busiest")

    @property
    def sentence(self) -> str:
        """Who is busiest, and whether that changes."""
        spans: list[tuple[str, list[str]]] = []
        for quarter, name in self.busiest.items():
            if spans and spans[-1][0] == name:
                spans[-1][1].append(str(quarter))
            else:
                spans.append((str(name), [str(quarter)]))
        parts = [f"{self._who(name, quarters)} {_span(quarters)}" for name, quarters in spans]
        return f"Busiest: {', then '.join(parts)} ({counted(self.n, 'replication')})."

    def _who(self, name: str, quarters: list[str]) -> str:
        mean = self.table["utilisation"].unstack("role").loc[quarters].mean().sort_values(ascending=False)
        words = {str(role): f"{_team(str(role))} {amount(float(value), 'share')}" for role, value in mean.items()}
        return listed([words.pop(name), *words.values()])

    def __repr__(self) -> str:
        return f"<Load by quarter>\n{self.sentence}"


def _team(role: str) -> str:
    return plain(f"{role}s")


def _span(quarters: list[str]) -> str:
    return f"in {quarters[0]}" if len(quarters) == 1 else f"from {quarters[0]} to {quarters[-1]}"


def load_of(
    scenario: Scenario, replications: int = 5, seed: int = 1, engine: str = "auto", level: float = LEVEL
) -> Load:
    """Read how busy each role is, and what waits, in each quarter.

    Parameters
    ----------
    scenario
        What to run.
    replications, seed, engine
        How often, with which random numbers, and on which engine.
    level
        Confidence level of the intervals.
    """
    import pandas as pd

    engine = engine_for(scenario, replications) if engine == "auto" else engine
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for replication in range(replications):
        run = simulate(scenario, seed=seed, replication=replication, engine=engine)
        for quarter, role, numbers in _quarters(run):
            found.setdefault((quarter, role), []).append(numbers)
    rows = []
    for (quarter, role), each in found.items():
        busy, waiting, never = np.array(each).T
        one = mean_interval(busy, level)
        rows.append((quarter, role, *one[:3], mean_interval(waiting).mean, mean_interval(never).mean, one.n))
    columns = ["quarter", "role", "utilisation", "low", "high", "waiting", "never_answered", "n"]
    return Load(pd.DataFrame(rows, columns=columns).set_index(["quarter", "role"]), replications)


def _quarters(run: Run) -> list[tuple[str, str, tuple[float, float, float]]]:
    """Return utilisation, cases waiting at the end and share never answered, by quarter and role.

    What was done by the end of a quarter less what was done by the end of the one before.
    """
    from funnelsim.events import Role

    whole: Reading = run._reading
    names, total = list(whole.clock.quarter_names), run.scenario.horizon_quarters
    waiting = run.series("Q")["waiting_cases"].to_numpy(dtype=float)
    before = np.zeros((len(Role) + 1, 2))
    rows = []
    for quarter in range(total):
        last = quarter + 1 == total
        this = whole if last else whole.until(shortened(run.scenario, quarter + 1))
        until = _so_far(this)
        if not last:
            this.forget()
        done, before = until - before, until
        known = done[-1].sum()
        never = float(done[-1, 1] / known) if known > 0 else float("nan")
        firsts = Role.SDR if done[int(Role.SDR), 0] > 0 else Role.REP
        for role in Role:
            if done[int(role), 0] > 1e-9:
                mine = (waiting[quarter], never) if role == firsts else (float("nan"), float("nan"))
                busy = float(done[int(role), 1] / done[int(role), 0])
                rows.append((str(names[quarter]), role.name.lower(), (busy, *mine)))
    return rows


def _so_far(this: Reading) -> np.ndarray:
    """Return hours there and hours busy by role, and in the last row cases attempted and cases never answered."""
    from funnelsim.events import Role

    people, cases = this.people, this.cases
    table = np.zeros((len(Role) + 1, 2))
    for role in Role:
        mine = people.role == int(role)
        table[int(role)] = people.available[mine].sum(), people.busy[mine].sum()
    inside = cases.in_window
    table[-1] = (inside & cases.was_attempted).sum(), (inside & cases.never_answered).sum()
    return table
