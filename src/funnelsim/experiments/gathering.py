"""The runs behind a decision memo: search, comparison, frontier, explanation, levers and flips, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack

from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments.batches import check_kpi
from funnelsim.experiments.compare import HEADLINE, Comparison, compare, with_horizon
from funnelsim.experiments.counterfactuals import value_at
from funnelsim.experiments.designs import Factor, FactorsLike, factors_of
from funnelsim.experiments.executors import How
from funnelsim.experiments.explain import explain
from funnelsim.experiments.frontier import ratio_frontier
from funnelsim.experiments.marginal import marginal_values
from funnelsim.experiments.memo import FULL, PARTS, QUICK, Effort, Memo
from funnelsim.experiments.search import TODAY as TODAY_IN_SEARCH
from funnelsim.experiments.search import search
from funnelsim.experiments.single import as_scenario
from funnelsim.experiments.switching import switching
from funnelsim.experiments.words import amount, counted
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.study import Study
from funnelsim.scenario.validation import hint

TODAY, BEST, NEXT = "today", "new mix", "runner-up"
MIXES = 3
"""Tied mixes that are compared with today's plan; more are only named."""
WORTH = (
    "plan.sales.reps", "plan.sales.sdrs", "plan.marketing.marketers", "plan.marketing.programme_money",
    "plan.marketing.lead_bar", "plan.sales.prospecting_hours",
)  # fmt: skip
"""Levers that are valued where none are named."""
TIMES = "times today’s"
ASSUMPTIONS: Mapping[str, Factor] = {
    "deal size": Factor(paths=("world.segments.*.deal_size",), span=(0.5, 1.5), times=True, unit=TIMES),
    "demand": Factor(paths=("world.demand",), span=(0.5, 1.5), times=True, unit=TIMES),
}
"""Numbers of the world that are varied where none are named."""
Tell = Callable[[str], object]


def gather(
    what: Scenario | Study | Comparison | Mapping[str, Scenario | str] | str,
    budget: float | None = None,
    *,
    levers: FactorsLike | None = None,
    worth: Sequence[str] = WORTH,
    assumptions: FactorsLike | None = None,
    without: Iterable[str] = (),
    kpi: str = HEADLINE,
    horizon_quarters: int | None = None,
    replications: int | None = None,
    question: str = "",
    quick: bool = False,
    effort: Effort | None = None,
    minutes: float | None = None,
    seed: int = 1,
    tell: Tell | None = None,
    **how: Unpack[How],
) -> Memo:
    """Find everything that a decision memo says.

    Parameters
    ----------
    what
        With a budget: today's plan in its world, as a scenario or its name. Without: the plans, as a study (or its
        name), scenarios by label, or a comparison that was run.
    budget
        What people and programmes may cost, USD per year: the plans are then searched for.
    levers
        With a budget: what may be moved, as in `search`.
    worth
        Dotted paths of the levers whose next step is valued, at the best plan.
    assumptions
        Numbers of the world that are varied one at a time, as the factors of `switching`; by default deal size and
        demand, from half to one and a half of what they are.
    without
        Parts to leave out: ``frontier``, ``why``, ``worth``, ``flips``.
    kpi
        What decides.
    horizon_quarters
        Length of the runs; by default that of the scenarios.
    replications
        Replications of the comparison; by default those of the study, or of the effort.
    question
        What is to be decided, in words.
    quick, effort
        Few runs for a first look; or how many for each part.
    minutes
        No further part is begun after so many minutes of wall time; the memo says what is missing.
    seed
        Family of random numbers. After a search the comparison and all that follows take the next one: numbers that
        nothing was chosen with.
    tell
        Is told which part comes now.
    **how
        As in `compare`: ``workers``, ``executor``, ``store``, ``engine``, ``progress``, ``insist``.
    """
    left = check_parts(without)
    check_kpi(kpi)
    if minutes is not None and not minutes > 0.0:
        raise ScenarioError(f"minutes is {minutes!r}; expected a number above 0")
    work = _Work(effort or (QUICK if quick else FULL), kpi, seed, tell or (lambda _: None), how)
    insist = bool(how.get("insist"))
    if budget is None:
        memo = work.of_plans(what, horizon_quarters, replications)
    else:
        base = _one_scenario(what, insist)
        base = base if horizon_quarters is None else with_horizon(base, horizon_quarters)
        numbers = _checked(base, worth, assumptions, left)
        memo = work.of_budget(base, budget, levers, replications)
    if budget is None:
        numbers = _checked(memo.comparison.scenarios[memo.today], worth, assumptions, left)
    memo.question = question or memo.question
    steps: dict[str, Callable[[Memo], None]] = {
        "frontier": work.frontier,
        "why": work.why,
        "worth": lambda found: work.worth(found, worth),
        "flips": lambda found: work.flips(found, numbers),
    }
    for name, step in steps.items():
        if name in left:
            continue
        if memo.interrupted:
            memo.left_out[name] = "stopped before it was begun"
        elif minutes is not None and work.spent > 60.0 * minutes:
            memo.left_out[name] = f"{minutes:g} minutes were over"
        else:
            work.part(name, memo, step)
    return memo


def check_parts(without: Iterable[str]) -> list[str]:
    """Return the names of parts; refuse others."""
    names = [without] if isinstance(without, str) else list(without)
    for name in names:
        if name not in PARTS:
            raise ScenarioError(f"no part of a memo is named {name!r}{hint(str(name), PARTS, 'parts')[0]}")
    return names


def _one_scenario(what: Any, insist: bool) -> Scenario:
    if isinstance(what, Scenario | str):
        return as_scenario(what, insist)
    raise ScenarioError("a budget asks for the best plans: give one scenario, or its name, to start from")


def _checked(
    scenario: Scenario, worth: Sequence[str], assumptions: FactorsLike | None, left: Sequence[str]
) -> dict[str, Factor]:
    """Return the numbers of the world to vary; refuse paths that do not exist before any work is done."""
    if "worth" not in left:
        for path in worth:
            value_at(scenario, path)
    found = factors_of(scenario, ASSUMPTIONS if assumptions is None else assumptions)
    for name, factor in found.items():
        if not factor.numeric:
            raise ScenarioError(f"{name}: a flip needs a range of numbers, e.g. (0.5, 1.5)")
    return found


class _Work:
    """Makes the parts of a memo, one after the other."""

    def __init__(self, effort: Effort, kpi: str, seed: int, tell: Tell, how: How) -> None:
        self.effort, self.kpi, self.seed, self.tell, self.how = effort, kpi, seed, tell, how
        self.began = time.perf_counter()

    @property
    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began

    def part(self, name: str, memo: Memo, step: Callable[[Memo], None]) -> None:
        """Make a part; where it cannot be had for these plans, say why."""
        self.tell(PARTS[name])
        before = self.spent
        try:
            step(memo)
        except KeyboardInterrupt:
            memo.interrupted = True
            memo.left_out[name] = "stopped before anything was finished"
        except FunnelsimError as error:
            memo.left_out[name] = str(error)
        memo.seconds[name] = self.spent - before

    def of_plans(self, what: Any, quarters: int | None, replications: int | None) -> Memo:
        """Compare plans that were given."""
        self.tell("the comparison of the plans")
        found = what
        if isinstance(what, Scenario):
            raise ScenarioError("one scenario has nothing to be compared with: give budget=..., or several by label")
        if not isinstance(what, Comparison):
            found = self._compare(what, replications, quarters)
        if len(found.labels) < 2:
            raise ScenarioError("a decision needs two plans or more, or a budget")
        found.check_kpis([self.kpi])
        best = str(found.ranking(self.kpi).index[0])
        question = found.question or f"Which of {counted(len(found.labels), 'plan')} is best?"
        memo = Memo(question, found, found.default_label, best, self.kpi, self.effort)
        self.seed = found.seed
        memo.seconds["compare"], memo.interrupted = found.seconds, found.interrupted
        return memo

    def _compare(self, what: Any, replications: int | None, quarters: int | None) -> Comparison:
        few = None if isinstance(what, Study | str) else self.effort.compared
        if self.effort is QUICK and few is None:
            few = self.effort.compared
        many = few if replications is None else replications
        try:
            return compare(what, many, None, self.seed, horizon_quarters=quarters, keep=("kpis",), **self.how)
        except ScenarioError as error:
            if isinstance(what, str) and "is a scenario" in str(error):
                raise ScenarioError(
                    f"{what!r} is one scenario; a memo needs a study, several scenarios, or a budget"
                ) from None
            raise

    def of_budget(self, base: Scenario, budget: float, levers: FactorsLike | None, replications: int | None) -> Memo:
        """Search for the best plans of a budget, and compare them with today's."""
        self.tell(f"the best plans for {amount(float(budget), 'USD')} a year" if budget > 0 else "the best plans")
        size = self.effort
        found = search(
            base, budget, levers, kpi=self.kpi, evaluations=size.evaluations, replications=size.trials,
            finalists=size.finalists, most=size.most, seed=self.seed, **self.how,
        )  # fmt: skip
        if found.interrupted:
            raise KeyboardInterrupt
        searched = self.spent
        plans, levers_of = {TODAY: base}, {}
        same = {label for label, one in found.scenarios.items() if one.plan == base.plan} | {TODAY_IN_SEARCH}
        tied = [label for label in found.tied() if label not in same][:MIXES]
        for place, label in enumerate(tied):
            name = BEST if found.best() == label else f"mix {place + 1}"
            plans[name], levers_of[name] = found.scenarios[label], dict(found.points[label])
        behind = [label for label in found.table().index if label not in same and label not in found.tied()]
        if behind:
            plans[NEXT], levers_of[NEXT] = found.scenarios[behind[0]], dict(found.points[behind[0]])
        self.tell("the comparison with today’s plan")
        self.seed += 1
        many = size.compared if replications is None else replications
        result = compare(plans, many, TODAY, self.seed, keep=("kpis",), **self.how)
        best = BEST if BEST in plans else TODAY
        question = f"What is the best use of {amount(float(budget), 'USD')} a year for people and programmes?"
        memo = Memo(question, result, TODAY, best, self.kpi, size, search=found, levers_of=levers_of)
        memo.seconds = {"search": searched, "compare": self.spent - searched}
        memo.interrupted = result.interrupted
        return memo

    def frontier(self, memo: Memo) -> None:
        """Other ratios of reps to marketers, at the payroll of the best plan."""
        if memo.search is None:
            return
        plan, quarters = memo.comparison.scenarios[memo.best], memo.comparison.horizon_quarters
        size = self.effort
        memo.frontier = ratio_frontier(
            plan, size.ratios, (quarters,), kpi=self.kpi, first=min(5, size.frontier), most=size.frontier,
            seed=self.seed, **self.how,
        )  # fmt: skip

    def why(self, memo: Memo) -> None:
        """Why the best plan differs from today's, or where today's is best, from the next."""
        a, b = (memo.today, memo.best) if memo.best != memo.today else (memo.mixes[0], memo.best)
        plans, size = memo.comparison.scenarios, self.effort
        memo.why = explain(
            plans[a], plans[b], names=(a, b), replications=size.why, kpi=self.kpi, max_exact=size.exact,
            pairs=size.pairs, seed=self.seed, **self.how,
        )  # fmt: skip

    def worth(self, memo: Memo, paths: Sequence[str]) -> None:
        """What one step more of each lever is worth at the best plan."""
        plan = memo.comparison.scenarios[memo.best]
        memo.worth = marginal_values(
            plan, list(paths), replications=self.effort.worth, screen=self.effort.screen, refine=len(paths),
            kpi=self.kpi, with_load=False, seed=self.seed, **self.how,
        )  # fmt: skip

    def flips(self, memo: Memo, numbers: Mapping[str, Factor]) -> None:
        """Who leads, over numbers of the world one at a time."""
        plans = memo.comparison.scenarios
        tied = set(memo.levers_of) - {NEXT} if memo.search else set(memo.comparison.tied(memo.kpi))
        behind = [label for label in memo.mixes if label not in tied]  # who is tied with the best flips by luck alone
        chosen = list(dict.fromkeys([memo.today, memo.best, *(behind[:1] or memo.mixes[-1:])]))
        for name, factor in numbers.items():
            self.tell(f"{PARTS['flips']}, over {name}")
            found = switching(
                {label: plans[label] for label in chosen}, {name: factor}, kpi=self.kpi, levels=self.effort.levels,
                replications=self.effort.flips, seed=self.seed, **self.how,
            )  # fmt: skip
            memo.flips.append(found)
