"""The command line. What can be had here can be had in Python too, with the same numbers.

Heavy imports stand inside the commands, so that help comes at once. Exit status: 0 done; 2 a mistake of the user, with
one clear message; 1 a defect; 130 stopped by Ctrl-C, after writing what was finished.
"""

from __future__ import annotations

from typing import Annotated

import typer

from funnelsim.commands import diagnosing, looking, reporting, running, storing, sweeping, valuing

app = typer.Typer(
    help="A laboratory for marketing and sales: how many people should market, how many should sell, and how.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    app(prog_name="funnelsim")


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


for _group in (running, sweeping, valuing, reporting, looking, diagnosing, storing):
    _group.register(app)


if __name__ == "__main__":
    main()
