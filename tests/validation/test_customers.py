"""R45 and R47: customers bought cheaply are worth less; adoption by word of mouth alone is Bass's curve."""

from __future__ import annotations

import pytest

from .customers import bass_fit, discounted_value_ratio

pytestmark = [pytest.mark.validation, pytest.mark.slow]


def test_R45_customers_bought_with_a_deep_discount_are_worth_about_half() -> None:
    mean, low, high = discounted_value_ratio(replications=40)
    print(f"R45: {mean:.3f} ({low:.3f} … {high:.3f}), published 0.5, tolerance 0.35–0.75")
    assert low <= 0.75
    assert high >= 0.35
    assert 0.35 <= mean <= 0.75


def test_R47_adoption_by_word_of_mouth_is_bass() -> None:
    found = bass_fit()
    print("R47: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    assert found["r2"] > 0.99
    assert 0.001 <= found["p"] <= 0.05
    assert 0.2 <= found["q"] <= 0.6
