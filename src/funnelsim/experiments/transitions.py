"""Getting from one plan to another: the cash path, its trough, and the chance to miss a target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, Plans, compare
from funnelsim.experiments.executors import How
from funnelsim.experiments.intervals import LEVEL, mean_interval
from funnelsim.experiments.ranking import less_is_better
from funnelsim.experiments.ratios import wilson
from funnelsim.experiments.single import as_scenario
from funnelsim.experiments.words import amount, interval, plain, with_interval
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

BOOKED = "revenue_booked"
SHARE_OF_LUCK = 0.10
"""Share of histories below the band of a path, and above it."""


@dataclass
class Transition:
    """Plans over time; made by `transition`.

    Attributes
    ----------
    comparison
        All runs, with their weekly series.
    targets
        Targets to reach by name of the key figure.
    level
        Confidence level of every interval.
    """

    comparison: Comparison
    targets: dict[str, float]
    level: float = LEVEL

    @property
    def n(self) -> int:
        """Replications behind every number."""
        return self.comparison.n

    @property
    def baseline(self) -> str:
        """Plan that the others are compared with."""
        return self.comparison.baseline

    def weekly_cash(self, plan: str) -> np.ndarray:
        """Return cash since day 0 at the end of each week: (replications, weeks), USD."""
        tables = self.comparison.kept_tables("series", plan).values()
        return np.cumsum([table["cash"].to_numpy(dtype=float) for table in tables], axis=1)

    def week_ends(self) -> np.ndarray:
        """Return the day after each week, datetime64."""
        table = next(iter(self.comparison.kept_tables("series", self.baseline).values()))
        return table["end"].to_numpy()

    def cash_path(self, relative: bool = False) -> pd.DataFrame:
        """Return cash since day 0, week by week.

        Parameters
        ----------
        relative
            Of each plan less the baseline, in the same replications: what the build itself takes and brings.

        Returns
        -------
        pandas.DataFrame
            Columns ``plan``, ``date`` (end of the week), ``mean``, ``low``, ``high`` (interval of the mean, each week
            by itself), ``p10``, ``p90`` (a tenth of the histories lies below, a tenth above), ``n``; USD.
        """
        import pandas as pd

        dates, base = self.week_ends(), self.weekly_cash(self.baseline)
        parts = []
        for plan in self.comparison.labels:
            if relative and plan == self.baseline:
                continue
            paths = self.weekly_cash(plan) - (base if relative else 0.0)
            found = [mean_interval(week, self.level) for week in paths.T]
            part = pd.DataFrame(found, columns=["mean", "low", "high", "sd", "n"]).drop(columns="sd")
            part.insert(3, "p10", np.quantile(paths, SHARE_OF_LUCK, axis=0))
            part.insert(4, "p90", np.quantile(paths, 1.0 - SHARE_OF_LUCK, axis=0))
            part.insert(0, "date", dates)
            part.insert(0, "plan", plan)
            parts.append(part)
        columns = ["plan", "date", "mean", "low", "high", "p10", "p90", "n"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def troughs(self, relative: bool = False) -> pd.DataFrame:
        """Return how deep cash sinks, and when.

        Parameters
        ----------
        relative
            Of each plan less the baseline, in the same replications.

        Returns
        -------
        pandas.DataFrame
            Index ``plan``; columns ``depth``, ``low``, ``high`` (mean over histories of the lowest weekly level since
            day 0, USD, at most 0; its interval), ``p10`` (deeper in a tenth of them), ``date``, ``early``, ``late``
            (end of that week: median, and where four fifths of the histories lie; NaT where cash never sinks),
            ``weeks_below`` (mean number of weeks below day 0's level), ``end`` (mean at the horizon), ``back`` (end of
            the first week from which on the mean stays above day 0's level; NaT if never), ``n``.
        """
        import pandas as pd

        dates, base = self.week_ends(), self.weekly_cash(self.baseline)
        rows = []
        for plan in self.comparison.labels:
            if relative and plan == self.baseline:
                continue
            paths = self.weekly_cash(plan) - (base if relative else 0.0)
            depth = np.minimum(paths.min(axis=1), 0.0)
            one = mean_interval(depth, self.level)
            when = dates[paths.argmin(axis=1)][depth < 0.0].astype("datetime64[D]").astype(np.int64)
            early, middle, late = (_day(when, share) for share in (SHARE_OF_LUCK, 0.5, 1.0 - SHARE_OF_LUCK))
            below = float((paths < 0.0).sum(axis=1).mean())
            deep = float(np.quantile(depth, SHARE_OF_LUCK))
            back = _back(paths.mean(axis=0), dates)
            rows.append((plan, *one[:3], deep, middle, early, late, below, paths[:, -1].mean(), back, one.n))
        columns = ["plan", "depth", "low", "high", "p10", "date", "early", "late", "weeks_below", "end", "back", "n"]
        return pd.DataFrame(rows, columns=columns).set_index("plan")

    def chance(self, kpi: str | None = None, target: float | None = None, each_quarter: bool = False) -> pd.DataFrame:
        """Return the chance to miss a target.

        Parameters
        ----------
        kpi
            Key figure; by default every one that `transition` was given a target for.
        target
            What it must reach over the horizon (or must not pass, where less is better); by default that of
            `transition`.
        each_quarter
            Ask of each quarter instead, with the target of a quarter: of ``revenue_booked``, ``revenue_earned``,
            ``profit``, ``wins`` and other flows of the weekly series.

        Returns
        -------
        pandas.DataFrame
            Columns ``kpi``, ``plan``, ``quarter`` (only with `each_quarter`), ``target``, ``missed``, ``n``,
            ``chance``, ``low``, ``high`` (Wilson interval).
        """
        import pandas as pd

        asked = dict(self.targets) if kpi is None else {kpi: self._target(kpi, target)}
        if not asked:
            raise ScenarioError(
                "there is no target; say chance('revenue_booked', 2_000_000), or transition(target=...)"
            )
        rows = []
        for name, goal in asked.items():
            for plan in self.comparison.labels:
                for quarter, values in self._flows(name, plan, each_quarter).items():
                    known = values[~np.isnan(values)]
                    missed = int((known > goal if less_is_better(name) else known < goal).sum())
                    one = wilson(missed, len(known), self.level)
                    rows.append((name, plan, quarter, goal, missed, one.n, *one[:3]))
        columns = ["kpi", "plan", "quarter", "target", "missed", "n", "chance", "low", "high"]
        table = pd.DataFrame(rows, columns=columns)
        return table if each_quarter else table.drop(columns="quarter")

    def _target(self, kpi: str, target: float | None) -> float:
        if target is None and kpi not in self.targets:
            raise ScenarioError(f"what is the target of {kpi}? say chance({kpi!r}, 1_000_000)")
        return float(self.targets[kpi] if target is None else target)

    def _flows(self, kpi: str, plan: str, each_quarter: bool) -> dict[str, np.ndarray]:
        """Return numbers by quarter, or of the whole horizon under an empty name: one per replication."""
        if not each_quarter:
            return {"": np.array(self.comparison.values(kpi, plan), dtype=float)}
        tables = list(self.comparison.kept_tables("series", plan).values())
        known = [str(name) for name in tables[0].columns[3:]]
        if kpi not in known:
            raise ScenarioError(f"no series is named {kpi!r}{hint(kpi, known, 'series')[0]}")
        scenario = self.comparison.scenarios[plan]
        found: dict[str, np.ndarray] = {}
        for name, begin, end in quarters_of(scenario):
            found[name] = np.array([_within(table, kpi, begin, end) for table in tables])
        return found

    @property
    def sentence(self) -> str:
        """What was found: cash first, then chances, then money."""
        table = self.troughs()
        lines = [_trough_words(plan, row) for plan, row in table.iterrows()]
        relative = self.troughs(relative=True)
        lines += [_relative_words(str(plan), self.baseline, row) for plan, row in relative.iterrows()]
        if self.targets:
            for _, row in self.chance().iterrows():
                unit = self.comparison.units[row["kpi"]].removesuffix(" per year")  # added up over the window
                ends = interval(float(row["low"]), float(row["high"]), "share")
                lines.append(
                    f"“{row['plan']}” misses {amount(float(row['target']), unit)} of {plain(row['kpi'])} with a chance "
                    f"of {amount(float(row['chance']), 'share')} {ends}."
                )
        if len(self.comparison.labels) > 1:
            lines.append(self.comparison.conclusion(HEADLINE, self.level).split("\n")[0])
        lines.append(
            f"Cash since day 0, by week; {self.comparison.replications_in_words}, seed {self.comparison.seed}, "
            f"{self.level * 100:g} % intervals."
        )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"<Transition of {', '.join(self.comparison.labels)}>\n{self.sentence}"

    def words(self) -> pd.DataFrame:
        """Return `troughs` in short words, for people."""
        import pandas as pd

        table = self.troughs()
        shown = pd.DataFrame(index=table.index)
        ends = zip(table["depth"], table["low"], table["high"], strict=True)
        shown["cash trough"] = [with_interval(float(one), float(low), float(high), "USD") for one, low, high in ends]
        shown["deeper in a tenth"] = [amount(float(one), "USD") for one in table["p10"]]
        shown["week ending"] = [_date_words(one) for one in table["date"]]
        shown["above day 0 from"] = [_date_words(one) for one in table["back"]]
        shown["cash at the end"] = [amount(float(one), "USD", sign=True) for one in table["end"]]
        shown["n"] = table["n"]
        return shown

    def _repr_html_(self) -> str:
        from html import escape

        text = escape(self.sentence).replace("\n", "<br>")
        return f"<p>{text}</p>{self.words().to_html()}"


def transition(
    plans: Plans | Scenario,
    replications: int = 20,
    *,
    targets: Mapping[str, float] | None = None,
    baseline: str | None = None,
    seed: int = 1,
    horizon_quarters: int | None = None,
    keep: str | Sequence[str] = (),
    level: float = LEVEL,
    **how: Unpack[How],
) -> Transition:
    """Run plans over time and read their cash path, its trough, and the chance to miss a target.

    Parameters
    ----------
    plans
        One scenario, or several by label (or a study), as in `compare`; usually with a timeline: see `hiring_plan`,
        `build_up`, `earn_your_way` and `shock`.
    replications
        How many of each plan.
    targets
        What key figures must reach over the horizon, by name, e.g. ``{"revenue_booked": 4_000_000}``.
    baseline
        Label of the plan that the others are compared with; by default the first.
    seed, level
        Family of random numbers; confidence level of the intervals.
    horizon_quarters, keep
        As in `compare`; the weekly series are always kept.
    **how
        Who does the work, see `How` of `funnelsim.experiments.executors`: workers, executor, store, engine, progress,
        insist.

    Returns
    -------
    Transition
        ``.cash_path()``, ``.troughs()``, ``.chance(...)``, ``.sentence``; drawn by `funnelsim.plots.cash_path` and
        `funnelsim.plots.chance`.

    Notes
    -----
    Cash counts what is billed when a paid term begins, less all costs when they fall due; day 0 is zero. There are no
    loans, taxes or late payers.
    """
    if isinstance(plans, Scenario):
        plans = {plans.title or "the plan": plans}
    elif isinstance(plans, str) and not _is_study(plans):
        plans = {plans: as_scenario(plans, how.get("insist", False))}
    names = dict.fromkeys(("kpis", "series", *((keep,) if isinstance(keep, str) else keep)))
    found = compare(plans, replications, baseline, seed, horizon_quarters=horizon_quarters, keep=tuple(names), **how)
    goals = {found.check_kpis(name)[0]: float(value) for name, value in (targets or {}).items()}
    return Transition(found, goals, level)


def _is_study(name: str) -> bool:
    from funnelsim.scenario.files import load_study

    try:
        load_study(name)
    except ScenarioError:
        return False
    return True


def quarters_of(scenario: Scenario) -> list[tuple[str, np.datetime64, np.datetime64]]:
    """Return name, first day and day after the last of each quarter of the run."""
    from funnelsim.scenario.changes import quarter_start

    firsts = [quarter_start(scenario.start, number) for number in range(scenario.horizon_quarters + 1)]
    names = [f"{first.year} Q{(first.month + 2) // 3}" for first in firsts]
    edges = [np.datetime64(first) for first in firsts]
    return list(zip(names[:-1], edges[:-1], edges[1:], strict=True))


def _within(table: pd.DataFrame, name: str, begin: np.datetime64, end: np.datetime64) -> float:
    """Return the flow of a quarter; a week that lies in two quarters counts in each by its days."""
    first, last = table["start"].to_numpy(), table["end"].to_numpy()
    overlap = np.minimum(last, end) - np.maximum(first, begin)
    share = np.maximum(overlap / (last - first), 0.0)
    return float((table[name].to_numpy(dtype=float) * share).sum())


def _day(days: np.ndarray, share: float) -> Any:
    """Return a quantile of days as a date, NaT if there are none."""
    import pandas as pd

    if not len(days):
        return pd.NaT
    return pd.Timestamp(np.datetime64(int(np.floor(np.quantile(days, share) + 0.5)), "D"))


def _back(mean: np.ndarray, dates: np.ndarray) -> Any:
    """Return the end of the first week from which on a path stays at or above zero; NaT if it does not."""
    import pandas as pd

    below = np.flatnonzero(mean < 0.0)
    after = int(below[-1]) + 1 if len(below) else 0
    return pd.Timestamp(dates[after]) if after < len(mean) else pd.NaT


def _date_words(date: Any) -> str:
    import pandas as pd

    return "never" if pd.isna(date) else f"{date:%Y-%m-%d}"


def _trough_words(plan: Any, row: pd.Series) -> str:
    if math.isclose(float(row["depth"]), 0.0, abs_tol=0.5):
        return f"“{plan}”: cash never sinks below its level of day 0."
    size = with_interval(-float(row["depth"]), -float(row["high"]), -float(row["low"]), "USD")
    return (
        f"“{plan}” needs {size} of cash at its lowest, most often about {_date_words(row['date'])}; "
        f"a tenth of the histories need more than {amount(-float(row['p10']), 'USD')}."
    )


def _relative_words(plan: str, baseline: str, row: pd.Series) -> str:
    back = "has paid back in no week of the horizon"
    if _date_words(row["back"]) != "never":
        back = f"has paid that back on average by {_date_words(row['back'])}"
    size = with_interval(-float(row["depth"]), -float(row["high"]), -float(row["low"]), "USD")
    return f"“{plan}” takes {size} more cash than “{baseline}” at its lowest, and {back}."
