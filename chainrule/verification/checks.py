"""Everything on the shelves in several independent ways: differences, autograd, PyTorch where it is installed.

Nothing is listed here: a new activation, loss, layer or optimizer is found on its shelf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule import autograd
from chainrule.activations import ACTIVATIONS, Activation
from chainrule.core.errors import MissingExtraError
from chainrule.core.gradcheck import check
from chainrule.core.params import Params
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.engine import Engine
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS, Layer
from chainrule.losses import LOSSES, Loss
from chainrule.network import MLP, Network
from chainrule.optimizers import OPTIMIZERS, FullBatch, Optimizer
from chainrule.training import fit
from chainrule.verification.comparing import (
    AUTOGRAD,
    DIFFERENCES,
    PYTORCH,
    Libraries,
    Row,
    compare,
    name_of,
    report_row,
)

N, K = 6, 4  # rows and outputs of the examples
STEPS = 20  # of an optimizer, against PyTorch's
FOUND = 1e-6  # relative: two searches for one minimum, each until its gradient is 0 to rounding


def verify() -> Iterator[Row]:
    """Every comparison, one after the other."""
    libraries = {AUTOGRAD: autograd, PYTORCH: _torch()}
    for activation in ACTIVATIONS.examples():
        yield from _activation(activation, libraries, _numbers(activation))
    for loss in LOSSES.examples():
        yield from _loss(loss, libraries, _numbers(loss))
    for layer in LAYERS.examples():
        yield from _layer(layer, libraries, _numbers(layer))
    for optimizer in OPTIMIZERS.examples():
        steps = _minimum if isinstance(optimizer, FullBatch) else _optimizer
        yield from steps(optimizer, libraries, _numbers(optimizer))
    for activation, loss in _pairs():
        yield from _network(activation, loss, libraries, _numbers(activation, loss))


def _numbers(*things: Any) -> np.random.Generator:
    """Of their own, so that a new thing on a shelf doesn't move the points at which the others are looked at."""
    return generator(0, "verify " + " + ".join(map(name_of, things)))


def _pairs() -> Iterator[tuple[Activation, Loss]]:
    """Each activation with each loss once; their examples take turns."""
    activations = [list(group) for _, group in groupby(ACTIVATIONS.examples(), lambda thing: thing.name)]
    losses = [list(group) for _, group in groupby(LOSSES.examples(), lambda thing: thing.name)]
    for i, some in enumerate(activations):
        for j, others in enumerate(losses):
            yield some[(i + j) % len(some)], others[(i + j) % len(others)]


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch


def _activation(activation: Activation, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    z, weights = rng.standard_normal((N, K)) * 2, rng.standard_normal((N, K))

    def f(z: Array) -> tuple[Any, Array]:
        a = activation.forward(z)
        return (a * weights).sum(), activation.backward(weights, z, a) if z.dtype.kind == "f" else z

    def theirs(torch: Any) -> list[Any] | None:
        if (module := activation.in_torch(torch)) is None:
            return None
        leaf = torch.tensor(z, requires_grad=True)
        value = module(leaf)
        return [value, *torch.autograd.grad(value, leaf, torch.tensor(weights))]

    yield report_row("activation", activation, check(f, z))
    a = activation.forward(z)
    ours = [a, activation.backward(weights, z, a)]
    yield from compare("activation", name_of(activation), ours, libraries, theirs)


def _loss(loss: Loss, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    logits, target = rng.standard_normal((N, K)) * 3, loss.example_target(rng, N, K)

    def theirs(torch: Any) -> list[Any] | None:
        if (function := loss.in_torch(torch)) is None:
            return None
        leaf = torch.tensor(logits, requires_grad=True)
        value = function(leaf, torch.tensor(target))
        return [value, *torch.autograd.grad(value, leaf)]

    yield report_row("loss", loss, check(lambda z: loss.value_and_gradient(z, target), logits))
    value, gradient = loss.value_and_gradient(logits, target)
    yield from compare("loss", name_of(loss), [np.array(value), gradient], libraries, theirs)


def _layer(layer: Layer, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    """As it predicts, and, where that differs, as it trains: with its generator at the same place each time."""
    p = {letter: np.zeros(shape) for letter, shape in (layer.shapes() | layer.buffer_shapes()).items()}
    layer.initialize(p, INITIALIZERS.make("normal"), rng)
    for letter in layer.shapes():
        p[letter] += rng.standard_normal(p[letter].shape)
    x, weights = layer.example_input(rng, N), rng.standard_normal((N, layer.d_out))
    examined = _Examined(layer, p, x, weights)
    yield from examined.rows(None, name_of(layer), libraries)
    predicted, trained = (examined.forward(seed)[0] for seed in (None, 1))
    if not np.array_equal(predicted, trained):
        draws = not np.array_equal(trained, examined.forward(2)[0])
        yield from examined.rows(1, f"{name_of(layer)} in training", {} if draws else libraries)


@dataclass(frozen=True)
class _Examined:
    """A layer at one point; a seed means in training."""

    layer: Layer
    p: Mapping[str, Array]  # and buffers
    x: Array
    weights: Array

    def forward(
        self, seed: int | None, moved: Mapping[str, Array] = MappingProxyType({})
    ) -> tuple[Array, Any, Any]:
        """z at the point or a moved one, the parameters there, and what backward will need."""
        p = {letter: value.copy() for letter, value in (dict(self.p) | dict(moved)).items()}
        x = moved.get("x", self.x)
        scratch = self.layer.scratch_for(x)
        rng = None if seed is None else generator(seed, "verify")
        return self.layer.forward(x, p, None, scratch, rng), p, scratch

    def value_and_gradient(self, seed: int | None, moved: Mapping[str, Array]) -> tuple[Any, dict[str, Array]]:
        if moved["x"].dtype.kind != "f":
            raise TypeError("a layer's working memory is for real numbers")  # so the checker takes differences
        z, p, scratch = self.forward(seed, moved)
        g = {letter: np.empty(shape) for letter, shape in self.layer.shapes().items()}
        dx = self.layer.backward(self.weights, moved["x"], p, g, None, scratch)
        assert dx is not None
        return (z * self.weights).sum(), {"x": dx, **g}

    def rows(self, seed: int | None, name: str, libraries: Libraries) -> Iterator[Row]:
        """Against differences and the libraries."""
        layer = self.layer
        point = {"x": self.x, **{letter: self.p[letter] for letter in layer.shapes()}}
        report = check(lambda moved: self.value_and_gradient(seed, moved), point)
        note = "" if report.ok else str(report).splitlines()[0]
        yield Row("layer", name, DIFFERENCES, report.deviation, None, report.ok, note)
        _, gradient = self.value_and_gradient(seed, point)
        z, p, _ = self.forward(seed)
        ours = [
            z,
            gradient["x"],
            *(gradient[letter] for letter in layer.shapes()),
            *(p[k] for k in layer.buffer_names),
        ]
        yield from compare("layer", name, ours, libraries, lambda torch: self._theirs(torch, seed is not None))

    def _theirs(self, torch: Any, training: bool) -> list[Any] | None:
        layer = self.layer
        if (module := layer.in_torch(torch)) is None:
            return None
        module = module.double().train(training)
        names = {**layer.parameter_names, **layer.buffer_names}
        state = {names[letter]: torch.tensor(value) for letter, value in self.p.items()}
        module.load_state_dict({**module.state_dict(), **state})
        leaf = torch.tensor(self.x, requires_grad=True)
        value = module(leaf)
        named, buffers = dict(module.named_parameters()), dict(module.named_buffers())
        leaves = [leaf, *(named[layer.parameter_names[letter]] for letter in layer.shapes())]
        found = torch.autograd.grad(value, leaves, torch.tensor(self.weights), allow_unused=True)
        gradients = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)]
        return [value, *gradients, *(buffers[name] for name in layer.buffer_names.values())]


def _optimizer(optimizer: Optimizer, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    start, gradients = rng.standard_normal(50), rng.standard_normal((STEPS, 50))

    def theirs(torch: Any) -> list[Any] | None:
        leaf = torch.tensor(start, requires_grad=True)
        if (other := optimizer.in_torch(torch, [leaf])) is None:
            return None
        for gradient in gradients:
            leaf.grad = torch.tensor(gradient)
            other.step()
        return [leaf]

    theta = start.copy()
    state, scratch = optimizer.start(theta), optimizer.scratch_for(theta)
    for t, gradient in enumerate(gradients.copy(), start=1):
        optimizer.step(theta, gradient, state, t, optimizer.learning_rate, scratch)
    yield from compare("optimizer", name_of(optimizer), [theta], libraries, theirs)


def _minimum(optimizer: Optimizer, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    """The weights at the one minimum of a convex function: logistic regression with an L2 penalty."""
    strength, steps = 0.1, 200
    x, y = rng.standard_normal((40, 5)), rng.integers(0, K, 40)
    rule = replace(optimizer, gradient=1e-10, decrease=0.0)  # type: ignore[call-arg]
    net, penalty = Network([f"dense:d_in=5,d_out={K}"], dtype="float64"), [f"l2:strength={strength}"]
    start = {name: array.copy() for name, array in net.params.items()}
    try:
        fit(net, x, y, loss="cross_entropy", optimizer=rule, epochs=steps, regularization=penalty)
    except MissingExtraError as problem:
        yield Row("optimizer", name_of(optimizer), PYTORCH, None, FOUND, None, str(problem))
        return

    def theirs(torch: Any) -> list[Any] | None:
        W, b = (torch.tensor(array, requires_grad=True) for array in start.values())
        if (other := rule.in_torch(torch, [W, b])) is None:
            return None

        def closure() -> Any:
            other.zero_grad()
            value = torch.nn.functional.cross_entropy(torch.tensor(x) @ W.T + b, torch.tensor(y))
            value = value + strength / 2 * (W**2).sum()
            value.backward()
            return value

        for _ in range(steps // 20):  # 20 iterations a step, unless told otherwise
            other.step(closure)
        return [W, b]

    yield from compare("optimizer", name_of(optimizer), [*net.params.values()], libraries, theirs, FOUND)


def _network(activation: Activation, loss: Loss, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    """The engine's gradient of a network with two hidden layers, its buffers shared as in training."""
    net = MLP([5, 7, 6, K], activation, dtype="float64")
    net.params.theta[:] = rng.standard_normal(net.params.theta.size) * 0.25  # exp of exp stays small
    x, target = rng.standard_normal((N, 5)), loss.example_target(rng, N, K)
    params = Params(net.params.shapes, "float64")
    engine = Engine(net.modules, params, loss, x, target, N)

    def f(theta: dict[str, Array]) -> tuple[float, dict[str, Array]]:
        for name, value in theta.items():
            params[name][:] = value
        return engine.batch(None).run(), dict(engine.grad)

    def theirs(torch: Any) -> list[Any] | None:
        function, modules = loss.in_torch(torch), [module.in_torch(torch) for module in net.modules]
        if function is None or any(module is None for module in modules):
            return None
        twin = torch.nn.Sequential(*modules).double()
        twin.load_state_dict({name: torch.tensor(value) for name, value in net.state_dict().items()})
        value = function(twin(torch.tensor(x)), torch.tensor(target))
        value.backward()
        named = dict(twin.named_parameters())
        return [value, *(named[name].grad for name in net.params)]

    report = check(f, dict(net.params))
    note = "" if report.ok else str(report).splitlines()[0]
    name = f"{name_of(activation)} + {name_of(loss)}"
    yield Row("network", name, DIFFERENCES, report.deviation, None, report.ok, note)
    value, gradient = f(dict(net.params))
    ours = [np.array(value), *(gradient[each].copy() for each in net.params)]
    yield from compare("network", name, ours, libraries, theirs)
