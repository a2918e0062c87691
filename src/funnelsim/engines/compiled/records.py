"""Records by address: how compiled code reaches its tables.

Every table is a NumPy structured array that Python owns. Compiled functions get nothing but the address of one record
of globals, in which the addresses of all tables stand, and reach a row by ``NEED(g.needs, i)``: an address turned into
a Numba record, two machine instructions. So no array travels through a call, nothing counts references, and a table
that has grown is found at its new place.

There is no bounds check: who allocates rows (`funnelsim.engines.compiled.engine`) sees to it that there is room.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.binding import llvm_version_info
from numba import from_dtype, njit, types
from numba.core import cgutils
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


@intrinsic
def fetch_ahead(typing_context: Any, address: Any) -> Any:
    """Have the processor fetch the line of memory at an address, to be read soon; in compiled code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, ir.IntType(32), ir.IntType(32), ir.IntType(32)])
        name = "llvm.prefetch.p0" if llvm_version_info[0] >= 15 else "llvm.prefetch.p0i8"
        prefetch = cgutils.get_or_insert_function(builder.module, kind, name)
        constants = [ir.Constant(ir.IntType(32), n) for n in (0, 3, 1)]  # to read, keep it near, data
        builder.call(prefetch, [builder.inttoptr(arguments[0], pointer), *constants])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def call(typing_context: Any, function: Any, argument: Any) -> Any:
    """Call the C function ``void f(int64)`` at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [I64])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [arguments[1]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


_TYPES = {"int": types.int64, "float": types.float64, "bool": types.boolean, "np.uint64": types.uint64}
_registered: dict[Any, tuple[Any, ...]] = {}
OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}
"""How everything is compiled: no exceptions, no interpreter lock, IEEE arithmetic as written."""


def jit(function: Callable[..., Any], inline: bool = False) -> Any:
    """Mark a function for compilation, once, for the types that its annotations name.

    Left to itself Numba would compile it anew for every constant that it is called with. With `inline` the machine
    code stands wherever it is called: for small functions of the hot loop.
    """
    marked = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=inline, **OPTIONS)(function)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    _registered[marked] = tuple(_TYPES[str(function.__annotations__[name])] for name in names)
    return marked


def inlined(function: Callable[..., Any]) -> Any:
    """Mark a function for compilation into each of its callers."""
    return jit(function, True)


def compile_callees(function: Callable[..., Any], done: set[Any] | None = None) -> None:
    """Compile what a function calls, callees first."""
    done = set() if done is None else done
    names = function.__code__.co_names
    found: list[Any] = [function.__globals__.get(name) for name in names]
    found += [vars(module).get(name) for module in found if isinstance(module, ModuleType) for name in names]
    for callee in found:
        if not hasattr(callee, "py_func") or callee not in _registered or callee in done:
            continue
        done.add(callee)
        compile_callees(callee.py_func, done)
        callee.compile(_registered[callee])
        callee.disable_compile()


def compiled_twins(module: ModuleType, known: dict[str, Any]) -> dict[str, Any]:
    """Mark copies of the plain functions of a module for compilation: the source that the reference engine runs.

    Parameters
    ----------
    module : module
        Its functions are copied; those of other modules that they call must be in `known`.
    known : dict
        Marked functions by name; they stand in for functions of the same name.

    Returns
    -------
    dict
        `known` and the new ones, by name.
    """
    found = dict(known)
    for name, function in vars(module).items():
        if not isinstance(function, FunctionType) or function.__module__ != module.__name__ or name in found:
            continue
        annotations = {key: str(kind) for key, kind in function.__annotations__.items()}
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        if any(annotations.get(key) not in _TYPES for key in names):
            continue  # for arrays
        copy = FunctionType(function.__code__, {**vars(module), **found}, name, function.__defaults__)
        copy.__module__ = module.__name__
        copy.__annotations__ = annotations
        found[name] = jit(copy)
    return found
