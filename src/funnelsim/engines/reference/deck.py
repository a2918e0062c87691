"""What an account is, and when it could be touched: everything about a need that no plan can change.

Traits, the length of the window and the candidate moments of every touchpoint are pure functions of their addresses.
The market deals them for many coming needs at once with NumPy; a need that nobody foresaw (a referral, a need after a
lost deal) is dealt singly. Both ways give the same bits.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from funnelsim.events import DAY
from funnelsim.randomness import (
    Purpose,
    exponential,
    exponential_array,
    kumaraswamy,
    lognormal,
    normal,
    stream,
    stream_array,
    uniform,
    uniform_of,
    uniform_of_array,
)
from funnelsim.scenario.lowered import Lowered, LoweredSegment

Candidate = tuple[int, int, float]
"""Microseconds since the need arose, sequence (touchpoint code and number), uniform to be compared with reach."""

LOWEST_THRESHOLD = 0.05
HIGHEST_THRESHOLD = 0.98


NUMBER_BITS = 18
"""Bits of the number of a candidate moment in its place in the order of the instant: enough for 30 years of the most
frequent moments that the schema allows; the touchpoint's code takes the other six."""
NUMBER_MASK = (1 << NUMBER_BITS) - 1


def address(need: int, code: int = 0) -> int:
    """First count of the stream of candidate moments of touchpoint `code` in need number `need`."""
    return (need * 64 + code) << 20


class Traits(NamedTuple):
    """What an account brings to a need."""

    fits: bool
    threshold: float
    asks_at: float
    deal: int
    liking: float
    score_z: float
    window: int


class Deck:
    """Deals needs.

    Parameters
    ----------
    key : int
        Key of the run (`randomness.run_key`).
    lowered : Lowered
        The scenario as engines see it.
    """

    def __init__(self, key: int, lowered: Lowered) -> None:
        self.key = key
        self.lowered = lowered
        self.firsts = [segment.first for segment in lowered.segments]
        touchpoints = lowered.phases[0].touchpoints
        kinds = [(t.code, t.gap_days, lowered.bounds_fit[t.code], lowered.bounds_unfit[t.code]) for t in touchpoints]
        self.kinds = [kind for kind in kinds if kind[1] > 0.0 and max(kind[2], kind[3]) > 0.0]
        self._dealt: dict[tuple[int, int], tuple[int, list[Candidate]]] = {}

    def segment(self, account: int) -> LoweredSegment:
        """Segment that an account belongs to."""
        return self.lowered.segments[bisect_right(self.firsts, account) - 1]

    def traits(self, account: int, need: int, window: int | None = None) -> Traits:
        """Traits of `account`, and what belongs to its need number `need`."""
        key = self.key
        segment = self.segment(account)
        threshold = segment.threshold
        if segment.threshold_sd > 0.0:
            threshold = normal(uniform(key, account, Purpose.THRESHOLD, 0), threshold, segment.threshold_sd)
            threshold = min(max(threshold, LOWEST_THRESHOLD), HIGHEST_THRESHOLD)
        psi = kumaraswamy(uniform(key, account, Purpose.SHARE_BEFORE_SALES, 0), self.lowered.psi_a, self.lowered.psi_b)
        deal = lognormal(uniform(key, account, Purpose.DEAL_SIZE, 0), segment.deal_size, segment.deal_size_sigma)
        if window is None:
            window = self.window(account, need)
        return Traits(
            fits=uniform(key, account, Purpose.FIT, 0) < segment.fit_share,
            threshold=threshold,
            asks_at=psi * threshold,
            deal=int(deal * 100.0 + 0.5),
            liking=normal(uniform(key, account, Purpose.PROPENSITY, 0), 0.0, self.lowered.propensity_sd),
            score_z=normal(uniform(key, account, Purpose.SCORE_NOISE, need), 0.0, 1.0),
            window=window,
        )

    def window(self, account: int, need: int) -> int:
        """Length of the window of a need in microseconds."""
        segment = self.segment(account)
        days = exponential(uniform(self.key, account, Purpose.NEED_WINDOW, need), segment.window_days)
        return int(days * DAY + 0.5)

    def take(self, account: int, need: int) -> tuple[Traits, list[Candidate]]:
        """Traits and candidate moments within the window, dealt ahead or now."""
        dealt = self._dealt.pop((account, need), None)
        if dealt is not None:
            return self.traits(account, need, dealt[0]), dealt[1]
        traits = self.traits(account, need)
        return traits, self.between(account, need, traits.fits, -1, traits.window)

    def between(self, account: int, need: int, fits: bool, after: int, until: int) -> list[Candidate]:
        """Candidate moments with after < time <= until that some reachable intensity could accept, in order."""
        gaps = stream(self.key, account, Purpose.TOUCH_GAP)
        accepts = stream(self.key, account, Purpose.TOUCH_ACCEPT)
        found = []
        for code, gap_days, bound_fit, bound_unfit in self.kinds:
            bound = bound_fit if fits else bound_unfit
            n = address(need, code)
            time = int(exponential(uniform_of(gaps, n), gap_days) * DAY + 0.5)
            while time <= until:
                if time > after:
                    u = uniform_of(accepts, n)
                    if u < bound:
                        found.append((time, (code << NUMBER_BITS) | (n & NUMBER_MASK), u))
                n += 1
                time += int(exponential(uniform_of(gaps, n), gap_days) * DAY + 0.5)
        found.sort()
        return found

    def deal_ahead(self, accounts: np.ndarray, needs: np.ndarray) -> None:
        """Deal windows and candidate moments of many coming needs at once."""
        accounts = accounts.astype(np.uint64)
        size = len(accounts)
        segment = np.searchsorted(np.array(self.firsts), accounts.astype(np.int64), side="right") - 1
        fit_share = np.array([s.fit_share for s in self.lowered.segments])[segment]
        mean = np.array([s.window_days for s in self.lowered.segments])[segment]
        fits = self._uniforms(accounts, Purpose.FIT, np.zeros(size, np.uint64)) < fit_share
        days = exponential_array(self._uniforms(accounts, Purpose.NEED_WINDOW, needs), mean)
        window = (days * DAY + 0.5).astype(np.int64)
        gaps = stream_array(self.key, accounts, int(Purpose.TOUCH_GAP))
        accepts = stream_array(self.key, accounts, int(Purpose.TOUCH_ACCEPT))
        parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
        for code, gap_days, bound_fit, bound_unfit in self.kinds:
            bound = np.where(fits, bound_fit, bound_unfit)
            start = ((needs.astype(np.int64) * 64 + code) << 20).astype(np.uint64)
            parts.extend(_deal_kind(code, gap_days, bound, start, gaps, accepts, window))
        owner = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.int64)
        time = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, np.int64)
        sequence = np.concatenate([part[2] for part in parts]) if parts else np.zeros(0, np.int64)
        u = np.concatenate([part[3] for part in parts]) if parts else np.zeros(0)
        order = np.lexsort((sequence, time, owner))
        rows = list(zip(time[order].tolist(), sequence[order].tolist(), u[order].tolist(), strict=True))
        ends = np.searchsorted(owner[order], np.arange(size), side="right").tolist()
        begin = 0
        for account, need, length, end in zip(accounts.tolist(), needs.tolist(), window.tolist(), ends, strict=True):
            self._dealt[(account, need)] = (length, rows[begin:end])
            begin = end

    def _uniforms(self, accounts: np.ndarray, purpose: Purpose, ns: np.ndarray) -> np.ndarray:
        return uniform_of_array(stream_array(self.key, accounts, int(purpose)), ns.astype(np.uint64))


def _deal_kind(
    code: int,
    gap_days: float,
    bound: np.ndarray,
    start: np.ndarray,
    gaps: np.ndarray,
    accepts: np.ndarray,
    window: np.ndarray,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Candidate moments of one kind: rounds of a block of moments for every need whose window is not yet covered."""
    parts = []
    mean_window = float(window.mean()) / DAY if len(window) else 0.0
    block = int(min(max(1.2 * mean_window / gap_days + 2.0, 4.0), 64.0))
    steps = np.arange(block, dtype=np.uint64)
    open_ = np.arange(len(window))
    offset = np.zeros(len(window), np.int64)
    done = np.uint64(0)
    while len(open_):
        n = start[open_][:, None] + (steps + done)[None, :]
        days = exponential_array(uniform_of_array(gaps[open_][:, None], n), gap_days)
        time = offset[open_][:, None] + np.cumsum((days * DAY + 0.5).astype(np.int64), axis=1)
        row, column = np.nonzero(time <= window[open_][:, None])
        which = open_[row]
        count = n[row, column]
        u = uniform_of_array(accepts[which], count)
        kept = u < bound[which]
        sequence = (code << NUMBER_BITS) | (count[kept] & np.uint64(NUMBER_MASK)).astype(np.int64)
        parts.append((which[kept], time[row, column][kept], sequence, u[kept]))
        offset[open_] = time[:, -1]
        open_ = open_[time[:, -1] <= window[open_]]
        done = done + np.uint64(block)
    return parts
