"""The gradient checker on networks, torch modules and scikit-learn's estimators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import InputError, NotFittedError


@pytest.fixture
def data(rng):
    return rng.standard_normal((40, 6)), rng.integers(0, 5, 40)


def test_a_network_is_right_and_left_as_it_was(data):
    X, y = data
    net = cr.MLP([6, 8, 7, 5], "relu", seed=3)
    before = net.params.theta.copy()
    report = cr.check_gradients(net, X, y, loss="cross_entropy")
    assert report.ok
    assert np.array_equal(net.params.theta, before)
    assert net.loss is None


def test_a_wrong_activation_of_the_user_is_found_in_a_network(data):
    X, y = data

    @dataclass(frozen=True)
    class WrongTanh(type(cr.activations.Tanh())):
        def backward(self, da, z, a, out=None, scratch=None):
            return np.multiply(da, 1 - a, out=out)  # 1 - a^2 is right

    net = cr.Network([cr.layers.Dense(6, 8), WrongTanh(), cr.layers.Dense(8, 5)])
    report = cr.check_gradients(net, X, y, loss="cross_entropy")
    assert report.mistake == "missing_activation_mask"
    assert report.where.startswith("0.")


def test_a_network_without_a_loss_needs_one(data):
    with pytest.raises(NotFittedError, match="loss"):
        cr.check_gradients(cr.MLP([6, 5]), *data)


def test_wrong_arguments_are_answered_with_the_four_forms():
    with pytest.raises(InputError, match="check_gradients takes"):
        cr.check_gradients(3, np.ones(2))
    with pytest.raises(InputError, match="X and y"):
        cr.check_gradients(cr.MLP([6, 5]), np.ones((3, 6)), loss="cross_entropy")


def test_torch_modules_right_and_wrong(data):
    torch = pytest.importorskip("torch")
    X, y = data

    class Unmasked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            return z.clamp(min=0)

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    class Wrong(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = torch.nn.Linear(6, 8), torch.nn.Linear(8, 5)

        def forward(self, x):
            return self.second(Unmasked.apply(self.first(x)))

    torch.manual_seed(0)
    torch.set_num_threads(1)  # two threads on products this small fight over the cores
    right = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 5))
    before = {name: p.clone() for name, p in right.state_dict().items()}
    assert cr.check_gradients(right, X, y, loss=torch.nn.CrossEntropyLoss()).ok
    assert all(torch.equal(p, before[name]) and p.dtype == torch.float32 for name, p in right.state_dict().items())
    report = cr.check_gradients(Wrong(), X, y, loss=torch.nn.CrossEntropyLoss())
    assert report.mistake == "missing_activation_mask"
    assert report.where.startswith("first")
    with pytest.raises(InputError, match="eval"):
        cr.check_gradients(torch.nn.Sequential(right, torch.nn.Dropout()), X, y, loss=torch.nn.CrossEntropyLoss())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_scikit_learns_regressor_is_as_many_times_off_as_it_has_outputs(rng, outputs):
    neural = pytest.importorskip("sklearn.neural_network")  # its issue 8349
    X, y = rng.standard_normal((40, 6)), rng.standard_normal((40, outputs))
    y = y[:, 0] if outputs == 1 else y
    fitted = neural.MLPRegressor(hidden_layer_sizes=(8,), alpha=0, max_iter=20, random_state=0).fit(X, y)
    report = cr.check_gradients(fitted, X, y)
    if outputs == 1:
        assert report.ok
    else:
        assert (report.mistake, report.factor, report.where) == ("constant_factor", float(outputs), "everywhere")
        assert "number of outputs" in str(report)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("classes", [2, 3])
def test_scikit_learns_classifier_is_right(rng, classes):
    neural = pytest.importorskip("sklearn.neural_network")
    X, y = rng.standard_normal((40, 6)), rng.integers(0, classes, 40)
    fitted = neural.MLPClassifier(hidden_layer_sizes=(8,), max_iter=20, random_state=0).fit(X, y)
    coefficients = [w.copy() for w in fitted.coefs_]
    assert cr.check_gradients(fitted, X, y).ok
    assert all(np.array_equal(a, b) for a, b in zip(fitted.coefs_, coefficients, strict=True))
    with pytest.raises(NotFittedError, match="fit"):
        cr.check_gradients(neural.MLPClassifier(), X, y)
