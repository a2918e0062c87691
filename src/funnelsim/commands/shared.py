"""What the commands have in common: options, mistakes, the folder for results."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from funnelsim.experiments.compare import Comparison
    from funnelsim.experiments.executors import How
    from funnelsim.report.folder import OutFolder
    from funnelsim.scenario.schema import Scenario

DEBUG = "FUNNELSIM_DEBUG"
INTERRUPTED = 130
HEADLINE = "profit_with_value"
"""Key figure that decides where none is named: `funnelsim.experiments.ranking.HEADLINE`, which takes long to import."""


class Format(StrEnum):
    """Formats of tables."""

    csv = "csv"
    parquet = "parquet"


class Engine(StrEnum):
    """Engines."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


Name = Annotated[str, typer.Argument(help="Name of a shipped scenario, or a file.")]
Kpi = Annotated[str, typer.Option(help="Key figure that decides.")]
Out = Annotated[Path, typer.Option(help="Folder for tables and pictures.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, e.g. plan.sales.reps=12; may be repeated."),
]
Seed = Annotated[int, typer.Option(min=0, help="Which family of random numbers.")]
Horizon = Annotated[int | None, typer.Option(min=1, max=80, metavar="QUARTERS", help="Length of the run in quarters.")]
Workers = Annotated[int | None, typer.Option(min=1, max=4096, help="Runs at a time; by default one per processor.")]
Precision = Annotated[
    str | None,
    typer.Option(
        metavar="5%|MONEY",
        help="With -n auto: half the width of the 95 % interval, as a share of the mean or in the key figure's unit.",
    ),
]
Most = Annotated[int, typer.Option(min=10, max=100_000, help="With -n auto: no more replications than these.")]
Who = Annotated[
    str | None,
    typer.Option(
        "--executor", metavar="WHO", help="Who does the work: threads, processes, or a Dask scheduler (tcp://...)."
    ),
]
Stored = Annotated[
    bool, typer.Option("--store/--no-store", help="Read and keep finished replications: funnelsim cache.")
]
Which = Annotated[
    Engine, typer.Option("--engine", help="Reference engine, its compiled twin, or the one that is done first.")
]
Insist = Annotated[bool, typer.Option("--insist", help="Run it even if it needs very much memory or time.")]
Form = Annotated[Format, typer.Option("--format", help="Format of the tables.")]


# ------------------------------------------------------------------------------------------------------------- mistakes


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Turn mistakes into one message each, and defects into a short one."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from funnelsim.errors import FunnelsimError

        try:
            command(*args, **kwargs)
        except FunnelsimError as error:
            complain(str(error))
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            complain("stopped; nothing was finished")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away
            raise typer.Exit(0) from None
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort)) or type(error).__module__.startswith(("click", "typer")):
                raise
            if os.environ.get(DEBUG):
                raise
            complain(
                f"{type(error).__name__}: {error}\nThis is a defect of funnelsim. {DEBUG}=1 shows where it happened."
            )
            raise typer.Exit(1) from None

    return run


def complain(text: str) -> None:
    """Print a message on standard error."""
    from funnelsim.report.terminal import console, safe

    console(error=True).print(safe(f"Error: {text}"))


# ---------------------------------------------------------------------------------------------------------------- parts


def count_of(text: str | None) -> int | str | None:
    """Return what ``--replications`` says: a number, or ``auto``."""
    if text is None or text == "auto":
        return text
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise typer.BadParameter(
            f"{text!r} is neither a whole number from 1 to 100,000 nor 'auto'.", param_hint="'--replications'"
        )
    return int(text)


def mistake(text: str) -> NoReturn:
    """Report a mistake of the user."""
    from funnelsim.errors import FunnelsimError

    raise FunnelsimError(text)


def loaded(name: str, sets: list[str] | None) -> Scenario:
    """Return a scenario with what ``--set`` changes; its size is checked once everything is in place."""
    from funnelsim.report.arguments import with_sets
    from funnelsim.scenario.files import load

    return with_sets(load(name, insist=True), sets)


def how_of(workers: int | None, executor: str | None, store: bool, engine: Engine, insist: bool) -> How:
    """Return what the options say about who does the work."""
    return {
        "workers": workers, "executor": executor, "store": None if store else False, "engine": engine.value,
        "insist": insist,
    }  # fmt: skip


def stop_if(interrupted: bool) -> None:
    """End with the status of Ctrl-C if somebody stopped the work."""
    if interrupted:
        complain("stopped early; what was finished is kept")
        raise typer.Exit(INTERRUPTED)


@contextmanager
def results_folder(out: Path | None, form: Format) -> Iterator[OutFolder | None]:
    """Open the folder for results before the work begins."""
    if out is None:
        yield None
        return
    from funnelsim.report.folder import OutFolder

    with OutFolder(out, form.value) as folder:
        yield folder


@contextmanager
def finished_is_kept(folder: OutFolder, kpi: str, command: str) -> Iterator[None]:
    """Write what was finished when a run fails."""
    from funnelsim.experiments.executors import SimulationError

    try:
        yield
    except SimulationError as error:
        if error.finished is not None:
            publish_comparison(error.finished, kpi, folder, command)
        raise


def publish_comparison(found: Comparison, kpi: str, folder: OutFolder, command: str) -> None:
    """Write tables and report of a comparison."""
    from funnelsim.report.html import html_report
    from funnelsim.report.tables import comparison_table

    folder.table(comparison_table(found), "comparison")
    folder.table(found.frame, "replications")
    folder.text(html_report(found, kpi=kpi, command=command), "report.html")
    say_where(folder)


def say_where(folder: OutFolder) -> None:
    """Publish the folder and say what is in it."""
    from funnelsim.report.terminal import console, safe

    names = ", ".join(path.name for path in folder.publish())
    console().print(safe(f"Written to {folder.path}: {names}"))
