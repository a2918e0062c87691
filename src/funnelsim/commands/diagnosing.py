"""The command ``diagnose``: where does a firm stand on the scale of alignment?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funnelsim.commands.shared import guarded, mistake


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(diagnose)


@guarded
def diagnose(
    answers: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Twenty answers, '#' begins a remark; none: you are asked."),
    ] = None,
    blank: Annotated[bool, typer.Option("--blank", help="Print the statements as a file to fill in.")] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a plan file with these levels of alignment.")
    ] = None,
    plan: Annotated[str, typer.Option(help="Plan that the saved one extends.")] = "base",
) -> None:
    """Answer twenty statements about marketing and sales; get your level of alignment, lever by lever."""
    from funnelsim.scenario.diagnostic import alignment_diagnostic

    if blank:
        typer.echo(_blank())
        return
    found = alignment_diagnostic(_read(answers) if answers is not None else _ask())
    typer.echo(str(found))
    text = "alignment:\n" + "".join(f"  {lever}: {level:g}\n" for lever, level in found.levels.items())
    if save is None:
        typer.echo(f"\nIn a plan file (it has effects in a world where alignment.on is true):\n\n{text}", nl=False)
        return
    title = f"As plan {plan}, alignment as diagnosed: {found.type}, score {found.score}"
    try:
        save.write_text(f"extends: {plan}\ntitle: '{title}'\n{text}", encoding="utf-8")
    except OSError as error:
        mistake(f"{save}: cannot be written ({error.strerror or 'unknown reason'})")
    typer.echo(f"\nwritten: {save}")


def _blank() -> str:
    from funnelsim.scenario.diagnostic import STATEMENTS

    lines = ["# Put a number at the beginning of each line: 1 strongly disagree ... 5 strongly agree."]
    lines += [f"3  # {number}. {statement}" for number, (_, statement) in enumerate(STATEMENTS, start=1)]
    return "\n".join(lines)


def _read(path: Path) -> list[int]:
    """Return the numbers of a file, remarks aside."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        mistake(f"{path}: cannot be read ({reason})")
    numbers = []
    for place, line in enumerate(text.splitlines(), start=1):
        for word in line.split("#")[0].replace(",", " ").split():
            if not word.isdecimal():
                mistake(f"{path}, line {place}: expected a whole number from 1 to 5, got {word!r}")
            numbers.append(int(word))
    return numbers


def _ask() -> list[int]:
    """Ask for each answer."""
    from funnelsim.scenario.diagnostic import HIGHEST, LOWEST, STATEMENTS

    typer.echo("How far do you agree? 1 strongly disagree ... 5 strongly agree.")
    answers = []
    for number, (_, statement) in enumerate(STATEMENTS, start=1):
        while True:
            answer = typer.prompt(f"{number:2d}. {statement}", type=int)
            if LOWEST <= answer <= HIGHEST:
                break
            typer.echo(f"    a whole number from {LOWEST} to {HIGHEST}, please")
        answers.append(answer)
    return answers
