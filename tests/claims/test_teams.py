"""Claims about the two teams as such: what each is for, how many of each, and what a buyer needs from both."""

from __future__ import annotations

import numpy as np
import pytest
from claims.claim import Claim

from funnelsim.events import Kind
from funnelsim.run import Run

pytestmark = pytest.mark.slow

NO_MARKETING = {"plan.marketing.marketers": 0, "plan.marketing.programme_money": 0}
SMALL_LONG = {"horizon_quarters": 8}


def accounts_reached_per_hour(run: Run, marketing: bool) -> float:
    """Different accounts that a team's touches reached in the window, per hour that its people worked on them."""
    log = run.log
    now = log["time"] >= 0
    team = 0 if marketing else 1
    touched = now & (log["kind"] == int(Kind.TOUCH)) & (log["team"] == team)
    if marketing:
        touched &= np.isin(log["touchpoint"], made_codes(run))
    worked = now & (log["kind"] == int(Kind.TASK)) & (log["team"] == team)
    hours = float(np.nansum(log["hours"][worked]))
    return len(np.unique(log["account"][touched])) / hours if hours else 0.0


def made_codes(run: Run) -> list[int]:
    """Touchpoints that marketers make."""
    return [i for i, t in enumerate(run.scenario.world.touchpoints.values()) if t.programme is not None]


def net_beyond_line(run: Run) -> float:
    """How many more accounts an hour of marketing reaches than an hour of selling."""
    return accounts_reached_per_hour(run, True) - accounts_reached_per_hour(run, False)


CLAIMS = [
    Claim(
        key="C1",
        says="marketing and sales are two processes with one goal: profit",
        lever="plan.marketing.marketers, plan.sales.reps",
        notebook="00_five_minutes.ipynb",
        scenario="small",
        setting=SMALL_LONG,
        lower=NO_MARKETING,
        upper={},
        reading="profit_with_value",
        unit="USD in 8 quarters",
        minimum=100_000.0,
        opposite={"plan.sales.reps": 0},
        opposite_minimum=-50_000.0,
        replications=40,
    ),
    Claim(
        key="C2",
        says="marketing casts the net (one to many), sales lands the fish (one to one)",
        lever="plan.marketing.programme_money",
        notebook="21_too_many_leads.ipynb",
        scenario="small",
        lower=NO_MARKETING,
        upper={},
        reading=net_beyond_line,
        unit="accounts per hour",
        minimum=1.0,
        replications=10,
    ),
    Claim(
        key="C4",
        says="over three years fewer reps per marketer than 15 earn more at the same payroll",
        lever="fs.equal_payroll(scenario, ratio)",
        notebook="20_staffing_ratio.ipynb",
        scenario="regional",
        setting={"horizon_quarters": 12},
        lower={"plan.sales.reps": 3.235, "plan.marketing.marketers": 0.2157, "plan.marketing.programme_money": 64_700},
        upper={"plan.sales.reps": 2.5, "plan.marketing.marketers": 0.5, "plan.marketing.programme_money": 150_000},
        reading="profit_with_value",
        unit="USD in 12 quarters",
        minimum=100_000.0,
        replications=30,
    ),
]
BY_KEY = {claim.key: claim for claim in CLAIMS}


def test_C1_two_processes_one_goal():
    BY_KEY["C1"].holds()


def test_C2_marketing_casts_the_net():
    BY_KEY["C2"].holds()


def test_C4_fewer_reps_per_marketer_earn_more_in_the_long_run():
    BY_KEY["C4"].holds()
