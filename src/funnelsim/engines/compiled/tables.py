"""From lowered inputs to the tables of a run."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from funnelsim.engines.compiled import layout as L
from funnelsim.events import DAY
from funnelsim.scenario.lowered import LEVER_OF, Lowered, Phase

WEEK = 7 * DAY


def input_tables(lowered: Lowered) -> dict[str, np.ndarray]:
    """Tables that a run only reads."""
    phases = lowered.phases
    n_touchpoints = len(phases[0].touchpoints)
    most_meetings = max(1, *(len(phase.meetings) for phase in phases))
    tables = {
        "phases": np.zeros(len(phases), L.PHASE_ROW),
        "roles": np.zeros(len(phases) * L.DESKS, L.ROLE_ROW),
        "touchpoints": np.zeros(len(phases) * n_touchpoints, L.TOUCHPOINT_ROW),
        "meetings": np.zeros(len(phases) * most_meetings, L.MEETING_ROW),
        "segments": np.zeros(len(lowered.segments), L.SEGMENT_ROW),
        "effects": np.zeros(len(phases) * L.EFFECTS, L.EFFECT_ROW),
        "planned": np.zeros(len(phases) * L.LEVERS, L.LEVEL_ROW),
        "months": np.array(list(lowered.months), L.MONTH_ROW),
    }
    for i, phase in enumerate(phases):
        _copy(phase, tables["phases"][i])
        tables["phases"][i]["n_meetings"] = len(phase.meetings)
        tables["phases"][i]["mix_changed"] = i > 0 and phase.mix != phases[i - 1].mix
        for role, part in enumerate((phase.marketers, phase.reps, phase.sdrs)):
            _copy(part, tables["roles"][i * L.DESKS + role])
        for k, (code, checkpoint) in enumerate(zip(phase.meetings, phase.is_checkpoint, strict=True)):
            tables["meetings"][i * most_meetings + k] = (code, checkpoint)
        for name, value in zip(L.CHANGE_OVER, phase.change_over, strict=True):
            tables["phases"][i][name] = value
        for effect, (lever, values) in enumerate(zip(LEVER_OF, phase.effects, strict=True)):
            tables["effects"][i * L.EFFECTS + effect] = (lever, *values)
        tables["planned"]["level"][i * L.LEVERS : (i + 1) * L.LEVERS] = phase.levers
        _touchpoints(phase, tables["touchpoints"][i * n_touchpoints : (i + 1) * n_touchpoints])
    for i, segment in enumerate(lowered.segments):
        _copy(segment, tables["segments"][i])
    tables["moments"] = moments(lowered)
    tables["quarters"] = np.array(list(lowered.quarters), L.QUARTER_ROW)
    tables["purchase_rates"] = np.array(lowered.purchase_rates, "<f8").view(L.QUANTILE_ROW)
    tables["dropout_chances"] = np.array(lowered.dropout_chances, "<f8").view(L.QUANTILE_ROW)
    tables.update(_calendar(lowered))
    return tables


def _copy(source: Any, row: Any) -> None:
    for field in fields(source):
        if field.name in row.dtype.names:
            row[field.name] = getattr(source, field.name)


def _touchpoints(phase: Phase, rows: np.ndarray) -> None:
    for touchpoint, share, prospecting, row in zip(
        phase.touchpoints, phase.mix, phase.prospecting_mix, rows, strict=True
    ):
        for name in (
            "team", "brand", "relationship", "aims", "site", "mail", "strength", "base_intensity", "capture",
            "per_hour", "contact",
        ):  # fmt: skip
            row[name] = getattr(touchpoint, name)
        row["mix"] = share
        row["prospecting_mix"] = prospecting
        programme = touchpoint.programme
        row["is_programme"] = programme is not None
        if programme is not None:
            for name in ("money", "live", "hours", "worn_strength", "intensity", "goodwill", "content", "targeting"):
                row[name] = getattr(programme, name)


def moments(lowered: Lowered) -> np.ndarray:
    """What holds of touchpoints for the whole run."""
    touchpoints = lowered.phases[0].touchpoints
    rows = np.zeros(len(touchpoints), L.MOMENT_ROW)
    rows["needs_address"] = [t.known_only for t in touchpoints]
    rows["by_search"] = [t.found_by_search for t in touchpoints]
    rows["gap_days"] = [t.gap_days for t in touchpoints]
    return rows


def _calendar(lowered: Lowered) -> dict[str, np.ndarray]:
    calendar = lowered.calendar
    weeks = []
    day = calendar.day_of(lowered.start)
    day += -calendar.date_of(lowered.start).weekday() % 7
    while calendar.day_start(day) <= lowered.end:
        time = calendar.day_start(day)
        weeks.append((time, calendar.quarter_of(time), calendar.between(time, time + WEEK)))
        day += 7
    paid = [(d, calendar.day_start(d), calendar.day_end(d), index, days) for d, index, days in lowered.paid_days]
    pieces = [(lowered.phases[0].time, lowered.phases[0].demand, 0.0)]
    for phase in lowered.phases[1:]:
        time, rate, passed = pieces[-1]
        if phase.demand != rate:
            pieces.append((phase.time, phase.demand, passed + (phase.time - time) / DAY * rate))
    pieces[0] = (lowered.start, *pieces[0][1:])
    months = [(time, calendar.month_of(time)) for time in calendar.month_starts()]
    return {
        "month_starts": np.array(months, L.MONTH_START_ROW),
        "weeks": np.array(weeks, L.WEEK_ROW),
        "paid_days": np.array(paid, L.PAID_DAY_ROW),
        "demand": np.array(pieces, L.DEMAND_ROW),
        "work_days": np.array(calendar.days, "<i8").view(L.NUMBER_ROW),
        "days_before": np.array(calendar.days_before, "<i8").view(L.NUMBER_ROW),
    }
