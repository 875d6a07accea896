"""XOR: the share that learns, why the others don't, and how sure a share is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

import chainrule as cr
from chainrule.studies.exercises.xor import ACTIVATIONS, HIDDEN, LOSSES, XorStudy, answers
from chainrule.studies.proportion import wilson
from chainrule.studies.stuck import look

X = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], float)
Y = np.array([[0], [1], [1], [0]], float)


@given(trials=st.integers(1, 500), share=st.floats(0, 1))
def test_the_interval_of_a_share_is_scipys(trials, share):
    successes = round(share * trials)
    theirs = binomtest(successes, trials).proportion_ci(method="wilson")
    low, high = wilson(successes, trials)
    assert low == pytest.approx(theirs.low, abs=1e-9)
    assert high == pytest.approx(theirs.high, abs=1e-9)
    assert 0 <= low <= successes / trials <= high <= 1


def network(activation, W1, b1, W2, b2, loss="binary_cross_entropy"):
    net = cr.MLP([2, len(W1), 1], activation, dtype="float64", loss=loss)
    for name, value in zip(net.params, (W1, b1, W2, b2), strict=True):
        net.params[name][...] = value
    return net


def reason(net):
    z = X @ net.params["0.weight"].T + net.params["0.bias"]
    return look(net, net.loss, X, Y, (z, net.modules[1].forward(z)), False)


def test_one_unit_that_is_on_and_one_that_never_is_are_dead():
    found = reason(network("relu", [[1, 1], [-1, -1]], [0, -1], [[1, 1]], [0]))
    assert (found.reason, found.live) == ("dead", 1)


def test_two_units_that_say_the_same_are_copies():
    found = reason(network("sigmoid", [[2, 2], [-2, -2]], [-1, 1], [[1, -1]], [0]))
    assert found.reason == "copies"


def test_rows_that_no_unit_tells_apart_because_all_are_flat_there_are_saturated():
    # Both units are full for (1, 0) and (1, 1), and steep elsewhere.
    found = reason(network("tanh", [[20, 1], [20, -0.5]], [0.2, -0.3], [[1, 1]], [0]))
    assert (found.reason, found.merged) == ("saturated", 2)


def test_a_flat_place_with_units_of_their_own_is_a_plateau_and_a_slope_is_unfinished():
    flat = network("tanh", [[1, 0], [0, 1]], [0.1, -0.2], [[0, 0]], [0])
    found = reason(flat)
    assert found.reason in ("plateau", "unfinished")
    assert found.merged == 4
    assert found.least_curvature < 0  # a saddle: nothing is learned yet, and there is a way down
    steep = network("tanh", [[1, 0], [0, 1]], [0.1, -0.2], [[2, 1]], [3])
    assert reason(steep).reason == "unfinished"
    assert reason(steep).gradient > 0.1


def test_the_gradient_and_least_curvature_of_a_stuck_network_are_pytorchs(pytorch):
    torch = pytorch.torch
    net = network("tanh", [[1, 0.5], [-0.5, 1]], [0.1, -0.2], [[0.3, -0.7]], [0.2])
    found = reason(net)
    shapes = [(2, 2), (2,), (1, 2), (1,)]

    def value(theta):
        parts = torch.split(theta, [4, 2, 2, 1])
        W1, b1, W2, b2 = (part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
        logits = torch.tanh(torch.tensor(X) @ W1.t() + b1) @ W2.t() + b2
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(Y))

    theta = torch.tensor(net.params.theta, requires_grad=True)
    (gradient,) = torch.autograd.grad(value(theta), theta)
    full = torch.autograd.functional.hessian(value, theta)
    assert found.gradient == pytest.approx(float(gradient.norm()), rel=1e-9)
    assert found.least_curvature == pytest.approx(float(torch.linalg.eigvalsh(full)[0]), abs=1e-6)
    assert found.loss == pytest.approx(value(theta).item(), rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_network_known_to_be_right_is_right(loss):
    # OR and AND of the bits; yes where the first is on and the second off.
    scale = 10 if loss == "binary_cross_entropy" else 1
    net = network("relu", [[1, 1], [1, 1]], [0, -1], [[scale, -2 * scale]], [-scale / 2 if scale > 1 else 0], loss)
    assert ((answers(net, X) > 0.5) == (Y[:, 0] == 1)).all()


def test_every_training_has_learned_or_a_reason_and_the_report_adds_up():
    finding = XorStudy(seeds=2, steps=300).run()
    assert {(k.hidden, k.activation, k.loss) for k in finding.kinds} == {
        (h, a, loss) for h in HIDDEN for a in ACTIVATIONS for loss in LOSSES
    }
    for kind in finding.kinds:
        assert kind.learned + kind.reasons.total() == 2 == len(kind.trained)
        for trained in kind.trained:
            right = ((trained.answers > 0.5) == (Y[:, 0] == 1)).all()
            assert trained.learned == right == (trained.stuck is None)
            assert len(trained.units) == kind.hidden
    text = finding.text()
    assert max(map(len, text.splitlines())) <= 80
    small = sum(k.learned for k in finding.kinds if k.hidden == 2)
    assert f"{small} of 16 networks with two" in " ".join(text.split())


def test_the_same_seed_gives_the_same_network():
    study = XorStudy(steps=200)
    first, again = (study.train(2, "tanh", LOSSES[1], 5)[1].params.theta for _ in range(2))
    np.testing.assert_array_equal(first, again)
