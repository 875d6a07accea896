"""What the peers on JAX share: the network, its loss, and the optimizers, which JAX has none of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.bench.tasks import Data, Task, Training, flat
from chainrule.core.types import Array


def forward(jax: Any, params: Any, x: Any) -> Any:
    """Logits; W is (d_in, d_out) here."""
    *hidden, (W, b) = params
    for V, c in hidden:
        x = jax.nn.relu(x @ V + c)
    return x @ W + b


def start(jax: Any, task: Task, data: Data) -> tuple[Any, Any, Any]:
    """New arrays of the first weights, and the two moments at 0."""
    params = [(jax.numpy.array(np.ascontiguousarray(W.T)), jax.numpy.array(b)) for W, b in data.layers]
    zeros = [jax.tree.map(jax.numpy.zeros_like, params) for _ in range(2)]
    adam = isinstance(task, Training) and task.optimizer == "adam"
    return (params, *zeros) if adam else (params, (), ())


def step(jax: Any, task: Training) -> Callable[..., Any]:
    """A function of (weights and moments), t and a batch: the next ones, and the loss."""
    numpy, rate = jax.numpy, task.learning_rate

    def loss(params: Any, x: Any, y: Any) -> Any:
        logits = forward(jax, params, x)
        if task.loss != "cross_entropy":
            return ((logits - y) ** 2).sum()
        log_p = jax.nn.log_softmax(logits)
        return -numpy.take_along_axis(log_p, y[:, None], axis=1).mean()

    def adam(params: Any, m: Any, v: Any, g: Any, t: Any) -> tuple[Any, Any, Any]:
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        first, second = 1 - 0.9**t, numpy.sqrt(1 - 0.999**t)
        move = lambda p, m, v: p - rate / first * m / (numpy.sqrt(v) / second + 1e-8)  # noqa: E731
        return jax.tree.map(move, params, m, v), m, v

    def run(state: Any, t: Any, x: Any, y: Any) -> tuple[Any, Any]:
        params, m, v = state
        value, g = jax.value_and_grad(loss)(params, x, y)
        if task.optimizer == "adam":
            return adam(params, m, v, g, t), value
        return (jax.tree.map(lambda p, g: p - rate * g, params, g), m, v), value

    return run


def theta(state: Any) -> Array:
    """All weights in one vector, in our order."""
    return flat([(np.asarray(W).T, np.asarray(b)) for W, b in state[0]])


def one_thread(threads: int) -> dict[str, str]:
    """What keeps XLA to one thread; it reads this when it starts."""
    return {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if threads == 1 else {}
