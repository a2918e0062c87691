"""Products and customers as flat numbers: what `lowering` needs of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from funnelsim.arithmetic import exp
from funnelsim.events import DAY
from funnelsim.scenario.schema import Customers, Plan, World

RAREST_PER_YEAR = 1e-9
"""What happens less often to a customer does not happen: the time until then would be no number."""
SLICES = 2048
"""Equally likely values that stand for the gamma and the beta distribution of repeat buying."""
RAREST_PER_DAY = 1e-12
DIGITS = 12
"""Quantiles are rounded: the last digits of special functions differ between platforms."""


def cents(dollars: float) -> int:
    """Dollars as integer cents, rounded half up."""
    return int(dollars * 100.0 + 0.5)


def portfolio_numbers(world: World, plan: Plan) -> dict[str, Any]:
    """Products beside the core product."""
    products, offered, customers = world.portfolio, plan.portfolio, world.customers
    contract = customers.purchase == "contract"
    # Occasions come as often as they do with full trust, and are thinned by the trust held then.
    rate = products.cross_sell_rate * exp(products.trust_slope * (1.0 - customers.churn_trust))
    return {
        "core_margin": world.finance.gross_margin,
        "entry_offered": offered.entry_offered,
        "entry_price": products.entry_price,
        "entry_margin": products.entry_margin,
        "entry_ratio": products.entry_ratio,
        "addon_margin": products.addon_margin,
        "addon_size": products.addon_size,
        "upsell": products.upsell_probability if offered.upsell else 0.0,
        "upsell_size": products.upsell_size,
        "cross_sell": offered.cross_sell,
        "cross_sell_rate": rate / 365.0 if contract and rate >= RAREST_PER_YEAR else 0.0,
        "cross_sell_core": products.cross_sell_core,
        "trade_up": products.trade_up_probability if offered.trade_up else 0.0,
        "trade_up_size": products.trade_up_size,
        "premium_margin": products.premium_margin,
        "more_slope": products.trust_slope,
        "review_quarters": offered.review_quarters,
        "review_by_value": offered.decided_by == "customer_value",
    }


def customer_numbers(world: World, plan: Plan, codes: dict[str, int]) -> dict[str, Any]:
    """What keeps, rewards and wins back customers."""
    customers, policy = world.customers, plan.customers
    reward_rate = customers.referral_rate * customers.reward_most
    per_year = policy.retention_per_year
    return {
        "discount_harm": customers.discount_harm,
        "reward": cents(policy.referral_reward),
        "reward_share": policy.referral_reward / (policy.referral_reward + customers.reward_half),
        "reward_rate": reward_rate / 365.0 if reward_rate >= RAREST_PER_YEAR else 0.0,
        "retention_interval": 365.0 / per_year if per_year >= RAREST_PER_YEAR else 0.0,
        "retention_touch": codes.get(customers.retention_touch, -1),
        "retention_cost": cents(customers.retention_cost),
        "win_back": int(policy.win_back_days * DAY + 0.5),
        "win_back_probability": customers.win_back_probability,
        "spend_sigma": customers.repeat.spend_sigma,
    }


def purchase_rates(customers: Customers) -> tuple[float, ...]:
    """Purchases per day: means of `SLICES` equally likely slices of the gamma distribution, in order.

    The mean of a slice is exact, r / alpha x n x (difference of the distribution function of shape r + 1 at its ends),
    so the mean over customers is r / alpha whatever the number of slices.
    """
    if customers.purchase != "repeat":
        return ()
    r, scale = customers.repeat.rate_shape, customers.repeat.rate_weeks * 7.0
    edges = special.gammaincinv(r, np.arange(SLICES + 1) / SLICES)
    means = np.diff(special.gammainc(r + 1.0, edges)) * SLICES * r / scale
    return tuple(max(_rounded(mean), RAREST_PER_DAY) for mean in means)


def dropout_chances(customers: Customers) -> tuple[float, ...]:
    """Chances to drop out after a purchase: means of equally likely slices of the beta distribution, in order."""
    if customers.purchase != "repeat":
        return ()
    a, b = customers.repeat.dropout_a, customers.repeat.dropout_b
    edges = special.betaincinv(a, b, np.arange(SLICES + 1) / SLICES)
    means = np.diff(special.betainc(a + 1.0, b, edges)) * SLICES * a / (a + b)
    return tuple(min(max(_rounded(mean), 0.0), 1.0) for mean in means)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
