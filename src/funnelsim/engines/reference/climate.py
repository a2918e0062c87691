"""The climate between the teams: alignment, conflict, what marketing learns, its lead bar and its budget.

All of it is firm-wide. It is looked at anew in a review at 00:00 of the first day of each calendar month, and when the
plan changes; between, the rest of the model reads the values in force from here.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from simpy.events import Event

from funnelsim.events import DAY, HOUR, Kind, Lever, Rank, Team
from funnelsim.rules.alignment import (
    at_level,
    bar_given,
    best_targeting,
    budget_of,
    conflict_after,
    faded,
    imbalance,
    learned,
    moved_level,
    pace,
    promised_hours,
    share_of,
)
from funnelsim.rules.reach import attention
from funnelsim.scenario.lowered import LEVER_OF, Effect

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm
    from funnelsim.scenario.lowered import Phase

DEFINED = 1
"""Level at which alignment changes nothing."""
NO_BUDGET = -1
YEAR_OF_QUARTERS = 4
OF_BOTH = (Effect.MEETING_HOURS, Effect.DISPUTE_HOURS, Effect.TOOL_HOURS)
"""Hours that alignment takes from both teams."""


class Climate:
    """Values in force, and what they are made from.

    Attributes
    ----------
    marketing_pace, sales_pace : float
        Working speed, relative to level defined without conflict.
    consistency : float
        Factor on the strength of a touch that follows one of the other team.
    visibility : float
        Chance that the next owner of a case sees its history.
    tools : float
        Factor on the strength of sales' touches.
    score_noise, lead_bar : float
        Noise of the score, and the bar at which marketing hands over, sd.
    approval : float
        Factor on the time for approval.
    preference : float
        Shift of the reps' readiness to work marketing leads, log-odds.
    promise : int
        Working microseconds within which sales promises to work a marketing lead; 0: no promise.
    money_per_day : float
        Programme money, cents.
    attention_fit, attention_unfit : float
        Intensity that falls on accounts that fit and that do not, relative to untargeted buying.
    """

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        phase = firm.phase
        self.levels = list(phase.levers)
        self.targeting = phase.targeting
        self.conflict = 0.0
        self.bar_drop = 0.0
        self.budget = NO_BUDGET
        self.reviewed = firm.env.now
        self.handed = self.worked = self.unworked = self.rejected = 0
        """Marketing leads: handed over this quarter; first worked, never worked and found not to fit this month."""
        self.billed = 0
        self.quarters: list[int] = []
        """What the last four full quarters billed, cents."""
        self.renew()

    def begin(self) -> None:
        """Start the reviews."""
        self.firm.env.start(self._reviews())

    # -- values in force ---------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Work out the values in force from levels, conflict, targeting and the plan."""
        phase = self.firm.phase
        self.lead_bar = phase.lead_bar - (self.bar_drop if phase.lead_target > 0.0 else 0.0)
        self.money_per_day = self._budget_now(phase) / 365.0 if self.budget != NO_BUDGET else phase.money_per_day
        self.renew_attention()
        self._renew_metrics(phase)
        self._renew_hours(phase)
        if not phase.alignment_on:
            self.consistency, self.visibility = phase.consistency, phase.visibility
            self.tools = self.approval = self.conflict_half_life = 1.0
            self.score_noise = phase.score_noise
            self.licence = 0.0
            self.promise = 0
            return
        usual = phase.effects[Effect.CONSISTENCY][DEFINED]
        self.consistency = phase.consistency * (self.at(Effect.CONSISTENCY) / usual)
        self.visibility = self.at(Effect.VISIBILITY)
        self.tools = self.at(Effect.TOOLS)
        self.approval = self.at(Effect.APPROVAL)
        self.conflict_half_life = self.at(Effect.CONFLICT_HALF_LIFE)
        self.score_noise = phase.score_noise * self.at(Effect.NOISE)
        self.licence = self.at(Effect.LICENCE)
        level = self.levels[Lever.FOLLOW_UP_PROMISE]
        self.promise = int(promised_hours(level, phase.promise_aligned, phase.promise_integrated) * HOUR + 0.5)

    def at(self, effect: Effect) -> float:
        """Value of an effect at the present level of its lever."""
        return at_level(self.levels[LEVER_OF[effect]], *self.firm.phase.effects[effect])

    def renew_attention(self) -> None:
        """Whom marketing reaches follows from its targeting."""
        phase = self.firm.phase
        self.attention_fit = attention(self.targeting, phase.fit_share, True)
        self.attention_unfit = attention(self.targeting, phase.fit_share, False) * phase.unfit_reach

    def _budget_now(self, phase: Phase) -> int:
        return min(self.budget, phase.budget_most)

    def _renew_metrics(self, phase: Phase) -> None:
        """What marketing is rewarded for, what it learns, and how gladly reps work its leads."""
        grudge = phase.conflict_preference * self.conflict
        if phase.alignment_on:
            self.preference = self.at(Effect.PREFERENCE) - grudge
            self.revenue_weight = self.at(Effect.REVENUE_WEIGHT)
            learning = self.at(Effect.LEARNING)
            metrics, programmes = self.levels[Lever.SHARED_METRICS], self.levels[Lever.JOINT_PROGRAMMES]
            self.most = best_targeting(phase.targeting_most, phase.sameness, metrics, programmes)
        else:
            self.preference = 0.0 - grudge
            self.revenue_weight = phase.effects[Effect.REVENUE_WEIGHT][DEFINED]
            learning = phase.effects[Effect.LEARNING][DEFINED]
            self.most = phase.targeting_most
        self.learning = learning * phase.learning_ratio if phase.feedback else 0.0

    def _renew_hours(self, phase: Phase) -> None:
        """Alignment takes hours from both teams, conflict makes marketers slower."""
        both = usual = 0.0
        joint = usual_joint = definition = usual_definition = 0.0
        if phase.alignment_on:
            for effect in OF_BOTH:
                both = both + self.at(effect)
                usual = usual + phase.effects[effect][DEFINED]
            joint, usual_joint = self.at(Effect.JOINT_HOURS), phase.effects[Effect.JOINT_HOURS][DEFINED]
            definition = self.at(Effect.DEFINITION_HOURS)
            usual_definition = phase.effects[Effect.DEFINITION_HOURS][DEFINED]
        effort = phase.conflict_effort
        self.marketing_pace = pace(both + definition, usual + usual_definition, effort, self.conflict)
        self.sales_pace = pace(both + joint, usual + usual_joint, 0.0, self.conflict)

    # -- the plan changes --------------------------------------------------------------------------------------------

    def phase_changed(self, before: Phase) -> None:
        """A dated change: levers that move at once move, what the plan sets anew begins anew."""
        firm = self.firm
        after = firm.phase
        firm.marketing.accrue()
        for lever, planned in enumerate(after.levers):
            if not after.alignment_on:
                self.levels[lever] = planned
            elif at_level(planned, *after.change_over) <= 0.0:
                self._move(lever, planned)
        if not after.targeting_learns:
            self.targeting = after.targeting
        elif after.targeting != before.targeting:
            self._aim(after.targeting)
        if not after.budget_by_revenue:
            self.budget = NO_BUDGET
        if not after.conflict_on:
            self.conflict = 0.0
        self.renew()

    def _move(self, lever: int, level: float) -> None:
        if level != self.levels[lever]:
            self.levels[lever] = level
            self.firm.note(Kind.ALIGNMENT, item=lever, value=level)

    # -- reviews -----------------------------------------------------------------------------------------------------

    def _reviews(self) -> Generator[Event, None, None]:
        """Process: a review at the beginning of each calendar month."""
        for number, (time, elapsed) in enumerate(self.firm.lowered.months):
            yield self.firm.env.until(time, Rank.REVIEW, 0, number)
            self.review(number, elapsed)

    def review(self, number: int, elapsed: float) -> None:
        """Look at the past month, and at the quarter when a new one begins (`elapsed` is 0 then)."""
        firm = self.firm
        phase = firm.phase
        days = (firm.env.now - self.reviewed) / DAY
        self.reviewed = firm.env.now
        before = self.targeting
        if elapsed == 0.0:
            self._new_quarter(number)
        if number > 0:
            if phase.alignment_on:
                for lever, planned in enumerate(phase.levers):
                    months = at_level(planned, *phase.change_over)
                    self._move(lever, moved_level(self.levels[lever], planned, months))
            if phase.conflict_on:
                self._count_conflict(days)
            if phase.targeting_learns:
                self._learn(days)
        drop = bar_given(self.handed, phase.lead_target, elapsed, phase.bar_give, self.revenue_weight)
        if drop != self.bar_drop:
            self.bar_drop = drop
            firm.note(Kind.BAR, value=phase.lead_bar - drop)
        self.worked = self.unworked = self.rejected = 0
        self.renew()
        if self.targeting != before:
            firm.marketing.renew_all_reach()
        self._pay_for_tools()

    def _new_quarter(self, number: int) -> None:
        """Leads are counted anew; a budget that follows revenue is set for the quarter."""
        firm = self.firm
        phase = firm.phase
        self.handed = 0
        if number > 0:
            self.quarters = [self.billed, *self.quarters][:YEAR_OF_QUARTERS]
        self.billed = 0
        if not phase.budget_by_revenue or not self.quarters:
            return
        billed = sum(self.quarters)
        firm.marketing.accrue()
        self.budget = budget_of(billed, len(self.quarters), phase.budget_share, phase.budget_most)
        firm.note(Kind.BUDGET, team=Team.MARKETING, amount=self.budget)

    def _count_conflict(self, days: float) -> None:
        firm = self.firm
        phase = firm.phase
        sellers = firm.sales.reps.posts() + firm.sales.sdrs.posts()
        self.conflict = conflict_after(
            self.conflict,
            phase.conflict_rate / self.conflict_half_life,
            days,
            imbalance(sellers, firm.marketing.crew.posts(), phase.conflict_tolerated),
            phase.conflict_imbalance,
            share_of(self.unworked, self.unworked + self.worked),
            phase.conflict_unworked,
            share_of(self.rejected, self.worked),
            phase.conflict_rejected,
        )
        firm.note(Kind.CONFLICT, value=self.conflict)

    def _learn(self, days: float) -> None:
        """Reps who worked marketing leads say what they were like; meanwhile markets move."""
        phase = self.firm.phase
        after = self.targeting
        if self.worked > 0:
            after = learned(after, self.most, self.learning)
        self._aim(faded(after, phase.targeting, phase.targeting_rate, days))

    def _aim(self, targeting: float) -> None:
        if targeting != self.targeting:
            self.targeting = targeting
            self.firm.note(Kind.TARGETING, team=Team.MARKETING, value=targeting)

    def _pay_for_tools(self) -> None:
        """Licences of the shared record for the coming month, for everyone on the roll."""
        firm = self.firm
        sales = firm.sales
        people = (len(firm.marketing.crew.people()), len(sales.reps.people()) + len(sales.sdrs.people()))
        for team, heads in zip((Team.MARKETING, Team.SALES), people, strict=True):
            amount = int(self.licence * heads * 100.0 / 12.0 + 0.5)
            if amount > 0:
                firm.note(Kind.TOOLS_COST, team=team, amount=amount)

    # -- what happens between reviews --------------------------------------------------------------------------------

    def research(self, gain: float) -> None:
        """Market research comes in: targeting goes part of the way to the best that can be reached."""
        if gain <= 0.0 or not self.firm.phase.targeting_learns:
            return
        before = self.targeting
        self._aim(learned(before, self.most, gain))
        if self.targeting != before:
            self.renew_attention()
            self.firm.marketing.renew_all_reach()

    def bill(self, amount: int) -> None:
        """Count what customers are billed, cents."""
        self.billed += amount
