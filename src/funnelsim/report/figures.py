"""Pictures of the page: drawn here as SVG where text must stay readable on a phone, else by `funnelsim.plots`."""

from __future__ import annotations

import base64
import io
import math
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from funnelsim.experiments.words import amount, capital, counted, gap_unit, plain, trimmed
from funnelsim.plots.frame import narrow
from funnelsim.run import Run

if TYPE_CHECKING:
    from funnelsim.experiments.compare import Comparison
    from funnelsim.experiments.replicate import Replications
    from funnelsim.experiments.results import Results

WIDTH, ROW, TOP, BOTTOM = 420, 30, 30, 46
LEFT, RIGHT = 118, 74
LETTERS = 14
"""Letters of a label that fit."""
INCHES, TALLER = 4.7, 1.12
"""Width of pictures by `funnelsim.plots`: on a phone their text must not shrink; what that takes in height."""


PICTURED = (
    ("funnel", "funnel", "Needs that reached each step."),
    ("profit_waterfall", "profit_and_loss", "From revenue to profit with value."),
)
"""Pictures of one plan: name in `funnelsim.plots`, the table that they need, caption."""


class Figure(NamedTuple):
    """A picture and what stands below it."""

    picture: Markup
    caption: str


def comparison_figures(result: Comparison, kpi: str) -> list[Figure]:
    """Return the pictures of a comparison."""
    figures = []
    if len(result.labels) > 1 and result.n > 1:
        for quarters in reversed(result.horizons):
            here = result.at(quarters)
            if math.isfinite(float(here.ranking(kpi)["mean"].iloc[0])):
                figures.append(differences_figure(here, kpi))
    if _is_ratio_study(result):
        figures += from_plots(
            "staffing_ratio", result, "Reps per marketer at equal payroll.", kpi=kpi, horizons=result.horizons
        )
    figures += from_plots("utilisation_waiting", result, "How busy the teams are, and how long buyers wait.")
    base, best = result.default_label, str(result.ranking(kpi).index[0])
    shown = {base: f"the baseline, “{base}”"} | ({best: f"“{best}”, best on {plain(kpi)}"} if best != base else {})
    for name, table, caption in PICTURED:
        if _has(result, table):
            for plan, who in shown.items():
                figures += from_plots(name, result, f"{caption} Plan: {who}.", plan=plan)
    return figures


def run_figures(result: Replications | Run) -> list[Figure]:
    """Return the pictures of a run or of replications."""
    figures = []
    for name, table, caption in PICTURED:
        if isinstance(result, Run) or _has(result, table):
            figures += from_plots(name, result, caption)
    return figures


def _has(result: Results, table: str) -> bool:
    """Whether a table of every replication is there, so that the picture can have intervals."""
    return table in result.keep.names or "runs" in result.keep.names


def _is_ratio_study(result: Comparison) -> bool:
    """Whether plans of equal cost differ in reps per marketer."""
    plans = result.plans
    cost = plans["payroll_and_programmes"]
    ratios = (plans["reps"] / plans["marketers"].where(plans["marketers"] > 0)).round(2).nunique()
    return bool(ratios >= 3 and result.n > 1 and cost.max() <= cost.min() * 1.01)


# -------------------------------------------------------------------------------------------------- funnelsim.plots


def from_plots(name: str, source: Any, caption: str, **options: Any) -> list[Figure]:
    """Return a picture of `funnelsim.plots`, none if it has none of that name or cannot draw it."""
    try:
        draw = getattr(import_module("funnelsim.plots"), name, None)
    except ImportError:
        return []
    if draw is None:
        return []
    try:
        with narrow(INCHES):
            return [Figure(_drawn(draw(source, **options)), caption)]
    except Exception as error:  # a page without a picture is better than no page
        warnings.warn(f"no picture {name!r}: {type(error).__name__}: {error}", stacklevel=2)
        return []


def _drawn(axes: Any) -> Markup:
    first = axes[0] if isinstance(axes, tuple) else axes
    figure = first.figure
    figure.set_size_inches(INCHES, TALLER * figure.get_size_inches()[1])
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=200)
    if "matplotlib.pyplot" in sys.modules:  # under IPython a figure left open would show itself
        sys.modules["matplotlib.pyplot"].close(figure)
    picture = base64.b64encode(stream.getvalue()).decode("ascii")
    words = " ".join(first.get_title(loc="left").split() or first.get_title().split()) or "figure"
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(words, picture)


# ----------------------------------------------------------------------------------------------------------------- SVG


def differences_figure(result: Comparison, kpi: str) -> Figure:
    """Draw how far each plan is from the best, with intervals that hold together."""
    table = result.ranking(kpi)
    unit, best = result.units[kpi], str(table.index[0])
    ends = table[["difference_low", "difference_high", "difference"]].to_numpy(dtype=float)
    low = min(0.0, float(min(value for value in ends.ravel() if math.isfinite(value))))
    high = max(0.0, float(max(value for value in ends.ravel() if math.isfinite(value))))
    ticks = nice_ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    span = (high - low) or 1.0
    height = TOP + ROW * len(table) + BOTTOM

    def x(value: float) -> float:
        return LEFT + (value - low) / span * (WIDTH - LEFT - RIGHT)

    bottom = TOP + ROW * len(table)
    parts = [Markup('<text x="{}" y="16" class="t" text-anchor="end">mean</text>').format(WIDTH)]
    for tick in ticks:
        line = "z" if tick == 0.0 else "g"
        parts.append(Markup('<path class="{}" d="M{:.1f} {}V{}"/>').format(line, x(tick), TOP - 4, bottom))
        label = trimmed(amount(tick, gap_unit(unit), sign=True))
        parts.append(
            Markup('<text x="{:.1f}" y="{}" class="t" text-anchor="middle">{}</text>').format(
                x(tick), bottom + 16, label
            )
        )
    axis = f"{plain(kpi)}, difference to “{_short(best)}”"
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        Markup('<text x="{}" y="{}" class="t" text-anchor="middle">{}</text>').format(middle, bottom + 36, axis)
    )
    for place, label in enumerate(one for one in result.labels if one in table.index):
        parts.append(_row(table.loc[label], str(label), TOP + ROW * place + ROW / 2, x, unit))
    style = (
        "text{font:13px system-ui,sans-serif;fill:#1b2430}.t{fill:#5b6676;font-size:12px}"
        ".g{stroke:#e4e8ed}.z{stroke:#5b6676}"
        ".b{font-weight:650}.on{stroke:#0b6e4f;fill:#0b6e4f}.off{stroke:#8a94a3;fill:#8a94a3}.i{stroke-width:2.5}"
    )
    caption = (
        f"{capital(plain(kpi))} over {counted(result.horizon_quarters, 'quarter')}: difference to the best plan, "
        "paired, with intervals that hold together at 95 %. Green: tied for best. Right: each plan's own mean."
    )
    picture = Markup(
        '<svg viewBox="0 0 {} {}" style="width:100%" role="img" aria-label="{}"><style>{}</style>{}</svg>'
    ).format(WIDTH, height, caption, Markup(style), Markup("").join(parts))
    return Figure(picture, caption)


def _row(row: Any, label: str, y: float, x: Callable[[float], float], unit: str) -> Markup:
    strong = "b" if row["tied"] else ""
    colour = "on" if row["tied"] else "off"
    text = Markup('<text x="{}" y="{:.1f}" class="{}" text-anchor="end">{}</text>').format(
        LEFT - 12, y + 4.5, strong, _short(label)
    )
    mean = Markup('<text x="{}" y="{:.1f}" class="{}" text-anchor="end">{}</text>').format(
        WIDTH, y + 4.5, strong, amount(float(row["mean"]), unit)
    )
    low, at, high = (float(row[name]) for name in ("difference_low", "difference", "difference_high"))
    if not math.isfinite(at):
        return text + mean
    line = Markup("")
    if math.isfinite(low) and math.isfinite(high):
        line = Markup('<path class="{} i" d="M{:.1f} {:.1f}H{:.1f}"/>').format(colour, x(low), y, x(high))
    dot = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4.5"/>').format(colour, x(at), y)
    return text + mean + line + dot


def _short(label: str) -> str:
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"


def nice_ticks(low: float, high: float, wanted: int = 3) -> list[float]:
    """Return round numbers, zero among them, that cover an interval."""
    span = high - low
    if not (math.isfinite(span) and span > 0.0):
        return [0.0]
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1.0, 2.0, 2.5, 5.0, 10.0) if size * power >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]
