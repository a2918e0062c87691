"""What something is worth: the world re-run with or without it, under the same random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare, with_horizon
from funnelsim.experiments.counterfactuals import Case, case_of
from funnelsim.experiments.executors import How
from funnelsim.experiments.intervals import LEVEL, Interval, mean_interval
from funnelsim.experiments.precision import AUTO, as_precision
from funnelsim.experiments.ratios import paired_ratio
from funnelsim.experiments.replicate import DEFAULT_REPLICATIONS
from funnelsim.experiments.single import as_scenario, check_number
from funnelsim.experiments.words import amount, capital, counted, plain, with_interval
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

TODAY, REP = "today", "one more rep"
REPS = "plan.sales.reps"
FINDINGS = {1: "worth it", -1: "a loss", 0: "not clear"}


@dataclass
class Value:
    """What something is worth; made by `value_of`.

    Attributes
    ----------
    what
        What was valued, in words.
    comparison
        All runs: today, each way of being with or without it, and one more rep.
    ways
        Labels of these ways; the first is the one that `money` and `reps_worth` speak of.
    taken_away
        Whether the ways are the firm without it.
    kpi, level
        Key figure that counts as money, and confidence level of every interval.
    """

    what: str
    comparison: Comparison
    ways: tuple[str, ...]
    taken_away: bool
    kpi: str = HEADLINE
    level: float = LEVEL
    has_rep: bool = True
    _rep: str = field(default=REP, repr=False)

    @property
    def n(self) -> int:
        """Replications behind every number."""
        return self.comparison.n

    def gains(self, way: str | None = None, quarters: int | None = None) -> list[float]:
        """Return what it adds in each replication, USD per year: the firm with it less the firm without it.

        Parameters
        ----------
        way
            Label of the way; by default the first.
        quarters
            Horizon that is read, one of ``comparison.horizons``; by default the full one.
        """
        sign = -1.0 if self.taken_away else 1.0
        return [sign * gap for gap in self._gaps(self._way(way), self.kpi, quarters)]

    def money(self, way: str | None = None, quarters: int | None = None) -> Interval:
        """Return mean and interval of `gains`, USD per year."""
        return mean_interval(self.gains(way, quarters), self.level)

    def reps_worth(self, way: str | None = None, quarters: int | None = None) -> Interval:
        """Return its worth in reps: its money over that of one more rep, in the same replications (Fieller).

        The ends are NaN where no bounded interval exists, because one more rep is not clearly worth anything.
        """
        if not self.has_rep:
            return Interval(math.nan, math.nan, math.nan, math.nan, 0)
        return paired_ratio(self.gains(way, quarters), self._gaps(self._rep, self.kpi, quarters), self.level)

    def rep_money(self, quarters: int | None = None) -> Interval:
        """Return what one more rep adds, USD per year; NaN if that was not run."""
        return mean_interval(self._gaps(self._rep, self.kpi, quarters) if self.has_rep else [], self.level)

    def per(self, kpi: str, way: str | None = None, quarters: int | None = None) -> Interval:
        """Return dollars per year for each unit by which the change moves another key figure (Fieller).

        Of a rule that makes sales answer sooner, ``per("response_hours_inbound")`` is what an hour of response time is
        worth *if it is bought with that rule*: all that the rule does is in the money, also what waits longer for it.

        Parameters
        ----------
        kpi
            Key figure, see `funnelsim.tables.glossary`.
        way, quarters
            As in `gains`.
        """
        here = self.comparison.check_kpis(kpi)[0]
        way = self._way(way)
        money = self._gaps(way, self.kpi, quarters)
        moved = self._gaps(way, here, quarters)
        return paired_ratio(money, moved, self.level)

    def _gaps(self, label: str, kpi: str, quarters: int | None) -> list[float]:
        """Differences to today; of money, per year."""
        read = self.comparison if quarters is None else self.comparison.at(quarters)
        years = read.horizon_quarters / 4.0 if read.units[kpi] == "USD" else 1.0
        pairs = zip(read.values(kpi, label), read.values(kpi, TODAY), strict=True)
        return [(other - today) / years for other, today in pairs]

    def _way(self, way: str | None) -> str:
        if way is None:
            return self.ways[0]
        if way not in self.ways:
            from funnelsim.scenario.validation import hint

            raise ScenarioError(f"no way is named {way!r}{hint(way, self.ways, 'ways')[0]}")
        return way

    def table(self) -> pd.DataFrame:
        """Money per year and reps' worth of each way at each horizon, and of one more rep.

        Returns
        -------
        pandas.DataFrame
            Index ``horizon_quarters``, ``what``; columns ``money_per_year``, ``low``, ``high`` (USD per year),
            ``reps_worth``, ``reps_low``, ``reps_high`` (reps; NaN ends: no bounded interval), ``finding`` (worth it, a
            loss, not clear), ``n``.
        """
        import pandas as pd

        rows = []
        for quarters in self.comparison.horizons:
            for way in self.ways:
                money, reps = self.money(way, quarters), self.reps_worth(way, quarters)
                label = self.what if len(self.ways) == 1 else f"{self.what}, {way}"
                rows.append((quarters, label, *money[:3], *reps[:3], finding(money), money.n))
            if self.has_rep and self._rep not in self.ways:
                money = self.rep_money(quarters)
                bounded = money.excludes_zero
                ends = (1.0, 1.0) if bounded else (math.nan, math.nan)
                rows.append((quarters, REP, *money[:3], 1.0, *ends, finding(money), money.n))
        columns = ["horizon_quarters", "what", "money_per_year", "low", "high"]
        columns += ["reps_worth", "reps_low", "reps_high", "finding", "n"]
        return pd.DataFrame(rows, columns=columns).set_index(["horizon_quarters", "what"])

    @property
    def sentence(self) -> str:
        """What was found, the answer first."""
        lines = [self._money_sentence(), self._reps_sentence(), self._source()]
        return "\n".join(line for line in lines if line)

    def _money_sentence(self) -> str:
        whole = self.money()
        head = f"{capital(self.what)} is worth {_money_words(whole)} a year"
        if len(self.ways) > 1:
            more = [f"{_money_words(self.money(way))} ({way})" for way in self.ways]
            head = f"{capital(self.what)} is worth {' or '.join(more)} a year"
        if whole.n < 2:
            return f"{head}; a single replication has no interval, so this may be luck."
        clear = "" if all(self.money(way).excludes_zero for way in self.ways) else ": not clear"
        return f"{head}{clear}."

    def _reps_sentence(self) -> str:
        if not self.has_rep or self.n < 2 or self._rep in self.ways:
            return ""
        worth, rep = self.reps_worth(), self.rep_money()
        if not math.isfinite(worth.low):
            return (
                f"In reps’ worth there is no bounded answer: one more rep is itself worth {_money_words(rep)} a year, "
                "not clearly more or less than nothing."
            )
        many = with_interval(worth.mean, worth.low, worth.high)
        return f"That is {many} reps’ worth: one more rep is worth {_money_words(rep)} a year."

    def _source(self) -> str:
        return (
            f"{capital(plain(self.kpi))} over {counted(self.comparison.horizon_quarters, 'quarter')}, the same random "
            f"numbers with and without it; {self.comparison.replications_in_words}, seed {self.comparison.seed}, "
            f"{self.level * 100:g} % intervals."
        )

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"<Value of {self.what}: {self.comparison.replications_in_words}>\n{self.sentence}"

    def words(self) -> pd.DataFrame:
        """Return `table` in short words, for people."""
        table = self.table()
        shown = table[["finding", "n"]].copy()
        money = zip(table["money_per_year"], table["low"], table["high"], strict=True)
        reps = zip(table["reps_worth"], table["reps_low"], table["reps_high"], strict=True)
        shown.insert(0, "reps’ worth", [reps_words(Interval(*one, math.nan, 0)) for one in reps])
        shown.insert(0, "worth a year", [_money_words(Interval(*one, math.nan, 0)) for one in money])
        return shown

    def _repr_html_(self) -> str:
        from html import escape

        text = escape(self.sentence).replace("\n", "<br>")
        return f"<p>{text}</p>{self.words().to_html()}"


def value_of(
    scenario: Scenario | str,
    change: str | Mapping[str, Any] | Scenario,
    by: float | None = None,
    *,
    to: Any = None,
    precision: float | str | None = None,
    replications: int | str | None = None,
    horizon_quarters: int | None = None,
    kpi: str = HEADLINE,
    money: str = "both",
    reps_worth: bool = True,
    label: str | None = None,
    keep: str | Sequence[str] = ("kpis",),
    seed: int = 1,
    level: float = LEVEL,
    **how: Unpack[How],
) -> Value:
    """Say what a hire, a team, a channel, a touchpoint or a rule is worth: the world re-run with or without it.

    Parameters
    ----------
    scenario
        Today: a scenario, the name of a shipped one, or the path of a file.
    change
        What to value: a dotted path with `by` or `to`; a mapping of new values by dotted path; another scenario; or one
        of ``"team.sales"`` (all its heads to 0; with marketing its programme money goes too), ``"channel.webinar"`` (a
        programme of the mix ends), ``"touchpoint.demo"`` (the touch happens and costs as before, and does nothing).
    by
        How much more or less of a number, e.g. ``value_of(base, "plan.sales.reps", +1)``. Where the timeline sets the
        number too, it is moved there as well.
    to
        The new value, e.g. ``value_of(base, "plan.marketing.hand_over", to=False)``.
    precision
        Half the width of the interval that is wanted of every difference to today (one more rep's, too), USD per year,
        or a share such as ``"5%"`` of today's `kpi`; replications are added until then, as in `compare`.
    replications
        How many to run: 20, or ``"auto"``: as many as `precision` takes.
    horizon_quarters
        Length of the runs; by default that of the scenario. Runs of more than 4 quarters are read at 4 as well.
    kpi
        Key figure in USD that counts as money.
    money
        What becomes of the money of a channel that ends: ``"saved"``, ``"spread"`` over the others, or ``"both"``.
    reps_worth
        Run one more rep as well, and divide by what that is worth.
    label
        What to call it in tables and sentences.
    keep
        As in `compare`.
    seed, level
        Family of random numbers; confidence level of the intervals.
    **how
        Who does the work, see `How` of `funnelsim.experiments.executors`: workers, executor, store, engine, progress,
        insist.

    Returns
    -------
    Value
        Money per year and reps' worth with paired intervals: ``.table()``, ``.sentence``, ``.money()``,
        ``.reps_worth()``, ``.per(kpi)``.

    Notes
    -----
    The value of what the plan has (team, channel, touchpoint) is today less the firm without it; that of what it might
    have is the firm with it less today. Changes begin on day 0; the past is the same. Values do not add up: two things
    that replace each other are worth more together than apart. To split a difference use `explain`.
    """
    today = as_scenario(scenario, how.get("insist", False))
    if horizon_quarters is not None:
        check_number("horizon_quarters", horizon_quarters, 1, 80)
        today = with_horizon(today, int(horizon_quarters))
        if isinstance(change, Scenario):
            change = with_horizon(change, int(horizon_quarters))
    check_money(kpi)
    case = case_of(today, change, by, to, money)
    plans, rep = _arms(today, case, reps_worth)
    narrow = over_the_horizon(precision, today)
    found = compare(plans, how_many(replications, precision), TODAY, seed, precision=narrow, kpi=kpi, keep=keep, **how)
    ways = tuple(case.ways)
    return Value(label or case.what, found, ways, case.taken_away, kpi, level, rep is not None, rep or REP)


def _arms(today: Scenario, case: Case, reps_worth: bool) -> tuple[dict[str, Scenario], str | None]:
    """Return what to run, and the label of one more rep (none: not asked, or the timeline forbids it)."""
    plans = {TODAY: today, **case.ways}
    if not reps_worth:
        return plans, None
    try:
        rep = next(iter(case_of(today, REPS, 1, None, "both").ways.values()))
    except ScenarioError:
        return plans, None
    for label, one in case.ways.items():
        if one == rep:
            return plans, label
    return {**plans, REP: rep}, REP


def how_many(replications: int | str | None, precision: float | str | None) -> int | str:
    """Return the replications to ask for: 20, or as many as a precision takes, where nothing is said."""
    if replications is None:
        return AUTO if precision is not None else DEFAULT_REPLICATIONS
    return replications


def over_the_horizon(precision: float | str | None, scenario: Scenario) -> float | str | None:
    """Return a precision of USD per year as one of USD over the horizon; a share stays as it is."""
    if precision is None:
        return None
    dollars = as_precision(precision).half_width
    return precision if dollars is None else dollars * scenario.horizon_quarters / 4.0


def check_money(kpi: str) -> None:
    """Refuse a key figure that is not money."""
    from funnelsim.experiments.keeping import kpi_units
    from funnelsim.scenario.validation import hint

    units = kpi_units()
    known = [name for name, unit in units.items() if unit == "USD"]
    if kpi not in known:
        what = "is not money" if kpi in units else "is no KPI"
        raise ScenarioError(f"{kpi!r} {what}{hint(str(kpi), known, 'KPIs in USD')[0]}")


def finding(one: Interval) -> str:
    """Say what an interval of money says."""
    return FINDINGS[1 if one.low > 0.0 else -1 if one.high < 0.0 else 0]


def _money_words(one: Interval) -> str:
    if not (math.isfinite(one.low) and math.isfinite(one.high)):
        return amount(one.mean, "USD", sign=True)
    return with_interval(one.mean, one.low, one.high, "USD", sign=True)


def reps_words(one: Interval) -> str:
    """Say a number of reps; without a bounded interval say that."""
    if not math.isfinite(one.mean):
        return "–"
    if one.low == one.high:
        return f"{one.mean:g}"
    return with_interval(one.mean, one.low, one.high) if math.isfinite(one.low) else "no bounded interval"
