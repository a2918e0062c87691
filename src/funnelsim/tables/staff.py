"""Staff time: who was there, for how long, at what, and with what result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, HOUR, Kind, Role
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.lookup import Latest
from funnelsim.tables.reading import (
    NEVER,
    Reading,
    categories,
    days_between,
    enum_names,
    moments,
    pick,
    reading,
)
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

ACTIVITIES = ["programme", "call", "meeting", "care", "prospecting", "other"]
PROGRAMME, CALL, MEETING, CARE, PROSPECTING, OTHER = range(6)
_PER_ROLE = 1_000_000
_PER_SEAT = 1_000
_AT_A_TIME = 16_384
"""Tasks worked on at a time, to save memory."""


def staff(log: np.ndarray | Reading, scenario: Scenario, by: str = "person") -> pd.DataFrame:
    """Staff time in the measurement window, by person or by role.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    by : {'person', 'role'}
        One row per person on the roll in the window, or one per role.

    Notes
    -----
    Hours are those of the desk: a person with half a post has half the hours. Busy is what tasks take, own prospecting
    aside: it is done in spare time and no part of utilisation.
    """
    table = reading(log, scenario).desk_time
    if by == "person":
        return table.copy()
    if by != "role":
        raise ValueError(f"staff cannot be summed by {by!r}; it can by 'person' or 'role'")
    return _by_role(table)


class People:
    """Arrays with one entry per person on the roll in the window, in order of their numbers.

    Attributes
    ----------
    person, role : numpy.ndarray
        Number of the person, and code of the role.
    post, skill : numpy.ndarray
        Share of a full post, skill (1 = median).
    hired, left : numpy.ndarray
        When they began and left (`NEVER`: before the log, not yet).
    days_on_roll, available : numpy.ndarray
        Days and working hours inside the window.
    hours : numpy.ndarray
        Desk hours inside the window by activity (columns as `ACTIVITIES`).
    wins, revenue : numpy.ndarray
        Deals won inside the window, and their annual price, USD.
    """

    def __init__(self, this: Reading) -> None:
        spells, ends = _spells(this)
        whose, hours, time = spells["person"], spells["hours"], spells["time"]
        people, first, owner = np.unique(whose, return_index=True, return_inverse=True)
        last = np.searchsorted(whose, people, side="right") - 1
        stayed = ends[last] > 0
        begin, stop = np.clip(time, 0, this.end), np.clip(ends, 0, this.end)
        post = np.where(np.isnan(hours), 1.0, hours)
        hired = np.where(time[first] <= this.clock.begin, NEVER, time[first])  # who was there before the log begins

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(owner, weights=values, minlength=len(people))[stayed]

        self.person = people[stayed]
        self.role = self.person // _PER_ROLE
        self.post, self.skill = post[last][stayed], spells["value"][first][stayed]
        self.hired, self.left = hired[stayed], ends[last][stayed]
        self.tenure_days = days_between(self.hired, np.minimum(self.left, this.end))
        self.days_on_roll = total((stop - begin) / DAY)
        self.available = total(this.clock.working_hours(begin, stop) * post)
        self.hours = _hours(this, people)[stayed]
        won = this.measured(Kind.WON)
        of_win = _position(people, won["person"])
        known = of_win >= 0
        self.wins = np.bincount(of_win[known], minlength=len(people))[stayed]
        dollars = won["amount"][known] / 100.0
        self.revenue = np.bincount(of_win[known], weights=dollars, minlength=len(people))[stayed]

    @property
    def busy(self) -> np.ndarray:
        """Desk hours, own prospecting aside."""
        return self.hours.sum(axis=1) - self.hours[:, PROSPECTING]


def _spells(this: Reading) -> tuple[Rows, np.ndarray]:
    """Return the rows of hiring, person after person, and when each spell on the roll ended."""
    rows = this.rows(Kind.HIRED, Kind.LEFT)
    rows = rows[np.argsort(rows["person"], kind="stable")]
    person, time = rows["person"], rows["time"]
    end = np.full(len(rows), NEVER, dtype=np.int64)
    end[:-1] = np.where(person[1:] == person[:-1], time[1:], NEVER)
    hired = rows["kind"] == int(Kind.HIRED)
    return rows[hired], end[hired]


def by_person(this: Reading) -> pd.DataFrame:
    """Return the table by person."""
    import pandas as pd

    people = this.people
    table = pd.DataFrame(
        {
            "person": people.person.astype(np.int64),
            "role": categories(people.role, enum_names(Role)),
            "seat": people.person % _PER_ROLE // _PER_SEAT,
            "incumbent": people.person % _PER_SEAT,
            "post": people.post,
            "skill": people.skill,
            "hired": moments(people.hired, this.clock),
            "left": moments(people.left, this.clock),
            "tenure_days": people.tenure_days,
            "days_on_roll": people.days_on_roll,
            "available_hours": people.available,
        }
    )
    for activity, name in enumerate(ACTIVITIES):
        table[f"{name}_hours"] = people.hours[:, activity]
    table["busy_hours"] = people.busy
    available = table["available_hours"]
    table["utilisation"] = people.busy / available.where(available > 0)
    table["wins"] = people.wins
    table["revenue_booked"] = people.revenue
    return table


def _position(people: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return the position of each person among the (sorted) people, -1 if not among them."""
    if not len(people):
        return np.full(len(person), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(people, person), len(people) - 1)
    return np.where(people[at] == person, at, -1)


def _hours(this: Reading, people: np.ndarray) -> np.ndarray:
    """Return desk hours inside the window by person and activity.

    The desk hours of a task run over working time from its start; what lies outside the window is cut off.
    """
    tasks, posts = this.rows(Kind.TASK), this.rows(Kind.HIRED)
    post_of = Latest(posts["person"], posts["time"])
    low, high = this.clock.worked(np.array([0, this.end]))
    hours, slot = np.empty(len(tasks)), np.empty(len(tasks), dtype=np.int32)
    for begin in range(0, len(tasks), _AT_A_TIME):
        some = tasks[begin : begin + _AT_A_TIME]
        person, time = some["person"], some["time"]
        done = this.clock.worked(time)
        finished = done + np.floor(some["hours"] * HOUR + 0.5).astype(np.int64)
        inside = np.maximum(np.minimum(finished, high) - np.maximum(done, low), 0) / HOUR
        part = slice(begin, begin + len(some))
        hours[part] = inside * pick(posts["hours"], post_of.of(person, time), 1.0)
        whose = _position(people, person)
        slot[part] = np.where(whose >= 0, whose * len(ACTIVITIES) + activity_of(this, some), -1)
    size, known = len(people) * len(ACTIVITIES), slot >= 0
    return np.bincount(slot[known], weights=hours[known], minlength=size).reshape(-1, len(ACTIVITIES))


def activity_of(this: Reading, tasks: Rows) -> np.ndarray:
    """Return the activity (position in `ACTIVITIES`) of each task, from its touchpoint."""
    return this.dated.meanings(_meaning, OTHER, tasks["touchpoint"], tasks["time"])


def _meaning(state: Scenario) -> Iterator[tuple[str, int]]:
    """Yield touchpoints with the activity that they are; of two the later one holds."""
    selling = state.world.selling
    for name, touchpoint in state.world.touchpoints.items():
        if touchpoint.programme is not None:
            yield name, PROGRAMME
    for name, share in state.plan.sales.prospecting_mix.items():
        if share > 0.0 and state.world.touchpoints[name].programme is None:
            yield name, PROSPECTING
    yield selling.call_touch, CALL
    for name in selling.meetings:
        yield name, MEETING
    yield state.world.customers.care_touch, CARE
    yield selling.prospecting_touch, PROSPECTING


def _by_role(table: pd.DataFrame) -> pd.DataFrame:
    """Sum the table by role."""
    hours = [f"{name}_hours" for name in ACTIVITIES]
    sums = ["available_hours", *hours, "busy_hours", "wins", "revenue_booked"]
    cut = table.groupby("role", observed=True)
    result = cut[sums].sum()
    result.insert(0, "people", cut.size())
    result.insert(1, "mean_tenure_days", cut["tenure_days"].mean())
    available = result["available_hours"]
    result["utilisation"] = result["busy_hours"] / available.where(available > 0)
    result["wins_per_person"] = result["wins"] / result["people"]
    return result.reset_index()
