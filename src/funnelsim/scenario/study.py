"""A study: a question and the scenarios that answer it."""

from __future__ import annotations

from pydantic import Field, model_validator

from funnelsim.scenario.part import Part
from funnelsim.scenario.schema import Scenario


class Study(Part):
    """Scenarios that are run with common random numbers and compared with a baseline."""

    title: str = Field("", description="one line that says what is compared")
    question: str = Field("", description="what the study answers")
    baseline: str = Field(..., description="label of the scenario that the others are compared with")
    replications: int = Field(20, ge=1, le=100_000, description="number of replications that the author suggests")
    scenarios: dict[str, Scenario] = Field(..., min_length=1, max_length=200, description="scenarios by label")

    @model_validator(mode="after")
    def _has_baseline(self) -> Study:
        if self.baseline not in self.scenarios:
            raise ValueError(f"baseline is {self.baseline!r}; labels: {', '.join(self.scenarios)}")
        return self
