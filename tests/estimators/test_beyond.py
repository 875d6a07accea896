"""What scikit-learn's MLPs don't do, and that it does what it says."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.utils.class_weight import compute_sample_weight

import chainrule as cr
from chainrule.core.errors import ChainruleError
from chainrule.estimators import MLPClassifier, MLPRegressor
from chainrule.estimators.building import gear

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, y = datasets.make_classification(200, 6, n_informative=4, n_classes=3, weights=[0.8, 0.15], random_state=0)
V, w = datasets.make_regression(200, 6, random_state=0)
w = w / w.std()
QUICK = {"hidden_layer_sizes": (12, 8), "max_iter": 30, "learning_rate_init": 0.02, "random_state": 0}


def equal(a, b):
    return all(
        np.array_equal(v, w) for v, w in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True)
    )


def test_class_weights_are_weights_of_rows():
    for given in ("balanced", {0: 1, 1: 4, 2: 2.5}):
        by_class = MLPClassifier(**QUICK, class_weight=given).fit(X, y)
        by_row = MLPClassifier(**QUICK).fit(X, y, sample_weight=compute_sample_weight(given, y))
        assert equal(by_class, by_row)
        assert not equal(by_class, MLPClassifier(**QUICK).fit(X, y))


def test_dropout_normalization_and_residual_blocks_are_in_the_network():
    model = MLPClassifier(
        hidden_layer_sizes=(12, 12), max_iter=5, dropout=0.3, normalization="layer_norm", residual=True
    )
    model.fit(X, y)
    names = repr(model.network_)
    for name in ("Dropout", "LayerNorm", "Residual"):
        assert name in names
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X))  # nothing is dropped when predicting


def test_each_layer_has_its_activation():
    model = MLPClassifier(**QUICK, activation=["leaky_relu:slope=0.2", cr.activations.GELU()]).fit(X, y)
    assert [m.name for m in model.network_.modules] == ["dense", "leaky_relu", "dense", "gelu", "dense"]
    with pytest.raises(ChainruleError, match="1 activations for 2 hidden layers"):
        MLPClassifier(**QUICK, activation=["relu"]).fit(X, y)


@pytest.mark.parametrize(
    "loss", ["focal", "hinge", "mean_squared_error", cr.losses.CrossEntropy(label_smoothing=0.1)]
)
def test_losses_of_the_shelf_for_classes(loss):
    model = MLPClassifier(**QUICK, loss=loss, batch_size=40).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("loss", ["huber", "absolute_error", "quantile:tau=0.9"])
def test_losses_of_the_shelf_for_values(loss):
    model = MLPRegressor(**QUICK, loss=loss, batch_size=40).fit(V, w)
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2
    if loss == "quantile:tau=0.9":
        assert 0.75 < np.mean(w < model.predict(V)) < 1
    with pytest.raises(ChainruleError, match="is for classes"):
        MLPRegressor(loss="hinge").fit(V, w)


@pytest.mark.parametrize("solver", ["rmsprop", "adamw:weight_decay=0.1", cr.optimizers.Lion(learning_rate=1e-3)])
@pytest.mark.parametrize("schedule", ["one_cycle", "reduce_on_plateau"])
def test_optimizers_and_schedules_of_the_shelf(solver, schedule):
    model = MLPClassifier(**QUICK, solver=solver, learning_rate=schedule, batch_size=40).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_a_validation_set_of_ones_own_is_scored_and_decides():
    train, held = (X[:150], y[:150]), (X[150:], y[150:])
    model = MLPClassifier(**QUICK).fit(*train, validation_data=held)
    assert len(model.validation_scores_) == len(model.validation_loss_curve_) == 30
    assert model.validation_scores_[-1] == model.score(*held)
    p = model.predict_proba(held[0])[np.arange(50), held[1]]
    assert model.validation_loss_curve_[-1] == pytest.approx(-np.log(p).mean())
    stopped = MLPClassifier(**QUICK | {"max_iter": 300}, early_stopping=True).fit(*train, validation_data=held)
    assert stopped.converged_
    assert stopped.n_iter_ < 300
    assert stopped.score(*held) == max(stopped.validation_scores_) == stopped.best_validation_score_


def test_streaming_stops_and_keeps_its_best():
    model = MLPClassifier(**QUICK, early_stopping=True, n_iter_no_change=3)
    for _ in range(200):
        model.partial_fit(X, y, classes=[0, 1, 2], validation_data=(X[:50], y[:50]))
        if model.converged_:
            break
    assert model.converged_
    assert model.score(X[:50], y[:50]) == max(model.validation_scores_)
    with pytest.raises(ValueError, match="give it validation_data"):
        MLPClassifier(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])


def test_callbacks_hear_and_may_stop():
    class Stop(cr.Callback):
        def on_epoch_end(self, trainer, row):
            self.row = row
            if row["epoch"] == 4:
                trainer.stop("enough")

    stop = Stop()
    model = MLPClassifier(**QUICK, callbacks=[stop]).fit(X, y)
    assert model.n_iter_ == 4
    assert model.converged_
    assert {"epoch", "loss", "accuracy", "learning_rate", "seconds"} <= set(stop.row)


def test_progress_shows_epochs(capsys):
    MLPClassifier(**QUICK, callbacks=["progress"]).fit(X, y)
    out = capsys.readouterr().out
    assert out.splitlines()[0].split()[:2] == ["epoch", "loss"]
    assert out.splitlines()[-1].split()[0] == "30"


def test_weights_of_ones_own_are_where_training_begins():
    model = MLPClassifier(**QUICK, warm_start=True).initialize(X, y)
    assert model.n_iter_ == 0
    for W in model.coefs_:
        W[:] = 0
    model.intercepts_ = [np.zeros_like(b) for b in model.intercepts_]  # nothing but the last ones can learn then
    model.fit(X, y)
    assert not any(W.any() for W in model.coefs_)
    assert model.intercepts_[-1].any()


def test_regularizers_of_the_shelf_work_beside_alpha():
    model = MLPClassifier(**QUICK, regularization=["max_norm:limit=0.5"]).fit(X, y)
    assert max(np.linalg.norm(W, axis=0).max() for W in model.coefs_) <= 0.5 + 1e-12


def test_gradients_with_respect_to_the_inputs():
    model = MLPRegressor(**QUICK, activation="tanh").fit(V, w)
    found = cr.input_gradients(model.network_, V[:5], output=0)
    moved = V[:5] + 1e-6 * np.eye(6)[2]
    assert np.allclose(found[:, 2], (model.predict(moved) - model.predict(V[:5])) / 1e-6, atol=1e-5)


def test_the_network_can_be_saved_without_pickle(tmp_path):
    for model, data in ((MLPClassifier(**QUICK), (X, y)), (MLPRegressor(**QUICK), (V, w))):
        model.fit(*data).network_.save(tmp_path / "m.safetensors")
        loaded = cr.load(tmp_path / "m.safetensors")
        assert np.array_equal(np.squeeze(loaded.predict(data[0])), model.predict(data[0]))


def test_a_fit_that_fails_leaves_what_was_there():
    fresh = MLPRegressor(solver="sgd", learning_rate_init=1e6, max_iter=20)
    with pytest.raises(ValueError, match="non-finite"):
        fresh.fit(V * 1e6, w)
    assert not hasattr(fresh, "coefs_")
    model = MLPRegressor(**QUICK, warm_start=True).fit(V, w)
    before = model.predict(V)
    model.set_params(solver="sgd", learning_rate_init=1e9)
    with pytest.raises(ValueError, match="non-finite"):
        model.fit(V * 1e6, w)
    assert np.array_equal(model.predict(V), before)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dropout": 1.5}, "dropout"),
        ({"activation": "rleu"}, "Did you mean 'relu'"),
        ({"solver": "admw"}, "Did you mean 'adamw'"),
        ({"loss": "log_los"}, "loss"),
        ({"device": "cuda"}, "device"),
        ({"solver": "lbfgs", "dropout": 0.5}, "stochastic"),
        ({"hidden_layer_sizes": (10, -1)}, "must be whole numbers above 0"),
        ({"class_weight": {7: 1.0}}, "not in class_weight"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(settings, says):
    with pytest.raises((ValueError, LookupError), match=says):
        MLPClassifier(**{"max_iter": 2, **settings}).fit(X, y)


def test_the_gear_depends_on_the_work_alone(monkeypatch):
    monkeypatch.delenv("CHAINRULE_ENGINE", raising=False)
    small, large = cr.MLP([4, 100, 3]), cr.MLP([784, 256, 10])
    assert gear("auto", small, 150, 150, 200) == "numpy"
    assert gear("auto", large, 60_000, 200, 200) == "auto"
    assert gear("fused", small, 150, 150, 200) == "fused"
