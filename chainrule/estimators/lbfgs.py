"""L-BFGS over all rows at once: SciPy's, as scikit-learn has it."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import scipy.optimize

from chainrule.core.errors import InputError
from chainrule.core.types import Array
from chainrule.engine import blas_threads
from chainrule.estimators.fitting import NOT_FINITE
from chainrule.estimators.library import sklearn
from chainrule.estimators.penalty import Penalty
from chainrule.training.trainer import Trainer


def minimize(estimator: Any, trainer: Trainer, penalty: Penalty | None) -> None:
    """Liu & Nocedal 1989. ``tol`` bounds the largest entry of the gradient, ``max_fun`` the evaluations."""
    theta, gradient = estimator.network_.params.theta, trainer.engine.grad.theta

    def f(point: Array) -> tuple[float, Array]:
        theta[:] = point
        value = trainer.engine.batch(None).run()
        if penalty is not None:
            penalty()
            value += penalty.value
        return value, gradient.astype(np.float64)

    def said(intermediate_result: Any) -> None:
        estimator.n_iter_ += 1
        if estimator.verbose:
            sys.stdout.write(f"Iteration {estimator.n_iter_}, loss = {intermediate_result.fun:.8f}\n")

    estimator.n_iter_ = 0
    options = {"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol}
    with np.errstate(all="ignore"), blas_threads(trainer.threads):
        start = theta.astype(np.float64)
        found = scipy.optimize.minimize(f, start, method="L-BFGS-B", jac=True, options=options, callback=said)
    theta[:] = found.x
    if not np.isfinite(theta).all():
        raise InputError(NOT_FINITE)
    estimator.n_iter_, estimator.loss_ = min(found.nit, estimator.max_iter), float(found.fun)
    estimator.converged_ = found.status == 0
    if not estimator.converged_:
        more = f" Increase max_iter (now {estimator.max_iter}), or scale the data."
        warnings.warn(
            f"lbfgs failed to converge after {estimator.n_iter_} iteration(s) (status={found.status}): "
            f"{found.message}.{more if estimator.n_iter_ == estimator.max_iter else ''}",
            sklearn.exceptions.ConvergenceWarning,
            stacklevel=4,
        )
