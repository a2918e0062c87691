"""Scenario files: shipped ones load; wrong ones get one clear line; garbled ones never a traceback."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from funnelsim.errors import FunnelsimError, ScenarioError, TooLargeError
from funnelsim.scenario import files
from funnelsim.scenario.changes import differences, end_date, quarter_start, states, with_changes
from funnelsim.scenario.files import list_shipped, load, load_plan, load_study, load_world, scenarios_root
from funnelsim.scenario.schema import Plan, SalesPlan, Scenario
from funnelsim.scenario.size import check_size, estimate
from funnelsim.scenario.tree import MAX_BYTES, parse, to_plain

WRONG = sorted((Path(__file__).parent.parent / "scenarios" / "wrong").rglob("*.yaml"))
FOLDERS = {"as_plan": load_plan, "as_world": load_world, "as_study": load_study}
LOADERS = {"scenario": load, "plan": load_plan, "world": load_world, "study": load_study}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def message(path: Path | str, loader=load) -> str:
    with pytest.raises(ScenarioError) as caught:
        loader(path)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------- shipped files


@pytest.mark.parametrize(
    "kind, name", [(kind, name) for kind, entries in list_shipped().items() for name, _ in entries]
)
def test_shipped_files_load(kind, name):
    assert LOADERS[kind](name).title


def test_shipped_kinds():
    shipped = list_shipped()
    assert set(shipped) == {"scenario", "plan", "world", "study"}
    assert "base" in dict(shipped["scenario"]) and "ratio_study" in dict(shipped["study"])
    assert (scenarios_root() / "plans" / "base.yaml").is_file()


def test_studies():
    ratio = load_study("ratio-study")
    assert list(ratio.scenarios) == ["1:1", "2:1", "3:1", "5:1", "8:1", "10:1", "15:1", "20:1"]
    assert ratio.baseline == "5:1"
    costs = []
    for label, scenario in ratio.scenarios.items():
        plan = scenario.plan
        assert plan.sales.reps / plan.marketing.marketers == pytest.approx(float(label.split(":")[0]), rel=2e-3)
        costs.append(plan.sales.reps * 180e3 + plan.marketing.marketers * 162e3 + plan.marketing.programme_money)
    assert max(costs) - min(costs) < 1000
    alignment = load_study("alignment_study")
    today = alignment.scenarios["today"]
    assert today == load("base")
    undefined = alignment.scenarios["undefined, same heads"].plan
    assert undefined.sales.reps == today.plan.sales.reps
    assert undefined.marketing == load_plan("undefined").marketing
    assert pickle.loads(pickle.dumps(alignment)) == alignment


# --------------------------------------------------------------------------------------------------------- wrong files


def test_enough_wrong_files():
    assert len(WRONG) >= 30


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_file_gets_one_clear_line(path):
    expected = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect: ")
    loader = FOLDERS.get(path.parent.name, load)
    with pytest.raises(FunnelsimError) as caught:
        loader(path)
    text = str(caught.value)
    assert "\n" not in text
    assert re.search(expected, text), text
    assert path.name in text
    assert "pydantic" not in text and "http" not in text and "Traceback" not in text
    assert caught.value.file and path.name in caught.value.file


def test_several_faults_each_on_a_line(tmp_path):
    path = write(
        tmp_path / "x.yaml",
        "world: b2b_midmarket\nplan:\n  extends: base\n  sales: {rep: 3, tracking: 2}\n  marketing: {marketers: two}\n",
    )
    with pytest.raises(ScenarioError) as caught:
        load(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3 == len(caught.value.faults)
    assert [fault.line for fault in caught.value.faults] == [4, 4, 5]
    assert [fault.field for fault in caught.value.faults] == [
        "plan.sales.rep",
        "plan.sales.tracking",
        "plan.marketing.marketers",
    ]
    assert caught.value.nearest == "reps"
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_at_most_ten_faults(tmp_path):
    fields = "".join(f"  wrong{n}: 1\n" for n in range(14))
    text = message(write(tmp_path / "x.yaml", f"world: b2b_midmarket\nplan:\n  extends: base\n{fields}"))
    assert len(text.splitlines()) == 11 and text.endswith("... and 4 more")


def test_unknown_names():
    assert "did you mean 'base'?" in message("bsae")
    assert "'ratio_05' is a plan" in message("ratio_05")
    assert "no such file" in message("nowhere/x.yaml")
    assert "is a folder" in message(Path("/"))
    for strange in ("", "\0", "a\nb", "a/\0.yaml", "é", ".."):
        message(strange)


def test_name_of_a_file_here(tmp_path, monkeypatch):
    write(tmp_path / "mine.yaml", "extends: base\n")
    monkeypatch.chdir(tmp_path)
    assert "./mine.yaml" in message("mine")
    assert load("mine.yaml") == load("./mine.yaml") == load(tmp_path / "mine.yaml") == load("base")
    assert message(write(tmp_path / "bad.yaml", "extends: bas")).startswith("bad.yaml, line 1: extends:")


def test_unreadable(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"title: \xff\xfe\n")
    assert "UTF-8" in message(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "larger than" in message(path)
    path.write_bytes(b'title: "\\UFFFFFFFF"\n')
    assert "not YAML" in message(path)
    path.write_bytes(b"\xef\xbb\xbfextends: base\n")
    assert load(path) == load("base")


# -------------------------------------------------------------------------------------------- extends, names and merges


def test_chain_of_extends(tmp_path):
    write(tmp_path / "plans" / "a.yaml", "extends: base\nsales: {reps: 7}\n")
    write(tmp_path / "plans" / "b.yaml", "extends: a\nmarketing: {marketers: 3}\n")
    write(tmp_path / "c.yaml", "title: c\nworld: b2b_midmarket\nplan: b\nhorizon_quarters: 8\n")
    path = write(tmp_path / "d.yaml", "extends: c\ntitle: d\nplan: {sales: {sdrs: 2}}\n")
    scenario = load(path)
    base = load("base")
    assert (scenario.plan.sales.reps, scenario.plan.sales.sdrs, scenario.plan.marketing.marketers) == (7, 2, 3)
    assert scenario.horizon_quarters == 8 and scenario.title == "d" and scenario.world == base.world
    assert scenario.plan.marketing.mix == base.plan.marketing.mix


def test_own_file_of_a_shipped_name_comes_first_and_can_extend_it(tmp_path):
    write(tmp_path / "plans" / "base.yaml", "extends: base\nsales: {reps: 3}\n")
    path = write(tmp_path / "base.yaml", "extends: base\nplan: base\n")
    scenario = load(path)
    assert scenario.plan.sales.reps == 3
    assert scenario.world.incumbent.sales.reps == 10  # a shipped world keeps its own incumbent
    other = write(tmp_path / "other" / "x.yaml", "world: b2b_midmarket\nplan: plans/mine.yaml\n")
    write(tmp_path / "other" / "plans" / "mine.yaml", "extends: undefined\n")
    assert load(other).plan == load_plan("undefined")


def test_scenario_beside_is_not_taken_for_a_plan(tmp_path):
    write(tmp_path / "base.yaml", "extends: base\ntitle: mine\n")
    assert load(write(tmp_path / "x.yaml", "world: b2b_midmarket\nplan: base\n")).plan == load_plan("base")


def test_named_plan_replaces_and_mapping_merges(tmp_path):
    assert load(write(tmp_path / "a.yaml", "extends: base\nplan: undefined\n")).plan == load_plan("undefined")
    whole = load(write(tmp_path / "b.yaml", "extends: undefined\nplan: {extends: base, sales: {reps: 4}}\n")).plan
    assert whole.sales.tracking == 0.5 and whole.sales.reps == 4
    merged = load(write(tmp_path / "c.yaml", "extends: undefined\nplan: {sales: {reps: 4}}\n")).plan
    assert merged.sales.tracking == 0.0 and merged.sales.reps == 4


def test_mix_replaces_lists_replace_null_takes_away(tmp_path):
    path = write(
        tmp_path / "a.yaml",
        """
extends: base
plan: {marketing: {mix: {ads: 0.5, content: 0.5}}, sales: {reps: }}
world:
  workweek: {weekdays: [0, 1], holidays: }
  segments: {fringe: }
  people: {rep: {cost: 100000}}
""",
    )
    scenario = load(path)
    assert scenario.plan.marketing.mix == {"ads": 0.5, "content": 0.5}
    assert scenario.plan.sales.reps == SalesPlan().reps
    assert scenario.world.workweek.weekdays == (0, 1) and scenario.world.workweek.holidays == ()
    assert list(scenario.world.segments) == ["core"]
    assert scenario.world.people.rep.cost == 100000
    assert scenario.world.people.rep.attrition == 0.27  # what People says of reps, not what RolePeople says of anybody


def test_lines_survive_merges(tmp_path):
    write(tmp_path / "plans" / "a.yaml", "extends: base\n# here\nsales:\n  reps: -1\n")
    write(tmp_path / "b.yaml", "world: b2b_midmarket\n\nplan: a\n")
    path = write(tmp_path / "c.yaml", "extends: b\nplan: {marketing: {marketers: -2}}\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert {(Path(fault.file).name, fault.line, fault.field) for fault in caught.value.faults} == {
        ("a.yaml", 4, "plan.sales.reps"),
        ("c.yaml", 2, "plan.marketing.marketers"),
    }


def test_long_chain(tmp_path):
    for n in range(20):
        write(tmp_path / f"s{n}.yaml", f"extends: s{n + 1}\n")
    write(tmp_path / "s20.yaml", "extends: base\n")
    assert "more than 12 files" in message(tmp_path / "s0.yaml")
    assert load(tmp_path / "s12.yaml") == load("base")


@pytest.mark.parametrize(
    "where", ["../out.yaml", "plans/../../out.yaml", "/etc/hostname.yaml", "C:\\x.yaml", "..\\out.yaml", "~/x.yaml"]
)
def test_paths_stay_inside(tmp_path, where):
    write(tmp_path / "out.yaml", "sales: {reps: 1}\n")
    text = message(write(tmp_path / "in" / "x.yaml", f"world: b2b_midmarket\nplan: '{where}'\n"))
    assert "leads out" in text or "only paths relative" in text


def test_links_stay_inside(tmp_path):
    out = write(tmp_path / "out.yaml", "sales: {reps: 1}\n")
    path = write(tmp_path / "in" / "x.yaml", "world: b2b_midmarket\nplan: link.yaml\n")
    (tmp_path / "in" / "link.yaml").symlink_to(out)
    assert "leads out" in message(path)
    assert "leads out" in message(write(path, "world: b2b_midmarket\nplan: link\n"))
    (tmp_path / "in" / "loop.yaml").symlink_to(tmp_path / "in" / "loop.yaml")
    message(write(path, "world: b2b_midmarket\nplan: loop.yaml\n"))


def test_anchors_and_merge_keys(tmp_path):
    path = write(
        tmp_path / "x.yaml",
        "world:\n  extends: b2b_midmarket\n  segments:\n    core: &s {accounts: 500, deal_size: 30000}\n"
        "    fringe: {<<: *s, accounts: 600}\nplan: base\n",
    )
    segments = load(path).world.segments
    assert (segments["fringe"].accounts, segments["fringe"].deal_size) == (600, 30000)


def test_scalars():
    text = "a: no\nb: 1e3\nc: 1_000\nd: 2026-04-01\ne: '12'\nf: ~\ng: 012\nh: 1:30\ni: True\nno: x\n1: y\nj: 0x10\n"
    assert to_plain(parse(text)) == {
        "a": "no", "b": 1000.0, "c": 1000, "d": dt.date(2026, 4, 1), "e": "12", "f": None, "g": 12,
        "h": "1:30", "i": True, "no": "x", "1": "y", "j": "0x10",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- changes


def test_with_changes():
    base = load("base")
    changed = base.with_changes({"plan.sales.reps": 12, "plan.marketing.mix": {"ads": 1}, "title": "x"})
    assert (changed.plan.sales.reps, changed.plan.marketing.mix, changed.title) == (12, {"ads": 1.0}, "x")
    assert base.plan.sales.reps == 10
    assert base.with_changes({}) == base
    assert (
        base.with_changes({"plan.sales": {"reps": np.float64(4)}, "plan.sales.sdrs": np.int64(2)}).plan.sales.sdrs == 2
    )
    assert base.with_changes({"plan": "undefined", "plan.sales.reps": 10}).plan.sales.reps == 10
    assert base.with_changes({"plan.sales.reps": 10, "plan": "undefined"}).plan.sales.reps == 10
    assert base.with_changes({"plan": Plan()}).plan == Plan()
    assert base.with_changes({"plan": load_plan("undefined")}).plan == load_plan("undefined")
    assert base.with_changes({"plan.sales": {"reps": 3}}).plan.sales.priorities == base.plan.sales.priorities
    assert base.with_changes({"world": "b2b_small"}).world == load_world("b2b_small")
    assert {s.deal_size for s in base.with_changes({"world.segments.*.deal_size": 5}).world.segments.values()} == {5}
    assert list(base.with_changes({"world.segments.fringe": None}).world.segments) == ["core"]
    assert base.with_changes({"world.segments.new": {"accounts": 7}}).world.segments["new"].accounts == 7
    assert base.with_changes({"timeline": [{"date": "2026-04-01", "changes": {"plan.sales.reps": 1}}]}).timeline


@pytest.mark.parametrize(
    "path, value, expected",
    [
        ("plan.harmony", 1, r"plan\.harmony: no such path; .*\(plan has: title, price, sales, marketing, .*\)"),
        ("plan.reps", 1, r"did you mean 'plan\.sales\.reps'"),
        ("sales.reps", 1, r"did you mean 'plan\.sales\.reps'"),
        ("plan.sales.reps.x", 1, r"plan\.sales\.reps is a single value"),
        ("world.segments.cor.accounts", 1, r"did you mean 'world\.segments\.core\.accounts'"),
        ("world.segments.x", 3, r"world\.segments has: core, fringe"),
        ("", 1, "no such path"),
        ("plan.", 1, "no such path"),
        (
            "plan.sales.reps",
            "many",
            r"^plan\.sales\.reps: expected a number between 0 and 990 \(full posts\), got 'many'",
        ),
        ("plan.sales.reps", float("nan"), "got nan"),
        ("plan.sales.reps", object(), "expected a number"),
        ("plan.sales", 12, "expected a mapping"),
        ("plan", "bsae", "did you mean 'base'"),
        ("world", None, "world: missing"),
        ("plan.sales.reps", 10**400, "expected a number"),
    ],
)
def test_wrong_changes(path, value, expected):
    with pytest.raises(ScenarioError) as caught:
        with_changes(load("base"), {path: value})
    assert re.search(expected, str(caught.value)), str(caught.value)


def test_differences_are_changes():
    shipped = [load(name) for name, _ in list_shipped()["scenario"]]
    shipped += list(load_study("ratio_study").scenarios.values())
    shipped.append(
        shipped[0].with_changes(
            {
                "world.touchpoints.print": None,
                "plan.marketing.mix": {"ads": 1},
                "world.incumbent.marketing.mix": {"ads": 1},
            }
        )
    )
    for a in shipped:
        for b in shipped:
            found = differences(a, b)
            assert (not found) == (a == b)
            assert with_changes(a, {path: value for path, _, value in found}) == b


# ------------------------------------------------------------------------------------------------------------ timeline


def test_timeline(tmp_path):
    path = write(
        tmp_path / "x.yaml",
        """
extends: base
timeline:
  - {quarter: 3, changes: {plan: undefined}, note: forget the rules}
  - date: 2026-04-01
    changes: {plan.sales.reps: 12, "world.touchpoints.*.strength": 0.5}
  - date: 2026-04-01
    changes: {world.demand: 0.7, plan.marketing.mix: {ads: 1}}
""",
    )
    scenario = load(path)
    assert [change.date for change in scenario.timeline] == [
        dt.date(2026, 7, 1),
        dt.date(2026, 4, 1),
        dt.date(2026, 4, 1),
    ]
    dates = states(scenario)
    assert [date for date, _ in dates] == [dt.date(2026, 1, 1), dt.date(2026, 4, 1), dt.date(2026, 7, 1)]
    first, second, third = (state for _, state in dates)
    assert first.plan == scenario.plan
    assert second.plan.sales.reps == 12 and second.world.demand == 0.7 and second.plan.marketing.mix == {"ads": 1.0}
    assert second.world.touchpoints["print"].strength == 0.5
    assert third.plan == load_plan("undefined") and third.world == second.world
    assert end_date(scenario) == dt.date(2027, 1, 1)
    assert quarter_start(dt.date(2026, 10, 1), 5) == dt.date(2028, 1, 1)
    scenario.save(tmp_path / "y.yaml")
    assert load(tmp_path / "y.yaml") == scenario
    with pytest.raises(ScenarioError, match="beyond the calendar"):
        quarter_start(dt.date(9999, 10, 1), 1)
    with pytest.raises(ScenarioError, match="outside the run"):
        scenario.with_changes({"horizon_quarters": 2})


@pytest.mark.parametrize(
    "path, value",
    [
        ("world.segments.core.accounts", 5), ("world.segments.*.accounts", 5), ("world.segments.core", {"accounts": 5}),
        ("world.burn_in_quarters", 2), ("world.incumbent", {"sales": {"reps": 1}}),
        ("world.incumbent.sales.reps", 1),
        ("world.touchpoints.print", None), ("world.touchpoints", {"x": {"owner": "sales"}}),
        ("world.touchpoints.x", {"owner": "sales"}),
        ("world.customers.start", 5), ("world.customers", {"start": 5}),
        ("world.goodwill.start", 2), ("world.content.start", 2),
        ("world.workweek.day_end", 18), ("horizon_quarters", 9), ("start", dt.date(2026, 4, 1)),
        ("timeline", []), ("title", "x"),
        ("world", {"demand": 0.5}), ("plan", 3), ("plan.sales.reps", -1),
    ],
)  # fmt: skip
def test_timeline_refuses(path, value):
    with pytest.raises(ScenarioError) as caught:
        load("base").with_changes({"timeline": [{"date": dt.date(2026, 4, 1), "changes": {path: value}}]})
    assert len(caught.value.faults) == 1


# ---------------------------------------------------------------------------------------------------- writing and size


@pytest.mark.parametrize("name", [name for name, _ in list_shipped()["scenario"]])
def test_round_trip(name, tmp_path):
    scenario = load(name)
    assert load(scenario.save(tmp_path / "x.yaml")) == scenario


@given(
    title=st.text(max_size=40),
    number=st.floats(0, 990),
    small=st.floats(0, 1),
    segment=st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_round_trip_of_any_value(tmp_path, title, number, small, segment):
    changes = {
        "title": title,
        "plan.sales.reps": number,
        "plan.sales.tracking": small,
        f"world.segments.{segment}": {"accounts": 3},
    }
    scenario = load("small").with_changes(changes)
    assert load(scenario.save(tmp_path / "x.yaml")) == scenario


def test_save_to_nowhere(tmp_path):
    with pytest.raises(FunnelsimError):
        load("base").save(tmp_path / "nowhere" / "x.yaml")


def test_size():
    base = load("base")
    found = estimate(base)
    assert found.needs == pytest.approx(80_000)
    assert found.memory_bytes < 4e8 and found.seconds < 600
    assert estimate(base, 10).seconds == pytest.approx(10 * found.seconds)
    assert estimate(load("small")).rows < 0.2 * found.rows
    check_size(base)
    large = base.with_changes({"world.segments.core.accounts": 20_000_000, "horizon_quarters": 80})
    with pytest.raises(TooLargeError, match="insist"):
        check_size(large)
    check_size(large, insist=True)


def test_load_checks_size(tmp_path):
    path = write(
        tmp_path / "x.yaml", "extends: base\nhorizon_quarters: 80\nworld: {segments: {core: {accounts: 20000000}}}\n"
    )
    with pytest.raises(TooLargeError):
        load(path)
    assert load(path, insist=True).horizon_quarters == 80


# ------------------------------------------------------------------------------------------------------------- garbled


def shipped_mapping() -> dict:
    scenario = load("small").model_dump(mode="json", exclude_none=True)
    scenario["timeline"] = [
        {"date": "2026-04-01", "changes": {"plan.sales.reps": 2, "plan.marketing": {"lead_bar": 1}}, "note": "x"}
    ]
    return scenario


MAPPING = shipped_mapping()
SHORT = {
    "extends": "base",
    "plan": {"extends": "undefined", "sales": {"reps": 3}},
    "world": "b2b_small",
    "timeline": [{"quarter": 2, "changes": {"plan": "base"}}],
}
STUDY = {
    "title": "x",
    "scenario": {"extends": "small"},
    "changes": {"a": None, "b": {"plan": "base", "plan.sales.reps": 2}},
    "baseline": "a",
}
GARBAGE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.just({}), st.just([]),
    st.sampled_from(["base", "small", "../x.yaml", "x.yaml", "b2b_small", "base.yaml", 10**17, -1, 1e308,
        {"extends": "base"}, {"a": {"b": 1}}, [1, "a", None]]),
)  # fmt: skip


def places(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def garble(mapping: dict, data) -> dict:
    result = copy.deepcopy(mapping)
    for _ in range(data.draw(st.integers(1, 3))):
        every = list(places(result))
        if not every:
            break
        *way, last = data.draw(st.sampled_from(every))
        parent = result
        for key in way:
            parent = parent[key]
        action = data.draw(st.sampled_from(["delete", "retype", "rename", "add"]))
        if action == "delete":
            del parent[last]
        elif action == "retype" or isinstance(parent, list):
            parent[last] = copy.deepcopy(data.draw(GARBAGE))
        elif action == "rename":
            parent[data.draw(st.one_of(st.just(f"{last}s"), st.text(max_size=6)))] = parent.pop(last)
        else:
            parent[
                data.draw(st.one_of(st.sampled_from(["extends", "plan", "quarter", "mix", "*"]), st.text(max_size=6)))
            ] = copy.deepcopy(data.draw(GARBAGE))
    return result


@pytest.mark.parametrize(
    "mapping, loader", [(MAPPING, load), (SHORT, load), (STUDY, load_study)], ids=["whole", "short", "study"]
)
@given(data=st.data())
@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
def test_garbled_files_load_or_are_refused(tmp_path, mapping, loader, data):
    path = tmp_path / "x.yaml"
    with open(path, "w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(garble(mapping, data), stream)
    try:
        loaded = loader(path)
    except FunnelsimError as error:
        text = str(error)
        assert text and "pydantic" not in text and len(text.splitlines()) <= 11
    else:
        assert loaded is not None
        if isinstance(loaded, Scenario):
            assert load(loaded.save(tmp_path / "y.yaml"), insist=True) == loaded


@given(text=st.one_of(st.text(max_size=200), st.text(alphabet="{}[]:,-&*!|>'\"%@#? \n\tab01\\", max_size=80)))
@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_text_is_a_tree_or_refused(text):
    try:
        parse(text)
    except ScenarioError as error:
        assert str(error)


@given(cut=st.integers(0, 2000), put=st.binary(max_size=6))
@settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)
def test_garbled_bytes_load_or_are_refused(tmp_path, cut, put):
    data = (scenarios_root() / "worlds" / "b2b_midmarket.yaml").read_bytes()
    path = tmp_path / "x.yaml"
    path.write_bytes(data[:cut] + put + data[cut + len(put) :])
    try:
        load_world(path)
    except FunnelsimError as error:
        assert str(error)


def test_import_is_light():
    import subprocess
    import sys

    code = "import sys, funnelsim.scenario; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert files.MAX_CHAIN == 12
