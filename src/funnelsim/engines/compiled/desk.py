"""Desks: who is idle, and what waits for whom; as `engines.reference.desk`.

Waiting tasks stand in pairing heaps, one for the desk and one for each person's own tasks, by (priority, time queued,
number). A task that no longer waits stays in its heap until it comes to the top.
"""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at
from funnelsim.engines.compiled.layout import DESK, GLOBALS, NEVER, NONE, PERSON, TASK
from funnelsim.engines.compiled.office import is_working, next_working
from funnelsim.engines.compiled.records import jit

# --- heaps of tasks -------------------------------------------------------------------------------------------


@jit
def comes_first(a: int, x: int, y: int) -> bool:
    """Whether task x comes before task y."""
    g = GLOBALS(a, 0)
    s = TASK(g.tasks, x)
    t = TASK(g.tasks, y)
    if s.priority != t.priority:
        return s.priority < t.priority
    if s.queued != t.queued:
        return s.queued < t.queued
    return s.number < t.number


@jit
def _meld(a: int, x: int, y: int) -> int:
    if x == NONE:
        return y
    if y == NONE:
        return x
    if comes_first(a, y, x):
        x, y = y, x
    g = GLOBALS(a, 0)
    upper = TASK(g.tasks, x)
    lower = TASK(g.tasks, y)
    lower.sibling = upper.child
    upper.child = y
    return x


@jit
def without_root(a: int, root: int) -> int:
    """Take the first task off its heap; the heap's new root."""
    g = GLOBALS(a, 0)
    x = TASK(g.tasks, root).child
    TASK(g.tasks, root).child = NONE
    pairs = NONE
    while x != NONE:
        y = TASK(g.tasks, x).sibling
        TASK(g.tasks, x).sibling = NONE
        following = NONE
        if y != NONE:
            following = TASK(g.tasks, y).sibling
            TASK(g.tasks, y).sibling = NONE
            x = _meld(a, x, y)
        TASK(g.tasks, x).sibling = pairs
        pairs = x
        x = following
    root = NONE
    while pairs != NONE:
        following = TASK(g.tasks, pairs).sibling
        TASK(g.tasks, pairs).sibling = NONE
        root = _meld(a, root, pairs)
        pairs = following
    return root


@jit
def first_in_pool(a: int, d: int) -> int:
    """First waiting task of a desk without an owner, or `NONE`."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, d)
    while desk.pool_root != NONE and TASK(g.tasks, desk.pool_root).waiting == 0:
        desk.pool_root = without_root(a, desk.pool_root)
    return desk.pool_root


@jit
def first_of_own(a: int, p: int) -> int:
    """First waiting task that only this person may serve, or `NONE`."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    while person.own_root != NONE and TASK(g.tasks, person.own_root).waiting == 0:
        person.own_root = without_root(a, person.own_root)
    return person.own_root


# --- tasks ----------------------------------------------------------------------------------------------------


@jit
def request(
    a: int,
    d: int,
    what: int,
    ref: int,
    priority: int,
    number: int,
    owner: int,
    patience_until: int,
    entity: int,
    sequence: int,
) -> int:
    """Queue a task, its row number is returned. `patience_until`: `NEVER` if it waits for ever."""
    g = GLOBALS(a, 0)
    t = g.n_tasks
    g.n_tasks = t + 1
    task = TASK(g.tasks, t)
    task.queued = g.now
    task.number = number
    task.patience_until = patience_until
    task.calls = 0
    task.tactic = NONE
    task.priority = priority
    task.owner = owner
    task.worker = NONE
    task.ref = ref
    task.child = NONE
    task.sibling = NONE
    task.what = what
    task.desk = d
    task.choose = 0
    _put(a, t)
    if patience_until != NEVER:
        at(a, patience_until, C.R_PATIENCE, entity, sequence, C.WHAT_PATIENCE, t)
    return t


@jit
def _put(a: int, t: int) -> None:
    g = GLOBALS(a, 0)
    task = TASK(g.tasks, t)
    desk = DESK(g.desks, task.desk)
    task.waiting = 1
    lasts = task.patience_until > g.now  # a patience that ends now beats any service
    if task.owner == NONE:
        desk.pool_waiting += 1
        if lasts:
            desk.pool_root = _meld(a, desk.pool_root, t)
    else:
        person = PERSON(g.persons, task.owner)
        desk.own_waiting += 1
        person.own_waiting += 1
        if lasts:
            person.own_root = _meld(a, person.own_root, t)
    if desk.idle_first != NONE:
        ask(a, task.desk)


@jit
def take_off(a: int, t: int) -> None:
    """A task waits no longer."""
    g = GLOBALS(a, 0)
    task = TASK(g.tasks, t)
    desk = DESK(g.desks, task.desk)
    task.waiting = 0
    if task.owner == NONE:
        desk.pool_waiting -= 1
    else:
        desk.own_waiting -= 1
        PERSON(g.persons, task.owner).own_waiting -= 1


@jit
def give_to(a: int, t: int, p: int) -> None:
    """Give a waiting task that stands in no heap to another owner, or to the desk; it keeps its place in the order."""
    take_off(a, t)
    TASK(GLOBALS(a, 0).tasks, t).owner = p
    _put(a, t)


@jit
def go_ahead(a: int, t: int, priority: int, entity: int, sequence: int) -> int:
    """Give a waiting task another priority: a copy takes its place, for it may stand anywhere in its heap.

    The copy keeps the time queued, the number and the end of patience (`entity`, `sequence`: its place in the order).
    """
    g = GLOBALS(a, 0)
    take_off(a, t)
    copy = g.n_tasks
    g.n_tasks = copy + 1
    old = TASK(g.tasks, t)
    task = TASK(g.tasks, copy)
    task.queued = old.queued
    task.number = old.number
    task.patience_until = old.patience_until
    task.calls = old.calls
    task.priority = priority
    task.owner = old.owner
    task.worker = NONE
    task.ref = old.ref
    task.child = NONE
    task.sibling = NONE
    task.what = old.what
    task.desk = old.desk
    task.choose = 0
    _put(a, copy)
    if task.patience_until != NEVER:
        at(a, task.patience_until, C.R_PATIENCE, entity, sequence, C.WHAT_PATIENCE, copy)
    return copy


@jit
def move_all(a: int, source: int, target: int) -> None:
    """Move every task that waits at a desk without people to another desk."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, source)
    while True:
        t = first_in_pool(a, source)
        if t == NONE:
            return
        desk.pool_root = without_root(a, t)
        take_off(a, t)
        TASK(g.tasks, t).desk = target
        _put(a, t)


@jit
def ask(a: int, d: int) -> None:
    """Ask for a dispatch at the end of the instant."""
    g = GLOBALS(a, 0)
    DESK(g.desks, d).asked = 1
    g.asked = 1


# --- people at the desk ---------------------------------------------------------------------------------------


@jit
def join(a: int, d: int, p: int) -> None:
    """Put somebody on the roll, idle from now on."""
    g = GLOBALS(a, 0)
    PERSON(g.persons, p).on_roll = 1
    DESK(g.desks, d).workers += 1
    becomes_idle(a, d, p)


@jit
def quit_roll(a: int, d: int, p: int) -> None:
    """Take somebody off the roll, after the present task if there is one."""
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    person.on_roll = 0
    DESK(g.desks, d).workers -= 1
    if person.busy == 0:
        no_longer_idle(a, d, p)


@jit
def release(a: int, d: int, p: int) -> None:
    """Somebody has finished the present task."""
    person = PERSON(GLOBALS(a, 0).persons, p)
    person.busy = 0
    if person.on_roll != 0:
        becomes_idle(a, d, p)


@jit
def becomes_idle(a: int, d: int, p: int) -> None:
    """Join the line of the idle: idle longest first, then the lowest seat."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, d)
    person = PERSON(g.persons, p)
    person.idle_since = g.now
    before = desk.idle_last
    while before != NONE:
        other = PERSON(g.persons, before)
        if other.idle_since < g.now or other.seat < person.seat:
            break
        if other.seat == person.seat and other.number < person.number:
            break
        before = other.idle_before
    person.idle_before = before
    if before == NONE:
        person.idle_next = desk.idle_first
        desk.idle_first = p
    else:
        other = PERSON(g.persons, before)
        person.idle_next = other.idle_next
        other.idle_next = p
    if person.idle_next == NONE:
        desk.idle_last = p
    else:
        PERSON(g.persons, person.idle_next).idle_before = p
    if person.own_waiting > 0 or desk.pool_waiting > 0:
        ask(a, d)


@jit
def no_longer_idle(a: int, d: int, p: int) -> None:
    """Leave the line of the idle."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, d)
    person = PERSON(g.persons, p)
    if person.idle_before == NONE:
        desk.idle_first = person.idle_next
    else:
        PERSON(g.persons, person.idle_before).idle_next = person.idle_next
    if person.idle_next == NONE:
        desk.idle_last = person.idle_before
    else:
        PERSON(g.persons, person.idle_next).idle_before = person.idle_before


@jit
def first_caller(a: int, d: int) -> int:
    """Return the idle person whose first own task comes first, `NONE` if no idle person has any."""
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, d)
    best = NONE
    if desk.own_waiting == 0:
        return best
    best_task = NONE
    p = desk.idle_first
    while p != NONE:
        person = PERSON(g.persons, p)
        if person.own_waiting > 0:
            t = first_of_own(a, p)
            if t != NONE and (best == NONE or comes_first(a, t, best_task)):
                best = p
                best_task = t
        p = person.idle_next
    return best


@jit
def is_open(a: int, d: int) -> bool:
    """Whether people work now; if not, the desk looks again when they do."""
    if is_working(a):
        return True
    g = GLOBALS(a, 0)
    desk = DESK(g.desks, d)
    if desk.pool_waiting + desk.own_waiting > 0 and desk.wakes <= g.now:
        desk.wakes = next_working(a)
        at(a, desk.wakes, C.R_DISPATCH, d, 0, C.WHAT_WAKE, d)
    return False
