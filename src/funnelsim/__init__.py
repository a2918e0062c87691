"""funnelsim: a laboratory for marketing and sales.

>>> import funnelsim as fs
>>> base = fs.load("small")
>>> run = fs.simulate(base, seed=1)  # doctest: +SKIP
>>> study = fs.compare({"today": base, "two reps": base.with_changes({"plan.sales.reps": 2})})  # doctest: +SKIP

Names are imported when they are first used, so that importing this package costs next to nothing; ``__init__.pyi`` says
what they are to type checkers and editors.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "Change",
    "Comparison",
    "FunnelsimError",
    "Plan",
    "Replications",
    "Run",
    "Scenario",
    "Study",
    "World",
    "__version__",
    "alignment_diagnostic",
    "compare",
    "equal_payroll",
    "explore",
    "html_report",
    "list_scenarios",
    "load",
    "load_study",
    "plots",
    "replicate",
    "simulate",
]

_HOMES = {
    "Change": "scenario.schema",
    "Comparison": "experiments.compare",
    "FunnelsimError": "errors",
    "Plan": "scenario.schema",
    "Replications": "experiments.replicate",
    "Run": "run",
    "Scenario": "scenario.schema",
    "Study": "scenario.study",
    "World": "scenario.schema",
    "alignment_diagnostic": "scenario.diagnostic",
    "compare": "experiments.compare",
    "equal_payroll": "experiments.payroll",
    "explore": "interactive.explore",
    "html_report": "report.html",
    "list_scenarios": "experiments.single",
    "load": "scenario.files",
    "load_study": "scenario.files",
    "replicate": "experiments.replicate",
    "simulate": "experiments.single",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds `name`, and remember what it holds."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("funnelsim")
    elif name == "plots":
        return import_module("funnelsim.plots")
    elif name in _HOMES:
        value = getattr(import_module(f"funnelsim.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'funnelsim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
