from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

import numpy as np

import chainrule as cr
from chainrule.activations import Activation
from chainrule.core.errors import DivergenceError, InputError
from chainrule.core.types import Array
from chainrule.losses import LOSSES
from chainrule.studies.exercises.base import STUDIES, Finding, Say, Study, setting
from chainrule.studies.text import listed, paragraph, table

SCHEMES = {
    "zeros": "zeros", "all 0.5": "constant:value=0.5", "large": "normal:std=1", "LeCun": "lecun",
    "Xavier": "xavier", "He": "he",
}  # fmt: skip
ACTIVATIONS = ("sigmoid", "tanh", "relu")
DEPTHS = (2, 5, 10, 20, 50)  # hidden layers
WIDTH = 64
RATES = (0.1, 0.01)  # of which each network is given the best
TRAINS = 0.5  # share of the test images that a network must get right to be called trained; guessing gives 0.1
TESTED = 1000


@dataclass(frozen=True)
class Spread:
    """One network of the largest depth before its first step, a number a hidden layer.

    ``activations`` and ``gradients`` are standard deviations of a and of dL/da over rows and units; ``apart`` is
    the share of the units of a layer that are no copies: 0 where all are one, 1 where all differ.
    """

    scheme: str
    activation: str
    activations: Array
    gradients: Array
    apart: Array


@dataclass(frozen=True)
class Outcome:
    """One network trained: the best test accuracy over the rates, and the rate; ``failed`` rates overflowed."""

    scheme: str
    activation: str
    depth: int
    accuracy: float
    rate: float
    failed: int

    @property
    def trains(self) -> bool:
        """Whether it got more than ``TRAINS`` of the test images right."""
        return self.accuracy > TRAINS


@dataclass(frozen=True)
class Linear:
    """So many linear layers against their product, one matrix: largest difference over largest output."""

    layers: int
    parameters: int
    product_parameters: int
    difference: float
    epsilon: float


@dataclass(frozen=True)
class Initializations(Finding):
    depths: tuple[int, ...]
    spreads: tuple[Spread, ...]
    outcomes: tuple[Outcome, ...]
    linear: Linear
    rows: int
    epochs: int

    def text(self) -> str:
        return "\n\n".join([
            paragraph(
                f"Test accuracy in % after {self.epochs} epochs on {self.rows:,} images, the better of the rates "
                f"{listed([f'{r:g}' for r in RATES])}:"
            ),
            self._trained(), self._which(), self._spread_words(), self._spread_table(), self._linear(),
        ])  # fmt: skip

    def _trained(self) -> str:
        rows = []
        for activation in ACTIVATIONS:
            for scheme in SCHEMES:
                found = [o for o in self.outcomes if (o.scheme, o.activation) == (scheme, activation)]
                rows.append([activation, scheme, *(_accuracy(o) for o in found)])
        return table(["activation", "start", *(f"{d} hidden" for d in self.depths)], rows, left=2)

    def _which(self) -> str:
        parts = []
        for activation in ACTIVATIONS:
            reach = []
            for scheme in SCHEMES:
                found = [o for o in self.outcomes if (o.scheme, o.activation) == (scheme, activation) and o.trains]
                if found:
                    reach.append(f"{scheme} ({max(o.depth for o in found)})")
            parts.append(f"{activation}: {listed(reach)}")
        return paragraph(
            f"What trains to more than {100 * TRAINS:.0f} % at all, and to how many hidden layers. "
            + "; ".join(parts)
            + "."
        )

    def _spread_words(self) -> str:
        return paragraph(
            f"Why: the spread of the activations and of the loss's gradient by them, before the first step, in "
            f"networks of {self.depths[-1]} hidden layers. A spread that falls to 0 on the way forward tells the "
            "output nothing of the features; one that falls on the way back gives the first layers no gradient; "
            "one that grows saturates or overflows. Units that start as copies get one gradient and stay copies."
        )

    def _spread_table(self) -> str:
        rows = []
        for s in self.spreads:
            cells = [_spread(x) for x in (s.activations[0], s.activations[-1], s.gradients[-1], s.gradients[0])]
            rows.append([s.activation, s.scheme, *cells, f"{100 * s.apart.min():.0f} %"])
        heads = ["activation", "start", "a, first", "a, last", "dL/da, last", "dL/da, first", "apart"]
        return table(heads, rows, left=2)

    def _linear(self) -> str:
        one = self.linear
        return paragraph(
            f"{one.layers} linear layers are one matrix: {one.parameters:,} parameters compute what the product "
            f"of their matrices, {one.product_parameters:,} numbers with its bias, computes. The outputs differ "
            f"by {one.difference:.1e} of the largest, which is rounding (float64 has steps of {one.epsilon:.1e})."
        )

    def drawing(self) -> dict[str, Any]:
        return {
            "depth": self.depths[-1],
            "panels": {
                activation: [
                    (s.scheme, s.activations, s.gradients) for s in self.spreads if s.activation == activation
                ]
                for activation in ACTIVATIONS
            },
            "accuracies": {
                activation: {
                    scheme: [o.accuracy for o in self.outcomes if (o.scheme, o.activation) == (scheme, activation)]
                    for scheme in SCHEMES
                }
                for activation in ACTIVATIONS
            },
            "depths": self.depths,
        }


@STUDIES.register("initialization")
@dataclass(frozen=True)
class InitializationStudy(Study):
    """Which first weights let a network of 2 to 50 hidden layers train, and why.

    MNIST, hidden layers of 64 units, sigmoid, tanh and ReLU, from all zeros, all 0.5, standard normal ("large"),
    LeCun, Xavier and He; plain gradient descent in batches of 64, each network with the better of two rates. And
    fifty layers without an activation against the one matrix that they are.  LeCun et al. 1998; Glorot & Bengio
    2010; He et al. 2015; the spread followed through the layers, Saxe et al. 2014.
    """

    rows: int = setting(4000, "MNIST images to train on.")
    epochs: int = setting(3, "Passes over them.")
    deepest: int = setting(50, "Hidden layers of the deepest network.")

    def run(self, say: Say = lambda text: None) -> Initializations:
        data = cr.datasets.load("mnist")
        assert data.test is not None
        mean, scale = data.X[: self.rows].mean(), data.X[: self.rows].std()
        X, T = (((x - mean) / scale).astype(np.float32) for x in (data.X[: self.rows], data.test[0][:TESTED]))
        y, answers = data.y[: self.rows], data.test[1][:TESTED]
        depths = (*(d for d in DEPTHS if d < self.deepest), self.deepest)
        outcomes, spreads = [], []
        for activation in ACTIVATIONS:
            for scheme in SCHEMES:
                spreads.append(self.spread(scheme, activation, X[:500], y[:500]))
                for depth in depths:
                    say(f"{activation}, {scheme}, {depth} hidden layers")
                    outcomes.append(self._outcome(scheme, activation, depth, (X, y), (T, answers)))
        return Initializations(
            depths, tuple(spreads), tuple(outcomes), linear(self.deepest, self.seed), self.rows, self.epochs
        )

    def network(self, scheme: str, activation: str, depth: int, dtype: str = "float32") -> cr.Network:
        """The network before its first step."""
        sizes = [784, *[WIDTH] * depth, 10]
        return cr.MLP(sizes, activation, initializer=SCHEMES[scheme], seed=self.seed, dtype=dtype)

    def spread(self, scheme: str, activation: str, X: Array, y: Array) -> Spread:
        """Standard deviations by layer of the deepest network, in float64."""
        net = self.network(scheme, activation, self.deepest, "float64")
        a, gradients = layers(net, X.astype(float), y)
        apart = [_apart(x) for x in a]
        return Spread(
            scheme, activation, np.array([x.std() for x in a]), np.array([g.std() for g in gradients]),
            np.array(apart),
        )  # fmt: skip

    def _outcome(
        self, scheme: str, activation: str, depth: int, train: tuple[Array, Array], test: tuple[Array, Array]
    ) -> Outcome:
        best, at, failed = 0.0, RATES[0], 0
        for rate in RATES:
            net = self.network(scheme, activation, depth)
            try:
                cr.fit(
                    net, *train, loss="cross_entropy", optimizer=f"sgd:learning_rate={rate}", epochs=self.epochs
                )
                accuracy = float((net.predict(test[0]) == test[1]).mean())
            except (DivergenceError, InputError):  # the latter where the outputs overflow
                failed += 1
                continue
            if accuracy > best:
                best, at = accuracy, rate
        return Outcome(scheme, activation, depth, best, at, failed)


def layers(net: cr.Network, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
    """a and dL/da of each hidden layer, (n, width) each: one pass forward and one back, in the open."""
    inputs, values = [x], []
    for i in range(0, len(net.modules), 2):
        z = inputs[-1] @ net.params[f"{i}.weight"].T + net.params[f"{i}.bias"]
        values.append(z)
        if i + 1 < len(net.modules):
            inputs.append(cast(Activation, net.modules[i + 1]).forward(z))
    loss = LOSSES.make("cross_entropy")
    _, dz = loss.value_and_gradient(values[-1], loss.prepare(y, len(x), net.d_out, net.dtype))
    gradients = []
    for layer in reversed(range(1, len(values))):
        da = dz @ net.params[f"{2 * layer}.weight"]
        gradients.append(da)
        activation = cast(Activation, net.modules[2 * layer - 1])
        dz = activation.backward(da.copy(), values[layer - 1], inputs[layer])
    return inputs[1:], gradients[::-1]


def linear(count: int, seed: int) -> Linear:
    """A network of ``count`` linear layers, 64 wide, and the one matrix and bias that they multiply to."""
    net = cr.MLP([WIDTH] * (count + 1), "identity", initializer="xavier", seed=seed, dtype="float64")
    rng = np.random.default_rng(seed)
    pairs = [(net.params[f"{2 * i}.weight"], net.params[f"{2 * i}.bias"]) for i in range(count)]
    for _, bias in pairs:
        bias[:] = rng.standard_normal(WIDTH)
    W, b = reduce(lambda one, two: (two[0] @ one[0], two[0] @ one[1] + two[1]), pairs)
    x = rng.standard_normal((100, WIDTH))
    deep, flat = net.logits(x), x @ W.T + b
    return Linear(
        count, net.params.theta.size, W.size + b.size, float(np.abs(deep - flat).max() / np.abs(deep).max()),
        float(np.finfo(float).eps),
    )  # fmt: skip


def _apart(a: Array) -> float:
    """0 where all units of a layer are one, 1 where all differ, but for rounding; units that are off are one."""
    rounded = np.round(a / (np.abs(a).max() or 1.0), 12)
    return float((len(np.unique(rounded, axis=1).T) - 1) / (a.shape[1] - 1))


def _accuracy(outcome: Outcome) -> str:
    return "overflow" if outcome.failed == len(RATES) else f"{100 * outcome.accuracy:.1f}"


def _spread(value: float) -> str:
    return "0" if value < 1e-300 else f"{value:.2g}" if 1e-3 < value < 1e3 else f"{value:.0e}"
