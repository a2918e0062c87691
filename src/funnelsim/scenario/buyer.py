"""What buyers meet beside the touches themselves: record, site, mails, rivals; as parts of world and plan."""

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


class Mail(Part):
    """How buyers take mails, and what a form before content does."""

    match_gain: float = quantity(
        0.30,
        "ratio",
        "what a mail of the right list gains in strength and clicks (0.15 to 1)",
        "mailchimp2019",
        ge=0,
        le=5,
    )
    wrong_gain: float = quantity(0.30, "factor", "strength and clicks of a mail of the wrong list", ge=0, le=1)
    unsubscribe: float = quantity(
        0.0025, "probability", "a mail makes the reader leave the list, at low frequency", "mailchimp2019", ge=0, le=1
    )
    frequent: float = quantity(
        3.0, "per week", "frequency f0 at which that has doubled: x (1 + (f / f0)^2)", "dreze2008", gt=0, le=1e6
    )
    wrong_unsubscribe: float = quantity(2.0, "factor", "the same for a mail of the wrong list", ge=0, le=100)
    click: float = quantity(
        0.0291, "probability", "a mail is clicked: a visit to the site", "mailchimp2019", ge=0, le=1
    )
    landing_touch: str = Field("", description="touchpoint that such a visit is (empty: none, only the site)")
    gate_gain: float = quantity(1.0, "ratio", "addresses that a form before content gains", ge=0, le=10)
    gate_loss: float = quantity(0.30, "share", "strength that a form before content costs", ge=0, le=1)


class MailPlan(Part):
    """Mailing lists."""

    lists: Literal["single", "segmented"] = Field(
        "single", description="one list, or two by what the score says: before or after the buyer would talk to sales"
    )
    cadence: float = quantity(1.0, "factor", "how often mails go out, relative to the programmes' reach", ge=0, le=10)
    early_share: float = quantity(
        1.0, "share", "mails that also go to the early list (segmented lists only)", ge=0, le=1
    )


class Rivals(Part):
    """Competitors in the buyer's eyes: each need meets one whom it trusts more or less."""

    trust: float = quantity(0.50, "trust", "trust that buyers have in the rival, mean", ge=0, le=0.98)
    spread: float = quantity(0.15, "trust", "its spread between needs", ge=0, le=1)
    weight: float = quantity(
        0.0,
        "log-odds per trust",
        "what trust in the rival above its mean takes from us (0: off; our own: 4)",
        ge=0,
        le=100,
    )
    favourite: float = quantity(
        0.0, "log-odds", "loss where the buyer trusts the rival more than us (0: off)", "sixsense2023", ge=0, le=20
    )
    outcome_weight: float = quantity(
        0.0, "log-odds per trust", "how much it makes who does not buy from us buy there (0: off)", ge=0, le=100
    )
    narrowing: float = quantity(
        0.5, "share", "reach on accounts that do not fit that the sharpest positioning costs", ge=0, le=1
    )
