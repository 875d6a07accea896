"""From an estimator's parameters to a Trainer of given rows."""

from __future__ import annotations

import warnings
from typing import Any

from chainrule.core.errors import SettingError
from chainrule.core.types import Array
from chainrule.estimators.building import gear, seed_of, threads
from chainrule.estimators.fitting import Held, Memory
from chainrule.estimators.penalty import Penalty
from chainrule.estimators.solvers import optimizer_of
from chainrule.estimators.sparse import features
from chainrule.optimizers import Optimizer
from chainrule.training.regularization import asked_regularizers, mixable
from chainrule.training.trainer import Trainer


def optimizer_for(estimator: Any) -> Optimizer:
    adam = (estimator.beta_1, estimator.beta_2, estimator.epsilon)
    solver = "sgd" if estimator.solver == "lbfgs" else estimator.solver
    return optimizer_of(
        solver, estimator.learning_rate_init, estimator.momentum, estimator.nesterovs_momentum, adam
    )


def make_trainer(
    estimator: Any,
    X: Any,
    target: Array,
    weight: Array | None,
    size: int,
    held: Held | None,
    random: Any,
    memory: Memory,
) -> tuple[Trainer, Penalty | None]:
    """The Trainer of these rows, and scikit-learn's L2 term if there is one."""
    network, loss = estimator.network_, estimator._objective.training
    n, dtype = len(target), network.dtype
    network.check_batch_size(size)
    regularizers = asked_regularizers(estimator.regularization or ())
    target = mixable(loss, loss.prepare(target, n, network.d_out, dtype), network.d_out, dtype, regularizers)
    x = features(X, dtype)
    noise = bool(estimator.dropout) or bool(regularizers)  # else nothing is drawn that scikit-learn doesn't draw
    trainer = Trainer(
        network,
        x.whole() if x.plain else x,
        target,
        loss=loss,
        optimizer=optimizer_for(estimator),
        schedule=memory.rule,
        batch_size=size,
        epochs=estimator.max_iter,
        weight=weight,
        validation=None if held is None else held.rows,
        regularizers=regularizers,
        seed=seed_of(random) if noise else 0,
        shuffle=estimator.shuffle,
        callbacks=(),
        engine=gear(estimator.engine, network, n, size, estimator.max_iter),
    )
    trainer.threads = threads(network, size)
    if not estimator.alpha:
        return trainer, None
    fused = trainer.gear.name == "fused"
    return trainer, Penalty(estimator.alpha, network.params, trainer.engine.grad, fused)


def refuse_for_lbfgs(estimator: Any, given: Any) -> None:
    for what, value in {
        "dropout": estimator.dropout, "regularization": estimator.regularization, "callbacks": estimator.callbacks,
        "validation_data": given is not None,
    }.items():  # fmt: skip
        if value:
            raise SettingError(f'{what} goes with stochastic solvers, not with solver="lbfgs"; try solver="adam"')


def rows_a_batch(batch_size: Any, n: int) -> int:
    if batch_size == "auto":
        return min(200, n)
    if batch_size > n:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=5
        )
    return int(min(batch_size, n))
