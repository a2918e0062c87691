"""Opportunities: their meetings, touches and trust, and how the buyer decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, NO_AMOUNT, NO_CODE, Kind, Source, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.reading import (
    NEVER,
    Lookup,
    Reading,
    categories,
    days_between,
    enum_names,
    is_team,
    moments,
    pick,
    reading,
    total_trust,
    whole,
)

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ["won", "lost", "no_decision", "open"]
PROPOSAL = 2
"""The proposal is the third entry of ``selling.meetings``."""


def opportunities(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """One row per opportunity that was open at some time of the measurement window.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    table = reading(log, scenario).opportunities
    return table[(table["end_day"].isna()) | (table["end_day"] >= 0)].drop(columns=["position"]).reset_index(drop=True)


def dollars(cents: np.ndarray) -> np.ndarray:
    """Return money in USD, NaN where the log says 'no money involved'."""
    return np.where(cents == NO_AMOUNT, np.nan, cents / 100.0)


def build(this: Reading) -> pd.DataFrame:
    """Build the table of all opportunities, those decided in the burn-in too."""
    import pandas as pd

    rows = this.rows(Kind.OPPORTUNITY)
    case = this.cases.of(rows)
    ends = this.rows(Kind.WON, Kind.LOST, Kind.NO_DECISION)
    at = Lookup(this.cases.of(ends)).first(case)
    decided = pick(ends["time"], at, NEVER)
    outcome = np.full(256, len(OUTCOMES) - 1)
    outcome[[int(Kind.WON), int(Kind.LOST), int(Kind.NO_DECISION)]] = [0, 1, 2]
    won = pick(ends["kind"], at, 0) == int(Kind.WON)
    person = pick(ends["person"].astype(np.int64), at, NO_CODE)
    source = np.where(case >= 0, pick(this.cases.source, case, NO_CODE), rows["source"])
    columns = {
        "position": np.arange(len(rows)),
        "account": rows["account"].astype(np.int64),
        "need": rows["need"].astype(np.int64),
        "case": rows["item"].astype(np.int64),
        "source": categories(source, enum_names(Source)),
        "person": whole(np.where(person != NO_CODE, person, rows["person"])),
        "opened": moments(rows["time"], this.clock),
        "open_day": rows["time"] / DAY,
        "list_price": dollars(rows["amount"]),
        "cycle_days": rows["value"],
        "outcome": categories(pick(outcome[ends["kind"]], at, len(OUTCOMES) - 1), OUTCOMES),
        "decided": moments(decided, this.clock),
        "end_day": np.where(decided == NEVER, np.nan, decided / DAY),
        "days": days_between(rows["time"], decided),
        "sold_price": np.where(won, dollars(pick(ends["amount"], at, NO_AMOUNT)), np.nan),
    }
    columns |= _touches(this, rows, decided, case)
    columns |= _trust(this, rows, pick(total_trust(ends), at, np.nan))
    return pd.DataFrame(columns)


def _touches(this: Reading, rows: np.ndarray, decided: np.ndarray, case: np.ndarray) -> dict[str, np.ndarray]:
    """Meetings of each opportunity, and the touches of its need until the decision."""
    touches = this.rows(Kind.TOUCH)
    owner = np.full(len(this.needs), -1, dtype=np.int64)
    need = this.needs.of(rows)
    owner[need[need >= 0]] = np.flatnonzero(need >= 0)
    of_touch = pick(owner, this.needs.of_touch, -1)
    owner_end = pick(decided, of_touch, NEVER)
    owner_start = pick(rows["time"], of_touch, NEVER)
    counted = (of_touch >= 0) & (touches["time"] <= owner_end)
    held = counted & (touches["time"] >= owner_start) & is_meeting(this, owner_start)

    def per_opportunity(chosen: np.ndarray) -> np.ndarray:
        return np.bincount(of_touch[chosen], minlength=len(rows))

    return {
        "meetings_held": per_opportunity(held),
        "meetings_missed": Lookup(this.cases.of(this.rows(Kind.MISSED))).count(case),
        "proposal_sent": per_opportunity(held & is_meeting(this, owner_start, slice(PROPOSAL, PROPOSAL + 1))) > 0,
        "touches_marketing": per_opportunity(counted & is_team(touches, Team.MARKETING)),
        "touches_sales": per_opportunity(counted & is_team(touches, Team.SALES)),
    }


def is_meeting(this: Reading, opened: np.ndarray, which: slice = slice(None)) -> np.ndarray:
    """Return which touches are meetings (or some of them), as they were named when the opportunity was opened."""
    touches = this.rows(Kind.TOUCH)
    return this.dated.named(touches["touchpoint"], opened, lambda state: state.world.selling.meetings[which])


def _trust(this: Reading, rows: np.ndarray, at_decision: np.ndarray) -> dict[str, np.ndarray]:
    """Total trust just before the first sales touch of the need, and at the decision."""
    touches = this.rows(Kind.TOUCH)
    first = pick(this.needs.first_sales_touch, this.needs.of(rows), -1)
    seen = touches[np.maximum(first, 0)] if len(touches) else touches
    before = np.full(len(rows), np.nan)
    if len(seen):
        before = np.where(first >= 0, np.maximum(total_trust(seen) - seen["value"], 0.0), np.nan)
    share = np.full(len(rows), np.nan)
    np.divide(before, at_decision, out=share, where=at_decision > 0)
    return {
        "trust_before_sales": before,
        "trust_at_decision": at_decision,
        "trust_before_sales_share": share,
    }
