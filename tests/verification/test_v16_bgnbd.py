"""V16: repeat purchases of customers who drop out unseen: BG/NBD (Fader, Hardie & Lee 2005), with CDNOW's numbers.

On the compiled engine, to a relative half-width of 2 %: so many customers would take SimPy long.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import hyp2f1
from verification.measured import REPLICATIONS, Measured, Sampled
from verification.worlds import bare, days, rows

from funnelsim.events import Kind
from funnelsim.scenario.lowering import lower

SEED = 16
R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
WEEKS = (1.0, 10.0, 26.0, 39.0, 52.0)
REFERENCE = (0.05327, 0.43241, 0.90264, 1.19672, 1.44605)
CUSTOMERS = 50_000
COMPILED_HALF_WIDTH = 0.02


def expected(t: float) -> float:
    """Return the expected number of repeat purchases of a customer within t weeks."""
    f = hyp2f1(R, B, A + B - 1.0, t / (ALPHA + t))
    return float((A + B - 1.0) / (A - 1.0) * (1.0 - (ALPHA / (ALPHA + t)) ** R * f))


@cache
def measure() -> tuple[Measured, ...]:
    from funnelsim.engines.compiled.engine import simulate_log

    scenario = bare(
        segment={"accounts": CUSTOMERS, "need_interval": 1000.0, "need_window": 1.0},
        customers={
            "start": CUSTOMERS,
            "purchase": "repeat",
            "churn_slope": 0.0,
            "repeat": {"rate_shape": R, "rate_weeks": ALPHA, "dropout_a": A, "dropout_b": B},
        },
    )
    ready = lower(scenario)
    per_customer: list[list[float]] = [[] for _ in WEEKS]
    for replication in range(REPLICATIONS):
        bought = days(rows(simulate_log(ready, SEED, replication), Kind.PURCHASE))
        for samples, weeks in zip(per_customer, WEEKS, strict=True):
            samples.append(float(np.count_nonzero(bought <= 7.0 * weeks)) / CUSTOMERS)
    return tuple(
        Sampled(
            f"V16 repeat purchases within {weeks:g} weeks",
            f"r {R:g}, alpha {ALPHA:g}, a {A:g}, b {B:g}",
            "BG/NBD E[X(t)]",
            expected(weeks),
            samples,
        )
        for weeks, samples in zip(WEEKS, per_customer, strict=True)
    )


def test_the_formula_gives_the_reference_values():
    assert [expected(weeks) for weeks in WEEKS] == pytest.approx(REFERENCE, abs=6e-6)


@pytest.mark.verification
def test_repeat_purchases_are_bg_nbd():
    pytest.importorskip("numba")
    for measured in measure():
        measured.check()
        mean, half = measured.interval()
        assert half <= COMPILED_HALF_WIDTH * measured.theory, f"{measured.name}: {mean:.5f} +- {half:.5f}"
