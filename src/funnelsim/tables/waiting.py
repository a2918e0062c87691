"""Waiting: how long buyers wait for sales, and how many wait in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import Source
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.reading import Reading, categories, enum_names, reading

if TYPE_CHECKING:
    import pandas as pd


def waiting(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """Waiting for a first attempt: one row per source, and one for all (source NA).

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.

    Notes
    -----
    Cases whose clock started inside the window. Never answered: ended without an attempt, of those that were attempted
    or ended; cases that still wait at the end are counted in neither.
    """
    import pandas as pd

    this = reading(log, scenario)
    sources = [int(source) for source in Source if source != Source.SITE]  # whoever buys on the site waits for nobody
    rows = [_row(this, this.cases.source == source) for source in sources]
    rows.append(_row(this, np.ones(len(this.cases), dtype=bool)))
    table = pd.DataFrame(rows)
    table.insert(0, "source", categories(np.array([*sources, -1]), enum_names(Source)))
    return table


def _row(this: Reading, chosen: np.ndarray) -> dict[str, float]:
    cases = this.cases
    inside = chosen & cases.in_window
    answered = inside & cases.was_attempted
    row: dict[str, float] = {"cases": int(inside.sum()), "answered": int(answered.sum())}
    row["never_answered"] = int((inside & cases.never_answered).sum())
    row["still_waiting"] = row["cases"] - row["answered"] - row["never_answered"]
    row["never_answered_share"] = never_answered_share(this, chosen)
    for label, hours in (("hours", cases.response_hours), ("working_hours", cases.response_working_hours)):
        values = hours[answered]
        row[f"mean_{label}"] = float(values.mean()) if len(values) else float("nan")
        row[f"median_{label}"] = float(np.median(values)) if len(values) else float("nan")
        row[f"p90_{label}"] = float(np.quantile(values, 0.9)) if len(values) else float("nan")
    row["mean_waiting"] = cases.mean_waiting(chosen)
    return row


def never_answered_share(this: Reading, chosen: np.ndarray) -> float:
    """Return the share of the chosen cases of the window that ended without an attempt, NaN if there is none."""
    cases = this.cases
    inside = chosen & cases.in_window
    never = int((inside & cases.never_answered).sum())
    known = never + int((inside & cases.was_attempted).sum())
    return never / known if known else float("nan")
