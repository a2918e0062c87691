"""When and where the kernel is compiled, and kept.

Compiling takes about half a minute and happens once: the machine code is kept in the user's cache folder, in a folder
of its own for each version of the sources, of Numba and of Python. Environment variable ``FUNNELSIM_CACHE`` names
another folder. Where none can be written, it is kept in the folder for temporary files.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from funnelsim.errors import FunnelsimError

SOURCES = ("engines/compiled", "engines/reference", "rules", "scenario/lowered.py")
"""What the machine code depends on, beside the ground floor."""
MESSAGE = "funnelsim: compiling the fast engine; this happens once and takes about half a minute ..."
KEPT_VERSIONS = 4
"""Folders of older versions that are left alone."""
_lock = threading.Lock()
_kernel: list[Callable[[int], int]] = []


def is_installed() -> bool:
    """Whether Numba is there."""
    return find_spec("numba") is not None


def is_loaded() -> bool:
    """Whether the kernel is ready in this process."""
    return bool(_kernel)


def is_cached() -> bool:
    """Whether the kernel has been compiled before, so that loading it takes less than a second."""
    return is_loaded() or any(cache_folder().glob("**/*.nbc"))


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Folder for the machine code of this version."""
    from platformdirs import user_cache_path

    name = f"kernel-{_version()}"
    chosen = os.environ.get("FUNNELSIM_CACHE")
    places = [Path(chosen)] if chosen else [user_cache_path("funnelsim", appauthor=False)]
    who = os.getuid() if hasattr(os, "getuid") else "user"
    for place in [*places, Path(tempfile.gettempdir()) / f"funnelsim-{who}"]:
        folder = place / name
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
    return Path(tempfile.mkdtemp(prefix="funnelsim-")) / name


def _version() -> str:
    """Fingerprint of everything that the machine code was made from."""
    from importlib.metadata import version

    root = Path(__file__).parents[2]
    files = [*root.glob("*.py")]
    for source in SOURCES:
        files += [root / source] if source.endswith(".py") else (root / source).glob("**/*.py")
    digest = hashlib.sha256(repr((sys.version, version("numba"), version("llvmlite"), version("numpy"))).encode())
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def kernel() -> Callable[[int], int]:
    """Return the compiled ``advance(address)``, compiled now if it never was.

    Raises
    ------
    FunnelsimError
        Without Numba.
    """
    with _lock:
        if not _kernel:
            if not is_installed():
                raise FunnelsimError('the compiled engine needs Numba: pip install "funnelsim[fast]"')
            _kernel.append(_load())
    return _kernel[0]


def _load() -> Callable[[int], int]:
    from numba import njit
    from numba.core import config

    from funnelsim.engines.compiled.loop import advance
    from funnelsim.engines.compiled.records import OPTIONS, compile_callees

    def whole() -> Callable[[int], int]:
        compiled: Callable[[int], int] = njit("int64(int64)", cache=True, **OPTIONS)(advance)
        return compiled

    folder = cache_folder()
    fresh = not is_cached()
    if fresh:
        _forget_old_versions(folder)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        with _telling(fresh):
            if not fresh:
                return whole()
            try:
                from funnelsim.engines.compiled.linking import compile_as_one
            except ImportError:  # a Numba that keeps its libraries elsewhere
                compile_callees(advance)
                return whole()
            return compile_as_one(lambda: compile_callees(advance), whole)
    finally:
        config.CACHE_DIR = before


def _forget_old_versions(folder: Path) -> None:
    import shutil

    with suppress(OSError):
        others = sorted((f for f in folder.parent.glob("kernel-*") if f != folder), key=lambda f: f.stat().st_mtime)
        for old in others[:-KEPT_VERSIONS]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _telling(fresh: bool) -> Iterator[None]:
    """Say that it is being compiled, where somebody watches; in a notebook the message goes when it is done."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    in_notebook = type(shell).__name__ == "ZMQInteractiveShell"
    if fresh and in_notebook:
        from IPython.display import Markdown, display

        display(Markdown(f"*{MESSAGE}*"))
    elif fresh and sys.stderr is not None and sys.stderr.isatty():
        print(MESSAGE, file=sys.stderr, flush=True)
    yield
    if fresh and in_notebook:
        from IPython.display import clear_output

        clear_output()
