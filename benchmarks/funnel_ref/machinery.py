"""`funnel-ref` on funnelsim's environment, desk, addressed randomness and packed log: still a generator per buyer.

Random values are computed ahead with NumPy, for a block of neighbouring buyers at once, as the reference engine does,
but they stay packed: a Python number comes into being when it is used. Half of them never are, and what thousands of
waiting buyers hold would not fit the processor's cache.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import Any

import numpy as np
from simpy import Event

from benchmarks.funnel_ref import HORIZON, Kind, Log, reps
from funnelsim.engines.reference.desk import Desk, Worker
from funnelsim.engines.reference.environment import Environment
from funnelsim.engines.reference.log import LogBuilder
from funnelsim.events import DAY, Column, Rank
from funnelsim.randomness import exponential, exponential_array, run_key, uniform, uniform_array

COLUMNS = (
    Column("time", "<i8", "q", "microsecond", "time since the start"),
    Column("buyer", "<i4", "i", "number", "the buyer"),
    Column("kind", "u1", "B", "code", "what happened: `Kind`"),
    Column("owner", "<i4", "i", "number", "the rep, or -1"),
    Column("value", "<f8", "d", "by kind", "trust, days or money"),
)


class Purpose(IntEnum):
    """What a uniform is for."""

    ARRIVAL = 1
    TOUCH_GAP = 2
    TOUCH_STRENGTH = 3
    PATIENCE = 4
    MEETING = 5
    GAP = 6
    BUY = 7
    DROP = 8
    REVENUE = 9
    REBUY_GAP = 10
    CHURN = 11


# plain numbers and names for the inner loops: attributes of an IntEnum cost more than what is done with them
ARRIVE, TOUCH, COLD, LEAD, ABANDON, MSTART, MEND, BUY, DROP, EXHAUST, REQUEUE, REBUY, CHURN = map(int, Kind)
AT_ARRIVAL, AT_TOUCH, AT_LEAVING = int(Rank.NEED), int(Rank.TOUCH), int(Rank.WINDOW)
AT_END, AT_DECISION, AT_RENEWAL = int(Rank.TASK_END), int(Rank.DECISION), int(Rank.RENEWAL)
P_BUY = [1.0 / (1.0 + math.exp(-(-2.0 + 0.8 * m))) for m in range(1, 9)]
BLOCK = 1024  # buyers computed at once: many for each call of NumPy, few enough that its arrays stay in the cache
TOUCHES_AHEAD, MEETINGS_AHEAD, PURCHASES_AHEAD = 8, 4, 5  # per buyer: enough for nearly all
LEAVE_AFTER = 90 * DAY
PER_HALF_LIFE = 1.0 / (30.0 * DAY)


@dataclass(frozen=True, slots=True)
class Law:
    """What becomes of the uniforms of one purpose: an exponential duration or amount, or nothing (no mean)."""

    purpose: Purpose
    mean: float | None = None
    is_duration: bool = False

    def one(self, u: float) -> Any:
        """Return the value of one uniform; durations in microseconds."""
        if self.mean is None:
            return u
        value = exponential(u, self.mean)
        return int(value * DAY + 0.5) if self.is_duration else value

    def packed(self, u: np.ndarray) -> array[Any]:
        """Return the same of many, in one packed array."""
        if self.mean is not None:
            u = exponential_array(u, self.mean)
        if self.is_duration:
            return array("q", (u * DAY + 0.5).astype(np.int64).tobytes())
        return array("d", u.tobytes())


class Ahead:
    """The values of some laws, computed ahead for a block of buyers at once.

    Parameters
    ----------
    key : int
        Key of the run.
    counts : int
        How many values of each law are computed ahead for a buyer.
    *laws : Law
        What a buyer needs together.
    """

    def __init__(self, key: int, counts: int, *laws: Law) -> None:
        self.laws = laws
        self._key = key
        self._purposes = np.array([law.purpose for law in laws])[:, np.newaxis, np.newaxis]
        self._counts = np.arange(counts)
        self._blocks: dict[int, tuple[array[Any], ...]] = {}

    def take(self, number: int) -> tuple[array[Any], ...]:
        """Return the values of a buyer's block, an array per law; the buyer's begin at ``number % BLOCK * counts``."""
        block = number // BLOCK
        try:
            return self._blocks[block]
        except KeyError:
            buyers = np.arange(block * BLOCK, (block + 1) * BLOCK)[:, np.newaxis]
            uniforms = uniform_array(self._key, buyers, self._purposes, self._counts)
            packed = tuple(law.packed(u) for law, u in zip(self.laws, uniforms, strict=True))
            self._blocks[block] = packed
            return packed

    def single(self, number: int, n: int) -> tuple[Any, ...]:
        """Return one value of each law, computed on its own."""
        return tuple(law.one(uniform(self._key, number, law.purpose, n)) for law in self.laws)


class Draws:
    """The addressed randomness of one run."""

    def __init__(self, key: int, buyers: int) -> None:
        self.arrival = Ahead(key, 1, Law(Purpose.ARRIVAL, HORIZON / buyers, True))
        self.nurture = Ahead(key, TOUCHES_AHEAD, Law(Purpose.TOUCH_GAP, 5.0, True), Law(Purpose.TOUCH_STRENGTH, 1.0))
        self.sales = Ahead(
            key,
            MEETINGS_AHEAD,
            Law(Purpose.PATIENCE, 10.0, True),
            Law(Purpose.MEETING, 0.05, True),
            Law(Purpose.GAP, 5.0, True),
            Law(Purpose.BUY),
            Law(Purpose.DROP),
        )
        self.customer = Ahead(
            key,
            PURCHASES_AHEAD,
            Law(Purpose.REVENUE, 100.0),
            Law(Purpose.REBUY_GAP, 90.0, True),
            Law(Purpose.CHURN),
        )


@dataclass(frozen=True, slots=True)
class Market:
    """All that the buyers share."""

    env: Environment
    team: Desk
    log: LogBuilder
    draws: Draws


def buyer(market: Market, number: int, now: int) -> Generator[Event, Any, None]:
    """One buyer from arrival to the end."""
    env, draws, extend, pack = market.env, market.draws, market.log.extend, market.log.pack
    until = env.until
    extend(pack(now, number, ARRIVE, -1, 0.0))

    # nurture
    leave = now + LEAVE_AFTER
    gaps, strengths = draws.nurture.take(number)
    first = number % BLOCK * TOUCHES_AHEAD
    trust = 0.0
    touches = 0
    while trust < 3.0:
        if touches < TOUCHES_AHEAD:
            gap, strength = gaps[first + touches], strengths[first + touches]
        else:
            gap, strength = draws.nurture.single(number, touches)
        due = now + gap
        if due > leave:
            yield until(leave, AT_LEAVING, number)
            extend(pack(leave, number, COLD, -1, trust))
            return
        now = due
        yield until(now, AT_TOUCH, number, touches)
        trust = trust * 2.0 ** (-gap * PER_HALF_LIFE) + strength
        touches += 1
        extend(pack(now, number, TOUCH, -1, trust))
    extend(pack(now, number, LEAD, -1, trust))

    # meetings
    patience, lengths, gaps, buys, drops = draws.sales.take(number)
    place = number % BLOCK * MEETINGS_AHEAD
    team = market.team
    for meeting in range(8):
        if meeting >= MEETINGS_AHEAD:  # rare: one by one
            patience, lengths, gaps, buys, drops = ((value,) for value in draws.sales.single(number, meeting))
            place = 0
        worker = yield team.request(0, number, None, now + patience[place], number, meeting)
        queued, now = now, env.now
        if worker is None:
            extend(pack(now, number, ABANDON, -1, (now - queued) / DAY))
            return
        extend(pack(now, number, MSTART, worker.number, (now - queued) / DAY))
        length = lengths[place]
        now += length
        yield until(now, AT_END, number, meeting)
        extend(pack(now, number, MEND, worker.number, length / DAY))
        team.release(worker)
        now += gaps[place]
        yield until(now, AT_DECISION, number, meeting)
        if buys[place] < P_BUY[meeting]:
            break
        if drops[place] < 0.15:
            extend(pack(now, number, DROP, -1, 0.0))
            return
        extend(pack(now, number, REQUEUE if meeting < 7 else EXHAUST, -1, 0.0))
        place += 1
    else:
        return

    # customer
    revenues, gaps, churns = draws.customer.take(number)
    first = number % BLOCK * PURCHASES_AHEAD
    revenue, gap, churn = revenues[first], gaps[first], churns[first]
    extend(pack(now, number, BUY, -1, revenue))
    purchase = 0
    while True:
        now += gap
        yield until(now, AT_RENEWAL, number, purchase)
        churned = churn < 0.3
        purchase += 1
        if purchase < PURCHASES_AHEAD:
            place = first + purchase
            revenue, gap, churn = revenues[place], gaps[place], churns[place]
        else:
            revenue, gap, churn = draws.customer.single(number, purchase)
        extend(pack(now, number, REBUY, -1, revenue))
        if churned:
            extend(pack(now, number, CHURN, -1, 0.0))
            return


def source(market: Market) -> Generator[Event, Any, None]:
    """Let buyers arrive."""
    env = market.env
    now = env.now
    for number in count():
        if number % BLOCK == 0:
            (gaps,) = market.draws.arrival.take(number)
        now += gaps[number % BLOCK]
        yield env.until(now, AT_ARRIVAL, number)
        env.start(buyer(market, number, now))


def run(buyers: int, seed: int, replication: int = 0) -> LogBuilder:
    """Run one replication and return its log."""
    env = Environment(0, int(HORIZON * DAY))
    team = Desk(env)
    market = Market(env, team, LogBuilder(COLUMNS), Draws(run_key(seed, replication), buyers))
    for seat in range(reps(buyers)):
        team.add(Worker(seat, seat))
    env.start(source(market))
    env.run_to_end()
    return market.log


def columns(log: LogBuilder) -> Log:
    """Turn the log into columns (not part of what is timed)."""
    rows = log.to_array()
    return Log(time=rows["time"] / DAY, kind=rows["kind"].astype(np.int64), value=rows["value"])
