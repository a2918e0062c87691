"""One buyer: how trust grew touch by touch, from either team, until the decision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from funnelsim.errors import FunnelsimError
from funnelsim.events import DAY, Kind, Stage, Team
from funnelsim.plots.frame import (
    BAND,
    FAINT,
    GOOD,
    INK,
    MARKETING,
    SALES,
    SALES_INK,
    AxesLike,
    end_labels,
    nothing,
    panels,
    write,
)
from funnelsim.plots.sources import rows_of
from funnelsim.randomness import Purpose, kumaraswamy, run_key, uniform
from funnelsim.run import Run
from funnelsim.scenario.schema import Scenario

STAGE_NAMES = {
    Stage.PROSPECT: "prospect", Stage.LEAD: "lead", Stage.MQL: "with sales", Stage.SQL: "with sales",
    Stage.OPPORTUNITY: "opportunity",
}  # fmt: skip
MOMENTS = {
    Kind.MQL: "handed over",
    Kind.REQUEST: "asks for sales",
    Kind.PROSPECTED: "found by a rep",
    Kind.UPGRADED: "asks for sales itself",
    Kind.CONTACT: "first talk",
    Kind.RENEGED: "gone cold",
    Kind.DECLINED: "declined by sales",
    Kind.GIVEN_UP: "given up",
    Kind.DISQUALIFIED: "does not fit",
    Kind.NOT_READY: "not ready",
}
ENDS = {
    Kind.WON: ("WON", "bought from us"),
    Kind.LOST: ("LOST", "bought elsewhere"),
    Kind.NO_DECISION: ("NO DECISION", "decided nothing"),
    Kind.WINDOW_CLOSED: ("OVER", "was never an opportunity of ours"),
}
STEPS_A_DAY = 4
HEIGHT, RATIOS = 7.2, (1.65, 1.0)
"""Height of the picture in inches; of its panels: most of it shows trust."""
TOP, NAMES, ROWS, ROW = 1.42, 1.40, 1.27, 0.085
"""In units of trust: upper end of the panel, stages' names, uppermost row of moments, distance between rows."""


@dataclass(frozen=True)
class Buyer:
    """One need of one account, in days since it arose.

    Attributes
    ----------
    account, need
        Which.
    curve
        Columns ``day``, ``brand``, ``relationship``, ``total``: trust over time, jumps included.
    touches
        Columns ``day``, ``team``, ``name``, ``total``: trust just after each touch.
    moments
        Columns ``day``, ``what``: hand-over, first talk, …
    stages
        Columns ``start``, ``end``, ``name``.
    threshold, asks_at
        Trust at which the buyer is ready to buy (theta), and from which on it talks to sales (psi theta).
    end
        How it ended; None: still open.
    days
        When it ended, or the window did.
    """

    account: int
    need: int
    curve: pd.DataFrame
    touches: pd.DataFrame
    moments: pd.DataFrame
    stages: pd.DataFrame
    threshold: float
    asks_at: float
    end: Kind | None
    days: float


def one_journey(
    run: Run, account: int | None = None, need: int | None = None, ax: AxesLike | None = None
) -> tuple[Axes, ...]:
    """Draw how one buyer's trust grew and decayed, which team touched it when, and what came of it.

    Parameters
    ----------
    run : Run
        One replication.
    account : int, optional
        Number of the account; by default the account of a won deal with a typical number of touches.
    need : int, optional
        Number of the need; by default the account's last.
    ax : matplotlib.axes.Axes or two of them, optional
        Where to draw; one is divided. By default in a new figure.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Trust, and the touches below it.
    """
    if account is None:
        account, need = typical_win(run)
        if account is None:
            axes = panels(ax, HEIGHT, rows=2, ratios=RATIOS)
            nothing(axes, "Journey of a buyer", "No deal was won in the window; name an account.")
            return tuple(axes)
    buyer = buyer_of(run, account, need)
    axes = panels(ax, HEIGHT, rows=2, ratios=RATIOS)
    top, lanes = axes
    _trust(top, buyer)
    _lanes(lanes, buyer)
    after = f"after {len(buyer.touches)} touches ({_by_team(buyer)}) in {buyer.days:.0f} days"
    trust = float(buyer.curve["total"].iloc[-1])
    if buyer.end is None:
        title = f"Account {buyer.account} is still in market {after}: trust {trust:.2f}"
    else:
        title = f"Account {buyer.account} {ENDS[buyer.end][1]} {after}, with trust {trust:.2f}"
    write(axes, title, "One buyer of one replication. θ: trust to be ready to buy; ψθ: trust to talk to sales.")
    return tuple(axes)


def typical_win(run: Run) -> tuple[int | None, int | None]:
    """Return account and need of a won deal that both teams touched, with the median number of touches."""
    deals = run.opportunities()
    won = deals[deals["outcome"].astype(str) == "won"]
    if won.empty:
        return None, None
    won = won.assign(touches=won["touches_marketing"] + won["touches_sales"])
    both = won[(won["touches_marketing"] > 0) & (won["touches_sales"] > 0)]
    ordered = (both if len(both) else won).sort_values(["touches", "account", "need"], kind="stable")
    row = ordered.iloc[len(ordered) // 2]
    return int(row["account"]), int(row["need"])


def buyer_of(run: Run, account: int, need: int | None = None) -> Buyer:
    """Return one need of one account, read from the log."""
    account = int(account)  # numbers of a table are numpy's, which overflow in the address of a random number
    log = run.log[run.log["account"] == account]
    numbers = sorted({int(number) for number in log["need"][log["kind"] == int(Kind.NEED)]})
    if not numbers:
        raise FunnelsimError(f"account {account} was never in market in this run; take one of run.journeys()")
    if need is None:
        need = numbers[-1]
    elif need not in numbers:
        raise FunnelsimError(f"account {account} has no need {need}; it has {', '.join(map(str, numbers))}")
    rows = log[log["need"] == need]
    kinds = [Kind(kind) for kind in rows["kind"]]
    last = next((i for i, kind in enumerate(kinds) if kind in ENDS), None)
    rows, kinds = (rows, kinds) if last is None else (rows[: last + 1], kinds[: last + 1])
    start = int(rows["time"][kinds.index(Kind.NEED)])
    days = (rows["time"] - start) / DAY
    names = tuple(run.scenario.world.touchpoints)
    total = 1.0 - (1.0 - rows["brand"]) * (1.0 - rows["relationship"])
    touched = [i for i, kind in enumerate(kinds) if kind == Kind.TOUCH]
    touches = pd.DataFrame(
        {
            "day": days[touched],
            "team": [Team(team).name.lower() for team in rows["team"][touched]],
            "name": [names[code] for code in rows["touchpoint"][touched]],
            "total": total[touched],
        }
    )
    said = [(float(days[i]), MOMENTS[kind]) for i, kind in enumerate(kinds) if kind in MOMENTS]
    key = run_key(run.provenance.seed, run.provenance.replication)
    buyers = run.scenario.world.buyers
    psi = kumaraswamy(
        uniform(key, account, Purpose.SHARE_BEFORE_SALES, 0), buyers.share_before_sales_a, buyers.share_before_sales_b
    )
    threshold = float(rows["value"][kinds.index(Kind.NEED)])
    end = None if last is None else kinds[last]
    window = run._reading.end
    finish = float(days[-1]) if end is not None else (window - start) / DAY
    return Buyer(
        account, need, _curve(run, rows, days, finish), touches, pd.DataFrame(said, columns=["day", "what"]),
        _stages(rows, days, finish), threshold, psi * threshold, end, finish,
    )  # fmt: skip


def _curve(run: Run, rows: np.ndarray, days: np.ndarray, finish: float) -> pd.DataFrame:
    """Return trust over time: the rows of the log, and decay between them."""
    dated = run._reading.dated
    parts = []
    for i, day in enumerate(days):
        until = days[i + 1] if i + 1 < len(days) else finish
        if until < day or not np.isfinite(rows["brand"][i] + rows["relationship"][i]):
            continue
        since = np.linspace(0.0, until - day, 2 + int(STEPS_A_DAY * (until - day)))
        start = int(rows["time"][i])
        moments = start + (since * DAY).astype(np.int64)
        brand = rows["brand"][i] * np.exp2(-dated.halvings(start, moments, _brand_half_life))
        relationship = rows["relationship"][i] * np.exp2(-dated.halvings(start, moments, _relationship_half_life))
        total = 1.0 - (1.0 - brand) * (1.0 - relationship)
        parts.append(pd.DataFrame({"day": day + since, "brand": brand, "relationship": relationship, "total": total}))
    return pd.concat(parts, ignore_index=True)


def _brand_half_life(state: Scenario) -> float:
    return state.world.trust.brand_half_life


def _relationship_half_life(state: Scenario) -> float:
    return state.world.trust.relationship_half_life


def _stages(rows: np.ndarray, days: np.ndarray, finish: float) -> pd.DataFrame:
    """Return the stages one after the other; equal names in a row are one."""
    found: list[list[object]] = []
    for day, code in zip(days, rows["stage"], strict=True):
        name = STAGE_NAMES.get(Stage(int(code))) if code >= 0 else None
        if name is None:
            continue
        if not found or found[-1][2] != name:
            if found:
                found[-1][1] = float(day)
            found.append([float(day), finish, name])
    return pd.DataFrame(found, columns=["start", "end", "name"])


def _trust(ax: Axes, buyer: Buyer) -> None:
    """Draw trust with its thresholds, stages and moments."""
    length = buyer.days or 1.0
    ax.set_ylim(0.0, TOP)
    ax.set_yticks(np.linspace(0.0, 1.0, 6))
    ax.set_xlim(-0.01 * length, 1.01 * length)
    for number, row in enumerate(rows_of(buyer.stages)):
        ax.axvspan(row.start, row.end, color=BAND if number % 2 else "#F8F9FA", zorder=0, linewidth=0)
        if row.end - row.start >= 0.014 * len(str(row.name)) * length:
            middle = (row.start + row.end) / 2
            ax.text(middle, NAMES, row.name, ha="center", va="top", fontsize=8, color=FAINT, style="italic")
    curve = buyer.curve
    ax.plot(curve["day"], curve["brand"], color=MARKETING, linewidth=1.2, linestyle=(0, (4, 2)))
    ax.plot(curve["day"], curve["relationship"], color=SALES_INK, linewidth=1.2, linestyle=(0, (1, 1)))
    ax.plot(curve["day"], curve["total"], color=INK, linewidth=1.8)
    for team, colour, marker in (("marketing", MARKETING, "o"), ("sales", SALES, "s")):
        chosen = buyer.touches[buyer.touches["team"] == team]
        ax.plot(
            chosen["day"], chosen["total"], marker, color=colour, markersize=6, markeredgecolor=INK,
            markeredgewidth=0.6, zorder=4,
        )  # fmt: skip
    for level in (buyer.threshold, buyer.asks_at):
        ax.axhline(level, color=GOOD, linewidth=1.0, linestyle=(0, (6, 3)), zorder=1)
    last = curve.iloc[-1]
    ends = [
        (buyer.threshold, "θ", GOOD), (buyer.asks_at, "ψθ", GOOD), (float(last["total"]), "total trust", INK),
        (float(last["brand"]), "brand", MARKETING), (float(last["relationship"]), "relationship", SALES_INK),
    ]  # fmt: skip
    end_labels(ax, ends)
    _moments(ax, buyer, length)
    ax.set_ylabel("trust, 0 to 1", fontsize=9)
    ax.tick_params(labelbottom=False)


def _moments(ax: Axes, buyer: Buyer, length: float) -> None:
    """Name hand-over, talks and the end; at most three heights, so that neighbours do not cover one another."""
    said = [(float(day), str(what)) for day, what in zip(buyer.moments["day"], buyer.moments["what"], strict=True)]
    if buyer.end is not None:
        said.append((buyer.days, ENDS[buyer.end][0]))
    together: list[tuple[float, list[str]]] = []
    for day, what in said:
        if together and day - together[-1][0] <= 0.015 * length:
            together[-1][1].append(what)
        else:
            together.append((day, [what]))
    ends_at = [-np.inf] * 3
    for day, words in together:
        text = ", ".join(dict.fromkeys(words))
        width = 0.022 * len(text) * length
        right = day + width > length and day > length / 2
        start = day - width if right else day
        height = next((i for i, end in enumerate(ends_at) if end <= start), int(np.argmin(ends_at)))
        ends_at[height] = start + width
        y = ROWS - ROW * height
        ax.plot([day, day], [0.0, y + 0.03], color="#7A8087", linewidth=0.8, zorder=2)
        ax.text(
            day, y, f"{text} " if right else f" {text}", ha="right" if right else "left", va="center", fontsize=8,
            color=INK, fontweight="bold" if text.isupper() else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}, zorder=5,
        ).set_in_layout(False)  # fmt: skip


def _lanes(ax: Axes, buyer: Buyer) -> None:
    """Draw each team's touches in its lane, with their names."""
    length = buyer.days or 1.0
    ax.set_ylim(0.0, 2.0)
    for lane, (team, colour, marker) in enumerate((("sales", SALES, "s"), ("marketing", MARKETING, "o"))):
        chosen = buyer.touches[buyer.touches["team"] == team]
        ax.plot(
            chosen["day"], np.full(len(chosen), lane + 0.1), marker, color=colour, markersize=5,
            markeredgecolor=INK, markeredgewidth=0.6,
        )  # fmt: skip
        places = _apart([float(day) for day in chosen["day"]], 0.026 * length, length)
        for day, place, name in zip(chosen["day"], places, chosen["name"], strict=True):
            if np.isfinite(place):
                ax.plot([day, place], [lane + 0.13, lane + 0.2], color="#9AA0A6", linewidth=0.6)
                ax.text(
                    place, lane + 0.21, str(name).replace("_", " "), rotation=90, ha="center", va="bottom", fontsize=7
                )
    ax.axhline(1.0, color="#C9CED2", linewidth=0.8)
    ax.set_yticks([0.5, 1.5], ["sales", "marketing"])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("days since the need arose", fontsize=9)


def _apart(days: list[float], gap: float, length: float) -> list[float]:
    """Return places for names: near their day, at least `gap` apart; NaN for those that find no room."""
    if len(days) * gap > length:  # name every second, third, … only
        every = int(np.ceil(len(days) * gap / length))
        kept = _apart(days[::every], gap, length)
        places = [float("nan")] * len(days)
        places[::every] = kept
        return places
    places = []
    for day in days:
        places.append(max(day, places[-1] + gap) if places else day)
    top = length
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], top)
        top = places[i] - gap
    return places


def _by_team(buyer: Buyer) -> str:
    counts = buyer.touches["team"].value_counts()
    return f"{counts.get('marketing', 0)} by marketing, {counts.get('sales', 0)} by sales"
