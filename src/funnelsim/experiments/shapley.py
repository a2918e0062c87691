"""Shapley shares: how much of a difference each of several changes made, over all orders of making them.

A coalition (the changes that have been made) is a bit mask: bit i stands for change i. ``values[mask]`` holds one
number per replication. Every function works replication by replication, so that shares add up in each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np

Coalitions = Mapping[int, np.ndarray]
Order = tuple[int, ...]


def exact_shares(values: Coalitions, changes: int) -> np.ndarray:
    """Shapley shares from all ``2 ** changes`` coalitions.

    Parameters
    ----------
    values
        Numbers of every coalition, one per replication.
    changes
        How many changes there are.

    Returns
    -------
    numpy.ndarray
        (changes, replications). Over changes they sum to ``values[all] - values[0]``.

    Notes
    -----
    Share of i: sum over coalitions S without i of |S|! (k - |S| - 1)! / k! (v(S + i) - v(S)) (Shapley 1953): the only
    split that adds up, treats equal changes equally, gives nothing to a change that does nothing, and is additive.
    """
    shares = np.zeros((changes, len(values[0])))
    for i in range(changes):
        for mask in range(1 << changes):
            if mask >> i & 1:
                continue
            size = mask.bit_count()
            weight = factorial(size) * factorial(changes - size - 1) / factorial(changes)
            shares[i] += weight * (values[mask | 1 << i] - values[mask])
    return shares


def interactions(values: Coalitions, changes: int) -> dict[tuple[int, int], np.ndarray]:
    """Shapley interaction index of each pair, from all coalitions: one number per replication.

    Notes
    -----
    Positive: the two do more together than apart. Sum over coalitions S without i and j of |S|! (k - |S| - 2)! / (k -
    1)! (v(S + i + j) - v(S + i) - v(S + j) + v(S)) (Grabisch and Roubens 1999).
    """
    found = {}
    for i, j in combinations(range(changes), 2):
        total = np.zeros(len(values[0]))
        both = 1 << i | 1 << j
        for mask in range(1 << changes):
            if mask & both:
                continue
            size = mask.bit_count()
            weight = factorial(size) * factorial(changes - size - 2) / factorial(changes - 1)
            total += weight * (values[mask | both] - values[mask | 1 << i] - values[mask | 1 << j] + values[mask])
        found[i, j] = total
    return found


def antithetic_orders(changes: int, pairs: int, seed: int) -> list[Order]:
    """Random orders of the changes, each followed by its reverse.

    What comes early in one comes late in the other, so that errors of a pair partly cancel.
    """
    generator = np.random.default_rng(seed)
    orders: list[Order] = []
    for _ in range(pairs):
        order = tuple(int(i) for i in generator.permutation(changes))
        orders += [order, order[::-1]]
    return orders


def coalitions_of(orders: Sequence[Order]) -> list[int]:
    """Return the coalitions that orders pass through, each once."""
    found = {0: None}
    for order in orders:
        mask = 0
        for change in order:
            mask |= 1 << change
            found[mask] = None
    return list(found)


def sampled_shares(values: Coalitions, orders: Sequence[Order]) -> np.ndarray:
    """Shares of each antithetic pair of orders.

    Returns
    -------
    numpy.ndarray
        (pairs, changes, replications); the mean over pairs is the estimate, unbiased for the Shapley shares. Each
        pair's shares sum over changes to the whole difference.
    """
    changes = len(orders[0])
    shares = np.zeros((len(orders) // 2, changes, len(values[0])))
    for number, order in enumerate(orders):
        mask = 0
        for change in order:
            after = mask | 1 << change
            shares[number // 2, change] += (values[after] - values[mask]) / 2.0
            mask = after
    return shares
