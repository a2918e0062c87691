"""Tables against small logs computed by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from table_logs import at, log_of, row, scenario

import funnelsim as fs
from funnelsim import tables
from funnelsim.events import DAY, HOUR, Kind, Role, Source, Stage, Team, person_number
from funnelsim.tables.clock import Clock
from funnelsim.tables.journeys import path_numbers
from funnelsim.tables.lookup import Latest, Lookup
from funnelsim.tables.series import stock
from funnelsim.workhours import WorkCalendar

REP = person_number(Role.REP, 0, 0)
MARKETER = person_number(Role.MARKETER, 0, 0)
MQL, IN, OUT = int(Source.MQL), int(Source.INBOUND), int(Source.OUTBOUND)
SALES, MARKETING = int(Team.SALES), int(Team.MARKETING)


def touch(time, account, name, brand=0.0, relationship=0.0, gain=0.0, stage=Stage.LEAD, person=-1, need=0):
    team = MARKETING if name in ("ads", "web") else SALES
    return row(
        time, Kind.TOUCH, account, need, touchpoint=name, team=team, brand=brand, relationship=relationship, value=gain,
        stage=int(stage), person=person, item=0,
    )  # fmt: skip


def won_story(account=1, start=5.0):
    """An inbound need: touched twice, asks, is called after 2 hours, an opportunity of ten days, won."""
    key = {"account": account, "need": 0}
    case = {**key, "source": IN, "item": IN}
    return [
        row(at(start), Kind.NEED, **key, stage=0, value=0.6, amount=2_500_000, brand=0.1, relationship=0.0),
        touch(at(start, 1), account, "ads", brand=0.2, gain=0.1, stage=Stage.PROSPECT),
        touch(at(start, 9), account, "web", brand=0.3, gain=0.1),
        row(at(start, 9), Kind.LEAD, **key, stage=int(Stage.LEAD), touchpoint="web"),
        row(at(start, 10), Kind.REQUEST, **case, stage=int(Stage.MQL), value=0.3, brand=0.3, relationship=0.0),
        row(at(start, 12), Kind.TASK, **case, touchpoint="rep_call", team=SALES, person=REP, hours=1.0),
        row(at(start, 13), Kind.CONTACT, **case, team=SALES, person=REP, value=1.0),
        touch(at(start, 13), account, "rep_call", brand=0.3, relationship=0.5, gain=0.35, person=REP, stage=Stage.MQL),
        row(at(start, 13), Kind.SQL, **case, person=REP),
        row(at(start, 13), Kind.OPPORTUNITY, **case, person=REP, value=10.0, amount=2_500_000),
        touch(at(start + 1, 10), account, "meeting", brand=0.3, relationship=0.55, gain=0.1, person=REP),
        touch(at(start + 2, 10), account, "demo", brand=0.3, relationship=0.6, gain=0.1, person=REP),
        touch(at(start + 3, 10), account, "proposal", brand=0.3, relationship=0.7, gain=0.1, person=REP),
        row(at(start + 10, 13), Kind.WON, **case, person=REP, amount=2_400_000, brand=0.25, relationship=0.6),
        touch(at(start + 20, 10), account, "account_care", person=REP, stage=Stage.CUSTOMER),
    ]  # fmt: skip


def lead_story(account, handed, *more):
    """A need whose lead marketing hands over, with what happens next."""
    return [
        row(handed - HOUR, Kind.NEED, account, 0, stage=int(Stage.PROSPECT), value=0.6, amount=1_000_000),
        row(handed, Kind.MQL, account, 0, source=MQL, item=MQL, value=0.8, brand=0.2, relationship=0.0),
        *(row(time, kind, account, 0, source=MQL, item=MQL, **columns) for time, kind, columns in more),
    ]


# -- clock -------------------------------------------------------------------------------------------------------------


def test_working_time_is_that_of_the_engines():
    shipped = fs.load("base")
    clock = Clock(shipped)
    week = shipped.world.workweek
    calendar = WorkCalendar(
        shipped.start, clock.begin // DAY, clock.days + 7, week.day_start, week.day_end, week.weekdays, week.holidays
    )
    times = np.random.default_rng(1).integers(clock.begin, clock.end, 2000)
    worked = clock.worked(times) - clock.worked(np.array([clock.begin]))
    assert worked.tolist() == [calendar.between(clock.begin, int(t)) for t in times]
    assert clock.next_working(times).tolist() == [calendar.next_working(int(t)) for t in times]


def test_quarters_have_calendar_names_and_edges():
    clock = Clock(scenario(horizon_quarters=4))
    assert clock.quarter_names == ["2026 Q1", "2026 Q2", "2026 Q3", "2026 Q4"]
    assert clock.quarter_edges.tolist() == [0, 90, 181, 273, 365]
    assert clock.begin == -92 * DAY


def test_money_of_free_days_is_booked_on_a_working_day_of_the_same_month():
    clock = Clock(scenario())
    booked = clock.booking_day
    months = (np.datetime64("2026-01-01") + np.arange(clock.days)).astype("datetime64[M]")
    assert (months[booked] == months).all()
    assert booked[2] == booked[3] == 4  # the first weekend goes to Monday
    assert booked[30] == 29  # Saturday 31 January goes back to Friday


# -- tools -------------------------------------------------------------------------------------------------------------


def test_lookup_finds_first_and_last_rows():
    lookup = Lookup(np.array([7, 3, 7, -1]))
    assert lookup.first(np.array([7, 3, 4, -1])).tolist() == [0, 1, -1, -1]
    assert lookup.last(np.array([7, 3, 4, -1])).tolist() == [2, 1, -1, -1]
    assert lookup.count(np.array([7, 3, 4, -1])).tolist() == [2, 1, 0, 0]


def test_latest_row_before():
    latest = Latest(np.array([1, 1, 2]), np.array([10, 20, 5]))
    asked = latest.of(np.array([1, 1, 1, 1, 2, 3]), np.array([9, 10, 19, 20, 100, 100]))
    assert asked.tolist() == [-1, 0, 0, 1, 2, -1]


def test_paths_of_equal_steps_have_equal_numbers():
    number, owners = path_numbers(np.array([0, 1, 0, 1, 0]), np.array([2, 2, 5, 5, 8]))
    assert owners.tolist() == [2, 5, 8]
    assert number[0] == number[1] != number[2]


def test_stock_counts_just_before_a_moment():
    assert stock(np.array([0, 5]), np.array([5, 9]), np.array([0, 1, 5, 6, 10])).tolist() == [0, 1, 1, 1, 0]


# -- cases -------------------------------------------------------------------------------------------------------------


def test_case_of_a_won_deal():
    case = tables.cases(log_of(*won_story()), scenario()).iloc[0]
    assert case["source"] == "inbound"
    assert case["asked"] == pd.Timestamp("2026-01-06 10:00")
    assert case["response_hours"] == 2.0
    assert case["response_working_hours"] == 2.0
    assert case["attempts"] == 1
    assert case["outcome"] == "opportunity"
    assert case["trust_at_hand_over"] == pytest.approx(0.3)
    assert case["person"] == REP
    assert np.isnan(case["score"])


def test_a_task_dispatched_at_night_is_an_attempt_in_the_morning():
    night = [row(at(5, 2), Kind.TASK, 1, 0, source=MQL, item=MQL, touchpoint="rep_call", person=REP, hours=0.1)]
    table = tables.cases(log_of(*lead_story(1, at(5, 2)), *night), scenario())
    assert table["first_attempt"][0] == pd.Timestamp("2026-01-06 09:00")
    assert table["response_hours"][0] == 7.0
    assert table["response_working_hours"][0] == 0.0


def test_upgraded_lead_and_its_request_are_one_inbound_case():
    rows = lead_story(1, at(5, 10), (at(6, 10), Kind.UPGRADED, {"value": 1.0}))
    request = {"source": IN, "item": IN}
    rows += [
        row(at(6, 10), Kind.REQUEST, 1, 0, **request, value=0.4),
        row(at(6, 11), Kind.TASK, 1, 0, **request, touchpoint="rep_call", person=REP, hours=0.1),
        row(at(6, 12), Kind.ATTEMPT, 1, 0, **request, person=REP, value=1.0),
    ]
    table = tables.cases(log_of(*rows), scenario())
    assert len(table) == 1
    case = table.iloc[0]
    assert (case["source"], case["upgraded"], case["outcome"]) == ("inbound", True, "open")
    assert case["handed_over"] == pd.Timestamp("2026-01-06 10:00")
    assert case["response_hours"] == 1.0
    assert case["score"] == 0.8
    assert tables.waiting(log_of(*rows), scenario())["cases"].tolist() == [0, 1, 0, 1]


def test_own_prospecting_may_find_a_need_twice():
    found = {"source": OUT, "item": OUT, "person": REP}
    rows = [row(at(5), Kind.NEED, 1, 0, stage=0, amount=1)]
    for day, end in ((6, Kind.NOT_READY), (8, Kind.DISQUALIFIED)):
        rows += [row(at(day, 12), Kind.PROSPECTED, 1, 0, **found), row(at(day, 12), end, 1, 0, **found)]
    table = tables.cases(log_of(*rows), scenario())
    assert table["outcome"].tolist() == ["not_ready", "disqualified"]
    assert table["attempts"].tolist() == [1, 1]
    assert table["response_hours"].tolist() == [0.0, 0.0]


def test_waiting_counts_answered_never_answered_and_still_waiting():
    rows = [
        *lead_story(1, at(5, 10), (at(5, 14), Kind.ATTEMPT, {"person": REP, "value": 1.0})),
        *lead_story(2, at(5, 10), (at(5, 20), Kind.DECLINED, {"person": REP})),
        *lead_story(3, at(5, 10), (at(7, 10), Kind.RENEGED, {"value": 2.0})),
        *lead_story(4, at(89, 10)),
    ]
    mql = tables.waiting(log_of(*rows), scenario()).iloc[0]
    assert mql[["cases", "answered", "never_answered", "still_waiting"]].tolist() == [4, 1, 2, 1]
    assert mql["never_answered_share"] == pytest.approx(2 / 3)
    assert mql["mean_hours"] == 4.0
    assert mql["mean_waiting"] == pytest.approx((4 + 10 + 48 + 14) / 24 / 90)
    outcomes = tables.cases(log_of(*rows), scenario())["outcome"].tolist()
    assert outcomes == ["open", "declined", "reneged", "open"]


# -- opportunities, funnel, journeys -----------------------------------------------------------------------------------


def test_opportunity_of_a_won_deal():
    deal = tables.opportunities(log_of(*won_story()), scenario()).iloc[0]
    assert (deal["outcome"], deal["days"], deal["list_price"], deal["sold_price"]) == ("won", 10.0, 25_000.0, 24_000.0)
    assert (deal["meetings_held"], deal["proposal_sent"]) == (3, True)
    assert (deal["touches_marketing"], deal["touches_sales"]) == (2, 4)
    assert deal["trust_before_sales"] == pytest.approx(0.3)  # 0.65 after the call, of which the call gained 0.35
    assert deal["trust_at_decision"] == pytest.approx(0.7)
    assert deal["trust_before_sales_share"] == pytest.approx(0.3 / 0.7)


def test_an_open_opportunity_has_no_outcome_yet():
    deal = tables.opportunities(log_of(*won_story(start=85)), scenario()).iloc[0]
    assert deal["outcome"] == "open"
    assert pd.isna(deal["decided"])
    assert np.isnan(deal["sold_price"])
    assert np.isnan(deal["days"])


def test_opportunities_decided_in_the_burn_in_are_history():
    assert tables.opportunities(log_of(*won_story(start=-40)), scenario()).empty
    kept = tables.opportunities(log_of(*won_story(start=-5)), scenario())
    assert kept["touches_marketing"].tolist() == [2]


def test_funnel_follows_needs():
    rows = [*won_story(), *lead_story(2, at(6, 10), (at(9), Kind.DECLINED, {})), *won_story(account=3, start=86)]
    table = tables.funnel(log_of(*rows), scenario()).set_index("step")
    assert table["count"].tolist() == [3, 2, 2, 3, 2, 2, 2, 2, 2, 1]
    assert table["conversion"]["with_sales"] == pytest.approx(2 / 3)
    assert table["conversion"]["proposal_sent"] == 0.5
    assert table["still_open"]["proposal_sent"] == 1
    assert table["mean_days"]["won"] == pytest.approx(7 + 3 / 24)
    assert pd.isna(table["still_open"]["won"])


def test_funnels_by_source_add_up():
    rows = [*won_story(), *lead_story(2, at(6, 10)), row(at(7), Kind.NEED, 9, 0, stage=0, amount=1)]
    table = tables.funnel(log_of(*rows), scenario(), by="source")
    total = tables.funnel(log_of(*rows), scenario())
    assert table.groupby("step", observed=True)["count"].sum().tolist() == total["count"].tolist()
    with pytest.raises(ValueError, match="cannot be split by 'team'"):
        tables.funnel(log_of(*rows), scenario(), by="team")


def test_journeys_have_the_touches_until_the_need_ended():
    rows = [*won_story(), *won_story(account=2, start=85)]
    table = tables.journeys(log_of(*rows), scenario())
    assert table["account"].unique().tolist() == [1]  # the other need goes on
    assert table["touchpoint"].tolist() == ["ads", "web", "rep_call", "meeting", "demo", "proposal"]
    assert table["order"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["outcome"].unique().tolist() == ["won"]
    assert table["person"].isna().tolist() == [True, True, False, False, False, False]


def test_paths_collapse_equal_steps():
    rows = [*won_story(), *won_story(account=2, start=8)]
    rows += [row(at(5), Kind.NEED, 3, 0, stage=0, amount=1), touch(at(6), 3, "ads"), touch(at(7), 3, "ads")]
    rows += [row(at(9), Kind.WINDOW_CLOSED, 3, 0, stage=int(Stage.LOST), value=4.0)]
    table = tables.journey_paths(log_of(*rows), scenario(), by="team")
    assert table["path"].tolist() == ["marketing > sales", "marketing"]
    assert table["count"].tolist() == [2, 1]
    assert table["win_rate"].tolist() == [1.0, 0.0]
    assert len(tables.journey_paths(log_of(*rows), scenario(), top=1)) == 1


def test_touches_by_kind_team_and_stage():
    table = tables.touches(log_of(*won_story()), scenario())
    care = table[table["touchpoint"] == "account_care"].iloc[0]
    assert (care["count"], care["before_wins"]) == (1, 0)
    assert table["before_wins"].sum() == 6
    assert table["per_win"].sum() == 6.0


# -- staff -------------------------------------------------------------------------------------------------------------


def test_staff_hours_and_utilisation():
    rows = [
        row(at(-92), Kind.HIRED, person=REP, hours=1.0, value=1.2, team=SALES),
        row(at(-92), Kind.HIRED, person=MARKETER, hours=0.5, value=1.0, team=MARKETING),
        row(
            at(-1, 16), Kind.TASK, 1, 0, person=REP, touchpoint="meeting", hours=2.0, item=0
        ),  # one hour is before day 0
        row(at(5, 10), Kind.TASK, 1, 0, person=REP, touchpoint="rep_call", hours=3.0, item=0),
        row(at(6, 10), Kind.TASK, person=REP, touchpoint="cold_call", hours=4.0),
        row(at(89, 16), Kind.TASK, 1, 0, person=REP, touchpoint="account_care", hours=5.0),  # four are after the end
        row(at(5, 10), Kind.TASK, person=MARKETER, touchpoint="ads", hours=8.0, item=1),
        *won_story(),
        row(at(31), Kind.LEFT, person=MARKETER, hours=0.5, value=1.0, team=MARKETING),
    ]
    table = tables.staff(log_of(*rows), scenario()).set_index("person")
    rep, marketer = table.loc[REP], table.loc[MARKETER]
    assert rep["available_hours"] == 64 * 8
    assert rep[["meeting_hours", "call_hours", "prospecting_hours", "care_hours"]].tolist() == [1.0, 4.0, 4.0, 1.0]
    assert rep["utilisation"] == pytest.approx(6 / 512)
    assert (rep["wins"], rep["revenue_booked"], rep["skill"]) == (1, 24_000.0, 1.2)
    assert marketer["available_hours"] == 22 * 8 * 0.5
    assert marketer["programme_hours"] == 4.0
    assert pd.isna(marketer["tenure_days"])
    assert marketer["left"] == pd.Timestamp("2026-02-01")
    roles = tables.staff(log_of(*rows), scenario(), by="role").set_index("role")
    assert roles.loc["rep", "busy_hours"] == 6.0


def test_a_change_of_post_is_not_a_new_person():
    rows = [
        row(at(10), Kind.HIRED, person=REP, hours=1.0, value=1.0),
        row(at(10), Kind.LEFT, person=REP, hours=1.0, value=1.0),
        row(at(10), Kind.HIRED, person=REP, hours=0.5, value=1.0),
        row(at(20), Kind.LEFT, person=REP, hours=0.5, value=1.0),
    ]
    table = tables.staff(log_of(*rows), scenario())
    assert len(table) == 1
    assert (table["post"][0], table["days_on_roll"][0], table["tenure_days"][0]) == (0.5, 10.0, 10.0)


# -- customers and money -----------------------------------------------------------------------------------------------


def test_customers_from_first_purchase_until_they_left():
    rows = [
        row(at(-92), Kind.CUSTOMER, 7, 0, value=100.0, amount=365_000, brand=0.0, relationship=0.45),
        row(at(8), Kind.RENEWED, 7, 0, item=0, value=0.8, amount=365_000, brand=0.0, relationship=0.3),
        row(at(-92), Kind.CUSTOMER, 8, 0, value=110.0, amount=365_000),
        row(at(18), Kind.CHURNED, 8, 0, item=0, value=0.8),
        row(at(-92), Kind.CUSTOMER, 9, 0, value=50.0, amount=365_000),
        row(at(-42), Kind.CHURNED, 9, 0, item=0, value=0.8),
    ]
    table = tables.customers(log_of(*rows), scenario()).set_index("account")
    assert table.index.tolist() == [7, 8]
    assert table["active"].tolist() == [True, False]
    assert table["renewals"].tolist() == [1, 0]
    assert table["earned"].tolist() == [900.0, 180.0]  # $10 a day
    assert table["trust"][7] == pytest.approx(0.3)


def test_profit_and_loss_by_hand():
    rows = [
        row(at(-92), Kind.CUSTOMER, 7, 0, value=92.0, amount=365_000),  # leaves on day 0: nothing in the window
        row(at(0), Kind.CHURNED, 7, 0, item=0, value=0.8),
        row(at(-92), Kind.CUSTOMER, 8, 0, value=137.0, amount=365_000),
        row(at(45), Kind.RENEWED, 8, 0, item=0, value=0.8, amount=365_000),
        row(at(5, 17), Kind.SALARY, person=REP, team=SALES, amount=70_000),
        row(at(5, 17), Kind.SALARY, person=MARKETER, team=MARKETING, amount=60_000),
        row(at(4, 9), Kind.PROGRAMME_LAUNCHED, touchpoint="ads", team=MARKETING, item=0, amount=50_000),
        row(at(9), Kind.HIRING_COST, person=REP, team=SALES, amount=5_000),
        row(at(-9), Kind.HIRING_COST, person=REP, team=SALES, amount=5_000),
    ]
    log, asked = log_of(*rows), scenario()
    lines = tables.profit_and_loss(log, asked)["total"]
    assert lines["revenue_earned"] == 900.0
    assert lines["cost_of_goods"] == -225.0
    assert lines["marketing_people"] == -600.0
    assert lines["sales_people"] == -700.0
    assert lines["programmes"] == -500.0
    assert lines["hiring"] == -50.0
    assert lines["profit"] == -1175.0
    later = 3650.0 * 0.75 * 0.8 / 0.3
    assert lines["customer_value_start"] == pytest.approx(450.0 * 0.75 + later)
    assert lines["customer_value_end"] == pytest.approx(3200.0 * 0.75 + later)
    assert lines["profit_with_value"] == pytest.approx(-1175.0 + 2750.0 * 0.75)
    ledger = tables.ledger(log, asked)
    billed = ledger[ledger["cause"] == "revenue_billed"]
    assert billed["amount"].tolist() == [3650.0]
    assert billed["date"].tolist() == [pd.Timestamp("2026-02-16")]  # day 45 is Sunday, 15 February
    numbers = tables.kpis(log, asked)
    assert numbers["profit"] == -1175.0
    assert numbers["customers_end"] == 1
    assert numbers["churn_rate"] == 0.5
    assert numbers["cash_trough"] < 0


def test_pipeline_value_falls_back_to_the_world_when_nothing_was_decided():
    asked = scenario(selling={"win": 0.0})
    lines = tables.profit_and_loss(log_of(*won_story(start=85)), asked)["total"]
    assert lines["pipeline_value_start"] == 0.0
    assert lines["pipeline_value_end"] == pytest.approx(0.5 * 25_000 * 0.75 * (1 + 0.8 / 0.3))


def test_customers_who_never_leave_cannot_be_valued_undiscounted():
    asked = scenario(customers={"churn": 0.0, "start": 0}, finance={"discount_rate": 0.0})
    numbers = tables.kpis(log_of(*won_story()), asked)
    assert numbers[["customer_value_end", "ltv", "npv"]].isna().all()
    assert numbers["profit"] > 0


# -- series and key figures --------------------------------------------------------------------------------------------


def test_series_reads_stocks_without_writing_them():
    rows = [
        *won_story(),
        row(at(10), Kind.GOODWILL, value=2.0),
        row(at(12), Kind.BELIEF, value=0.7),
        row(at(3), Kind.PROGRAMME_LIVE, touchpoint="ads", team=MARKETING, item=4),
        row(at(31), Kind.PROGRAMME_ENDED, touchpoint="ads", team=MARKETING, item=4),
    ]
    asked = scenario(goodwill={"half_life": 10.0, "start": 1.0}, content={"half_life": 28.0, "start": 0.0})
    table = tables.series(log_of(*rows), asked, "W")
    assert table["goodwill"][1] == pytest.approx(2.0 * 0.5**0.4)
    assert table["content"][4] == pytest.approx(0.5 * 2000 * 0.5 ** ((35 - 3) / 28))
    assert table["belief"][:2].tolist() == [0.4, 0.7]
    assert table["live_programmes"][:6].tolist() == [1, 1, 1, 1, 0, 0]
    assert table["wins"].sum() == 1
    assert table["open_opportunities"][:4].tolist() == [1, 1, 0, 0]
    assert table["pipeline"][:3].tolist() == [25_000.0, 25_000.0, 0.0]
    assert len(tables.series(log_of(*rows), asked, "M")) == 3
    with pytest.raises(ValueError, match="no series by 'X'"):
        tables.series(log_of(*rows), asked, "X")


def test_key_figures_of_one_deal():
    numbers = tables.kpis(log_of(*won_story()), scenario())
    assert numbers[["needs", "requests", "contacts", "opportunities", "wins"]].tolist() == [1] * 5
    assert numbers["win_rate"] == numbers["won_after_proposal"] == 1.0
    assert numbers["touches_per_win"] == numbers["touches_per_win_inbound"] == 6.0
    assert np.isnan(numbers["touches_per_win_outbound"])
    assert numbers["trust_before_sales"] == pytest.approx(0.3 / 0.7)
    assert numbers["in_market_share"] == pytest.approx((10 + 13 / 24) / 90 / 100)
    assert numbers["lead_to_won"] == 1.0
    assert np.isnan(numbers["mql_to_won"])
    assert numbers["revenue_booked"] == 24_000.0
    assert numbers["ltv"] == pytest.approx(24_000 * 0.75 * (1 + 0.8 / 0.3))


def test_an_empty_log_has_nothing_to_measure():
    numbers = tables.kpis(log_of(), scenario())
    assert numbers["needs"] == 0
    assert numbers[["win_rate", "cac", "utilisation_reps", "response_hours_inbound"]].isna().all()
    assert numbers["profit"] == 0.0
