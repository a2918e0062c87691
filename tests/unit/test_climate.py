"""What the levers of alignment, sourcing and the rules of marketing do to the values in force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from funnelsim.engines.reference.model import Model
from funnelsim.events import DAY, HOUR, Kind, Lever
from funnelsim.experiments.payroll import payroll
from funnelsim.scenario.alignment import LEVELS, Alignment, level_name
from funnelsim.scenario.files import load
from funnelsim.scenario.lowered import LEVER_OF, Effect
from funnelsim.scenario.lowering import lower

OFF = {"world.alignment.on": False, "world.conflict.on": False, "world.targeting.learns": False}
RULES = {f"{plan}.marketing.lead_bar": 1.4 for plan in ("plan", "world.incumbent")}
SMALL = load("small").with_changes({**OFF, **RULES, "world.segments.*.accounts": 600, "world.customers.start": 5})
ON = {"world.alignment.on": True, "world.burn_in_quarters": 0}
NEUTRAL = {
    "marketing_pace": 1.0, "sales_pace": 1.0, "consistency": 1.0, "visibility": 1.0, "tools": 1.0, "approval": 1.0,
    "preference": 0.0, "promise": 0, "licence": 0.0, "score_noise": 1.2, "lead_bar": 1.4,
}  # fmt: skip


def climate(changes=(), **more):
    """Climate at the start of a run."""
    return Model(lower(SMALL.with_changes({**dict(changes), **more})), 1, 0).firm.climate


def values(found):
    return {name: getattr(found, name) for name in NEUTRAL}


def log_of(changes):
    return Model(lower(SMALL.with_changes(changes)), 1, 0).run()


def test_levers_are_those_of_the_plan_and_effects_those_of_the_world():
    assert [lever.name.lower() for lever in Lever] == list(Alignment.model_fields)
    assert len(LEVER_OF) == len(Effect)
    assert {lever.name for lever in LEVER_OF} == {lever.name for lever in Lever} - {"FOLLOW_UP_PROMISE"}


def test_off_and_all_defined_change_nothing():
    assert values(climate({"plan.alignment": "integrated"})) == NEUTRAL
    defined = values(climate(ON))
    assert (defined.pop("visibility"), defined.pop("licence")) == (0.6, 300.0)
    assert defined == {name: NEUTRAL[name] for name in defined}


@pytest.mark.parametrize(
    ("lever", "expected"),
    [
        ("meetings", {"marketing_pace": 1.0 - 0.0375, "sales_pace": 1.0 - 0.0375}),
        ("decision_rights", {"approval": 0.5, "marketing_pace": 1.01, "sales_pace": 1.01}),
        ("joint_programmes", {"consistency": 1.0 / 0.95, "sales_pace": 1.0 - 0.0175}),
        ("tools_and_feedback", {"tools": 1.04, "marketing_pace": 1.0 - 0.015, "sales_pace": 1.0 - 0.015}),
        ("shared_metrics", {"preference": 1.0}),
        ("lead_definition", {"score_noise": 1.2 * 0.87, "marketing_pace": 1.0 - 0.0075}),
        ("follow_up_promise", {"promise": 2 * HOUR}),
        ("shared_record", {"visibility": 0.8, "licence": 2400.0}),
    ],
)
def test_each_lever_alone(lever, expected):
    before, after = values(climate(ON)), values(climate(ON, **{f"plan.alignment.{lever}": 3.0}))
    for name, value in after.items():
        assert value == pytest.approx(expected.get(name, before[name]), abs=1e-12), name


def test_shared_metrics_and_feedback_teach_marketing():
    low, high = (climate(ON, **{"plan.alignment": level}) for level in ("undefined", "integrated"))
    assert (low.learning, high.learning) == (0.01, 0.04)
    assert (low.revenue_weight, high.revenue_weight) == (0.0, 0.5)
    assert (low.most, high.most) == (0.8, pytest.approx(0.75))
    assert climate(ON, **{"plan.marketing.sourcing": "agency"}).learning == 0.01
    assert climate(ON, **{"plan.sales.sourcing": "contract"}).learning == 0.0


def test_names_stand_for_levels():
    for number, name in enumerate(LEVELS):
        assert Alignment.at(name) == Alignment.at(float(number))
        assert level_name(Alignment.at(name)) == name
    assert level_name(Alignment(meetings=2.0)) is None


def test_a_plan_takes_months_to_become_true():
    log = log_of({"world.alignment.on": True, "plan.alignment": "aligned", "world.burn_in_quarters": 1})
    rows = log[(log["kind"] == int(Kind.ALIGNMENT)) & (log["item"] == int(Lever.MEETINGS))]
    assert len(rows) == 12
    assert rows["value"][0] == pytest.approx(2.0 - math.exp(-1.0 / 6.0))
    assert rows["value"][-1] == pytest.approx(2.0 - math.exp(-12.0 / 6.0))
    assert rows["time"][0] == 0  # day 0 is the first of a month


def test_licences_are_paid_for_everyone_each_month():
    log = log_of({**ON, "plan.sales.reps": 2.0, "plan.marketing.marketers": 1.0, "world.people.rep.attrition": 0.0})
    rows = log[log["kind"] == int(Kind.TOOLS_COST)]
    assert rows["amount"][rows["team"] == 0].tolist() == [2500] * 12
    assert rows["amount"][rows["team"] == 1].tolist() == [5000] * 12


def test_a_budget_follows_what_was_billed():
    changes = {"plan.marketing.budget_rule": "revenue_share", "plan.marketing.budget_most": 10.0}
    log = log_of({**changes, "world.burn_in_quarters": 0, "world.customers.start": 40})
    rows = log[log["kind"] == int(Kind.BUDGET)]
    quarters = [0, 90, 181, 273]
    assert (rows["time"] // DAY).tolist() == quarters[1:]
    billed = np.isin(log["kind"], [int(Kind.WON), int(Kind.RENEWED)])
    for number, amount in enumerate(rows["amount"].tolist(), start=1):
        cents = int(log["amount"][billed & (log["time"] < quarters[number] * DAY)].sum())
        assert amount == min(int(cents * 0.1 * (4.0 / number) + 0.5), 60_000_000)


def test_the_bar_gives_way_and_comes_back_with_the_quarter():
    log = log_of({"plan.marketing.lead_target": 1e6, "world.burn_in_quarters": 0})
    rows = log[log["kind"] == int(Kind.BAR)]
    assert rows["value"][0] == pytest.approx(1.4 - 0.8 * 0.9, abs=0.01)
    assert (rows["time"] // DAY).tolist()[:4] == [31, 59, 90, 120]
    assert rows["value"][2] == 1.4


def test_a_promise_escalates_what_waits():
    changes = {**ON, "plan.sales.reps": 0.1, "plan.sales.lead_preference": 20.0, "plan.marketing.lead_bar": -20.0}
    none = log_of({**changes, "plan.marketing.lead_target": 0.0})
    some = log_of({**changes, "plan.alignment.follow_up_promise": 3.0})
    assert not (none["kind"] == int(Kind.ESCALATED)).any()
    waited = some["value"][some["kind"] == int(Kind.ESCALATED)]
    assert len(waited) > 0 and waited.min() >= 2.0 / 24.0


def test_sourcing_changes_what_people_cost():
    own, agency, contract = (
        SMALL,
        SMALL.with_changes({"plan.marketing.sourcing": "agency"}),
        SMALL.with_changes({"plan.sales.sourcing": "contract"}),
    )
    people, plan = own.world.people, own.plan
    assert payroll(own) - payroll(agency) == pytest.approx(0.2 * people.marketer.cost * plan.marketing.marketers)
    assert payroll(own) - payroll(contract) == pytest.approx(people.rep.cost * plan.sales.reps)
    phase = lower(contract).phases[-1]
    assert phase.reps.cost == 0 and phase.commission == pytest.approx(0.1)
    assert phase.reps.productive_share == pytest.approx(0.3 * people.rep.productive_share)
    assert lower(agency).phases[-1].approval == 35 * DAY


def test_conflict_fades_where_nothing_feeds_it():
    changes = {"world.conflict.on": True, "world.conflict.imbalance": 0.0, "world.conflict.rejected": 0.0}
    log = log_of({**changes, "world.conflict.unworked": 0.0})
    assert (log["value"][log["kind"] == int(Kind.CONFLICT)] == 0.0).all()
    crowded = log_of({"world.conflict.on": True, "plan.sales.reps": 4.0, "plan.marketing.marketers": 0.2})
    assert crowded["value"][crowded["kind"] == int(Kind.CONFLICT)][-1] > 0.3
