"""Sliders beside a picture: today's plan, and yours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.single import as_scenario
from funnelsim.interactive.levers import LEVERS, Lever
from funnelsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from funnelsim.interactive.panel import Explorer


def explore(
    scenario: Scenario | str,
    *,
    levers: Sequence[Lever | tuple[Any, ...]] = LEVERS,
    seed: int = 1,
    engine: str | None = None,
    budget: float = 1.0,
    replications: int | None = None,
) -> Explorer:
    """Move sliders in a notebook, and see what your plan earns beside today's under the same luck.

    Parameters
    ----------
    scenario
        Today: a scenario, the name of a shipped one, or the path of a file. The smaller its market, the sooner the
        picture answers: ``"small"`` is made for this.
    levers
        What can be moved: rows (label, dotted path, (low, high), step, unit), or (label, dotted path) for a field that
        takes one of a few values; by default heads, programme money, rules for leads, and the horizon.
    seed
        Which family of random numbers, >= 0.
    engine
        As in `compare`; by default its default.
    budget
        Seconds that one answer may take, roughly. It decides how many replications there are: 3 to 30, and the picture
        says how many.
    replications
        Replications of each plan, 2 or more; given a number, the same numbers come out on every machine.

    Returns
    -------
    Explorer
        Shown by a notebook as the last line of a cell. It has `changes` (what differs from today), `scenario` (yours),
        `comparison` (as of `compare`), `finding` (the sentence above the picture), `controls` (by path) and `reset`.

    Raises
    ------
    FunnelsimError
        If ipywidgets is not installed.
    """
    try:
        import ipywidgets  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        raise FunnelsimError(
            "sliders need ipywidgets, which is not installed: pip install 'funnelsim[notebooks]'"
        ) from None
    from funnelsim.interactive.panel import Explorer
    from funnelsim.interactive.replays import Replays

    return Explorer(Replays(as_scenario(scenario), seed, engine, budget, replications), levers)
