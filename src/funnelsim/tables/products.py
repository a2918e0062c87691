"""Products: what each sold, and what it earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelsim.events import Kind, Product
from funnelsim.scenario.schema import Scenario
from funnelsim.tables.reading import Reading, categories, reading
from funnelsim.tables.terms import PRODUCTS
from funnelsim.tables.terms import products as product_of

if TYPE_CHECKING:
    import pandas as pd

SOLD = (Kind.WON, Kind.UPSOLD, Kind.CROSS_SOLD, Kind.TRADED_UP, Kind.PURCHASE)


def products(log: np.ndarray | Reading, scenario: Scenario) -> pd.DataFrame:
    """One row per product that the firm sold or earned money with, or whose customers it has.

    Parameters
    ----------
    log : numpy.ndarray
        Event log.
    scenario : Scenario
        What was asked.
    """
    import pandas as pd

    this = reading(log, scenario)
    terms, sold = this.terms, this.measured(*SOLD)
    code, price = product_of(sold), sold["amount"] / 100.0
    edges = np.array([0, this.end])
    running = terms.active(this.end - 1)
    account = terms.rows["account"]
    lines = []
    for place, product in enumerate((Product.CORE, Product.ENTRY, Product.ADDON, Product.PREMIUM)):
        mine = code == int(product)
        if not mine.any() and not (terms.product == int(product)).any():
            continue
        earned = int(terms.earned_of_product(edges, int(product))[0])
        goods = int(terms.goods_of_product(edges, int(product))[0])
        paying = len(np.unique(account[running & (terms.product == int(product))]))
        lines.append((place, int(mine.sum()), float(price[mine].sum()), paying, earned, goods))
    table = np.array(lines, dtype=float).reshape(-1, 6)
    return pd.DataFrame(
        {
            "product": categories(table[:, 0].astype(np.int64), PRODUCTS),
            "sold": table[:, 1].astype(np.int64),
            "price_sold": table[:, 2],
            "customers_end": table[:, 3].astype(np.int64),
            "revenue_earned": table[:, 4] / 100.0,
            "cost_of_goods": table[:, 5] / 100.0,
            "margin": (table[:, 4] - table[:, 5]) / 100.0,
        }
    )
