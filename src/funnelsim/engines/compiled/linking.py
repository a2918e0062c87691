"""Compile many functions as one: each is translated once, then all are optimised and made machine code together.

Left to itself Numba optimises a function together with all that it calls and makes machine code of it, and does so
again for each function above it, although only the outermost is ever called from outside: more than half of the time
that compiling the kernel took. Here the library of a function stays a piece, and the outermost one takes in each piece
once.

This uses parts of Numba that are not public. With a version that was not tried, or that lacks them, the kernel is
compiled as Numba does it; that takes longer, and nothing else differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

OLDEST, NEWEST = (0, 60), (0, 68)
"""Versions of Numba between which this was tried."""
PARTS = ("_linking_libraries", "_final_module", "_shared_module", "_codegen", "_finalized")
METHODS = ("finalize", "get_pointer_to_function", "add_linking_library", "_get_module_for_linking")
SHARED = "linkonce_odr"
"""Linkage of functions that stand in several modules: one copy is kept, and none if it is nowhere called."""


class _Codegen:
    """The code generator as a piece shows it: a piece has no machine code whose environment could be set."""

    def __init__(self, codegen: Any) -> None:
        self._codegen = codegen

    def set_env(self, name: str, environment: object) -> None:
        """Do nothing: compiled code without objects and exceptions has no use for it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)


class Piece(JITCodeLibrary):
    """The library of one function, of which no machine code is made."""

    _shared_module: Any

    @property
    def codegen(self) -> Any:
        """The code generator."""
        return _Codegen(self._codegen)

    def finalize(self) -> None:
        """Accept nothing more."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code."""
        return 0

    def add_linking_library(self, library: Any) -> None:
        """Note what the function calls."""
        self._linking_libraries.append(library)

    def own_module(self) -> Any:
        """Return the module of this function alone."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.external:
                function.linkage = SHARED
        return self._final_module

    def _get_module_for_linking(self) -> Any:
        """Return the module for a library that is not part of the whole: with all that the function calls."""
        if self._shared_module is None:
            module = self.own_module().clone()
            for library in _all_called(self):
                module.link_in(_module(library), preserve=True)
            self._shared_module = module
        return self._shared_module


class Whole(JITCodeLibrary):
    """The library of the outermost function."""

    def finalize(self) -> None:
        """Take in each piece once, then optimise and make machine code as usual."""
        for library in _all_called(self):
            self._final_module.link_in(_module(library), preserve=True)
        self._linking_libraries.clear()
        super().finalize()


def _module(library: Any) -> Any:
    return library.own_module() if isinstance(library, Piece) else library._get_module_for_linking()


def _all_called(library: Any) -> list[Any]:
    """Return the libraries that one needs, callers first: who is not yet called when it is linked would be left out."""
    found: dict[Any, None] = {}
    waiting = list(reversed(library._linking_libraries))
    while waiting:
        called = waiting.pop()
        if called not in found:
            found[called] = None
            if isinstance(called, Piece):
                waiting += reversed(called._linking_libraries)
    return list(found)


def compile_as_one(compile_pieces: Callable[[], None], compile_whole: Callable[[], Any]) -> Any:
    """Compile the functions that another calls, then that one; what the latter returns is returned.

    Parameters
    ----------
    compile_pieces, compile_whole
        Do it by Numba's ordinary means.
    """
    with _libraries(Piece):
        compile_pieces()
    with _libraries(Whole):
        return compile_whole()


@contextmanager
def _libraries(kind: type) -> Iterator[None]:
    """Have Numba make libraries of this kind."""
    codegen = cpu_target.target_context.codegen()
    if not is_possible(codegen):
        yield
        return
    with global_compiler_lock:  # others who compile meanwhile wait
        before = codegen._library_class
        codegen._library_class = kind
        try:
            yield
        finally:
            codegen._library_class = before


def is_possible(codegen: Any) -> bool:
    """Whether this version of Numba has what is needed."""
    version = tuple(int(part) for part in numba.__version__.split(".")[:2])
    if not OLDEST <= version <= NEWEST or getattr(codegen, "_library_class", None) is not JITCodeLibrary:
        return False
    example = codegen.create_library("example")
    return all(hasattr(example, part) for part in PARTS) and all(hasattr(JITCodeLibrary, name) for name in METHODS)
