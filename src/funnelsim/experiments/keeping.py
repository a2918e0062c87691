"""What is kept of each run of many: numbers, small tables, or the run itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelsim.errors import ScenarioError
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.run import Run
    from funnelsim.scenario.schema import Scenario
    from funnelsim.tables import Reading
    from funnelsim.tables.digest import Digest

MEANS = ("funnel", "series", "profit_and_loss", "waiting", "staff", "touches")
"""Tables of a run that can be kept, and are averaged over replications."""
ROWS = ("journeys", "cases")
"""Tables of a run that can be kept, one row per touch or case: put below one another, with their replication."""
TABLES = (*MEANS, *ROWS)
KEEPABLE = ("kpis", *TABLES, "runs")
OF_WHOLE_LOGS = ("touches", "journeys", "runs")
"""What can be kept only of a run whose whole log is there."""
LOGS = ("auto", "full", "tables")
"""What runs leave; see `log_mode`."""
COUNTED = ("count", "before_wins", "per_win")
"""Columns of ``touches`` in which a missing row means none, not unknown."""
SHORT_HORIZON = 4
"""Quarters after which longer runs are read as well."""


@dataclass(frozen=True)
class Keep:
    """What to keep of each run.

    Attributes
    ----------
    names
        Some of `KEEPABLE`; KPIs are always kept.
    horizons
        Quarters after day 0 at which KPIs are read, the full horizon last.
    """

    names: tuple[str, ...]
    horizons: tuple[int, ...]


@dataclass(frozen=True)
class Kept:
    """What was kept of one run.

    Attributes
    ----------
    kpis
        KPIs by horizon (quarters).
    tables
        Tables by name.
    run
        The run, if runs are kept.
    rows
        Rows of its log.
    """

    kpis: dict[int, dict[str, float]]
    tables: dict[str, pd.DataFrame]
    run: Run | None
    rows: int


def keep_of(keep: Iterable[str], horizon_quarters: int) -> Keep:
    """Check what a user wants kept."""
    names = (keep,) if isinstance(keep, str) else tuple(keep)
    for name in names:
        if name not in KEEPABLE:
            raise ScenarioError(f"cannot keep {name!r}{hint(str(name), KEEPABLE, 'what can be kept')[0]}")
    horizons = (SHORT_HORIZON, horizon_quarters) if horizon_quarters > SHORT_HORIZON else (horizon_quarters,)
    return Keep(names, horizons)


def log_mode(asked: str, keep: Keep, engine: str) -> str:
    """Return what runs are asked to leave: ``"full"``, their log, or ``"tables"``, only what tables need of it.

    Parameters
    ----------
    asked
        One of `LOGS`; ``"auto"``: what tables need, if that is enough for what is kept and the engine is the compiled
        one, which then never holds the whole log. (The reference engine does in any case.)
    keep
        What is kept of each run.
    engine
        Name of the engine.

    Raises
    ------
    ScenarioError
        If there is no such mode, or what is to be kept cannot be made without the whole log.
    """
    if asked not in LOGS:
        raise ScenarioError(f"no log is named {asked!r}{hint(str(asked), LOGS, 'logs')[0]}")
    whole = [name for name in keep.names if name in OF_WHOLE_LOGS]
    if asked == "tables" and whole:
        raise ScenarioError(f'keep={whole[0]!r} needs every row of the log; say log="full", or leave it to "auto"')
    if asked == "auto":
        return "tables" if engine == "compiled" and not whole else "full"
    return asked


def kept(run: Run, keep: Keep) -> Kept:
    """Read what is to be kept from a run.

    Unless the run is kept, nothing that comes back refers to its log, and the run remembers nothing but its log: when
    the caller lets go of the run, its memory is free at once.
    """
    whole = "runs" in keep.names
    try:
        return _kept(run._reading, keep, run if whole else None)
    finally:
        if not whole:
            run._reading.forget()


def kept_of(digest: Digest, scenario: Scenario, keep: Keep) -> Kept:
    """Read what is to be kept from what tables need of a log; the same as from the whole log."""
    from funnelsim.tables import Reading

    this = Reading(digest, scenario)
    try:
        return _kept(this, keep, None)
    finally:
        this.forget()


def _kept(this: Reading, keep: Keep, run: Run | None) -> Kept:
    kpis = {quarters: _kpi_values(this, quarters) for quarters in keep.horizons}
    tables = {name: _table(this, name) for name in TABLES if name in keep.names}
    return Kept(kpis, tables, run, len(this))


def kpi_values(run: Run, quarters: int) -> dict[str, float]:
    """Return the KPIs of a run read at the end of some quarter, by name.

    The first quarters of a run are the run that ends there (nothing looks ahead), so reading it earlier
    needs no second run.
    """
    return _kpi_values(run._reading, quarters)


def _kpi_values(this: Reading, quarters: int) -> dict[str, float]:
    if quarters == this.scenario.horizon_quarters:
        return dict(this.key_figures)
    earlier = this.until(shortened(this.scenario, quarters))
    try:
        return earlier.key_figures
    finally:
        earlier.forget()


def shortened(scenario: Scenario, quarters: int) -> Scenario:
    """Return the scenario that ends after some quarters; what would have happened later is left out."""
    from funnelsim.scenario.changes import quarter_start

    end = quarter_start(scenario.start, quarters)
    timeline = tuple(change for change in scenario.timeline if change.date < end)
    return scenario.model_copy(update={"horizon_quarters": quarters, "timeline": timeline})


def kpi_units() -> dict[str, str]:
    """Return the unit of every KPI, by name, in the order of the glossary."""
    from funnelsim.tables.glossary import KPIS

    return {name: entry[0] for name, entry in KPIS.items()}


def _table(this: Reading, name: str) -> pd.DataFrame:
    from funnelsim import tables

    make = getattr(tables, name)
    table: pd.DataFrame = make(this, this.scenario, by="role") if name == "staff" else make(this, this.scenario)
    return table.reset_index() if table.index.name else table


def together(name: str, tables: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Return one table of several replications: their mean, or for `ROWS` all rows with their replication.

    Parameters
    ----------
    name
        Name of the table.
    tables
        The table of each replication, by number.
    """
    import pandas as pd

    if name in ROWS:
        return pd.concat(tables, names=["replication"]).reset_index("replication").reset_index(drop=True)
    return mean_table(list(tables.values()), COUNTED if name == "touches" else ())


def mean_table(tables: Sequence[pd.DataFrame], counted: Sequence[str] = ()) -> pd.DataFrame:
    """Mean of tables over replications: numbers are averaged, everything else is the first one's.

    Missing numbers (the conversion of a step that nobody reached) are left out. Where a replication lacks rows (a role
    that nobody held), rows with the same words are averaged.

    Parameters
    ----------
    tables
        One per replication.
    counted
        Columns in which a row that a replication lacks counts as zero.
    """
    import numpy as np
    import pandas as pd

    first = tables[0].copy()
    numbers = [name for name in first.columns if pd.api.types.is_numeric_dtype(first[name])]
    words = [name for name in first.columns if name not in numbers]
    if words and any(not table[words].equals(first[words]) for table in tables[1:]):
        parts = pd.concat(tables, ignore_index=True).groupby(words, sort=False, observed=True, dropna=False)
        found = parts[numbers].mean()
        for name in counted:
            found[name] = parts[name].sum() / max(1, sum(bool(table[name].notna().any()) for table in tables))
        return found.reset_index().sort_values(words, ignore_index=True)[[*first.columns]]
    for column in numbers:
        if not pd.api.types.is_bool_dtype(first[column]):
            stack = np.array([table[column].to_numpy(dtype=float, na_value=np.nan) for table in tables])
            known = np.isfinite(stack).sum(axis=0)
            total = np.nansum(stack, axis=0)
            first[column] = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    return first
