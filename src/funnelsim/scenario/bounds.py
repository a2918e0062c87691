"""Bounds of reach: which candidate moments no reachable intensity could accept."""

from __future__ import annotations

from itertools import pairwise

from funnelsim.events import DAY
from funnelsim.rules.reach import acceptance, attention
from funnelsim.scenario.lowered import Effect, Phase

QUARTER_DAYS = 92.0
BUNCHING_DAYS = 21.0
"""Programmes wait for a marketer for up to about two weeks, and may go live together."""


def intensity_bounds(phases: list[Phase]) -> tuple[float, ...]:
    """Highest intensity that each kind can reach.

    The launches that can be live together lie within a live time, plus the time over which money and backlog may bunch
    them; a kind's spending in that time stays within its share of the money, but for the programme that carries it
    over. What waits when marketers leave may hold another quarter's money, and goes live with that of a later quarter.
    Phases are bounded together by their largest money, share, number of runs and strength. Where the time for approval
    changes, programmes that were made at different times may go live together.
    The bound only saves work; engines check it.
    """
    leaving = sum(after.marketers.heads < before.marketers.heads for before, after in pairwise(phases))
    leaving += any(phase.marketers.attrition_per_day > 0.0 for phase in phases)
    money_per_day = max(_most_money(phase) for phase in phases)
    approvals = [time for phase in phases for time in _approvals(phase)]
    spread = (max(approvals) - min(approvals)) / DAY
    bounds = []
    for code in range(len(phases[0].touchpoints)):
        kinds = [phase.touchpoints[code] for phase in phases]
        highest = max(kind.base_intensity for kind in kinds)
        share = max(phase.mix[code] for phase in phases)
        most_runs = strongest = 0.0
        for kind in kinds:
            programme = kind.programme
            if programme is None or share <= 0.0:
                continue
            days = programme.live / DAY + (1 + leaving) * QUARTER_DAYS + BUNCHING_DAYS + spread
            runs = share * money_per_day * days / programme.money + 2.0 * len(phases) if programme.money > 0 else 1e9
            most_runs = max(most_runs, runs)
            strongest = max(strongest, programme.intensity)
        bounds.append(highest + most_runs * strongest)
    return tuple(bounds)


def _most_money(phase: Phase) -> float:
    """Return the most programme money per day that the phase's budget rule can give."""
    if phase.budget_by_revenue:
        return max(phase.money_per_day, phase.budget_most / 365.0)
    return phase.money_per_day


def _approvals(phase: Phase) -> tuple[float, float]:
    """Return the shortest and the longest time to approve a programme."""
    factors = phase.effects[Effect.APPROVAL] if phase.alignment_on else (1.0,)
    return phase.approval * min(factors), phase.approval * max(factors)


def acceptance_bounds(phases: list[Phase], intensity: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Highest acceptance that each kind can reach, for accounts that fit and that do not.

    What was planned for one phase may still be in force in the next, so the best and the worst targeting of all count.
    """
    best = max(max(phase.targeting, phase.targeting_most * phase.targeting_learns) for phase in phases)
    worst = min(phase.targeting for phase in phases)
    most_fit = max(attention(best, phase.fit_share, True) for phase in phases)
    most_unfit = max(attention(worst, phase.fit_share, False) * phase.unfit_reach for phase in phases)
    fit, unfit = [], []
    for code, bound in enumerate(intensity):
        if phases[0].touchpoints[code].found_by_search:
            fit.append(1.0)
            unfit.append(1.0)
            continue
        fit.append(acceptance(bound * most_fit))
        unfit.append(acceptance(bound * most_unfit))
    return tuple(fit), tuple(unfit)
