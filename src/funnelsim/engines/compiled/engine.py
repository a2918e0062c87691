"""The compiled engine's door: a lowered scenario in, an event log out."""

from __future__ import annotations

from ctypes import CFUNCTYPE, c_int64, c_void_p
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from funnelsim.engines.compiled import layout as L
from funnelsim.engines.compiled.compiling import kernel
from funnelsim.engines.compiled.memory import empty
from funnelsim.engines.compiled.room import ALL, AT_A_TIME
from funnelsim.engines.compiled.tables import input_tables
from funnelsim.engines.reference.climate import YEAR_OF_QUARTERS
from funnelsim.engines.reference.incentives import MONTHS_BACK
from funnelsim.events import DAY
from funnelsim.randomness import Purpose, run_key, uniform_array
from funnelsim.scenario.lowered import Lowered

EVENTS_PER_SLOT = 3.0
FEWEST_SLOTS, MOST_SLOTS = 1 << L.SLOT_BITS, 1 << 22
GROWTH = 2.0
"""A table that is full becomes that many times as large."""
TAKEN_AT_A_TIME = 1 << 16
"""Rows of the log that a sink takes at a time: they stay in the processor's cache."""
NO_MEMORY = 1
CALLBACK = CFUNCTYPE(None, c_int64)


class Sink(Protocol):
    """Takes an event log piece by piece; `funnelsim.tables.digest.Digest` is one."""

    def take(self, rows: np.ndarray) -> None:
        """Take the next rows, which will be overwritten."""

    def copy(self) -> Sink:
        """Return one that has taken the same."""


S = TypeVar("S", bound=Sink)


class State:
    """Everything that a run knows: tables, and the record of globals in which their addresses stand.

    Parameters
    ----------
    lowered : Lowered
        The scenario as engines see it.
    seed, replication : int
        Address of the run's randomness.
    sink : Sink, optional
        Takes the log's rows away, some at a time; without, they are all kept in `log`.
    """

    def __init__(self, lowered: Lowered, seed: int, replication: int, sink: Sink | None = None) -> None:
        key = run_key(seed, replication)
        self.sink = sink
        self.globals = np.zeros(1, L.GLOBALS_ROW)
        self.inputs = input_tables(lowered)
        self.inputs["declared"] = declared_customers(lowered, key).view(L.NUMBER_ROW)
        days = (lowered.end - lowered.start) / DAY
        needs = sum(
            s.accounts * (days / (s.gap_days + s.window_days) + 0.1) for s in lowered.segments
        )  # at demand 1; more demand grows the tables
        slots = 1 << int(np.ceil(np.log2(min(max(needs * 10 / EVENTS_PER_SLOT, FEWEST_SLOTS), MOST_SLOTS))))
        shift = 0
        while (lowered.end - lowered.start) >> shift >= slots:
            shift += 1
        accounts = np.empty(lowered.accounts, L.ACCOUNT_ROW)
        for name in ("open", "memory", "customer"):
            accounts[name] = L.NONE
        accounts["needs"] = 0
        seats = np.zeros(L.DESKS * L.SEATS, L.SEAT_ROW)
        seats["person"] = L.CLOSED_SEAT
        seats["incumbent"] = -1
        desks = np.zeros(L.DESKS, L.DESK_ROW)
        for name in ("pool_root", "idle_first", "idle_last"):
            desks[name] = L.NONE
        desks["wakes"] = -L.NEVER
        spans = np.zeros(slots >> L.SLOT_BITS, L.SPAN_ROW)
        spans["chunk"] = L.NONE
        self.state = {
            "climate": np.zeros(1, L.CLIMATE_ROW),
            "levels": np.zeros(L.LEVERS, L.LEVEL_ROW),
            "billings": np.zeros(YEAR_OF_QUARTERS, L.NUMBER_ROW),
            "kinds": np.zeros(len(self.inputs["moments"]), L.KIND_ROW),
            "accounts": accounts,
            "seats": seats,
            "desks": desks,
            "slots": np.full(1 << L.SLOT_BITS, L.NONE, "<i4").view(L.SLOT_ROW),
            "spans": spans,
            "past_months": np.zeros(MONTHS_BACK, L.PAST_MONTH_ROW),
        }
        rows = first_rows(lowered.accounts, needs, len(self.inputs["declared"]))
        if sink is not None:
            rows["log"] = TAKEN_AT_A_TIME
        self.growing = {name: empty(rows[name] + 2 * AT_A_TIME, L.GROWING[name]) for name in L.GROWING}
        g = self.globals[0]
        g["key"] = key
        g["start"], g["end"], g["now"], g["stop"] = lowered.start, lowered.end, lowered.start, L.NEVER
        calendar = lowered.calendar
        g["first_day"], g["span"] = calendar.first_day, calendar.last_day - calendar.first_day + 1
        g["opens"], g["closes"], g["day_length"] = calendar.opens, calendar.closes, calendar.day_length
        g["slot_shift"], g["free_event"], g["free_chunk"] = shift, L.NONE, L.NONE
        g["quarter"] = -1
        g["quota_ends"] = lowered.start
        g["allowance_time"] = g["goodwill_time"] = g["content_time"] = lowered.start
        g["goodwill_value"], g["content_value"] = lowered.goodwill_start, lowered.content_start
        g["belief"] = lowered.belief_start
        g["repeat"] = lowered.repeat
        g["psi_a"], g["psi_b"] = lowered.psi_a, lowered.psi_b
        g["propensity_sd"], g["customer_trust"] = lowered.propensity_sd, lowered.customer_trust

    def know_plans(self) -> None:
        """From now on the phases are those that will come; they are scheduled when the run goes on."""
        self.globals[0]["plans_known"] = 1

    def copy(self) -> State:
        """Return the same state in memory of its own; the inputs are shared."""
        other = object.__new__(State)
        other.globals = self.globals.copy()
        other.sink = None if self.sink is None else self.sink.copy()
        other.inputs = dict(self.inputs)
        other.state = {name: table.copy() for name, table in self.state.items()}
        other.growing = {}
        for name, table in self.growing.items():
            n = int(self.globals[0][f"n_{name}"])
            other.growing[name] = empty(len(table), table.dtype)
            other.growing[name][:n] = table[:n]
        return other

    def _write_addresses(self) -> None:
        g = self.globals[0]
        for tables in (self.inputs, self.state):
            for name, table in tables.items():
                g[name] = table.ctypes.data
                g[f"n_{name}"] = len(table)
        for name, table in self.growing.items():
            g[name] = table.ctypes.data
            g[f"cap_{name}"] = len(table)

    def _grow(self) -> None:
        """Make the table that is wanted larger, or all that have little room left."""
        g = self.globals[0]
        wanted = int(g["wanted"])
        for number, (name, table) in enumerate(self.growing.items()):
            n = int(g[f"n_{name}"])
            if number == wanted or (wanted == ALL and n + 2 * AT_A_TIME > len(table)):
                if name == "log" and self.sink is not None:
                    self.hand_over()
                    continue
                larger = empty(int(GROWTH * len(table)) + 2 * AT_A_TIME, table.dtype)
                larger[:n] = table[:n]
                self.growing[name] = larger
        self._write_addresses()

    def run(self, stop: int = L.NEVER) -> None:
        """Run until the next event is not before `stop`."""
        from funnelsim.engines.compiled.loop import FAILED

        advance = kernel()
        failures: list[BaseException] = []

        def grow(_: int) -> None:
            try:
                self._grow()
            except BaseException as error:  # there is no way for it through compiled code
                failures.append(error)
                self.globals[0]["failure"] = NO_MEMORY

        callback = CALLBACK(grow)
        self.globals[0]["stop"] = stop
        self.globals[0]["grow"] = c_void_p.from_buffer(callback).value  # `cast` would tie the tables into a cycle
        self._write_addresses()
        if advance(self.globals.ctypes.data) == FAILED:
            raise failures[0]

    def hand_over(self) -> None:
        """Let the sink take the rows that are there."""
        if self.sink is not None:
            g = self.globals[0]
            self.sink.take(self.growing["log"][: int(g["n_log"])])
            g["n_log"] = 0

    @property
    def log(self) -> np.ndarray:
        """Rows of the event log so far, read-only; without a sink."""
        log = self.growing["log"][: int(self.globals[0]["n_log"])]
        log.flags.writeable = False
        return log


def first_rows(accounts: int, needs: float, declared: int) -> dict[str, int]:
    """Rows that the growing tables have at first, so that they seldom grow."""
    later = int(1.1 * (accounts + needs)) + 4 * declared + 6 * AT_A_TIME
    return {
        "log": int(needs * 12) + 300 * 50 + 4 * declared,
        "needs": int(needs) + declared,
        "cases": int(needs * 0.2),
        "tasks": int(needs),
        "persons": 3 * L.SEATS,
        "customers": int(needs * 0.1) + declared,
        "programmes": 0,
        "events": later // 16,
        "later": later,
        "heap": 0,
    }


def declared_customers(lowered: Lowered, key: int) -> np.ndarray:
    """Return the accounts that are customers at the start: those that fit with the smallest uniforms."""
    if lowered.customers_start == 0:
        return np.zeros(0, "<i8")
    accounts = np.arange(lowered.accounts)
    share = np.repeat([s.fit_share for s in lowered.segments], [s.accounts for s in lowered.segments])
    fits = uniform_array(key, accounts, int(Purpose.FIT), 0) < share
    u = uniform_array(key, accounts, int(Purpose.INITIAL_CUSTOMER), 0)
    u = np.where(fits, u, u + 1.0)
    return np.sort(np.argsort(u, kind="stable")[: lowered.customers_start]).astype("<i8")


def simulate_log(lowered: Lowered, seed: int, replication: int = 0) -> np.ndarray:
    """Event log of one replication, row by row that of `engines.reference.model.simulate_log`."""
    state = State(lowered, seed, replication)
    state.know_plans()
    state.run()
    return state.log


def simulate_into(sink: S, lowered: Lowered, seed: int, replication: int = 0) -> S:
    """Let a sink take the event log of one replication, which never exists as a whole; the sink is returned."""
    state = State(lowered, seed, replication, sink)
    state.know_plans()
    state.run()
    state.hand_over()
    return sink


class BurnIn:
    """The burn-in of a world in one replication, run once and continued under any plan.

    Parameters
    ----------
    lowered : Lowered
        Any of the scenarios that will be continued; it has a burn-in.
    seed, replication : int
        Address of the run's randomness.
    sink : Sink, optional
        Takes the log of the burn-in; copies of it take what comes after (`into`).
    """

    def __init__(self, lowered: Lowered, seed: int, replication: int, sink: Sink | None = None) -> None:
        self.common = common_part(lowered)
        self._state = State(lowered, seed, replication, sink)
        self._state.run(stop=0)
        self._state.hand_over()

    def log(self, lowered: Lowered) -> np.ndarray:
        """Event log of a scenario that has this burn-in: as `simulate_log`."""
        return self._continued(lowered).log

    def into(self, lowered: Lowered) -> Sink | None:
        """Return a sink that has taken the log of a scenario that has this burn-in: as `simulate_into`."""
        state = self._continued(lowered)
        state.hand_over()
        return state.sink

    def _continued(self, lowered: Lowered) -> State:
        state = self._state.copy()
        state.inputs.update(input_tables(lowered))
        state.know_plans()
        state.run()
        return state


def common_part(lowered: Lowered) -> object:
    """Everything that shapes the burn-in; scenarios in which it is equal can share one. None: there is no burn-in."""
    if lowered.start >= 0:
        return None
    calendar = lowered.calendar
    demand = tuple((phase.time, phase.demand) for phase in lowered.phases)
    return (
        replace(lowered, calendar=None, phases=lowered.phases[:1], bounds_fit=(), bounds_unfit=(), intensity_bounds=()),  # type: ignore[arg-type]
        demand if len({rate for _, rate in demand}) > 1 else demand[0][1],
        (calendar.start_date, calendar.first_day, calendar.last_day, calendar.opens, calendar.closes, calendar.weekdays,
         calendar.holidays),
    )  # fmt: skip
