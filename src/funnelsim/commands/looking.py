"""Commands that look at files: ``validate``, ``list`` and ``describe``."""

from __future__ import annotations

from typing import Annotated

import typer

from funnelsim.commands.shared import complain, guarded, mistake


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(validate)
    app.command("list")(list_names)
    app.command()(describe)


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
            complain(text)
    if wrong:
        raise typer.Exit(2)


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
        mistake(f"no kind is named {kind!r}{hint(kind, [name for name in KINDS if name.endswith('s')], 'kinds')[0]}")
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
