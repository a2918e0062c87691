"""Working hours: hand cases, and laws against a calendar that counts minute by minute."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from funnelsim.events import DAY, HOUR
from funnelsim.workhours import NEVER, WorkCalendar

MINUTE = HOUR // 60
MONDAY = date(2024, 1, 1)
WEEK = (0, 1, 2, 3, 4)


def at(day: int, hour: float) -> int:
    return day * DAY + int(hour * HOUR + 0.5)


@pytest.fixture(scope="module")
def office() -> WorkCalendar:
    """Nine to five; New Year's Day is a holiday. Day 0 is a Monday; days -364..400."""
    return WorkCalendar(MONDAY, -364, 400, 9, 17, WEEK, frozenset({MONDAY, date(2024, 5, 1)}))


@pytest.fixture(scope="module")
def always() -> WorkCalendar:
    return WorkCalendar(MONDAY, -30, 30, 0, 24, range(7))


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (at(1, 9), 1, at(1, 10)),
        (at(1, 9), 8, at(1, 17)),  # the end of the day belongs to the day
        (at(1, 9), 9, at(2, 10)),
        (at(1, 16), 1, at(1, 17)),
        (at(1, 17), 1, at(2, 10)),
        (at(1, 3), 1, at(1, 10)),
        (at(1, 20), 8, at(2, 17)),
        (at(4, 16), 2, at(7, 10)),  # over a weekend
        (at(5, 12), 1, at(7, 10)),  # from a Saturday
        (at(0, 12), 1, at(1, 10)),  # from a holiday
        (at(-3, 16), 2, at(1, 10)),  # Friday before New Year: weekend and holiday
        (at(1, 9), 40, at(7, 17)),
        (at(1, 9), 40.5, at(8, 9.5)),
        (at(-364, 0), 8, at(-364, 17)),
        (at(1, 12), 0, at(1, 12)),
        (at(1, 17), 0, at(2, 9)),
        (at(5, 12), 0, at(7, 9)),
    ],
)
def test_finish(office: WorkCalendar, start: int, hours: float, end: int) -> None:
    assert office.finish(start, int(hours * HOUR)) == end


def test_one_microsecond_around_the_edges(office: WorkCalendar) -> None:
    assert office.finish(at(1, 17) - 1, 1) == at(1, 17)
    assert office.finish(at(1, 17) - 1, 2) == at(2, 9) + 1
    assert office.finish(at(1, 17), 1) == at(2, 9) + 1
    assert office.finish(at(1, 9), 8 * HOUR + 1) == at(2, 9) + 1
    assert office.finish(at(1, 9) - 1, 1) == at(1, 9) + 1


def test_is_working(office: WorkCalendar) -> None:
    assert office.is_working(at(1, 9))
    assert office.is_working(at(1, 17) - 1)
    assert not office.is_working(at(1, 17))
    assert not office.is_working(at(1, 9) - 1)
    assert not office.is_working(at(0, 12))
    assert not office.is_working(at(6, 12))
    assert not office.is_working(at(401, 12))
    assert not office.is_working(at(-365, 12))


def test_next_working(office: WorkCalendar) -> None:
    assert office.next_working(at(1, 9)) == at(1, 9)
    assert office.next_working(at(1, 17) - 1) == at(1, 17) - 1
    assert office.next_working(at(1, 17)) == at(2, 9)
    assert office.next_working(at(1, 2)) == at(1, 9)
    assert office.next_working(at(4, 18)) == at(7, 9)
    assert office.next_working(at(-3, 17)) == at(1, 9)


def test_worked_and_between(office: WorkCalendar) -> None:
    assert office.worked(at(-364, 9)) == 0
    assert office.worked(at(-364, 10)) == HOUR
    assert office.between(at(1, 0), at(2, 0)) == 8 * HOUR
    assert office.between(at(4, 16), at(7, 10)) == 2 * HOUR
    assert office.between(at(7, 10), at(4, 16)) == -2 * HOUR
    assert office.between(at(0, 0), at(7, 0)) == 4 * 8 * HOUR


def test_nobody_works_outside_the_span(office: WorkCalendar) -> None:
    total = len(office.days) * 8 * HOUR
    assert office.worked(office.begin - 5 * DAY) == office.worked(office.begin) == 0
    assert office.worked(office.end) == office.worked(office.end + 5 * DAY) == total
    assert office.next_working(office.begin - 5 * DAY) == at(-364, 9)
    assert office.finish(office.begin - 5 * DAY, HOUR) == at(-364, 10)
    last = office.days[-1]
    assert office.finish(office.begin, total) == at(last, 17)
    assert office.finish(office.begin, total + 1) == NEVER
    assert office.finish(at(last, 16), 2 * HOUR) == NEVER
    assert office.finish(office.end, 1) == office.finish(office.end, 0) == NEVER
    assert office.next_working(at(last, 17)) == office.next_working(office.end) == NEVER


def test_working_days(office: WorkCalendar) -> None:
    assert office.working_days(at(0, 0), at(8, 0)) == (1, 2, 3, 4, 7)
    assert office.working_days(at(1, 9), at(2, 9)) == (1,)
    assert office.working_days(at(1, 9) + 1, at(2, 9) + 1) == (2,)
    assert office.working_days(at(3, 0), at(3, 0)) == office.working_days(at(8, 0), at(3, 0)) == ()
    assert office.working_days(office.begin - DAY, office.end + DAY) == office.days
    assert office.days_in(at(0, 0), at(8, 0)) == 5
    assert office.days_in(at(8, 0), at(0, 0)) == 0
    assert office.days_in(office.begin, office.end) == len(office.days)
    assert not office.is_working_day(0)
    assert office.is_working_day(1)
    assert not office.is_working_day(401)


def test_days_and_dates(office: WorkCalendar) -> None:
    assert office.date_of(0) == MONDAY
    assert office.date_of(-1) == date(2023, 12, 31)
    assert office.date_of(at(59, 23)) == date(2024, 2, 29)
    assert office.day_of(-1) == -1
    assert office.day_of(at(3, 23.5)) == 3
    assert office.moment_of(date(2024, 3, 1)) == 60 * DAY
    assert office.day_start(2) == at(2, 9)
    assert office.day_end(-2) == at(-2, 17)


def test_months_and_quarters(office: WorkCalendar) -> None:
    # -364 days from 2024-01-01 is 2023-01-02, 400 days on is 2025-02-04
    assert [office.date_of(t).isoformat() for t in office.quarter_starts()] == [
        "2023-04-01", "2023-07-01", "2023-10-01", "2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01",
    ]  # fmt: skip
    months = [office.date_of(t) for t in office.month_starts()]
    assert (months[0], months[-1], len(months)) == (date(2023, 2, 1), date(2025, 2, 1), 25)
    assert all(month.day == 1 for month in months)
    assert [office.quarter_of(at(day, 12)) for day in (-1, 0, 90, 91, 366, -92, -93)] == [-1, 0, 0, 1, 4, -1, -2]
    assert [office.month_of(at(day, 12)) for day in (-1, 0, 30, 31, 366)] == [-1, 0, 0, 1, 12]


def test_a_span_that_begins_with_a_quarter_has_its_start() -> None:
    calendar = WorkCalendar(date(2024, 7, 1), 0, 91, 9, 17, WEEK)
    assert calendar.quarter_starts() == (0,)
    assert WorkCalendar(date(2024, 7, 1), 0, 92, 9, 17, WEEK).quarter_starts() == (0, 92 * DAY)
    assert WorkCalendar(date(2024, 7, 1), 1, 90, 9, 17, WEEK).quarter_starts() == ()


def test_half_hours_and_odd_hours() -> None:
    calendar = WorkCalendar(MONDAY, 0, 10, 8.5, 16.75, WEEK)
    assert calendar.day_length == 8 * HOUR + 15 * MINUTE
    assert calendar.finish(at(0, 8.5), calendar.day_length) == at(0, 16.75)


def test_a_calendar_without_working_days() -> None:
    calendar = WorkCalendar(MONDAY, -3, 10, 9, 17, ())
    assert calendar.worked(5 * DAY) == 0
    assert calendar.finish(0, 1) == calendar.finish(0, 0) == calendar.next_working(0) == NEVER
    assert calendar.days == calendar.working_days(-3 * DAY, 10 * DAY) == ()


@pytest.mark.parametrize(
    ("first", "last", "opens", "closes", "weekdays"),
    [
        (1, 0, 9, 17, WEEK),
        (0, 1, 17, 9, WEEK),
        (0, 1, 9, 9, WEEK),
        (0, 1, 9, 25, WEEK),
        (0, 1, -1, 9, WEEK),
        (0, 1, 9, 9 + 1e-12, WEEK),
        (0, 1, 9, 17, (7,)),
        (0, 1, 9, 17, (-1,)),
    ],
)
def test_impossible_calendars(first: int, last: int, opens: float, closes: float, weekdays: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"span|working day|weekdays"):
        WorkCalendar(MONDAY, first, last, opens, closes, weekdays)


def test_calendars_travel_to_other_processes(office: WorkCalendar) -> None:
    copy = pickle.loads(pickle.dumps(office))
    assert copy.days_before == office.days_before
    assert copy.finish(at(4, 16), 2 * HOUR) == at(7, 10)


# --- round the clock --------------------------------------------------------------------------------------------------


@given(t=st.integers(-30 * DAY, 31 * DAY - 1), work=st.integers(0, 70 * DAY))
def test_round_the_clock_is_plain_addition(always: WorkCalendar, t: int, work: int) -> None:
    assert always.worked(t) == t + 30 * DAY
    assert always.is_working(t)
    assert always.next_working(t) == t
    assert always.finish(t, work) == (t + work if t + work <= 31 * DAY else NEVER)


# --- against counting -------------------------------------------------------------------------------------------------


class Counted:
    """The same calendar, minute by minute."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.begin = calendar.begin
        minutes = []
        for day in range(calendar.first_day, calendar.last_day + 1):
            when = calendar.start_date + timedelta(days=day)
            works = when.weekday() in calendar.weekdays and when not in calendar.holidays
            minutes += [works and calendar.opens <= m * MINUTE < calendar.closes for m in range(24 * 60)]
        self.working = np.array(minutes)
        self.count = np.concatenate([[0], np.cumsum(self.working)])

    def worked(self, t: int) -> int:
        minute, rest = divmod(t - self.begin, MINUTE)
        if minute < 0:
            return 0
        if minute >= self.working.size:
            return int(self.count[-1]) * MINUTE
        return int(self.count[minute]) * MINUTE + (rest if self.working[minute] else 0)

    def is_working(self, t: int) -> bool:
        minute = (t - self.begin) // MINUTE
        return 0 <= minute < self.working.size and bool(self.working[minute])

    def next_working(self, t: int) -> int:
        minute = (t - self.begin) // MINUTE
        if self.is_working(t):
            return t
        later = np.flatnonzero(self.working[max(minute, 0) :])
        return NEVER if later.size == 0 else self.begin + (max(minute, 0) + int(later[0])) * MINUTE

    def finish(self, t: int, work: int) -> int:
        t = self.next_working(t)
        while work > 0 and t != NEVER:
            minute = (t - self.begin) // MINUTE
            here = min(work, self.begin + (minute + 1) * MINUTE - t)
            t, work = t + here, work - here
            if work:
                t = self.next_working(t)
        return t


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    start = draw(st.dates(date(2023, 1, 1), date(2026, 12, 31)))
    first = draw(st.integers(-9, 3))
    last = first + draw(st.integers(0, 12))
    opens = draw(st.integers(0, 24 * 60 - 1))
    closes = draw(st.one_of(st.just(24 * 60), st.integers(opens + 1, 24 * 60)))
    holidays = draw(
        st.frozensets(st.integers(first - 1, last + 1).map(lambda d: start + timedelta(days=d)), max_size=3)
    )
    weekdays = draw(st.sets(st.integers(0, 6)))
    return WorkCalendar(start, first, last, opens / 60, closes / 60, tuple(weekdays), holidays)


@st.composite
def calendar_and_moment(draw: st.DrawFn) -> tuple[WorkCalendar, int]:
    calendar = draw(calendars())
    low, high = calendar.begin - DAY, calendar.end + DAY
    anywhere = st.integers(low, high)
    edge = st.builds(
        lambda day, time, off: day * DAY + time + off,
        st.integers(calendar.first_day - 1, calendar.last_day + 1),
        st.sampled_from([0, calendar.opens, calendar.closes]),
        st.integers(-1, 1),
    )
    return calendar, draw(st.one_of(anywhere, edge))


works = st.one_of(st.integers(0, 3), st.integers(0, 12 * HOUR), st.integers(0, 60).map(lambda n: n * 30 * MINUTE))


@given(calendar_and_moment(), works)
def test_against_counting(case: tuple[WorkCalendar, int], work: int) -> None:
    calendar, t = case
    counted = Counted(calendar)
    assert calendar.worked(t) == counted.worked(t)
    assert calendar.is_working(t) == counted.is_working(t)
    assert calendar.next_working(t) == counted.next_working(t)
    assert calendar.finish(t, work) == counted.finish(t, work)
    assert sum(counted.working) * MINUTE == len(calendar.days) * calendar.day_length


@given(calendar_and_moment(), works, st.integers(1, 9 * HOUR))
def test_laws_of_finish(case: tuple[WorkCalendar, int], work: int, more: int) -> None:
    calendar, t = case
    end = calendar.finish(t, work)
    assume(end != NEVER)
    assert calendar.worked(end) - calendar.worked(t) == work == calendar.between(t, end)
    assert end >= t
    assert calendar.finish(end, more) == calendar.finish(t, work + more)
    assert calendar.finish(t, work + more) > end
    if work:
        # the earliest such moment, inside a working day
        assert calendar.worked(end - 1) == calendar.worked(end) - 1
        assert calendar.is_working(end - 1)


@given(calendars(), st.lists(st.integers(-10 * DAY, 16 * DAY), min_size=2, max_size=6))
def test_periods_share_no_working_day(calendar: WorkCalendar, cuts: list[int]) -> None:
    cuts = sorted(cuts)
    parts = [calendar.working_days(a, b) for a, b in pairwise(cuts)]
    assert sum(parts, ()) == calendar.working_days(cuts[0], cuts[-1])
    brute = tuple(day for day in calendar.days if cuts[0] <= calendar.day_start(day) < cuts[-1])
    assert calendar.working_days(cuts[0], cuts[-1]) == brute
    assert calendar.days_in(cuts[0], cuts[-1]) == len(brute)
    for day in range(calendar.first_day - 1, calendar.last_day + 2):
        assert calendar.is_working_day(day) == (day in calendar.days)


@given(calendars(), st.integers(-400, 400))
def test_quarters_are_real_ones(calendar: WorkCalendar, day: int) -> None:
    when = calendar.date_of(day * DAY)
    assert when == calendar.start_date + timedelta(days=day)
    assert calendar.moment_of(when) == day * DAY
    starts = [d for d in range(calendar.first_day, calendar.last_day + 1) if calendar.date_of(d * DAY).day == 1]
    assert calendar.month_starts() == tuple(d * DAY for d in starts)
    quarters = tuple(d * DAY for d in starts if calendar.date_of(d * DAY).month in (1, 4, 7, 10))
    assert calendar.quarter_starts() == quarters
    for start in quarters:
        assert calendar.quarter_of(start) == calendar.quarter_of(start - 1) + 1
