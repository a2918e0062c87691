"""Several plans under the same random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelsim.errors import ScenarioError
from funnelsim.experiments.intervals import LEVEL, mean_interval, paired_difference
from funnelsim.experiments.keeping import keep_of
from funnelsim.experiments.pools import ExecutorLike
from funnelsim.experiments.precision import MOST, VERSUS, until
from funnelsim.experiments.progress import Progress
from funnelsim.experiments.ranking import HEADLINE as HEADLINE
from funnelsim.experiments.replicate import DEFAULT_REPLICATIONS, finish, run_all
from funnelsim.experiments.results import Results
from funnelsim.experiments.single import as_scenario, check_number
from funnelsim.experiments.store import StoreLike
from funnelsim.experiments.words import plain
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.study import Study
from funnelsim.scenario.validation import hint

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.run import Run

Plans = Mapping[str, Scenario | str] | Study | Sequence[str] | str


class Comparison(Results):
    """Several scenarios, run with the same random numbers; made by `compare`.

    Attributes
    ----------
    title, question
        What the study says that it compares and answers; empty if there is no study.
    baseline
        Label of the scenario that the others are compared with.
    """

    title: str = ""
    question: str = ""
    baseline: str = ""

    @property
    def default_label(self) -> str:
        """Label of the baseline: the plan that is meant where none is named."""
        return self.baseline or self.labels[0]

    @property
    def replications(self) -> int:
        """Replications that every plan has finished."""
        return self.n

    @property
    def plans(self) -> pd.DataFrame:
        """Heads and money of each plan at day 0: reps, sdrs, marketers, programme money and payroll, USD per year."""
        import pandas as pd

        from funnelsim.experiments.payroll import payroll

        rows = []
        for label, scenario in self.scenarios.items():
            sales, marketing = scenario.plan.sales, scenario.plan.marketing
            rows.append(
                (label, sales.reps, sales.sdrs, marketing.marketers, marketing.programme_money, payroll(scenario))
            )
        columns = ["plan", "reps", "sdrs", "marketers", "programme_money", "payroll_and_programmes"]
        return pd.DataFrame(rows, columns=columns).set_index("plan")

    def summary(self, kpis: str | Iterable[str] | None = None, level: float = LEVEL) -> pd.DataFrame:
        """Mean and t interval of each KPI and plan.

        Parameters
        ----------
        kpis
            Names of KPIs; by default all.
        level
            Confidence level, 0 < level < 1.

        Returns
        -------
        pandas.DataFrame
            Index ``kpi``, ``plan``; columns ``mean``, ``low``, ``high``, ``sd``, ``n``, ``unit``. These intervals say
            how sure each mean is; to tell plans apart use `differences`, whose intervals are narrower.
        """
        names = self.check_kpis(kpis)
        table = self._summary(names, level)
        table["order"] = table["kpi"].map({name: place for place, name in enumerate(names)})
        return table.sort_values(["order", "plan"]).drop(columns="order").set_index(["kpi", "plan"])

    def differences(
        self, kpis: str | Iterable[str] | None = None, baseline: str | None = None, level: float = LEVEL
    ) -> pd.DataFrame:
        """Differences to the baseline, replication by replication.

        Parameters
        ----------
        kpis
            Names of KPIs; by default all.
        baseline
            Label to compare with; by default that of the comparison.
        level
            Confidence level of each interval, 0 < level < 1.

        Returns
        -------
        pandas.DataFrame
            Index ``kpi``, ``plan``; columns ``difference`` (plan minus baseline), ``low``, ``high``, ``finding``
            (higher, lower, or not clear), ``variance_ratio`` (how many times as many replications would be needed
            without pairing), ``n``, ``unit``.
        """
        import pandas as pd

        base = self.check_label(self.baseline if baseline is None else baseline)
        rows = []
        for name in self.check_kpis(kpis):
            reference = self.values(name, base)
            for label in self.labels:
                if label == base:
                    continue
                (mean, low, high, _, n), ratio = paired_difference(self.values(name, label), reference, level)
                finding = "higher" if low > 0.0 else "lower" if high < 0.0 else "not clear"
                rows.append((name, label, mean, low, high, finding, ratio, n, self.units[name]))
        columns = ["kpi", "plan", "difference", "low", "high", "finding", "variance_ratio", "n", "unit"]
        return pd.DataFrame(rows, columns=columns).set_index(["kpi", "plan"])

    def ranking(self, kpi: str = HEADLINE, level: float = LEVEL) -> pd.DataFrame:
        """Plans, best first, and which are statistically tied with the best.

        Parameters
        ----------
        kpi
            Name of the KPI to rank by; costs, waiting and losses rank from the smallest up.
        level
            Confidence level, 0 < level < 1.

        Returns
        -------
        pandas.DataFrame
            Index ``plan``; columns ``mean``, ``low``, ``high`` (the plan's own interval), ``sd``, ``n``,
            ``difference``, ``difference_low``, ``difference_high`` (paired, to the best; these intervals hold
            together, Bonferroni), ``tied`` (its interval reaches 0), ``unit``. The truly best plan is among the tied
            with at least this confidence.
        """
        from funnelsim.experiments.ranking import ranking

        return ranking(self, kpi, level)

    def tied(self, kpi: str = HEADLINE, level: float = LEVEL) -> list[str]:
        """Labels of the plans that are statistically tied for best, best mean first."""
        table = self.ranking(kpi, level)
        return [str(label) for label in table.index[table["tied"]]]

    def conclusion(self, kpi: str = HEADLINE, level: float = LEVEL) -> str:
        """What the ranking says: one short sentence per line, the answer first."""
        from funnelsim.experiments.ranking import conclusion

        return conclusion(self, kpi, level)

    def table(self, name: str, label: str | None = None) -> pd.DataFrame:
        """A table that was kept (``keep=``), of one plan, or of all below one another (column ``plan``).

        Parameters
        ----------
        name
            Name of the table. ``funnel``, ``series``, ``profit_and_loss``, ``waiting``, ``staff`` and ``touches`` are
            means over replications; ``journeys`` and ``cases`` hold every row of each, with a column ``replication``.
        label
            Which plan; by default all.
        """
        import pandas as pd

        if label is not None:
            return self._whole_table(name, self.check_label(label))
        parts = []
        for one in self.labels:
            part = self._whole_table(name, one)
            parts.append(pd.concat({one: part}, names=["plan"]).reset_index("plan"))
        return pd.concat(parts, ignore_index=True)

    @property
    def series(self) -> pd.DataFrame:
        """Weekly series, if kept (``keep="series"``): plan, start, quantity, mean, low, high (95 %), n."""
        import numpy as np
        import pandas as pd

        parts = []
        for label in self.labels:
            tables = list(self.kept_tables("series", label).values())
            first = tables[0]
            for name in first.columns.drop(["start", "end", "days"], errors="ignore"):
                stack = np.array([table[name].to_numpy(dtype=float) for table in tables])
                found = [mean_interval(week) for week in stack.T]
                part = pd.DataFrame(found, columns=["mean", "low", "high", "sd", "n"]).drop(columns="sd")
                part.insert(0, "quantity", str(name))
                part.insert(0, "start", first["start"].to_numpy())
                part.insert(0, "plan", label)
                parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def runs(self, label: str) -> list[Run]:
        """The runs of a plan, if they were kept (``keep="runs"``; each holds its whole log)."""
        return self.kept_runs(label)

    def __repr__(self) -> str:
        head = f"<Comparison of {', '.join(self.labels)}: {self.replications_in_words}, seed {self.seed}>"
        lines = [head, self.conclusion()]
        if self.precision:
            lines.append(self.precision.report())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        table = self.ranking()
        shown = self.rounded(table)[["mean", "low", "high", "difference", "difference_low", "difference_high"]]
        shown["tied for best"] = ["yes" if tied else "no" for tied in table["tied"]]
        shown.columns = [str(name).replace("_", " ") for name in shown.columns]
        head = f"<p><b>{escape(self.title or 'Comparison')}</b> · {self.replications_in_words} · seed {self.seed}</p>"
        sentences = f"<p>{escape(self.conclusion()).replace(chr(10), '<br>')}</p>"
        note = f"<p>{plain(HEADLINE)}; difference: to the best plan, paired; low and high: 95 % intervals.</p>"
        return head + sentences + shown.to_html() + note


def compare(
    plans: Plans,
    replications: int | str | None = None,
    baseline: str | None = None,
    seed: int = 1,
    workers: int | None = None,
    horizon_quarters: int | None = None,
    progress: Progress = None,
    keep: Iterable[str] = ("kpis",),
    engine: str = "auto",
    *,
    precision: float | str | None = None,
    kpi: str = HEADLINE,
    most: int = MOST,
    versus: str = "baseline",
    log: str = "auto",
    executor: ExecutorLike = None,
    store: StoreLike = None,
    insist: bool = False,
) -> Comparison:
    """Run several plans with the same random numbers and compare them, replication by replication.

    Parameters
    ----------
    plans
        Scenarios (or their names) by label, a `Study`, the name or path of a study, or a list of scenario names.
    replications
        How many of each plan, by default what the study suggests, or 20; or ``"auto"``: as many as `precision` takes.
    baseline
        Label to compare with; by default that of the study, or the first.
    seed
        Which family of random numbers, >= 0.
    workers
        Runs at a time; by default one per processor. Results do not depend on it.
    horizon_quarters
        Length of the runs; by default that of the scenarios. Runs of more than 4 quarters are read at 4 as well
        (`Comparison.at`).
    progress, engine, log, executor, store, insist
        As in `replicate`.
    precision, kpi, most, versus
        With ``"auto"``: half the width of the 95 % interval of every paired difference of `kpi`, plan minus baseline;
        with ``versus="best"`` of those to the best plan, which hold together as in `Comparison.ranking`. ``"5%"`` of
        the mean of the baseline, or of the best plan (the default), or in the unit of the KPI (``25_000``, ``"$25k"``).
        No more than `most` replications; `Results.precision` says what was reached.
    keep
        What to keep of each run: ``"kpis"`` (always kept); tables that `Comparison.table` averages: ``"funnel"``,
        ``"series"``, ``"profit_and_loss"``, ``"waiting"``, ``"staff"``, ``"touches"``; tables of which every row is
        kept: ``"journeys"`` (one row per touch: large) and ``"cases"``; ``"runs"`` (all of it: memory!).

    Notes
    -----
    Ctrl-C ends it early; the replications that all plans have finished are returned, marked ``interrupted``.
    """
    study, scenarios = _scenarios(plans, insist)
    if horizon_quarters is not None:
        check_number("horizon_quarters", horizon_quarters, 1, 80)
        scenarios = {label: with_horizon(one, int(horizon_quarters)) for label, one in scenarios.items()}
    horizons = sorted({scenario.horizon_quarters for scenario in scenarios.values()})
    if len(horizons) > 1:
        text = " and ".join(str(quarters) for quarters in horizons)
        raise ScenarioError(f"the scenarios run for {text} quarters; say horizon_quarters to give all the same")
    what = keep_of(keep, horizons[0])
    baseline = _baseline(baseline, study, scenarios)
    if versus not in VERSUS:
        raise ScenarioError(f"versus is {versus!r}{hint(str(versus), VERSUS, 'it can be')[0]}")
    reference = baseline if versus == "baseline" else None
    enough = until(replications, precision, most, kpi, list(scenarios), what, reference)
    suggested = study.replications if study else DEFAULT_REPLICATIONS
    number: Any = enough.most if enough else suggested if replications is None else replications
    job, outcome = run_all(
        scenarios,
        number,
        seed,
        workers,
        progress,
        what,
        engine,
        insist,
        log=log,
        executor=executor,
        store=store,
        enough=enough,
    )
    requested = enough.requested if enough else number
    result = Comparison(scenarios, outcome, what, seed=seed, engine=job.engine, requested=requested)
    result.precision = enough
    result.baseline = baseline
    if study:
        result.title, result.question = study.title, study.question
    return finish(result, outcome)


def _baseline(baseline: str | None, study: Study | None, scenarios: Mapping[str, Scenario]) -> str:
    if baseline is None:
        return study.baseline if study else next(iter(scenarios))
    if baseline not in scenarios:
        raise ScenarioError(f"no plan has the label {baseline!r}{hint(str(baseline), scenarios, 'labels')[0]}")
    return baseline


def with_horizon(scenario: Scenario, quarters: int) -> Scenario:
    """Return the scenario with another horizon; refuse one that cuts off its timeline."""
    if scenario.horizon_quarters == quarters:
        return scenario
    return scenario.with_changes({"horizon_quarters": quarters})


def _scenarios(plans: Plans, insist: bool) -> tuple[Study | None, dict[str, Scenario]]:
    """Return the study, if it is one, and the scenarios by label."""
    if isinstance(plans, str):
        from funnelsim.scenario.files import load_study

        plans = load_study(plans)
    if isinstance(plans, Study):
        return plans, dict(plans.scenarios)
    one: object = plans
    if isinstance(one, Scenario):
        raise ScenarioError("one scenario has nothing to be compared with; use replicate, or give several by label")
    if not isinstance(plans, Mapping):
        names = list(plans)
        for name in names:
            if not isinstance(name, str):
                raise ScenarioError("scenarios need labels: {'today': scenario, 'aligned': other}")
        plans = {name: name for name in names}
    found = {str(label): as_scenario(one, insist) for label, one in plans.items()}
    if not found:
        raise ScenarioError("there is nothing to compare: give at least one scenario")
    return None, found
