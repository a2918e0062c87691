"""Whose people do the work: own ones, an agency's marketers, reps on contract."""

from __future__ import annotations

from funnelsim.scenario.schema import Plan, RolePeople, World


def marketers_of(world: World, plan: Plan) -> RolePeople:
    """Return what is true of the plan's marketers.

    Those of an agency cost what it charges; there is nobody of ours to hire, to train or to lose.
    """
    people = world.people
    if plan.marketing.sourcing == "in_house":
        return people.marketer
    cost = people.marketer.cost * people.agency.cost_ratio
    return people.marketer.model_copy(
        update={"cost": cost, "hiring_cost": 0.0, "ramp_days": 0.0, "attrition": 0.0, "skill_sigma": 0.0}
    )


def reps_of(world: World, plan: Plan) -> RolePeople:
    """Return what is true of the plan's reps: on contract they cost a commission alone, and have little time for us."""
    people = world.people
    if plan.sales.sourcing == "in_house":
        return people.rep
    share = people.rep.productive_share * people.contract.attention
    return people.rep.model_copy(update={"cost": 0.0, "hiring_cost": 0.0, "productive_share": share})


def agency_delay(world: World, plan: Plan) -> float:
    """Return the days that an agency adds between a finished programme and its going live."""
    return world.people.agency.delay_days if plan.marketing.sourcing == "agency" else 0.0


def contract_commission(world: World, plan: Plan) -> float:
    """Return the commission of reps on contract, as a share of the first year's price, on top of the usual one."""
    return world.people.contract.commission if plan.sales.sourcing == "contract" else 0.0
