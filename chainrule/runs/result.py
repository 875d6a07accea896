"""How good a model is on given rows: what ``train`` and ``evaluate`` report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import NotFittedError
from chainrule.metrics import METRICS
from chainrule.network import Network
from chainrule.training import evaluate


@dataclass(frozen=True)
class ClassResult:
    """``correct`` of ``rows`` of one class."""

    name: str
    correct: int
    rows: int

    @property
    def accuracy(self) -> float:
        """Share in [0, 1]; NaN without rows."""
        return self.correct / self.rows if self.rows else float("nan")


@dataclass(frozen=True)
class Result:
    """Scores on one set of rows: ``part`` is "test", "validation", "training" or "all"."""

    part: str
    rows: int
    scores: dict[str, float]
    correct: int | None = None
    classes: tuple[ClassResult, ...] = ()

    @classmethod
    def of(cls, network: Network, X: Any, y: Any, part: str, metrics: Iterable[str] = ()) -> Result:
        """The network's scores on raw features and encoded answers, with those of the ``metrics`` asked for."""
        if network.loss is None or network.target is None:
            raise NotFittedError("this model has no loss or no target, so it can't be evaluated; train it first")
        scores = evaluate(network, X, y, metrics)
        predicted = network.predict(X)
        if network.target.task == "values":
            y = np.asarray(y).reshape(predicted.shape)
            scores["squared_error"] = METRICS.make("squared_error")(y, predicted)
            return cls(part, len(y), scores)
        names = network.target.names
        counts = METRICS.make({"name": "confusion_matrix", "classes": len(names)})(y, predicted)
        right, rows = np.diag(counts), counts.sum(axis=1)
        classes = tuple(ClassResult(n, int(c), int(r)) for n, c, r in zip(names, right, rows, strict=True))
        return cls(part, len(y), scores, int(right.sum()), classes)

    def line(self) -> str:
        """The result in one line: ``test accuracy: 98.05 % (9805 of 10000)``."""
        part = "" if self.part == "all" else f"{self.part} "
        if self.correct is not None:
            return f"{part}accuracy: {100 * self.correct / self.rows:.2f} % ({self.correct} of {self.rows})"
        s = self.scores
        return f"{part}R2: {s['r2']:.4f} (squared error {s['squared_error']:.6g}, {self.rows} rows)"

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        found = asdict(self)
        found["classes"] = [{**asdict(c), "accuracy": c.accuracy if c.rows else None} for c in self.classes]
        return {key: value for key, value in found.items() if value is not None}
