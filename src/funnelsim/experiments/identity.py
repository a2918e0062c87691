"""When two runs are the same: fingerprints of the model and of what a scenario says."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelsim.experiments.keeping import Keep
    from funnelsim.scenario.schema import Scenario

SOURCES = ("rules", "scenario", "engines", "tables", "experiments/keeping.py")
"""What results depend on, beside the ground floor (the modules of the package itself)."""
OTHER_FLOORS = ("__init__.py", "__main__.py", "cli.py")
LIBRARIES = ("numpy", "pandas")
"""Libraries whose version may show in the last bits of a key figure, or in the form of a table."""
WORDS: dict[str, Any] = {
    "title": True,
    "world": {"title": True, "incumbent": {"title": True}},
    "plan": {"title": True},
    "timeline": {"__all__": {"note": True}},
}
"""Parts of a scenario that are only said and change no number."""


@lru_cache(maxsize=1)
def model_fingerprint() -> str:
    """Fingerprint of the sources that results depend on.

    Returns
    -------
    str
        32 hexadecimal digits; equal on every machine that has the same sources of rules, scenarios, engines and tables.
        Numbers of one model may be mixed with those of another only if these agree.
    """
    root = Path(__file__).parents[1]
    files = [file for file in root.glob("*.py") if file.name not in OTHER_FLOORS]
    for source in SOURCES:
        files += [root / source] if source.endswith(".py") else (root / source).glob("**/*.py")
    digest = hashlib.sha256()
    for file in sorted(files):
        text = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()[:32]


def content_key(scenario: Scenario, keep: Keep) -> str:
    """Fingerprint of a scenario's content, of the horizons at which it is read, and of the model that runs it.

    Parameters
    ----------
    scenario
        Titles and notes do not count: they change no number.
    keep
        Which tables are kept does not count; they are part of an entry's name.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    said = scenario.model_dump(exclude=WORDS)
    reading = {field.name: getattr(keep, field.name) for field in dataclasses.fields(keep) if field.name != "names"}
    whole = [model_fingerprint(), _libraries(), said, reading]
    return hashlib.sha256(json.dumps(whole, default=_in_words).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _libraries() -> tuple[str, ...]:
    from importlib.metadata import version

    return tuple(f"{name} {version(name)}" for name in LIBRARIES)


def _in_words(value: object) -> Any:
    """Write what JSON does not know: dates, sets."""
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)
