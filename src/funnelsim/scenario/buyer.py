"""What buyers meet beside the touches themselves: the shared record; as parts of world and plan."""

from __future__ import annotations

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
