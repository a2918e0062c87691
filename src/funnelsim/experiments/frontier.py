"""Pictures of the whole range: how many reps per marketer, how much marketing, how many of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.choose import Selection, choose
from funnelsim.experiments.compare import HEADLINE, with_horizon
from funnelsim.experiments.designs import Factor
from funnelsim.experiments.intervals import LEVEL, paired_difference
from funnelsim.experiments.payroll import equal_payroll, payroll
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.single import as_scenario
from funnelsim.experiments.sweep import Sweep, sweep
from funnelsim.experiments.words import amount, counted, gap_unit, listed, plain, with_margin
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.sourcing import marketers_of, reps_of

if TYPE_CHECKING:
    import pandas as pd

RATIOS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0)
"""Reps per marketer."""
VOLUMES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Multiples of today's marketing."""
MARKETING = ("plan.marketing.marketers", "plan.marketing.programme_money")
WAITING = ("wins", "response_hours_inbound", "never_answered_inbound", "utilisation_reps")
RESAMPLES = 2000
"""Bootstrap samples of replications."""


# --------------------------------------------------------------------------------------------------- reps per marketer


class RatioFrontier(Selection):
    """Reps per marketer at equal payroll: what each mix earns, and which are tied for best; made by `ratio_frontier`.

    Attributes
    ----------
    ratios
        Reps per marketer of each plan, by label.
    payroll
        Yearly cost of people and programmes, the same for all plans, USD.
    """

    ratios: Mapping[str, float] = {}
    payroll: float = 0.0

    def table(self, horizon: int | None = None) -> pd.DataFrame:
        """Plans, best mean first, as `Selection.table`, with ``ratio``, ``reps``, ``marketers`` in front."""
        found = super().table(horizon)
        plans = {label: self.scenarios[str(label)].plan for label in found.index}
        found.insert(0, "marketers", [plans[label].marketing.marketers for label in found.index])
        found.insert(0, "reps", [plans[label].sales.reps for label in found.index])
        found.insert(0, "ratio", [self.ratios[str(label)] for label in found.index])
        return found

    @property
    def frame(self) -> pd.DataFrame:
        """All horizons below one another, ratios in order."""
        import pandas as pd

        parts = []
        for horizon in self.horizons:
            part = self.table(horizon).reset_index().sort_values("ratio", kind="stable")
            part.insert(0, "horizon_quarters", horizon)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def tied_ratios(self, horizon: int | None = None) -> list[float]:
        """Reps per marketer of the mixes that are tied for best, in order."""
        return sorted(self.ratios[label] for label in self.tied(horizon))

    def named(self, labels: Sequence[str]) -> str:
        """Return ratios in a sentence: ``3 to 5 reps per marketer`` where they are neighbours."""
        return f"{span_of([self.ratios[label] for label in labels], list(self.ratios.values()))} reps per marketer"


def span_of(chosen: Sequence[float], all_of_them: Sequence[float]) -> str:
    """Return numbers in words: ``3 to 8`` where they are neighbours among all, else each."""
    group, known = sorted(set(chosen)), sorted(set(all_of_them))
    first = known.index(group[0])
    if len(group) > 2 and known[first : first + len(group)] == group:
        return f"{group[0]:g} to {group[-1]:g}"
    return listed([f"{one:g}" for one in group])


def ratio_frontier(
    scenario: Scenario | str,
    ratios: Iterable[float] = RATIOS,
    horizons: Iterable[int] = (4, 12),
    indifference: float | None = None,
    kpi: str = HEADLINE,
    **how: Any,
) -> RatioFrontier:
    """Find the mixes of reps and marketers that are tied for best at the payroll of a plan.

    Parameters
    ----------
    scenario
        Its plan says the payroll, and how much programme money a marketer brings along.
    ratios
        Reps per marketer to try, > 0.
    horizons
        Quarters after which to decide, each by itself.
    indifference
        Indifference zone in the unit of the KPI (USD): mixes that differ by less are as good as each other. By default
        2 % of the largest mean of the first stage, at each horizon.
    kpi
        What decides.
    **how
        Handed to `choose`: ``method`` (``"race"``, ``"kn"``, ``"ocba"``), ``level``, ``first``, ``most``, ``seed``, …

    Returns
    -------
    RatioFrontier
        Tables and sentences; picture: `plots.ratio_frontier`.
    """
    base = as_scenario(scenario, bool(how.get("insist")))
    wanted = sorted({float(ratio) for ratio in ratios})
    if len(wanted) < 2 or wanted[0] <= 0.0:
        raise ScenarioError("ratios: expected two numbers above 0 or more, e.g. ratios=(1, 2, 5, 10, 20)")
    labels = {f"{ratio:g}:1": ratio for ratio in wanted}
    plans = {label: equal_payroll(base, ratio) for label, ratio in labels.items()}
    found = choose(plans, kpi, indifference=indifference, horizons=horizons, **how)
    found.__class__ = RatioFrontier
    assert isinstance(found, RatioFrontier)
    found.ratios, found.payroll = labels, payroll(base)
    return found


# ------------------------------------------------------------------------------------------------------ overload curve


class Peak(NamedTuple):
    """Where a curve is highest.

    Attributes
    ----------
    at, low, high
        Place on the x axis, and the ends of its interval.
    value
        Height of the curve there.
    inside
        Whether there is a peak within the range: the curve clearly falls on both sides of it.
    fall, fall_low, fall_high
        How far the far end lies below the best level, paired.
    """

    at: float
    low: float
    high: float
    value: float
    inside: bool
    fall: float
    fall_low: float
    fall_high: float


class OverloadCurve(Sweep):
    """What more marketing does to profit, wins and waiting while sales stays as it is; made by `overload_curve`."""

    @property
    def volumes(self) -> np.ndarray:
        """Levels of the x axis, in order."""
        return np.array([next(iter(point.values())) for point in self.points.values()], dtype=float)

    def matrix(self, kpi: str = HEADLINE) -> np.ndarray:
        """Return a key figure: one row per volume, one column per replication."""
        return np.array([self.results.values(kpi, label) for label in self.points])

    def peak(self, kpi: str = HEADLINE, level: float = LEVEL) -> Peak:
        """Locate the peak of a key figure.

        Notes
        -----
        The best level of the mean curve, moved between its neighbours by a parabola through the three points; the
        interval is the bootstrap's over replications (percentiles of 2,000 resamples, fixed seed). There is a peak
        within the range only if the curve rises clearly from its lower end to the best level, and falls clearly from
        there to its upper end: paired intervals that hold together exclude zero.
        """
        numbers = self.matrix(kpi) * (-1.0 if less_is_better(kpi) else 1.0)
        x, n = self.volumes, numbers.shape[1]
        mean = numbers.mean(axis=1)
        at = vertex(x, mean)
        best = int(np.argmax(mean))
        generator = np.random.default_rng(20010401)
        picks = generator.integers(0, n, (RESAMPLES, n))
        places = [vertex(x, numbers[:, pick].mean(axis=1)) for pick in picks] if n > 1 else [at]
        low, high = np.quantile(places, [(1 - level) / 2, (1 + level) / 2])
        joint = 1.0 - (1.0 - level) / 2.0
        rise = paired_difference(numbers[best], numbers[0], joint).interval
        fall = paired_difference(numbers[best], numbers[-1], joint).interval
        inside = 0 < best < len(x) - 1 and rise.low > 0.0 and fall.low > 0.0
        value = float(self.matrix(kpi).mean(axis=1)[best])
        return Peak(at, float(low), float(high), value, bool(inside), fall.mean, fall.low, fall.high)

    def conclusion(self, kpi: str = HEADLINE, level: float = LEVEL) -> str:
        """Where the peak is, or that there is none within the range; one sentence per line."""
        found, unit = self.peak(kpi, level), gap_unit(self.results.units[kpi])
        over = f"{plain(kpi)} over {counted(self.horizon_quarters, 'quarter')}"
        name, x = next(iter(self.factors)), self.volumes
        size = with_margin(abs(found.fall), (found.fall_high - found.fall_low) / 2, unit)
        if found.inside:
            return (
                f"{over.capitalize()} peaks at {name} {found.at:.3g} (95 % interval {found.low:.3g} to "
                f"{found.high:.3g}).\nAt {x[-1]:g} it is {size} lower than at the peak: more is too much."
            )
        best = x[int(np.argmax(self.matrix(kpi).mean(axis=1) * (-1.0 if less_is_better(kpi) else 1.0)))]
        first = f"There is no clear peak of {over} within {name} {x[0]:g} to {x[-1]:g}."
        if best == x[-1]:
            return f"{first}\nThe best mean is at the upper end: look further up."
        if best == x[0]:
            return f"{first}\nThe best mean is at the lower end: less is better, as far as this reaches."
        return (
            f"{first}\nThe best mean is at {best:g}; the upper end is {size} lower, which is not clear on both sides."
        )


def vertex(x: np.ndarray, y: np.ndarray) -> float:
    """Return where a curve through points is highest: by a parabola through the highest point and its neighbours."""
    best = int(np.argmax(y))
    if best in (0, len(x) - 1):
        return float(x[best])
    a, b, c = (float(one) for one in x[best - 1 : best + 2])
    slope_left, slope_right = (y[best] - y[best - 1]) / (b - a), (y[best + 1] - y[best]) / (c - b)
    bend = (slope_right - slope_left) / (c - a)
    if bend >= 0.0:
        return b
    return float(min(max((a + b) / 2.0 - slope_left / (2.0 * bend), a), c))


def overload_curve(
    scenario: Scenario | str,
    volumes: Iterable[float] = VOLUMES,
    of: str = "marketing",
    kpis: Iterable[str] = WAITING,
    **how: Any,
) -> OverloadCurve:
    """Grow marketing while sales stays as it is, and find where more of it is too much.

    Parameters
    ----------
    scenario
        Where to start.
    volumes
        Multiples of today's marketing, in order; three or more.
    of
        ``"marketing"``: people and programmes together; ``"programmes"``: programme money alone; or any dotted path.
    kpis
        Key figures that `plots.overload_curve` draws below the profit.
    **how
        Handed to `sweep`: ``replications`` (20), ``seed``, ``horizon_quarters``, ``workers``, …

    Returns
    -------
    OverloadCurve
        A `Sweep` that knows its peak.
    """
    wanted = tuple(sorted({float(volume) for volume in volumes}))
    if len(wanted) < 3 or wanted[0] < 0.0:
        raise ScenarioError("volumes: expected three numbers from 0 on or more, e.g. volumes=(0.5, 1, 2, 4)")
    paths = {"marketing": MARKETING, "programmes": MARKETING[1:]}.get(of, (of,))
    label = of if of in ("marketing", "programmes") else of.split(".")[-1].replace("_", " ")
    factor = Factor(wanted, paths, times=True, unit="times today’s")
    found = sweep(scenario, {label: factor}, **how)
    curve = OverloadCurve(found.factors, found.design, found.points, found.results)
    curve.results.check_kpis(kpis)
    return curve


# ----------------------------------------------------------------------------------------------------- heads by heads


class IsoProfit(Sweep):
    """Profit over reps and marketers; made by `iso_profit`.

    Attributes
    ----------
    base
        The plan that it is about.
    programme_money
        Programme money that each marketer brings along, USD per year.
    """

    base: Scenario
    programme_money: float = 0.0

    def grid(self, kpi: str = HEADLINE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return reps, marketers, and the mean of a key figure: one row per number of marketers."""
        rows = self.table(kpi)
        wide = rows.pivot(index="marketers", columns="reps", values="mean")
        return wide.columns.to_numpy(float), wide.index.to_numpy(float), wide.to_numpy(float)

    def cost(self, reps: Any, marketers: Any) -> Any:
        """Return the yearly cost of people and programmes, USD."""
        world, plan = self.base.world, self.base.plan
        fixed = plan.sales.sdrs * world.people.sdr.cost
        each = marketers_of(world, plan).cost + self.programme_money
        return fixed + reps * reps_of(world, plan).cost + marketers * each

    def conclusion(self, kpi: str = HEADLINE, level: float = LEVEL) -> str:
        """The best place on the map and what it costs; one sentence per line."""
        tied = self.tied(kpi, level)
        point = self.points[tied[0]]
        cost = amount(float(self.cost(point["reps"], point["marketers"])), "USD")
        over = f"{plain(kpi)} over {counted(self.horizon_quarters, 'quarter')}"
        first = (
            f"The best mean of {over} on this map is at {point['reps']:g} reps and {point['marketers']:g} marketers, "
            f"for {cost} a year."
        )
        rest = f"\n{len(tied)} of {len(self.points)} places are tied with it." if len(tied) > 1 else ""
        return first + rest


def iso_profit(
    scenario: Scenario | str, reps: Iterable[float] | None = None, marketers: Iterable[float] | None = None, **how: Any
) -> IsoProfit:
    """Map profit over heads in sales and heads in marketing.

    Parameters
    ----------
    scenario
        Its plan says how much programme money each marketer brings along.
    reps, marketers
        Heads to try; by default six numbers of each, from half to twice today's.
    **how
        Handed to `sweep`: ``replications`` (20), ``seed``, ``horizon_quarters``, ``workers``, …

    Returns
    -------
    IsoProfit
        A `Sweep`; picture: `plots.iso_profit`, with lines of equal profit and of equal payroll.
    """
    base = as_scenario(scenario, bool(how.get("insist")))
    if how.get("horizon_quarters"):
        base = with_horizon(base, int(how["horizon_quarters"]))
    marketing = base.plan.marketing
    if marketing.marketers <= 0.0:
        raise ScenarioError(
            "iso_profit needs a plan with marketers: they say how much programme money each brings along"
        )
    each = marketing.programme_money / marketing.marketers
    steps = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
    heads = [_heads(name, given, today, steps) for name, given, today in
             (("reps", reps, base.plan.sales.reps), ("marketers", marketers, marketing.marketers))]  # fmt: skip
    factors = {
        "reps": Factor(tuple(heads[0]), ("plan.sales.reps",), unit="full posts"),
        "marketers": Factor(
            tuple(heads[1]),
            change=lambda level: {MARKETING[0]: level, MARKETING[1]: float(f"{level * each:.9g}")},
            unit="full posts",
        ),
    }
    found = sweep(base, factors, **how)
    result = IsoProfit(found.factors, found.design, found.points, found.results)
    result.base, result.programme_money = base, each
    return result


def _heads(name: str, given: Iterable[float] | None, today: float, steps: Sequence[float]) -> list[float]:
    found = sorted({round(float(one), 6) for one in (given if given is not None else (step * today for step in steps))})
    if len(found) < 2 or found[0] < 0.0:
        raise ScenarioError(f"{name}: expected two numbers of heads from 0 on or more")
    return found
