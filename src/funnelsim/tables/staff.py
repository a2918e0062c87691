"""Staff time: who was there, for how long, at what, and with what result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, HOUR, Kind, Role
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.reading import (
    NEVER,
    Latest,
    Reading,
    categories,
    days_between,
    enum_names,
    moments,
    pick,
    reading,
)

if TYPE_CHECKING:
    import pandas as pd

ACTIVITIES = ["programme", "call", "meeting", "care", "prospecting", "other"]
PROGRAMME, CALL, MEETING, CARE, PROSPECTING, OTHER = range(6)
_PER_ROLE = 1_000_000
_PER_SEAT = 1_000


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


def _spells(this: Reading) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of hiring, person after person, and when each spell on the roll ended."""
    rows = this.rows(Kind.HIRED, Kind.LEFT)
    rows = rows[np.argsort(rows["person"], kind="stable")]
    end = np.full(len(rows), NEVER, dtype=np.int64)
    end[:-1] = np.where(rows["person"][1:] == rows["person"][:-1], rows["time"][1:], NEVER)
    hired = rows["kind"] == int(Kind.HIRED)
    return rows[hired], end[hired]


def build(this: Reading) -> pd.DataFrame:
    """Build the table by person."""
    import pandas as pd

    spells, left = _spells(this)
    people, first, owner = np.unique(spells["person"], return_index=True, return_inverse=True)
    last = np.searchsorted(spells["person"], people, side="right") - 1
    begin, stop = np.clip(spells["time"], 0, this.end), np.clip(left, 0, this.end)
    post = np.where(np.isnan(spells["hours"]), 1.0, spells["hours"])
    hired = spells["time"][first]
    hired = np.where(hired <= this.clock.begin, NEVER, hired)  # who was there when the log begins came before

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(owner, weights=values, minlength=len(people))

    table = pd.DataFrame(
        {
            "person": people.astype(np.int64),
            "role": categories(people // _PER_ROLE, enum_names(Role)),
            "seat": people % _PER_ROLE // _PER_SEAT,
            "incumbent": people % _PER_SEAT,
            "post": post[last],
            "skill": spells["value"][first],
            "hired": moments(hired, this.clock),
            "left": moments(left[last], this.clock),
            "tenure_days": days_between(hired, np.minimum(left[last], this.end)),
            "days_on_roll": total((stop - begin) / DAY),
            "available_hours": total(this.clock.working_hours(begin, stop) * post),
        }
    )
    hours = _hours(this, people, this.rows(Kind.HIRED))
    for activity, name in enumerate(ACTIVITIES):
        table[f"{name}_hours"] = hours[:, activity]
    busy = hours.sum(axis=1) - hours[:, PROSPECTING]
    table["busy_hours"] = busy
    available = table["available_hours"]
    table["utilisation"] = busy / available.where(available > 0)
    wins = this.measured(Kind.WON)
    of_win = _position(people, wins["person"])
    known = of_win >= 0
    table["wins"] = np.bincount(of_win[known], minlength=len(people))
    table["revenue_booked"] = np.bincount(of_win[known], weights=wins["amount"][known] / 100.0, minlength=len(people))
    return table[left[last] > 0].reset_index(drop=True)


def _position(people: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return the position of each person among the (sorted) people, -1 if not among them."""
    if not len(people):
        return np.full(len(person), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(people, person), len(people) - 1)
    return np.where(people[at] == person, at, -1)


def _hours(this: Reading, people: np.ndarray, posts: np.ndarray) -> np.ndarray:
    """Return desk hours inside the window by person and activity.

    The desk hours of a task run over working time from its start; what lies outside the window is cut off.
    """
    tasks = this.rows(Kind.TASK)
    post = pick(posts["hours"], Latest(posts["person"], posts["time"]).of(tasks["person"], tasks["time"]), 1.0)
    done = this.clock.worked(tasks["time"])
    finished = done + np.floor(tasks["hours"] * HOUR + 0.5).astype(np.int64)
    low, high = this.clock.worked(np.array([0, this.end]))
    hours = np.maximum(np.minimum(finished, high) - np.maximum(done, low), 0) / HOUR
    whose = _position(people, tasks["person"])
    known = whose >= 0
    slot = whose[known] * len(ACTIVITIES) + activity_of(this, tasks)[known]
    size = len(people) * len(ACTIVITIES)
    return np.bincount(slot, weights=(hours * post)[known], minlength=size).reshape(-1, len(ACTIVITIES))


def activity_of(this: Reading, tasks: np.ndarray) -> np.ndarray:
    """Return the activity (position in `ACTIVITIES`) of each task, from its touchpoint."""
    return this.dated.table(_meaning, OTHER)[this.dated.number(tasks["time"]), tasks["touchpoint"]]


def _meaning(state: Scenario) -> Iterator[tuple[str, int]]:
    """Yield touchpoints with the activity that they are; of two the later one holds."""
    selling = state.world.selling
    for name, touchpoint in state.world.touchpoints.items():
        if touchpoint.programme is not None:
            yield name, PROGRAMME
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
