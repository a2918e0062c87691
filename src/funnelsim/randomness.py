"""Addressed uniforms: each random number is a pure function of where it is used.

``uniform(key, entity, purpose, n)`` has no state. Whatever happens elsewhere, account 17 has the same luck; two
runs differ only by what a plan changed, not by a re-dealt deck. The generator is SplitMix64 [steele2014]_, used as
a counter-based one::

    key      = run_key(seed, replication)           once a run
    stream   = stream(key, entity, purpose)         a well-mixed 64-bit number
    uniform  = (n + 1)-th output of SplitMix64 seeded with `stream`, upper 52 bits, strictly inside (0, 1)

``n`` is intrinsic (the number of the need, of the candidate moment, of the attempt), never a count of calls.

The samplers turn a uniform into a variate by the inverse of the distribution function, so they are monotone: a
larger u gives a larger variate. They use `funnelsim.arithmetic`, hence the same bits everywhere. The ``*_array``
twins have the same bits as the scalar functions.

References
----------
.. [steele2014] Steele, G. L., Lea, D., & Flood, C. H. (2014). Fast splittable pseudorandom number generators.
   OOPSLA '14, 453-472.
   https://doi.org/10.1145/2660193.2660195
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelsim.arithmetic import (
    exp,
    exp_array,
    log,
    log_array,
    normal_quantile,
    normal_quantile_array,
    power,
    power_array,
)

__all__ = [
    "MASK",
    "Purpose",
    "choose",
    "choose_array",
    "exponential",
    "exponential_array",
    "kumaraswamy",
    "kumaraswamy_array",
    "lognormal",
    "lognormal_array",
    "normal",
    "normal_array",
    "run_key",
    "splitmix64",
    "stream",
    "stream_array",
    "uniform",
    "uniform_array",
    "uniform_of",
    "uniform_of_array",
    "weibull",
    "weibull_array",
]

MASK: Final = 0xFFFFFFFFFFFFFFFF
"""2^64 - 1: arithmetic is modulo 2^64."""
_GAMMA: Final = 0x9E3779B97F4A7C15
"""Step of SplitMix64's counter: 2^64 over the golden ratio, odd."""
_MIX1: Final = 0xBF58476D1CE4E5B9
_MIX2: Final = 0x94D049BB133111EB
"""Multipliers of SplitMix64's output function."""
_ADDRESS: Final = 0xD1342543DE82EF95
"""Odd multiplier that spreads an address over 64 bits; not a small multiple of `_GAMMA`."""
_REPLICATION: Final = 0x6A09E667F3BCC909
"""Fractional bits of sqrt(2): parts the keys of replications from other uses of a seed."""
_UNIT: Final = 2.220446049250313e-16
"""2^-52."""


class Purpose(IntEnum):
    """What a uniform decides. Append-only: the numbers are part of every stored result."""

    NEED_GAP = 0
    NEED_WINDOW = 1
    FIT = 2
    THRESHOLD = 3
    SHARE_BEFORE_SALES = 4
    DEAL_SIZE = 5
    PROPENSITY = 6
    TOUCH_GAP = 7
    TOUCH_ACCEPT = 8
    CAPTURE = 9
    SCORE_NOISE = 10
    ASK = 11
    PATIENCE = 12
    WORK_CHOICE = 13
    CONTACT = 14
    RETRY_GAP = 15
    TALK_HOURS = 16
    INTEREST = 17
    CYCLE = 18
    MEETING_GAP = 19
    MEETING_HOURS = 20
    STAY = 21
    DECISION = 22
    OUTCOME = 23
    SKILL = 24
    TENURE = 25
    RENEWAL = 26
    REFERRAL = 27
    REFERRED_ACCOUNT = 28
    PROSPECT_ACCOUNT = 29
    PROSPECT_CONTACT = 30
    INITIAL_CUSTOMER = 31
    INITIAL_NEED = 32
    INITIAL_TERM = 33
    PROGRAMME_HOURS = 34
    APPROVAL = 35
    VISIT = 36
    CARE = 37
    ATTEMPT_HOURS = 38
    PROSPECT_HOURS = 39
    INITIAL_TENURE = 40
    INITIAL_TRUST = 41
    WARM = 42
    HISTORY = 43
    DUPLICATE = 44
    ADDRESS_DECAY = 45
    MAIL_TONE = 46
    UNSUBSCRIBE = 47
    CLICK = 48
    MAIL_LIST = 49
    RIVAL = 50
    CART = 51
    ABANDON = 52
    RECOVER = 53
    RECOVERY_DELAY = 54
    ASSIST_PATIENCE = 55
    ASSIST_HOURS = 56
    RECYCLE = 57
    DISCOVERY = 58
    PUSH = 59
    PUSH_TIME = 60
    PROSPECT_KIND = 61
    UPSELL = 62
    ENTRY_PRODUCT = 63
    CROSS_SELL = 64
    TRADE_UP = 65
    RETENTION = 66
    WIN_BACK = 67
    WIN_BACK_DELAY = 68
    PURCHASE_GAP = 69
    PURCHASE_RATE = 70
    DROPOUT = 71
    DROPOUT_RATE = 72
    SPEND = 73
    REVIEW_MONTH = 74


# --- addresses ------------------------------------------------------------------------------------------------


def splitmix64(state: int, n: int) -> int:
    """Return the (n + 1)-th output of SplitMix64 seeded with `state`.

    Parameters
    ----------
    state : int
        Seed, 0..2^64 - 1.
    n : int
        Which output, from 0.

    Returns
    -------
    int
        0..2^64 - 1.
    """
    z = (state + (n + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return z ^ (z >> 31)


def run_key(seed: int, replication: int) -> int:
    """Key of one replication of one seed: all randomness of a run hangs on it.

    Parameters
    ----------
    seed : int
        0..2^64 - 1.
    replication : int
        0..2^32 - 1.

    Returns
    -------
    int
        0..2^64 - 1; different for different replications of a seed.

    Raises
    ------
    ValueError
        Outside these ranges.
    """
    seed = int(seed)
    replication = int(replication)
    if not 0 <= seed <= MASK:
        raise ValueError(f"seed must be between 0 and 2**64 - 1, not {seed}")
    if not 0 <= replication < 2**32:
        raise ValueError(f"replication must be between 0 and 2**32 - 1, not {replication}")
    return splitmix64(splitmix64(seed, 0) ^ _REPLICATION, replication)


def stream(key: int, entity: int, purpose: int) -> int:
    """Well-mixed 64-bit number of an address within a run; keep it where many uniforms of one address are needed.

    Parameters
    ----------
    key : int
        From `run_key`.
    entity : int
        Account, person, seat or programme, 0..2^34 - 1 (up to 2^48 - 1 works).
    purpose : int
        A `Purpose`, 0..2^16 - 1.

    Returns
    -------
    int
        0..2^64 - 1; different for different addresses under one key.
    """
    z = key ^ (((entity << 16 | purpose) * 0xD1342543DE82EF95) & 0xFFFFFFFFFFFFFFFF)
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return z ^ (z >> 31)


def uniform_of(stream: int, n: int) -> float:
    """Uniform number n of a stream.

    Parameters
    ----------
    stream : int
        From `stream`.
    n : int
        Intrinsic number, from 0.

    Returns
    -------
    float
        (x + 1/2) / 2^52 with the upper 52 bits x of the (n + 1)-th output of SplitMix64 seeded with `stream`: from
        2^-53 to 1 - 2^-53. Both u and 1 - u are exact.
    """
    z = (stream + (n + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (((z ^ (z >> 31)) >> 12) + 0.5) * 2.220446049250313e-16


def uniform(key: int, entity: int, purpose: int, n: int) -> float:
    """Uniform number of an address: ``uniform_of(stream(key, entity, purpose), n)`` in one call.

    Parameters
    ----------
    key : int
        From `run_key`.
    entity : int
        Account, person, seat or programme, 0..2^34 - 1.
    purpose : int
        A `Purpose`, 0..2^16 - 1.
    n : int
        Intrinsic number, from 0.

    Returns
    -------
    float
        Strictly inside (0, 1).
    """
    z = key ^ (((entity << 16 | purpose) * 0xD1342543DE82EF95) & 0xFFFFFFFFFFFFFFFF)
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 31)) + (n + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (((z ^ (z >> 31)) >> 12) + 0.5) * 2.220446049250313e-16


UintArray = NDArray[np.uint64]
FloatArray = NDArray[np.float64]


def _mix_array(z: UintArray) -> UintArray:
    """Output function of SplitMix64 of each element."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX2)
    return z ^ (z >> np.uint64(31))


def stream_array(key: ArrayLike, entity: ArrayLike, purpose: ArrayLike) -> UintArray:
    """`stream` of each element, with NumPy broadcasting and identical bits (uint64)."""
    with np.errstate(over="ignore"):
        address = (np.asarray(entity).astype(np.uint64) << np.uint64(16)) | np.asarray(purpose).astype(np.uint64)
        return np.asarray(_mix_array(np.asarray(key, dtype=np.uint64) ^ (address * np.uint64(_ADDRESS))))


def uniform_of_array(stream: ArrayLike, n: ArrayLike) -> FloatArray:
    """`uniform_of` of each element, with NumPy broadcasting and identical bits."""
    with np.errstate(over="ignore"):
        step = (np.asarray(n).astype(np.uint64) + np.uint64(1)) * np.uint64(_GAMMA)
        z = _mix_array(np.asarray(stream, dtype=np.uint64) + step)
        return np.asarray(((z >> np.uint64(12)).astype(np.float64) + 0.5) * _UNIT)


def uniform_array(key: ArrayLike, entities: ArrayLike, purpose: ArrayLike, ns: ArrayLike) -> FloatArray:
    """`uniform` of each element, with NumPy broadcasting and identical bits."""
    return uniform_of_array(stream_array(key, entities, purpose), ns)


# --- samplers -------------------------------------------------------------------------------------------------


def exponential(u: float, mean: float) -> float:
    """Exponential variate, -mean log(1 - u).

    Parameters
    ----------
    u : float
        Inside (0, 1).
    mean : float
        At least 0; the unit of the result. Standard deviation = mean.

    Returns
    -------
    float
        At least 0, at most 36.7 means.
    """
    return -mean * log(1.0 - u)


def weibull(u: float, scale: float, shape: float) -> float:
    """Weibull variate, scale (-log(1 - u))^(1/shape).

    Parameters
    ----------
    u : float
        Inside (0, 1).
    scale : float
        Above 0; the unit of the result; 63.2 % of variates are below it.
    shape : float
        Above 0; 1 is the exponential distribution, below 1 the hazard falls with time. Mean = scale G(1 + 1/shape),
        variance = scale^2 (G(1 + 2/shape) - G(1 + 1/shape)^2) with the gamma function G.

    Returns
    -------
    float
        Above 0.
    """
    return scale * power(-log(1.0 - u), 1.0 / shape)


def lognormal(u: float, median: float, sigma: float) -> float:
    """Lognormal variate, median e^(sigma z) with the normal quantile z of u.

    Parameters
    ----------
    u : float
        Inside (0, 1).
    median : float
        Above 0; the unit of the result.
    sigma : float
        Standard deviation of the logarithm, at least 0. Mean = median e^(sigma^2/2), coefficient of variation =
        sqrt(e^(sigma^2) - 1).

    Returns
    -------
    float
        Above 0.
    """
    return median * exp(sigma * normal_quantile(u))


def normal(u: float, mean: float, sd: float) -> float:
    """Return a normal variate, mean + sd z with the normal quantile z of u.

    Parameters
    ----------
    u : float
        Inside (0, 1).
    mean : float
        Any; the unit of the result.
    sd : float
        Standard deviation, at least 0.

    Returns
    -------
    float
        Within 8.3 standard deviations of the mean.
    """
    return mean + sd * normal_quantile(u)


def kumaraswamy(u: float, a: float, b: float) -> float:
    """Share with Kumaraswamy's distribution, (1 - (1 - u)^(1/b))^(1/a).

    Close in shape to the beta distribution, with an inverse in closed form (Kumaraswamy 1980; Jones 2009).

    Parameters
    ----------
    u : float
        Inside (0, 1).
    a, b : float
        Shapes, above 0. P(X <= x) = 1 - (1 - x^a)^b; m-th moment = b B(1 + m/a, b) with the beta function B: mean
        m1, variance m2 - m1^2.

    Returns
    -------
    float
        0 to 1.
    """
    return power(1.0 - power(1.0 - u, 1.0 / b), 1.0 / a)


def choose(u: float, n: int) -> int:
    """One of n equally likely numbers, floor(n u).

    Parameters
    ----------
    u : float
        Inside (0, 1).
    n : int
        How many, 1..2^31. Mean (n - 1)/2, variance (n^2 - 1)/12.

    Returns
    -------
    int
        0..n - 1 (never n: n u is rounded below n for every u below 1).
    """
    return int(u * n)


def _floats(values: ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def exponential_array(u: ArrayLike, mean: ArrayLike) -> FloatArray:
    """`exponential` of each element, with identical bits."""
    return np.asarray(-_floats(mean) * log_array(1.0 - _floats(u)))


def weibull_array(u: ArrayLike, scale: ArrayLike, shape: ArrayLike) -> FloatArray:
    """`weibull` of each element, with identical bits."""
    return np.asarray(_floats(scale) * power_array(-log_array(1.0 - _floats(u)), 1.0 / _floats(shape)))


def lognormal_array(u: ArrayLike, median: ArrayLike, sigma: ArrayLike) -> FloatArray:
    """`lognormal` of each element, with identical bits."""
    return np.asarray(_floats(median) * exp_array(_floats(sigma) * normal_quantile_array(u)))


def normal_array(u: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> FloatArray:
    """`normal` of each element, with identical bits."""
    return np.asarray(_floats(mean) + _floats(sd) * normal_quantile_array(u))


def kumaraswamy_array(u: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """`kumaraswamy` of each element, with identical bits."""
    return power_array(1.0 - power_array(1.0 - _floats(u), 1.0 / _floats(b)), 1.0 / _floats(a))


def choose_array(u: ArrayLike, n: ArrayLike) -> NDArray[np.int64]:
    """`choose` of each element, with identical results."""
    return np.asarray((_floats(u) * _floats(n)).astype(np.int64))
