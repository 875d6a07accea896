"""From scikit-learn's estimators to ours and back: what they predict stays, and so does what they recorded."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn import datasets, neural_network

from chainrule.core.errors import InputError, SettingError
from chainrule.estimators import MLPClassifier, MLPRegressor, from_sklearn, to_sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, y = datasets.load_iris(return_X_y=True)
ANSWERS = {
    "three": y,
    "two": np.where(y == 2, "yes", "no"),
    "several": (y[:, None] == [0, 1, 2]).astype(int) | (X[:, :1] > 6),
    "sparse": csr_matrix((y[:, None] == [0, 1, 2]).astype(int)),
}
VALUES = {"one": X @ [1, 2, 3, 4], "two": X @ np.ones((4, 2))}
SETTINGS = {"hidden_layer_sizes": (6, 5), "max_iter": 20, "random_state": 0, "activation": "tanh"}


def dense(answer):
    return answer.toarray() if hasattr(answer, "toarray") else answer


def same(a, b, recorded):
    assert np.array_equal(dense(a.predict(X)), dense(b.predict(X))) or np.allclose(
        a.predict(X), b.predict(X), rtol=1e-12
    )
    if hasattr(a, "predict_proba"):
        assert np.allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-12, atol=1e-15)
    for name in recorded:
        assert np.array_equal(getattr(a, name), getattr(b, name)), name


RECORDED = (
    "loss_",
    "loss_curve_",
    "n_iter_",
    "t_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "n_features_in_",
)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_classifiers_there_and_back(kind, solver):
    recorded = [*RECORDED, "classes_"] if solver == "adam" else ["loss_", "n_iter_", "classes_"]
    theirs = neural_network.MLPClassifier(**SETTINGS, solver=solver).fit(X, ANSWERS[kind])
    ours = from_sklearn(theirs)
    same(ours, theirs, recorded)
    back = to_sklearn(ours)
    same(back, theirs, recorded)
    assert back.get_params() == theirs.get_params()
    for a, b in zip(back.coefs_, theirs.coefs_, strict=True):
        assert np.array_equal(a, b)
    fitted = MLPClassifier(**SETTINGS, solver=solver).fit(X, ANSWERS[kind])
    same(to_sklearn(fitted), fitted, recorded)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("kind", VALUES)
def test_regressors_there_and_back(kind, loss):
    theirs = neural_network.MLPRegressor(**SETTINGS, loss=loss).fit(X, VALUES[kind])
    same(from_sklearn(theirs), theirs, RECORDED)
    fitted = MLPRegressor(**SETTINGS, loss=loss).fit(X, VALUES[kind])
    same(to_sklearn(fitted), fitted, RECORDED)


@pytest.mark.parametrize("direction", ["from", "to"])
def test_both_go_on_learning(direction):
    if direction == "from":
        model = from_sklearn(neural_network.MLPClassifier(**SETTINGS).fit(X, y))
    else:
        model = to_sklearn(MLPClassifier(**SETTINGS).fit(X, y))
    before = model.loss_
    for _ in range(50):
        model.partial_fit(X, y)
    assert model.loss_ < before


def test_the_networks_share_no_memory():
    theirs = neural_network.MLPClassifier(**SETTINGS).fit(X, y)
    ours = from_sklearn(theirs)
    ours.coefs_[0][:] = 0
    assert theirs.coefs_[0].any()
    back = to_sklearn(ours)
    back.coefs_[1][:] = 0
    assert ours.coefs_[1].any()


def test_what_the_other_cannot_be_is_said():
    for settings, says in (
        ({"activation": "gelu"}, "activation='gelu'"),
        ({"normalization": "layer_norm"}, "layer_norm"),
    ):
        fitted = MLPClassifier(**SETTINGS | settings).fit(X, y)
        with pytest.raises(SettingError, match=says):
            to_sklearn(fitted)
    with pytest.raises(InputError, match="takes scikit-learn's"):
        from_sklearn(MLPClassifier(**SETTINGS).fit(X, y))
    with pytest.raises(InputError, match="takes chainrule's"):
        to_sklearn(neural_network.MLPClassifier(**SETTINGS).fit(X, y))
