"""Activations and losses written on tensors: the engine trains with them as with its own."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule import autograd as torch
from chainrule.core.errors import InputError, ShapeError


@dataclass(frozen=True)
class SmoothTanh(cr.TensorActivation):
    """tanh again, without its derivative."""

    name = "tensor_tanh"

    def function(self, z):
        return torch.tanh(z)


@dataclass(frozen=True)
class Squares(cr.TensorLoss, cr.losses.MeanSquaredError):
    """Squared error again, without its derivative."""

    name = "tensor_squares"

    def function(self, logits, target):
        return (logits - target) ** 2


@dataclass(frozen=True)
class Likelihood(cr.TensorLoss, cr.losses.CrossEntropy):
    """Cross-entropy again, without its derivative."""

    name = "tensor_likelihood"

    def function(self, logits, target):
        return torch.nn.functional.cross_entropy(logits, target, reduction="none")


@dataclass(frozen=True)
class LogCosh(cr.TensorLoss, cr.losses.MeanSquaredError):
    """A loss that chainrule does not have."""

    name = "tensor_log_cosh"

    def function(self, logits, target):
        difference = logits - target
        return difference + torch.nn.functional.softplus(-2 * difference) - np.log(2)


def trained(activation, loss, y, k):
    rng = np.random.default_rng(0)
    net = cr.MLP([5, 8, k], activation, seed=0, dtype="float64")
    cr.fit(net, rng.standard_normal((60, 5)), y, loss=loss, optimizer="adam", epochs=4, batch_size=16, seed=0)
    return net.params.theta


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_training_with_an_activation_and_a_loss_on_tensors_is_that_with_our_own(reduction, rng):
    y = rng.standard_normal((60, 3))
    ours = trained("tanh", cr.losses.MeanSquaredError(reduction=reduction), y, 3)
    tensors = trained(SmoothTanh(), Squares(reduction=reduction), y, 3)
    np.testing.assert_allclose(tensors, ours, rtol=1e-10)
    labels = rng.integers(0, 3, 60)
    np.testing.assert_allclose(
        trained(SmoothTanh(), Likelihood(reduction=reduction), labels, 3),
        trained("tanh", cr.losses.CrossEntropy(reduction=reduction), labels, 3),
        rtol=1e-10,
    )


def test_the_gradient_checker_takes_them(rng):
    net = cr.MLP([4, 6, 2], SmoothTanh(), dtype="float64", seed=1)
    X, Y = rng.standard_normal((10, 4)), rng.standard_normal((10, 2)) * 3
    report = cr.check_gradients(net, X, Y, loss=LogCosh())
    assert report.ok, report


def test_a_constant_has_the_gradient_zero():
    @dataclass(frozen=True)
    class Constant(cr.TensorActivation):
        name = "tensor_constant"

        def function(self, z):
            return torch.ones_like(z)

    assert np.array_equal(Constant().backward(np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3))), np.zeros((2, 3)))


def test_a_function_that_changes_the_shape_or_leaves_the_tensors_is_told_so():
    @dataclass(frozen=True)
    class Sum(cr.TensorActivation):
        name = "tensor_sum"

        def function(self, z):
            return z.sum(1)

    @dataclass(frozen=True)
    class Array(cr.TensorActivation):
        name = "tensor_array"

        def function(self, z):
            return np.tanh(z.numpy())

    with pytest.raises(ShapeError, match=r"keeps the shape"):
        Sum().forward(np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"must return a tensor"):
        Array().forward(np.ones((2, 3)))


@pytest.mark.parametrize("logits", [np.array(1.0), np.ma.masked, np.ones(3), np.ones((0, 3)), [[1.0]], None])
def test_a_loss_on_tensors_takes_a_matrix_of_logits(logits):
    with pytest.raises(InputError, match=r"an array of logits, \(n, k\)"):
        Squares().value_and_gradient(logits, np.ones((3, 1)))


def test_no_input_is_changed_and_out_is_filled(rng):
    z, da = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    before = z.copy(), da.copy()
    out = np.empty((3, 4))
    assert SmoothTanh().forward(z, out=out) is out
    np.testing.assert_array_equal(out, np.tanh(z))
    assert SmoothTanh().backward(da, z, out, out=da) is da
    np.testing.assert_allclose(da, before[1] * (1 - np.tanh(z) ** 2), rtol=1e-12)
    np.testing.assert_array_equal(z, before[0])


@pytest.mark.parametrize("loss", [LogCosh(), Likelihood()], ids=["values", "classes"])
def test_the_compiled_loops_of_the_loss_it_is_joined_with_are_not_used(loss):
    z, b, d, db = np.zeros((4, 3)), np.zeros(3), np.zeros((4, 3)), np.zeros(3)
    y = np.zeros(4, int) if loss.task == "classes" else np.zeros((4, 3))
    assert loss.fused(z, b, y, None, d, db) is None
