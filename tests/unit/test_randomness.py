"""Addressed uniforms: published vectors, independence of neighbouring addresses, samplers against theory.

The statistical tests are deterministic (addresses are fixed); limits are for p-values far below chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import beta, gamma

from funnelsim import randomness as rnd
from funnelsim.randomness import Purpose

TINY_P = 1e-5
GAMMA = 0x9E3779B97F4A7C15
LOWEST, HIGHEST = 2.0**-53, 1.0 - 2.0**-53

RUN_KEYS = [
    0x410CF10714F42861,
    0x91A85E17AAFDC2D8,
    0x4DA4BE7997D8A5AE,
    0xE56AA7996F5D941C,
]
STREAMS = [
    0x20E637DB5A9613ED,
    0x6186C6DD83E23EE6,
    0xB942A800A3657D2D,
]

keys = st.integers(0, rnd.MASK)
entities = st.integers(0, 2**34 - 1)
purposes = st.integers(0, 2**16 - 1)
numbers = st.integers(0, 2**32 - 1)


def unxorshift(z: int, shift: int) -> int:
    """Inverse of z ^ (z >> shift) on 64 bits."""
    value = z
    for _ in range(64 // shift + 1):
        value = z ^ (value >> shift)
    return value


def stream_with_output(output: int, n: int) -> int:
    """The stream whose output number n is `output`."""
    z = unxorshift(output, 31) * pow(0x94D049BB133111EB, -1, 2**64) & rnd.MASK
    z = unxorshift(z, 27) * pow(0xBF58476D1CE4E5B9, -1, 2**64) & rnd.MASK
    return (unxorshift(z, 30) - (n + 1) * GAMMA) & rnd.MASK


# --- the generator ----------------------------------------------------------------------------------------------------


def test_published_vector() -> None:
    assert [rnd.splitmix64(1234567, n) for n in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@given(keys, entities, purposes, numbers)
def test_a_uniform_is_an_output_of_splitmix64(key: int, entity: int, purpose: int, n: int) -> None:
    address = rnd.stream(key, entity, purpose)
    assert 0 <= address <= rnd.MASK
    expected = ((rnd.splitmix64(address, n) >> 12) + 0.5) * 2.0**-52
    assert rnd.uniform_of(address, n) == expected
    assert rnd.uniform(key, entity, purpose, n) == expected
    assert 0.0 < expected < 1.0


def test_own_vectors() -> None:
    """Our way from addresses to streams has no published vector; stored results hang on it, so it may never change."""
    assert [rnd.run_key(0, 0), rnd.run_key(2024, 0), rnd.run_key(2024, 1), rnd.run_key(rnd.MASK, 2**32 - 1)] == RUN_KEYS
    key = rnd.run_key(2024, 7)
    assert [rnd.stream(key, 0, 0), rnd.stream(key, 17, Purpose.CYCLE), rnd.stream(key, 2**34 - 1, 65535)] == STREAMS


def test_strictly_inside_at_the_ends() -> None:
    for n in (0, 1, 1000):
        for output, expected in ((0, LOWEST), (4095, LOWEST), (rnd.MASK, HIGHEST), (rnd.MASK - 4095, HIGHEST)):
            address = stream_with_output(output, n)
            assert rnd.splitmix64(address, n) == output
            assert rnd.uniform_of(address, n) == expected
            assert rnd.uniform_of_array(np.uint64(address), n) == expected
            assert 0.0 < expected < 1.0
            assert 1.0 - (1.0 - expected) == expected


@given(keys, st.lists(entities, min_size=1, max_size=5), purposes, st.lists(numbers, min_size=1, max_size=4))
def test_arrays_have_the_same_bits(key: int, some: list[int], purpose: int, ns: list[int]) -> None:
    streams = rnd.stream_array(key, some, purpose)
    assert streams.dtype == np.uint64
    assert streams.tolist() == [rnd.stream(key, entity, purpose) for entity in some]
    table = rnd.uniform_array(key, np.array(some)[:, None], purpose, ns)
    assert table.tolist() == [[rnd.uniform(key, entity, purpose, n) for n in ns] for entity in some]
    assert float(rnd.uniform_array(key, some[0], purpose, ns[0])) == rnd.uniform(key, some[0], purpose, ns[0])


def test_arrays_broadcast_over_keys_and_purposes() -> None:
    run_keys = np.array([rnd.run_key(5, r) for r in range(3)], dtype=np.uint64)
    table = rnd.uniform_array(run_keys[:, None], 9, np.arange(4), 2)
    assert table.tolist() == [[rnd.uniform(int(k), 9, p, 2) for p in range(4)] for k in run_keys]


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (2**64, 0), (0, -1), (0, 2**32)])
def test_run_key_refuses(seed: int, replication: int) -> None:
    with pytest.raises(ValueError, match="must be between"):
        rnd.run_key(seed, replication)


def test_run_key_takes_numpy_integers() -> None:
    assert rnd.run_key(np.int64(5), np.int32(3)) == rnd.run_key(5, 3)  # type: ignore[arg-type]
    assert type(rnd.run_key(np.int64(5), np.int32(3))) is int  # type: ignore[arg-type]


def test_purposes_are_append_only() -> None:
    first = [
        "NEED_GAP",
        "NEED_WINDOW",
        "FIT",
        "THRESHOLD",
        "SHARE_BEFORE_SALES",
        "DEAL_SIZE",
        "PROPENSITY",
        "TOUCH_GAP",
        "TOUCH_ACCEPT",
        "CAPTURE",
        "SCORE_NOISE",
        "ASK",
        "PATIENCE",
        "WORK_CHOICE",
        "CONTACT",
        "RETRY_GAP",
        "TALK_HOURS",
        "INTEREST",
        "CYCLE",
        "MEETING_GAP",
        "MEETING_HOURS",
        "STAY",
        "DECISION",
        "OUTCOME",
        "SKILL",
        "TENURE",
        "RENEWAL",
        "REFERRAL",
        "REFERRED_ACCOUNT",
        "PROSPECT_ACCOUNT",
        "PROSPECT_CONTACT",
        "INITIAL_CUSTOMER",
        "INITIAL_NEED",
        "INITIAL_TERM",
        "PROGRAMME_HOURS",
        "APPROVAL",
        "VISIT",
        "CARE",
        "ATTEMPT_HOURS",
        "PROSPECT_HOURS",
        "INITIAL_TENURE",
        "INITIAL_TRUST",
    ]
    assert [purpose.name for purpose in Purpose][: len(first)] == first
    assert [int(purpose) for purpose in Purpose] == list(range(len(Purpose)))


# --- statistical quality ----------------------------------------------------------------------------------------------

N = 100_000


def along(axis: str, offset: int = 0) -> np.ndarray:
    """N uniforms whose addresses differ in one coordinate only; `offset` shifts the others."""
    key = rnd.run_key(2024 + offset, 0)
    count = np.arange(N)
    if axis == "entities":
        return rnd.uniform_array(key, count, Purpose.CYCLE, 0)
    if axis == "purposes":
        return rnd.uniform_array(key, 17, count % 65_536, count // 65_536)
    if axis == "n":
        return rnd.uniform_array(key, 17, Purpose.TOUCH_GAP, count)
    if axis == "persons":
        return rnd.uniform_array(key, (count // 1000) * 1000 + 1_000_000 + count % 7, Purpose.SKILL, count % 1000)
    if axis == "replications":
        run_keys = np.array([rnd.run_key(offset, r) for r in range(N)], dtype=np.uint64)
        return rnd.uniform_array(run_keys, 17, Purpose.FIT, 0)
    assert axis == "seeds"
    run_keys = np.array([rnd.run_key(seed, offset) for seed in range(N)], dtype=np.uint64)
    return rnd.uniform_array(run_keys, 17, Purpose.FIT, 0)


AXES = ["entities", "purposes", "n", "persons", "replications", "seeds"]


@pytest.mark.parametrize("axis", AXES)
def test_uniform_along_each_coordinate(axis: str) -> None:
    u = along(axis)
    assert stats.kstest(u, "uniform").pvalue > TINY_P
    for power in (1, 2, 3, 4):
        mean, variance = 1 / (power + 1), 1 / (2 * power + 1) - 1 / (power + 1) ** 2
        assert abs(np.mean(u**power) - mean) < 4.5 * math.sqrt(variance / N)
    # normal scores: tails in both directions
    z = stats.norm.ppf(u)
    assert abs(stats.skew(z)) < 4.5 * math.sqrt(6 / N)
    assert abs(stats.kurtosis(z)) < 4.5 * math.sqrt(24 / N)


@pytest.mark.parametrize("axis", AXES)
def test_neighbours_are_independent(axis: str) -> None:
    u = along(axis)
    limit = 4.5 / math.sqrt(N)
    for lag in (1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 64, 256, 1000, 1024, 4096):
        assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < limit
    for dimension, cells in ((2, 32), (3, 10), (4, 6)):
        tuples = (u[: N // dimension * dimension] * cells).astype(int).reshape(-1, dimension)
        counts = np.bincount(tuples @ cells ** np.arange(dimension), minlength=cells**dimension)
        assert TINY_P < stats.chisquare(counts).pvalue < 1 - TINY_P
    # serial pairs in the low digits of the uniform
    low = (u * 2.0**52).astype(np.uint64).astype(np.int64) & 31
    counts = np.bincount(low[0::2] * 32 + low[1::2], minlength=1024)
    assert TINY_P < stats.chisquare(counts).pvalue < 1 - TINY_P


def test_purposes_and_numbers_of_the_same_accounts_are_uncorrelated() -> None:
    key = rnd.run_key(11, 3)
    n = N // 2
    u = rnd.uniform_array(key, np.arange(n)[:, None, None], np.arange(len(Purpose))[:, None], np.arange(2))
    correlations = np.corrcoef(u.reshape(n, -1), rowvar=False)
    off_diagonal = correlations[np.triu_indices_from(correlations, 1)]
    assert np.max(np.abs(off_diagonal)) < 5.5 / math.sqrt(n)
    assert stats.kstest(off_diagonal * math.sqrt(n), "norm").pvalue > TINY_P


def all_different(values: np.ndarray) -> bool:
    values = np.sort(values, axis=None)
    return bool(np.all(values[1:] != values[:-1]))


@pytest.mark.parametrize("what", ["replications", "seeds"])
def test_runs_are_uncorrelated_and_share_no_streams(what: str) -> None:
    run_keys = [rnd.run_key(5, i) if what == "replications" else rnd.run_key(i, 0) for i in range(16)]
    grid = np.array(run_keys, dtype=np.uint64)[:, None, None]
    streams = rnd.stream_array(grid, np.arange(2000)[:, None], np.arange(len(Purpose)))
    assert all_different(streams)
    u = rnd.uniform_of_array(streams, 0).reshape(len(run_keys), -1)
    correlations = np.corrcoef(u)[np.triu_indices(len(run_keys), 1)]
    assert np.max(np.abs(correlations)) < 5.0 / math.sqrt(u.shape[1])


def test_addresses_do_not_collide() -> None:
    key = rnd.run_key(1, 0)
    n = np.arange(250_000)
    sets = [rnd.stream_array(key, n, p) for p in (0, 1, 41)] + [rnd.stream_array(key, 2**34 - 1 - n, 2)]
    assert all_different(np.concatenate(sets))


def test_avalanche() -> None:
    """Each bit of the address flips each upper bit of the output with probability 1/2."""
    size = 4000
    base_key, base_entity = rnd.run_key(3, 0), np.arange(size) * 13
    base = (rnd.uniform_array(base_key, base_entity, 5, 3) * 2.0**52).astype(np.uint64)
    changed = [rnd.uniform_array(base_key, base_entity ^ (1 << bit), 5, 3) for bit in range(34)]
    changed += [rnd.uniform_array(base_key, base_entity, 5 ^ (1 << bit), 3) for bit in range(16)]
    changed += [rnd.uniform_array(base_key, base_entity, 5, 3 ^ (1 << bit)) for bit in range(32)]
    changed += [rnd.uniform_array(base_key ^ (1 << bit), base_entity, 5, 3) for bit in range(64)]
    flips = np.array(changed)
    differing = (flips * 2.0**52).astype(np.uint64) ^ base
    shares = np.array([((differing >> np.uint64(bit)) & np.uint64(1)).mean(axis=1) for bit in range(52)])
    assert np.max(np.abs(shares - 0.5)) < 5.5 * 0.5 / math.sqrt(size)
    assert abs(shares.mean() - 0.5) < 5 * 0.5 / math.sqrt(size * shares.size)


def battery_stream(size: int) -> np.ndarray:
    """64-bit words as an engine meets them: keys of many runs, few accounts, purposes and numbers each."""
    run_keys = np.array([rnd.run_key(99, r) for r in range(size // 512)], dtype=np.uint64)[:, None, None, None]
    account, purpose, n = np.arange(8)[:, None, None], np.arange(16)[:, None], np.arange(4)
    streams = rnd.stream_array(run_keys, account, purpose)
    # words rather than uniforms, so that the lowest bits are tested, too
    with np.errstate(over="ignore"):
        z = streams + (n + 1).astype(np.uint64) * np.uint64(GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31))).ravel()


def test_battery_on_a_stream_made_of_keys() -> None:
    words = battery_stream(2**19)
    p_values: dict[str, float] = {}
    octets = words.view(np.uint8).reshape(-1, 8)
    for position in range(8):
        counts = np.bincount(octets[:, position], minlength=256)
        p_values[f"octet {position}"] = stats.chisquare(counts).pvalue
        pairs = octets[:-1:2, position].astype(int) * 256 + octets[1::2, position]
        p_values[f"pairs of octet {position}"] = stats.chisquare(np.bincount(pairs, minlength=65_536)).pvalue
    # weights of words
    weights = np.bincount(np.unpackbits(octets, axis=1).sum(axis=1), minlength=65)[22:43]
    expected = stats.binom.pmf(np.arange(22, 43), 64, 0.5)
    p_values["weights"] = stats.chisquare(weights, expected / expected.sum() * weights.sum()).pvalue
    # every bit, and each bit against its neighbour in the next word
    table = np.unpackbits(octets, axis=1)
    ones = (table.sum(axis=0) - words.size / 2) / math.sqrt(words.size / 4)
    p_values["bits"] = stats.chi2.sf(np.sum(ones**2), 64)
    same = ((table[1:] == table[:-1]).sum(axis=0) - (words.size - 1) / 2) / math.sqrt((words.size - 1) / 4)
    p_values["bits of neighbours"] = stats.chi2.sf(np.sum(same**2), 64)
    # birthday spacings: duplicate spacings of 2^12 birthdays in 2^31 days are Poisson with mean 2^36 / 2^33 = 8
    repeats = 0
    groups = words[: 2**12 * 100].reshape(100, -1)
    for shift in (33, 15, 0):
        days = np.sort((groups >> np.uint64(shift)) & np.uint64(2**31 - 1), axis=1)
        spacings = np.sort(np.diff(days, axis=1), axis=1)
        repeats += int(np.sum(spacings[:, 1:] == spacings[:, :-1]))
    mean = 3 * 100 * 2.0**36 / 2.0**33
    p_values["birthday spacings"] = 2 * min(stats.poisson.cdf(repeats, mean), stats.poisson.sf(repeats - 1, mean))
    # runs: permutations of five successive words
    order = np.argsort(words[: words.size // 5 * 5].reshape(-1, 5), axis=1) @ 5 ** np.arange(5)
    p_values["permutations"] = stats.chisquare(np.unique(order, return_counts=True)[1]).pvalue
    # maximum of eight
    largest = (words[: words.size // 8 * 8].reshape(-1, 8).max(axis=1) / 2.0**64) ** 8
    p_values["maximum of 8"] = stats.kstest(largest, "uniform").pvalue
    # ranks of random binary matrices, 32 x 32
    full = sum(rank_of_bits(rows) == 32 for rows in (words[: 32 * 2000] >> np.uint64(32)).reshape(-1, 32).tolist())
    p_values["matrix rank"] = stats.binomtest(full, 2000, 0.2887880952).pvalue
    suspicious = {name: p for name, p in p_values.items() if not TINY_P < p <= 1 - TINY_P * (p < 1)}
    assert not suspicious
    assert stats.kstest(list(p_values.values()), "uniform").pvalue > 1e-4


def rank_of_bits(rows: list[int]) -> int:
    """Rank over GF(2)."""
    basis: list[int] = []
    for row in rows:
        for element in basis:
            row = min(row, row ^ element)
        if row:
            basis.append(row)
    return len(basis)


# --- samplers ---------------------------------------------------------------------------------------------------------

GRID = (np.arange(400_000) + 0.5) / 400_000
Sampler = tuple[Callable, Callable, tuple[float, ...], object]
SAMPLERS: list[Sampler] = [
    (rnd.exponential, rnd.exponential_array, (12.5,), stats.expon(scale=12.5)),
    (rnd.weibull, rnd.weibull_array, (30.0, 0.7), stats.weibull_min(0.7, scale=30.0)),
    (rnd.weibull, rnd.weibull_array, (30.0, 2.5), stats.weibull_min(2.5, scale=30.0)),
    (rnd.lognormal, rnd.lognormal_array, (90.0, 0.6), stats.lognorm(0.6, scale=90.0)),
    (rnd.lognormal, rnd.lognormal_array, (3.0, 1.0), stats.lognorm(1.0, scale=3.0)),
    (rnd.normal, rnd.normal_array, (-2.0, 5.0), stats.norm(-2.0, 5.0)),
]


def kumaraswamy_moment(a: float, b: float, m: int) -> float:
    return float(b * beta(1 + m / a, b))


@pytest.mark.parametrize(("scalar", "array", "parameters", "theory"), SAMPLERS)
def test_samplers_invert_their_distribution(
    scalar: Callable, array: Callable, parameters: tuple[float, ...], theory: stats.rv_continuous
) -> None:
    x = array(GRID, *parameters)
    np.testing.assert_allclose(theory.cdf(x), GRID, rtol=1e-12, atol=2e-16)  # 1 - u is rounded off the grid of 2^-53
    np.testing.assert_allclose(np.mean(x), theory.mean(), rtol=2e-4)
    np.testing.assert_allclose(np.std(x), theory.std(), rtol=4e-3)


def test_means_in_the_docstrings() -> None:
    assert np.mean(rnd.weibull_array(GRID, 30.0, 0.7)) == pytest.approx(30.0 * gamma(1 + 1 / 0.7), rel=1e-4)
    assert np.mean(rnd.lognormal_array(GRID, 90.0, 0.6)) == pytest.approx(90.0 * math.exp(0.18), rel=1e-4)


@pytest.mark.parametrize(("a", "b"), [(3.36, 2.30), (1.0, 1.0), (0.5, 0.5), (2.0, 8.0)])
def test_kumaraswamy(a: float, b: float) -> None:
    x = rnd.kumaraswamy_array(GRID, a, b)
    assert np.all((x >= 0.0) & (x <= 1.0))
    np.testing.assert_allclose(1.0 - (1.0 - x**a) ** b, GRID, atol=1e-13)
    mean = kumaraswamy_moment(a, b, 1)
    assert np.mean(x) == pytest.approx(mean, rel=1e-5)
    assert np.var(x) == pytest.approx(kumaraswamy_moment(a, b, 2) - mean**2, rel=1e-4)


def test_kumaraswamy_of_the_share_before_sales() -> None:
    """The base world: a = 3.36, b = 2.30 has the mean and spread of Beta(3.9, 2.1)."""
    twin = stats.beta(3.9, 2.1)
    mean = kumaraswamy_moment(3.36, 2.30, 1)
    assert mean == pytest.approx(twin.mean(), abs=2e-3)
    assert math.sqrt(kumaraswamy_moment(3.36, 2.30, 2) - mean**2) == pytest.approx(twin.std(), abs=2e-3)


ALL_SAMPLERS = [(s, a, p) for s, a, p, _ in SAMPLERS] + [
    (rnd.kumaraswamy, rnd.kumaraswamy_array, (3.36, 2.30)),
    (rnd.choose, rnd.choose_array, (17,)),
]


@pytest.mark.parametrize(("scalar", "array", "parameters"), ALL_SAMPLERS)
def test_sampler_arrays_have_the_same_bits(scalar: Callable, array: Callable, parameters: tuple[float, ...]) -> None:
    u = np.concatenate([rnd.uniform_array(rnd.run_key(8, 0), np.arange(20_000), 0, 0), [LOWEST, 0.5, HIGHEST]])
    values = array(u, *parameters)
    assert values.tolist() == [scalar(x, *parameters) for x in u.tolist()]
    assert np.all(np.isfinite(values))


@pytest.mark.parametrize(("scalar", "array", "parameters"), ALL_SAMPLERS)
def test_samplers_are_monotone(scalar: Callable, array: Callable, parameters: tuple[float, ...]) -> None:
    ends = np.ldexp(1.0, -np.arange(2, 54))
    u = np.unique(np.concatenate([GRID, ends, 1.0 - ends]))
    assert np.all(np.diff(array(u, *parameters)) >= 0.0)
    random = np.sort(rnd.uniform_array(rnd.run_key(9, 0), np.arange(1_000_000), 0, 0))
    assert np.all(np.diff(array(random, *parameters)) >= 0.0)


def test_sampler_arrays_take_arrays_of_parameters() -> None:
    u, means = np.array([0.2, 0.7]), np.array([[1.0], [3.0], [9.0]])
    assert rnd.exponential_array(u, means).tolist() == [[rnd.exponential(x, m) for x in u] for m in means[:, 0]]


@given(st.integers(1, 2**31))
def test_choose_stays_below_n(n: int) -> None:
    assert rnd.choose(HIGHEST, n) == n - 1
    assert rnd.choose(LOWEST, n) == 0
    assert int(rnd.choose_array(HIGHEST, n)) == n - 1


def test_choose_is_fair() -> None:
    u = rnd.uniform_array(rnd.run_key(10, 0), np.arange(N), Purpose.REFERRED_ACCOUNT, 0)
    for n in (2, 7, 1000):
        assert stats.chisquare(np.bincount(rnd.choose_array(u, n), minlength=n)).pvalue > TINY_P
