"""Everything on the shelves in several independent ways: differences, autograd, PyTorch where it is installed.

Nothing is listed here: a new activation, loss, layer or optimizer is found on its shelf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from chainrule import autograd
from chainrule.activations import ACTIVATIONS, Activation
from chainrule.core.gradcheck import Report, check
from chainrule.core.params import Params
from chainrule.core.rng import generator
from chainrule.core.settings import plain, write
from chainrule.core.types import Array
from chainrule.engine import Engine
from chainrule.initializers import INITIALIZERS
from chainrule.layers import LAYERS, Layer
from chainrule.losses import LOSSES, Loss
from chainrule.network import MLP
from chainrule.optimizers import OPTIMIZERS, Optimizer

N, K = 6, 4  # rows and outputs of the examples
STEPS = 20  # of an optimizer, against PyTorch's
EXACT = 1e-12  # relative, in float64: the same formula in another order of operations
DIFFERENCES, AUTOGRAD, PYTORCH = "differences", "autograd", "PyTorch"

Libraries = Mapping[str, Any]  # name -> PyTorch or what has its names, None where it is not installed


@dataclass(frozen=True)
class Row:
    """One comparison: the largest deviation relative to the largest entry, and the limit it was held to.

    ``ok`` None means that there was nothing to compare with; ``note`` says why.
    """

    kind: str
    name: str
    against: str
    deviation: float | None
    limit: float | None
    ok: bool | None
    note: str = ""


def verify() -> Iterator[Row]:
    """Every comparison, one after the other."""
    libraries = {AUTOGRAD: autograd, PYTORCH: _torch()}
    rng = generator(0, "verify")
    for activation in ACTIVATIONS.examples():
        yield from _activation(activation, libraries, rng)
    for loss in LOSSES.examples():
        yield from _loss(loss, libraries, rng)
    for layer in LAYERS.examples():
        yield from _layer(layer, libraries, rng)
    for optimizer in OPTIMIZERS.examples():
        yield from _optimizer(optimizer, libraries, rng)
    for activation, loss in _pairs():
        yield from _network(activation, loss, libraries, rng)


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


def _name(thing: Any) -> str:
    return write(thing.name, plain(thing))


def _report(kind: str, thing: Any, report: Report) -> Row:
    # The limit is each derivative's own error estimate, so the deviation alone says how sharp the check was.
    note = "" if report.ok else str(report).splitlines()[0]
    return Row(kind, _name(thing), DIFFERENCES, report.deviation, None, report.ok, note)


def _compare(
    kind: str, name: str, ours: list[Array], libraries: Libraries, theirs: Callable[[Any], list[Any] | None]
) -> Iterator[Row]:
    """Our arrays beside the tensors that ``theirs`` computes with a library, None where that has no such thing."""
    for against, library in libraries.items():
        found = None if library is None else theirs(library)
        if found is None:
            note = "PyTorch is not installed" if library is None else f"{against} has no such thing"
            yield Row(kind, name, against, None, EXACT, None, note)
            continue
        deviation = 0.0
        for a, tensor in zip(ours, found, strict=True):
            b = tensor.detach().numpy()
            size = float(np.abs(b).max(initial=0.0)) or 1.0
            deviation = max(deviation, float(np.abs(a - b).max(initial=0.0)) / size)
        yield Row(kind, name, against, deviation, EXACT, deviation <= EXACT)


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

    yield _report("activation", activation, check(f, z))
    a = activation.forward(z)
    ours = [a, activation.backward(weights, z, a)]
    yield from _compare("activation", _name(activation), ours, libraries, theirs)


def _loss(loss: Loss, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    logits, target = rng.standard_normal((N, K)) * 3, loss.example_target(rng, N, K)

    def theirs(torch: Any) -> list[Any] | None:
        if (function := loss.in_torch(torch)) is None:
            return None
        leaf = torch.tensor(logits, requires_grad=True)
        value = function(leaf, torch.tensor(target))
        return [value, *torch.autograd.grad(value, leaf)]

    yield _report("loss", loss, check(lambda z: loss.value_and_gradient(z, target), logits))
    value, gradient = loss.value_and_gradient(logits, target)
    yield from _compare("loss", _name(loss), [np.array(value), gradient], libraries, theirs)


def _layer(layer: Layer, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    p = {letter: np.zeros(shape) for letter, shape in layer.shapes().items()}
    layer.initialize(p, INITIALIZERS.make("normal"), rng)
    p = {letter: value + rng.standard_normal(value.shape) for letter, value in p.items()}
    x, weights = rng.standard_normal((N, layer.d_in)), rng.standard_normal((N, layer.d_out))

    def f(theta: dict[str, Array]) -> tuple[Any, dict[str, Array]]:
        given = {letter: value for letter, value in theta.items() if letter != "x"}
        z = layer.forward(theta["x"], given)
        g = {letter: np.empty(value.shape) for letter, value in given.items()}
        if z.dtype.kind == "c":
            return (z * weights).sum(), {}
        dx = layer.backward(weights, theta["x"], given, g)
        assert dx is not None
        return (z * weights).sum(), {"x": dx, **g}

    def theirs(torch: Any) -> list[Any] | None:
        if (module := layer.in_torch(torch)) is None:
            return None
        module = module.double()
        module.load_state_dict({layer.parameter_names[letter]: torch.tensor(v) for letter, v in p.items()})
        leaf = torch.tensor(x, requires_grad=True)
        value = module(leaf)
        named = dict(module.named_parameters())
        leaves = [leaf, *(named[layer.parameter_names[letter]] for letter in p)]
        return [value, *torch.autograd.grad(value, leaves, torch.tensor(weights))]

    yield _report("layer", layer, check(f, {"x": x, **p}))
    _, gradient = f({"x": x, **p})
    ours = [layer.forward(x, p), gradient["x"], *(gradient[letter] for letter in p)]
    yield from _compare("layer", _name(layer), ours, libraries, theirs)


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
    yield from _compare("optimizer", _name(optimizer), [theta], libraries, theirs)


def _network(activation: Activation, loss: Loss, libraries: Libraries, rng: np.random.Generator) -> Iterator[Row]:
    """The engine's gradient of a network with two hidden layers, its buffers shared as in training."""
    net = MLP([5, 7, 6, K], activation, dtype="float64")
    net.params.theta[:] = rng.standard_normal(net.params.theta.size) * 0.5
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
    name = f"{_name(activation)} + {_name(loss)}"
    yield Row("network", name, DIFFERENCES, report.deviation, None, report.ok, note)
    value, gradient = f(dict(net.params))
    ours = [np.array(value), *(gradient[each].copy() for each in net.params)]
    yield from _compare("network", name, ours, libraries, theirs)
