"""Shapley shares against what is known of them: they add up, treat alike alike, and give nothing for nothing."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelsim.experiments.explain import _crossed
from funnelsim.experiments.shapley import (
    antithetic_orders,
    coalitions_of,
    exact_shares,
    interactions,
    sampled_shares,
)


def game(changes, worth, n=3):
    """Numbers of every coalition, `worth` of the set of its members; replications differ in scale."""
    scale = np.arange(1.0, n + 1.0)
    return {mask: scale * worth({i for i in range(changes) if mask >> i & 1}) for mask in range(1 << changes)}


tables = st.integers(1, 5).flatmap(
    lambda k: st.lists(st.floats(-1e6, 1e6), min_size=1 << k, max_size=1 << k).map(
        lambda values: {mask: np.array([value, -value]) for mask, value in enumerate(values)}
    )
)


@given(tables)
def test_exact_shares_add_up_in_every_replication(values):
    changes = (len(values) - 1).bit_length()
    shares = exact_shares(values, changes)
    whole = values[(1 << changes) - 1] - values[0]
    np.testing.assert_allclose(shares.sum(axis=0), whole, atol=1e-6)


@given(tables, st.integers(1, 4), st.integers(0, 99))
def test_sampled_shares_add_up_in_every_pair_and_replication(values, pairs, seed):
    changes = (len(values) - 1).bit_length()
    shares = sampled_shares(values, antithetic_orders(changes, pairs, seed))
    whole = values[(1 << changes) - 1] - values[0]
    np.testing.assert_allclose(shares.sum(axis=1), np.tile(whole, (pairs, 1)), atol=1e-6)


def test_all_orders_give_the_exact_shares():
    """The definition: the mean over all orders; half of the orders and their reverses are all of them."""
    values = game(4, lambda made: float(len(made) ** 2 + 3 * (0 in made and 2 in made) - 5 * (1 in made)))
    half = [order for order in permutations(range(4)) if order[0] < order[-1]]
    orders = [one for order in half for one in (order, order[::-1])]
    np.testing.assert_allclose(sampled_shares(values, orders).mean(axis=0), exact_shares(values, 4))


def test_equal_changes_get_equal_shares():
    values = game(3, lambda made: 10.0 if {0, 1} <= made else 4.0 * len(made & {0, 1}))
    shares = exact_shares(values, 3)
    np.testing.assert_allclose(shares[0], shares[1])
    np.testing.assert_allclose(shares[2], 0.0, atol=1e-12)


def test_a_change_that_does_nothing_gets_nothing():
    values = game(3, lambda made: 7.0 * (0 in made) + 2.0 * (0 in made and 2 in made))
    np.testing.assert_allclose(exact_shares(values, 3)[1], 0.0, atol=1e-12)
    orders = antithetic_orders(3, 5, seed=1)
    np.testing.assert_allclose(sampled_shares(values, orders)[:, 1, :], 0.0, atol=1e-12)


def test_shares_of_a_sum_are_sums_of_shares():
    one = game(3, lambda made: float(len(made) ** 3))
    other = game(3, lambda made: 5.0 * (1 in made))
    both = {mask: one[mask] + other[mask] for mask in one}
    np.testing.assert_allclose(exact_shares(both, 3), exact_shares(one, 3) + exact_shares(other, 3))


def test_gloves():
    """A known game: one left glove (0), two right gloves (1, 2); a pair is worth 1: shares 2/3, 1/6, 1/6."""
    shares = exact_shares(game(3, lambda made: float(0 in made and bool(made & {1, 2})), n=1), 3)
    np.testing.assert_allclose(shares[:, 0], [2 / 3, 1 / 6, 1 / 6])


def test_interactions_find_the_pair_that_does_more_together():
    values = game(3, lambda made: 1.0 * (0 in made) + 1.0 * (1 in made) + 4.0 * ({0, 1} <= made), n=1)
    found = interactions(values, 3)
    assert found[0, 1][0] == pytest.approx(4.0)
    assert found[0, 2][0] == pytest.approx(0.0)
    assert found[1, 2][0] == pytest.approx(0.0)


def test_antithetic_pairs_cancel_what_depends_on_the_order_alone():
    """Where each change does the more the later it comes, linearly, one pair gives the exact shares."""
    values = game(4, lambda made: float(len(made) ** 2))
    pair = sampled_shares(values, antithetic_orders(4, 1, seed=3))[0]
    np.testing.assert_allclose(pair, exact_shares(values, 4))


def test_orders_come_with_their_reverse_and_pass_few_coalitions():
    orders = antithetic_orders(9, 6, seed=2)
    assert len(orders) == 12
    assert all(orders[i + 1] == orders[i][::-1] for i in range(0, 12, 2))
    masks = coalitions_of(orders)
    assert masks[0] == 0 and (1 << 9) - 1 in masks
    assert len(masks) <= 2 + 12 * 8
    assert antithetic_orders(9, 6, seed=2) == orders


def test_the_interval_over_orders_and_replications_covers():
    """Luck of rows and of columns, 8 pairs of orders and 10 replications: at least 95 % hold the mean."""
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(400):
        table = generator.normal(size=(8, 1)) + generator.normal(size=(1, 10)) + generator.normal(size=(8, 10))
        one = _crossed(table, 0.95)
        covered += one.low <= 0.0 <= one.high
    assert covered >= 0.93 * 400
