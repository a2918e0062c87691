"""When and where the kernel is compiled, and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def kernel() -> Any:
    """Return the compiled ``advance(address)``."""
    from numba import njit

    from funnelsim.engines.compiled.loop import advance
    from funnelsim.engines.compiled.records import OPTIONS, compile_callees

    compile_callees(advance)
    return njit("int64(int64)", **OPTIONS)(advance)
