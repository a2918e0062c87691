"""What everyone in the model shares: the log, trust and the firm-wide stocks; as `engines.reference.firm`."""

from __future__ import annotations

from typing import Any

import numpy as np

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.draws import (
    aided,
    decayed,
    heard,
    left_after,
    rival_edge,
    rival_trust,
    tired,
    to_rival,
    total,
    touched,
    uniform,
    updated_belief,
)
from funnelsim.engines.compiled.draws import entry_trust as entry_trust_law
from funnelsim.engines.compiled.layout import ACCOUNT, CLIMATE, GLOBALS, LOG, NEED, NONE, PERSON, PHASE, TOUCHPOINT
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.room import LOG_TABLE, grow
from funnelsim.events import DAY
from funnelsim.events import NO_AMOUNT as NO_AMOUNT_

NO_AMOUNT = np.int64(NO_AMOUNT_)
NAN = np.nan


@jit
def phase_of(a: int) -> Any:
    """Return the present phase."""
    g = GLOBALS(a, 0)
    return PHASE(g.phases, g.phase)


@jit
def touchpoint_of(a: int, code: int) -> Any:
    """Return a touchpoint as it is in the present phase."""
    g = GLOBALS(a, 0)
    return TOUCHPOINT(g.touchpoints, g.phase * g.n_moments + code)


# --- log ------------------------------------------------------------------------------------------------------


@jit
def write(
    a: int,
    kind: int,
    account: int,
    need: int,
    stage: int,
    touchpoint: int,
    team: int,
    person: int,
    source: int,
    item: int,
    hours: float,
    brand: float,
    relationship: float,
    value: float,
    amount: int,
) -> None:
    """Write one row of the event log."""
    g = GLOBALS(a, 0)
    if g.n_log >= g.cap_log and not grow(a, LOG_TABLE):
        return
    n = g.n_log + 0
    g.n_log = n + 1
    row = LOG(g.log, n)
    row.time = g.now
    row.kind = kind
    row.account = account
    row.need = need
    row.stage = stage
    row.touchpoint = touchpoint
    row.team = team
    row.person = person
    row.source = source
    row.item = item
    row.hours = hours
    row.brand = brand
    row.relationship = relationship
    row.value = value
    row.amount = amount


@jit
def note(
    a: int,
    kind: int,
    n: int,
    touchpoint: int,
    team: int,
    person: int,
    source: int,
    item: int,
    hours: float,
    value: float,
    amount: int,
) -> None:
    """Write a row about a need; `person` is a number of the log."""
    need = NEED(GLOBALS(a, 0).needs, n)
    write(a, kind, need.account, need.number, need.stage, touchpoint, team, person, source, item, hours,
          brand_now(a, n), relationship_now(a, n), value, amount)  # fmt: skip


@jit
def note_firm(
    a: int,
    kind: int,
    touchpoint: int,
    team: int,
    person: int,
    source: int,
    item: int,
    hours: float,
    value: float,
    amount: int,
) -> None:
    """Write a row that is about no need."""
    write(a, kind, NONE, NONE, NONE, touchpoint, team, person, source, item, hours, NAN, NAN, value, amount)


@jit
def number_of(a: int, p: int) -> int:
    """Return the number in the log of a person, -1 for nobody."""
    if p == NONE:
        return NONE
    return PERSON(GLOBALS(a, 0).persons, p).number


# --- trust ----------------------------------------------------------------------------------------------------


@jit
def brand_now(a: int, n: int) -> float:
    """Brand trust of a need's account now."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    if need.stamp == g.now:  # exp(-0) is 1
        return need.brand
    return decayed(need.brand, phase_of(a).brand_rate, (g.now - need.stamp) / DAY)


@jit
def relationship_now(a: int, n: int) -> float:
    """Relationship trust of a need's account now."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    if need.relationship == 0.0 or need.stamp == g.now:  # exp(-0) is 1
        return need.relationship
    return decayed(need.relationship, phase_of(a).relationship_rate, (g.now - need.stamp) / DAY)


@jit
def total_trust(a: int, n: int) -> float:
    """Total trust of a need's account now."""
    return total(brand_now(a, n), relationship_now(a, n))


@jit
def touch(a: int, n: int, code: int, person: int, item: int, strength: float) -> None:
    """A touch reaches the account: trust jumps, the log gets a row."""
    g = GLOBALS(a, 0)
    phase = phase_of(a)
    need = NEED(g.needs, n)
    kind = touchpoint_of(a, code)
    now = g.now
    brand = brand_now(a, n)
    relationship = relationship_now(a, n)
    if kind.team == C.TEAM_SALES:
        strength = aided(strength, CLIMATE(g.climate, 0).tools)
    if phase.fatigue > 0.0:
        recent = decayed(need.recent, phase.fatigue_rate, (now - need.recent_stamp) / DAY)
        strength = tired(strength, phase.fatigue, recent)
        need.recent = recent + 1.0
        need.recent_stamp = now
    before = total(brand, relationship)
    other = need.last_team != NONE and need.last_team != kind.team
    strength = heard(
        strength, other, CLIMATE(g.climate, 0).consistency, kind.aims, before >= need.asks_at, phase.wrong_tone
    )
    need.last_team = kind.team
    if kind.brand != 0:
        brand = touched(brand, strength, phase.saturation)
    if kind.relationship != 0:
        relationship = touched(relationship, strength, phase.saturation)
    need.brand = brand
    need.relationship = relationship
    need.stamp = now
    write(a, C.K_TOUCH, need.account, need.number, need.stage, code, kind.team, person, NONE, item, NAN,
          brand, relationship, total(brand, relationship) - before, NO_AMOUNT)  # fmt: skip


@jit
def edge_over_rival(a: int, n: int) -> float:
    """Log-odds of winning that the buyer's trust in the rival takes from us or leaves us."""
    phase = phase_of(a)
    if phase.rival_weight == 0.0 and phase.favourite == 0.0:
        return 0.0
    return rival_edge(_rival(a, n), total_trust(a, n), phase.rival_trust, phase.rival_weight, phase.favourite,
                      phase.positioning)  # fmt: skip


@jit
def buys_elsewhere(a: int, n: int, share: float) -> float:
    """Chance that a buyer who does not buy from us buys elsewhere; `share` with an average rival."""
    phase = phase_of(a)
    if phase.outcome_weight == 0.0:
        return share
    return to_rival(share, _rival(a, n), phase.rival_trust, phase.outcome_weight)


@jit
def _rival(a: int, n: int) -> float:
    """Trust of a buyer in the rival that its need meets."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    phase = phase_of(a)
    u = uniform(g.key, need.account, C.P_RIVAL, need.number)
    return rival_trust(u, phase.rival_trust, phase.rival_spread)


@jit
def neglect(a: int, n: int) -> None:
    """The buyer was kept waiting until it was too late: trust is lost."""
    share = phase_of(a).neglect
    if share > 0.0 and NEED(GLOBALS(a, 0).needs, n).stage != C.S_CUSTOMER:
        lose_trust(a, n, share, share)


@jit
def lose_trust(a: int, n: int, brand_share: float, relationship_share: float) -> float:
    """Take shares of an account's trust away; the total trust that is lost."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    brand = brand_now(a, n)
    relationship = relationship_now(a, n)
    before = total(brand, relationship)
    need.brand = left_after(brand, brand_share)
    need.relationship = left_after(relationship, relationship_share)
    need.stamp = g.now
    return before - total(need.brand, need.relationship)


# --- firm-wide stocks -----------------------------------------------------------------------------------------


@jit
def goodwill_now(a: int, rate: float) -> float:
    """Goodwill now under a decay rate."""
    g = GLOBALS(a, 0)
    return decayed(g.goodwill_value, rate, (g.now - g.goodwill_time) / DAY)


@jit
def content_now(a: int, rate: float) -> float:
    """Findable content now under a decay rate."""
    g = GLOBALS(a, 0)
    return decayed(g.content_value, rate, (g.now - g.content_time) / DAY)


@jit
def write_goodwill(a: int, value: float) -> None:
    """Set goodwill as of now."""
    g = GLOBALS(a, 0)
    g.goodwill_value = value
    g.goodwill_time = g.now


@jit
def write_content(a: int, value: float) -> None:
    """Set content as of now."""
    g = GLOBALS(a, 0)
    g.content_value = value
    g.content_time = g.now


@jit
def entry_trust(a: int) -> float:
    """Brand trust with which an account enters the market now."""
    phase = phase_of(a)
    return entry_trust_law(goodwill_now(a, phase.goodwill_rate), phase.entry_trust)


@jit
def add_goodwill(a: int, gain: float) -> None:
    """Goodwill jumps."""
    if gain == 0.0:
        return
    write_goodwill(a, goodwill_now(a, phase_of(a).goodwill_rate) + gain)
    note_firm(a, C.K_GOODWILL, NONE, NONE, NONE, NONE, NONE, NAN, GLOBALS(a, 0).goodwill_value, NO_AMOUNT)


@jit
def add_content(a: int, gain: float) -> None:
    """Findable content jumps."""
    if gain == 0.0:
        return
    write_content(a, content_now(a, phase_of(a).content_rate) + gain)


@jit
def learn_about_leads(a: int, good: bool) -> None:
    """Sales' belief in marketing's leads moves with each lead it worked."""
    g = GLOBALS(a, 0)
    g.belief = updated_belief(g.belief, good, phase_of(a).belief_memory)
    note_firm(a, C.K_BELIEF, NONE, NONE, NONE, NONE, NONE, NAN, g.belief, NO_AMOUNT)


@jit
def bill(a: int, amount: int) -> None:
    """Count what customers are billed, cents."""
    CLIMATE(GLOBALS(a, 0).climate, 0).billed += amount


@jit
def rewrite_trust(a: int, brand_rate: float, relationship_rate: float) -> None:
    """Set the trust of everybody who has any as of now, under these rates: they are about to change."""
    g = GLOBALS(a, 0)
    for account in range(g.n_accounts):
        row = ACCOUNT(g.accounts, account)
        n = row.open if row.open != NONE else row.memory
        if n != NONE:
            need = NEED(g.needs, n)
            days = (g.now - need.stamp) / DAY
            need.brand = decayed(need.brand, brand_rate, days)
            need.relationship = decayed(need.relationship, relationship_rate, days)
            need.stamp = g.now
