"""The same random_state, data and settings give scikit-learn's losses and weights, from the first weights on."""

import numpy as np
import pytest
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor
from chainrule.estimators.solvers import AdamEpsilonHat, VelocitySGD

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

THREE = datasets.make_classification(150, 8, n_informative=5, n_classes=3, random_state=0)
TWO = datasets.make_classification(150, 8, random_state=1)
SEVERAL = datasets.make_multilabel_classification(150, 8, n_classes=4, random_state=0)
ONE_OUTPUT = datasets.make_regression(150, 8, noise=5, random_state=0)
COUNTS = ONE_OUTPUT[0], np.random.default_rng(0).poisson(np.exp(ONE_OUTPUT[0][:, 0]))
SETTINGS = [
    {},
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False, "batch_size": 32},
    {"solver": "sgd", "momentum": 0.0, "shuffle": False, "batch_size": 64},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.05, "power_t": 0.3},
    {"batch_size": 32, "hidden_layer_sizes": (20, 10), "activation": "tanh", "alpha": 0.1},
    {"batch_size": 50, "activation": "logistic", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    {"hidden_layer_sizes": (), "activation": "identity", "alpha": 0.0},
    {"early_stopping": True, "batch_size": 20, "validation_fraction": 0.2},
    {"solver": "lbfgs", "hidden_layer_sizes": 10},
    {"solver": "lbfgs", "hidden_layer_sizes": 10, "max_iter": 200, "max_fun": 3},
]


def name(settings):
    return ",".join(f"{key}={value}" for key, value in settings.items()) or "defaults"


def both(ours, theirs, X, y, **settings):
    sample_weight = settings.pop("sample_weight", None)
    settings = {"max_iter": 5, "random_state": 3, **settings}
    return [cls(**settings).fit(X, y, sample_weight=sample_weight) for cls in (ours, theirs)]


def held_equal(a, b, tolerance=1e-10):
    """Losses and weights; by the size of the largest, as they are sums of terms of that size."""
    for got, wanted in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() <= tolerance * max(1, np.abs(wanted).max())
    assert a.loss_ == pytest.approx(b.loss_, rel=tolerance)
    for attribute in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(a, attribute) == getattr(b, attribute), attribute
    if a.solver == "lbfgs":
        return
    assert np.allclose(a.loss_curve_, b.loss_curve_, rtol=tolerance, atol=0)
    for attribute in ("best_loss_", "validation_scores_", "best_validation_score_"):
        wanted = getattr(b, attribute)
        got = getattr(a, attribute)
        assert (got is None) == (wanted is None), attribute
        assert wanted is None or np.allclose(got, wanted, rtol=tolerance, atol=0), attribute


@pytest.mark.parametrize("settings", SETTINGS, ids=name)
@pytest.mark.parametrize("data", [TWO, THREE, SEVERAL], ids=["two", "three", "several"])
def test_classifiers_are_equal(data, settings):
    a, b = both(MLPClassifier, neural_network.MLPClassifier, *data, **settings)
    held_equal(a, b)
    assert np.array_equal(a.predict(data[0]), b.predict(data[0]))
    assert np.allclose(a.predict_proba(data[0]), b.predict_proba(data[0]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("settings", SETTINGS, ids=name)
@pytest.mark.parametrize(("loss", "data"), [("squared_error", ONE_OUTPUT), ("poisson", COUNTS)])
def test_regressors_are_equal(loss, data, settings):
    rate = {"learning_rate_init": 1e-4} if settings.get("solver") == "sgd" else {}
    a, b = both(MLPRegressor, neural_network.MLPRegressor, *data, loss=loss, **settings | rate)
    held_equal(a, b)
    assert np.allclose(a.predict(data[0]), b.predict(data[0]), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_sample_weights_are_equal(solver, rng):
    weight = rng.uniform(0.1, 3, 150)
    for ours, theirs, data in (
        (MLPClassifier, neural_network.MLPClassifier, THREE),
        (MLPRegressor, neural_network.MLPRegressor, ONE_OUTPUT),
    ):
        rate = 1e-5 if solver == "sgd" else 1e-3
        settings = {"solver": solver, "batch_size": 40, "alpha": 1.0, "learning_rate_init": rate}
        held_equal(*both(ours, theirs, *data, sample_weight=weight, **settings))


def test_long_fits_stop_at_the_same_epoch_and_at_the_same_rates():
    X, y = StandardScaler().fit_transform(THREE[0]), THREE[1]
    settings = {"max_iter": 400, "tol": 2e-3, "batch_size": 30, "n_iter_no_change": 3}
    adaptive = {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1}
    for more in ({}, adaptive):
        a, b = both(MLPClassifier, neural_network.MLPClassifier, X, y, **settings, **more)
        assert 10 < a.n_iter_ < 400
        held_equal(a, b)


@pytest.mark.parametrize("kind", ["stream", "warm"])
def test_going_on_is_equal(kind):
    X, y = THREE
    models = [
        cls(random_state=0, max_iter=3, warm_start=True) for cls in (MLPClassifier, neural_network.MLPClassifier)
    ]
    for model in models:
        for part in (slice(0, 60), slice(60, 150), slice(0, 150)):
            if kind == "stream":
                model.partial_fit(X[part], y[part], classes=[0, 1, 2])
            else:
                model.fit(X[part], y[part])
    held_equal(*models)


def test_float32_features_make_a_float32_network_in_both():
    X = THREE[0].astype(np.float32)
    a, b = both(MLPClassifier, neural_network.MLPClassifier, X, THREE[1])
    assert {w.dtype for w in a.coefs_} == {w.dtype for w in b.coefs_} == {np.dtype("float32")}
    held_equal(a, b, tolerance=1e-4)  # float32 has 1e-7, and Adam's first steps divide by a root of such


def test_sparse_features_give_the_same_as_dense_ones():
    from scipy.sparse import csc_array, csr_matrix

    X, y = THREE
    X = np.where(np.abs(X) > 1, X, 0)
    dense = MLPClassifier(random_state=0, max_iter=5, batch_size=40).fit(X, y)
    for kind in (csr_matrix, csc_array):
        sparse = MLPClassifier(random_state=0, max_iter=5, batch_size=40).fit(kind(X), y)
        held_equal(sparse, dense)
        assert np.array_equal(sparse.predict_proba(kind(X)), dense.predict_proba(X))


def test_the_gradient_of_several_outputs_is_that_of_the_loss():
    """Ours is k times scikit-learn's smaller, whose gradient is not that of its loss (issue 8349)."""
    X, Y = datasets.make_regression(60, 5, n_targets=3, random_state=0)
    settings = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 1e-6, "alpha": 0.0}
    settings |= {"max_iter": 1, "random_state": 0, "activation": "tanh", "shuffle": False, "batch_size": 60}
    moved = []
    for cls in (MLPRegressor, neural_network.MLPRegressor):
        start = cls(**settings | {"learning_rate_init": 1e-300}).fit(X, Y)
        moved.append([v - w for v, w in zip(cls(**settings).fit(X, Y).coefs_, start.coefs_, strict=True)])
    for ours, theirs in zip(*moved, strict=True):
        assert np.allclose(3 * ours, theirs, rtol=1e-6, atol=1e-12)
    start = MLPRegressor(**settings | {"learning_rate_init": 1e-300}).fit(X, Y)
    W, h = start.coefs_[0], 1e-5
    losses = []
    for step in (h, -2 * h):
        W[2, 1] += step
        losses.append(np.mean((start.predict(X) - Y) ** 2) / 2)
    # the step is the rate, 1e-6, times the derivative
    assert moved[0][0][2, 1] == pytest.approx(-1e-6 * (losses[0] - losses[1]) / (2 * h), rel=1e-4)


@pytest.mark.parametrize(
    "optimizer", [AdamEpsilonHat(epsilon=1e-4), VelocitySGD(0.1), VelocitySGD(0.1, 0.5, False)], ids=repr
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_compiled_step_is_the_plain_one(optimizer, dtype, rng):
    pytest.importorskip("numba")
    ends = []
    for step in (optimizer.step, optimizer.fused):
        draw = np.random.default_rng(0)
        theta = draw.normal(size=50).astype(dtype)
        state, scratch = optimizer.start(theta), optimizer.scratch_for(theta)
        for t in range(1, 21):
            step(theta, draw.normal(size=50).astype(dtype), state, t, optimizer.learning_rate, scratch)
        ends.append(theta)
    assert np.allclose(*ends, rtol=0, atol=1e-5 if dtype == "float32" else 1e-14)


def test_the_engines_agree():
    pytest.importorskip("numba")
    for data in (TWO, THREE, SEVERAL):
        held_equal(*(MLPClassifier(max_iter=5, random_state=0, engine=e).fit(*data) for e in ("numpy", "fused")))
    held_equal(*(MLPRegressor(max_iter=5, random_state=0, engine=e).fit(*ONE_OUTPUT) for e in ("numpy", "fused")))


def test_the_shelf_has_the_other_adam_and_the_difference_is_where_epsilon_stands():
    X, y = THREE
    hat = MLPClassifier(max_iter=1, random_state=0).fit(X, y)
    ours = MLPClassifier(max_iter=1, random_state=0, solver=cr.optimizers.Adam()).fit(X, y)
    by = max(np.abs(a - b).max() for a, b in zip(hat.coefs_, ours.coefs_, strict=True))
    assert 0 < by < 1e-4
    # in the first step, epsilon before the correction is epsilon / sqrt(1 - beta_2) after it
    same = cr.optimizers.Adam(epsilon=1e-8 / np.sqrt(1 - 0.999))
    same = MLPClassifier(max_iter=1, random_state=0, solver=same).fit(X, y)
    held_equal(same, hat)


def test_a_fit_that_does_not_converge_warns_as_there():
    for settings in ({}, {"solver": "lbfgs"}):
        for cls in (MLPClassifier, neural_network.MLPClassifier):
            with pytest.warns(ConvergenceWarning):
                cls(max_iter=2, **settings).fit(*THREE)
    for cls in (MLPClassifier, neural_network.MLPClassifier):
        with pytest.warns(UserWarning, match="It is going to be clipped"):
            cls(max_iter=1, batch_size=1000).fit(*THREE)


def test_verbose_prints_the_same_lines(capsys):
    said = []
    for cls in (MLPClassifier, neural_network.MLPClassifier):
        cls(max_iter=50, tol=0.05, verbose=True, early_stopping=True, random_state=0).fit(*THREE)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "did not improve more than tol" in said[0]
