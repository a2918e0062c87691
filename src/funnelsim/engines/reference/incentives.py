"""Quotas of reps, their effort and their bonus, and the push for decisions at the end of a period."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from funnelsim.events import Kind, Rank, Team
from funnelsim.randomness import Purpose, uniform
from funnelsim.rules.incentives import effort, full_quota, priced, pull_chance, pushes

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm
    from funnelsim.engines.reference.opportunities import Case
    from funnelsim.engines.reference.people import Person

MONTHS_BACK = 12
"""Months over which the firm looks back to set a quota."""
FEWEST_MONTHS = 3
"""There is no quota before so many months are known."""
MONTHS_PER_NEED = 4096
PERIOD, PUSHES = 0, 1
"""Places in the order of the instant: beginning and end of a month; the day on which reps begin to push."""


class Quotas:
    """The running period and the past months; what each rep has attained stands with the person.

    The quota's period follows the calendar. It ends in the last microsecond of its last day, under the plan of that
    day; the next begins at 00:00 under the plan of then.
    """

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.months = firm.calendar.month_starts()
        self.past: list[list[float]] = [[0.0, 0.0] for _ in range(MONTHS_BACK)]
        """Cents won and full posts at the end of each of the last months, in a ring."""
        self.won = 0.0
        self.running = 0
        """Months of the running period; 0: there is none."""
        self.began = 0
        self.ends = firm.env.now
        self.full = 0.0
        """Quota of a full post in the running period, cents."""

    def begin(self) -> None:
        """The first month begins with the run."""
        self.firm.env.call_at(self.months[0], Rank.QUOTA, PERIOD, 0, lambda _: self._month_begins(0))

    # -- periods -----------------------------------------------------------------------------------------------------

    def _month_begins(self, month: int) -> None:
        firm = self.firm
        if firm.env.now >= self.ends:
            self.running = 0
            length = firm.phase.quota_months
            if length > 0 and firm.calendar.month_of(firm.env.now) % length == 0:
                self._period_begins(month, length)
        if month + 1 < len(self.months):
            last = self.months[month + 1] - 1
            firm.env.call_at(last, Rank.QUOTA, PERIOD, month, lambda _: self._month_ends(month))

    def _period_begins(self, month: int, length: int) -> None:
        firm = self.firm
        if month + length >= len(self.months):
            return
        self.running = length
        self.began, self.ends = self.months[month], self.months[month + length]
        self.full = self._full_quota(month, length)
        for person in firm.sales.reps.people():
            self._ask(person, 1.0)
        days = firm.calendar.working_days(self.began, self.ends)[-firm.phase.push_days :]
        if firm.phase.push_days > 0 and days:
            opens = firm.calendar.day_start(days[0])
            firm.env.call_at(opens, Rank.QUOTA, PUSHES, month, lambda _: self._push_begins(month, len(days)))

    def _full_quota(self, month: int, length: int) -> float:
        if month < FEWEST_MONTHS:
            return 0.0
        won = posts = 0.0
        for i in range(min(month, MONTHS_BACK)):
            won = won + self.past[i][0]
            posts = posts + self.past[i][1]
        return full_quota(won, posts, length, self.firm.phase.quota_ambition)

    def _ask(self, person: Person, part: float) -> None:
        """Set a rep's quota for this part of the period."""
        person.attained = 0.0
        person.quota_part = part
        person.quota = self.full * person.share * part

    def welcome(self, person: Person) -> None:
        """Somebody starts within a period: a quota in proportion to what is left of it."""
        now = self.firm.env.now
        if self.running > 0 and now < self.ends:
            self._ask(person, (self.ends - now) / (self.ends - self.began))

    def credit(self, person: Person | None, amount: int) -> None:
        """A deal has been won."""
        self.won = self.won + float(amount)
        if person is not None:
            person.attained = person.attained + float(amount)

    def _month_ends(self, month: int) -> None:
        firm = self.firm
        posts = 0.0
        for person in firm.sales.reps.people():
            posts = posts + person.share
        self.past[month % MONTHS_BACK] = [self.won, posts]
        self.won = 0.0
        if self.running > 0 and firm.env.now + 1 >= self.ends and firm.phase.quota_months > 0:
            self._settle(month)
        firm.env.call_at(firm.env.now + 1, Rank.QUOTA, PERIOD, month + 1, lambda _: self._month_begins(month + 1))

    def _settle(self, month: int) -> None:
        """The period is over: who has met the quota gets the bonus."""
        firm = self.firm
        for person in firm.sales.reps.people():
            if person.quota <= 0.0:
                continue
            firm.note(
                Kind.QUOTA,
                team=Team.SALES,
                person=person.number,
                item=month,
                value=person.attained / person.quota,
                amount=int(person.quota + 0.5),
            )
            bonus = int(firm.phase.bonus * person.share * person.quota_part + 0.5)
            if person.attained >= person.quota and bonus > 0:
                firm.note(Kind.BONUS, team=Team.SALES, person=person.number, item=month, amount=bonus)

    # -- effort ------------------------------------------------------------------------------------------------------

    def effort(self, person: Person) -> float:
        """Speed of a rep's work now."""
        phase = self.firm.phase
        if phase.quota_months == 0 or self.running == 0:
            return 1.0
        elapsed = (self.firm.env.now - self.began) / (self.ends - self.began)
        return effort(
            person.attained,
            person.quota,
            elapsed,
            phase.effort_gain,
            phase.effort_reach,
            phase.give_up,
            phase.give_up_left,
            phase.effort_loss,
        )

    # -- push --------------------------------------------------------------------------------------------------------

    def _push_begins(self, month: int, days: int) -> None:
        """The last days of the period: which deals that would be decided later will be asked for now."""
        firm = self.firm
        phase, calendar = firm.phase, firm.calendar
        if phase.pull_probability <= 0.0:
            return
        for case in list(firm.sales.opportunities.running):
            need = case.need
            if need.decision_at < self.ends:
                continue
            late = calendar.between(self.ends, need.decision_at) / calendar.day_length
            n = MONTHS_PER_NEED * need.number + month
            chance = pull_chance(late, phase.pull_probability, phase.pull_days)
            if uniform(firm.key, need.account, Purpose.PUSH, n) >= chance:
                continue
            u = uniform(firm.key, need.account, Purpose.PUSH_TIME, n)
            time = calendar.finish(firm.env.now, int(u * (days * calendar.day_length)) + 1)
            firm.env.call_at(time, Rank.PUSH, need.account, need.number, partial(self._push, case))

    def _push(self, case: Case, _: object) -> None:
        """A rep asks for the decision now, if it still matters and the buyer has heard enough."""
        firm, need = self.firm, case.need
        phase = firm.phase
        owner = case.owner
        if need.closed or case.in_meeting or owner is None or not owner.on_roll or phase.pull_probability <= 0.0:
            return
        person = owner.person
        price = float(priced(need.deal, phase.price))
        if case.meeting < case.pushable_from or not pushes(person.attained, person.quota, price, phase.give_up):
            return
        discount = phase.discount if phase.discount > phase.discount_authority else phase.discount_authority
        firm.sales.opportunities.ask_early(case, discount)
        if phase.goodwill_per_push > 0.0:
            left = firm.goodwill.at(firm.env.now, phase.goodwill_rate)
            firm.add_goodwill(-(phase.goodwill_per_push if phase.goodwill_per_push < left else left))
