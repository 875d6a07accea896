"""The derivative by the inputs, against differences and PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import NotFittedError, SettingError
from chainrule.losses import LOSSES

N, D, K = 7, 4, 3


def network(loss, **settings):
    net = cr.MLP([D, 6, 5, K], "tanh", dtype="float64", seed=2, **settings)
    net.loss = LOSSES.make(loss)
    return net


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_of_the_loss_it_is_the_slope_of_each_rows_own(loss, reduction, targets_for, rng):
    net = network({"name": loss, "reduction": reduction})
    X, y = rng.normal(size=(N, D)), next(iter(targets_for(net.loss, N, K, rng).values()))
    found = cr.input_gradients(net, X, y)
    assert found.shape == (N, D)
    for row in range(N):
        for column in range(D):
            ahead, behind = X[row : row + 1].copy(), X[row : row + 1].copy()
            ahead[0, column] += 1e-6
            behind[0, column] -= 1e-6
            own = y[row : row + 1]
            slope = (cr.evaluate(net, ahead, own)["loss"] - cr.evaluate(net, behind, own)["loss"]) / 2e-6
            assert found[row, column] == pytest.approx(slope, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    "settings", [{}, {"normalization": "batch_norm"}, {"dropout": 0.5}, {"residual": True}], ids=str
)
@pytest.mark.parametrize("output", range(K))
def test_of_an_output_it_is_the_slope_of_that_logit(settings, output, rng):
    net = cr.MLP([D, 6, 6, K], "gelu", dtype="float64", seed=2, loss="cross_entropy", **settings)
    X = rng.normal(size=(N, D))
    if "normalization" in settings:
        cr.fit(net, X, np.arange(N) % K, epochs=3)
    found = cr.input_gradients(net, X, output=output)
    for column in range(D):
        ahead, behind = X.copy(), X.copy()
        ahead[:, column] += 1e-6
        behind[:, column] -= 1e-6
        slopes = (net.logits(ahead)[:, output] - net.logits(behind)[:, output]) / 2e-6
        np.testing.assert_allclose(found[:, column], slopes, rtol=1e-5, atol=1e-7)


def test_it_is_that_of_pytorch(pytorch, rng):
    net = network("cross_entropy")
    X, y = rng.normal(size=(N, D)), rng.integers(0, K, N)
    x = pytorch.tensor(X, requires_grad=True)
    loss = pytorch.torch.nn.functional.cross_entropy(
        pytorch.sequential(net)(x), pytorch.tensor(y), reduction="sum"
    )
    loss.backward()
    np.testing.assert_allclose(cr.input_gradients(net, X, y), x.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_the_network_is_left_as_it_was_and_what_makes_no_sense_is_refused(rng):
    net, X = network("cross_entropy"), rng.normal(size=(N, D))
    before = net.params.theta.tobytes()
    cr.input_gradients(net, X, np.zeros(N, int))
    assert net.params.theta.tobytes() == before
    for given in ({}, {"y": np.zeros(N, int), "output": 1}):
        with pytest.raises(SettingError, match="one of both"):
            cr.input_gradients(net, X, **given)
    with pytest.raises(SettingError, match="output is 3; 2 is the most"):
        cr.input_gradients(net, X, output=3)
    net.loss = None
    with pytest.raises(NotFittedError, match="no loss yet"):
        cr.input_gradients(net, X, output=0)
