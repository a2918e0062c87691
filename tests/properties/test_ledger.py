"""The ledger adds up to the cent, however it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_logs import at, log_of, row, scenario

from funnelsim import tables
from funnelsim.events import DAY, Kind, Role, person_number
from funnelsim.tables.kpis import kpis
from funnelsim.tables.ledger import daily_cents
from funnelsim.tables.reading import Reading

pytestmark = pytest.mark.properties

REP = person_number(Role.REP, 0, 0)
DAYS = st.floats(-92, 89.99)
PRICES = st.integers(1, 50_000_000)


@st.composite
def logs(draw):
    """A log of terms that begin at any moment, and of costs of every cause and both teams."""
    rows = []
    for account, (left, price) in enumerate(draw(st.lists(st.tuples(st.floats(0, 365), PRICES), max_size=6))):
        rows.append(row(at(-92), Kind.CUSTOMER, account, 0, value=left, amount=price))
    for account, (day, price) in enumerate(draw(st.lists(st.tuples(DAYS, PRICES), max_size=8)), start=20):
        rows.append(row(at(day), Kind.WON, account, 0, item=0, amount=price, person=REP))
        rows.append(row(at(day), Kind.RENEWED, 40 + account, 0, item=0, amount=price))
    costs = st.tuples(
        DAYS, st.sampled_from([Kind.SALARY, Kind.COMMISSION, Kind.HIRING_COST, Kind.PROGRAMME_LAUNCHED]), PRICES
    )
    for day, kind, amount in draw(st.lists(costs, max_size=12)):
        rows.append(row(at(day), kind, team=draw(st.sampled_from([-1, 0, 1])), person=REP, amount=amount))
    return log_of(*rows)


WORLDS = st.fixed_dictionaries(
    {
        "customers": st.builds(
            lambda days: {"term_days": days, "churn": 0.2, "start": 0}, st.sampled_from([30.0, 91.5, 365.0, 730.0])
        ),
        "finance": st.builds(lambda margin: {"gross_margin": margin}, st.sampled_from([0.0, 0.333, 0.78, 1.0])),
        "workweek": st.sampled_from([{}, {"weekdays": (0,)}, {"holidays": ("2026-01-31", "2026-03-31", "2026-01-01")}]),
    }
)


def cents(frame, columns):
    return {column: int(np.rint(frame[column] * 100).sum()) for column in columns}


@given(log=logs(), world=WORLDS)
@settings(max_examples=40, deadline=None)
def test_every_cut_adds_up(log, world):
    asked = scenario(**world)
    this = Reading(log, asked)
    rows = tables.ledger(this, asked)
    profit = int(rows.loc[rows["in_profit"], "cents"].sum())
    cash = int(rows.loc[rows["in_cash"], "cents"].sum())
    assert (np.rint(rows["amount"] * 100) == rows["cents"]).all()
    for by in ("month", "quarter", "team", ["month", "team"]):
        cut = tables.ledger(this, asked, by=by)
        assert cents(cut, ["profit", "cash"]) == {"profit": profit, "cash": cash}, by
    for by in ("cause", ["quarter", "cause"], ["month", "team", "cause"]):
        cut = tables.ledger(this, asked, by=by)
        assert int(cut.loc[cut["in_profit"], "cents"].sum()) == profit, by
        assert int(cut.loc[cut["in_cash"], "cents"].sum()) == cash, by
    for freq in "DWMQ":
        series = tables.series(this, asked, freq)
        assert cents(series, ["profit"])["profit"] == profit, freq
    assert round(tables.profit_and_loss(this, asked).loc["profit", "total"] * 100) == profit
    assert round(kpis(this, asked)["profit"] * 100) == profit


@given(log=logs(), world=WORLDS)
@settings(max_examples=40, deadline=None)
def test_what_is_billed_is_earned_in_the_end(log, world):
    this = Reading(log, scenario(**world))
    terms = this.terms
    ever = np.array([terms.start.min(initial=0), terms.end.max(initial=0)])
    assert terms.earned_between(ever).tolist() == [terms.billed.sum()]
    cuts = np.unique(np.linspace(ever[0], ever[1], 57).astype(np.int64))
    if len(cuts) > 1:
        parts = terms.earned_between(cuts)
        assert parts.sum() == terms.billed.sum()
        assert (parts >= 0).all()


@given(log=logs(), world=WORLDS)
@settings(max_examples=40, deadline=None)
def test_money_is_booked_on_working_days(log, world):
    this = Reading(log, scenario(**world))
    days = daily_cents(this)["day"].to_numpy()
    working = this.clock.worked((days + 1) * DAY) - this.clock.worked(days * DAY) > 0
    assert working.all()


def test_a_cut_that_does_not_exist():
    with pytest.raises(ValueError, match="cannot be cut by 'person'"):
        tables.ledger(log_of(), scenario(), by="person")
