"""The reference engine: SimPy, written to be read. It defines what the model means."""

from __future__ import annotations

from functools import partial

import numpy as np

from funnelsim.engines.reference.customers import Customers
from funnelsim.engines.reference.firm import Firm
from funnelsim.engines.reference.incentives import Quotas
from funnelsim.engines.reference.market import Market
from funnelsim.engines.reference.marketing import Marketing
from funnelsim.engines.reference.sales import Sales
from funnelsim.engines.reference.site import Site
from funnelsim.events import Rank
from funnelsim.scenario.lowered import Lowered


class Model:
    """A firm on its market, ready to run.

    To add a process of your own, subclass and extend `begin`; to change one, replace the attribute that holds its part.

    Parameters
    ----------
    lowered : Lowered
        The scenario as engines see it (`funnelsim.scenario.lowering.lower`).
    seed, replication : int
        Address of the run's randomness, >= 0.
    """

    def __init__(self, lowered: Lowered, seed: int, replication: int) -> None:
        firm = Firm(lowered, seed, replication)
        firm.market = Market(firm)
        firm.marketing = Marketing(firm)
        firm.sales = Sales(firm)
        firm.customers = Customers(firm)
        firm.quotas = Quotas(firm)
        firm.site = Site(firm)
        self.firm = firm

    def begin(self) -> None:
        """Staff the teams, declare the customers, start the processes."""
        firm = self.firm
        firm.climate.begin()
        firm.marketing.begin()
        firm.sales.begin()
        firm.quotas.begin()
        firm.market.begin()
        firm.customers.begin()
        for number, phase in enumerate(firm.lowered.phases):
            if number > 0:
                firm.env.call_at(phase.time, Rank.PLAN, 0, number, partial(self._change_phase, number))

    def _change_phase(self, number: int, _: object) -> None:
        self.firm.change_phase(number)

    def run(self) -> np.ndarray:
        """Run to the horizon; the event log as a structured array (`funnelsim.events.COLUMNS`)."""
        self.begin()
        self.firm.env.run_to_end()
        return self.firm.log.to_array()


def simulate_log(lowered: Lowered, seed: int, replication: int = 0) -> np.ndarray:
    """Event log of one replication."""
    return Model(lowered, seed, replication).run()
