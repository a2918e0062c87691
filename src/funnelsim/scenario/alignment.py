"""Alignment of the two teams: eight levers of the plan, what they do in a world, conflict, and targeting that learns.

Levels run from 0 to 3: undefined, defined, aligned, integrated; anything between is possible. The numbers of
`AlignmentEffects` are those of ``docs/explanation/mechanisms/climate.md``.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from funnelsim.scenario.part import Part, quantity

LEVELS = ("undefined", "defined", "aligned", "integrated")
"""Names of the levels 0, 1, 2 and 3."""


def _level(description: str) -> Any:
    return quantity(1.0, "level 0..3", description, ge=0, le=3)


class Alignment(Part):
    """How far the two teams are aligned, lever by lever; a level's name sets all of them."""

    meetings: float = _level("regular meetings of both teams")
    decision_rights: float = _level("clear rules of who decides what")
    joint_programmes: float = _level("projects and events that both teams make, one message")
    tools_and_feedback: float = _level("marketers make sales tools, reps say what leads are like")
    shared_metrics: float = _level("both teams are measured and rewarded by revenue")
    lead_definition: float = _level("one definition of a lead that is ready")
    follow_up_promise: float = _level("sales promises to work a marketing lead in time")
    shared_record: float = _level("one record of each buyer (CRM) that both teams see")

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, given: Any) -> Any:
        presets = cls.presets()
        return presets.get(given, given) if isinstance(given, str) else given

    @classmethod
    def presets(cls) -> dict[str, dict[str, float]]:
        """What the name of a level stands for."""
        return {name: dict.fromkeys(cls.model_fields, float(number)) for number, name in enumerate(LEVELS)}

    @classmethod
    def at(cls, level: str | float) -> Alignment:
        """Every lever at one level, by its name or number."""
        return cls.model_validate(level if isinstance(level, str) else dict.fromkeys(cls.model_fields, level))


def level_name(alignment: Alignment) -> str | None:
    """Name of the level at which every lever is, none if they differ or lie between."""
    levels = alignment.model_dump()
    return next((name for name, one in Alignment.presets().items() if one == levels), None)


# ------------------------------------------------------------------------------------- what a level does, in a world


class AtLevels(Part):
    """Base of effects with a value at each level, in a straight line between."""

    def each(self) -> tuple[float, float, float, float]:
        """Return the values at the four levels."""
        undefined, defined, aligned, integrated = (float(getattr(self, name)) for name in LEVELS)
        return undefined, defined, aligned, integrated


class Shares(AtLevels):
    """A share of hours, of what is missing, or of cases at each level."""

    undefined: float = quantity(0.0, "share", "at level undefined", ge=0, le=1)
    defined: float = quantity(0.0, "share", "at level defined", ge=0, le=1)
    aligned: float = quantity(0.0, "share", "at level aligned", ge=0, le=1)
    integrated: float = quantity(0.0, "share", "at level integrated", ge=0, le=1)


class Factors(AtLevels):
    """A factor at each level; 1 changes nothing."""

    undefined: float = quantity(1.0, "factor", "at level undefined", ge=0.1, le=5)
    defined: float = quantity(1.0, "factor", "at level defined", ge=0.1, le=5)
    aligned: float = quantity(1.0, "factor", "at level aligned", ge=0.1, le=5)
    integrated: float = quantity(1.0, "factor", "at level integrated", ge=0.1, le=5)


class LogOdds(AtLevels):
    """A shift in log-odds at each level; 0 changes nothing."""

    undefined: float = quantity(0.0, "log-odds", "at level undefined", ge=-10, le=10)
    defined: float = quantity(0.0, "log-odds", "at level defined", ge=-10, le=10)
    aligned: float = quantity(0.0, "log-odds", "at level aligned", ge=-10, le=10)
    integrated: float = quantity(0.0, "log-odds", "at level integrated", ge=-10, le=10)


class Licences(AtLevels):
    """A yearly cost per person at each level."""

    undefined: float = quantity(0.0, "USD per year", "at level undefined", ge=0, le=1e6)
    defined: float = quantity(0.0, "USD per year", "at level defined", ge=0, le=1e6)
    aligned: float = quantity(0.0, "USD per year", "at level aligned", ge=0, le=1e6)
    integrated: float = quantity(0.0, "USD per year", "at level integrated", ge=0, le=1e6)


class Months(AtLevels):
    """A time at each level."""

    undefined: float = quantity(0.0, "month", "at level undefined", ge=0, le=120)
    defined: float = quantity(0.0, "month", "at level defined", ge=0, le=120)
    aligned: float = quantity(0.0, "month", "at level aligned", ge=0, le=120)
    integrated: float = quantity(0.0, "month", "at level integrated", ge=0, le=120)


def _shares(*values: float) -> Shares:
    return Shares(**dict(zip(LEVELS, values, strict=True)))


def _factors(*values: float) -> Factors:
    return Factors(**dict(zip(LEVELS, values, strict=True)))


class AlignmentEffects(Part):
    """What each lever of `plan.alignment` does in this world, and what it costs; off: no lever does anything."""

    on: bool = Field(False, description="whether the levers of plan.alignment do anything")
    meeting_hours: Shares = Field(
        _shares(0.005, 0.0125, 0.03, 0.05), description="meetings: share of both teams' hours"
    )
    conflict_half_life: Factors = Field(
        _factors(1.0, 1.0, 0.8, 0.6), description="meetings: factor on the half-life of conflict"
    )
    dispute_hours: Shares = Field(
        _shares(0.03, 0.015, 0.01, 0.005), description="decision rights: share of both teams' hours that disputes take"
    )
    approval: Factors = Field(_factors(1.5, 1.0, 0.7, 0.5), description="decision rights: factor on approval_days")
    consistency: Factors = Field(
        _factors(0.91, 0.95, 0.97, 1.0),
        description="joint programmes: strength of a touch that follows one of the other team; counted relative to "
        "level defined",
    )
    joint_hours: Shares = Field(_shares(0.0, 0.0025, 0.01, 0.02), description="joint programmes: share of sales' hours")
    learning: Shares = Field(
        _shares(0.01, 0.02, 0.03, 0.04),
        description="tools and feedback: part of the way to the best targeting that marketing learns per month",
    )
    tools: Factors = Field(
        _factors(1.0, 1.0, 1.02, 1.04), description="tools and feedback: factor on the strength of sales' touches"
    )
    tool_hours: Shares = Field(
        _shares(0.0, 0.005, 0.01, 0.02), description="tools and feedback: share of both teams' hours"
    )
    revenue_weight: Shares = Field(
        _shares(0.0, 0.1, 0.3, 0.5),
        description="shared metrics: weight of revenue, against the number of leads, in marketing's reward",
    )
    preference: LogOdds = Field(
        LogOdds(undefined=-1.0, defined=0.0, aligned=0.5, integrated=1.0),
        description="shared metrics: shift of the reps' readiness to work marketing leads",
    )
    noise: Factors = Field(
        _factors(1.1, 1.0, 0.93, 0.87), description="lead definition: factor on the noise of the score"
    )
    definition_hours: Shares = Field(
        _shares(0.0, 0.0025, 0.005, 0.01), description="lead definition: share of marketing's hours"
    )
    promise_aligned: float = quantity(
        8.0, "working hour", "follow-up promise from level 1.5 on: a lead that waits longer goes first", gt=0, le=1000
    )
    promise_integrated: float = quantity(2.0, "working hour", "the same from level 2.5 on", gt=0, le=1000)
    visibility: Shares = Field(
        _shares(0.5, 0.6, 0.7, 0.8), description="shared record: chance that the next owner sees the history"
    )
    licence: Licences = Field(
        Licences(undefined=0.0, defined=300.0, aligned=1200.0, integrated=2400.0),
        description="shared record: cost per person and year",
    )
    sameness: float = quantity(
        0.05,
        "share per level",
        "what the best targeting loses as the teams come to think alike: per level of shared metrics and of joint "
        "programmes above aligned, half each",
        "homburg2007",
        ge=0,
        le=1,
    )
    change_over: Months = Field(
        Months(undefined=3.0, defined=3.0, aligned=6.0, integrated=12.0),
        description="time constant with which a lever moves to its planned level; 0: at once",
    )


class Conflict(Part):
    """Conflict between the teams: a stock that grows with grievances and fades."""

    on: bool = Field(False, description="whether there is any")
    tolerated: float = quantity(5.0, "reps per marketer", "ratio up to which nobody feels outnumbered", gt=0, le=1000)
    imbalance: float = quantity(0.1, "per month", "growth per ln(reps per marketer / tolerated)", ge=0, le=10)
    unworked: float = quantity(0.1, "per month", "growth per share of marketing leads that went unworked", ge=0, le=10)
    rejected: float = quantity(
        0.05, "per month", "growth per share of worked marketing leads that turned out not to fit", ge=0, le=10
    )
    half_life_days: float = quantity(90.0, "day", "half-life of conflict", ge=0.001, le=1e6)
    preference: float = quantity(
        1.0, "log-odds", "what a conflict of 1 takes from the reps' readiness to work marketing leads", ge=0, le=20
    )
    effort: float = quantity(0.1, "share", "programme hours that a conflict of 1 adds, as a share", ge=0, le=5)


class Targeting(Part):
    """How marketing finds out whom to reach."""

    learns: bool = Field(False, description="whether targeting learns and fades, or stays as planned")
    most: float = quantity(0.8, "share", "best targeting that can be reached", ge=0, le=1)
    half_life_days: float = quantity(
        730.0,
        "day",
        "half-life of what was learned beyond the plan's targeting; 0: it stays",
        ge=0,
        le=1e6,
    )


def lever_levels(alignment: Alignment) -> tuple[float, ...]:
    """Return the levels in the order of `funnelsim.events.Lever`."""
    return tuple(float(level) for level in alignment.model_dump().values())
