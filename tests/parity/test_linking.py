"""Functions that are compiled as one do what they do when Numba compiles each of them."""

from __future__ import annotations

import pytest

pytest.importorskip("numba")

from numba import njit
from numba.core.registry import cpu_target

from funnelsim.engines.compiled import linking
from funnelsim.engines.compiled.records import OPTIONS, compile_callees, inlined, jit


@jit
def innermost(x: float) -> float:
    return x * 3.0 + 1.0


@inlined
def inner(x: float) -> float:
    return innermost(x) - 0.5 if x > 2.0 else innermost(2.0 * x)


@jit
def middle(n: int) -> float:
    """Calls `innermost` itself, and by `inner`."""
    total = 0.0
    for i in range(n):
        total += inner(float(i)) / (1.0 + innermost(float(i)))
    return total


def outermost(n: int) -> int:
    return int(1e6 * middle(n))


def in_python(n: int) -> int:
    """`outermost`, not compiled."""
    total = 0.0
    for i in range(n):
        x = float(i)
        inside = x * 3.0 + 1.0 - 0.5 if x > 2.0 else 2.0 * x * 3.0 + 1.0
        total += inside / (1.0 + (x * 3.0 + 1.0))
    return int(1e6 * total)


def whole():
    return njit("int64(int64)", **OPTIONS)(outermost)


def test_possible_here():
    assert linking.is_possible(cpu_target.target_context.codegen()), (
        "the kernel is not compiled as one, so that it takes twice as long: was Numba's pin raised? "
        "Try `funnelsim.engines.compiled.linking` with it and raise NEWEST"
    )


def test_compiled_as_one():
    if not linking.is_possible(cpu_target.target_context.codegen()):
        pytest.skip("this version of Numba compiles each function")
    compiled = linking.compile_as_one(lambda: compile_callees(outermost), whole)
    assert [compiled(n) for n in range(20)] == [in_python(n) for n in range(20)]
    overload = next(iter(middle.overloads.values()))
    assert isinstance(overload.library, linking.Piece)
    # others who call a piece, and others who compile afterwards, notice nothing
    again = whole()
    assert type(next(iter(again.overloads.values())).library).__name__ == "JITCodeLibrary"
    assert [again(n) for n in range(20)] == [in_python(n) for n in range(20)]


def test_otherwise_as_numba_does(monkeypatch):
    monkeypatch.setattr(linking, "NEWEST", (0, 1))
    assert not linking.is_possible(cpu_target.target_context.codegen())
    compiled = linking.compile_as_one(lambda: None, whole)
    assert [compiled(n) for n in range(20)] == [in_python(n) for n in range(20)]
