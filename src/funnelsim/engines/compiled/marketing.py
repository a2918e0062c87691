"""Marketing: people make programmes, programmes make reach; as `engines.reference.marketing`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.calendar import at, sequence_of
from funnelsim.engines.compiled.climate import research
from funnelsim.engines.compiled.desk import release, request
from funnelsim.engines.compiled.draws import acceptance, found
from funnelsim.engines.compiled.firm import (
    NAN,
    NO_AMOUNT,
    add_content,
    add_goodwill,
    content_now,
    note_firm,
    number_of,
    phase_of,
    touchpoint_of,
)
from funnelsim.engines.compiled.layout import (
    CLIMATE,
    GLOBALS,
    KIND,
    MOMENT,
    NEVER,
    NONE,
    PROGRAMME,
    WEEK,
)
from funnelsim.engines.compiled.market import make_room_for
from funnelsim.engines.compiled.people import (
    MARKETERS,
    desk_hours,
    finish_of,
    incumbent_of,
    posts,
    role_of,
    seat_entity,
)
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.room import make_room
from funnelsim.engines.reference.marketing import BACKLOG_WEEKS
from funnelsim.events import DAY, HOUR


@jit
def renew_all_reach(a: int) -> None:
    """Reach of every kind follows from what is live and the present phase."""
    for code in range(GLOBALS(a, 0).n_moments):
        _renew_reach(a, code)
    expect_reach(a)


@jit
def forget_spending(a: int) -> None:
    """A new mix starts from nothing spent."""
    g = GLOBALS(a, 0)
    for code in range(g.n_moments):
        KIND(g.kinds, code).spent = 0


# --- planning -------------------------------------------------------------------------------------------------


@jit
def accrue(a: int) -> None:
    """Programme money comes in day by day."""
    g = GLOBALS(a, 0)
    g.allowance = g.allowance + CLIMATE(g.climate, 0).money_per_day * ((g.now - g.allowance_time) / DAY)
    g.allowance_time = g.now


@jit
def plan_week(a: int, row: int) -> None:
    """When the first working day of a week begins, launch what money and hours allow."""
    g = GLOBALS(a, 0)
    week = WEEK(g.weeks, row)
    if row + 1 < g.n_weeks:
        at(a, WEEK(g.weeks, row + 1).time, C.R_PLANNING, 0, 0, C.WHAT_PLANNING, row + 1)
    climate = CLIMATE(g.climate, 0)
    accrue(a)
    if week.quarter != g.quarter:
        # What a quarter leaves unspent is lost, but for the price of the next programme.
        g.quarter = week.quarter
        code = _furthest_below(a)
        keep = 7.0 * climate.money_per_day
        if code != NONE:
            keep = float(touchpoint_of(a, code).money) + keep
        if keep < g.allowance:
            g.allowance = keep
    heads = posts(a, MARKETERS)
    if heads <= 0.0:
        return
    week_hours = week.worked / HOUR * role_of(a, MARKETERS).productive_share
    room = BACKLOG_WEEKS * week_hours * heads * climate.marketing_pace
    while True:
        code = _furthest_below(a)
        if code == NONE:
            return
        touchpoint = touchpoint_of(a, code)
        # One may always wait, however large, so that nobody is idle for want of a smaller one.
        fits = g.backlog_hours + touchpoint.hours <= room or g.backlog_hours == 0.0
        if touchpoint.money > g.allowance or not fits or g.failure != 0:
            return
        _launch(a, code)


@jit
def _furthest_below(a: int) -> int:
    g = GLOBALS(a, 0)
    spent = 0
    for code in range(g.n_moments):
        spent += KIND(g.kinds, code).spent
    best = NONE
    best_gap = 0.0
    for code in range(g.n_moments):
        touchpoint = touchpoint_of(a, code)
        if touchpoint.mix <= 0.0:
            continue
        gap = touchpoint.mix * (spent + touchpoint.money) - KIND(g.kinds, code).spent
        if best == NONE or gap > best_gap:
            best = code
            best_gap = gap
    return best


@jit
def _launch(a: int, code: int) -> None:
    g = GLOBALS(a, 0)
    if not make_room(a):  # a week may see any number of launches
        return
    touchpoint = touchpoint_of(a, code)
    number = g.n_programmes
    g.n_programmes = number + 1
    g.allowance = g.allowance - touchpoint.money
    KIND(g.kinds, code).spent += touchpoint.money
    g.backlog_hours = g.backlog_hours + touchpoint.hours
    note_firm(a, C.K_PROGRAMME_LAUNCHED, code, C.TEAM_MARKETING, NONE, NONE, number, NAN, touchpoint.hours,
              touchpoint.money)  # fmt: skip
    programme = PROGRAMME(g.programmes, number)
    programme.code = code
    programme.queued = g.now
    programme.live = touchpoint.live
    programme.hours = touchpoint.hours
    programme.goodwill = touchpoint.goodwill
    programme.content = touchpoint.content
    programme.targeting = touchpoint.targeting
    request(a, MARKETERS, C.WORK_PROGRAMME, number, 0, number, NONE, NEVER, 0, 0)


# --- programmes -----------------------------------------------------------------------------------------------


@jit
def programme_begins(a: int, number: int, t: int, p: int) -> None:
    """A marketer begins to make a programme."""
    g = GLOBALS(a, 0)
    programme = PROGRAMME(g.programmes, number)
    left = g.backlog_hours - programme.hours
    g.backlog_hours = left if left > 1e-9 else 0.0
    taken = desk_hours(a, p, programme.hours)
    note_firm(a, C.K_TASK, programme.code, C.TEAM_MARKETING, number_of(a, p), NONE, number, taken,
              (g.now - programme.queued) / DAY, NO_AMOUNT)  # fmt: skip
    at(a, finish_of(a, taken), C.R_TASK_END, seat_entity(a, p), incumbent_of(a, p), C.WHAT_TASK_END, t)


@jit
def programme_made(a: int, number: int, p: int) -> None:
    """A programme is made; it goes live when it is approved."""
    g = GLOBALS(a, 0)
    release(a, MARKETERS, p)
    approval = int(phase_of(a).approval * CLIMATE(g.climate, 0).approval + 0.5)
    at(a, g.now + approval, C.R_PROGRAMME, number, 0, C.WHAT_PROGRAMME, number)


@jit
def programme_moves_on(a: int, number: int) -> None:
    """A programme goes live, wears out, or ends."""
    g = GLOBALS(a, 0)
    programme = PROGRAMME(g.programmes, number)
    code = programme.code
    kind = KIND(g.kinds, code)
    step = sequence_of(g.event_key)
    half = programme.live // 2
    if step == 0:
        kind.fresh += 1
        _log_reach(a, C.K_PROGRAMME_LIVE, code, number)
        add_content(a, programme.content)
        search_finds(a)
        add_goodwill(a, programme.goodwill)
        if research(a, programme.targeting):
            renew_all_reach(a)
        at(a, g.now + half, C.R_PROGRAMME, number, 1, C.WHAT_PROGRAMME, number)
    elif step == 1:
        kind.fresh -= 1
        kind.worn += 1
        _log_reach(a, C.K_PROGRAMME_WORN, code, number)
        at(a, g.now + programme.live - half, C.R_PROGRAMME, number, 2, C.WHAT_PROGRAMME, number)
    else:
        kind.worn -= 1
        _log_reach(a, C.K_PROGRAMME_ENDED, code, number)


@jit
def _log_reach(a: int, kind: int, code: int, number: int) -> None:
    _renew_reach(a, code)
    note_firm(a, kind, code, C.TEAM_MARKETING, NONE, NONE, number, NAN, KIND(GLOBALS(a, 0).kinds, code).intensity,
              NO_AMOUNT)  # fmt: skip


@jit
def _renew_reach(a: int, code: int) -> None:
    g = GLOBALS(a, 0)
    climate = CLIMATE(g.climate, 0)
    touchpoint = touchpoint_of(a, code)
    kind = KIND(g.kinds, code)
    intensity = touchpoint.base_intensity
    if touchpoint.is_programme != 0:
        weight = kind.fresh + touchpoint.worn_strength * kind.worn
        intensity = intensity + touchpoint.intensity * weight
    kind.intensity = intensity
    kind.accept_unfit = acceptance(intensity * climate.attention_unfit)
    kind.accept_fit = acceptance(intensity * climate.attention_fit)
    if MOMENT(g.moments, code).by_search == 0:
        make_room_for(a, code, kind.accept_fit, kind.accept_unfit)


@jit
def search_finds(a: int) -> None:
    """The buyers' searches find what content there is now."""
    g = GLOBALS(a, 0)
    phase = phase_of(a)
    chance = found(content_now(a, phase.content_rate), phase.content_half_saturation)
    for code in range(g.n_moments):
        if MOMENT(g.moments, code).by_search != 0:
            make_room_for(a, code, chance, chance)


@jit
def expect_reach(a: int) -> None:
    """Deal moments from now on for what the present plan's money can keep live, so that bounds seldom rise later."""
    g = GLOBALS(a, 0)
    climate = CLIMATE(g.climate, 0)
    for code in range(g.n_moments):
        touchpoint = touchpoint_of(a, code)
        if touchpoint.is_programme != 0 and touchpoint.money > 0 and touchpoint.mix > 0.0:
            runs = 1.0 + touchpoint.mix * climate.money_per_day * (touchpoint.live / DAY) / touchpoint.money
            intensity = touchpoint.base_intensity + touchpoint.intensity * runs
            fit = acceptance(intensity * climate.attention_fit)
            unfit = acceptance(intensity * climate.attention_unfit)
            make_room_for(a, code, fit, unfit)
    search_finds(a)
