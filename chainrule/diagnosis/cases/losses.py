"""Losses as the programs of the cases write them: Keras' on its terms, and sums and logarithms by hand.

Outputs z or probabilities p are (n, k); targets y are (n, k), (n, 1) or, where class ids are taken, (n,). Shapes
that NumPy broadcasts are broadcast, as Keras does in all but its categorical losses; no guard speaks up. With
Keras' probabilities are clipped to [1e-7, 1 - 1e-7], where the derivative is 0, and the categorical losses divide
each row by its sum first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule.autograd as torch
from chainrule.autograd import nn
from chainrule.autograd.errors import PositionError, ShapeError
from chainrule.autograd.ops.creation import tensor
from chainrule.core.settings import nearest
from chainrule.diagnosis.cases.reading import NotRunError

EPSILON = 1e-7
Formula = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class CaseLoss:
    """``loss(outputs, targets)``, a tensor of one number, and what a doctor must know about it.

    kind       "squared" "absolute" "cross_entropy" "binary_cross_entropy" "poisson" "hinge" "other"
    takes      what its outputs are: "values" "probabilities" "logits"
    reduction  "mean" or "sum" over the rows
    targets    "rows" of numbers as wide as the outputs, or class "ids"
    """

    name: str
    formula: Formula
    kind: str
    takes: str
    reduction: str = "mean"
    targets: str = "rows"

    def __call__(self, outputs: Any, targets: Any) -> Any:
        with torch.strict(False):
            return self.formula(outputs, targets)


def _mean(values: Any) -> Any:
    return values.mean()


def _clip(p: Any) -> Any:
    return p.clamp(EPSILON, 1 - EPSILON)


def _squared(p: Any, y: Any) -> Any:
    return _mean((p - y) ** 2)


def _sum_squared(p: Any, y: Any) -> Any:
    return ((p - y) ** 2).sum()


def _absolute(p: Any, y: Any) -> Any:
    return _mean((p - y).abs())


def _squared_log(p: Any, y: Any) -> Any:
    return _mean(((p.clamp(EPSILON, None) + 1).log() - (y.clamp(EPSILON, None) + 1).log()) ** 2)


def _percentage(p: Any, y: Any) -> Any:
    return 100 * _mean(((p - y) / y.abs().clamp(EPSILON, None)).abs())


def _log_cosh(p: Any, y: Any) -> Any:
    d = p - y
    return _mean(d + nn.functional.softplus(-2 * d) - float(np.log(2)))


def _huber(p: Any, y: Any) -> Any:
    d = (p - y).abs()
    return _mean(torch.where(d < 1, d**2 / 2, d - 0.5))


def _binary(p: Any, y: Any) -> Any:
    p = _clip(p)
    if p.shape == y.shape:  # in one operation of the graph instead of seven: a fifth of a small network's step
        return nn.functional.binary_cross_entropy(p, y)
    return -_mean(y * p.log() + (1 - y) * (1 - p).log())


def _raw_binary(p: Any, y: Any) -> Any:
    return -_mean(y * p.log() + (1 - y) * (1 - p).log())


def _shares(p: Any) -> Any:
    return _clip(p / p.sum(dim=-1, keepdim=True))


def _categorical(p: Any, y: Any) -> Any:
    if p.shape != y.shape:
        raise ShapeError(
            f"categorical_crossentropy takes outputs and targets of one shape; the outputs are {tuple(p.shape)}, "
            f"the targets {tuple(y.shape)}. Are the labels one-hot, and is there a unit for each class?"
        )
    return _mean(-(y * _shares(p).log()).sum(dim=-1))


def _raw_categorical(p: Any, y: Any) -> Any:
    return _mean(-(y * p.log()).sum(dim=-1))


def _ids(p: Any, y: Any) -> Any:
    """The class ids, (n, 1), for outputs (n, k)."""
    ids = y.detach().numpy().reshape(len(p), -1).astype(np.int64)[:, :1]
    k = p.shape[-1]
    if ids.size and not (ids.min() >= 0 and ids.max() < k):
        raise PositionError(
            f"the labels reach from {ids.min()} to {ids.max()}; the network has {k} output{'s' * (k != 1)}, "
            f"so that class ids are 0 to {k - 1}"
        )
    return tensor(ids)


def _picked(log_p: Any, y: Any) -> Any:
    return -_mean(log_p.gather(1, _ids(log_p, y)))


def _sparse(p: Any, y: Any) -> Any:
    return _picked(_shares(p).log(), y)


def _raw_cross_entropy(p: Any, y: Any) -> Any:
    """-log p of the right class, nothing clipped: from ids, or from rows of shares."""
    return _raw_categorical(p, y) if p.shape == y.shape and p.shape[-1] > 1 else _picked(p.log(), y)


def _cross_entropy_logits(z: Any, y: Any) -> Any:
    log_p = nn.functional.log_softmax(z, 1)
    if z.shape == y.shape and z.shape[-1] > 1:
        return _mean(-(y * log_p).sum(dim=-1))
    return _picked(log_p, y)


def _binary_logits(z: Any, y: Any) -> Any:
    return _mean(nn.functional.softplus(z) - y * z)


def _poisson(p: Any, y: Any) -> Any:
    return _mean(p - y * (p + EPSILON).log())


def _divergence(p: Any, y: Any) -> Any:
    y, p = y.clamp(EPSILON, 1), p.clamp(EPSILON, 1)
    return _mean((y * (y / p).log()).sum(dim=-1))


def _signs(y: Any) -> Any:
    """0 and 1 as -1 and 1, where there is nothing else, as Keras' hinge losses have it."""
    return 2 * y - 1 if np.isin(y.detach().numpy(), (0, 1)).all() else y


def _hinge(p: Any, y: Any) -> Any:
    return _mean((1 - _signs(y) * p).clamp(0, None))


def _squared_hinge(p: Any, y: Any) -> Any:
    return _mean((1 - _signs(y) * p).clamp(0, None) ** 2)


def _categorical_hinge(p: Any, y: Any) -> Any:
    right, wrong = (y * p).sum(dim=-1), ((1 - y) * p).max(dim=-1).values
    return _mean((wrong - right + 1).clamp(0, None))


def _cosine(p: Any, y: Any) -> Any:
    return -_mean((_unit(p) * _unit(y)).sum(dim=-1))


def _unit(x: Any) -> Any:
    return x / (x * x).sum(dim=-1, keepdim=True).clamp(1e-12, None).sqrt()


_ROWS = (
    CaseLoss("mse", _squared, "squared", "values"),
    CaseLoss("sum_squared_error", _sum_squared, "squared", "values", "sum"),
    CaseLoss("mae", _absolute, "absolute", "values"),
    CaseLoss("msle", _squared_log, "squared", "values"),
    CaseLoss("mape", _percentage, "absolute", "values"),
    CaseLoss("logcosh", _log_cosh, "absolute", "values"),
    CaseLoss("huber", _huber, "absolute", "values"),
    CaseLoss("poisson", _poisson, "poisson", "values"),
    CaseLoss("hinge", _hinge, "hinge", "values"),
    CaseLoss("squared_hinge", _squared_hinge, "hinge", "values"),
    CaseLoss("categorical_hinge", _categorical_hinge, "hinge", "values"),
    CaseLoss("cosine_similarity", _cosine, "other", "values"),
    CaseLoss("kld", _divergence, "cross_entropy", "probabilities"),
    CaseLoss("binary_crossentropy", _binary, "binary_cross_entropy", "probabilities"),
    CaseLoss("categorical_crossentropy", _categorical, "cross_entropy", "probabilities"),
    CaseLoss("manual_bce_on_raw_outputs", _raw_binary, "binary_cross_entropy", "probabilities"),
    CaseLoss("cross_entropy_on_raw_outputs", _raw_categorical, "cross_entropy", "probabilities"),
    CaseLoss("bce_with_logits", _binary_logits, "binary_cross_entropy", "logits"),
)
_IDS = (
    CaseLoss("sparse_categorical_crossentropy", _sparse, "cross_entropy", "probabilities", targets="ids"),
    CaseLoss("cross_entropy", _raw_cross_entropy, "cross_entropy", "probabilities", targets="ids"),
    CaseLoss("softmax_cross_entropy_logits", _cross_entropy_logits, "cross_entropy", "logits", targets="ids"),
)  # fmt: skip
LOSSES: Mapping[str, CaseLoss] = {loss.name: loss for loss in (*_ROWS, *_IDS)}
ALIASES = {
    "mean_squared_error": "mse", "l2_loss": "mse", "mean_absolute_error": "mae", "l1": "mae",
    "mean_squared_logarithmic_error": "msle", "mean_absolute_percentage_error": "mape", "log_cosh": "logcosh",
    "bce": "binary_crossentropy", "binary_cross_entropy": "binary_crossentropy",
    "cce": "categorical_crossentropy", "categorical_cross_entropy": "categorical_crossentropy",
    "sparse_categorical_cross_entropy": "sparse_categorical_crossentropy", "nll": "cross_entropy",
    "kullback_leibler_divergence": "kld", "kl_divergence": "kld", "cosine_proximity": "cosine_similarity",
    "cross_entropy_logits": "softmax_cross_entropy_logits", "cross_entropy_from_logits":
    "softmax_cross_entropy_logits", "softmax_cross_entropy": "softmax_cross_entropy_logits",
    "binary_crossentropy_from_logits": "bce_with_logits", "sigmoid_cross_entropy_logits": "bce_with_logits",
    "bce_logits": "bce_with_logits", "sse": "sum_squared_error", "sum_of_squares": "sum_squared_error",
    "smooth_l1": "huber",
}  # fmt: skip
_PENALTY = re.compile(r"^(?P<loss>.*?)\s*\+\s*l2\s*\(\s*(?P<factor>[-+.\deE]+)\s*\)\s*$", re.IGNORECASE)


def loss_named(text: str) -> tuple[CaseLoss, float]:
    """The loss of a case, "mse" or "mse + l2(0.1)", and the factor of the squared weights that are added to it.

    NotRunError where there is none of this name.
    """
    match = _PENALTY.match(text)
    name = (match["loss"] if match else text).strip().lower().replace(" ", "_").replace("-", "_")
    name = ALIASES.get(name, name)
    if name not in LOSSES:
        raise NotRunError(f"unknown loss {text!r:.80}.{nearest(name, LOSSES)}")
    return LOSSES[name], float(match["factor"]) if match else 0.0
