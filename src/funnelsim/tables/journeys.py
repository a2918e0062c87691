"""Journeys: the touches of each need in order, the most frequent paths, and touches by kind, team and stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, Kind, Stage, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.needs import OUTCOMES, WON
from funnelsim.tables.reading import NEVER, Reading, categories, enum_names, pick, reading, whole
from funnelsim.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


def _ordered_touches(this: Reading) -> tuple[Rows, np.ndarray]:
    """Return touches of needs that ended in the window, need after need and in order of time, and their needs."""
    needs = this.needs
    position = needs.of_touch
    ended = (needs.end >= 0) & (needs.end != NEVER)
    touches = this.every_touch()
    chosen = np.flatnonzero(
        (position >= 0) & pick(ended, position, False).astype(bool) & (touches["time"] <= pick(needs.end, position, 0))
    )
    order = chosen[np.argsort(position[chosen], kind="stable")]
    return touches[order], position[order]


def _number_within(position: np.ndarray) -> np.ndarray:
    """Return 1, 2, 3, … within each run of equal numbers."""
    index = np.arange(len(position))
    first = np.ones(len(position), dtype=bool)
    first[1:] = position[1:] != position[:-1]
    return index - np.maximum.accumulate(np.where(first, index, 0)) + 1


def journeys(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """One row per touch of every need that ended in the measurement window.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    import pandas as pd

    this = reading(log, scenario)
    touches, position = _ordered_touches(this)
    needs = this.needs
    return pd.DataFrame(
        {
            "account": touches["account"].astype(np.int64),
            "need": touches["need"].astype(np.int64),
            "order": _number_within(position),
            "time": this.clock.dates(touches["time"]),
            "days_since_need": (touches["time"] - needs.start[position]) / DAY,
            "touchpoint": categories(touches["touchpoint"], this.touchpoints),
            "team": categories(touches["team"], enum_names(Team)),
            "stage": categories(touches["stage"], enum_names(Stage)),
            "person": whole(touches["person"]),
            "gain": touches["value"],
            "brand": touches["brand"],
            "relationship": touches["relationship"],
            "outcome": categories(needs.outcome[position], OUTCOMES),
        }
    )


def journey_paths(log: np.ndarray | Reading, scenario: Scenario, top: int = 20, by: str = "touchpoint") -> pd.DataFrame:
    """Most frequent paths of needs that ended in the window, with how often they were won.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    top : int
        How many paths.
    by : {'touchpoint', 'team'}
        What a path is made of. Equal steps in a row count as one.
    """
    import pandas as pd

    if by not in ("touchpoint", "team"):
        raise ValueError(f"paths cannot be made of {by!r}; they can of 'touchpoint' or 'team'")
    this = reading(log, scenario)
    touches, position = _ordered_touches(this)
    names = np.array(this.touchpoints if by == "touchpoint" else enum_names(Team))
    kept = np.ones(len(touches), dtype=bool)
    kept[1:] = (position[1:] != position[:-1]) | (touches[by][1:] != touches[by][:-1])
    path, need = path_numbers(touches[by][kept].astype(np.int64), position[kept])
    frame = pd.DataFrame({"path": path, "won": this.needs.outcome[need] == WON, "need": need})
    cut = frame.groupby("path").agg(count=("won", "size"), wins=("won", "sum"), example=("need", "first"))
    cut = cut.sort_values(["count", "wins", "example"], ascending=[False, False, True], kind="stable").head(top)
    steps, owner = touches[by][kept], position[kept]
    texts, lengths = [], []
    for example in cut["example"]:
        codes = steps[np.searchsorted(owner, example, "left") : np.searchsorted(owner, example, "right")]
        texts.append(" > ".join(names[codes]))
        lengths.append(len(codes))
    total = len(frame)
    count = cut["count"].to_numpy()
    return pd.DataFrame(
        {
            "path": pd.array(texts, dtype="str"),
            "steps": np.array(lengths, dtype=np.int64),
            "count": count,
            "share": count / total if total else np.zeros(0),
            "wins": cut["wins"].to_numpy(),
            "win_rate": cut["wins"].to_numpy() / count,
        }
    )


def path_numbers(steps: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the sequences: owners with the same sequence of steps get the same number.

    Parameters
    ----------
    steps : numpy.ndarray
        Codes, owner after owner.
    owner : numpy.ndarray
        To whom each step belongs, ascending.

    Returns
    -------
    tuple of numpy.ndarray
        Number of the path of each owner that has steps, and these owners.
    """
    owners, start = np.unique(owner, return_index=True)
    length = np.diff(np.append(start, len(owner)))
    number = np.zeros(len(owners), dtype=np.int64)
    span = int(steps.max(initial=0)) + 2
    for place in range(int(length.max(initial=0))):
        going = length > place
        step = np.where(going, steps[np.minimum(start + place, len(steps) - 1)] + 1, 0)
        _, number = np.unique(number * span + step, return_inverse=True)
    return number, owners


def touches(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """Touches in the window by touchpoint, team and stage, and how many of them came before a win.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    import pandas as pd

    this = reading(log, scenario)
    _ = this.every_touch()
    rows = this.measured(Kind.TOUCH)
    frame = pd.DataFrame(
        {"touchpoint": rows["touchpoint"], "team": rows["team"], "stage": rows["stage"], "gain": rows["value"]}
    )
    keys = ["touchpoint", "team", "stage"]
    table = frame.groupby(keys).agg(count=("gain", "size"), mean_gain=("gain", "mean"))
    ended, position = _ordered_touches(this)
    won = this.needs.outcome[position] == WON
    n_wins = this.count(Kind.WON)
    wins = pd.DataFrame({key: ended[key][won] for key in keys}).groupby(keys).size().rename("before_wins")
    table = table.join(wins, how="outer").reset_index()
    count = table["count"].fillna(0).astype(np.int64)
    before = table["before_wins"].fillna(0).astype(np.int64)
    return pd.DataFrame(
        {
            "touchpoint": categories(table["touchpoint"].to_numpy(), this.touchpoints),
            "team": categories(table["team"].to_numpy(), enum_names(Team)),
            "stage": categories(table["stage"].to_numpy(), enum_names(Stage)),
            "count": count,
            "mean_gain": table["mean_gain"],
            "before_wins": before,
            "per_win": before / n_wins if n_wins else np.full(len(table), np.nan),
        }
    )
