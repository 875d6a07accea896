"""Every loss and its gradient against exact arithmetic: at most 4 ulp times the condition number.

The condition number says how far the exact result moves with the last digit of each input: the logits, the target.
"""

import inspect
from functools import cache

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from chainrule.losses import LOSSES

# A loss of differences has one formula, whatever its task.
SPECS = [LOSSES.describe(thing) for thing in LOSSES.examples() if thing.task == type(thing).task]
SPECS += [
    {"name": "cross_entropy", "label_smoothing": 1.0},
    {"name": "binary_cross_entropy", "label_smoothing": 1e-6},
    {"name": "huber", "delta": 1e-3},
    {"name": "quantile", "tau": 1e-6},
    {"name": "focal", "gamma": 0.0},
    {"name": "focal", "gamma": 5.0, "alpha": [0.25, 1.0, 3.0]},
    {"name": "binary_focal", "gamma": 0.0},
    {"name": "binary_focal", "gamma": 5.0, "alpha": 1e-3},
]
SPECS = [dict(pairs) for pairs in dict.fromkeys(
    tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in spec.items() if k != "reduction") for spec in SPECS
)]  # fmt: skip
every = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: ":".join(map(str, spec.values())))
in_both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])

DIGITS = 110
STEP = mpf(10) ** -25  # of differences: second ones keep 60 digits, of which the step itself spoils all but 25
ULP = 4


def log_softmax(z):
    top = max(z)
    total = mpmath.log(mpmath.fsum(mpmath.exp(v - top) for v in z))
    return [v - top - total for v in z]


def minus_log_p(z, y):
    """-log softmax(z)[y], from what is ahead of y, so that its first digit isn't the 4000th."""
    return mpmath.log1p(mpmath.fsum(mpmath.exp(v - z[y]) for j, v in enumerate(z) if j != y))


def smoothed(y, s, k):
    return [(1 - mpf(s)) * v + mpf(s) / k for v in y]


def cross_entropy(z, y, label_smoothing):
    y = [mpf(j == y) for j in range(len(z))] if not isinstance(y, list) else y
    return mpmath.fsum(v * minus_log_p(z, j) for j, v in enumerate(smoothed(y, label_smoothing, len(z))))


def binary_cross_entropy(z, y, label_smoothing):
    (p,) = smoothed(y, label_smoothing, 2)
    return p * minus_log_p([mpf(0), z[0]], 1) + (1 - p) * minus_log_p([mpf(0), z[0]], 0)


def focal(z, y, gamma, alpha=None):
    lost = minus_log_p(z, y)
    return (mpf(alpha[y]) if alpha else 1) * (-mpmath.expm1(-lost)) ** mpf(gamma) * lost


def binary_focal(z, y, gamma, alpha=None):
    yes = int(y[0])
    weight = 1 if alpha is None else mpf(alpha) if yes else 1 - mpf(alpha)
    return weight * focal([mpf(0), z[0]], yes, gamma)


def margin(z, y, power):
    if len(z) == 1:
        return max(mpf(0), 1 - (2 * y - 1) * z[0]) ** power
    return mpmath.fsum(max(mpf(0), 1 - z[y] + v) ** power for j, v in enumerate(z) if j != y) / len(z)


def huber(z, y, delta, task):
    d, delta = abs(z[0] - y[0]), mpf(delta)
    return d**2 / 2 if d <= delta else delta * (d - delta / 2)


def quantile(z, y, tau, task):
    r = y[0] - z[0]
    return max(mpf(tau) * r, (mpf(tau) - 1) * r)


def kl_divergence(z, y):
    pairs = zip(y, log_softmax(z), strict=True)
    return mpmath.fsum(v * (mpmath.log(v) - log_p) for v, log_p in pairs if v)


# z and y are a row: of one output where every output loses for itself, of three else.
FORMULAS = {
    "absolute_error": lambda z, y, task: abs(z[0] - y[0]),
    "binary_cross_entropy": binary_cross_entropy,
    "binary_focal": binary_focal,
    "cross_entropy": cross_entropy,
    "focal": focal,
    "gamma": lambda z, y: z[0] + y[0] * mpmath.exp(-z[0]),
    "hinge": lambda z, y: margin(z, y, 1),
    "huber": huber,
    "kl_divergence": kl_divergence,
    "log_cosh": lambda z, y, task: mpmath.log1p(2 * mpmath.sinh((z[0] - y[0]) / 2) ** 2),
    "mean_squared_error": lambda z, y, task: (z[0] - y[0]) ** 2,
    "poisson": lambda z, y: mpmath.exp(z[0]) - y[0] * z[0],
    "quantile": quantile,
    "squared_hinge": lambda z, y: margin(z, y, 2),
}
# Where the right class is sure, these lose log(1 + tiny) in floats that round 1 + tiny: an error of 1's last digit.
ROUNDS_AT_1 = {"cross_entropy": 1.0, "kl_divergence": 1.0}

SIZES = [0.0, 1e-8, 0.3, 7.0, 20.0, 88.0, 709.0, 1e4]
LOGITS = [sign * size for size in SIZES for sign in (1, -1)][1:]
ROWS = [[0.0, 0.5, 1e-3], [-0.7, -20.0, 7.0], [30.0, 0.5, -700.0], [1e4, -1e4, 9999.0], [1e-3, 80.0, -80.0]]
SHARES = [[0.2, 0.5, 0.3], [1e-9, 1e-3, 1 - 1e-3 - 1e-9], [0.0, 0.25, 0.75]]


def cases(loss, dtype):
    """Rows of logits and a prepared target for each, as floats of ``dtype``."""
    raws = [0.0, 1.0, 0.25, 1e3, -2.0]
    one = [(np.array([[z]], dtype), np.array([[y]])) for z in LOGITS for y in raws]
    several = [(np.array([z], dtype), np.array([y])) for z in ROWS for y in (0, 1, 2)]
    several += [(np.array([z], dtype), np.array([y])) for z, y in zip(ROWS[1:4], SHARES, strict=True)]
    sole = [(np.array([[z]], dtype), np.array([y])) for z in LOGITS for y in (0, 1)]
    found = []
    for z, raw in [*one, *several, *sole]:
        try:
            y = loss.prepare(raw, 1, z.shape[1], np.dtype(dtype))
        except ValueError:  # not a form, or a value, that this loss takes
            continue
        if loss.count(1, z.shape[1]) == 1:  # one loss a row
            found.append((z, y))
    return found


@cache
def exactly(name, settings, z, y):
    """The value, the gradient, and for both how far the inputs' last digits move them: sums of |input x slope|."""
    with mpmath.workdps(DIGITS):
        formula, labels, k = FORMULAS[name], not isinstance(y, tuple), len(z)
        inputs = [*map(mpf, z), *([] if labels else map(mpf, y))]

        def f(*given):
            return formula(list(given[:k]), y if labels else list(given[k:]), **dict(settings))

        def slope(*orders):
            return mpmath.diff(f, tuple(inputs), orders, h=STEP)

        unit = [tuple(int(i == j) for i in range(len(inputs))) for j in range(len(inputs))]
        first = [slope(*u) for u in unit]
        moved = mpmath.fsum(abs(v * s) for v, s in zip(inputs, first, strict=True))
        gradient = []
        for j in range(k):
            second = [slope(*(a + b for a, b in zip(unit[j], u, strict=True))) for u in unit]
            gradient.append((first[j], mpmath.fsum(abs(v * s) for v, s in zip(inputs, second, strict=True))))
        return [(f(*inputs), moved), *gradient]


def deviation(got, exact, moved, rounds):
    """In ulp times the condition number."""
    kind = np.finfo(got.dtype)
    with np.errstate(over="ignore"):
        nearest = got.dtype.type(float(exact))
    if not np.isfinite(nearest):
        return 0.0 if got == nearest else np.inf
    allowed = mpf(float(np.spacing(np.abs(nearest)))) + mpf(float(kind.eps)) * (abs(moved) + rounds)
    # What underflows keeps only the digits of the smallest normal number.
    allowed = max(allowed, mpf(float(kind.tiny)))
    return float(abs(mpf(float(got)) - exact) / allowed) if np.isfinite(got) else np.inf


def deviations(spec, dtype):
    """(logits, target, deviations of the value and of each derivative)."""
    loss = LOSSES.make(spec)
    parameters = inspect.signature(FORMULAS[loss.name]).parameters
    settings = tuple((key, getattr(loss, key)) for key in list(parameters)[2:])
    rounds = ROUNDS_AT_1.get(loss.name, 0.0)
    for z, y in cases(loss, dtype):
        if on_a_corner(loss, z, y):
            continue
        losses, gradient = (part[0].copy() for part in loss.terms(z, y))
        target = int(y[0]) if y.ndim == 1 else tuple(y[0].tolist())
        (value, moved), *slopes = exactly(loss.name, settings, tuple(z[0].tolist()), target)
        found = [deviation(losses.sum(), value, moved, rounds)]
        found += [deviation(g, s, m, rounds) for g, (s, m) in zip(gradient, slopes, strict=True)]
        yield z[0].tolist(), target, found


def on_a_corner(loss, z, y):
    """Whether the derivative jumps here; the convention there is tested below."""
    difference = z - y if y.ndim == 2 else np.ones(1)
    return loss.name in ("absolute_error", "quantile", "huber") and bool(
        np.isin(difference, (0, 1, -1, 0.5)).any()
    )


def test_every_loss_has_a_formula_here():
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.thorough
@every
@in_both_dtypes
def test_value_and_gradient_are_within_4_ulp_times_the_condition_number(spec, dtype):
    found = list(deviations(spec, dtype))
    assert len(found) >= 3
    limit = ULP * max(1, spec.get("gamma", 1))  # a power of gamma is off by gamma times what its base is
    assert [each for each in found if not max(each[2]) <= limit] == []


def test_and_this_test_can_fail(monkeypatch):
    monkeypatch.setitem(FORMULAS, "poisson", lambda z, y: mpmath.exp(z[0]) - y[0] * z[0] * (1 + mpf(10) ** -14))
    exactly.cache_clear()
    assert max(max(each[2]) for each in deviations({"name": "poisson"}, "float64")) > ULP
    exactly.cache_clear()


# -- corners: the derivative as the docstrings have it, and as PyTorch takes it --------------------------------


@pytest.mark.parametrize(
    ("spec", "z", "y", "slope"),
    [
        ("absolute_error", [2.0], [[2.0]], [0.0]),
        ("quantile:tau=0.9", [2.0], [[2.0]], [0.0]),
        ("huber:delta=0.5", [2.5], [[2.0]], [0.5]),
        ("huber:delta=0.5", [1.5], [[2.0]], [-0.5]),
        ("hinge", [1.0], [1], [0.0]),
        ("hinge", [-1.0], [0], [0.0]),
        ("hinge", [3.0, 2.0, 2.5], [0], [-1 / 3, 0.0, 1 / 3]),
        ("squared_hinge", [1.0], [1], [0.0]),
    ],
)
def test_on_a_corner_the_derivative_is_that_of_the_docstring_and_of_pytorch(spec, z, y, slope, pytorch, request):
    loss, logits = LOSSES.make(spec), np.array([z])
    target = loss.prepare(np.array(y), 1, len(z), np.dtype("float64"))
    np.testing.assert_array_equal(loss.terms(logits, target)[1], [slope])
    if loss.name != "quantile":  # which PyTorch lacks
        leaf = pytorch.tensor(logits, requires_grad=True)
        pytorch.loss(loss)(leaf, pytorch.tensor(target)).backward()
        np.testing.assert_allclose(leaf.grad.numpy(), [slope], rtol=1e-15)
