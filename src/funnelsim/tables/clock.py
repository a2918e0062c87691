"""The calendar of a run: window, quarters, dates, and working time on whole arrays at once.

`funnelsim.workhours` does the same for one instant at a time, for the engines; a test holds the two together.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import numpy as np

from funnelsim.events import DAY, HOUR
from funnelsim.scenario.schema import Scenario

Times = np.ndarray
"""Microseconds since day 0, int64."""


class Clock:
    """Turns microseconds into days, dates, quarters and working time.

    Parameters
    ----------
    scenario : Scenario
        Gives the first day, the horizon and the working week.

    Attributes
    ----------
    start : datetime.date
        Day 0.
    begin : int
        Start of the burn-in in microseconds.
    end : int
        End of the measurement window [0, end) in microseconds.
    days : int
        Length of the window in days.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.start = scenario.start
        self.quarters = scenario.horizon_quarters
        self.workweek = scenario.world.workweek
        self.days = int(self.quarter_edges[-1])
        self.end = self.days * DAY
        burn_in = (self.start - month(self.start, -3 * scenario.world.burn_in_quarters)).days
        self.begin = -burn_in * DAY
        self._first_day = -burn_in - 7
        self._origin = self.start + dt.timedelta(days=self._first_day)

    @cached_property
    def quarter_edges(self) -> np.ndarray:
        """Days on which the quarters of the window begin, and the day after the last: ``quarters + 1`` numbers."""
        firsts = [month(self.start, 3 * q) for q in range(self.quarters + 1)]
        return np.array([(first - self.start).days for first in firsts], dtype=np.int64)

    @cached_property
    def quarter_names(self) -> list[str]:
        """Names of the quarters of the window, such as ``2026 Q1``."""
        firsts = [month(self.start, 3 * q) for q in range(self.quarters)]
        return [f"{first.year} Q{(first.month + 2) // 3}" for first in firsts]

    def dates(self, time: Times) -> np.ndarray:
        """Return the moments as datetime64[us]."""
        return np.datetime64(self.start, "us") + np.asarray(time, dtype=np.int64).astype("timedelta64[us]")

    def calendar(self, days: np.ndarray) -> np.ndarray:
        """Return day numbers as datetime64[s] (midnight)."""
        return np.datetime64(self.start, "s") + np.asarray(days, dtype=np.int64).astype("timedelta64[D]")

    # -- working time ------------------------------------------------------------------------------------------

    @cached_property
    def day_length(self) -> int:
        """Microseconds of a working day."""
        return self._closes - self._opens

    @cached_property
    def _opens(self) -> int:
        return int(self.workweek.day_start * HOUR + 0.5)

    @cached_property
    def _closes(self) -> int:
        return int(self.workweek.day_end * HOUR + 0.5)

    @cached_property
    def _is_working(self) -> np.ndarray:
        """Whether each day from the first to a week after the end is a working day."""
        days = np.datetime64(self._origin, "D") + np.arange(self.days - self._first_day + 8)
        weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        working = np.isin(weekday, np.array(self.workweek.weekdays))
        if self.workweek.holidays:
            working &= ~np.isin(days, np.array(self.workweek.holidays, dtype="datetime64[D]"))
        return working

    @cached_property
    def _worked_before(self) -> np.ndarray:
        """Working microseconds before each day."""
        return np.concatenate(([0], np.cumsum(self._is_working, dtype=np.int64))) * self.day_length

    def worked(self, time: Times) -> np.ndarray:
        """Return working microseconds passed until each moment, from a fixed origin before the burn-in."""
        shifted = np.asarray(time, dtype=np.int64) - self._first_day * DAY
        day = np.clip(shifted // DAY, 0, len(self._is_working) - 1)
        today = np.clip(shifted - day * DAY - self._opens, 0, self.day_length) * self._is_working[day]
        return self._worked_before[day] + today

    def working_hours(self, a: Times, b: Times) -> np.ndarray:
        """Return working hours between moments ``a <= b``."""
        return (self.worked(b) - self.worked(a)) / HOUR

    def next_working(self, time: Times) -> np.ndarray:
        """Return the first working moment at or after each moment (the last day of the span if there is none)."""
        shifted = np.asarray(time, dtype=np.int64) - self._first_day * DAY
        day = np.clip(shifted // DAY, 0, len(self._is_working) - 1)
        into = shifted - day * DAY
        today = self._is_working[day] & (into < self._closes)
        size = len(self._is_working)
        coming = np.where(self._is_working, np.arange(size), size)
        coming = np.minimum.accumulate(np.append(coming, size)[::-1])[::-1]
        chosen = np.where(today, day, coming[day + 1])
        moment = np.where(today, np.maximum(into, self._opens), self._opens)
        return (chosen + self._first_day) * DAY + moment

    @cached_property
    def booking_day(self) -> np.ndarray:
        """For each day of the window the working day on which its money is booked.

        The next working day of the same month; if there is none, the last one of that month; if the month has none at
        all, the day itself. So sums by month and by quarter are those of the calendar.
        """
        days = np.arange(self.days)
        working = self._is_working[days - self._first_day]
        months = (np.datetime64(self.start, "D") + days).astype("datetime64[M]")
        last = self.days - 1
        after = np.minimum.accumulate(np.where(working, days, self.days)[::-1])[::-1]
        before = np.maximum.accumulate(np.where(working, days, -1))
        ahead, behind = np.minimum(after, last), np.maximum(before, 0)
        booked = np.where((after <= last) & (months[ahead] == months), ahead, -1)
        back = (booked < 0) & (before >= 0) & (months[behind] == months)
        return np.where(booked >= 0, booked, np.where(back, behind, days))


def month(date: dt.date, ahead: int) -> dt.date:
    """Return the first day of the month that lies `ahead` months after the month of `date`."""
    count = date.year * 12 + date.month - 1 + ahead
    return dt.date(count // 12, count % 12 + 1, 1)
