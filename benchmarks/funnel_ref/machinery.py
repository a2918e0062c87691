"""`funnel-ref` on funnelsim's environment, desk, addressed randomness and packed log: still a generator per buyer."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from simpy import Event

from benchmarks.funnel_ref import HORIZON, Kind, Log, reps
from funnelsim.engines.reference.blocks import BlockGroup, UniformBlocks
from funnelsim.engines.reference.desk import Desk, Worker
from funnelsim.engines.reference.environment import Environment
from funnelsim.engines.reference.log import LogBuilder
from funnelsim.events import DAY, Column, Rank
from funnelsim.randomness import exponential, exponential_array, run_key

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
BLOCK = 256  # entities computed at once: their arrays stay within the processor's cache
LEAVE_AFTER = 90 * DAY
PER_HALF_LIFE = 1.0 / (30.0 * DAY)


def days(key: int, purpose: Purpose, mean: float, n: int) -> UniformBlocks:
    """Exponential durations with a mean in days, in microseconds."""

    def scalar(u: float) -> int:
        return int(exponential(u, mean) * DAY + 0.5)

    def array(u: np.ndarray) -> np.ndarray:
        return (exponential_array(u, mean) * DAY + 0.5).astype(np.int64)

    return UniformBlocks(key, purpose, n, BLOCK, scalar, array)


def amounts(key: int, purpose: Purpose, mean: float, n: int) -> UniformBlocks:
    """Exponential amounts."""
    return UniformBlocks(key, purpose, n, BLOCK, lambda u: exponential(u, mean), lambda u: exponential_array(u, mean))


class Draws:
    """The addressed randomness of one run: counts computed ahead cover nearly all buyers."""

    def __init__(self, key: int, buyers: int) -> None:
        self.arrival_gap = days(key, Purpose.ARRIVAL, HORIZON / buyers, 1)
        self.touch_gap = days(key, Purpose.TOUCH_GAP, 5.0, 8)
        self.touch_strength = amounts(key, Purpose.TOUCH_STRENGTH, 1.0, 8)
        self.patience = days(key, Purpose.PATIENCE, 10.0, 4)
        self.length = days(key, Purpose.MEETING, 0.05, 4)
        self.gap = days(key, Purpose.GAP, 5.0, 4)
        self.buy = UniformBlocks(key, Purpose.BUY, 4, BLOCK)
        self.drop = UniformBlocks(key, Purpose.DROP, 4, BLOCK)
        self.revenue = amounts(key, Purpose.REVENUE, 100.0, 5)
        self.rebuy_gap = days(key, Purpose.REBUY_GAP, 90.0, 5)
        self.churn = UniformBlocks(key, Purpose.CHURN, 5, BLOCK)
        self.nurture = BlockGroup(self.touch_gap, self.touch_strength)
        self.sales = BlockGroup(self.patience, self.length, self.gap, self.buy, self.drop)
        self.customer = BlockGroup(self.revenue, self.rebuy_gap, self.churn)


@dataclass(frozen=True, slots=True)
class Market:
    """All that the buyers share."""

    env: Environment
    team: Desk
    log: LogBuilder
    draws: Draws


def buyer(market: Market, number: int) -> Generator[Event, Any, None]:
    """One buyer from arrival to the end."""
    env, draws, extend, pack = market.env, market.draws, market.log.extend, market.log.pack
    until = env.until
    now = env.now
    extend(pack(now, number, ARRIVE, -1, 0.0))

    # nurture
    leave = now + LEAVE_AFTER
    gaps, strengths = draws.nurture.take(number)
    ahead = len(gaps)
    trust = 0.0
    touches = 0
    while trust < 3.0:
        gap = gaps[touches] if touches < ahead else draws.touch_gap.single(number, touches)
        due = now + gap
        if due > leave:
            yield until(leave, AT_LEAVING, number)
            extend(pack(leave, number, COLD, -1, trust))
            return
        now = due
        yield until(now, AT_TOUCH, number, touches)
        strength = strengths[touches] if touches < ahead else draws.touch_strength.single(number, touches)
        trust = trust * 2.0 ** (-gap * PER_HALF_LIFE) + strength
        touches += 1
        extend(pack(now, number, TOUCH, -1, trust))
    extend(pack(now, number, LEAD, -1, trust))

    # meetings
    patience, lengths, gaps, buys, drops = draws.sales.take(number)
    ahead = len(gaps)
    team = market.team
    for meeting in range(8):
        if meeting == ahead:  # rare: the rest one by one
            for blocks, row in zip(draws.sales.blocks, (patience, lengths, gaps, buys, drops), strict=True):
                row.extend(blocks.single(number, n) for n in range(ahead, 8))
        worker = yield team.request(0, number, None, now + patience[meeting], number, meeting)
        queued, now = now, env.now
        if worker is None:
            extend(pack(now, number, ABANDON, -1, (now - queued) / DAY))
            return
        extend(pack(now, number, MSTART, worker.number, (now - queued) / DAY))
        length = lengths[meeting]
        now += length
        yield until(now, AT_END, number, meeting)
        extend(pack(now, number, MEND, worker.number, length / DAY))
        team.release(worker)
        now += gaps[meeting]
        yield until(now, AT_DECISION, number, meeting)
        if buys[meeting] < P_BUY[meeting]:
            break
        if drops[meeting] < 0.15:
            extend(pack(now, number, DROP, -1, 0.0))
            return
        extend(pack(now, number, REQUEUE if meeting < 7 else EXHAUST, -1, 0.0))
    else:
        return

    # customer
    del strengths, patience, lengths, buys, drops  # customers stay long
    revenues, gaps, churns = draws.customer.take(number)
    ahead = len(gaps)
    extend(pack(now, number, BUY, -1, revenues[0]))
    purchase = 0
    while True:
        if purchase + 1 == ahead:
            for blocks, row in zip(draws.customer.blocks, (revenues, gaps, churns), strict=True):
                row.extend(blocks.single(number, n) for n in range(ahead, ahead + 2))
            ahead += 2
        now += gaps[purchase]
        yield until(now, AT_RENEWAL, number, purchase)
        churned = churns[purchase] < 0.3
        purchase += 1
        extend(pack(now, number, REBUY, -1, revenues[purchase]))
        if churned:
            extend(pack(now, number, CHURN, -1, 0.0))
            return


def source(market: Market) -> Generator[Event, Any, None]:
    """Let buyers arrive."""
    env = market.env
    row = market.draws.arrival_gap.row
    now = env.now
    number = 0
    while True:
        now += row(number)[0]
        yield env.until(now, AT_ARRIVAL, number)
        env.start(buyer(market, number))
        number += 1


def run(buyers: int, seed: int) -> LogBuilder:
    """Run one replication and return its log."""
    env = Environment(0, int(HORIZON * DAY))
    team = Desk(env)
    market = Market(env, team, LogBuilder(COLUMNS), Draws(run_key(seed, 0), buyers))
    for seat in range(reps(buyers)):
        team.add(Worker(seat, seat))
    env.start(source(market))
    env.run_to_end()
    return market.log


def columns(log: LogBuilder) -> Log:
    """Turn the log into columns (not part of what is timed)."""
    rows = log.to_array()
    return Log(time=rows["time"] / DAY, kind=rows["kind"].astype(np.int64), value=rows["value"])
