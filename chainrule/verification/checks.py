"""Everything on the shelves against an independent second way: differences, and PyTorch where it is installed.

Nothing is listed here: a new activation, loss, layer or optimizer is found on its shelf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

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
DIFFERENCES = "differences"
PYTORCH = "PyTorch"


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
    torch = _torch()
    rng = generator(0, "verify")
    for activation in ACTIVATIONS.examples():
        yield from _activation(activation, torch, rng)
    for loss in LOSSES.examples():
        yield from _loss(loss, torch, rng)
    for layer in LAYERS.examples():
        yield from _layer(layer, torch, rng)
    for optimizer in OPTIMIZERS.examples():
        yield _optimizer(optimizer, torch, rng)
    for activation in ACTIVATIONS.examples():
        for loss in LOSSES.examples():
            yield _network(activation, loss, rng)


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


def _compare(kind: str, name: str, torch: Any, ours: list[Array], theirs: list[Any] | None) -> Row:
    if theirs is None:
        note = "PyTorch has no such thing" if torch is not None else "PyTorch is not installed"
        return Row(kind, name, PYTORCH, None, EXACT, None, note)
    deviation = 0.0
    for a, b in zip(ours, theirs, strict=True):
        found = b.detach().numpy()
        size = float(np.abs(found).max(initial=0.0)) or 1.0
        deviation = max(deviation, float(np.abs(a - found).max(initial=0.0)) / size)
    return Row(kind, name, PYTORCH, deviation, EXACT, deviation <= EXACT)


def _activation(activation: Activation, torch: Any, rng: np.random.Generator) -> Iterator[Row]:
    z, weights = rng.standard_normal((N, K)) * 2, rng.standard_normal((N, K))

    def f(z: Array) -> tuple[Any, Array]:
        a = activation.forward(z)
        return (a * weights).sum(), activation.backward(weights, z, a) if z.dtype.kind == "f" else z

    yield _report("activation", activation, check(f, z))
    theirs = None
    if torch is not None and (module := activation.in_torch()) is not None:
        leaf = torch.tensor(z, requires_grad=True)
        value = module(leaf)
        theirs = [value, *torch.autograd.grad(value, leaf, torch.tensor(weights))]
    a = activation.forward(z)
    yield _compare("activation", _name(activation), torch, [a, activation.backward(weights, z, a)], theirs)


def _loss(loss: Loss, torch: Any, rng: np.random.Generator) -> Iterator[Row]:
    logits, target = rng.standard_normal((N, K)) * 3, loss.example_target(rng, N, K)
    yield _report("loss", loss, check(lambda z: loss.value_and_gradient(z, target), logits))
    theirs = None
    if torch is not None and (function := loss.in_torch()) is not None:
        leaf = torch.tensor(logits, requires_grad=True)
        value = function(leaf, torch.tensor(target))
        theirs = [value, *torch.autograd.grad(value, leaf)]
    value, gradient = loss.value_and_gradient(logits, target)
    yield _compare("loss", _name(loss), torch, [np.array(value), gradient], theirs)


def _layer(layer: Layer, torch: Any, rng: np.random.Generator) -> Iterator[Row]:
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

    yield _report("layer", layer, check(f, {"x": x, **p}))
    theirs = None
    if torch is not None and (module := layer.in_torch()) is not None:
        module = module.double()
        module.load_state_dict({layer.parameter_names[letter]: torch.tensor(v) for letter, v in p.items()})
        leaf = torch.tensor(x, requires_grad=True)
        value = module(leaf)
        named = dict(module.named_parameters())
        leaves = [leaf, *(named[layer.parameter_names[letter]] for letter in p)]
        theirs = [value, *torch.autograd.grad(value, leaves, torch.tensor(weights))]
    _, gradient = f({"x": x, **p})
    yield _compare(
        "layer", _name(layer), torch, [layer.forward(x, p), gradient["x"], *(gradient[q] for q in p)], theirs
    )


def _optimizer(optimizer: Optimizer, torch: Any, rng: np.random.Generator) -> Row:
    theta = rng.standard_normal(50)
    gradients = rng.standard_normal((STEPS, 50))
    theirs = None
    if torch is not None:
        leaf = torch.tensor(theta.copy(), requires_grad=True)
        if (other := optimizer.in_torch([leaf])) is not None:
            for gradient in gradients:
                leaf.grad = torch.tensor(gradient)
                other.step()
            theirs = [leaf]
    state, scratch = optimizer.start(theta), optimizer.scratch_for(theta)
    for t, gradient in enumerate(gradients.copy(), start=1):
        optimizer.step(theta, gradient, state, t, optimizer.learning_rate, scratch)
    return _compare("optimizer", _name(optimizer), torch, [theta], theirs)


def _network(activation: Activation, loss: Loss, rng: np.random.Generator) -> Row:
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

    report = check(f, dict(net.params))
    note = "" if report.ok else str(report).splitlines()[0]
    name = f"{_name(activation)} + {_name(loss)}"
    return Row("network", name, DIFFERENCES, report.deviation, None, report.ok, note)
