from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.settings import number
from chainrule.core.types import Array
from chainrule.regularizers.base import REGULARIZERS, Constraint


@REGULARIZERS.register("max_norm")
@dataclass(frozen=True)
class MaxNorm(Constraint):
    """w <- w min(1, limit / ||w||) for the incoming weights w of each unit, a row of W.  Srivastava et al. 2014.

    Srebro, Rennie & Jaakkola 2005. With it large learning rates can't blow the weights up.
    """

    limit: float = 3.0

    examples = ({}, {"limit": 0.5})

    def __post_init__(self) -> None:
        number("max_norm: limit", self.limit, above=0)

    def project(self, W: Array) -> None:
        rows = W.reshape(len(W), -1)
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        rows *= (self.limit / np.maximum(norms, self.limit))[:, None]
