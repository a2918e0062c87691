"""Workers that somebody else started: an executor of `concurrent.futures`, or a Dask cluster.

Such a worker knows nothing of the job. Each parcel therefore carries it, packed once; a worker unpacks it when it first
sees it, and refuses it if its sources of the model are not those of the caller.
"""

from __future__ import annotations

import pickle
import threading
import time
import uuid
import zlib
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.executors import Job, Key, _Bench, default_workers
from funnelsim.experiments.identity import model_fingerprint
from funnelsim.experiments.pools import Done

BENCHES = 4
"""Jobs that a worker remembers."""
PATIENCE = 10.0
"""Seconds in which a scheduler must answer."""
LOOK_AGAIN = 1.0
"""Seconds after which the size of a cluster is looked up again."""
_mine = threading.local()


def work(job: str, packed: bytes, model: str, keys: Sequence[Key]) -> Done:
    """Make some runs of a job, in whatever process and thread this is.

    Parameters
    ----------
    job, packed
        Name of the job, and what it is.
    model
        Fingerprint of the caller's model.
    keys
        Which runs.
    """
    if model != model_fingerprint():
        raise FunnelsimError(
            "a worker has other sources of funnelsim than this process; install the same version everywhere"
        )
    benches: dict[str, _Bench] = vars(_mine).setdefault("benches", {})
    if job not in benches:
        while len(benches) >= BENCHES:
            del benches[next(iter(benches))]
        benches[job] = _Bench(pickle.loads(zlib.decompress(packed)))
    return list(benches[job].make_all(keys))


class Elsewhere:
    """Workers of an executor that is not ours; it is left as it was found.

    Parameters
    ----------
    job
        What they will do.
    executor, kind
        Who, as `funnelsim.experiments.pools.kind_of` found.
    workers
        How many parcels are made at a time; none: as many as there are workers.
    """

    here = False

    def __init__(self, job: Job, executor: Any, kind: str, workers: int | None) -> None:
        self._own = kind == "address"
        self._client = connected(executor) if self._own else executor if kind == "client" else None
        self._executor: Executor = executor if self._client is None else self._client.get_executor(pure=False)
        self._asked = workers
        self._known, self._looked = 0, -LOOK_AGAIN
        self._name = uuid.uuid4().hex
        self._packed = zlib.compress(pickle.dumps(job), 1)

    def workers(self) -> int:
        """How many parcels are made at a time, now: a cluster may grow."""
        if self._asked is not None:
            return self._asked
        if self._client is None:
            return int(getattr(self._executor, "_max_workers", 0)) or default_workers()
        if time.monotonic() - self._looked > LOOK_AGAIN:
            with suppress(OSError, TimeoutError):
                self._known = sum(self._client.nthreads().values())
            self._looked = time.monotonic()
        return max(1, self._known)

    def submit(self, keys: Sequence[Key]) -> Future[Done]:
        """Hand out a parcel."""
        return self._executor.submit(work, self._name, self._packed, model_fingerprint(), list(keys))

    def renew(self) -> bool:
        """Whoever started these workers must start them again."""
        return False

    def close(self, clean: bool) -> None:
        """Let go of the workers."""
        if self._client is not None:
            with suppress(Exception):
                self._executor.shutdown(wait=clean)
        if self._own and self._client is not None:
            with suppress(Exception):
                self._client.close(timeout=PATIENCE)


def connected(address: str) -> Any:
    """Return a client of the Dask scheduler at an address, or in a file that it wrote."""
    try:
        from distributed import Client
    except ImportError:
        raise FunnelsimError('a Dask cluster needs dask.distributed: pip install "funnelsim[cluster]"') from None
    where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
    try:
        return Client(**where, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise FunnelsimError(f"no Dask scheduler answers at {address!r} ({type(error).__name__}: {error})") from None
