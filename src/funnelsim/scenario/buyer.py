"""What buyers meet beside the touches themselves: the shared record, the site; as parts of world and plan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funnelsim.scenario.part import Part, quantity


class Record(Part):
    """The record of each account (a CRM): who sees what went before, and how long an address is good."""

    visibility: float = quantity(
        1.0, "probability", "who talks to a buyer sees what colleagues know (1: nothing is ever lost)", ge=0, le=1
    )
    handoff_loss: float = quantity(
        0.25, "share", "brand trust lost when sales does not see what marketing knows", ge=0, le=1
    )
    duplicate_loss: float = quantity(
        0.10, "share", "trust lost when a second rep calls a buyer who is in talks with the first", ge=0, le=1
    )
    address_decay: float = quantity(
        0.0,
        "per year",
        "rate at which addresses kept between needs go bad (0: never; CRMs: 0.30)",
        "crmdecay2024",
        ge=0,
        le=20,
    )


class Site(Part):
    """What visitors of the firm's site do (`plan.site` says what it offers; touchpoints say what is a visit)."""

    trust_share: float = quantity(
        0.75, "share of theta", "trust at which a buyer would buy alone, without a person", ge=0, le=5
    )
    cart: float = quantity(
        0.0225,
        "probability",
        "a visit of such a buyer fills a cart, without reviews (with five: visit to order 2.5 %)",
        ge=0,
        le=1,
    )
    abandon: float = quantity(0.70, "probability", "a cart is left behind", "baymard", ge=0, le=1)
    recovery: float = quantity(
        0.04, "probability", "a reminder brings a cart that was left back", "klaviyo2017", ge=0, le=1
    )
    recovery_days: float = quantity(0.5, "day", "mean time until then", ge=0, le=60)
    review_gain: float = quantity(
        2.7, "ratio", "what enough reviews add to the chance of a cart", "spiegel2017", ge=0, le=20
    )
    reviews_enough: float = quantity(5.0, "reviews", "from where more add nothing", "spiegel2017", gt=0, le=1e6)
    reviews_per_customer: float = quantity(
        0.02, "reviews", "reviews of the product at hand that each customer adds", ge=0, le=10
    )
    guided_gain: float = quantity(
        0.15, "share", "trust that buyers need less when the site asks what they want", ge=0, le=1
    )
    assist_minutes: float = quantity(6.0, "selling minute", "mean work of an answer", ge=0, le=480)
    assist_patience: float = quantity(2.0, "minute", "mean time that a visitor waits for one", ge=0, le=1e5)
    assist_effect: float = quantity(0.20, "ratio", "carts bought when answered, relative to not: 1 + this", ge=0, le=20)
    cost: float = quantity(60_000.0, "USD per year", "running the site, while self-service is on", ge=0, le=1e9)
    guided_cost: float = quantity(20_000.0, "USD per year", "running guided selling in full", ge=0, le=1e9)


class SitePlan(Part):
    """Self-service: buying on the site without a person."""

    enabled: bool = Field(False, description="buyers can buy on the site")
    deal_limit: float = quantity(5_000.0, "USD per year", "largest deal that is sold there", ge=0, le=1e9)
    recovery_mails: bool = Field(True, description="remind those whose address is known of the cart they left")
    show_reviews: bool = Field(True, description="show customers' reviews")
    guided: float = quantity(0.0, "0..1", "guided selling: the site asks size, colour and price", ge=0, le=1)
    assist: Literal["none", "sdrs", "reps"] = Field("none", description="who answers visitors with a cart")
