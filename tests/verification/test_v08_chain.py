"""V8: fixed chances at every stage: an absorbing chain, B = N R and N tau.

A buyer meets us after 5 days on average (lead); marketing hands over those whose score passes; the talk takes 10 days
and shows who fits (SQL); the first meeting comes after 4 days, and 55 % go on (opportunity); the buyer decides 64 days
after the opportunity opened, 60 after the first meeting on average; 22 % decide for us. Trust stands still, so every
chance is fixed. A need that ends before an opportunity is a competing clock of both first stages: visits, talks, the
lead bar and the share that fits are set so that stays and chances are those of the chain.

A second world goes back: of the SQLs that do not agree, a third rests for two weeks and is handed over again. There
55 % of the SQLs agree in the talk itself, whoever is handed over again fits, and every touch makes a marketing lead.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import norm
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import TOUCHPOINTS, bare, days, match, rows

from funnelsim.events import Kind
from funnelsim.scenario.lowering import lower
from funnelsim.scenario.schema import Touchpoint

SEED = 8
STEPS = (0.25, 0.35, 0.55, 0.22)
"""Lead to MQL, MQL to SQL, SQL to opportunity, opportunity to won."""
DWELL = (5.0, 10.0, 4.0, 60.0)
ACCOUNTS = 4_000
RUNS = 8 * REPLICATIONS
"""So few accounts that 990 SDRs always have time, and so many runs that wins, a hundredth of all, are known to 5 %. Who
talks owns no deal, so that no meeting waits."""
WINDOW = 3650.0
"""Days that a need lasts on average, which ends the first two stages at that rate too."""
VISITS = 1.0 / DWELL[0] - 1.0 / WINDOW
TALKS = 1.0 / DWELL[1] - 1.0 / WINDOW
"""Rates per day at which the first two stages end by themselves."""
HANDED = STEPS[0] / (VISITS * DWELL[0])
FITS = STEPS[1] / (TALKS * DWELL[1])
SHARE = 0.15
"""Of the day that an SDR talks."""
TRUST, THRESHOLD = 0.5, 0.6
BACK = 0.15
"""SQL to MQL: of the 45 % that do not agree, a third."""
REST = 14.0
EARLY = 100.0
"""Accounts that are SQL before this day; what becomes of them is settled before the run ends."""
NAMES = ("lead", "MQL", "SQL", "opportunity")
MEETING = list(TOUCHPOINTS).index("meeting")


def chain() -> tuple[np.ndarray, np.ndarray]:
    """Return P(win) and mean time to absorption from each state."""
    q = np.diag(STEPS[:3], k=1)
    n = np.linalg.inv(np.eye(4) - q)
    return n @ np.array([0.0, 0.0, 0.0, STEPS[3]]), n @ np.array(DWELL)


def world():
    """Return the world: everybody is in market from the start, and stays."""
    scenario = bare(
        segment={
            "accounts": ACCOUNTS,
            "need_interval": WINDOW * 1.001 / 365.0,
            "need_window": WINDOW,
            "fit_share": FITS,
            "threshold": THRESHOLD,
        },
        goodwill={"entry_trust": TRUST},
        touchpoints={
            "ad": Touchpoint(
                owner="marketing", strength=0.0, moments_per_week=7.0 * VISITS, base_intensity=50.0, capture=1.0
            ),
        },
        selling={
            "talk_hours": 24.0 * SHARE / TALKS,
            "meetings": ("meeting",),
            "checkpoints": ("meeting",),
            "first_meeting_days": DWELL[2],
            "stay": float(logit(STEPS[2])),
            "stay_slope": 0.0,
            "cycle_days": DWELL[2] + DWELL[3],
            "win": float(logit(STEPS[3])),
        },
        marketing={"hand_over": True, "score_noise": 1.0, "lead_bar": float(norm.ppf(1.0 - HANDED))},
        sales={"sdrs": 990, "reps": 20, "lead_preference": 20.0},
        quarters=3,
    )
    changes = {
        "world.people.sdr.productive_share": SHARE,
        "world.scoring.fit_weight": 0.0,
        "world.scoring.centre": TRUST / THRESHOLD,
    }
    return scenario.with_changes(changes)


def back() -> tuple[float, float]:
    """Return P(win) from SQL, and how often an account that was ever SQL is, where the chain goes back to MQL.

    States: SQL, MQL again. A need may end in the rest and in the talk: chance `c` that it is SQL once more.
    """
    c = np.exp(-REST / WINDOW) * TALKS * DWELL[1]
    q = np.array([[0.0, BACK], [c, 0.0]])
    n = np.linalg.inv(np.eye(2) - q)
    return float((n @ np.array([STEPS[2] * STEPS[3], 0.0]))[0]), float(n[0, 0])


def world_with_recycling():
    """Return the world in which leads that were not ready come again."""
    changes = {
        "world.selling.checkpoints": (),
        "world.selling.interest": float(logit(STEPS[2])),
        "world.selling.interest_slope": 0.0,
        "plan.marketing.lead_bar": -20.0,
        "plan.marketing.recycle": BACK / (1.0 - STEPS[2]),
        "plan.marketing.recycle_days": REST,
        "horizon_quarters": 8,
    }
    return world().with_changes(changes)


def walk(log: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return when each account entered each state (NaN: never), when it was absorbed, and whether it was won, by day.

    States are columns, accounts are rows; whoever was not in market at the start has no row.
    """
    started = rows(log, Kind.NEED)
    started = started[started["time"] == 0]

    def first(found: np.ndarray) -> np.ndarray:
        found = found[found["need"] == 0]
        _, at = np.unique(found["account"], return_index=True)
        place = match(started, found[at])
        return np.where(place >= 0, days(found[at])[place], np.nan) if len(found) else np.full(len(started), np.nan)

    met, mql = first(rows(log, Kind.LEAD)), first(rows(log, Kind.MQL))
    talked, sql = first(rows(log, Kind.CONTACT)), first(rows(log, Kind.SQL))
    ended, won = first(rows(log, Kind.WON, Kind.LOST, Kind.NO_DECISION)), first(rows(log, Kind.WON))
    touches = rows(log, Kind.TOUCH)
    held = first(touches[touches["touchpoint"] == MEETING])
    goes_on = np.where(ended > held + 1e-6, held, np.nan)
    closed = first(rows(log, Kind.WINDOW_CLOSED))
    talked_or_closed = np.where(np.isnan(sql), np.fmin(talked, closed), ended)
    absorbed = np.where(np.isnan(mql), np.fmin(met, closed), talked_or_closed)
    return np.stack((days(started), mql, sql, goes_on), axis=1), absorbed, ~np.isnan(won)


@cache
def measure_forwards() -> tuple[Measured, ...]:
    from funnelsim.engines.compiled.engine import simulate_log

    ready = lower(world())
    chances: list[list[float]] = [[] for _ in NAMES]
    times: list[list[float]] = [[] for _ in NAMES]
    given_win = []
    for replication in range(RUNS):
        entered, absorbed, won = walk(simulate_log(ready, SEED, replication))
        assert not np.isnan(absorbed).any()
        for state in range(4):
            here = ~np.isnan(entered[:, state])
            chances[state].append(float(won[here].mean()))
            times[state].append(float((absorbed - entered[:, state])[here].mean()))
        given_win.append(float(absorbed[won].mean()))
    p, tau = chain()
    steps = "steps " + ", ".join(f"{step:g}" for step in STEPS)
    found: list[Measured] = []
    for state, name in enumerate(NAMES):
        found.append(Sampled(f"V8 P(win) from {name}", steps, "B = N R", float(p[state]), chances[state]))
        dwell = "stays of " + ", ".join(f"{days:g}" for days in DWELL) + " d"
        found.append(Sampled(f"V8 days to the end from {name}", dwell, "N tau", float(tau[state]), times[state]))
    found.append(Sampled("V8 days to the end of who is won", dwell, "sum of the stays", sum(DWELL), given_win))
    return tuple(found)


@cache
def measure_back() -> tuple[Measured, ...]:
    from funnelsim.engines.compiled.engine import simulate_log

    ready = lower(world_with_recycling())
    chances, visits = [], []
    for replication in range(RUNS // 2):
        log = simulate_log(ready, SEED, replication)
        sql, won = (found[found["need"] == 0] for found in (rows(log, Kind.SQL), rows(log, Kind.WON)))
        early = np.unique(sql["account"][days(sql) < EARLY])
        chances.append(float(np.isin(early, won["account"]).mean()))
        visits.append(float(np.isin(sql["account"], early).sum() / len(early)))
    p, n = back()
    steps = f"55 % go on, {BACK:.0%} go back to MQL"
    return (
        Sampled("V8 P(win) from SQL, with steps back", steps, "B = N R", p, chances),
        Sampled("V8 times that an account is SQL", steps, "N", n, visits),
    )


def measure() -> tuple[Measured, ...]:
    """Both chains, for the report."""
    return (*measure_forwards(), *measure_back())


@pytest.mark.verification
def test_a_chain_that_goes_back():
    pytest.importorskip("numba")
    for measured in measure_back():
        measured.check()


@pytest.mark.verification
def test_fixed_chances_are_an_absorbing_chain():
    pytest.importorskip("numba")
    for measured in measure_forwards():
        measured.check()
