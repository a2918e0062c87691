"""What can be moved: one table of levers, and the range of each in a given scenario.

To add a lever, add a row to `LEVERS`: a label and a path of the schema are all it needs. Ranges never leave the bounds
of the schema.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from funnelsim.errors import FunnelsimError
from funnelsim.scenario.changes import as_node, put, quarter_start
from funnelsim.scenario.schema import Scenario
from funnelsim.scenario.tree import from_plain
from funnelsim.scenario.validation import bare, is_model, presets, spot

HORIZON = "horizon_quarters"
MIXED = "lever by lever"
"""What people call a part that is not at one named level."""
Range = tuple[float | None, float | None]
"""Lowest and highest value; none: it follows today's value."""


@dataclass(frozen=True)
class Lever:
    """One thing that can be moved.

    Attributes
    ----------
    label
        What people call it.
    path
        Dotted path in the scenario.
    range
        Ends of the slider. Where the highest is none, it is three times today's value.
    step
        Step of the slider; none: a tenth of today's value or less, rounded to 1, 2 or 5.
    unit
        Unit as people say it.
    choices
        (label, value) of each choice: then it is a dropdown and has no range. A field that takes one of several names,
        or yes and no, needs no choices here: they come from the schema; so does a part that has names for the whole of
        it, as alignment has.
    if_used
        Only offered where today's value is not 0.
    if_on
        Dotted path of a switch: only offered where it is on.
    """

    label: str
    path: str
    range: Range = (None, None)
    step: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, Any], ...] = ()
    if_used: bool = False
    if_on: str = ""


LEVERS = (
    #     label                    path                                (low, high)   step  unit
    Lever("marketers",             "plan.marketing.marketers",         (0.0, None),  None, "full posts"),
    Lever("reps",                  "plan.sales.reps",                  (0.0, None),  None, "full posts"),
    Lever("SDRs",                  "plan.sales.sdrs",                  (0.0, None),  None, "full posts", if_used=True),
    Lever("programme money",       "plan.marketing.programme_money",   (0.0, None),  None, "USD a year"),
    Lever("lead bar",              "plan.marketing.lead_bar",          (-1.0, 3.0),  0.1,  "sd of the score"),
    Lever("leads handed over",     "plan.marketing.hand_over"),
    Lever("attempts per lead",     "plan.sales.max_attempts",          (1, 20),      1,    "attempts"),
    Lever("follow-up tracked",     "plan.sales.tracking",              (0.0, 1.0),   0.1,  "0 to 1"),
    Lever("alignment",             "plan.alignment",                   if_on="world.alignment.on"),
    Lever("prospecting per rep",   "plan.sales.prospecting_hours",     (0.0, 4.0),   0.2,  "hours a day"),
    Lever("horizon",               HORIZON,                            (1, 12),      1,    "quarters"),
)  # fmt: skip
"""The levers of `funnelsim.explore`, in the order in which they are shown."""

HIGHEST_OF_ZERO = {"full posts": 2.0, "USD a year": 200_000.0}
"""Where the range ends if today's value is 0, by unit; 1 elsewhere."""


@dataclass(frozen=True)
class Setting:
    """A lever in a scenario: today's value, and what it may become.

    Attributes
    ----------
    lever
        Which one.
    today
        Value in the scenario.
    low, high, step
        Range of a slider.
    whole
        Whether only whole numbers make sense.
    choices
        (label, value) of each choice of a dropdown; empty for a slider.
    meaning
        What the schema says about the field.
    note
        When the timeline takes over, if it does.
    """

    lever: Lever
    today: Any
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    whole: bool = False
    choices: tuple[tuple[str, Any], ...] = ()
    meaning: str = ""
    note: str = ""

    def clean(self, value: Any) -> Any:
        """Return a value of the control as it stands in a scenario: today's own, or a number of few digits."""
        if self.choices or value == self.today:
            return value
        if self.whole:
            return int(value)
        digits = max(0, 2 - math.floor(math.log10(self.step)))
        value = min(max(round(float(value), digits), self.low), self.high)
        return self.today if math.isclose(value, self.today, rel_tol=1e-9) else value


def settings(scenario: Scenario, levers: Sequence[Lever | tuple[Any, ...]] = LEVERS) -> dict[str, Setting]:
    """Return the levers that make sense in a scenario, by path.

    Raises
    ------
    FunnelsimError
        If a path does not exist, or its value is neither a number nor one of a few.
    """
    found: dict[str, Setting] = {}
    for given in levers:
        lever = given if isinstance(given, Lever) else _lever(given)
        if lever.path in found:
            raise FunnelsimError(f"two levers move {lever.path}; give each path once")
        if lever.if_on and not value_at(scenario, lever.if_on):
            continue
        setting = _setting(scenario, lever)
        if not (lever.if_used and setting.today == 0):
            found[lever.path] = setting
    if not found:
        raise FunnelsimError("there is nothing to move: give at least one lever")
    return found


def _lever(row: tuple[Any, ...]) -> Lever:
    """Return a row of a user's own table as a lever."""
    try:
        if len(row) == 2:
            return Lever(str(row[0]), str(row[1]))
        label, path, ends, step, unit = row
        low, high = ends
    except (TypeError, ValueError):
        raise FunnelsimError(
            f"{row!r} is no lever; expected (label, path) or (label, path, (low, high), step, unit), "
            "e.g. ('demand', 'world.demand', (0.5, 2.0), 0.1, 'factor')"
        ) from None
    return Lever(str(label), str(path), (low, high), step, str(unit))


def value_at(scenario: Scenario, path: str) -> Any:
    """Return what stands at a dotted path, none where nothing does."""
    value: Any = scenario
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    return value


def _setting(scenario: Scenario, lever: Lever) -> Setting:
    put(from_plain(scenario.model_dump()), lever.path, as_node(lever.path, None))  # refuses a path that is not there
    parts = tuple(lever.path.split("."))
    annotation, field = spot(Scenario, parts)
    kind, constraints = bare(annotation)
    value = value_at(scenario, lever.path)
    meaning = (field.description or "") if field else ""
    note = _note(scenario, lever.path)
    choices = lever.choices or _choices(kind)
    if is_model(kind) and presets(kind):
        value = next((name for name, whole in presets(kind).items() if whole == value.model_dump()), value)
    if choices:
        if all(value != choice for _, choice in choices):
            choices = ((MIXED if is_model(kind) else str(value), value), *choices)
        return Setting(lever, value, choices=choices, meaning=meaning, note=note)
    if kind not in (int, float) or value is None:
        raise FunnelsimError(f"{lever.path} cannot be a lever: it is neither a number nor one of a few names")
    low, high, step = _ends(lever, value, kind is int, [*constraints, *(field.metadata if field else [])])
    if lever.path == HORIZON and scenario.timeline:
        low = max(low, _quarters_needed(scenario))
    if not low < high:
        raise FunnelsimError(f"{lever.path}: the range ends at {high:g}, before it begins at {low:g}")
    return Setting(lever, value, low, high, step, kind is int, (), meaning, note)


def _choices(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return the choices of a field that takes one of a few values."""
    if kind is bool:
        return (("yes", True), ("no", False))
    if is_model(kind):
        return tuple((name, name) for name in presets(kind))
    if get_origin(kind) is Literal:
        return tuple((str(value).replace("_", " "), value) for value in get_args(kind))
    return ()


def _ends(lever: Lever, value: float, whole: bool, constraints: list[Any]) -> tuple[float, float, float]:
    """Return the ends of a slider and its step: today's value is inside, the bounds of the schema hold."""
    low, high = lever.range
    least = 1.0 if whole else 0.0
    step = max(float(lever.step or _round_step(abs(value))), least)
    if high is None:
        size = 3.0 * abs(value) or HIGHEST_OF_ZERO.get(lever.unit, 1.0)
        high = round(math.ceil(size / step - 1e-9) * step, 9)
    low = min(0.0 if low is None else float(low), value)
    high = max(float(high), value)
    for item in constraints:
        if getattr(item, "ge", None) is not None:
            low = max(low, float(item.ge))
        if getattr(item, "gt", None) is not None and low <= item.gt:
            low = min(float(item.gt) + step, value)
        if getattr(item, "le", None) is not None:
            high = min(high, float(item.le))
        if getattr(item, "lt", None) is not None and high >= item.lt:
            high = max(float(item.lt) - step, value)
    return low, high, step


def _round_step(value: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten: about a tenth of the value, and such that steps meet it."""
    size = value / 10.0
    if size <= 0.0:
        return 0.1
    power = 10.0 ** math.floor(math.log10(size) + 1e-9)
    round_ones = [one for one in (5.0 * power, 2.0 * power, power, 0.5 * power) if one <= size * (1.0 + 1e-9)]
    meeting = [one for one in round_ones if math.isclose(value / one, round(value / one), rel_tol=1e-9)]
    return (meeting or round_ones)[0]


def _quarters_needed(scenario: Scenario) -> int:
    """Return the shortest horizon that holds every entry of the timeline."""
    last = max(change.date for change in scenario.timeline)
    quarters = 1
    while quarter_start(scenario.start, quarters) <= last:
        quarters += 1
    return quarters


def _note(scenario: Scenario, path: str) -> str:
    """Say from when on the timeline decides about a path."""
    dates = [
        change.date
        for change in scenario.timeline
        if any(path == one or path.startswith(f"{one}.") for one in change.changes)
    ]
    return f"until {min(dates)}, when the timeline changes it" if dates else ""
