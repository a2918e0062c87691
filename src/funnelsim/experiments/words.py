"""Numbers and findings in words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MINUS = "\N{MINUS SIGN}"
SHARES = ("share", "probability")
POINTS = "points"
"""Unit of differences between shares: percentage points. 10 % less than 40 % could be 36 %."""
COUNTS = (
    "accounts", "cases", "count", "customers", "deals", "needs", "opportunities", "programmes", "touches",
)  # fmt: skip
"""Units of what is counted: a whole number has no decimals (a mean may have)."""
_STEPS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_CAPITALS = {
    "mql": "MQL",
    "mqls": "MQLs",
    "sql": "SQL",
    "sqls": "SQLs",
    "cac": "CAC",
    "ltv": "LTV",
    "npv": "NPV",
    "sdrs": "SDRs",
    "cv": "CV",
}
_SHORT = {
    "hour": "h",
    "working hour": "h",
    "selling hour": "h",
    "day": "days",
    "month": "months",
    "ratio": "",
    "count": "",
    "index": "",
}


def amount(value: float, unit: str = "", *, sign: bool = False) -> str:
    """A number with its unit as people write it: ``$1.24M``, ``12.3%``, ``4.5 h``.

    Parameters
    ----------
    value
        Number; NaN gives an en dash.
    unit
        As in the glossary of KPIs: ``USD``, ``share``, ``hour``, …; `POINTS` for a difference of shares.
    sign
        Write a plus before positive numbers.
    """
    if not math.isfinite(value):
        return "–"
    if value == 0.0:
        return f"{_currency(unit)}0{_tail(unit)}"
    number, suffix, zero = _scaled(abs(value), abs(value), unit)
    if unit in COUNTS and abs(value) < 9_999.5 and float(value).is_integer():
        number = f"{abs(value):,.0f}"
    mark = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return f"{mark}{_currency(unit)}{number}{suffix}{_tail(unit)}"


def trimmed(text: str) -> str:
    """Return a number in words without zeros at its end: ``$2.50M`` is ``$2.5M``, ``$60.0k`` is ``$60k``."""
    return re.sub(r"\.(\d*?)0+(?=\D*$)", lambda found: f".{found[1]}" if found[1] else "", text)


def gap_unit(unit: str) -> str:
    """Return the unit of a difference: shares differ by percentage points, all else by its own unit."""
    return POINTS if unit in SHARES else unit


def with_margin(value: float, margin: float, unit: str = "", *, sign: bool = False) -> str:
    """A number and half the width of its interval, if it has one: ``$1.24M ± 0.31M``."""
    if not math.isfinite(value) or not math.isfinite(margin) or margin <= 1e-9 * abs(value):
        return amount(value, unit, sign=sign)
    largest = max(abs(value), margin)
    number, suffix, zero = _scaled(abs(value), largest, unit)
    half, _, _ = _scaled(margin, largest, unit)
    mark = "" if zero else MINUS if value < 0 else "+" if sign else ""
    return f"{mark}{_currency(unit)}{number}{suffix} ± {half}{suffix}{_tail(unit)}"


def interval(low: float, high: float, unit: str = "", *, sign: bool = False) -> str:
    """The ends of an interval: ``[$0.93M, $1.55M]``, ``[3.1, 4.2] h``; an en dash if there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    ends = (amount(end, unit, sign=sign) for end in (low, high))
    tail = _tail(unit) if _tail(unit).startswith(" ") else ""
    return f"[{', '.join(end.removesuffix(tail) for end in ends)}]{tail}"


def with_interval(value: float, low: float, high: float, unit: str = "", *, sign: bool = False) -> str:
    """A number and its interval: ``+$0.31M [+$0.12M, +$0.50M]``, ``+5.1 [+2.0, +8.2] points``."""
    text, ends, tail = amount(value, unit, sign=sign), interval(low, high, unit, sign=sign), _tail(unit)
    if tail.startswith(" ") and ends.endswith(tail):
        text = text.removesuffix(tail)
    return f"{text} {ends}"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str) -> str:
    """``1 quarter``, ``4 quarters``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def plain(name: str) -> str:
    """The name of a KPI or column in words: ``profit with value``, ``unworked MQL share``."""
    return " ".join(_CAPITALS.get(word, word) for word in name.split("_"))


_GAPS = ("difference", "difference_low", "difference_high")
_NUMBERS = ("mean", "low", "high", "sd", "value")


def rounded(table: pd.DataFrame, units: dict[str, str]) -> pd.DataFrame:
    """A table of key figures in short words: ``$6.63M``, ``80.1%``, ``+5.0 points``; see `Results.rounded`.

    Parameters
    ----------
    table
        With a column ``unit`` (what `summary`, `differences` and `ranking` return), or with KPIs as columns.
    units
        Unit of each KPI, by name.
    """
    import pandas as pd

    found = table.copy()
    rows = found.pop("unit").astype(str) if "unit" in found.columns else pd.Series("", index=found.index)
    gaps = _GAPS if "mean" in found.columns else (*_GAPS, "low", "high")
    for name in found.columns:
        column = found[name]
        if not pd.api.types.is_float_dtype(column):
            continue
        own = [units.get(str(name), "")] * len(found) if name not in (*_GAPS, *_NUMBERS) else list(rows)
        if name in gaps or name == "sd":
            own = [gap_unit(unit) for unit in own]
        found[name] = [amount(value, unit, sign=name in gaps) for value, unit in zip(column, own, strict=True)]
    return found


def _currency(unit: str) -> str:
    return "$" if unit.startswith("USD") else ""


def _tail(unit: str) -> str:
    if unit in SHARES:
        return "%"
    if unit.startswith("USD"):
        return unit[3:].replace(" per ", " a ")
    word = _SHORT.get(unit, unit)
    return f" {word}" if word else ""


def _scaled(value: float, largest: float, unit: str) -> tuple[str, str, bool]:
    """Return digits, suffix (k, M, bn), and whether the digits say zero; `largest` sets the scale."""
    if unit in (*SHARES, POINTS):
        value, largest = value * 100.0, largest * 100.0
    suffix, divisor = "", 1.0
    for size, letter in _STEPS:
        if largest >= size * 0.9995 and (size > 1e3 or largest >= 9_999.5):
            suffix, divisor = letter, size
            break
    if unit == POINTS:
        return (digits := f"{value:,.{1 if largest >= 0.095 else 2}f}"), "", not _says_something(digits)
    top = largest / divisor
    places = 0 if top >= 99.95 or _whole(unit, largest) else 1 if top >= 9.995 else 2
    digits = f"{value / divisor:,.{places}f}"
    return digits, suffix, not _says_something(digits)


def _says_something(digits: str) -> bool:
    return any(letter in "123456789" for letter in digits)


def _whole(unit: str, largest: float) -> bool:
    """Whether a number is shown without decimals: dollars below ten thousand, counts from ten on."""
    return (unit.startswith("USD") and 10.0 <= largest < 9_999.5) or (unit == "count" and 9.5 <= largest < 9_999.5)
