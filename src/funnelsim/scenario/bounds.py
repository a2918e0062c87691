"""Bounds of reach: which candidate moments no reachable intensity could accept."""

from __future__ import annotations

from itertools import pairwise

from funnelsim.events import DAY
from funnelsim.rules.reach import acceptance
from funnelsim.scenario.lowered import Phase

QUARTER_DAYS = 92.0
BUNCHING_DAYS = 21.0
"""Programmes wait for a marketer for up to about two weeks, and may go live together."""


def intensity_bounds(phases: list[Phase]) -> tuple[float, ...]:
    """Highest intensity that each kind can reach.

    The launches that can be live together lie within a live time, plus the time over which money and backlog may bunch
    them; a kind's spending in that time stays within its share of the money, but for the programme that carries it
    over. What waits when marketers leave may hold another quarter's money, and goes live with that of a later quarter.
    Phases are bounded together by their largest money, share, number of runs and strength.
    The bound only saves work; engines check it.
    """
    leaving = sum(after.marketers.heads < before.marketers.heads for before, after in pairwise(phases))
    leaving += any(phase.marketers.attrition_per_day > 0.0 for phase in phases)
    money_per_day = max(phase.money_per_day for phase in phases)
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
            days = programme.live / DAY + (1 + leaving) * QUARTER_DAYS + BUNCHING_DAYS
            runs = share * money_per_day * days / programme.money + 2.0 * len(phases) if programme.money > 0 else 1e9
            most_runs = max(most_runs, runs)
            strongest = max(strongest, programme.intensity)
        bounds.append(highest + most_runs * strongest)
    return tuple(bounds)


def acceptance_bounds(phases: list[Phase], intensity: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Highest acceptance that each kind can reach, for accounts that fit and that do not."""
    fit, unfit = [], []
    for code, bound in enumerate(intensity):
        if phases[0].touchpoints[code].found_by_search:
            fit.append(1.0)
            unfit.append(1.0)
            continue
        fit.append(max(acceptance(bound * phase.attention_fit) for phase in phases))
        unfit.append(max(acceptance(bound * phase.attention_unfit) for phase in phases))
    return tuple(fit), tuple(unfit)
