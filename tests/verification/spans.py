"""Begin and end of needs, cases, opportunities and customers, read from the log."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from verification.worlds import key, rows

from funnelsim.events import Kind

NEED_ENDS = (Kind.WON, Kind.LOST, Kind.NO_DECISION, Kind.WINDOW_CLOSED)
OPPORTUNITY_ENDS = (Kind.WON, Kind.LOST, Kind.NO_DECISION)
CASE_BEGINS = (Kind.MQL, Kind.REQUEST, Kind.PROSPECTED)
CASE_ENDS = (
    Kind.DECLINED,
    Kind.RENEGED,
    Kind.GIVEN_UP,
    Kind.DISQUALIFIED,
    Kind.NOT_READY,
    Kind.UPGRADED,
    Kind.OPPORTUNITY,
)
"""A case ends, or becomes an opportunity."""


class Span(NamedTuple):
    """Begin and end of each of something [microseconds]; `over`: it has ended (else `end` means nothing)."""

    keys: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    over: np.ndarray


def spans(begins: np.ndarray, begin_keys: np.ndarray, ends: np.ndarray, end_keys: np.ndarray) -> Span:
    """Pair each begin with the first end of the same key; keys of begins are unique, ends may be several."""
    assert len(np.unique(begin_keys)) == len(begin_keys)
    order = np.lexsort((ends["time"], end_keys))
    keys = end_keys[order]
    place = np.searchsorted(keys, begin_keys)
    over = np.zeros(len(begins), bool)
    over[place < len(keys)] = keys[place[place < len(keys)]] == begin_keys[place < len(keys)]
    end = np.zeros(len(begins), np.int64)
    end[over] = ends["time"][order][place[over]]
    return Span(begin_keys, begins["time"], end, over)


def case_key(found: np.ndarray) -> np.ndarray:
    """One integer per (account, need, number of the case)."""
    return key(found) * 1024 + found["item"]


def of_needs(log: np.ndarray) -> Span:
    """Time in market."""
    begins, ends = rows(log, Kind.NEED), rows(log, *NEED_ENDS)
    return spans(begins, key(begins), ends, key(ends))


def of_cases(log: np.ndarray) -> Span:
    """Time that leads and requests wait until somebody takes them, or they go."""
    begins = rows(log, Kind.MQL, Kind.REQUEST)
    ends = rows(log, Kind.TASK, Kind.RENEGED, Kind.DECLINED, Kind.UPGRADED)
    ends = ends[(ends["account"] >= 0) & (ends["item"] >= 0)]
    return spans(begins, case_key(begins), ends, case_key(ends))


def of_opportunities(log: np.ndarray) -> Span:
    """Time from opportunity to decision."""
    begins, ends = rows(log, Kind.OPPORTUNITY), rows(log, *OPPORTUNITY_ENDS)
    return spans(begins, key(begins), ends, key(ends))


def of_customers(log: np.ndarray) -> Span:
    """Time as a customer."""
    begins, ends = rows(log, Kind.CUSTOMER, Kind.WON), rows(log, Kind.CHURNED)
    return spans(begins, key(begins), ends, key(ends))
