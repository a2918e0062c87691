"""What people read: tables in a terminal, files in a folder, one HTML page.

``funnelsim.report(...)`` writes a decision memo (`funnelsim.report.memo.report`). It has the name of this package, and
whoever imports a part of a package makes its name mean the package: therefore the package itself can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelsim.experiments.memo import Memo


class _Callable(ModuleType):
    """A package that can be called."""

    def __call__(self, *arguments: Any, **options: Any) -> Memo:
        """Write a decision memo; see `funnelsim.report.memo.report`."""
        from funnelsim.report.memo import report

        return report(*arguments, **options)

    @property
    def __signature__(self) -> Any:
        """What `help` and editors show."""
        import inspect

        from funnelsim.report.memo import report

        return inspect.signature(report)


sys.modules[__name__].__class__ = _Callable
