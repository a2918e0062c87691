"""Commands that run scenarios: ``run`` and ``compare``."""

from __future__ import annotations

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
    Most,
    Name,
    Precision,
    Seed,
    Sets,
    Stored,
    Which,
    Who,
    Workers,
    count_of,
    finished_is_kept,
    guarded,
    how_of,
    loaded,
    mistake,
    publish_comparison,
    results_folder,
    say_where,
    stop_if,
)

if TYPE_CHECKING:
    from funnelsim.experiments.executors import How
    from funnelsim.report.folder import OutFolder
    from funnelsim.scenario.schema import Scenario


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(compare)


@guarded
def run(
    scenario: Name,
    seed: Seed = 1,
    replications: Annotated[
        str | None,
        typer.Option(
            "--replications", "-n", metavar="N|auto", help="How many runs; by default 1; auto: see --precision."
        ),
    ] = None,
    precision: Precision = None,
    kpi: Annotated[str, typer.Option(help="Key figure that shall be that precise.")] = HEADLINE,
    most: Most = 1000,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, report and scenario.")] = None,
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Run one scenario; with --replications, means and intervals."""
    from funnelsim.experiments.compare import with_horizon
    from funnelsim.report.arguments import command_again

    found = loaded(scenario, sets)
    if horizon is not None:
        found = with_horizon(found, horizon)
    count = count_of(replications)
    if count is None and precision is None:
        count = 1
    options = _how_many(count, precision, most)
    options |= {"--kpi": kpi if kpi != HEADLINE else None}
    command = command_again("run", [scenario], seed, horizon, sets, options)
    how = how_of(workers, executor, store, engine, insist)
    with results_folder(out, form) as folder:
        if count == 1:
            _run_once(found, seed, engine.value, insist, folder, command)
        else:
            _run_many(
                found,
                seed,
                {"replications": count, "precision": precision, "kpi": kpi, "most": most},
                how,
                folder,
                command,
            )


@guarded
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="STUDY | SCENARIO SCENARIO ...", help="A study, or two and more scenarios.")
    ],
    replications: Annotated[
        str | None,
        typer.Option(
            "--replications",
            "-n",
            metavar="N|auto",
            help="Runs of each plan; by default what the study suggests, or 20; auto: as many as --precision takes.",
        ),
    ] = None,
    precision: Precision = None,
    most: Most = 1000,
    versus: Annotated[
        str, typer.Option(help="With -n auto: precise differences to the baseline, or to the best plan.")
    ] = "baseline",
    baseline: Annotated[str | None, typer.Option(help="Label of the plan to compare with.")] = None,
    seed: Seed = 1,
    horizon: Horizon = None,
    kpi: Kpi = HEADLINE,
    sets: Sets = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and report.")] = Path("results"),
    form: Form = Format.csv,
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Compare plans under the same random numbers: a table, a sentence, and a report in a folder."""
    from funnelsim.experiments.compare import compare as run_comparison
    from funnelsim.experiments.keeping import kpi_units
    from funnelsim.report.arguments import command_again, named_plans
    from funnelsim.report.terminal import show_comparison
    from funnelsim.scenario.validation import hint

    if kpi not in kpi_units():
        mistake(f"no KPI is named {kpi!r}{hint(kpi, kpi_units(), 'KPIs')[0]}")
    plans = named_plans(names, sets)
    count = count_of(replications)
    options = _how_many(count, precision, most)
    options |= {"--versus": versus if versus != "baseline" else None}
    options |= {"--baseline": baseline, "--kpi": kpi if kpi != HEADLINE else None}
    command = command_again("compare", names, seed, horizon, sets, options)
    with results_folder(out, form) as folder:
        assert folder is not None
        arguments: dict[str, Any] = {"seed": seed, "horizon_quarters": horizon}
        arguments |= how_of(workers, executor, store, engine, insist)
        arguments |= {"precision": precision, "kpi": kpi, "most": most, "versus": versus}
        with finished_is_kept(folder, kpi, command):
            found = run_comparison(plans, count, baseline, keep=("kpis", "funnel", "profit_and_loss"), **arguments)
        show_comparison(found, kpi)
        publish_comparison(found, kpi, folder, command)
    stop_if(found.interrupted)


def _run_once(scenario: Scenario, seed: int, engine: str, insist: bool, folder: OutFolder | None, command: str) -> None:
    from funnelsim.experiments.single import simulate
    from funnelsim.report.html import html_report
    from funnelsim.report.terminal import console, show_run

    err = console(error=True)
    with err.status("running ..."):
        found = simulate(scenario, seed=seed, engine=engine, insist=insist)
    show_run(found)
    if folder is not None:
        (found.to_parquet if folder.form == "parquet" else found.to_csv)(folder.work)
        folder.text(scenario.to_yaml(), "scenario.yaml")
        folder.text(html_report(found, command=command), "report.html")
        say_where(folder)


def _how_many(count: int | str | None, precision: str | None, most: int) -> dict[str, object]:
    """Return the options that say how many replications, as they are written."""
    if count != "auto" and precision is None:
        return {"--replications": count}
    return {"--replications": count, "--precision": precision, "--most": most if most != 1000 else None}


def _run_many(
    scenario: Scenario, seed: int, how_many: dict[str, Any], how: How, folder: OutFolder | None, command: str
) -> None:
    from funnelsim.experiments.replicate import replicate
    from funnelsim.report.html import html_report
    from funnelsim.report.terminal import show_replications

    keep = ("kpis", "funnel", "profit_and_loss")
    found = replicate(scenario, seed=seed, keep=keep, **how_many, **how)
    show_replications(found)
    if folder is not None:
        folder.table(found.summary().reset_index(), "summary")
        folder.table(found.frame, "replications")
        folder.table(found.table("funnel"), "funnel")
        folder.text(scenario.to_yaml(), "scenario.yaml")
        folder.text(html_report(found, command=command), "report.html")
        say_where(folder)
    stop_if(found.interrupted)
