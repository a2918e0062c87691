"""Mails: lists, unsubscribing, clicks; as `engines.reference.mail`."""

from __future__ import annotations

from funnelsim.engines.compiled import codes as C
from funnelsim.engines.compiled.draws import decayed, mail_gain, on_late_list, scaled, uniform, unsubscribes
from funnelsim.engines.compiled.firm import NAN, NO_AMOUNT, note, phase_of, total_trust, touch, touchpoint_of
from funnelsim.engines.compiled.layout import CLIMATE, GLOBALS, NEED, NONE
from funnelsim.engines.compiled.records import jit
from funnelsim.engines.compiled.site import visit
from funnelsim.engines.reference.mail import WEEKLY
from funnelsim.events import DAY


@jit
def send(a: int, n: int, code: int, number: int) -> None:
    """A mail goes to a buyer, if its list is to have it and the buyer has not left it."""
    g = GLOBALS(a, 0)
    need = NEED(g.needs, n)
    phase = phase_of(a)
    moment = ((need.number * 64 + code) << 20) + number
    trust = total_trust(a, n)
    wrong = False
    if phase.segmented != 0:
        noise = CLIMATE(g.climate, 0).score_noise
        late = on_late_list(trust, need.asks_at, need.threshold, phase.score_scale, noise, need.score_z)
        if not late and uniform(g.key, need.account, C.P_MAIL_LIST, moment) >= phase.early_share:
            return
        wrong = late != (trust >= need.asks_at)
    gain = mail_gain(phase.segmented != 0, wrong, phase.match_gain, phase.wrong_gain)
    frequency = decayed(need.mails, WEEKLY, (g.now - need.mails_stamp) / DAY)
    need.mails = frequency + 1.0
    need.mails_stamp = g.now
    touch(a, n, code, NONE, number, scaled(touchpoint_of(a, code).strength, gain))
    p = unsubscribes(phase.unsubscribe, frequency, phase.frequent, wrong, phase.wrong_unsubscribe)
    if uniform(g.key, need.account, C.P_UNSUBSCRIBE, moment) < p:
        need.unsubscribed = 1
        note(a, C.K_UNSUBSCRIBED, n, code, C.TEAM_MARKETING, NONE, NONE, NONE, NAN, frequency, NO_AMOUNT)
    elif uniform(g.key, need.account, C.P_CLICK, moment) < phase.click * gain:
        note(a, C.K_CLICKED, n, code, C.TEAM_MARKETING, NONE, NONE, number, NAN, NAN, NO_AMOUNT)
        landing = phase.landing_touch
        if landing != NONE:
            touch(a, n, landing, NONE, number, touchpoint_of(a, landing).strength)
        visit(a, n, moment)
