"""The rows of a fit that are not trained on: the given ones, or a part of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import validate_data

from chainrule.core.errors import InputError, SettingError
from chainrule.core.types import Array
from chainrule.estimators.fitting import Held
from chainrule.estimators.sparse import features
from chainrule.training.evaluation import Rows
from chainrule.training.weighing import sample_weights


def hold_back(
    estimator: Any, X: Any, target: Array, weight: Array | None, given: Any, random: Any, incremental: bool
) -> tuple[Any, Array, Array | None, Held | None]:
    """The rows to train on, and those to score: the given ones, or with early stopping a part of all."""
    if given is not None:
        return X, target, weight, _given(estimator, given)
    if not estimator.early_stopping:
        return X, target, weight, None
    if incremental:
        raise SettingError(
            "partial_fit does not support early_stopping=True without rows to score: give it "
            "validation_data=(X, y)"
        )
    train, kept = train_test_split(
        np.arange(len(target)),
        random_state=random,
        test_size=estimator.validation_fraction,
        stratify=estimator._strata(target),
    )
    if len(kept) < 2:
        raise InputError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    held = _held(estimator, X[kept], target[kept], None if weight is None else weight[kept])
    return X[train], target[train], None if weight is None else weight[train], held


def _given(estimator: Any, given: Any) -> Held:
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise InputError("validation_data is a pair (X, y), or a triple (X, y, sample_weight)")
    dtype = estimator.network_.dtype
    X = validate_data(estimator, given[0], accept_sparse="csr", dtype=dtype, order="C", reset=False)
    target = estimator._encode_more(given[1])
    weight = None if len(given) == 2 else sample_weights(given[2], len(target), dtype)
    return _held(estimator, X, target, weight)


def _held(estimator: Any, X: Any, target: Array, weight: Array | None) -> Held:
    network = estimator.network_
    target = estimator._objective.training.prepare(target, X.shape[0], network.d_out, network.dtype)
    return Held(Rows(features(X, network.dtype), target, weight), estimator._scored)
