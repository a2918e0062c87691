"""The funnel: how many needs reach each step, how fast, and how many of a cohort get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import Kind, Source, Stage
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.lookup import first_of_each
from funnelsim.tables.opportunities import PROPOSAL, is_meeting
from funnelsim.tables.reading import NEVER, Reading, categories, days_between, enum_names, pick, reading

if TYPE_CHECKING:
    import pandas as pd

STEPS = [
    "in_market", "touched", "lead", "with_sales", "worked", "contacted", "sql", "opportunity", "proposal_sent", "won",
]  # fmt: skip
COLUMNS = [
    "step", "count", "share_of_previous", "share_of_first", "conversion", "still_open", "mean_days", "median_days",
]  # fmt: skip
LEAD, WITH_SALES, WON = STEPS.index("lead"), STEPS.index("with_sales"), STEPS.index("won")


def first_lead(this: Reading) -> np.ndarray:
    """Return when the address of each need's account was known: at once, or later."""
    known_before = this.rows(Kind.NEED)["stage"] >= int(Stage.LEAD)
    return np.where(known_before, this.needs.start, this.needs.first(Kind.LEAD))


def first_with_sales(this: Reading) -> np.ndarray:
    """Return when each need first reached sales."""
    return this.needs.first(Kind.MQL, Kind.REQUEST, Kind.PROSPECTED)


def step_times(this: Reading) -> np.ndarray:
    """Return when each need first reached each step: one row per step of `STEPS`, `NEVER` where it did not."""
    needs, cases = this.needs, this.cases
    opened = needs.first(Kind.OPPORTUNITY)
    code = this.rows(Kind.TOUCH)["touchpoint"]
    proposed = is_meeting(this, code, pick(opened, needs.of_touch, NEVER), slice(PROPOSAL, PROPOSAL + 1))
    worked = np.full(len(needs), NEVER, dtype=np.int64)
    np.minimum.at(worked, cases.need, cases.attempted)
    return np.vstack(
        [
            needs.start,
            needs.first(Kind.TOUCH),
            first_lead(this),
            first_with_sales(this),
            worked,
            needs.first(Kind.CONTACT, Kind.PROSPECTED),
            needs.first(Kind.SQL),
            opened,
            needs.first_touch(proposed),
            needs.first(Kind.WON),
        ]
    )


def need_source(this: Reading) -> np.ndarray:
    """Return the source of each need's first case, -1 if none reached sales."""
    first = first_of_each(this.cases.need, len(this.needs))
    return pick(this.cases.source, first, -1)


def funnel(log: np.ndarray | Reading, scenario: Scenario, by: str | None = None) -> pd.DataFrame:
    """Needs by step of the funnel.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    by : {'source'}, optional
        One funnel per source of the need's first case (those that never reached sales come last, source NA).

    Notes
    -----
    ``count`` is a flow: needs that first reached the step inside the window. ``conversion`` follows a cohort: of these
    needs, the share that has reached the next step by the end; ``still_open`` have not, and their need goes on.
    """
    import pandas as pd

    this = reading(log, scenario)
    times = step_times(this)
    if by is None:
        return _one(this, times)
    if by != "source":
        raise ValueError(f"the funnel cannot be split by {by!r}; it can by 'source'")
    source = need_source(this)
    parts = []
    for code in [*(int(member) for member in Source), -1]:
        chosen = source == code
        part = _one(this, times[:, chosen], this.needs.end[chosen])
        part.insert(0, "source", categories(np.full(len(part), code), enum_names(Source)))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _one(this: Reading, times: np.ndarray, end: np.ndarray | None = None) -> pd.DataFrame:
    import pandas as pd

    if end is None:
        end = this.needs.end
    entered = (times >= 0) & (times != NEVER)
    count = entered.sum(axis=1)
    rows = []
    for i in range(len(STEPS)):
        row: dict[str, float] = {"count": count[i]}
        row["share_of_previous"] = _ratio(count[i], count[i - 1]) if i else np.nan
        row["share_of_first"] = _ratio(count[i], count[0])
        days = days_between(times[i - 1][entered[i]], times[i][entered[i]]) if i else np.zeros(0)
        days = days[days >= 0]
        row["mean_days"] = days.mean() if len(days) else np.nan
        row["median_days"] = float(np.median(days)) if len(days) else np.nan
        if i + 1 < len(STEPS):
            reached = times[i + 1][entered[i]] != NEVER
            row["conversion"] = _ratio(reached.sum(), count[i])
            row["still_open"] = (~reached & (end[entered[i]] == NEVER)).sum()
        rows.append(row)
    table = pd.DataFrame(rows)
    table.insert(0, "step", pd.Series(pd.Categorical(STEPS, STEPS, ordered=True)))
    table["still_open"] = table["still_open"].astype("Int64")
    return table[COLUMNS]


def _ratio(a: float, b: float) -> float:
    return float(a) / float(b) if b else float("nan")
