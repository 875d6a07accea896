"""Right and wrong backward passes: the gradient checker must tell them apart and name the mistake.

A small network with its gradient is written out once, with a place for each mistake people make; a case is a
network, a loss, a point and at most one mistake. It shares nothing with the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.gradcheck import Report, check
from chainrule.core.types import Array

Named = dict[str, Array]

ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "identity": (lambda z: z, np.ones_like),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1.0, 0.1).astype(z.dtype)),
    "softplus": (lambda z: np.log1p(np.exp(z)), lambda z: 1 / (1 + np.exp(-z))),
}


def squared_mean(z: Array, y: Array) -> tuple[Any, Array]:
    return ((z - y) ** 2).mean(), 2 * (z - y) / z.size


def squared_sum(z: Array, y: Array) -> tuple[Any, Array]:
    return ((z - y) ** 2).sum(), 2 * (z - y)


def cross_entropy(z: Array, y: Array) -> tuple[Any, Array]:
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    target = y == y.max(axis=1, keepdims=True)
    return -(target * np.log(p)).sum() / len(z), (p - target) / len(z)


def binary_cross_entropy(z: Array, y: Array) -> tuple[Any, Array]:
    p, target = 1 / (1 + np.exp(-z)), y > 0
    return -np.where(target, np.log(p), np.log(1 - p)).mean(), (p - target) / z.size


LOSSES = {f.__name__: f for f in (squared_mean, squared_sum, cross_entropy, binary_cross_entropy)}


@dataclass
class Pass:
    """A forward and backward pass over fixed data, with at most one mistake at layer ``at`` (from 0)."""

    sizes: tuple[int, ...]
    activation: str = "tanh"
    loss: str = "squared_mean"
    mistake: str = ""
    at: int = 0
    amount: float = 1.0
    l2: float = 0.0
    l1: float = 0.0
    rows: int = 7
    dtype: str = "float64"
    scale: float = 1.0
    corner: bool = False
    seed: int = 0
    _left: dict[int, Array] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.x = rng.standard_normal((self.rows, self.sizes[0])).astype(self.dtype)
        self.y = rng.standard_normal((self.rows, self.sizes[-1])).astype(self.dtype)
        self.theta: Named = {}
        for i, (d_in, d_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            W = rng.standard_normal((d_out, d_in)) * self.scale / np.sqrt(d_in)
            b = rng.standard_normal(d_out) * 0.3 * self.scale
            self.theta[f"{i}.weight"], self.theta[f"{i}.bias"] = W.astype(self.dtype), b.astype(self.dtype)
        if self.corner:  # a row of zeros over zero biases: every unit of the first layer sits at z = 0
            self.x[0] = 0
            self.theta["0.bias"][:] = 0
            if self.l1:
                self.theta["0.weight"][0] = 0

    def __call__(self, theta: Named) -> tuple[Any, Named]:
        f, slope = ACTIVATIONS[self.activation]
        depth = len(self.sizes) - 1
        a, z = [self.x], []
        for i in range(depth):
            z.append(a[-1] @ theta[f"{i}.weight"].T + theta[f"{i}.bias"])
            a.append(f(z[-1]) if i + 1 < depth else z[-1])
        loss, dz = LOSSES[self.loss](z[-1], self.y)
        gradient: Named = {}
        if np.iscomplexobj(z[-1]):
            return self._penalized(loss, theta), gradient
        dz = self._wrong_output(dz, z[-1])
        for i in reversed(range(depth)):
            W, gradient[f"{i}.bias"] = theta[f"{i}.weight"], dz.sum(axis=0)
            gradient[f"{i}.weight"] = dz.T @ self._input(i, a[i])
            if i:
                turned = self.mistake == "transposed chain" and self.at == i - 1
                da = dz @ (W.T if turned else W)
                dz = da * self._slope(i - 1, z[i - 1], slope)
                dz = dz * (self.amount if self.mistake == "factor in the chain" and self.at == i - 1 else 1)
        for i in range(depth):
            self._penalty(i, theta, gradient)
            self._spoil(i, gradient, dz, theta)
        return self._penalized(loss, theta), {name: gradient[name] for name in theta}

    def _penalized(self, loss: Any, theta: Named) -> Any:
        weights = [theta[f"{i}.weight"] for i in range(len(self.sizes) - 1)]
        return loss + sum(self.l2 / 2 * (W**2).sum() + self.l1 * np.abs(W).sum() for W in weights)

    def _penalty(self, i: int, theta: Named, gradient: Named) -> None:
        W, name = theta[f"{i}.weight"], f"{i}.weight"
        here = self.mistake.endswith("penalty") and self.at in (i, -1)
        times = {"no penalty": 0, "double penalty": 2}.get(self.mistake, 1) if here else 1
        gradient[name] = gradient[name] + times * (self.l2 * W + self.l1 * np.sign(W))

    def _wrong_output(self, dz: Array, z: Array) -> Array:
        if self.mistake == "factor":
            return np.asarray(dz * self.amount)
        if self.mistake == "output slope":
            return np.asarray(dz * (1 - np.tanh(z) ** 2))
        if self.mistake == "no target":
            return np.asarray(dz + self.y / z.size)
        return dz

    def _input(self, i: int, a: Array) -> Array:
        """What dW is taken with."""
        if self.mistake == "stale input" and self.at == i:
            a, self._left[i] = self._left.get(i, a), a
        if self.mistake == "shifted rows" and self.at == i:
            a = np.roll(a, 1, axis=0)
        return a

    def _slope(self, i: int, z: Array, slope: Callable[[Array], Array]) -> Any:
        """f'(z) of hidden layer i, or what is wrongly put in its place."""
        if self.at == i:
            if self.mistake == "no slope":
                return 1.0
            if self.mistake == "slope of a":
                return slope(ACTIVATIONS[self.activation][0](z))
            if self.mistake == "slope of the first row":
                return slope(z[:1])
            if self.mistake == "stale slope":
                z, self._left[i] = self._left.get(i, z), z
        return slope(z)

    def _spoil(self, i: int, gradient: Named, dz: Array, theta: Named) -> None:
        """Mistakes in what is returned for layer i."""
        if self.at not in (i, -1):
            return
        W, b = f"{i}.weight", f"{i}.bias"
        shape = gradient[W].shape
        spoilers: dict[str, Callable[[], None]] = {
            "layer factor": lambda: gradient.update({W: gradient[W] * self.amount, b: gradient[b] * self.amount}),
            "weight factor": lambda: gradient.update({W: gradient[W] * self.amount}),
            "bias factor": lambda: gradient.update({b: gradient[b] * self.amount}),
            "bias mean": lambda: gradient.update({b: gradient[b] / self.rows}),
            "bias of one row": lambda: gradient.update({b: dz[0]}),
            "bias of half the rows": lambda: gradient.update({b: dz[: self.rows // 2].sum(axis=0)}),
            "bias unsummed": lambda: gradient.update({b: dz}),
            "transposed": lambda: gradient.update({W: gradient[W].T}),
            "transposed, reshaped": lambda: gradient.update({W: gradient[W].T.reshape(shape)}),
            "no gradient": lambda: gradient.update({W: 0 * gradient[W], b: 0 * gradient[b]}),
            "a row left out": lambda: gradient.update({W: gradient[W] - dz[:1].T @ self.x[:1]}),
            "bias in weight": lambda: gradient.update({W: gradient[W] + gradient[b][:, None]}),
        }
        if self.mistake in spoilers:
            spoilers[self.mistake]()


@dataclass(frozen=True)
class Case:
    """A pass and the mistake it should be found to make; None if it is right."""

    name: str
    make: Callable[[], Pass]
    mistake: str | None
    factor: float | None = None

    def run(self) -> Report:
        subject = self.make()
        return check(subject, subject.theta, counts={"rows": subject.rows, "outputs": subject.sizes[-1]})


def right_cases() -> Iterator[Case]:
    """Every activation, loss and depth; float32; corners; penalties; large and small weights."""
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            for depth in (1, 3):
                yield _right(sizes=(4, *[5] * (depth - 1), 3), activation=activation, loss=loss)
        yield _right(sizes=(4, 5, 3), activation=activation, dtype="float32", loss="cross_entropy")
        yield _right(sizes=(4, 5, 3), activation=activation, l2=0.1, scale=0.01)
        yield _right(sizes=(4, 5, 3), activation=activation, scale=4.0, loss="squared_sum")
    for activation in ("relu", "leaky_relu"):
        for loss in LOSSES:
            yield _right(sizes=(4, 6, 5, 3), activation=activation, loss=loss, corner=True)
        yield _right(sizes=(4, 6, 3), activation=activation, corner=True, l1=0.05)
        yield _right(sizes=(30, 40, 30, 10), activation=activation, rows=64, loss="cross_entropy")


SHALLOW, DEEP = (4, 5, 3), (4, 5, 6, 3)


def wrong_cases() -> Iterator[Case]:
    """Each mistake, over layers, activations and losses."""
    yield from _wrong_everywhere()
    for at in (0, 1, 2):
        yield from _wrong_in_layer(at)
    for at in (0, 1):
        yield from _wrong_in_chain(at)
    yield from _wrong_penalties()
    yield from _wrong_otherwise()


def _wrong_everywhere() -> Iterator[Case]:
    means = ("squared_mean", "cross_entropy", "binary_cross_entropy")
    for loss, amount in [("squared_mean", 0.5), ("squared_sum", 0.5), ("squared_mean", 3.0), ("squared_sum", 2.0)]:
        yield _wrong("constant_factor", amount, loss=loss, mistake="factor", amount=amount)
    for loss in means:
        for amount in (7.0, 1 / 7):
            yield _wrong("constant_factor", amount, loss=loss, mistake="factor", amount=amount)
    yield _wrong("constant_factor", 2.0, sizes=(4, 3), loss="cross_entropy", mistake="factor", amount=2.0)
    yield _wrong("constant_factor", 2.0, mistake="factor", amount=2.0, dtype="float32")
    yield _wrong("sign", -1.0, mistake="factor", amount=-1.0, loss="binary_cross_entropy")


def _wrong_in_layer(at: int) -> Iterator[Case]:
    here: dict[str, Any] = {"sizes": DEEP, "at": at}
    yield _wrong("constant_factor", 1 / 7, **here, mistake="layer factor", amount=1 / 7)
    yield _wrong("constant_factor", 2.0, **here, mistake="weight factor", amount=2.0)
    yield _wrong("sign", -1.0, **here, mistake="layer factor", amount=-1.0, activation="relu")
    yield _wrong("sign", -1.0, **here, mistake="bias factor", amount=-1.0, activation="sigmoid")
    yield _wrong("missing_bias_sum", **here, mistake="bias mean")
    yield _wrong("one_layer", **here, mistake="no gradient")
    yield _wrong("one_layer", **here, mistake="shifted rows", loss="cross_entropy")
    if at:
        yield _wrong("stale_value", **here, mistake="stale input", activation="sigmoid")
        yield _wrong("one_layer", **here, mistake="bias in weight")


def _wrong_in_chain(at: int) -> Iterator[Case]:
    here: dict[str, Any] = {"sizes": DEEP, "at": at}
    for activation in ("tanh", "relu", "sigmoid", "leaky_relu", "softplus"):
        yield _wrong("missing_activation_mask", **here, mistake="no slope", activation=activation)
    for activation in ("tanh", "sigmoid", "softplus"):
        yield _wrong("missing_activation_mask", **here, mistake="slope of a", activation=activation)
    yield _wrong("missing_activation_mask", **here, mistake="slope of the first row")
    yield _wrong("constant_factor", 2.0, **here, mistake="factor in the chain", amount=2.0)
    yield _wrong("stale_value", **here, mistake="stale slope")
    yield _wrong("transposed", sizes=(4, 5, 5, 5), at=at, mistake="transposed chain", activation="relu")


def _wrong_penalties() -> Iterator[Case]:
    for at in (-1, 0, 1):
        yield _wrong("missing_regularizer", mistake="no penalty", at=at, l2=0.1)
        yield _wrong("doubled_regularizer", mistake="double penalty", at=at, l2=0.01)
        yield _wrong("missing_regularizer", mistake="no penalty", at=at, l1=0.1, activation="relu")


def _wrong_otherwise() -> Iterator[Case]:
    yield _wrong("transposed", sizes=(4, 5, 5, 3), mistake="transposed", at=1)
    yield _wrong("transposed", sizes=(4, 5, 5, 3), mistake="transposed", at=2)
    yield _wrong("transposed", mistake="transposed, reshaped")
    yield _wrong("transposed", sizes=(25, 25, 3), mistake="transposed", rows=40)
    for mistake in ("bias of one row", "bias of half the rows", "bias unsummed"):
        yield _wrong("missing_bias_sum", mistake=mistake, loss="cross_entropy")
    yield _wrong("missing_activation_mask", mistake="output slope")
    yield _wrong("missing_activation_mask", mistake="no target", loss="squared_sum")
    yield _wrong("one_layer", mistake="a row left out")
    big: dict[str, Any] = {"sizes": (30, 40, 20, 10), "at": 1, "rows": 64}
    yield _wrong("missing_activation_mask", **big, mistake="no slope", activation="relu")
    yield _wrong("sign", -1.0, **big, mistake="layer factor", amount=-1.0)


def _right(**settings: Any) -> Case:
    return Case(_title(settings), lambda: Pass(**settings), None)


def _wrong(expected: str, factor: float | None = None, **settings: Any) -> Case:
    settings = {"sizes": SHALLOW, **settings}
    return Case(_title(settings), lambda: Pass(**settings), expected, factor)


def _title(settings: dict[str, Any]) -> str:
    sizes = "-".join(map(str, settings["sizes"]))
    rest = [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in settings.items()
    ]
    return ", ".join([sizes, *rest[1:]])
