"""Products in the tables, by hand: terms, margins, customers, repeat purchases."""

from __future__ import annotations

import numpy as np
import pytest
from table_logs import at, log_of, row, scenario

from funnelsim import tables
from funnelsim.events import Kind, Product
from funnelsim.tables.reading import Reading

WORLD = {"portfolio": {"entry_margin": -0.1, "addon_margin": 0.9, "premium_margin": 0.8}}
YEARLY = 365_000
"""Cents: ten dollars a day."""


def story():
    """A buyer of the entry product buys the core product 40 days later; both renew, the core one as premium."""
    return [
        row(at(-92), Kind.WON, 7, 0, touchpoint=int(Product.ENTRY), item=0, amount=YEARLY),
        row(at(-52), Kind.CROSS_SOLD, 7, 0, item=1, value=92.0, amount=2 * YEARLY),
        row(at(-52), Kind.CROSS_SOLD, 7, 0, touchpoint=int(Product.ADDON), item=1, value=92.0, amount=YEARLY),
        row(at(40), Kind.TRADED_UP, 7, 0, touchpoint=int(Product.PREMIUM), item=0, amount=YEARLY),
        row(at(40), Kind.RENEWED, 7, 0, touchpoint=int(Product.ENTRY), item=0, value=0.8, amount=YEARLY),
        row(at(40), Kind.RENEWED, 7, 0, touchpoint=int(Product.PREMIUM), item=0, value=0.8, amount=3 * YEARLY),
        row(at(40), Kind.RENEWED, 7, 0, touchpoint=int(Product.ADDON), item=0, value=0.8, amount=YEARLY),
    ]


def asked():
    return scenario(customers={"term_days": 132.0, "churn": 0.2, "start": 0}, **WORLD)


def test_what_each_product_earned():
    table = tables.products(log_of(*story()), asked()).set_index("product")
    # of 90 days: 40 before the renewal, 50 after it
    assert table["revenue_earned"].to_dict() == pytest.approx(
        {"core": 800.0, "entry": 900.0, "addon": 900.0, "premium": 1500.0}, abs=0.02
    )
    assert table.loc["entry", "margin"] == pytest.approx(-90.0, abs=0.02)
    assert table.loc["premium", "margin"] == pytest.approx(1200.0, abs=0.02)
    assert table["customers_end"].to_dict() == {"core": 0, "entry": 1, "addon": 1, "premium": 1}
    assert table["sold"].to_dict() == {"core": 0, "entry": 0, "addon": 0, "premium": 1}


def test_profit_takes_each_product_at_its_own_margin():
    log = log_of(*story())
    lines = tables.profit_and_loss(log, asked())["total"]
    assert lines["revenue_earned"] == pytest.approx(4100.0, abs=0.05)
    assert lines["gross_profit"] == pytest.approx(800 * 0.75 - 90 + 810 + 1200, abs=0.05)
    value = tables.profit_and_loss(log, asked())["total"]["customer_value_end"]
    left, factor = 132.0 - 50.0, 0.8 / 0.3
    worth = [(10.0, -0.1), (30.0, 0.8), (10.0, 0.9)]
    assert value == pytest.approx(sum(a * (left + 365.0 * factor) * m for a, m in worth), rel=1e-4)


def test_one_customer_whatever_it_buys():
    log = log_of(*story())
    this = Reading(log, asked())
    assert this.terms.customers(np.array([at(-60), at(10), at(60)])).tolist() == [1, 1, 1]
    table = tables.customers(log, asked())
    assert table["product"].tolist() == ["entry"]
    assert table["renewals"].tolist() == [1]
    assert table["added_price"].tolist() == [4 * 3650.0]
    assert tables.kpis(log, asked())["churn_rate"] == 0.0


def test_products_do_not_look_like_touchpoints():
    table = tables.events(log_of(*story()), asked(), burn_in=True)
    assert table["touchpoint"].isna().all()
    assert table["product"].tolist() == ["entry", "core", "addon", "premium", "entry", "premium", "addon"]


def test_repeat_purchases_are_revenue_at_once():
    rows = [
        row(at(-92), Kind.CUSTOMER, 7, 0, value=10.0, amount=10_000),
        row(at(-92), Kind.CUSTOMER, 8, 0, value=10.0, amount=10_000),
        row(at(-20), Kind.PURCHASE, 7, 0, item=0, amount=10_000),
        row(at(30), Kind.PURCHASE, 7, 0, item=1, amount=12_000),
        row(at(30), Kind.UPSOLD, 7, 0, touchpoint=int(Product.ADDON), amount=3_000),
        row(at(30), Kind.PURCHASE, 8, 0, item=0, amount=50_000),
        row(at(30), Kind.CHURNED, 8, 0, item=1, value=0.7),
    ]
    world = scenario(customers={"churn": 0.2, "start": 0, "purchase": "repeat"}, **WORLD)
    log = log_of(*rows)
    numbers = tables.kpis(log, world)
    assert numbers["revenue_earned"] == 650.0
    assert numbers["customers_end"] == 1
    assert numbers["purchases"] == 2
    assert np.isnan(numbers["churn_rate"])
    expected = 220.0 * 0.75 * 0.8 / 0.3 + 30.0 * 0.9 * 0.8 / 0.3  # who has left is worth nothing any more
    assert numbers["customer_value_end"] == pytest.approx(expected)
    assert tables.customers(log, world)["purchases"].tolist() == [2, 1]
