"""Firms of R45 and R47, and what is read from them: customers bought cheaply, and adoption by word of mouth alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from funnelsim.events import DAY, Kind
from funnelsim.run import Run
from funnelsim.scenario.files import load
from funnelsim.scenario.schema import Scenario

DEEP = 0.35
"""The acquisition discount of Lewis (2006)."""
YEARS = 20
COHORT = 365 * DAY
"""Customers won in the first year are followed."""
MARKET = 5_000
LONGEST = 80
"""Quarters."""


def cheap(discount: float) -> Scenario:
    """Return the small firm, which offers a discount for a year; after it nobody comes into the market."""
    base = load("small")
    stop = {"date": base.start + dt.timedelta(days=365), "changes": {"world.demand": 0.0}}
    changes: dict[str, Any] = {
        "plan.sales.discount": discount,
        "world.customers.start": 0,
        "world.customers.referral_rate": 0.0,
        "horizon_quarters": LONGEST,
        "timeline": [stop],
    }
    return base.with_changes(changes)


def lifetime_value(run: Run) -> dict[str, float]:
    """Read the present value at the sale of what customers of the first year pay in 20 years, USD, and their number.

    The gross margin is a share of the price, so it is the same factor in both arms.
    """
    log = run.log
    rate = run.scenario.world.finance.discount_rate
    won = log[(log["kind"] == Kind.WON) & (log["time"] >= 0) & (log["time"] < COHORT)]
    since = dict(zip(won["account"].tolist(), won["time"].tolist(), strict=True))
    worth = float(won["amount"].sum())
    for row in log[(log["kind"] == Kind.RENEWED) & np.isin(log["account"], won["account"])]:
        years = (int(row["time"]) - since[int(row["account"])]) / DAY / 365.0
        if years > 0.0:
            worth += float(row["amount"]) / (1.0 + rate) ** years
    return {"worth": worth / 100.0, "bought": float(len(won))}


def by_word_of_mouth() -> Scenario:
    """Return a young market where nobody advertises or calls; needs arise as in the base world, customers recommend.

    The buyer's own ways stay those of the base world: whether a buyer asks, is reached, agrees, and decides for us, and
    how long that takes. Everybody fits, nobody leaves.
    """
    none = {"plan.marketing.marketers": 0, "plan.marketing.programme_money": 0, "plan.sales.prospecting_hours": 0}
    changes: dict[str, Any] = {
        "world.segments.core.accounts": MARKET,
        "world.segments.fringe.accounts": 1,
        "world.segments.*.fit_share": 1.0,
        "world.buyers.ask_probability": 1.0,
        "world.customers.start": 0,
        "world.customers.churn": 0.0,
        "world.customers.care_per_year": 0.0,
        "world.customers.referral_rate": 1.5,
        "world.content.start": 0.0,
        "world.burn_in_quarters": 0,
        "plan.sales.reps": 60,
        "horizon_quarters": LONGEST,
    }
    return load("small").with_changes(changes | none)


def bass(t: np.ndarray, m: float, p: float, q: float) -> np.ndarray:
    """Return adoptions until t years."""
    fade = np.exp(-(p + q) * t)
    return m * (1.0 - fade) / (1.0 + q / p * fade)


def bass_fit(run: Run) -> dict[str, float]:
    """Read adoptions until the end of each quarter, with Bass's curve fitted by least squares."""
    won = np.sort(run.log["time"][run.log["kind"] == Kind.WON]) / DAY / 365.0
    t = np.arange(1, LONGEST + 1) / 4.0
    adopted = np.searchsorted(won, t, side="right").astype(float)
    (m, p, q), _ = curve_fit(bass, t, adopted, p0=(MARKET, 0.02, 0.4), bounds=([1.0, 1e-6, 1e-6], [1e5, 1.0, 5.0]))
    left = adopted - bass(t, m, p, q)
    r2 = 1.0 - float((left**2).sum() / ((adopted - adopted.mean()) ** 2).sum())
    return {"runs": 1.0, "p": float(p), "q": float(q), "r2": r2}
