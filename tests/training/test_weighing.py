"""Weights of rows and classes: what scikit-learn, PyTorch and repeated rows say they mean."""

import numpy as np
import pytest

from chainrule import MLP, evaluate, fit
from chainrule.core.errors import SettingError
from chainrule.losses import LOSSES
from chainrule.targets import Classes
from chainrule.training.weighing import class_weights, parse_class_weight

N, K = 12, 3


def problem(loss, targets_for, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 4))
    return X, next(iter(targets_for(LOSSES.make(loss), N, K, rng).values()))


def trained(X, y, **settings):
    net = MLP(
        [4, 5, K],
        "tanh",
        dtype="float64",
        seed=2,
        **({"target": settings.pop("target")} if "target" in settings else {}),
    )
    history = fit(net, X, y, batch_size="full", epochs=3, optimizer="sgd:learning_rate=0.05", **settings)
    return net, history


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_whole_weight_is_a_row_as_many_times(loss, reduction, targets_for):
    X, y = problem(loss, targets_for)
    times = np.arange(N) % 3
    loss = {"name": loss, "reduction": reduction}
    weighted, history = trained(X, y, loss=loss, sample_weight=times)
    repeated, expected = trained(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), loss=loss)
    np.testing.assert_allclose(weighted.params.theta, repeated.params.theta, rtol=1e-10, atol=1e-12)
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-10)
    assert evaluate(weighted, X, y, sample_weight=times)["loss"] == pytest.approx(
        evaluate(repeated, np.repeat(X, times, axis=0), np.repeat(y, times, axis=0))["loss"], rel=1e-10
    )


def test_the_loss_of_an_epoch_is_the_weighted_mean_over_all_its_rows(targets_for):
    X, y = problem("cross_entropy", targets_for)
    w = np.linspace(0, 2, N)
    net = MLP([4, 5, K], "tanh", dtype="float64", seed=2)
    settings = {"loss": "cross_entropy", "batch_size": 5, "epochs": 1, "optimizer": "sgd:learning_rate=0"}
    history = fit(net, X, y, sample_weight=w, validation=(X + 1, y, w), **settings)
    assert history["loss"][0] == pytest.approx(evaluate(net, X, y, sample_weight=w)["loss"], rel=1e-12)
    held = evaluate(net, X + 1, y, sample_weight=w)["loss"]
    assert history["validation_loss"][0] == pytest.approx(held, rel=1e-12)


def test_class_weights_are_those_of_pytorch(pytorch, targets_for):
    X, y = problem("cross_entropy", targets_for)
    _, history = trained(X, y, loss="cross_entropy", class_weight={0: 2.0, 2: 0.5})
    start = MLP([4, 5, K], "tanh", dtype="float64", seed=2)
    weight = pytorch.tensor([2.0, 1.0, 0.5], dtype=pytorch.torch.float64)
    peer = pytorch.torch.nn.functional.cross_entropy(pytorch.tensor(start.logits(X)), pytorch.tensor(y), weight)
    assert history.steps[0] == pytest.approx(peer.item(), rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_balanced_is_that_of_scikit_learn(weighted):
    peer = pytest.importorskip("sklearn.utils.class_weight")
    rng = np.random.default_rng(0)
    y = rng.choice(4, 50, p=[0.6, 0.3, 0.1, 0])  # no row of the last class
    w = rng.random((50, 1)) if weighted else None
    found = class_weights(MLP([2, 4]), LOSSES.make("cross_entropy"), y, "balanced", w)
    kwargs = {"sample_weight": w[:, 0]} if weighted else {}
    expected = peer.compute_class_weight("balanced", classes=np.unique(y), y=y, **kwargs)
    assert found[:3] == pytest.approx(expected, rel=1e-12)
    assert found[3] == 1


def test_class_and_row_weights_multiply(targets_for):
    X, y = problem("cross_entropy", targets_for)
    w = np.linspace(0.1, 2, N)
    both, _ = trained(X, y, loss="cross_entropy", sample_weight=w, class_weight={1: 3})
    product, _ = trained(X, y, loss="cross_entropy", sample_weight=w * np.where(y == 1, 3, 1))
    np.testing.assert_allclose(both.params.theta, product.params.theta, rtol=1e-12)


def test_classes_are_named_by_id_or_by_name_and_weigh_the_validation_loss(targets_for):
    X, y = problem("cross_entropy", targets_for)
    target = Classes(("cat", "dog", "owl"))
    by_name, history = trained(
        X, y, target=target, loss="cross_entropy", class_weight={"dog": 3.0}, validation=(X + 1, y)
    )
    by_id, _ = trained(X, y, loss="cross_entropy", class_weight={1: 3.0})
    assert by_name.params.theta.tobytes() == by_id.params.theta.tobytes()
    w = np.where(y == 1, 3.0, 1.0)
    assert history["validation_loss"][-1] == pytest.approx(
        evaluate(by_id, X + 1, y, sample_weight=w)["loss"], rel=1e-12
    )
    with pytest.raises(SettingError, match="names 'dgo', which is no class"):
        trained(X, y, target=target, loss="cross_entropy", class_weight={"dgo": 3.0})
    with pytest.raises(SettingError, match="names one class twice: 1 and 'dog'"):
        trained(X, y, target=target, loss="cross_entropy", class_weight={1: 2, "dog": 3.0})


def test_one_yes_or_no_output_has_two_classes():
    X, y = np.random.default_rng(0).normal(size=(N, 4)), np.arange(N) % 4 == 0
    net = MLP([4, 1], dtype="float64")
    w = np.where(y, 5.0, 1.0)
    settings = {"loss": "binary_cross_entropy", "epochs": 1, "optimizer": "sgd:learning_rate=0"}
    weighted = fit(net, X, y, class_weight={1: 5}, **settings).steps[0]
    assert weighted == pytest.approx(fit(net, X, y, sample_weight=w, **settings).steps[0], rel=1e-12)


def test_the_notation_of_the_command_line():
    assert parse_class_weight("balanced") == "balanced"
    assert parse_class_weight("cat=1, a=b=2.5") == {"cat": 1.0, "a=b": 2.5}
    for text in ("cat", "cat=", "=1", "cat=x", "cat=nan", "cat=1,"):
        with pytest.raises(SettingError, match="a class weight is"):
            parse_class_weight(text)
    with pytest.raises(SettingError, match="twice"):
        parse_class_weight("a=1,a=2")
