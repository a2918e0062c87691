"""The shape of the time from lead to win against a real funnel, where its aggregate figures stand beside the checkout.

``../shared/data/targets.json`` holds quantiles and rates of Olist's leads of 2018 Q1 (`olist2018`; sellers of an online
marketplace). Olist's deals are small and quick (median 13 days), those of the base world are not, so levels are not
compared, only shapes: times are divided by their median. No data are copied into the repository.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from validation.arms import BASE
from validation.measure import samples
from validation.rows import BY_KEY

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "targets.json"
SCALE = 0.3
REPLICATIONS = 4
LAST = 150
"""Olist's quantiles are those of the leads won within so many days."""
NOISE = 0.16
"""Kolmogorov distance between two periods of Olist's own data: a closer fit would fit noise."""

pytestmark = [pytest.mark.validation, pytest.mark.slow]


@pytest.fixture(scope="module")
def olist() -> dict[str, Any]:
    if not FILE.exists():
        pytest.skip("no figures of real funnels beside the checkout (../shared/data/targets.json)")
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["olist"]
    return found


@pytest.fixture(scope="module")
def days(olist: dict[str, Any]) -> np.ndarray:
    """Days from hand-over to win in the base world, cut at as many medians as Olist's."""
    found = np.array(samples(BASE, "lead_to_win_days", REPLICATIONS, seed=1, scale=SCALE))
    assert len(found) > 100
    return found[found <= np.median(found) * LAST / olist["days_to_win"]["0.5"]]


def log_spread(low: float, high: float, z: float) -> float:
    """Standard deviation of the logarithm from two quantiles at ± z."""
    return math.log(high / low) / (2.0 * z)


@pytest.mark.parametrize(("low", "high", "z"), [("0.25", "0.75", 0.67449), ("0.1", "0.9", 1.28155)])
def test_spread_of_the_time_to_win(olist: dict[str, Any], days: np.ndarray, low: str, high: str, z: float) -> None:
    """Within the tolerance of R32 (mean / median), as the spread of a lognormal; Olist's own must be in it, too."""
    row = BY_KEY["R32"]
    band = [math.sqrt(2.0 * math.log(edge)) for edge in (row.low, row.high)]
    theirs = log_spread(olist["days_to_win"][low], olist["days_to_win"][high], z)
    ours = log_spread(float(np.quantile(days, float(low))), float(np.quantile(days, float(high))), z)
    print(f"log spread from the {low} and {high} quantiles: Olist {theirs:.2f}, base world {ours:.2f}")
    assert band[0] <= theirs <= band[1]
    assert band[0] <= ours <= band[1]


def test_share_won_within_so_many_medians(olist: dict[str, Any], days: np.ndarray) -> None:
    """Olist's curve of wins by 7, 14, 30, 60, 90 days, as shares of those by 150 and in units of the median."""
    won = {int(limit): count["k"] for limit, count in olist["won_within_days"].items()}
    scale = float(np.median(days)) / olist["days_to_win"]["0.5"]
    apart = {}
    for limit in sorted(won):
        if limit < LAST:
            apart[limit] = float((days <= limit * scale).mean()) - won[limit] / won[LAST]
    print("base world less Olist:", {limit: round(value, 3) for limit, value in apart.items()})
    assert max(abs(value) for value in apart.values()) <= NOISE, apart
