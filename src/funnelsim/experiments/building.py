"""Plans over time: dated hires, building in steps, growing as money allows, and shocks.

Each function takes a scenario and returns one with more entries in its timeline: a plain scenario that can be saved,
compared and changed like any other.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import Any, Unpack

from funnelsim.errors import ScenarioError
from funnelsim.experiments.counterfactuals import POSTS, unit_at, value_at
from funnelsim.experiments.executors import How
from funnelsim.experiments.keeping import shortened
from funnelsim.experiments.payroll import payroll
from funnelsim.experiments.single import as_scenario, check_number, engine_for
from funnelsim.experiments.words import amount
from funnelsim.scenario.changes import end_date, quarter_start, states
from funnelsim.scenario.schema import Change, Scenario
from funnelsim.scenario.validation import hint

Date = dt.date | str
SHORT = {
    "reps": "plan.sales.reps",
    "sdrs": "plan.sales.sdrs",
    "marketers": "plan.marketing.marketers",
    "programme_money": "plan.marketing.programme_money",
}
"""Short names of what is hired and bought most."""
EARNED = ("profit", "cash")


def hiring_plan(scenario: Scenario | str, dated: Mapping[Date, Mapping[str, Any]], note: str = "") -> Scenario:
    """Return the scenario with dated changes, hires above all.

    Parameters
    ----------
    scenario
        Where to start: a scenario, the name of a shipped one, or the path of a file.
    dated
        New values by date (or text such as ``"2026-04-01"``) and dotted path, or one of ``reps``, ``sdrs``,
        ``marketers``, ``programme_money``. A text such as ``"+2"`` or ``"-1"`` adds to what holds then.
    note
        Why; it stands in the timeline.

    Examples
    --------
    >>> import funnelsim as fs
    >>> spring = fs.hiring_plan("base", {"2026-04-01": {"reps": "+2"}, "2026-07-01": {"marketers": 3}})
    >>> [entry.changes for entry in spring.timeline]
    [{'plan.sales.reps': 12.0}, {'plan.marketing.marketers': 3}]
    """
    found = as_scenario(scenario)
    for date, changes in sorted((_date(one), changes) for one, changes in dated.items()):
        now = _state(found, date)
        values = {SHORT.get(path, path): value for path, value in changes.items()}
        found = _with_entry(found, date, {path: _value(now, path, value) for path, value in values.items()}, note)
    return found


def build_up(
    scenario: Scenario | str, target: Mapping[str, float], quarters: int = 1, first: Date | None = None
) -> Scenario:
    """Return the scenario that reaches a target in equal steps, one at the start of each quarter.

    Parameters
    ----------
    scenario
        Where to start.
    target
        Numbers to reach by dotted path (or short name, see `hiring_plan`).
    quarters
        Number of steps: 1 builds at once (a quick build).
    first
        Date of the first step, a first day of a quarter; by default day 0.

    Notes
    -----
    Heads stay whole in between where they begin and end whole.
    """
    found = as_scenario(scenario)
    check_number("quarters", quarters, 1, 80)
    start = found.start if first is None else _date(first)
    begin = _quarter_of(found, start)
    goal = {SHORT.get(path, path): value for path, value in target.items()}
    if not goal:
        raise ScenarioError("there is no target: give at least one number to reach, by dotted path")
    today = {path: _number(_state(found, start), path) for path in goal}
    for step in range(1, quarters + 1):
        values = {path: _between(path, today[path], goal[path], step / quarters) for path in goal}
        note = f"step {step} of {quarters}"
        found = _with_entry(found, quarter_start(found.start, begin + step - 1), values, note)
    return found


def earn_your_way(
    scenario: Scenario | str,
    target: Mapping[str, float],
    steps: int = 4,
    *,
    earned: str = "profit",
    cover: float = 1.0,
    replications: int = 10,
    seed: int = 1,
    **how: Unpack[How],
) -> Scenario:
    """Return the scenario that takes the next step towards a target whenever the quarter before has earned it.

    Parameters
    ----------
    scenario
        Where to start.
    target
        Numbers to reach by dotted path (or short name, see `hiring_plan`).
    steps
        In how many equal steps.
    earned
        What must cover a step: ``"profit"`` (revenue earned less cost) or ``"cash"`` (billed less cost) of the quarter
        before.
    cover
        How many times the step's cost of one quarter (people, programmes, filling the seats) must have been earned.
    replications, seed
        How many histories are run to see what a quarter earns on average.
    **how
        Who does the work, see `How` of `funnelsim.experiments.executors`: workers, executor, store, engine, progress,
        insist.

    Notes
    -----
    The rule looks at the *mean* over histories, quarter after quarter, with the steps taken so far; every history then
    hires on the same dates. It is a plan drawn up in advance by that rule, not a firm that reacts to its own luck. The
    reasons stand in the timeline's notes.
    """
    from funnelsim.experiments.replicate import replicate

    found = as_scenario(scenario)
    check_number("steps", steps, 1, 1_000)
    if earned not in EARNED:
        raise ScenarioError(f"earned is {earned!r}{hint(str(earned), EARNED, 'what can be earned')[0]}")
    if not (math.isfinite(cover) and cover >= 0.0):
        raise ScenarioError(f"cover is {cover!r}; expected a number from 0 on")
    goal = {SHORT.get(path, path): value for path, value in target.items()}
    today = {path: _number(found, path) for path in goal}
    how.setdefault("engine", engine_for(found, replications * found.horizon_quarters))
    how.setdefault("progress", False)
    taken = 0
    for quarter in range(1, found.horizon_quarters):
        if taken == steps:
            break
        date = quarter_start(found.start, quarter)
        values = {path: _between(path, today[path], goal[path], (taken + 1) / steps) for path in goal}
        after = _with_entry(found, date, values, "")
        cost = _quarter_cost(_state(found, date), _state(after, date))
        so_far = shortened(found, quarter)
        result = replicate(so_far, replications, seed, keep="series", **how)
        weeks = result.table("series")
        money = float(weeks.loc[weeks["start"] >= str(quarter_start(found.start, quarter - 1)), earned].sum())
        if money >= cover * cost:
            taken += 1
            words = (
                f"step {taken} of {steps}: the quarter before earned {amount(money, 'USD')} of {earned} on average, "
            )
            found = _with_entry(
                found, date, values, words + f"the step costs {amount(cost, 'USD')} in its first quarter"
            )
    return found


def shock(
    scenario: Scenario | str, date: Date, changes: Mapping[str, Any], until: Date | None = None, note: str = "shock"
) -> Scenario:
    """Return the scenario in which something happens to the firm: demand falls, a budget is cut.

    Parameters
    ----------
    scenario
        Where to start.
    date
        When it happens.
    changes
        New values by dotted path, e.g. ``{"world.demand": 0.7}``.
    until
        When what held before comes back; by default never.
    note
        What it is called in the timeline.
    """
    found = as_scenario(scenario)
    begin = _date(date)
    values = {SHORT.get(path, path): value for path, value in changes.items()}
    before = _state(found, begin)
    old = {path: value_at(before, path) for path in values}
    found = _with_entry(found, begin, {path: _value(before, path, new) for path, new in values.items()}, note)
    if until is None:
        return found
    end = _date(until)
    if end <= begin:
        raise ScenarioError(f"until is {end}; expected a day after {begin}")
    return _with_entry(found, end, old, f"end of: {note}") if end < end_date(found) else found


# -------------------------------------------------------------------------------------------------------------- parts


def _date(date: Date) -> dt.date:
    if isinstance(date, dt.datetime):
        return date.date()
    if isinstance(date, dt.date):
        return date
    try:
        return dt.date.fromisoformat(str(date))
    except ValueError:
        raise ScenarioError(f"{date!r}: expected a date such as '2026-04-01'") from None


def _state(scenario: Scenario, date: dt.date) -> Scenario:
    """Return the scenario as it stands on a date, its timeline applied."""
    found = scenario
    for since, state in states(scenario):
        if since <= date:
            found = state
    return found


def _quarter_of(scenario: Scenario, date: dt.date) -> int:
    for quarter in range(scenario.horizon_quarters):
        if quarter_start(scenario.start, quarter) == date:
            return quarter
    raise ScenarioError(f"{date} is not the first day of a quarter of the run, which begins on {scenario.start}")


def _with_entry(scenario: Scenario, date: dt.date, changes: Mapping[str, Any], note: str) -> Scenario:
    entry = Change(date=date, changes=dict(changes), note=note)
    timeline = sorted([*scenario.timeline, entry], key=lambda one: one.date)
    return scenario.with_changes({"timeline": [one.model_dump() for one in timeline]})


def _value(now: Scenario, path: str, value: Any) -> Any:
    """Return a new value; a text such as ``+2`` adds to what holds."""
    if isinstance(value, str) and re.fullmatch(r"[+-]\d+(\.\d+)?", value):
        return float(f"{_number(now, path) + float(value):.12g}")
    return value


def _number(scenario: Scenario, path: str) -> float:
    found = value_at(scenario, path)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ScenarioError(f"{path} is {found!r}: expected the path of a number")
    return found


def _between(path: str, today: float, goal: float, share: float) -> float:
    value = today + (goal - today) * share
    whole = unit_at(path) == POSTS and float(today).is_integer() and float(goal).is_integer()
    return float(math.floor(value + 0.5)) if whole else float(f"{value:.12g}")


def _quarter_cost(before: Scenario, after: Scenario) -> float:
    """Return what a step costs in its first quarter: people, programmes, and filling the seats."""
    people = after.world.people
    seats = {"reps": people.rep, "sdrs": people.sdr}
    hiring = sum(
        max(0.0, getattr(after.plan.sales, name) - getattr(before.plan.sales, name)) * role.hiring_cost
        for name, role in seats.items()
    )
    more = after.plan.marketing.marketers - before.plan.marketing.marketers
    hiring += max(0.0, more) * people.marketer.hiring_cost
    return (payroll(after) - payroll(before)) / 4.0 + hiring
