"""The event list: fixed slots of time, the present slot a small heap, in the order of the model.

The slots of one span of time stand open, few enough to stay in the processor's cache: an event is put in front of its
slot's list, unsorted. An event of a later span is appended to that span's chunks, one after the other in memory, and
put into its slot when the span begins. When a slot's turn comes, its events move to the heap, from which they come out
by (time, key); the key packs rank, entity and sequence as `funnelsim.events.instant_key`.
"""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.layout import (
    ACCOUNT_ROW,
    CHUNK,
    EVENT,
    GLOBALS,
    HEAP,
    NEED_ROW,
    NONE,
    SLOT,
    SLOT_BITS,
    SPAN,
    TASK_ROW,
)
from funnelsim.engines.compiled.records import fetch_ahead, inlined, jit
from funnelsim.engines.compiled.room import EVENTS_TABLE, HEAP_TABLE, LATER_TABLE, grow
from funnelsim.events import DAY

LONGEST = 1 << 61
SLOTS_AHEAD = 3
NEED_SIZE, TASK_SIZE, ACCOUNT_SIZE = NEED_ROW.itemsize, TASK_ROW.itemsize, ACCOUNT_ROW.itemsize
SLOT_MASK = (1 << SLOT_BITS) - 1


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
    elif slot >> SLOT_BITS == g.span_now:
        _into_slot(a, slot, time, key, what, ref)
    else:
        _append(a, slot >> SLOT_BITS, time, key, what, ref)


@jit
def _append(a: int, number: int, time: int, key: int, what: int, ref: int) -> None:
    """Put an event into a later span."""
    g = GLOBALS(a, 0)
    span = SPAN(g.spans, number)
    i = span.next + 0
    if i & (CHUNK - 1) == 0:  # no chunk yet, or it is full: its first row says which one was before
        i = g.free_chunk
        if i == NONE:
            i = g.n_later
            if i + CHUNK > g.cap_later and not grow(a, LATER_TABLE):
                return
            g.n_later = i + CHUNK
        else:
            g.free_chunk = HEAP(g.later, i).time
        HEAP(g.later, i).time = span.chunk
        span.chunk = i
        i += 1
    span.next = i + 1
    here = HEAP(g.later, i)
    here.time = time
    here.key = key
    here.what = what
    here.ref = ref


@inlined
def _into_slot(a: int, slot: int, time: int, key: int, what: int, ref: int) -> None:
    """Put an event in front of the list of a slot of the present span."""
    g = GLOBALS(a, 0)
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
    head = SLOT(g.slots, slot & SLOT_MASK)
    event.next = head.first
    head.first = i


@jit
def _begin_span(a: int, number: int) -> None:
    """Put the events of a span into their slots; its chunks can be used again."""
    g = GLOBALS(a, 0)
    g.span_now = number
    span = SPAN(g.spans, number)
    chunk = span.chunk + 0
    end = span.next + 0
    span.chunk = NONE
    span.next = 0
    while chunk != NONE:
        for i in range(chunk + 1, end):
            event = HEAP(g.later, i)
            _into_slot(a, (event.time - g.start) >> g.slot_shift, event.time, event.key, event.what, event.ref)
        before = HEAP(g.later, chunk).time
        HEAP(g.later, chunk).time = g.free_chunk
        g.free_chunk = chunk
        chunk = before
        end = chunk + CHUNK


@inlined
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


@inlined
def _move(heap: int, source: int, target: int) -> None:
    s = HEAP(heap, source)
    t = HEAP(heap, target)
    t.time = s.time
    t.key = s.key
    t.what = s.what
    t.ref = s.ref


@inlined
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


@inlined
def _fetch_slot(a: int, place: int) -> None:
    """Have the processor fetch what the events of a slot are about, most of which is not in its cache."""
    g = GLOBALS(a, 0)
    i = SLOT(g.slots, place).first + 0
    while i != NONE:
        event = EVENT(g.events, i)
        what = event.what
        if what == C.WHAT_TOUCH or what == C.WHAT_WINDOW:
            fetch_ahead(g.needs + event.ref * NEED_SIZE)
        elif what == C.WHAT_PATIENCE:
            fetch_ahead(g.tasks + event.ref * TASK_SIZE)
        elif what == C.WHAT_NEED:
            fetch_ahead(g.accounts + event.ref * ACCOUNT_SIZE)
        i = event.next


@jit
def turn(a: int, time: int) -> bool:
    """Go to the next slot that holds events; False when there is none that begins before a time.

    The slots from that time on are left alone: other events may yet be put into them.
    """
    g = GLOBALS(a, 0)
    slot = max(g.slot + 1, g.span_now << SLOT_BITS)
    last = g.n_spans << SLOT_BITS
    if time <= g.end:
        last = min(last, ((time - 1 - g.start) >> g.slot_shift) + 1)
    slots = g.slots
    while True:
        if slot >= last:
            return False
        if slot >> SLOT_BITS != g.span_now:
            _begin_span(a, slot >> SLOT_BITS)
        _fetch_slot(a, (slot + SLOTS_AHEAD) & SLOT_MASK)
        if SLOT(slots, slot & SLOT_MASK).first != NONE:
            break
        slot += 1
    g.slot = slot
    head = SLOT(slots, slot & SLOT_MASK)
    i = head.first + 0
    head.first = NONE
    while i != NONE:
        event = EVENT(g.events, i)
        _push(a, event.time, event.key, event.what, event.ref)
        following = event.next
        event.next = g.free_event
        g.free_event = i
        i = following
    return True


@inlined
def is_next_now(a: int) -> bool:
    """Whether another event falls on the present microsecond."""
    g = GLOBALS(a, 0)
    return g.n_heap > 0 and HEAP(g.heap, 0).time == g.now


@inlined
def is_next_before(a: int, time: int) -> bool:
    """Whether there is another event, before this time."""
    g = GLOBALS(a, 0)
    while g.n_heap == 0:
        if not turn(a, time):
            return False
    return HEAP(g.heap, 0).time < time


@inlined
def take(a: int) -> None:
    """Make the next event the present one; there must be one (`is_next_before`)."""
    g = GLOBALS(a, 0)
    top = HEAP(g.heap, 0)
    g.now = top.time
    g.event_key = top.key
    g.event_ref = top.ref
    g.event_what = top.what
    _pop(a)


@inlined
def sequence_of(key: int) -> int:
    """Intrinsic number of an event from its key."""
    return key & 0xFFFFFF
