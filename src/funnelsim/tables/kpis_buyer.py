"""Key figures of what buyers meet: mails, the site, rivals, the record at the hand-off, recycling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import Kind, Source, Stage
from funnelsim.tables.glossary_tables import Meaning

if TYPE_CHECKING:
    from funnelsim.tables.reading import Reading

BUYER_KPIS: dict[str, Meaning] = {
    "mails": ("mails", "mails that went to buyers in market"),
    "mail_click_rate": ("share", "mails clicked (R40)"),
    "unsubscribe_rate": ("share", "mails that made their reader leave the list (R39)"),
    "carts": ("carts", "carts filled on the site"),
    "cart_abandonment": ("share", "carts left behind, of those settled in the window (R42)"),
    "cart_recovery": ("share", "carts brought back by a reminder, of those whose buyer was reminded (R42)"),
    "assisted_carts": ("share", "carts whose visitor was answered, of those filled"),
    "self_serve_wins": ("deals", "won on the site without a person"),
    "self_serve_share": ("share", "the same, of all wins"),
    "lost_to_rivals": ("share", "needs that ended in the window bought from a rival, of those that ended not with us"),
    "history_lost": ("share", "first conversations with a buyer whose history sales did not see"),
    "duplicates": ("calls", "own prospecting that reached a buyer with whom a colleague was in touch"),
    "recycled": ("leads", "leads that marketing took back and let come again"),
    "recycled_wins": ("deals", "wins of needs whose lead had been recycled"),
}


def buyer_figures(this: Reading) -> dict[str, float]:
    """Return the key figures by name, NaN where there is nothing to measure."""
    mails = _mails(this)
    carts, left = this.count(Kind.CART), this.count(Kind.ABANDONED)
    won = this.measured(Kind.WON)
    by_site = won["source"] == int(Source.SITE)
    recovered = this.count(Kind.RECOVERED)
    bought_at_once = int(by_site.sum()) - recovered
    contacts = this.measured(Kind.CONTACT)
    return {
        "mails": mails,
        "mail_click_rate": _ratio(this.count(Kind.CLICKED), mails),
        "unsubscribe_rate": _ratio(this.count(Kind.UNSUBSCRIBED), mails),
        "carts": carts,
        "cart_abandonment": _ratio(left, left + bought_at_once),
        "cart_recovery": _ratio(recovered, this.measured(Kind.ABANDONED)["value"].sum()),
        "assisted_carts": _ratio(this.count(Kind.ASSISTED), carts),
        "self_serve_wins": int(by_site.sum()),
        "self_serve_share": _ratio(by_site.sum(), len(won)),
        "lost_to_rivals": _lost_to_rivals(this),
        "history_lost": _ratio(this.count(Kind.HISTORY_LOST), len(contacts)),
        "duplicates": this.count(Kind.DUPLICATE),
        "recycled": this.count(Kind.RECYCLED),
        "recycled_wins": _recycled_wins(this),
    }


def _ratio(a: float, b: float) -> float:
    return float(a) / float(b) if b else float("nan")


def _mails(this: Reading) -> int:
    """Count the mails of the window."""
    time, touchpoint = this.touch_moments()
    is_mail = this.dated.named(
        touchpoint, time, lambda state: [name for name, kind in state.world.touchpoints.items() if kind.mail]
    )
    return int(is_mail.sum())


def _lost_to_rivals(this: Reading) -> float:
    closed = this.measured(Kind.WINDOW_CLOSED)["stage"]
    lost = int((closed == int(Stage.LOST)).sum()) + this.count(Kind.LOST)
    return _ratio(lost, len(closed) + this.count(Kind.LOST) + this.count(Kind.NO_DECISION))


def _recycled_wins(this: Reading) -> int:
    """Count the wins of the window of needs that have a recycled lead, at any time before."""
    recycled, won = this.rows(Kind.RECYCLED), this.measured(Kind.WON)
    if not len(recycled):
        return 0
    span = 1 << 20
    once = np.unique(recycled["account"].astype(np.int64) * span + recycled["need"])
    return int(np.isin(won["account"].astype(np.int64) * span + won["need"], once).sum())
