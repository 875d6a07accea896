"""What both estimators share: scikit-learn's parameters and attributes over a chainrule Network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.core.errors import ChainruleError, InputError
from chainrule.core.types import Array
from chainrule.estimators import lbfgs
from chainrule.estimators.building import build, layers_of
from chainrule.estimators.fitting import Fitting, Memory, warn_unconverged
from chainrule.estimators.holding import hold_back
from chainrule.estimators.objectives import Objective
from chainrule.estimators.preparing import make_trainer, optimizer_for, refuse_for_lbfgs, rows_a_batch
from chainrule.estimators.rates import Rule, rule_of
from chainrule.estimators.sparse import features
from chainrule.network import Network
from chainrule.training.callbacks import CALLBACKS
from chainrule.training.weighing import sample_weights

FLOATS = (np.float64, np.float32)
OUT_ACTIVATIONS = {"sigmoid": "logistic"}  # what scikit-learn calls it, where it has another name


class Perceptron(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """The common part of MLPClassifier and MLPRegressor.

    Arrays live in ``network_``, a chainrule Network; ``coefs_`` and ``intercepts_`` are views of them.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "residual": ["boolean"],
        "device": [StrOptions({"cpu"})],
        "engine": [StrOptions({"auto", "numpy", "fused"})],
    }

    network_: Network
    _objective: Objective

    # -- what differs between the two -------------------------------------------------------------------

    @abstractmethod
    def _learn_targets(self, y: Any, classes: Any) -> Objective:
        """Take up what the answers are like, and choose the loss."""

    @abstractmethod
    def _encode(self, y: Any) -> Array:
        """Answers in a form that the loss prepares."""

    def _encode_more(self, y: Any) -> Array:
        """The same of later answers; ValueError for what was not there at first."""
        return self._encode(y)

    @abstractmethod
    def _weights(self, y: Any, given: Any) -> Any:
        """The weights of rows, from ``sample_weight`` and the answers."""

    @abstractmethod
    def _scored(self, truth: Array, decided: Array, weight: Array | None) -> float:
        """The score that early stopping watches."""

    # -- fitting ----------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None) -> Any:
        """Fit to X, (n, d), dense or sparse, and answers y.

        ``validation_data``, (X, y) or (X, y, sample_weight), is scored after each epoch; with ``early_stopping``
        it takes the place of a part of the training rows.
        """
        return self._fit(X, y, sample_weight, validation_data)

    def initialize(self, X: Any, y: Any) -> Any:
        """Build the network for such data, with its first weights, and train nothing.

        ``coefs_`` and ``intercepts_`` may then be written to; ``partial_fit``, or ``fit`` with ``warm_start``,
        goes on from them.
        """
        self._validate_params()
        self._begin(X, y, None, True, check_random_state(self.random_state))
        return self

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, held: Any, incremental: bool = False, classes: Any = None
    ) -> Any:
        self._validate_params()
        first = not hasattr(self, "network_") or not (self.warm_start or incremental)
        random = check_random_state(self.random_state)
        x, target, y = self._begin(X, y, classes, first, random)
        before = None if first else self.network_.params.theta.copy()
        weight = self._weights(y, sample_weight)
        if weight is not None:
            weight = np.asarray(weight)
            weight = np.full(len(target), weight) if weight.ndim == 0 else weight
            if not weight.any():
                raise InputError("sample_weight is zero in every row: there is nothing to learn from")
            weight = sample_weights(weight, len(target), self.network_.dtype)
        try:
            self._train(x, target, weight, held, random, incremental)
        except ChainruleError:
            if before is None:
                del self.network_  # not fitted
            else:
                self.network_.params.theta[:] = before
            raise
        return self

    def _begin(self, X: Any, y: Any, classes: Any, first: bool, random: Any) -> tuple[Any, Array, Any]:
        """Checked data, and at first the network; X, encoded answers, and the answers as they are."""
        wanted = FLOATS if self.dtype is None else np.dtype(self.dtype)
        X, y = validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, dtype=wanted, order="C", reset=first,
            **self._validation_of_answers,
        )  # fmt: skip
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if first:
            self._objective = self._learn_targets(y, classes)
        target = self._encode(y) if first and classes is None else self._encode_more(y)
        if first:
            self.network_ = build(self, X.shape[1], self._objective, X.dtype, random)
            self._reset()
        return X, target, y

    _validation_of_answers: ClassVar[dict[str, Any]] = {}

    def _reset(self) -> None:
        self.n_layers_ = len(layers_of(self.hidden_layer_sizes)) + 2
        self.n_outputs_ = self.network_.d_out
        link = self._objective.network.link
        self.out_activation_ = OUT_ACTIVATIONS.get(link, link)
        self.n_iter_ = self.t_ = 0
        self.converged_ = False
        self._memory: Memory | None = None
        for name in ("loss_", "loss_curve_", "best_loss_", "validation_scores_", "validation_loss_curve_"):
            self.__dict__.pop(name, None)
        if self.solver != "lbfgs":
            self.loss_curve_: list[float] = []
            self._no_improvement_count = 0
            self.validation_scores_: list[float] | None = [] if self.early_stopping else None
            self.validation_loss_curve_: list[float] | None = [] if self.early_stopping else None
            self.best_validation_score_ = -np.inf if self.early_stopping else None
            self.best_loss_ = None if self.early_stopping else np.inf

    def _train(
        self, X: Any, target: Array, weight: Array | None, given: Any, random: Any, incremental: bool
    ) -> None:
        if self.solver == "lbfgs":
            refuse_for_lbfgs(self, given)
            trainer, penalty = make_trainer(self, X, target, weight, len(target), None, random, Memory(Rule(0.0)))
            if penalty is not None:
                penalty.mass = len(target) if weight is None else float(weight.sum())
            lbfgs.minimize(self, trainer, penalty)
            return
        X, target, weight, held = hold_back(self, X, target, weight, given, random, incremental)
        if held is not None and self.validation_scores_ is None:
            self.validation_scores_, self.validation_loss_curve_ = [], []
        memory = self._memory if incremental else None
        if memory is None:
            rate = optimizer_for(self).learning_rate
            memory = Memory(rule_of(self.learning_rate, self.solver, rate, self.power_t))
        size = rows_a_batch(self.batch_size, len(target))
        trainer, penalty = make_trainer(self, X, target, weight, size, held, random, memory)
        callbacks = [CALLBACKS.make(callback) for callback in self.callbacks or ()]
        self.n_iter_, self.converged_ = 0, False
        fitting = Fitting(self, trainer, memory, penalty, random, held, weight, callbacks)
        fitting.run(1 if incremental else self.max_iter)
        if self.early_stopping and (self.converged_ or not incremental):
            fitting.restore_best()
        self._memory = memory if incremental else None
        if not incremental and self.n_iter_ == self.max_iter and not self.converged_:
            warn_unconverged(self.max_iter)

    def _strata(self, target: Array) -> Array | None:
        """What a split keeps the shares of: scikit-learn does it for two classes alone."""
        return None

    # -- what was learned -------------------------------------------------------------------------------

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each dense layer, (d_in, d_out): views, so that writing changes the network."""
        return [self._fitted_params()[name].T for name in self._dense()]

    @coefs_.setter
    def coefs_(self, given: Any) -> None:
        for array, value in zip(self.coefs_, given, strict=True):
            array[:] = value

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each dense layer, (d_out,): views."""
        return [self._fitted_params()[f"{name.removesuffix('weight')}bias"] for name in self._dense()]

    @intercepts_.setter
    def intercepts_(self, given: Any) -> None:
        for array, value in zip(self.intercepts_, given, strict=True):
            array[:] = value

    def _fitted_params(self) -> Any:
        if "network_" not in vars(self):
            raise AttributeError(f"this {type(self).__name__} is not fitted yet; call fit, or initialize")
        return self.network_.params

    def _dense(self) -> list[str]:
        """The names of the weights that have biases beside them."""
        params = self._fitted_params()
        return [name for name in params if name.endswith("weight") and params[name].ndim == 2
                and f"{name.removesuffix('weight')}bias" in params]  # fmt: skip

    def _logits(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        network = self.network_
        return network.core_logits(network.loss, features(X, network.dtype))  # type: ignore[arg-type]

    def _can_stream(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
