"""The command line. What can be had here can be had in Python too, with the same numbers.

Heavy imports stand inside the commands, so that help comes at once. Exit status: 0 done; 2 a mistake of the user, with
one clear message; 1 a defect; 130 stopped by Ctrl-C, after writing what was finished.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from funnelsim.experiments.compare import Comparison
    from funnelsim.report.folder import OutFolder
    from funnelsim.scenario.schema import Scenario

DEBUG = "FUNNELSIM_DEBUG"
INTERRUPTED = 130

app = typer.Typer(
    help="A laboratory for marketing and sales: how many people should market, how many should sell, and how.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """Formats of tables."""

    csv = "csv"
    parquet = "parquet"


class Engine(StrEnum):
    """Engines."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, e.g. plan.sales.reps=12; may be repeated."),
]
Seed = Annotated[int, typer.Option(min=0, help="Which family of random numbers.")]
Horizon = Annotated[int | None, typer.Option(min=1, max=80, metavar="QUARTERS", help="Length of the run in quarters.")]
Workers = Annotated[int | None, typer.Option(min=1, max=4096, help="Processes; by default one per processor.")]
Which = Annotated[
    Engine, typer.Option("--engine", help="Reference engine, its compiled twin, or the one that is done first.")
]
Insist = Annotated[bool, typer.Option("--insist", help="Run it even if it needs very much memory or time.")]
Form = Annotated[Format, typer.Option("--format", help="Format of the tables.")]


def main() -> None:
    """Run the command line."""
    app(prog_name="funnelsim")


# ------------------------------------------------------------------------------------------------------------- mistakes


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn mistakes into one message each, and defects into a short one."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from funnelsim.errors import FunnelsimError

        try:
            command(*args, **kwargs)
        except FunnelsimError as error:
            _complain(str(error))
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            _complain("stopped; nothing was finished")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away
            raise typer.Exit(0) from None
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort)) or type(error).__module__.startswith(("click", "typer")):
                raise
            if os.environ.get(DEBUG):
                raise
            _complain(
                f"{type(error).__name__}: {error}\nThis is a defect of funnelsim. {DEBUG}=1 shows where it happened."
            )
            raise typer.Exit(1) from None

    return run


def _complain(text: str) -> None:
    from funnelsim.report.terminal import console, safe

    console(error=True).print(safe(f"Error: {text}"))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"funnelsim {version('funnelsim')}")
        raise typer.Exit


@app.callback()
def funnelsim(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Nothing to do before a command."""


# ------------------------------------------------------------------------------------------------------------- commands


@app.command()
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
    with _folder(out, form) as folder:
        if replications == 1:
            _run_once(found, seed, engine.value, insist, folder, command)
        else:
            _run_many(found, seed, replications, workers, engine.value, insist, folder, command)


@app.command()
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
        _mistake(f"no KPI is named {kpi!r}{hint(kpi, kpi_units(), 'KPIs')[0]}")
    plans = named_plans(names, sets)
    options = {"--replications": replications, "--baseline": baseline, "--kpi": kpi if kpi != HEADLINE else None}
    command = command_again("compare", names, seed, horizon, sets, options)
    with _folder(out, form) as folder:
        assert folder is not None
        arguments: dict[str, Any] = {"seed": seed, "workers": workers, "horizon_quarters": horizon, "insist": insist}
        arguments["engine"] = engine.value
        with _finished_is_kept(folder, kpi, command):
            found = run_comparison(
                plans, replications, baseline, keep=("kpis", "funnel", "profit_and_loss"), **arguments
            )
        show_comparison(found, kpi)
        _publish_comparison(found, kpi, folder, command)
    _stop_if(found.interrupted)


@app.command()
@guarded
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE ...", help="Files, or names of shipped ones.")],
) -> None:
    """Check scenario, plan, world and study files."""
    from funnelsim.report.describe import check_file

    wrong = 0
    for name in files:
        good, text = check_file(name)
        wrong += not good
        if good:
            typer.echo(text)
        else:
            _complain(text)
    if wrong:
        raise typer.Exit(2)


@app.command("list")
@guarded
def list_names(
    kind: Annotated[str | None, typer.Argument(metavar="[worlds|plans|scenarios|studies]", help="Which kind.")] = None,
) -> None:
    """List what is shipped."""
    from funnelsim.experiments.single import list_scenarios
    from funnelsim.report.describe import KINDS
    from funnelsim.report.terminal import console, show_rows
    from funnelsim.scenario.validation import hint

    if kind is not None and kind not in KINDS:
        _mistake(f"no kind is named {kind!r}{hint(kind, [name for name in KINDS if name.endswith('s')], 'kinds')[0]}")
    table = list_scenarios(KINDS[kind] if kind else None)
    out = console()
    for one in dict.fromkeys(table["kind"]):
        part = table[table["kind"] == one]
        show_rows(
            out,
            "studies" if one == "study" else f"{one}s",
            ["name", "title"],
            part[["name", "title"]].to_numpy().tolist(),
        )


@app.command()
@guarded
def describe(
    name: Annotated[str, typer.Argument(help="Scenario, plan, world or study: a name or a file.")],
    fields: Annotated[
        str | None, typer.Option(metavar="PATH", help="List fields below this path, e.g. world.selling; '' lists all.")
    ] = None,
) -> None:
    """Say what a scenario, plan, world or study says: heads, money, horizon, changes; fields with units."""
    from funnelsim.report.describe import show_description

    show_description(name, fields)


# ---------------------------------------------------------------------------------------------------------------- parts


def _mistake(text: str) -> None:
    from funnelsim.errors import FunnelsimError

    raise FunnelsimError(text)


def _stop_if(interrupted: bool) -> None:
    if interrupted:
        _complain("stopped early; what was finished is kept")
        raise typer.Exit(INTERRUPTED)


@contextmanager
def _folder(out: Path | None, form: Format) -> Iterator[OutFolder | None]:
    """Open the folder for results before the work begins."""
    if out is None:
        yield None
        return
    from funnelsim.report.folder import OutFolder

    with OutFolder(out, form.value) as folder:
        yield folder


@contextmanager
def _finished_is_kept(folder: OutFolder, kpi: str, command: str) -> Iterator[None]:
    """Write what was finished when a run fails."""
    from funnelsim.experiments.executors import SimulationError

    try:
        yield
    except SimulationError as error:
        if error.finished is not None:
            _publish_comparison(error.finished, kpi, folder, command)
        raise


def _publish_comparison(found: Comparison, kpi: str, folder: OutFolder, command: str) -> None:
    from funnelsim.report.html import html_report
    from funnelsim.report.tables import comparison_table

    folder.table(comparison_table(found), "comparison")
    folder.table(found.frame, "replications")
    folder.text(html_report(found, kpi=kpi, command=command), "report.html")
    _say_where(folder)


def _say_where(folder: OutFolder) -> None:
    from funnelsim.report.terminal import console, safe

    names = ", ".join(path.name for path in folder.publish())
    console().print(safe(f"Written to {folder.path}: {names}"))


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
        _say_where(folder)


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
        _say_where(folder)
    _stop_if(found.interrupted)


if __name__ == "__main__":
    main()
