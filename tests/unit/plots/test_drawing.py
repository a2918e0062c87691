"""Pictures: each function on real data; words inside the figure at any width; ``ax=`` is used."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from matplotlib.figure import Figure
from plotting import axes_of, outside, titles

import funnelsim as fs
from funnelsim import plots

DRAWN: dict[str, Callable[..., Any]] = {
    "funnel": lambda run, several, study: partial(plots.funnel, run),
    "funnel, several": lambda run, several, study: partial(plots.funnel, several),
    "funnel, by source": lambda run, several, study: partial(plots.funnel, run.funnel(by="source")),
    "mix": lambda run, several, study: partial(plots.journey_mix, run),
    "mix, several": lambda run, several, study: partial(plots.journey_mix, several),
    "funnel, plan": lambda run, several, study: partial(plots.funnel, study, plan="more marketing"),
    "waterfall, plan": lambda run, several, study: partial(plots.profit_waterfall, study, plan="more marketing"),
    "mix, won": lambda run, several, study: partial(plots.journey_mix, run.journeys(), won=True),
    "one journey": lambda run, several, study: partial(plots.one_journey, run),
    "pipeline": lambda run, several, study: partial(plots.pipeline, run),
    "pipeline, several": lambda run, several, study: partial(plots.pipeline, several),
    "pipeline, plans": lambda run, several, study: partial(plots.pipeline, study.series),
    "series": lambda run, several, study: partial(plots.series, run.series("Q"), "wins"),
    "series, plans": lambda run, several, study: partial(plots.series, study, "goodwill"),
    "utilisation": lambda run, several, study: partial(plots.utilisation_waiting, run),
    "utilisation, plans": lambda run, several, study: partial(plots.utilisation_waiting, study),
    "utilisation, summary": lambda run, several, study: partial(plots.utilisation_waiting, study.summary()),
    "comparison": lambda run, several, study: partial(plots.comparison, study),
    "comparison, less": lambda run, several, study: partial(plots.comparison, study, "unworked_mql_share"),
    "comparison, table": lambda run, several, study: partial(plots.comparison, study.differences()),
    "ratio": lambda run, several, study: partial(plots.staffing_ratio, study, horizons=(4, 5)),
    "ratio, level": lambda run, several, study: partial(plots.staffing_ratio, study, show="level"),
    "waterfall": lambda run, several, study: partial(plots.profit_waterfall, run),
    "waterfall, several": lambda run, several, study: partial(plots.profit_waterfall, several),
    "overload": lambda run, several, study: partial(plots.overload, study),
    "overload, level": lambda run, several, study: partial(plots.overload, study, show="level"),
    "overload, leads": lambda run, several, study: partial(plots.overload, study, "mqls", "wins"),
    "waits": lambda run, several, study: partial(plots.waiting_histogram, run),
    "waits, several": lambda run, several, study: partial(plots.waiting_histogram, several, working=True),
}


@pytest.fixture(params=list(DRAWN))
def draw(request: pytest.FixtureRequest, run: fs.Run, several: fs.Replications, study: fs.Comparison) -> Any:
    return DRAWN[request.param](run, several, study)


def test_draws_axes_with_a_finding_and_units(draw: Any) -> None:
    drawn = draw()
    axes = axes_of(drawn)
    assert re.search(r"\d", titles(drawn)), "a finding has a number"
    assert "nothing to show" not in titles(drawn)
    for ax in axes:
        if ax.get_xlabel():
            assert re.search(
                r"needs|%|USD|date|days|hours|per marketer|full posts|cases|percentage points", ax.get_xlabel()
            ), ax.get_xlabel()
    assert any(ax.get_xlabel() for ax in axes)
    words = " ".join(text.get_text() for ax in axes for text in ax.texts)
    assert re.search(r"replication|No interval|One table", words), "the footnote says what the intervals are"


def test_nothing_is_clipped(draw: Any) -> None:
    drawn = draw()
    figure = axes_of(drawn)[0].figure
    assert outside(figure) == []
    figure.set_size_inches(5, figure.get_size_inches()[1])
    assert outside(figure) == []


def test_nothing_is_clipped_in_given_axes(draw: Any) -> None:
    figure = Figure(figsize=(5, 4))
    given = figure.subplots()
    drawn = draw(ax=given)
    assert axes_of(drawn)[0] is given
    assert outside(figure) == []


def test_axes_of_somebody_elses_layout(draw: Any) -> None:
    figure = Figure(figsize=(7, 5))
    given = figure.add_axes((0.2, 0.2, 0.6, 0.5))
    axes = axes_of(draw(ax=given))
    assert axes[0] is given and figure.get_layout_engine() is None
    assert all(ax.figure is figure for ax in axes)
    figure.draw_without_rendering()
