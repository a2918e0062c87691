"""Numbers and findings in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"
_STEPS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_SHORT = {"hour": "h", "working hour": "h", "selling hour": "h", "day": "days", "ratio": "", "count": "", "index": ""}


def amount(value: float, unit: str = "", *, sign: bool = False) -> str:
    """A number with its unit as people write it: ``$1.24M``, ``12.3%``, ``4.5 h``.

    Parameters
    ----------
    value
        Number; NaN gives an en dash.
    unit
        As in the glossary of KPIs: ``USD``, ``share``, ``hour``, …
    sign
        Write a plus before positive numbers.
    """
    if not math.isfinite(value):
        return "–"
    if value == 0.0:
        return f"{_currency(unit)}0{_tail(unit)}"
    number, suffix, zero = _scaled(abs(value), abs(value), unit)
    mark = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return f"{mark}{_currency(unit)}{number}{suffix}{_tail(unit)}"


def with_margin(value: float, margin: float, unit: str = "", *, sign: bool = False) -> str:
    """A number and half the width of its interval: ``$1.24M ± 0.31M``."""
    if not math.isfinite(value) or not math.isfinite(margin):
        return amount(value, unit, sign=sign)
    largest = max(abs(value), margin)
    number, suffix, zero = _scaled(abs(value), largest, unit)
    half, _, _ = _scaled(margin, largest, unit)
    mark = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return f"{mark}{_currency(unit)}{number}{suffix} ± {half}{suffix}{_tail(unit)}"


def interval(low: float, high: float, unit: str = "", *, sign: bool = False) -> str:
    """The ends of an interval: ``[$0.93M, $1.55M]``; an en dash if there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    return f"[{amount(low, unit, sign=sign)}, {amount(high, unit, sign=sign)}]"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(number: int, noun: str) -> str:
    """``1 quarter``, ``4 quarters``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def plain(name: str) -> str:
    """The name of a KPI in words: ``profit with value``."""
    return name.replace("_", " ")


def _currency(unit: str) -> str:
    return "$" if unit.startswith("USD") else ""


def _tail(unit: str) -> str:
    if unit in ("share", "probability"):
        return "%"
    if unit.startswith("USD"):
        return unit[3:].replace(" per ", " a ")
    word = _SHORT.get(unit, unit)
    return f" {word}" if word else ""


def _scaled(value: float, largest: float, unit: str) -> tuple[str, str, bool]:
    """Return digits, suffix (k, M, bn), and whether the digits say zero; `largest` sets the scale."""
    if unit in ("share", "probability"):
        value, largest = value * 100.0, largest * 100.0
    suffix, divisor = "", 1.0
    for size, letter in _STEPS:
        if largest >= size * 0.9995 and (size > 1e3 or largest >= 9_999.5):
            suffix, divisor = letter, size
            break
    top = largest / divisor
    places = 0 if top >= 99.95 or _whole(unit, largest) else 1 if top >= 9.995 else 2
    digits = f"{value / divisor:,.{places}f}"
    return digits, suffix, not any(letter in "123456789" for letter in digits)


def _whole(unit: str, largest: float) -> bool:
    """Whether a number is shown without decimals: dollars below ten thousand, counts from ten on."""
    return (unit.startswith("USD") and 10.0 <= largest < 9_999.5) or (unit == "count" and 9.5 <= largest < 9_999.5)
