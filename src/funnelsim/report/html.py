"""One HTML page with the whole answer: nothing is loaded from elsewhere, everything from users is escaped."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, NamedTuple

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.compare import HEADLINE, Comparison
from funnelsim.experiments.intervals import mean_interval
from funnelsim.experiments.replicate import Replications
from funnelsim.experiments.words import MINUS, amount, capital, counted, interval, plain, with_margin
from funnelsim.report.describe import facts, plan_changes
from funnelsim.report.figures import comparison_figures, run_figures
from funnelsim.report.tables import Cells, comparison_cells, duration
from funnelsim.report.terminal import funnel_cells
from funnelsim.run import Run
from funnelsim.scenario.schema import Scenario

LISTED_CHANGES = 12
"""Changes of a plan that are listed; more are only counted."""
KEY_FIGURES = (
    "profit_with_value", "profit", "revenue_earned", "revenue_booked", "marketing_cost", "sales_cost", "wins",
    "win_rate", "cac", "ltv_to_cac", "payback_months", "leads", "mqls", "opportunities", "response_hours_inbound",
    "never_answered_inbound", "unworked_mql_share", "utilisation_reps", "utilisation_marketers", "customers_end",
    "goodwill_end",
)  # fmt: skip
"""Key figures of a comparison's appendix."""


class Grid(NamedTuple):
    """A table of the page; on a phone `cards` shows each row as a card, so that no column is out of sight."""

    title: str
    cells: Cells
    note: str = ""
    words: bool = False
    folded: bool = False
    cards: bool = False


def html_report(
    result: Comparison | Replications | Run,
    path: str | Path | None = None,
    *,
    kpi: str = HEADLINE,
    command: str | None = None,
) -> str:
    """Write the answer as one self-contained HTML page.

    Parameters
    ----------
    result
        A comparison, replications or a run.
    path
        Where to write it; by default nowhere.
    kpi
        Key figure that decides a comparison.
    command
        The command line that gives these numbers again, if there is one.

    Returns
    -------
    str
        The page.
    """
    if isinstance(result, Comparison):
        content = _of_comparison(result, kpi, command)
    elif isinstance(result, Replications):
        content = _of_replications(result, command)
    else:
        content = _of_run(result, command)
    page: str = template("report.html.j2").render(content)
    if path is not None:
        write_page(page, path)
    return page


def template(name: str) -> Any:
    """Return a page's template; whatever is put into it is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("funnelsim.report")
    how: dict[str, Any] = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True}
    return Environment(loader=loader, finalize=_unbroken, **how).get_template(name)


def _unbroken(value: Any) -> Any:
    """Return a text in which no line ends between a minus and its number: a word joiner stands there."""
    return value.replace(f"{MINUS}$", f"{MINUS}\u2060$") if type(value) is str else value


def write_page(page: str, path: str | Path) -> None:
    """Write a page to a file."""
    try:
        Path(path).write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise FunnelsimError(f"{path}: cannot be written ({error.strerror or error})") from None


# ----------------------------------------------------------------------------------------------------------- comparison


def _of_comparison(result: Comparison, kpi: str, command: str | None) -> dict[str, Any]:
    result.check_kpis([kpi])
    base = result.scenarios[result.baseline]
    tables = []
    for quarters in reversed(result.horizons):
        tables.append(
            Grid(
                f"The plans over {counted(quarters, 'quarter')}",
                comparison_cells(result.at(quarters), kpi),
                f"Shaded: tied for best on {plain(kpi)} (95 %). ±: 95 % interval of the plan's own mean. Difference: "
                f"paired, replication by replication, with its 95 % interval. Reps and marketers: full posts at day 0. "
                "Busy: share of working hours, own prospecting aside. Response: mean calendar time until sales first "
                "tries to reach a buyer who asked. Ties are judged for all plans together, so a plan may differ from "
                "the baseline and still be tied.",
                cards=True,
            )
        )
    tables += [changes_grid(result), *(_all_figures(result.at(quarters)) for quarters in reversed(result.horizons))]
    texts = {label: scenario.to_yaml() for label, scenario in result.scenarios.items()}
    names = ", ".join(f"{label!r}: ..." for label in result.labels[:3])
    python = f"funnelsim.compare({{{names}}}, replications={result.requested}, seed={result.seed})  # scenarios below"
    return {
        "title": result.title or f"Comparison of {counted(len(result.labels), 'plan')}",
        "question": result.question,
        "answers": [result.at(quarters).conclusion(kpi).split("\n") for quarters in reversed(result.horizons)],
        "reading": f"{meaning_of(kpi)} Every plan met the same buyers with the same luck; “tied” means that "
        f"{result.n} such pairs are not enough to tell the plans apart (95 %, all plans together).{_reached(result)}",
        "warnings": _warnings(result),
        "figures": comparison_figures(result, kpi),
        "tables": tables,
        "assumed": [*facts(base)[1:], ("baseline", result.baseline)],
        "command": command or python,
        "provenance": provenance(result.seed, result.engine, result.replications_in_words, result.seconds),
        "files": [(f"scenario of {label} (YAML)", text) for label, text in texts.items()],
    }


def meaning_of(kpi: str) -> str:
    """Return what a key figure means, in a sentence."""
    from funnelsim.tables.glossary import meaning

    return f"{capital(plain(kpi))}: {meaning(kpi)}."


def _warnings(result: Comparison | Replications) -> list[str]:
    found = []
    if result.interrupted:
        found.append(f"Stopped early: {result.replications_in_words}.")
    if result.precision is not None and not result.precision.reached:
        found.append(result.precision.report())
    if result.n < 2:
        found.append("A single replication has no interval: differences may be luck.")
    elif result.n < 10:
        found.append(f"Only {result.n} replications: intervals are wide, and rough.")
    return found


def _reached(result: Comparison | Replications) -> str:
    """Say which precision was asked and reached, if one was; if it was not reached, that is a warning."""
    return f" {result.precision.report()}" if result.precision is not None and result.precision.reached else ""


def changes_grid(result: Comparison) -> Grid:
    """Return what each plan does differently from the baseline."""
    rows = []
    base = result.scenarios[result.baseline]
    for label, scenario in result.scenarios.items():
        found = plan_changes(scenario, base)
        parts = [f"{path}: {here} (not {there})" for path, there, here in found[:LISTED_CHANGES]]
        if len(found) > LISTED_CHANGES:
            parts.append(f"and {len(found) - LISTED_CHANGES} more")
        text = "baseline" if label == result.baseline else "; ".join(parts) or "the same as the baseline"
        rows.append([label, scenario.plan.title, text])
    heads = ["plan", "title", f"what differs from {result.baseline}"]
    if len({row[1] for row in rows}) == 1:  # one plan and changes to it: its title says nothing here
        heads, rows = [heads[0], heads[2]], [[row[0], row[2]] for row in rows]
    cells = Cells(heads, rows, [False] * len(rows))
    return Grid("What each plan does", cells, words=True)


def _all_figures(result: Comparison) -> Grid:
    rows = []
    for name in KEY_FIGURES:
        unit = result.units[name]
        found = (mean_interval(result.values(name, label)) for label in result.labels)
        rows.append([plain(name), *(with_margin(one.mean, one.half_width, unit) for one in found)])
    cells = Cells(["key figure", *result.labels], rows, [False] * len(rows))
    title = f"Key figures over {counted(result.horizon_quarters, 'quarter')}"
    return Grid(
        title,
        cells,
        "Mean ± half of its 95 % interval. All key figures are in the tables beside this page.",
        folded=True,
    )


# ---------------------------------------------------------------------------------------------------- replications, run


def _of_replications(result: Replications, command: str | None) -> dict[str, Any]:
    label, scenario = result.labels[0], result.scenario
    tables = []
    for quarters in reversed(result.horizons):
        here = result.at(quarters)
        rows = []
        for name, unit in here.units.items():
            one = mean_interval(here.values(name, label))
            rows.append([plain(name), amount(one.mean, unit), interval(one.low, one.high, unit), str(one.n)])
        cells = Cells(["key figure", "mean", "95 % interval of the mean", "replications"], rows, [False] * len(rows))
        tables.append(Grid(f"Key figures over {counted(quarters, 'quarter')}", cells))
    if "funnel" in result.keep.names:
        tables.append(Grid("Funnel (mean over replications)", funnel_cells(result.table("funnel"))))
    return {
        "title": scenario.title or "Replications of a scenario",
        "question": "",
        "answers": [[_sentence(result.at(quarters))] for quarters in reversed(result.horizons)],
        "reading": f"±: 95 % interval of the mean over replications.{_reached(result)}",
        "warnings": _warnings(result),
        "figures": run_figures(result),
        "tables": tables,
        "assumed": facts(scenario)[1:],
        "command": command
        or f"funnelsim.replicate(scenario, replications={result.requested}, seed={result.seed})  # scenario below",
        "provenance": provenance(result.seed, result.engine, result.replications_in_words, result.seconds),
        "files": [_file(scenario)],
    }


def _sentence(result: Replications) -> str:
    def mean(kpi: str) -> str:
        one = mean_interval(result.values(kpi, result.labels[0]))
        return with_margin(one.mean, one.half_width, result.units[kpi])

    return (
        f"Over {counted(result.horizon_quarters, 'quarter')} ({result.replications_in_words}): {mean('wins')} won, "
        f"a profit of {mean('profit')}, and with the value left at the end {mean('profit_with_value')}."
    )


def _of_run(result: Run, command: str | None) -> dict[str, Any]:
    from funnelsim.experiments.keeping import kpi_units

    units, found, source = kpi_units(), result.kpis(), result.provenance
    rows = [[plain(str(name)), amount(float(value), units[str(name)])] for name, value in found.items()]
    wins, profit, total = (amount(float(found[name]), units[name]) for name in ("wins", "profit", "profit_with_value"))
    over = counted(result.scenario.horizon_quarters, "quarter")
    answer = f"Over {over}: {wins} won, a profit of {profit}, and with the value left at the end {total}."
    python = f"funnelsim.simulate(scenario, seed={source.seed}, replication={source.replication})  # scenario below"
    return {
        "title": result.scenario.title or "A run",
        "question": "",
        "answers": [[answer]],
        "reading": "",
        "warnings": ["A single run has no interval: it is one possible course of events."],
        "figures": run_figures(result),
        "tables": [
            Grid("Funnel", funnel_cells(result.funnel())),
            Grid("Key figures", Cells(["key figure", "value"], rows, [False] * len(rows))),
        ],
        "assumed": facts(result.scenario)[1:],
        "command": command or python,
        "provenance": provenance(source.seed, source.engine, f"replication {source.replication}", source.seconds),
        "files": [_file(result.scenario)],
    }


def _file(scenario: Scenario) -> tuple[str, str]:
    return "the scenario (YAML)", scenario.to_yaml()


def provenance(seed: int, engine: str, runs: str, seconds: float) -> list[tuple[str, str]]:
    """Return where numbers come from: runs, seed, engine, versions, time."""
    from importlib.metadata import version

    versions = ", ".join(f"{name} {version(name)}" for name in ("funnelsim", "numpy", "pandas", "scipy", "simpy"))
    return [
        ("runs", runs),
        ("seed", str(seed)),
        ("engine", engine),
        ("versions", f"{versions}, Python {platform.python_version()}"),
        ("wall time", duration(seconds)),
    ]
