"""What fit refuses, in one line that says what to try, before anything has changed; and what just works."""

import numpy as np
import pytest

import chainrule
from chainrule import MLP, Network, evaluate, fit
from chainrule.core.errors import (
    ChainruleError,
    InputError,
    NotFittedError,
    SettingError,
    ShapeError,
    UnknownNameError,
)
from chainrule.layers import Dense
from chainrule.losses import LOSSES

X = np.arange(40.0).reshape(10, 4) / 40
LABELS = np.arange(10) % 3
VALUES = X[:, :3]
NAN = X.copy()
NAN[3, 2] = np.nan


def refused(error, *says, features=X, answers=LABELS, network=None, **settings):
    """The case fails with this error, and its message has these words."""
    return pytest.param(features, answers, network, settings, error, says, id=f"{error.__name__}-{says[0]}"[:60])


CASES = [
    refused(SettingError, "batch_size 11 is more than the 10 rows", '"full"', batch_size=11),
    refused(SettingError, "batch_size is a whole number from 1", batch_size=0),
    refused(SettingError, "batch_size is a whole number from 1", batch_size=-4),
    refused(SettingError, "not 2.5", batch_size=2.5),
    refused(SettingError, "not True", batch_size=True),
    refused(SettingError, "not 'all'", batch_size="all"),
    refused(SettingError, "epochs is a whole number of at least 1, not 0", epochs=0),
    refused(SettingError, "epochs", epochs=-1),
    refused(SettingError, "epochs", epochs=1.5),
    refused(SettingError, "epochs", epochs=True),
    refused(SettingError, "seed", seed=-1),
    refused(SettingError, "seed", seed="x"),
    refused(SettingError, "fit needs a loss, one of", "cross_entropy", loss=None),
    refused(UnknownNameError, "unknown loss 'crossentropy'", "Did you mean 'cross_entropy'?", loss="crossentropy"),
    refused(UnknownNameError, "unknown optimizer 'adm'", "Did you mean 'adam'?", optimizer="adm"),
    refused(UnknownNameError, "unknown schedule 'onecycle'", "Did you mean 'one_cycle'?", schedule="onecycle"),
    refused(SettingError, "no setting 'lr'", optimizer="adam:lr=0.1"),
    refused(SettingError, "learning_rate", optimizer="adam:learning_rate=-1"),
    refused(
        SettingError, "learning_rate is a number, not True", optimizer={"name": "adam", "learning_rate": True}
    ),
    refused(SettingError, "expected", optimizer=chainrule.optimizers.Adam),
    refused(SettingError, "expected", optimizer=chainrule.activations.ReLU()),
    refused(SettingError, "expected", schedule=chainrule.activations.ReLU()),
    refused(SettingError, "expected", loss=chainrule.activations.ReLU()),
    refused(SettingError, "expected", optimizer=None),
    refused(InputError, "X has nan at row 3, column 2", features=NAN),
    refused(InputError, "X has inf", features=np.where(X > 0.9, np.inf, X)),
    refused(InputError, "X, as float32, has inf", features=X * 1e300),
    refused(InputError, "X holds text", features=X.astype(str)),
    refused(ShapeError, "X has shape (10,)", "X[:, None]", features=X[:, 0]),
    refused(ShapeError, "takes 4 features; X has 3", features=X[:, :3]),
    refused(ShapeError, "transposed: try X.T", features=X.T),
    refused(InputError, "X is empty", features=X[:0], answers=LABELS[:0]),
    refused(ShapeError, "X has 10 rows, y has 9", answers=LABELS[:9]),
    refused(ShapeError, "X has 10 rows, y has 1;", answers=3),
    refused(ChainruleError, "fit needs targets", answers=None),
    refused(InputError, "label 3 at row 2 is out of range", answers=LABELS + 1),
    refused(InputError, "label -1 at row 0", answers=LABELS - 1),
    refused(InputError, "class labels are integers", "y.astype(int)", answers=LABELS.astype(float)),
    refused(InputError, "text", answers=np.array(list("abcabcabca"))),
    refused(InputError, "object", answers=np.array([None] * 10)),
    refused(ShapeError, "Try y.ravel()", answers=LABELS[:, None]),
    refused(InputError, "rectangular", answers=[[1, 2], [3]] * 5),
    refused(InputError, "masked", answers=np.ma.masked_equal(LABELS, 2)),
    refused(InputError, "sums to", "binary_cross_entropy", answers=VALUES + 1),
    refused(ShapeError, "(10, 3)", "(10,)", answers=X[:, 0], loss="mean_squared_error"),
    refused(InputError, "the target has nan at row 3", answers=NAN[:, :3], loss="mean_squared_error"),
    refused(InputError, "the target, as float32, has inf", answers=VALUES * 1e300, loss="mean_squared_error"),
    refused(ShapeError, "(10, 3)", answers=LABELS, loss="binary_cross_entropy"),
    refused(InputError, "0, 1 or probabilities between", answers=VALUES + 1, loss="binary_cross_entropy"),
    refused(SettingError, "ends in softmax", network=MLP([4, 3], output="softmax"), loss="binary_cross_entropy"),
    refused(ShapeError, "needs two outputs", network=MLP([4, 1])),
    refused(InputError, "fit takes a chainrule Network first", network=object()),
    refused(InputError, "validation is a pair (X, y)", validation=X),
    refused(InputError, "or a triple (X, y, sample_weight)", validation=(X, LABELS, LABELS, X)),
    refused(ShapeError, "sample_weight has shape (10, 4)", "(10,)", validation=(X, LABELS, X)),
    refused(ShapeError, "sample_weight has shape (9,)", sample_weight=np.ones(9)),
    refused(InputError, "sample_weight is -1 at row 2", sample_weight=np.where(LABELS == 2, -1, 1)),
    refused(InputError, "sample_weight is 0 in every row", sample_weight=np.zeros(10)),
    refused(InputError, "sample_weight has nan", sample_weight=NAN[:, 2]),
    refused(SettingError, 'class_weight is "balanced" or a dictionary', class_weight="even"),
    refused(SettingError, 'class_weight is "balanced" or a dictionary', class_weight=[1, 2, 3]),
    refused(SettingError, "class_weight names class 3; with 3 classes", class_weight={3: 2}),
    refused(SettingError, "a class by its id, from 0 to 2; not 'cat'", class_weight={"cat": 2}),
    refused(SettingError, "the weight of 1", class_weight={1: -1}),
    refused(
        SettingError,
        "mean_squared_error is for values; use sample_weight",
        class_weight="balanced",
        loss="mean_squared_error",
        answers=VALUES,
    ),
    refused(
        SettingError,
        "several answers a row",
        class_weight="balanced",
        loss="binary_cross_entropy",
        answers=np.eye(3, dtype=int)[LABELS],
    ),
    refused(
        SettingError, "the target holds probabilities", class_weight="balanced", answers=np.full((10, 3), 1 / 3)
    ),
    refused(SettingError, "regularization is a list", regularization="l2"),
    refused(UnknownNameError, "unknown regularizer 'l3'", regularization=["l3"]),
    refused(SettingError, "l2: strength", regularization=["l2:strength=-1"]),
    refused(SettingError, "one average of the weights at most, not ema and swa", regularization=["ema", "swa"]),
    refused(SettingError, "metrics is a list", metrics="f1"),
    refused(SettingError, "the metric r2 is for values", metrics=["r2"]),
    refused(ShapeError, "takes 4 features; X has 3", validation=(X[:, :3], LABELS)),
    refused(ShapeError, "validation: X has 10 rows, y has 5", validation=(X, LABELS[:5])),
    refused(InputError, "nan at row 3", validation=(NAN, LABELS)),
    refused(InputError, "label 3", validation=(X, LABELS + 1)),
]


@pytest.mark.parametrize(("features", "answers", "network", "settings", "error", "says"), CASES)
def test_what_cannot_be_trained_is_refused_in_one_line(features, answers, network, settings, error, says):
    network = MLP([4, 5, 3], "relu", seed=0) if network is None else network
    before = network.params.theta.tobytes() if isinstance(network, Network) else None
    with pytest.raises(error) as raised:
        fit(network, features, answers, **{"loss": "cross_entropy", "epochs": 2, **settings})
    message = str(raised.value)
    for words in says:
        assert words in message
    assert "\n" not in message
    assert isinstance(raised.value, ChainruleError)
    if before is not None:
        assert network.params.theta.tobytes() == before
        assert network.loss is None


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch_size", [None, 1, "full"])
def test_one_row_works(loss, batch_size, targets_for, rng):
    net = MLP([4, 5, 3], "relu")
    y = next(iter(targets_for(LOSSES.make(loss), 1, 3, rng).values()))
    history = fit(net, X[:1], y, loss=loss, batch_size=batch_size, epochs=3, validation=(X[:1], y))
    assert len(history.steps) == 3


@pytest.mark.parametrize(
    ("k", "loss", "y"),
    [
        (3, "cross_entropy", LABELS.tolist()),
        (3, "cross_entropy", LABELS.astype(np.uint8)),
        (3, "cross_entropy", np.eye(3)[LABELS]),
        (2, "cross_entropy", LABELS > 0),
        (1, "binary_cross_entropy", LABELS > 0),
        (1, "binary_cross_entropy", (LABELS > 0).tolist()),
        (3, "binary_cross_entropy", np.eye(3, dtype=int)[LABELS]),
        (1, "mean_squared_error", LABELS),
        (1, "mean_squared_error", X[:, 0].tolist()),
        (3, "mean_squared_error", np.asfortranarray(VALUES)),
    ],
)
@pytest.mark.parametrize(
    "features", [X, X.tolist(), X.astype(np.float16), np.asfortranarray(X)], ids=lambda x: type(x).__name__
)
def test_answers_and_features_come_in_many_forms(k, loss, y, features):
    net = MLP([4, 5, k], "tanh")
    history = fit(net, features, y, loss=loss, epochs=2, batch_size=4)
    assert np.isfinite(history.steps).all()
    assert evaluate(net, features, y)["loss"] < 100


def test_a_loss_the_network_brings_is_used():
    net = MLP([4, 3], loss={"name": "cross_entropy", "reduction": "sum"})
    by_sum = fit(net, X, LABELS, batch_size="full", epochs=1, optimizer="sgd:learning_rate=0").steps[0]
    by_mean = fit(
        MLP([4, 3]), X, LABELS, loss="cross_entropy", batch_size="full", epochs=1, optimizer="sgd:learning_rate=0"
    ).steps[0]
    assert by_sum == pytest.approx(10 * by_mean, rel=1e-6)


def test_evaluate_without_a_loss_or_answers_is_refused():
    with pytest.raises(NotFittedError, match="no loss yet"):
        evaluate(MLP([4, 3]), X, LABELS)
    with pytest.raises(NotFittedError, match="evaluate needs targets"):
        evaluate(MLP([4, 3], loss="cross_entropy"), X, None)
    with pytest.raises(ShapeError, match="evaluate: X has 10 rows, y has 5"):
        evaluate(MLP([4, 3], loss="cross_entropy"), X, LABELS[:5])


def test_a_network_of_one_activation_and_one_layer_trains():
    net = Network(["relu", Dense(4, 3), "softmax"])
    history = fit(net, X, LABELS, loss="cross_entropy", epochs=20)
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "optimizer", ["sgd:learning_rate=1e4", "sgd:learning_rate=10,momentum=0.9", "adam:learning_rate=1e20"]
)
def test_no_numpy_warning_escapes_from_a_wild_training(loss, optimizer, targets_for, rng):
    # warnings are errors in this suite, so a warning would be seen as one
    y = next(iter(targets_for(LOSSES.make(loss), 10, 3, rng).values()))
    net = MLP([4, 8, 8, 3], "relu")
    try:
        history = fit(net, X * 1e3, y, loss=loss, optimizer=optimizer, epochs=20, batch_size=4, validation=(X, y))
        assert np.isfinite(history.steps).all()
    except chainrule.core.errors.DivergenceError:
        assert np.isfinite(net.params.theta).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_user_who_makes_numpy_raise_can_still_train_and_predict(loss, targets_for, rng):
    y = next(iter(targets_for(LOSSES.make(loss), 10, 3, rng).values()))
    net = MLP([4, 8, 3], "sigmoid")
    with np.errstate(all="raise"):  # exp(-1000) is 0, and NumPy calls that an underflow
        fit(net, X * 1e3, y, loss=loss, optimizer="sgd:learning_rate=0.5", epochs=3, validation=(X, y))
        net.predict(X * 1e3)
        if net.loss.gives_probabilities:
            net.predict_proba(X * 1e5)
