"""``cr.evaluate`` with metrics asked for by name."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.errors import ChainruleError, InputError, SettingError, UnknownNameError
from chainrule.metrics import METRICS
from chainrule.targets.values import Values

SCALARS = {name: cls for name, cls in METRICS.classes().items() if cls.scalar}
ONE_LABEL = {"top_k"}  # refuses several answers a row


def problem(loss, d_out, rng):
    """A network that has not learned anything, rows and answers."""
    net = cr.MLP([3, 4, d_out], "tanh", loss=loss, seed=1)
    X = rng.normal(size=(40, 3))
    if loss == "cross_entropy":
        return net, X, rng.integers(0, d_out, 40)
    if loss == "binary_cross_entropy":
        return net, X, rng.integers(0, 2, (40, d_out) if d_out > 1 else 40)
    return net, X, rng.normal(size=(40, d_out))


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mean_squared_error"])
@pytest.mark.parametrize("d_out", [1, 2, 3])
def test_each_metric_is_given_what_it_reads(loss, d_out, rng):
    if (loss, d_out) == ("cross_entropy", 1):
        d_out = 5
    net, X, y = problem(loss, d_out, rng)
    names = [
        name
        for name, cls in SCALARS.items()
        if cls.task == net.loss.task and not (y.ndim > 1 and name in ONE_LABEL)
    ]
    found = cr.evaluate(net, X, y, metrics=names)
    assert {**cr.evaluate(net, X, y), **found} == found
    assert set(names) <= set(found)
    for name in names:
        predicted = net.predict_proba(X) if SCALARS[name].reads == "probabilities" else net.predict(X)
        assert found[name] == pytest.approx(SCALARS[name]()(y, predicted), rel=1e-6), name


def test_without_metrics_the_result_is_what_it_was(rng):
    net, X, y = problem("cross_entropy", 3, rng)
    assert list(cr.evaluate(net, X, y)) == ["loss", "accuracy"]
    assert cr.evaluate(net, X, y, metrics=["accuracy"]) == cr.evaluate(net, X, y)


def test_a_metric_stands_in_the_result_as_it_was_asked_for(rng):
    net, X, y = problem("cross_entropy", 4, rng)
    asked = [
        "top_k:k=3",
        {"name": "top_k", "k": 1},
        cr.metrics.F1(average="micro"),
        cr.metrics.Brier(),
        "top_k:k=2",
    ]
    found = cr.evaluate(net, X, y, metrics=asked)
    assert list(found) == ["loss", "accuracy", "top_k:k=3", "top_k:k=1", "f1:average=micro", "brier", "top_k:k=2"]
    assert found["top_k:k=1"] == found["accuracy"] == found["f1:average=micro"]
    assert found["top_k:k=1"] <= found["top_k:k=2"] <= found["top_k:k=3"]


def test_the_log_loss_is_the_cross_entropy_where_nothing_is_sure(rng):
    for loss, d_out in (("cross_entropy", 3), ("binary_cross_entropy", 1), ("binary_cross_entropy", 3)):
        found = cr.evaluate(*problem(loss, d_out, rng), metrics=["log_loss"])
        assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-5)


def test_metrics_of_values_are_in_the_targets_own_unit(rng):
    net, X, y = problem("mean_squared_error", 1, rng)
    prices = 1e6 + 100 * y[:, 0]
    net.target = Values.fit(prices[:, None], ("price",))
    expected = np.abs(prices - net.predict(X)[:, 0]).mean()
    for answers in (prices, prices[:, None], prices.tolist()):
        found = cr.evaluate(net, X, answers, metrics=["absolute_error", "pinball"])
        assert found["absolute_error"] == pytest.approx(expected, rel=1e-12)
        assert found["pinball"] == pytest.approx(expected / 2, rel=1e-12)


def test_classes_given_by_name_are_looked_up(rng):
    net, X, y = problem("cross_entropy", 2, rng)
    net.target = cr.targets.Classes(("no", "yes"))
    names = np.array(["no", "yes"])[y]
    assert cr.evaluate(net, X, names, metrics=["roc_auc"]) == cr.evaluate(net, X, y, metrics=["roc_auc"])


@pytest.mark.parametrize(
    ("loss", "metrics", "error", "says"),
    [
        ("cross_entropy", ["roc_acu"], UnknownNameError, "unknown metric 'roc_acu'. Did you mean 'roc_auc'"),
        ("cross_entropy", ["top_k:n=3"], SettingError, "top_k has no setting 'n'"),
        (
            "cross_entropy",
            ["r2"],
            SettingError,
            "r2 is for values, and cross_entropy for classes. What suits: acc",
        ),
        (
            "mean_squared_error",
            ["roc_auc"],
            SettingError,
            "for values. What suits: absolute_error, pinball, r2, squ",
        ),
        ("cross_entropy", ["confusion_matrix"], SettingError, "confusion_matrix is no single number"),
        ("cross_entropy", "f1", SettingError, "metrics is a list"),
        ("cross_entropy", {"name": "f1"}, SettingError, "metrics is a list"),
        ("cross_entropy", cr.metrics.F1(), SettingError, "metrics is a list"),
        ("cross_entropy", [3], SettingError, "expected a metric"),
        ("cross_entropy", ["f1:average=binary"], InputError, "labels from 0 to 2. Try average=macro"),
        ("binary_cross_entropy", ["top_k"], InputError, "top_k takes one label a row"),
    ],
)
def test_what_does_not_suit_is_one_line(loss, metrics, error, says, rng):
    net, X, y = problem(loss, 3, rng)
    with pytest.raises(error, match=says) as raised:
        cr.evaluate(net, X, y, metrics=metrics)
    assert isinstance(raised.value, ChainruleError)
    assert "\n" not in str(raised.value)
