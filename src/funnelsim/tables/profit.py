"""Profit and loss by quarter, and the value of customers and pipeline at both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.arithmetic import logistic
from funnelsim.events import DAY, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.ledger import (
    BONUS,
    COMMISSION,
    HIRING,
    PROGRAMMES,
    RETENTION,
    SALARIES,
    TOOLS,
    cut_costs,
)
from funnelsim.tables.reading import Reading, reading
from funnelsim.tables.terms import gross_margin, renewal_factor

if TYPE_CHECKING:
    import pandas as pd

LINES = [
    "revenue_earned", "cost_of_goods", "gross_profit", "marketing_people", "programmes", "sales_people", "hiring",
    "commission", "bonus", "tools", "retention", "profit",
    "customer_value_start", "customer_value_end", "pipeline_value_start", "pipeline_value_end",
    "profit_with_value",
]  # fmt: skip


def profit_and_loss(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """Profit and loss: one row per line, one column per quarter and one for the total, USD; costs are negative.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.

    Notes
    -----
    ``profit_with_value`` = profit + value of customers and pipeline at the end - the same at the start. What customers
    are worth is in `Terms.value`, what the pipeline is worth in `pipeline_value`.
    """
    import pandas as pd

    this = reading(log, scenario)
    lines = statement(this, this.clock.quarter_edges)
    table = pd.DataFrame(lines, index=pd.Index(LINES, name="line"), columns=this.clock.quarter_names)
    total = table.sum(axis=1)
    for line in LINES:
        if line.endswith("_start"):
            total[line] = table.loc[line].iloc[0]
        elif line.endswith("_end"):
            total[line] = table.loc[line].iloc[-1]
    money = statement(this, this.clock.quarter_edges[[0, -1]])
    table["total"] = np.where([line.endswith(("_start", "_end")) for line in LINES], total, money[:, 0])
    return table


def statement(this: Reading, edges: np.ndarray) -> np.ndarray:
    """Return the lines of profit and loss (rows, as `LINES`) for the periods between successive days, USD."""
    moments = edges * DAY
    cents = cut_costs(this, edges)
    marketing, sales = cents[int(Team.MARKETING)], cents[int(Team.SALES)]
    revenue = this.terms.earned_between(moments)
    goods = this.terms.cost_of_goods_between(moments)
    both = cents.sum(axis=0)
    spent = [marketing[SALARIES], both[PROGRAMMES], sales[SALARIES]]
    spent += [both[cause] for cause in (HIRING, COMMISSION, BONUS, TOOLS, RETENTION)]
    profit = revenue - goods - np.sum(spent, axis=0)
    money = np.array([revenue, -goods, revenue - goods, *(-cost for cost in spent), profit]) / 100.0
    customers = np.array([this.terms.value(int(time)) for time in moments])
    pipeline = np.array([pipeline_value(this, float(day)) for day in edges])
    with_value = money[-1] + np.diff(customers) + np.diff(pipeline)
    return np.vstack([money, customers[:-1], customers[1:], pipeline[:-1], pipeline[1:], with_value])


def pipeline_value(this: Reading, day: float) -> float:
    """Return what the open opportunities of a moment are worth, USD.

    Notes
    -----
    Price x chance to win x margin x (1 + r / (1 + i - r)). The chance is the run's own win rate over the window, or the
    logistic of ``selling.win`` when no opportunity was decided in it. Margin, r and i are those of the moment.
    """
    deals, state = this.opportunities, this.dated.at(int(day * DAY))
    now = (deals.open_day <= day) & ~(deals.end_day <= day)
    chance = deals.win_rate
    if np.isnan(chance):
        chance = logistic(state.world.selling.win)
    worth = chance * gross_margin(state) * (1.0 + renewal_factor(state))
    return float(np.nansum(deals.list_price[now])) * worth
