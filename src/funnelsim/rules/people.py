"""People: ramp and pay."""

from __future__ import annotations

from funnelsim.arithmetic import exp

LONGEST_TENURE = 36_500.0
"""Days for which somebody can have been with the firm when a run starts (assumption): no career is longer."""


def tenure_at_start(days: float) -> float:
    """Days with the firm of somebody on the roll at the start, from a memoryless draw of `days`."""
    return days if days < LONGEST_TENURE else LONGEST_TENURE


def ramp(days: float, time_constant: float, start: float) -> float:
    """Effect of a person after `days`: s + (1 - s)(1 - exp(-t / tau)) (`bridge2024`; start s: assumption)."""
    if time_constant <= 0.0:
        return 1.0
    return start + (1.0 - start) * (1.0 - exp(-days / time_constant))


def pay_of_day(yearly_cents: int, share_millionths: int, day_of_year: int, days_of_year: int) -> int:
    """Pay in cents for one working day, such that the working days of a year add up exactly.

    Parameters
    ----------
    yearly_cents : int
        Loaded yearly cost of a full post.
    share_millionths : int
        Share of a full post, in millionths.
    day_of_year : int
        Number of this working day, from 0.
    days_of_year : int
        Working days over which the year's cost is spread.
    """
    yearly = yearly_cents * share_millionths // 1_000_000
    return yearly * (day_of_year + 1) // days_of_year - yearly * day_of_year // days_of_year
