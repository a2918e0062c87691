"""Which of several plans may be best: a selection procedure that spends runs where the question is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.batches import Batches, check_known, check_kpi
from funnelsim.experiments.compare import HEADLINE, with_horizon
from funnelsim.experiments.executors import How
from funnelsim.experiments.intervals import LEVEL, mean_interval, paired_difference, simultaneous_level
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.replicate import MAX_REPLICATIONS
from funnelsim.experiments.selection import (
    FIRST,
    LOOK,
    RACE_LOOK,
    Race,
    Screening,
    chance_of_best,
    next_look,
    ocba_next,
)
from funnelsim.experiments.single import as_scenario, check_number
from funnelsim.experiments.words import amount, counted, gap_unit, listed, plain, with_margin
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("race", "kn", "ocba")
MOST = 60
"""Replications of a plan at most, where none are given."""
ZONE = 0.02
"""Indifference zone where none is given, as a share of the largest mean of the first stage."""
BEST, TIED, WORSE = "best mean", "tied", "worse"


class Selection:
    """Which plans are tied for best; made by `choose`, `ratio_frontier` and `search`.

    Attributes
    ----------
    scenarios
        Plans by label.
    kpi, unit
        What decides, and its unit.
    horizons
        Horizons that were decided, each by itself.
    indifference
        Indifference zone at each horizon: a smaller difference does not matter.
    level
        Confidence of the promise at each horizon.
    method
        ``"race"``, ``"kn"`` or ``"ocba"``.
    decided
        Whether everything was decided at each horizon before the replications ran out.
    runs, seconds
        Runs made, and wall time.
    interrupted
        Whether Ctrl-C ended it early.
    """

    def __init__(
        self,
        batches: Batches,
        kpi: str,
        horizons: Sequence[int],
        zones: Mapping[int, float],
        alive: Mapping[int, Sequence[str]],
        decided: Mapping[int, bool],
        *,
        level: float,
        method: str,
        first: int = 0,
    ) -> None:
        self.scenarios = dict(batches.scenarios)
        self.kpi, self.unit = kpi, check_kpi(kpi)
        self.horizons = tuple(horizons)
        self.indifference = dict(zones)
        self.level, self.method = level, method
        self.decided = dict(decided)
        self.runs, self.seconds, self.interrupted = len(batches.kept), batches.seconds, batches.interrupted
        self.seed, self.engine = batches.seed, batches.engine
        self._alive = {horizon: list(labels) for horizon, labels in alive.items()}
        self._values = {
            (label, horizon): batches.values(label, kpi, horizon, first)
            for label in self.scenarios
            for horizon in self.horizons
        }

    @property
    def labels(self) -> list[str]:
        """Labels of the plans, in order."""
        return list(self.scenarios)

    @property
    def horizon_quarters(self) -> int:
        """The longest horizon."""
        return self.horizons[-1]

    def values(self, label: str, horizon: int | None = None) -> np.ndarray:
        """Return the key figure of a plan, one number per replication that it was given."""
        if label not in self.scenarios:
            raise ScenarioError(f"no plan has the label {label!r}{hint(str(label), self.scenarios, 'labels')[0]}")
        return self._values[label, self._horizon(horizon)]

    def table(self, horizon: int | None = None) -> pd.DataFrame:
        """Plans, best mean first.

        Parameters
        ----------
        horizon
            Quarters; by default the longest.

        Returns
        -------
        pandas.DataFrame
            Index ``plan``; ``mean``, ``low``, ``high``, ``sd``, ``n`` (replications of this plan: fewer if it was
            dropped early), ``difference``, ``difference_low``, ``difference_high`` (paired, to the best mean, over the
            replications that both have; joint 95 % intervals, for looking: the procedure decides), ``tied``, ``unit``.
        """
        import pandas as pd

        quarters = self._horizon(horizon)
        sign = -1.0 if less_is_better(self.kpi) else 1.0
        alive = self._alive[quarters]
        means = {label: float(self._values[label, quarters].mean()) for label in self.labels}
        best = max(alive, key=lambda label: sign * means[label])
        joint = simultaneous_level(len(self.labels) - 1, self.level)
        rows = []
        for label in sorted(self.labels, key=lambda one: (one != best, one not in alive, -sign * means[one])):
            own = mean_interval(self._values[label, quarters], self.level)
            gap = (0.0, 0.0, 0.0)
            if label != best:
                n = min(own.n, len(self._values[best, quarters]))
                pair = self._values[label, quarters][:n], self._values[best, quarters][:n]
                gap = paired_difference(*pair, joint).interval[:3]
            rows.append((label, *own, *gap, label in alive, self.unit))
        columns = ["plan", "mean", "low", "high", "sd", "n", "difference", "difference_low", "difference_high"]
        return pd.DataFrame(rows, columns=[*columns, "tied", "unit"]).set_index("plan")

    def best(self, horizon: int | None = None) -> str:
        """Label of the plan with the best mean among those tied for best."""
        return str(self.table(horizon).index[0])

    def tied(self, horizon: int | None = None) -> list[str]:
        """Labels of the plans that are tied for best, best mean first."""
        table = self.table(horizon)
        return [str(label) for label in table.index[table["tied"]]]

    def conclusion(self) -> str:
        """What was found: one sentence per line, one group of lines per horizon."""
        lines = []
        for horizon in self.horizons:
            lines += self._sentences(horizon)
        return "\n".join([*lines, self.effort()])

    def _sentences(self, horizon: int) -> list[str]:
        what = f"{plain(self.kpi)} over {counted(horizon, 'quarter')}"
        tied = self.named(self.tied(horizon))
        zone = amount(self.indifference[horizon], gap_unit(self.unit))
        if len(self.tied(horizon)) == 1:
            lines = [f"{tied} is best on {what}; a difference of {zone} or more matters."]
        else:
            lines = [f"{tied} are tied for best on {what}: a difference below {zone} does not matter."]
        table = self.table(horizon)
        behind = table[~table["tied"]]
        if len(behind):
            row = behind.iloc[0]
            size = with_margin(
                abs(float(row["difference"])),
                float(row["difference_high"] - row["difference_low"]) / 2,
                gap_unit(self.unit),
            )
            who = "The only one" if len(behind) == 1 else f"The nearest of {len(behind)}"
            line = f"{who} that is behind, {self.named([str(row.name)])}, is {size} from the best mean"
            if float(row["difference_low"]) <= 0.0 <= float(row["difference_high"]):
                line += ", which alone would not tell them apart: it lost to another plan"
            lines.append(f"{line}.")
        if not self.decided[horizon]:
            lines.append("The replications ran out before everything was decided: with more the list may be shorter.")
        return lines

    def named(self, labels: Sequence[str]) -> str:
        """Return labels in a sentence."""
        return listed([f"“{label}”" for label in labels])

    def effort(self) -> str:
        """Return how much work it was, and by which procedure."""
        most = max(len(numbers) for numbers in self._values.values())
        method = {"race": "a race of paired intervals", "kn": "KN", "ocba": "OCBA"}[self.method]
        whole = most * len(self.labels)
        early = f"; the same number for all would be {whole:,}" if self.runs < whole else ""
        stopped = ", stopped early" if self.interrupted else ""
        return f"{self.runs:,} runs by {method} at {self.level:.0%}, common random numbers{early}{stopped}."

    def _horizon(self, horizon: int | None) -> int:
        quarters = self.horizon_quarters if horizon is None else horizon
        if quarters not in self.horizons:
            known = ", ".join(map(str, self.horizons))
            raise ScenarioError(f"nothing was decided at {quarters} quarters; this selection has: {known}")
        return quarters

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} among {counted(len(self.labels), 'plan')}, seed {self.seed}>\n{self.conclusion()}"
        )

    def _repr_html_(self) -> str:
        from html import escape

        from funnelsim.experiments.words import rounded

        parts = [f"<p>{escape(self.conclusion()).replace(chr(10), '<br>')}</p>"]
        for horizon in self.horizons:
            table = self.table(horizon)
            shown = rounded(table, {}).drop(columns="sd")
            shown["tied"] = ["yes" if tied else "no" for tied in table["tied"]]
            shown = shown.rename_axis(None)
            shown.columns = [str(name).replace("_", " ") for name in shown.columns]
            parts.append(f"<p>{plain(self.kpi)} over {counted(horizon, 'quarter')}</p>{shown.to_html()}")
        return "".join(parts)


def choose(
    plans: Mapping[str, Scenario | str],
    kpi: str = HEADLINE,
    *,
    indifference: float | None = None,
    horizons: Iterable[int] | None = None,
    method: str = "race",
    level: float = LEVEL,
    first: int = FIRST,
    most: int = MOST,
    runs: int | None = None,
    seed: int = 1,
    **how: Unpack[How],
) -> Selection:
    """Find the plans that are tied for best, with runs where the question is open.

    Parameters
    ----------
    plans
        Two scenarios (or their names) or more, by label.
    kpi
        What decides; costs, waiting and losses count from the smallest up.
    indifference
        Indifference zone in the unit of the KPI: a smaller difference does not matter. By default 2 % of the largest
        mean of the first stage.
    horizons
        Quarters after which to decide, each by itself; by default the horizon of the scenarios.
    method
        ``"race"`` and ``"kn"``: sequential elimination that stops when everything is decided; ``"ocba"``: a budget of
        `runs`.
    level
        Probability of each promise of race and KN: the truly best plan is in the set; no plan that is worse than it by
        the zone or more is in the set.
    first, most
        Replications of the first stage (2 to 1000), and of any plan at most.
    runs
        Budget of OCBA; by default 30 for each plan.
    seed
        Which family of random numbers, >= 0.
    **how
        As in `compare`: ``workers``, ``executor``, ``store``, ``engine``, ``progress``, ``insist``.

    Returns
    -------
    Selection
        The set, with a table for each horizon.

    Notes
    -----
    See `funnelsim.experiments.selection`; normal numbers are assumed. KN: Kim & Nelson (2001). OCBA: Chen et al.
    (2000); its set holds the plans whose paired difference to the best mean, in joint t intervals, reaches zero or
    stays within the zone.
    """
    found = {str(label): as_scenario(one, bool(how.get("insist"))) for label, one in plans.items()}
    quarters = horizons_of(found, horizons)
    found = {label: with_horizon(one, quarters[-1]) for label, one in found.items()}
    total = (runs or 30 * len(found)) if method == "ocba" else most * len(found)
    lab = Batches(found, quarters, seed=seed, total=total, **how)
    with lab:
        decision = decide(lab, kpi, indifference, method, level, first, most, total)
    return Selection(lab, kpi, quarters, *decision, level=level, method=method)


Decision = tuple[dict[int, float], dict[int, list[str]], dict[int, bool]]
"""Zone, labels that may be best and whether all was decided, by horizon."""


def decide(
    lab: Batches,
    kpi: str,
    indifference: float | None,
    method: str,
    level: float,
    first: int,
    most: int,
    total: int,
    offset: int = 0,
) -> Decision:
    """Make runs until it is known which plans may be best; replications are numbered from `offset` on."""
    check_kpi(kpi)
    if method not in METHODS:
        raise ScenarioError(f"no method is named {method!r}{hint(str(method), METHODS, 'methods')[0]}")
    check_number("first", first, 2, 1000)
    check_number("most", most, first, MAX_REPLICATIONS)
    if len(lab.scenarios) < 2:
        raise ScenarioError("there is nothing to choose from: give two plans or more")
    work = _Work(lab, kpi, offset)
    if not lab.run((label, offset + n) for n in range(first) for label in lab.scenarios):
        raise KeyboardInterrupt
    zones = {horizon: zone_of(work.matrix(horizon, first), indifference) for horizon in lab.horizons}
    if method != "ocba":
        return _sequential(work, zones, method, level, first, most)
    return _ocba(work, zones, level, first, total)


class _Work:
    """Numbers of a selection under way: larger is better, whatever the KPI."""

    def __init__(self, lab: Batches, kpi: str, offset: int) -> None:
        self.lab, self.kpi, self.offset = lab, kpi, offset
        self.labels = list(lab.scenarios)
        self.sign = -1.0 if less_is_better(kpi) else 1.0

    def numbers(self, label: str, horizon: int, n: int | None = None) -> np.ndarray:
        last = None if n is None else self.offset + n
        found = self.sign * self.lab.values(label, self.kpi, horizon, self.offset, last)
        check_known(found, self.kpi, label)
        return found

    def matrix(self, horizon: int, n: int) -> np.ndarray:
        return np.array([self.numbers(label, horizon, n) for label in self.labels])

    def means(self, horizon: int, n: int | None = None) -> np.ndarray:
        return np.array([self.numbers(label, horizon, n).mean() for label in self.labels])


def _sequential(work: _Work, zones: dict[int, float], method: str, level: float, first: int, most: int) -> Decision:
    lab, n, factor = work.lab, first, RACE_LOOK if method == "race" else LOOK
    screens: dict[int, Race | Screening] = {}
    for horizon in lab.horizons:
        numbers = work.matrix(horizon, first)
        zone = zones[horizon]
        screens[horizon] = Race(numbers, zone, most, level) if method == "race" else Screening(numbers, zone, level)
    while n < most:
        places = sorted({place for screen in screens.values() if not screen.done for place in screen.alive})
        after = next_look(n, most, factor)
        keys = [(work.labels[place], work.offset + number) for number in range(n, after) for place in places]
        if not places or not lab.run(keys):
            break
        n = after
        for horizon, screen in screens.items():
            if not screen.done:
                screen.look([work.numbers(label, horizon, n) for label in work.labels], n)
    alive = {horizon: [work.labels[place] for place in screen.alive] for horizon, screen in screens.items()}
    return zones, alive, {horizon: screen.done for horizon, screen in screens.items()}


def _ocba(work: _Work, zones: dict[int, float], level: float, first: int, total: int) -> Decision:
    lab = work.lab
    counts = np.full(len(work.labels), first)
    step = max(len(work.labels), total // 20)
    while counts.sum() < total:
        more = min(step, total - int(counts.sum()))
        given = np.zeros(len(counts))
        for horizon in lab.horizons:
            sds = np.array([work.numbers(label, horizon).std(ddof=1) for label in work.labels])
            given += ocba_next(work.means(horizon), sds, counts, more) / len(lab.horizons)
        extra = np.floor(given).astype(int)
        extra[np.argsort(-(given - extra), kind="stable")[: more - int(extra.sum())]] += 1
        keys = [
            (label, work.offset + int(n) + i)
            for label, n, m in zip(work.labels, counts, extra, strict=True)
            for i in range(int(m))
        ]
        if not lab.run(keys):
            break
        counts = counts + extra
    alive, sure = {}, {}
    for horizon in lab.horizons:
        alive[horizon] = _not_shown_worse(work, horizon, zones[horizon], level)
        sds = np.array([work.numbers(label, horizon).std(ddof=1) for label in work.labels])
        sure[horizon] = len(alive[horizon]) > 1 or chance_of_best(work.means(horizon), sds, counts) >= level
    return zones, alive, sure


def _not_shown_worse(work: _Work, horizon: int, zone: float, level: float) -> list[str]:
    """Return the plans whose paired difference to the best mean reaches zero, or is within the zone."""
    means = dict(zip(work.labels, work.means(horizon), strict=True))
    best = max(means, key=lambda label: means[label])
    joint = simultaneous_level(len(means) - 1, level)
    found = []
    for label in work.labels:
        n = min(len(work.numbers(label, horizon)), len(work.numbers(best, horizon)))
        gap = paired_difference(work.numbers(label, horizon, n), work.numbers(best, horizon, n), joint).interval
        if label == best or not gap.high < 0.0 or gap.low >= -zone:
            found.append(label)
    return found


def zone_of(first: np.ndarray, indifference: float | None) -> float:
    """Return the indifference zone: the one given, or a share of the largest mean of the first stage."""
    if indifference is not None:
        if isinstance(indifference, bool) or not (np.isfinite(indifference) and indifference > 0):
            raise ScenarioError(f"indifference is {indifference!r}; expected a positive number in the unit of the KPI")
        return float(indifference)
    largest = float(np.abs(first.mean(axis=1)).max())
    return ZONE * largest if largest > 0.0 else 1.0


def horizons_of(plans: Mapping[str, Scenario], horizons: Iterable[int] | None) -> tuple[int, ...]:
    """Return the horizons to read, in order."""
    if not plans:
        raise ScenarioError("there is nothing to choose from: give two plans or more")
    if horizons is None:
        found = {one.horizon_quarters for one in plans.values()}
        if len(found) > 1:
            text = " and ".join(map(str, sorted(found)))
            raise ScenarioError(f"the plans run for {text} quarters; say horizons to give all the same")
        return tuple(found)
    wanted = [horizons] if isinstance(horizons, int) else list(horizons)
    for quarters in wanted:
        check_number("horizons", quarters, 1, 80)
    if not wanted:
        raise ScenarioError("name at least one horizon in quarters, e.g. horizons=(4, 12)")
    return tuple(sorted(set(wanted)))
