"""How long buyers waited for sales."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from funnelsim.experiments.words import amount
from funnelsim.plots.frame import BUYER, GRID, INK, MARKETING, AxesLike, legend, nothing, panels, write
from funnelsim.plots.sources import Source, check_columns, interval_of, number_ticks, reach, tables_note, tables_of

KINDS = (("inbound", "buyers who asked", BUYER, "////"), ("mql", "marketing's leads", MARKETING, ""))
BINS = 24
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0, 48.0, 96.0, 168.0)
"""Widths of bins that people can read, hours."""


def waiting_histogram(
    source: Source, plan: str | None = None, working: bool = False, ax: AxesLike | None = None
) -> Axes:
    """Draw how long those who were answered had waited for a first attempt, and how many never were.

    Parameters
    ----------
    source : Run, DataFrame, sequence of them, Replications or Comparison
        Table ``cases``; from replications: ``keep="runs"``.
    plan : str, optional
        Which plan of a comparison; by default its baseline.
    working : bool
        Count working hours, not hours on the wall.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.
    """
    column = "response_working_hours" if working else "response_hours"
    tables = [kept(table, column) for table in tables_of(source, "cases", plan)]
    axes = panels(ax, 4.0)
    hours = {kind: _hours(tables, kind, column) for kind, *_ in KINDS}
    together = np.concatenate(list(hours.values()))
    if not len(together):
        nothing(axes, "Waiting", "Nobody was answered by sales in this table.")
        return axes[0]
    (panel,) = axes
    edges = _edges(together)
    bottom = np.zeros(len(edges) - 1)
    middles = (edges[1:] + edges[:-1]) / 2
    for kind, label, colour, hatch in KINDS:
        counts = [np.histogram(np.minimum(_hours([table], kind, column), middles[-1]), edges)[0] for table in tables]
        height = np.mean(counts, axis=0)
        never = _never(tables, kind)
        if not height.any() and not np.isfinite(never):
            continue
        words = f"{label}: {amount(never, 'share')} never answered" if np.isfinite(never) else label
        panel.bar(
            middles, height, width=np.diff(edges) * 0.94, bottom=bottom, color=colour, label=words, hatch=hatch,
            edgecolor="white", linewidth=0.0,
        )  # fmt: skip
        bottom = bottom + height
    if len(tables) > 1:
        both = [np.histogram(np.minimum(_all(table, column), middles[-1]), edges)[0] for table in tables]
        spread = [interval_of([float(count[i]) for count in both]) for i in range(len(middles))]
        error = np.array([reach(one) for one in spread]).T
        panel.errorbar(middles, bottom, yerr=error, fmt="none", ecolor=INK, elinewidth=0.9, capsize=0)
    median, late = float(np.median(together)), float(np.quantile(together, 0.9))
    for value, words in ((median, "half"), (late, "90 %")):
        if value <= edges[-1]:
            panel.axvline(value, color=INK, linewidth=1.1, linestyle=(0, (5, 3)))
            panel.annotate(
                words, xy=(value, 1.0), xycoords=panel.get_xaxis_transform(), xytext=(0, 2),
                textcoords="offset points", ha="center", va="bottom", fontsize=8, color=INK,
            )  # fmt: skip
    panel.set_xlim(edges[0], edges[-1])
    panel.set_ylim(bottom=0.0)
    panel.grid(axis="y", color=GRID, linewidth=0.8)
    number_ticks(panel.yaxis, "cases")
    cut = f" (last bar: {edges[-2]:g} and more)" if float(together.max()) > edges[-1] else ""
    panel.set_xlabel(f"wait for a first attempt, {'working ' if working else ''}hours{cut}", fontsize=9)
    panel.set_ylabel(f"cases in {edges[1] - edges[0]:g} hours", fontsize=9)
    legend(panel, loc="upper right")
    note = tables_note(source, len(tables), "Lines on bars")
    write(axes, _finding(tables, column, working), note + " Dashed: half and 90 % of those answered.", pad=18)
    return panel


def kept(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the cases that came from marketing or asked for sales, as source, hours and what became of them."""
    check_columns([table], "source", "outcome", column)
    found = pd.DataFrame(
        {
            "source": table["source"].astype(str),
            "outcome": table["outcome"].astype(str),
            column: table[column].astype(float),
        }
    )
    return found[found["source"].isin([kind for kind, *_ in KINDS])]


def _all(table: pd.DataFrame, column: str) -> np.ndarray:
    values = table[column].to_numpy(dtype=float)
    return values[np.isfinite(values)]


def _hours(tables: list[pd.DataFrame], kind: str, column: str) -> np.ndarray:
    values = [_all(table[table["source"] == kind], column) for table in tables]
    return np.concatenate(values) if values else np.zeros(0)


def _never(tables: list[pd.DataFrame], kind: str) -> float:
    """Return the share of cases that ended without an attempt, of those attempted or ended."""
    chosen = [table[table["source"] == kind] for table in tables]
    hours = [column for column in (chosen[0].columns if chosen else []) if str(column).startswith("response")]
    answered = sum(int(table[hours[0]].notna().sum()) for table in chosen) if hours else 0
    never = sum(int((table[hours[0]].isna() & (table["outcome"] != "open")).sum()) for table in chosen) if hours else 0
    return never / (never + answered) if never + answered else float("nan")


def _edges(hours: np.ndarray) -> np.ndarray:
    """Return edges of about `BINS` bins that reach to the 97 % quantile; the rest goes into the last."""
    top = max(float(np.quantile(hours, 0.97)), 1.0)
    width = next((width for width in WIDTHS if top / width <= BINS), WIDTHS[-1])
    return np.arange(0, int(np.ceil(top / width)) + 1) * width


def _finding(tables: list[pd.DataFrame], column: str, working: bool) -> str:
    word = "working hours" if working else "hours"
    asked = _hours(tables, "inbound", column)
    kind, who = ("inbound", "buyers who asked") if len(asked) else ("mql", "marketing's leads")
    hours = asked if len(asked) else _hours(tables, "mql", column)
    text = f"Half of the {who} are tried within {np.median(hours):.2g} {word}"
    if kind == "inbound" and len(leads := _hours(tables, "mql", column)):
        text += f", of marketing's leads within {np.median(leads):.2g}"
    never = _never(tables, kind)
    if np.isfinite(never) and never > 0:
        text += f"; {amount(never, 'share')} of the {who} never are"
    return text
