"""Robust choice: every plan in every world, and which plan one would regret least."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare, with_horizon
from funnelsim.experiments.intervals import LEVEL
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.single import as_scenario
from funnelsim.experiments.words import amount, counted, gap_unit, interval, listed, plain
from funnelsim.scenario.schema import Scenario, World
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 2000
"""Bootstrap samples of replications."""
BETWEEN = " | "
"""Stands between plan and world in the label of a run."""
PlansLike = Mapping[str, Any]
WorldsLike = Mapping[str, Any]


class Robust:
    """Plans in worlds; made by `robust`.

    Attributes
    ----------
    plans, worlds
        Their labels.
    weights
        How likely each world is, by label; they sum to 1.
    results
        The runs: a `Comparison` of all pairs.
    kpi, unit
        What decides, and its unit.
    """

    def __init__(
        self, plans: list[str], worlds: list[str], weights: Mapping[str, float], results: Comparison, kpi: str
    ) -> None:
        self.plans, self.worlds, self.weights = plans, worlds, dict(weights)
        self.results, self.kpi, self.unit = results, kpi, results.units[kpi]

    @property
    def n(self) -> int:
        """Replications of every pair."""
        return self.results.n

    @property
    def horizon_quarters(self) -> int:
        """Horizon that the key figure is read at."""
        return self.results.horizon_quarters

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before all were finished."""
        return self.results.interrupted

    def at(self, horizon_quarters: int) -> Self:
        """Return the same runs read at another horizon."""
        import copy

        other = copy.copy(self)
        other.results = self.results.at(horizon_quarters)
        return other

    def scenario(self, plan: str, world: str) -> Scenario:
        """Return the scenario of a plan in a world."""
        return self.results.scenarios[self.results.check_label(f"{plan}{BETWEEN}{world}")]

    def values(self) -> np.ndarray:
        """Return the key figure of each plan, world and replication, in this order."""
        return np.array(
            [[self.results.values(self.kpi, f"{plan}{BETWEEN}{world}") for world in self.worlds] for plan in self.plans]
        )

    def table(self) -> pd.DataFrame:
        """Mean of each plan (rows) in each world (columns), and the weighted mean (``mean``)."""
        means = np.nanmean(self.values(), axis=2)
        return self._frame(np.column_stack([means, means @ self._weights()]), [*self.worlds, "mean"])

    def regret(self, level: float = LEVEL) -> pd.DataFrame:
        """What choosing a plan costs against the best plan of each world.

        Returns
        -------
        pandas.DataFrame
            One row per plan, smallest worst regret first: regret in each world (0: the best there), ``mean`` (weighted)
            and ``worst`` over the worlds, each with ``_low`` and ``_high``: bootstrap interval over replications.
        """
        import pandas as pd

        values = self.values()
        found = self._regret(np.nanmean(values, axis=2))
        samples = np.array([self._summaries(self._regret(one)) for one in self._resampled(values)])
        low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
        mean_worst = self._summaries(found)
        table = self._frame(found, self.worlds)
        for place, name in enumerate(("mean", "worst")):
            table[name] = mean_worst[:, place]
            table[f"{name}_low"], table[f"{name}_high"] = low[:, place], high[:, place]
        order = np.argsort(table["worst"].to_numpy(), kind="stable")
        return pd.DataFrame(table.iloc[order])

    def chance_best(self) -> pd.DataFrame:
        """How likely each plan is the best: in a single course of events, and in truth.

        Returns
        -------
        pandas.DataFrame
            One row per plan. Each world: share of replications in which the plan did best there (ties are split);
            ``overall``: weighted over the worlds; ``best_mean``: share of bootstrap samples in which its weighted mean
            over the worlds is the best; ``safest``: the same for the smallest worst regret.
        """
        values = self._signed(self.values())
        best = values == np.nanmax(values, axis=0, keepdims=True)
        shares = (best / np.maximum(best.sum(axis=0, keepdims=True), 1)).mean(axis=2)
        samples = self._resampled(self.values())
        means = [self._signed(one) @ self._weights() for one in samples]
        worsts = [self._regret(one).max(axis=1) for one in samples]
        table = self._frame(np.column_stack([shares, shares @ self._weights()]), [*self.worlds, "overall"])
        table["best_mean"] = np.bincount([int(np.argmax(one)) for one in means], minlength=len(self.plans)) / len(means)
        table["safest"] = np.bincount([int(np.argmin(one)) for one in worsts], minlength=len(self.plans)) / len(worsts)
        return table

    def safest(self) -> str:
        """Label of the plan with the smallest worst regret."""
        return str(self.regret().index[0])

    def best_on_average(self) -> str:
        """Label of the plan with the best weighted mean over the worlds."""
        return str((self.table()["mean"] * (-1.0 if less_is_better(self.kpi) else 1.0)).idxmax())

    def favourites(self) -> dict[str, str]:
        """Label of the plan with the best mean in each world."""
        means = self._signed(np.nanmean(self.values(), axis=2))
        return {world: self.plans[int(np.argmax(means[:, place]))] for place, world in enumerate(self.worlds)}

    def conclusion(self) -> str:
        """Which plan is safest, and which is best on average; one sentence per line."""
        regret, chance, unit = self.regret(), self.chance_best(), gap_unit(self.unit)
        safest, name = regret.iloc[0], str(regret.index[0])
        best = str(self.best_on_average())
        what = f"{plain(self.kpi)} over {counted(self.horizon_quarters, 'quarter')}"
        ends = interval(float(safest["worst_low"]), float(safest["worst_high"]), unit)
        lines = [
            f"“{name}” is the safest of {counted(len(self.plans), 'plan')} in "
            f"{counted(len(self.worlds), 'world')} ({what}, {self.results.replications_in_words}): at worst it is "
            f"{amount(float(safest['worst']), unit)} {ends} behind the best plan of the world."
        ]
        if best == name:
            lines.append(f"It is also the best on average (in {float(chance['best_mean'][best]):.0%} of resamples).")
        else:
            lines.append(
                f"“{best}” is the best on average (in {float(chance['best_mean'][best]):.0%} of resamples), at worst "
                f"{amount(float(regret['worst'][best]), unit)} behind."
            )
        groups: dict[str, list[str]] = {}
        for world, plan in self.favourites().items():
            groups.setdefault(plan, []).append(f"“{world}”")
        lines.append(f"Best mean: {'; '.join(f'“{plan}” in {listed(worlds)}' for plan, worlds in groups.items())}.")
        return "\n".join(lines)

    def _weights(self) -> np.ndarray:
        return np.array([self.weights[world] for world in self.worlds])

    def _signed(self, values: np.ndarray) -> np.ndarray:
        return -values if less_is_better(self.kpi) else values

    def _regret(self, means: np.ndarray) -> np.ndarray:
        signed = self._signed(means)
        found: np.ndarray = signed.max(axis=0, keepdims=True) - signed
        return found

    def _summaries(self, regret: np.ndarray) -> np.ndarray:
        return np.column_stack([regret @ self._weights(), regret.max(axis=1)])

    def _resampled(self, values: np.ndarray) -> list[np.ndarray]:
        """Return means over resampled replications; every plan and world is resampled alike, so that pairs stay."""
        n = values.shape[2]
        draws = np.random.default_rng(19510401).integers(0, n, (RESAMPLES if n > 1 else 1, n))
        times = np.array([np.bincount(draw, minlength=n) for draw in draws], dtype=float).T
        known = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            means = (np.where(known, values, 0.0) @ times) / (known.astype(float) @ times)
        return list(np.moveaxis(means, 2, 0))

    def _frame(self, numbers: np.ndarray, columns: list[str]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(numbers, index=pd.Index(self.plans, name="plan"), columns=columns)

    def __repr__(self) -> str:
        return f"<Robust: {', '.join(self.plans)}; worlds {', '.join(self.worlds)}>\n{self.conclusion()}"

    def _repr_html_(self) -> str:
        from html import escape

        shown = self.regret()[[*self.worlds, "mean", "worst"]]
        words = shown.rename_axis(None).map(lambda value: amount(float(value), gap_unit(self.unit)))
        return f"<p>{escape(self.conclusion()).replace(chr(10), '<br>')}</p><p>Regret</p>{words.to_html()}"


def robust(
    plans: PlansLike,
    worlds: WorldsLike,
    scenario: Scenario | str | None = None,
    *,
    kpi: str = HEADLINE,
    weights: Mapping[str, float] | None = None,
    horizon_quarters: int | None = None,
    **how: Any,
) -> Robust:
    """Run every plan in every world, with the same random numbers, and say which plan one would regret least.

    Parameters
    ----------
    plans
        Two or more by label: scenarios (or their names), or changes by dotted path to `scenario`.
    worlds
        Two or more by label: changes by dotted path (``{}``: the world as it is), a `World`, or the name of a world.
    scenario
        What plans that are changes change.
    kpi
        What decides.
    weights
        How likely each world is, >= 0, by label; by default all alike.
    horizon_quarters
        Length of the runs; by default that of the scenarios.
    **how
        Handed to `compare`: ``replications`` (20), ``seed``, ``workers``, …

    Returns
    -------
    Robust
        Regret, chances and sentences; picture: `plots.regret`.
    """
    found = plans_of(plans, scenario, horizon_quarters, bool(how.get("insist")))
    if len(found) < 2 or len(worlds) < 2:
        raise ScenarioError("a robust choice needs two plans and two worlds or more")
    pairs = {
        f"{plan}{BETWEEN}{world}": in_world(one, what, str(world))
        for plan, one in found.items()
        for world, what in worlds.items()
    }
    results = compare(pairs, **how)
    results.check_kpis([kpi])
    labels = [str(world) for world in worlds]
    return Robust(list(found), labels, weights_of(labels, weights), results, kpi)


def plans_of(
    plans: PlansLike, scenario: Scenario | str | None, quarters: int | None, insist: bool
) -> dict[str, Scenario]:
    """Return plans by label: scenarios, or changes to one."""
    if not isinstance(plans, Mapping) or not plans:
        raise ScenarioError("plans need labels: {'today': scenario, 'two reps more': {'plan.sales.reps': 12}}")
    base = None if scenario is None else as_scenario(scenario, insist)
    found = {}
    for label, plan in plans.items():
        if isinstance(plan, Mapping):
            if base is None:
                raise ScenarioError(f"plan {label!r} is changes; say scenario=... to name what they change")
            one = base.with_changes(dict(plan)) if plan else base
        else:
            one = as_scenario(plan, insist)
        found[str(label)] = one if quarters is None else with_horizon(one, quarters)
    return found


def in_world(scenario: Scenario, world: Any, label: str) -> Scenario:
    """Return a plan in another world."""
    if isinstance(world, Mapping):
        return scenario.with_changes(dict(world)) if world else scenario
    if isinstance(world, Scenario):
        world = world.world
    if isinstance(world, World | str):
        return scenario.with_changes({"world": world})
    raise ScenarioError(f"world {label!r}: expected changes by dotted path, a World or the name of one; got {world!r}")


def weights_of(worlds: list[str], weights: Mapping[str, float] | None) -> dict[str, float]:
    """Return weights that sum to 1."""
    if weights is None:
        return dict.fromkeys(worlds, 1.0 / len(worlds))
    for world in weights:
        if world not in worlds:
            raise ScenarioError(f"no world has the label {world!r}{hint(str(world), worlds, 'worlds')[0]}")
    numbers = {world: float(weights.get(world, 0.0)) for world in worlds}
    total = sum(numbers.values())
    if min(numbers.values()) < 0.0 or not (np.isfinite(total) and total > 0.0):
        raise ScenarioError("weights: expected numbers from 0 on, one of them above 0")
    return {world: number / total for world, number in numbers.items()}
