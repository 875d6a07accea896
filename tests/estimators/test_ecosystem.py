"""The estimators among scikit-learn's own tools, and what is said where scikit-learn is missing."""

import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
import sklearn
from sklearn import datasets, metrics
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from chainrule.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, y = datasets.load_iris(return_X_y=True)
QUICK = {"hidden_layer_sizes": 10, "max_iter": 40, "learning_rate_init": 0.02, "random_state": 0}


def test_a_pipeline_with_names_of_columns():
    import pandas

    table = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    model = make_pipeline(StandardScaler(), MLPClassifier(**QUICK)).set_output(transform="pandas")
    model.fit(table, y)
    assert list(model[-1].feature_names_in_) == ["a", "b", "c", "d"]
    assert model[:-1].transform(table).columns.tolist() == ["a", "b", "c", "d"]
    assert model.score(table, y) > 0.9
    with pytest.raises(ValueError, match="feature names"):
        model[-1].predict(table[["b", "a", "c", "d"]])


@pytest.mark.thorough
def test_a_search_in_two_processes_gives_what_one_gives():
    grid = {"hidden_layer_sizes": [(5,), (10,)], "alpha": np.logspace(-4, 0, 2), "activation": ["relu", "gelu"]}
    found = [GridSearchCV(MLPClassifier(**QUICK), grid, cv=2, n_jobs=n).fit(X, y) for n in (1, 2)]
    scores = [search.cv_results_["mean_test_score"] for search in found]
    assert np.array_equal(*scores)
    assert len(set(scores[0])) > 1
    assert found[0].best_params_ == found[1].best_params_


def test_clone_keeps_parameters_and_drops_what_was_learned():
    model = MLPClassifier(**QUICK, dropout=0.2, callbacks=["gradient_norm"]).fit(X, y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coefs_")
    with pytest.raises(NotFittedError):
        copy.predict(X)
    assert copy.set_params(dropout=0.0).get_params()["dropout"] == 0.0


def test_predictions_across_folds():
    model = make_pipeline(StandardScaler(), MLPClassifier(**QUICK))
    p = cross_val_predict(model, X, y, method="predict_proba", cv=3)
    assert p.shape == (150, 3)
    assert np.allclose(p.sum(axis=1), 1)
    assert metrics.roc_auc_score(y, p, multi_class="ovr") > 0.95


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_calibration_by_probabilities_or_by_margins(loss):
    A, b = datasets.make_classification(200, random_state=0)
    model = CalibratedClassifierCV(MLPClassifier(**QUICK, loss=loss), cv=3).fit(A, b)
    assert model.score(A, b) > 0.85
    fitted = model.calibrated_classifiers_[0].estimator
    assert hasattr(fitted, "predict_proba") == (loss == "log_loss")
    assert hasattr(fitted, "decision_function") == (loss == "hinge")


def test_joblib_keeps_an_estimator_whole(tmp_path):
    model = MLPClassifier(**QUICK).partial_fit(X, y, classes=[0, 1, 2])
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    for one in (model, loaded):  # the optimizer's averages have come along
        one.partial_fit(X, y)
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))
    loaded.coefs_[0][:] = 0  # still views
    assert not loaded.network_.params["0.weight"].any()
    assert model.coefs_[0].any()


def test_metadata_finds_its_way():
    weight = np.where(y == 0, 0.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), model)
        found = cross_validate(pipeline, X, y, params={"sample_weight": weight}, return_estimator=True, cv=3)
        assert all(one[-1].predict_proba(X[:50])[:, 0].max() < 0.5 for one in found["estimator"])
        held = MLPClassifier(**QUICK).set_fit_request(validation_data=True)
        pipeline = make_pipeline(StandardScaler(), held).fit(X, y, validation_data=(X, y))
    assert len(pipeline[-1].validation_scores_) == 40


def test_a_notebook_shows_its_parameters():
    shown = MLPClassifier(**QUICK)._repr_html_()
    assert "MLPClassifier" in shown
    assert "learning_rate_init" in shown
    assert repr(MLPClassifier(alpha=1.0)) == "MLPClassifier(alpha=1.0)"


def test_tags_say_what_is_possible():
    one, other = get_tags(MLPClassifier()), get_tags(MLPRegressor())
    assert is_classifier(MLPClassifier())
    assert is_regressor(MLPRegressor())
    assert one.input_tags.sparse
    assert one.classifier_tags.multi_label
    assert not get_tags(MLPClassifier(loss="hinge")).classifier_tags.multi_label
    assert other.input_tags.sparse
    assert other.target_tags.multi_output


def test_labels_are_given_back_as_they_came():
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = MLPClassifier(**QUICK).fit(X, names)
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert model.score(X, names) > 0.9
    several = (y[:, None] == np.arange(3)).astype(int)
    model = MLPClassifier(**QUICK).fit(X, several)
    assert model.predict(X).shape == (150, 3)
    assert model.score(X, several) > 0.5


BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'sklearn':
            raise ModuleNotFoundError("No module named 'sklearn'", name=name)
sys.meta_path.insert(0, Missing())
import chainrule.estimators
try:
    from chainrule.estimators import MLPClassifier
except ImportError as problem:
    print(problem)
"""


def test_without_scikit_learn_one_line_names_the_extra():
    found = subprocess.run([sys.executable, "-c", BLOCK], capture_output=True, text=True, env={**os.environ})
    assert "pip install 'chainrule[sklearn]'" in found.stdout
    assert found.stdout.count("\n") == 1
    assert found.stderr == ""


def test_the_package_loads_scikit_learn_only_when_asked():
    code = "import chainrule as cr, sys; cr.estimators; print('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert found.stdout == "False\n"
