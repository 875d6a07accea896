"""Every peer that is installed does the same: from the same weights, over the same batches, to the same weights."""

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.bench.peers import PEERS
from chainrule.bench.tasks import INFERENCES, SEED, TRAININGS, Inference, Training, describe, flat, task_of

TASKS = [
    Training((20, 16, 8, 3), 16, "sgd", 160, 0.1),
    Training((20, 16, 8, 3), 16, "adam", 160, 1e-3),
    Training((20, 16, 2), 16, "adam", 160, 1e-3),
    Training((30, 10, 4), 16, "sgd", 160, 1e-4, "squared_error_sum"),
]
QUESTIONS = [Inference((20, 16, 8, 3), rows, 4) for rows in (1, 32)]
OTHERS = [name for name in PEERS if name not in ("chainrule_numpy", "torch_compile")]
COMPILED = pytest.param("torch_compile", marks=pytest.mark.slow)  # it calls a C++ compiler


def every(name):
    """Each variant that does the task here; skips where the library is missing."""
    peers = [PEERS.make({"name": name, **given}) for given in PEERS[name].variants]
    reason = peers[0].missing()
    if reason is not None:
        pytest.skip(reason)
    return peers


def away(theta, reference, start):
    return np.linalg.norm(theta - reference) / np.linalg.norm(reference - start)


@pytest.mark.thorough  # JAX and PyTorch take seconds to begin
@pytest.mark.filterwarnings("ignore")  # of other libraries
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("name", [*OTHERS, COMPILED])
def test_a_peer_ends_at_our_weights(name, task):
    data = task.data()
    ours = PEERS.make("chainrule_numpy").training(task, data)()
    for peer in every(name):
        if not isinstance(task, peer.kinds) or peer.lacks(task):
            continue
        run = peer.training(task, data)
        for _ in range(2):  # the second turn starts from the same weights as the first
            done = run()
            assert done.seconds > 0
            if done.theta is None:
                assert name.startswith("floor")
                continue
            assert away(done.theta, ours.theta, flat(data.layers)) < peer.agreement
            assert np.mean(done.losses) == pytest.approx(np.mean(ours.losses), rel=1e-3)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", QUESTIONS, ids=lambda task: task.name)
@pytest.mark.parametrize("name", [*OTHERS, COMPILED])
def test_a_peer_gives_our_answers(name, task):
    data = task.data()
    ours = PEERS.make("chainrule_numpy").inference(task, data)()
    assert ours.classes.shape == (task.rows * task.calls,)
    for peer in every(name):
        if isinstance(task, peer.kinds) and not peer.lacks(task):
            done = peer.inference(task, data)()
            assert done.seconds > 0
            if done.classes is not None:
                np.testing.assert_array_equal(done.classes, ours.classes)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_engine_trains_as_the_task_says_in_float64_by_hand(task):
    data = task.data()
    rate = task.learning_rate
    layers = [(W.astype(float), b.astype(float)) for W, b in data.layers]
    moments = [[np.zeros_like(p) for layer in layers for p in layer] for _ in range(2)]
    for t, start in enumerate(range(0, task.rows, task.batch), start=1):
        rows = data.order[start : start + task.batch]
        values = [data.X[rows].astype(float)]
        for i, (W, b) in enumerate(layers):
            z = values[-1] @ W.T + b
            values.append(np.maximum(z, 0) if i < len(layers) - 1 else z)
        if task.loss == "cross_entropy":
            p = np.exp(values[-1]) / np.exp(values[-1]).sum(axis=1, keepdims=True)
            dz = (p - np.eye(task.sizes[-1])[data.y[rows]]) / task.batch
        else:
            dz = 2 * (values[-1] - data.y[rows])
        gradients = []
        for i in reversed(range(len(layers))):
            gradients = [dz.T @ values[i], dz.sum(axis=0), *gradients]
            dz = (dz @ layers[i][0]) * (values[i] > 0)
        for p, g, m, v in zip([p for layer in layers for p in layer], gradients, *moments, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
            p -= rate * (step if task.optimizer == "adam" else g)
    ours = PEERS.make("chainrule_numpy").training(task, data)()
    assert away(ours.theta, flat(layers), flat(data.layers)) < 1e-3  # float32
    assert len(ours.losses) == task.steps


def test_the_order_is_the_one_that_fit_draws():
    task = TASKS[0]
    data = task.data()
    shuffled, given = task.network(), task.network()
    settings = {"optimizer": "sgd:learning_rate=0.1", "batch_size": 16, "epochs": 1, "engine": "numpy"}
    cr.fit(shuffled, data.X, data.y, seed=SEED, **settings)
    cr.fit(given, data.X[data.order], data.y[data.order], shuffle=False, **settings)
    np.testing.assert_array_equal(shuffled.params.theta, given.params.theta)


@pytest.mark.parametrize("task", [*TRAININGS, *INFERENCES], ids=lambda task: task.name)
def test_a_task_travels_as_plain_values(task):
    assert task_of(describe(task)) == task
    if isinstance(task, Training):
        assert task.rows % task.batch == 0  # JAX's scan has no shorter last batch
        assert len(replace(task, rows=task.batch).data().y) == task.batch
