from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.changes import OutputAndLoss
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rules._reading import TRAINING, guard, problem, targets, width
from chainrule.diagnosis.rules.base import RULES, Rule


@RULES.register("label-encoding")
@dataclass(frozen=True)
class LabelEncoding(Rule):
    """Labels in a form that the loss or the output can't use.

    What it sees     class numbers outside [0, k) for k outputs; labels outside [0, 1] for a binary cross-entropy;
                     one number a row set against k outputs; one output for more than two classes; class numbers
                     divided by a constant; rows of shares that don't sum to 1 (beyond 0.001)
    Why it matters   the loss counts something else than right answers: it goes below 0, or pulls all outputs to
                     one
    What to try      class numbers from 0 and cross-entropy of logits, with an output for each class; or one output
                     and labels 0 and 1 with binary cross-entropy
    Source           Bishop 2006, section 4.3.4
    """

    few: int = 30  # distinct numbers that may be names of classes
    sums: float = 1e-3

    fault = "LABEL_ENCODING"
    stage = "data"
    explains = (*TRAINING, "output-and-loss", "output-range", "shape-mismatch", "broadcast", "class-imbalance",
                "label-noise")  # fmt: skip

    example = """
import numpy as np
from chainrule.autograd import nn, optim

X = np.random.default_rng(0).normal(size=(200, 2)).astype("f4")
labels = np.where(X.sum(axis=1, keepdims=True) > 0, 2, 1).astype("f4")  # classes 1 and 2

def program(y):
    network = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = optim.Adam(network.parameters(), lr=0.05)
    return dict(subject=network, X=X, y=y, loss=nn.BCEWithLogitsLoss(), optimizer=adam)

faulty, cured = program(labels), program(labels - 1)
"""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        for look_for in (self._outside, self._divided, self._units, self._refused, self._shares):
            found = look_for(evidence)
            if found is not None:
                severity, says = found
                y = targets(evidence)
                yield self.found(
                    severity,
                    says,
                    when="before training",
                    evidence={
                        "distinct": evidence.data.y_distinct,
                        "lowest": evidence.data.y_low,
                        "highest": evidence.data.y_high,
                        "columns": y.shape[1],
                        "outputs": width(evidence),
                        "dtype": str(evidence.program.y.dtype),
                        "loss": evidence.loss.name,
                    },
                    changes=(OutputAndLoss(),),
                )
                return

    def _outside(self, evidence: Evidence) -> tuple[str, str] | None:
        data, loss, k = evidence.data, evidence.loss, width(evidence)
        reaches = f"the labels go from {data.y_low:g} to {data.y_high:g}"
        if loss.kind == "cross_entropy" and targets(evidence).shape[1] == 1 and data.y_whole and k > 1:
            if data.y_low < 0 or data.y_high >= k:
                return "ERROR", f"{reaches}; with {k} outputs the classes are 0 to {k - 1}"
        elif loss.kind == "binary_cross_entropy" and evidence.task.decides and (data.y_low < 0 or data.y_high > 1):
            return "ERROR", f"{reaches}; {loss.name} takes labels from 0 to 1, and has no least value beyond"
        return None

    def _divided(self, evidence: Evidence) -> tuple[str, str] | None:
        data, y = evidence.data, targets(evidence)
        asked = evidence.loss.about_classes or evidence.program.told == "classes"
        if not asked or y.shape[1] > 1 or data.y_whole or not 2 <= data.y_distinct <= self.few:
            return None
        values = np.unique(y)
        ids = values * 255
        if data.y_low >= 0 and data.y_high < 0.5 and np.allclose(ids, np.rint(ids), atol=1e-3):
            names = f"{np.rint(ids[0]):g} to {np.rint(ids[-1]):g}"
            return "ERROR", f"the labels are {names} divided by 255, as if they were pixels: all are below 0.5"
        return None

    def _units(self, evidence: Evidence) -> tuple[str, str] | None:
        loss, task, k = evidence.loss, evidence.task, width(evidence)
        if not task.decides or k == 0:
            return None
        if task.form != "index":
            columns = targets(evidence).shape[1]
            if getattr(evidence.program.loss, "targets", "rows") == "ids" and columns > 1 and evidence.ill:
                return (
                    "ERROR",
                    f"{loss.name} takes one class number a row; the labels are rows of {columns} numbers",
                )
            if k == 1 < columns and loss.elementwise:
                return (
                    "ERROR",
                    f"the labels have {columns} columns, and the one output is compared with all of them",
                )
            return None
        if k > 1 and loss.elementwise:
            says = f"one label a row is set against each of {k} outputs: {loss.name} compares number by number"
            return "ERROR", f"{says} and wants a row of {k} for each"
        if k == 1 and task.k > 2:
            says = f"{task.k} classes and one output"
            if loss.about_classes:
                return "ERROR", f"{says}: {loss.name} tells two apart, and more need an output each"
            if evidence.program.told == "classes":
                return (
                    "WARN",
                    f"{says}: {loss.name} takes the numbers of classes for quantities, 1 between 0 and 2",
                )
        return None

    def _refused(self, evidence: Evidence) -> tuple[str, str] | None:
        """A loss of classes that couldn't take the labels as they are written."""
        error, y, k = problem(evidence), evidence.program.y, width(evidence)
        if error is None or not evidence.loss.about_classes or k == 0:
            return None
        columns = int(np.prod(y.shape[1:], dtype=int))
        said = " ".join(str(error).split())[:200]
        if guard(evidence) == "labels-range":
            return "ERROR", said
        if y.ndim == 1 or columns == 1:
            if evidence.loss.kind == "cross_entropy":
                return "ERROR", f"{evidence.loss.name} can't take labels {y.shape} of {y.dtype}: {said}"
            dtype = y.dtype.kind in "iu" and "dtype" in said
            return (
                ("ERROR", f"{evidence.loss.name} takes numbers with a point, not {y.dtype}: {said}")
                if dtype
                else None
            )
        if columns != k:
            return "ERROR", f"the labels have {columns} columns and the network {k} output{'s' * (k != 1)}"
        return "ERROR", f"{evidence.loss.name} can't take labels {y.shape} of {y.dtype}: {said}"

    def _shares(self, evidence: Evidence) -> tuple[str, str] | None:
        y = targets(evidence)
        if evidence.loss.kind != "cross_entropy" or y.shape[1] < 2 or evidence.task.kind == "labels":
            return None
        sums = y.sum(axis=1)
        off = float((np.abs(sums - 1) > self.sums).mean())
        if off > 0.01:
            says = f"{off:.0%} of the label rows don't sum to 1 (they sum to {sums.min():.3g} to {sums.max():.3g})"
            return "WARN", says
        return None
