"""What everyone in the model shares: the clock, the log, the present phase and the firm-wide stocks."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from funnelsim.engines.reference.climate import Climate
from funnelsim.engines.reference.deck import Deck, Traits
from funnelsim.engines.reference.environment import Environment
from funnelsim.engines.reference.log import LogBuilder
from funnelsim.events import DAY, NO_AMOUNT, NO_CODE, Kind, Product, Stage, Team
from funnelsim.randomness import Purpose, run_key, uniform
from funnelsim.rules.alignment import aided
from funnelsim.rules.qualification import updated_belief
from funnelsim.rules.rivals import rival_edge, rival_trust, to_rival
from funnelsim.rules.trust import decayed, entry_trust, heard, left_after, tired, total, touched
from funnelsim.scenario.lowered import Lowered, Phase

if TYPE_CHECKING:
    from funnelsim.engines.reference.customers import Customers
    from funnelsim.engines.reference.incentives import Quotas
    from funnelsim.engines.reference.market import Market
    from funnelsim.engines.reference.marketing import Marketing
    from funnelsim.engines.reference.opportunities import Case
    from funnelsim.engines.reference.sales import Sales
    from funnelsim.engines.reference.site import Site


class Stock:
    """A stock that jumps and decays: (value, time of last change). Reading it never writes it."""

    __slots__ = ("time", "value")

    def __init__(self, value: float, time: int) -> None:
        self.value = value
        self.time = time

    def at(self, now: int, rate: float) -> float:
        """Level at `now` under decay `rate` per day."""
        return decayed(self.value, rate, (now - self.time) / DAY)

    def write(self, value: float, now: int) -> None:
        """Set the level at `now` (a jump, or a change of rate)."""
        self.value = value
        self.time = now


class Need:
    """An account in market: its traits, its trust, and where it is in the funnel."""

    __slots__ = (
        "account", "asked", "asks_at", "brand", "carts", "case", "cases", "closed", "deal", "decision_at", "discount",
        "fits", "handed", "in_cart", "known", "known_at", "last_team", "left_at", "liking", "mails", "mails_stamp",
        "number", "opened", "product", "recent", "recent_stamp", "relationship", "rounds", "score_z", "stage", "stamp",
        "stopped", "threshold", "unsubscribed", "window_end",
    )  # fmt: skip

    def __init__(self, account: int, number: int, now: int, traits: Traits) -> None:
        self.account = account
        self.number = number
        self.opened = now
        self.fits = traits.fits
        self.threshold = traits.threshold
        self.asks_at = traits.asks_at
        self.deal = traits.deal
        self.discount = 0.0
        self.product: int = Product.CORE
        self.liking = traits.liking
        self.score_z = traits.score_z
        self.window_end = now + traits.window
        self.brand = 0.0
        self.relationship = 0.0
        self.stamp = now
        self.recent = 0.0
        self.recent_stamp = now
        self.stage: int = Stage.PROSPECT
        self.known = False
        self.known_at = now
        self.last_team: int = NO_CODE
        self.mails = 0.0
        self.mails_stamp = now
        self.unsubscribed = False
        self.rounds = 0
        self.carts = 0
        self.in_cart = False
        self.left_at = now
        self.asked = False
        self.handed = False
        self.case: Case | None = None
        self.cases = 0
        self.closed = False
        self.stopped = False
        self.decision_at = now


class Firm:
    """Shared state of a run.

    Parameters
    ----------
    lowered : Lowered
        The scenario as engines see it.
    seed, replication : int
        Address of the run's randomness.
    """

    market: Market
    marketing: Marketing
    sales: Sales
    customers: Customers
    quotas: Quotas
    site: Site

    def __init__(self, lowered: Lowered, seed: int, replication: int) -> None:
        self.lowered = lowered
        self.key = run_key(seed, replication)
        self.env = Environment(lowered.start, lowered.end)
        self.calendar = lowered.calendar
        self.log = LogBuilder()
        self.deck = Deck(self.key, lowered)
        self.phase: Phase = lowered.phases[0]
        self.goodwill = Stock(lowered.goodwill_start, lowered.start)
        self.content = Stock(lowered.content_start, lowered.start)
        self.belief = lowered.belief_start
        self.climate = Climate(self)
        self.reviews = 0.0
        self.needs_address = [t.known_only for t in self.phase.touchpoints]
        self.by_search = [t.found_by_search for t in self.phase.touchpoints]

    # -- log -------------------------------------------------------------------------------------------------------

    def note(
        self,
        kind: Kind,
        need: Need | None = None,
        *,
        account: int = NO_CODE,
        touchpoint: int = NO_CODE,
        team: int = NO_CODE,
        person: int = NO_CODE,
        source: int = NO_CODE,
        item: int = NO_CODE,
        hours: float = nan,
        value: float = nan,
        amount: int = NO_AMOUNT,
    ) -> None:
        """Write one row to the event log."""
        now = self.env.now
        if need is None:
            self.log.write(
                now,
                kind,
                account,
                NO_CODE,
                NO_CODE,
                touchpoint,
                team,
                person,
                source,
                item,
                hours,
                nan,
                nan,
                value,
                amount,
            )
            return
        brand, relationship = self.trust(need)
        self.log.write(
            now,
            kind,
            need.account,
            need.number,
            need.stage,
            touchpoint,
            team,
            person,
            source,
            item,
            hours,
            brand,
            relationship,
            value,
            amount,
        )

    # -- trust -----------------------------------------------------------------------------------------------------

    def trust(self, need: Need) -> tuple[float, float]:
        """Brand and relationship trust of an account now (reading changes nothing)."""
        days = (self.env.now - need.stamp) / DAY
        phase = self.phase
        return decayed(need.brand, phase.brand_rate, days), decayed(need.relationship, phase.relationship_rate, days)

    def total_trust(self, need: Need) -> float:
        """Total trust of an account now."""
        return total(*self.trust(need))

    def touch(self, need: Need, code: int, person: int, item: int, strength: float) -> None:
        """A touch reaches the account: trust jumps, the log gets a row."""
        phase = self.phase
        now = self.env.now
        brand, relationship = self.trust(need)
        kind = phase.touchpoints[code]
        if kind.team == Team.SALES:
            strength = aided(strength, self.climate.tools)
        if phase.fatigue > 0.0:
            recent = decayed(need.recent, phase.fatigue_rate, (now - need.recent_stamp) / DAY)
            strength = tired(strength, phase.fatigue, recent)
            need.recent = recent + 1.0
            need.recent_stamp = now
        before = total(brand, relationship)
        other = need.last_team != NO_CODE and need.last_team != kind.team
        strength = heard(strength, other, self.climate.consistency, kind.aims, before >= need.asks_at, phase.wrong_tone)
        need.last_team = kind.team
        if kind.brand:
            brand = touched(brand, strength, phase.saturation)
        if kind.relationship:
            relationship = touched(relationship, strength, phase.saturation)
        need.brand = brand
        need.relationship = relationship
        need.stamp = now
        self.log.write(
            now,
            Kind.TOUCH,
            need.account,
            need.number,
            need.stage,
            code,
            kind.team,
            person,
            NO_CODE,
            item,
            nan,
            brand,
            relationship,
            total(brand, relationship) - before,
            NO_AMOUNT,
        )

    def rival_edge(self, need: Need) -> float:
        """Log-odds of winning that the buyer's trust in the rival takes from us or leaves us."""
        phase = self.phase
        if phase.rival_weight == 0.0 and phase.favourite == 0.0:
            return 0.0
        return rival_edge(
            self._rival(need),
            self.total_trust(need),
            phase.rival_trust,
            phase.rival_weight,
            phase.favourite,
            phase.positioning,
        )

    def to_rival(self, need: Need, share: float) -> float:
        """Chance that a buyer who does not buy from us buys elsewhere; `share` with an average rival."""
        phase = self.phase
        if phase.outcome_weight == 0.0:
            return share
        return to_rival(share, self._rival(need), phase.rival_trust, phase.outcome_weight)

    def _rival(self, need: Need) -> float:
        """Trust of a buyer in the rival that its need meets."""
        u = uniform(self.key, need.account, Purpose.RIVAL, need.number)
        return rival_trust(u, self.phase.rival_trust, self.phase.rival_spread)

    def neglect(self, need: Need) -> None:
        """The buyer was kept waiting until it was too late: trust is lost."""
        share = self.phase.neglect
        if share > 0.0 and need.stage != Stage.CUSTOMER:
            self.lose_trust(need, share, share)

    def lose_trust(self, need: Need, brand_share: float, relationship_share: float) -> float:
        """Take shares of an account's trust away; the total trust that is lost."""
        brand, relationship = self.trust(need)
        before = total(brand, relationship)
        need.brand = left_after(brand, brand_share)
        need.relationship = left_after(relationship, relationship_share)
        need.stamp = self.env.now
        return before - total(need.brand, need.relationship)

    # -- firm-wide stocks --------------------------------------------------------------------------------------------

    def entry_trust(self) -> float:
        """Brand trust with which an account enters the market now."""
        phase = self.phase
        return entry_trust(self.goodwill.at(self.env.now, phase.goodwill_rate), phase.entry_trust)

    def add_goodwill(self, gain: float) -> None:
        """Goodwill jumps."""
        if gain == 0.0:
            return
        now = self.env.now
        self.goodwill.write(self.goodwill.at(now, self.phase.goodwill_rate) + gain, now)
        self.note(Kind.GOODWILL, value=self.goodwill.value)

    def add_content(self, gain: float) -> None:
        """Findable content jumps."""
        if gain == 0.0:
            return
        now = self.env.now
        self.content.write(self.content.at(now, self.phase.content_rate) + gain, now)

    def learn_about_leads(self, good: bool) -> None:
        """Sales' belief in marketing's leads moves with each lead it worked."""
        self.belief = updated_belief(self.belief, good, self.phase.belief_memory)
        self.note(Kind.BELIEF, value=self.belief)

    # -- phases ------------------------------------------------------------------------------------------------------

    def change_phase(self, number: int) -> None:
        """A dated change takes effect: stocks are rewritten where a rate changes, then everyone is told."""
        before, after = self.phase, self.lowered.phases[number]
        now = self.env.now
        if after.goodwill_rate != before.goodwill_rate:
            self.goodwill.write(self.goodwill.at(now, before.goodwill_rate), now)
        if after.content_rate != before.content_rate:
            self.content.write(self.content.at(now, before.content_rate), now)
        if (after.brand_rate, after.relationship_rate) != (before.brand_rate, before.relationship_rate):
            for need in self.market.everyone_with_trust():
                need.brand, need.relationship = self.trust(need)
                need.stamp = now
        self.phase = after
        self.note(Kind.PLAN_CHANGED, item=number)
        self.climate.phase_changed(before)
        self.marketing.phase_changed(before)
        self.sales.phase_changed()
        self.customers.phase_changed(before)
