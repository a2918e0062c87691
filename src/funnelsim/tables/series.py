"""Time series: what flowed in each period, and how the stocks stood at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, Kind, Role, Source
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.clock import month
from funnelsim.tables.ledger import cut_costs
from funnelsim.tables.lookup import Latest, Lookup
from funnelsim.tables.reading import NEVER, Reading, pick, reading

if TYPE_CHECKING:
    import pandas as pd

FREQUENCIES = {"D": "day", "W": "week", "M": "month", "Q": "quarter"}
REFERENCE_ACCOUNTS = 200_000
"""Market size at which gains of content per programme are stated (as in `funnelsim.scenario.lowering`)."""


def edges_of(this: Reading, freq: str) -> np.ndarray:
    """Return the days on which the periods of the window begin, and the day after the last."""
    if freq not in FREQUENCIES:
        raise ValueError(f"no series by {freq!r}; there are {', '.join(f'{k} ({v})' for k, v in FREQUENCIES.items())}")
    clock = this.clock
    if freq == "Q":
        return clock.quarter_edges
    if freq == "M":
        return np.array([(month(clock.start, m) - clock.start).days for m in range(3 * clock.quarters + 1)])
    step = 1 if freq == "D" else 7
    return np.append(np.arange(0, clock.days, step), clock.days)


def series(log: np.ndarray | Reading, scenario: Scenario, freq: str = "W") -> pd.DataFrame:
    """Flows of each period of the window and stocks at its end; one row per period.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    freq : {'D', 'W', 'M', 'Q'}
        Length of a period; weeks count from day 0 and the last one may be short.
    """
    import pandas as pd

    this = reading(log, scenario)
    edges = edges_of(this, freq)
    ends = edges[1:] * DAY
    columns: dict[str, np.ndarray] = {
        "start": this.clock.calendar(edges[:-1]),
        "end": this.clock.calendar(edges[1:]),
        "days": np.diff(edges),
    }
    return pd.DataFrame(columns | _flows(this, edges) | _stocks(this, ends) | _money(this, edges))


def _flows(this: Reading, edges: np.ndarray) -> dict[str, np.ndarray]:
    cases = this.cases
    marketing_leads = this.rows(Kind.MQL)["time"]
    times = {
        "needs": this.needs.start,
        "leads": this.rows(Kind.LEAD)["time"],
        "mqls": marketing_leads,
        "requests": cases.asked,
        "prospected": cases.handed_over[cases.source == int(Source.OUTBOUND)],
        "opportunities": this.rows(Kind.OPPORTUNITY)["time"],
        "wins": this.rows(Kind.WON)["time"],
    }
    return {name: np.diff(np.searchsorted(np.sort(when), edges * DAY, side="left")) for name, when in times.items()}


def stock(starts: np.ndarray, ends: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many things that lasted from `starts` to `ends` existed just before each moment."""
    begun = np.searchsorted(np.sort(starts), times, side="left")
    return begun - np.searchsorted(np.sort(ends), times, side="left")


def _stocks(this: Reading, times: np.ndarray) -> dict[str, np.ndarray]:
    cases, deals = this.cases, this.opportunities
    opened = deals.open_day * DAY
    ended = np.nan_to_num(deals.end_day * DAY, nan=float(NEVER))
    price = np.nan_to_num(deals.list_price)
    order, order_end = np.argsort(opened, kind="stable"), np.argsort(ended, kind="stable")
    total, total_end = np.append(0.0, np.cumsum(price[order])), np.append(0.0, np.cumsum(price[order_end]))
    pipeline = total[np.searchsorted(opened[order], times)] - total_end[np.searchsorted(ended[order_end], times)]
    waits = cases.wait_end
    return {
        "open_needs": stock(this.needs.start, this.needs.end, times),
        "open_opportunities": stock(opened, ended, times),
        "pipeline": np.maximum(pipeline, 0.0),
        "waiting_cases": stock(cases.due, waits, times),
        "customers": this.terms.customers(times - 1),
        "goodwill": goodwill(this, times),
        "content": content(this, times),
        "belief": last_value(this, Kind.BELIEF, times, this.world.selling.belief_start),
        "reps": on_roll(this, Role.REP, times),
        "sdrs": on_roll(this, Role.SDR, times),
        "marketers": on_roll(this, Role.MARKETER, times),
        "live_programmes": stock(*programme_lives(this), times),
    }


def _money(this: Reading, edges: np.ndarray) -> dict[str, np.ndarray]:
    moments = edges * DAY
    earned = this.terms.earned_between(moments)
    cost = this.terms.cost_of_goods_between(moments) + cut_costs(this, edges).sum(axis=(0, 1))
    won = this.measured(Kind.WON)
    day, billed = this.terms.billed_in_window()
    income = _per_period(day, billed, edges)
    return {
        "revenue_booked": _per_period(won["time"] // DAY, won["amount"], edges) / 100.0,
        "revenue_earned": earned / 100.0,
        "cost": cost / 100.0,
        "profit": (earned - cost) / 100.0,
        "cash": (income - cost) / 100.0,
    }


def _per_period(days: np.ndarray, cents: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the sum of cents by period between successive days (edges)."""
    total = np.zeros(len(edges) - 1, dtype=np.int64)
    np.add.at(total, np.searchsorted(edges, days, side="right") - 1, cents)
    return total


# -- stocks of the firm ----------------------------------------------------------------------------------------------


def last_value(this: Reading, kind: Kind, times: np.ndarray, start: float) -> np.ndarray:
    """Return the value of the last row of a kind before each moment, `start` where there is none."""
    rows = this.rows(kind)
    at = np.searchsorted(rows["time"], times, side="left") - 1
    return pick(rows["value"], at, start)


def goodwill(this: Reading, times: np.ndarray) -> np.ndarray:
    """Return goodwill just before each moment: the last jump, decayed by the half-lives that held since."""
    rows = this.rows(Kind.GOODWILL)
    at = np.searchsorted(rows["time"], times, side="left") - 1
    level = pick(rows["value"], at, this.world.goodwill.start)
    since = pick(rows["time"], at, this.clock.begin)
    return level * np.exp2(-this.dated.halvings(since, times, lambda state: state.world.goodwill.half_life))


def content(this: Reading, times: np.ndarray) -> np.ndarray:
    """Return the content stock just before each moment, added up from the programmes that went live."""
    world, dated = this.world, this.dated
    accounts = sum(segment.accounts for segment in world.segments.values())
    scale = world.programme_scale * (REFERENCE_ACCOUNTS / accounts)
    live, launched = this.rows(Kind.PROGRAMME_LIVE), this.rows(Kind.PROGRAMME_LAUNCHED)
    begun = pick(launched["time"], Lookup(launched["item"]).first(live["item"]), NEVER)
    gain = scale * _content_gains(this)[dated.number(np.minimum(begun, live["time"])), live["touchpoint"]]
    live, gain = live[gain > 0.0], gain[gain > 0.0]

    def half_life(state: Scenario) -> float:
        return state.world.content.half_life

    level = world.content.start * np.exp2(-dated.halvings(this.clock.begin, times, half_life))
    for begin in range(0, len(live), 4096):
        start, end = live["time"][begin : begin + 4096], times[:, None]
        left = np.where(end > start, np.exp2(-dated.halvings(start, end, half_life)), 0.0)
        level = level + left @ gain[begin : begin + 4096]
    return level


def _content_gains(this: Reading) -> np.ndarray:
    """Return what a programme of each kind (column: code of its touchpoint) adds to content in each state (row)."""
    gains = np.zeros((len(this.dated.states), 257))
    for row, state in enumerate(this.dated.states):
        for code, touchpoint in enumerate(state.world.touchpoints.values()):
            if touchpoint.programme is not None:
                gains[row, code] = touchpoint.programme.content
    return gains


def on_roll(this: Reading, role: Role, times: np.ndarray) -> np.ndarray:
    """Return full posts filled by a role just before each moment."""
    rows = this.rows(Kind.HIRED, Kind.LEFT)
    rows = rows[rows["person"] // 1_000_000 == int(role)]
    change = np.where(rows["kind"] == int(Kind.HIRED), rows["hours"], -rows["hours"])
    posts = np.append(0.0, np.cumsum(change))[np.searchsorted(rows["time"], times, side="left")]
    return np.maximum(np.where(np.abs(posts) < 1e-9, 0.0, posts), 0.0)


def programme_lives(this: Reading) -> tuple[np.ndarray, np.ndarray]:
    """Return when each programme went live and when it ended (`NEVER`: not yet)."""
    live, ended = this.rows(Kind.PROGRAMME_LIVE), this.rows(Kind.PROGRAMME_ENDED)
    at = Latest(ended["item"], ended["time"]).of(live["item"], np.full(len(live), NEVER))
    return live["time"], pick(ended["time"], at, NEVER)
