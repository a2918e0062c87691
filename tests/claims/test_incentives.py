"""Claims about what drives reps: skills, quotas and bonuses, discounts, tactics, and what a rep learns of one buyer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from claims.claim import Claim

from funnelsim.events import Kind
from funnelsim.run import Run

pytestmark = pytest.mark.slow

QUOTA: dict[str, Any] = {"period": "quarter", "ambition": 0.9, "bonus": 0.0}
NO_EFFORT = {"world.incentives.effort_gain": 0.0, "world.incentives.give_up_loss": 0.0}
TACTICS: dict[str, Any] = {
    "world.touchpoints.cold_call.per_hour": 15.0,
    "world.touchpoints.cold_call.contact": 0.15,
    "world.touchpoints.networking": {
        "owner": "sales", "feeds": "both", "strength": 0.15, "per_hour": 3.0, "contact": 0.6,
    },
    "world.touchpoints.social_selling": {
        "owner": "sales", "feeds": "both", "strength": 0.06, "per_hour": 12.0, "contact": 0.15,
    },
}  # fmt: skip
COLD_CALLS = {"plan.sales.prospecting_mix": {"cold_call": 1.0}}


def touches(run: Run, *names: str) -> np.ndarray:
    """Touches of some kinds in the window."""
    codes = [i for i, name in enumerate(run.scenario.world.touchpoints) if name in names]
    log = run.log
    return log[(log["time"] >= 0) & (log["kind"] == int(Kind.TOUCH)) & np.isin(log["touchpoint"], codes)]


def meeting_hours(run: Run) -> float:
    """Mean desk hours that a meeting takes."""
    codes = [i for i, name in enumerate(run.scenario.world.touchpoints) if name in run.scenario.world.selling.meetings]
    log = run.log
    tasks = log[(log["time"] >= 0) & (log["kind"] == int(Kind.TASK)) & np.isin(log["touchpoint"], codes)]
    return float(tasks["hours"].mean())


def trust_per_contact(run: Run) -> float:
    """Mean trust gained when own prospecting reaches a buyer."""
    return float(touches(run, "cold_call", "networking")["value"].mean())


def accounts_on_social(run: Run) -> float:
    """Different accounts that either team met on social media."""
    return float(len(np.unique(touches(run, "social", "social_selling")["account"])))


CLAIMS = [
    Claim(
        key="C3",
        says="different people, different skills: a marketer in a rep's seat wins less",
        lever="plan.sales.from_marketing",
        notebook="23_different_skills.ipynb",
        scenario="regional",
        lower={},
        upper={"plan.sales.from_marketing": 2},
        off={"world.people.cross_effect": 1.0},
        reading="wins",
        unit="deals a year",
        minimum=-10.0,
        replications=40,
    ),
    Claim(
        key="C3b",
        says="a good seller is not a good marketer: fewer programmes get done",
        lever="plan.marketing.from_sales",
        notebook="23_different_skills.ipynb",
        scenario="regional",
        lower={},
        upper={"plan.marketing.from_sales": 1},
        off={"world.people.cross_effect": 1.0},
        reading="programmes_live_mean",
        unit="programmes",
        minimum=-1.0,
        replications=6,
    ),
    Claim(
        key="C8",
        says="marketing looks at averages, sales at each buyer: what a talk teaches tells who is worth the time",
        lever="plan.sales.opportunity_bar",
        notebook="35_averages_and_individuals.ipynb",
        scenario="undefined",
        lower={},
        upper={"plan.sales.opportunity_bar": -0.4},
        off={"world.buyers.propensity_sd": 0.0},
        reading="win_rate",
        unit="share",
        minimum=0.01,
        replications=24,
    ),
    Claim(
        key="C10",
        says="a bonus within reach makes reps work faster",
        lever="plan.sales.quota",
        notebook="33_quota_and_bonus.ipynb",
        scenario="base",
        lower={"plan.sales.quota": QUOTA},
        upper={"plan.sales.quota": QUOTA | {"bonus": 5_000.0}},
        off=NO_EFFORT,
        reading=meeting_hours,
        unit="desk hours per meeting",
        minimum=-0.02,
        replications=30,
    ),
    Claim(
        key="C10b",
        says="quotas with discounts pull deals to the end of the period",
        lever="plan.sales.quota.period, plan.sales.quota.discount_authority",
        notebook="33_quota_and_bonus.ipynb",
        scenario="base",
        lower={},
        upper={"plan.sales.quota": QUOTA | {"discount_authority": 0.07}},
        off={"world.incentives.push_days": 0},
        reading="last_days_wins",
        unit="wins of the last three days / even spread",
        minimum=0.1,
        replications=16,
    ),
    Claim(
        key="C12",
        says="tactics of sales differ: one contact of networking builds more trust than a cold call",
        lever="plan.sales.prospecting_mix",
        notebook="34_sales_tactics.ipynb",
        scenario="regional",
        setting=TACTICS,
        lower=COLD_CALLS,
        upper={"plan.sales.prospecting_mix": {"networking": 1.0}},
        off={"world.touchpoints.networking.strength": 0.05, "world.touchpoints.networking.feeds": "relationship"},
        reading=trust_per_contact,
        unit="trust",
        minimum=0.02,
        replications=8,
    ),
    Claim(
        key="C12b",
        says="a discount wins deals",
        lever="plan.sales.discount",
        notebook="34_sales_tactics.ipynb",
        scenario="regional",
        lower={},
        upper={"plan.sales.discount": 0.1},
        off={"world.incentives.price_slope": 0.0},
        reading="win_rate",
        unit="share",
        minimum=0.01,
        replications=12,
    ),
    Claim(
        key="C27",
        says="social media serves both teams: one channel, two owners",
        lever="plan.sales.prospecting_mix",
        notebook="34_sales_tactics.ipynb",
        scenario="regional",
        setting=TACTICS,
        lower=COLD_CALLS,
        upper={"plan.sales.prospecting_mix": {"cold_call": 0.5, "social_selling": 0.5}},
        off={"world.touchpoints.social_selling.contact": 0.0},
        reading=accounts_on_social,
        unit="accounts a year",
        minimum=2.0,
        replications=10,
    ),
]
BY_KEY = {claim.key: claim for claim in CLAIMS}


def test_C3_a_marketer_in_a_reps_seat_wins_less():
    BY_KEY["C3"].holds()


def test_C3b_a_rep_in_a_marketers_seat_makes_fewer_programmes():
    BY_KEY["C3b"].holds()


def test_C8_what_a_rep_learns_of_one_buyer_raises_the_win_rate():
    BY_KEY["C8"].holds()


def test_C10_a_bonus_makes_reps_work_faster():
    BY_KEY["C10"].holds()


def test_C10b_quotas_with_discounts_pull_deals_forward():
    BY_KEY["C10b"].holds()


def test_C12_networking_builds_more_trust_than_cold_calls():
    BY_KEY["C12"].holds()


def test_C12b_a_discount_wins_deals():
    BY_KEY["C12b"].holds()


def test_C27_social_media_serves_both_teams():
    BY_KEY["C27"].holds()
