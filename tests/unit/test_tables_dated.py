"""What a timeline changes holds in the tables from its date on: each event at the values of its own date."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from table_logs import at, log_of, row, scenario

import funnelsim as fs
from funnelsim import tables
from funnelsim.events import DAY, Kind, Role, Source, Stage, Team, person_number
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.dated import Dated
from funnelsim.tables.terms import gross_margin

FEBRUARY, DAYS = "2026-02-01", 31
"""When the world changes, and how many of the 90 days come before."""
REP = person_number(Role.REP, 0, 0)
CUSTOMER = [row(at(-92), Kind.CUSTOMER, 7, 0, value=365.0, amount=365_000)]  # $10 a day, beyond the window


def changed(date: str = FEBRUARY, /, **changes: object) -> Scenario:
    """The tiny world of the tables, changed on a date; double underscores stand for dots."""
    paths = {f"world.{name.replace('__', '.')}": value for name, value in changes.items()}
    return scenario().with_changes({"timeline": [{"date": date, "changes": paths}]})


def won(account: int, day: float) -> list[tuple]:
    key = {"account": account, "need": 0}
    return [
        row(at(day - 2), Kind.NEED, **key, stage=0, value=0.6, amount=1_000_000),
        row(at(day - 1), Kind.REQUEST, **key, source=int(Source.INBOUND), item=1, stage=int(Stage.MQL), value=0.3),
        row(at(day - 1), Kind.OPPORTUNITY, **key, item=1, value=10.0, amount=1_000_000),
        row(at(day), Kind.WON, **key, item=1, amount=1_000_000, brand=0.2, relationship=0.4),
    ]  # fmt: skip


def test_states_hold_from_their_date_on():
    dated = Dated(changed(finance__gross_margin=0.5))
    times = np.array([-92 * DAY, 0, 31 * DAY - 1, 31 * DAY, 90 * DAY])
    assert dated.values(gross_margin, times).tolist() == [0.75, 0.75, 0.75, 0.5, 0.5]
    assert len(Dated(scenario()).states) == 1


def test_a_change_on_the_first_day_leaves_the_burn_in_alone():
    dated = Dated(changed("2026-01-01", finance__gross_margin=0.5))
    assert dated.values(gross_margin, np.array([-1, 0])).tolist() == [0.75, 0.5]


def test_cost_of_goods_at_the_margin_of_each_day():
    asked = changed(finance__gross_margin=0.5)
    lines = tables.profit_and_loss(log_of(*CUSTOMER), asked)["total"]
    assert lines["revenue_earned"] == 900.0
    assert lines["cost_of_goods"] == pytest.approx(-(310 * 0.25 + 590 * 0.5))
    goods = tables.ledger(log_of(*CUSTOMER), asked, by=["month", "cause"])
    goods = goods[goods["cause"] == "cost_of_goods"].set_index("month")["amount"]
    assert goods.tolist() == [-77.5, -140.0, -155.0]
    series = tables.series(log_of(*CUSTOMER), asked, "M")
    assert series["cost"].tolist() == [77.5, 140.0, 155.0]
    assert tables.kpis(log_of(*CUSTOMER), asked)["profit"] == pytest.approx(900 - 372.5)


def test_customers_are_valued_at_the_margin_and_the_rates_of_the_moment():
    asked = changed(finance__gross_margin=0.5, finance__discount_rate=0.5, customers__churn=0.4)
    lines = tables.profit_and_loss(log_of(*CUSTOMER), asked)["total"]
    left_at_start, left_at_end = 3650.0 - 920.0, 3650.0 - 920.0 - 900.0
    assert lines["customer_value_start"] == pytest.approx((left_at_start + 3650.0 * 0.8 / 0.3) * 0.75)
    assert lines["customer_value_end"] == pytest.approx((left_at_end + 3650.0 * 0.6 / 0.9) * 0.5)


def test_money_is_discounted_at_the_rate_of_each_day():
    asked = changed(finance__discount_rate=1.0)
    log = log_of(row(at(88), Kind.HIRING_COST, person=REP, team=int(Team.SALES), amount=100_000))
    days = 89 - DAYS  # at the end of day 88
    assert tables.kpis(log, asked)["npv"] == pytest.approx(-1000.0 * 1.1 ** (-DAYS / 365) * 2.0 ** (-days / 365))


def test_a_term_is_as_long_as_the_contract_of_its_first_day():
    rows = [*won(1, 10), *won(2, 40)]
    asked = changed(customers__term_days=730.0)
    ledger = tables.ledger(log_of(*rows), asked)
    assert ledger.loc[ledger["cause"] == "revenue_billed", "amount"].tolist() == [10_000.0, 20_000.0]
    earned = tables.customers(log_of(*rows), asked)["earned"]
    assert earned.to_numpy() == pytest.approx(np.array([80, 50]) * 10_000 / 365, abs=0.01)


def test_unit_economics_take_each_deal_at_its_own_date():
    rows = [*won(1, 10), *won(2, 40)]
    numbers = tables.kpis(log_of(*rows), changed(finance__gross_margin=0.5, finance__discount_rate=0.5))
    first, second = 10_000 * 0.75 * (1 + 0.8 / 0.3), 10_000 * 0.5 * (1 + 0.8 / 0.7)
    assert numbers["ltv"] == pytest.approx((first + second) / 2)


def test_the_pipeline_is_valued_at_the_moment():
    rows = [*won(3, 20), *won(4, 62)[:-1]]  # the second one is still open at the end
    lines = tables.profit_and_loss(log_of(*rows), changed(finance__gross_margin=0.5))["total"]
    assert lines["pipeline_value_end"] == pytest.approx(10_000 * 0.5 * (1 + 0.8 / 0.3))


def test_stocks_decay_by_the_half_lives_that_held():
    asked = changed(goodwill__half_life=20.0, content__half_life=20.0).with_changes(
        {"world.goodwill.half_life": 10.0, "world.content.half_life": 10.0, "world.content.start": 0.0}
    )
    rows = [
        row(at(21), Kind.GOODWILL, value=8.0),
        row(at(3), Kind.PROGRAMME_LAUNCHED, touchpoint="ads", team=int(Team.MARKETING), item=4, amount=1),
        row(at(21), Kind.PROGRAMME_LIVE, touchpoint="ads", team=int(Team.MARKETING), item=4),
    ]
    table = tables.series(log_of(*rows), asked, "M")  # one half-life until the change, then 28 days at 20
    assert table["goodwill"].tolist()[:2] == pytest.approx([4.0, 4.0 * 0.5**1.4])
    assert table["content"].tolist()[:2] == pytest.approx([500.0, 500.0 * 0.5**1.4])


def test_activities_have_the_names_of_their_date():
    asked = changed(customers__care_touch="demo", selling__meetings=["meeting"], selling__checkpoints=[])
    rows = [row(at(-92), Kind.HIRED, person=REP, hours=1.0, value=1.0, team=int(Team.SALES))]
    for day in (5, 40):
        rows.append(row(at(day, 10), Kind.TASK, 1, 0, person=REP, touchpoint="demo", hours=2.0, item=0))
        rows.append(row(at(day, 14), Kind.TASK, 1, 0, person=REP, touchpoint="account_care", hours=1.0))
    found = tables.staff(log_of(*rows), asked).iloc[0]
    assert found[["meeting_hours", "care_hours", "other_hours"]].tolist() == [2.0, 3.0, 1.0]


def test_commission_and_margin_of_a_real_run():
    base = fs.load("small").with_changes({"world.segments.*.accounts": 1500, "horizon_quarters": 2})
    dear = base.with_changes(
        {
            "timeline": [
                {"date": "2026-04-01", "changes": {"world.finance.commission": 0.1, "world.finance.gross_margin": 0.5}}
            ]
        }
    )
    was, now = fs.simulate(base), fs.simulate(dear)
    pd.testing.assert_frame_equal(was.funnel(), now.funnel())  # nobody behaves differently
    before, after = was.profit_and_loss(), now.profit_and_loss()
    first, second = after.columns[:2]
    flows = ["revenue_earned", "cost_of_goods", "commission", "profit"]
    pd.testing.assert_series_equal(before.loc[flows, first], after.loc[flows, first])
    assert after.loc["cost_of_goods", second] == pytest.approx(-0.5 * after.loc["revenue_earned", second], abs=0.02)
    deals = now.opportunities()
    booked = deals.loc[deals["decided"] >= pd.Timestamp("2026-04-01"), "sold_price"].sum()
    assert booked > 0
    assert after.loc["commission", second] == pytest.approx(-0.1 * booked, abs=0.5)
    assert after.loc["profit", "total"] == pytest.approx(now.kpis()["profit"], abs=0.01)
