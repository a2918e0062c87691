"""Products and customers: what can be sold beside the core product, and what keeps, rewards and wins back customers.

What happens with it stands in ``docs/explanation/mechanisms/customers.md``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funnelsim.scenario.part import Part, quantity


class Portfolio(Part):
    """Products beside the core product, and how readily buyers and customers take them.

    An entry product is cheap and may lose money, but opens the door: its buyers may buy the core product later. Add-ons
    are sold with the purchase or to customers. A premium product takes the place of the core product at renewal.
    """

    entry_price: float = quantity(0.3, "share of the deal", "price of the entry product", ge=0.001, le=1)
    entry_margin: float = quantity(
        -0.10, "share", "margin of the entry product: below zero it loses money itself", ge=-3, le=1
    )
    entry_ratio: float = quantity(
        1.5, "ratio", "chance that a buyer takes core or entry product, relative to the core product alone", ge=1, le=10
    )
    addon_margin: float = quantity(0.78, "share", "margin of add-ons", ge=-3, le=1)
    addon_size: float = quantity(
        0.3, "share of the deal", "price of an add-on that a customer of the core product buys later", ge=0, le=5
    )
    upsell_probability: float = quantity(
        0.20, "probability", "a buyer who holds the trust wanted takes an add-on with the purchase", ge=0, le=1
    )
    upsell_size: float = quantity(0.25, "share of the price", "price of that add-on", ge=0, le=5)
    cross_sell_rate: float = quantity(
        0.15, "per year", "further products that a customer of the reference trust buys", ge=0, le=2
    )
    cross_sell_core: float = quantity(
        1.0, "share of the deal", "price of the core product for who came with the entry product", ge=0, le=5
    )
    trade_up_probability: float = quantity(
        0.10, "probability", "a customer of the reference trust moves to the premium product at a renewal", ge=0, le=1
    )
    trade_up_size: float = quantity(0.3, "share of the price", "what the premium product costs more", ge=0, le=5)
    premium_margin: float = quantity(0.85, "share", "margin of the premium product", ge=-3, le=1)
    trust_slope: float = quantity(
        2.0, "log-odds per trust", "how much readier customers who trust us are to buy more", ge=0, le=4
    )


class RepeatBuying(Part):
    """Repeat purchases without a contract (`world.customers.purchase: repeat`): gamma-Poisson with dropout (BG/NBD)."""

    rate_shape: float = quantity(
        0.243, "shape", "r: spread of purchase rates between customers, smaller is wider", "fader2005", ge=0.05, le=50
    )
    rate_weeks: float = quantity(
        4.414, "week", "alpha: customers buy r / alpha times a week on average", "fader2005", ge=0.5, le=1000
    )
    dropout_a: float = quantity(
        0.793,
        "shape",
        "a of the beta distribution of the chance to drop out after a purchase",
        "fader2005",
        ge=0.05,
        le=50,
    )
    dropout_b: float = quantity(2.426, "shape", "b of the same", "fader2005", ge=0.05, le=50)
    spend_sigma: float = quantity(0.0, "log units", "spread of the (lognormal) size of an order", ge=0, le=2)


class PortfolioPlan(Part):
    """What is offered beside the core product, and who decides what stays."""

    entry_offered: bool = Field(False, description="the entry product is offered to buyers who do not take the core")
    upsell: bool = Field(False, description="an add-on is offered with every purchase")
    cross_sell: bool = Field(False, description="reps offer further products to customers")
    trade_up: bool = Field(False, description="reps offer the premium product at renewals")
    review_quarters: int = quantity(
        0, "quarter", "the entry product is reviewed that often, and dropped if it does not pay (0: never)", ge=0, le=40
    )
    decided_by: Literal["product_margin", "customer_value"] = Field(
        "product_margin",
        description="what the review counts: the product's own margin, or also what its buyers bought later",
    )


class CustomersPlan(Part):
    """What is done to keep customers, to be recommended, and to win customers back."""

    retention_per_year: float = quantity(
        0.0, "per year", "touches by marketing per customer (world.customers.retention_touch)", ge=0, le=52
    )
    referral_reward: float = quantity(0.0, "USD", "reward for a recommendation that opens a need", ge=0, le=100_000)
    win_back_days: float = quantity(
        0.0, "day", "a rep calls a customer that long after it has left (0: nobody calls)", ge=0, le=3650
    )
