"""`funnel-ref` on the machinery of the compiled engine: Numba, tables reached by address, a calendar of fixed slots.

The same log as `machinery`, bit by bit, and the same tables as the C loop. From the engine come the records
(`funnelsim.engines.compiled.records`), the uniforms and the logarithm (`...draws`). The event list is this module's
own: the engine's calendar belongs to the engine's tables. All parts are inlined into the loop (``forceinline``): left
to the compiler's judgement a third of the time goes into calls.

An event is ordered by (time, key); the key packs rank, entity and sequence as `funnelsim.events.instant_key` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from benchmarks.funnel_ref import Kind
from benchmarks.funnel_ref.machinery import Purpose
from benchmarks.funnel_ref.tables import (
    BUYER_ROW,
    BUYERS_FULL,
    DONE,
    EVENTS_FULL,
    GLOBALS_ROW,
    IDLE_ROW,
    LOG_FULL,
    P_BUY_ROW,
    ROW,
    SLOT_ROW,
    SPARE,
    WAITER_ROW,
    Tables,
    columns,
)
from funnelsim.engines.compiled.draws import log_of_normal
from funnelsim.engines.compiled.draws import uniform as uniform_
from funnelsim.engines.compiled.records import fetch_ahead, rows_of
from funnelsim.events import DAY, Rank

__all__ = ["columns", "run"]

EVENT_ROW = np.dtype([("time", "<i8"), ("key", "<i8"), ("next", "<i8")])
PRESENT_ROW = np.dtype([("time", "<i8"), ("key", "<i8")])

GLOBALS, LOG, BUYER, P_BUY = rows_of(GLOBALS_ROW), rows_of(ROW), rows_of(BUYER_ROW), rows_of(P_BUY_ROW)
EVENT, PRESENT, SLOT = rows_of(EVENT_ROW), rows_of(PRESENT_ROW), rows_of(SLOT_ROW)
WAITER, IDLE = rows_of(WAITER_ROW), rows_of(IDLE_ROW)

# Numba takes module-level ints for constants; enumerations it would look up
ARRIVE, TOUCH, COLD, LEAD, ABANDON, MSTART, MEND, BUY, DROP, EXHAUST, REQUEUE, REBUY, CHURN = map(int, Kind)
AT_ARRIVAL, AT_TOUCH, AT_LEAVING, AT_PATIENCE = map(int, (Rank.NEED, Rank.TOUCH, Rank.WINDOW, Rank.PATIENCE))
AT_END, AT_DECISION, AT_RENEWAL = map(int, (Rank.TASK_END, Rank.DECISION, Rank.RENEWAL))
FOR_ARRIVAL, FOR_TOUCH_GAP, FOR_TOUCH_STRENGTH, FOR_PATIENCE, FOR_MEETING, FOR_GAP = map(int, list(Purpose)[:6])
FOR_BUY, FOR_DROP, FOR_REVENUE, FOR_REBUY_GAP, FOR_CHURN = map(int, list(Purpose)[6:])
WAITING, GONE = -1, -2
ENTITY = (1 << 34) - 1
BUYER_SIZE = BUYER_ROW.itemsize

inlined: Callable[[Any], Any] = njit(error_model="numpy", nogil=True, forceinline=True)
"""How the parts of the loop are compiled: into it."""


# --- randomness -----------------------------------------------------------------------------------------------


log = inlined(log_of_normal.py_func)


@inlined
def exponential(u, mean):
    """`funnelsim.randomness.exponential`."""
    return -mean * log(1.0 - u)


@inlined
def uniform(g, e, purpose, n):
    """Uniform of an address."""
    return uniform_(g.key, e, purpose, n)


@inlined
def ticks(g, days):
    """Time in days as ticks of the clock."""
    return np.int64(days * g.day + 0.5)


@inlined
def amount(g, e, purpose, n, mean):
    """Exponential amount of an address."""
    return exponential(uniform(g, e, purpose, n), mean)


@inlined
def duration(g, e, purpose, n, mean):
    """Exponential duration of an address, in ticks."""
    return ticks(g, amount(g, e, purpose, n, mean))


# --- log and event list ---------------------------------------------------------------------------------------


@inlined
def note(g, e, kind, owner, value):
    """Write a row of the log."""
    n = g.n_rows
    g.n_rows = n + 1
    row = LOG(g.rows, n)
    row.time = g.now
    row.buyer = e
    row.kind = kind
    row.owner = owner
    row.value = value


@inlined
def insert(g, time, key):
    """Put an event into the present slot, which is sorted."""
    i = g.last
    g.last = i + 1
    first = g.first
    while i > first:
        before = PRESENT(g.present, i - 1)
        if before.time < time or (before.time == time and before.key < key):
            break
        here = PRESENT(g.present, i)
        here.time = before.time
        here.key = before.key
        i -= 1
    here = PRESENT(g.present, i)
    here.time = time
    here.key = key


@inlined
def at(g, time, rank, e, n):
    """Have an event happen at a time, not before now; beyond the end it never happens."""
    if time > g.end:
        return
    key = (rank << 58) | (e << 24) | n
    slot = time >> g.shift
    if slot == g.slot:
        insert(g, time, key)
        return
    i = g.free_event
    if i != 0:
        g.free_event = EVENT(g.events, i).next
    else:
        i = g.n_events
        g.n_events = i + 1
    event = EVENT(g.events, i)
    head = SLOT(g.slots, slot)
    event.time = time
    event.key = key
    event.next = head.first
    head.first = i


@inlined
def turn(g):
    """Go to the next slot that holds events; False when none is left."""
    last_slot = g.end >> g.shift
    slot = g.slot + 1
    while slot <= last_slot and SLOT(g.slots, slot).first == 0:
        slot += 1
    g.slot = slot
    g.first = 0
    g.last = 0
    if slot > last_slot:
        return False
    i = np.int64(SLOT(g.slots, slot).first)
    while i != 0:
        event = EVENT(g.events, i)
        key = event.key
        fetch_ahead(g.buyers + ((key >> 24) & ENTITY) * BUYER_SIZE)
        insert(g, event.time, key)
        following = event.next
        event.next = g.free_event
        g.free_event = i
        i = following
    return True


@inlined
def is_last_of_instant(g):
    """Whether no other event falls on the present tick."""
    return g.first == g.last or PRESENT(g.present, g.first).time != g.now


# --- what buyers and reps do ----------------------------------------------------------------------------------
#
# What is known when an event is scheduled is drawn then, not when it happens: the branches that depend on it are then
# decided early, while the processor has other work.


@inlined
def await_touch(g, b, e):
    """The next touch, and trust after it; or the end of the time in the market."""
    n = np.int64(b.number)
    gap = duration(g, e, FOR_TOUCH_GAP, n, 5.0)
    if g.now + gap > b.deadline:
        at(g, b.deadline, AT_LEAVING, e, 0)
        return
    trust = amount(g, e, FOR_TOUCH_STRENGTH, n, 1.0)
    if n > 0:
        # 2.0 is a number that the compiler does not know: it would make another function of the power, other bits
        trust = b.trust * math.pow(g.two, -gap * g.per_half_life) + trust
    b.trust = trust
    at(g, g.now + gap, AT_TOUCH, e, n)


@inlined
def await_arrival(g, e):
    """The next buyer."""
    at(g, g.now + duration(g, e, FOR_ARRIVAL, 0, g.arrival_mean), AT_ARRIVAL, e, 0)


@inlined
def await_purchase(g, b, e):
    """The next purchase, and whether it is the last."""
    n = np.int64(b.number)
    b.state = uniform(g, e, FOR_CHURN, n) < 0.3
    at(g, g.now + duration(g, e, FOR_REBUY_GAP, n, 90.0), AT_RENEWAL, e, n)


@inlined
def start(g, b, e, queued):
    """The rep who has been idle longest begins a meeting."""
    i = g.idle_first
    g.idle_first = i + 1
    seat = IDLE(g.idle, i & g.idle_mask).seat
    b.state = seat
    b.since = g.now
    note(g, e, MSTART, seat, (g.now - queued) / g.day)
    n = np.int64(b.number)
    at(g, g.now + duration(g, e, FOR_MEETING, n, 0.05), AT_END, e, n)


@inlined
def join(g, b, e):
    """Ask for a meeting."""
    n = np.int64(b.number)
    u = uniform(g, e, FOR_PATIENCE, n)
    # nobody else can come in between, and patience lasts at least a tick: it need not be known
    if g.idle_first != g.idle_end and g.n_waiting == 0 and u > g.least_patient and is_last_of_instant(g):
        start(g, b, e, g.now)
        return
    deadline = g.now + ticks(g, exponential(u, 10.0))
    b.since = g.now
    b.deadline = deadline
    b.state = WAITING
    if deadline > g.now:  # a patience that ends now beats any service
        i = g.queue_end
        g.queue_end = i + 1
        while i > g.queue_first:  # who joined in this instant stands in order of number
            before = WAITER(g.queue, (i - 1) & g.queue_mask)
            if before.queued < g.now or before.buyer < e:
                break
            here = WAITER(g.queue, i & g.queue_mask)
            here.queued = before.queued
            here.buyer = before.buyer
            i -= 1
        here = WAITER(g.queue, i & g.queue_mask)
        here.queued = g.now
        here.buyer = e
        g.n_waiting += 1
    at(g, deadline, AT_PATIENCE, e, n)


@inlined
def release(g, seat):
    """A rep is idle from now on."""
    i = g.idle_end
    g.idle_end = i + 1
    while i > g.idle_first:
        before = IDLE(g.idle, (i - 1) & g.idle_mask)
        if before.since < g.now or before.seat < seat:
            break
        here = IDLE(g.idle, i & g.idle_mask)
        here.since = before.since
        here.seat = before.seat
        i -= 1
    here = IDLE(g.idle, i & g.idle_mask)
    here.since = g.now
    here.seat = seat


@inlined
def dispatch(g):
    """Serve who waits, in order, while a rep is idle."""
    while g.n_waiting > 0 and g.idle_first != g.idle_end:
        i = g.queue_first
        g.queue_first = i + 1
        first = WAITER(g.queue, i & g.queue_mask)
        e = first.buyer
        b = BUYER(g.buyers, e)
        if b.state == WAITING:  # else has abandoned
            g.n_waiting -= 1
            start(g, b, e, first.queued)


# --- events ---------------------------------------------------------------------------------------------------


@inlined
def arrive(g, b, e):
    """A buyer arrives, and the next one is known."""
    note(g, e, ARRIVE, -1, 0.0)
    b.deadline = g.now + g.leave_after
    b.trust = 0.0
    b.number = 0
    await_touch(g, b, e)
    await_arrival(g, e + 1)


@inlined
def touch(g, b, e):
    """A touch reaches a buyer, who becomes a lead at a trust of 3."""
    trust = b.trust
    note(g, e, TOUCH, -1, trust)
    if trust < 3.0:
        b.number += 1
        await_touch(g, b, e)
    else:
        note(g, e, LEAD, -1, trust)
        b.number = 0
        join(g, b, e)


@inlined
def end_meeting(g, b, e):
    """A meeting ends; how the buyer will decide."""
    m = np.int64(b.number)
    seat = np.int64(b.state)
    note(g, e, MEND, seat, (g.now - b.since) / g.day)
    release(g, seat)
    buys = uniform(g, e, FOR_BUY, m) < P_BUY(g.p_buy, m).probability
    drops = uniform(g, e, FOR_DROP, m) < 0.15
    b.state = BUY if buys else DROP if drops else EXHAUST if m == 7 else REQUEUE
    at(g, g.now + duration(g, e, FOR_GAP, m, 5.0), AT_DECISION, e, m)


@inlined
def lose_patience(g, b, e):
    """A buyer leaves the queue, unless a meeting came first."""
    if b.state == WAITING and b.deadline == g.now:
        note(g, e, ABANDON, -1, (g.now - b.since) / g.day)
        b.state = GONE
        if b.deadline > b.since:
            g.n_waiting -= 1


@inlined
def decide(g, b, e):
    """A buyer decides, as is known since the meeting."""
    verdict = np.int64(b.state)
    if verdict == BUY:
        note(g, e, BUY, -1, amount(g, e, FOR_REVENUE, 0, 100.0))
        b.number = 0
        await_purchase(g, b, e)
        return
    note(g, e, verdict, -1, 0.0)
    if verdict == REQUEUE:
        b.number += 1
        join(g, b, e)


@inlined
def renew(g, b, e):
    """A customer buys again, perhaps for the last time."""
    n = np.int64(b.number) + 1
    b.number = n
    note(g, e, REBUY, -1, amount(g, e, FOR_REVENUE, n, 100.0))
    if b.state != 0:
        note(g, e, CHURN, -1, 0.0)
    else:
        await_purchase(g, b, e)


def advance(address):
    """Run until the end, or until a table is nearly full; call again when it is larger."""
    g = GLOBALS(address, 0)
    if g.slot < 0:
        g.now = 0
        await_arrival(g, 0)
    while True:
        if g.first == g.last and not turn(g):
            return DONE
        if g.n_rows + g.reps + SPARE > g.cap_rows:
            return LOG_FULL
        if g.n_events + g.reps + SPARE > g.cap_events or g.last + g.reps + SPARE > g.cap_present:
            return EVENTS_FULL
        event = PRESENT(g.present, g.first)
        rank = event.key >> 58
        e = (event.key >> 24) & ENTITY
        if e == g.cap_buyers:
            return BUYERS_FULL
        g.first += 1
        g.now = event.time
        b = BUYER(g.buyers, e)
        if rank == AT_TOUCH:
            touch(g, b, e)
        elif rank == AT_END:
            end_meeting(g, b, e)
        elif rank == AT_DECISION:
            decide(g, b, e)
        elif rank == AT_ARRIVAL:
            arrive(g, b, e)
        elif rank == AT_RENEWAL:
            renew(g, b, e)
        elif rank == AT_PATIENCE:
            lose_patience(g, b, e)
        else:
            note(g, e, COLD, -1, b.trust)
        if g.n_waiting > 0 and g.idle_first != g.idle_end and is_last_of_instant(g):
            dispatch(g)


@cache
def _loop() -> Callable[[int], int]:
    """Compile the loop (some seconds)."""
    compiled: Callable[[int], int] = njit("int64(int64)", error_model="numpy", nogil=True)(advance)
    return compiled


def run(buyers: int, seed: int, replication: int = 0, *, day: int = DAY, room: float = 1.0) -> np.ndarray:
    """Run one replication and return its log.

    Parameters
    ----------
    buyers : int
        Expected number of buyers.
    seed, replication : int
        Address of the run's randomness.
    day : int
        Ticks of the clock in a day; for tests, which make events coincide.
    room : float
        Size of the tables at the start; for tests, which make them grow.

    Returns
    -------
    numpy.ndarray
        Structured, with the type of the machinery's log.
    """
    loop = _loop()
    return Tables(buyers, seed, replication, EVENT_ROW, PRESENT_ROW, day, room).run(loop)
