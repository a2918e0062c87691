"""What drives reps: quota and bonus, the push at the end of a period, price and discounts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from funnelsim.scenario.part import Part, quantity


class Quota(Part):
    """What is asked of each rep in a period, and what meeting it brings."""

    period: Literal["none", "month", "quarter"] = Field("none", description="calendar period of the quota")
    ambition: float = quantity(
        1.15,
        "ratio",
        "quota of a full post relative to what the firm won per post in the last twelve months",
        "chung2014",
        ge=0.05,
        le=20,
    )
    bonus: float = quantity(5_000.0, "USD per period", "paid to a full post that meets its quota", ge=0, le=1e7)
    discount_authority: float = quantity(
        0.0, "share", "discount that a rep may offer for a decision before the period ends", ge=0, le=0.5
    )


class Incentives(Part):
    """How reps answer to quotas, and buyers to price."""

    effort_gain: float = quantity(
        0.10, "share", "work done faster while the quota is within reach, at the usual bonus", "chung2014", ge=0, le=1
    )
    usual_bonus: float = quantity(
        5_000.0,
        "USD per quarter",
        "bonus b0 at which effort changes as stated; it goes with 2 b / (b + b0)",
        gt=0,
        le=1e7,
    )
    reach: float = quantity(
        0.6, "share", "within reach: at least this share of the attainment that is due by now", "chung2014", ge=0, le=2
    )
    give_up: float = quantity(
        0.6, "share", "attainment below which a rep gives up late in the period", "chung2014", ge=0, le=1
    )
    give_up_left: float = quantity(0.2, "share", "late: this share of the period is left", "chung2014", ge=0, le=1)
    give_up_loss: float = quantity(0.2, "share", "speed lost by a rep who gave up", ge=0, le=0.9)
    push_days: int = quantity(
        3, "business days", "last days of a period in which reps ask for decisions early", "olist2018", ge=0, le=20
    )
    pull_probability: float = quantity(
        0.75, "probability", "such a request, of a deal that would be decided just after the period", ge=0, le=1
    )
    pull_days: float = quantity(
        3.5,
        "business day",
        "scale of exp(-days after the period's end) of that; from +47 % in the last, -27 % in the first three days",
        "olist2018",
        gt=0,
        le=250,
    )
    pull_discount: float = quantity(
        0.07, "share", "authority for discounts that it takes to ask all of them", "olist2018", gt=0, le=1
    )
    pull_unaided: float = quantity(
        0.05, "share", "requests that reps make without any authority for discounts", "steenburgh2008", ge=0, le=1
    )
    goodwill_per_push: float = quantity(
        0.0, "index", "goodwill lost by asking for an early decision, per 200,000 accounts", ge=0, le=1
    )
    price_slope: float = quantity(
        3.3,
        "log-odds per log unit",
        "gain of the log-odds of winning per -ln(price); from an elasticity of -2.6 at 22 % won: 2.6 / (1 - .22)",
        "bijmolt2005",
        ge=0,
        le=50,
    )
