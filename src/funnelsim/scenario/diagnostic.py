"""Where does a firm stand? Twenty statements, answered 1 to 5, give its level of alignment, lever by lever.

The scale is that of Kotler, Rackham and Krishnaswamy (`kotler2006`): 20 answers from 1 (strongly disagree) to 5
(strongly agree), the sum is 20 to 100; below 40 the relationship is undefined, below 60 defined, below 80 aligned, from
80 on integrated. The statements are in our words and are grouped by the levers of `plan.alignment`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from funnelsim.errors import FunnelsimError
from funnelsim.scenario.alignment import LEVELS, Alignment

STATEMENTS: tuple[tuple[str, str], ...] = (
    ("meetings", "Marketing and sales meet on fixed dates, not only when something has gone wrong."),
    ("meetings", "After a meeting it is written down who does what until when, and the next one begins with it."),
    ("meetings", "Whoever sells and whoever makes programmes talk directly, without their bosses in between."),
    ("decision_rights", "Everybody knows who decides about price, message and which customers to go after."),
    ("decision_rights", "A disagreement between the teams is settled within days, by an agreed way."),
    ("decision_rights", "Marketing's programmes are approved without long rounds through sales."),
    ("joint_programmes", "Campaigns and events are planned by people of both teams from the start."),
    ("joint_programmes", "A buyer hears the same promise from an advertisement and from a rep."),
    ("joint_programmes", "People change places for a while: marketers go along on sales calls, reps help with events."),
    ("tools_and_feedback", "Reps use the presentations, cases and calculators that marketing makes."),
    ("tools_and_feedback", "Reps tell marketing regularly which leads were good, which were not, and why."),
    ("tools_and_feedback", "What reps hear from customers changes whom marketing goes after and what is offered."),
    ("shared_metrics", "Both teams are measured by at least one number that neither can reach alone, such as revenue."),
    ("shared_metrics", "Marketing earns more for leads that are won than for more leads."),
    ("shared_metrics", "Both teams share the same forecast and stand in for it together."),
    ("lead_definition", "There is one written definition of a lead that is ready for sales, and both teams apply it."),
    ("lead_definition", "The definition is checked against what became of the leads, and corrected."),
    (
        "follow_up_promise",
        "Sales has promised how soon a lead is followed up; late ones are noticed and acted upon.",
    ),
    (
        "shared_record",
        "Both teams work in one record of buyers (a CRM) and see each other's contacts.",
    ),
    ("shared_record", "A rep who takes over a buyer can see what the buyer has read, asked and been told so far."),
)
"""(lever, statement), in the order in which they are asked."""
LOWEST, HIGHEST = 1, 5
TYPES = ((40, "undefined"), (60, "defined"), (80, "aligned"), (HIGHEST * len(STATEMENTS) + 1, "integrated"))
"""Type of every score below a number."""


@dataclass(frozen=True)
class Diagnosis:
    """What the answers say.

    Attributes
    ----------
    score
        Sum of the answers, 20 to 100.
    type
        ``"undefined"``, ``"defined"``, ``"aligned"`` or ``"integrated"``.
    levels
        Level of each lever of `plan.alignment`, 0 to 3.
    """

    score: int
    type: str
    levels: dict[str, float]

    def plan_changes(self) -> dict[str, float]:
        """Return the levels by dotted path, as `Scenario.with_changes` takes them."""
        return {f"plan.alignment.{lever}": level for lever, level in self.levels.items()}

    def __str__(self) -> str:
        width = max(len(lever) for lever in self.levels)
        lines = [f"score {self.score} of {HIGHEST * len(STATEMENTS)}: {self.type}"]
        for lever, level in self.levels.items():
            lines.append(f"  {lever.replace('_', ' '):{width}}  {level:4.2f}  {about(level)}")
        return "\n".join(lines)


def about(level: float) -> str:
    """Return the name of the level that a number is nearest to."""
    return LEVELS[min(max(int(level + 0.5), 0), len(LEVELS) - 1)]


def alignment_diagnostic(answers: Sequence[int] | Mapping[int, int]) -> Diagnosis:
    """Place a firm on the scale of alignment.

    Parameters
    ----------
    answers
        Twenty whole numbers from 1 (strongly disagree) to 5 (strongly agree), in the order of
        `funnelsim.scenario.diagnostic.STATEMENTS`, or by the number of the statement, 1 to 20.

    Returns
    -------
    Diagnosis
        Score, type, and a level for each lever: with a mean answer m to its statements it is m - 1.5, within 0 and 3,
        so that the middle of each type's range (a score of 30, 50, 70 or 90) is that type's level.

    Raises
    ------
    FunnelsimError
        If an answer is missing or is not a whole number from 1 to 5.
    """
    given = _in_order(answers)
    for number, answer in enumerate(given, start=1):
        if isinstance(answer, bool) or not isinstance(answer, int) or not LOWEST <= answer <= HIGHEST:
            raise FunnelsimError(
                f"answer {number} is {answer!r}; expected a whole number from {LOWEST} (strongly disagree) to "
                f"{HIGHEST} (strongly agree)"
            )
    score = sum(given)
    levels = {}
    for lever in Alignment.model_fields:
        own = [answer for answer, (of, _) in zip(given, STATEMENTS, strict=True) if of == lever]
        levels[lever] = round(min(max(sum(own) / len(own) - 1.5, 0.0), 3.0), 4)
    kind = next(name for below, name in TYPES if score < below)
    return Diagnosis(score, kind, levels)


def _in_order(answers: Sequence[int] | Mapping[int, int]) -> list[int]:
    """Return the answers in the order of the statements."""
    count = len(STATEMENTS)
    if isinstance(answers, Mapping):
        missing = [number for number in range(1, count + 1) if number not in answers]
        unknown = [number for number in answers if number not in range(1, count + 1)]
        if missing or unknown:
            what = f"no answer to statement {missing[0]}" if missing else f"there is no statement {unknown[0]!r}"
            raise FunnelsimError(f"{what}; expected answers to the statements 1 to {count}")
        return [answers[number] for number in range(1, count + 1)]
    given = list(answers)
    if len(given) != count:
        raise FunnelsimError(f"expected {count} answers, got {len(given)}")
    return [int(answer) if hasattr(answer, "item") else answer for answer in given]
