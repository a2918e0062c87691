"""Arithmetic, addressed uniforms and the laws of the model for compiled code, with the bits of their Python originals.

`exp`, `log` and the uniforms are written anew, because compiled code can look at the bits of a number; the tests hold
them to `funnelsim.arithmetic` and `funnelsim.randomness`. Everything else is compiled from the original source.
"""

from __future__ import annotations

import math

import numpy as np

from funnelsim import arithmetic, randomness
from funnelsim.engines.compiled.records import bits_of, compiled_twins, float_of, inlined, jit
from funnelsim.rules import (
    alignment,
    customers,
    incentives,
    mail,
    people,
    qualification,
    reach,
    rivals,
    selling,
    site,
    trust,
)

U1, U12, U16, U27, U30, U31, U56 = (np.uint64(n) for n in (1, 12, 16, 27, 30, 31, 56))
GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX1 = np.uint64(0xBF58476D1CE4E5B9)
MIX2 = np.uint64(0x94D049BB133111EB)
ADDRESS = np.uint64(0xD1342543DE82EF95)
MANTISSA = (1 << 52) - 1
HALF = 1022 << 52
"""Exponent bits of a number in [0.5, 1)."""
ROOT_HALF = 0x6A09E667F3BCD
"""Mantissa bits of the root of a half."""


@jit
def exp(x: float) -> float:
    """`funnelsim.arithmetic.exp`."""
    if -708.0 < x < 709.0:
        k = math.floor(x * 1.44269504088896338700e00 + 0.5)
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
        # the power of two is a normal number here, so the product is exact, as ldexp is
        return (1.0 - ((low - (r * c) / (2.0 - c)) - high)) * float_of((np.int64(k) + 1023) << 52)
    return exp_edge(x)


@jit
def log(x: float) -> float:
    """`funnelsim.arithmetic.log`."""
    if 0.0 < x < np.inf:
        bits = bits_of(x)
        k = (bits >> 52) - 1022
        if k == -1022:  # subnormal: made normal first
            bits = bits_of(x * 18014398509481984.0)
            k = (bits >> 52) - 1022 - 54
        mantissa = bits & MANTISSA
        below = (mantissa - ROOT_HALF) >> 63  # as in `log_of_normal`
        k += below
        f = float_of((mantissa | HALF) - (below << 52)) - 1.0
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
        return -np.inf
    if x > 0.0:
        return x
    return np.nan


exp_edge = compiled_twins(arithmetic, {})["_exp_edge"]


@inlined
def _mixed(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> U30)) * MIX1
    z = (z ^ (z >> U27)) * MIX2
    return z ^ (z >> U31)


@jit
def stream(key: np.uint64, entity: int, purpose: int) -> np.uint64:
    """`funnelsim.randomness.stream`."""
    return _mixed(key ^ (((np.uint64(entity) << U16) | np.uint64(purpose)) * ADDRESS))


@inlined
def uniform_of(stream: np.uint64, n: int) -> float:
    """`funnelsim.randomness.uniform_of`."""
    z = _mixed(stream + (np.uint64(n) + U1) * GAMMA)
    return (float(np.int64(z >> U12)) + 0.5) * 2.220446049250313e-16


@inlined
def leading_byte(stream: np.uint64, n: int) -> int:
    """The eight leading bits of draw n of a stream: `uniform_of` in steps of 1/256, rounded down."""
    return int(np.int64(_mixed(stream + (np.uint64(n) + U1) * GAMMA) >> U56))


@inlined
def log_of_normal(x: float) -> float:
    """`log` of a number neither subnormal nor infinite, without branches: they could not be foreseen."""
    bits = bits_of(x)
    mantissa = bits & MANTISSA
    below = (mantissa - ROOT_HALF) >> 63  # -1 if the number in [0.5, 1) is below the root of a half, which is doubled
    k = float(np.int32((bits >> 52) - 1022 + below))
    f = float_of((mantissa | HALF) - (below << 52)) - 1.0
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


@jit
def uniform(key: np.uint64, entity: int, purpose: int, n: int) -> float:
    """`funnelsim.randomness.uniform`."""
    return uniform_of(stream(key, entity, purpose), n)


_OWN = {"exp": exp, "log": log, "stream": stream, "uniform_of": uniform_of, "uniform": uniform}
LAWS = _OWN
_RULES = (trust, reach, qualification, selling, people, customers, incentives, site, alignment, mail, rivals)
for _module in (arithmetic, randomness, *_RULES):
    LAWS = compiled_twins(_module, LAWS)
"""Every law of the model, by name."""

exponential = LAWS["exponential"]
kumaraswamy = LAWS["kumaraswamy"]
lognormal = LAWS["lognormal"]
normal = LAWS["normal"]
choose = LAWS["choose"]
logistic = LAWS["logistic"]
decayed = LAWS["decayed"]
touched = LAWS["touched"]
total = LAWS["total"]
tired = LAWS["tired"]
heard = LAWS["heard"]
scaled = LAWS["scaled"]
on_late_list = LAWS["on_late_list"]
mail_gain = LAWS["mail_gain"]
unsubscribes = LAWS["unsubscribes"]
rival_trust = LAWS["rival_trust"]
rival_edge = LAWS["rival_edge"]
to_rival = LAWS["to_rival"]
still_known = LAWS["still_known"]
fills_cart = LAWS["fills_cart"]
abandons = LAWS["abandons"]
entry_trust = LAWS["entry_trust"]
acceptance = LAWS["acceptance"]
found = LAWS["found"]
attention = LAWS["attention"]
readiness = LAWS["readiness"]
score = LAWS["score"]
warm = LAWS["warm"]
contact_probability = LAWS["contact_probability"]
interested = LAWS["interested"]
works_lead = LAWS["works_lead"]
updated_belief = LAWS["updated_belief"]
task_hours = LAWS["task_hours"]
cycle_median = LAWS["cycle_median"]
stays = LAWS["stays"]
wins = LAWS["wins"]
effective_strength = LAWS["effective_strength"]
ramp = LAWS["ramp"]
tenure_at_start = LAWS["tenure_at_start"]
pay_of_day = LAWS["pay_of_day"]
renews = LAWS["renews"]
bought_cheap = LAWS["bought_cheap"]
drops_out = LAWS["drops_out"]
buys_more = LAWS["buys_more"]
is_occasion = LAWS["is_occasion"]
takes_entry = LAWS["takes_entry"]
part_of_price = LAWS["part_of_price"]
at_level = LAWS["at_level"]
moved_level = LAWS["moved_level"]
pace = LAWS["pace"]
promised_hours = LAWS["promised_hours"]
aided = LAWS["aided"]
imbalance = LAWS["imbalance"]
share_of = LAWS["share_of"]
conflict_after = LAWS["conflict_after"]
learned = LAWS["learned"]
faded = LAWS["faded"]
best_targeting = LAWS["best_targeting"]
bar_given = LAWS["bar_given"]
budget_of = LAWS["budget_of"]
priced = LAWS["priced"]
price_gain = LAWS["price_gain"]
left_after = LAWS["left_after"]
seen_liking = LAWS["seen_liking"]
full_quota = LAWS["full_quota"]
effort = LAWS["effort"]
pull_chance = LAWS["pull_chance"]
pushes = LAWS["pushes"]
