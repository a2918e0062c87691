"""The package's own exp, log and normal quantile: near libm, the same bits in scalar and array form."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from funnelsim import arithmetic as own

MILLION = 1_000_000
LARGEST = 1.7976931348623157e308
SMALLEST_NORMAL = 2.2250738585072014e-308
SMALLEST = 5e-324
UNARY: list[tuple[Callable, Callable]] = [
    (own.exp, own.exp_array),
    (own.log, own.log_array),
    (own.logistic, own.logistic_array),
    (own.normal_quantile, own.normal_quantile_array),
]


def bits(values: object) -> np.ndarray:
    """Bit patterns, with one pattern for all kinds of nan."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(values), np.nan, values).view(np.uint64)


def ulps(value: np.ndarray, reference: np.ndarray) -> float:
    return float(np.max(np.abs(value - reference) / np.spacing(np.abs(reference))))


def libm(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    return np.fromiter(map(function, x.tolist()), dtype=np.float64, count=x.size)


@pytest.mark.parametrize(
    ("low", "high", "n"),
    [(-708.0, 709.7, MILLION), (-40.0, 40.0, MILLION), (-1.0, 1.0, MILLION), (-745.1, -708.0, MILLION // 4)],
)
def test_exp_is_within_one_ulp_of_libm(low: float, high: float, n: int) -> None:
    x = np.random.default_rng(1).uniform(low, high, n)
    assert ulps(own.exp_array(x), libm(math.exp, x)) <= 1.0


def test_exp_of_tiny_numbers() -> None:
    x = np.ldexp(np.random.default_rng(2).uniform(-1.0, 1.0, MILLION // 4), np.arange(MILLION // 4) % 1000 - 1070)
    assert ulps(own.exp_array(x), libm(math.exp, x)) <= 1.0


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.5, 2.0), (0.99, 1.01), (1.0, 1e6)])
def test_log_is_within_one_ulp_of_libm(low: float, high: float) -> None:
    x = np.random.default_rng(3).uniform(low, high, MILLION)
    x = x[(x > 0.0) & (x != 1.0)]
    assert ulps(own.log_array(x), libm(math.log, x)) <= 1.0


def test_log_over_the_whole_range_of_numbers() -> None:
    patterns = np.random.default_rng(4).integers(1, np.float64(np.inf).view(np.uint64), MILLION, dtype=np.uint64)
    x = patterns.view(np.float64)
    assert ulps(own.log_array(x), libm(math.log, x)) <= 1.0
    subnormal = np.random.default_rng(5).integers(1, 2**52, MILLION // 4, dtype=np.uint64).view(np.float64)
    assert ulps(own.log_array(subnormal), libm(math.log, subnormal)) <= 1.0


def test_ends_of_exp() -> None:
    assert own.exp(0.0) == own.exp(-0.0) == 1.0
    assert own.exp(709.782712893384) <= LARGEST
    assert own.exp(709.782712893384) == pytest.approx(LARGEST, rel=1e-12)
    assert own.exp(709.7827128933841) == own.exp(1e5) == own.exp(LARGEST) == own.exp(math.inf) == math.inf
    assert own.exp(-745.1332191019411) == SMALLEST
    assert own.exp(-745.1332191019412) == own.exp(-1e5) == own.exp(-LARGEST) == own.exp(-math.inf) == 0.0
    assert 0.0 < own.exp(-708.5) < SMALLEST_NORMAL
    assert math.isnan(own.exp(math.nan))


def test_ends_of_log() -> None:
    assert own.log(1.0) == 0.0
    assert own.log(0.0) == own.log(-0.0) == -math.inf
    assert own.log(math.inf) == math.inf
    assert own.log(SMALLEST) == math.log(SMALLEST)
    assert own.log(LARGEST) == math.log(LARGEST)
    assert all(math.isnan(own.log(x)) for x in (-1.0, -SMALLEST, -math.inf, math.nan))


def test_logarithms_of_powers_of_two_are_exact_multiples() -> None:
    assert all(own.log(math.ldexp(1.0, k)) == math.log(math.ldexp(1.0, k)) for k in range(-1074, 1024))


def test_logistic() -> None:
    x = np.linspace(-40.0, 40.0, 4001)
    assert own.logistic(0.0) == 0.5
    np.testing.assert_allclose(own.logistic_array(x), 1.0 / (1.0 + np.exp(-x)), rtol=1e-15)
    np.testing.assert_allclose(own.logistic_array(x) + own.logistic_array(-x), 1.0, rtol=0, atol=2.3e-16)
    assert own.logistic(-1e4) == 0.0
    assert own.logistic(1e4) == 1.0
    assert own.logistic(-740.0) > 0.0


def test_power() -> None:
    rng = np.random.default_rng(6)
    x, y = np.exp(rng.uniform(-7.0, 7.0, 20_000)), rng.uniform(-5.0, 5.0, 20_000)
    np.testing.assert_allclose(own.power_array(x, y), np.power(x, y), rtol=2e-14)
    np.testing.assert_array_equal(
        bits([own.power(a, b) for a, b in zip(x, y, strict=True)]), bits(own.power_array(x, y))
    )
    assert own.power(3.0, 0.0) == own.power(1.0, 17.0) == 1.0
    assert own.power(0.0, 0.5) == 0.0
    assert own.power(0.0, -0.5) == math.inf


def test_normal_quantile_against_another_algorithm() -> None:
    rng = np.random.default_rng(7)
    for u in (rng.uniform(0.0, 1.0, MILLION), np.exp(rng.uniform(-700.0, -2.0, MILLION // 4))):
        np.testing.assert_allclose(own.normal_quantile_array(u), ndtri(u), rtol=2e-15, atol=1e-17)


def test_normal_quantile_inverts_the_distribution_function() -> None:
    u = np.random.default_rng(8).uniform(0.0, 1.0, 100_000)
    np.testing.assert_allclose(ndtr(own.normal_quantile_array(u)), u, rtol=1e-13)


def test_normal_quantile_is_antisymmetric_and_ends_at_infinity() -> None:
    u = (np.random.default_rng(9).integers(0, 2**52, 100_000) + 0.5) * 2.0**-52
    np.testing.assert_array_equal(own.normal_quantile_array(1.0 - u), -own.normal_quantile_array(u))
    assert own.normal_quantile(0.5) == 0.0
    assert own.normal_quantile(0.0) == -math.inf
    assert own.normal_quantile(1.0) == math.inf
    assert all(math.isnan(own.normal_quantile(u)) for u in (-0.1, 1.1, -math.inf, math.inf, math.nan))


@pytest.mark.parametrize(("scalar", "array"), UNARY)
def test_arrays_have_the_same_bits(scalar: Callable, array: Callable) -> None:
    rng = np.random.default_rng(10)
    edges = [0.0, 1.0, 0.5, 2.0, 0.075, 0.925, math.exp(-25.0), SMALLEST, SMALLEST_NORMAL, LARGEST, math.inf, math.nan]
    edges += [708.0, 709.0, 709.7, 709.782712893384, 745.0, 745.1332191019411, math.sqrt(0.5), 1.0 - 2.0**-53, 2.0**-53]
    around = np.array([[math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)] for x in edges]).ravel()
    x = np.concatenate(
        [
            around,
            -around,
            rng.uniform(0.0, 1.0, 50_000),
            rng.uniform(-750.0, 750.0, 50_000),
            np.exp(rng.uniform(-740.0, 700.0, 20_000)),
            rng.integers(0, 2**64, 50_000, dtype=np.uint64).view(np.float64),
        ]
    )
    with np.errstate(invalid="ignore"):  # random bits have signalling nans
        np.testing.assert_array_equal(bits([scalar(value) for value in x.tolist()]), bits(array(x)))


@pytest.mark.parametrize(("scalar", "array"), UNARY)
def test_arrays_keep_shapes(scalar: Callable, array: Callable) -> None:
    assert array(0.25).shape == ()
    assert float(array(0.25)) == scalar(0.25)
    assert array([]).shape == (0,)
    assert array([[0.25, 0.5, 0.75]]).shape == (1, 3)
    assert array(np.full((2, 3), 0.3)[:, ::2]).tolist() == [[scalar(0.3)] * 2] * 2


def test_same_bits_on_every_platform() -> None:
    """A checksum: the point of this module, and nothing but one stored result can show it."""
    unit = (np.arange(100_000, dtype=np.float64) + 0.5) / 131_072.0
    results = [
        own.exp_array((unit - 0.5) * 1500.0),
        own.exp_array(unit),
        own.log_array(unit),
        own.log_array(unit * 3.0),
        own.normal_quantile_array(unit),
        own.normal_quantile_array(unit * 2.0**-60),
    ]
    digest = hashlib.sha256(b"".join(result.astype("<f8").tobytes() for result in results)).hexdigest()
    assert digest[:32] == "25ba3870aeaf186e46f0a67069cf2e7e"
