"""The page: self-contained, escaped, complete."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import funnelsim as fs
from funnelsim.experiments.compare import Comparison
from funnelsim.report import figures
from funnelsim.report.figures import nice_ticks
from funnelsim.report.html import html_report
from funnelsim.report.tables import duration
from funnelsim.scenario.study import Study

HOSTILE = "<script>alert('x')</script> & \"quoted\" <img src=x onerror=alert(1)>"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "img", "path", "circle", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def tiny():
    changes = {"world.segments.*.accounts": 300, "world.customers.start": 4, "world.burn_in_quarters": 1}
    return fs.load("small").with_changes({**changes, "horizon_quarters": 5, "title": HOSTILE, "plan.title": HOSTILE})


@pytest.fixture(scope="module")
def comparison(tiny) -> Comparison:
    scenarios = {"today": tiny, HOSTILE: tiny.with_changes({"plan.sales.reps": 3, "world.title": HOSTILE})}
    study = Study(title=HOSTILE, question=HOSTILE, baseline="today", replications=3, scenarios=scenarios)
    return fs.compare(study, workers=1, keep=("kpis", "funnel", "profit_and_loss"))


@pytest.fixture(scope="module")
def page(comparison):
    return html_report(comparison, command="funnelsim compare study.yaml --seed 1")


def test_nothing_is_loaded_from_elsewhere(page):
    text = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"(?i)https?:|(src|href|url)\s*[=(]\s*[\"']?//|@import|<link|<iframe", text)
    for name, value in Page(page).attributes:
        assert name != "href"
        assert name != "src" or value.startswith("data:")


def test_what_users_write_is_escaped(page):
    parsed = Page(page)
    assert "script" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert "&lt;script&gt;" in page
    assert not parsed.open


def test_the_answer_is_complete(page, comparison):
    for text in (comparison.conclusion(), comparison.at(4).conclusion()):
        for sentence in text.split("\n"):
            assert f">{_escaped(sentence)}</p>" in page
    for words in (
        "The plans over 5 quarters", "The plans over 4 quarters", "What was assumed", "How to get these numbers again",
        "funnelsim compare study.yaml --seed 1", "plan.sales.reps: 3 (not 1)", "Only 3 replications", "reps busy",
        f"funnelsim {fs.__version__}", "horizon_quarters: 5", "<svg", "viewport", "@media print",
    ):  # fmt: skip
        assert words in page, words


def test_pictures_of_plans_have_their_intervals(comparison):
    """Funnel and money are drawn from every replication, of the baseline and of the best plan."""
    found = figures.comparison_figures(comparison, "wins")
    best = comparison.ranking("wins").index[0]
    assert best == HOSTILE
    captions = [figure.caption for figure in found]
    for start in ("Needs that reached each step. Plan: ", "From revenue to profit with value. Plan: "):
        assert [caption for caption in captions if caption.startswith(start)] == [
            f"{start}the baseline, “today”.", f"{start}“{best}”, best on wins.",
        ]  # fmt: skip
    tables = comparison.kept_tables("profit_and_loss", best).values()
    ax = fs.plots.profit_waterfall(comparison, plan=best)
    assert len(tables) == 3 and "3 replications" in ax.texts[-1].get_text()
    assert not figures.run_figures(fs.replicate(comparison.scenarios["today"], 1, workers=1, progress=False))


def test_on_a_phone_plans_are_cards(page, comparison):
    from html import unescape

    heads = [value for name, value in Page(page).attributes if name == "data-head"]
    assert {"plan", "reps", "deals won"} <= set(heads)
    assert unescape("difference to today [95 %]") in heads
    assert page.count('<table class="cards">') == len(comparison.horizons)


def test_the_scenario_can_be_read_back(page, tmp_path, tiny):
    import html

    text = re.search(r"scenario of today \(YAML\)</summary><pre>(.*?)</pre>", page, re.DOTALL)[1]
    (tmp_path / "again.yaml").write_text(html.unescape(text))
    assert fs.load(tmp_path / "again.yaml") == tiny


def test_pages_of_a_run_and_of_replications(tiny, tmp_path):
    short = tiny.with_changes({"horizon_quarters": 1})
    run = html_report(fs.simulate(short), tmp_path / "run.html")
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == run
    many = html_report(fs.replicate(short, 2, workers=1, keep="funnel"))
    for page in (run, many):
        assert "script" not in Page(page).tags
        assert "profit with value" in page
        assert "Funnel" in page
    assert "A single run has no interval" in run
    assert "funnelsim.replicate(scenario, replications=2, seed=1)" in many


def test_a_file_that_cannot_be_written(tiny, comparison, tmp_path):
    with pytest.raises(fs.FunnelsimError, match="cannot be written"):
        html_report(comparison, tmp_path / "nowhere" / "a.html")


def test_a_picture_that_cannot_be_drawn_is_left_out(monkeypatch):
    def fails(source):
        raise KeyError("column")

    plots = type("plots", (), {"funnel": staticmethod(fails)})
    monkeypatch.setattr(figures, "import_module", lambda name: plots)
    with pytest.warns(UserWarning, match="no picture 'funnel'"):
        assert figures.from_plots("funnel", None, "") == []
    assert figures.from_plots("missing", None, "") == []


@pytest.mark.parametrize(("low", "high"), [(-3e6, 0.0), (0.0, 7.0), (-0.2, 0.35), (-1e-9, 1e-9)])
def test_ticks_are_round_and_cover(low, high):
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low + 1e-12 and ticks[-1] >= high - 1e-12
    assert 0.0 in ticks
    assert 2 <= len(ticks) <= 7


def test_ticks_of_nothing():
    assert nice_ticks(0.0, 0.0) == [0.0]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.04 s"), (59.9, "59.9 s"), (60, "1 min 0 s"), (3900, "1 h 5 min")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def _escaped(text):
    from markupsafe import escape

    return str(escape(text))
