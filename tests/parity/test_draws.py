"""The arithmetic and the laws of compiled code have the bits of their Python originals."""

from __future__ import annotations

import math
from types import FunctionType

import numpy as np
import pytest

pytest.importorskip("numba")

import numba

from funnelsim import arithmetic, randomness
from funnelsim.engines.compiled.draws import LAWS, leading_byte, log_of_normal
from funnelsim.engines.compiled.market import LEAST_GAPS
from funnelsim.engines.compiled.records import OPTIONS
from funnelsim.rules import customers, people, qualification, reach, selling, trust

SIZE = 20_000
EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 5e-324, 2.2250738585072014e-308, 1e-300, 1e300, 1.7976931348623157e308,
    2.0**-53, 1.0 - 2.0**-53, 1.0 + 2.0**-52, 708.0, -708.0, 709.0, 709.79, -745.2, -744.0, 0.70710678118654752440,
    math.inf, -math.inf, math.nan,
]  # fmt: skip
UNIFORM_EDGES = [2.0**-53, 1.0 - 2.0**-53, 0.5, 0.075, 0.925, math.nextafter(0.075, 0.0), math.nextafter(0.925, 1.0)]
RULES = (trust, reach, qualification, selling, people, customers)
PLAIN = ("exp", "log", "power", "logistic", "normal_quantile")
SAMPLERS = ("exponential", "weibull", "lognormal", "normal", "kumaraswamy", "choose")


def laws_of(module) -> list[FunctionType]:
    return [f for f in vars(module).values() if isinstance(f, FunctionType) and f.__module__ == module.__name__]


def many(law, kinds: list[str]):
    """Compile a loop that calls a law for each row of some columns: Python itself cannot call compiled callees."""
    columns = ", ".join(f"x{k}" for k in range(len(kinds)))
    source = f"def loop(out, {columns}):\n    for i in range(len(out)):\n        out[i] = law("
    source += ", ".join(f"x{k}[i]" for k in range(len(kinds))) + ")\n"
    space = {"law": law}
    exec(source, space)
    return numba.njit(**OPTIONS)(space["loop"])


def bits(values: np.ndarray) -> np.ndarray:
    """64 bits of each value; every nan counts as the same one."""
    values = np.where(np.isnan(values), np.nan, values) if values.dtype == np.float64 else values
    return values.view(np.int64)


def assert_same_bits(name: str, law, original, columns: list[np.ndarray], result: type) -> None:
    """Compare a compiled law with its original, row by row; rows in which the original raises are left out."""
    expected, kept = [], []
    for i, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        try:
            expected.append(original(*row))
        except (ArithmeticError, ValueError):
            continue
        kept.append(i)
    assert len(kept) > 0.5 * len(columns[0])
    columns = [np.ascontiguousarray(column[kept]) for column in columns]
    kind = {float: np.float64, int: np.int64, bool: np.bool_}[result]
    found = np.empty(len(kept), kind)
    many(law, [str(column.dtype) for column in columns])(found, *columns)
    wanted = np.array(expected, kind)
    wrong = np.flatnonzero(bits(found) != bits(wanted)) if kind is not np.bool_ else np.flatnonzero(found != wanted)
    if len(wrong):
        i = wrong[0]
        row = [column[i].item() for column in columns]
        raise AssertionError(f"{name}{tuple(row)}: {wanted[i]!r} by Python, {found[i]!r} compiled; {len(wrong)} differ")


def numbers(rng: np.random.Generator) -> np.ndarray:
    """Numbers of every size, and the edges."""
    wide = np.exp(rng.uniform(-740.0, 709.0, SIZE)) * rng.choice([-1.0, 1.0], SIZE)
    near = rng.uniform(-50.0, 50.0, SIZE)
    any_bits = rng.integers(-(2**63), 2**63 - 1, SIZE, dtype=np.int64).view(np.float64)
    return np.concatenate([np.array(EDGES), wide, near, any_bits])


def uniforms(rng: np.random.Generator, size: int) -> np.ndarray:
    """Numbers as `uniform_of` makes them, ends included."""
    u = (rng.integers(0, 2**52, size) + 0.5) * 2.0**-52
    tails = (rng.integers(0, 1000, size // 4) + 0.5) * 2.0**-52
    u[: len(tails)] = tails
    u[len(tails) : 2 * len(tails)] = 1.0 - tails
    u[-len(UNIFORM_EDGES) :] = UNIFORM_EDGES
    return rng.permutation(u)


@pytest.mark.parametrize("name", PLAIN)
def test_arithmetic(name):
    rng = np.random.default_rng(1)
    x = numbers(rng)
    columns = [x, rng.permutation(x)] if name == "power" else [x]
    if name == "normal_quantile":
        columns = [np.concatenate([x, uniforms(rng, SIZE)])]
    assert_same_bits(name, LAWS[name], getattr(arithmetic, name), columns, float)


def test_log_without_branches():
    rng = np.random.default_rng(2)
    x = np.concatenate([uniforms(rng, 10 * SIZE), np.exp(rng.uniform(-700.0, 700.0, SIZE)), [1.0, 0.5, 2.0**-53]])
    assert_same_bits("log_of_normal", log_of_normal, arithmetic.log, [x], float)


def test_exponential_of_a_block_has_the_bits_of_the_law():
    """`market.deal_kind` writes the law with a logarithm that has no branches."""
    rng = np.random.default_rng(3)
    u, mean = uniforms(rng, SIZE), np.exp(rng.uniform(-5.0, 15.0, SIZE))

    @numba.njit(**OPTIONS)
    def block(out, u, mean):
        for i in range(len(out)):
            out[i] = -mean[i] * log_of_normal(1.0 - u[i])

    found = np.empty(SIZE)
    block(found, u, mean)
    assert found.tobytes() == np.array([randomness.exponential(*row) for row in zip(u, mean, strict=True)]).tobytes()


def test_least_gaps_are_least():
    """The bound by which `market.deal_kind` stops is never above the gap, and not far below."""
    rng = np.random.default_rng(7)
    key = randomness.stream(randomness.run_key(1, 0), 5, 6)
    n = np.concatenate([np.arange(SIZE), rng.integers(0, 2**40, SIZE)])
    leading = np.empty(len(n), np.int64)
    many(leading_byte, [""] * 2)(leading, np.full(len(n), key, np.uint64), n)
    u = np.array([randomness.uniform_of(key, int(i)) for i in n])
    assert np.array_equal(leading, (u * 256).astype(np.int64))
    gaps = np.array([randomness.exponential(float(one), 1.0) for one in u])
    assert (LEAST_GAPS[leading] <= gaps).all()
    assert LEAST_GAPS[leading].sum() > 0.97 * gaps.sum()


def test_uniforms():
    rng = np.random.default_rng(4)
    several = [randomness.run_key(seed, replication) for seed in (0, 1, 2**63) for replication in (0, 7)]
    keys = np.array(several * 2000, np.uint64)
    entity = rng.integers(0, 2**34, len(keys))
    entity[:4] = [0, 1, 2**34 - 1, (1 << 33) + 2_999_999]
    purpose = rng.integers(0, 43, len(keys))
    n = rng.integers(0, 2**40, len(keys))
    n[:3] = [0, 2**53, 2**40 - 1]
    stream, uniform, uniform_of = LAWS["stream"], LAWS["uniform"], LAWS["uniform_of"]
    found, streams, of = np.empty(len(n)), np.empty(len(n), np.uint64), np.empty(len(n))
    many(uniform, [""] * 4)(found, keys, entity, purpose, n)
    many(stream, [""] * 3)(streams, keys, entity, purpose)
    many(uniform_of, [""] * 2)(of, streams, n)
    rows = list(zip(keys.tolist(), entity.tolist(), purpose.tolist(), n.tolist(), strict=True))
    assert found.tolist() == [randomness.uniform(*row) for row in rows]
    assert of.tolist() == found.tolist()
    assert streams.tolist() == [randomness.stream(*row[:3]) for row in rows]


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name):
    rng = np.random.default_rng(5)
    columns = [uniforms(rng, SIZE)]
    if name == "choose":
        columns.append(rng.integers(1, 2**31, SIZE))
    else:
        columns += [np.exp(rng.uniform(-12.0, 12.0, SIZE)) for _ in randomness.__dict__[name].__annotations__][:-2]
    assert_same_bits(name, LAWS[name], getattr(randomness, name), columns, int if name == "choose" else float)


INTEGERS = {"law": (0, 3), "attempt": (1, 101), "share_millionths": (0, 1_000_001)}
EVERY_RULE = [
    pytest.param(law, id=f"{m.__name__.rsplit('.', 1)[1]}.{law.__name__}") for m in RULES for law in laws_of(m)
]


@pytest.mark.parametrize("law", EVERY_RULE)
def test_rules(law):
    """Every law of `funnelsim.rules`, over numbers of every size and the ends that scenarios have."""
    rng = np.random.default_rng(6)
    ends = np.array([0.0, 1.0, 1e-300, 0.5, 1e-12, 1e9, 0.95, 365.0])
    columns = []
    for name, kind in law.__annotations__.items():
        if name == "return":
            continue
        if kind == "int":
            low, high = INTEGERS.get(name, (1, 367))
            columns.append(rng.integers(low, high, SIZE) * (10_000_000 if name == "yearly_cents" else 1))
        elif kind == "bool":
            columns.append(rng.integers(0, 2, SIZE).astype(np.bool_))
        elif name == "u":
            columns.append(uniforms(rng, SIZE))
        else:
            x = np.where(rng.random(SIZE) < 0.5, rng.random(SIZE), np.exp(rng.uniform(-20.0, 20.0, SIZE)))
            columns.append(np.where(rng.random(SIZE) < 0.2, rng.choice(ends, SIZE), x))
    result = {"float": float, "int": int, "bool": bool}[law.__annotations__["return"]]
    assert law.__name__ in LAWS, "the compiled engine does not know this law; see draws.LAWS"
    assert_same_bits(law.__name__, LAWS[law.__name__], law, columns, result)
