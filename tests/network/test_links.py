"""What predictions mean under each loss's link: means, shares, classes, and where there are no probabilities."""

import numpy as np
import pytest

from chainrule.core.errors import InputError, NotFittedError, SettingError
from chainrule.losses import LOSSES
from chainrule.network import MLP
from chainrule.targets import TARGETS

# outputs -> losses that decide on classes, in the form of each row's answer
CLASSES = [spec for spec in LOSSES.examples() if spec.task == "classes" and spec.reduction == "mean"]


def network(loss, outputs=3, dtype="float64", **settings):
    return MLP([4, outputs], loss=loss, dtype=dtype, seed=1, **settings)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_under_a_log_link_predictions_are_means_in_the_targets_unit(loss, rng):
    target = TARGETS.make({"name": "values", "names": ["visits"], "mean": [0.0], "scale": [1.0]})
    net, X = network(loss, 1, target=target), rng.normal(size=(6, 4))
    np.testing.assert_allclose(net.predict(X), np.exp(net.logits(X)), rtol=1e-15)
    np.testing.assert_array_equal(net.predictor(6)(X), net.predict(X))
    with pytest.raises(NotFittedError, match="gives values, not probabilities"):
        net.predict_proba(X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_mean_beyond_the_floats_is_an_error_that_names_the_row(dtype):
    net = network("poisson", 1, dtype)
    net.params.theta[:] = [1, 0, 0, 0, 0]
    X = np.zeros((3, 4))
    X[2, 0] = 1000
    for predict in (net.predict, net.predictor(3)):
        with pytest.raises(InputError, match=rf"row 2 is exp\(1000\), too large for {dtype}"):
            predict(X)


def test_shares_are_predicted_as_shares(rng):
    net, X = network("kl_divergence"), rng.normal(size=(6, 4))
    shares = np.exp(net.logits(X))
    np.testing.assert_allclose(net.predict(X), shares / shares.sum(axis=1, keepdims=True), rtol=1e-14)


@pytest.mark.parametrize("loss", CLASSES, ids=repr)
@pytest.mark.parametrize("classes", [2, 3])
def test_classes_are_ids_whatever_the_loss(loss, classes, rng):
    try:
        outputs = loss.outputs(classes)
    except SettingError:
        return
    target = TARGETS.make({"name": "classes", "names": ["a", "b", "c"][:classes]})
    net, X = network(loss, outputs, target=target), rng.normal(size=(40, 4))
    predicted = net.predict(X)
    assert predicted.shape == (40,)
    assert set(predicted) <= set(range(classes))
    np.testing.assert_array_equal(net.predictor(40)(X), predicted)
    if loss.gives_probabilities:
        np.testing.assert_array_equal(net.predict_proba(X).argmax(axis=1), predicted)
    else:
        with pytest.raises(NotFittedError, match=f"{loss.name} learns no probabilities; use predict"):
            net.predict_proba(X)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_sigmoid_or_softmax_stands_only_before_a_loss_that_takes_outputs_as_they_are(loss, output):
    if LOSSES[loss].wants_logits and LOSSES[loss].link != output:
        with pytest.raises(SettingError, match=f"ends in {output}, but {loss} takes logits"):
            network(loss, output=output)
    else:
        assert network(loss, output=output).modules[-1].name == output
