"""Fitted estimators, from scikit-learn's to ours and back: parameters, weights and what was recorded."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.validation import check_is_fitted

from chainrule.core.errors import InputError, SettingError
from chainrule.estimators.base import Perceptron
from chainrule.estimators.building import build
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.objectives import for_classes, for_values
from chainrule.estimators.regressor import MLPRegressor

RECORDED = (
    "n_features_in_", "feature_names_in_", "classes_", "n_layers_", "n_outputs_", "out_activation_", "n_iter_",
    "t_", "loss_", "loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_",
    "_no_improvement_count",
)  # fmt: skip
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
SOLVERS = ("lbfgs", "sgd", "adam")
RATES = ("constant", "invscaling", "adaptive")


def from_sklearn(model: Any) -> Any:
    """Our estimator with the parameters, weights and records of a fitted scikit-learn one.

    Predictions are equal to rounding. ``partial_fit`` goes on with a fresh optimizer, as its averages stay behind.
    """
    if isinstance(model, neural_network.MLPClassifier | neural_network.MLPRegressor):
        check_is_fitted(model)
    if isinstance(model, neural_network.MLPClassifier):
        ours: Perceptron = MLPClassifier(**model.get_params(deep=False))
        binarizer = model._label_binarizer
        ours._several = binarizer.y_type_.startswith("multilabel")
        ours._sparse_answers = bool(binarizer.sparse_input_)
        kind = {"softmax": "multiclass"}.get(model.out_activation_, "multilabel" if ours._several else "binary")
        ours._objective = for_classes("log_loss", kind, len(model.classes_))  # type: ignore[arg-type]
    elif isinstance(model, neural_network.MLPRegressor):
        ours = MLPRegressor(**model.get_params(deep=False))
        ours._objective = for_values(model.loss, model.n_outputs_)
    else:
        raise InputError(
            f"from_sklearn takes scikit-learn's MLPClassifier or MLPRegressor, not a {type(model).__name__}"
        )
    dtype = model.coefs_[0].dtype
    ours.network_ = build(ours, model.n_features_in_, ours._objective, dtype, np.random.RandomState(0))
    ours.coefs_, ours.intercepts_ = model.coefs_, model.intercepts_
    _copy(model, ours)
    ours.converged_, ours._memory = model.n_iter_ < model.max_iter, None
    ours.validation_loss_curve_ = None
    return ours


def to_sklearn(model: Any) -> Any:
    """scikit-learn's estimator with the parameters, weights and records of ours, fitted.

    Predictions are equal to rounding. SettingError where ours does what scikit-learn's cannot.
    """
    if not isinstance(model, Perceptron):
        raise InputError(
            f"to_sklearn takes chainrule's MLPClassifier or MLPRegressor, not a {type(model).__name__}"
        )
    check_is_fitted(model)
    classes = isinstance(model, MLPClassifier)
    cls = neural_network.MLPClassifier if classes else neural_network.MLPRegressor
    _refuse_what_it_lacks(model, cls)
    known = inspect.signature(cls).parameters
    theirs = cls(**{name: value for name, value in model.get_params(deep=False).items() if name in known})
    if classes:
        theirs._label_binarizer = _binarizer(model)
    theirs.coefs_ = [np.array(W, order="C") for W in model.coefs_]
    theirs.intercepts_ = [b.copy() for b in model.intercepts_]
    theirs._random_state = np.random.RandomState(0)
    _copy(model, theirs)
    return theirs


def _binarizer(model: Any) -> Any:
    answers = np.ones((1, len(model.classes_)), int) if model._several else model.classes_
    fitted = LabelBinarizer().fit(answers)
    if model._several:  # a single row doesn't show what it is
        fitted.y_type_, fitted.classes_ = "multilabel-indicator", model.classes_
    fitted.sparse_input_ = model._sparse_answers
    return fitted


def _copy(source: Any, target: Any) -> None:
    for name in RECORDED:
        if name in vars(source):
            value = getattr(source, name)
            setattr(target, name, value.copy() if isinstance(value, np.ndarray | list) else value)


def _refuse_what_it_lacks(model: Any, cls: Any) -> None:
    losses = ("log_loss",) if cls is neural_network.MLPClassifier else ("squared_error", "poisson")
    usual = {"activation": ACTIVATIONS, "solver": SOLVERS, "learning_rate": RATES, "loss": losses}
    for name, options in usual.items():
        value = getattr(model, name)
        if not isinstance(value, str) or value not in options:
            raise SettingError(
                f"scikit-learn's {cls.__name__} has no {name}={value!r:.60}; it has {', '.join(options)}"
            )
    for name in ("normalization", "residual"):
        if value := getattr(model, name):
            raise SettingError(f"scikit-learn's {cls.__name__} has no {name}={value!r:.60}")
