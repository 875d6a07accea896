"""MLPRegressor: scikit-learn's, and what it lacks."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from chainrule.core.types import Array
from chainrule.estimators.base import Perceptron
from chainrule.estimators.objectives import Objective, for_values


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """A multilayer perceptron for values, with the parameters, defaults and attributes of scikit-learn's.

    The same ``random_state`` gives the same weights as there, to rounding, for one output. With k outputs the loss
    is scikit-learn's, half the mean square over rows and outputs, and the gradient is that of the loss; there
    it is k times as large (its issue 8349). Meanings are scikit-learn's but where there are more possibilities:

    loss            "squared_error", "poisson", or any of ``cr.losses`` for values
    activation, solver, learning_rate, dropout, normalization, residual, initializer, regularization, callbacks,
    dtype, device, engine    as in ``MLPClassifier``, as are the attributes
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = Perceptron._parameter_constraints
    _validation_of_answers: ClassVar[dict[str, Any]] = {"y_numeric": True}

    def __init__(
        self,
        loss: Any = "squared_error",
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
        self.loss = loss
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
        return for_values(self.loss, 1 if y.ndim == 1 else y.shape[1])

    def _encode(self, y: Any) -> Array:
        return np.asarray(y, np.float64)

    def _weights(self, y: Any, given: Any) -> Any:
        return given

    def _scored(self, truth: Array, decided: Array, weight: Array | None) -> float:
        return float(r2_score(truth, decided, sample_weight=weight))

    @available_if(lambda self: self._can_stream())  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None) -> Any:
        """One pass over the given rows.

        With ``early_stopping`` and ``validation_data`` each call is judged; when ``converged_`` becomes true the
        weights are those of the best call.
        """
        return self._fit(X, y, sample_weight, validation_data, incremental=True)

    def predict(self, X: Any) -> Array:
        """Values, (n,), or (n, k) of k outputs."""
        logits = self._logits(X)
        values = self._objective.network.decide(logits)
        return values[:, 0] if values.shape[1] == 1 else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
