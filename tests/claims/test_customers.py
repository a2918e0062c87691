"""Claims about customers: selling more to them, keeping them, and whether an entry product opens doors."""

from __future__ import annotations

import pytest
from claims.claim import Claim

from funnelsim.run import Run

pytestmark = pytest.mark.slow

THREE_YEARS = {"horizon_quarters": 12, "world.customers.start": 120}
"""Three years; enough customers that one more or less is not the whole effect."""
MORE = {"plan.portfolio.upsell": True, "plan.portfolio.cross_sell": True, "plan.portfolio.trade_up": True}
NO_MORE = {
    "world.portfolio.upsell_probability": 0.0,
    "world.portfolio.cross_sell_rate": 0.0,
    "world.portfolio.trade_up_probability": 0.0,
}
DOOR_OPENER = {**THREE_YEARS, "plan.portfolio.entry_offered": True, "plan.portfolio.cross_sell": True}
"""An entry product that loses money itself; reps offer the core product to its buyers."""
DROPS = {"plan.portfolio.review_quarters": 2, "plan.portfolio.decided_by": "product_margin"}
BY_VALUE = {"plan.portfolio.review_quarters": 2, "plan.portfolio.decided_by": "customer_value"}
YEARLY = {"plan.portfolio.review_quarters": 4}
"""After half a year most buyers of the entry product have had no time yet to come back."""
KEEPS = {"plan.portfolio.review_quarters": 0}
NEVER_BACK = {"world.portfolio.cross_sell_rate": 0.0, "world.portfolio.entry_margin": -0.5}
"""Buyers of the entry product buy nothing else, and it loses half of its price."""
KEEP_IN_TOUCH = {**THREE_YEARS, "world.customers.retention_touch": "email"}


def bought_per_customer(run: Run) -> float:
    """Annual price of what customers bought beside the first purchase, per customer."""
    numbers = run.kpis()
    return float(numbers["added_price"] / numbers["customers_mean"])


CLAIMS = [
    Claim(
        key="C11",
        says="after the sale comes the next one: an add-on, a further product, a more profitable one",
        lever="plan.portfolio.upsell, plan.portfolio.cross_sell, plan.portfolio.trade_up",
        notebook="39_loyalty.ipynb",
        scenario="small",
        setting=THREE_YEARS,
        lower={},
        upper=MORE,
        off=NO_MORE,
        reading="profit_with_value",
        unit="USD in 12 quarters",
        minimum=500_000.0,
        replications=20,
    ),
    Claim(
        key="C11b",
        says="rapport sells: customers who are cared for buy more",
        lever="world.customers.care_per_year",
        notebook="39_loyalty.ipynb",
        scenario="small",
        setting={**THREE_YEARS, **MORE},
        lower={"world.customers.care_per_year": 0.0},
        upper={"world.customers.care_per_year": 4.0},
        off={"world.portfolio.trust_slope": 0.0},
        reading=bought_per_customer,
        unit="USD per year and customer in 12 quarters",
        minimum=600.0,
        replications=40,
    ),
    Claim(
        key="C17",
        says="an entry product that loses money opens doors: dropping it by its own margin costs profit; "
        "where its buyers never come back, keeping it does",
        lever="plan.portfolio.review_quarters",
        notebook="36_product_conflict.ipynb",
        scenario="small",
        setting=DOOR_OPENER,
        lower=DROPS,
        upper=KEEPS,
        off={"plan.portfolio.entry_offered": False},
        opposite=NEVER_BACK,
        opposite_minimum=-50_000.0,
        reading="profit_with_value",
        unit="USD in 12 quarters",
        minimum=100_000.0,
        replications=120,
    ),
    Claim(
        key="C17b",
        says="who decides matters: by customer value the door opener stays, by product margin it goes",
        lever="plan.portfolio.decided_by",
        notebook="36_product_conflict.ipynb",
        scenario="regional",
        setting={**DOOR_OPENER, "world.customers.start": 200},
        lower={**DROPS, **YEARLY},
        upper={**BY_VALUE, **YEARLY},
        off={"plan.portfolio.entry_offered": False},
        reading="profit_with_value",
        unit="USD in 12 quarters",
        minimum=300_000.0,
        replications=100,
    ),
    Claim(
        key="C28",
        says="loyal customers are the best customers: keep marketing to them",
        lever="plan.customers.retention_per_year",
        notebook="39_loyalty.ipynb",
        scenario="small",
        setting=KEEP_IN_TOUCH,
        lower={},
        upper={"plan.customers.retention_per_year": 12.0},
        off={"world.customers.churn_slope": 0.0},
        reading="churn_rate",
        unit="share of the terms that end",
        minimum=-0.01,
        replications=40,
    ),
    Claim(
        key="C28b",
        says="and it pays, unless a touch costs what a customer brings",
        lever="plan.customers.retention_per_year",
        notebook="39_loyalty.ipynb",
        scenario="small",
        setting=KEEP_IN_TOUCH,
        lower={},
        upper={"plan.customers.retention_per_year": 12.0},
        opposite={"world.customers.retention_cost": 1_000.0},
        opposite_minimum=-200_000.0,
        reading="profit_with_value",
        unit="USD in 12 quarters",
        minimum=100_000.0,
        replications=40,
    ),
    Claim(
        key="C28c",
        says="rewards bring recommendations, and recommendations bring buyers",
        lever="plan.customers.referral_reward",
        notebook="39_loyalty.ipynb",
        scenario="small",
        setting=THREE_YEARS,
        lower={},
        upper={"plan.customers.referral_reward": 500.0},
        off={"world.customers.reward_most": 0.0},
        reading="referrals",
        unit="needs in 12 quarters",
        minimum=5.0,
        replications=20,
    ),
]
BY_KEY = {claim.key: claim for claim in CLAIMS}


def test_C11_customers_buy_more():
    BY_KEY["C11"].holds()


def test_C11b_rapport_sells():
    BY_KEY["C11b"].holds()


def test_C17_door_opener():
    BY_KEY["C17"].holds()


def test_C17b_who_decides():
    BY_KEY["C17b"].holds()


def test_C28_keep_in_touch():
    BY_KEY["C28"].holds()


def test_C28b_keeping_in_touch_pays():
    BY_KEY["C28b"].holds()


def test_C28c_rewards_bring_recommendations():
    BY_KEY["C28c"].holds()
