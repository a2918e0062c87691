"""Records by address: how compiled code reaches its tables.

Every table is a NumPy structured array that Python owns. Compiled functions get nothing but the address of one record of
globals, in which the addresses of all tables stand, and reach a row by ``NEED(g.needs, i)``: an address turned into a
Numba record, two machine instructions. So no array travels through a call, nothing counts references, and a table that
has grown is found at its new place.

There is no bounds check: who allocates rows (`funnelsim.engines.compiled.engine`) sees to it that there is room.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, njit, types
from numba.extending import intrinsic

I64 = ir.IntType(64)


def rows_of(dtype: np.dtype) -> Any:
    """Return the function ``at(address, i)`` of compiled code: row i of a table of this type.

    Parameters
    ----------
    dtype : numpy.dtype
        Structured type of a row.
    """
    record = from_dtype(dtype)
    size = dtype.itemsize

    @intrinsic
    def at(typing_context: Any, address: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            base, row = arguments
            place = builder.add(base, builder.mul(row, ir.Constant(I64, size)))
            return builder.inttoptr(place, context.get_value_type(record))

        return record(types.int64, types.int64), generate

    return at


def _cast(source: Any, target: Any) -> Any:
    @intrinsic
    def cast(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return cast


bits_of = _cast(types.float64, types.int64)
"""The 64 bits of a float, in compiled code."""
float_of = _cast(types.int64, types.float64)
"""The float of 64 bits, in compiled code."""

jit: Callable[[Any], Any] = njit(error_model="numpy", nogil=True)
"""How every function of this engine is compiled: no exceptions, no interpreter lock, IEEE arithmetic as written."""


def compiled_twins(module: ModuleType, known: dict[str, Any]) -> dict[str, Any]:
    """Compile the plain functions of a module, from the same source as the reference engine runs.

    Parameters
    ----------
    module : module
        Its public functions are compiled; those of other modules that they call must be in `known`.
    known : dict
        Compiled functions by name; they stand in for functions of the same name.

    Returns
    -------
    dict
        `known` and the new ones, by name.
    """
    found = dict(known)
    for name, function in vars(module).items():
        if isinstance(function, FunctionType) and function.__module__ == module.__name__ and name not in found:
            copy = FunctionType(function.__code__, {**vars(module), **found}, name, function.__defaults__)
            copy.__module__ = module.__name__
            found[name] = jit(copy)
    return found
