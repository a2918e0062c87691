"""Mistakes of a user: one clear message each, never a traceback.

The command line prints a `FunnelsimError` and exits with status 2. Anything else is a defect of funnelsim.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_FAULTS = 10
"""How many faults of one file are listed."""


class FunnelsimError(Exception):
    """A mistake that the user can mend; its text is the whole message."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a scenario file or in a change.

    Attributes
    ----------
    problem
        What is wrong, in one line, without place and field.
    file, line
        Where it stands, as the user knows it; none when the value did not come from a file.
    field
        Dotted path of the field.
    expectation
        What would have been right, in words.
    nearest
        The valid name or path that looks most like the one given.
    """

    problem: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    expectation: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        """`file, line 12: field: problem`."""
        place = self.file or ""
        if self.line is not None:
            place = f"{place}, line {self.line}" if place else f"line {self.line}"
        text = ": ".join(part for part in (place, self.field, self.problem) if part)
        return " ".join(text.split())


class ScenarioError(FunnelsimError):
    """A scenario, plan, world, study or change that cannot be used.

    Parameters
    ----------
    *faults
        What is wrong; a plain text stands for a fault without a place.
    """

    def __init__(self, *faults: Fault | str) -> None:
        self.faults: tuple[Fault, ...] = tuple(f if isinstance(f, Fault) else Fault(f) for f in faults)
        super().__init__(*self.faults)

    def __str__(self) -> str:
        """Every fault on a line of its own, at most `MAX_FAULTS`."""
        lines = [str(fault) for fault in self.faults[:MAX_FAULTS]]
        more = len(self.faults) - MAX_FAULTS
        if more > 0:
            lines.append(f"... and {more} more")
        return "\n".join(lines)

    @property
    def file(self) -> str | None:
        """File of the first fault."""
        return self.faults[0].file if self.faults else None

    @property
    def line(self) -> int | None:
        """Line of the first fault."""
        return self.faults[0].line if self.faults else None

    @property
    def field(self) -> str | None:
        """Dotted path of the first fault."""
        return self.faults[0].field if self.faults else None

    @property
    def expectation(self) -> str | None:
        """What would have been right at the first fault."""
        return self.faults[0].expectation if self.faults else None

    @property
    def nearest(self) -> str | None:
        """Valid name nearest to the one given at the first fault."""
        return self.faults[0].nearest if self.faults else None


class TooLargeError(FunnelsimError):
    """A run that would need more memory or time than is reasonable; `insist` runs it all the same."""
