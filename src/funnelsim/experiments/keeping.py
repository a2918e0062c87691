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

MEANS = ("funnel", "series", "profit_and_loss", "waiting", "staff", "touches")
"""Tables of a run that can be kept, and are averaged over replications."""
ROWS = ("journeys", "cases")
"""Tables of a run that can be kept, one row per touch or case: put below one another, with their replication."""
TABLES = (*MEANS, *ROWS)
KEEPABLE = ("kpis", *TABLES, "runs")
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


def kept(run: Run, keep: Keep) -> Kept:
    """Read what is to be kept from a run.

    Unless the run is kept, nothing that comes back refers to its log, and the run remembers nothing but its log: when
    the caller lets go of the run, its memory is free at once.
    """
    whole = "runs" in keep.names
    try:
        kpis = {quarters: kpi_values(run, quarters) for quarters in keep.horizons}
        tables = {name: _table(run, name) for name in TABLES if name in keep.names}
    finally:
        if not whole:
            run._reading.forget()
    return Kept(kpis, tables, run if whole else None, len(run.log))


def kpi_values(run: Run, quarters: int) -> dict[str, float]:
    """Return the KPIs of a run read at the end of some quarter, by name.

    The first quarters of a run are the run that ends there (nothing looks ahead), so reading it earlier
    needs no second run.
    """
    if quarters == run.scenario.horizon_quarters:
        return dict(run._reading.key_figures)
    earlier = run._reading.until(shortened(run.scenario, quarters))
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


def _table(run: Run, name: str) -> pd.DataFrame:
    table: pd.DataFrame = run.staff(by="role") if name == "staff" else getattr(run, name)()
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
