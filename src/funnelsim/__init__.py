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
    "Explanation",
    "Factor",
    "FunnelsimError",
    "MarginalValues",
    "Memo",
    "Plan",
    "RatioFrontier",
    "Replications",
    "Robust",
    "Run",
    "Scenario",
    "Search",
    "Selection",
    "Sensitivity",
    "Store",
    "Study",
    "Sweep",
    "Switching",
    "Transition",
    "Value",
    "World",
    "__version__",
    "alignment_diagnostic",
    "build_up",
    "choose",
    "compare",
    "earn_your_way",
    "equal_payroll",
    "explain",
    "explore",
    "hiring_plan",
    "html_report",
    "iso_profit",
    "list_scenarios",
    "load",
    "load_study",
    "marginal_values",
    "overload_curve",
    "plots",
    "ratio_frontier",
    "replicate",
    "report",
    "robust",
    "search",
    "sensitivity",
    "shock",
    "simulate",
    "sweep",
    "switching",
    "transition",
    "value_of",
]

_HOMES = {
    "Change": "scenario.schema",
    "Comparison": "experiments.compare",
    "Explanation": "experiments.explain",
    "Factor": "experiments.designs",
    "FunnelsimError": "errors",
    "MarginalValues": "experiments.marginal",
    "Memo": "experiments.memo",
    "Plan": "scenario.schema",
    "RatioFrontier": "experiments.frontier",
    "Replications": "experiments.replicate",
    "Robust": "experiments.robust",
    "Run": "run",
    "Scenario": "scenario.schema",
    "Search": "experiments.search",
    "Selection": "experiments.choose",
    "Sensitivity": "experiments.sensitivity",
    "Store": "experiments.store",
    "Study": "scenario.study",
    "Sweep": "experiments.sweep",
    "Switching": "experiments.switching",
    "Transition": "experiments.transitions",
    "Value": "experiments.value",
    "World": "scenario.schema",
    "alignment_diagnostic": "scenario.diagnostic",
    "build_up": "experiments.building",
    "choose": "experiments.choose",
    "compare": "experiments.compare",
    "earn_your_way": "experiments.building",
    "equal_payroll": "experiments.payroll",
    "explain": "experiments.explain",
    "explore": "interactive.explore",
    "hiring_plan": "experiments.building",
    "html_report": "report.html",
    "iso_profit": "experiments.frontier",
    "list_scenarios": "experiments.single",
    "load": "scenario.files",
    "load_study": "scenario.files",
    "marginal_values": "experiments.marginal",
    "overload_curve": "experiments.frontier",
    "ratio_frontier": "experiments.frontier",
    "replicate": "experiments.replicate",
    "robust": "experiments.robust",
    "search": "experiments.search",
    "sensitivity": "experiments.sensitivity",
    "shock": "experiments.building",
    "simulate": "experiments.single",
    "sweep": "experiments.sweep",
    "switching": "experiments.switching",
    "transition": "experiments.transitions",
    "value_of": "experiments.value",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds `name`, and remember what it holds."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("funnelsim")
    elif name in ("plots", "report"):  # packages; `report` can be called
        return import_module(f"funnelsim.{name}")
    elif name in _HOMES:
        value = getattr(import_module(f"funnelsim.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'funnelsim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
