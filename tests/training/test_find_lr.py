"""The learning-rate range test."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import InputError, SettingError


def line(rows=60, scale=1.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 3)) * scale
    return X, X @ [[1.0], [-2.0], [0.5]]


def test_the_network_is_left_as_it_was():
    X, y = line()
    net = cr.MLP([3, 4, 1], "tanh", seed=0)
    before = net.params.theta.tobytes()
    cr.find_learning_rate(net, X, y, loss="mean_squared_error", steps=30)
    assert net.params.theta.tobytes() == before
    assert net.loss is None
    assert net.training == {}


def test_the_losses_are_those_of_steps_at_rising_rates():
    X, y = line()
    found = cr.find_learning_rate(cr.MLP([3, 1], dtype="float64"), X, y, loss="mean_squared_error", optimizer="sgd",
                                  batch_size="full", low=1e-4, high=1e-1, steps=31)  # fmt: skip
    assert found.rates == pytest.approx([1e-4 * 10 ** (i / 10) for i in range(31)], rel=1e-12)
    net = cr.MLP([3, 1], dtype="float64")
    W, b = net.params["0.weight"], net.params["0.bias"]
    for rate, loss in zip(found.rates, found.losses, strict=True):
        d = X @ W.T + b - y
        assert loss == pytest.approx(np.mean(d**2), rel=1e-10)
        W -= rate * 2 / len(X) * d.T @ X
        b -= rate * 2 / len(X) * d.sum(axis=0)
    assert found.suggestion == pytest.approx(found.rates[int(np.argmin(found.smoothed))] / 10, rel=0.06)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "sgd:momentum=0.9"])
def test_a_training_at_the_suggestion_learns_and_at_a_hundred_times_it_does_not(optimizer):
    X, y = line(200)
    name, _, rest = optimizer.partition(":")
    net = cr.MLP([3, 16, 1], "tanh", seed=0)
    found = cr.find_learning_rate(net, X, y, loss="mean_squared_error", optimizer=optimizer)

    def final(rate):
        trained = cr.MLP([3, 16, 1], "tanh", seed=0)
        spec = f"{name}:learning_rate={rate}" + (f",{rest}" if rest else "")
        try:
            return cr.fit(trained, X, y, loss="mean_squared_error", optimizer=spec, epochs=30)["loss"][-1]
        except cr.ChainruleError:
            return np.inf

    assert final(found.suggestion) < 0.2 < final(100 * found.suggestion)


def test_it_ends_when_the_loss_has_blown_up_and_survives_a_divergence():
    X, y = line(scale=100)
    found = cr.find_learning_rate(cr.MLP([3, 1]), X, y, loss="mean_squared_error", optimizer="sgd", high=1e6)
    assert len(found.rates) < 200
    assert found.suggestion < 1e-3
    with pytest.raises(InputError, match=r"stopped being finite after .* try a smaller low"):
        cr.find_learning_rate(
            cr.MLP([3, 1]), X, y, loss="mean_squared_error", optimizer="sgd", low=1e20, high=1e30
        )


@pytest.mark.parametrize(
    "bad", [{"low": 0}, {"high": -1}, {"low": 2.0, "high": 1.0}, {"steps": 9}, {"steps": 20.5}]
)
def test_settings_out_of_range_are_refused(bad):
    with pytest.raises(SettingError, match=next(iter(bad))):
        cr.find_learning_rate(cr.MLP([3, 1]), *line(), loss="mean_squared_error", **bad)
