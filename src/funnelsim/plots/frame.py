"""Where pictures are drawn and what stands around them: figures, panels, titles, footnotes, colours.

Titles and footnotes are broken into lines each time the figure is laid out, so that they fit at any width.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Annotation, Text
from matplotlib.ticker import MaxNLocator

MARKETING, SALES, BUYER = "#0072B2", "#E69F00", "#5F6B6D"
"""Constant colours: dark, light and middle in grey (Okabe-Ito, safe for the colour-blind)."""
SALES_INK = "#8A5A00"
"""Sales as text and thin lines on white."""
INK, FAINT, GRID, BAND = "#222222", "#666666", "#E3E6E8", "#EEF1F3"
GOOD, BAD, UNCLEAR = "#00735C", "#B3410E", "#8A8F94"
LINES: tuple[tuple[str, Any, str], ...] = (
    ("#0072B2", "-", "o"), ("#B3410E", "--", "s"), ("#00735C", "-.", "^"), ("#222222", ":", "D"),
    ("#8E4585", (0, (5, 1)), "v"), ("#8A5A00", (0, (3, 1, 1, 1)), "P"), ("#3C7EA6", (0, (1, 1)), "X"),
)  # fmt: skip
"""Colour, dash and marker of lines that are not teams."""
TEAM = {"marketing": MARKETING, "sales": SALES}
TEAM_INK = {"marketing": MARKETING, "sales": SALES_INK}
WIDTH = 7.0
"""Width of a figure, inches."""
HEADS = 25.0
"""Room between title and panel where columns of text have heads, points."""
TICK = 50.0
"""Room that a label such as ``+$1.25M`` takes below an axis, points."""

AxesLike = Axes | Sequence[Axes] | np.ndarray


@dataclass
class Words:
    """Title and footnote of one picture, and the panels above and below which they stand."""

    axes: tuple[Axes, ...]
    title: Text
    note: Annotation | None


class Frame(ConstrainedLayoutEngine):
    """Constrained layout that also breaks titles and footnotes into lines."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words: list[Words] = []

    def execute(self, fig: Figure) -> Any:
        """Lay the figure out."""
        self.words = [one for one in self.words if all(ax.figure is not None for ax in one.axes)]
        for one in self.words:
            _hide(one, True)  # until they are broken into lines they would squeeze the panels
        result = super().execute(fig)
        if self.words:
            for one in self.words:
                fit(one)
            found = [(text, text.get_text()) for one in self.words for text in (one.title, one.note) if text]
            for text, lines in found:
                text.set_text("\n".join("I" for _ in lines.split("\n")))  # their height counts, their width does not
            result = super().execute(fig)
            for text, lines in found:
                text.set_text(lines)
            for one in self.words:
                fit(one)
        return result


def fit(words: Words) -> None:
    """Break title and footnote into lines as wide as their panels, labels included, and put them to their left edge."""
    _hide(words, True)
    boxes = [box for ax in words.axes if ax.get_visible() and (box := ax.get_tightbbox(for_layout_only=True))]
    _hide(words, False)
    if not boxes:
        return
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    first = words.axes[0].bbox
    if first.width > 0:
        words.title.set_x((left - first.x0) / first.width)
    wrap(words.title, right - left)
    if words.note is not None:
        home = cast(Axes, words.note.axes).bbox
        place = ((left - home.x0) / home.width if home.width > 0 else 0.0, 0.0)
        words.note.xy = place
        wrap(words.note, right - left)


def _hide(words: Words, hidden: bool) -> None:
    for text in (words.title, words.note):
        if text is not None:
            text.set_visible(not hidden)


def wrap(text: Text, width: float) -> None:
    """Break a text into lines of at most `width` pixels."""
    lines: list[str] = []
    for word in text.get_text().split():
        longer = f"{lines[-1]} {word}" if lines else word
        text.set_text(longer)
        if lines and text.get_window_extent().width <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    text.set_text("\n".join(lines))


def in_ipython() -> bool:
    """Return whether IPython (a notebook, for example) runs this."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure.

    Notes
    -----
    Under IPython pyplot makes it, so that a notebook shows it by itself; elsewhere nobody but the caller knows it, and
    it disappears with its last axes.
    """
    if in_ipython():
        from matplotlib import pyplot

        return pyplot.figure(figsize=(width, height))
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


_width: ContextVar[float] = ContextVar("width", default=WIDTH)


@contextmanager
def narrow(width: float) -> Iterator[None]:
    """Make figures of another width, inches, within the block: pictures then leave out what has no room."""
    token = _width.set(width)
    try:
        yield
    finally:
        _width.reset(token)


def is_narrow(ax: Axes) -> bool:
    """Whether labels and columns beside a panel have to be short."""
    return bool(ax.figure.figure.get_size_inches()[0] < 6.0)


def panels(
    ax: AxesLike | None,
    height: float,
    rows: int = 1,
    columns: int = 1,
    ratios: Sequence[float] | None = None,
) -> list[Axes]:
    """Return the axes to draw in: those given, or one that is given divided, or those of a new figure.

    Panels above one another share x; panels beside one another share y.
    """
    number = rows * columns
    if ax is not None and not isinstance(ax, Axes):
        given = [one for one in np.ravel(np.asarray(ax, dtype=object)) if isinstance(one, Axes)]
        if len(given) != number:
            raise ValueError(f"this picture has {number} panels; ax= holds {len(given)} axes")
        return [_tidy(one) for one in given]
    first = new_figure(_width.get(), height).add_subplot() if ax is None else ax
    spec, figure = first.get_subplotspec(), first.figure
    share: dict[str, Any] = {"sharex": first} if columns == 1 else {"sharey": first}
    axes = [first]
    if number > 1 and spec is not None:
        ways: dict[str, Any] = {"height_ratios": ratios} if columns == 1 else {"width_ratios": ratios}
        grid = spec.subgridspec(rows, columns, **ways)
        first.set_subplotspec(grid[0])
        axes += [figure.add_subplot(grid[i], **share) for i in range(1, number)]
    elif number > 1:
        box, gap = first.get_position(), 0.25
        wide, high = box.width / (columns + gap * (columns - 1)), box.height / (rows + gap * (rows - 1))
        places = [
            (box.x0 + i * wide * (1 + gap), box.y1 - high - j * high * (1 + gap), wide, high)
            for j in range(rows)
            for i in range(columns)
        ]
        first.set_position(places[0])
        axes += [figure.add_axes(place, **share) for place in places[1:]]
    return [_tidy(one) for one in axes]


def _tidy(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#9AA0A6")
    ax.tick_params(colors=INK, labelsize=9, color="#9AA0A6", length=3)
    ax.set_axisbelow(True)
    return ax


def write(axes: Sequence[Axes], title: str, note: str = "", below: int = -1, pad: float = 9.0) -> None:
    """Write the finding above the panels (`pad` points of room for what stands there) and the footnote below one."""
    first, last = axes[0], axes[below]
    heading = first.set_title(
        title, x=0.0, ha="left", fontsize=11, fontweight="bold", color=INK, pad=pad, parse_math=False
    )
    footnote = None
    if note:
        footnote = last.annotate(
            note, xy=(0.0, 0.0), xycoords=("axes fraction", last.xaxis.label), xytext=(0.0, -5.0),
            textcoords="offset points", ha="left", va="top", fontsize=8, color=FAINT, annotation_clip=False,
            parse_math=False,
        )  # fmt: skip
    words = Words(tuple(axes), heading, footnote)
    frame = _frame_of(first.figure.figure)
    if frame is None:
        fit(words)
        return
    frame.words = [one for one in frame.words if one.axes[0] is not first]
    frame.words.append(words)


def _frame_of(figure: Figure) -> Frame | None:
    """Return the layout engine of a figure, replaced if it had none or plain constrained layout; None: keep it."""
    engine = figure.get_layout_engine()
    if isinstance(engine, Frame):
        return engine
    if (engine is None or type(engine) is ConstrainedLayoutEngine) and all(
        ax.get_subplotspec() is not None for ax in figure.axes
    ):
        frame = Frame(w_pad=0.08, h_pad=0.08, wspace=0.03, hspace=0.03)
        figure.set_layout_engine(frame)
        return frame
    return None


def nothing(axes: Sequence[Axes], what: str, why: str) -> None:
    """Say in the picture that there is nothing to draw, and why."""
    for ax in axes[1:]:
        ax.set_visible(False)
    first = axes[0]
    first.set_axis_off()
    first.text(
        0.5,
        0.5,
        textwrap.fill(why, 44),
        transform=first.transAxes,
        ha="center",
        va="center",
        color=FAINT,
        parse_math=False,
    )
    write([first], f"{what}: nothing to show")


def columns_of_text(
    ax: Axes, heads: Sequence[str], cells: Sequence[Sequence[str]], at: Sequence[float], colours: Sequence[str] = ()
) -> None:
    """Write columns of numbers to the right of the panel, one row per tick 0, 1, 2, …

    `at` says how far right of the panel each column ends, in points; `colours` are those of the rows.
    """
    for head, column, place in zip(heads, cells, at, strict=True):
        for y, text in ((None, head), *enumerate(column)):
            ink = FAINT if y is None else colours[y] if colours else INK
            ax.annotate(
                text, xy=(1.0, 1.0 if y is None else float(y)),
                xycoords="axes fraction" if y is None else ax.get_yaxis_transform(),
                xytext=(place, 0.0), textcoords="offset points", ha="right",
                va="bottom" if y is None else "center", fontsize=8 if y is None else 9,
                color=ink, annotation_clip=False, parse_math=False,
            )  # fmt: skip


def head(ax: Axes, text: str) -> None:
    """Say above a panel what it shows, where the title is about several."""
    ax.annotate(
        text, xy=(0.0, 1.0), xycoords="axes fraction", xytext=(0.0, 4.0), textcoords="offset points", ha="left",
        va="bottom", fontsize=9, color=INK, annotation_clip=False, parse_math=False,
    )  # fmt: skip


def end_labels(ax: Axes, labels: Sequence[tuple[float, str, Any]], lines: int = 1) -> None:
    """Name lines at the right edge of the panel, apart enough to be read; call it when the y limits are final."""
    low, high = ax.get_ylim()
    pixels = 15.0 * lines * ax.figure.dpi / 72.0
    gap = min(pixels / ax.bbox.height if ax.bbox.height > 0 else 0.1, 1.0 / max(len(labels), 1))
    known = [(y, text, colour) for y, text, colour in labels if np.isfinite(y)]
    order = sorted(known, key=lambda one: one[0])
    places: list[float] = []
    for y, _, _ in order:
        wanted = (y - low) / (high - low) if high > low else 0.5
        places.append(max(wanted, places[-1] + gap) if places else max(wanted, 0.0))
    over = places[-1] - 1.0 if places else 0.0
    if over > 0.0:
        top = 1.0
        for i in range(len(places) - 1, -1, -1):
            places[i] = min(places[i], top)
            top = places[i] - gap
    for place, (_, text, colour) in zip(places, order, strict=True):
        ax.annotate(
            textwrap.fill(text, 18), xy=(1.0, place), xycoords="axes fraction", xytext=(6.0, 0.0),
            textcoords="offset points", ha="left", va="center", fontsize=9, color=colour, annotation_clip=False,
            parse_math=False,
        )  # fmt: skip


class RoomyTicks(MaxNLocator):
    """As many round ticks as their labels have room for, however narrow the panel."""

    def __call__(self) -> Any:
        """Return the places of the ticks."""
        axes = cast(Any, self.axis).axes
        width = axes.bbox.width / axes.figure.dpi * 72.0
        self.set_params(nbins=int(min(max(width / TICK, 2.0), 5.0)))
        return super().__call__()


def shortened(label: str, width: int = 20) -> str:
    """Return a label in at most two lines."""
    return "\n".join(textwrap.wrap(label, width, max_lines=2, placeholder=" …", break_long_words=True))


def legend(ax: Axes, **where: Any) -> None:
    """Add a legend that does not shout."""
    ax.legend(
        frameon=True,
        facecolor="white",
        edgecolor="none",
        framealpha=0.85,
        fontsize=9,
        handlelength=1.6,
        labelcolor=INK,
        **where,
    )


def show(ax: AxesLike) -> None:
    """Show a picture now, in a notebook; works for any axes, also of figures that pyplot does not know.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or sequence of them
        What a function of `funnelsim.plots` returned.

    Notes
    -----
    A notebook shows new pictures at the end of the cell by itself; this is for widgets, loops, and axes of your own
    `matplotlib.figure.Figure`. Outside a notebook save the picture: ``ax.figure.savefig("picture.png")``.
    """
    from io import BytesIO

    from funnelsim.errors import FunnelsimError

    if not in_ipython():
        raise FunnelsimError('nothing here can show a picture; save it instead: ax.figure.savefig("picture.png")')
    from IPython.display import Image, display
    from matplotlib import pyplot

    first = ax if isinstance(ax, Axes) else np.ravel(np.asarray(ax, dtype=object))[0]
    figure = cast(Figure, first.figure.figure)
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    pyplot.close(figure)
    show_now: Callable[..., Any] = display
    show_now(Image(data=stream.getvalue()))
