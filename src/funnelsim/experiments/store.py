"""Finished replications on disk, so that nothing is computed twice and a study that was killed goes on.

Every entry is a file of its own in the folder of its scenario, written whole or not at all. Its name says seed,
replication, tables and engine; its first bytes are a checksum of name and content. An entry that does not agree with
its checksum is thrown away and computed again. Several processes may use one store at the same time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.entries import (
    ABOUT,
    ENTRY,
    about,
    entries,
    entry_name,
    mask_of,
    measured,
    packed,
    read,
    tidy,
    write,
)
from funnelsim.experiments.identity import content_key, model_fingerprint
from funnelsim.experiments.keeping import TABLES, Keep, Kept

if TYPE_CHECKING:
    from funnelsim.experiments.executors import Key
    from funnelsim.scenario.schema import Scenario

FOLDER_VARIABLE: Final = "FUNNELSIM_STORE"
LIMIT_VARIABLE: Final = "FUNNELSIM_STORE_LIMIT"
OFF: Final = ("off", "no", "none", "0")
LIMIT: Final = 1_000_000_000
"""Bytes that a store may take where nothing else is said: some 300,000 replications of key figures."""
TRIMMED_TO: Final = 0.8
"""Share of the limit that is left when a store was too large."""
_SHELF = re.compile(r"[0-9a-f]{32}\Z")
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?)B?\s*\Z")
_UNITS: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


@dataclass(frozen=True)
class Stocked:
    """What a store holds of one scenario.

    Attributes
    ----------
    title
        What the scenario was called when it was first stored.
    accounts, quarters
        Size of its market, and its horizon.
    entries, size
        Replications, and their bytes on disk.
    used
        When one of them was last used, seconds since 1970.
    current
        Whether the installed version of the model can use them.
    """

    title: str
    accounts: int
    quarters: int
    entries: int
    size: int
    used: float
    current: bool


class Store:
    """Finished replications in a folder.

    Parameters
    ----------
    folder
        Where; made if need be. It may hold other files: only the store's own are ever read, changed or removed. The
        entries are pickles: let nobody write there whom you would not let run programs in your name.
    limit
        Bytes; when there are more, what was not used for longest goes.

    Raises
    ------
    FunnelsimError
        If nothing can be written there.
    """

    def __init__(self, folder: str | os.PathLike[str], limit: float = LIMIT) -> None:
        self.folder = Path(folder).expanduser()
        self.limit = float(limit)
        self._size: float | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            reason = "is a file; expected a folder" if self.folder.is_file() else error.strerror or str(error)
            raise FunnelsimError(f"store {self.folder}: {reason}") from None
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise FunnelsimError(f"store {self.folder}: cannot be written")

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    def shelf(self, scenario: Scenario, keep: Keep, seed: int, engine: str = "auto") -> Shelf:
        """Return what there is of a scenario; see `Shelf`."""
        return Shelf(self, scenario, keep, seed, engine)

    def stock(self) -> list[Stocked]:
        """Return what there is, by scenario, that used last first."""
        found = []
        for folder in self._shelves():
            inside = list(measured(folder))
            said = about(folder)
            if inside:
                found.append(
                    Stocked(
                        title=str(said.get("title") or "(no title)"),
                        accounts=int(said.get("accounts", 0)),
                        quarters=int(said.get("quarters", 0)),
                        entries=len(inside),
                        size=sum(size for _, size, _ in inside),
                        used=max(used for used, _, _ in inside),
                        current=said.get("model") == model_fingerprint(),
                    )
                )
        return sorted(found, key=lambda one: -one.used)

    def clear(self) -> int:
        """Remove every entry; return how many there were."""
        count = 0
        for folder in self._shelves():
            count += sum(1 for _ in entries(folder))
            shutil.rmtree(folder, ignore_errors=True)
        self._size = 0.0
        with suppress(OSError):
            self.folder.rmdir()  # if nothing else is in it
        return count

    def trim(self, written: int = 0) -> None:
        """Remove what was not used for longest, if there is more than the limit.

        Parameters
        ----------
        written
            Bytes written since it was last trimmed; the folder is only gone through when it may be too large.
        """
        if self._size is not None and self._size + written <= self.limit:
            self._size += written
            return
        inside = [entry for folder in self._shelves() for entry in measured(folder)]
        self._size = float(sum(size for _, size, _ in inside))
        if self._size <= self.limit:
            return
        for _, size, path in sorted(inside):
            if self._size <= TRIMMED_TO * self.limit:
                break
            with suppress(OSError):
                os.unlink(path)
                self._size -= size
        for folder in self._shelves():
            tidy(folder)

    def _shelves(self) -> Iterator[Path]:
        with suppress(OSError), os.scandir(self.folder) as found:
            for one in found:
                if _SHELF.match(one.name) and one.is_dir(follow_symlinks=False):
                    yield Path(one.path)


class Shelf:
    """Stored replications of one scenario and seed, read in one way.

    Parameters
    ----------
    store
        Where it stands.
    scenario, keep, seed
        What was run, and what of it is wanted. An entry with more tables than are wanted will do.
    engine
        ``"auto"``: whichever engine made an entry (their logs are equal); otherwise only entries of this engine, so
        that somebody who asks for an engine by name gets numbers of that engine.
    """

    def __init__(self, store: Store, scenario: Scenario, keep: Keep, seed: int, engine: str) -> None:
        self.scenario = scenario
        self.keep = keep
        self.seed = seed
        self.folder = store.folder / content_key(scenario, keep)
        self.wanted = frozenset(keep.names) & frozenset(TABLES)
        self._names: dict[int, list[tuple[int, str, str]]] = {}
        mask = mask_of(self.wanted)
        for entry in entries(self.folder):
            match = ENTRY.match(entry.name)
            assert match is not None
            has = int(match[3], 16)
            if int(match[1]) == seed and has & mask == mask and engine in ("auto", match[4]):
                self._names.setdefault(int(match[2]), []).append((has.bit_count(), entry.name, match[4]))

    def __contains__(self, replication: int) -> bool:
        """Whether there seems to be such an entry; only `get` knows whether it is whole."""
        return replication in self._names

    def engine_of(self, replication: int) -> str | None:
        """Return the name of the engine that made the entry, none if there is no entry."""
        return min(self._names[replication])[2] if replication in self._names else None

    def get(self, replication: int) -> Kept | None:
        """Return what was kept of a replication; none if there is no whole entry."""
        for _, name, _ in sorted(self._names.get(replication, ())):
            path = self.folder / name
            found = read(path)
            if found is not None:
                with suppress(OSError):
                    os.utime(path)  # used now: the last to be removed
                tables = {table: found.tables[table] for table in TABLES if table in self.wanted}
                return replace(found, tables=tables)
        self._names.pop(replication, None)
        return None

    def put(self, replication: int, kept: Kept, engine: str) -> int:
        """Store what was kept of a replication; return its size in bytes.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        path = self.folder / entry_name(self.seed, replication, self.wanted, engine)
        whole = packed(path, kept)
        for attempt in (1, 2):
            try:
                if not (self.folder / ABOUT).exists():
                    self._describe()
                write(path, whole)
                break
            except FileNotFoundError:  # somebody cleared the store in between
                if attempt == 2:
                    raise
        return len(whole)

    def _describe(self) -> None:
        """Say for people what the folder holds."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        said = {
            "title": self.scenario.title,
            "accounts": sum(segment.accounts for segment in self.scenario.world.segments.values()),
            "quarters": self.scenario.horizon_quarters,
            "model": model_fingerprint(),
        }
        write(self.folder / ABOUT, json.dumps(said, ensure_ascii=False).encode())


@dataclass
class Shelves:
    """The shelves of an experiment: one for each of its scenarios.

    Attributes
    ----------
    store
        Where they stand.
    shelves
        By label of the scenario.
    engine
        Which engine makes what is put here.
    read, written
        Runs read, and bytes written.
    full
        Why nothing can be written any more, none if it can: a study goes on without a store.
    """

    store: Store
    shelves: Mapping[str, Shelf]
    engine: str = ""
    read: int = 0
    written: int = 0
    full: OSError | None = field(default=None)

    def __contains__(self, key: Key) -> bool:
        """Whether there seems to be an entry of that run."""
        return key[1] in self.shelves[key[0]]

    def get(self, key: Key) -> Kept | None:
        """Return what was kept of a run, none if it is not there."""
        found = self.shelves[key[0]].get(key[1])
        self.read += found is not None
        return found

    def put(self, key: Key, kept: Kept) -> None:
        """Store what was kept of a run."""
        if self.full is None:
            try:
                self.written += self.shelves[key[0]].put(key[1], kept, self.engine)
            except OSError as error:
                self.full = error

    def engine_of_first(self) -> str | None:
        """Return the engine that made the first run that is stored, none if nothing is."""
        return next((found for one in self.shelves.values() if (found := one.engine_of(0))), None)

    def close(self) -> None:
        """Keep the store within its limit."""
        if self.written:
            with suppress(OSError):
                self.store.trim(self.written)


StoreLike = Store | str | os.PathLike[str] | bool | None
"""What an argument ``store=`` may be; see `as_store`."""


def as_store(store: StoreLike) -> Store | None:
    """Return the store that an argument ``store=`` means.

    Parameters
    ----------
    store
        None: that of the user (`default_store`); true: the same, refused if there is none; false: no store; a folder;
        or a `Store`.
    """
    if isinstance(store, Store):
        return store
    if store is None or store is True:
        found = default_store()
        if found is None and store:
            raise FunnelsimError(f"there is no store: {FOLDER_VARIABLE} is off, or the user's cache cannot be written")
        return found
    if store is False:
        return None
    if not isinstance(store, (str, os.PathLike)):
        raise FunnelsimError(f"store is {store!r}; expected a folder, true, false or none")
    return _store_in(Path(store))


def default_store() -> Store | None:
    """Return the user's store, none if there is none.

    It is a folder in the user's cache, or the one that the environment variable ``FUNNELSIM_STORE`` names; ``off``
    there means none. ``FUNNELSIM_STORE_LIMIT`` is its largest size, e.g. ``500MB``.
    """
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if named.lower() in OFF:
        return None
    if named:
        return _store_in(Path(named))
    from platformdirs import user_cache_path

    try:
        return _store_in(user_cache_path("funnelsim", appauthor=False) / "results")
    except FunnelsimError:
        if os.environ.get(LIMIT_VARIABLE):
            _limit()  # a limit that is no size is a mistake, a home that cannot be written is none
        return None


_stores: dict[tuple[str, float], Store] = {}


def _store_in(folder: Path) -> Store:
    """Return the store of a folder; one object for each, which knows how large it is."""
    limit = _limit()
    name = (os.path.abspath(folder.expanduser()), limit)
    if name not in _stores or not _stores[name].folder.is_dir():
        _stores[name] = Store(name[0], limit)
    return _stores[name]


def _limit() -> float:
    text = os.environ.get(LIMIT_VARIABLE)
    if not text:
        return float(LIMIT)
    match = _SIZE.match(text)
    if match is None:
        raise FunnelsimError(f"{LIMIT_VARIABLE} is {text!r}; expected a size such as 500MB or 2GB")
    return float(match[1]) * _UNITS[match[2]]


def shelves_of(
    store: Store | None, scenarios: Mapping[str, Scenario], keep: Keep, seed: int, engine: str
) -> Shelves | None:
    """Return the shelves of an experiment; none without a store, and none for whole runs, which are too large."""
    if store is None or "runs" in keep.names:
        return None
    return Shelves(store, {label: store.shelf(one, keep, seed, engine) for label, one in scenarios.items()})
