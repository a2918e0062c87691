"""What decides the ranking of plans: global sensitivity of the favourite's lead (Morris, Sobol) by SALib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare
from funnelsim.experiments.designs import Factor, FactorsLike, factors_of, scenario_at, significant
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.robust import BETWEEN, PlansLike, plans_of
from funnelsim.experiments.single import check_number
from funnelsim.experiments.words import amount, counted, gap_unit, plain
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("morris", "sobol")
LEAST_REPLICATIONS = 5
"""Replications at each point, below which luck passes for sensitivity."""
MAX_RUNS = 200_000


class Sensitivity:
    """How much each factor moves the favourite's lead over the best other plan; made by `sensitivity`.

    Attributes
    ----------
    plans, favourite
        Labels, and the plan whose lead it is.
    factors
        What was varied, by label.
    method
        ``"morris"`` or ``"sobol"``.
    points
        Settings, one row each, factors in columns.
    leads
        Mean lead of the favourite at each setting.
    noise_share
        Share of the variance of `leads` that is left luck of the replications, not the factors.
    results
        The runs: a `Comparison`.
    """

    def __init__(
        self,
        plans: list[str],
        favourite: str,
        factors: Mapping[str, Factor],
        method: str,
        points: np.ndarray,
        results: Comparison,
        kpi: str,
    ) -> None:
        self.plans, self.favourite, self.factors, self.method = plans, favourite, dict(factors), method
        self.points, self.results = points, results
        self.kpi, self.unit = kpi, results.units[kpi]
        sign = -1.0 if less_is_better(kpi) else 1.0
        values = sign * np.array(
            [[results.values(kpi, f"{plan}{BETWEEN}{place}") for place in range(len(points))] for plan in plans]
        )
        mine = plans.index(favourite)
        others = [place for place in range(len(plans)) if place != mine]
        rival = values[others].mean(axis=2).argmax(axis=0)
        gaps = values[mine] - np.array([values[others[one], place] for place, one in enumerate(rival)])
        self.leads = gaps.mean(axis=1)
        spread = float(self.leads.var(ddof=1))
        luck = float((gaps.var(axis=1, ddof=1) / gaps.shape[1]).mean())
        self.noise_share = min(1.0, luck / spread) if spread > 0.0 else 1.0

    @property
    def n(self) -> int:
        """Replications at each setting."""
        return self.results.n

    @property
    def horizon_quarters(self) -> int:
        """Horizon that the key figure is read at."""
        return self.results.horizon_quarters

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before all were finished."""
        return self.results.interrupted

    @property
    def holds(self) -> float:
        """Share of settings in which the favourite has the best mean."""
        return float((self.leads > 0.0).mean())

    def table(self) -> pd.DataFrame:
        """Sensitivity of each factor, strongest first.

        Returns
        -------
        pandas.DataFrame
            Index ``factor``. Morris: ``mu_star`` (mean size of an elementary effect over the whole range, in the unit
            of the KPI), ``mu_star_conf`` (half of its 95 % interval), ``mu`` (with its sign), ``sigma`` (spread of
            effects: interaction or curvature). Sobol: ``S1`` (share of variance by the factor alone), ``ST`` (with
            all its interactions), each with ``_conf``.
        """
        import pandas as pd

        names = list(self.factors)
        problem = _problem(self.factors)
        if self.method == "morris":
            from SALib.analyze import morris

            found = morris.analyze(problem, self.points, self.leads, seed=1)
            columns = ["mu_star", "mu_star_conf", "mu", "sigma"]
        else:
            from SALib.analyze import sobol

            found = sobol.analyze(problem, self.leads, calc_second_order=False, seed=1)
            columns = ["S1", "S1_conf", "ST", "ST_conf"]
        table = pd.DataFrame({name: np.asarray(found[name], dtype=float) for name in columns}, index=names)
        table.index.name = "factor"
        key = "mu_star" if self.method == "morris" else "ST"
        return table.iloc[np.argsort(-table[key].to_numpy(), kind="stable")]

    def conclusion(self) -> str:
        """What decides, and how often the favourite stays ahead; one sentence per line."""
        table = self.table()
        first = table.iloc[0]
        what = f"{plain(self.kpi)} over {counted(self.horizon_quarters, 'quarter')}"
        if self.method == "morris":
            size = f"{amount(float(first['mu_star']), gap_unit(self.unit))} over its range"
        else:
            size = f"{float(first['ST']):.0%} of the variance"
        lines = [
            f"The lead of “{self.favourite}” ({what}) depends most on {first.name}: {size}.",
            f"“{self.favourite}” stays ahead in {self.holds:.0%} of {counted(len(self.points), 'setting')}.",
            f"{self.noise_share:.0%} of the variance is luck that {counted(self.n, 'replication')} leave.",
        ]
        if self.noise_share > 0.3:
            lines.append("That is much: with more replications the order of the factors may change.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Sensitivity ({self.method}) to {', '.join(self.factors)}>\n{self.conclusion()}"


def sensitivity(
    plans: PlansLike,
    factors: FactorsLike,
    scenario: Scenario | str | None = None,
    *,
    method: str = "morris",
    size: int | None = None,
    favourite: str | None = None,
    kpi: str = HEADLINE,
    horizon_quarters: int | None = None,
    replications: int = LEAST_REPLICATIONS,
    seed: int = 1,
    **how: Any,
) -> Sensitivity:
    """Say which numbers decide the ranking of plans: how much each moves the favourite's lead, all varied together.

    Parameters
    ----------
    plans
        Two or more, as in `robust`.
    factors
        Ranges ``(low, high)`` of two numbers or more, as in `sweep`.
    scenario
        What plans that are changes change.
    method
        ``"morris"``: elementary effects, cheap, for many factors; ``"sobol"``: shares of variance.
    size
        Morris: trajectories (10), settings = size (factors + 1). Sobol: base sample (64), a power of two, settings =
        size (factors + 2).
    favourite
        Whose lead; by default the plan with the best mean in the middle of all ranges.
    kpi
        What decides.
    horizon_quarters
        Length of the runs; by default that of the scenarios.
    replications
        At each setting, paired, >= 5.
    seed
        Family of random numbers, of the runs and of the design.
    **how
        Handed to `compare`: ``workers``, ``executor``, ``store``, ``engine``, ``progress``, …

    Returns
    -------
    Sensitivity
        Table and sentences; picture: `plots.sensitivity`.

    Notes
    -----
    Morris (1991), Campolongo et al. (2007); Sobol by Saltelli et al. (2010); SALib (extra ``sensitivity``).
    """
    check_method(method, replications)
    found = plans_of(plans, scenario, horizon_quarters, bool(how.get("insist")))
    ranges = factors_of(next(iter(found.values())), factors)
    if len(found) < 2 or len(ranges) < 2:
        raise ScenarioError("sensitivity needs two plans and two factors or more")
    for name, factor in ranges.items():
        if factor.span is None:
            raise ScenarioError(f"{name}: sensitivity needs a range (low, high)")
    if favourite is not None and favourite not in found:
        raise ScenarioError(f"no plan has the label {favourite!r}{hint(favourite, found, 'labels')[0]}")
    points = _design(ranges, method, size, seed)
    runs = len(points) * len(found) * replications
    if runs > MAX_RUNS:
        raise ScenarioError(f"that is {runs:,} runs; expected at most {MAX_RUNS:,}: take a smaller size")
    middle = np.array([[sum(factor.span or (0.0, 0.0)) / 2.0 for factor in ranges.values()]])
    pairs = {}
    for place, row in enumerate(np.vstack([points, middle])):
        point = {name: significant(float(value)) for name, value in zip(ranges, row, strict=True)}
        for plan, one in found.items():
            pairs[f"{plan}{BETWEEN}{place}"] = scenario_at(one, ranges, point)
    results = compare(pairs, replications, seed=seed, **how)
    results.check_kpis([kpi])
    sign = -1.0 if less_is_better(kpi) else 1.0
    means = {plan: sign * float(np.mean(results.values(kpi, f"{plan}{BETWEEN}{len(points)}"))) for plan in found}
    chosen = favourite or max(means, key=lambda plan: means[plan])
    return Sensitivity(list(found), chosen, ranges, method, points, results, kpi)


def _problem(factors: Mapping[str, Factor]) -> dict[str, Any]:
    return {
        "num_vars": len(factors),
        "names": list(factors),
        "bounds": [list(factor.span or (0.0, 0.0)) for factor in factors.values()],
    }


def _design(factors: Mapping[str, Factor], method: str, size: int | None, seed: int) -> np.ndarray:
    """Return the settings to run, one row each."""
    problem = _problem(factors)
    if method == "morris":
        from SALib.sample import morris

        trajectories = 10 if size is None else size
        check_number("size", trajectories, 2, 1000)
        found = morris.sample(problem, trajectories, num_levels=4, seed=seed)
    else:
        from SALib.sample import sobol

        base = 64 if size is None else size
        check_number("size", base, 8, 65_536)
        if base & (base - 1):
            raise ScenarioError(f"size is {base}; expected a power of two, e.g. {1 << (base.bit_length() - 1)}")
        found = sobol.sample(problem, base, calc_second_order=False, seed=seed)
    return np.asarray(found, dtype=float)


def check_method(method: str, replications: int) -> None:
    """Refuse a method that is unknown or not installed, and too few replications."""
    from importlib.util import find_spec

    if find_spec("SALib") is None:
        raise FunnelsimError('sensitivity needs SALib: pip install "funnelsim[sensitivity]"')
    if method not in METHODS:
        raise ScenarioError(f"no method is named {method!r}{hint(str(method), METHODS, 'methods')[0]}")
    check_number("replications", replications, LEAST_REPLICATIONS, 100_000)
