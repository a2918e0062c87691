"""The numbers of a title are those of the table, and so is what it claims."""

from __future__ import annotations

import pandas as pd
import pytest
from plotting import outside, titles

import funnelsim as fs
from funnelsim import plots
from funnelsim.errors import FunnelsimError
from funnelsim.events import Stage
from funnelsim.experiments.words import amount, with_margin
from funnelsim.plots import buyer, frame, leads, plans, steps, weeks


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


def test_mix_shows_every_stage(run: fs.Run) -> None:
    table = run.touches()
    assert (table["stage"] == "disqualified").any()
    mix = steps.stage_mix([steps.stage_touches(table)])
    assert mix["touches"].sum() == table["count"].sum()
    assert set(steps.STAGES) == {stage.name.lower() for stage in Stage}
    ax = plots.journey_mix(table)
    assert "Disqualified" in [label.get_text() for label in ax.get_yticklabels()]


def test_steps_have_the_colour_of_the_team_that_works(run: fs.Run) -> None:
    ax = plots.funnel(run)
    names = {label.get_text(): label.get_color() for label in ax.get_yticklabels()}
    assert names["left an address"] == frame.TEAM_INK["marketing"]
    assert names["won"] == frame.TEAM_INK["sales"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "the market",
        "marketing's work",
        "sales' work",
    ]


def test_waterfall_says_what_the_table_says(run: fs.Run) -> None:
    total = run.profit_and_loss()["total"]
    title = titles(plots.profit_waterfall(run.profit_and_loss()))
    assert amount(total["profit"], "USD") in title and amount(total["profit_with_value"], "USD") in title


def test_comparison_says_what_the_table_says(study: fs.Comparison) -> None:
    table = study.differences("unworked_mql_share").droplevel("kpi")
    title = titles(plots.comparison(study, "unworked_mql_share"))
    best = table.loc[table["difference"].idxmin()]  # fewer are better
    assert with_margin(abs(best["difference"]), (best["high"] - best["low"]) / 2, "points") in title
    assert "today" in title and "5 quarters" in title


def test_ratio_says_what_the_table_says(study: fs.Comparison) -> None:
    table = plans.ratio_table(study, horizons=(4, 12))
    assert set(table["horizon_quarters"]) == {4}
    assert f"{table['ratio'].iloc[0]:.3g} reps per marketer" in titles(plots.staffing_ratio(study))
    heads = study.plans
    assert set(table["ratio"]) == set(heads["reps"] / heads["marketers"])


def test_comparison_says_who_is_clearly_worse() -> None:
    rows = [("much", 5.0, 4.0, 6.0), ("less", -3.0, -4.0, -2.0), ("perhaps", 1.0, -1.0, 3.0)]
    table = pd.DataFrame(
        [("profit", plan, 1e5 * at, 1e5 * low, 1e5 * high, 8) for plan, at, low, high in rows],
        columns=["kpi", "plan", "difference", "low", "high", "n"],
    )
    ax = plots.comparison(table, "profit", baseline="today")
    assert titles(ax) == (
        "“much” earns $500k ± 100k more than “today” (profit); “less” is clearly worse; “perhaps” is not clear"
    )
    seen = {text.get_text(): text.get_color() for text in ax.texts}
    assert [seen[word] for word in ("clearly better", "clearly worse", "not clear")] == [
        frame.GOOD, frame.BAD, frame.FAINT,
    ]  # fmt: skip
    worse = plots.comparison(table.iloc[[1]], "profit", baseline="today")
    assert titles(worse) == "No plan beats “today” in profit: “less” is clearly worse, by $300k ± 100k"
    shares = plots.comparison(
        table.assign(kpi="unworked_mql_share", **(table[["difference", "low", "high"]] / 1e6)), "unworked_mql_share"
    )
    assert "points" in titles(shares) and "%" not in titles(shares)
    assert "“less” is 30.0 ± 10.0 points lower than “the baseline”" in titles(shares)  # fewer of these are better


def test_comparison_of_what_is_neither_better_nor_worse() -> None:
    rows = [("much", 5.0, 4.0, 6.0), ("less", -3.0, -4.0, -2.0)]
    table = pd.DataFrame(
        [("programme_budget_end", plan, 1e5 * at, 1e5 * low, 1e5 * high, 8) for plan, at, low, high in rows],
        columns=["kpi", "plan", "difference", "low", "high", "n"],
    )
    ax = plots.comparison(table, "programme_budget_end", baseline="today")
    assert "“less” is clearly lower" in titles(ax) and "better" not in titles(ax)
    seen = {text.get_text(): text.get_color() for text in ax.texts}
    assert seen["clearly higher"] == seen["clearly lower"] == frame.INK
    lower = titles(plots.comparison(table.iloc[[1]], "programme_budget_end", baseline="today"))
    assert lower.startswith("No plan is above “today”") and "clearly lower" in lower
    unvalued = table.assign(difference=[5e5, float("nan")])
    words = " ".join(text.get_text() for text in plots.comparison(unvalued, "programme_budget_end").texts)
    assert "Without a value: “less”." in " ".join(words.split())


def test_overload_compares_under_the_same_luck(study: fs.Comparison) -> None:
    table = leads.overload_table(study, "marketers", ["profit_with_value"]).set_index("plan")
    gap = study.differences("profit_with_value").loc[("profit_with_value", "more marketing")]
    row = table.loc["more marketing"]
    assert (row["difference"], row["difference_low"]) == (gap["difference"], gap["low"])
    assert table.loc["today", "difference"] == 0.0
    drawn = plots.overload(study)
    note = drawn[-1].texts[-1].get_text() if drawn[-1].texts else ""
    words = " ".join(text.get_text() for ax in drawn for text in ax.texts)
    assert "paired difference to “today”" in " ".join(words.split()), note
    best = table["mean"].idxmax()
    margin = abs(table.loc[best, "difference_high"] - table.loc[best, "difference_low"]) / 2
    assert best == "today" or with_margin(abs(table.loc[best, "difference"]), margin, "USD") in titles(drawn)
    other = plots.overload(study, baseline="more marketing")
    assert "difference to “more marketing”" in " ".join(text.get_text() for text in other[0].texts)
    with pytest.raises(FunnelsimError, match="cannot show 'levels'"):
        plots.overload(study, show="levels")


@pytest.mark.parametrize(("low", "claim"), [(1.0, "is best at"), (-1.0, "nowhere clearly better")])
def test_overload_claims_no_more_than_the_interval(low: float, claim: str) -> None:
    table = pd.DataFrame(
        [(783.8, "half", 9.0, 2.0, low, 3.0), (1029.6, "today", 7.0, 0.0, 0.0, 0.0), (1985.6, "much", 1, -6, -7, -5)],
        columns=["x", "plan", "mean", "difference", "difference_low", "difference_high"],
    ).assign(kpi="wins", low=0.0, high=10.0, n=6, baseline="today")
    title = titles(plots.overload(table, against="mqls", kpi="wins"))
    assert claim in title and "784 MQLs" in title, "means of counts are rounded"
    assert "at 1,986 MQLs it is 6.00 ± 1.00 deals lower" in title


def test_overload_says_what_the_table_says(study: fs.Comparison) -> None:
    table = leads.overload_table(study, "marketers", ["profit_with_value"])
    assert amount(table["mean"].max(), "USD") in titles(plots.overload(study, show="level"))
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


@pytest.mark.parametrize("end", ["won", "lost", "no_decision"])
def test_labels_of_journeys_do_not_cover_one_another(run: fs.Run, end: str) -> None:
    table = run.journeys()
    for account in table.loc[table["outcome"] == end, "account"].unique()[:4]:
        top, lanes = plots.one_journey(run, int(account))
        top.figure.draw_without_rendering()
        assert top.bbox.height > 1.4 * lanes.bbox.height
        for ax in (top, lanes):
            boxes = [text.get_window_extent() for text in ax.texts if text.get_text().strip()]
            for number, one in enumerate(boxes):
                for other in boxes[:number]:
                    across = min(one.x1, other.x1) - max(one.x0, other.x0)
                    along = min(one.y1, other.y1) - max(one.y0, other.y0)
                    assert across < 2 or along < 2
        border = lanes.transData.transform((0.0, 1.0))[1]
        assert all(box.y1 < border or box.y0 > border for box in boxes[:-1]), "names stay in their team's lane"


@pytest.mark.parametrize("end", ["lost", "no_decision"])
def test_journeys_that_ended_otherwise(run: fs.Run, end: str) -> None:
    table = run.journeys()
    for account in table.loc[table["outcome"] == end, "account"].unique()[:3]:
        drawn = plots.one_journey(run, int(account))
        assert outside(drawn[0].figure) == []
