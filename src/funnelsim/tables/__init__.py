"""Tables of one run: pure functions of (event log, scenario).

Each takes the log and the scenario and returns a pandas table; `funnelsim.run.Run` has them as methods, and
`funnelsim.tables.glossary` says what every column means. The measurement window is [0, end of the horizon); what
happened before is used as history only. What is missing is NA, never zero.
"""

from __future__ import annotations

from funnelsim.tables.cases import cases
from funnelsim.tables.events import events
from funnelsim.tables.funnel import funnel
from funnelsim.tables.journeys import journey_paths, journeys, touches
from funnelsim.tables.kpis import kpis
from funnelsim.tables.ledger import ledger
from funnelsim.tables.opportunities import opportunities
from funnelsim.tables.products import products
from funnelsim.tables.profit import profit_and_loss
from funnelsim.tables.reading import Reading, reading
from funnelsim.tables.series import series
from funnelsim.tables.staff import staff
from funnelsim.tables.terms import customers
from funnelsim.tables.waiting import waiting

__all__ = [
    "Reading",
    "cases",
    "customers",
    "events",
    "funnel",
    "journey_paths",
    "journeys",
    "kpis",
    "ledger",
    "opportunities",
    "products",
    "profit_and_loss",
    "reading",
    "series",
    "staff",
    "touches",
    "waiting",
]
