"""Ranking and selection: the published check value, and how often it is right on numbers whose means are known."""

from __future__ import annotations

import numpy as np
import pytest

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.selection import (
    LOOK,
    RACE_LOOK,
    Race,
    Screening,
    chance_of_best,
    kn_constants,
    next_look,
    ocba_next,
    ocba_shares,
)

ZONE, FIRST, MOST = 0.5, 10, 3000
TRIALS = 300
DOUBT = 3.0 * (0.05 * 0.95 / TRIALS) ** 0.5
"""Three standard errors of a share of 5 %."""
MEANS = {
    "one zone apart": [0.0, 0.0, 0.0, 0.0, ZONE],
    "equal": [0.0] * 5,
    "stairs": [0.0, 0.5, 1.0, 1.5, 2.0],
    "flat top": [0.0, 1.0, 1.9, 1.95, 2.0],
}


def trial(generator, means, kind, common=0.5):
    """Run one selection on normal numbers with common luck; return it, and the numbers spent."""
    means = np.asarray(means)

    def draw(n):
        shared = generator.standard_normal(n)
        own = generator.standard_normal((len(means), n))
        return means[:, None] + np.sqrt(common) * shared + np.sqrt(1.0 - common) * own

    numbers = draw(FIRST)
    screen = Race(numbers, ZONE, MOST) if kind == "race" else Screening(numbers, ZONE, one=kind == "one")
    n, spent = FIRST, FIRST * len(means)
    while not screen.done and n < MOST:
        after = next_look(n, MOST, RACE_LOOK if kind == "race" else LOOK)
        spent += len(screen.alive) * (after - n)
        numbers, n = np.hstack([numbers, draw(after - n)]), after
        screen.look(numbers, n)
    return screen, spent


def test_constants_are_the_published_ones():
    eta, h2 = kn_constants(10, 20, 0.95)
    assert eta == pytest.approx(0.30293, abs=5e-6)
    assert h2 == pytest.approx(11.5115, abs=5e-5)
    assert kn_constants(2, 10, 0.95)[0] == pytest.approx(0.5 * (0.1 ** (-2 / 9) - 1))


@pytest.mark.parametrize("means", ["one zone apart", "stairs"])
def test_kn_selects_the_best_with_the_stated_probability(means):
    generator = np.random.default_rng(1)
    found = [trial(generator, MEANS[means], "one")[0] for _ in range(TRIALS)]
    assert all(len(screen.alive) == 1 and screen.done for screen in found)
    assert np.mean([screen.alive == [4] for screen in found]) >= 0.95 - DOUBT


@pytest.mark.parametrize("kind", ["set", "race"])
@pytest.mark.parametrize("means", MEANS)
def test_sets_keep_the_best_and_drop_what_is_a_zone_worse(kind, means):
    generator = np.random.default_rng(2)
    truth = np.array(MEANS[means])
    found = [trial(generator, truth, kind)[0] for _ in range(TRIALS)]
    assert all(screen.done for screen in found)
    best, bad = int(truth.argmax()), np.flatnonzero(truth <= truth.max() - ZONE)
    assert np.mean([best in screen.alive for screen in found]) >= 0.95 - DOUBT
    assert np.mean([bool(set(bad) & set(screen.alive)) for screen in found]) <= 0.05 + DOUBT
    for screen in found:
        assert sorted([*screen.alive, *screen.dropped]) == list(range(5))
        assert all(by not in (place, None) and at >= FIRST for place, (by, at) in screen.dropped.items())


def test_equal_plans_stay_together():
    generator = np.random.default_rng(3)
    sizes = [len(trial(generator, MEANS["equal"], "race")[0].alive) for _ in range(60)]
    assert np.mean(sizes) > 4.7


def test_the_race_stops_early_where_plans_are_far_apart():
    generator = np.random.default_rng(4)
    far = [trial(generator, [0.0, 0.0, 0.0, 0.0, 5.0], "race")[1] for _ in range(20)]
    near = [trial(generator, MEANS["one zone apart"], "race")[1] for _ in range(20)]
    assert max(far) == 5 * FIRST
    assert np.mean(near) > 4 * np.mean(far)


def test_common_luck_saves_runs():
    generator = np.random.default_rng(5)
    paired = np.mean([trial(generator, MEANS["stairs"], "race", common=0.9)[1] for _ in range(40)])
    alone = np.mean([trial(generator, MEANS["stairs"], "race", common=0.0)[1] for _ in range(40)])
    assert alone > 3 * paired


def test_looks():
    assert [next_look(10, 60, 1.5), next_look(15, 60, 1.5), next_look(52, 60, 1.5)] == [15, 23, 60]
    assert next_look(2, 100) == 3


def test_ocba_shares_are_the_published_ones():
    share = ocba_shares([10.0, 9.0, 8.0], [1.0, 1.0, 1.0])
    assert share.sum() == pytest.approx(1.0)
    assert share[1] / share[2] == pytest.approx(4.0)  # ((1/1) / (1/2))²
    assert share[0] ** 2 == pytest.approx(share[1] ** 2 + share[2] ** 2)
    noisy = ocba_shares([10.0, 9.0, 9.0], [1.0, 2.0, 1.0])
    assert noisy[1] / noisy[2] == pytest.approx(4.0)


def test_ocba_gives_what_is_lacking_and_no_more():
    means, sds = np.array([10.0, 9.0, 8.0]), np.ones(3)
    given = ocba_next(means, sds, np.array([10, 10, 10]), 30)
    assert given.sum() == 30
    assert given[2] == 0  # it has more than its share already
    assert given[0] >= given[1] > 0


def test_ocba_finds_the_best_more_often_than_equal_shares():
    generator = np.random.default_rng(6)
    truth, sd, budget = np.array([0.0, 0.1, 0.2, 0.3, 1.0, 1.3]), 1.0, 150
    right = {"ocba": 0, "equal": 0}
    for _ in range(200):
        numbers = truth[:, None] + sd * generator.standard_normal((6, budget))
        counts = np.full(6, 10)
        while counts.sum() < budget:
            means = np.array([row[:n].mean() for row, n in zip(numbers, counts, strict=True)])
            sds = np.array([row[:n].std(ddof=1) for row, n in zip(numbers, counts, strict=True)])
            counts = counts + ocba_next(means, sds, counts, min(10, budget - int(counts.sum())))
        right["ocba"] += np.argmax([row[:n].mean() for row, n in zip(numbers, counts, strict=True)]) == 5
        right["equal"] += np.argmax(numbers[:, : budget // 6].mean(axis=1)) == 5
    assert right["ocba"] > right["equal"] + 10
    assert right["ocba"] >= 180


def test_chance_of_best():
    means, sds = np.array([1.0, 0.0]), np.ones(2)
    assert chance_of_best(means, sds, np.array([8, 8])) == pytest.approx(0.97725, abs=1e-4)  # Phi(1 / sqrt(2/8))
    assert chance_of_best(np.zeros(5), np.ones(5), np.full(5, 10)) == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kn_constants(1, 10), "two plans"),
        (lambda: kn_constants(3, 10, 0.2), "level is 0.2"),
        (lambda: Screening(np.zeros((2, 5)), 0.0), "indifference zone is 0"),
        (lambda: Race(np.zeros((2, 5)), -1.0, 10), "indifference zone is -1"),
        (lambda: Race(np.zeros((1, 5)), 1.0, 10), "two plans"),
    ],
)
def test_mistakes(call, words):
    with pytest.raises(FunnelsimError, match=words):
        call()
