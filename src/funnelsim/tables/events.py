"""The event log as people read it: dates, names, dollars, NA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import DAY, NO_CODE, PRODUCT_KINDS, Kind, Source, Stage, Team
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.opportunities import dollars
from funnelsim.tables.reading import Reading, categories, enum_names, reading, whole
from funnelsim.tables.terms import PRODUCTS

if TYPE_CHECKING:
    import pandas as pd


def events(log: np.ndarray | Reading, scenario: Scenario, burn_in: bool = False) -> pd.DataFrame:
    """One row per row of the log.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    burn_in : bool
        Also show what happened before day 0.
    """
    import pandas as pd

    this = reading(log, scenario)
    time = this.log["time"]
    first = 0 if burn_in else int(np.searchsorted(time, 0, side="left"))
    rows = this.log[first : int(np.searchsorted(time, this.end, side="left"))]
    about_product = np.isin(rows["kind"], [int(kind) for kind in PRODUCT_KINDS])
    product = np.where(about_product, np.maximum(rows["touchpoint"], 0), NO_CODE)
    return pd.DataFrame(
        {
            "time": this.clock.dates(rows["time"]),
            "day": rows["time"] / DAY,
            "kind": categories(rows["kind"], enum_names(Kind)),
            "account": whole(rows["account"]),
            "need": whole(rows["need"]),
            "stage": categories(rows["stage"], enum_names(Stage)),
            "touchpoint": categories(np.where(about_product, NO_CODE, rows["touchpoint"]), this.touchpoints),
            "product": categories(product, PRODUCTS),
            "team": categories(rows["team"], enum_names(Team)),
            "person": whole(rows["person"]),
            "source": categories(rows["source"], enum_names(Source)),
            "item": whole(rows["item"]),
            "hours": rows["hours"].copy(),
            "brand": rows["brand"].copy(),
            "relationship": rows["relationship"].copy(),
            "value": rows["value"].copy(),
            "amount": dollars(rows["amount"]),
        }
    )
