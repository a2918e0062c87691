"""What something is worth: what is re-run, and how the numbers follow from a comparison."""

from __future__ import annotations

import numpy as np
import pytest

import funnelsim as fs
from funnelsim.errors import ScenarioError
from funnelsim.experiments.counterfactuals import case_of, move_words, value_at
from funnelsim.experiments.intervals import mean_interval, paired_difference
from funnelsim.experiments.levers import MIX, plan_levers
from funnelsim.experiments.value import REP, TODAY
from funnelsim.scenario.changes import paths
from funnelsim.scenario.tree import from_plain

SMALL = {
    "world.segments.*.accounts": 400,
    "world.customers.start": 4,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 1,
}
ONE = {"workers": 1, "progress": False}


@pytest.fixture(scope="module")
def tiny():
    return fs.load("small").with_changes(SMALL)


@pytest.fixture(scope="module")
def channel(tiny):
    return fs.value_of(tiny, "channel.webinar", replications=3, **ONE)


def only(case):
    (found,) = case.ways.values()
    return found


# ----------------------------------------------------------------------------------------------------- what is re-run


def test_a_step_moves_one_number(tiny):
    case = case_of(tiny, "plan.sales.reps", 1, None, "both")
    assert only(case) == tiny.with_changes({"plan.sales.reps": 2})
    assert case.what == "one more rep" and not case.taken_away
    assert move_words("plan.sales.sdrs", -2) == "2 fewer SDRs"
    assert move_words("plan.marketing.marketers", 0.5) == "0.5 more marketer"


def test_a_step_is_made_wherever_the_timeline_sets_the_number(tiny):
    later = tiny.with_changes({"timeline": [{"date": "2026-02-01", "changes": {"plan.sales.reps": 3}}]})
    found = only(case_of(later, "plan.sales.reps", 1, None, "both"))
    assert found.plan.sales.reps == 2 and found.timeline[0].changes["plan.sales.reps"] == 4


@pytest.mark.parametrize("dated", [{"plan": {"sales": {"reps": 3}}}, {"plan.sales": {"reps": 3}}])
def test_a_timeline_that_would_undo_the_change_is_refused(tiny, dated):
    later = tiny.with_changes({"timeline": [{"date": "2026-02-01", "changes": dated}]})
    with pytest.raises(ScenarioError, match="the timeline changes"):
        case_of(later, "plan.sales.reps", 1, None, "both")


def test_a_team_goes_with_its_heads(tiny):
    sales = only(case_of(tiny, "team.sales", None, None, "both"))
    assert (sales.plan.sales.reps, sales.plan.sales.sdrs) == (0, 0)
    marketing = case_of(tiny, "team.marketing", None, None, "both")
    assert marketing.taken_away
    assert only(marketing).plan.marketing.marketers == only(marketing).plan.marketing.programme_money == 0


def test_the_money_of_a_channel_is_saved_or_spread(tiny):
    case = case_of(tiny, "channel.webinar", None, None, "both")
    before = tiny.plan.marketing
    saved, spread = (one.plan.marketing for one in case.ways.values())
    for after in (saved, spread):
        assert "webinar" not in after.mix
        assert sum(after.mix.values()) == pytest.approx(1.0)
    assert spread.programme_money == before.programme_money
    for name in saved.mix:
        dollars = before.programme_money * before.mix[name]
        assert saved.programme_money * saved.mix[name] == pytest.approx(dollars)
    assert list(case_of(tiny, "channel.webinar", None, None, "spread").ways) == ["money spread"]


def test_the_only_channel_has_nowhere_to_go(tiny):
    lone = tiny.with_changes({"plan.marketing.mix": {"ads": 1.0}})
    (saved,) = case_of(lone, "channel.ads", None, None, "both").ways.values()
    assert saved.plan.marketing.programme_money == 0 and saved.plan.marketing.mix == {}
    with pytest.raises(ScenarioError, match="nowhere to go"):
        case_of(lone, "channel.ads", None, None, "spread")


def test_a_touch_does_nothing_from_day_0_on(tiny):
    found = only(case_of(tiny, "touchpoint.demo", None, None, "both"))
    assert found.world == tiny.world, "the past is as it was"
    assert found.timeline[0].date == tiny.start
    assert found.timeline[0].changes == {"world.touchpoints.demo.strength": 0.0, "world.touchpoints.demo.capture": 0.0}


@pytest.mark.parametrize(
    ("change", "by", "to", "words"),
    [
        ("plan.sales.rep", 1, None, "did you mean 'plan.sales.reps'"),
        ("plan.sales.reps", None, None, "say by="),
        ("plan.sales.reps", 1, 2, "not both"),
        ("plan.sales.reps", 0, None, "other than 0"),
        ("plan.marketing.hand_over", 1, None, "moves a number"),
        ("team.slaes", None, None, "did you mean 'sales'"),
        ("channel.webinars", None, None, "did you mean 'webinar'"),
        ("touchpoint.dmeo", None, None, "did you mean 'demo'"),
        ("chanel.webinar", None, None, "did you mean 'channel'"),
        ({}, None, None, "nothing is changed"),
        ({"plan.sales.reps": 1.0}, None, None, "change nothing"),
        ({"plan.sales.reps": 2}, 1, None, "one dotted path"),
        (3, None, None, "expected a dotted path"),
    ],
)
def test_mistakes_are_told(tiny, change, by, to, words):
    with pytest.raises(ScenarioError, match=words):
        case_of(tiny, change, by, to, "both")


def test_money_is_money(tiny):
    with pytest.raises(ScenarioError, match="is not money"):
        fs.value_of(tiny, "plan.sales.reps", 1, kpi="wins")
    with pytest.raises(ScenarioError, match="did you mean 'profit'"):
        fs.value_of(tiny, "plan.sales.reps", 1, kpi="profits")
    with pytest.raises(ScenarioError, match="what becomes of it"):
        fs.value_of(tiny, "channel.webinar", money="burnt")


# ------------------------------------------------------------------------------------------------------- the numbers


def test_the_value_of_what_is_there_is_today_less_without_it(channel):
    today, without = (np.array(channel.comparison.values("profit_with_value", one)) for one in (TODAY, "money saved"))
    assert channel.gains() == pytest.approx((today - without) / 0.25), "USD per year, of one quarter"
    expected = paired_difference(today / 0.25, without / 0.25).interval
    assert channel.money()[:3] == pytest.approx(expected[:3])


def test_reps_worth_divides_by_one_more_rep(channel):
    rep = np.array(channel.comparison.values("profit_with_value", REP))
    today = np.array(channel.comparison.values("profit_with_value", TODAY))
    worth = channel.reps_worth()
    assert worth.mean == pytest.approx(np.mean(channel.gains()) / np.mean((rep - today) / 0.25))
    table = channel.table()
    assert list(table.index.get_level_values("what")) == [
        "the channel webinar, money saved", "the channel webinar, money spread", "one more rep",
    ]  # fmt: skip
    assert set(table["n"]) == {3}


def test_one_more_rep_is_worth_one_rep(tiny):
    found = fs.value_of(tiny, "plan.sales.reps", 1, replications=3, **ONE)
    assert found.comparison.labels == [TODAY, "with it"], "it is run once"
    assert found.reps_worth().mean == pytest.approx(1.0)
    assert "reps’ worth" not in found.sentence


def test_words_say_where_the_numbers_come_from(channel):
    assert "3 replications" in channel.sentence and "95 %" in channel.sentence
    assert "money saved" in channel.sentence and "money spread" in channel.sentence
    assert "<table" in channel._repr_html_()
    assert str(channel) == channel.sentence


def test_money_for_each_unit_of_another_key_figure(channel):
    moved = np.subtract(channel.comparison.values("leads", "money saved"), channel.comparison.values("leads", TODAY))
    money = -np.array(channel.gains())
    assert channel.per("leads").mean == pytest.approx(money.mean() / moved.mean())


def test_replications_are_added_until_the_interval_is_narrow(tiny):
    wide = fs.value_of(tiny, "channel.webinar", precision=1e9, reps_worth=False, **ONE)
    assert 10 <= wide.n <= 20, "it is never judged by few"
    half = wide.money().half_width
    assert wide.comparison.precision.allowed == pytest.approx(1e9 * 0.25), "per year, of one quarter"
    assert half <= 1e9
    with pytest.raises(ScenarioError, match="precision"):
        fs.value_of(tiny, "channel.webinar", precision=-1.0, **ONE)
    with pytest.raises(ScenarioError, match="precision is asked for"):
        fs.value_of(tiny, "channel.webinar", precision=1e9, replications=3, **ONE)


# ---------------------------------------------------------------------------------------------------------- levers


def test_every_field_of_the_plan_is_a_lever(tiny):
    levers, stuck = plan_levers(tiny)
    moved = {lever.path for lever in levers} | set(stuck)
    known = list(paths(from_plain(tiny.model_dump())))
    whole = {path for path in known if any(other.startswith(f"{path}.") for other in known)}
    text = {path for path in known if isinstance(value_at(tiny, path), str | tuple | dict | type(None))}
    fields = {path for path in known if path.startswith("plan.")} - whole - text
    assert fields <= moved
    assert {f"{MIX}.{name}" for name in tiny.plan.marketing.mix} <= moved
    names = [lever.name for lever in levers]
    assert len(set(names)) == len(names)


def test_steps_are_sensible_and_valid(tiny):
    levers = {lever.name: lever for lever in plan_levers(tiny)[0]}
    assert levers["one more rep"].cost == tiny.world.people.rep.cost
    money = levers["programme money +$18.0k"]
    assert (money.step, money.cost) == (18_000.0, 1.0)
    assert levers["hand over on to off"].value is False
    pair = next(lever for name, lever in levers.items() if name.startswith("one more marketer with"))
    assert pair.cost == pytest.approx(tiny.world.people.marketer.cost + 300_000)
    ads = next(lever for name, lever in levers.items() if name.startswith("ads programmes"))
    plan = ads.scenario.plan.marketing
    assert plan.programme_money * plan.mix["ads"] == pytest.approx(ads.value)
    assert plan.programme_money * plan.mix["event"] == pytest.approx(60_000 * tiny.plan.marketing.mix["event"])
    full = tiny.with_changes({"plan.sales.tracking": 1.0})
    (tracking,) = plan_levers(full, ["plan.sales.tracking"])[0]
    assert tracking.step == pytest.approx(-0.1), "a number at its bound moves down"


def test_levers_that_were_asked_for(tiny):
    (one,) = plan_levers(tiny, {"plan.sales.reps": 0.5})[0]
    assert one.value == 1.5
    assert {lever.path for lever in plan_levers(tiny, ["plan.sales.priorities"])[0]} == {
        f"plan.sales.priorities.{name}" for name in type(tiny.plan.sales.priorities).model_fields
    }
    (channel,) = plan_levers(tiny, [f"{MIX}.webinar"])[0]
    assert channel.path == f"{MIX}.webinar"
    with pytest.raises(ScenarioError, match="did you mean"):
        plan_levers(tiny, ["plan.sales.rep"])


def test_marginal_values_follow_from_the_comparison(tiny):
    levers = {
        "plan.sales.reps": 1,
        "plan.sales.sdrs": 1,
        "plan.sales.ramped": 1,
        "plan.marketing.programme_money": 6000,
    }
    found = fs.marginal_values(tiny, levers, replications=3, screen=2, refine=1, **ONE)
    table = found.table()
    assert "ramped off to on" in found.idle, "nobody is hired"
    reps = table.loc["one more rep"]
    gap = np.subtract(
        found.refined.values("profit_with_value", "one more rep"), found.refined.values("profit_with_value", TODAY)
    )
    assert reps["money_per_year"] == pytest.approx(gap.mean() / 0.25)
    assert reps["per_dollar"] == pytest.approx(reps["per_unit"] / 180_000)
    joint = mean_interval(gap / 0.25, 1.0 - 0.05 / len(found.levers))
    assert (reps["low"], reps["high"]) == pytest.approx((joint.low, joint.high)), "intervals hold together"
    assert list(table["money_per_year"]) == sorted(table["money_per_year"], reverse=True)
    quarters = found.by_quarter()
    total = quarters[quarters["lever"] == "one more rep"]["money"].sum()
    assert total == pytest.approx(gap.mean()), "the quarters add up to the horizon"
    binds = found.bottleneck()
    assert list(binds.index) == ["2026 Q1", "all"]
    load = found.load.table
    assert ((load["utilisation"] >= 0.0) & (load["utilisation"] <= 1.01)).all()
    assert "Busiest" in found.sentence and "<table" in found._repr_html_()


def test_load_by_quarter_adds_up_to_the_run(tiny):
    from funnelsim.experiments.load import load_of

    longer = tiny.with_changes({"horizon_quarters": 2})
    table = load_of(longer, 1).table
    run = fs.simulate(longer)
    whole = run.kpis()["utilisation_reps"]
    parts = table.xs("rep", level="role")["utilisation"]
    assert parts.min() <= whole <= parts.max()
    assert list(parts.index) == ["2026 Q1", "2026 Q2"]
