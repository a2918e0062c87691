"""V4: SDRs, then reps: two M/M/c queues in series (Burke, Jackson)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.theory import erlang_c
from verification.worlds import ASK_AT_ONCE, QUARTER_DAYS, bare, days, end_of, logs, opening_day, rows, streams

from funnelsim.events import Kind, Role
from funnelsim.scenario.schema import Scenario

SEED = 4
UNITS = 21_000.0
QUARTERS = 16
ARRIVALS, SDRS, REPS, MEETING = 0.4, 1, 1, 1.25
"""Arrivals per unit; a talk takes 1 unit, a meeting 1.25."""
WINDOW = 1000.0
"""Units; the buying cycle is as long, so that an account is away for as long on either way."""


def world() -> tuple[Scenario, float]:
    """The scenario, and its unit of time in days."""
    unit = (QUARTERS * QUARTER_DAYS - 1.0) / UNITS
    scenario = bare(
        segment=streams(20_000, ARRIVALS / unit, WINDOW * unit),
        buyers={**ASK_AT_ONCE, "ask_probability": 0.0},
        selling={
            "talk_hours": 24.0 * unit,
            "meeting_hours": 24.0 * unit * MEETING,
            "meetings": ("meeting",),
            "cycle_days": WINDOW * unit,
        },
        sales={"reps": REPS, "sdrs": SDRS},
        timeline=opening_day(),
        quarters=QUARTERS,
    )
    return scenario, unit


@cache
def measure() -> tuple[Measured, ...]:
    scenario, unit = world()
    begin, end = 1.0 + 100.0 * unit, float(end_of(scenario))
    first, second, gaps, controls = [], [], [], []
    for log in logs(scenario, SEED, REPLICATIONS):
        tasks = rows(log, Kind.TASK)
        tasks = tasks[days(tasks) >= begin]
        by_rep = tasks["person"] // 1_000_000 == Role.REP
        talk, meeting = tasks[~by_rep], tasks[by_rep]
        first.append(talk["value"].mean() / unit)
        second.append(meeting["value"].mean() / unit)
        handed = np.diff(days(rows(log, Kind.OPPORTUNITY)))
        gaps.append((handed.std() / handed.mean()) ** 2)
        rate = len(talk) / ((end - begin) / unit) - ARRIVALS
        controls.append(
            (rate, talk["hours"].mean() / 24.0 / unit - 1.0, meeting["hours"].mean() / 24.0 / unit - MEETING)
        )
    w1 = erlang_c(ARRIVALS, 1.0, SDRS)[1]
    w2 = erlang_c(ARRIVALS, 1.0 / MEETING, REPS)[1]
    both = [a + b for a, b in zip(first, second, strict=True)]
    mu = 1.0 / MEETING
    setting = f"lambda = {ARRIVALS:g}; {SDRS} SDR at mu = 1, {REPS} rep at {mu:g}; controls: arrivals, talk, meeting"
    return (
        Sampled("V4 mean wait for an SDR", setting, "M/M/c", w1, first, controls),
        Sampled("V4 mean wait for a rep", setting, "M/M/c fed by departures", w2, second, controls),
        Sampled("V4 mean wait in both", setting, "sum", w1 + w2, both, controls),
        Sampled("V4 squared variation of gaps between hand-overs", setting, "1 (Burke)", 1.0, gaps),
    )


@pytest.mark.verification
@pytest.mark.slow
def test_two_stages_are_a_jackson_network():
    for measured in measure():
        measured.check()
