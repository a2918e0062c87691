"""Commands that look at many plans or worlds: ``sweep``, ``frontier``, ``search`` and ``robust``."""

from __future__ import annotations

from enum import StrEnum
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


class Design(StrEnum):
    """Designs of a sweep."""

    grid = "grid"
    one_at_a_time = "one_at_a_time"
    latin_hypercube = "latin_hypercube"


class What(StrEnum):
    """What a frontier is about."""

    ratio = "ratio"
    overload = "overload"
    heads = "heads"


Replications = Annotated[
    int, typer.Option("--replications", "-n", min=1, max=100_000, help="Runs of each setting, with the same luck.")
]
VARY = "PATH=1,2,3 or PATH=LOW..HIGH; PATH+PATH=… sets several; PATH=x0.5,1,2 multiplies today's value."


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (sweep, frontier, search, robust):
        app.command()(command)


@guarded
def sweep(
    scenario: Name,
    vary: Annotated[list[str], typer.Option("--vary", metavar="PATH=VALUES", help=f"{VARY} May be repeated.")],
    design: Annotated[Design, typer.Option(help="Which combinations to run.")] = Design.grid,
    levels: Annotated[int, typer.Option(min=2, max=200, help="Levels of a range LOW..HIGH.")] = 5,
    points: Annotated[int, typer.Option(min=1, max=20_000, help="Settings of a Latin hypercube.")] = 32,
    replications: Replications = 20,
    kpi: Kpi = HEADLINE,
    seed: Seed = 1,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = Path("results/sweep"),
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Run a scenario under many settings, all with the same luck: a table, a sentence, a picture."""
    from funnelsim.experiments.sweep import sweep as run_sweep
    from funnelsim.report.factors import factors_of

    _check_kpi(kpi)
    factors = factors_of("--vary", vary)
    how: dict[str, Any] = {"seed": seed, **how_of(workers, executor, store, engine, insist)}
    with results_folder(out, form) as folder:
        assert folder is not None
        found = run_sweep(
            loaded(scenario, sets), factors, design.value, levels=levels, points=points, horizon_quarters=horizon,
            replications=replications, **how,
        )  # fmt: skip
        _show("Settings, best mean first", _short_table(found.table(kpi), list(factors)), found.conclusion(kpi))
        folder.table(found.table(None), "sweep")
        folder.table(found.frame, "replications")
        picture = "tornado" if design is Design.one_at_a_time else "heat_map" if len(factors) == 2 else "sweep_line"
        if design is not Design.latin_hypercube and (len(factors) <= 2 or picture == "tornado"):
            _picture(folder, picture, found, kpi=kpi)
        _publish(folder, found.conclusion(kpi))
    stop_if(found.interrupted)


@guarded
def frontier(
    scenario: Name,
    what: Annotated[
        What, typer.Option(help="Reps per marketer at equal payroll; more marketing alone; reps by marketers.")
    ] = What.ratio,
    ratios: Annotated[str | None, typer.Option(help="Reps per marketer, between commas (ratio).")] = None,
    quarters: Annotated[str, typer.Option(help="Horizons in quarters, between commas (ratio).")] = "4,12",
    indifference: Annotated[
        str | None, typer.Option(metavar="USD", help="A smaller difference does not matter (ratio); 2 % by default.")
    ] = None,
    method: Annotated[str, typer.Option(help="Selection procedure: race, kn or ocba (ratio).")] = "race",
    most: Annotated[int, typer.Option(min=10, max=100_000, help="Runs of a mix at most (ratio).")] = 60,
    volumes: Annotated[str | None, typer.Option(help="Multiples of today's marketing (overload).")] = None,
    replications: Annotated[
        int,
        typer.Option(
            "--replications",
            "-n",
            min=1,
            max=100_000,
            help="Runs of each setting (overload, heads); ratio: see --most.",
        ),
    ] = 20,
    kpi: Kpi = HEADLINE,
    seed: Seed = 1,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = Path("results/frontier"),
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Find the mixes of reps and marketers that are tied for best; or where more marketing is too much."""
    from funnelsim.experiments import frontier as frontiers
    from funnelsim.report.factors import money_of, numbers_of

    _check_kpi(kpi)
    base = loaded(scenario, sets)
    how: dict[str, Any] = {"seed": seed, **how_of(workers, executor, store, engine, insist)}
    found: Any
    with results_folder(out, form) as folder:
        assert folder is not None
        if what is What.ratio:
            chosen = numbers_of("--ratios", ratios) if ratios else frontiers.RATIOS
            horizons = [int(one) for one in numbers_of("--quarters", quarters)] if horizon is None else [horizon]
            zone = money_of("--indifference", indifference) if indifference else None
            found = frontiers.ratio_frontier(base, chosen, horizons, zone, kpi, method=method, most=most, **how)
            table = found.frame
            _show("Mixes", _short_table(table, ["horizon_quarters", "ratio", "reps", "marketers"], rank=False),
                  found.conclusion())  # fmt: skip
            _picture(folder, "ratio_frontier", found)
        else:
            how |= {"replications": replications, "horizon_quarters": horizon}
            if what is What.overload:
                steps = numbers_of("--volumes", volumes) if volumes else list(frontiers.VOLUMES)
                found = frontiers.overload_curve(base, steps, **how)
            else:
                found = frontiers.iso_profit(base, **how)
            table = found.table(None)
            _show("Settings", _short_table(found.table(kpi), list(found.factors), rank=what is What.heads),
                  found.conclusion(kpi))  # fmt: skip
            _picture(folder, "overload_curve" if what is What.overload else "iso_profit", found, kpi=kpi)
        folder.table(table, "frontier")
        _publish(folder, found.conclusion() if what is What.ratio else found.conclusion(kpi))
    stop_if(found.interrupted)


@guarded
def search(
    scenario: Name,
    budget: Annotated[str, typer.Option(metavar="USD", help="What people and programmes may cost a year, e.g. 2.5M.")],
    levers: Annotated[
        list[str] | None,
        typer.Option(
            "--lever",
            metavar="PATH=RANGE",
            help="What may be moved: PATH=LOW..HIGH:STEP or PATH=a,b; by default heads, programme money, alignment.",
        ),
    ] = None,
    evaluations: Annotated[int, typer.Option(min=4, max=100_000, help="Plans that the optimiser may try.")] = 120,
    replications: Annotated[int, typer.Option("--replications", "-n", min=1, help="Runs of each of them.")] = 4,
    finalists: Annotated[int, typer.Option(min=2, max=100, help="Plans that go on to the selection.")] = 8,
    most: Annotated[int, typer.Option(min=2, max=100_000, help="Runs of a finalist at most.")] = 40,
    indifference: Annotated[
        str | None, typer.Option(metavar="USD", help="A smaller difference does not matter; 2 % by default.")
    ] = None,
    method: Annotated[str, typer.Option(help="differential_evolution, dual_annealing or random.")] = (
        "differential_evolution"
    ),
    kpi: Kpi = HEADLINE,
    seed: Seed = 1,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = Path("results/search"),
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Find the best plans for a budget: those that are tied for best, with what they cost."""
    from funnelsim.experiments.search import search as run_search
    from funnelsim.report.factors import factors_of, money_of

    _check_kpi(kpi)
    with results_folder(out, form) as folder:
        assert folder is not None
        found = run_search(
            loaded(scenario, sets), money_of("--budget", budget), factors_of("--lever", levers) or None, kpi=kpi,
            horizon_quarters=horizon, evaluations=evaluations, replications=replications, finalists=finalists,
            most=most, indifference=money_of("--indifference", indifference) if indifference else None, method=method,
            seed=seed, **how_of(workers, executor, store, engine, insist),
        )  # fmt: skip
        table = found.table().reset_index()
        _show("Finalists", _short_table(table, [*found.levers, "cost"], rank=False), found.conclusion())
        folder.table(table, "finalists")
        folder.table(found.evaluations, "evaluations")
        folder.text(found.scenarios[found.best()].to_yaml(), "best_plan.yaml")
        _publish(folder, found.conclusion())
    stop_if(found.interrupted)


@guarded
def robust(
    names: Annotated[
        list[str], typer.Argument(metavar="STUDY | SCENARIO SCENARIO ...", help="The plans: a study, or scenarios.")
    ],
    worlds: Annotated[
        list[str] | None,
        typer.Option(
            "--world", metavar="LABEL:PATH=VALUE;…", help="Another world, e.g. slump:world.demand=0.6; may be repeated."
        ),
    ] = None,
    switch: Annotated[
        list[str] | None,
        typer.Option("--switch", metavar="PATH=LOW..HIGH", help="Where the favourite flips, over one or two numbers."),
    ] = None,
    decides: Annotated[
        list[str] | None,
        typer.Option(
            "--decides", metavar="PATH=LOW..HIGH", help="Which numbers decide the ranking: two ranges or more."
        ),
    ] = None,
    method: Annotated[str, typer.Option(help="For --decides: morris or sobol (needs SALib).")] = "morris",
    size: Annotated[int | None, typer.Option(min=2, help="For --decides: trajectories, or base sample.")] = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications", "-n", min=1, max=100_000, help="Runs of each setting; by default 20, for --decides 5."
        ),
    ] = None,
    kpi: Kpi = HEADLINE,
    seed: Seed = 1,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Out = Path("results/robust"),
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Say which plan is safest over several worlds, where the favourite flips, and what decides the ranking."""
    from funnelsim.experiments.compare import _scenarios
    from funnelsim.experiments.sensitivity import LEAST_REPLICATIONS, check_method
    from funnelsim.report.arguments import named_plans
    from funnelsim.report.factors import factors_of, worlds_of

    _check_kpi(kpi)
    if not (worlds or switch or decides):
        mistake("there is nothing to be robust against: give --world, --switch or --decides")
    _, plans = _scenarios(named_plans(names, sets), insist)
    ranges, deciders = factors_of("--switch", switch), factors_of("--decides", decides)
    if deciders:
        check_method(method, LEAST_REPLICATIONS if replications is None else replications)  # before any work
    elsewhere = worlds_of(worlds) if worlds else {}
    how: dict[str, Any] = {"kpi": kpi, "seed": seed, "horizon_quarters": horizon}
    how |= how_of(workers, executor, store, engine, insist)
    said: list[str] = []
    stopped = False
    with results_folder(out, form) as folder:
        assert folder is not None
        if elsewhere:
            stopped |= _in_worlds(folder, plans, elsewhere, said, replications=replications or 20, **how)
        if ranges:
            stopped |= _flips(folder, plans, ranges, said, replications=replications or 20, **how)
        if deciders:
            how |= {"method": method, "size": size, "replications": replications or LEAST_REPLICATIONS}
            stopped |= _deciders(folder, plans, deciders, said, **how)
        _publish(folder, "\n\n".join(said))
    stop_if(stopped)


def _in_worlds(folder: OutFolder, plans: dict[str, Scenario], worlds: Any, said: list[str], **how: Any) -> bool:
    from funnelsim.experiments.robust import robust as run_robust

    found = run_robust(plans, worlds, **how)
    table = found.regret().reset_index()
    _show("Regret", table.drop(columns=[name for name in table if str(name).endswith(("_low", "_high"))]),
          found.conclusion(), found.unit)  # fmt: skip
    said.append(found.conclusion())
    folder.table(table, "regret")
    folder.table(found.chance_best().reset_index(), "chance_best")
    _picture(folder, "regret", found)
    return found.interrupted


def _flips(folder: OutFolder, plans: dict[str, Scenario], ranges: Any, said: list[str], **how: Any) -> bool:
    from funnelsim.experiments.switching import switching

    found = switching(plans, ranges, **how)
    _show("Difference to the first plan", found.table().drop(columns="unit"), found.conclusion(), found.unit)
    said.append(found.conclusion())
    folder.table(found.table(), "switching")
    _picture(folder, "switching", found)
    return found.interrupted


def _deciders(folder: OutFolder, plans: dict[str, Scenario], ranges: Any, said: list[str], **how: Any) -> bool:
    from funnelsim.experiments.sensitivity import sensitivity

    found = sensitivity(plans, ranges, **how)
    unit = found.unit if found.method == "morris" else "share"
    _show(f"What decides ({found.method})", found.table().reset_index(), found.conclusion(), unit)
    said.append(found.conclusion())
    folder.table(found.table().reset_index(), "sensitivity")
    _picture(folder, "sensitivity", found)
    return found.interrupted


# ---------------------------------------------------------------------------------------------------------------- parts


def _check_kpi(kpi: str) -> None:
    from funnelsim.experiments.batches import check_kpi

    check_kpi(kpi)


def _short_table(table: pd.DataFrame, factors: list[str], rank: bool = True) -> pd.DataFrame:
    """Return factors, mean with its interval, and what is tied, of the first forty rows."""
    shown = [name for name in ("mean", "low", "high", "n", "tied") if name in table.columns]
    found = table.sort_values("mean", ascending=False, kind="stable") if rank else table
    unit = str(table["unit"].iloc[0])
    found = found[[*factors, *shown]].head(40)
    found.attrs["unit"] = unit
    return found


def _show(title: str, table: pd.DataFrame, sentences: str, unit: str = "") -> None:
    """Print a table in words, and what it says: the answer first."""
    from funnelsim.experiments.words import amount, plain
    from funnelsim.report.tables import Cells
    from funnelsim.report.terminal import console, safe, show_cells

    unit = str(table.attrs.get("unit", unit))
    plainly = ("n", "ratio", "reps", "marketers", "SDRs", "horizon_quarters")
    strong = [bool(one) for one in table["tied"]] if "tied" in table.columns else [False] * len(table)
    numbers = {"mean", "low", "high", "difference", "worst"} if "mean" in table.columns else set(table.columns[1:])
    rows = []
    for row in table.to_dict("records"):
        cells = []
        for name, value in row.items():
            if isinstance(value, bool) or name == "tied":
                cells.append("yes" if value else "no")
            elif isinstance(value, float) and str(name) not in plainly and (name in numbers or name == "cost"):
                cells.append(amount(value, "USD" if name == "cost" else unit))
            else:
                cells.append(f"{value:.6g}" if isinstance(value, float) else str(value))
        rows.append(cells)
    out = console()
    show_cells(out, title, Cells([plain(str(name)) for name in table.columns], rows, strong))
    answer, *more = sentences.split("\n")
    out.print(safe(answer), style="bold")
    for sentence in more:
        out.print(safe(sentence))


def _picture(folder: OutFolder, name: str, *what: Any, **options: Any) -> None:
    """Draw a picture into the folder."""
    from funnelsim import plots

    drawn = getattr(plots, name)(*what, **options)
    first = drawn[0] if isinstance(drawn, tuple) else drawn
    first.figure.savefig(folder.work / f"{name}.png", dpi=150)


def _publish(folder: OutFolder, sentences: str) -> None:
    folder.text(f"{sentences}\n", "answer.txt")
    say_where(folder)
