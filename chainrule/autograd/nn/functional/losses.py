"""Losses. The reduction is "mean", "sum" or "none"; shapes that would broadcast are an error while strict."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, PositionError, ShapeError, StrictError
from chainrule.autograd.nn.functional.activations import log_softmax, logsigmoid
from chainrule.autograd.ops import arithmetic as a
from chainrule.autograd.ops.base import checked, constant, meet
from chainrule.autograd.ops.creation import zeros_like
from chainrule.autograd.strictness import is_strict
from chainrule.autograd.table import losses as t
from chainrule.autograd.tensor import Tensor
from chainrule.core.guards import refuse

# of each loss that was given probabilities: what it takes, and what to hand to it instead
TAKES = {
    "cross_entropy": ("takes logits and does the softmax itself", "leave the {origin} out of the model"),
    "binary_cross_entropy_with_logits": (
        "takes logits and does the sigmoid itself",
        "leave the {origin} out of the model, or use binary_cross_entropy",
    ),
    "nll_loss": ("takes logarithms of probabilities", "use log_softmax, or cross_entropy on the logits"),
}


def _reduced(values: Any, reduction: str) -> Any:
    if reduction == "mean":
        return values.mean()
    if reduction == "sum":
        return values.sum()
    if reduction == "none":
        return values
    raise AutogradError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r:.40}")


def _pair(input: Any, target: Any, what: str) -> tuple[Any, Any]:
    """Prediction and target, of one shape; a broadcast of one against the other hides a missing dimension."""
    x, y = checked(input, what), checked(target, what)
    if x._array.shape != y._array.shape:
        text = f"{what}: the prediction has shape {tuple(x.shape)}, the target {tuple(y.shape)}"
        if is_strict():
            refuse(
                StrictError(
                    f"{text}; broadcast, the loss would compare every entry with every other. Bring them to one "
                    "shape, as with target.reshape(prediction.shape), or allow it with strict(False)",
                    guard="loss-shape",
                )
            )
        else:
            warnings.warn(f"{text}; they are broadcast, which is rarely what was meant", stacklevel=3)
    return meet(x, y, what)


def _refuse_probabilities(x: Tensor, what: str) -> None:
    """Probabilities are told by where they come from, not by their values: logits may lie in [0, 1] by chance."""
    if x.origin and is_strict():
        takes, instead = TAKES[what]
        refuse(
            StrictError(
                f"{what} {takes}, and was given the output of {x.origin}; from probabilities it learns slowly and "
                f"badly, and nothing looks broken. So {instead.format(origin=x.origin)}; strict(False) allows it",
                guard="probabilities-as-logits",
            )
        )


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    """(input - target)^2."""
    x, y = _pair(input, target, "mse_loss")
    return _reduced(a.square(a.sub(x, y)), reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    """|input - target|."""
    x, y = _pair(input, target, "l1_loss")
    return _reduced(a.abs(a.sub(x, y)), reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    """d^2 / (2 beta) where |d| < beta, |d| - beta / 2 elsewhere."""
    if beta < 0:
        raise AutogradError(f"smooth_l1_loss takes beta of 0 or more; came {beta}")
    x, y = _pair(input, target, "smooth_l1_loss")
    if beta == 0:
        return _reduced(a.abs(a.sub(x, y)), reduction)
    return _reduced(t.huber(a.sub(x, y), delta=beta) / beta, reduction)


def huber_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d^2 / 2 where |d| < delta, delta (|d| - delta / 2) elsewhere."""
    if isinstance(delta, complex) or delta <= 0:
        raise AutogradError(f"huber_loss takes delta above 0; came {delta}")
    x, y = _pair(input, target, "huber_loss")
    return _reduced(t.huber(a.sub(x, y), delta=delta), reduction)


def _same_shape(x: Tensor, y: Tensor, what: str) -> None:
    if x._array.shape != y._array.shape:
        raise ShapeError(
            f"{what}: the prediction has shape {tuple(x.shape)}, the target {tuple(y.shape)}; they must be equal",
            guard="loss-shape",
        )


def _refuse_outside(y: Tensor, what: str) -> None:
    """Answers of -1 and 1, or 1 and 2, make a loss without a minimum."""
    if is_strict() and y._array.size and not (y._array.min() >= 0 and y._array.max() <= 1):
        wrong = y._array[~((y._array >= 0) & (y._array <= 1))].flat[0]
        refuse(
            StrictError(
                f"{what} takes answers from 0, no, to 1, yes; the target holds {wrong:g}. Renumber them, or allow "
                "it with strict(False)",
                guard="labels-range",
            )
        )


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Any:
    """-(y log p + (1 - y) log(1 - p)) of probabilities p; logarithms end at -100, as in PyTorch."""
    p, y = checked(input, "binary_cross_entropy"), checked(target, "binary_cross_entropy")
    _same_shape(p, y, "binary_cross_entropy")
    if p._array.size and not (np.all(p._array >= 0) and np.all(p._array <= 1)):
        raise AutogradError(
            "binary_cross_entropy takes probabilities from 0 to 1; some are outside or NaN. Is a sigmoid missing? "
            "binary_cross_entropy_with_logits takes the logits"
        )
    _refuse_outside(y, "binary_cross_entropy")
    loss = t.binary_cross_entropy(*meet(p, y, "binary_cross_entropy"))
    loss = loss if weight is None else loss * checked(weight, "binary_cross_entropy: weight")
    return _reduced(loss, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Any:  # fmt: skip
    """Binary cross-entropy of sigmoid(input), stable at any input; ``pos_weight`` multiplies the yes cases."""
    x, y = checked(input, "binary_cross_entropy_with_logits"), checked(target, "binary_cross_entropy_with_logits")
    _same_shape(x, y, "binary_cross_entropy_with_logits")
    _refuse_probabilities(x, "binary_cross_entropy_with_logits")
    _refuse_outside(y, "binary_cross_entropy_with_logits")
    for each in (weight, pos_weight):
        if each is not None:
            checked(each, "binary_cross_entropy_with_logits: a weight")
    log_weight = 1 if pos_weight is None else (pos_weight - 1) * y + 1
    loss = (1 - y) * x - log_weight * logsigmoid(x)
    return _reduced(loss if weight is None else loss * weight, reduction)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Any:
    """target (log target - input), where the input is a log-probability; "batchmean" divides by the rows."""
    x, y = _pair(input, target, "kl_div")
    loss = a.exp(y) * (y - x) if log_target else a.xlogy(y, y) - y * x
    if reduction == "batchmean":
        return loss.sum() / (x._array.shape[0] if x.ndim else 1)
    return _reduced(loss, reduction)


# -- classes --------------------------------------------------------------------------------------------


def _class_axis(x: Tensor, what: str) -> int:
    if x.ndim == 0:
        raise ShapeError(f"{what} takes scores of shape (classes,) or (rows, classes, ...), not a 0-d tensor")
    return 0 if x.ndim == 1 else 1


def _labels(x: Tensor, target: Tensor, ignore_index: int, what: str) -> tuple[Tensor, Any]:
    """The labels with a dimension for the classes, ignored ones as 0, and which count."""
    along = _class_axis(x, what)
    shape = x._array.shape
    if target._array.dtype.kind not in "iu":
        raise AutogradError(
            f"{what} takes labels of int64, or probabilities of shape {tuple(shape)}; came {target.dtype}"
        )
    if target._array.shape != (*shape[:along], *shape[along + 1 :]):
        raise ShapeError(
            f"{what}: labels for scores of shape {tuple(shape)} have shape "
            f"{(*shape[:along], *shape[along + 1 :])}; "
            f"came {tuple(target.shape)}",
            guard="loss-shape",
        )
    counts = target._array != ignore_index
    wrong = target._array[counts & ((target._array < 0) | (target._array >= shape[along]))]
    if wrong.size:
        raise PositionError(
            f"{what}: label {wrong.flat[0]} is not one of {shape[along]} classes, 0 to {shape[along] - 1}",
            guard="labels-range",
        )
    labels = np.expand_dims(np.where(counts, target._array, 0).astype(np.int64), along)
    return constant(labels), constant(counts)


def _class_weights(x: Tensor, weight: Tensor | None, what: str) -> Any:
    """The weights of the classes, shaped to stand beside the scores."""
    if weight is None:
        return None
    along = _class_axis(x, what)
    n = x._array.shape[along]
    if checked(weight, f"{what}: weight")._array.dtype != x._array.dtype:
        raise AutogradError(f"{what}: weight is of {weight.dtype}, the scores of {x.dtype}; convert one")
    if weight._array.shape != (n,):
        raise ShapeError(f"{what}: weight has one entry for each of {n} classes; came shape {tuple(weight.shape)}")
    return weight.reshape((n, *(1,) * (x.ndim - along - 1)))


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """Minus the input of the right class, where the inputs are logarithms of probabilities.

    "mean" divides by the sum of the weights of the rows that count.
    """
    x = checked(input, "nll_loss")
    _refuse_probabilities(x, "nll_loss")
    values, weights = _nll(x, checked(target, "nll_loss"), weight, ignore_index, "nll_loss")
    return values.sum() / weights.sum() if reduction == "mean" else _reduced(values, reduction)


def _nll(x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, what: str) -> tuple[Any, Any]:
    """The loss of each row, and its weight, 0 where ignored."""
    along = _class_axis(x, what)
    labels, counts = _labels(x, target, ignore_index, what)
    weights = counts.to(x.dtype)
    if weight is not None:
        wide = _class_weights(x, weight, what).expand(x.shape)
        weights = wide.gather(along, labels).squeeze(along) * weights
    picked = x.gather(along, labels).squeeze(along)
    return a.where(counts, -picked * weights, zeros_like(picked)), weights


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """-log softmax(input) of the right class; the target holds labels, or probabilities in the input's shape.

    ``label_smoothing`` mixes the target with the uniform distribution.
    """
    x, y = checked(input, "cross_entropy"), checked(target, "cross_entropy")
    along = _class_axis(x, "cross_entropy")
    _refuse_probabilities(x, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise AutogradError(f"label_smoothing is from 0 to 1; came {label_smoothing}")
    if reduction not in ("mean", "sum", "none"):
        raise AutogradError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r:.40}")
    log_p = log_softmax(x, along)
    classes = x._array.shape[along]
    w = _class_weights(x, weight, "cross_entropy")
    if y._array.shape == x._array.shape and y.is_floating_point():
        if ignore_index != -100:
            raise AutogradError("cross_entropy: ignore_index is for labels; the target holds probabilities")
        if label_smoothing:
            y = y * (1 - label_smoothing) + label_smoothing / classes
        loss = -(log_p * y if w is None else log_p * y * w).sum(along)
        rows = x._array.size // classes if classes else 0
        return loss.sum() / rows if reduction == "mean" else _reduced(loss, reduction)
    values, weights = _nll(log_p, y, weight, ignore_index, "cross_entropy")
    smooth = None
    if label_smoothing:
        counts = constant(y._array != ignore_index)
        all_classes = -(log_p if w is None else log_p * w).sum(along)
        smooth = a.where(counts, all_classes, zeros_like(all_classes))
        values = (1 - label_smoothing) * values + label_smoothing / classes * smooth
    return values.sum() / weights.sum() if reduction == "mean" else _reduced(values, reduction)
