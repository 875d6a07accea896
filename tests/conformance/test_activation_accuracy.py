"""Every activation and its derivative against 50 digits: at most 4 ulp times the condition number.

The condition number says how far the exact result moves with the last digit of the input; no function of a rounded
number can be nearer than that. The input of a ``backward`` that reads ``a`` is ``a``.
"""

from functools import cache

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from chainrule.activations import ACTIVATIONS

SPECS = [ACTIVATIONS.describe(thing) for thing in ACTIVATIONS.examples()]
SPECS += [
    {"name": "elu", "alpha": 1e-6},
    {"name": "elu", "alpha": 1e6},
    {"name": "celu", "alpha": 1e-6},
    {"name": "celu", "alpha": 2.0},  # a large one leaves too few digits of the smallest numbers, z / alpha
    {"name": "softplus", "beta": 1e-6},
    {"name": "softplus", "beta": 1e6},
]
every = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: ":".join(map(str, spec.values())))
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])

DIGITS = 50
BESIDE_1 = 360  # digits: 50 behind the 308 nines with which 1 - exp(-709) begins
ALPHA, SCALE = mpf("1.6732632423543772848170429916717"), mpf("1.0507009873554804934193349852946")


def logistic(z):
    return 1 / (1 + mpmath.exp(-z))


def unit(z, at, above, below, rate=1):
    return above * z if at > 0 else below * mpmath.expm1(z * rate)


def gelu(z, at, form):
    if form == "exact":
        return z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2
    # (1 + tanh u) / 2 is the logistic function of 2 u
    return z * logistic(2 * mpmath.sqrt(2 / mpmath.pi) * (z + mpf(0.044715) * z**3))


# z is the variable; at is the point, by which a corner's side is chosen: that of PyTorch's derivative.
FORMULAS = {
    "celu": lambda z, at, alpha: unit(z, at, 1, mpf(alpha), 1 / mpf(alpha)),
    "elu": lambda z, at, alpha: unit(z, at, 1, mpf(alpha)),
    "exp": lambda z, at: mpmath.exp(z),
    "gelu": gelu,
    "hard_sigmoid": lambda z, at: (z + 3) / 6 if -3 < at < 3 else mpf(at > 0),
    "hard_swish": lambda z, at: z * (z + 3) / 6 if -3 < at < 3 else z * (at > 0),
    "identity": lambda z, at: z,
    "leaky_relu": lambda z, at, slope: z if at > 0 else mpf(slope) * z,
    "mish": lambda z, at: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
    "relu": lambda z, at: z if at > 0 else mpf(0),
    "relu6": lambda z, at: z if 0 < at < 6 else mpf(6 * (at > 0)),
    "scaled_tanh": lambda z, at, amplitude, slope: mpf(amplitude) * mpmath.tanh(mpf(slope) * z),
    "selu": lambda z, at: unit(z, at, SCALE, SCALE * ALPHA),
    "sigmoid": lambda z, at: logistic(z),
    "silu": lambda z, at: z * logistic(z),
    "softmax": lambda z, at: logistic(z),  # of the row z, 0
    "softplus": lambda z, at, beta: mpmath.log1p(mpmath.exp(mpf(beta) * z)) / mpf(beta),
    "softsign": lambda z, at: z / (1 + z) if at > 0 else z / (1 - z),
    "tanh": lambda z, at: mpmath.tanh(z),
}


def points(dtype):
    tiny = np.finfo(dtype).tiny
    sizes = [tiny, 1e-8, 0.5, 1, 3, 6, 20, 88, 709, 1e4]
    sizes += [np.nextafter(dtype(corner), dtype(side)) for corner in (3, 6) for side in (0, 9)]
    return np.array([0.0, *sizes, *(-size for size in sizes)], dtype)


@cache
def exactly(name, settings, z):
    """The value and two derivatives at the float z."""
    with mpmath.workdps(DIGITS if name == "gelu" else BESIDE_1):  # gelu has no such difference; erfc is slow
        formula, at = FORMULAS[name], mpf(z)
        return [
            mpmath.diff(lambda t: formula(t, at, **dict(settings)), at, n)
            if n
            else formula(at, at, **dict(settings))
            for n in range(3)
        ]


def computed(thing, z):
    """The values and derivatives at each of some points; softmax gets the rows z, 0."""
    rows = z[:, None]
    if thing.name == "softmax":
        rows = np.hstack([rows, np.zeros_like(rows)])
    da = np.zeros_like(rows)
    da[:, 0] = 1
    a = thing.forward(rows)
    return a[:, 0], thing.backward(da, rows, a)[:, 0]


def deviation(got, exact, sensitivity):
    """In ulp times the condition number; ``sensitivity`` is input times slope, the condition number times exact."""
    kind = np.finfo(got.dtype)
    with np.errstate(over="ignore"):
        nearest = got.dtype.type(float(exact))
    if not np.isfinite(nearest):
        return 0.0 if got == nearest else np.inf
    allowed = max(mpf(float(np.spacing(np.abs(nearest)))), mpf(float(kind.eps)) * abs(sensitivity))
    return float(abs(mpf(float(got)) - exact) / allowed) if np.isfinite(got) else np.inf


def deviations(spec, dtype):
    """(value, derivative) at each point."""
    thing, z = ACTIVATIONS.make(spec), points(np.dtype(dtype).type)
    settings = tuple((key, value) for key, value in spec.items() if key != "name")
    for at, a, slope in zip(z, *computed(thing, z), strict=True):
        f, first, second = exactly(thing.name, settings, float(at))
        moved = second * mpf(float(at))
        if thing.backward_reads == "a" and first:
            moved = max(abs(moved), abs(f * second / first))  # of the derivative as a function of a
        yield float(at), deviation(a, f, first * mpf(float(at))), deviation(slope, first, moved)


def test_every_activation_has_a_formula_here():
    assert set(FORMULAS) == set(ACTIVATIONS)


@every
@in_both_dtypes
def test_value_and_derivative_are_within_4_ulp_times_the_condition_number(spec, dtype):
    assert [found for found in deviations(spec, dtype) if max(found[1:]) > 4] == []


@every
@in_both_dtypes
def test_no_number_however_large_or_small_gives_a_nan_or_a_warning(spec, dtype):
    thing, limits = ACTIVATIONS.make(spec), np.finfo(dtype)
    sizes = np.ldexp(1.0, np.arange(limits.minexp, limits.maxexp)).astype(dtype)
    z = np.concatenate([sizes, -sizes, [limits.max, -limits.max, 0]]).astype(dtype)
    with np.errstate(all="raise", under="ignore"):
        a, slope = computed(thing, z)
    assert not np.isnan(a).any()
    assert not np.isnan(slope).any()
    if spec["name"] not in ("exp", "selu"):  # which leave the floats' range, and are infinity there
        assert np.isfinite(a).all()
        assert np.isfinite(slope).all()
