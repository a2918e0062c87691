"""Mails: lists, unsubscribing, clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelsim.engines.reference.deck import address
from funnelsim.events import DAY, NO_CODE, Kind, Team
from funnelsim.randomness import Purpose, uniform
from funnelsim.rules.mail import mail_gain, on_late_list, unsubscribes
from funnelsim.rules.trust import decayed, scaled

if TYPE_CHECKING:
    from funnelsim.engines.reference.firm import Firm, Need

WEEKLY = 1.0 / 7.0
"""Decay per day of the count of mails: at a steady rate it stands at the number of a week."""


def send(firm: Firm, need: Need, code: int, number: int) -> None:
    """A mail goes to a buyer, if its list is to have it and the buyer has not left it."""
    phase = firm.phase
    n = address(need.number, code) + number
    trust = firm.total_trust(need)
    wrong = False
    if phase.segmented:
        noise = firm.climate.score_noise
        late = on_late_list(trust, need.asks_at, need.threshold, phase.score_scale, noise, need.score_z)
        if not late and uniform(firm.key, need.account, Purpose.MAIL_LIST, n) >= phase.early_share:
            return
        wrong = late != (trust >= need.asks_at)
    gain = mail_gain(phase.segmented, wrong, phase.match_gain, phase.wrong_gain)
    now = firm.env.now
    frequency = decayed(need.mails, WEEKLY, (now - need.mails_stamp) / DAY)
    need.mails = frequency + 1.0
    need.mails_stamp = now
    firm.touch(need, code, NO_CODE, number, scaled(phase.touchpoints[code].strength, gain))
    p = unsubscribes(phase.unsubscribe, frequency, phase.frequent, wrong, phase.wrong_unsubscribe)
    if uniform(firm.key, need.account, Purpose.UNSUBSCRIBE, n) < p:
        need.unsubscribed = True
        firm.note(Kind.UNSUBSCRIBED, need, touchpoint=code, team=Team.MARKETING, value=frequency)
    elif uniform(firm.key, need.account, Purpose.CLICK, n) < phase.click * gain:
        firm.note(Kind.CLICKED, need, touchpoint=code, team=Team.MARKETING, item=number)
        landing = phase.landing_touch
        if landing != NO_CODE:
            firm.touch(need, landing, NO_CODE, number, phase.touchpoints[landing].strength)
        firm.site.visit(need, n)
