"""What arguments of the command line mean that name ranges, money and worlds."""

from __future__ import annotations

import re
from typing import Any

from funnelsim.errors import ScenarioError
from funnelsim.experiments.designs import Factor
from funnelsim.scenario.tree import parse, to_plain

_SIZES = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}
_NUMBER = r"[-+]?\d*\.?\d+(?:e[-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::({_NUMBER}))?", re.IGNORECASE)
_MONEY = re.compile(r"\$?\s*(\d[\d,_]*\.?\d*(?:e\d+)?)\s*(k|m|bn)?", re.IGNORECASE)


def money_of(option: str, text: str) -> float:
    """Return USD: ``2500000``, ``2.5M``, ``$250k``."""
    match = _MONEY.fullmatch(text.strip())
    if match is None:
        raise ScenarioError(f"{option} {text}: expected money such as 2500000, 2.5M or $250k")
    return float(re.sub(r"[,_]", "", match[1])) * _SIZES[(match[2] or "").lower()]


def numbers_of(option: str, text: str) -> list[float]:
    """Return numbers between commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ScenarioError(f"{option} {text}: expected numbers between commas, e.g. 1,2,5,10") from None


def factor_of(option: str, text: str) -> tuple[str, Factor]:
    """Return a factor and its label.

    ``PATH=1,2,3`` lists values, ``PATH=LOW..HIGH`` or ``LOW..HIGH:STEP`` gives a range; ``PATH+PATH`` sets several
    alike; ``x`` before the values (``PATH=x0.5,1,2``) makes them multiples of today's.
    """
    head, sign, tail = text.partition("=")
    tail = tail.strip()
    if not sign or not head.strip() or not tail:
        raise ScenarioError(f"{option} {text}: expected PATH=1,2,3 or PATH=LOW..HIGH, e.g. plan.sales.reps=8,10,12")
    paths = tuple(part.strip() for part in head.split("+"))
    times = tail.startswith("x")
    tail = tail.removeprefix("x")
    unit = "times today’s" if times else ""
    label = " and ".join(path.split(".")[-1].replace("_", " ") for path in paths)
    match = _RANGE.fullmatch(tail)
    if match is not None:
        step = float(match[3]) if match[3] else None
        return label, Factor(paths=paths, span=(float(match[1]), float(match[2])), times=times, unit=unit, step=step)
    return label, Factor(tuple(_value(part) for part in tail.split(",")), paths, times=times, unit=unit)


def factors_of(option: str, texts: list[str] | None) -> dict[str, Factor]:
    """Return factors by label."""
    found: dict[str, Factor] = {}
    for text in texts or []:
        label, factor = factor_of(option, text)
        found[label if label not in found else " and ".join(factor.paths)] = factor
    return found


def worlds_of(texts: list[str] | None) -> dict[str, dict[str, Any]]:
    """Return worlds by label: ``slump:world.demand=0.6;world.finance.gross_margin=0.7``; first the world as it is."""
    found: dict[str, dict[str, Any]] = {"as it is": {}}
    for text in texts or []:
        label, sign, changes = text.partition(":")
        if not sign or not label.strip():
            raise ScenarioError(f"--world {text}: expected LABEL:PATH=VALUE;PATH=VALUE, e.g. slump:world.demand=0.6")
        found[label.strip()] = {}
        for part in changes.split(";"):
            path, equals, value = part.partition("=")
            if not equals or not path.strip() or not value.strip():
                raise ScenarioError(f"--world {text}: expected PATH=VALUE, e.g. world.demand=0.6")
            found[label.strip()][path.strip()] = _value(value)
    return found


def _value(text: str) -> Any:
    return to_plain(parse(text.strip()))
