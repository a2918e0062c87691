"""Tables and sentences in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from funnelsim.experiments.intervals import mean_interval
from funnelsim.experiments.words import amount, counted, interval, plain
from funnelsim.report.tables import Cells, accounts, comparison_cells, duration, world_size

if TYPE_CHECKING:
    from funnelsim.experiments.compare import Comparison
    from funnelsim.experiments.replicate import Replications
    from funnelsim.experiments.store import Store
    from funnelsim.run import Run
    from funnelsim.scenario.schema import Scenario

STORED_LISTED = 30
"""Scenarios of a store that are listed."""
PIPE_WIDTH = 140
"""Width where nobody looks: a file or a pipe."""


def safe(text: object) -> Text:
    """Text of a user as it is: no markup, no control characters."""
    return Text(
        "".join(
            letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in str(text)
        )
    )


def console(error: bool = False) -> Console:
    """Return where to print."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=error)


def show_cells(out: Console, title: str, cells: Cells) -> None:
    """Print a table; numbers stand to the right."""
    table = Table(title=safe(title), title_justify="left", title_style="bold", header_style="bold")
    for place, head in enumerate(cells.heads):
        table.add_column(safe(head), justify="left" if place == 0 else "right")
    for row, strong in zip(cells.rows, cells.strong, strict=True):
        table.add_row(*(safe(cell) for cell in row), style="bold" if strong else None)
    out.print(table)


def show_rows(out: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a plain table of words."""
    table = Table(title=safe(title), title_justify="left", title_style="bold", header_style="bold")
    for head in heads:
        table.add_column(safe(head), overflow="fold")
    for row in rows:
        table.add_row(*(safe(cell) for cell in row))
    out.print(table)


def show_comparison(comparison: Comparison, kpi: str) -> None:
    """Print the answer of a comparison: tables and sentences, one of each per horizon."""
    out = console()
    if comparison.title:
        out.print(safe(comparison.title), style="bold")
    if comparison.question:
        out.print(safe(comparison.question))
    for quarters in comparison.horizons:
        here = comparison.at(quarters)
        show_cells(out, f"{plain(kpi)} over {counted(quarters, 'quarter')}", comparison_cells(here, kpi))
        answer, *more = here.conclusion(kpi).split("\n")
        out.print(safe(answer), style="bold")
        for sentence in more:
            out.print(safe(sentence))
    runs = comparison.n * len(comparison.labels)
    out.print(
        f"{comparison.replications_in_words}, seed {comparison.seed}, {world_size(comparison)} accounts, "
        f"{duration(comparison.seconds)}{from_store(comparison.stored, runs)}. "
        "Bold: tied for best (95 %, paired, all plans together). ±: 95 % interval of a plan's own mean."
    )
    if comparison.precision:
        out.print(safe(comparison.precision.report()))
    if comparison.n < 2:
        out.print("One replication has no interval: take --replications 10 or more to tell plans apart.")


def show_run(run: Run) -> None:
    """Print what came out of one run."""
    from funnelsim.experiments.keeping import kpi_units

    out = console()
    _head(out, run.scenario)
    units, found = kpi_units(), run.kpis()
    rows = [[plain(str(name)), amount(float(value), units[str(name)])] for name, value in found.items()]
    show_cells(out, "Key figures", Cells(["key figure", "value"], rows, [False] * len(rows)))
    show_cells(out, "Funnel", funnel_cells(run.funnel()))
    source = run.provenance
    out.print(
        f"seed {source.seed}, replication {source.replication}, engine {source.engine}, {source.rows:,} log rows, "
        f"{duration(source.seconds)}. One run is one possible course of events: --replications 20 gives intervals."
    )


def show_replications(found: Replications) -> None:
    """Print means and intervals."""
    out = console()
    _head(out, found.scenario)
    for quarters in found.horizons:
        here = found.at(quarters)
        rows = []
        for name, unit in here.units.items():
            one = mean_interval(here.values(name, here.labels[0]))
            rows.append([plain(name), amount(one.mean, unit), interval(one.low, one.high, unit), str(one.n)])
        cells = Cells(["key figure", "mean", "95 % interval of the mean", "n"], rows, [False] * len(rows))
        show_cells(out, f"Key figures over {counted(quarters, 'quarter')}", cells)
    out.print(
        f"{found.replications_in_words}, seed {found.seed}, {accounts(found.scenario):,} accounts, "
        f"{duration(found.seconds)}{from_store(found.stored, found.n)}. n: replications that have a number."
    )
    if found.precision:
        out.print(safe(found.precision.report()))


def show_store(store: Store) -> None:
    """Print what a results store holds, by scenario."""
    from datetime import datetime

    out = console()
    stock = store.stock()
    total = sum(one.size for one in stock)
    rows = [
        [
            one.title,
            f"{one.accounts:,}",
            str(one.quarters),
            f"{one.entries:,}",
            f"{one.size / 1e6:,.1f}",
            datetime.fromtimestamp(one.used).strftime("%Y-%m-%d %H:%M"),
            "" if one.current else "another version's",
        ]
        for one in stock[:STORED_LISTED]
    ]
    if rows:
        heads = ["scenario", "accounts", "quarters", "replications", "MB", "last used", ""]
        show_rows(out, "Finished replications", heads, rows)
    if len(stock) > STORED_LISTED:
        out.print(f"... and {len(stock) - STORED_LISTED:,} scenarios more, not used for longer.")
    out.print(
        safe(
            f"{store.folder}: {counted(len(stock), 'scenario')}, "
            f"{sum(one.entries for one in stock):,} replications, {total / 1e6:,.1f} MB of at most "
            f"{store.limit / 1e6:,.0f} MB. funnelsim cache --clear removes them."
        )
    )


def from_store(stored: int, runs: int) -> str:
    """Say how many of the runs were not made but read: ``; 40 of 60 runs read from the store``."""
    if not stored:
        return ""
    return f"; {'all' if stored == runs else f'{stored:,} of'} {runs:,} runs read from the store"


def funnel_cells(table: Any) -> Cells:
    """Return the funnel in words."""
    rows = []
    for _, row in table.iterrows():
        conversion = amount(float(row["conversion"]), "share")
        days = amount(float(row["mean_days"]), "day")
        rows.append([plain(str(row["step"])), f"{float(row['count']):,.0f}", conversion, days])
    heads = ["step", "needs that reached it", "of these, to the next step", "mean time from the step before"]
    return Cells(heads, rows, [False] * len(rows))


def _head(out: Console, scenario: Scenario) -> None:
    if scenario.title:
        out.print(safe(scenario.title), style="bold")
    out.print(f"{counted(scenario.horizon_quarters, 'quarter')} from {scenario.start}, {accounts(scenario):,} accounts")
