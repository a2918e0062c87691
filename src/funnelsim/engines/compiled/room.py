"""Room in the tables: whether there is enough for the next event, and how there comes to be more.

Between events, while nobody holds a row, every table that is nearly full is made larger. Within an event only those
grow of which nobody holds a row then: the log and the event list.
"""

from __future__ import annotations

from funnelsim.engines.compiled.layout import GLOBALS, GROWING
from funnelsim.engines.compiled.records import call, jit

AT_A_TIME = 4096
"""Rows that must be free in each growing table before an event; no event adds more but to the log and the event list,
or it asks in between."""
ALL = -1
LOG_TABLE, EVENTS_TABLE, LATER_TABLE, HEAP_TABLE = (
    list(GROWING).index(name) for name in ("log", "events", "later", "heap")
)


@jit
def grow(a: int, table: int) -> bool:
    """Have Python make a table larger, or `ALL` that are nearly full; False if there is no memory."""
    g = GLOBALS(a, 0)
    g.wanted = table
    call(g.grow, a)
    return g.failure == 0


@jit
def make_room(a: int) -> bool:
    """See to it that the next event has room; False if there is no memory. Nobody may hold a row of a growing table."""
    g = GLOBALS(a, 0)
    if (
        g.n_log + AT_A_TIME <= g.cap_log
        and g.n_needs + AT_A_TIME <= g.cap_needs
        and g.n_cases + AT_A_TIME <= g.cap_cases
        and g.n_tasks + AT_A_TIME <= g.cap_tasks
        and g.n_persons + AT_A_TIME <= g.cap_persons
        and g.n_customers + AT_A_TIME <= g.cap_customers
        and g.n_programmes + AT_A_TIME <= g.cap_programmes
        and g.n_events + AT_A_TIME <= g.cap_events
        and g.n_later + AT_A_TIME <= g.cap_later
        and g.n_heap + AT_A_TIME <= g.cap_heap
    ):
        return True
    return grow(a, ALL)
