"""What drives reps: price and discounts (later slices add quota, effort and the push at the end of a period)."""

from __future__ import annotations

from funnelsim.scenario.parts import Part, quantity


class Incentives(Part):
    """How buyers answer to price, and reps to quotas."""

    price_slope: float = quantity(
        3.3,
        "log-odds per log unit",
        "gain of the log-odds of winning per -ln(price); from an elasticity of -2.6 at 22 % won: 2.6 / (1 - .22)",
        "bijmolt2005",
        ge=0,
        le=50,
    )
