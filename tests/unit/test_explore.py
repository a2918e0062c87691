"""Sliders in a notebook, without browser and kernel: ``control.value = 4`` runs what a hand would."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import funnelsim as fs
from funnelsim.errors import FunnelsimError
from funnelsim.experiments.keeping import kept
from funnelsim.interactive import picture, replays, words
from funnelsim.interactive.levers import HORIZON, LEVERS, Lever, settings
from funnelsim.interactive.replays import FEWEST, MOST, Replays

pytest.importorskip("ipywidgets")

REPS, MONEY, BAR = "plan.sales.reps", "plan.marketing.programme_money", "plan.marketing.lead_bar"
TINY = {
    "world.segments.core.accounts": 500,
    "world.segments.fringe.accounts": 500,
    "world.customers.start": 4,
    "world.burn_in_quarters": 1,
    "horizon_quarters": 2,
}
PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def tiny() -> fs.Scenario:
    return fs.load("small").with_changes(TINY)


@pytest.fixture
def explorer(tiny: fs.Scenario) -> Any:
    return fs.explore(tiny, replications=3)


class Counting:
    """Counts the runs that are made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[float, int]] = []
        inner = replays.run_once

        def run_once(scenario: Any, lowered: Any, seed: int, replication: int, engine: str) -> Any:
            self.made.append((scenario.plan.sales.reps, replication))
            return inner(scenario, lowered, seed, replication, engine)

        monkeypatch.setattr(replays, "run_once", run_once)


def states(explorer: Any) -> set[str]:
    return {name for name in explorer.widget._dom_classes if name != "funnelsim-explore"}


# -- what is shown ------------------------------------------------------------------------------------------------


def test_it_opens_on_todays_plan(explorer: Any, tiny: fs.Scenario) -> None:
    assert explorer.changes == {}
    assert explorer.scenario == tiny
    assert explorer.png.startswith(PNG)
    assert explorer.finding.startswith("Move a slider")
    assert states(explorer) == {"funnelsim-ready"}
    assert explorer.comparison.labels == ["today", "yours"]
    assert explorer.comparison.values("wins", "today") == explorer.comparison.values("wins", "yours")


def test_a_slider_answers_at_once(explorer: Any, tiny: fs.Scenario) -> None:
    before, figures = explorer.png, explorer.figures.value
    explorer.controls[REPS].value = 2.0
    assert explorer.changes == {REPS: 2.0}
    assert explorer.scenario == tiny.with_changes({REPS: 2.0})
    assert explorer.png.startswith(PNG) and explorer.png != before
    assert explorer.figures.value != figures
    assert explorer.finding.startswith("Yours earns")
    assert states(explorer) == {"funnelsim-ready"}
    assert explorer.status.value == "3 replications of each plan"
    assert "funnelsim-changed" in explorer._boxes[REPS]._dom_classes
    assert "funnelsim-changed" not in explorer._boxes[MONEY]._dom_classes


def test_the_numbers_are_those_of_compare(explorer: Any, tiny: fs.Scenario) -> None:
    explorer.controls[REPS].value = 2.0
    explorer.controls[BAR].value = 0.5
    plans = {"today": tiny, "yours": tiny.with_changes({REPS: 2.0, BAR: 0.5})}
    study = fs.compare(plans, replications=3, workers=1, progress=False)
    for kpi in ("wins", "profit_with_value", "response_hours_inbound"):
        for label in plans:
            assert explorer.comparison.values(kpi, label) == study.values(kpi, label)
    assert explorer.comparison.conclusion() == study.conclusion()
    gap = study.differences("profit_with_value").iloc[0]
    shown = words.pair(explorer.comparison, "profit_with_value").gap
    assert shown.mean == pytest.approx(gap["difference"] * 2.0), "per year: two quarters are half of one"
    assert shown.low == pytest.approx(gap["low"] * 2.0)


def test_the_funnel_is_that_of_the_tables(explorer: Any, tiny: fs.Scenario) -> None:
    explorer.controls[REPS].value = 2.0
    runs = [fs.simulate(explorer.scenario, seed=1, replication=i) for i in range(3)]
    for step, _ in words.STEPS:
        counts = [run.funnel().set_index("step").loc[step, "count"] for run in runs]
        assert words.funnel_pair(explorer.comparison, step).yours.mean == pytest.approx(np.mean(counts) * 2.0)


def test_the_horizon_is_that_of_both_plans(explorer: Any, tiny: fs.Scenario) -> None:
    explorer.controls[HORIZON].value = 1
    assert explorer.changes == {HORIZON: 1}
    assert {one.horizon_quarters for one in explorer.comparison.scenarios.values()} == {1}
    assert words.same(explorer.comparison), "both plans are today's over another horizon"
    explorer.controls[REPS].value = 2.0
    assert {one.horizon_quarters for one in explorer.comparison.scenarios.values()} == {1}
    assert explorer.finding.startswith("Yours earns")


def test_a_dropdown_moves_too(explorer: Any) -> None:
    explorer.controls["plan.marketing.hand_over"].value = False
    assert explorer.changes == {"plan.marketing.hand_over": False}
    assert "leads handed over yes → no" in repr(explorer)
    assert '<td class="funnelsim-mqls-yours">0</td>' in explorer.figures.value


def test_the_judge_reads_the_same_runs(explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer.controls[REPS].value = 2.0
    counting, before = Counting(monkeypatch), explorer.png
    explorer.judge.value = "profit"
    assert counting.made == []
    assert explorer.finding.endswith("(profit alone)")
    assert explorer.png != before


def test_reset_runs_nothing_twice(explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = explorer.png
    explorer.controls[REPS].value = 2.0
    explorer.controls[MONEY].value = 0.0
    counting = Counting(monkeypatch)
    explorer.reset_button.click()
    assert explorer.changes == {}
    assert explorer.png == first
    assert counting.made == []


def test_key_figures_have_classes(explorer: Any) -> None:
    explorer.controls[REPS].value = 3.0
    for kpi in (words.COST, *(name for name, *_ in words.FIGURES)):
        for column in ("today", "yours", "difference"):
            assert explorer.figures.value.count(f'class="funnelsim-{kpi}-{column}"') == 1
    assert "$272k" in explorer.figures.value, "payroll today: 180k + 0.2 x 162k + 60k"
    assert "$632k" in explorer.figures.value
    assert "+$360k" in explorer.figures.value


def test_a_notebook_shows_widgets_others_the_picture_or_words(explorer: Any) -> None:
    bundle = explorer._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert bundle["text/plain"] == repr(explorer)
    assert "nothing moved; 3 replications of each plan" in repr(explorer)


# -- what it costs ------------------------------------------------------------------------------------------------


def test_what_was_seen_is_not_run_again(tiny: fs.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    explorer = fs.explore(tiny, replications=2)
    assert counting.made == [(1.0, 0), (1.0, 1)]
    explorer.controls[REPS].value = 2.0
    explorer.controls[REPS].value = 1.0
    explorer.controls[REPS].value = 2.0
    assert counting.made == [(1.0, 0), (1.0, 1), (2.0, 0), (2.0, 1)]


@pytest.mark.parametrize(("budget", "expected"), [(1e-9, FEWEST), (3600.0, MOST)])
def test_the_budget_decides_how_many(
    budget: float, expected: int, tiny: fs.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = kept(fs.simulate(tiny), replays.Keep(replays.KEPT, (2,)))
    monkeypatch.setattr(replays, "kept", lambda *_: one)
    monkeypatch.setattr(replays, "run_once", lambda *_: type("Run", (), {"log": ()})())
    bench = Replays(tiny, budget=budget)
    assert bench.compare({}).n == expected
    assert bench.compare({REPS: 2.0}).n == expected


def test_a_slow_first_run_does_not_count(tiny: fs.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled engine compiles in its first run; the ones after it say how fast it is."""
    clock = iter(np.cumsum([0, 0, 6.0, 0, 0.1, 0, 0.1, *[0, 0.1] * 40]))
    one = kept(fs.simulate(tiny), replays.Keep(replays.KEPT, (2,)))
    monkeypatch.setattr(replays, "kept", lambda *_: one)
    monkeypatch.setattr(replays, "run_once", lambda *_: type("Run", (), {"log": ()})())
    monkeypatch.setattr(replays.time, "perf_counter", lambda: float(next(clock)))
    assert Replays(tiny).compare({}).n == 10


def test_yours_gets_as_many_as_today_has_or_fewer(tiny: fs.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Replays(tiny, budget=3600.0)
    monkeypatch.setattr(replays, "NUMBERS", (3, 5))
    assert bench.compare({}).n == 5
    bench.budget = 1e-9
    assert bench.compare({REPS: 2.0}).n == 3
    bench.budget = 3600.0
    assert bench.compare({REPS: 2.0}).n == 3, "seen before: no more runs"


def test_old_settings_are_forgotten(tiny: fs.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "REMEMBERED", 2)
    bench = Replays(tiny, replications=2)
    for reps in (2.0, 3.0, 2.0):
        bench.compare({REPS: reps})
    assert [tuple(key) for key in bench._shelves] == [(), ((REPS, 2.0),)], "today is never forgotten"


def test_it_says_how_far_it_is(tiny: fs.Scenario) -> None:
    told: list[tuple[int, int]] = []
    bench = Replays(tiny, replications=2)
    bench.compare({}, lambda done, total: told.append((done, total)))
    bench.compare({REPS: 2.0}, lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (0, 2), (1, 2)]


def test_while_it_computes_it_says_so(explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[set[str], str]] = []
    inner = replays.run_once

    def run_once(*args: Any) -> Any:
        seen.append((states(explorer), explorer.status.value))
        return inner(*args)

    monkeypatch.setattr(replays, "run_once", run_once)
    explorer.controls[REPS].value = 2.0
    assert {name for classes, _ in seen for name in classes} == {"funnelsim-computing"}
    assert [text for _, text in seen] == ["computing…", "computing… 1 of 3 runs", "computing… 2 of 3 runs"]
    assert all(control.continuous_update is False for control in explorer.controls.values() if hasattr(control, "min"))


def test_any_engine(tiny: fs.Scenario) -> None:
    """The engine is a parameter; what it is by default, `compare` says."""
    slow, default = (fs.explore(tiny, replications=2, engine=engine) for engine in ("simpy", None))
    assert slow.comparison.engine == "simpy"
    assert default.comparison.values("profit", "yours") == slow.comparison.values("profit", "yours")
    with_auto = fs.explore(tiny, replications=2, engine="auto")
    assert with_auto.comparison.engine == default.comparison.engine


# -- what can go wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("oh <no>"), FunnelsimError("oh <no>"), KeyboardInterrupt()])
def test_nobody_sees_a_traceback(
    error: BaseException, explorer: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(replays, "run_once", fails)
        explorer.controls[REPS].value = 2.0
    assert states(explorer) == {"funnelsim-failed"}
    assert ("stopped" if isinstance(error, KeyboardInterrupt) else "oh &lt;no&gt;") in explorer.status.value
    assert capsys.readouterr() == ("", "")
    explorer.controls[REPS].value = 3.0
    assert states(explorer) == {"funnelsim-ready"}


def test_bad_values_cannot_happen(explorer: Any, tiny: fs.Scenario) -> None:
    """Both ends of every slider, and every choice, are valid scenarios."""
    for path, setting in explorer._settings.items():
        control = explorer.controls[path]
        ends = [value for _, value in setting.choices] or [control.min, control.max]
        for end in ends:
            changed = tiny.with_changes({path: setting.clean(end)})
            assert changed.horizon_quarters >= 1
    slider = explorer.controls[REPS]
    slider.value = slider.max
    slider.value = 1e9
    assert slider.value == slider.max
    assert explorer.changes == {REPS: 3.0}


def test_nobody_left(explorer: Any) -> None:
    """No reps, no marketers, no money: no wins, no waits, and still a picture."""
    for path in (REPS, MONEY, "plan.marketing.marketers"):
        explorer.controls[path].value = 0.0
    assert states(explorer) == {"funnelsim-ready"}
    assert explorer.png.startswith(PNG)
    assert '<td class="funnelsim-response_hours_inbound-yours">–</td>' in explorer.figures.value


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"replications": 1}, "replications is 1"),
        ({"budget": 0.0}, "budget is 0.0"),
        ({"engine": "warp"}, "no engine is named 'warp'"),
        ({"seed": -1}, "seed is -1"),
        ({"levers": []}, "nothing to move"),
        ({"levers": [("demand", "world.demnd", (0.5, 2.0), 0.1, "factor")]}, "world.demand"),
        ({"levers": [("demand", "world.demand", 0.5, 2.0)]}, "no lever"),
        ({"levers": [("title", "title", (0.5, 2.0), 0.1, "")]}, "cannot be a lever"),
        ({"levers": [("a", REPS, (0, 1), 1, ""), ("b", REPS, (0, 1), 1, "")]}, "two levers"),
    ],
)
def test_mistakes_get_one_clear_message(arguments: dict[str, Any], said: str, tiny: fs.Scenario) -> None:
    with pytest.raises(FunnelsimError, match=said):
        fs.explore(tiny, **arguments)


def test_without_ipywidgets_it_says_what_to_install() -> None:
    code = """
    import sys
    sys.modules["ipywidgets"] = None
    import funnelsim as fs
    try:
        fs.explore("small")
    except fs.FunnelsimError as error:
        print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout == "sliders need ipywidgets, which is not installed: pip install 'funnelsim[notebooks]'\n"


# -- levers -------------------------------------------------------------------------------------------------------


def test_ranges_follow_todays_plan() -> None:
    for name in ("small", "regional", "base", "undefined"):
        for path, setting in settings(fs.load(name)).items():
            if setting.choices:
                continue
            assert setting.low <= setting.today <= setting.high, path
            steps = (setting.today - setting.low) / setting.step
            assert steps == pytest.approx(round(steps)), f"{path}: steps meet today's value"
    regional = settings(fs.load("regional"))
    assert (regional[REPS].high, regional[REPS].step) == (7.5, 0.1)
    assert "plan.sales.sdrs" not in regional


def test_sdrs_are_offered_where_there_are_some(tiny: fs.Scenario) -> None:
    assert "plan.sales.sdrs" in settings(tiny.with_changes({"plan.sales.sdrs": 1.0}))


def test_a_plan_without_marketing_can_get_some(tiny: fs.Scenario) -> None:
    nobody = tiny.with_changes({"plan.marketing.marketers": 0.0, MONEY: 0.0})
    found = settings(nobody)
    assert found["plan.marketing.marketers"].high == 2.0
    assert found[MONEY].high == 200_000.0


def test_ranges_stay_within_the_schema(tiny: fs.Scenario) -> None:
    rows = [
        Lever("churn", "world.customers.churn", (-1.0, 5.0), 0.05, "per year"),
        Lever("window", "world.segments.core.need_window", (-5.0, 1e9), 5.0, "days"),
        Lever("hours law", "world.selling.hours_law"),
    ]
    found = settings(tiny, rows)
    churn, window = found["world.customers.churn"], found["world.segments.core.need_window"]
    assert (churn.low, churn.high) == (0.0, 0.95), "ge 0, lt 1"
    assert (window.low, window.high) == (5.0, 3650.0), "gt 0, le 3650"
    assert dict(found["world.selling.hours_law"].choices) == {
        "fixed": "fixed", "exponential": "exponential", "lognormal": "lognormal",
    }  # fmt: skip


def test_a_row_of_ones_own(tiny: fs.Scenario) -> None:
    rows = [("demand", "world.demand", (0.5, 2.0), 0.1, "times"), ("law", "world.selling.hours_law"), ("reps", REPS)]
    explorer = fs.explore(tiny, levers=rows, replications=2)
    assert list(explorer.controls) == ["world.demand", "world.selling.hours_law", REPS]
    explorer.controls["world.demand"].value = 1.1
    explorer.controls["world.selling.hours_law"].value = "fixed"
    assert explorer.changes == {"world.demand": 1.1, "world.selling.hours_law": "fixed"}
    assert explorer._settings[REPS].high == 3.0


def test_the_table_of_levers() -> None:
    assert len({lever.path for lever in LEVERS}) == len(LEVERS)
    assert [lever.label for lever in LEVERS if not lever.choices and not lever.unit] == [
        "leads handed over",
        "alignment",
    ]


def test_the_timeline_is_respected(tiny: fs.Scenario) -> None:
    change = fs.Change(date=dt.date(2026, 4, 1), changes={REPS: 2.0})
    dated = tiny.with_changes({"timeline": [change]})
    found = settings(dated)
    assert found[HORIZON].low == 2, "the entry of April must stay inside"
    assert words.today_words(found[REPS]) == "today 1 · full posts, until 2026-04-01, when the timeline changes it"
    assert found[MONEY].note == ""


# -- words and text to copy ---------------------------------------------------------------------------------------


def fake(today: list[float], yours: list[float], tiny: fs.Scenario) -> Any:
    """Return what `words` reads of a comparison."""
    numbers = {"today": today, "yours": yours}
    scenarios = {"today": tiny, "yours": tiny.with_changes({REPS: 2.0})}
    return type(
        "Fake", (), {"horizon_quarters": 4, "values": lambda _, kpi, label: numbers[label], "scenarios": scenarios}
    )()


@pytest.mark.parametrize(
    ("yours", "said"),
    [
        ([1.5e6, 2.6e6, 3.4e6], "Yours earns $500k ± 248k a year more than today: clearly better"),
        ([0.5e6, 1.6e6, 2.4e6], "Yours earns $500k ± 248k a year less than today: clearly worse"),
        ([2.0e6, 2.0e6, 2.3e6], "Yours earns $0.10M ± 2.12M a year more than today: no clear difference"),
        ([1.0e6, 2.0e6, 3.0e6], "Yours earns the same as today: what you moved makes no difference here"),
    ],
)
def test_the_finding(yours: list[float], said: str, tiny: fs.Scenario) -> None:
    assert words.finding(fake([1e6, 2e6, 3e6], yours, tiny)) == said


def test_text_to_copy(tmp_path: Path) -> None:
    small = fs.load("small")
    changes = {REPS: 2.0, MONEY: 45_000.0, "plan.marketing.hand_over": False, HORIZON: 8}
    yours = small.with_changes(changes)
    name = words.shipped_name(small)
    assert name == "small"
    path = tmp_path / "yours.yaml"
    path.write_text(words.as_yaml(name, yours, changes), encoding="utf-8")
    assert fs.load(path) == yours
    told: dict[str, Any] = {}
    python = words.as_python(name, changes).replace("study =", "arguments =").replace("fs.compare(", "dict(plans=")
    exec(python.replace("print(study.conclusion())", ""), told)
    assert told["yours"] == yours.with_changes({HORIZON: 4})
    assert told["arguments"]["horizon_quarters"] == 8


def test_text_to_copy_of_a_scenario_that_is_not_shipped(explorer: Any, tmp_path: Path) -> None:
    explorer.controls[BAR].value = 0.3
    path = tmp_path / "yours.yaml"
    path.write_text(explorer.as_yaml(), encoding="utf-8")
    assert fs.load(path) == explorer.scenario
    assert "# today is the scenario" in explorer.as_python()
    assert f'"{BAR}": 0.3' in explorer.as_python()


def test_the_button_shows_and_hides_the_text(explorer: Any) -> None:
    assert explorer.text.layout.display == "none"
    explorer.text_button.click()
    assert explorer.text.layout.display != "none"
    assert "yours = today" in explorer.text.value
    explorer.controls[REPS].value = 2.0
    assert f'"{REPS}": 2.0' in explorer.text.value, "the text follows the sliders"
    explorer.text_button.click()
    assert explorer.text.layout.display == "none"


# -- the picture --------------------------------------------------------------------------------------------------


def test_words_stay_inside_the_picture(explorer: Any) -> None:
    explorer._quiet = True  # one answer to all of them
    for path, control in explorer.controls.items():
        if path != HORIZON and hasattr(control, "max"):
            control.value = control.max
    explorer._quiet = False
    explorer.controls["plan.marketing.hand_over"].value = False
    moved = words.moved(explorer.changes, explorer._settings)
    for kpi in ("profit_with_value", "profit"):
        figure = picture.draw(explorer.comparison, kpi, moved)
        figure.canvas.draw()
        width, height = figure.canvas.get_width_height()
        for text in [*figure.texts, *(text for ax in figure.axes for text in ax.texts)]:
            box = text.get_window_extent()
            assert not text.get_parse_math(), "dollars are no mathematics"
            assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height, text.get_text()
        above = max(ax.get_tightbbox().y1 for ax in figure.axes)
        assert min(text.get_window_extent().y0 for text in figure.texts[:2]) > above, "title and panels overlap"
        said = " ".join(text.get_text().replace("\n", " ") for text in figure.texts)
        assert words.finding(explorer.comparison, kpi) in said
        assert "n = 3 replications" in said


def test_pyplot_is_not_touched(tiny: fs.Scenario) -> None:
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    fs.explore(tiny, replications=2)
    assert pyplot.get_fignums() == before


def test_alignment_is_a_lever_where_it_does_something(tiny: fs.Scenario) -> None:
    assert "plan.alignment" not in settings(tiny.with_changes({"world.alignment.on": False}))
    aligned = tiny.with_changes({"world.alignment.on": True})
    setting = settings(aligned)["plan.alignment"]
    assert setting.today == "defined"
    assert [label for label, _ in setting.choices] == ["undefined", "defined", "aligned", "integrated"]
    explorer = fs.explore(aligned, replications=2)
    explorer.controls["plan.alignment"].value = "integrated"
    assert explorer.changes == {"plan.alignment": "integrated"}
    assert explorer.scenario.plan.alignment.meetings == 3.0
    assert "alignment" in explorer.as_yaml() and "integrated" in explorer.as_yaml()
    mixed = settings(aligned.with_changes({"plan.alignment.meetings": 2.0}))["plan.alignment"]
    assert mixed.choices[0] == ("lever by lever", mixed.today)
