"""From a scenario to the flat numbers that engines read: dates, half-lives, scales and names are resolved here."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

from funnelsim.arithmetic import exp, log
from funnelsim.events import DAY, NO_CODE
from funnelsim.rules.incentives import bonus_weight, price_gain
from funnelsim.rules.selling import HOURS_EXPONENTIAL, HOURS_FIXED, HOURS_LOGNORMAL
from funnelsim.rules.site import ASSIST_NONE, ASSIST_REPS, ASSIST_SDRS
from funnelsim.rules.trust import AIMS_ANY, AIMS_EARLY, AIMS_LATE
from funnelsim.scenario.alignment import lever_levels
from funnelsim.scenario.bounds import acceptance_bounds, intensity_bounds
from funnelsim.scenario.lowered import (
    REFERENCE_ACCOUNTS,
    Effect,
    Lowered,
    LoweredProgramme,
    LoweredRole,
    LoweredSegment,
    LoweredTouchpoint,
    Phase,
)
from funnelsim.scenario.lowering_customers import (
    RAREST_PER_YEAR,
    cents,
    customer_numbers,
    dropout_chances,
    portfolio_numbers,
    purchase_rates,
)
from funnelsim.scenario.schema import Plan, RolePeople, SalesPlan, Scenario, Touchpoint, World
from funnelsim.scenario.sourcing import agency_delay, contract_commission, marketers_of, reps_of
from funnelsim.workhours import WorkCalendar

LN2 = log(2.0)
COPIED = (
    "contact_probability", "attempt_ratio", "retry_days", "cooling_hours", "cooling_power", "cooling_floor",
    "request_patience", "lead_patience", "neglect", "attempt_hours", "talk_hours", "meeting_hours", "hours_sigma",
    "interest", "interest_slope", "cycle_days", "cycle_sigma", "cycle_power", "reference_deal", "first_meeting_days",
    "stay", "stay_slope", "win", "win_slope", "skill_weight", "lost_share", "calls_per_hour", "cold_contact",
    "lead_quality", "belief_weight", "tracking_weight", "tracking_fade", "experience_weight", "load_weight",
    "belief_memory", "discovery_noise",
)  # fmt: skip
"""Fields of `Response` and `Selling` that engines read as they are."""
RAREST_ON_THE_CLOCK = 1e-3
"""What happens less often than once in 1,000 years to a person, or as a moment of attention, does not happen: such
times are added up as 64-bit microseconds."""
SHORTEST_DAYS = 1e-3
"""A shorter half-life of what was learned is none: it stays."""
SMALLEST_POST = 1e-6
"""A smaller part of a post is nobody."""
QUOTA_MONTHS = {"none": 0, "month": 1, "quarter": 3}
MOST_LOSS = 0.95
"""Somebody who has given up still works a little."""
ASSISTS = {"none": ASSIST_NONE, "sdrs": ASSIST_SDRS, "reps": ASSIST_REPS}
AIMS = {"any": AIMS_ANY, "early": AIMS_EARLY, "late": AIMS_LATE}
HOURS_LAWS = {"fixed": HOURS_FIXED, "exponential": HOURS_EXPONENTIAL, "lognormal": HOURS_LOGNORMAL}


def quarter_date(start: dt.date, quarters: int) -> dt.date:
    """First day of the quarter that is `quarters` after the one that begins on `start` (negative: before)."""
    months = start.year * 12 + (start.month - 1) + 3 * quarters
    return dt.date(months // 12, months % 12 + 1, 1)


def lower(scenario: Scenario) -> Lowered:
    """Flatten a scenario: resolve dates, half-lives, scales and names into the numbers that engines read."""
    from funnelsim.scenario.changes import states

    world = scenario.world
    first_date = quarter_date(scenario.start, -world.burn_in_quarters)
    end_date = quarter_date(scenario.start, scenario.horizon_quarters)
    first_day = (first_date - scenario.start).days
    last_day = (end_date - scenario.start).days
    week = world.workweek
    calendar = WorkCalendar(
        scenario.start,
        first_day,
        last_day,
        week.day_start,
        week.day_end,
        tuple(week.weekdays),
        frozenset(week.holidays),
    )
    segments, accounts = _segments(world)
    phases = []
    if world.burn_in_quarters > 0:
        phases.append(_phase(first_day * DAY, world, world.incumbent, accounts))
    phases.append(_phase(0, world, scenario.plan, accounts))
    for date, changed in states(scenario):
        phase = _phase((date - scenario.start).days * DAY, changed.world, changed.plan, accounts)
        if phases and phase.time == phases[-1].time:
            phases.pop()
        phases.append(phase)
    intensity = intensity_bounds(phases)
    fit_bounds, unfit_bounds = acceptance_bounds(phases, intensity)
    return Lowered(
        start=first_day * DAY,
        end=last_day * DAY,
        calendar=calendar,
        paid_days=_paid_days(scenario.start, first_day, last_day, set(week.weekdays), set(week.holidays)),
        months=_months(calendar, last_day * DAY),
        segments=segments,
        accounts=accounts,
        psi_a=world.buyers.share_before_sales_a,
        psi_b=world.buyers.share_before_sales_b,
        propensity_sd=world.buyers.propensity_sd,
        goodwill_start=world.goodwill.start,
        content_start=world.content.start,
        belief_start=world.selling.belief_start,
        customers_start=world.customers.start,
        customer_trust=world.trust.customer_start,
        phases=tuple(phases),
        bounds_fit=fit_bounds,
        bounds_unfit=unfit_bounds,
        intensity_bounds=intensity,
        quarters=_quarters(scenario, first_day),
        repeat=world.customers.purchase == "repeat",
        purchase_rates=purchase_rates(world.customers),
        dropout_chances=dropout_chances(world.customers),
    )


def _quarters(scenario: Scenario, first_day: int) -> tuple[tuple[int, int], ...]:
    """Quarters that begin after the first moment of a run."""
    found = []
    for number in range(-scenario.world.burn_in_quarters, scenario.horizon_quarters):
        day = (quarter_date(scenario.start, number) - scenario.start).days
        if day > first_day:
            found.append((day * DAY, number))
    return tuple(found)


def _segments(world: World) -> tuple[tuple[LoweredSegment, ...], int]:
    lowered = []
    first = 0
    for name, s in world.segments.items():
        gap = s.need_interval * 365.0 - s.need_window
        lowered.append(
            LoweredSegment(
                name,
                first,
                s.accounts,
                s.fit_share,
                s.deal_size,
                s.deal_size_sigma,
                s.threshold,
                s.threshold_sd,
                gap,
                s.need_window,
            )
        )
        first += s.accounts
    return tuple(lowered), first


def _paid_days(
    start: dt.date, first_day: int, last_day: int, weekdays: set[int], holidays: set[dt.date]
) -> tuple[tuple[int, int, int], ...]:
    def works(date: dt.date) -> bool:
        return date.weekday() in weekdays and date not in holidays

    one = dt.timedelta(days=1)
    rows: list[tuple[int, int, int]] = []
    for year in range((start + one * first_day).year, (start + one * last_day).year + 1):
        date = dt.date(year, 1, 1)
        days = []
        while date.year == year:
            if works(date):
                days.append((date - start).days)
            date += one
        rows.extend((day, index, len(days)) for index, day in enumerate(days) if first_day <= day < last_day)
    return tuple(rows)


def _touchpoint(code: int, name: str, t: Touchpoint, world: World, accounts: int) -> LoweredTouchpoint:
    programme = None
    if t.programme is not None:
        scale = world.programme_scale
        gain = scale * (REFERENCE_ACCOUNTS / accounts)
        programme = LoweredProgramme(
            money=cents(t.programme.money * scale),
            hours=t.programme.hours * scale,
            live=int(t.programme.live_days * DAY + 0.5),
            worn_strength=t.programme.worn_strength,
            intensity=t.programme.reach * scale / accounts,
            goodwill=t.programme.goodwill * gain,
            content=t.programme.content * gain,
            targeting=t.programme.targeting,
        )
    return LoweredTouchpoint(
        code=code,
        name=name,
        team=0 if t.owner == "marketing" else 1,
        brand=t.feeds in ("brand", "both"),
        relationship=t.feeds in ("relationship", "both"),
        aims=AIMS[t.aims],
        strength=t.strength,
        gap_days=7.0 / t.moments_per_week if t.moments_per_week * 52.0 >= RAREST_ON_THE_CLOCK else 0.0,
        base_intensity=t.base_intensity,
        capture=t.capture,
        per_hour=t.per_hour,
        contact=t.contact,
        known_only=t.known_only,
        site=t.site,
        mail=t.mail,
        found_by_search=t.found_by_search,
        programme=programme,
    )


def unfit_reach(world: World, plan: Plan) -> float:
    """Return the reach on accounts that do not fit that positioning leaves, relative to none."""
    return 1.0 - world.rivals.narrowing * plan.marketing.positioning


def _as_planned(lowered: LoweredTouchpoint, t: Touchpoint, world: World, plan: Plan) -> LoweredTouchpoint:
    """Return a touchpoint as the plan uses it: how often mails go out, how much content stands behind a form.

    A programme of a sharply positioned firm makes it less known in general, by what it reaches less.
    """
    if plan.marketing.positioning > 0.0 and lowered.programme is not None:
        q = plan.marketing.targeting
        reached = q + (1.0 - q) * unfit_reach(world, plan)
        lowered = replace(lowered, programme=replace(lowered.programme, goodwill=lowered.programme.goodwill * reached))
    if t.magnet:
        capture = t.capture * (1.0 + world.mail.gate_gain * plan.marketing.gating)
        strength = t.strength * (1.0 - world.mail.gate_loss * plan.marketing.gating)
        lowered = replace(lowered, capture=min(capture, 1.0), strength=strength)
    if t.mail:
        cadence, programme = plan.marketing.mail.cadence, lowered.programme
        if programme is not None:
            programme = replace(programme, intensity=programme.intensity * cadence)
        lowered = replace(lowered, base_intensity=t.base_intensity * cadence, programme=programme)
    return lowered


def _mail(world: World, plan: Plan, names: dict[str, int]) -> dict[str, Any]:
    """Return the phase's numbers of mails."""
    mail = world.mail
    return {
        "segmented": plan.marketing.mail.lists == "segmented",
        "early_share": plan.marketing.mail.early_share,
        "landing_touch": names[mail.landing_touch] if mail.landing_touch else NO_CODE,
        **{
            name: getattr(mail, name)
            for name in ("match_gain", "wrong_gain", "unsubscribe", "frequent", "wrong_unsubscribe", "click")
        },
    }


def _role(heads: float, ramped: bool, people: RolePeople, crossed: int = 0, cross_effect: float = 1.0) -> LoweredRole:
    return LoweredRole(
        heads=float(math.floor(heads)) if heads - math.floor(heads) < SMALLEST_POST else heads,
        ramped=ramped,
        cost=cents(people.cost),
        hiring_cost=cents(people.hiring_cost),
        productive_share=people.productive_share,
        skill_sigma=people.skill_sigma,
        ramp_days=people.ramp_days,
        ramp_start=people.ramp_start,
        attrition_per_day=people.attrition / 365.0 if people.attrition >= RAREST_ON_THE_CLOCK else 0.0,
        vacancy=int(people.vacancy_days * DAY + 0.5),
        crossed=crossed,
        cross_effect=cross_effect,
    )


def _months(calendar: WorkCalendar, end: int) -> tuple[tuple[int, float], ...]:
    quarters = calendar.quarter_starts()
    rows = []
    for time in calendar.month_starts():
        if time >= end:
            break
        begin = max(quarter for quarter in quarters if quarter <= time)
        date = calendar.date_of(begin)
        rows.append((time, (time - begin) / (calendar.moment_of(quarter_date(date, 1)) - begin)))
    return tuple(rows)


def _climate(world: World, plan: Plan) -> dict[str, Any]:
    """Return what the climate between the teams depends on."""
    effects, conflict, targeting, marketing = world.alignment, world.conflict, world.targeting, plan.marketing
    return {
        "levers": lever_levels(plan.alignment),
        "effects": tuple(getattr(effects, effect.name.lower()).each() for effect in Effect),
        "change_over": effects.change_over.each(),
        "alignment_on": effects.on,
        "promise_aligned": effects.promise_aligned,
        "promise_integrated": effects.promise_integrated,
        "sameness": effects.sameness,
        "conflict_on": conflict.on,
        "conflict_tolerated": conflict.tolerated,
        "conflict_imbalance": conflict.imbalance,
        "conflict_unworked": conflict.unworked,
        "conflict_rejected": conflict.rejected,
        "conflict_rate": LN2 / conflict.half_life_days,
        "conflict_preference": conflict.preference,
        "conflict_effort": conflict.effort,
        "targeting_learns": targeting.learns,
        "targeting_most": targeting.most,
        "targeting_rate": LN2 / targeting.half_life_days if targeting.half_life_days >= SHORTEST_DAYS else 0.0,
        "learning_ratio": world.people.agency.learning if marketing.sourcing == "agency" else 1.0,
        "feedback": plan.sales.sourcing == "in_house",
        "budget_by_revenue": marketing.budget_rule == "revenue_share",
        "budget_share": marketing.budget_share,
        "budget_most": cents(marketing.budget_most * marketing.programme_money),
    }


def _phase(time: int, world: World, plan: Plan, accounts: int) -> Phase:
    names = {name: code for code, name in enumerate(world.touchpoints)}
    selling, response, sales, marketing = world.selling, world.response, plan.sales, plan.marketing
    customers = world.customers
    fit_accounts = 0.0
    for segment in world.segments.values():
        fit_accounts = fit_accounts + segment.fit_share * segment.accounts
    fit_share = fit_accounts / accounts
    touchpoints = tuple(
        _as_planned(_touchpoint(i, n, t, world, accounts), t, world, plan)
        for i, (n, t) in enumerate(world.touchpoints.items())
    )
    values: dict[str, Any] = {
        "time": time,
        "brand_rate": LN2 / world.trust.brand_half_life,
        "relationship_rate": LN2 / world.trust.relationship_half_life,
        "saturation": world.trust.saturation,
        "fatigue": world.trust.fatigue,
        "fatigue_rate": LN2 / world.trust.fatigue_half_life,
        "wrong_tone": world.trust.wrong_tone,
        "consistency": world.trust.consistency,
        "goodwill_rate": LN2 / world.goodwill.half_life,
        "entry_trust": world.goodwill.entry_trust,
        "goodwill_per_customer": world.goodwill.per_customer_year * (REFERENCE_ACCOUNTS / accounts),
        "content_rate": LN2 / world.content.half_life,
        "content_half_saturation": world.content.half_saturation,
        "price": plan.price,
        "ask_probability": world.buyers.ask_probability,
        "competitor_share": world.buyers.competitor_share,
        "demand": world.demand,
        "touchpoints": touchpoints,
        "mix": tuple(marketing.mix.get(name, 0.0) for name in names),
        "money_per_day": marketing.programme_money * 100.0 / 365.0,
        "approval": int((marketing.approval_days + agency_delay(world, plan)) * DAY + 0.5),
        "targeting": marketing.targeting,
        "fit_share": fit_share,
        "unfit_reach": unfit_reach(world, plan),
        "positioning": marketing.positioning,
        "rival_trust": world.rivals.trust,
        "rival_spread": world.rivals.spread,
        "rival_weight": world.rivals.weight,
        "favourite": world.rivals.favourite,
        "outcome_weight": world.rivals.outcome_weight,
        "recycle": marketing.recycle,
        "recycle_days": marketing.recycle_days,
        "lead_bar": marketing.lead_bar,
        "bar_give": world.scoring.bar_give,
        "lead_target": marketing.lead_target,
        "score_noise": marketing.score_noise,
        "hand_over": marketing.hand_over,
        "score_centre": world.scoring.centre,
        "score_scale": world.scoring.scale,
        "score_fit_weight": world.scoring.fit_weight,
        "visibility": world.record.visibility,
        "handoff_loss": world.record.handoff_loss,
        "duplicate_loss": world.record.duplicate_loss,
        "address_decay": world.record.address_decay / 365.0,
        "max_attempts": sales.max_attempts,
        "discount": sales.discount,
        "opportunity_bar": sales.opportunity_bar,
        "hours_law": HOURS_LAWS[selling.hours_law],
        "meetings": tuple(names[name] for name in selling.meetings),
        "is_checkpoint": tuple(name in selling.checkpoints for name in selling.meetings),
        "call_touch": names[selling.call_touch],
        "cold_touch": names[selling.prospecting_touch],
        "care_touch": names[world.customers.care_touch],
        "care_hours": customers.care_hours,
        "prospecting_hours": sales.prospecting_hours,
        "prospects_by_mix": bool(sales.prospecting_mix),
        "prospecting_mix": tuple(sales.prospecting_mix.get(name, 0.0) for name in names),
        "lead_preference": sales.lead_preference,
        "tracking": sales.tracking,
        "priority_request": sales.priorities.request,
        "priority_meeting": sales.priorities.meeting,
        "priority_own": sales.priorities.own_lead,
        "priority_lead": sales.priorities.marketing_lead,
        "priority_care": sales.priorities.care,
        "priority_prospecting": sales.priorities.prospecting,
        "marketers": _role(
            marketing.marketers, False, marketers_of(world, plan), marketing.from_sales, world.people.cross_effect
        ),
        "reps": _role(sales.reps, sales.ramped, reps_of(world, plan), sales.from_marketing, world.people.cross_effect),
        "sdrs": _role(sales.sdrs, sales.ramped, world.people.sdr),
        "term": int(world.customers.term_days * DAY + 0.5),
        "churn": world.customers.churn,
        "churn_trust": world.customers.churn_trust,
        "churn_slope": world.customers.churn_slope,
        "care_interval": 365.0 / customers.care_per_year if customers.care_per_year >= RAREST_PER_YEAR else 0.0,
        "referral_rate": customers.referral_rate / 365.0 if customers.referral_rate >= RAREST_PER_YEAR else 0.0,
        "referral_trust": world.customers.referral_trust,
        "commission": world.finance.commission + contract_commission(world, plan),
    }
    values.update(portfolio_numbers(world, plan), **customer_numbers(world, plan, names))
    values.update(_climate(world, plan))
    for part in (response, selling):
        values.update({name: getattr(part, name) for name in COPIED if hasattr(part, name)})
    values.update(_incentives(world, sales, accounts))
    values["win"] = values["win"] + price_gain(plan.price, world.incentives.price_slope)
    values.update(_site(world, plan))
    values.update(_mail(world, plan, names))
    return Phase(**values)


def _incentives(world: World, sales: SalesPlan, accounts: int) -> dict[str, Any]:
    """Return quota, bonus and push as engines read them; effort goes with the size of the bonus."""
    incentives, quota = world.incentives, sales.quota
    months = QUOTA_MONTHS[quota.period]
    weight = bonus_weight(quota.bonus, incentives.usual_bonus * max(months, 1) / 3.0)
    unaided = incentives.pull_unaided
    aided = unaided + (1.0 - unaided) * min(1.0, quota.discount_authority / incentives.pull_discount)
    checkpoints = [k for k, name in enumerate(world.selling.meetings) if name in world.selling.checkpoints]
    return {
        "price_slope": incentives.price_slope,
        "quota_months": months,
        "quota_ambition": quota.ambition,
        "bonus": cents(quota.bonus),
        "effort_gain": incentives.effort_gain * weight,
        "effort_loss": min(MOST_LOSS, incentives.give_up_loss * weight),
        "effort_reach": incentives.reach,
        "give_up": incentives.give_up,
        "give_up_left": incentives.give_up_left,
        "push_days": incentives.push_days,
        "pull_probability": incentives.pull_probability * aided if months > 0 else 0.0,
        "pull_days": incentives.pull_days,
        "discount_authority": quota.discount_authority,
        "goodwill_per_push": incentives.goodwill_per_push * (REFERENCE_ACCOUNTS / accounts),
        "pushable_from": 1 + max(checkpoints, default=-1),
    }


def _site(world: World, plan: Plan) -> dict[str, Any]:
    """Return the phase's numbers of the site: what visitors are like, and what the plan offers them."""
    site, offer = world.site, plan.site
    return {
        "site_enabled": offer.enabled,
        "site_trust_share": site.trust_share * (1.0 - site.guided_gain * offer.guided),
        "site_deal_limit": cents(offer.deal_limit),
        "site_cost": cents(site.cost + site.guided_cost * offer.guided) if offer.enabled else 0,
        "cart": min(1.0, site.cart * exp(price_gain(plan.price, world.incentives.price_slope))),
        "abandon": site.abandon,
        "recovery": site.recovery if offer.recovery_mails else 0.0,
        "recovery_days": site.recovery_days,
        "review_gain": site.review_gain if offer.show_reviews else 0.0,
        "reviews_enough": site.reviews_enough,
        "reviews_per_customer": site.reviews_per_customer,
        "assist": ASSISTS[offer.assist],
        "assist_hours": site.assist_minutes / 60.0,
        "assist_patience": site.assist_patience / 1440.0,
        "assist_effect": site.assist_effect,
        "priority_assist": plan.sales.priorities.assist,
    }
