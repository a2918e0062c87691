"""The rows that are measured: published number, tolerance, source, and how each is read from the runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .arms import (
    BASE,
    BOUGHT,
    BOUGHT_CHEAP,
    BY_MOUTH,
    EARLY,
    HIGH,
    HIGH_ALIGNMENT,
    LONG_BASE,
    LOW,
    LOW_ALIGNMENT,
    MONEY_ARC,
    NO_BONUS,
    NO_DISCOUNTS,
    ONE_LIST,
    ONE_REP_MORE,
    QUOTA,
    RATIOS,
    SEGMENTED,
    SHOP,
    SPENDING,
    STEP,
    TRACKED,
    UNDEFINED,
    UNTRACKED,
    UNTRAINED,
    VIEWS_KEPT,
)
from .estimates import (
    Statistic,
    best_on_grid,
    better_more,
    difference,
    elasticity,
    faster,
    marginal,
    points_a_year_more,
    pooled_ratio,
    quotient,
    skewness,
    spread,
    tracked_more,
    won_of_worked,
)

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reference"
"""Folder of targets.md and targets.json."""
MORE_MONEY, MORE_REPS = "money +10 %", "reps +10 %"
REPS_ARC = ("reps -30 %", "reps +30 %")
MARKETING = ("sethuraman2011", "henningsen2011", "assmus1984")


@dataclass(frozen=True)
class Row:
    """One number beside a published one.

    Attributes
    ----------
    key
        Row of the list of targets; a letter where a row holds several numbers, ``'`` for a second reading.
    result, published
        What it is, and what was published.
    low, high
        Tolerance; infinite where only a sign is known.
    kind
        H: number and tolerance; S: sign or shape.
    sources
        Keys of ``docs/references.bib``.
    arms
        Arms that it needs.
    statistic
        How it is computed from pooled replications.
    reading
        How it is read, in words.
    percent
        Shown in per cent.
    judged
        Whether it gets a verdict; otherwise it stands beside the row that does.
    """

    key: str
    result: str
    published: str
    low: float
    high: float
    kind: str
    sources: tuple[str, ...]
    arms: tuple[str, ...]
    statistic: Statistic
    reading: str
    percent: bool = False
    judged: bool = True

    @property
    def number(self) -> str:
        """Row of the list of targets that it belongs to."""
        return self.key.rstrip("abcd'")

    def shown(self, value: float) -> str:
        """Write a value of this row."""
        if not math.isfinite(value):
            return "–"
        digits = 0 if abs(value) >= 20.0 else 1 if abs(value) >= 4.0 else 2
        return f"{100.0 * value:.1f} %" if self.percent else f"{value:.{digits}f}"

    @property
    def tolerance(self) -> str:
        """Write the tolerance."""
        if math.isinf(self.high):
            return f"> {self.low:g}"
        low, high = (100.0 * self.low, 100.0 * self.high) if self.percent else (self.low, self.high)
        return f"{low:g}–{high:g}{' %' if self.percent else ''}"


def _share(above: str, below: str, arm: str = BASE) -> dict[str, Any]:
    return {"arms": (arm,), "statistic": pooled_ratio(arm, above, below), "percent": True}


def _mean(above: str, below: str, arm: str = BASE) -> dict[str, Any]:
    return {"arms": (arm,), "statistic": pooled_ratio(arm, above, below)}


MONEY_ELASTICITY = elasticity(*MONEY_ARC, HIGH / LOW)
LATE_MONEY_ELASTICITY = elasticity(*MONEY_ARC, HIGH / LOW, "late_revenue")
EARLY_MONEY_ELASTICITY = elasticity(*EARLY, HIGH / LOW)
REPS_ELASTICITY = elasticity(*REPS_ARC, HIGH / LOW)
LESS_MARKETING, MORE_MARKETING, LESS_SELLING, MORE_SELLING = SPENDING
REP_COST, MARKETER_COST, MONEY_A_MARKETER = 180_000.0, 162_000.0, 300_000.0
"""Of the base world and plan [USD a year]; `test_readings` holds them to the scenario."""
SPENDING_AT_BEST = best_on_grid(
    {
        arm: ratio * REP_COST / (MARKETER_COST + MONEY_A_MARKETER)
        for arm, ratio in zip(RATIOS, (2, 3, 5, 8, 10), strict=True)
    },
    "contribution",
)
RATIO_OF_ELASTICITIES = quotient(
    elasticity(LESS_SELLING, MORE_SELLING, HIGH / LOW, "contribution"),
    elasticity(LESS_MARKETING, MORE_MARKETING, HIGH / LOW, "contribution"),
)

ROWS: tuple[Row, ...] = (
    Row(
        "R1", "marketing elasticity of revenue, quarters 1–4", "0.12", 0.05, 0.22, "H", MARKETING,
        MONEY_ARC, MONEY_ELASTICITY,
        "Central arc: ln(revenue with 30 % more programme money / revenue with 30 % less) / ln(1.3 / 0.7), permanent "
        "from day 0, heads unchanged, the same random numbers in both arms. Revenue: first-year price of the deals "
        "won in quarters 1–4.",
    ),
    Row(
        "R1'",
        "the same, by a step of +10 %", "0.12", 0.05, 0.22, "H", MARKETING, (BASE, MORE_MONEY),
        elasticity(BASE, MORE_MONEY, STEP),
        "As the target defines it: ln(revenue with 10 % more / revenue of the base firm) / ln 1.1. Its interval is "
        "several times wider, so the arc is judged.",
        judged=False,
    ),
    Row(
        "R2", "marketing elasticity of revenue, quarters 9–12", "0.24", 0.12, 0.41, "H", MARKETING,
        MONEY_ARC, LATE_MONEY_ELASTICITY,
        "As R1, of the deals won in quarters 9–12 of the same runs.",
    ),
    Row(
        "R3", "long-run over short-run marketing elasticity", "2.0", 1.5, 2.5, "H", MARKETING,
        MONEY_ARC, quotient(LATE_MONEY_ELASTICITY, MONEY_ELASTICITY), "R2 / R1.",
    ),
    Row(
        "R4",
        "selling-effort elasticity of revenue, quarters 1–4", "0.31–0.34", 0.20, 0.50, "H", ("albers2010",),
        REPS_ARC, REPS_ELASTICITY,
        "Central arc as in R1, with 30 % more and 30 % fewer reps. New reps arrive fully ramped; a cut takes the "
        "newest; heads may be fractional (a part-time post). Who leaves during the year is replaced, after a vacancy, "
        "by somebody who is not ramped, in every arm.",
    ),
    Row(
        "R4'",
        "the same, by a step of +10 %", "0.31–0.34", 0.20, 0.50, "H", ("albers2010",), (BASE, MORE_REPS),
        elasticity(BASE, MORE_REPS, STEP), "As R1'.", judged=False,
    ),
    Row(
        "R5",
        "selling less marketing elasticity, quarters 1–4", "> 0", 0.0, math.inf, "S",
        ("albers2010", "sethuraman2011"), (*MONEY_ARC, *REPS_ARC), difference(REPS_ELASTICITY, MONEY_ELASTICITY),
        "R4 − R1 by their arcs, replication by replication. Only the short run: the gap at quarters 9–12 is not "
        "measured.",
    ),
    Row(
        "R7", "marketing elasticity of an early firm less that of the base firm", "> 0", 0.0, math.inf, "S",
        ("sethuraman2011",), (*EARLY, *MONEY_ARC), difference(EARLY_MONEY_ELASTICITY, MONEY_ELASTICITY),
        "R1 of the base firm at the start of its life (goodwill and content 0.3, no customers, when the burn-in "
        "begins), less R1.",
    ),
    Row(
        "R8", "best spending ratio over ratio of elasticities (Dorfman–Steiner)", "1", 0.8, 1.2, "S",
        ("dorfman1954",), (*RATIOS, *SPENDING), quotient(SPENDING_AT_BEST, RATIO_OF_ELASTICITIES),
        "Selling / marketing spend at the top of a parabola (in the logarithm of the ratio) through contribution over "
        "12 quarters of plans at equal payroll, divided by the ratio of the elasticities of contribution to the two "
        "spends (arcs of ±30 % around the base plan, which lies near the best). Contribution: profit before the cost "
        "of both teams.",
    ),
    Row(
        "R10", "three-year return on one more rep", "50–150 %", 0.0, 2.0, "S", ("zoltners2006",),
        (LONG_BASE, ONE_REP_MORE), marginal(ONE_REP_MORE, LONG_BASE, "profit", "spent"),
        "Base plan with 11 reps for 12 quarters: difference in profit / difference in the cost of the teams. Value "
        "after the three years is left out. The base plan lies near the best ratio of heads.",
        percent=True,
    ),
    Row(
        "R13",
        "marketing leads handed over and not worked, overloaded firm", "70 %", 0.55, 0.85, "H", ("sabnis2013",),
        reading="Scenario `undefined`. (Declined + gone cold before an attempt) / resolved, of the leads handed over "
        "in the window. Leads whose buyer asked while they waited became requests (R15) and count in neither.",
        **_share("mql_unworked", "mql_resolved", UNDEFINED),
    ),
    Row(
        "R15a",
        "inbound requests never answered, overloaded firm", "23 %", 0.15, 0.45, "H", ("oldroyd2011",),
        reading="Scenario `undefined`. Ended without an attempt / resolved, of the requests of the window.",
        **_share("inbound_never", "inbound_resolved", UNDEFINED),
    ),
    Row(
        "R15b",
        "mean hours to the first attempt, of the answered", "42 h", 24.0, 72.0, "H", ("oldroyd2011",),
        reading="Scenario `undefined`. Calendar hours from the request to the first attempt (nights and weekends "
        "count, as in the audit).",
        **_mean("response_hours", "responses", UNDEFINED),
    ),
    Row(
        "R16",
        "converted leads reached within 6 attempts", "92–93 %", 0.88, 0.97, "H", ("velocify2012", "uci2014bank"),
        reading="Of the deals won in the window that began as a marketing lead or request: those whose first "
        "conversation came at attempt 1–6. The base plan allows 12.",
        **_share("called_wins_early", "called_wins"),
    ),
    Row(
        "R14a", "tracking raises the share of marketing leads that are worked", "> 0", 0.0, math.inf, "S",
        ("sabnis2013",), (TRACKED, UNTRACKED), tracked_more(TRACKED, UNTRACKED, "old"),
        "Base firm with follow-up fully tracked less the same without, in the burn-in too. Not declined / decided, of "
        "the marketing leads that came to reps who were with the firm for a year at least.",
    ),
    Row(
        "R14b", "the same for new reps, less for experienced ones", "> 0", 0.0, math.inf, "S",
        ("sabnis2013",), (TRACKED, UNTRACKED),
        difference(tracked_more(TRACKED, UNTRACKED, "new"), tracked_more(TRACKED, UNTRACKED, "old")),
        "R14a of reps hired since, less R14a.",
    ),
    Row(
        "R14c", "better leads are worked more: for experienced reps, less for new ones", "> 0", 0.0, math.inf, "S",
        ("sabnis2013",), (BASE,), difference(better_more(BASE, "old"), better_more(BASE, "new")),
        "Share worked of leads whose score lies 0.7 sd or more above the bar, less that of the others.",
    ),
    Row(
        "R18", "won per worked marketing lead: high over low alignment", "29 / 24 = 1.21", 1.10, 1.35, "H",
        ("millerheiman2010",), (LOW_ALIGNMENT, HIGH_ALIGNMENT),
        quotient(won_of_worked(HIGH_ALIGNMENT), won_of_worked(LOW_ALIGNMENT)),
        "Base firm with every lever of alignment integrated, over the same with every lever undefined, in the burn-in "
        "too. Deals won that marketing had handed over / marketing leads that ended and were not left unworked.",
    ),
    Row(
        "R19", "growth of revenue a year: high less low alignment, points", "1.7", 0.0, 6.0, "H",
        ("millerheiman2010",), (LOW_ALIGNMENT, HIGH_ALIGNMENT),
        points_a_year_more(HIGH_ALIGNMENT, LOW_ALIGNMENT, "earned_last", "earned_first"),
        "Arms of R18. Revenue earned in the last quarter of the year / in its first, less 1, times 4/3.",
    ),
    Row(
        "R21a", "teams with views of their own win more than teams that think alike", "> 0", 0.0, math.inf, "S",
        ("homburg2007",), (VIEWS_KEPT, HIGH_ALIGNMENT),
        difference(pooled_ratio(VIEWS_KEPT, "wins", "runs"), pooled_ratio(HIGH_ALIGNMENT, "wins", "runs")),
        "Wins a year of the integrated firm if thinking alike cost no targeting, less those of R18's integrated firm.",
    ),
    Row(
        "R21b", "a gap in competence costs wins", "> 0", 0.0, math.inf, "S",
        ("homburg2007",), (BASE, UNTRAINED),
        difference(pooled_ratio(BASE, "wins", "runs"), pooled_ratio(UNTRAINED, "wins", "runs")),
        "Wins a year of the base firm, less those with half of its reps from marketing.",
    ),
    Row(
        "R23", "wins in the last three business days of a quota's period", "1.47", 1.2, 1.75, "H",
        ("olist2018", "oyer1998"),
        reading="Base firm with quarterly quotas, a bonus and 7 % to give away. Wins from 00:00 of the third last "
        "business day of each quarter to its end / as many as an even spread over the quarter's time would give.",
        **_mean("last_wins", "last_expected", QUOTA),
    ),
    Row(
        "R24", "wins in the first three business days of a period", "0.73", 0.5, 0.95, "H", ("olist2018", "oyer1998"),
        reading="As R23, from the quarter's beginning to the end of its third business day.",
        **_mean("first_wins", "first_expected", QUOTA),
    ),
    Row(
        "R27a", "a bonus, without discounts: meetings get done faster", "> 0", 0.0, math.inf, "S",
        ("steenburgh2008", "chung2014"), (NO_BONUS, NO_DISCOUNTS), faster(NO_BONUS, NO_DISCOUNTS),
        "Mean desk hours of a meeting with quotas but no bonus / with the bonus, less 1; the same random numbers.",
    ),
    Row(
        "R27b", "wins in the last three business days: with discounts, less without", "> 0", 0.0, math.inf, "S",
        ("steenburgh2008",), (QUOTA, NO_DISCOUNTS),
        difference(
            pooled_ratio(QUOTA, "last_wins", "last_expected"), pooled_ratio(NO_DISCOUNTS, "last_wins", "last_expected")
        ),
        "R23 with the bonus and the power to give discounts, less the same without that power: little of the timing is "
        "the bonus alone.",
    ),
    Row(
        "R28", "reps at quota", "55 %", 0.45, 0.65, "H", ("cso2018",),
        reading="As R23. Quotas met / quotas that ended in the window, of a rep's part of a quarter at least.",
        **_share("quotas_met", "quotas", QUOTA),
    ),
    Row(
        "R29",
        "spread of wins per rep (CV), mixed tenure", "0.97", 0.4, 1.1, "H", ("olist2018",), (BASE,),
        spread(BASE, "rep_years", "rep_wins", "rep_wins_squared_per_year"),
        "A rep's wins per year on the roll; mean and variance over filled seat-years (a rep who was there half the "
        "year weighs half), pooled over replications; reps of all tenures who were there for 30 days or more.",
    ),
    Row(
        "R29'", "the same, wins as counted", "0.97", 0.4, 1.1, "H", ("olist2018",), (BASE,),
        spread(BASE, "reps", "count_wins", "count_wins_squared"),
        "Standard deviation / mean of the number of wins of each rep who was there for a day or more (KPI "
        "`wins_per_rep_cv`): who left in January counts as a rep with few wins. The published number counts reps with "
        "at least one win in three months, tenure unknown.",
        judged=False,
    ),
    Row(
        "R30", "lead → won", "1.5 %", 0.005, 0.04, "H", ("conversionbenchmarks2024",),
        reading="Needs won in the window whose account had left an address / needs that first had one in the window "
        "(accounts that come back with a known address included). A flow, not a cohort.",
        **_share("lead_wins", "lead_needs"),
    ),
    Row(
        "R31a",
        "MQL → won, leads that marketing handed over", "4–5 % (benchmarks), 14 % (Olist)", 0.03, 0.15, "H",
        ("olist2018", "conversionbenchmarks2024"),
        reading="Deals won in the window that marketing had handed over (those whose buyer then asked included) / "
        "leads handed over in the window.",
        **_share("mql_wins", "mqls"),
    ),
    Row(
        "R31b",
        "the same, all handed to sales", "4–5 % (benchmarks), 14 % (Olist)", 0.03, 0.15, "H",
        ("olist2018", "conversionbenchmarks2024"),
        reading="Deals won that began as a marketing lead or request / leads and requests of the window, each case "
        "once. Nearer to Olist, where every lead has filled in a form.",
        **_share("handed_wins", "handed"),
    ),
    Row(
        "R32", "days from MQL to win: mean / median", "2.6", 1.3, 4.0, "H", ("olist2018",), (BASE,),
        skewness(BASE, "lead_to_win_days"),
        "Days from hand-over by marketing to the win, of the deals won in the window that were handed over; pooled "
        "over replications.",
    ),
    Row(
        "R33a", "opportunity → won", "22 %", 0.17, 0.27, "H", ("conversionbenchmarks2024",),
        reading="Won / decided, of the opportunities decided in the window.",
        **_share("won", "decided"),
    ),
    Row(
        "R33b", "won, after a proposal was sent", "47 %", 0.42, 0.52, "H", ("cso2018",),
        reading="Of the opportunities decided in the window whose proposal was presented.",
        **_share("sent_won", "sent"),
    ),
    Row(
        "R33c", "lost, after a proposal was sent", "32 %", 0.27, 0.37, "H", ("cso2018",),
        reading="As R33b: bought from a competitor.",
        **_share("sent_lost", "sent"),
    ),
    Row(
        "R33d", "no decision, after a proposal was sent", "21 %", 0.16, 0.26, "H", ("cso2018",),
        reading="As R33b: bought from nobody.",
        **_share("sent_no_decision", "sent"),
    ),
    Row(
        "R34", "mean cycle of won deals near $25k, days", "60 d", 45.0, 85.0, "H", ("bridge2017",),
        reading="Days from opportunity to win, of the deals won in the window with an annual list price of $15k–$40k.",
        **_mean("near_days", "near"),
    ),
    Row(
        "R35", "touches before an inbound win", "8", 5.0, 12.0, "H", ("rain2018",),
        reading="Touches of the need by both teams, from its beginning to the decision, mean of the deals won in the "
        "window that began with a request.",
        **_mean("inbound_touches", "inbound_wins"),
    ),
    Row(
        "R35c", "touches and calls before a cold win", "20–50", 15.0, 50.0, "H", ("rain2018",),
        reading="As R35, of deals that began with a cold call, and the calls that had reached nobody before: "
        "1 / `cold_contact` − 1 each, since the model draws whom an hour of calls finds, not each call.",
        **_mean("cold_touches", "cold_wins"),
    ),
    Row(
        "R36",
        "share of trust gained before the first sales contact", "57–70 %", 0.50, 0.75, "H",
        ("ceb2012", "sixsense2023"),
        reading="Total trust just before the first touch by sales / total trust at the decision, mean of all deals "
        "won in the window, own prospecting included.",
        **_share("trust_share", "trust_known"),
    ),
    Row(
        "R37", "share of accounts in market at a moment", "5 %", 0.04, 0.06, "H", ("dawes2021",),
        reading="Time average of the accounts with an open need / accounts.",
        **_share("in_market", "accounts"),
    ),
    Row(
        "R39", "mails that make their reader leave the list", "0.25 %", 0.001, 0.005, "H", ("mailchimp2019",),
        reading="Base firm whose e-mail is on one list. Readers who leave / mails to buyers in market.",
        **_share("unsubscribed", "mails", ONE_LIST),
    ),
    Row(
        "R40", "clicks per mail, segmented lists over one list", "1.15–2.0", 1.0, math.inf, "S", ("mailchimp2019",),
        (ONE_LIST, SEGMENTED),
        quotient(pooled_ratio(SEGMENTED, "clicks", "mails"), pooled_ratio(ONE_LIST, "clicks", "mails")),
        "Base firm; lists by the score, with the noise of the base plan.",
    ),
    Row(
        "R42a", "carts abandoned", "70 %", 0.65, 0.75, "H", ("baymard",),
        reading="Base firm as a shop. Left behind / settled.",
        **_share("carts_left", "carts_settled", SHOP),
    ),
    Row(
        "R42b", "abandoned carts recovered", "3–5 %", 0.02, 0.08, "H", ("klaviyo2017",),
        reading="As R42a: bought after a reminder / left behind by buyers who were reminded (address known).",
        **_share("carts_recovered", "carts_reminded", SHOP),
    ),
    Row(
        "R45", "lifetime value of customers bought at 35 % less, over others", "0.5", 0.35, 0.75, "H", ("lewis2006",),
        (BOUGHT_CHEAP, BOUGHT),
        quotient(pooled_ratio(BOUGHT_CHEAP, "worth", "bought"), pooled_ratio(BOUGHT, "worth", "bought")),
        "World `small`, customers of one year followed for twenty; after it nobody comes into the market. Present "
        "value at the sale of what they pay.",
    ),
    Row(
        "R47a", "adoption by word of mouth alone: Bass's p", "0.03", 0.001, 0.05, "H", ("sultan1990",),
        reading="World `small` with 5,000 fitting accounts, nobody who advertises or calls, customers who recommend "
        "(1.5 a year) and none who leave. Bass's curve fitted to the adoptions of 20 years by least squares, per year.",
        **_mean("p", "runs", BY_MOUTH),
    ),
    Row(
        "R47b", "the same: q", "0.38", 0.2, 0.6, "H", ("sultan1990",),
        reading="As R47a.", **_mean("q", "runs", BY_MOUTH),
    ),
    Row(
        "R47c", "the same: share of variance explained", "> 0.99", 0.99, 1.0, "H", ("sultan1990",),
        reading="As R47a: R² of the cumulative curve.", **_mean("r2", "runs", BY_MOUTH),
    ),
    Row(
        "U",
        "utilisation of reps in the base firm", "80–95 %, a condition of the targets", 0.80, 0.95, "S", (),
        reading="Busy desk hours / available working hours, own prospecting aside.",
        judged=False,
        **_share("busy_hours", "available_hours"),
    ),
)  # fmt: skip
BY_KEY = {row.key: row for row in ROWS}


def chosen(names: Sequence[str] | None) -> tuple[Row, ...]:
    """Return the rows with these keys or row numbers, in order; all of them if none are named."""
    if not names:
        return ROWS
    wanted = set(names)
    unknown = wanted - {row.key for row in ROWS} - {row.number for row in ROWS}
    if unknown:
        raise ValueError(f"no row is named {', '.join(sorted(unknown))}; rows: {', '.join(row.key for row in ROWS)}")
    return tuple(row for row in ROWS if row.key in wanted or row.number in wanted)
