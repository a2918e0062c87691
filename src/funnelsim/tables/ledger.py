"""The ledger: money by working day, team and cause; the statement of profit and loss; what is left at the end.

Income is positive, cost negative. Revenue stands twice: as *billed* when a paid term begins, and as *earned* evenly
over the term. Profit adds what is marked ``in_profit``, cash what is marked ``in_cash``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, NO_AMOUNT, Kind, Role, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.reading import Reading, categories, enum_names, reading
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

CAUSES = [
    "revenue_billed", "revenue_earned", "cost_of_goods", "salaries", "programmes", "commission", "hiring", "bonus",
    "tools", "retention",
]  # fmt: skip
BILLED, EARNED, GOODS, SALARIES, PROGRAMMES, COMMISSION, HIRING, BONUS, TOOLS, RETENTION = range(10)
TEAMS = [*enum_names(Team), "firm"]
FIRM = len(TEAMS) - 1

_COSTS = {
    Kind.SALARY: SALARIES,
    Kind.PROGRAMME_LAUNCHED: PROGRAMMES,
    Kind.COMMISSION: COMMISSION,
    Kind.HIRING_COST: HIRING,
    Kind.BONUS: BONUS,
    Kind.TOOLS_COST: TOOLS,
    Kind.RETENTION: RETENTION,
    Kind.REFERRAL_REWARD: RETENTION,
}

_OF_MARKETING = (Kind.PROGRAMME_LAUNCHED, Kind.RETENTION, Kind.REFERRAL_REWARD)


def costs(this: Reading) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return day, team, cause and cents (positive) of every cost inside the window, cost of goods aside."""
    days, teams, causes, cents = [], [], [], []
    for kind, cause in _COSTS.items():
        rows = this.measured(kind)
        rows = rows[rows["amount"] != NO_AMOUNT]
        days.append(rows["time"] // DAY)
        teams.append(_team(rows, kind))
        causes.append(np.full(len(rows), cause))
        cents.append(rows["amount"])
    return np.concatenate(days), np.concatenate(teams), np.concatenate(causes), np.concatenate(cents)


def _team(rows: Rows, kind: Kind) -> np.ndarray:
    """Return the team that a cost belongs to: the row's, else that of the person, else that of the kind."""
    team = rows["team"].astype(np.int64)
    by_role = np.where(rows["person"] // 1_000_000 == int(Role.MARKETER), int(Team.MARKETING), int(Team.SALES))
    team = np.where((team < 0) & (rows["person"] >= 0), by_role, team)
    default = Team.MARKETING if kind in _OF_MARKETING else Team.SALES
    return np.where(team < 0, int(default), team)


def daily_cents(this: Reading) -> pd.DataFrame:
    """Return integer cents, signed, by booking day (number), team and cause (codes)."""
    import pandas as pd

    booking = this.clock.booking_day
    day, team, cause, cents = costs(this)
    billed_day, billed = this.terms.billed_in_window()
    edges = np.arange(this.clock.days + 1) * DAY
    every_day = np.arange(this.clock.days)
    earned, goods = this.terms.earned_between(edges), this.terms.cost_of_goods_between(edges)
    blocks = [
        (day, team, cause, -cents),
        (billed_day, FIRM, BILLED, billed),
        (every_day, FIRM, EARNED, earned),
        (every_day, FIRM, GOODS, -goods),
    ]
    frames = [
        pd.DataFrame({"day": booking[when], "team": whose, "cause": why, "cents": amount})
        for when, whose, why, amount in blocks
    ]
    table = pd.concat(frames).groupby(["day", "team", "cause"], sort=True, as_index=False)["cents"].sum()
    return table[table["cents"] != 0].reset_index(drop=True)


def ledger(log: np.ndarray | Reading, scenario: Scenario, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Money by working day, team and cause.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    by : str or sequence of str, optional
        Sum over anything but ``month``, ``quarter``, ``team``, ``cause``; by default one row per working day, team and
        cause. Revenue billed and revenue earned are never added to each other.
    """
    this = reading(log, scenario)
    table = daily_cents(this)
    table.insert(0, "date", this.clock.calendar(table["day"].to_numpy()))
    table["team"] = categories(table["team"].to_numpy(), TEAMS)
    table["cause"] = categories(table["cause"].to_numpy(), CAUSES)
    table["amount"] = table["cents"] / 100.0
    table["in_profit"] = table["cause"] != "revenue_billed"
    table["in_cash"] = table["cause"] != "revenue_earned"
    columns = ["date", "team", "cause", "amount", "cents", "in_profit", "in_cash"]
    if by is None:
        return table[columns]
    names = [by] if isinstance(by, str) else list(by)
    known = ("month", "quarter", "team", "cause")
    for name in names:
        if name not in known:
            raise ValueError(f"the ledger cannot be cut by {name!r}; it can by {', '.join(known)}")
    table["month"] = table["date"].dt.strftime("%Y-%m")
    quarter = np.searchsorted(this.clock.quarter_edges, table["day"].to_numpy(), side="right") - 1
    table["quarter"] = categories(quarter, this.clock.quarter_names)
    if "cause" not in names:
        table["profit"] = table["cents"].where(table["in_profit"], 0)
        table["cash"] = table["cents"].where(table["in_cash"], 0)
        cut = table.groupby(names, observed=True, sort=True)[["profit", "cash"]].sum() / 100.0
        return cut.reset_index()
    cut = table.groupby([*names, "in_profit", "in_cash"], observed=True, sort=True)["cents"].sum().reset_index()
    cut["amount"] = cut["cents"] / 100.0
    return cut[[*names, "amount", "cents", "in_profit", "in_cash"]]


def cut_costs(this: Reading, edges: np.ndarray) -> np.ndarray:
    """Return costs in cents by team (marketing, sales), cause and period between successive days (edges)."""
    until = np.concatenate((np.zeros((len(TEAMS), len(CAUSES), 1), dtype=np.int64), this.costs.cumsum(axis=2)), axis=2)
    return np.diff(until[:, :, edges], axis=2)


def daily_costs(this: Reading) -> np.ndarray:
    """Return costs in cents by team (marketing, sales), cause and day of the window."""
    day, team, cause, cents = costs(this)
    shape = len(TEAMS), len(CAUSES), this.clock.days
    table = np.zeros(shape, dtype=np.int64)
    np.add.at(table.reshape(-1), np.ravel_multi_index((team, cause, day), shape), cents)
    return table
