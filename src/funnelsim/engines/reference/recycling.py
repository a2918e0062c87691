"""Recycling: marketing takes back leads that sales did not win over, and may hand them over again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from funnelsim.engines.reference.buyer import consider
from funnelsim.events import DAY, Kind, Rank, Source, Team
from funnelsim.randomness import Purpose, uniform

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm, Need

CASES_OF_A_NEED = 1 << 20


def rest(firm: Firm, need: Need, case: int) -> None:
    """Case number `case` of a need is over without an opportunity: its lead may come again after a rest."""
    phase = firm.phase
    if phase.recycle <= 0.0 or need.closed:
        return
    if uniform(firm.key, need.account, Purpose.RECYCLE, CASES_OF_A_NEED * need.number + case) >= phase.recycle:
        return
    # The rank is that of further attempts, whose sequences are never multiples of 256.
    sequence = (64 * need.number + case % 64 << 8) & 0xFFFFFF
    time = firm.env.now + int(phase.recycle_days * DAY + 0.5)
    firm.env.call_at(time, Rank.RETRY, need.account, sequence, partial(_rested, firm, need, case, firm.env.now))


def _rested(firm: Firm, need: Need, case: int, since: int, _: object) -> None:
    if need.closed or need.stopped or need.case is not None:
        return
    need.rounds += 1
    need.handed = False
    days = (firm.env.now - since) / DAY
    firm.note(Kind.RECYCLED, need, team=Team.MARKETING, source=Source.MQL, item=case, value=days)
    consider(firm, need)
