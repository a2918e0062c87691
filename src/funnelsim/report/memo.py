"""The decision memo as one page: question, answer, plans, pictures, why, worth, flips, and how to get it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelsim.errors import ScenarioError
from funnelsim.experiments.compare import Comparison
from funnelsim.experiments.designs import written
from funnelsim.experiments.gathering import NEXT, gather
from funnelsim.experiments.memo import PARTS, QUICK, Memo, level_in_words
from funnelsim.experiments.payroll import yearly_cost
from funnelsim.experiments.switching import Switching
from funnelsim.experiments.words import amount, capital, counted, gap_unit, plain, with_interval
from funnelsim.report.describe import facts
from funnelsim.report.factors import money_of
from funnelsim.report.figures import Figure, comparison_figures, differences_figure, from_plots
from funnelsim.report.html import Grid, changes_grid, meaning_of, provenance, template, write_page
from funnelsim.report.pdf import browser, print_pdf
from funnelsim.report.tables import Cells, comparison_cells, duration
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.study import Study

if TYPE_CHECKING:
    import pandas as pd


class Section(NamedTuple):
    """A part of the page."""

    title: str
    sentences: list[str]
    figures: list[Figure]
    tables: list[Grid]
    note: str = ""


def report(
    what: Scenario | Study | Comparison | Mapping[str, Scenario | str] | str,
    path: str | Path | None = None,
    *,
    budget: float | str | None = None,
    pdf: bool | str | Path = False,
    command: str | None = None,
    **options: Any,
) -> Memo:
    """Write a decision memo: one HTML page that stands for itself.

    Parameters
    ----------
    what
        With a budget: today's plan in its world, as a scenario or its name. Without: the plans, as a study (or its
        name), scenarios by label, or a comparison that was run.
    path
        HTML file to write; by default none. The memo can be looked at as it is, and `memo_page` gives its page.
    budget
        What people and programmes may cost, USD per year (or ``"2.5M"``): the mixes that are tied for best are then
        searched for.
    pdf
        Print the page to a PDF file, too: beside `path`, or where it says. It takes Chromium, Chrome or Edge.
    command
        The command line that gives this memo again, if there is one.
    **options
        What `funnelsim.experiments.gathering.gather` takes: ``levers`` (of the search), ``worth`` and ``assumptions``
        (what is valued and varied), ``without`` (parts to leave out: frontier, why, worth, flips), ``kpi``,
        ``horizon_quarters``, ``replications``, ``question``, ``quick``, ``effort``, ``minutes``, ``seed``, and
        ``workers``, ``executor``, ``store``, ``engine``, ``progress``, ``insist`` as in `compare`.

    Returns
    -------
    Memo
        What was found, with each part to look at closely: ``.search``, ``.comparison``, ``.why``, ``.worth``,
        ``.flips``, ``.sentence``.

    Raises
    ------
    FunnelsimError
        For a name or a path that does not exist, before any work is done; and where a PDF cannot be printed.
    """
    if pdf:
        browser()  # refused before the work, not after it
        if path is None:
            raise ScenarioError("a PDF is printed from the page: say path= too")
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise ScenarioError(f"{path}: there is no folder {Path(path).absolute().parent}")
    money = money_of("budget", budget) if isinstance(budget, str) else budget
    memo = gather(what, money, **options)
    if path is not None:
        memo_page(memo, path, command=command)
        if pdf:
            print_pdf(path, Path(path).with_suffix(".pdf") if pdf is True else pdf)
    return memo


def memo_page(memo: Memo, path: str | Path | None = None, *, command: str | None = None) -> str:
    """Return the page of a memo; with a path write it, too."""
    base = memo.comparison.scenarios[memo.today]
    sections = [_plans(memo), _comparison(memo), _frontier(memo), _why(memo), _worth(memo), _flips(memo)]
    content = {
        "kind": "Decision memo",
        "title": memo.question,
        "answer": memo.lines,
        "reading": _reading(memo),
        "warnings": _warnings(memo),
        "sections": [one for one in sections if one is not None],
        "assumed": [*facts(base)[1:], ("baseline", memo.today)],
        "command": command or _python(memo),
        "provenance": _provenance(memo),
        "files": [
            (f"scenario of {label} (YAML)", scenario.to_yaml()) for label, scenario in memo.comparison.scenarios.items()
        ],
    }
    page: str = template("memo.html.j2").render(content)
    if path is not None:
        write_page(page, path)
    return page


# ----------------------------------------------------------------------------------------------------- answer and plans


def _reading(memo: Memo) -> str:
    fresh = ", in replications that nothing was chosen with" if memo.search else ""
    return (
        f"{meaning_of(memo.kpi)} All plans meet the same buyers with the same luck, {memo.comparison.n} times{fresh}. "
        "±, [\u00a0]: 95 % intervals. “Tied”: too near to each other for these runs to tell apart, or for it to matter."
    )


def _warnings(memo: Memo) -> list[str]:
    found = []
    if memo.interrupted:
        found.append("Stopped early: parts are missing or stand on fewer replications than asked for.")
    if memo.effort == QUICK:
        found.append(
            "A quick memo: few replications, wide intervals. Run it without --quick (quick=True) before you decide."
        )
    if memo.search is not None and not all(memo.search.decided.values()):
        found.append("The search ran out of replications before everything was decided: fewer mixes may be tied.")
    found += [f"Left out: {PARTS[name]} ({reason})." for name, reason in memo.left_out.items()]
    return found


def _plans(memo: Memo) -> Section:
    if memo.search is None:
        return Section("The plans", [], [], [changes_grid(memo.comparison)])
    names = list(memo.search.levers)
    rows = []
    for label, scenario in memo.comparison.scenarios.items():
        levels = memo.levers_of.get(label) or _levels(memo, scenario)
        shown = [_level(levels.get(name), memo.search.levers[name].unit) for name in names]
        rows.append([label, *shown, amount(yearly_cost(scenario), "USD")])
    cells = Cells(["plan", *names, "cost a year"], rows, [row[0] == memo.best for row in rows])
    tied = len(memo.search.tied())
    shown_too = sum(label != NEXT for label in memo.levers_of)
    more = f" {tied - shown_too} more are tied." if tied > shown_too + 1 else ""
    note = (
        f"{' '.join(memo.search.conclusion().split(chr(10))[-2:])} Cost: people, programmes and licences. All else is "
        f"as in today’s plan.{more}"
    )
    return Section("The plans", [], [], [Grid("", cells, note, cards=True)])


def _levels(memo: Memo, scenario: Scenario) -> dict[str, Any]:
    """Return where the levers of the search stand in a plan that it did not set."""
    from funnelsim.experiments.designs import values_at

    found: dict[str, Any] = {}
    for name, factor in (memo.search.levers if memo.search else {}).items():
        values = [value for path in factor.paths for value in values_at(scenario, path).values()]
        found[name] = values[0] if len(values) == 1 and not factor.times else None
    return found


def _level(value: Any, unit: str) -> str:
    return level_in_words(value, unit) if isinstance(value, int | float | str) else "as it is"


def _comparison(memo: Memo) -> Section:
    result, kpi = memo.comparison, memo.kpi
    figures = [differences_figure(result, kpi)] if memo.search and result.n > 1 else comparison_figures(result, kpi)
    if memo.search:
        figures += from_plots("utilisation_waiting", result, "How busy the teams are, and how long buyers wait.")
    over = counted(result.horizon_quarters, "quarter")
    note = (
        "±: 95 % interval of the plan’s own mean. Difference: paired, replication by replication. Shaded: tied for "
        "best. Busy: share of working hours, own prospecting aside. Response: mean time until sales first tries to "
        "reach a buyer who asked."
    )
    grid = Grid("", comparison_cells(result, kpi, posts=memo.search is None), note, cards=True)
    return Section(f"What they would earn over {over}", result.conclusion(kpi).split("\n"), figures, [grid])


def _frontier(memo: Memo) -> Section | None:
    if memo.frontier is None:
        return None
    caption = (
        f"{capital(plain(memo.kpi))} of other ratios, with SDRs and programme money per marketer as in “{memo.best}”."
    )
    figures = from_plots("ratio_frontier", memo.frontier, caption)
    title = f"Reps per marketer at {amount(memo.frontier.payroll, 'USD')} a year"
    return Section(title, memo.frontier.conclusion().split("\n")[:-1], figures, [], memo.frontier.effort())


# --------------------------------------------------------------------------------------------------- why, worth, flips


def _why(memo: Memo) -> Section | None:
    if memo.why is None:
        return None
    a, b = memo.why.names
    *sentences, source = memo.why.sentence.split("\n")
    figures = from_plots("waterfall", memo.why, f"The steps from “{a}” to “{b}”; they add up to the difference.")
    return Section(f"Why “{b}” differs from “{a}”", sentences, figures, [], source)


def _worth(memo: Memo) -> Section | None:
    if memo.worth is None:
        return None
    *sentences, source = [line for line in memo.worth.sentence.split("\n") if line]
    figures = from_plots("marginal_values", memo.worth, f"One step more of each lever, on top of “{memo.best}”.")
    sentences.append("A step adds to the budget: what it costs is taken off, so that above zero it pays for itself.")
    return Section(f"What each lever is worth, starting from “{memo.best}”", sentences, figures, [], source)


def _flips(memo: Memo) -> Section | None:
    if not memo.flips:
        return None
    sentences = [line for flip in memo.flips for line in flip.conclusion().split("\n") if "paired." not in line]
    order = sorted(memo.flips, key=lambda flip: -_swing(flip, memo))
    rows = [_row(flip, memo) for flip in order]
    rival = memo.best if memo.best != memo.today else memo.flips[0].plans[1]
    heads = ["assumption", "range tried", f"“{rival}” less “{memo.today}” at its low end", "at its high end", "flips"]
    figures = []
    for flip in order:
        figures += from_plots("switching", flip, f"Over {next(iter(flip.factors))}; all else as assumed.")
    n, over = memo.flips[0].n, counted(memo.flips[0].horizon_quarters, "quarter")
    note = f"{capital(plain(memo.kpi))} over {over}; {counted(n, 'replication')} at each level, paired; [ ]: 95 %."
    grid = Grid("", Cells(heads, rows, [False] * len(rows)), note, cards=True)
    return Section("Which assumptions matter, and when the answer flips", sentences, figures, [grid])


def _ends(flip: Switching, memo: Memo) -> pd.DataFrame:
    """Return the lead over today's plan at the lowest and the highest level."""
    rival = memo.best if memo.best != memo.today else flip.plans[1]
    table = flip.table()
    table = table[table["plan"] == rival].sort_values(next(iter(flip.factors)))
    return table.iloc[[0, -1]]


def _swing(flip: Switching, memo: Memo) -> float:
    low, high = _ends(flip, memo)["difference"]
    return abs(float(high) - float(low))


def _row(flip: Switching, memo: Memo) -> list[str]:
    name, factor = next(iter(flip.factors.items()))
    levels, ends = flip.levels(name), _ends(flip, memo)
    gaps = [
        with_interval(float(row["difference"]), float(row["low"]), float(row["high"]), gap_unit(flip.unit), sign=True)
        for _, row in ends.iterrows()
    ]
    span = f"{written(levels[0])} to {written(levels[-1])} {factor.unit}".strip()
    places = [f"at {written(float(f'{one.at:.3g}'))}: “{one.above}” above, “{one.below}” below" for one in flip.flips()]
    return [name, span, *gaps, "; ".join(places) or "nowhere in this range"]


# ----------------------------------------------------------------------------------------------------- how to repeat it


def _python(memo: Memo) -> str:
    quick = ", quick=True" if memo.effort == QUICK else ""
    left = [name for name in PARTS if getattr(memo, name) in (None, []) and name not in memo.left_out]
    without = f", without={tuple(left)}" if left and memo.search else ""
    if memo.search is None:
        return f"funnelsim.report({{label: scenario, ...}}, seed={memo.comparison.seed}{quick})  # scenarios below"
    seed = memo.search.seed
    return f"funnelsim.report(today, budget={memo.search.budget:.12g}, seed={seed}{quick}{without})  # scenario below"


def _provenance(memo: Memo) -> list[tuple[str, str]]:
    result, size = memo.comparison, memo.effort
    seed = f"{result.seed}; the search {memo.search.seed}" if memo.search else str(result.seed)
    rows = provenance(result.seed, result.engine, f"{memo.runs:,}", sum(memo.seconds.values()))
    rows = [(term, seed if term == "seed" else text) for term, text in rows]
    names = {"compare": "comparison"} | {name: name for name in PARTS}
    parts = ", ".join(f"{names.get(name, name)} {duration(seconds)}" for name, seconds in memo.seconds.items())
    words = [f"comparison {result.n}"]
    if memo.search:
        words.insert(0, f"search {size.evaluations} plans × {size.trials}, finalists up to {size.most}")
    words += [f"frontier up to {size.frontier}"] if memo.frontier else []
    words += [f"explanation {memo.why.n}"] if memo.why else []
    words += [f"levers {memo.worth.refined.n}"] if memo.worth else []
    words += [f"flips {memo.flips[0].n} at each of {len(memo.flips[0].points)} levels"] if memo.flips else []
    return [*rows, ("of it", parts), ("replications", ", ".join(words))]
