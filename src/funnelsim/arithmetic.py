"""Exponential, logarithm and normal quantile in plain arithmetic, the same bits on every platform.

The C library's ``exp`` and ``log`` differ in the last bit between platforms, and NumPy's differ between processors.
A simulation that compares such numbers can then take another course elsewhere. The functions here use only IEEE 754
``+ - * /``, comparisons, `math.sqrt`, `math.floor`, `math.frexp` and `math.ldexp`, all of which are exact or
correctly rounded, so the same input gives the same bits in CPython on any platform. The ``*_array`` twins do the
same operations in the same order with NumPy ufuncs and give the same bits, too.

Reading the code, keep in mind that the order of operations and the brackets are part of the result.

Numbers in, numbers out: no exceptions. As in IEEE 754, a result too large is ``inf``, too small is ``0.0`` (or
subnormal), and an argument outside the domain gives ``nan``.

Sources
-------
`exp` and `log` follow the algorithms and coefficients of fdlibm (K. C. Ng, "Freely Distributable LIBM", Copyright
(C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro, a Sun Microsystems, Inc. business.
Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
preserved.), error below 1 ulp. `normal_quantile` is algorithm AS 241, PPND16 [wichura1988]_, with a relative
error below 10^-15 (measured: 7 x 10^-16).

.. [wichura1988] Wichura, M. J. (1988). Algorithm AS 241: The percentage points of the normal distribution. Applied
   Statistics 37(3), 477-484.
"""

from __future__ import annotations

from math import floor, frexp, inf, ldexp, nan, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "exp",
    "exp_array",
    "log",
    "log_array",
    "logistic",
    "logistic_array",
    "normal_quantile",
    "normal_quantile_array",
    "power",
    "power_array",
]

# Tested against libm, mpmath and the array twins in tests/unit/test_arithmetic.py. In the scalar functions the
# coefficients are literals: CPython loads a constant faster than a global name. The arrays use the names below; a
# test holds the two together.

_LN2_HIGH: Final = 6.93147180369123816490e-01
"""log(2), the upper 33 bits: multiples up to 2^20 are exact."""
_LN2_LOW: Final = 1.90821492927058770002e-10
"""log(2) minus `_LN2_HIGH`."""
_EXP_OVERFLOW: Final = 7.09782712893383973096e02
"""exp is infinite above this."""
_EXP_UNDERFLOW: Final = -7.45133219101941108420e02
"""exp is zero below this."""
_SCALE_DOWN: Final = 6.842277657836021e-49
"""2^-160, an exact power of two."""


def exp(x: float) -> float:
    """Exponential function.

    Parameters
    ----------
    x : float
        Any number.

    Returns
    -------
    float
        e^x with an error below 1 ulp; ``inf`` above 709.78, ``0.0`` below -745.13, subnormal (correctly rounded
        once more) between -745.13 and
        -708.4; ``nan`` for ``nan``.

    Notes
    -----
    x = k log 2 + r with an integer k and -log(2)/2 <= r <= log(2)/2; e^r = 1 + 2r/(R - r), where
    R(r) = r (e^r + 1)/(e^r - 1) is close to a polynomial in r^2.
    """
    if -708.0 < x < 709.0:
        k = floor(x * 1.44269504088896338700e00 + 0.5)
        high = x - k * 6.93147180369123816490e-01
        low = k * 1.90821492927058770002e-10
        r = high - low
        t = r * r
        c = r - t * (
            1.66666666666666019037e-01
            + t
            * (
                -2.77777777770155933842e-03
                + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
            )
        )
        return ldexp(1.0 - ((low - (r * c) / (2.0 - c)) - high), k)
    return _exp_edge(x)


def _exp_edge(x: float) -> float:
    """`exp` near and beyond the ends of the range of numbers, where scaling by a power of two can round."""
    if x != x:
        return x
    if x > 7.09782712893383973096e02:
        return inf
    if x < -7.45133219101941108420e02:
        return 0.0
    k = floor(x * 1.44269504088896338700e00 + 0.5)
    high = x - k * 6.93147180369123816490e-01
    low = k * 1.90821492927058770002e-10
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    if k > 0:
        return ldexp(y, k)
    # Not every platform's ldexp rounds a subnormal result correctly; a product does.
    return ldexp(y, k + 160) * 6.842277657836021e-49


def log(x: float) -> float:
    """Natural logarithm.

    Parameters
    ----------
    x : float
        At least 0.

    Returns
    -------
    float
        log x with an error below 1 ulp; ``-inf`` for 0, ``nan`` for negative numbers and ``nan``, ``inf`` for
        ``inf``.

    Notes
    -----
    x = 2^k (1 + f) with sqrt(1/2) < 1 + f < sqrt(2); with s = f/(2 + f), log(1 + f) = 2 atanh(s) = f - f^2/2 + s
    (f^2/2 + R), where R is close to a polynomial in s^2.
    """
    if 0.0 < x < inf:
        m, k = frexp(x)
        if m < 0.70710678118654752440:
            m += m
            k -= 1
        f = m - 1.0
        half = 0.5 * f * f
        s = f / (2.0 + f)
        z = s * s
        w = z * z
        t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
        t2 = z * (
            6.666666666666735130e-01
            + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
        )
        return k * 6.93147180369123816490e-01 - ((half - (s * (half + (t2 + t1)) + k * 1.90821492927058770002e-10)) - f)
    if x == 0.0:
        return -inf
    if x > 0.0:
        return x
    return nan


def power(x: float, y: float) -> float:
    """Power of a positive number, exp(y log x).

    Parameters
    ----------
    x : float
        Base, at least 0 (0 gives 0 for y > 0).
    y : float
        Exponent.

    Returns
    -------
    float
        x^y, with a relative error of about 10^-16 times the size of y log x: nearly exact for the small exponents of
        rules.
    """
    return exp(y * log(x))


def logistic(x: float) -> float:
    """Logistic function 1 / (1 + e^-x).

    Parameters
    ----------
    x : float
        Log odds, any number.

    Returns
    -------
    float
        Probability in [0, 1]; no overflow at either end.
    """
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)


def normal_quantile(u: float) -> float:
    """Quantile of the standard normal distribution [wichura1988]_.

    Parameters
    ----------
    u : float
        Probability, 0 to 1.

    Returns
    -------
    float
        z with Phi(z) = u, relative error below 10^-15; ``-inf`` for 0, ``inf`` for 1, ``nan`` outside.
        Antisymmetric to the last bit wherever 1 - u is exact: ``normal_quantile(1 - u) == -normal_quantile(u)``.
    """
    q = u - 0.5
    if -0.425 <= q <= 0.425:
        r = 0.180625 - q * q
        return (
            q
            * (
                ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
                    + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
                    + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
            )
            / (
                ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
                    + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
                    + 4.2313330701600911252e1) * r + 1.0
            )
        )  # fmt: skip
    tail = u if q < 0.0 else 1.0 - u
    if not tail > 0.0:  # false for nan, too
        if tail == 0.0:
            return -inf if q < 0.0 else inf
        return nan
    r = sqrt(-log(tail))
    if r <= 5.0:
        r -= 1.6
        z = (
            ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
                + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
                + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        ) / (
            ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
                + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r +
                2.05319162663775882187e0) * r + 1.0
        )  # fmt: skip
    else:
        r -= 5.0
        z = (
            ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
                + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r +
                5.46378491116411436990e0) * r + 6.65790464350110377720e0
        ) / (
            ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
                + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r +
                5.99832206555887937690e-1) * r + 1.0
        )  # fmt: skip
    return -z if q < 0.0 else z


# --- array twins: the same operations in the same order -------------------------------------------------------

_EXP: Final = (
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)
"""Coefficients of R(r) in r^2, ascending."""
_LOG: Final = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
"""Coefficients of R(s) in s^2, ascending."""
_CENTRE: Final = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
"""AS 241, 0.075 <= u <= 0.925: numerator and denominator, ascending."""
_SHOULDER: Final = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
"""AS 241, tail probability down to e^-25: numerator and denominator, ascending."""
_TAIL: Final = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)
"""AS 241, beyond: numerator and denominator, ascending."""

FloatArray = NDArray[np.float64]


def _polynomial(coefficients: tuple[float, ...], x: FloatArray) -> FloatArray:
    """Horner's rule, coefficients ascending: the order of operations of the scalar functions."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def exp_array(x: ArrayLike) -> FloatArray:
    """`exp` of each element, with identical bits."""
    x = np.asarray(x, dtype=np.float64)
    inside = (x >= _EXP_UNDERFLOW) & (x <= _EXP_OVERFLOW)
    a = np.where(inside, x, 0.0)
    k = np.floor(a * 1.44269504088896338700e00 + 0.5)
    high = a - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (_EXP[0] + t * (_EXP[1] + t * (_EXP[2] + t * (_EXP[3] + t * _EXP[4]))))
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    n = k.astype(np.int32)
    small = x <= -708.0
    value = np.ldexp(y, np.where(small, n + np.int32(160), n)) * np.where(small, _SCALE_DOWN, 1.0)
    outside = np.where(x > 0.0, inf, np.where(x < 0.0, 0.0, x))
    return np.asarray(np.where(inside, value, outside), dtype=np.float64)


def log_array(x: ArrayLike) -> FloatArray:
    """`log` of each element, with identical bits."""
    x = np.asarray(x, dtype=np.float64)
    inside = (x > 0.0) & (x < inf)
    m, n = np.frexp(np.where(inside, x, 1.0))
    low_half = m < 0.70710678118654752440
    m = np.where(low_half, m + m, m)
    k = (n - low_half).astype(np.float64)
    f = m - 1.0
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (_LOG[1] + w * (_LOG[3] + w * _LOG[5]))
    t2 = z * (_LOG[0] + w * (_LOG[2] + w * (_LOG[4] + w * _LOG[6])))
    value = k * _LN2_HIGH - ((half - (s * (half + (t2 + t1)) + k * _LN2_LOW)) - f)
    outside = np.where(x == 0.0, -inf, np.where(x > 0.0, x, nan))
    return np.asarray(np.where(inside, value, outside), dtype=np.float64)


def power_array(x: ArrayLike, y: ArrayLike) -> FloatArray:
    """`power` of each element, with identical bits."""
    return exp_array(np.asarray(y, dtype=np.float64) * log_array(x))


def logistic_array(x: ArrayLike) -> FloatArray:
    """`logistic` of each element, with identical bits."""
    x = np.asarray(x, dtype=np.float64)
    e = exp_array(np.where(x >= 0.0, -x, x))
    return np.asarray(np.where(x >= 0.0, 1.0, e) / (1.0 + e), dtype=np.float64)


def normal_quantile_array(u: ArrayLike) -> FloatArray:
    """`normal_quantile` of each element, with identical bits."""
    u = np.asarray(u, dtype=np.float64)
    shape = u.shape
    u = u.reshape(-1)
    q = u - 0.5
    z = np.full_like(u, nan)
    centre = (q >= -0.425) & (q <= 0.425)
    part = q[centre]
    r = 0.180625 - part * part
    z[centre] = part * _polynomial(_CENTRE[0], r) / _polynomial(_CENTRE[1], r)
    tail = np.where(q < 0.0, u, 1.0 - u)
    outer = ~centre & (tail > 0.0)
    root = np.sqrt(-log_array(tail[outer]))
    r = np.minimum(root, 5.0) - 1.6
    shoulder = _polynomial(_SHOULDER[0], r) / _polynomial(_SHOULDER[1], r)
    r = np.maximum(root, 5.0) - 5.0
    far = _polynomial(_TAIL[0], r) / _polynomial(_TAIL[1], r)
    value = np.where(root <= 5.0, shoulder, far)
    z[outer] = np.where(q[outer] < 0.0, -value, value)
    z[tail == 0.0] = inf
    z[u == 0.0] = -inf
    return z.reshape(shape)
