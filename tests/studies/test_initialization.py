"""First weights: how far signals reach, which networks train, and fifty linear layers."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.studies.exercises.initialization import (
    ACTIVATIONS,
    SCHEMES,
    InitializationStudy,
    layers,
    linear,
)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_and_gradients_of_each_layer_are_pytorchs(activation, pytorch, rng):
    torch = pytorch.torch
    net = cr.MLP([6, 5, 5, 4, 3], activation, dtype="float64", seed=2)
    X, y = rng.standard_normal((8, 6)), rng.integers(0, 3, 8)
    a, gradients = layers(net, X, y)
    value, kept = torch.tensor(X), []
    for module in pytorch.sequential(net):
        value = module(value)
        if not isinstance(module, torch.nn.Linear):
            value.retain_grad()
            kept.append(value)
    torch.nn.functional.cross_entropy(value, torch.tensor(y)).backward()
    assert len(a) == len(kept) == 3
    for ours, gradient, theirs in zip(a, gradients, kept, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.fixture(scope="module")
def spreads():
    """Of networks of 30 hidden layers, on random features."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100, 784)), rng.integers(0, 10, 100)
    study = InitializationStudy(deepest=30)
    return {(s, a): study.spread(s, a, X, y) for s in SCHEMES for a in ACTIVATIONS}


def test_equal_weights_make_copies_and_random_ones_do_not(spreads):
    for (scheme, activation), found in spreads.items():
        if scheme in ("zeros", "all 0.5"):
            assert found.apart.max() == 0
        elif (scheme, activation) == ("He", "tanh"):
            assert found.apart.min() == 1


def test_he_keeps_the_spread_of_relu_and_xavier_loses_half_a_layer(spreads):
    """After 30 layers Xavier's variance is 2^-30 of the first (a half each: He et al. 2015); widths are 64."""
    he, xavier = spreads["He", "relu"], spreads["Xavier", "relu"]
    assert 0.05 < he.activations[-1] / he.activations[0] < 20
    halved = (xavier.activations[-1] / xavier.activations[0]) / (he.activations[-1] / he.activations[0])
    assert halved == pytest.approx(2 ** (-29 / 2), rel=0.01)  # the same draws, each layer smaller by sqrt(2)


def test_large_weights_saturate_tanh_and_blow_up_relu(spreads):
    assert spreads["large", "tanh"].activations[-1] > 0.9
    assert spreads["large", "relu"].activations[-1] > 1e10
    assert spreads["zeros", "sigmoid"].gradients[0] == 0


def test_linear_layers_are_the_product_of_their_matrices():
    found = linear(50, 3)
    assert found.difference < 1e-12
    assert found.parameters == 50 * (64 * 64 + 64)
    net = cr.MLP([64] * 4, "identity", initializer="xavier", seed=3, dtype="float64")
    W = np.linalg.multi_dot([net.params[f"{2 * i}.weight"] for i in (2, 1, 0)])
    x = np.random.default_rng(0).standard_normal((5, 64))
    np.testing.assert_allclose(net.logits(x), x @ W.T, rtol=1e-10, atol=1e-12)


@pytest.mark.thorough
def test_the_study_says_which_networks_train():
    finding = InitializationStudy(rows=1500, epochs=4, deepest=3).run()
    accuracy = {(o.scheme, o.activation, o.depth): o.accuracy for o in finding.outcomes}
    assert finding.depths == (2, 3)
    assert accuracy["He", "relu", 2] > 0.75
    assert accuracy["zeros", "relu", 2] < 0.2
    assert accuracy["all 0.5", "tanh", 3] < 0.3
    text = finding.text()
    assert max(map(len, text.splitlines())) <= 80
    assert f"{100 * accuracy['He', 'relu', 3]:.1f}" in text
    assert "3 linear layers are one matrix" in " ".join(text.split())
