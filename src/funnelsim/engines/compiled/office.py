"""Working hours, as `funnelsim.workhours.WorkCalendar`."""

from __future__ import annotations

from funnelsim.engines.compiled.layout import GLOBALS, NEVER, NUMBER
from funnelsim.engines.compiled.records import jit
from funnelsim.events import DAY


@jit
def finish(a: int, work: int) -> int:
    """Moment when a task of `work` > 0 microseconds is done that starts now, or at the next working moment."""
    g = GLOBALS(a, 0)
    t = g.now
    length = g.day_length
    index = t // DAY - g.first_day
    if index < 0:
        done = work
    elif index >= g.span:
        return NEVER
    else:
        before = NUMBER(g.days_before, index).value
        done = before * length + work
        if NUMBER(g.days_before, index + 1).value != before:
            into = t % DAY - g.opens
            if into > 0:
                done += into if into < length else length
    full = (done - 1) // length
    if full >= g.n_work_days:
        return NEVER
    return NUMBER(g.work_days, full).value * DAY + g.opens + done - full * length


@jit
def worked(a: int, t: int) -> int:
    """Working time from the beginning of the span to a moment."""
    g = GLOBALS(a, 0)
    index = t // DAY - g.first_day
    if index < 0:
        return 0
    if index >= g.span:
        return g.n_work_days * g.day_length
    before = NUMBER(g.days_before, index).value
    if NUMBER(g.days_before, index + 1).value == before:
        return before * g.day_length
    into = t % DAY - g.opens
    if into <= 0:
        return before * g.day_length
    if into >= g.day_length:
        return (before + 1) * g.day_length
    return before * g.day_length + into


@jit
def is_working(a: int) -> bool:
    """Whether people work now."""
    g = GLOBALS(a, 0)
    index = g.now // DAY - g.first_day
    if index < 0 or index >= g.span:
        return False
    if NUMBER(g.days_before, index + 1).value == NUMBER(g.days_before, index).value:
        return False
    time = g.now % DAY
    return g.opens <= time and time < g.closes


@jit
def next_working(a: int) -> int:
    """First working moment from now on; `NEVER` if there is none."""
    g = GLOBALS(a, 0)
    t = g.now
    index = t // DAY - g.first_day
    if index < 0:
        full = 0
    elif index >= g.span:
        return NEVER
    else:
        full = NUMBER(g.days_before, index).value
        if NUMBER(g.days_before, index + 1).value != full:
            time = t % DAY
            if time < g.opens:
                return t - time + g.opens
            if time < g.closes:
                return t
            full += 1
    if full >= g.n_work_days:
        return NEVER
    return NUMBER(g.work_days, full).value * DAY + g.opens
