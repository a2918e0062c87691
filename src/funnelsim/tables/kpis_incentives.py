"""Key figures of quotas, pushes, discounts and what reps pass on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from funnelsim.events import DAY, Kind, Product, Source
from funnelsim.tables.glossary_tables import Meaning
from funnelsim.tables.opportunities import WON
from funnelsim.tables.reading import Reading
from funnelsim.workhours import WorkCalendar

NAN = float("nan")
FEW = 3
"""Business days at the end and at the beginning of a period that are looked at (R23, R24)."""
NEAR = (0.8, 1.2)

INCENTIVES: dict[str, Meaning] = {
    "quota_attained": ("share", "quotas met, of the rep-periods that ended in the window (R28)"),
    "quota_near": ("share", "attainment of 80 to 120 %, of the same"),
    "quota_attainment": ("ratio", "won / asked for, summed over the same"),
    "bonus_paid": ("USD", "bonus paid in the window"),
    "pushed": ("opportunities", "asked for before a period ended"),
    "passed": ("cases", "buyers who agreed, and whom the rep passed on"),
    "mean_discount": ("share", "1 - prices sold / list prices, of the deals of the core product won in the window"),
    "last_days_wins": (
        "ratio",
        "wins of the last three business days of each period / by the calendar; months with a monthly quota, else "
        "quarters (R23)",
    ),
    "first_days_wins": ("ratio", "the same of the first three business days (R24)"),
    "prospected_per_hour": ("cases per hour", "buyers found by own prospecting per desk hour of it"),
}


def incentives_figures(this: Reading) -> dict[str, float]:
    """Return the key figures of incentives; NaN where there is nothing to measure."""
    quotas = this.measured(Kind.QUOTA)
    value, asked = quotas["value"], quotas["amount"].astype(float)
    some = len(quotas) > 0
    deals = this.opportunities
    won = deals.decided_in_window & (deals.outcome == WON) & (deals.product == int(Product.CORE))
    listed = float(deals.list_price[won].sum())
    last, first, expected_last, expected_first = edge_wins(this)
    hours = this.measured(Kind.TASK)
    prospecting = (hours["source"] == int(Source.OUTBOUND)) & (hours["account"] < 0)
    spent = float(hours["hours"][prospecting].sum())
    return {
        "quota_attained": float((value >= 1.0).mean()) if some else NAN,
        "quota_near": float(((value >= NEAR[0]) & (value < NEAR[1])).mean()) if some else NAN,
        "quota_attainment": float((value * asked).sum() / asked.sum()) if some else NAN,
        "bonus_paid": float(this.measured(Kind.BONUS)["amount"].sum()) / 100.0,
        "pushed": float(this.count(Kind.PUSHED)),
        "passed": float(this.count(Kind.PASSED)),
        "mean_discount": 1.0 - float(deals.sold_price[won].sum()) / listed if listed > 0.0 else NAN,
        "last_days_wins": last / expected_last if expected_last > 0.0 else NAN,
        "first_days_wins": first / expected_first if expected_first > 0.0 else NAN,
        "prospected_per_hour": this.count(Kind.PROSPECTED) / spent if spent > 0.0 else NAN,
    }


def _office(this: Reading) -> WorkCalendar:
    """Working days of the window."""
    week = this.world.workweek
    return WorkCalendar(
        this.scenario.start, 0, this.end // DAY, week.day_start, week.day_end, week.weekdays, week.holidays
    )


def _edges(this: Reading, calendar: WorkCalendar) -> list[int]:
    """First moments of the periods inside the window, and its end [microseconds]."""
    monthly = this.scenario.plan.sales.quota.period == "month"
    starts = calendar.month_starts() if monthly else calendar.quarter_starts()
    return [*(time for time in starts if time < this.end), this.end]


def edge_wins(this: Reading) -> tuple[float, float, float, float]:
    """Wins in the last and the first three business days of the periods, and as many as the calendar would give each.

    Nights and days off belong to the business day before them; by the calendar means: wins spread evenly over the
    period's time.
    """
    calendar = _office(this)
    won = this.measured(Kind.WON)["time"]
    sums = np.zeros(4)
    for begin, end in pairwise(_edges(this, calendar)):
        days = calendar.working_days(begin, end)
        if len(days) <= 2 * FEW:
            continue
        late, early = days[-FEW] * DAY, days[FEW] * DAY
        wins = ((won >= begin) & (won < end)).sum()
        sums += (
            ((won >= late) & (won < end)).sum(),
            ((won >= begin) & (won < early)).sum(),
            wins * (end - late) / (end - begin),
            wins * (early - begin) / (end - begin),
        )
    last, first, expected_last, expected_first = sums.tolist()
    return last, first, expected_last, expected_first
