"""Claims about the two teams as such: what each is for, how many of each, and what a buyer needs from both."""

from __future__ import annotations

import numpy as np
import pytest
from claims.claim import Claim

from funnelsim.events import DAY, Kind, Stage
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


def wins_of_year(run: Run, year: int) -> int:
    """Deals won in a year of the window, from 0."""
    won = run.log["time"][run.log["kind"] == int(Kind.WON)]
    return int(((won >= year * 365 * DAY) & (won < (year + 1) * 365 * DAY)).sum())


def later_wins(run: Run) -> float:
    """Deals won in the third year less those won in the first."""
    return float(wins_of_year(run, 2) - wins_of_year(run, 0))


def marketing_share_late(run: Run) -> float:
    """Share of marketing's touches in those of buyers with an opportunity."""
    log = run.log
    late = (log["time"] >= 0) & (log["kind"] == int(Kind.TOUCH)) & (log["stage"] == int(Stage.OPPORTUNITY))
    return float((log["team"][late] == 0).mean()) if late.any() else 0.0


def sales_touches_early(run: Run) -> float:
    """Touches by sales of buyers who were no leads yet."""
    log = run.log
    early = (log["time"] >= 0) & (log["kind"] == int(Kind.TOUCH)) & (log["stage"] == int(Stage.PROSPECT))
    return float((log["team"][early] == 1).sum())


BRAND = {"plan.marketing.mix": {"brand": 1.0}}
RESPONSE = {"plan.marketing.mix": {"webinar": 0.5, "event": 0.5}}
TRUST_DOES_NOT_MATTER = {
    "world.selling.win_slope": 0.0,
    "world.selling.stay_slope": 0.0,
    "world.selling.interest_slope": 0.0,
    "world.buyers.ask_probability": 0.0,
    "plan.marketing.lead_bar": -20.0,
}
LEADS_FIRST = {
    "plan.sales.priorities": {"marketing_lead": 0, "request": 1, "meeting": 2, "own_lead": 3},
    "plan.sales.lead_preference": 6.0,
    "plan.marketing.lead_bar": 0.0,
}
"""Sales has promised to work every lead of marketing's at once, and nearly everybody who looked is one."""
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
        key="C2b",
        says="more leads than sales can work lower wins where leads go before buyers and meetings",
        lever="plan.marketing.marketers, plan.marketing.programme_money",
        notebook="21_too_many_leads.ipynb",
        scenario="small",
        setting=LEADS_FIRST,
        lower={"plan.marketing.marketers": 0.1, "plan.marketing.programme_money": 30_000.0},
        upper={"plan.marketing.marketers": 0.4, "plan.marketing.programme_money": 120_000.0},
        off={"plan.sales.priorities": {"request": 0, "meeting": 1, "own_lead": 2, "marketing_lead": 3}},
        reading="wins",
        unit="wins in 4 quarters",
        minimum=-0.5,
        opposite={"plan.sales.reps": 3.0},
        opposite_minimum=5.0,
        replications=160,
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
    Claim(
        key="C7",
        says="brand is long term: its wins come later than those of events and webinars for the same money",
        lever="plan.marketing.mix",
        notebook="11_reach_and_brand.ipynb",
        scenario="regional",
        setting={"horizon_quarters": 12, "plan.marketing.programme_money": 300_000},
        lower=RESPONSE,
        upper=BRAND,
        reading=later_wins,
        unit="wins, third year less first",
        minimum=2.0,
        off={f"world.touchpoints.{kind}.programme.goodwill": 0.0 for kind in ("brand", "event", "webinar")},
        replications=60,
        small=1.5,
    ),
    Claim(
        key="C9",
        says="sales begins when marketing hands a lead over ...",
        lever="plan.marketing.hand_over",
        notebook="21_too_many_leads.ipynb",
        scenario="small",
        lower={"plan.marketing.hand_over": False},
        upper={"plan.marketing.hand_over": True},
        reading="opportunities",
        unit="opportunities",
        minimum=10.0,
        off={"plan.marketing.marketers": 0, "plan.marketing.programme_money": 0, "plan.marketing.lead_bar": 20.0},
    ),
    Claim(
        key="C9b",
        says="... or finds its own",
        lever="plan.sales.prospecting_hours",
        notebook="34_sales_tactics.ipynb",
        scenario="small",
        setting={"plan.marketing.hand_over": False},
        lower={"plan.sales.prospecting_hours": 0.0},
        upper={"plan.sales.prospecting_hours": 1.5},
        reading="prospected",
        unit="buyers found",
        minimum=3.0,
        off={"world.selling.cold_contact": 0.0},
    ),
    Claim(
        key="C13",
        says="marketing has many tactics, and each saturates: a mix leaves more addresses than one of them",
        lever="plan.marketing.mix",
        notebook="11_reach_and_brand.ipynb",
        scenario="small",
        lower={"plan.marketing.mix": {"ads": 1.0}},
        upper={},
        reading="leads",
        unit="addresses",
        minimum=50.0,
    ),
    Claim(
        key="C15",
        says="trust grows slowly: a buyer who needs more of it has met us more often before it buys",
        lever="world.segments.*.threshold",
        notebook="10_one_buyer_journey.ipynb",
        scenario="regional",
        lower={"world.segments.*.threshold": 0.4},
        upper={"world.segments.*.threshold": 0.7},
        reading="touches_per_win",
        unit="touches per win",
        minimum=0.5,
        off=TRUST_DOES_NOT_MATTER,
    ),
    Claim(
        key="C16",
        says="marketing's touches reach into the bottom of the funnel ...",
        lever="plan.marketing.programme_money",
        notebook="10_one_buyer_journey.ipynb",
        scenario="small",
        lower=NO_MARKETING,
        upper={},
        reading=marketing_share_late,
        unit="share of the touches of opportunities",
        minimum=0.05,
    ),
    Claim(
        key="C16b",
        says="... and sales' into its top",
        lever="plan.sales.prospecting_hours",
        notebook="10_one_buyer_journey.ipynb",
        scenario="small",
        lower={"plan.sales.prospecting_hours": 0.0},
        upper={"plan.sales.prospecting_hours": 2.0},
        reading=sales_touches_early,
        unit="touches of prospects",
        minimum=3.0,
        off={"world.selling.cold_contact": 0.0},
    ),
]
BY_KEY = {claim.key: claim for claim in CLAIMS}


def test_C1_two_processes_one_goal():
    BY_KEY["C1"].holds()


def test_C2_marketing_casts_the_net():
    BY_KEY["C2"].holds()


def test_C2b_too_many_leads_can_lower_wins():
    BY_KEY["C2b"].holds()


def test_C4_fewer_reps_per_marketer_earn_more_in_the_long_run():
    BY_KEY["C4"].holds()


def test_C7_brand_pays_later():
    BY_KEY["C7"].holds()


def test_C9_sales_begins_with_a_hand_over():
    BY_KEY["C9"].holds()


def test_C9b_sales_finds_its_own():
    BY_KEY["C9b"].holds()


def test_C13_a_mix_of_tactics():
    BY_KEY["C13"].holds()


def test_C15_trust_takes_several_touches():
    BY_KEY["C15"].holds()


def test_C16_marketing_reaches_the_bottom():
    BY_KEY["C16"].holds()


def test_C16b_sales_reaches_the_top():
    BY_KEY["C16b"].holds()
