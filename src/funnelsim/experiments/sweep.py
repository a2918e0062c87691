"""Sweeps: one plan under many settings, all with the same random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare, with_horizon
from funnelsim.experiments.designs import (
    LEVELS,
    Factor,
    FactorsLike,
    Point,
    factors_of,
    grid,
    label_of,
    latin_hypercube,
    levels_of,
    scenario_at,
    written,
)
from funnelsim.experiments.intervals import LEVEL, paired_difference
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.single import as_scenario
from funnelsim.experiments.words import counted, gap_unit, plain, with_margin
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

DESIGNS = ("grid", "one_at_a_time", "latin_hypercube")
MAX_POINTS = 20_000
TODAY = "as it is"
"""Label of the scenario without any change."""


class Sweep:
    """A scenario under many settings; made by `sweep`.

    Attributes
    ----------
    factors
        What was varied, by label.
    design
        Name of the design.
    points
        Level of each factor in each setting, by label of the setting.
    results
        The runs: a `Comparison` of all settings.
    """

    def __init__(self, factors: Mapping[str, Factor], design: str, points: Mapping[str, Point], results: Comparison):
        self.factors = dict(factors)
        self.design = design
        self.points = dict(points)
        self.results = results

    @property
    def n(self) -> int:
        """Replications of every setting."""
        return self.results.n

    @property
    def horizon_quarters(self) -> int:
        """Horizon that the key figures are read at."""
        return self.results.horizon_quarters

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before all were finished."""
        return self.results.interrupted

    def at(self, horizon_quarters: int) -> Self:
        """Return the same sweep read at another horizon."""
        import copy

        other = copy.copy(self)
        other.results = self.results.at(horizon_quarters)
        return other

    def scenario(self, label: str) -> Scenario:
        """Return the scenario of a setting."""
        return self.results.scenarios[self.results.check_label(label)]

    def table(self, kpis: str | Iterable[str] | None = HEADLINE, level: float = LEVEL) -> pd.DataFrame:
        """Mean and t interval of key figures in each setting.

        Parameters
        ----------
        kpis
            Names of KPIs; none: all.
        level
            Confidence level, 0 < level < 1.

        Returns
        -------
        pandas.DataFrame
            One row per setting and KPI: a column for each factor, ``setting``, ``kpi``, ``mean``, ``low``, ``high``,
            ``sd``, ``n``, ``unit``.
        """
        found = self.results.summary(kpis, level).reset_index().rename(columns={"plan": "setting"})
        return self._with_levels(found)

    @property
    def frame(self) -> pd.DataFrame:
        """Every replication, tidy: each factor, setting, replication, horizon_quarters, kpi, value, unit."""
        return self._with_levels(self.results.frame.rename(columns={"plan": "setting"}))

    def _with_levels(self, table: pd.DataFrame) -> pd.DataFrame:
        table["setting"] = table["setting"].astype(str)
        for place, name in enumerate(self.factors):
            table.insert(place, name, [self.points[label].get(name) for label in table["setting"]])
        return table

    def differences(
        self, kpis: str | Iterable[str] | None = HEADLINE, baseline: str | None = None, level: float = LEVEL
    ) -> pd.DataFrame:
        """Paired differences to one setting, by default the scenario as it is or else the first; see `Comparison`."""
        found = self.results.differences(kpis, baseline, level).reset_index().rename(columns={"plan": "setting"})
        return self._with_levels(found)

    def tied(self, kpi: str = HEADLINE, level: float = LEVEL) -> list[str]:
        """Labels of the settings that are statistically tied for best, best mean first."""
        return self.results.tied(kpi, level)

    def effects(self, kpi: str = HEADLINE, level: float = LEVEL) -> pd.DataFrame:
        """How far each factor moves a key figure by itself: from its worst level to its best, paired.

        Returns
        -------
        pandas.DataFrame
            Index ``factor``, largest effect first; ``from`` and ``to`` (levels), ``difference`` (better minus worse
            mean), ``low``, ``high`` (paired interval), ``n``, ``unit``. All else is as it is in ``one_at_a_time``, and
            averaged over in a grid.
        """
        import numpy as np
        import pandas as pd

        if self.design == "latin_hypercube":
            raise ScenarioError("effects of single factors need design='grid' or 'one_at_a_time'")
        sign = -1.0 if less_is_better(kpi) else 1.0
        rows = []
        for name in self.factors:
            groups: dict[str, list[np.ndarray]] = {}
            for label, point in self.points.items():
                if name in point or (self.design == "one_at_a_time" and not point):
                    groups.setdefault(written(point[name]) if name in point else TODAY, []).append(
                        np.array(self.results.values(kpi, label))
                    )
            means = {text: np.mean(numbers, axis=0) for text, numbers in groups.items()}
            order = sorted(means, key=lambda text: sign * float(np.mean(means[text])))
            found = paired_difference(means[order[-1]], means[order[0]], level).interval
            unit = gap_unit(self.results.units[kpi])
            rows.append((name, order[0], order[-1], found.mean, found.low, found.high, found.n, unit))
        columns = ["factor", "from", "to", "difference", "low", "high", "n", "unit"]
        table = pd.DataFrame(rows, columns=columns).set_index("factor")
        return table.iloc[np.argsort(-np.abs(table["difference"].to_numpy()), kind="stable")]

    def conclusion(self, kpi: str = HEADLINE, level: float = LEVEL) -> str:
        """What the sweep says, one sentence per line."""
        if self.design == "one_at_a_time":
            first = self.effects(kpi, level).iloc[0]
            size = with_margin(abs(float(first["difference"])), float(first["high"] - first["low"]) / 2, first["unit"])
            over = f"over {counted(self.horizon_quarters, 'quarter')}"
            return (
                f"Of {counted(len(self.factors), 'factor')}, {first.name} moves {plain(kpi)} {over} most: "
                f"{size} from {first['from']} to {first['to']} ({self.results.replications_in_words})."
            )
        return self.results.conclusion(kpi, level)

    def __repr__(self) -> str:
        what = ", ".join(self.factors)
        head = f"<Sweep ({self.design}) of {what}: {counted(len(self.points), 'setting')}"
        return f"{head}, {self.results.replications_in_words}>\n{self.conclusion()}"

    def _repr_html_(self) -> str:
        from html import escape

        table = self.table()
        shown = self.results.rounded(table.drop(columns=["setting", "kpi", "sd", "n"]))
        head = f"<p><b>Sweep of {escape(', '.join(self.factors))}</b> · {self.results.replications_in_words}</p>"
        return f"{head}<p>{escape(self.conclusion()).replace(chr(10), '<br>')}</p>{shown.to_html(index=False)}"


def sweep(
    scenario: Scenario | str,
    factors: FactorsLike,
    design: str = "grid",
    *,
    levels: int = LEVELS,
    points: int = 32,
    design_seed: int = 1,
    horizon_quarters: int | None = None,
    **how: Any,
) -> Sweep:
    """Run a scenario under many settings, every setting with the same random numbers.

    Parameters
    ----------
    scenario
        What is varied: a scenario, the name of a shipped one, or the path of a file.
    factors
        What to vary. By dotted path (or a tuple of paths that take the same value): a list of values, or a tuple
        ``(low, high)``. By a label of your own: a mapping from names to changes, or a `Factor`, e.g.
        ``Factor(values=[0.5, 1, 2], paths=[...], times=True)`` for several paths that grow together.
    design
        ``"grid"``: every combination; ``"one_at_a_time"``: each level alone, and the scenario as it is;
        ``"latin_hypercube"``: `points` settings that cover all ranges evenly.
    levels
        Levels of a range ``(low, high)`` in the first two designs, >= 2.
    points, design_seed
        Size and randomness of a Latin hypercube.
    horizon_quarters
        Length of the runs; by default that of the scenario.
    **how
        Handed to `compare`: ``replications`` (20), ``seed``, ``workers``, ``engine``, ``progress``, ``keep``, …

    Returns
    -------
    Sweep
        Tidy tables with intervals; pictures: `plots.sweep_line`, `plots.heat_map`, `plots.tornado`.

    Raises
    ------
    ScenarioError
        If a path does not exist, a value is not valid there, or there are more than 20,000 settings.
    """
    base = as_scenario(scenario, bool(how.get("insist")))
    if horizon_quarters is not None:
        base = with_horizon(base, horizon_quarters)
    found = factors_of(base, factors)
    chosen = design_points(found, design, levels, points, design_seed)
    if len(chosen) > MAX_POINTS:
        raise ScenarioError(f"that is {len(chosen):,} settings; expected at most {MAX_POINTS:,}: take fewer levels")
    labelled = {label_of(point): point for point in chosen}
    scenarios = {label: scenario_at(base, found, point) for label, point in labelled.items()}
    how.setdefault("baseline", TODAY if TODAY in scenarios else next(iter(scenarios)))
    results = compare(scenarios, **how)
    return Sweep(found, design, labelled, results)


def design_points(factors: Mapping[str, Factor], design: str, levels: int, points: int, seed: int) -> list[Point]:
    """Return the settings of a design."""
    if design == "grid":
        size = 1
        for factor in factors.values():
            size *= len(levels_of(factor, levels))
        return grid(factors, levels) if size <= MAX_POINTS else [{}] * size
    if design == "one_at_a_time":
        return [{}, *({label: level} for label, f in factors.items() for level in levels_of(f, levels))]
    if design == "latin_hypercube":
        return latin_hypercube(factors, points, seed)
    raise ScenarioError(f"no design is named {design!r}{hint(str(design), DESIGNS, 'designs')[0]}")
