from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import MissingExtraError
from chainrule.core.settings import number, whole
from chainrule.core.types import Array
from chainrule.optimizers.base import OPTIMIZERS, FullBatch, Value, offered

LINE_SEARCH = 20  # evaluations within an iteration, at most


@OPTIMIZERS.register("lbfgs")
@dataclass(frozen=True)
class LBFGS(FullBatch):
    """theta <- theta - alpha H grad over all rows, H from the last ``memory`` pairs of steps and gradients.

    H stands for the inverse of the matrix of second derivatives, and alpha satisfies the strong Wolfe conditions.
    Liu & Nocedal 1989; SciPy's L-BFGS-B runs it (Zhu, Byrd, Lu & Nocedal 1997), in float64 whatever the network's
    type; losses and gradients are computed in the network's, so that one of float32 ends some six digits deep.

    It suits some thousand rows and smooth losses; epochs are its most iterations. It has converged when no entry
    of the gradient is above ``gradient``, or an iteration lowers the loss by less than the share ``decrease``.
    """

    memory: int = 10
    gradient: float = 1e-5
    decrease: float = 2.2e-9

    examples = ({}, {"memory": 3})

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("lbfgs: memory", self.memory)
        number("lbfgs: gradient", self.gradient, least=0)
        number("lbfgs: decrease", self.decrease, least=0)

    def minimize(self, f: Value, theta: Array, iterations: int, watch: Callable[[Array, float], bool]) -> str:
        try:
            from scipy.optimize import minimize
        except ImportError:
            raise MissingExtraError(
                "lbfgs needs SciPy; install it with: pip install 'chainrule[sklearn]', or try adam"
            ) from None

        def told(intermediate_result: Any) -> None:
            if not watch(intermediate_result.x, float(intermediate_result.fun)):
                raise StopIteration

        options = {
            "maxiter": iterations,
            "maxfun": (LINE_SEARCH + 1) * (iterations + 1),
            "maxls": LINE_SEARCH,
            "maxcor": self.memory,
            "gtol": self.gradient,
            "ftol": self.decrease,
        }
        start = theta.astype(np.float64)
        found = minimize(f, start, method="L-BFGS-B", jac=True, callback=told, options=options)
        if found.status == 0:
            small = float(np.abs(found.jac).max(initial=0.0)) <= self.gradient
            return f"converged: {'the gradient is small' if small else 'the loss falls no further'}"
        return "" if found.nit >= iterations else "no step along its direction lowers the loss any more"

    def in_torch(self, torch: Any, parameters: Any) -> Any:
        if (cls := offered(torch, "LBFGS")) is None:
            return None
        return cls(
            parameters,
            history_size=self.memory,
            line_search_fn="strong_wolfe",
            tolerance_grad=self.gradient,
            tolerance_change=self.decrease,
        )
