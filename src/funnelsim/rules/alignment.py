"""Alignment, conflict, targeting that learns, the lead bar and the budget: how the two teams' climate moves.

Sizes are assumptions within the ranges of ``docs/explanation/mechanisms/climate.md`` unless a source stands there.
"""

from __future__ import annotations

from funnelsim.arithmetic import exp, log

LEAST_PACE = 0.05
"""Share of their usual hours that people keep for the tasks of the model, whatever else they are asked to do."""
NEAR = 0.001
"""A lever this close to its planned level has arrived."""
MOST_STRENGTH = 0.95


def at_level(level: float, undefined: float, defined: float, aligned: float, integrated: float) -> float:
    """Value of an effect at a level of a lever: straight lines between the four named levels 0, 1, 2 and 3."""
    if level <= 0.0:
        return undefined
    if level < 1.0:
        return undefined + level * (defined - undefined)
    if level < 2.0:
        return defined + (level - 1.0) * (aligned - defined)
    if level < 3.0:
        return aligned + (level - 2.0) * (integrated - aligned)
    return integrated


def moved_level(level: float, planned: float, months: float) -> float:
    """Level of a lever after another month on its way to the planned one, with time constant `months`."""
    if months <= 0.0:
        return planned
    level = level + (planned - level) * (1.0 - exp(-1.0 / months))
    if planned - level < NEAR and level - planned < NEAR:
        return planned
    return level


def pace(overhead: float, usual: float, effort_loss: float, conflict: float) -> float:
    """Working speed, relative to level defined without conflict.

    Parameters
    ----------
    overhead, usual : float
        Share of hours that alignment and disputes take now, and at level defined.
    effort_loss : float
        Hours that a conflict of 1 adds to a task, as a share.
    conflict : float
        Conflict now.
    """
    left = 1.0 - (overhead - usual)
    if left < LEAST_PACE:
        left = LEAST_PACE
    return left / (1.0 + effort_loss * conflict)


def promised_hours(level: float, aligned: float, integrated: float) -> float:
    """Working hours within which sales promises to work a marketing lead; 0: no promise."""
    if level < 1.5:
        return 0.0
    return aligned if level < 2.5 else integrated


def aided(strength: float, tools: float) -> float:
    """Strength of a touch by sales with the tools that marketing made for it, kept below 0.95."""
    if tools == 1.0:
        return strength
    g = strength * tools
    return g if g < MOST_STRENGTH else MOST_STRENGTH


def imbalance(sellers: float, marketers: float, tolerated: float) -> float:
    """How far marketers are outnumbered: ln(sellers per marketer / tolerated), at least 0; 0 where a team is empty."""
    if marketers <= 0.0 or sellers <= 0.0:
        return 0.0
    ratio = sellers / marketers / tolerated
    return log(ratio) if ratio > 1.0 else 0.0


def share_of(part: int, whole: int) -> float:
    """Share of a count, at most 1; 0 of nothing."""
    if whole <= 0:
        return 0.0
    return part / whole if part < whole else 1.0


def conflict_after(
    conflict: float,
    rate: float,
    days: float,
    outnumbered: float,
    outnumbered_weight: float,
    unworked: float,
    unworked_weight: float,
    rejected: float,
    rejected_weight: float,
) -> float:
    """Conflict after another month: what is left of it, and the month's grievances.

    Parameters
    ----------
    conflict : float
        Conflict before, >= 0.
    rate : float
        Decay per day.
    days : float
        Days since it was last counted.
    outnumbered : float
        `imbalance` of the teams.
    unworked, rejected : float
        Share of marketing leads that went unworked; of those worked that did not fit.
    """
    return (
        conflict * exp(-rate * days)
        + outnumbered_weight * outnumbered
        + unworked_weight * unworked
        + rejected_weight * rejected
    )


def learned(targeting: float, most: float, part: float) -> float:
    """Targeting that goes `part` of the way to the best that can be reached; what is above that stays."""
    if targeting >= most:
        return targeting
    after = targeting + part * (most - targeting)
    return after if after < most else most


def faded(targeting: float, planned: float, rate: float, days: float) -> float:
    """Targeting after `days` in which markets moved: what was learned fades to the plan's at `rate` per day."""
    if rate == 0.0 or targeting == planned:
        return targeting
    after = planned + (targeting - planned) * exp(-rate * days)
    if targeting > planned:
        return targeting if after > targeting else after
    return targeting if after < targeting else after


def best_targeting(most: float, sameness: float, metrics_level: float, programmes_level: float) -> float:
    """Best targeting that can be reached, less what it loses when both teams think alike (`homburg2007`; size assumed).

    Parameters
    ----------
    most : float
        Best targeting of teams that keep their own views, 0..1.
    sameness : float
        Loss per level above aligned.
    metrics_level, programmes_level : float
        Levels of shared metrics and of joint programmes, 0..3; each counts half.
    """
    above = 0.0
    if metrics_level > 2.0:
        above = above + 0.5 * (metrics_level - 2.0)
    if programmes_level > 2.0:
        above = above + 0.5 * (programmes_level - 2.0)
    best = most - sameness * above
    return best if best > 0.0 else 0.0


def bar_given(handed: int, target: float, elapsed: float, give: float, revenue_weight: float) -> float:
    """How far marketing lowers its lead bar to reach the number of leads that it was asked for, sd.

    Parameters
    ----------
    handed : int
        Leads handed over so far this quarter.
    target : float
        Leads asked for per quarter; 0: none.
    elapsed : float
        Share of the quarter that is over, 0..1.
    give : float
        What it gives when it has none at all.
    revenue_weight : float
        Weight of revenue, against the number of leads, in its reward, 0..1.
    """
    due = target * elapsed
    if due <= 0.0 or handed >= due:
        return 0.0
    return give * (1.0 - revenue_weight) * ((due - handed) / due)


def budget_of(billed: int, quarters: int, share: float, most: int) -> int:
    """Programme money of a year, cents: a share of what was billed in the last `quarters` (at most four), capped."""
    money = int(billed * share * (4.0 / quarters) + 0.5)
    return money if money < most else most
