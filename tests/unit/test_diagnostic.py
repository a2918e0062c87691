"""The diagnostic of alignment: scale, levels, mistakes, command."""

from __future__ import annotations

from collections import Counter

import pytest
from typer.testing import CliRunner

import funnelsim as fs
from funnelsim.cli import app
from funnelsim.scenario.alignment import Alignment
from funnelsim.scenario.diagnostic import STATEMENTS
from funnelsim.scenario.files import load_plan


def test_twenty_statements_cover_every_lever_once_each():
    assert len(STATEMENTS) == 20
    assert len({text for _, text in STATEMENTS}) == 20
    assert list(dict.fromkeys(lever for lever, _ in STATEMENTS)) == list(Alignment.model_fields)
    assert min(Counter(lever for lever, _ in STATEMENTS).values()) >= 1


@pytest.mark.parametrize(
    ("answers", "score", "kind"),
    [
        ([1] * 20, 20, "undefined"),
        ([2] * 19 + [1], 39, "undefined"),
        ([2] * 20, 40, "defined"),
        ([3] * 19 + [2], 59, "defined"),
        ([3] * 20, 60, "aligned"),
        ([4] * 19 + [3], 79, "aligned"),
        ([4] * 20, 80, "integrated"),
        ([5] * 20, 100, "integrated"),
    ],
)
def test_the_score_gives_the_type(answers, score, kind):
    found = fs.alignment_diagnostic(answers)
    assert (found.score, found.type) == (score, kind)


def test_levels_lie_between_the_named_ones():
    found = fs.alignment_diagnostic([1, 2, 3] + [4] * 12 + [3, 4] + [5, 2, 3])
    assert found.levels["meetings"] == 0.5
    assert found.levels["decision_rights"] == 2.5
    assert found.levels["lead_definition"] == 2.0
    assert found.levels["follow_up_promise"] == 3.0
    assert found.levels["shared_record"] == 1.0
    changed = fs.load("small").with_changes(found.plan_changes())
    assert changed.plan.alignment.model_dump() == found.levels
    assert "decision rights" in str(found) and str(found).startswith(f"score {found.score} of 100: ")


def test_the_middle_of_a_type_is_its_level():
    for level, mean in enumerate((1.5, 2.5, 3.5, 4.5)):
        low, high = int(mean - 0.5), int(mean + 0.5)
        answers = {number: low if number % 2 else high for number in range(1, 21)}
        levels = fs.alignment_diagnostic(answers).levels.values()
        assert sum(levels) / 8 == pytest.approx(level, abs=0.2)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([3] * 19, "expected 20 answers, got 19"),
        ([3] * 19 + [6], "answer 20 is 6; expected a whole number from 1"),
        ([3] * 19 + [2.5], "answer 20 is 2.5"),
        ([3] * 19 + [True], "answer 20 is True"),
        ({1: 3}, "no answer to statement 2"),
        ({**dict.fromkeys(range(1, 21), 3), 21: 3}, "there is no statement 21"),
        ("3" * 20, "answer 1 is '3'"),
    ],
)
def test_mistakes_get_one_clear_message(answers, message):
    with pytest.raises(fs.FunnelsimError, match=message):
        fs.alignment_diagnostic(answers)


# -- the command -------------------------------------------------------------------------------------------------------


def call(*arguments, **more):
    return CliRunner().invoke(app, ["diagnose", *map(str, arguments)], **more)


def test_a_blank_form_can_be_filled_in_and_read(tmp_path):
    form = tmp_path / "answers.txt"
    form.write_text(call("--blank").output, encoding="utf-8")
    result = call(form)
    assert result.exit_code == 0 and "score 60 of 100: aligned" in result.output
    assert "  meetings: 1.5" in result.output


def test_a_plan_is_saved(tmp_path):
    form, plan = tmp_path / "answers.txt", tmp_path / "mine.yaml"
    form.write_text("4, " * 19 + "4", encoding="utf-8")
    assert call(form, "--save", plan, "--plan", "small").exit_code == 0
    saved = load_plan(plan)
    assert saved.alignment == Alignment.at(2.5)
    assert saved.sales == load_plan("small").sales


def test_it_asks_until_the_answer_is_one():
    result = call(input="9\n" + "2\n" * 20)
    assert result.exit_code == 0
    assert "please" in result.output and "score 40 of 100: defined" in result.output


def test_wrong_files_get_one_line(tmp_path):
    form = tmp_path / "answers.txt"
    form.write_text("3\nyes\n", encoding="utf-8")
    for wrong in (call(form), call(tmp_path / "none.txt"), call(form, "--save", tmp_path / "no" / "x.yaml")):
        assert wrong.exit_code == 2
        assert "Traceback" not in wrong.output
