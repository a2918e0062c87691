"""Nothing, one row, missing numbers; mistakes in words; manners towards figures and notebooks."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from plotting import axes_of, outside, titles

import funnelsim as fs
from funnelsim import plots
from funnelsim.errors import FunnelsimError
from funnelsim.plots import frame, leads, plans, sources

EMPTY: dict[str, Callable[..., Any]] = {
    "funnel": lambda run, study: plots.funnel(run.funnel().iloc[:0]),
    "funnel, zeros": lambda run, study: plots.funnel(run.funnel().assign(count=0)),
    "mix": lambda run, study: plots.journey_mix(run.touches().iloc[:0]),
    "pipeline": lambda run, study: plots.pipeline(run.series().iloc[:0]),
    "series": lambda run, study: plots.series(run.series().iloc[:0], "wins"),
    "utilisation": lambda run, study: plots.utilisation_waiting(study.summary().iloc[:0]),
    "comparison": lambda run, study: plots.comparison(study.differences().iloc[:0]),
    "ratio": lambda run, study: plots.staffing_ratio(plans.ratio_table(study).iloc[:0]),
    "waterfall": lambda run, study: plots.profit_waterfall(run.profit_and_loss().iloc[:0]),
    "overload": lambda run, study: plots.overload(leads.overload_table(study, "reps", ["wins"]).iloc[:0]),
    "waits": lambda run, study: plots.waiting_histogram(run.cases().iloc[:0]),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_to_show_is_said_in_the_picture(run: fs.Run, study: fs.Comparison, name: str) -> None:
    drawn = EMPTY[name](run, study)
    assert "nothing to show" in titles(drawn)
    axes = axes_of(drawn)
    assert axes[0].texts[0].get_text().strip()
    assert outside(axes[0].figure) == []


ONE: dict[str, Callable[..., Any]] = {
    "funnel": lambda run, study: plots.funnel(run.funnel().iloc[:1]),
    "mix": lambda run, study: plots.journey_mix(run.touches().iloc[:1]),
    "pipeline": lambda run, study: plots.pipeline(run.series().iloc[:1]),
    "series": lambda run, study: plots.series(run.series().iloc[:1], "goodwill"),
    "comparison": lambda run, study: plots.comparison(study.differences("profit").iloc[:1], "profit"),
    "ratio": lambda run, study: plots.staffing_ratio(plans.ratio_table(study).iloc[:1]),
    "overload": lambda run, study: plots.overload(
        leads.overload_table(study, "reps", ["wins"]).iloc[:1], "reps", "wins"
    ),
    "waits": lambda run, study: plots.waiting_histogram(run.cases().dropna(subset=["response_hours"]).iloc[:1]),
}


@pytest.mark.parametrize("name", ONE)
def test_one_row(run: fs.Run, study: fs.Comparison, name: str) -> None:
    drawn = ONE[name](run, study)
    assert titles(drawn)
    assert outside(axes_of(drawn)[0].figure) == []


def test_missing_numbers(run: fs.Run, study: fs.Comparison) -> None:
    funnel = run.funnel()
    funnel["share_of_previous"] = np.nan
    differences = study.differences("profit")
    differences.loc[:, ["low", "high"]] = np.nan
    summary = study.summary()
    summary.loc[:, ["low", "high"]] = np.nan
    summary.loc[summary.index.get_level_values("kpi") == "response_hours_mql", "mean"] = np.nan
    series = run.series().astype({"pipeline": float})
    series.loc[3:5, "pipeline"] = np.nan
    for drawn in (
        plots.funnel(funnel),
        plots.comparison(differences, "profit"),
        plots.utilisation_waiting(summary),
        plots.pipeline(series),
    ):
        assert "nothing to show" not in titles(drawn)
        assert outside(axes_of(drawn)[0].figure) == []


def test_nobody_sells(base: fs.Scenario) -> None:
    none = base.with_changes({"plan.sales.reps": 0, "horizon_quarters": 1})
    run = fs.simulate(none)
    for name in ("funnel", "journey_mix", "one_journey", "pipeline", "profit_waterfall", "utilisation_waiting"):
        drawn = getattr(plots, name)(run)
        assert titles(drawn)
        assert outside(axes_of(drawn)[0].figure) == []
    assert titles(plots.waiting_histogram(run))


# -- manners --------------------------------------------------------------------------------------------------------


def test_errors_in_words(run: fs.Run, base: fs.Scenario) -> None:
    with pytest.raises(FunnelsimError, match="has no column 'step'"):
        plots.funnel(run.touches())
    with pytest.raises(TypeError, match="expected a Run, a table or replications; got int"):
        plots.funnel(3)
    bare = fs.replicate(base.with_changes({"horizon_quarters": 1}), replications=1, workers=1, progress=False)
    with pytest.raises(FunnelsimError, match="needs the table 'funnel', which was not kept"):
        plots.funnel(bare)
    with pytest.raises(ValueError, match="has 2 panels"):
        plots.pipeline(run, ax=[Figure().subplots()])
    with pytest.raises(FunnelsimError, match="savefig"):
        plots.show(plots.funnel(run))


def test_panels_of_ones_own(run: fs.Run) -> None:
    figure = Figure(figsize=(9, 7))
    grid = figure.subplots(2, 2)
    assert plots.pipeline(run, ax=grid[:, 0]) == tuple(grid[:, 0])
    assert plots.funnel(run, ax=grid[0, 1]) is grid[0, 1]
    plots.profit_waterfall(run, ax=grid[1, 1])
    assert outside(figure) == []


def test_the_same_axes_again(run: fs.Run) -> None:
    ax = plots.funnel(run)
    ax.clear()
    plots.profit_waterfall(run, ax=ax)
    engine = ax.figure.get_layout_engine()
    assert isinstance(engine, frame.Frame) and len(engine.words) == 1
    assert outside(ax.figure) == []


def test_colours_differ_in_grey() -> None:
    def grey(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    assert abs(grey(frame.MARKETING) - grey(frame.SALES)) > 0.25


def test_dollars_are_dollars(study: fs.Comparison) -> None:
    ax = plots.comparison(study)
    assert "$" in titles(ax) and "\\" not in titles(ax)


def test_ticks() -> None:
    assert [sources.short(value, "USD") for value in (0, 100, 2500, 1_200_000, -3e6)] == [
        "$0", "$100", "$2,500", "$1.2M", "−$3M",
    ]  # fmt: skip
    assert [sources.short(value, "share") for value in (0.4, 1.0)] == ["40%", "100%"]
    assert [sources.short(value, "needs") for value in (0.5, 20, 100, 20000)] == ["0.5", "20", "100", "20k"]


def test_pyplot_stays_out() -> None:
    code = """
        import sys
        import funnelsim.plots
        assert "matplotlib.pyplot" not in sys.modules and "IPython" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


@pytest.mark.slow
def test_a_notebook_shows_the_picture() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cells = [
        "import pandas as pd\nimport funnelsim as fs\n"
        "steps = pd.DataFrame({'step': ['in_market', 'won'], 'count': [9, 3]})",
        "_ = fs.plots.funnel(steps)",
        "fs.plots.show(fs.plots.funnel(steps))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    pictures = [[output for output in cell.outputs if "image/png" in output.get("data", {})] for cell in notebook.cells]
    assert [len(found) for found in pictures] == [0, 1, 1]


def test_tables_are_left_alone(run: fs.Run) -> None:
    before = run.funnel()
    table = before.copy()
    plots.funnel(table)
    pd.testing.assert_frame_equal(table, before)
