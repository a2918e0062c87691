"""What is asked: scenarios, their files, and changes to them.

Names are looked up when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelsim.scenario.changes import differences, with_changes
    from funnelsim.scenario.files import list_shipped, load, load_plan, load_study, load_world, scenarios_root
    from funnelsim.scenario.schema import Change, Plan, Scenario, World
    from funnelsim.scenario.size import check_size, estimate
    from funnelsim.scenario.study import Study

__all__ = [
    "Change",
    "Plan",
    "Scenario",
    "Study",
    "World",
    "check_size",
    "differences",
    "estimate",
    "list_shipped",
    "load",
    "load_plan",
    "load_study",
    "load_world",
    "scenarios_root",
    "with_changes",
]

_HOMES = {
    "Change": "schema",
    "Plan": "schema",
    "Scenario": "schema",
    "World": "schema",
    "Study": "study",
    "differences": "changes",
    "with_changes": "changes",
    "check_size": "size",
    "estimate": "size",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds `name`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'files')}"), name)
