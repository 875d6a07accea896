"""What several rules read off evidence in the same way."""

from __future__ import annotations

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.evidence import Evidence

INF = float("inf")
# The numbers an activation can give: lowest and highest.
REACH = {
    "relu": (0.0, INF), "relu6": (0.0, 6.0), "softplus": (0.0, INF), "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "hard_tanh": (-1.0, 1.0),
    "elu": (-1.0, INF), "celu": (-1.0, INF), "selu": (-1.7581, INF), "gelu": (-0.17, INF), "silu": (-0.2785, INF),
    "mish": (-0.3089, INF), "hard_swish": (-0.375, INF), "log_sigmoid": (-INF, 0.0), "log_softmax": (-INF, 0.0),
}  # fmt: skip

# Rules about a training that goes badly: whatever stands before the first step may be why.
TRAINING = (
    "dead-units", "saturated-units", "vanishing-gradients", "diverging", "rate-too-high",
    "rate-too-low", "undertrained", "oscillation", "non-finite", "overfitting", "too-small", "metric-disagrees",
    "strong-regularization", "uphill",
)  # fmt: skip


def problem(evidence: Evidence) -> Exception | None:
    """The error that ended the program, or its examination before training."""
    return evidence.problem or evidence.start.problem


def guard(evidence: Evidence) -> str | None:
    """The guard that spoke in it, if one did."""
    return getattr(problem(evidence), "guard", None)


def outputs(evidence: Evidence) -> Array | None:
    """(n, k) of the probe rows before training, in float64; None where the network didn't run."""
    if evidence.look is None:
        return None
    out = np.asarray(evidence.look.output, np.float64)
    return out.reshape(len(out), -1)


def width(evidence: Evidence) -> int:
    """How many numbers the network gives for a row; 0 where it didn't run."""
    out = outputs(evidence)
    return 0 if out is None else out.shape[1]


def targets(evidence: Evidence) -> Array:
    """(n, m) of the probe rows, in float64."""
    y = np.asarray(evidence.probe[1], np.float64)
    return y.reshape(len(y), -1)


def reach(evidence: Evidence) -> tuple[float, float] | None:
    """The numbers the output can give; None where its activation is unknown."""
    if evidence.output == "unknown":
        return None
    return REACH.get(evidence.output or "", (-INF, INF))


def output_words(evidence: Evidence) -> str:
    """What stands after the last layer, in words."""
    known = evidence.output not in (None, "unknown")
    return f"the output ({evidence.output})" if known else "the output (no activation)"


def well_trained(evidence: Evidence, skill: float = 0.9) -> bool:
    """Trains well, so it is not ill: of a thing that is odd but did no harm, only INFO is said."""
    return evidence.trained and not evidence.ill and evidence.skilled >= skill
