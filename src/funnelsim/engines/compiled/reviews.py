"""The reviews at the beginning of each calendar month; as `engines.reference.climate`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled import marketing
from funnelsim.engines.compiled.calendar import at
from funnelsim.engines.compiled.climate import aim, level_of, months_to, move, planned_level, renew
from funnelsim.engines.compiled.draws import (
    bar_given,
    budget_of,
    conflict_after,
    faded,
    imbalance,
    learned,
    moved_level,
    share_of,
)
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note_firm, phase_of
from funnelsim.engines.compiled.layout import CLIMATE, GLOBALS, LEVEL, LEVERS, MONTH, NONE, NUMBER, PHASE
from funnelsim.engines.compiled.people import MARKETERS, REPS, SDRS, count_people, posts
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.climate import NO_BUDGET, YEAR_OF_QUARTERS
from funnelsim.events import DAY


@jit
def plan_changes(a: int, before: int) -> None:
    """A dated change: levers that move at once move, what the plan sets anew begins anew."""
    g = GLOBALS(a, 0)
    climate = CLIMATE(g.climate, 0)
    after = phase_of(a)
    marketing.accrue(a)
    for lever in range(LEVERS):
        planned = planned_level(a, lever)
        if after.alignment_on == 0:
            LEVEL(g.levels, lever).level = planned
        elif months_to(a, planned) <= 0.0:
            move(a, lever, planned)
    if after.targeting_learns == 0:
        climate.targeting = after.targeting
    elif after.targeting != PHASE(g.phases, before).targeting:
        aim(a, after.targeting)
    if after.budget_by_revenue == 0:
        climate.budget = NO_BUDGET
    if after.conflict_on == 0:
        climate.conflict = 0.0
    renew(a)


@jit
def review(a: int, row: int) -> None:
    """Look at the past month, and at the quarter when a new one begins."""
    g = GLOBALS(a, 0)
    if row + 1 < g.n_months:
        at(a, MONTH(g.months, row + 1).time, C.R_REVIEW, 0, row + 1, C.WHAT_REVIEW, row + 1)
    elapsed = MONTH(g.months, row).elapsed
    climate = CLIMATE(g.climate, 0)
    phase = phase_of(a)
    days = (g.now - climate.reviewed) / DAY
    climate.reviewed = g.now
    before = climate.targeting + 0.0
    if elapsed == 0.0:
        _new_quarter(a, row)
    if row > 0:
        if phase.alignment_on != 0:
            for lever in range(LEVERS):
                planned = planned_level(a, lever)
                move(a, lever, moved_level(level_of(a, lever), planned, months_to(a, planned)))
        if phase.conflict_on != 0:
            _count_conflict(a, days)
        if phase.targeting_learns != 0:
            _learn(a, days)
    drop = bar_given(climate.handed, phase.lead_target, elapsed, phase.bar_give, climate.revenue_weight)
    if drop != climate.bar_drop:
        climate.bar_drop = drop
        note_firm(a, C.K_BAR, NONE, NONE, NONE, NONE, NONE, NAN, phase.lead_bar - drop, NO_AMOUNT)
    climate.worked = 0
    climate.unworked = 0
    climate.rejected = 0
    renew(a)
    if climate.targeting != before:
        marketing.renew_all_reach(a)
    _pay_for_tools(a, C.TEAM_MARKETING, count_people(a, MARKETERS))
    _pay_for_tools(a, C.TEAM_SALES, count_people(a, REPS) + count_people(a, SDRS))


@jit
def _new_quarter(a: int, row: int) -> None:
    """Leads are counted anew; a budget that follows revenue is set for the quarter."""
    g = GLOBALS(a, 0)
    climate = CLIMATE(g.climate, 0)
    phase = phase_of(a)
    climate.handed = 0
    if row > 0:
        for i in range(YEAR_OF_QUARTERS - 1, 0, -1):
            NUMBER(g.billings, i).value = NUMBER(g.billings, i - 1).value
        NUMBER(g.billings, 0).value = climate.billed
        if climate.quarters < YEAR_OF_QUARTERS:
            climate.quarters += 1
    climate.billed = 0
    if phase.budget_by_revenue == 0 or climate.quarters == 0:
        return
    billed = 0
    for i in range(climate.quarters):
        billed += NUMBER(g.billings, i).value
    marketing.accrue(a)
    climate.budget = budget_of(billed, climate.quarters, phase.budget_share, phase.budget_most)
    note_firm(a, C.K_BUDGET, NONE, C.TEAM_MARKETING, NONE, NONE, NONE, NAN, NAN, climate.budget)


@jit
def _count_conflict(a: int, days: float) -> None:
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    phase = phase_of(a)
    climate.conflict = conflict_after(
        climate.conflict,
        phase.conflict_rate / climate.conflict_half_life,
        days,
        imbalance(posts(a, REPS) + posts(a, SDRS), posts(a, MARKETERS), phase.conflict_tolerated),
        phase.conflict_imbalance,
        share_of(climate.unworked, climate.unworked + climate.worked),
        phase.conflict_unworked,
        share_of(climate.rejected, climate.worked),
        phase.conflict_rejected,
    )
    note_firm(a, C.K_CONFLICT, NONE, NONE, NONE, NONE, NONE, NAN, climate.conflict, NO_AMOUNT)


@jit
def _learn(a: int, days: float) -> None:
    """Reps who worked marketing leads say what they were like; meanwhile markets move."""
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    phase = phase_of(a)
    after = climate.targeting + 0.0
    if climate.worked > 0:
        after = learned(after, climate.most, climate.learning)
    aim(a, faded(after, phase.targeting, phase.targeting_rate, days))


@jit
def _pay_for_tools(a: int, team: int, heads: int) -> None:
    amount = int(CLIMATE(GLOBALS(a, 0).climate, 0).licence * heads * 100.0 / 12.0 + 0.5)
    if amount > 0:
        note_firm(a, C.K_TOOLS_COST, NONE, team, NONE, NONE, NONE, NAN, NAN, amount)
