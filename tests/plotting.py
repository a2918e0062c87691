"""What tests of pictures share: which axes were drawn, what their titles say, which words reach out of the figure."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text


def axes_of(drawn: Any) -> list[Axes]:
    axes = [drawn] if isinstance(drawn, Axes) else list(drawn)
    assert axes and all(isinstance(ax, Axes) for ax in axes)
    return axes


def titles(drawn: Any) -> str:
    return " ".join(" ".join(ax.get_title() for ax in axes_of(drawn)).split())


def outside(figure: Figure) -> list[str]:
    """Words that reach out of the figure."""
    figure.draw_without_rendering()
    seen = []
    for ax in figure.axes:
        hidden = set()
        for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                inside = min(low, high) <= tick.get_loc() <= max(low, high)
                if not (inside and ax.axison):
                    hidden |= {tick.label1, tick.label2}
        words = [
            text for text in ax.findobj(Text) if text not in hidden and (ax.axison or text not in ax.get_children())
        ]
        seen += [text for text in words if text.get_visible() and text.get_text().strip() and ax.get_visible()]
    box = figure.bbox
    return [
        text.get_text()
        for text in seen
        if (extent := text.get_window_extent()).x0 < -1
        or extent.y0 < -1
        or extent.x1 > box.x1 + 1
        or extent.y1 > box.y1 + 1
    ]
