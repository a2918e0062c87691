"""Cases: what reached sales, how long it waited, and what became of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, HOUR, NO_CODE, Kind, Source
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.lookup import Latest, Lookup, first_of_each
from funnelsim.tables.reading import (
    NEVER,
    Reading,
    categories,
    days_between,
    enum_names,
    moments,
    pick,
    reading,
    total_trust,
    whole,
)
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ["declined", "reneged", "given_up", "disqualified", "not_ready", "opportunity", "open"]
DECLINED, RENEGED, GIVEN_UP, DISQUALIFIED, NOT_READY, OPPORTUNITY, OPEN = range(7)

_RESOLVING = (
    Kind.DECLINED, Kind.RENEGED, Kind.GIVEN_UP, Kind.DISQUALIFIED, Kind.NOT_READY, Kind.OPPORTUNITY,
)  # fmt: skip
_SOURCE = {Kind.MQL: Source.MQL, Kind.REQUEST: Source.INBOUND, Kind.PROSPECTED: Source.OUTBOUND}


class Cases:
    """Arrays with one entry per case, in order of the log.

    A lead whose buyer asks while it still waits (UPGRADED) and the request that it becomes are one case. The log
    numbers the cases of a need by source, so that own prospecting may find the same need twice under one number; a row
    belongs to the latest case of its number.

    Attributes
    ----------
    rows : Rows
        The row that opened each case (for an upgraded one, the request).
    handed_over, asked, due, attempted, resolved : numpy.ndarray
        Times, `NEVER` if it did not happen: reached sales; the buyer asked; start of the response clock (asked, else
        handed over); first attempt; end of the case.
    source : numpy.ndarray
        Code.
    score : numpy.ndarray
        Lead score at the hand-over by marketing, NaN if marketing did not hand it over.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        opening = reading.rows(Kind.MQL, Kind.REQUEST, Kind.PROSPECTED)
        self._span = int(opening["item"].max(initial=0)) + 1
        self._leads, self._upgrades = reading.rows(Kind.MQL), reading.rows(Kind.UPGRADED)
        need = reading.needs.of(opening)
        key = self._key(opening, need)
        upgraded = Lookup(self.base_key(self._upgrades)).first(key) >= 0
        own = ~(upgraded & (opening["kind"] == int(Kind.MQL)))  # an upgraded lead is one case with its request
        self.rows, self.need = opening[own], need[own]
        time, kind, value = self.rows["time"], self.rows["kind"], self.rows["value"]
        self._latest = Latest(key[own], time)
        self.source = np.zeros(len(self.rows), dtype=np.int64)
        for opened_by, code in _SOURCE.items():
            self.source[kind == int(opened_by)] = int(code)
        self.asked = np.where(self.source == int(Source.INBOUND), time, NEVER)
        self._lead = self._upgraded_lead()
        self.upgraded = self._lead >= 0
        self.handed_over = np.where(self.upgraded, pick(self._leads["time"], self._lead, 0), time)
        self.due = np.where(self.asked != NEVER, self.asked, self.handed_over)
        score = np.where(self.source == int(Source.MQL), value, np.nan)
        self.score = np.where(self.upgraded, pick(self._leads["value"], self._lead, np.nan), score)
        self.contacted = np.where(self._by_prospecting, self.handed_over, self.first_time(Kind.CONTACT))
        self.attempted = np.minimum(np.minimum(self._first_task, self.first_time(Kind.ATTEMPT)), self.contacted)
        self._ends, self._end = self.first_row(*_RESOLVING)
        self.resolved = pick(self._ends["time"], self._end, NEVER)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def _by_prospecting(self) -> np.ndarray:
        """Cases that began with a conversation: a cold call that reached the buyer."""
        return self.source == int(Source.OUTBOUND)

    def base_key(self, rows: Rows) -> np.ndarray:
        """Return one integer per row for its need and case number (-1: the row belongs to no case)."""
        return self._key(rows, self._reading.needs.of(rows))

    def _key(self, rows: Rows, need: np.ndarray) -> np.ndarray:
        item = rows["item"]
        key = need.astype(np.int64)
        key *= self._span
        key += item
        key[(need < 0) | (item < 0) | (item >= self._span)] = NO_CODE
        return key

    def _upgraded_lead(self) -> np.ndarray:
        """Return for each case the position of the lead that it was before its buyer asked, -1 if it was none."""
        needs = self._reading.needs
        upgrade = Lookup(needs.of(self._upgrades)).first(self.need)
        became = (upgrade >= 0) & (pick(self._upgrades["time"], upgrade, -1) == self.asked)
        return np.where(became, Lookup(needs.of(self._leads)).first(self.need), -1)

    def of(self, rows: Rows) -> np.ndarray:
        """Return for each row the position of its case, -1 where it has none."""
        return self._latest.of(self.base_key(rows), rows["time"])

    def first_row(self, *kinds: Kind) -> tuple[Rows, np.ndarray]:
        """Return rows of these kinds and for each case the position of its first one, -1 where there is none."""
        rows = self._reading.rows(*kinds)
        return rows, first_of_each(self.of(rows), len(self))

    def first_time(self, *kinds: Kind) -> np.ndarray:
        """Return for each case the time of its first row of these kinds, `NEVER` where there is none."""
        rows, at = self.first_row(*kinds)
        return pick(rows["time"], at, NEVER)

    def count(self, *kinds: Kind) -> np.ndarray:
        """Return for each case how many rows of these kinds it has."""
        case = self.of(self._reading.rows(*kinds))
        return np.bincount(case[case >= 0], minlength=len(self))

    @cached_property
    def trust(self) -> np.ndarray:
        """Total trust when the case was handed over."""
        return np.where(self.upgraded, pick(total_trust(self._leads), self._lead, np.nan), total_trust(self.rows))

    @cached_property
    def outcome(self) -> np.ndarray:
        """What became of each case: position in `OUTCOMES`."""
        code_of = np.full(256, OPEN)
        code_of[[int(kind) for kind in _RESOLVING]] = np.arange(len(_RESOLVING))
        return pick(code_of[self._ends["kind"]], self._end, OPEN)

    @cached_property
    def _task_rows(self) -> Rows:
        """Tasks of sales that may belong to a case (account care does not)."""
        tasks = self._reading.rows(Kind.TASK)
        return tasks[(tasks["account"] >= 0) & (tasks["need"] >= 0) & ~self._reading.is_care(tasks)]

    @cached_property
    def _first_task_row(self) -> np.ndarray:
        """Position among `_task_rows` of the first task of each case, -1 where there is none."""
        return first_of_each(self.of(self._task_rows), len(self))

    @cached_property
    def _first_task(self) -> np.ndarray:
        """When the first task of each case really begins: one that is dispatched at night begins in the morning."""
        at = self._first_task_row
        dispatched = pick(self._task_rows["time"], at, NEVER)
        begun = self._reading.clock.next_working(np.where(at >= 0, dispatched, 0))
        return np.where((at >= 0) & (begun < self._reading.end), begun, NEVER)

    @cached_property
    def person(self) -> np.ndarray:
        """Who spoke with the buyer; else who tried last, or declined; `NO_CODE` if nobody."""
        person = np.full(len(self), NO_CODE, dtype=np.int64)
        for kind in (Kind.DECLINED, Kind.GIVEN_UP, Kind.ATTEMPT, Kind.PROSPECTED, Kind.CONTACT):
            rows, at = self.first_row(kind)
            found = pick(rows["person"].astype(np.int64), at, NO_CODE)
            person = np.where(found != NO_CODE, found, person)
        by_task = pick(self._task_rows["person"].astype(np.int64), self._first_task_row, NO_CODE)
        return np.where(person == NO_CODE, by_task, person)

    @cached_property
    def was_attempted(self) -> np.ndarray:
        """Whether sales has tried to reach the buyer by the end."""
        return self.attempted != NEVER

    @cached_property
    def never_answered(self) -> np.ndarray:
        """Whether the case ended without an attempt."""
        return ~self.was_attempted & (self.resolved != NEVER)

    @cached_property
    def in_window(self) -> np.ndarray:
        """Whether the response clock started inside the measurement window."""
        return self.due >= 0

    @cached_property
    def response_hours(self) -> np.ndarray:
        """Calendar hours from asked or handed over to the first attempt; NaN if there was none."""
        return days_between(self.due, self.attempted) * (DAY / HOUR)

    @cached_property
    def response_working_hours(self) -> np.ndarray:
        """The same in working hours."""
        hours = np.full(len(self), np.nan)
        known = self.was_attempted
        hours[known] = self._reading.clock.working_hours(self.due[known], self.attempted[known])
        return hours

    @cached_property
    def wait_end(self) -> np.ndarray:
        """When the case stopped waiting for its first attempt: attempted, or resolved without."""
        return np.minimum(self.attempted, self.resolved)

    def mean_waiting(self, chosen: np.ndarray) -> float:
        """Return the mean number of the chosen cases that waited for a first attempt in the window."""
        end = self._reading.end
        waited = np.minimum(self.wait_end[chosen], end) - np.maximum(self.due[chosen], 0)
        return float(np.maximum(waited, 0).sum() / end)


def cases(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """One row per case whose response clock started in the measurement window.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    import pandas as pd

    this = reading(log, scenario)
    all_cases = this.cases
    chosen = all_cases.in_window
    rows = all_cases.rows[chosen]
    clock = this.clock
    attempts = all_cases.count(Kind.ATTEMPT, Kind.CONTACT, Kind.PROSPECTED)[chosen]
    return pd.DataFrame(
        {
            "account": rows["account"].astype(np.int64),
            "need": rows["need"].astype(np.int64),
            "case": rows["item"].astype(np.int64),
            "source": categories(all_cases.source[chosen], enum_names(Source)),
            "upgraded": all_cases.upgraded[chosen],
            "handed_over": moments(all_cases.handed_over[chosen], clock),
            "asked": moments(all_cases.asked[chosen], clock),
            "first_attempt": moments(all_cases.attempted[chosen], clock),
            "response_hours": all_cases.response_hours[chosen],
            "response_working_hours": all_cases.response_working_hours[chosen],
            "attempts": attempts,
            "contacted": moments(all_cases.contacted[chosen], clock),
            "sql": moments(all_cases.first_time(Kind.SQL)[chosen], clock),
            "outcome": categories(all_cases.outcome[chosen], OUTCOMES),
            "ended": moments(all_cases.resolved[chosen], clock),
            "score": all_cases.score[chosen],
            "trust_at_hand_over": all_cases.trust[chosen],
            "person": whole(all_cases.person[chosen]),
        }
    )
