"""Everything that a decision memo says: which plans are tied for best, why, what more is worth, when it would flip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from funnelsim.experiments.compare import Comparison
from funnelsim.experiments.counterfactuals import POSTS
from funnelsim.experiments.designs import written
from funnelsim.experiments.explain import Explanation
from funnelsim.experiments.frontier import RatioFrontier
from funnelsim.experiments.intervals import Interval, mean_interval, paired_difference
from funnelsim.experiments.marginal import MarginalValues
from funnelsim.experiments.payroll import yearly_cost
from funnelsim.experiments.search import Search
from funnelsim.experiments.switching import Switching
from funnelsim.experiments.words import amount, counted, gap_unit, listed, plain, trimmed, with_interval, with_margin

PARTS = {
    "frontier": "what each ratio of reps to marketers earns at equal payroll",
    "why": "why the best plan beats today's",
    "worth": "what one step of each lever is worth",
    "flips": "when the answer would flip",
}
"""Parts that can be left out; the plans and their comparison cannot."""


@dataclass(frozen=True)
class Effort:
    """How many runs each part of a memo may take; none of it depends on the clock, so that a memo can be had again.

    Attributes
    ----------
    evaluations, trials
        Plans that the search tries, and replications of each.
    finalists, most
        Plans that go on to the selection, and replications of each at most.
    compared
        Replications of the comparison with today's plan, where nothing says how many.
    ratios, frontier
        Reps per marketer to try at equal payroll, and replications of each at most.
    why
        Replications of each scenario of the explanation.
    exact, pairs
        Changes up to which all orders are run; beyond, pairs of orders that are drawn.
    screen, worth
        Replications of the first look at the levers, and of the second.
    levels, flips
        Levels of each number of the world, and replications at each.
    """

    evaluations: int = 60
    trials: int = 3
    finalists: int = 6
    most: int = 14
    compared: int = 10
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
    frontier: int = 10
    why: int = 10
    exact: int = 5
    pairs: int = 3
    screen: int = 2
    worth: int = 8
    levels: int = 4
    flips: int = 6


FULL = Effort()
QUICK = Effort(
    evaluations=24, trials=2, finalists=4, most=8, compared=6, ratios=(1.0, 2.0, 4.0, 8.0), frontier=6, why=6, worth=6,
    levels=3, flips=4,
)  # fmt: skip


@dataclass
class Memo:
    """What was found for a decision; made by `funnelsim.report`.

    Attributes
    ----------
    question
        What is to be decided.
    comparison
        The plans, run with replications that nothing was chosen with (after a search).
    today, best
        Labels of today's plan (the baseline), and of the best.
    kpi
        Key figure that decides.
    effort
        How many runs each part was given.
    search, frontier, why, worth, flips
        The parts; none where there is none.
    levers_of
        Levers of each mix that a search found, by label.
    left_out
        Why parts are missing, by name.
    seconds
        Wall time of each part, by name.
    """

    question: str
    comparison: Comparison
    today: str
    best: str
    kpi: str
    effort: Effort
    search: Search | None = None
    frontier: RatioFrontier | None = None
    why: Explanation | None = None
    worth: MarginalValues | None = None
    flips: list[Switching] = field(default_factory=list)
    levers_of: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def mixes(self) -> list[str]:
        """Labels of the plans beside today's, best first."""
        order = [str(label) for label in self.comparison.ranking(self.kpi).index]
        if self.search is not None:
            order = self.comparison.labels
        rest = [label for label in order if label not in (self.today, self.best)]
        return [label for label in (self.best, *rest) if label != self.today]

    @property
    def lead(self) -> Interval:
        """Paired difference of the best plan to today's, with its 95 % interval."""
        values = self.comparison.values(self.kpi, self.best), self.comparison.values(self.kpi, self.today)
        return paired_difference(*values).interval

    @property
    def lines(self) -> list[str]:
        """The answer, its first sentence first."""
        what = f"{plain(self.kpi)} over {counted(self.comparison.horizon_quarters, 'quarter')}"
        lines = self._first(what)
        if self.best != self.today:
            lead, unit = self.lead, gap_unit(self.comparison.units[self.kpi])
            if lead.excludes_zero and lead.mean > 0.0 and self.search is not None:
                lines.append(f"That is {with_interval(lead.mean, lead.low, lead.high, unit)} more than today’s plan.")
            else:
                size = with_interval(lead.mean, lead.low, lead.high, unit, sign=True)
                clear = "" if lead.excludes_zero else ", which is not clear"
                lines.append(f"“{self.best}” less “{self.today}” is {size}{clear}.")
        elif self.search is not None:
            lines.append("That is today’s plan: nothing that was tried for this budget is better.")
        if self.search is not None:
            cost = yearly_cost(self.comparison.scenarios[self.today])
            beside = "more than" if cost > self.search.budget else "within"
            lines.append(
                f"Today’s plan costs {amount(cost, 'USD')} a year, {beside} the budget of "
                f"{amount(self.search.budget, 'USD')}."
            )
        return lines + [flip.brief() for flip in self.flips]

    @property
    def sentence(self) -> str:
        """The answer in a sentence."""
        return self.lines[0]

    def _first(self, what: str) -> list[str]:
        own = mean_interval(self.comparison.values(self.kpi, self.best))
        earns = f"{with_margin(own.mean, own.half_width, self.comparison.units[self.kpi])} of {what}"
        if self.search is None:
            tied = [f"“{label}”" for label in self.comparison.tied(self.kpi) if label != self.best]
            if not tied:
                return [f"“{self.best}” is best: {earns}."]
            verb = "is" if len(tied) == 1 else "are"
            return [f"“{self.best}” has the best mean, {earns}; {listed(tied)} {verb} tied with it."]
        budget, tied = amount(self.search.budget, "USD"), self.search.tied()
        best = self._ranges(tied[:1]) or "today’s plan"
        if len(tied) < 2:
            return [f"For {budget} a year one mix is best: {best}.", f"It brings {earns}."]
        return [
            f"For {budget} a year {len(tied)} mixes are tied for best: {self._ranges(tied)}.",
            f"The best mean is that of {best}: {earns}.",
        ]

    def _ranges(self, labels: Sequence[str]) -> str:
        """Return what each lever is in some of the mixes: ``8 to 11 reps, 2 marketers, programme money $400k``."""
        assert self.search is not None
        parts = []
        for name, factor in self.search.levers.items():
            levels = [self.search.points[label][name] for label in labels if label in self.search.points]
            if not levels:
                continue
            ends = sorted(set(levels)) if factor.numeric else list(dict.fromkeys(levels))
            shown = [level_in_words(one, factor.unit) for one in (ends[:1] + ends[-1:] if factor.numeric else ends)]
            text = " to ".join(dict.fromkeys(shown)) if factor.numeric else " or ".join(shown)
            parts.append(f"{text} {name}" if factor.unit == POSTS else f"{name} {text}")
        return ", ".join(parts)

    @property
    def runs(self) -> int:
        """Runs behind all of it."""
        found = self.comparison.n * len(self.comparison.labels)
        found += self.search.runs if self.search else 0
        found += self.frontier.runs if self.frontier else 0
        parts = [self.why.comparison] if self.why else []
        parts += [self.worth.screened, self.worth.refined] if self.worth else []
        parts += [flip.results for flip in self.flips]
        return found + sum(one.n * len(one.labels) for one in parts)

    def __repr__(self) -> str:
        return f"<Memo: {self.question}>\n" + "\n".join(self.lines)

    def _repr_html_(self) -> str:
        from html import escape

        first, *more = (escape(line) for line in self.lines)
        return f"<p>{escape(self.question)}</p><p><b>{first}</b></p><p>{'<br>'.join(more)}</p>"


def level_in_words(level: Any, unit: str) -> str:
    """Return a level of a lever: ``8.5``, ``$420k``, ``aligned``."""
    if unit.startswith("USD") and isinstance(level, int | float):
        return trimmed(amount(float(level), "USD"))
    return written(level)
