"""R45 and R47, which need firms of their own: customers bought cheaply, and adoption by word of mouth alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from funnelsim.engines.choice import choose_engine
from funnelsim.events import DAY, Kind
from funnelsim.experiments.intervals import LEVEL, mean_interval
from funnelsim.experiments.single import run_once
from funnelsim.run import Run
from funnelsim.scenario.files import load
from funnelsim.scenario.lowering import lower
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


def lifetime_value(run: Run) -> tuple[float, int]:
    """Return the present value at the sale of what customers of the first year pay in 20 years, USD, and their number.

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
    return worth / 100.0, len(won)


def discounted_value_ratio(replications: int, seed: int = 1) -> tuple[float, float, float]:
    """R45: lifetime value of customers bought with a deep discount over that of others: ratio, 95 % jackknife."""
    engine = choose_engine("auto", 1e9)
    arms = [cheap(DEEP), cheap(0.0)]
    ready = [lower(arm) for arm in arms]
    found = np.array(
        [
            [lifetime_value(run_once(arm, flat, seed, i, engine)) for arm, flat in zip(arms, ready, strict=True)]
            for i in range(replications)
        ]
    )
    total = found.sum(axis=0)

    def ratio(sums: np.ndarray) -> float:
        return float(sums[0, 0] / sums[0, 1] / (sums[1, 0] / sums[1, 1]))

    whole = ratio(total)
    pseudo = [replications * whole - (replications - 1) * ratio(total - one) for one in found]
    mean, low, high, _, _ = mean_interval(np.array(pseudo), LEVEL)
    return mean, low, high


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


def bass_fit(seed: int = 1, replication: int = 0) -> dict[str, float]:
    """R47: adoptions until the end of each quarter, with Bass's curve fitted by least squares."""
    scenario = by_word_of_mouth()
    run = run_once(scenario, lower(scenario), seed, replication, choose_engine("auto", 1e9))
    won = np.sort(run.log["time"][run.log["kind"] == Kind.WON]) / DAY / 365.0
    t = np.arange(1, LONGEST + 1) / 4.0
    adopted = np.searchsorted(won, t, side="right").astype(float)
    (m, p, q), _ = curve_fit(bass, t, adopted, p0=(MARKET, 0.02, 0.4), bounds=([1.0, 1e-6, 1e-6], [1e5, 1.0, 5.0]))
    left = adopted - bass(t, m, p, q)
    r2 = 1.0 - float((left**2).sum() / ((adopted - adopted.mean()) ** 2).sum())
    return {"m": float(m), "p": float(p), "q": float(q), "r2": r2, "adopted": float(adopted[-1])}
