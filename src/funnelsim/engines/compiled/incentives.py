"""Quotas, effort, bonus and the push at the end of a period; as `engines.reference.incentives`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at
from funnelsim.engines.compiled.draws import full_quota, priced, pull_chance, pushes, uniform
from funnelsim.engines.compiled.firm import (
    NAN,
    add_goodwill,
    goodwill_now,
    note_firm,
    number_of,
    phase_of,
)
from funnelsim.engines.compiled.layout import CASE, GLOBALS, MONTH_START, NEED, NONE, NUMBER, PAST_MONTH, PERSON, PHASE
from funnelsim.engines.compiled.office import finish, worked
from funnelsim.engines.compiled.opportunities import ask_early
from funnelsim.engines.compiled.people import REPS, count_people, person_at
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.reference.incentives import FEWEST_MONTHS, MONTHS_BACK, MONTHS_PER_NEED, PERIOD, PUSHES
from funnelsim.events import DAY

# --- periods --------------------------------------------------------------------------------------------------


@jit
def month_begins(a: int, month: int) -> None:
    """A calendar month begins, and perhaps a period."""
    g = GLOBALS(a, 0)
    if g.now >= g.quota_ends:
        g.quota_running = 0
        length = phase_of(a).quota_months
        if length > 0 and MONTH_START(g.month_starts, month).number % length == 0:
            _period_begins(a, month, length)
    if month + 1 < g.n_month_starts:
        last = MONTH_START(g.month_starts, month + 1).time - 1
        at(a, last, C.R_QUOTA, PERIOD, month, C.WHAT_MONTH_ENDS, month)


@jit
def _period_begins(a: int, month: int, length: int) -> None:
    g = GLOBALS(a, 0)
    if month + length >= g.n_month_starts:
        return
    g.quota_running = length
    g.quota_began = MONTH_START(g.month_starts, month).time
    g.quota_ends = MONTH_START(g.month_starts, month + length).time
    g.quota_full = _full_quota(a, month, length)
    left = count_people(a, REPS)
    seat = 0
    while left > 0:
        p = person_at(a, REPS, seat)
        if p >= 0:
            _ask(a, p, 1.0)
            left -= 1
        seat += 1
    first = NUMBER(g.days_before, g.quota_began // DAY - g.first_day).value
    after = NUMBER(g.days_before, g.quota_ends // DAY - g.first_day).value
    days = min(phase_of(a).push_days, after - first)
    if days > 0:
        g.push_days = days
        opens = NUMBER(g.work_days, after - days).value * DAY + g.opens
        at(a, opens, C.R_QUOTA, PUSHES, month, C.WHAT_PUSH_BEGINS, month)


@jit
def _full_quota(a: int, month: int, length: int) -> float:
    g = GLOBALS(a, 0)
    if month < FEWEST_MONTHS:
        return 0.0
    won = 0.0
    posts = 0.0
    for i in range(min(month, MONTHS_BACK)):
        won = won + PAST_MONTH(g.past_months, i).won
        posts = posts + PAST_MONTH(g.past_months, i).posts
    return full_quota(won, posts, length, phase_of(a).quota_ambition)


@jit
def _ask(a: int, p: int, part: float) -> None:
    g = GLOBALS(a, 0)
    person = PERSON(g.persons, p)
    person.attained = 0.0
    person.quota_part = part
    person.quota = g.quota_full * person.share * part


@jit
def welcome(a: int, p: int) -> None:
    """Somebody starts within a period: a quota in proportion to what is left of it."""
    g = GLOBALS(a, 0)
    if g.quota_running > 0 and g.now < g.quota_ends:
        _ask(a, p, (g.quota_ends - g.now) / (g.quota_ends - g.quota_began))


@jit
def month_ends(a: int, month: int) -> None:
    """A calendar month ends, and perhaps a period."""
    g = GLOBALS(a, 0)
    posts = 0.0
    left = count_people(a, REPS)
    seat = 0
    while left > 0:
        p = person_at(a, REPS, seat)
        if p >= 0:
            posts = posts + PERSON(g.persons, p).share
            left -= 1
        seat += 1
    past = PAST_MONTH(g.past_months, month % MONTHS_BACK)
    past.won = g.month_won
    past.posts = posts
    g.month_won = 0.0
    if g.quota_running > 0 and g.now + 1 >= g.quota_ends and phase_of(a).quota_months > 0:
        _settle(a, month)
    at(a, g.now + 1, C.R_QUOTA, PERIOD, month + 1, C.WHAT_MONTH_BEGINS, month + 1)


@jit
def _settle(a: int, month: int) -> None:
    """The period is over: who has met the quota gets the bonus."""
    g = GLOBALS(a, 0)
    left = count_people(a, REPS)
    seat = 0
    while left > 0:
        p = person_at(a, REPS, seat)
        seat += 1
        if p < 0:
            continue
        left -= 1
        person = PERSON(g.persons, p)
        if person.quota <= 0.0:
            continue
        note_firm(a, C.K_QUOTA, NONE, C.TEAM_SALES, number_of(a, p), NONE, month, NAN, person.attained / person.quota,
                  int(person.quota + 0.5))  # fmt: skip
        bonus = int(phase_of(a).bonus * person.share * person.quota_part + 0.5)
        if person.attained >= person.quota and bonus > 0:
            note_firm(a, C.K_BONUS, NONE, C.TEAM_SALES, number_of(a, p), NONE, month, NAN, NAN, bonus)


# --- push -----------------------------------------------------------------------------------------------------


@jit
def push_begins(a: int, month: int) -> None:
    """The last days of the period: which deals that would be decided later will be asked for now."""
    g = GLOBALS(a, 0)
    phase = phase_of(a)
    if phase.pull_probability <= 0.0:
        return
    for x in range(g.n_cases):
        n = CASE(g.cases, x).need
        need = NEED(g.needs, n)
        if need.case != x or need.stage != C.S_OPPORTUNITY or need.closed != 0 or need.decision_at < g.quota_ends:
            continue
        late = (worked(a, need.decision_at) - worked(a, g.quota_ends)) / g.day_length
        i = MONTHS_PER_NEED * need.number + month
        chance = pull_chance(late, phase.pull_probability, phase.pull_days)
        if uniform(g.key, need.account, C.P_PUSH, i) >= chance:
            continue
        u = uniform(g.key, need.account, C.P_PUSH_TIME, i)
        time = finish(a, int(u * (g.push_days * g.day_length)) + 1)
        at(a, time, C.R_PUSH, need.account, need.number, C.WHAT_PUSH, x)


@jit
def push(a: int, x: int) -> None:
    """A rep asks for the decision now, if it still matters and the buyer has heard enough."""
    g = GLOBALS(a, 0)
    case = CASE(g.cases, x)
    need = NEED(g.needs, case.need)
    phase = phase_of(a)
    if need.closed != 0 or case.in_meeting != 0 or case.owner == NONE or phase.pull_probability <= 0.0:
        return
    person = PERSON(g.persons, case.owner)
    if person.on_roll == 0 or case.meeting < PHASE(g.phases, case.phase).pushable_from:
        return
    if not pushes(person.attained, person.quota, float(priced(need.deal, phase.price)), phase.give_up):
        return
    ask_early(a, x, phase.discount if phase.discount > phase.discount_authority else phase.discount_authority)
    if phase.goodwill_per_push > 0.0:
        left = goodwill_now(a, phase.goodwill_rate)
        add_goodwill(a, -(phase.goodwill_per_push if phase.goodwill_per_push < left else left))
