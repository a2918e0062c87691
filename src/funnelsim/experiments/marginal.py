"""What one step of every lever is worth: shadow prices, sorted, and the team that binds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare, with_horizon
from funnelsim.experiments.executors import How
from funnelsim.experiments.intervals import LEVEL, Interval, mean_interval, simultaneous_level
from funnelsim.experiments.levers import MIX, STEP, Lever, plan_levers
from funnelsim.experiments.load import Load, load_of
from funnelsim.experiments.single import as_scenario, check_number
from funnelsim.experiments.value import TODAY, check_money, finding, how_many, over_the_horizon
from funnelsim.experiments.words import capital, counted, listed, plain, with_interval
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

SCREEN, REFINE = 4, 8
BUSY_REPLICATIONS = 5
NAMED = 3
"""Levers that a sentence names."""
NOTHING = "nothing"


@dataclass
class MarginalValues:
    """Worth of one step of every lever; made by `marginal_values`.

    Attributes
    ----------
    levers
        Every lever that does something, by name.
    screened, refined
        Runs of all levers with few replications, and of today and the promising ones with more.
    idle
        Names of levers that changed nothing in any replication.
    stuck
        Why other fields could not be moved, by path.
    load
        How busy the teams are in each quarter, if that was asked.
    kpi, level
        Key figure that counts as money; confidence level at which all intervals hold together.
    """

    levers: dict[str, Lever]
    screened: Comparison
    refined: Comparison
    idle: tuple[str, ...]
    stuck: dict[str, str]
    load: Load | None
    kpi: str = HEADLINE
    level: float = LEVEL

    def gains(self, name: str) -> np.ndarray:
        """Return what a step adds in each replication, USD per year."""
        found = self.refined if name in self.refined.labels else self.screened
        years = found.horizon_quarters / 4.0
        return (np.array(found.values(self.kpi, name)) - np.array(found.values(self.kpi, TODAY))) / years

    def money(self, name: str) -> Interval:
        """Return mean and interval of `gains`, USD per year; the intervals of all levers hold together (Bonferroni)."""
        return mean_interval(self.gains(name), simultaneous_level(len(self.levers), self.level))

    def table(self) -> pd.DataFrame:
        """Return every lever that does something, best step first.

        Returns
        -------
        pandas.DataFrame
            Index ``lever``; columns ``path``, ``today``, ``value``, ``money_per_year``, ``low``, ``high`` (of the step,
            USD per year, net of what it costs), ``per_unit`` (USD per year for one more unit), ``unit``,
            ``per_dollar`` (what a dollar of cost brings on top of itself; NaN where the lever costs nothing),
            ``finding`` (worth it, a loss, not clear), ``n``, ``refined``.
        """
        import pandas as pd

        rows = []
        for name, lever in self.levers.items():
            money = self.money(name)
            one = money.mean / lever.step
            refined = name in self.refined.labels
            numbers = (*money[:3], one, lever.unit, one / lever.cost, finding(money), money.n, refined)
            rows.append((name, lever.path, lever.today, lever.value, *numbers))
        columns = ["lever", "path", "today", "value", "money_per_year", "low", "high", "per_unit", "unit"]
        columns += ["per_dollar", "finding", "n", "refined"]
        table = pd.DataFrame(rows, columns=columns).set_index("lever")
        return table.sort_values("money_per_year", ascending=False, kind="stable")

    def by_quarter(self, level: float = LEVEL) -> pd.DataFrame:
        """Return what each refined step adds to the profit with value of each quarter, USD.

        Parameters
        ----------
        level
            Confidence level of each interval, by itself.

        Returns
        -------
        pandas.DataFrame
            Columns ``lever``, ``quarter``, ``money``, ``low``, ``high``, ``finding``, ``n``.
        """
        import pandas as pd

        tables = {name: self.refined.kept_tables("profit_and_loss", name) for name in self.refined.labels}
        lines = {name: [_line(table) for table in found.values()] for name, found in tables.items()}
        rows = []
        for name in self.refined.labels:
            if name == TODAY:
                continue
            for quarter in lines[TODAY][0].index:
                pairs = zip(lines[name], lines[TODAY], strict=True)
                one = mean_interval([float(other[quarter] - today[quarter]) for other, today in pairs], level)
                rows.append((name, str(quarter), *one[:3], finding(one), one.n))
        return pd.DataFrame(rows, columns=["lever", "quarter", "money", "low", "high", "finding", "n"])

    @property
    def resources(self) -> list[str]:
        """Names of the levers that buy people or programmes: what there could be too little of."""
        return [name for name, lever in self.levers.items() if is_resource(lever) and name in self.refined.labels]

    def bottleneck(self) -> pd.DataFrame:
        """Return what binds in each quarter: the resource of which a dollar more brings most.

        Returns
        -------
        pandas.DataFrame
            Index ``quarter`` (the last row, ``all``, is the horizon); columns ``binds`` (name of the lever, or
            ``nothing`` where no resource is clearly worth more than it costs), ``best`` (the same, or else the
            largest mean), ``per_dollar`` (of the best: dollars of profit with value on top of each dollar of yearly
            cost; in a quarter, that quarter's), ``low``, ``high`` (over all resources they hold together), ``n``.
        """
        import pandas as pd

        level = simultaneous_level(len(self.resources), self.level)
        quarters = self.by_quarter(level)
        rows = []
        for quarter in dict.fromkeys(quarters["quarter"]):
            here = quarters[quarters["quarter"] == quarter].set_index("lever")
            found = {}
            for name in self.resources:
                mean, low, high = (float(here.loc[name, column]) for column in ("money", "low", "high"))
                found[name] = Interval(mean, low, high, math.nan, self.refined.n)
            rows.append((quarter, *self._best(found)))
        whole = {name: mean_interval(self.gains(name), level) for name in self.resources}
        rows.append(("all", *self._best(whole)))
        columns = ["quarter", "binds", "best", "per_dollar", "low", "high", "n"]
        return pd.DataFrame(rows, columns=columns).set_index("quarter")

    def _best(self, money: Mapping[str, Interval]) -> tuple[str, str, float, float, float, int]:
        """Return the resource whose dollar brings most, and what it brings."""
        if not money:
            return NOTHING, NOTHING, math.nan, math.nan, math.nan, 0
        cost = {name: self.levers[name].cost * abs(self.levers[name].step) for name in money}
        order = sorted(money, key=lambda name: -money[name].mean / cost[name])
        binds = next((name for name in order if money[name].low > 0.0), NOTHING)
        best = order[0] if binds == NOTHING else binds
        one = money[best]
        return binds, best, one.mean / cost[best], one.low / cost[best], one.high / cost[best], one.n

    @property
    def bottleneck_sentence(self) -> str:
        """What binds over the horizon, and how that moves."""
        table = self.bottleneck()
        whole, quarters = table.loc["all"], table.drop(index="all")
        if whole["best"] == NOTHING:
            return ""
        mean, low, high = (float(one) for one in np.asarray(whole[["per_dollar", "low", "high"]], dtype=float))
        ends = f"{with_interval(mean, low, high, 'USD', sign=True)} on top of each dollar"
        if whole["binds"] == NOTHING:
            text = f"No resource clearly binds; the best mean is that of {whole['best']} ({ends})."
        else:
            text = f"The bottleneck is what {whole['binds']} adds: {ends}."
        spans: list[tuple[str, list[str]]] = []
        for quarter, name in quarters["binds"].items():
            if spans and spans[-1][0] == name:
                spans[-1][1].append(str(quarter))
            else:
                spans.append((str(name), [str(quarter)]))
        if len(quarters) < 2 or (len(spans) == 1 and spans[0][0] == whole["binds"]):
            return text
        parts = [f"{'nothing clearly' if name == NOTHING else name} {_span(own)}" for name, own in spans]
        return f"{text} Quarter by quarter: {', then '.join(parts)}."

    @property
    def sentence(self) -> str:
        """What was found, the answer first."""
        table = self.table()
        known = table[table["finding"] != "not clear"]
        lines = []
        gains, losses = known[known["money_per_year"] > 0.0], known[known["money_per_year"] < 0.0].iloc[::-1]
        if gains.empty and losses.empty:
            lines.append("No single step of any lever is clearly worth anything; more replications may tell.")
        if not gains.empty:
            lines.append(f"Worth most a year: {listed([_said(row) for _, row in gains.head(NAMED).iterrows()])}.")
        if not losses.empty:
            lines.append(f"Clearly a loss: {listed([_said(row) for _, row in losses.head(NAMED).iterrows()])}.")
        lines.append(self.bottleneck_sentence)
        if self.load is not None:
            lines.append(self.load.sentence)
        quarters = counted(self.refined.horizon_quarters, "quarter")
        idle = f"; {counted(len(self.idle), 'lever')} did nothing" if self.idle else ""
        lines.append(
            f"{capital(plain(self.kpi))} over {quarters}, per year; {len(self.levers)} levers with {self.screened.n} "
            f"replications, {len(self.refined.labels) - 1} of them with {self.refined.n}; seed {self.refined.seed}; "
            f"{self.level * 100:g} % intervals that hold together{idle}."
        )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"<Marginal values of {len(self.levers)} levers>\n{self.sentence}"

    def words(self) -> pd.DataFrame:
        """Return `table` in short words, for people."""
        from funnelsim.experiments.words import amount

        table = self.table()
        shown = table[["finding", "n"]].copy()
        per_dollar = [f"{one:+.2f}" if math.isfinite(one) else "" for one in table["per_dollar"]]
        per_unit = [amount(float(one), "USD", sign=True) if math.isfinite(one) else "" for one in table["per_unit"]]
        shown.insert(0, "on top of each dollar", per_dollar)
        shown.insert(0, "for each", [unit if one else "" for unit, one in zip(table["unit"], per_unit, strict=True)])
        shown.insert(0, "worth of one unit", per_unit)
        shown.insert(0, "the step is worth a year", [_interval(row) for _, row in table.iterrows()])
        return shown

    def _repr_html_(self) -> str:
        from html import escape

        text = escape(self.sentence).replace("\n", "<br>")
        return f"<p>{text}</p>{self.words().to_html()}"


def _line(table: pd.DataFrame) -> pd.Series:
    """Return profit with value by quarter."""
    found = table.set_index("line") if "line" in table.columns else table
    line: pd.Series = found.loc["profit_with_value"]  # type: ignore[assignment]
    return line.drop("total")


def _interval(row: pd.Series) -> str:
    return with_interval(float(row["money_per_year"]), float(row["low"]), float(row["high"]), "USD", sign=True)


def _said(row: pd.Series) -> str:
    return f"{row.name} ({_interval(row)})"


def marginal_values(
    scenario: Scenario | str,
    levers: Sequence[str] | Mapping[str, float] | None = None,
    *,
    replications: int | str | None = None,
    screen: int = SCREEN,
    refine: int = REFINE,
    precision: float | str | None = None,
    step: float = STEP,
    horizon_quarters: int | None = None,
    kpi: str = HEADLINE,
    with_load: bool = True,
    seed: int = 1,
    level: float = LEVEL,
    **how: Unpack[How],
) -> MarginalValues:
    """Say what one step of every lever of a plan is worth, sorted, and which team binds.

    Parameters
    ----------
    scenario
        Today: a scenario, the name of a shipped one, or the path of a file.
    levers
        Dotted paths, or beginnings of them (``"plan.sales"``), or a mapping from path to step; by default every field
        of the plan, read from the schema: one head, a tenth of a number (three tenths of the programme money), the
        other of yes and no, every other choice, either end of a rank, and more money for each channel.
    replications, screen, refine
        All levers are run with `screen` replications; those that changed nothing are left out; the `refine` largest,
        and all people and programme money, are run with `replications`.
    precision
        Half the width that is wanted of the 95 % interval of every refined lever by itself, USD per year, or a share
        such as ``"5%"`` of today's `kpi`; replications are added until then, as in `compare`.
    step
        Step of a number, relative to its value.
    horizon_quarters
        Length of the runs; by default that of the scenario.
    kpi
        Key figure in USD that counts as money.
    with_load
        Read how busy the teams are in each quarter, too.
    seed, level
        Family of random numbers; confidence level at which all intervals hold together.
    **how
        Who does the work, see `How` of `funnelsim.experiments.executors`: workers, executor, store, engine, progress,
        insist.

    Notes
    -----
    Every lever is moved alone, under the same random numbers. Values are net: salaries and programmes are paid. Since
    all intervals hold together, looking at the largest afterwards costs no confidence.
    """
    today = as_scenario(scenario, how.get("insist", False))
    if horizon_quarters is not None:
        check_number("horizon_quarters", horizon_quarters, 1, 80)
        today = with_horizon(today, int(horizon_quarters))
    check_money(kpi)
    check_number("screen", screen, 2, 100_000)
    check_number("refine", refine, 0, 10_000)
    found, stuck = plan_levers(today, levers, step)
    if not found:
        reasons = "; ".join(f"{path}: {reason}" for path, reason in stuck.items())
        raise ScenarioError(f"no lever of the plan can be moved{f' ({reasons})' if reasons else ''}")
    moved = {lever.name: lever for lever in found}
    plans = {TODAY: today, **{name: lever.scenario for name, lever in moved.items()}}
    many = how_many(replications, precision)
    screened = compare(plans, screen if isinstance(many, str) else min(screen, many), TODAY, seed, **how)
    idle = tuple(name for name in moved if _same(screened, name))
    active = {name: lever for name, lever in moved.items() if name not in idle}
    chosen = _promising(screened, active, kpi, refine)
    fine = {TODAY: today, **{name: moved[name].scenario for name in chosen}}
    keep = ("kpis", "profit_and_loss")
    narrow = over_the_horizon(precision, today)
    refined = compare(fine, many, TODAY, seed, keep=keep, precision=narrow, kpi=kpi, **how)
    busy = load_of(today, min(BUSY_REPLICATIONS, refined.n), seed, screened.engine) if with_load else None
    return MarginalValues(active, screened, refined, idle, stuck, busy, kpi, level)


def is_resource(lever: Lever) -> bool:
    """Whether a lever buys people or programmes as a whole (not one channel's)."""
    return math.isfinite(lever.cost) and not lever.path.startswith(f"{MIX}.")


def _span(quarters: Sequence[str]) -> str:
    return f"in {quarters[0]}" if len(quarters) == 1 else f"from {quarters[0]} to {quarters[-1]}"


def _same(result: Comparison, name: str) -> bool:
    """Whether a lever left every key figure of every replication as it was."""
    table = result.kpis
    return bool(np.array_equal(table.loc[name].to_numpy(float), table.loc[TODAY].to_numpy(float), equal_nan=True))


def _promising(result: Comparison, levers: Mapping[str, Lever], kpi: str, number: int) -> list[str]:
    """Return the levers to look at closely: all resources, and those that may be worth most either way."""
    base = np.array(result.values(kpi, TODAY))
    most = {}
    for name in levers:
        one = mean_interval(np.array(result.values(kpi, name)) - base)
        most[name] = abs(one.mean) + (one.sd / math.sqrt(one.n) if one.n > 1 else 0.0)
    order = sorted(levers, key=lambda name: -most[name])
    resources = [name for name in levers if is_resource(levers[name])]
    largest = set(order[:number]) | set(resources)
    return [name for name in order if name in largest]
