"""Rules of customers and products, by hand."""

from __future__ import annotations

import math

import pytest

from funnelsim.rules.customers import (
    bought_cheap,
    buys_more,
    drops_out,
    is_occasion,
    part_of_price,
    renews,
    takes_entry,
)


def test_renewal_at_the_reference_trust_is_one_less_churn():
    assert renews(0.25, 0.13, 365.0, 0.25, 1.7, 1.0) == pytest.approx(0.87, abs=1e-12)


def test_a_discount_of_a_third_raises_the_hazard_by_half():
    assert bought_cheap(0.0, 1.4) == 1.0
    assert bought_cheap(0.35, 1.4) == pytest.approx(1.49)
    assert renews(0.25, 0.13, 365.0, 0.25, 1.7, 1.49) == pytest.approx(0.87**1.49)


def test_dropping_out_falls_with_trust_and_is_a_probability():
    assert drops_out(0.7, 0.3, 0.25, 0.0, 1.0) == 0.3
    assert drops_out(0.65, 0.3, 0.25, 2.0, 1.0) == pytest.approx(0.3 * math.exp(-0.8))
    assert drops_out(0.0, 0.9, 0.9, 5.0, 1.0) == 1.0


def test_readiness_to_buy_more():
    assert buys_more(0.6, 0.2, 0.6, 2.0) == pytest.approx(0.2)
    odds = 0.25 * math.exp(2.0 * 0.3)
    assert buys_more(0.9, 0.2, 0.6, 2.0) == pytest.approx(odds / (1.0 + odds))
    assert buys_more(0.0, 0.0, 0.6, 2.0) == 0.0
    assert buys_more(0.0, 1.0, 0.6, 2.0) == 1.0


def test_occasions_are_thinned_from_full_trust():
    assert is_occasion(1.0, 3.0) == 1.0
    assert is_occasion(0.25, 2.0) == pytest.approx(math.exp(-1.5))


@pytest.mark.parametrize(("u", "taken"), [(0.21, True), (0.299, True), (0.31, False), (0.9, False)])
def test_who_takes_the_entry_product(u, taken):
    assert takes_entry(u, 0.2, 1.5) is taken


def test_cents_are_rounded_half_up():
    assert part_of_price(1001, 0.5) == 501
    assert part_of_price(1000, 0.3) == 300
