"""Commands that value things: ``value``, ``marginal``, ``explain`` and ``transition``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funnelsim.commands.shared import (
    HEADLINE,
    Engine,
    Form,
    Format,
    Horizon,
    Insist,
    Kpi,
    Name,
    Out,
    Seed,
    Sets,
    Stored,
    Which,
    Who,
    Workers,
    guarded,
    how_of,
    loaded,
    mistake,
    results_folder,
    say_where,
    stop_if,
)

if TYPE_CHECKING:
    import pandas as pd

    from funnelsim.report.folder import OutFolder
    from funnelsim.scenario.schema import Scenario

Count = Annotated[
    int | None, typer.Option("--replications", "-n", min=2, max=100_000, help="Runs of each scenario; default 20.")
]
Precision = Annotated[
    str | None,
    typer.Option(
        metavar="USD|SHARE",
        help="Half the width of the interval that is wanted, USD a year, or such as 5%; replications are added.",
    ),
]
RESULTS = Path("results")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(value)
    app.command()(marginal)
    app.command()(explain)
    app.command()(transition)


@guarded
def value(
    scenario: Name,
    change: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT ...",
            help="plan.sales.reps+1, PATH=VALUE (several are one change), team.NAME, channel.NAME, touchpoint.NAME.",
        ),
    ],
    replications: Count = None,
    precision: Precision = None,
    money: Annotated[str, typer.Option(help="What becomes of a channel's money: saved, spread or both.")] = "both",
    seed: Seed = 1,
    horizon: Horizon = None,
    kpi: Kpi = HEADLINE,
    sets: Sets = None,
    out: Out = RESULTS,
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Say what a hire, a team, a channel, a touchpoint or a rule is worth a year, in money and in reps."""
    from funnelsim.experiments.value import value_of

    what, by = _change(change)
    with results_folder(out, form) as folder:
        found = value_of(
            loaded(scenario, sets), what, by, precision=precision, replications=replications, money=money, seed=seed,
            horizon_quarters=horizon, kpi=kpi, **how_of(workers, executor, store, engine, insist),
        )  # fmt: skip
        _show(found.words(), "What it is worth", found.sentence)
        _publish(folder, {"value": found.table()}, found.sentence, {"value": ("worth", (found,), {})}, found.n)
    stop_if(found.comparison.interrupted)


@guarded
def marginal(
    scenario: Name,
    levers: Annotated[
        list[str] | None,
        typer.Option("--lever", metavar="PATH", help="Lever, or beginning of several; may be repeated. Default: all."),
    ] = None,
    replications: Count = None,
    screen: Annotated[int, typer.Option(min=2, help="Replications of the first look at every lever.")] = 4,
    refine: Annotated[int, typer.Option(min=0, help="Levers that are looked at closely.")] = 8,
    precision: Precision = None,
    seed: Seed = 1,
    horizon: Horizon = None,
    kpi: Kpi = HEADLINE,
    sets: Sets = None,
    out: Out = RESULTS,
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Say what one step of every lever of the plan is worth, sorted, and where the bottleneck is."""
    from funnelsim.experiments.marginal import marginal_values

    with results_folder(out, form) as folder:
        found = marginal_values(
            loaded(scenario, sets), levers or None, replications=replications, screen=screen, refine=refine,
            precision=precision, seed=seed, horizon_quarters=horizon, kpi=kpi,
            **how_of(workers, executor, store, engine, insist),
        )  # fmt: skip
        _show(found.words(), "What one step of each lever is worth", found.sentence)
        tables = {"levers": found.table(), "levers_by_quarter": found.by_quarter().set_index("lever")}
        tables["bottleneck"] = found.bottleneck()
        if found.load is not None:
            tables["load"] = found.load.table
        pictures: dict[str, Any] = {"levers": ("marginal_values", (found,), {})}
        pictures["bottleneck"] = ("bottleneck", (found,), {})
        _publish(folder, tables, found.sentence, pictures, found.refined.n)
    stop_if(found.screened.interrupted or found.refined.interrupted)


@guarded
def explain(
    first: Annotated[str, typer.Argument(metavar="A", help="Name of a shipped scenario, or a file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The one that is compared with it.")],
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME=PATTERN,PATTERN", help="Changes that belong together; may be repeated."),
    ] = None,
    replications: Count = None,
    pairs: Annotated[int, typer.Option(min=2, help="Random orders, each with its reverse, of many changes.")] = 8,
    seed: Seed = 1,
    horizon: Horizon = None,
    kpi: Kpi = HEADLINE,
    sets: Sets = None,
    out: Out = RESULTS,
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Say why scenario B beats scenario A: the difference split over the changes between them."""
    from funnelsim.experiments.explain import explain as explain_difference

    with results_folder(out, form) as folder:
        found = explain_difference(
            loaded(first, sets), loaded(second, sets), groups=_groups(groups), names=(_label(first), _label(second)),
            replications=replications, pairs=pairs, seed=seed, horizon_quarters=horizon, kpi=kpi,
            **how_of(workers, executor, store, engine, insist),
        )  # fmt: skip
        _show(found.words(), f"Why “{found.names[1]}” differs from “{found.names[0]}”", found.sentence)
        tables = {"explanation": found.table(), "interactions": found.interactions().set_index("change")}
        pictures: dict[str, Any] = {"explanation": ("waterfall", (found,), {})}
        _publish(folder, tables, found.sentence, pictures, found.n)
    stop_if(found.comparison.interrupted)


@guarded
def transition(
    names: Annotated[
        list[str], typer.Argument(metavar="SCENARIO ...", help="Scenarios with a timeline; the first is the baseline.")
    ],
    hires: Annotated[
        list[str] | None,
        typer.Option(
            "--hire",
            metavar="DATE:WHAT=VALUE",
            help="Beside the first scenario, one with dated changes, e.g. 2026-04-01:reps=+2; may be repeated.",
        ),
    ] = None,
    targets: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="KPI=VALUE", help="What a key figure must reach; may be repeated."),
    ] = None,
    replications: Count = None,
    seed: Seed = 1,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = RESULTS,
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Run plans over time: the cash path and its trough, and the chance to miss a target."""
    from funnelsim.experiments.compare import with_horizon
    from funnelsim.experiments.transitions import transition as run_transition

    plans = {_label(name): loaded(name, sets) for name in names}
    if len(plans) < len(names):
        mistake("two scenarios have the same label; give their files different names")
    if horizon is not None:
        plans = {label: with_horizon(one, horizon) for label, one in plans.items()}
    if hires:
        plans["with dated hires"] = _hired(next(iter(plans.values())), hires)
    goals = _targets(targets)
    with results_folder(out, form) as folder:
        found = run_transition(
            plans, replications or 20, targets=goals, seed=seed, **how_of(workers, executor, store, engine, insist)
        )
        _show(found.words(), "Cash since day 0", found.sentence)
        tables = {"troughs": found.troughs(), "cash": found.cash_path().set_index("plan")}
        pictures: dict[str, Any] = {"cash": ("cash_path", (found,), {})}
        if len(plans) > 1:
            tables["cash_to_baseline"] = found.cash_path(relative=True).set_index("plan")
            pictures["cash_to_baseline"] = ("cash_path", (found,), {"relative": True})
        if goals:
            tables["chance"] = found.chance().set_index("kpi")
            pictures["chance"] = ("chance", (found,), {})
        _publish(folder, tables, found.sentence, pictures, found.n)
    stop_if(found.comparison.interrupted)


# -------------------------------------------------------------------------------------------------------------- parts


def _label(name: str) -> str:
    return Path(name).stem if name.endswith((".yaml", ".yml")) else name


def _change(texts: list[str]) -> tuple[Any, float | None]:
    """Return what the words of the command mean: a name, a path with a step, or new values by path."""
    import re

    from funnelsim.scenario.tree import parse, to_plain

    changes: dict[str, Any] = {}
    for text in texts:
        step = re.fullmatch(r"([\w.-]*\w)([+-]\d+(?:\.\d+)?)", text)
        if "=" in text:
            path, _, new = text.partition("=")
            if not path.strip() or not new.strip():
                mistake(f"{text}: expected path=value, e.g. plan.marketing.hand_over=false")
            changes[path.strip()] = to_plain(parse(new))
        elif len(texts) > 1:
            mistake(f"{text}: several words must all be path=value; they are one change")
        elif step:
            return step[1], float(step[2])
        else:
            return text, None
    return changes, None


def _groups(texts: list[str] | None) -> dict[str, list[str]] | None:
    if not texts:
        return None
    found = {}
    for text in texts:
        name, sign, patterns = text.partition("=")
        if not sign or not name.strip() or not patterns.strip():
            mistake(f"--group {text}: expected NAME=PATTERN,PATTERN, e.g. heads=plan.*.reps,plan.*.marketers")
        found[name.strip()] = [one.strip() for one in patterns.split(",") if one.strip()]
    return found


def _targets(texts: list[str] | None) -> dict[str, float]:
    from funnelsim.experiments.keeping import kpi_units
    from funnelsim.scenario.validation import hint

    found = {}
    for text in texts or []:
        name, _, number = text.partition("=")
        if name not in kpi_units():
            mistake(f"--target {text}: no KPI is named {name!r}{hint(name, kpi_units(), 'KPIs')[0]}")
        try:
            found[name] = float(number.replace("_", "").replace(",", ""))
        except ValueError:
            mistake(f"--target {text}: expected KPI=NUMBER, e.g. revenue_booked=2000000")
    return found


def _hired(scenario: Scenario, texts: list[str]) -> Scenario:
    import re

    from funnelsim.experiments.building import hiring_plan
    from funnelsim.scenario.tree import parse, to_plain

    dates: dict[str, dict[str, Any]] = {}
    for text in texts:
        date, colon, rest = text.partition(":")
        name, sign, new = rest.partition("=")
        if not colon or not sign or not name.strip() or not new.strip():
            mistake(f"--hire {text}: expected DATE:WHAT=VALUE, e.g. 2026-04-01:reps=+2")
        relative = re.fullmatch(r"[+-]\d+(\.\d+)?", new.strip())
        dates.setdefault(date, {})[name.strip()] = new.strip() if relative else to_plain(parse(new))
    return hiring_plan(scenario, dates)  # type: ignore[arg-type]


def _show(table: pd.DataFrame, title: str, sentence: str) -> None:
    """Print a table in words, and the sentence, its first line in bold."""
    from funnelsim.report.tables import Cells
    from funnelsim.report.terminal import console, safe, show_cells

    out, flat = console(), table.reset_index()
    heads = [str(name).replace("_", " ") for name in flat.columns]
    rows = [[str(cell) for cell in row] for row in flat.itertuples(index=False)]
    strong = [str(row.get("finding", "")) in ("worth it", "for") for row in flat.to_dict("records")]
    show_cells(out, title, Cells(heads, rows, strong))
    first, *more = sentence.split("\n")
    out.print(safe(first), style="bold")
    for line in more:
        out.print(safe(line))


def _publish(
    folder: OutFolder | None,
    tables: dict[str, pd.DataFrame],
    sentence: str,
    pictures: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]],
    n: int,
) -> None:
    """Write tables, pictures, and everything once more as JSON."""
    from funnelsim import plots

    assert folder is not None
    whole: dict[str, Any] = {"sentence": sentence.split("\n"), "replications": n}
    for name, table in tables.items():
        flat = table.reset_index()
        folder.table(flat, name)
        whole[name] = json.loads(flat.to_json(orient="records", date_format="iso", default_handler=str))
    folder.text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", f"{next(iter(tables))}.json")
    for name, (drawing, arguments, options) in pictures.items():
        axes = getattr(plots, drawing)(*arguments, **options)
        folder.picture(axes.figure, name)
    say_where(folder)
