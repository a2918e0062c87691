"""The command ``cache``: what the results store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funnelsim.commands.shared import guarded


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(cache)


@guarded
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove every entry.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--store", metavar="FOLDER", help="Another store than the user's.")
    ] = None,
) -> None:
    """Show, or clear, the store of finished replications: nothing in it is computed twice."""
    from funnelsim.experiments.store import FOLDER_VARIABLE, as_store
    from funnelsim.report.terminal import console, safe, show_store

    store = as_store(folder)
    if store is None:
        console().print(f"There is no store: {FOLDER_VARIABLE} is off, or the user's cache cannot be written.")
    elif clear:
        count = store.clear()
        console().print(safe(f"{store.folder}: {count:,} {'replication' if count == 1 else 'replications'} removed."))
    else:
        show_store(store)
