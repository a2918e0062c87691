"""The market: who comes into it when, and what becomes of an account between needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain

import numpy as np

from funnelsim.engines.reference.buyer import buyer
from funnelsim.engines.reference.firm import Firm, Need
from funnelsim.events import DAY, Kind, Rank, Stage
from funnelsim.randomness import Purpose, exponential, exponential_array, uniform, uniform_array
from funnelsim.rules.incentives import priced
from funnelsim.rules.trust import still_known, touched

DEAL_AHEAD = 1024
"""Needs whose candidate moments are dealt at once."""
FURTHEST = 1e7
"""Days; what lies further ahead never happens."""


class DemandClock:
    """Operational time of needs: a day of it passes per day at demand 1, faster or slower with the market's demand."""

    def __init__(self, lowered_start: int, pieces: list[tuple[int, float]]) -> None:
        self.times = [lowered_start]
        self.rates = [pieces[0][1]]
        self.passed = [0.0]
        for time, rate in pieces[1:]:
            if rate != self.rates[-1]:
                self.passed.append(self.passed[-1] + (time - self.times[-1]) / DAY * self.rates[-1])
                self.times.append(time)
                self.rates.append(rate)

    def later(self, start: int, days: float) -> int | None:
        """Moment at which `days` of operational time have passed since `start`; None: never."""
        if len(self.times) == 1 and self.rates[0] == 1.0:
            return start + int(days * DAY + 0.5)
        i = bisect_right(self.times, start) - 1
        target = self.passed[i] + (start - self.times[i]) / DAY * self.rates[i] + days
        while i + 1 < len(self.times) and self.passed[i + 1] <= target:
            i += 1
        if self.rates[i] <= 0.0:
            return None
        elapsed = (target - self.passed[i]) / self.rates[i]
        if elapsed > FURTHEST:
            return None
        return max(self.times[i] + int(elapsed * DAY + 0.5), start)


class Market:
    """Accounts and their needs."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        lowered = firm.lowered
        self.open: dict[int, Need] = {}
        self.needs_so_far: dict[int, int] = {}
        self.memory: dict[int, Need] = {}
        """Last need of accounts that left it with trust in us: they remember."""
        self.clock = DemandClock(lowered.start, [(phase.time, phase.demand) for phase in lowered.phases])

    def everyone_with_trust(self) -> Iterator[Need]:
        """Every account whose trust is kept."""
        return chain(self.open.values(), (n for n in self.memory.values() if n.account not in self.open))

    # -- start -------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Declare customers and start the process that brings accounts into the market."""
        customers = self._declared_customers()
        for account in customers.tolist():
            self.firm.customers.declare(account)
        accounts, times = self._first_needs(set(customers.tolist()))
        self.firm.env.start(self._arrivals(accounts, times))

    def _declared_customers(self) -> np.ndarray:
        """The declared number of customers: the accounts that fit with the smallest uniforms."""
        lowered = self.firm.lowered
        if lowered.customers_start == 0:
            return np.zeros(0, np.int64)
        accounts = np.arange(lowered.accounts)
        share = np.repeat([s.fit_share for s in lowered.segments], [s.accounts for s in lowered.segments])
        fits = uniform_array(self.firm.key, accounts, int(Purpose.FIT), 0) < share
        u = uniform_array(self.firm.key, accounts, int(Purpose.INITIAL_CUSTOMER), 0)
        u = np.where(fits, u, u + 1.0)
        return np.sort(np.argsort(u, kind="stable")[: lowered.customers_start])

    def _first_needs(self, customers: set[int]) -> tuple[np.ndarray, np.ndarray]:
        """First need of each account in equilibrium: some are in market at the start, other gaps are memoryless."""
        lowered = self.firm.lowered
        key = self.firm.key
        all_accounts, all_times = [], []
        for segment in lowered.segments:
            accounts = np.arange(segment.first, segment.first + segment.accounts)
            in_market = segment.window_days / (segment.window_days + segment.gap_days)
            starts_in = uniform_array(key, accounts, int(Purpose.INITIAL_NEED), 0) < in_market
            days = exponential_array(uniform_array(key, accounts, int(Purpose.NEED_GAP), 0), segment.gap_days)
            if len(self.clock.times) == 1 and self.clock.rates[0] == 1.0:
                horizon = (lowered.end - lowered.start) / DAY + 1.0
                soon = (days < horizon) | starts_in
                accounts, starts_in, days = accounts[soon], starts_in[soon], days[soon]
                times = lowered.start + (days * DAY + 0.5).astype(np.int64)
            else:
                later = [self.clock.later(lowered.start, d) for d in days.tolist()]
                times = np.array([lowered.end + 1 if t is None else t for t in later], dtype=np.int64)
            times = np.where(starts_in, lowered.start, times)
            kept = times <= lowered.end
            all_accounts.append(accounts[kept])
            all_times.append(times[kept])
        accounts, times = np.concatenate(all_accounts), np.concatenate(all_times)
        if customers:
            kept = ~np.isin(accounts, np.fromiter(customers, np.int64))
            accounts, times = accounts[kept], times[kept]
        order = np.lexsort((accounts, times))
        return accounts[order], times[order]

    def _arrivals(self, accounts: np.ndarray, times: np.ndarray):  # type: ignore[no-untyped-def]
        """Process: first needs, one after the other, dealt ahead in blocks."""
        env = self.firm.env
        for begin in range(0, len(accounts), DEAL_AHEAD):
            block = accounts[begin : begin + DEAL_AHEAD]
            self.firm.deck.deal_ahead(block, np.zeros(len(block), np.int64))
            for account, time in zip(block.tolist(), times[begin : begin + DEAL_AHEAD].tolist(), strict=True):
                yield env.until(time, Rank.NEED, account, 0)
                if self.needs_so_far.get(account, 0) == 0:
                    self.open_need(account)

    # -- needs -------------------------------------------------------------------------------------------------------

    def open_need(self, account: int, referred_by: int | None = None) -> None:
        """An account comes into the market."""
        firm = self.firm
        now = firm.env.now
        number = self.needs_so_far.get(account, 0)
        self.needs_so_far[account] = number + 1
        traits, candidates = firm.deck.take(account, number)
        need = Need(account, number, now, traits)
        entry = firm.entry_trust()
        remembered = self.memory.get(account)
        if remembered is not None:
            brand, need.relationship = firm.trust(remembered)
            entry = 1.0 - (1.0 - entry) * (1.0 - brand)
            need.known = remembered.known and self._address_is_good(need, remembered)
            if need.known:
                need.stage = Stage.LEAD
                need.unsubscribed = remembered.unsubscribed
        need.brand = entry
        if referred_by is not None:
            need.relationship = touched(need.relationship, firm.phase.referral_trust, firm.phase.saturation)
            firm.note(Kind.REFERRAL, need, item=referred_by)
        self.open[account] = need
        firm.note(Kind.NEED, need, value=need.threshold, amount=priced(need.deal, firm.phase.price))
        firm.env.start(buyer(firm, need, candidates))

    def _address_is_good(self, need: Need, remembered: Need) -> bool:
        """Whether the address that an account left has outlasted the time since."""
        firm = self.firm
        decay = firm.phase.address_decay
        if decay <= 0.0:
            return True
        chance = still_known((firm.env.now - remembered.known_at) / DAY, decay)
        return uniform(firm.key, need.account, Purpose.ADDRESS_DECAY, need.number) < chance

    def close_need(self, need: Need, stage: Stage, kind: Kind | None = None, value: float = 0.0) -> None:
        """The need ends; the account is out of the market until the next one."""
        firm = self.firm
        need.closed = True
        need.known_at = firm.env.now
        need.stage = stage
        del self.open[need.account]
        if kind is not None:
            firm.note(kind, need, value=value)
        if need.known or need.relationship > 0.0:
            self.memory[need.account] = need
        if stage != Stage.CUSTOMER:
            self.schedule_next(need.account)

    def schedule_next(self, account: int) -> None:
        """The next need of an account, after a memoryless gap."""
        firm = self.firm
        number = self.needs_so_far.get(account, 0)
        mean = firm.deck.segment(account).gap_days
        days = exponential(uniform(firm.key, account, Purpose.NEED_GAP, number), mean)
        time = self.clock.later(firm.env.now, days)
        if time is None or time > firm.env.end:
            return

        def arise(_: object) -> None:
            if self.needs_so_far.get(account, 0) == number and account not in self.open:
                self.open_need(account)

        firm.env.call_at(time, Rank.NEED, account, number, arise)
