"""When a training diverges, it says at which step, and the network holds the last finite weights."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from chainrule import MLP, fit
from chainrule.core.errors import DivergenceError, InputError
from chainrule.core.rng import generator
from chainrule.engine import Engine
from chainrule.schedules import Schedule
from chainrule.training import Callback


def naive(net, X, y, rate, batch_size, epochs, shuffle, seed=0):
    """Plain gradient descent of a ReLU network on the mean squared error, looking at every step.

    Returns the step that failed, the phase and the layer in which the first number was not finite, the row if it is
    in one, the weights before the step, and the losses until then.
    """
    W1, b1, W2, b2 = (p.copy() for p in net.params.values())
    random, t, losses = generator(seed, "shuffle"), 0, []
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            order = random.permutation(len(X)) if shuffle and batch_size < len(X) else np.arange(len(X))
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                x, t = X[rows], t + 1
                before = np.concatenate([p.reshape(-1) for p in (W1, b1, W2, b2)])
                z = x @ W1.T + b1
                a = np.maximum(z, 0)
                logits = a @ W2.T + b2
                d = logits - y[rows]
                terms = d * d
                loss = float(np.add.reduce(terms, axis=None)) / d.size
                if math.isfinite(loss):
                    losses.append(loss)
                d *= 2 / d.size
                da, ones = d @ W2, np.ones(len(d), d.dtype)
                dz = da * (a > 0)
                gradients = ((W1, dz.T @ x), (b1, ones @ dz), (W2, d.T @ a), (b2, ones @ d))
                lr = rate(t)
                for p, g in gradients:
                    p -= g * lr
                if math.isfinite(loss) and all(np.isfinite(p).all() for p in (W1, b1, W2, b2)):
                    continue
                (_, dW1), (_, db1), (_, dW2), (_, db2) = gradients
                looks = [
                    ("forward", 0, z), ("forward", 2, logits), ("loss", None, terms), ("loss", None, np.array([loss])),
                    ("backward", 2, dW2), ("backward", 2, db2), ("backward", 2, da), ("backward", 0, dW1),
                    ("backward", 0, db1), ("update", None, np.array([np.nan])),
                ]  # fmt: skip
                phase, layer, found = next(look for look in looks if not np.isfinite(look[2]).all())
                in_rows = any(found is array for array in (z, logits, terms, da))
                row = int(rows[np.argwhere(~np.isfinite(found))[0, 0]]) if in_rows else None
                return t, (phase, layer, row), before, losses
    raise AssertionError("it did not diverge")


def assert_diverges_as_the_naive_loop_does(net, X, y, *, schedule="constant", rate, batch_size, epochs, shuffle):
    t, (phase, layer, row), weights, losses = naive(net, X, y, rate, batch_size, epochs, shuffle)
    settings = {"batch_size": batch_size, "epochs": epochs, "shuffle": shuffle, "schedule": schedule}
    with pytest.raises(DivergenceError, match=rf"at step {t} \(epoch .*smaller learning rate") as raised:
        fit(net, X, y, loss="mean_squared_error", optimizer=f"sgd:learning_rate={rate(0)!r}", **settings)
    error = raised.value
    assert (error.step, error.phase, error.layer) == (t, phase, layer)
    assert row in (None, error.row)
    assert error.guard == "non-finite"
    assert net.params.theta.tobytes() == weights.tobytes()
    assert error.history.steps[: len(losses)] == pytest.approx(losses, rel=1e-12)
    assert np.isfinite(error.history.steps).all()
    assert "\n" not in str(error)
    return t


def problem(rows=120, scale=1.0):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(rows, 4)) * scale).astype("float32")
    return MLP([4, 6, 2], "relu", seed=0), X, rng.normal(size=(rows, 2)).astype("float32")


@pytest.mark.parametrize("learning_rate", [1e38, 1e30, 1e10, 1e4, 100.0, 10.0, 3.0])
@pytest.mark.parametrize(("batch_size", "shuffle"), [(8, True), (8, False), (50, True), (120, True)])
def test_the_step_and_the_weights_are_those_of_a_loop_that_looks_at_every_step(learning_rate, batch_size, shuffle):
    net, X, y = problem()
    assert_diverges_as_the_naive_loop_does(
        net, X, y, rate=lambda t: learning_rate, batch_size=batch_size, epochs=200, shuffle=shuffle
    )


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 40])
def test_a_slow_divergence_is_found_after_many_steps_and_epochs(batch_size, shuffle):
    net, X, y = problem(rows=400 if batch_size == 1 else 120)
    # All units are off, so only the two output biases move: b <- b - lr (b - mean y), away by 1.2 each step
    # at a rate of 2.2, and 1.2^240 is about the square root of the largest float32.
    net.params["0.bias"][:] = -100
    t = assert_diverges_as_the_naive_loop_does(
        net, X, y, rate=lambda t: 2.2, batch_size=batch_size, epochs=200, shuffle=shuffle
    )
    assert 200 < t < 300


@dataclass(frozen=True)
class Boom(Schedule):
    """All steps stand still but one, which is far too large."""

    step: int
    size: float = 2.0**90

    name = "boom"

    def rate(self, t, steps, peak):
        return self.size if t == self.step else 0.0


def hidden_infinity(rows):
    """A network that a step of 2^90 makes infinite where nobody sees it: in a unit that is then always off."""
    net = MLP([1, 1, 1], "relu")
    net.params.theta[:] = [1, -0.5, 2.0**30, 0]  # W1, b1, W2, b2
    # The first row is on, the second off; their errors are equal and opposite, so b2 stays where it is.
    X = np.tile(np.array([[1], [0.25]], "float32"), (rows // 2, 1))
    y = np.tile(np.array([[2.0**29 - 2.0**10], [2.0**10]], "float32"), (rows // 2, 1))
    return net, X, y


@pytest.mark.parametrize(
    ("boom", "epochs"),
    [(1, 1), (30, 1), (99, 1), (100, 1), (101, 1), (130, 1), (149, 1), (150, 1), (151, 2), (260, 2), (300, 3)],
)
def test_infinite_weights_that_no_loss_shows_are_found_and_dated(boom, epochs):
    net, X, y = hidden_infinity(300)  # 150 steps an epoch, so that the copy kept at step 100 lies within one
    schedule = Boom(boom)
    t = assert_diverges_as_the_naive_loop_does(
        net,
        X,
        y,
        schedule=schedule,
        rate=lambda t: schedule.rate(t, 0, 0),
        batch_size=2,
        epochs=epochs,
        shuffle=False,
    )
    assert t == boom


@pytest.mark.parametrize(("boom", "found"), [(30, 100), (101, 150), (130, 150), (250, 250), (299, 300)])
def test_no_more_than_100_steps_are_taken_again_and_one_of_them_apart(boom, found, monkeypatch):
    taken, batch = [], Engine.batch
    monkeypatch.setattr(Engine, "batch", lambda self, rows: (taken.append(rows), batch(self, rows))[1])
    net, X, y = hidden_infinity(300)
    settings = {"loss": "mean_squared_error", "optimizer": "sgd"}
    with pytest.raises(DivergenceError):
        fit(net, X, y, **settings, schedule=Boom(boom), batch_size=2, epochs=2, shuffle=False)
    assert found <= len(taken) <= found + 101


@pytest.mark.parametrize(
    "optimizer",
    ["adam:learning_rate=2e9", "sgd:learning_rate=0.3,momentum=0.9", "sgd:learning_rate=3,momentum=0.9"],
)
def test_other_optimizers_go_back_too(optimizer):
    net, X, y = problem()
    path = [net.params.theta.copy()]

    class Copy(Callback):
        def on_step_end(self, trainer):
            path.append(trainer.network.params.theta.copy())

    with pytest.raises(DivergenceError) as raised:
        fit(
            net, X, y, loss="mean_squared_error", optimizer=optimizer, batch_size=8, epochs=100, callbacks=[Copy()]
        )
    # The path has every step whose loss was finite; the failing one is its first that is not, or the one after it.
    step = next((t for t, theta in enumerate(path) if not np.isfinite(theta).all()), len(path))
    assert raised.value.step == step > 1
    assert net.params.theta.tobytes() == path[step - 1].tobytes()


def test_the_history_of_whole_epochs_is_kept():
    net, X, y = problem()
    with pytest.raises(DivergenceError) as raised:
        fit(net, X, y, loss="mean_squared_error", optimizer="sgd:learning_rate=3", batch_size=60, epochs=200)
    history = raised.value.history
    assert len(history) == (raised.value.step - 1) // 2
    assert f"(epoch {len(history) + 1})" in str(raised.value)
    assert net.training["steps"] == raised.value.step


def test_a_diverged_network_can_be_used_and_trained_on(rng):
    net, X, y = problem()
    with pytest.raises(DivergenceError):
        fit(net, X, y, loss="mean_squared_error", optimizer="sgd:learning_rate=100", epochs=100)
    assert np.isfinite(net.params.theta).all()
    net.initialize(seed=0)
    history = fit(net, X, y, loss="mean_squared_error", optimizer="sgd:learning_rate=0.01", epochs=5)
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_network_that_is_not_finite_to_begin_with_is_refused(bad):
    net, X, y = problem()
    net.params["0.weight"][0, 0] = bad
    with pytest.raises((DivergenceError, InputError)):
        fit(net, X, y, loss="mean_squared_error", epochs=1)


def test_large_but_finite_weights_are_no_divergence():
    # The norm of theta overflows float32 here; each weight does not.
    net, X, y = problem(scale=1e-30)
    net.params["0.weight"].fill(1e25)
    fit(net, X, y, loss="mean_squared_error", optimizer="sgd:learning_rate=0", epochs=2)


def test_a_rate_that_just_holds_does_not_diverge():
    net, X, y = problem()
    history = fit(net, X, y, loss="mean_squared_error", optimizer="sgd:learning_rate=0.05", epochs=60)
    assert np.isfinite(history.steps).all()
    assert history["loss"][-1] < history["loss"][0]
