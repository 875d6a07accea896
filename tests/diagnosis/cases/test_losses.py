"""The losses of the cases against formulas written apart from them, PyTorch, and finite differences."""

import numpy as np
import pytest

from chainrule.autograd import tensor
from chainrule.autograd.errors import PositionError, ShapeError
from chainrule.diagnosis.cases.losses import ALIASES, LOSSES, loss_named
from chainrule.diagnosis.cases.reading import NotRunError

EPS = 1e-7


def value(name, outputs, targets):
    loss, _ = loss_named(name)
    return loss(tensor(outputs), tensor(targets)).item()


def clip(p):
    return np.clip(p, EPS, 1 - EPS)


def rows(p):
    return clip(p / p.sum(axis=1, keepdims=True))


# Written from the formulas in Keras' documentation, rows and columns by hand.
BY_HAND = {
    "mse": lambda p, y: np.mean((p - y) ** 2),
    "sum_squared_error": lambda p, y: np.sum((p - y) ** 2),
    "mae": lambda p, y: np.mean(np.abs(p - y)),
    "msle": lambda p, y: np.mean((np.log1p(np.maximum(p, EPS)) - np.log1p(np.maximum(y, EPS))) ** 2),
    "mape": lambda p, y: 100 * np.mean(np.abs(y - p) / np.maximum(np.abs(y), EPS)),
    "logcosh": lambda p, y: np.mean(np.log(np.cosh(p - y))),
    "huber": lambda p, y: np.mean(np.where(np.abs(p - y) < 1, (p - y) ** 2 / 2, np.abs(p - y) - 0.5)),
    "poisson": lambda p, y: np.mean(p - y * np.log(p + EPS)),
    "hinge": lambda p, y: np.mean(np.maximum(1 - np.where(y > 0, 1, -1) * p, 0)),
    "squared_hinge": lambda p, y: np.mean(np.maximum(1 - np.where(y > 0, 1, -1) * p, 0) ** 2),
    "categorical_hinge": lambda p, y: np.mean(
        [max(0, max((1 - t) * q) - sum(t * q) + 1) for q, t in zip(p, y, strict=True)]
    ),
    "cosine_similarity": lambda p, y: (
        -np.mean([q @ t / np.linalg.norm(q) / np.linalg.norm(t) for q, t in zip(p, y, strict=True)])
    ),
    "kld": lambda p, y: np.mean(
        np.sum(np.clip(y, EPS, 1) * np.log(np.clip(y, EPS, 1) / np.clip(p, EPS, 1)), axis=1)
    ),
    "binary_crossentropy": lambda p, y: -np.mean(y * np.log(clip(p)) + (1 - y) * np.log(1 - clip(p))),
    "categorical_crossentropy": lambda p, y: -np.mean(np.sum(y * np.log(rows(p)), axis=1)),
    "manual_bce_on_raw_outputs": lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)),
    "cross_entropy_on_raw_outputs": lambda p, y: -np.mean(np.sum(y * np.log(p), axis=1)),
    "bce_with_logits": lambda z, y: (
        -np.mean(y * np.log(1 / (1 + np.exp(-z))) + (1 - y) * np.log(1 - 1 / (1 + np.exp(-z))))
    ),
    "sparse_categorical_crossentropy": lambda p, y: -np.mean(np.log(rows(p)[np.arange(len(y)), y])),
    "cross_entropy": lambda p, y: -np.mean(np.log(p[np.arange(len(y)), y])),
    "softmax_cross_entropy_logits": lambda z, y: (
        -np.mean(np.log(np.exp(z[np.arange(len(y)), y]) / np.exp(z).sum(axis=1)))
    ),
}


def example(name, rng, n=7, k=3):
    """Outputs that the loss takes, in (0, 1) so that all can, and targets of its form."""
    outputs = rng.uniform(0.05, 0.95, (n, k))
    ids = rng.integers(0, k, n)
    if LOSSES[name].targets == "ids":
        return outputs, ids
    # A target of 0 would make a percentage of 1e9
    return outputs, np.eye(k)[ids] + (0.5 if name == "mape" else 0)


def test_every_loss_has_a_formula_here():
    assert set(BY_HAND) == set(LOSSES)
    assert set(ALIASES.values()) <= set(LOSSES)
    assert not set(ALIASES) & set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_its_formula(name, rng):
    outputs, targets = example(name, rng)
    assert value(name, outputs, targets) == pytest.approx(BY_HAND[name](outputs, targets), rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_the_derivative_is_that_of_finite_differences(name, rng):
    outputs, targets = example(name, rng)
    x = tensor(outputs, requires_grad=True)
    LOSSES[name](x, tensor(targets)).backward()
    step, rough = 1e-6, np.zeros_like(outputs)
    for at in np.ndindex(*outputs.shape):
        up, down = outputs.copy(), outputs.copy()
        up[at] += step
        down[at] -= step
        rough[at] = (value(name, up, targets) - value(name, down, targets)) / (2 * step)
    # A central difference in float64 is good to about step^2 and 1e-16 / step
    assert np.allclose(x.grad.numpy(), rough, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("mse", "mse_loss"), ("mae", "l1_loss"), ("huber", "huber_loss"), ("binary_crossentropy", "binary_cross_entropy"),
        ("bce_with_logits", "binary_cross_entropy_with_logits"), ("softmax_cross_entropy_logits", "cross_entropy"),
    ],
)  # fmt: skip
def test_pytorch_gives_the_same_number(name, theirs, rng, pytorch):
    outputs, targets = example(name, rng)
    function = getattr(pytorch.torch.nn.functional, theirs)
    expected = function(pytorch.tensor(outputs), pytorch.tensor(targets)).item()
    assert value(name, outputs, targets) == pytest.approx(expected, rel=1e-6)  # 1e-7 is clipped off


def test_keras_clips_probabilities_and_the_gradient_there_is_0():
    p = tensor(np.array([[1.0], [0.0]]), requires_grad=True)
    loss = LOSSES["binary_crossentropy"](p, tensor(np.array([[0.0], [1.0]])))
    loss.backward()
    assert loss.item() == pytest.approx(-np.log(1e-7), rel=1e-6)
    assert not p.grad.numpy().any()


def test_one_softmax_unit_costs_what_the_thread_reports(rng):
    # "loss ~7.67, accuracy exactly 0.5, output always 1": half the rows are wrong at p = 1, in float32
    y = np.array([[0.0], [1.0]], np.float32)
    assert 7.6 < value("binary_crossentropy", np.ones((2, 1), np.float32), y) < 8.1


def test_categorical_losses_divide_rows_by_their_sums():
    wide = np.array([[0.8, 0.4, 0.4]])
    assert value("categorical_crossentropy", wide, np.array([[1.0, 0, 0]])) == pytest.approx(np.log(2))
    assert value("sparse_categorical_crossentropy", wide, np.array([0])) == pytest.approx(np.log(2))


def test_one_column_against_several_is_broadcast_by_all_but_categorical_losses():
    outputs, column = np.full((4, 2), 0.5), np.array([[0.0], [1.0], [1.0], [1.0]])
    assert value("binary_crossentropy", outputs, column) == pytest.approx(np.log(2))
    assert value("mse", outputs, column) == pytest.approx(0.25)
    with pytest.raises(ShapeError, match=r"outputs are \(4, 2\), the targets \(4, 1\)"):
        value("categorical_crossentropy", outputs, column)


def test_a_label_beyond_the_outputs_is_an_error():
    with pytest.raises(PositionError, match="reach from 0 to 3; the network has 3 outputs"):
        value("sparse_categorical_crossentropy", np.full((2, 3), 1 / 3), np.array([0, 3]))


def test_raw_outputs_below_0_give_nan():
    outputs = np.array([[-0.5, 0.5]])
    with np.errstate(all="ignore"):
        assert np.isnan(value("manual_bce_on_raw_outputs", outputs, np.array([[1.0, 0.0]])))


@pytest.mark.parametrize(("text", "name", "l2"), [("mse + l2(0.1)", "mse", 0.1), ("MSE+L2(1e-5)", "mse", 1e-5), ("mean_squared_error", "mse", 0)])  # fmt: skip
def test_a_penalty_is_read_off_the_name(text, name, l2):
    assert loss_named(text) == (LOSSES[name], l2)


def test_an_unknown_loss_offers_the_nearest():
    with pytest.raises(NotRunError, match="Did you mean 'poisson'"):
        loss_named("poison")
