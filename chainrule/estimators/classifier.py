"""MLPClassifier: scikit-learn's, and what it lacks."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from chainrule.core.errors import InputError
from chainrule.core.types import Array
from chainrule.estimators.base import Perceptron
from chainrule.estimators.objectives import Objective, for_classes
from chainrule.losses import LOSSES
from chainrule.losses._yes_no import YesNo


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """A multilayer perceptron for classes, with the parameters, defaults and attributes of scikit-learn's.

    The same ``random_state`` gives the same weights as there, to rounding. Meanings are scikit-learn's but where
    there are more possibilities:

    activation      any of ``cr.activations``, by name, with settings or an instance; or a list, one a hidden layer
    solver          "lbfgs", "sgd", "adam", or any of ``cr.optimizers``: an instance, or a name, which learns at
                    ``learning_rate_init``
    learning_rate   "constant", "invscaling", "adaptive" (as there, "adam" heeds the first only), or any of
                    ``cr.schedules``, for any solver but "lbfgs"
    loss            "log_loss", or any of ``cr.losses`` for classes
    class_weight    "balanced" or a dictionary by label
    dropout, normalization, residual, initializer    as in ``cr.MLP``
    regularization  a list of ``cr.regularizers``, beside ``alpha``
    callbacks       a list, as ["progress"]
    dtype           None: float32 for float32 features, else float64
    device          "cpu"
    engine          "auto", "numpy" or "fused"

    Beside scikit-learn's attributes there are ``network_``, a ``cr.Network``; ``validation_loss_curve_``;
    ``converged_``, whether a rule ended training and not ``max_iter``.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Perceptron._parameter_constraints,
        "class_weight": [dict, str, None],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: Any = "log_loss",
        class_weight: Any = None,
        dropout: float = 0.0,
        normalization: Any = None,
        residual: bool = False,
        initializer: Any = None,
        regularization: Any = None,
        callbacks: Any = None,
        dtype: Any = None,
        device: str = "cpu",
        engine: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.loss = loss
        self.class_weight = class_weight
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual
        self.initializer = initializer
        self.regularization = regularization
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.engine = engine

    def _learn_targets(self, y: Any, classes: Any) -> Objective:
        found = type_of_target(y, input_name="y")
        self._several, self._sparse_answers = found.startswith("multilabel"), issparse(y)
        if self._several:
            self.classes_ = np.arange(y.shape[1])
            return for_classes(self.loss, "multilabel", y.shape[1])
        check_classification_targets(y)
        if "multioutput" in found:
            raise InputError("y has several columns of several classes; scikit-learn's MultiOutputClassifier "
                             "fits an estimator for each")  # fmt: skip
        self.classes_ = np.unique(y if classes is None else classes)
        return for_classes(self.loss, "multiclass" if len(self.classes_) > 2 else "binary", len(self.classes_))

    def _encode(self, y: Any) -> Array:
        """Class ids, (n,), or 0 and 1 for each answer, (n, k)."""
        if self._several:
            return y.toarray() if issparse(y) else np.asarray(y)
        return np.asarray(np.searchsorted(self.classes_, y))

    def _encode_more(self, y: Any) -> Array:
        y = y if issparse(y) else np.asarray(y)
        if self._several:
            if y.shape[1:] != self.classes_.shape:
                raise InputError(f"y has shape {y.shape}; expected {len(self.classes_)} answers a row")
            return self._encode(y)
        y = column_or_1d(y)
        if len(new := np.setdiff1d(y, self.classes_)):
            raise InputError(f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}: {new}")
        return self._encode(y)

    def _begin(self, X: Any, y: Any, classes: Any, first: bool, random: Any) -> tuple[Any, Array, Any]:
        if not first and self.warm_start and not self._several:
            found = unique_labels(y)
            if set(found) != set(self.classes_):
                raise InputError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {found}"
                )
        return super()._begin(X, y, classes, first, random)

    def _weights(self, y: Any, given: Any) -> Any:
        if self.class_weight is None:
            return given
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if given is None else by_class * np.asarray(given).reshape(-1)

    def _strata(self, target: Array) -> Array | None:
        return target if self.n_outputs_ == 1 else None

    def _scored(self, truth: Array, decided: Array, weight: Array | None) -> float:
        right = truth == decided
        return float(np.average(right.all(axis=1) if right.ndim == 2 else right, weights=weight))

    @available_if(lambda self: self._can_stream())  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None, *, validation_data: Any = None
    ) -> Any:
        """One pass over the given rows; the first call needs ``classes``, all labels that will ever come.

        With ``early_stopping`` and ``validation_data`` each call is judged; when ``converged_`` becomes true the
        weights are those of the best call.
        """
        if not hasattr(self, "network_"):
            if classes is None:
                raise InputError("classes must be passed on the first call to partial_fit.")
        elif classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise InputError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit: {self.classes_!r}"
            )
        return self._fit(X, y, sample_weight, validation_data, incremental=True, classes=classes)

    def predict(self, X: Any) -> Any:
        """The most probable label of each row, (n,), or 0 and 1 for each of several answers, (n, k)."""
        logits = self._logits(X)
        decided = self._objective.network.decide(logits)
        if self._several:
            return csr_matrix(decided) if self._sparse_answers else decided
        return self.classes_[np.minimum(decided, len(self.classes_) - 1)]

    def _probable(self) -> bool:
        loss = LOSSES.make("cross_entropy" if self.loss == "log_loss" else self.loss)
        if not loss.gives_probabilities:
            raise AttributeError(f"{loss.name} learns no probabilities; use predict or decision_function")
        return True

    def _improbable(self) -> bool:
        try:
            self._probable()
        except AttributeError:
            return True
        raise AttributeError("this loss learns probabilities; use predict_proba")

    @available_if(lambda self: self._probable())  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """Probabilities, (n, k), in the order of ``classes_``."""
        logits = self._logits(X)
        if not self._several and len(self.classes_) == 1:
            return np.ones((len(logits), 1), logits.dtype)
        network = self.network_
        return network.probabilities(network.loss, logits)  # type: ignore[arg-type]

    @available_if(lambda self: self._probable())  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Array:
        """Their logarithms."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    @available_if(lambda self: self._improbable())  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Array:
        """The network's outputs, (n,) for two classes, else (n, k), where its loss learns no probabilities."""
        logits = self._logits(X)
        if logits.shape[1] == 1:
            return logits[:, 0]
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 and not self._several else logits

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.loss == "log_loss" or isinstance(LOSSES.make(self.loss), YesNo)
        return tags
