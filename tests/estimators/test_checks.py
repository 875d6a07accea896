"""scikit-learn's own list of checks, over several configurations of ours and, as the control, over its own MLPs."""

import pytest
from sklearn import neural_network
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:Got `batch_size` less than 1:UserWarning",
)
SMALL = {"hidden_layer_sizes": 20, "max_iter": 60, "learning_rate_init": 0.01}
STREAMED = (
    "check_fit_score_takes_y",
    "check_n_features_in_after_fitting",
    "check_estimators_partial_fit_n_features",
)
WEIGHTS = ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data")


def expected_failures(estimator):
    """Nothing of fits that take all rows alike; below, those of which a row counts for more than its loss.

    scikit-learn's own MLPs fail the same checks in the settings that they share; the failures are strict.
    """
    failing = {}
    if why := counts_rows(estimator):
        failing |= dict.fromkeys(WEIGHTS, f"a row of weight 2 is not two rows: {why}")
    if estimator.early_stopping:
        why = "partial_fit with early_stopping has nothing to judge unless it is given validation_data"
        failing |= dict.fromkeys(STREAMED, why)
    return failing


def counts_rows(estimator):
    if estimator.early_stopping:
        return "whole rows are held back, at random"
    if estimator.learning_rate == "invscaling":
        return "the rate falls with the number of rows seen"
    if getattr(estimator, "dropout", 0):
        return "a mask is drawn for each row"
    if getattr(estimator, "dtype", None) == "float32":
        return "in float32 sums of other terms are rounded otherwise, and 60 epochs enlarge that"
    return None


CLASSIFIERS = [
    MLPClassifier(**SMALL),
    MLPClassifier(hidden_layer_sizes=20, solver="lbfgs", max_iter=40),
]
REGRESSORS = [
    MLPRegressor(**SMALL),
    MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", max_iter=40),
]
MORE = [
    MLPClassifier(hidden_layer_sizes=20, solver="sgd", learning_rate="adaptive", learning_rate_init=0.2, max_iter=60),
    MLPClassifier(hidden_layer_sizes=(20, 10), activation=["tanh", "leaky_relu"], early_stopping=True, validation_fraction=0.4, max_iter=60, learning_rate_init=0.01),
    MLPClassifier(**SMALL, dropout=0.1, normalization="layer_norm", class_weight="balanced"),
    MLPClassifier(**SMALL, solver="rmsprop", loss="focal", dtype="float32"),
    MLPClassifier(**SMALL, loss="hinge", learning_rate="one_cycle", regularization=["clip_norm:limit=1"]),
    MLPRegressor(hidden_layer_sizes=20, solver="sgd", learning_rate="invscaling", learning_rate_init=0.05, max_iter=60),
    MLPRegressor(hidden_layer_sizes=(20, 10), activation=["tanh", "leaky_relu"], early_stopping=True, validation_fraction=0.4, max_iter=60, learning_rate_init=0.01),
    MLPRegressor(**SMALL, dropout=0.1, normalization="layer_norm"),
    MLPRegressor(**SMALL, solver="rmsprop", loss="huber"),
    MLPRegressor(**SMALL, residual=False, initializer="he", learning_rate="one_cycle", regularization=["clip_norm:limit=1"]),
]  # fmt: skip
CONTROL = [
    neural_network.MLPClassifier(**SMALL),
    neural_network.MLPClassifier(hidden_layer_sizes=20, solver="lbfgs", max_iter=40),
    neural_network.MLPClassifier(**SMALL, early_stopping=True, validation_fraction=0.4),
    neural_network.MLPRegressor(**SMALL),
    neural_network.MLPRegressor(**SMALL | {"learning_rate_init": 0.05}, solver="sgd", learning_rate="invscaling"),
    neural_network.MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", max_iter=40),
]


@parametrize_with_checks(CLASSIFIERS + REGRESSORS, expected_failed_checks=expected_failures, xfail_strict=True)
def test_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.thorough
@parametrize_with_checks(MORE, expected_failed_checks=expected_failures, xfail_strict=True)
def test_the_checks_in_more_configurations(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(CONTROL, expected_failed_checks=expected_failures)
def test_scikit_learn_itself_passes_its_checks(estimator, check):
    check(estimator)
