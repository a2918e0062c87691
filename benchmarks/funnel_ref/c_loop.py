"""`funnel-ref` in C (`loop.c`), compiled when it is first needed: the practical limit of speed.

The same log as `machinery`, bit by bit. Needs a C compiler: ``$CC``, ``cc``, ``gcc`` or ``clang``.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.funnel_ref.tables import GLOBALS_ROW, Tables, columns
from funnelsim.events import DAY

__all__ = ["NoCompiler", "columns", "compiler", "run"]

SOURCE = Path(__file__).with_name("loop.c")
# No contraction of a * b + c and no pow but the C library's: the bits are those of Python.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-builtin-pow", "-shared", "-fPIC")
EVENT_ROW = np.dtype([("word", "<u8"), ("next", "<i8")])
PRESENT_ROW = np.dtype([("word", "<u8")])


class NoCompiler(RuntimeError):
    """There is no C compiler here, or it cannot compile the loop."""


def compiler() -> str | None:
    """Return the C compiler, None if there is none."""
    candidates = (os.environ.get("CC", ""), "cc", "gcc", "clang")
    return next((found for name in candidates if name and (found := shutil.which(name))), None)


def _folder() -> Path:
    """Return a folder of our own for compiled loops: in the user's cache, else a new temporary one."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "funnelsim" / "benchmarks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="funnelsim-"))


@cache
def _loop() -> Callable[[int], int]:
    """Compile `loop.c`, unless the same has been compiled before, and load it."""
    cc = compiler()
    if cc is None:
        raise NoCompiler("the C loop of funnel-ref needs a C compiler (cc, gcc or clang; or set CC), and there is none")
    what = "\n".join([SOURCE.read_text(encoding="utf-8"), *FLAGS, cc, platform.machine(), platform.platform()])
    folder = _folder()
    library = folder / f"funnel_ref-{hashlib.sha256(what.encode()).hexdigest()[:16]}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as workshop:  # moved when it is complete: others may look for it
            built = Path(workshop) / library.name
            command = [cc, *FLAGS, str(SOURCE), "-o", str(built), "-lm"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise NoCompiler(f"{' '.join(command)} failed:\n{done.stderr}")
            built.replace(library)
    loaded = ctypes.CDLL(str(library))
    loaded.size_of_globals.restype = ctypes.c_int64
    if loaded.size_of_globals() != GLOBALS_ROW.itemsize:
        raise RuntimeError("loop.c and tables.py do not agree on the globals")
    loaded.run.argtypes = [ctypes.c_void_p]
    loaded.run.restype = ctypes.c_int
    run_loop: Callable[[int], int] = loaded.run
    return run_loop


def run(buyers: int, seed: int, replication: int = 0, *, day: int = DAY, room: float = 1.0) -> np.ndarray:
    """Run one replication and return its log.

    Parameters
    ----------
    buyers : int
        Expected number of buyers.
    seed, replication : int
        Address of the run's randomness.
    day : int
        Ticks of the clock in a day; for tests, which make events coincide.
    room : float
        Size of the tables at the start; for tests, which make them grow.

    Returns
    -------
    numpy.ndarray
        Structured, with the type of the machinery's log.

    Raises
    ------
    NoCompiler
        When the loop cannot be compiled here.
    """
    loop = _loop()
    return Tables(buyers, seed, replication, EVENT_ROW, PRESENT_ROW, day, room).run(loop)
