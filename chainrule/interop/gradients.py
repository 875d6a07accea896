"""The gradient checker for anybody's code: functions, networks, torch modules, scikit-learn's MLPs."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.errors import InputError, NotFittedError
from chainrule.core.gradcheck import Report, check
from chainrule.core.params import Params
from chainrule.core.rng import generator
from chainrule.engine import Engine
from chainrule.losses import LOSSES
from chainrule.network import Network
from chainrule.training.evaluation import prepare

Subject = tuple[Callable[[Any], tuple[Any, Any]], dict[str, Any], dict[str, int]]


def check_gradients(
    subject: Any, *data: Any, loss: Any = None, seed: int = 0, training: bool | None = None
) -> Report:
    """Whether a gradient is that of its loss; if not, which mistake it looks like and where it starts.

    check_gradients(f, theta)                       f(theta) -> (loss, gradient); theta an array, or named arrays
    check_gradients(network, X, y, loss=...)        a chainrule Network, through its engine
    check_gradients(module, X, y, loss=...)         a torch module and loss(output, y), through autograd
    check_gradients(estimator, X, y)                a fitted scikit-learn MLPClassifier or MLPRegressor

    Networks, modules and estimators are checked on a copy in float64; they are left as they were.

    A network is checked as it trains: batch_norm by the batch's own statistics, dropout with a mask that ``seed``
    draws and every evaluation draws again. ``training=False`` checks it as it predicts. A torch module is in the
    mode it was left in.
    """
    if isinstance(subject, Network):
        f, theta, counts = _network(subject, *_pair(data), loss, None if training is False else seed)
    elif training is not None:
        raise InputError("training= is for a chainrule Network; a torch module has train() and eval()")
    elif _is_torch(subject):
        f, theta, counts = _torch(subject, *_pair(data), loss)
    elif type(subject).__module__.startswith("sklearn.neural_network"):
        f, theta, counts = _sklearn(subject, *_pair(data))
    elif callable(subject) and len(data) == 1:
        return check(subject, data[0], seed=seed)
    else:
        raise InputError(
            "check_gradients takes (f, theta), (network, X, y, loss=...), (torch module, X, y, loss=...) or "
            f"(scikit-learn MLP, X, y); not a {type(subject).__name__} and {len(data)} arguments"
        )
    return check(f, theta, counts=counts, seed=seed)


def _pair(data: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(data) != 2:
        raise InputError(f"check_gradients of a network needs X and y; {len(data)} arguments came after it")
    return data[0], data[1]


def _network(network: Network, X: Any, y: Any, loss: Any, seed: int | None) -> Subject:
    """The network with its gradient by the engine; with a seed as it trains."""
    chosen = LOSSES.make(loss) if loss is not None else network.loss
    if chosen is None:
        raise NotFittedError("check_gradients of a network without a loss needs loss=..., say 'cross_entropy'")
    x, target = prepare(network, chosen, X, y, "check_gradients")
    params = Params(network.params.shapes, np.float64)
    params.theta[:] = network.params.theta
    target = target.astype(np.float64) if target.dtype.kind == "f" else target
    buffers = Params(network.buffers.shapes, np.float64)
    buffers.theta[:] = network.buffers.theta
    rng = None if seed is None else generator(seed, "noise")
    if rng is not None:
        network.check_batch_size(len(x))
        drawn = rng.bit_generator.state
    modules, x = network.core_modules(chosen), x.astype(np.float64)
    engine = Engine(modules, params, chosen, x, target, len(x), buffers=buffers, rng=rng)

    def f(theta: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        for name, value in theta.items():
            params[name][:] = value
        if rng is not None:
            rng.bit_generator.state = drawn
        with np.errstate(over="ignore", invalid="ignore"):
            return engine.batch(None).run(), dict(engine.grad)

    return f, dict(params), {"rows": len(x), "outputs": network.d_out}


def _is_torch(subject: Any) -> bool:
    torch = sys.modules.get("torch")  # a torch module cannot be without it
    return torch is not None and isinstance(subject, torch.nn.Module)


def _torch(module: Any, X: Any, y: Any, loss: Any) -> Subject:
    import torch

    if loss is None:
        raise NotFittedError("check_gradients of a torch module needs loss=..., a function of output and target")
    module = copy.deepcopy(module).double()
    x, target = (_double(torch.as_tensor(np.asarray(v) if not torch.is_tensor(v) else v)) for v in (X, y))
    parameters = dict(module.named_parameters())

    def f(theta: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        with torch.no_grad():
            for name, value in theta.items():
                parameters[name].copy_(torch.as_tensor(value))
        value = loss(module(x), target)
        found = torch.autograd.grad(value, list(parameters.values()), allow_unused=True)
        gradient = {
            name: np.zeros(tuple(p.shape)) if g is None else g.detach().numpy()
            for (name, p), g in zip(parameters.items(), found, strict=True)
        }
        return value.item(), gradient

    theta = {name: p.detach().numpy().copy() for name, p in parameters.items()}
    return f, theta, {"rows": len(x), "outputs": int(module(x).shape[-1])}


def _double(tensor: Any) -> Any:
    return tensor.detach().double() if tensor.is_floating_point() else tensor.detach()


def _sklearn(estimator: Any, X: Any, y: Any) -> Subject:
    if not hasattr(estimator, "coefs_"):
        raise NotFittedError(f"this {type(estimator).__name__} is not fitted; call its fit first")
    estimator = copy.deepcopy(estimator)
    x = np.asarray(X, float)
    binarizer = getattr(estimator, "_label_binarizer", None)
    target = np.asarray(y, float) if binarizer is None else np.asarray(binarizer.transform(y), float)
    target = target.reshape(len(x), -1)
    layers = len(estimator.coefs_)
    theta = {f"coefs_{i}": w.astype(float) for i, w in enumerate(estimator.coefs_)}
    theta |= {f"intercepts_{i}": b.astype(float) for i, b in enumerate(estimator.intercepts_)}

    def f(theta: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        estimator.coefs_ = [theta[f"coefs_{i}"] for i in range(layers)]
        estimator.intercepts_ = [theta[f"intercepts_{i}"] for i in range(layers)]
        empty = [np.empty(0)] * layers
        # the estimator's own backward pass, in the form that its fit calls it
        value, dW, db = estimator._backprop(x, target, None, [x, *empty], list(empty), list(empty), list(empty))
        gradient = {f"coefs_{i}": g for i, g in enumerate(dW)} | {f"intercepts_{i}": g for i, g in enumerate(db)}
        return float(value), {name: gradient[name] for name in theta}

    order = sorted(theta, key=lambda name: (int(name.rpartition("_")[2]), name))
    return f, {name: theta[name] for name in order}, {"rows": len(x), "outputs": target.shape[1]}
