"""Entries of the results store as files: names, checksums, whole or not at all."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import pickle
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from funnelsim.experiments.keeping import TABLES, Kept

MAGIC: Final = b"funnelsim kept 1\n"
DIGEST: Final = 32
ABOUT: Final = "about.json"
ENDING: Final = ".kept"
ABANDONED: Final = 3600.0
"""Seconds after which a half-written file belongs to nobody."""
ENTRY: Final = re.compile(r"s(\d+)-r(\d+)-t([0-9a-f]+)-([a-z]+)\.kept\Z")
"""Seed, replication, tables as bits, engine."""
_serial = itertools.count()


def entry_name(seed: int, replication: int, tables: frozenset[str], engine: str) -> str:
    """Return the name of an entry's file."""
    return f"s{seed}-r{replication}-t{mask_of(tables):x}-{engine}{ENDING}"


def packed(path: Path, kept: Kept) -> bytes:
    """Return the bytes of the entry that will stand there."""
    content = zlib.compress(pickle.dumps(kept, protocol=5), 1)
    return MAGIC + digest(path, content) + content


def mask_of(tables: frozenset[str]) -> int:
    """Which tables, as bits."""
    return sum(1 << place for place, table in enumerate(TABLES) if table in tables)


def digest(path: Path, content: bytes) -> bytes:
    """Checksum of an entry; it holds at its own place only."""
    return hashlib.sha256(f"{path.parent.name}/{path.name}\0".encode() + content).digest()


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}.{time.time_ns():x}.{next(_serial)}")
    try:
        half.write_bytes(content)
        os.replace(half, path)
    except BaseException:
        with suppress(OSError):
            half.unlink()
        raise


def read(path: Path) -> Kept | None:
    """Read an entry; throw it away if it is not whole."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    head = len(MAGIC) + DIGEST
    content = whole[head:]
    if whole[:head] == MAGIC + digest(path, content):
        with suppress(Exception):  # whole, yet of libraries that have changed
            found = pickle.loads(zlib.decompress(content))
            if isinstance(found, Kept):
                return found
    with suppress(OSError):
        path.unlink()
    return None


def entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder."""
    with suppress(OSError), os.scandir(folder) as found:
        for one in found:
            if one.name.endswith(ENDING) and ENTRY.match(one.name):
                yield one


def measured(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Yield when each entry of a folder was last used, its size, and its path."""
    for one in entries(folder):
        with suppress(OSError):  # removed by somebody else
            stat = one.stat(follow_symlinks=False)
            yield stat.st_mtime, stat.st_size, one.path


def about(folder: Path) -> dict[str, Any]:
    """Return what is said of a folder for people, nothing if nothing is said."""
    with suppress(OSError, ValueError):
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def tidy(folder: Path) -> None:
    """Remove half-written files that nobody goes on with, and a folder without entries."""
    with suppress(OSError):
        for path in folder.glob(".*"):
            if time.time() - path.stat().st_mtime > ABANDONED:
                path.unlink()
        if not any(True for _ in entries(folder)) and not list(folder.glob(".*")):
            shutil.rmtree(folder, ignore_errors=True)
