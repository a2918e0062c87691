"""Pictures: each function on real data, on nothing and on one row; words inside the figure; ``ax=`` is used."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import funnelsim as fs
from funnelsim import plots
from funnelsim.errors import FunnelsimError
from funnelsim.experiments.words import amount
from funnelsim.plots import buyer, frame, plans, sources, steps, teams, weeks

SMALL = {
    "world.segments.core.accounts": 1500,
    "world.segments.fringe.accounts": 1500,
    "world.customers.start": 8,
    "horizon_quarters": 2,
}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def run() -> fs.Run:
    return fs.simulate("small", seed=1)


@pytest.fixture(scope="module")
def base() -> fs.Scenario:
    return fs.load("small").with_changes(SMALL)


@pytest.fixture(scope="module")
def several(base: fs.Scenario) -> fs.Replications:
    keep = ("funnel", "series", "profit_and_loss", "runs")
    return fs.replicate(base, replications=3, workers=1, keep=keep, progress=False)


@pytest.fixture(scope="module")
def study(base: fs.Scenario) -> fs.Comparison:
    named = {
        "today": base,
        "more marketing": base.with_changes(
            {"plan.marketing.marketers": 0.5, "plan.marketing.programme_money": 150000}
        ),
        "two reps, who also do all of the first calls": base.with_changes({"plan.sales.reps": 2}),
    }
    return fs.compare(named, replications=3, horizon_quarters=5, workers=1, keep=("kpis", "series"), progress=False)


DRAWN: dict[str, Callable[..., Any]] = {
    "funnel": lambda run, several, study: partial(plots.funnel, run),
    "funnel, several": lambda run, several, study: partial(plots.funnel, several),
    "funnel, by source": lambda run, several, study: partial(plots.funnel, run.funnel(by="source")),
    "mix": lambda run, several, study: partial(plots.journey_mix, run),
    "mix, several": lambda run, several, study: partial(plots.journey_mix, several),
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
    "overload, leads": lambda run, several, study: partial(plots.overload, study, "mqls", "wins"),
    "waits": lambda run, several, study: partial(plots.waiting_histogram, run),
    "waits, several": lambda run, several, study: partial(plots.waiting_histogram, several, working=True),
}


@pytest.fixture(params=list(DRAWN))
def draw(request: pytest.FixtureRequest, run: fs.Run, several: fs.Replications, study: fs.Comparison) -> Any:
    return DRAWN[request.param](run, several, study)


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


# -- numbers of the title are those of the table -----------------------------------------------------------------------


def test_funnel_says_what_the_table_says(run: fs.Run) -> None:
    table = run.funnel().set_index("step")
    title = titles(plots.funnel(run.funnel()))
    assert title.startswith(f"{table.loc['won', 'count']:,} of {table.loc['in_market', 'count']:,} needs")
    worst = table["share_of_previous"].min()
    assert f"{worst:.0%}" in title


def test_mix_says_what_the_table_says(run: fs.Run) -> None:
    table = run.touches()
    here = table[table["stage"] == "opportunity"].groupby("team", observed=True)["count"].sum()
    assert f"{here['marketing'] / here.sum():.0%}" in titles(plots.journey_mix(table))
    counted = steps.stage_mix([steps.stage_touches(run.touches(), True)])
    assert counted["touches"].sum() == pytest.approx(
        steps.stage_mix([steps.stage_touches(run.journeys(), True)])["touches"].sum(), abs=5
    )


def test_waterfall_says_what_the_table_says(run: fs.Run) -> None:
    total = run.profit_and_loss()["total"]
    title = titles(plots.profit_waterfall(run.profit_and_loss()))
    assert amount(total["profit"], "USD") in title and amount(total["profit_with_value"], "USD") in title


def test_comparison_says_what_the_table_says(study: fs.Comparison) -> None:
    table = study.differences("unworked_mql_share").droplevel("kpi")
    title = titles(plots.comparison(study, "unworked_mql_share"))
    assert any(amount(abs(value), "share").rstrip("%")[:3] in title for value in table["difference"])
    assert "today" in title and "5 quarters" in title


def test_ratio_says_what_the_table_says(study: fs.Comparison) -> None:
    table = plans.ratio_table(study, horizons=(4, 12))
    assert set(table["horizon_quarters"]) == {4}
    assert f"{table['ratio'].iloc[0]:.3g} reps per marketer" in titles(plots.staffing_ratio(study))
    heads = study.plans
    assert set(table["ratio"]) == set(heads["reps"] / heads["marketers"])


def test_overload_says_what_the_table_says(study: fs.Comparison) -> None:
    table = teams.overload_table(study, "marketers", ["profit_with_value"])
    assert amount(table["mean"].max(), "USD") in titles(plots.overload(study))
    with pytest.raises(FunnelsimError, match="neither a key figure nor one of reps"):
        plots.overload(study, "marketeers")


def test_waits_say_what_the_table_says(run: fs.Run) -> None:
    table = run.waiting().set_index("source")
    share = table.loc["inbound", "never_answered_share"]
    assert amount(share, "share") in titles(plots.waiting_histogram(run.cases()))


def test_series_says_what_the_table_says(run: fs.Run) -> None:
    table = run.series("M")
    assert amount(table["customers"].iloc[-1], "customers") in titles(plots.series(table, "customers"))
    assert f"{amount(table['wins'].sum(), 'deals')} in 12 periods" in titles(plots.series(table, "wins"))
    weekly = weeks.series_table(run, ["wins", "customers"])
    kept = weekly.groupby("quantity").size()
    assert kept["wins"] == 52 and kept["customers"] == 53, "the last day of the year is no week"


def test_utilisation_says_what_the_table_says(run: fs.Run) -> None:
    assert amount(run.kpis()["utilisation_reps"], "share") in titles(plots.utilisation_waiting(run))


def test_journey_is_read_from_the_log(run: fs.Run) -> None:
    account, need = buyer.typical_win(run)
    assert account is not None
    one = buyer.buyer_of(run, account, need)
    deals = run.opportunities()
    row = deals[(deals["account"] == account) & (deals["need"] == need)].iloc[0]
    assert len(one.touches) == row["touches_marketing"] + row["touches_sales"]
    assert one.curve["total"].iloc[-1] == pytest.approx(row["trust_at_decision"], abs=1e-9)
    assert 0.0 < one.asks_at < one.threshold < 1.0
    assert one.stages["name"].iloc[-1] == "opportunity"
    assert f"Account {account} bought from us after {len(one.touches)} touches" in titles(
        plots.one_journey(run, account)
    )


def test_buyers_ask_at_their_own_trust(run: fs.Run) -> None:
    """The threshold psi theta, drawn again from its address, is the one that the engine used."""
    cases = run.cases()
    asked = cases[(cases["source"] == "inbound") & ~cases["upgraded"]].head(20)
    assert len(asked)
    for row in asked.itertuples():
        assert buyer.buyer_of(run, int(row.account), int(row.need)).asks_at <= row.trust_at_hand_over + 1e-12


def test_journeys_that_there_are_not(run: fs.Run) -> None:
    with pytest.raises(FunnelsimError, match="was never in market"):
        plots.one_journey(run, 10**8)
    account, _ = buyer.typical_win(run)
    with pytest.raises(FunnelsimError, match="has no need 99"):
        plots.one_journey(run, account, 99)


@pytest.mark.parametrize("end", ["lost", "no_decision"])
def test_journeys_that_ended_otherwise(run: fs.Run, end: str) -> None:
    table = run.journeys()
    for account in table.loc[table["outcome"] == end, "account"].unique()[:3]:
        drawn = plots.one_journey(run, int(account))
        assert outside(drawn[0].figure) == []


# -- nothing, one row, NaN ------------------------------------------------------------------------------------------

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
    "overload": lambda run, study: plots.overload(teams.overload_table(study, "reps", ["wins"]).iloc[:0]),
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
        teams.overload_table(study, "reps", ["wins"]).iloc[:1], "reps", "wins"
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


def test_nobody_sells() -> None:
    none = fs.load("small").with_changes({**SMALL, "plan.sales.reps": 0, "horizon_quarters": 1})
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
