"""The data of the cases, by name: each kind is a function of the case's settings and of random numbers.

Where a case's own rows are not public they are drawn here from what the case says of them in words. A kind that is
not listed, but whose description has a formula ("y=x^2, 200 points x in [0,10)"), is drawn from that.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from chainrule.core.errors import MissingExtraError
from chainrule.core.settings import nearest
from chainrule.core.types import Array
from chainrule.datasets import load
from chainrule.diagnosis.cases.asked import KINDS, Asked, Drawn, Kind, Numbers, kind
from chainrule.diagnosis.cases.formulas import formula_in
from chainrule.diagnosis.cases.reading import NotRunError, rows_in
from chainrule.diagnosis.cases.tables import table
from chainrule.readers.npy import NPY

kind("csv_substitute", "pima_substitute", "adult_substitute")(table)


def draw(asked: Asked, rng: Numbers) -> Drawn:
    """The data of a case. NotRunError where its kind is unknown and its words have no formula."""
    name = str(asked.data.get("kind"))
    if name in KINDS:
        return KINDS[name](asked, rng)
    substitute = formula_in(asked.prose)
    if substitute is not None:
        return _of_formula(asked, rng)
    if name.endswith("substitute"):
        return table(asked, rng)
    raise NotRunError(f"unknown kind of data {name!r:.60}.{nearest(name, KINDS)}")


# -- scikit-learn's generators ------------------------------------------------------------------------------------


def _sklearn() -> Any:
    try:
        import sklearn.datasets
    except ImportError:
        raise MissingExtraError(
            "this case draws its data with scikit-learn; install it with: pip install 'chainrule[sklearn]'"
        ) from None
    return sklearn.datasets


def _seed(asked: Asked, rng: Numbers) -> int:
    """The seed that the case names; else another one in each run."""
    named = asked.data.get("seed")
    return int(rng.integers(2**31)) if named is None else int(named)


@kind("sklearn.make_classification", "make_classification")
def _classification(asked: Asked, rng: Numbers) -> Drawn:
    data, k = asked.data, asked.classes
    informative = data.get("informative") or max(2, int(np.ceil(np.log2(2 * k))))
    more = {name: data[name] for name in ("weights", "class_sep", "flip_y", "n_redundant") if name in data}
    if "separable" in asked.prose:  # scikit-learn's own settings give a class every hundredth row at random
        more = {"class_sep": 2.0, "flip_y": 0.0, **more}
    X, y = _sklearn().make_classification(
        asked.rows(1000), asked.d, n_informative=min(int(informative), asked.d), n_classes=k,
        random_state=_seed(asked, rng), **{"n_redundant": min(2, max(asked.d - informative, 0)), **more},
    )  # fmt: skip
    return Drawn(X, y, k)


@kind("sklearn.make_regression", "make_regression")
def _regression(asked: Asked, rng: Numbers) -> Drawn:
    targets = int(asked.data.get("targets", asked.units))
    noise = float(asked.data.get("noise", 0.0))
    X, y = _sklearn().make_regression(
        asked.rows(1000), asked.d, n_informative=min(10, asked.d), n_targets=targets, noise=noise,
        random_state=_seed(asked, rng),
    )  # fmt: skip
    return Drawn(X, y)


@kind("sklearn.make_multilabel_classification", "make_multilabel_classification")
def _multilabel(asked: Asked, rng: Numbers) -> Drawn:
    X, y = _sklearn().make_multilabel_classification(
        asked.rows(1000), asked.d, n_classes=asked.classes, random_state=_seed(asked, rng)
    )
    return Drawn(X, y.astype(np.float64))


@kind("make_blobs", "sklearn.make_blobs")
def _blobs(asked: Asked, rng: Numbers) -> Drawn:
    k = int(asked.data.get("centers", asked.classes))
    X, y = _sklearn().make_blobs(
        asked.rows(1000), asked.d, centers=k, cluster_std=float(asked.data.get("std", 1.0)),
        random_state=_seed(asked, rng),
    )  # fmt: skip
    return Drawn(X, y, k)


@kind("make_circles", "sklearn.make_circles")
def _circles(asked: Asked, rng: Numbers) -> Drawn:
    noise, factor = asked.data.get("noise"), float(asked.data.get("factor", 0.8))
    X, y = _sklearn().make_circles(asked.rows(1000), noise=noise, factor=factor, random_state=_seed(asked, rng))
    return Drawn(X, y, 2)


@kind("make_moons", "sklearn.make_moons")
def _moons(asked: Asked, rng: Numbers) -> Drawn:
    X, y = _sklearn().make_moons(asked.rows(1000), noise=asked.data.get("noise"), random_state=_seed(asked, rng))
    return Drawn(X, y, 2)


@kind("breast_cancer")
def _breast_cancer(asked: Asked, rng: Numbers) -> Drawn:
    X, y = _sklearn().load_breast_cancer(return_X_y=True)
    n = asked.rows(len(X))
    return Drawn(X[:n], y[:n], 2)


@kind("iris", "wine", "digits", "diabetes")
def _shipped(asked: Asked, rng: Numbers) -> Drawn:
    name = str(asked.data["kind"])
    X, y = getattr(_sklearn(), f"load_{name}")(return_X_y=True)
    order = rng.permutation(len(X))[: asked.rows(len(X))]
    return Drawn(X[order], y[order], 0 if name == "diabetes" else int(y.max()) + 1)


# -- the project's own --------------------------------------------------------------------------------------------


@functools.cache
def _digits() -> tuple[Array, Array]:
    found = load("mnist")
    assert isinstance(found.X, np.ndarray)
    return found.X, found.y


@kind("mnist")
def _mnist(asked: Asked, rng: Numbers) -> Drawn:
    X, y = _digits()
    n = asked.rows(len(X))
    return Drawn(X[:n].astype(np.float32), y[:n], 10)


@kind("arrays")
def _arrays(asked: Asked, rng: Numbers) -> Drawn:
    def array(name: str) -> Array:
        return NPY().read(asked.folder / str(asked.data[name]))

    absent = [name for name in ("X", "y") if name not in asked.data]
    if absent:
        raise NotRunError(f"data of the kind 'arrays' name the files 'X' and 'y'; there is no {absent[0]!r}")
    X, y, n = array("X"), array("y"), asked.data.get("rows")
    held = (array("validation_X"), array("validation_y")) if "validation_X" in asked.data else None
    ids = y.ndim == 1 and y.dtype.kind in "iub" and asked.task != "regression"
    return Drawn(X[:n], y[:n].astype(np.int64) if ids else y[:n], int(y.max()) + 1 if ids else 0, held)


def friedman(X: Array) -> Array:
    """10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 of numbers in [0, 1].  Friedman 1991."""
    x1, x2, x3, x4, x5 = X.T[:5]
    return np.asarray(10 * np.sin(np.pi * x1 * x2) + 20 * (x3 - 0.5) ** 2 + 10 * x4 + 5 * x5)


@kind("friedman1", "make_friedman1", "sklearn.make_friedman1")
def _friedman1(asked: Asked, rng: Numbers) -> Drawn:
    X = rng.uniform(0, 1, (asked.rows(1000), max(asked.d, 5)))
    return Drawn(X, friedman(X) + rng.normal(0, float(asked.data.get("noise", 0.0)), len(X)))


@kind("auto_mpg")
def _auto_mpg(asked: Asked, rng: Numbers) -> Drawn:
    """Friedman's function of five quantities with the ranges of cars', two that do not matter, no origins."""
    n = asked.rows(392)
    U = rng.uniform(0, 1, (n, asked.d))
    mpg = 9 + 37 * (friedman(U) + rng.normal(0, 0.5, n)) / 30
    if "scaled" not in asked.data:
        return Drawn(U, mpg * (10 if "10x" in asked.prose else 1 / 46.6))
    low = np.resize([68.0, 46.0, 1613.0, 8.0, 70.0, 3.0, 0.0, 0.0, 0.0], asked.d)
    high = np.resize([455.0, 230.0, 5140.0, 24.8, 82.0, 8.0, 1.0, 1.0, 1.0], asked.d)
    return Drawn(low + (high - low) * U, mpg)


# -- small ones by hand -------------------------------------------------------------------------------------------


def _table_of_truth(answers: tuple[int, ...]) -> Kind:
    def make(asked: Asked, rng: Numbers) -> Drawn:
        n = asked.rows(4)
        X = np.resize([(0, 0), (0, 1), (1, 0), (1, 1)], (n, 2)).astype(np.float64)
        return Drawn(X, np.resize(answers, n), 2)

    return make


kind("xor", "xor_gate")(_table_of_truth((0, 1, 1, 0)))
kind("and", "and_gate")(_table_of_truth((0, 0, 0, 1)))
kind("or", "or_gate")(_table_of_truth((0, 1, 1, 1)))


@kind("inline")
def _inline(asked: Asked, rng: Numbers) -> Drawn:
    """The rows that the settings hold; else rows of the size that the words name."""
    if "X" in asked.data:
        y = np.asarray(asked.data["y"])
        ids = y.ndim == 1 and y.dtype.kind in "iu" and asked.task != "regression"
        return Drawn(np.asarray(asked.data["X"], np.float64), y, int(y.max()) + 1 if ids else 0)
    if formula_in(asked.prose) is not None:
        return _of_formula(asked, rng)
    return table(asked, rng)


def _of_formula(asked: Asked, rng: Numbers) -> Drawn:
    formula = formula_in(asked.prose)
    assert formula is not None
    x = formula.inputs(asked.data.get("n") or rows_in(asked.prose), rng)
    y = formula.of(x, rng)
    X = np.column_stack([p(x) for p in formula.features] or [x])
    return Drawn(X, y)


@kind("polynomial5")
def _polynomial5(asked: Asked, rng: Numbers) -> Drawn:
    x = 10 * np.arange(n := asked.rows(200)) / n
    t = x / 5 - 1
    return Drawn(x[:, None], t + np.cos(5 * np.arccos(t)))  # t and Chebyshev's polynomial of degree 5


@kind("polynomial3")
def _polynomial3(asked: Asked, rng: Numbers) -> Drawn:
    x = np.linspace(-2, 2, asked.rows(100))
    return Drawn(x[:, None], x**3 - 2 * x)


@kind("line")
def _line(asked: Asked, rng: Numbers) -> Drawn:
    x, (slope, bias) = rng.uniform(-8, 8, asked.rows(8)), rng.uniform(-8, 8, 2)
    return Drawn(x[:, None], slope * x + bias)


@kind("grid")
def _grid(asked: Asked, rng: Numbers) -> Drawn:
    """Pairs (a, b) and their inputs (-2ab, ab); a program that mistakes them feeds the pairs themselves."""
    side = round(np.sqrt(asked.rows(100)))
    a, b = (axis.ravel() for axis in np.meshgrid(*[np.linspace(0.1, 1.0, side)] * 2))
    pairs = np.column_stack([a, b])
    mistaken = (
        asked.data.get("inputs", "targets" if "targets as inputs" in asked.prose else "intended") == "targets"
    )
    return Drawn(pairs if mistaken else np.column_stack([-2 * a * b, a * b]), pairs)


@kind("uniform")
def _uniform(asked: Asked, rng: Numbers) -> Drawn:
    """Features and targets from U[0, 1], the targets at random unless ``target`` is "of_features"."""
    X = rng.uniform(0, 1, (asked.rows(1000), asked.d))
    learnable = asked.data.get("target") == "of_features"
    return Drawn(X, friedman(X) / 30 if learnable else rng.uniform(0, 1, (len(X), asked.units)))


@kind("uniform_autoencoder")
def _autoencoder(asked: Asked, rng: Numbers) -> Drawn:
    X = rng.uniform(-1.92, 1.92, (asked.rows(2000), asked.d))
    return Drawn(X, X)


@kind("constant_rows")
def _constant_rows(asked: Asked, rng: Numbers) -> Drawn:
    y = rng.permutation(np.arange(asked.rows(2000)) % 2)
    return Drawn(np.repeat(y[:, None], asked.d, axis=1).astype(np.float64), y, 2)


@kind("noisy14")
def _noisy14(asked: Asked, rng: Numbers) -> Drawn:
    y = rng.permutation(np.arange(asked.rows(100)) % 2)
    shift = rng.integers(1, 3, asked.d)
    return Drawn(rng.normal(0, 0.1, (len(y), asked.d)) + np.where(y[:, None] == 0, shift, 0), y, 2)
