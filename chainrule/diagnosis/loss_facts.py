"""What a loss as written computes: by its name where that is known, else by what it answers to chosen numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.types import Array

# name of class or function, in lower case without signs -> (kind, takes)
KNOWN = {
    "crossentropyloss": ("cross_entropy", "logits"),
    "crossentropy": ("cross_entropy", "logits"),
    "nllloss": ("cross_entropy", "log_probabilities"),
    "bceloss": ("binary_cross_entropy", "probabilities"),
    "binarycrossentropy": ("binary_cross_entropy", "probabilities"),
    "bcewithlogitsloss": ("binary_cross_entropy", "logits"),
    "binarycrossentropywithlogits": ("binary_cross_entropy", "logits"),
    "mseloss": ("squared", "values"),
    "meansquarederror": ("squared", "values"),
    "l1loss": ("absolute", "values"),
    "absoluteerror": ("absolute", "values"),
    "smoothl1loss": ("huber", "values"),
    "huberloss": ("huber", "values"),
    "huber": ("huber", "values"),
    "kldivloss": ("kl_divergence", "log_probabilities"),
}
OF_PROBABILITIES = ("cross_entropy", "binary_cross_entropy")


@dataclass(frozen=True)
class LossFacts:
    """``kind``: cross_entropy, binary_cross_entropy, squared, absolute, huber, ... or "unknown".

    ``takes``: "logits", "probabilities", "log_probabilities" or "values". ``reduction``: "mean" or "sum".
    ``name`` is what the user called it.
    """

    name: str
    kind: str = "unknown"
    takes: str = "values"
    reduction: str = "mean"

    @property
    def elementwise(self) -> bool:
        """Whether prediction and target are set against each other number by number, so must have one shape."""
        return self.kind not in ("cross_entropy", "unknown")

    @property
    def about_classes(self) -> bool:
        return self.kind in OF_PROBABILITIES


def name_of(loss: Any) -> str:
    return str(getattr(loss, "__name__", None) or getattr(loss, "name", None) or type(loss).__name__)


def loss_facts(loss: Any, call: Callable[[Array, Array], float], outputs: Array, y: Array) -> LossFacts:
    """Facts the loss tells of itself (``kind``, ``takes``, ``reduction``), else by name, else by experiment.

    ``call(outputs, y)`` is the loss of arrays; ``outputs`` and ``y`` are an example that goes together.
    """
    name = name_of(loss)
    reduction = _reduction(loss, call, outputs, y)
    if hasattr(loss, "kind") and hasattr(loss, "takes"):
        return LossFacts(name, loss.kind, loss.takes, reduction)
    known = KNOWN.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    if known is None:
        known = _by_experiment(call, outputs, y)
    return LossFacts(name, *known, reduction)


def _reduction(loss: Any, call: Callable[[Array, Array], float], outputs: Array, y: Array) -> str:
    """A sum doubles where the rows are given twice."""
    told = getattr(loss, "reduction", None)
    if told in ("mean", "sum"):
        return str(told)
    try:
        once = call(outputs, y)
        twice = call(np.concatenate([outputs, outputs]), np.concatenate([y, y]))
    except Exception:  # a loss that can't be called is another rule's matter
        return "mean"
    return "sum" if once and abs(twice / once - 2) < 0.05 else "mean"


def _by_experiment(call: Callable[[Array, Array], float], outputs: Array, y: Array) -> tuple[str, str]:
    """The catalog's formula that gives the same number on random outputs, whatever the average is over."""
    rng = np.random.default_rng(0)
    for takes, guess in (
        ("logits", rng.normal(size=outputs.shape)),
        ("probabilities", rng.uniform(0.05, 0.95, outputs.shape)),
    ):
        guess = guess.astype(outputs.dtype)
        try:
            value = call(guess, y)
        except Exception:  # it doesn't take these; the next may fit
            continue
        for kind, formula in _FORMULAS[takes].items():
            expected = formula(guess.astype(np.float64), y)
            if expected is not None and any(abs(value - e) <= 1e-4 * abs(e) + 1e-7 for e in expected):
                return kind, "values" if kind in ("squared", "absolute") else takes
    return "unknown", "values"


def of_pairs(value: float, outputs: Array, y: Array) -> bool:
    """Whether the value is a formula of the catalog, each output set against its own target."""
    found = [
        formula(outputs.astype(np.float64), y) for formulas in _FORMULAS.values() for formula in formulas.values()
    ]
    return any(
        abs(value - e) <= 1e-4 * abs(e) + 1e-7 for expected in found if expected is not None for e in expected
    )


def _averages(terms: Array) -> tuple[float, ...]:
    total = float(terms.sum())
    return total, total / terms.size, total / len(terms), total / 2, total / 2 / len(terms), total / 2 / terms.size


def _one_hot(y: Array, k: int) -> Array | None:
    if y.ndim == 2 and y.shape[1] == k:
        return y
    labels = y.reshape(-1)
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= k:
        return None
    return np.eye(k)[labels]


def _elementwise(terms: Callable[[Array, Array], Array]) -> Callable[[Array, Array], tuple[float, ...] | None]:
    def formula(z: Array, y: Array) -> tuple[float, ...] | None:
        return _averages(terms(z, y.reshape(z.shape))) if y.size == z.size else None

    return formula


def _of_classes(log_p: Callable[[Array], Array]) -> Callable[[Array, Array], tuple[float, ...] | None]:
    def formula(z: Array, y: Array) -> tuple[float, ...] | None:
        t = _one_hot(y, z.shape[1]) if z.ndim == 2 and z.shape[1] > 1 else None
        return None if t is None else _averages(-(t * log_p(z)).sum(axis=1))

    return formula


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found


_FORMULAS: dict[str, dict[str, Callable[[Array, Array], tuple[float, ...] | None]]] = {
    "logits": {
        "squared": _elementwise(lambda z, t: (z - t) ** 2),
        "absolute": _elementwise(lambda z, t: np.abs(z - t)),
        "cross_entropy": _of_classes(_log_softmax),
        "binary_cross_entropy": _elementwise(lambda z, t: np.logaddexp(0, z) - t * z),
    },
    "probabilities": {
        "cross_entropy": _of_classes(np.log),
        "binary_cross_entropy": _elementwise(lambda p, t: -t * np.log(p) - (1 - t) * np.log1p(-p)),
    },
}
