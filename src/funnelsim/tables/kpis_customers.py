"""Key figures of customers: what they buy beside the first purchase, and what is done to keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import Kind, Product
from funnelsim.tables.terms import products

if TYPE_CHECKING:
    from funnelsim.tables.glossary_tables import Meaning
    from funnelsim.tables.reading import Reading

NAN = float("nan")


def customer_figures(this: Reading) -> dict[str, float]:
    """Return the key figures of customers by name."""
    wins = this.measured(Kind.WON)
    added = this.measured(Kind.UPSOLD, Kind.CROSS_SOLD, Kind.TRADED_UP)
    kept = this.measured(Kind.RETENTION)
    rewards = this.measured(Kind.REFERRAL_REWARD)
    days = np.arange(this.clock.days, dtype=np.int64) * (this.end // max(1, this.clock.days))
    mean = float(this.terms.customers(days).mean()) if len(days) else NAN
    earned = float(this.terms.earned_between(np.array([0, this.end]))[0]) / 100.0
    return {
        "entry_wins": int((products(wins) == int(Product.ENTRY)).sum()),
        "upsold": this.count(Kind.UPSOLD),
        "cross_sold": this.count(Kind.CROSS_SOLD),
        "traded_up": this.count(Kind.TRADED_UP),
        "added_price": float(added["amount"].sum()) / 100.0,
        "products_dropped": this.count(Kind.PRODUCT_DROPPED),
        "purchases": this.count(Kind.PURCHASE),
        "referrals": this.count(Kind.REFERRAL),
        "won_back": this.count(Kind.WON_BACK),
        "retention_touches": len(kept),
        "retention_cost": float(kept["amount"].sum() + rewards["amount"].sum()) / 100.0,
        "customers_mean": mean,
        "revenue_per_customer": earned / mean if mean > 0.0 else NAN,
    }


CUSTOMER_KPIS: dict[str, Meaning] = {
    "entry_wins": ("deals", "wins of the window that were of the entry product"),
    "upsold": ("deals", "add-ons sold with a purchase in the window"),
    "cross_sold": ("deals", "further products sold to customers in the window"),
    "traded_up": ("customers", "customers who moved to the premium product in the window"),
    "added_price": ("USD per year", "annual price of these three: what customers bought beside their first purchase"),
    "products_dropped": ("products", "products that a review of the portfolio dropped in the window"),
    "purchases": ("purchases", "repeat purchases in the window (worlds without contracts)"),
    "referrals": ("needs", "needs opened by a customer's recommendation in the window"),
    "won_back": ("customers", "past customers brought back into the market in the window"),
    "retention_touches": ("touches", "touches of customers by marketing's retention programme in the window"),
    "retention_cost": ("USD", "cost of these touches and of rewards for recommendations"),
    "customers_mean": ("customers", "time average of customers"),
    "revenue_per_customer": ("USD", "revenue earned in the window / customers_mean"),
}
