"""Which engine runs: the compiled one where it pays, else the reference engine; the results are the same."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

from funnelsim.engines.compiled import compiling
from funnelsim.errors import FunnelsimError

if TYPE_CHECKING:
    import numpy as np

    from funnelsim.engines.compiled.engine import Sink
    from funnelsim.scenario.lowered import Lowered

S = TypeVar("S", bound="Sink")
ENGINES: Final = {
    "simpy": "funnelsim.engines.reference.model",
    "compiled": "funnelsim.engines.compiled.engine",
}
"""Modules with ``simulate_log(lowered, seed, replication)``, by the name of the engine."""
AUTO: Final = "auto"
NAMES: Final = (AUTO, *ENGINES)
COMPILE_SECONDS: Final = 30.0
LOAD_SECONDS: Final = 1.0
COMPILED_SPEED: Final = 60.0
"""How many times as fast as the reference engine (``docs/reference/performance.md``)."""


def choose_engine(asked: str, seconds: float, *, own_processes: bool = False) -> str:
    """Return the engine to take: the one that was asked for, or for ``"auto"`` the one that is done first.

    Parameters
    ----------
    asked : str
        One of `NAMES`.
    seconds : float
        How long the reference engine would take for everything, roughly.
    own_processes : bool
        Whether the user has SimPy processes of their own; only the reference engine can run those.

    Raises
    ------
    FunnelsimError
        If the compiled engine is asked for and cannot be had.
    """
    if asked != AUTO:
        if asked == "compiled" and own_processes:
            raise FunnelsimError("processes of your own run on engine 'simpy' only")
        if asked == "compiled" and not compiling.is_installed():
            raise FunnelsimError("engine 'compiled' needs Numba: pip install \"funnelsim[fast]\"")
        return asked
    if own_processes:
        return "simpy"
    if not compiling.is_installed():
        if seconds > LOAD_SECONDS:
            _note('taking the SimPy engine; the compiled one is faster and needs Numba: pip install "funnelsim[fast]"')
        return "simpy"
    if compiling.is_loaded():
        return "compiled"
    if seconds <= LOAD_SECONDS:
        return "simpy"
    if seconds <= COMPILE_SECONDS and not compiling.is_cached():
        _note("taking the SimPy engine: for so little work compiling the other one would take longer")
        return "simpy"
    return "compiled"


def make_ready(engine: str) -> None:
    """Compile the engine now, if it is one that is compiled and never was."""
    if engine == "compiled":
        compiling.kernel()


def simulate_log(engine: str, lowered: Lowered, seed: int, replication: int) -> np.ndarray:
    """Event log of one replication by an engine (not ``"auto"``)."""
    log: np.ndarray = import_module(ENGINES[engine]).simulate_log(lowered, seed, replication)
    return log


def simulate_into(engine: str, sink: S, lowered: Lowered, seed: int, replication: int) -> S:
    """Let a sink take the event log of one replication by an engine; the compiled one never holds all of it."""
    if engine == "compiled":
        from funnelsim.engines.compiled.engine import simulate_into as into

        return into(sink, lowered, seed, replication)
    sink.take(simulate_log(engine, lowered, seed, replication))
    return sink


@lru_cache(maxsize=8)
def _note(message: str) -> None:
    """Say something once, where somebody watches a terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"funnelsim: {message}", file=sys.stderr)
