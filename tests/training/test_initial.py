"""Weights given instead of drawn."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import InputError, ShapeError


def network(seed=0):
    return cr.MLP([4, 6, 3], "relu", normalization="batch_norm", seed=seed)


def test_a_network_given_anothers_weights_predicts_as_it_does(rng):
    first, second = network(0), network(1)
    X = rng.normal(size=(20, 4))
    cr.fit(first, X, np.arange(20) % 3, loss="cross_entropy", epochs=2)  # buffers move too
    cr.load_weights(second, {name: array.tolist() for name, array in first.state_dict().items()})
    assert second.logits(X).tobytes() == first.logits(X).tobytes()
    before = first.params.theta.tobytes()
    second.params.theta[:] = 0
    assert first.params.theta.tobytes() == before


def test_pytorchs_state_dict_will_do(pytorch, rng):
    net = cr.MLP([4, 6, 3], "tanh")
    peer = pytorch.sequential(cr.MLP([4, 6, 3], "tanh", seed=5))
    cr.load_weights(net, {name: p.numpy() for name, p in peer.state_dict().items()})
    X = rng.normal(size=(5, 4)).astype("float32")
    np.testing.assert_allclose(net.logits(X), peer(pytorch.tensor(X)).detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda s: s.pop("0.bias"), InputError, "missing 0.bias"),
        (lambda s: s.update(b=1), InputError, "unknown b"),
        (
            lambda s: s.update({"0.weight": s["0.weight"].T}),
            ShapeError,
            r"0.weight has shape \(4, 6\).*try its .T",
        ),
        (
            lambda s: s.update({"0.bias": np.ones(5)}),
            ShapeError,
            r"0.bias has shape \(5,\); this network's is \(6,\)",
        ),
        (lambda s: s.update({"0.bias": np.full(6, np.nan)}), InputError, "0.bias has nan"),
        (lambda s: s.update({"0.bias": np.full(6, 1e300)}), InputError, "0.bias has inf"),
        (lambda s: s.update({"0.bias": ["a"] * 6}), InputError, "0.bias holds text"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(change, error, says):
    net, state = network(), {name: array.copy() for name, array in network(1).state_dict().items()}
    before = net.params.theta.tobytes()
    change(state)
    with pytest.raises(error, match=says):
        cr.load_weights(net, state)
    assert net.params.theta.tobytes() == before
    with pytest.raises(InputError, match="weights are a dictionary"):
        cr.load_weights(net, [1])


def test_a_network_is_built_with_weights_given():
    first = cr.MLP([3, 5, 2], normalization="batch_norm", seed=1)
    second = cr.MLP([3, 5, 2], normalization="batch_norm", seed=2, weights=first.state_dict())
    for name, array in first.state_dict().items():
        assert second.state_dict()[name].tobytes() == array.tobytes()
        assert not np.shares_memory(second.state_dict()[name], array)
    with pytest.raises(InputError, match=r"missing 0\.bias"):
        cr.MLP([3, 2], weights={"0.weight": np.ones((2, 3))})
