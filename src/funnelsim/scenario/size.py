"""How much memory and time a run will need, before it starts."""

from __future__ import annotations

import math
from typing import NamedTuple

from funnelsim.errors import TooLargeError
from funnelsim.scenario.schema import Plan, Scenario, World

# Measured with the reference engine on the shipped scenarios `small` and `regional`, and on `base` with 1,000 to
# 1,000,000 accounts (`python -m benchmarks`); per need and candidate as counted below. Needs themselves come out some
# 12 % more than counted, because some accounts are in market when the burn-in starts.
ROWS_PER_NEED = 3.85
"""Log rows of a need beside its touches."""
TOUCHES_PER_CANDIDATE = 0.104
"""Candidate moments of attention that become touches."""
ROWS_PER_CUSTOMER_YEAR = 3.0
"""Renewals, goodwill and referrals."""
ROWS_PER_CARE_CALL = 2.0
ROWS_PER_PROGRAMME = 6.0
ROWS_PER_PERSON_YEAR = 255.0
"""Payroll, joining and leaving."""
BYTES_PER_ROW = 75.0
"""A row has 67; the log grows in steps."""
BYTES_PER_ACCOUNT = 620.0
"""Mostly the buyers in market (one account in twelve) and their coming moments of attention."""
SECONDS_PER_ROW = 9e-6
SECONDS_PER_CANDIDATE = 3.3e-6
"""2 in small markets, which stay within the processor's cache, to 5 in large ones."""
ROWS_PER_RETENTION_TOUCH = 2.0
ROWS_PER_PURCHASE = 1.2
SECONDS_AT_LEAST = 0.05

MAX_LOG_BYTES = 4e9
MAX_SECONDS = 7200.0

YEAR_HOURS = 2000.0


class Estimate(NamedTuple):
    """What a run will need, roughly (a factor of two either way).

    `needs`, `rows` and `memory_bytes` are those of one replication, `seconds` are of all of them, one after the other.
    """

    needs: float
    rows: float
    memory_bytes: float
    seconds: float


def estimate(scenario: Scenario, replications: int = 1) -> Estimate:
    """Estimate needs, log rows, memory and time of a run."""
    from funnelsim.scenario.changes import states

    needs = rows = candidates = 0.0
    stages = [state for _, state in states(scenario)]
    for years, worlds in (
        (scenario.world.burn_in_quarters / 4.0, [(scenario.world, scenario.world.incumbent)]),
        (scenario.horizon_quarters / 4.0, [(state.world, state.plan) for state in stages]),
    ):
        most = [_per_year(world, plan, scenario) for world, plan in worlds]
        needs += years * max(item[0] for item in most)
        rows += years * max(item[1] for item in most)
        candidates += years * max(item[2] for item in most)
    accounts = sum(segment.accounts for segment in scenario.world.segments.values())
    memory = rows * BYTES_PER_ROW + accounts * BYTES_PER_ACCOUNT
    seconds = SECONDS_AT_LEAST + rows * SECONDS_PER_ROW + candidates * SECONDS_PER_CANDIDATE
    return Estimate(needs, rows, memory, seconds * max(1, replications))


def _per_year(world: World, plan: Plan, scenario: Scenario) -> tuple[float, float, float]:
    """Return needs, rows and candidate moments per year."""
    years = (world.burn_in_quarters + scenario.horizon_quarters) / 4.0
    moments = 0.0
    for touchpoint in world.touchpoints.values():
        moments += touchpoint.moments_per_week
    needs = candidates = 0.0
    for segment in world.segments.values():
        found = segment.accounts / segment.need_interval * world.demand
        needs += found
        candidates += found * moments * min(segment.need_window, years * 365.0) / 7.0
    customers = world.customers.start + 0.02 * needs
    people = plan.sales.reps + plan.sales.sdrs + plan.marketing.marketers
    rows = needs * ROWS_PER_NEED + candidates * TOUCHES_PER_CANDIDATE
    rows += customers * (ROWS_PER_CUSTOMER_YEAR + world.customers.care_per_year * ROWS_PER_CARE_CALL)
    rows += customers * ROWS_PER_RETENTION_TOUCH * plan.customers.retention_per_year
    if world.customers.purchase == "repeat":
        buying = world.customers.repeat
        rows += customers * ROWS_PER_PURCHASE * 52.0 * buying.rate_shape / buying.rate_weeks
    rows += people * ROWS_PER_PERSON_YEAR + _programmes(world, plan) * ROWS_PER_PROGRAMME
    return needs, rows, candidates


def _programmes(world: World, plan: Plan) -> float:
    """Return programmes per year: as many as money and hours allow."""
    runs = 0.0
    for name, share in plan.marketing.mix.items():
        programme = world.touchpoints[name].programme
        if programme is None or share == 0.0:
            continue
        scale = world.programme_scale
        hours = plan.marketing.marketers * YEAR_HOURS / (programme.hours * scale)
        money = plan.marketing.programme_money * share / (programme.money * scale) if programme.money else math.inf
        runs += min(hours, money)
    return runs


def check_size(scenario: Scenario, insist: bool = False) -> None:
    """Refuse a scenario that would need more than 4 GB of memory or two hours for one replication.

    Raises
    ------
    TooLargeError
        Unless `insist` is true.
    """
    if insist:
        return
    found = estimate(scenario)
    if found.memory_bytes <= MAX_LOG_BYTES and found.seconds <= MAX_SECONDS:
        return
    raise TooLargeError(
        f"this scenario is large: about {found.needs:,.0f} needs, {found.rows:,.0f} log rows, "
        f"{found.memory_bytes / 1e9:,.1f} GB of memory and {found.seconds / 60.0:,.0f} minutes for one replication. "
        "Take a smaller market (world.segments.*.accounts, with programme_scale) or a shorter horizon; "
        "to run it all the same say --insist, or insist=True in Python"
    )
