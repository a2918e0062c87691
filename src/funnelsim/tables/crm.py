"""A run as a CRM would hold it: accounts, leads, activities, opportunities, and an event log for process mining."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import Kind, Source, Stage, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.cases import OUTCOMES
from funnelsim.tables.lookup import Lookup
from funnelsim.tables.opportunities import every_opportunity
from funnelsim.tables.reading import NEVER, Reading, categories, enum_names, moments, name, pick, reading
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

MINED = (
    Kind.NEED, Kind.TOUCH, Kind.LEAD, Kind.MQL, Kind.REQUEST, Kind.PROSPECTED, Kind.ATTEMPT, Kind.CONTACT,
    Kind.DECLINED, Kind.RENEGED, Kind.GIVEN_UP, Kind.SQL, Kind.DISQUALIFIED, Kind.NOT_READY,
    Kind.OPPORTUNITY, Kind.WON, Kind.LOST, Kind.NO_DECISION, Kind.WINDOW_CLOSED, Kind.MISSED, Kind.UPGRADED,
)  # fmt: skip
"""Kinds of rows that make up the journey of a need."""


def crm_tables(log: np.ndarray | Reading, scenario: Scenario) -> dict[str, pd.DataFrame]:
    """Return the tables that `Run.export_crm` writes, by name.

    `funnelsim.tables.glossary.EXPORT` explains their columns.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    this = reading(log, scenario)
    return {
        "accounts": _accounts(this),
        "leads": _leads(this),
        "activities": _activities(this),
        "opportunities": _opportunities(this),
        "event_log": _event_log(this),
    }


def _ids(prefix: str, *numbers: np.ndarray) -> pd.Series:
    """Return keys such as ``N17-0``; empty (NA) where the first number is negative."""
    import pandas as pd

    text = pd.Series(numbers[0].astype(np.int64)).astype("str")
    for part in numbers[1:]:
        text = text + "-" + pd.Series(part.astype(np.int64)).astype("str")
    return (prefix + text).where(numbers[0] >= 0)


def _accounts(this: Reading) -> pd.DataFrame:
    import pandas as pd

    rows = this.log[: int(np.searchsorted(this.log["time"], this.end, side="left"))]
    rows = rows[(rows["account"] >= 0) & (rows["stage"] >= 0)]
    account = rows["account"].astype(np.int64)
    accounts, first = np.unique(account, return_index=True)
    last = len(rows) - 1 - np.unique(account[::-1], return_index=True)[1]
    touches = this.every_touch()
    bought = this.rows(Kind.CUSTOMER, Kind.WON)
    terms = this.terms
    running = terms.active(this.end - 1)
    paying, payer = np.unique(terms.rows["account"][running].astype(np.int64), return_inverse=True)
    yearly = np.bincount(payer, weights=terms.yearly[running], minlength=len(paying))
    touched = Lookup(touches["account"].astype(np.int64)).last(accounts)
    since = Lookup(bought["account"].astype(np.int64)).first(accounts)
    edges = np.cumsum([segment.accounts for segment in this.world.segments.values()])
    return pd.DataFrame(
        {
            "account_id": _ids("A", accounts),
            "segment": categories(np.searchsorted(edges, accounts, side="right"), list(this.world.segments)),
            "lifecycle_stage": categories(rows["stage"][last], enum_names(Stage)),
            "first_seen": this.clock.dates(rows["time"][first]),
            "last_activity": moments(pick(touches["time"], touched, NEVER), this.clock),
            "customer_since": moments(pick(bought["time"], since, NEVER), this.clock),
            "annual_value_usd": pick(yearly / 100.0, Lookup(paying).last(accounts), np.nan),
        }
    )


def _case_ids(rows: Rows, begun: np.ndarray) -> pd.Series:
    """Return keys of cases: account, need, number, and the minute of the run in which they began."""
    minute = begun // 60_000_000 - begun.min(initial=0) // 60_000_000
    return _ids("C", rows["account"], rows["need"], rows["item"], minute)


def _leads(this: Reading) -> pd.DataFrame:
    import pandas as pd

    cases, clock = this.cases, this.clock
    return pd.DataFrame(
        {
            "lead_id": _case_ids(cases.rows, cases.rows["time"]),
            "account_id": _ids("A", cases.rows["account"]),
            "lead_source": categories(cases.source, enum_names(Source)),
            "created": clock.dates(cases.handed_over),
            "asked": moments(cases.asked, clock),
            "first_attempt": moments(cases.attempted, clock),
            "attempts": cases.count(Kind.ATTEMPT, Kind.CONTACT, Kind.PROSPECTED),
            "qualified": moments(cases.first_time(Kind.SQL), clock),
            "status": categories(cases.outcome, OUTCOMES),
            "closed": moments(cases.resolved, clock),
            "score": cases.score,
            "owner_id": _ids("P", cases.person),
        }
    )


def _activities(this: Reading) -> pd.DataFrame:
    import pandas as pd

    rows = this.every_touch()
    return pd.DataFrame(
        {
            "activity_id": _ids("T", np.arange(len(rows))),
            "account_id": _ids("A", rows["account"]),
            "timestamp": this.clock.dates(rows["time"]),
            "touchpoint": categories(rows["touchpoint"], this.touchpoints),
            "team": categories(rows["team"], enum_names(Team)),
            "owner_id": _ids("P", rows["person"]),
            "lifecycle_stage": categories(rows["stage"], enum_names(Stage)),
        }
    )


def _opportunities(this: Reading) -> pd.DataFrame:
    import pandas as pd

    table, cases = every_opportunity(this), this.cases
    lead_ids = _case_ids(cases.rows, cases.rows["time"])
    owner = table["person"].fillna(-1).to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "opportunity_id": lead_ids.reindex(this.opportunities.case).array,
            "account_id": _ids("A", table["account"].to_numpy()),
            "lead_source": table["source"],
            "created": table["opened"],
            "closed": table["decided"],
            "status": table["outcome"],
            "amount_usd": table["sold_price"].fillna(table["list_price"]),
            "proposal_sent": table["proposal_sent"],
            "owner_id": _ids("P", owner),
        }
    )


def _event_log(this: Reading) -> pd.DataFrame:
    import pandas as pd

    rows = this.rows(*MINED)
    need = this.needs.of(rows)
    end = pick(this.needs.end, need, -NEVER)
    rows = rows[(need >= 0) & (rows["time"] <= end)]  # account care comes after the need has ended
    activities = [name(kind) for kind in Kind] + list(this.touchpoints)
    touch = rows["kind"] == int(Kind.TOUCH)
    code = np.where(touch, len(Kind) + rows["touchpoint"].astype(np.int64), rows["kind"])
    resource = _ids("P", rows["person"])
    team = pd.Series(categories(rows["team"], enum_names(Team))).astype("str")
    return pd.DataFrame(
        {
            "case_id": _ids("N", rows["account"], rows["need"]),
            "activity": categories(code, activities),
            "timestamp": this.clock.dates(rows["time"]),
            "resource": resource.where(resource.notna(), team.where(rows["team"] >= 0)),
            "lifecycle_stage": categories(rows["stage"], enum_names(Stage)),
        }
    )
