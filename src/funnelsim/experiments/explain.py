"""Why one scenario beats another: the difference split over the changes that separate them."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import HEADLINE, Comparison, compare, with_horizon
from funnelsim.experiments.counterfactuals import unit_at
from funnelsim.experiments.executors import How
from funnelsim.experiments.intervals import LEVEL, Interval, mean_interval, t_quantile
from funnelsim.experiments.shapley import (
    Order,
    antithetic_orders,
    coalitions_of,
    exact_shares,
    interactions,
    sampled_shares,
)
from funnelsim.experiments.single import as_scenario, check_number
from funnelsim.experiments.value import how_many
from funnelsim.experiments.words import amount, capital, counted, gap_unit, listed, plain, trimmed, with_interval
from funnelsim.scenario.changes import differences
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import pandas as pd

MAX_EXACT = 7
"""Changes of which all orders are run: 128 scenarios."""
PAIRS = 8
"""Antithetic pairs of orders where there are more changes."""
WORDS_ONLY = ("title", "plan.title", "world.title", "world.incumbent.title")
OPEN_ENDED = ("plan.sales", "plan.marketing", "world")
"""Parts of a scenario whose fields are changes of their own; fields of any other part go together."""
TOTAL = "total"


@dataclass
class Explanation:
    """A difference split over changes; made by `explain`.

    Attributes
    ----------
    names
        What the two scenarios are called.
    changes
        Dotted paths of each change, by what it is called.
    comparison
        All runs: one scenario for each coalition of changes.
    orders
        Sampled orders of making the changes; empty if all orders were run.
    kpi, level
        Key figure that is explained, and confidence level of every interval.
    """

    names: tuple[str, str]
    changes: dict[str, tuple[str, ...]]
    comparison: Comparison
    orders: tuple[Order, ...]
    kpi: str = HEADLINE
    level: float = LEVEL

    @property
    def n(self) -> int:
        """Replications behind every number."""
        return self.comparison.n

    @property
    def exact(self) -> bool:
        """Whether all orders of making the changes were run."""
        return not self.orders

    @property
    def unit(self) -> str:
        """Unit of every share."""
        return gap_unit(self.comparison.units[self.kpi])

    def at(self, horizon_quarters: int) -> Explanation:
        """Return the same explanation read at another horizon, one of ``comparison.horizons``."""
        return replace(self, comparison=self.comparison.at(horizon_quarters))

    def of(self, kpi: str) -> Explanation:
        """Return what the same runs say of another key figure."""
        self.comparison.check_kpis(kpi)
        _check_known(self.comparison, kpi)
        return replace(self, kpi=kpi)

    def shares(self) -> np.ndarray:
        """Return the share of each change in each replication: (changes, replications), adding up to `differences`."""
        return exact_shares(self._values, len(self.changes)) if self.exact else self._sampled.mean(axis=0)

    def differences(self) -> np.ndarray:
        """Return the whole difference, replication by replication."""
        return self._values[self._all] - self._values[0]

    @property
    def total(self) -> Interval:
        """Mean and interval of the whole difference."""
        return mean_interval(self.differences(), self.level)

    @property
    def _all(self) -> int:
        return (1 << len(self.changes)) - 1

    @property
    def _values(self) -> dict[int, np.ndarray]:
        return {int(label): np.array(self.comparison.values(self.kpi, label)) for label in self.comparison.labels}

    @property
    def _sampled(self) -> np.ndarray:
        return sampled_shares(self._values, self.orders)

    def intervals(self) -> list[Interval]:
        """Return mean and interval of each share; of sampled orders it holds their luck, too."""
        if self.exact:
            return [mean_interval(share, self.level) for share in self.shares()]
        return [_crossed(self._sampled[:, i, :], self.level) for i in range(len(self.changes))]

    def table(self) -> pd.DataFrame:
        """Return what each change contributed, largest first, and the total.

        Returns
        -------
        pandas.DataFrame
            Index ``change``; columns ``share``, ``low``, ``high`` (Shapley), ``alone`` (made by itself), ``last`` (made
            after all the others), ``finding`` (for, against, not clear), ``part`` (of the total), ``n``, ``unit``.
        """
        import pandas as pd

        values, whole = self._values, self.total
        rows = []
        for i, (name, one) in enumerate(zip(self.changes, self.intervals(), strict=True)):
            alone = float((values[1 << i] - values[0]).mean())
            last = float((values[self._all] - values[self._all ^ 1 << i]).mean())
            finding = "for" if one.low > 0.0 else "against" if one.high < 0.0 else "not clear"
            part = one.mean / whole.mean if whole.mean else math.nan
            rows.append((name, *one[:3], alone, last, finding, part, self.n, self.unit))
        rows.sort(key=lambda row: -abs(row[1]))
        side = "for" if whole.low > 0.0 else "against" if whole.high < 0.0 else "not clear"
        rows.append((TOTAL, *whole[:3], whole.mean, whole.mean, side, 1.0, self.n, self.unit))
        columns = ["change", "share", "low", "high", "alone", "last", "finding", "part", "n", "unit"]
        return pd.DataFrame(rows, columns=columns).set_index("change")

    def interactions(self) -> pd.DataFrame:
        """Return what changes do to one another, largest first.

        Returns
        -------
        pandas.DataFrame
            Columns ``change``, ``other``, ``interaction``, ``low``, ``high``, ``finding`` (help, hinder, not clear),
            ``n``, ``unit``. Of all pairs, if all orders were run (Shapley interaction index); else of each change with
            all the others together (made last less made alone).
        """
        import pandas as pd

        names, values = list(self.changes), self._values
        found: list[tuple[str, str, np.ndarray]] = []
        if self.exact:
            pairs = interactions(values, len(names))
            found = [(names[i], names[j], numbers) for (i, j), numbers in pairs.items()]
        else:
            for i, name in enumerate(names):
                last = values[self._all] - values[self._all ^ 1 << i]
                found.append((name, "all the others", last - (values[1 << i] - values[0])))
        rows = []
        for one, other, numbers in found:
            mean, low, high, _, n = mean_interval(numbers, self.level)
            finding = "help" if low > 0.0 else "hinder" if high < 0.0 else "not clear"
            rows.append((one, other, mean, low, high, finding, n, self.unit))
        rows.sort(key=lambda row: -abs(row[2]))
        columns = ["change", "other", "interaction", "low", "high", "finding", "n", "unit"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def sentence(self) -> str:
        """What was found, the answer first."""
        whole, (a, b) = self.total, self.names
        what = f"{plain(self.kpi)} over {counted(self.comparison.horizon_quarters, 'quarter')}"
        if self.n < 2:
            return f"One replication has no interval: run more to say why “{b}” differs from “{a}” in {what}."
        gap = with_interval(whole.mean, whole.low, whole.high, self.unit, sign=True)
        clear = "" if whole.excludes_zero else ": not clear"
        lines = [f"“{b}” less “{a}” is {gap} of {what}{clear}."]
        table = self.table().drop(index=TOTAL)
        known = [self._part(row) for _, row in table.iterrows() if row["finding"] != "not clear"]
        unclear = int((table["finding"] == "not clear").sum())
        if known:
            lines.append(f"{capital(listed(known[:4]))}.")
        if unclear:
            whose = "The part of 1 change is" if unclear == 1 else f"The parts of {unclear} changes are"
            lines.append(f"{whose} not clear.")
        lines.append(self._pair_sentence())
        lines.append(self._source())
        return "\n".join(line for line in lines if line)

    def _part(self, row: pd.Series) -> str:
        size = with_interval(float(row["share"]), float(row["low"]), float(row["high"]), self.unit, sign=True)
        return f"“{row.name}” makes {size} of it"

    def _pair_sentence(self) -> str:
        table = self.interactions()
        clear = table[table["finding"] != "not clear"]
        if clear.empty:
            return ""
        row = clear.iloc[0]
        size = with_interval(float(row["interaction"]), float(row["low"]), float(row["high"]), self.unit, sign=True)
        word = "more" if row["interaction"] > 0.0 else "less"
        return f"Together “{row['change']}” and “{row['other']}” do {word} than apart: {size}."

    def _source(self) -> str:
        how = f"all {counted(len(self.changes), 'change')} in every order"
        if not self.exact:
            many = counted(len(self.changes), "change")
            how = f"{len(self.orders) // 2} random orders of {many}, each with its reverse"
        runs, times = len(self.comparison.labels), self.comparison.replications_in_words
        return f"Shapley shares, {how}: {runs} scenarios, {times}, seed {self.comparison.seed}, paired."

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return f"<Explanation of “{self.names[1]}” less “{self.names[0]}”>\n{self.sentence}"

    def words(self) -> pd.DataFrame:
        """Return `table` in short words, for people."""
        from funnelsim.experiments.words import amount

        table = self.table()
        shown = table[["finding", "n"]].copy()
        for place, name in enumerate(("alone", "last")):
            shown.insert(place, f"made {name}", [amount(float(one), self.unit, sign=True) for one in table[name]])
        ends = zip(table["share"], table["low"], table["high"], strict=True)
        shown.insert(0, "share [95 %]" if self.level == LEVEL else "share", [
            with_interval(float(mean), float(low), float(high), self.unit, sign=True) for mean, low, high in ends
        ])  # fmt: skip
        return shown

    def _repr_html_(self) -> str:
        from html import escape

        text = escape(self.sentence).replace("\n", "<br>")
        return f"<p>{text}</p>{self.words().to_html()}"


def _crossed(shares: np.ndarray, level: float) -> Interval:
    """Mean and interval over pairs of orders (rows) and replications (columns), both of them random.

    The variance of the grand mean is at most var(row means)/rows + var(column means)/columns: each holds a part of
    what rows and columns do together, which is counted twice. The interval is a little too wide rather than too narrow.
    """
    rows, columns = shares.shape
    mean = float(shares.mean())
    if columns < 2 or rows < 2:
        return Interval(mean, math.nan, math.nan, math.nan, columns)
    by_row, by_column = shares.mean(axis=1).var(ddof=1) / rows, shares.mean(axis=0).var(ddof=1) / columns
    half = t_quantile(0.5 + level / 2.0, min(rows, columns) - 1) * math.sqrt(by_row + by_column)
    return Interval(mean, mean - half, mean + half, float(shares.mean(axis=0).std(ddof=1)), columns)


def explain(
    a: Scenario | str,
    b: Scenario | str,
    *,
    groups: Mapping[str, str | Sequence[str]] | None = None,
    names: tuple[str, str] | None = None,
    replications: int | str | None = None,
    precision: float | str | None = None,
    horizon_quarters: int | None = None,
    kpi: str = HEADLINE,
    max_exact: int = MAX_EXACT,
    pairs: int = PAIRS,
    seed: int = 1,
    level: float = LEVEL,
    **how: Unpack[How],
) -> Explanation:
    """Say why `b` differs from `a`: the difference split over the changes that separate them.

    Parameters
    ----------
    a, b
        Scenarios, names of shipped ones, or paths of files. Both need the same start and horizon.
    groups
        Changes that belong together: patterns of dotted paths by what the group is called, e.g.
        ``{"heads": "plan.*.reps", "rules": ["plan.sales.priorities*", "plan.marketing.lead_bar"]}``. What no pattern
        takes is grouped as by default: fields of ``plan.sales`` and ``plan.marketing`` each by itself, those of any
        other part (``plan.sales.priorities``, a segment, the timeline) together.
    names
        What to call `a` and `b`.
    replications
        How many of each scenario: 20, or ``"auto"``: as many as `precision` takes.
    precision
        Half the width that is wanted of the 95 % interval of the difference of every scenario to `a`, in the unit of
        `kpi` over the horizon, or a share such as ``"5%"``; as in `compare`.
    horizon_quarters
        Length of the runs; by default that of the scenarios. Runs of more than 4 quarters are read at 4 as well.
    kpi
        Key figure whose difference is split.
    max_exact
        Up to this many changes every order of making them is counted (2 to the k scenarios); beyond, orders are drawn.
    pairs
        How many random orders to draw, each with its reverse; 2 or more.
    seed, level
        Family of random numbers; confidence level of the intervals.
    **how
        Who does the work, see `How` of `funnelsim.experiments.executors`: workers, executor, store, engine, progress,
        insist.

    Returns
    -------
    Explanation
        ``.table()``, ``.interactions()``, ``.sentence``; `funnelsim.plots.waterfall` draws it.

    Notes
    -----
    A change's share is its mean effect over all orders of making the changes (Shapley), under the same random numbers.
    In every replication the shares add up to the difference, whichever way they are computed.
    """
    insist = how.get("insist", False)
    first, second = as_scenario(a, insist), as_scenario(b, insist)
    called = names or _names(a, b, first, second)
    if horizon_quarters is not None:
        check_number("horizon_quarters", horizon_quarters, 1, 80)
        first, second = (with_horizon(one, int(horizon_quarters)) for one in (first, second))
    found = changes_between(first, second, groups)
    check_number("pairs", pairs, 2, 10_000)
    check_number("max_exact", max_exact, 1, 12)
    number = len(found)
    orders: list[Order] = []
    masks = list(range(1 << number)) if number <= max_exact else []
    if not masks:
        orders = antithetic_orders(number, pairs, seed)
        ends = [1 << i for i in range(number)] + [((1 << number) - 1) ^ 1 << i for i in range(number)]
        masks = list(dict.fromkeys([*coalitions_of(orders), *ends]))
    plans = _plans(first, second, found, masks)
    result = compare(plans, how_many(replications, precision), "0", seed, precision=precision, kpi=kpi, **how)
    result.check_kpis(kpi)
    _check_known(result, kpi)
    paths = {name: tuple(changes) for name, changes in found.items()}
    return Explanation(called, paths, result, tuple(orders), kpi, level)


def changes_between(
    a: Scenario, b: Scenario, groups: Mapping[str, str | Sequence[str]] | None = None
) -> dict[str, dict[str, Any]]:
    """Return the changes that lead from a to b, in groups: by name, the new value of each dotted path."""
    patterns = {name: [one] if isinstance(one, str) else list(one) for name, one in (groups or {}).items()}
    found: dict[str, dict[str, Any]] = {}
    single: dict[str, tuple[str, Any, Any]] = {}
    used = set()
    for path, old, new in differences(a, b):
        if path in WORDS_ONLY:
            continue
        if path in ("start", "horizon_quarters"):
            raise ScenarioError(f"the scenarios differ in {path}: their difference is one of time, not of plans")
        name = next((name for name, own in patterns.items() if any(fnmatch.fnmatch(path, one) for one in own)), None)
        if name is None:
            name = group_of(path)
            single[name] = (path, old, new)
        used.add(name)
        found.setdefault(name, {})[path] = new
    for name, own in patterns.items():
        if name not in used:
            raise ScenarioError(f"group {name!r}: the scenarios differ in nothing like {' or '.join(own)}")
    if not found:
        raise ScenarioError("the scenarios do not differ: there is nothing to explain")
    return {_called(name, values, single, found): values for name, values in found.items()}


def group_of(path: str) -> str:
    """Return what a path belongs to: itself, or the part of the scenario whose fields go together."""
    parts = path.split(".")
    if parts[0] == "world":
        return ".".join(parts[: 2 if len(parts) < 4 else 3])
    if ".".join(parts[:2]) in OPEN_ENDED:
        return ".".join(parts[:3])
    return ".".join(parts[:2])


def _called(
    name: str, values: Mapping[str, Any], single: Mapping[str, tuple[str, Any, Any]], found: Mapping[str, Any]
) -> str:
    """Return what a group is called: a single number with its values, else its last word."""
    if name not in single:
        return name
    path, old, new = single[name]
    words = plain(name.split(".")[-1])
    if sum(plain(other.split(".")[-1]) == words for other in found) > 1:
        words = " ".join(plain(part) for part in name.split(".")[1:])
    if len(values) > 1 or not (_simple(old) and _simple(new)):
        return words
    words = plain(path.split(".")[-1]) if path == name else " ".join(plain(part) for part in path.split(".")[1:])
    unit = unit_at(path)
    return f"{words} {_short(old, unit)} to {_short(new, unit)}"


def _simple(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


def _short(value: Any, unit: str = "") -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if unit.startswith("USD") and isinstance(value, int | float):
        return trimmed(amount(float(value), "USD"))
    return f"{value:,g}" if isinstance(value, int | float) and abs(value) < 1e6 else f"{value:,}"


def _plans(a: Scenario, b: Scenario, found: Mapping[str, dict[str, Any]], masks: Sequence[int]) -> dict[str, Scenario]:
    names = list(found)
    plans = {}
    for mask in masks:
        made = [name for i, name in enumerate(names) if mask >> i & 1]
        if len(made) in (0, len(names)):
            plans[str(mask)] = b if made else a
            continue
        changes = {path: value for name in made for path, value in found[name].items()}
        try:
            plans[str(mask)] = a.with_changes(changes)
        except ScenarioError as error:
            raise ScenarioError(
                f"some of the changes make no sense without the others ({listed(made)}): {error}; "
                "put them into one group with groups="
            ) from None
    return plans


def _names(a: Any, b: Any, first: Scenario, second: Scenario) -> tuple[str, str]:
    """Return names that tell the scenarios apart."""
    for one, other in ((a, b), (first.title, second.title), (first.plan.title, second.plan.title)):
        if isinstance(one, str) and isinstance(other, str) and one and other and one != other:
            return one, other
    return "a", "b"


def _check_known(result: Comparison, kpi: str) -> None:
    """Refuse a key figure that some replication does not have: shares could not add up."""
    for label in result.labels:
        if any(math.isnan(value) for value in result.values(kpi, label)):
            raise ScenarioError(f"{plain(kpi)} is unknown in some replication; explain needs one that always exists")
