"""Marketing: people make programmes, programmes make reach."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from funnelsim.engines.reference.people import Crew
from funnelsim.events import DAY, HOUR, Kind, Rank, Role, Team
from funnelsim.rules.reach import acceptance

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm
    from funnelsim.scenario.lowered import LoweredProgramme, Phase

BACKLOG_WEEKS = 2.0
"""Weeks of work that wait for marketers, beside what they have in hand (assumption)."""
WEEK = 7 * DAY


class Marketing:
    """Marketers, programme money, live programmes."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.crew = Crew(firm, Role.MARKETER, lambda: firm.phase.marketers)
        size = len(firm.phase.touchpoints)
        self.live: list[list[int]] = [[0, 0] for _ in range(size)]
        """Fresh and worn programmes of each kind."""
        self.intensity = [0.0] * size
        self.acceptance = [0.0] * (2 * size)
        """Chance that a candidate moment becomes a touch, per kind: for accounts that do not fit, and that do."""
        self.spent = [0] * size
        self.allowance = 0.0
        self.allowance_time = firm.env.now
        self.quarter = -1
        self.backlog_hours = 0.0
        self.launched = 0

    def begin(self) -> None:
        """Staff the team and start its weekly planning."""
        self.crew.staff(established=True)
        self.renew_all_reach()
        self.firm.env.start(self._plan_weekly())

    def phase_changed(self, before: Phase) -> None:
        """New heads, money, mix or reach take effect."""
        if self.firm.phase.mix != before.mix:
            self.spent = [0] * len(self.spent)
        self.crew.staff(established=False)
        self.renew_all_reach()

    # -- planning ----------------------------------------------------------------------------------------------------

    def _plan_weekly(self) -> Generator[Event, None, None]:
        """Process: each week, when the first working day begins, launch what money and hours allow."""
        firm = self.firm
        env, calendar = firm.env, firm.calendar
        day = calendar.day_of(env.now)
        first_monday = day + (-calendar.date_of(env.now).weekday()) % 7
        week = first_monday
        while True:
            yield env.until(calendar.day_start(week), Rank.PLANNING, 0, 0)
            self._launch_what_fits()
            week += 7

    def accrue(self) -> None:
        """Programme money comes in day by day."""
        now = self.firm.env.now
        self.allowance = self.allowance + self.firm.climate.money_per_day * ((now - self.allowance_time) / DAY)
        self.allowance_time = now

    def _launch_what_fits(self) -> None:
        """Launch the kind furthest below its share, again and again, while money and hours allow."""
        firm = self.firm
        phase = firm.phase
        self.accrue()
        quarter = firm.calendar.quarter_of(firm.env.now)
        if quarter != self.quarter:
            # What a quarter leaves unspent is lost, but for the price of the next programme.
            self.quarter = quarter
            code = self._furthest_below()
            keep = 7.0 * firm.climate.money_per_day
            if code is not None:
                keep = float(self._programme(code).money) + keep
            self.allowance = self.allowance if self.allowance < keep else keep
        heads = self.crew.posts()
        if heads <= 0.0:
            return
        week_hours = firm.calendar.between(firm.env.now, firm.env.now + WEEK) / HOUR * phase.marketers.productive_share
        room = BACKLOG_WEEKS * week_hours * heads * firm.climate.marketing_pace
        while True:
            code = self._furthest_below()
            if code is None:
                return
            programme = self._programme(code)
            # One may always wait, however large, so that nobody is idle for want of a smaller one.
            fits = self.backlog_hours + programme.hours <= room or self.backlog_hours == 0.0
            if programme.money > self.allowance or not fits:
                return
            self._launch(code, programme)

    def _programme(self, code: int) -> LoweredProgramme:
        programme = self.firm.phase.touchpoints[code].programme
        assert programme is not None
        return programme

    def _furthest_below(self) -> int | None:
        """The kind whose spending would stay furthest below its share of the money (ties: first in the catalogue)."""
        best, best_gap = None, 0.0
        total = 0
        for cents in self.spent:
            total += cents
        for code, share in enumerate(self.firm.phase.mix):
            if share <= 0.0:
                continue
            gap = share * (total + self._programme(code).money) - self.spent[code]
            if best is None or gap > best_gap:
                best, best_gap = code, gap
        return best

    def _launch(self, code: int, programme: LoweredProgramme) -> None:
        firm = self.firm
        number = self.launched
        self.launched += 1
        self.allowance = self.allowance - programme.money
        self.spent[code] += programme.money
        self.backlog_hours = self.backlog_hours + programme.hours
        firm.note(
            Kind.PROGRAMME_LAUNCHED,
            touchpoint=code,
            team=Team.MARKETING,
            item=number,
            value=programme.hours,
            amount=programme.money,
        )
        firm.env.start(self._programme_life(code, programme, number))

    # -- programmes --------------------------------------------------------------------------------------------------

    def _programme_life(self, code: int, programme: LoweredProgramme, number: int) -> Generator[Event, Any, None]:
        """Process: made by a marketer, approved, live, worn, over."""
        firm, env, crew = self.firm, self.firm.env, self.crew
        queued = env.now
        worker = yield crew.desk.request(0, number)
        left = self.backlog_hours - programme.hours
        self.backlog_hours = left if left > 1e-9 else 0.0
        finish, desk_hours = crew.finish(worker.person, programme.hours)
        firm.note(
            Kind.TASK,
            touchpoint=code,
            team=Team.MARKETING,
            person=worker.number,
            item=number,
            hours=desk_hours,
            value=(env.now - queued) / DAY,
        )
        yield env.until(finish, Rank.TASK_END, crew.entity(worker.seat), worker.person.incumbent)
        crew.desk.release(worker)
        approval = int(firm.phase.approval * firm.climate.approval + 0.5)
        yield env.until(env.now + approval, Rank.PROGRAMME, number, 0)
        self._live(code, Kind.PROGRAMME_LIVE, number, +1, 0)
        firm.add_content(programme.content)
        firm.add_goodwill(programme.goodwill)
        firm.climate.research(programme.targeting)
        half = programme.live // 2
        yield env.until(env.now + half, Rank.PROGRAMME, number, 1)
        self._live(code, Kind.PROGRAMME_WORN, number, -1, +1)
        yield env.until(env.now + programme.live - half, Rank.PROGRAMME, number, 2)
        self._live(code, Kind.PROGRAMME_ENDED, number, 0, -1)

    def _live(self, code: int, kind: Kind, number: int, fresh: int, worn: int) -> None:
        self.live[code][0] += fresh
        self.live[code][1] += worn
        self._renew_reach(code)
        self.firm.note(kind, touchpoint=code, team=Team.MARKETING, item=number, value=self.intensity[code])

    def renew_all_reach(self) -> None:
        """Reach of every kind follows from what is live, the present phase and targeting."""
        for code in range(len(self.intensity)):
            self._renew_reach(code)

    def _renew_reach(self, code: int) -> None:
        phase, climate = self.firm.phase, self.firm.climate
        touchpoint = phase.touchpoints[code]
        fresh, worn = self.live[code]
        intensity = touchpoint.base_intensity
        if touchpoint.programme is not None:
            weight = fresh + touchpoint.programme.worn_strength * worn
            intensity = intensity + touchpoint.programme.intensity * weight
        if intensity > self.firm.lowered.intensity_bounds[code]:
            raise AssertionError(f"intensity {intensity} of {touchpoint.name} exceeds its bound; please report this")
        self.intensity[code] = intensity
        self.acceptance[2 * code] = acceptance(intensity * climate.attention_unfit)
        self.acceptance[2 * code + 1] = acceptance(intensity * climate.attention_fit)
