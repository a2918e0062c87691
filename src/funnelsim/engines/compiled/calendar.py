"""The event list: a calendar of fixed slots of time, the present slot a small heap, in the order of the model.

An event of a later slot is put in front of that slot's list, unsorted. When the slot's turn comes, its events move to
the heap, from which they come out by (time, key); the key packs rank, entity and sequence as
`funnelsim.events.instant_key`.
"""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.layout import EVENT, EVENT_ROW, GLOBALS, HEAP, NEED_ROW, NONE, SLOT
from funnelsim.engines.compiled.records import fetch_ahead, jit
from funnelsim.engines.compiled.room import EVENTS_TABLE, HEAP_TABLE, grow
from funnelsim.events import DAY

LONGEST = 1 << 61
NEED_SIZE = NEED_ROW.itemsize
EVENT_SIZE = EVENT_ROW.itemsize


@jit
def duration(days: float) -> int:
    """Microseconds of `days`; beyond what 64 bits hold it is a time that never comes."""
    time = days * DAY + 0.5
    return int(time) if time < LONGEST else LONGEST


@jit
def at(a: int, time: int, rank: int, entity: int, sequence: int, what: int, ref: int) -> None:
    """Have an event happen at a time, not before now; beyond the end it never happens."""
    g = GLOBALS(a, 0)
    if time > g.end:
        return
    key = (rank << 58) | (entity << 24) | sequence
    slot = (time - g.start) >> g.slot_shift
    if slot == g.slot:
        _push(a, time, key, what, ref)
        return
    i = g.free_event
    if i == NONE:
        i = g.n_events
        if i >= g.cap_events and not grow(a, EVENTS_TABLE):
            return
        g.n_events = i + 1
        event = EVENT(g.events, i)
    else:
        event = EVENT(g.events, i)
        g.free_event = event.next
    event.time = time
    event.key = key
    event.what = what
    event.ref = ref
    head = SLOT(g.slots, slot)
    event.next = head.first
    head.first = i


@jit
def _push(a: int, time: int, key: int, what: int, ref: int) -> None:
    g = GLOBALS(a, 0)
    i = g.n_heap
    if i >= g.cap_heap and not grow(a, HEAP_TABLE):
        return
    g.n_heap = i + 1
    heap = g.heap
    while i > 0:
        above = (i - 1) >> 1
        parent = HEAP(heap, above)
        if parent.time < time or (parent.time == time and parent.key <= key):
            break
        _move(heap, above, i)
        i = above
    here = HEAP(heap, i)
    here.time = time
    here.key = key
    here.what = what
    here.ref = ref


@jit
def _move(heap: int, source: int, target: int) -> None:
    s = HEAP(heap, source)
    t = HEAP(heap, target)
    t.time = s.time
    t.key = s.key
    t.what = s.what
    t.ref = s.ref


@jit
def _pop(a: int) -> None:
    g = GLOBALS(a, 0)
    heap = g.heap
    n = g.n_heap - 1
    g.n_heap = n
    if n == 0:
        return
    last = HEAP(heap, n)
    time = last.time
    key = last.key
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        c = HEAP(heap, child)
        if child + 1 < n:
            d = HEAP(heap, child + 1)
            if d.time < c.time or (d.time == c.time and d.key < c.key):
                child += 1
                c = d
        if time < c.time or (time == c.time and key <= c.key):
            break
        _move(heap, child, i)
        i = child
    _move(heap, n, i)


@jit
def turn(a: int, time: int) -> bool:
    """Go to the next slot that holds events; False when there is none that begins before a time.

    The slots from that time on are left alone: other events may yet be put into them.
    """
    g = GLOBALS(a, 0)
    slot = g.slot + 1
    last = g.n_slots
    if time <= g.end:
        last = min(last, ((time - 1 - g.start) >> g.slot_shift) + 1)
    slots = g.slots
    while slot < last and SLOT(slots, slot).first == NONE:
        slot += 1
    if slot >= last:
        return False
    g.slot = slot
    head = SLOT(slots, slot)
    if slot + 1 < g.n_slots:
        fetch_ahead(g.events + SLOT(slots, slot + 1).first * EVENT_SIZE)
    i = head.first
    head.first = NONE
    while i != NONE:
        event = EVENT(g.events, i)
        if event.what == C.WHAT_TOUCH:
            fetch_ahead(g.needs + event.ref * NEED_SIZE)
        _push(a, event.time, event.key, event.what, event.ref)
        following = event.next
        event.next = g.free_event
        g.free_event = i
        i = following
    return True


@jit
def is_next_now(a: int) -> bool:
    """Whether another event falls on the present microsecond."""
    g = GLOBALS(a, 0)
    return g.n_heap > 0 and HEAP(g.heap, 0).time == g.now


@jit
def is_next_before(a: int, time: int) -> bool:
    """Whether there is another event, before this time."""
    g = GLOBALS(a, 0)
    while g.n_heap == 0:
        if not turn(a, time):
            return False
    return HEAP(g.heap, 0).time < time


@jit
def take(a: int) -> None:
    """Make the next event the present one; there must be one (`is_next_before`)."""
    g = GLOBALS(a, 0)
    top = HEAP(g.heap, 0)
    g.now = top.time
    g.event_key = top.key
    g.event_ref = top.ref
    g.event_what = top.what
    _pop(a)


@jit
def sequence_of(key: int) -> int:
    """Intrinsic number of an event from its key."""
    return key & 0xFFFFFF
