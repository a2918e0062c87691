"""The best plan for a budget: an optimiser finds candidates, a selection procedure says which are tied for best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.batches import Batches, check_known, check_kpi
from funnelsim.experiments.choose import Selection, decide
from funnelsim.experiments.compare import HEADLINE, with_horizon
from funnelsim.experiments.designs import (
    Factor,
    FactorsLike,
    Point,
    factors_of,
    label_of,
    written,
)
from funnelsim.experiments.intervals import LEVEL
from funnelsim.experiments.payroll import yearly_cost
from funnelsim.experiments.purse import Cost, Purse, money_levers
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.single import as_scenario, check_number
from funnelsim.experiments.words import amount, counted, plain, with_margin
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("differential_evolution", "dual_annealing", "random")
TODAY = "today’s plan"
APART = 0.05
"""How far apart finalists are, as a share of the ranges: neighbours of the best are no news."""


class Search(Selection):
    """The plans for a budget that are tied for best; made by `search`.

    Attributes
    ----------
    budget
        What a plan may cost, USD per year.
    levers
        What was moved, by label.
    points
        Setting of every finalist, by label; today's plan has none.
    evaluations
        Every plan that the optimiser looked at: levers, ``cost``, ``mean`` of its few replications, in order.
    """

    budget: float = 0.0
    levers: Mapping[str, Factor] = {}
    points: Mapping[str, Point] = {}
    evaluations: pd.DataFrame
    costs: Mapping[str, float] = {}
    searched: str = ""

    def table(self, horizon: int | None = None) -> pd.DataFrame:
        """Finalists, best mean first, as `Selection.table`, with every lever and ``cost`` (USD per year) in front."""
        found = super().table(horizon)
        found.insert(0, "cost", [self.costs[str(label)] for label in found.index])
        for name in reversed(list(self.levers)):
            found.insert(0, name, [self.points.get(str(label), {}).get(name) for label in found.index])
        return found

    def named(self, labels: Sequence[str]) -> str:
        """Return plans in a sentence: one by its levers, several by the ranges of their levers."""
        if len(labels) == 1:
            return f"“{labels[0]}” ({amount(self.costs[labels[0]], 'USD')} a year)"
        return f"{len(labels)} plans ({self.ranges(labels)})"

    def ranges(self, labels: Sequence[str]) -> str:
        """Return what each lever is in some plans: ``reps 8 to 11, marketers 2``."""
        parts = []
        for name, factor in self.levers.items():
            levels = [self.points[label][name] for label in labels if label in self.points]
            if not levels:
                continue
            ends = sorted(set(levels)) if factor.numeric else list(dict.fromkeys(levels))
            joined = " to ".join(dict.fromkeys((written(ends[0]), written(ends[-1]))))
            parts.append(f"{name} {joined if factor.numeric else ' or '.join(map(written, ends))}")
        return ", ".join(parts)

    def conclusion(self) -> str:
        """What was found; one sentence per line."""
        best, horizon = self.best(), self.horizon_quarters
        row = self.table().iloc[0]
        earns = with_margin(float(row["mean"]), float(row["high"] - row["low"]) / 2, self.unit)
        what = f"{plain(self.kpi)} over {counted(horizon, 'quarter')}"
        lines = [f"For {amount(self.budget, 'USD')} a year: {line}" if place == 0 else line
                 for place, line in enumerate(self._sentences(horizon))]  # fmt: skip
        lines.insert(1, f"The best mean, {earns} ({what}), is that of {self.named([best])}.")
        return "\n".join([*lines, self.searched, self.effort()])


def search(
    scenario: Scenario | str,
    budget: float,
    levers: FactorsLike | None = None,
    *,
    kpi: str = HEADLINE,
    horizon_quarters: int | None = None,
    evaluations: int = 120,
    replications: int = 4,
    finalists: int = 8,
    most: int = 40,
    indifference: float | None = None,
    level: float = LEVEL,
    method: str = "differential_evolution",
    cost: Cost | None = None,
    seed: int = 1,
    **how: Any,
) -> Search:
    """Find the best plans that a yearly budget for people and programmes allows.

    Parameters
    ----------
    scenario
        Where to start: everything that is no lever stays as it is.
    budget
        What a plan may cost, USD per year, > 0.
    levers
        What may be moved, written as the factors of `sweep`; ranges take a step (``Factor(span=(4, 16), step=0.5)``).
        By default those of `money_levers`: reps, SDRs, marketers and programme money, each up to what the budget buys;
        and where alignment does anything in this world, its level.
    kpi
        What decides, read at the horizon.
    horizon_quarters
        Length of the runs; by default that of the scenario.
    evaluations, replications
        Plans that the optimiser may try, and replications of each, the same for all.
    finalists, most
        Plans that go on to the selection, and replications of each at most; none of them was used in the search.
    indifference, level
        As in `choose`.
    method
        ``"differential_evolution"`` or ``"dual_annealing"`` of SciPy; ``"random"``: that many plans at random.
    cost
        Yearly cost of a scenario in USD; by default `yearly_cost`: people, programmes and licences of alignment.
    seed
        Family of random numbers, of the runs and of the optimiser.
    **how
        As in `compare`: ``workers``, ``executor``, ``store``, ``engine``, ``progress``, ``insist``.

    Returns
    -------
    Search
        The finalists and which of them are tied for best. Today's plan is one of them if the budget allows it.

    Notes
    -----
    A plan that would cost more is scaled back to the budget: what costs is moved towards its lowest value in proportion
    and rounded down to its step; what is left over buys further steps where most was cut off. The optimiser works on
    means of the same few replications (sample average approximation), which it will fit a little too well; the
    selection therefore uses replications of its own.
    """
    base = as_scenario(scenario, bool(how.get("insist")))
    if horizon_quarters is not None:
        base = with_horizon(base, horizon_quarters)
    for name, value, least in (("evaluations", evaluations, 4), ("replications", replications, 1)):
        check_number(name, value, least, 100_000)
    check_number("finalists", finalists, 2, 100)
    check_kpi(kpi)
    if method not in METHODS:
        raise ScenarioError(f"no method is named {method!r}{hint(str(method), METHODS, 'methods')[0]}")
    if isinstance(budget, bool) or not (math.isfinite(budget) and budget > 0.0):
        raise ScenarioError(f"budget is {budget!r}; expected USD per year, above 0")
    cost = yearly_cost if cost is None else cost
    found = factors_of(base, levers) if levers is not None else money_levers(base, budget)
    purse = Purse(base, found, float(budget), cost)
    total = evaluations * replications + finalists * most
    lab = Batches({}, (base.horizon_quarters,), seed=seed, total=total, **how)
    with lab:
        trials = Trials(lab, purse, kpi, replications, evaluations)
        _optimise(trials, method, seed)
        chosen = trials.best(finalists)
        if len(chosen) < 2:
            if lab.interrupted:
                raise KeyboardInterrupt
            raise ScenarioError("the budget allows a single plan only")
        last = Batches({label: lab.scenarios[label] for label in chosen}, lab.horizons, seed=seed, **how)
        costs = {label: cost(one) for label, one in last.scenarios.items()}
        if cost(base) <= budget and base.plan not in [one.plan for one in last.scenarios.values()]:
            last.add(TODAY, base)
            costs[TODAY] = cost(base)
        last.kept, last._report, last._total = lab.kept, lab._report, lab._total
        decision = decide(last, kpi, indifference, "race", level, min(10, most), most, total, offset=replications)
    made = len(lab.kept)
    last.interrupted = last.interrupted or lab.interrupted
    result = Search(last, kpi, lab.horizons, *decision, level=level, method="race", first=replications)
    result.seconds, result.runs = lab.seconds, made
    result.budget, result.levers, result.costs = float(budget), found, costs
    result.points = {label: trials.points[label] for label in chosen}
    result.evaluations = trials.table()
    result.searched = (
        f"{counted(len(trials.points), 'plan')} tried by {method.replace('_', ' ')}, "
        f"{counted(replications, 'replication')} each; {len(last.scenarios)} finalists with replications of their own."
    )
    return result


class Trials:
    """Tries plans on the same few replications, each plan once, and remembers what they gave."""

    def __init__(self, lab: Batches, purse: Purse, kpi: str, replications: int, most: int) -> None:
        self.lab, self.purse, self.kpi = lab, purse, kpi
        self.replications, self.most = replications, most
        self.points: dict[str, Point] = {}
        self.means: dict[str, float] = {}
        self.sign = 1.0 if less_is_better(kpi) else -1.0

    @property
    def spent(self) -> bool:
        """Whether the optimiser has to stop."""
        return self.lab.interrupted or len(self.means) >= self.most

    def __call__(self, cubes: np.ndarray) -> np.ndarray:
        """Return the mean of each column of the cube, smaller is better."""
        points = [self.purse.point(column) for column in np.atleast_2d(cubes.T)]
        labels = [label_of(point) for point in points]
        fresh = {label: point for label, point in zip(labels, points, strict=True) if label not in self.points}
        fresh = dict(list(fresh.items())[: max(0, self.most - len(self.means))])
        for label, point in fresh.items():
            scenario = self.purse.scenario(point)
            price = self.purse.cost(scenario)
            if price > self.purse.budget * (1.0 + 1e-9):
                raise ScenarioError(f"“{label}” costs {amount(price, 'USD')}: its cost is not the sum of its levers'")
            self.lab.add(label, scenario)
        self.lab.run((label, number) for number in range(self.replications) for label in fresh)
        for label, point in fresh.items():
            values = self.lab.values(label, self.kpi, self.lab.horizons[-1], 0, self.replications)
            if len(values) == self.replications:
                check_known(values, self.kpi, label)
                self.points[label], self.means[label] = point, float(values.mean())
        worst = max((self.sign * mean for mean in self.means.values()), default=0.0) + 1.0
        return np.array([self.sign * self.means[label] if label in self.means else worst for label in labels])

    def best(self, number: int) -> list[str]:
        """Return the best plans, none too near to a better one."""
        chosen: list[str] = []
        for label in sorted(self.means, key=lambda one: self.sign * self.means[one]):
            if len(chosen) < number and all(self._distance(label, other) >= APART for other in chosen):
                chosen.append(label)
        return chosen

    def _distance(self, a: str, b: str) -> float:
        """Return the largest difference in any lever, as a share of its range (1 for other names)."""
        shares = []
        for name, factor in self.purse.levers.items():
            here, there = self.points[a][name], self.points[b][name]
            if factor.span is None:
                shares.append(float(here != there))
            else:
                shares.append(abs(here - there) / (factor.span[1] - factor.span[0]))
        return max(shares)

    def table(self) -> pd.DataFrame:
        """Return everything that was tried, in order."""
        import pandas as pd

        rows = [
            {**self.points[label], "cost": self.purse.cost(self.lab.scenarios[label]), "mean": mean}
            for label, mean in self.means.items()
        ]
        return pd.DataFrame(rows)


def _optimise(trials: Trials, method: str, seed: int) -> None:
    """Let an optimiser try plans until it has tried enough."""
    from scipy.optimize import differential_evolution, dual_annealing

    size = len(trials.purse.names)
    bounds = [(0.0, 1.0)] * size
    first = _first_points(trials.purse, size, max(8, 4 * size), seed)
    if method == "random":
        many = _first_points(trials.purse, size, trials.most, seed)
        for begin in range(0, len(many), 16):
            if not trials.spent:
                trials(many[begin : begin + 16].T)
    elif method == "differential_evolution":
        differential_evolution(
            trials, bounds, init=first, maxiter=trials.most, strategy="best1bin", mutation=(0.4, 0.9),
            recombination=0.8, tol=0.0, polish=False, vectorized=True, updating="deferred", seed=seed,
            callback=lambda intermediate_result: trials.spent,
        )  # fmt: skip
    else:
        dual_annealing(
            lambda cube: float(trials(np.asarray(cube)[:, None])[0]), bounds, maxfun=10 * trials.most, seed=seed,
            no_local_search=True, x0=first[0], callback=lambda cube, value, context: trials.spent,
        )  # fmt: skip


def _first_points(purse: Purse, size: int, number: int, seed: int) -> np.ndarray:
    """Return points that cover the cube, the first of them today's plan."""
    from scipy.stats import qmc

    cube = qmc.LatinHypercube(size, seed=np.random.default_rng(seed)).random(number)
    today = purse.cube_of_today()
    if today is not None:
        cube[0] = today
    return cube
