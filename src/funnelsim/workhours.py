"""Working hours: exact integer arithmetic between calendar time and working time.

People work on working days from opening to closing, ``[opens, closes)``; buyers live in calendar time. Times are
integer microseconds since 00:00 of the scenario's first day, negative before. Local time without daylight saving:
every day has 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from funnelsim.events import DAY, HOUR

__all__ = ["NEVER", "WorkCalendar"]

NEVER: Final = 2**62
"""A moment beyond every calendar: work that does not get done within it ends here."""


class WorkCalendar:
    """When people work, over a span of days.

    Nobody works outside the span: `worked` stands still there, and what cannot be finished within it is finished
    `NEVER`.

    Parameters
    ----------
    start_date : date
        Day 0; its 00:00 is time 0.
    first_day, last_day : int
        First and last day of the span (both included), relative to `start_date`; `first_day` may be negative.
    day_start_hour, day_end_hour : float
        Opening and closing, 0..24 [hours after 00:00]; rounded once to microseconds.
    weekdays : iterable of int
        Working weekdays, Monday = 0 to Sunday = 6.
    holidays : iterable of date
        Days on which nobody works.

    Attributes
    ----------
    opens, closes : int
        Opening and closing [microseconds after 00:00].
    day_length : int
        Working time of a working day [microseconds].
    days : tuple of int
        The working days of the span, ascending.
    days_before : tuple of int
        ``days_before[d - first_day]``: number of working days in ``[first_day, d)``; one entry more than the span
        has days.
    begin, end : int
        The span [microseconds]: 00:00 of the first day to 24:00 of the last.

    Examples
    --------
    >>> from datetime import date
    >>> office = WorkCalendar(date(2024, 1, 1), 0, 30, 9, 17, (0, 1, 2, 3, 4), frozenset({date(2024, 1, 1)}))
    >>> office.days[:5]
    (1, 2, 3, 4, 7)
    >>> office.finish(4 * DAY + 16 * HOUR, 2 * HOUR) == 7 * DAY + 10 * HOUR  # Friday 16:00 to Monday 10:00
    True
    """

    __slots__ = (
        "_first_ordinal",
        "_first_quarter",
        "_n_days",
        "_span",
        "begin",
        "closes",
        "day_length",
        "days",
        "days_before",
        "end",
        "first_day",
        "holidays",
        "last_day",
        "opens",
        "start_date",
        "weekdays",
    )

    def __init__(
        self,
        start_date: date,
        first_day: int,
        last_day: int,
        day_start_hour: float,
        day_end_hour: float,
        weekdays: Iterable[int],
        holidays: Iterable[date] = (),
    ) -> None:
        if last_day < first_day:
            raise ValueError(f"the span ends (day {last_day}) before it begins (day {first_day})")
        if not 0.0 <= day_start_hour < day_end_hour <= 24.0:
            raise ValueError(f"a working day cannot last from {day_start_hour} to {day_end_hour} o'clock")
        self.start_date: Final = start_date
        self.first_day: Final = int(first_day)
        self.last_day: Final = int(last_day)
        self.weekdays: Final = tuple(sorted({int(weekday) for weekday in weekdays}))
        self.holidays: Final = frozenset(holidays)
        if any(not 0 <= weekday <= 6 for weekday in self.weekdays):
            raise ValueError(f"weekdays are numbered from 0 (Monday) to 6 (Sunday), not {self.weekdays}")
        self.opens: Final = int(day_start_hour * HOUR + 0.5)
        self.closes: Final = int(day_end_hour * HOUR + 0.5)
        self.day_length: Final = self.closes - self.opens
        if self.day_length < 1:
            raise ValueError(f"a working day cannot last from {day_start_hour} to {day_end_hour} o'clock")
        self.begin: Final = self.first_day * DAY
        self.end: Final = (self.last_day + 1) * DAY
        self._first_ordinal: Final = start_date.toordinal()
        self._first_quarter: Final = start_date.year * 4 + (start_date.month - 1) // 3
        self._span: Final = self.last_day - self.first_day + 1

        closed = {holiday.toordinal() - self._first_ordinal for holiday in self.holidays}
        weekday_of_start = start_date.weekday()
        days: list[int] = []
        before: list[int] = [0]
        for day in range(self.first_day, self.last_day + 1):
            if (weekday_of_start + day) % 7 in self.weekdays and day not in closed:
                days.append(day)
            before.append(len(days))
        self.days: Final = tuple(days)
        self.days_before: Final = tuple(before)
        self._n_days: Final = len(days)

    def __repr__(self) -> str:
        return (
            f"WorkCalendar({self.start_date.isoformat()}, days {self.first_day}..{self.last_day}, "
            f"{self.opens / HOUR:g}-{self.closes / HOUR:g}, {self._n_days} working days)"
        )

    # --- working time -----------------------------------------------------------------------------------------

    def worked(self, t: int) -> int:
        """Working time from the beginning of the span to t.

        Parameters
        ----------
        t : int
            Moment [microseconds], any.

        Returns
        -------
        int
            Microseconds; 0 before the span, all of it after.
        """
        index = t // DAY - self.first_day
        if index < 0:
            return 0
        if index >= self._span:
            return self._n_days * self.day_length
        before = self.days_before[index]
        if self.days_before[index + 1] == before:
            return before * self.day_length
        into = t % DAY - self.opens
        if into <= 0:
            return before * self.day_length
        if into >= self.day_length:
            return (before + 1) * self.day_length
        return before * self.day_length + into

    def between(self, a: int, b: int) -> int:
        """Working time from a to b [microseconds]; negative if b is before a."""
        return self.worked(b) - self.worked(a)

    def finish(self, t: int, work: int) -> int:
        """Moment when a task is done that starts at t, or at the next working moment.

        Parameters
        ----------
        t : int
            Moment [microseconds].
        work : int
            Working time [microseconds], at least 0.

        Returns
        -------
        int
            Moment [microseconds]. A task that ends with the day ends at closing time, not at the next opening. A
            task of no work ends when it starts: at t, or at the next working moment. `NEVER` if the span is too
            short.

        Notes
        -----
        ``worked(finish(t, work)) - worked(t) == work``, and ``finish(finish(t, a), b) == finish(t, a + b)`` for b >
        0.
        """
        if work <= 0:
            return self.next_working(t)
        length = self.day_length
        index = t // DAY - self.first_day
        if index < 0:
            done = work
        elif index >= self._span:
            return NEVER
        else:
            before = self.days_before[index]
            done = before * length + work
            if self.days_before[index + 1] != before:
                into = t % DAY - self.opens
                if into > 0:
                    done += into if into < length else length
        full = (done - 1) // length
        if full >= self._n_days:
            return NEVER
        return self.days[full] * DAY + self.opens + done - full * length

    def is_working(self, t: int) -> bool:
        """Whether t is in working hours: from opening (included) to closing (excluded)."""
        index = t // DAY - self.first_day
        return (
            0 <= index < self._span
            and self.days_before[index + 1] != self.days_before[index]
            and self.opens <= t % DAY < self.closes
        )

    def next_working(self, t: int) -> int:
        """First working moment at t or later; `NEVER` if there is none."""
        index = t // DAY - self.first_day
        if index < 0:
            full = 0
        elif index >= self._span:
            return NEVER
        else:
            full = self.days_before[index]
            if self.days_before[index + 1] != full:
                time = t % DAY
                if time < self.opens:
                    return t - time + self.opens
                if time < self.closes:
                    return t
                full += 1
        if full >= self._n_days:
            return NEVER
        return self.days[full] * DAY + self.opens

    # --- days -------------------------------------------------------------------------------------------------

    def day_of(self, t: int) -> int:
        """Day of a moment: 0 for the first day of the scenario, negative before."""
        return t // DAY

    def date_of(self, t: int) -> date:
        """Date of a moment."""
        return date.fromordinal(self._first_ordinal + t // DAY)

    def moment_of(self, day: date) -> int:
        """Moment of 00:00 of a date [microseconds]."""
        return (day.toordinal() - self._first_ordinal) * DAY

    def day_start(self, day: int) -> int:
        """Opening time of a day [microseconds], working day or not."""
        return day * DAY + self.opens

    def day_end(self, day: int) -> int:
        """Closing time of a day [microseconds], working day or not."""
        return day * DAY + self.closes

    def is_working_day(self, day: int) -> bool:
        """Whether people work on this day."""
        index = day - self.first_day
        return 0 <= index < self._span and self.days_before[index + 1] != self.days_before[index]

    def days_in(self, a: int, b: int) -> int:
        """Count the working days that open in ``[a, b)``, two moments [microseconds]."""
        first, last = self._days_range(a, b)
        return last - first

    def working_days(self, a: int, b: int) -> tuple[int, ...]:
        """Day numbers, ascending, of the working days that open in ``[a, b)``, two moments [microseconds].

        Neighbouring periods share no day, whatever the boundary.
        """
        first, last = self._days_range(a, b)
        return self.days[first:last]

    def _days_range(self, a: int, b: int) -> tuple[int, int]:
        first = self._opened_before(a)
        return first, max(first, self._opened_before(b))

    def _opened_before(self, t: int) -> int:
        """Count the working days of the span that open before t."""
        index = (t - self.opens - 1) // DAY + 1 - self.first_day
        return self.days_before[min(max(index, 0), self._span)]

    # --- months and quarters ----------------------------------------------------------------------------------

    def month_starts(self) -> tuple[int, ...]:
        """00:00 of the first day of each calendar month that begins within the span [microseconds], ascending."""
        return self._period_starts(1)

    def quarter_starts(self) -> tuple[int, ...]:
        """00:00 of the first day of each calendar quarter that begins within the span [microseconds], ascending."""
        return self._period_starts(3)

    def month_of(self, t: int) -> int:
        """Calendar month of a moment, counted from that of `start_date` (0; negative before)."""
        day = self.date_of(t)
        return day.year * 12 + day.month - self.start_date.year * 12 - self.start_date.month

    def quarter_of(self, t: int) -> int:
        """Calendar quarter of a moment, counted from that of `start_date` (0; negative before)."""
        day = self.date_of(t)
        return day.year * 4 + (day.month - 1) // 3 - self._first_quarter

    def _period_starts(self, months: int) -> tuple[int, ...]:
        first = self.date_of(self.begin)
        month = first.year * 12 + first.month - 1
        month -= month % months
        starts: list[int] = []
        while True:
            moment = self.moment_of(date(month // 12, month % 12 + 1, 1))
            if moment >= self.end:
                return tuple(starts)
            if moment >= self.begin:
                starts.append(moment)
            month += months
