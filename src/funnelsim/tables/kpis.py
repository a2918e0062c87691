"""Key figures of a run: one flat series of named numbers, NaN where there is nothing to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, Kind, Role, Source, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.funnel import first_lead, first_with_sales
from funnelsim.tables.kpis_buyer import buyer_figures
from funnelsim.tables.kpis_climate import climate_figures
from funnelsim.tables.kpis_customers import customer_figures
from funnelsim.tables.kpis_incentives import incentives_figures
from funnelsim.tables.ledger import GOODS, PROGRAMMES, SALARIES
from funnelsim.tables.opportunities import LOST, NO_DECISION, WON
from funnelsim.tables.profit import LINES, statement
from funnelsim.tables.reading import NEVER, Reading, pick, reading
from funnelsim.tables.series import goodwill, last_value, programme_lives
from funnelsim.tables.terms import first_of_renewal, gross_margin, margin_of, renewal_factor
from funnelsim.tables.waiting import never_answered_share

if TYPE_CHECKING:
    import pandas as pd

NAN = float("nan")
Numbers = dict[str, float]


def kpis(log: np.ndarray | Reading, scenario: Scenario) -> pd.Series:
    """Key figures of the measurement window; `funnelsim.tables.glossary` has their units and meanings.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    import pandas as pd

    numbers = reading(log, scenario).key_figures
    return pd.Series(numbers, dtype=float, name="value").rename_axis("kpi")


def key_figures(this: Reading) -> Numbers:
    """Return the key figures by name; made of arrays, as tables of pandas would take most of the time."""
    numbers = _counts(this)
    numbers |= _flow_ratios(this, numbers)
    numbers |= _deals(this)
    numbers |= _response(this)
    numbers |= _people(this)
    numbers |= _market(this)
    numbers |= _money(this)
    numbers |= _unit_economics(this, numbers)
    numbers |= climate_figures(this)
    numbers |= buyer_figures(this)
    numbers |= incentives_figures(this)
    numbers |= customer_figures(this)
    # one nan for all: two readings of the same log are then equal
    return {name: float(value) if value == value else NAN for name, value in numbers.items()}


def mean(values: np.ndarray) -> float:
    """Return the mean of what is known, NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else NAN


def median(values: np.ndarray) -> float:
    """Return the median of what is known, NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else NAN


def ratio(a: float, b: float) -> float:
    """Return a / b, NaN if b is zero."""
    return float(a) / float(b) if b else NAN


def _counts(this: Reading) -> Numbers:
    cases = this.cases
    return {
        "needs": this.count(Kind.NEED),
        "leads": this.count(Kind.LEAD),
        "mqls": this.count(Kind.MQL),
        "requests": this.count(Kind.REQUEST),
        "prospected": this.count(Kind.PROSPECTED),
        "cases_worked": int(((cases.attempted >= 0) & cases.was_attempted).sum()),
        "contacts": int(((cases.contacted >= 0) & (cases.contacted != NEVER)).sum()),
        "sqls": this.count(Kind.SQL),
        "opportunities": this.count(Kind.OPPORTUNITY),
        "wins": this.count(Kind.WON),
    }


def _flow_ratios(this: Reading, numbers: Numbers) -> Numbers:
    """Wins of the window that once were leads (or MQLs) over the leads (or MQLs) of the window."""
    lead, won = first_lead(this), this.needs.first(Kind.WON)
    now = (won >= 0) & (won != NEVER)
    leads = int(((lead >= 0) & (lead != NEVER)).sum())
    wins = this.measured(Kind.WON)
    case = this.cases.of(wins)
    from_mql = int(pick(~np.isnan(this.cases.score), case, False).sum())
    reached = first_with_sales(this)
    with_sales = int(((reached >= 0) & (reached != NEVER)).sum())
    return {
        "win_rate": this.opportunities.win_rate,
        "lead_to_won": ratio((now & (lead != NEVER)).sum(), leads),
        "mql_to_won": ratio(from_mql, numbers["mqls"]),
        "case_to_opportunity": ratio(numbers["opportunities"], with_sales),
    }


def _deals(this: Reading) -> Numbers:
    deals = this.opportunities
    decided = deals.decided_in_window
    proposed = deals.outcome[decided & deals.touched["proposal_sent"]]
    won = decided & (deals.outcome == WON)
    touched = (deals.touched["touches_marketing"] + deals.touched["touches_sales"])[won].astype(float)
    source = deals.source[won]
    days = deals.days[decided]
    lead_days = _days_from_lead(this, won)
    return {
        "won_after_proposal": ratio((proposed == WON).sum(), len(proposed)),
        "lost_after_proposal": ratio((proposed == LOST).sum(), len(proposed)),
        "no_decision_after_proposal": ratio((proposed == NO_DECISION).sum(), len(proposed)),
        "cycle_days_mean": mean(days),
        "cycle_days_median": median(days),
        "won_cycle_days_mean": mean(deals.days[won]),
        "mql_to_win_days_mean": mean(lead_days),
        "mql_to_win_days_median": median(lead_days),
        "touches_per_win": mean(touched),
        "touches_per_win_mql": mean(touched[source == int(Source.MQL)]),
        "touches_per_win_inbound": mean(touched[source == int(Source.INBOUND)]),
        "touches_per_win_outbound": mean(touched[source == int(Source.OUTBOUND)]),
        "trust_before_sales": mean(deals.trust["trust_before_sales_share"][won]),
        "mean_price": mean(deals.sold_price[won]),
    }


def _days_from_lead(this: Reading, won: np.ndarray) -> np.ndarray:
    """Return days from hand-over by marketing to the win, for wins that began so."""
    case = this.opportunities.case[won]
    handed = pick(this.cases.handed_over, case, NEVER)
    from_mql = ~np.isnan(pick(this.cases.score, case, NAN))
    return (this.opportunities.end_day[won] - handed / DAY)[from_mql]


def _response(this: Reading) -> Numbers:
    cases = this.cases
    inbound, mql = cases.source == int(Source.INBOUND), cases.source == int(Source.MQL)

    def hours(chosen: np.ndarray, values: np.ndarray) -> np.ndarray:
        return values[chosen & cases.in_window]

    return {
        "response_hours_inbound": mean(hours(inbound, cases.response_hours)),
        "response_working_hours_inbound": mean(hours(inbound, cases.response_working_hours)),
        "response_hours_mql": mean(hours(mql, cases.response_hours)),
        "never_answered_inbound": never_answered_share(this, inbound),
        "unworked_mql_share": never_answered_share(this, mql),
        "mean_waiting": cases.mean_waiting(np.ones(len(cases), dtype=bool)),
    }


def _people(this: Reading) -> Numbers:
    people = this.people
    available, busy = people.available, people.busy

    def utilisation(which: Role) -> float:
        chosen = people.role == int(which)
        return ratio(busy[chosen].sum(), available[chosen].sum())

    reps = people.role == int(Role.REP)
    wins = people.wins[reps & (people.days_on_roll >= 1.0)].astype(float)
    full_post = float(this.clock.working_hours(np.array(0), np.array(this.end)))
    posts = ratio(available[reps].sum(), full_post)
    return {
        "utilisation_reps": utilisation(Role.REP),
        "utilisation_sdrs": utilisation(Role.SDR),
        "utilisation_marketers": utilisation(Role.MARKETER),
        "wins_per_rep": ratio((this.measured(Kind.WON)["source"] != int(Source.SITE)).sum(), posts),
        "wins_per_rep_cv": ratio(wins.std(ddof=1), wins.mean()) if len(wins) > 1 else NAN,
    }


def _market(this: Reading) -> Numbers:
    accounts = sum(segment.accounts for segment in this.world.segments.values())
    end = np.array([this.end])
    live, ended = programme_lives(this)
    live_time = np.maximum(np.minimum(ended, this.end) - np.maximum(live, 0), 0).sum()
    renewals = this.measured(Kind.RENEWED)
    churned, renewed = this.count(Kind.CHURNED), int(first_of_renewal(renewals).sum())
    return {
        "in_market_share": this.needs.time_open(0, this.end) / this.end / accounts,
        "programmes_live_mean": live_time / this.end,
        "belief_end": float(last_value(this, Kind.BELIEF, end, this.world.selling.belief_start)[0]),
        "goodwill_end": float(goodwill(this, end)[0]),
        "customers_end": int(this.terms.customers(end - 1)[0]),
        "churn_rate": NAN if this.terms.is_repeat else ratio(churned, churned + renewed),
    }


def _money(this: Reading) -> Numbers:
    lines = dict(zip(LINES, statement(this, this.clock.quarter_edges[[0, -1]])[:, 0], strict=True))
    booked = this.measured(Kind.WON)["amount"].sum() / 100.0
    costs = this.costs.sum(axis=2) / 100.0
    marketing = costs[int(Team.MARKETING)]
    value_end = lines["customer_value_end"] + lines["pipeline_value_end"]
    value_start = lines["customer_value_start"] + lines["pipeline_value_start"]
    profit, trough = _daily(this)
    discounted = _discounted(this)
    return {
        "revenue_booked": booked,
        "revenue_earned": lines["revenue_earned"],
        "marketing_cost": marketing.sum() - marketing[GOODS],
        "sales_cost": costs[int(Team.SALES)].sum(),
        "programme_money": costs[:, PROGRAMMES].sum(),
        "salaries": costs[:, SALARIES].sum(),
        "profit": lines["profit"],
        "profit_with_value": lines["profit_with_value"],
        "customer_value_end": lines["customer_value_end"],
        "pipeline_value_end": lines["pipeline_value_end"],
        "npv": float((profit * discounted).sum() + value_end * discounted[-1] - value_start),
        "cash_trough": trough,
    }


def _discounted(this: Reading) -> np.ndarray:
    """Return what a dollar at the end of each day of the window is worth on day 0, at the discount rate of each day."""
    edges = np.append(this.dated.since, this.end).clip(0, this.end) / DAY
    days = np.arange(this.clock.days) + 1
    worth = np.ones(this.clock.days)
    for begin, end, rate in zip(edges[:-1], edges[1:], this.dated.each(discount_rate), strict=True):
        worth = worth * (1.0 + rate) ** -((days.clip(begin, end) - begin) / 365.0)
    return worth


def discount_rate(scenario: Scenario) -> float:
    """Return the discount rate per year."""
    return scenario.world.finance.discount_rate


def _daily(this: Reading) -> tuple[np.ndarray, float]:
    """Return profit by day, USD, and the lowest point of cash since day 0, USD (zero if it never sinks below)."""
    edges = np.arange(this.clock.days + 1)
    costs = this.costs.sum(axis=(0, 1)) + this.terms.cost_of_goods_between(edges * DAY)
    day, billed = this.terms.billed_in_window()
    income = np.zeros(this.clock.days, dtype=np.int64)
    np.add.at(income, day, billed)
    trough = min(0, int(np.cumsum(income - costs).min()))
    return (this.terms.earned_between(edges * DAY) - costs) / 100.0, trough / 100.0


def _margins(this: Reading) -> tuple[float, float]:
    """Return the mean margin of a won deal's first year and of its whole life, each at the values of its date."""
    deals = this.opportunities
    won = deals.decided_in_window & (deals.outcome == WON)
    when = np.floor(deals.end_day[won] * DAY + 0.5).astype(np.int64)
    price = deals.sold_price[won]
    product = deals.product[won]
    margin = this.dated.values(gross_margin, when)
    for other in np.unique(product[product >= 0]):
        margin = np.where(product == other, this.dated.values(margin_of(int(other)), when), margin)
    first = price * margin
    return mean(first), mean(first * (1.0 + this.dated.values(renewal_factor, when)))


def _unit_economics(this: Reading, numbers: Numbers) -> Numbers:
    spent = numbers["marketing_cost"] + numbers["sales_cost"]
    cac = ratio(spent, numbers["wins"])
    first_year, ltv = _margins(this)
    deals = this.opportunities
    start = np.maximum(deals.open_day, 0.0)
    end = np.minimum(np.nan_to_num(deals.end_day, nan=np.inf), this.clock.days)
    open_mean = np.maximum(end - start, 0.0).sum() / this.clock.days
    velocity = open_mean * numbers["win_rate"] * numbers["mean_price"]
    return {
        "cac": cac,
        "ltv": ltv,
        "ltv_to_cac": ratio(ltv, cac),
        "payback_months": ratio(cac, first_year / 12.0),
        "cost_per_lead": ratio(numbers["marketing_cost"], numbers["leads"]),
        "cost_per_opportunity": ratio(spent, numbers["opportunities"]),
        "open_opportunities_mean": float(open_mean),
        "pipeline_velocity": ratio(velocity, numbers["cycle_days_mean"]),
    }
