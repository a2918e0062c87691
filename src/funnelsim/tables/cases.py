"""Cases: what reached sales, how long it waited, and what became of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, HOUR, NO_CODE, Kind, Source
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.reading import (
    NEVER,
    Latest,
    Lookup,
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
    rows : numpy.ndarray
        The row that opened each case (for an upgraded one, the request).
    handed_over, asked, due, attempted, resolved : numpy.ndarray
        Times, `NEVER` if it did not happen: reached sales; the buyer asked; start of the response clock (asked, else
        handed over); first attempt; end of the case.
    source, outcome : numpy.ndarray
        Codes; `outcome` is a position in `OUTCOMES`.
    score : numpy.ndarray
        Lead score at the hand-over by marketing, NaN if marketing did not hand it over.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        opening = reading.rows(Kind.MQL, Kind.REQUEST, Kind.PROSPECTED)
        self._span = int(opening["item"].max(initial=0)) + 1
        leads, upgrades = reading.rows(Kind.MQL), reading.rows(Kind.UPGRADED)
        upgraded = Lookup(self.base_key(upgrades))
        became_request = (opening["kind"] == int(Kind.MQL)) & (upgraded.first(self.base_key(opening)) >= 0)
        self.rows = opening[~became_request]
        self.need = reading.needs.of(self.rows)
        self._latest = Latest(self.base_key(self.rows), self.rows["time"])
        self._all = np.arange(len(self.rows))
        self.source = np.zeros(len(self.rows), dtype=np.int64)
        for kind, code in _SOURCE.items():
            self.source[self.rows["kind"] == int(kind)] = int(code)
        self.asked = np.where(self.source == int(Source.INBOUND), self.rows["time"], NEVER)
        lead = _upgraded_lead(reading, self.need, self.asked, leads, upgrades)
        self.upgraded = lead >= 0
        self.handed_over = np.where(self.upgraded, pick(leads["time"], lead, 0), self.rows["time"])
        self.due = np.where(self.asked != NEVER, self.asked, self.handed_over)
        score = np.where(self.source == int(Source.MQL), self.rows["value"], np.nan)
        self.score = np.where(self.upgraded, pick(leads["value"], lead, np.nan), score)
        self.trust = np.where(self.upgraded, pick(total_trust(leads), lead, np.nan), total_trust(self.rows))
        self.contacted = np.where(self._by_prospecting, self.handed_over, self.first_time(Kind.CONTACT))
        self.attempted = np.minimum(np.minimum(self._first_task, self.first_time(Kind.ATTEMPT)), self.contacted)
        ends, at = self.first_row(*_RESOLVING)
        code_of = np.full(256, OPEN)
        code_of[[int(kind) for kind in _RESOLVING]] = np.arange(len(_RESOLVING))
        self.outcome = pick(code_of[ends["kind"]], at, OPEN)
        self.resolved = pick(ends["time"], at, NEVER)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def _by_prospecting(self) -> np.ndarray:
        """Cases that began with a conversation: a cold call that reached the buyer."""
        return self.source == int(Source.OUTBOUND)

    def base_key(self, rows: np.ndarray) -> np.ndarray:
        """Return one integer per row for its need and case number (-1: the row belongs to no case)."""
        need = self._reading.needs.of(rows)
        item = rows["item"].astype(np.int64)
        return np.where((need >= 0) & (item >= 0) & (item < self._span), need * self._span + item, NO_CODE)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return for each row the position of its case, -1 where it has none."""
        return self._latest.of(self.base_key(rows), rows["time"])

    def first_row(self, *kinds: Kind) -> tuple[np.ndarray, np.ndarray]:
        """Return rows of these kinds and for each case the position of its first one, -1 where there is none."""
        rows = self._reading.rows(*kinds)
        return rows, Lookup(self.of(rows)).first(self._all)

    def first_time(self, *kinds: Kind) -> np.ndarray:
        """Return for each case the time of its first row of these kinds, `NEVER` where there is none."""
        rows, at = self.first_row(*kinds)
        return pick(rows["time"], at, NEVER)

    def count(self, *kinds: Kind) -> np.ndarray:
        """Return for each case how many rows of these kinds it has."""
        return Lookup(self.of(self._reading.rows(*kinds))).count(self._all)

    @cached_property
    def _task_rows(self) -> np.ndarray:
        """Tasks of sales that may belong to a case (account care does not)."""
        tasks = self._reading.rows(Kind.TASK)
        tasks = tasks[(tasks["account"] >= 0) & (tasks["need"] >= 0)]
        return tasks[~self._reading.is_care(tasks)]

    @cached_property
    def _first_task(self) -> np.ndarray:
        """When the first task of each case really begins: one that is dispatched at night begins in the morning."""
        at = Lookup(self.of(self._task_rows)).first(self._all)
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
        at = Lookup(self.of(self._task_rows)).first(self._all)
        by_task = pick(self._task_rows["person"].astype(np.int64), at, NO_CODE)
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


def _upgraded_lead(
    reading: Reading, need: np.ndarray, asked: np.ndarray, leads: np.ndarray, upgrades: np.ndarray
) -> np.ndarray:
    """Return for each case the position of the lead that it was before its buyer asked, -1 if it was none."""
    upgrade = Lookup(reading.needs.of(upgrades)).first(need)
    became = (upgrade >= 0) & (pick(upgrades["time"], upgrade, -1) == asked)
    return np.where(became, Lookup(reading.needs.of(leads)).first(need), -1)


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
