"""The command ``report``: a decision memo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funnelsim.commands.shared import (
    HEADLINE,
    Engine,
    Horizon,
    Insist,
    Kpi,
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
    stop_if,
)

if TYPE_CHECKING:
    from funnelsim.experiments.memo import Memo


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(report)


@guarded
def report(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY | SCENARIO ...", help="The plans: a study, or scenarios; with --budget one scenario: today."
        ),
    ],
    budget: Annotated[
        str | None,
        typer.Option(metavar="USD", help="Yearly money, e.g. 2.5M: find the best use of it."),
    ] = None,
    levers: Annotated[
        list[str] | None,
        typer.Option("--lever", metavar="PATH=LOW..HIGH[:STEP]", help="With --budget: what may be moved."),
    ] = None,
    worth: Annotated[
        list[str] | None, typer.Option("--worth", metavar="PATH", help="Lever whose next step is valued; repeat it.")
    ] = None,
    assumptions: Annotated[
        list[str] | None,
        typer.Option(
            "--assumption", metavar="PATH=LOW..HIGH", help="Number of the world that may flip the answer; repeat it."
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="PART", help="Leave out: frontier, why, worth or flips.")
    ] = None,
    question: Annotated[str, typer.Option(help="What is to be decided, in your words.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Few runs, for a first look.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Begin no further part after so many minutes.")
    ] = None,
    replications: Annotated[
        int | None, typer.Option("--replications", "-n", min=2, max=100_000, help="Runs of each plan compared.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it to PDF, too: needs Chromium, Chrome or Edge.")] = False,
    seed: Seed = 1,
    horizon: Horizon = None,
    kpi: Kpi = HEADLINE,
    sets: Sets = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page.")] = Path("memo.html"),
    workers: Workers = None,
    executor: Who = None,
    store: Stored = True,
    engine: Which = Engine.auto,
    insist: Insist = False,
) -> None:
    """Write a decision memo: the answer, why, what more is worth, when it would flip, how to get it again."""
    from funnelsim.report.arguments import command_again
    from funnelsim.report.factors import factors_of, money_of
    from funnelsim.report.memo import report as write_report

    if budget is None and levers:
        mistake("--lever says what a search may move: give --budget, too")
    money = None if budget is None else money_of("--budget", budget)
    options: dict[str, Any] = {"without": without or (), "question": question, "quick": quick, "minutes": minutes}
    options |= {"replications": replications, "seed": seed, "horizon_quarters": horizon, "kpi": kpi}
    options |= {"levers": factors_of("--lever", levers) or None, **how_of(workers, executor, store, engine, insist)}
    options |= {"assumptions": factors_of("--assumption", assumptions) or None}
    if worth:
        options["worth"] = worth
    named: dict[str, object] = {"--budget": budget, "--replications": replications}
    named |= {"--kpi": kpi if kpi != HEADLINE else None, "--question": question or None}
    command = command_again("report", names, seed, horizon, sets, named)
    command += _repeated({"--lever": levers, "--worth": worth, "--assumption": assumptions, "--without": without})
    command += " --quick" if quick else ""
    plans = _plans(names, sets, money)
    memo = _watched(lambda told: write_report(plans, out, budget=money, pdf=pdf, command=command, **options, **told))
    _show(memo, out, pdf)
    stop_if(memo.interrupted)


def _plans(names: list[str], sets: list[str] | None, money: float | None) -> Any:
    """Return what the names mean: today's plan where there is a budget, else the plans to choose from."""
    from funnelsim.report.arguments import named_plans

    if money is None:
        try:
            return named_plans(names, sets)
        except Exception as error:
            if "is one scenario" in str(error):
                mistake(f"{names[0]!r} is one scenario; a memo needs a study, several scenarios, or --budget")
            raise
    if len(names) > 1:
        mistake("--budget starts from one scenario, today; the other plans are searched for")
    return loaded(names[0], sets)


def _repeated(options: dict[str, list[str] | None]) -> str:
    import shlex

    words = [word for name, values in options.items() for value in values or [] for word in (name, value)]
    return f" {shlex.join(words)}" if words else ""


def _watched(work: Callable[[dict[str, Any]], Memo]) -> Memo:
    """Do the work; somebody who watches is told which part it is, and how far."""
    from funnelsim.report.terminal import console

    err = console(error=True)
    if not err.is_terminal:
        return work({"progress": False})
    part = ["getting ready"]
    with err.status(f"{part[0]} ...") as status:

        def tell(what: str) -> None:
            part[0] = what
            status.update(f"{what} ...")

        def progress(done: int, total: int) -> None:
            status.update(f"{part[0]}: {done:,} of up to {total:,} runs ...")

        return work({"tell": tell, "progress": progress})


def _show(memo: Memo, out: Path, pdf: bool) -> None:
    from funnelsim.experiments.memo import PARTS
    from funnelsim.report.tables import duration
    from funnelsim.report.terminal import console, safe

    to = console()
    first, *more = memo.lines
    to.print(safe(memo.question))
    to.print(safe(first), style="bold")
    for line in more:
        to.print(safe(line))
    for name, reason in memo.left_out.items():
        to.print(safe(f"Left out: {PARTS[name]} ({reason})."))
    files = f"{out} and {out.with_suffix('.pdf')}" if pdf else str(out)
    to.print(safe(f"{memo.runs:,} runs, {duration(sum(memo.seconds.values()))}. Written: {files}"))
