from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.diagnosis.changes import Change, LayerWidth, OutputAndLoss, ReshapeTarget
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.libraries import array
from chainrule.diagnosis.rules._reading import TRAINING, problem
from chainrule.diagnosis.rules.base import RULES, Rule

# How torch, NumPy and chainrule say that shapes don't fit.
SAYS = re.compile(r"shape|\bsizes?\b|dimension|broadcast|multi-target|\bcolumns\b", re.IGNORECASE)
MET = re.compile(r"(?:\((\d+)x(\d+) and (\d+)x(\d+)\)|shape \((\d+), (\d+)\).*?weight of shape \((\d+), (\d+)\))")


@RULES.register("shape-mismatch")
@dataclass(frozen=True)
class ShapeMismatch(Rule):
    """Arrays that can't meet: a layer given more or fewer features than it takes, or a target that doesn't fit.

    What it sees     the error that ended the program, and which layer takes what
    Why it matters   nothing runs
    What to try      the layer's number of inputs; rows are examples, columns features; a target reshaped
    Source           Goodfellow, Bengio & Courville 2016, section 2.2
    """

    features: int = 0  # too many or too few

    fault = "SHAPE_MISMATCH"
    stage = "shapes"
    explains = (*TRAINING, "non-finite")

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 3)).astype("f4")
y = (X.sum(axis=1, keepdims=True) > 0).astype("f4")

def program(d_in):
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(d_in, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(16), program(8)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        error = problem(evidence)
        if error is None or not SAYS.search(str(error)):
            return
        met = self._layer(evidence, str(error))
        said = " ".join(str(error).split())[:300]
        if met is None:
            changes: tuple[Change, ...] = (ReshapeTarget(), OutputAndLoss())
            yield self.found("ERROR", f"shapes don't fit: {said}", where="loss", when="step 1", changes=changes)
            return
        name, given, takes, turned = met
        yield self.found(
            "ERROR",
            f"layer {name!r} takes {takes} features and is given {given}"
            + "; transposed, they would fit" * turned,
            where=name,
            when="before training",
            measured=float(given - takes),
            limit=float(self.features),
            evidence={"error": said},
            changes=() if turned else (LayerWidth(name, given),),
        )

    @staticmethod
    def _layer(evidence: Evidence, said: str) -> tuple[str, int, int, bool] | None:
        """The layer the message is about: its name, features given and taken, whether the other way round fits."""
        if evidence.look is not None:
            return None
        found = MET.search(said)
        numbers = [int(n) for n in found.groups() if n is not None] if found else []
        given = numbers[1] if numbers else int(np.prod(evidence.program.X.shape[1:]))
        layers: list[tuple[str, Any]] = [
            (name, part)
            for name, part in evidence.program.module.named_modules()
            if type(part).__name__ == "Linear"
        ]
        width = int(np.prod(evidence.program.X.shape[1:]))
        for name, part in layers:
            d_out, d_in = array(part.weight).shape
            if d_in != width and width == given and (not numbers or d_in in numbers[2:]):
                return name, given, d_in, numbers[:1] == [d_in]
            width = d_out
        return None
