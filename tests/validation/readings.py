"""What is read from one run: plain sums and samples, so that replications can be pooled.

`rows.ROWS` says what each row of the report is made of; ``test_readings.py`` computes the same by hand.
"""

from __future__ import annotations

import numpy as np

from funnelsim.events import DAY, Kind, Source
from funnelsim.run import Run
from funnelsim.scenario.lowering import quarter_date
from funnelsim.tables import Reading, kpis
from funnelsim.tables.funnel import LEAD, WON, step_times
from funnelsim.tables.kpis_incentives import edge_wins
from funnelsim.tables.reading import NEVER, pick

Sums = dict[str, float]
Samples = dict[str, list[float]]
GOOD = 0.7
"""R14: a lead is well qualified from so many sd above the bar on; about half are."""
ATTEMPTS = 6
"""R16: reached within so many attempts."""
NEAR = (15_000.0, 40_000.0)
"""R34: annual list price of deals near $25k, USD."""
LEAST_DAYS = 30.0
"""R29: reps who were there for less are left out."""


def revenue(this: Reading) -> Sums:
    """Read the first-year price of the deals won in quarters 1-4, all that R1 and R4 need."""
    won = this.measured(Kind.WON)
    return {"revenue": _booked(this, won, 0, 4), "wins": float(len(won)), "runs": 1.0}


def money(run: Run) -> Sums:
    """Read revenue, also that of quarters 9-12, and what was earned and spent up to the horizon."""
    this = Reading(run.log, run.scenario)
    won = this.measured(Kind.WON)
    figures = kpis(this, run.scenario)
    spent = float(figures["marketing_cost"] + figures["sales_cost"])
    profit = float(figures["profit"])
    return revenue(this) | {
        "late_revenue": _booked(this, won, 8, 12),
        "profit": profit,
        "spent": spent,
        "contribution": profit + spent,
    }


def buyers(run: Run) -> Sums:
    """Read mails and carts: all that R39, R40 and R42 need."""
    this = Reading(run.log, run.scenario)
    mail = [code for code, kind in enumerate(run.scenario.world.touchpoints.values()) if kind.mail]
    left, won = this.measured(Kind.ABANDONED), this.measured(Kind.WON)
    recovered = this.count(Kind.RECOVERED)
    bought = int((won["source"] == int(Source.SITE)).sum()) - recovered
    return {
        "mails": float(np.isin(this.measured(Kind.TOUCH)["touchpoint"], mail).sum()),
        "clicks": float(this.count(Kind.CLICKED)),
        "unsubscribed": float(this.count(Kind.UNSUBSCRIBED)),
        "carts_left": float(len(left)),
        "carts_settled": float(len(left) + bought),
        "carts_reminded": float(left["value"].sum()),
        "carts_recovered": float(recovered),
    }


def _booked(this: Reading, won: np.ndarray, first: int, last: int) -> float:
    """First-year price of the deals won from the beginning of one quarter to that of another [USD]."""
    start = this.scenario.start
    begin, end = ((quarter_date(start, quarter) - start).days * DAY for quarter in (first, last))
    return float(won["amount"][(won["time"] >= begin) & (won["time"] < end)].sum()) / 100.0


def read(run: Run) -> tuple[Sums, Samples]:
    """Read everything that the other rows need."""
    this = Reading(run.log, run.scenario)
    sums = revenue(this)
    samples: Samples = {}
    for part in (_response(run), _follow_up(run), _deals(run), _people(this), _market(this), _quotas(this)):
        sums |= part
    more, samples["lead_to_win_days"] = _conversion(this)
    return sums | more, samples


def _response(run: Run) -> Sums:
    """R13, R15: cases whose clock started in the window; R19: revenue at both ends of it."""
    cases = run.cases()
    unworked = cases["outcome"].isin(["declined", "reneged"])
    resolved = cases["outcome"] != "open"
    mql, inbound = cases["source"] == "mql", cases["source"] == "inbound"
    hours = cases.loc[inbound, "response_hours"].dropna()
    earned = run.series(freq="Q")["revenue_earned"]
    return {
        "earned_first": float(earned.iloc[0]),
        "earned_last": float(earned.iloc[-1]),
        "mql_unworked": float((mql & unworked).sum()),
        "mql_resolved": float((mql & resolved).sum()),
        "inbound_never": float((inbound & unworked).sum()),
        "inbound_resolved": float((inbound & resolved).sum()),
        "response_hours": float(hours.sum()),
        "responses": float(len(hours)),
    }


def _follow_up(run: Run) -> Sums:
    """R14: marketing leads that a rep has decided on, by the rep's time with the firm and the lead's score.

    Experienced: with the firm since before the burn-in, so for a year at least.
    """
    cases, staff = run.cases(), run.staff()
    new = set(staff.loc[staff["hired"].notna(), "person"])
    leads = cases[(cases["source"] == "mql") & cases["person"].notna()]
    worked = leads["outcome"] != "declined"
    fresh, good = leads["person"].isin(new), leads["score"] > run.scenario.plan.marketing.lead_bar + GOOD
    sums: Sums = {}
    for who, these in {"new": fresh, "old": ~fresh}.items():
        for name, which in {who: these, f"{who}_good": these & good, f"{who}_poor": these & ~good}.items():
            sums |= {f"{name}_leads": float(which.sum()), f"{name}_worked": float((which & worked).sum())}
    return sums


def _deals(run: Run) -> Sums:
    """R33-R36: opportunities decided in the window."""
    table = run.opportunities()
    decided = table[table["end_day"].notna()]
    sent = decided[decided["proposal_sent"]]
    won = decided[decided["outcome"] == "won"]
    near = won[won["list_price"].between(*NEAR)]
    inbound, cold = won[won["source"] == "inbound"], won[won["source"] == "outbound"]
    calls = 1.0 / run.scenario.world.selling.cold_contact - 1.0
    trust = won["trust_before_sales_share"].dropna()
    sums = {
        "decided": len(decided),
        "won": len(won),
        "sent": len(sent),
        "near_days": near["days"].sum(),
        "near": len(near),
        "inbound_touches": (inbound["touches_marketing"] + inbound["touches_sales"]).sum(),
        "inbound_wins": len(inbound),
        "cold_touches": (cold["touches_marketing"] + cold["touches_sales"] + calls).sum(),
        "cold_wins": len(cold),
        "trust_share": trust.sum(),
        "trust_known": len(trust),
    }
    sums |= {f"sent_{outcome}": (sent["outcome"] == outcome).sum() for outcome in ("won", "lost", "no_decision")}
    return {name: float(value) for name, value in sums.items()}


def _conversion(this: Reading) -> tuple[Sums, list[float]]:
    """R16, R30-R32: how leads become wins, and the days from hand-over by marketing to the win."""
    cases = this.cases
    won = this.measured(Kind.WON)
    case = cases.of(won)
    source = pick(cases.source, case, -1)
    contacts, at = cases.first_row(Kind.CONTACT)
    attempt = pick(pick(contacts["value"], at, np.nan), case, np.nan)
    called = (source != int(Source.OUTBOUND)) & ~np.isnan(attempt)
    from_mql = ~np.isnan(pick(cases.score, case, np.nan))
    days = (won["time"] - pick(cases.handed_over, case, 0))[from_mql] / DAY
    lead, bought = step_times(this)[[LEAD, WON]]
    handed = cases.in_window & (cases.source != int(Source.OUTBOUND))
    sums = {
        "called_wins": called.sum(),
        "called_wins_early": (called & (attempt <= ATTEMPTS)).sum(),
        "lead_needs": ((lead >= 0) & (lead != NEVER)).sum(),
        "lead_wins": ((bought >= 0) & (bought != NEVER) & (lead != NEVER)).sum(),
        "mqls": this.count(Kind.MQL),
        "mql_wins": from_mql.sum(),
        "handed": handed.sum(),
        "handed_wins": ((source == int(Source.MQL)) | (source == int(Source.INBOUND))).sum(),
    }
    return {name: float(value) for name, value in sums.items()}, days.tolist()


def _people(this: Reading) -> Sums:
    """R29: wins of reps, by time on the roll, and the utilisation of reps."""
    table = this.desk_time
    reps = table[table["role"] == "rep"]
    counted = reps[reps["days_on_roll"] >= 1.0]["wins"].to_numpy(dtype=float)
    long = reps[reps["days_on_roll"] >= LEAST_DAYS]
    years = (long["days_on_roll"] * long["post"]).to_numpy() / this.clock.days
    wins = long["wins"].to_numpy(dtype=float)
    return {
        "rep_years": float(years.sum()),
        "rep_wins": float(wins.sum()),
        "rep_wins_squared_per_year": float((wins * wins / years).sum()),
        "reps": float(len(counted)),
        "count_wins": float(counted.sum()),
        "count_wins_squared": float((counted * counted).sum()),
        "busy_hours": float(reps["busy_hours"].sum()),
        "available_hours": float(reps["available_hours"].sum()),
    }


def _quotas(this: Reading) -> Sums:
    """R23, R24, R27, R28: quotas met, wins at both ends of the period, and the desk hours that meetings take."""
    met = this.measured(Kind.QUOTA)["value"]
    last, first, expected_last, expected_first = edge_wins(this) if len(met) else (0.0, 0.0, 0.0, 0.0)
    tasks = this.measured(Kind.TASK)
    meetings = np.isin(tasks["touchpoint"], [this.code(name) for name in this.world.selling.meetings])
    return {
        "quotas": float(len(met)),
        "quotas_met": float((met >= 1.0).sum()),
        "last_wins": last,
        "last_expected": expected_last,
        "first_wins": first,
        "first_expected": expected_first,
        "meetings": float(meetings.sum()),
        "meeting_hours": float(tasks["hours"][meetings].sum()),
    }


def _market(this: Reading) -> Sums:
    """R37: accounts with an open need, averaged over the window."""
    accounts = sum(segment.accounts for segment in this.world.segments.values())
    return {"in_market": this.needs.time_open(0, this.end) / this.end, "accounts": float(accounts)}
