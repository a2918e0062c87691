"""The climate between the teams: values in force, and what they are made from; as `engines.reference.climate`.

Who only reads a value in force takes it from the one row of table `climate` (``CLIMATE(g.climate, 0)``). The reviews
are in `reviews`.
"""

from __future__ import annotations

from typing import Any

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.draws import (
    at_level,
    attention,
    best_targeting,
    learned,
    pace,
    promised_hours,
)
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note_firm, phase_of
from funnelsim.engines.compiled.layout import CLIMATE, EFFECT, EFFECTS, GLOBALS, LEVEL, LEVERS, NONE, PLANNED
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.climate import NO_BUDGET
from funnelsim.events import HOUR


@jit
def effect_of(a: int, effect: int) -> Any:
    """Return the values of an effect at the four levels, in the present phase."""
    g = GLOBALS(a, 0)
    return EFFECT(g.effects, g.phase * EFFECTS + effect)


@jit
def planned_level(a: int, lever: int) -> float:
    """Level of a lever that the present phase plans."""
    g = GLOBALS(a, 0)
    return PLANNED(g.planned, g.phase * LEVERS + lever).level


@jit
def level_of(a: int, lever: int) -> float:
    """Level of a lever now."""
    return LEVEL(GLOBALS(a, 0).levels, lever).level


@jit
def at_now(a: int, effect: int) -> float:
    """Value of an effect at the present level of its lever."""
    values = effect_of(a, effect)
    return at_level(level_of(a, values.lever), values.undefined, values.defined, values.aligned, values.integrated)


@jit
def months_to(a: int, level: float) -> float:
    """Time constant of a move to a level."""
    phase = phase_of(a)
    return at_level(
        level,
        phase.change_over_undefined,
        phase.change_over_defined,
        phase.change_over_aligned,
        phase.change_over_integrated,
    )


@jit
def begin(a: int) -> None:
    """Every lever is where the first phase plans it."""
    g = GLOBALS(a, 0)
    climate = CLIMATE(g.climate, 0)
    for lever in range(LEVERS):
        LEVEL(g.levels, lever).level = planned_level(a, lever)
    climate.targeting = phase_of(a).targeting
    climate.budget = NO_BUDGET
    climate.reviewed = g.now
    renew(a)


@jit
def renew(a: int) -> None:
    """Work out the values in force from levels, conflict, targeting and the plan."""
    phase = phase_of(a)
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    climate.lead_bar = phase.lead_bar - (climate.bar_drop if phase.lead_target > 0.0 else 0.0)
    climate.money_per_day = phase.money_per_day
    if climate.budget != NO_BUDGET:
        budget = climate.budget if climate.budget < phase.budget_most else phase.budget_most
        climate.money_per_day = budget / 365.0
    renew_attention(a)
    _renew_metrics(a)
    _renew_hours(a)
    if phase.alignment_on == 0:
        climate.consistency = phase.consistency
        climate.visibility = phase.visibility
        climate.tools = 1.0
        climate.approval = 1.0
        climate.conflict_half_life = 1.0
        climate.score_noise = phase.score_noise
        climate.licence = 0.0
        climate.promise = 0
        return
    climate.consistency = phase.consistency * (at_now(a, C.E_CONSISTENCY) / effect_of(a, C.E_CONSISTENCY).defined)
    climate.visibility = at_now(a, C.E_VISIBILITY)
    climate.tools = at_now(a, C.E_TOOLS)
    climate.approval = at_now(a, C.E_APPROVAL)
    climate.conflict_half_life = at_now(a, C.E_CONFLICT_HALF_LIFE)
    climate.score_noise = phase.score_noise * at_now(a, C.E_NOISE)
    climate.licence = at_now(a, C.E_LICENCE)
    level = level_of(a, C.L_FOLLOW_UP_PROMISE)
    climate.promise = int(promised_hours(level, phase.promise_aligned, phase.promise_integrated) * HOUR + 0.5)


@jit
def renew_attention(a: int) -> None:
    """Whom marketing reaches follows from its targeting."""
    phase = phase_of(a)
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    climate.attention_fit = attention(climate.targeting, phase.fit_share, True)
    climate.attention_unfit = attention(climate.targeting, phase.fit_share, False) * phase.unfit_reach


@jit
def _renew_metrics(a: int) -> None:
    """What marketing is rewarded for, what it learns, and how gladly reps work its leads."""
    phase = phase_of(a)
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    grudge = phase.conflict_preference * climate.conflict
    if phase.alignment_on != 0:
        climate.preference = at_now(a, C.E_PREFERENCE) - grudge
        climate.revenue_weight = at_now(a, C.E_REVENUE_WEIGHT)
        learning = at_now(a, C.E_LEARNING)
        metrics = level_of(a, C.L_SHARED_METRICS)
        programmes = level_of(a, C.L_JOINT_PROGRAMMES)
        climate.most = best_targeting(phase.targeting_most, phase.sameness, metrics, programmes)
    else:
        climate.preference = 0.0 - grudge
        climate.revenue_weight = effect_of(a, C.E_REVENUE_WEIGHT).defined
        learning = effect_of(a, C.E_LEARNING).defined
        climate.most = phase.targeting_most
    climate.learning = learning * phase.learning_ratio if phase.feedback != 0 else 0.0


@jit
def _renew_hours(a: int) -> None:
    """Alignment takes hours from both teams, conflict makes marketers slower."""
    phase = phase_of(a)
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    both = 0.0
    usual = 0.0
    joint = 0.0
    usual_joint = 0.0
    definition = 0.0
    usual_definition = 0.0
    if phase.alignment_on != 0:
        both = at_now(a, C.E_MEETING_HOURS) + at_now(a, C.E_DISPUTE_HOURS) + at_now(a, C.E_TOOL_HOURS)
        usual = effect_of(a, C.E_MEETING_HOURS).defined + effect_of(a, C.E_DISPUTE_HOURS).defined
        usual = usual + effect_of(a, C.E_TOOL_HOURS).defined
        joint = at_now(a, C.E_JOINT_HOURS)
        usual_joint = effect_of(a, C.E_JOINT_HOURS).defined
        definition = at_now(a, C.E_DEFINITION_HOURS)
        usual_definition = effect_of(a, C.E_DEFINITION_HOURS).defined
    effort = phase.conflict_effort
    climate.marketing_pace = pace(both + definition, usual + usual_definition, effort, climate.conflict)
    climate.sales_pace = pace(both + joint, usual + usual_joint, 0.0, climate.conflict)


@jit
def move(a: int, lever: int, level: float) -> None:
    """A lever moves."""
    here = LEVEL(GLOBALS(a, 0).levels, lever)
    if level != here.level:
        here.level = level
        note_firm(a, C.K_ALIGNMENT, NONE, NONE, NONE, NONE, lever, NAN, level, NO_AMOUNT)


@jit
def aim(a: int, targeting: float) -> bool:
    """Targeting becomes what it is told; whether that is a change."""
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    if targeting == climate.targeting:
        return False
    climate.targeting = targeting
    note_firm(a, C.K_TARGETING, NONE, C.TEAM_MARKETING, NONE, NONE, NONE, NAN, targeting, NO_AMOUNT)
    return True


@jit
def research(a: int, gain: float) -> bool:
    """Market research comes in; whether targeting changes, so that reach must be renewed."""
    if gain <= 0.0 or phase_of(a).targeting_learns == 0:
        return False
    climate = CLIMATE(GLOBALS(a, 0).climate, 0)
    changed = aim(a, learned(climate.targeting, climate.most, gain))
    if changed:
        renew_attention(a)
    return changed
