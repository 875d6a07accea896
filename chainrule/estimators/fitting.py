"""What one fit is given, and the loop over epochs: scikit-learn's bookkeeping around a Trainer's steps."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.types import Array
from chainrule.engine import blas_threads
from chainrule.estimators.library import sklearn
from chainrule.estimators.penalty import Penalty, sum_of
from chainrule.estimators.rates import Following, Rule
from chainrule.losses import Loss
from chainrule.training import Callback
from chainrule.training.evaluation import Rows
from chainrule.training.trainer import Trainer

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed, or learning_rate_init is too large."
)


@dataclass
class Held:
    """Rows that are not trained on, in the forms that loss and score take."""

    rows: Rows
    score: Callable[[Array, Array, Array | None], float]  # truth, decisions, weights

    def judge(self, network: Any, loss: Loss) -> tuple[float, float]:
        """Their loss and their score; a score is NaN where outputs are not finite."""
        logits = network.core_logits(loss, self.rows.x)
        value, _ = loss.value_and_gradient(logits, self.rows.target, self.rows.weight)
        if not np.isfinite(logits).all():
            return value, math.nan
        weight = None if self.rows.weight is None else self.rows.weight[:, 0]
        return value, self.score(loss.labels(self.rows.target), loss.decide(logits), weight)


@dataclass
class Memory:
    """What goes on from one ``partial_fit`` to the next: the optimizer's averages, its step, the rate."""

    rule: Rule
    optimizer: dict[str, Array] | None = None
    t: int = 0
    best: list[Array] = field(default_factory=list)


@dataclass
class Fitting:
    """One call of ``fit`` or ``partial_fit``; results go into the estimator's attributes."""

    estimator: Any
    trainer: Trainer
    memory: Memory
    penalty: Penalty | None
    random: np.random.RandomState
    held: Held | None
    weight: Array | None
    callbacks: list[Callback]
    order: Array = field(init=False)

    def __post_init__(self) -> None:
        trainer = self.trainer
        if self.memory.optimizer is not None:
            trainer.state.optimizer, trainer.state.t = self.memory.optimizer, self.memory.t
        self.memory.optimizer = trainer.state.optimizer
        if self.penalty is not None:
            trainer.before_step.insert(0, self.penalty)
        self.order = np.arange(trainer.rows)
        self._on_step = [c for c in self.callbacks if type(c).on_step_end is not Callback.on_step_end]
        rule = self.memory.rule
        self._wants_row = bool(self.callbacks) or (isinstance(rule, Following) and bool(rule.monitor))

    def run(self, epochs: int) -> None:
        """That many, unless the loss or the score stops improving or a callback stops it."""
        trainer = self.trainer
        trainer.failed = True  # until it has not
        try:
            for callback in self.callbacks:
                callback.on_fit_start(trainer)
            with np.errstate(all="ignore"), blas_threads(trainer.threads):
                self._epochs(epochs)
            trainer.failed = False
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
            trainer.failed = False
        finally:
            self.memory.t = trainer.state.t
            for callback in self.callbacks:
                callback.on_fit_end(trainer)

    def _epochs(self, epochs: int) -> None:
        estimator, trainer, rule = self.estimator, self.trainer, self.memory.rule
        averages = trainer.regularization
        for _ in range(epochs):
            started = time.perf_counter()
            loss = self._epoch()
            if not (math.isfinite(loss) and np.isfinite(trainer.state.theta).all()):
                raise InputError(NOT_FINITE)
            seconds = time.perf_counter() - started
            estimator.n_iter_ += 1
            estimator.t_ += trainer.rows
            estimator.loss_ = loss
            estimator.loss_curve_.append(loss)
            self._say(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
            if averages.averages("epoch"):
                averages.average(trainer.state.t / trainer.steps)
            with averages.averaged():
                self._judge()
                row = self._row(seconds)
            rule.epoch_ends(estimator.t_, row)
            if estimator._no_improvement_count > estimator.n_iter_no_change and self._stops(rule):
                break
            if trainer.history.stopped is not None:
                estimator.converged_ = True
                break
        averages.finish()

    def _epoch(self) -> float:
        """One pass over the rows; its loss, penalty included, averaged over them as the batches met it."""
        trainer, penalty = self.trainer, self.penalty
        rows, size, state = trainer.rows, trainer.batch_size, trainer.state
        if self.estimator.shuffle:  # as sklearn.utils.shuffle does it: each order is made from the one before
            drawn = np.arange(rows)
            self.random.shuffle(drawn)
            self.order = self.order[drawn]
        mean, total = trainer.loss_function.reduction == "mean", 0.0
        state.epoch += 1
        for state.row in range(0, rows, size):
            batch = self.order[state.row : state.row + size]
            if penalty is not None:
                penalty.mass = sum_of(self.weight, batch)
            trainer.step(batch)
            loss = trainer.loss if penalty is None else trainer.loss + penalty.value
            total += loss * len(batch) / rows if mean else loss
            for callback in self._on_step:
                callback.on_step_end(trainer)
            if trainer.history.stopped is not None:
                break
        state.row = 0
        return total

    def _judge(self) -> None:
        """Count epochs without improvement: of the score of the rows held back, or of the training loss."""
        estimator, score = self.estimator, math.nan
        if self.held is not None:
            loss, score = self.held.judge(estimator.network_, self.trainer.loss_function)
            estimator.validation_scores_.append(score)
            estimator.validation_loss_curve_.append(loss)
            self._say(f"Validation score: {score:f}")
        if not estimator.early_stopping:
            worse = estimator.loss_ > estimator.best_loss_ - estimator.tol
            estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)
        else:
            worse = score < estimator.best_validation_score_ + estimator.tol
            if score > estimator.best_validation_score_:
                estimator.best_validation_score_ = score
                self.memory.best = [array.copy() for array in self.trainer.state.learned]
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if worse else 0

    def _row(self, seconds: float) -> dict[str, Any]:
        """The epoch's row of the history, where anybody asks for it."""
        trainer = self.trainer
        row: dict[str, Any] = {"epoch": trainer.state.epoch, "loss": self.estimator.loss_}
        if not self._wants_row:
            return row
        row |= trainer.recording.scores()
        rate = self.memory.rule.rate(trainer.state.t, trainer.steps, self.memory.rule.value)
        row |= {"learning_rate": rate, "seconds": seconds, "rows_per_second": trainer.rows / seconds}
        trainer.history.rows.append(row)
        for callback in self.callbacks:
            callback.on_epoch_end(trainer, row)
        return row

    def _stops(self, rule: Rule) -> bool:
        estimator = self.estimator
        what = "Validation score" if estimator.early_stopping else "Training loss"
        said = rule.plateau()
        self._say(
            f"{what} did not improve more than tol={estimator.tol:f} for {estimator.n_iter_no_change} consecutive "
            f"epochs. {said or f'Setting learning rate to {rule.value:f}'}"
        )
        estimator.converged_ = said is not None
        if said is None:
            estimator._no_improvement_count = 0
        return estimator.converged_  # type: ignore[no-any-return]

    def restore_best(self) -> None:
        """Put back the weights and buffers of the best score."""
        for array, best in zip(self.trainer.state.learned, self.memory.best, strict=False):
            array[:] = best

    def _say(self, line: str) -> None:
        if self.estimator.verbose:
            sys.stdout.write(line + "\n")


def warn_unconverged(epochs: int) -> None:
    """scikit-learn's warning of a fit that came to its last epoch."""
    warnings.warn(
        f"Stochastic Optimizer: Maximum iterations ({epochs}) reached and the optimization hasn't converged yet.",
        sklearn.exceptions.ConvergenceWarning,
        stacklevel=4,
    )
