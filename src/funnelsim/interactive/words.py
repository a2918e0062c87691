"""What a comparison of today and yours says: numbers per year, the finding, key figures, text to copy."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from io import StringIO
from typing import Any, NamedTuple

from funnelsim.experiments.compare import HEADLINE, Comparison
from funnelsim.experiments.intervals import Interval, mean_interval, paired_difference
from funnelsim.experiments.payroll import payroll
from funnelsim.experiments.words import MINUS, amount, gap_unit, plain, with_margin
from funnelsim.interactive.levers import HORIZON, Setting
from funnelsim.interactive.replays import TODAY, YOURS
from funnelsim.scenario.schema import Scenario

JUDGES = (("profit with value", HEADLINE), ("profit alone", "profit"))
"""What plans may be judged by: label and KPI."""
PLANS = (TODAY, YOURS)
STEPS = (
    ("in_market", "in market"),
    ("lead", "left an address"),
    ("with_sales", "reached sales"),
    ("opportunity", "opportunities"),
    ("won", "won"),
)
"""Steps of the funnel that are drawn, with their names. Marketing's leads reach sales, buyers who ask and own finds."""
WAITS = (("response_hours_inbound", "buyers who asked"), ("response_hours_mql", "marketing's leads"))
FIGURES = (
    ("mqls", "leads handed over (MQLs)", "cases", True),
    ("wins", "deals won", "deals", True),
    (HEADLINE, "profit with value", "USD", True),
    ("profit", "profit alone", "USD", True),
    ("unworked_mql_share", "marketing's leads never tried", "share", False),
    ("response_hours_inbound", "first answer to a buyer who asked", "hour", False),
    ("utilisation_reps", "reps busy", "share", False),
    ("utilisation_marketers", "marketers busy", "share", False),
)
"""Key figures below the picture: KPI, name, unit, and whether it is told per year."""
COST = "payroll_and_programmes"


class Pair(NamedTuple):
    """One quantity of both plans, and the paired difference (yours less today)."""

    today: Interval
    yours: Interval
    gap: Interval


def pair(comparison: Comparison, kpi: str, yearly: bool = True) -> Pair:
    """Return a KPI of both plans with 95 % intervals, per year if it is a flow."""
    years = comparison.horizon_quarters / 4.0 if yearly else 1.0
    today, yours = ([value / years for value in comparison.values(kpi, label)] for label in PLANS)
    return Pair(mean_interval(today), mean_interval(yours), paired_difference(yours, today).interval)


def funnel_pair(comparison: Comparison, step: str) -> Pair:
    """Return the needs that reached a step, per year."""
    years = comparison.horizon_quarters / 4.0
    counts = []
    for label in PLANS:
        tables = comparison.kept_tables("funnel", label).values()
        counts.append([float(table.loc[table["step"] == step, "count"].iloc[0]) / years for table in tables])
    today, yours = counts
    return Pair(mean_interval(today), mean_interval(yours), paired_difference(yours, today).interval)


def same(comparison: Comparison) -> bool:
    """Whether nothing has been moved."""
    return comparison.scenarios[TODAY] == comparison.scenarios[YOURS]


def margin(one: Interval, unit: str, *, sign: bool = False) -> str:
    """Return a mean with half its interval."""
    return with_margin(one.mean, one.half_width, gap_unit(unit) if sign else unit, sign=sign)


def finding(comparison: Comparison, kpi: str = HEADLINE) -> str:
    """Return what the two plans have shown, in one sentence."""
    found = pair(comparison, kpi)
    by = "" if kpi == HEADLINE else f" ({next(name for name, one in JUDGES if one == kpi)})"
    if same(comparison):
        return f"Move a slider: so far yours is today's plan, and earns {margin(found.today, 'USD')} a year{by}"
    gap = found.gap
    if gap.low == gap.high == 0.0:
        return f"Yours earns the same as today: what you moved makes no difference here{by}"
    size = with_margin(abs(gap.mean), gap.half_width, "USD")
    verdict = "no clear difference"
    if gap.excludes_zero:
        verdict = "clearly better" if gap.mean > 0.0 else "clearly worse"
    return f"Yours earns {size} a year {'more' if gap.mean >= 0.0 else 'less'} than today: {verdict}{by}"


# -- key figures --------------------------------------------------------------------------------------------------


def figures(comparison: Comparison) -> str:
    """Return the key figures as an HTML table; each cell has the class ``funnelsim-<kpi>-<plan>``."""
    cells = [_cost(comparison)]
    for kpi, name, unit, yearly in FIGURES:
        found = pair(comparison, kpi, yearly)
        today, yours = (amount(one.mean, _unit(unit)) for one in found[:2])
        gap = margin(found.gap, _unit(unit), sign=True) if found.gap.n else "–"
        cells.append((kpi, f"{name} a year" if yearly else name, today, yours, "–" if same(comparison) else gap))
    rows = "".join(_row(*row) for row in cells)
    head = "<tr><th></th><th>today</th><th>yours</th><th>difference, with 95 % interval</th></tr>"
    return f'<table class="funnelsim-figures"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _unit(unit: str) -> str:
    return unit if unit in ("USD", "share", "hour") else "count"


def _cost(comparison: Comparison) -> tuple[str, str, str, str, str]:
    today, yours = (payroll(comparison.scenarios[label]) for label in PLANS)
    gap = amount(yours - today, "USD", sign=True) if yours != today else "–"
    return COST, "payroll and programmes a year", amount(today, "USD"), amount(yours, "USD"), gap


def _row(kpi: str, name: str, *texts: str) -> str:
    cells = "".join(
        f'<td class="funnelsim-{kpi}-{column}">{escape(text)}</td>'
        for column, text in zip((*PLANS, "difference"), texts, strict=True)
    )
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def today_words(setting: Setting) -> str:
    """Return what today's value of a lever is: ``today 10 · full posts``."""
    if setting.choices:
        value = next(label for label, choice in setting.choices if choice == setting.today)
        text = f"today {value}"
    elif setting.lever.unit.startswith("USD"):
        text = f"today {amount(setting.today, 'USD')}{setting.lever.unit[3:]}"
    else:
        number = f"{setting.today:g}".replace("-", MINUS)
        text = f"today {number} · {setting.lever.unit}"
    return ", ".join(part for part in (text, setting.note) if part)


# -- text to copy -------------------------------------------------------------------------------------------------


def shipped_name(scenario: Scenario) -> str | None:
    """Return the name of the shipped scenario that this is, none if it is another."""
    from funnelsim.scenario.files import list_shipped, load

    for name, title in list_shipped()["scenario"]:
        if title == scenario.title and load(name) == scenario:
            return name
    return None


def as_python(name: str | None, changes: Mapping[str, Any]) -> str:
    """Return the comparison as Python to copy."""
    own = {path: value for path, value in changes.items() if path != HORIZON}
    horizon = f", horizon_quarters={changes[HORIZON]}" if HORIZON in changes else ""
    lines = ["import funnelsim as fs", ""]
    lines.append(f"today = fs.load({name!r})" if name else "# today is the scenario whose sliders you moved")
    if own:
        lines += ["yours = today.with_changes({", *(f"    {path!r}: {value!r}," for path, value in own.items()), "})"]
    else:
        lines.append("yours = today")
    lines.append(f'study = fs.compare({{"today": today, "yours": yours}}, replications=20{horizon})')
    lines.append("print(study.conclusion())")
    return "\n".join(line.replace("'", '"') for line in lines) + "\n"


def as_yaml(name: str | None, scenario: Scenario, changes: Mapping[str, Any]) -> str:
    """Return yours as a scenario file to copy; of a scenario that is not shipped, all of it."""
    if name is None:
        return f"# save this as yours.yaml\n{scenario.to_yaml()}"
    from ruamel.yaml import YAML

    nested: dict[str, Any] = {"extends": name}
    for path, value in changes.items():
        *parts, last = path.split(".")
        place = nested
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    stream = StringIO()
    YAML().dump(nested, stream)
    horizon = f" --horizon {changes[HORIZON]}" if HORIZON in changes else ""
    return f"# save this as yours.yaml, then: funnelsim compare {name} yours.yaml{horizon}\n{stream.getvalue()}"


def moved(changes: Mapping[str, Any], settings: Mapping[str, Setting]) -> str:
    """Return what differs from today in words: ``reps 2.5 to 3``."""
    parts = []
    for path, value in changes.items():
        setting = settings[path]
        old, new = (_said(setting, one) for one in (setting.today, value))
        parts.append(f"{setting.lever.label} {old} → {new}")
    return ", ".join(parts)


def _said(setting: Setting, value: Any) -> str:
    if setting.choices:
        return next((label for label, choice in setting.choices if choice == value), plain(str(value)))
    if setting.lever.unit.startswith("USD"):
        return amount(value, "USD")
    return f"{value:g}".replace("-", MINUS)
