"""Commands that run scenarios: ``run`` and ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funnelsim.commands.shared import (
    Engine,
    Form,
    Format,
    Horizon,
    Insist,
    Seed,
    Sets,
    Which,
    Workers,
    finished_is_kept,
    guarded,
    mistake,
    publish_comparison,
    results_folder,
    say_where,
    stop_if,
)

if TYPE_CHECKING:
    from funnelsim.report.folder import OutFolder
    from funnelsim.scenario.schema import Scenario


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(compare)


@guarded
def run(
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a file.")],
    seed: Seed = 1,
    replications: Annotated[int, typer.Option("--replications", "-n", min=1, max=100_000, help="How many runs.")] = 1,
    horizon: Horizon = None,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, report and scenario.")] = None,
    form: Form = Format.csv,
    workers: Workers = None,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Run one scenario; with --replications, means and intervals."""
    from funnelsim.experiments.compare import with_horizon
    from funnelsim.report.arguments import command_again, with_sets
    from funnelsim.scenario.files import load

    # the size is checked once everything is in place
    found = with_sets(load(scenario, insist=True), sets)
    if horizon is not None:
        found = with_horizon(found, horizon)
    command = command_again("run", [scenario], seed, horizon, sets, {"--replications": replications})
    with results_folder(out, form) as folder:
        if replications == 1:
            _run_once(found, seed, engine.value, insist, folder, command)
        else:
            _run_many(found, seed, replications, workers, engine.value, insist, folder, command)


@guarded
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="STUDY | SCENARIO SCENARIO ...", help="A study, or two and more scenarios.")
    ],
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications",
            "-n",
            min=1,
            max=100_000,
            help="Runs of each plan; by default what the study suggests, or 20.",
        ),
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Label of the plan to compare with.")] = None,
    seed: Seed = 1,
    horizon: Horizon = None,
    kpi: Annotated[str, typer.Option(help="Key figure that decides.")] = "profit_with_value",
    sets: Sets = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and report.")] = Path("results"),
    form: Form = Format.csv,
    workers: Workers = None,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Compare plans under the same random numbers: a table, a sentence, and a report in a folder."""
    from funnelsim.experiments.compare import HEADLINE
    from funnelsim.experiments.compare import compare as run_comparison
    from funnelsim.experiments.keeping import kpi_units
    from funnelsim.report.arguments import command_again, named_plans
    from funnelsim.report.terminal import show_comparison
    from funnelsim.scenario.validation import hint

    if kpi not in kpi_units():
        mistake(f"no KPI is named {kpi!r}{hint(kpi, kpi_units(), 'KPIs')[0]}")
    plans = named_plans(names, sets)
    options = {"--replications": replications, "--baseline": baseline, "--kpi": kpi if kpi != HEADLINE else None}
    command = command_again("compare", names, seed, horizon, sets, options)
    with results_folder(out, form) as folder:
        assert folder is not None
        arguments: dict[str, Any] = {"seed": seed, "workers": workers, "horizon_quarters": horizon, "insist": insist}
        arguments["engine"] = engine.value
        with finished_is_kept(folder, kpi, command):
            found = run_comparison(
                plans, replications, baseline, keep=("kpis", "funnel", "profit_and_loss"), **arguments
            )
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


def _run_many(
    scenario: Scenario,
    seed: int,
    replications: int,
    workers: int | None,
    engine: str,
    insist: bool,
    folder: OutFolder | None,
    command: str,
) -> None:
    from funnelsim.experiments.replicate import replicate
    from funnelsim.report.html import html_report
    from funnelsim.report.terminal import show_replications

    keep = ("kpis", "funnel", "profit_and_loss")
    found = replicate(scenario, replications, seed, workers, keep=keep, engine=engine, insist=insist)
    show_replications(found)
    if folder is not None:
        folder.table(found.summary().reset_index(), "summary")
        folder.table(found.frame, "replications")
        folder.table(found.table("funnel"), "funnel")
        folder.text(scenario.to_yaml(), "scenario.yaml")
        folder.text(html_report(found, command=command), "report.html")
        say_where(folder)
    stop_if(found.interrupted)
