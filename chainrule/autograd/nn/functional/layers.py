"""The affine map, normalizations, and one-hot rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.autograd.errors import AutogradError, ShapeError, flag
from chainrule.autograd.ops import arithmetic as a
from chainrule.autograd.ops.base import axes, checked, constant, new_sizes, number, sizes, whole
from chainrule.autograd.ops.linear import matmul
from chainrule.autograd.prediction import BY_BATCH, refuse_training_mode
from chainrule.autograd.table import reductions as rt
from chainrule.autograd.table import shapes as t
from chainrule.autograd.tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """input @ weight.T + bias.  input: (..., d_in), weight: (d_out, d_in), bias: (d_out,)."""
    x, W = checked(input, "linear"), checked(weight, "linear")
    if x.ndim == 0 or W.ndim not in (1, 2) or x._array.shape[-1] != W._array.shape[-1]:
        raise ShapeError(
            f"linear: an input of shape {tuple(x.shape)} does not meet a weight of shape {tuple(W.shape)}, "
            "(d_out, d_in)"
        )
    for other in (W, bias):
        if other is not None and checked(other, "linear")._array.dtype != x._array.dtype:
            raise AutogradError(
                f"linear takes one dtype; came an input of {x.dtype} and parameters of {other.dtype}"
            )
    if W.ndim == 1:
        out = matmul(x, W)
        return out if bias is None else a.add(out, bias)
    if bias is not None and bias._array.shape not in ((W._array.shape[0],), (1,), ()):
        raise ShapeError(f"linear: {W._array.shape[0]} outputs take a bias of that many; came {tuple(bias.shape)}")
    if x.ndim == 1:
        return t.linear(x.reshape(1, -1), W, bias).reshape(-1)
    return t.linear(x, W, bias)


def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Any:
    """(x - mean) / sqrt(var + eps) * weight + bias over the last dimensions. Ba, Kiros & Hinton 2016."""
    x, shape = checked(input, "layer_norm"), sizes([normalized_shape])
    if not shape or tuple(x._array.shape[-len(shape) :]) != shape:
        raise ShapeError(f"layer_norm: the last dimensions of {tuple(x.shape)} must be {shape}")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and tuple(checked(parameter, "layer_norm").shape) != shape:
            raise ShapeError(f"layer_norm: {name} has shape {tuple(parameter.shape)}; expected {shape}")
    out = rt.normalized(x, axes=tuple(range(x.ndim - len(shape), x.ndim)), eps=eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel, dimension 1. Ioffe & Szegedy 2015.

    In training mean and variance are the batch's, and the running ones move by ``momentum`` towards them (the
    variance with n - 1); otherwise the running ones are used.
    """
    x = checked(input, "batch_norm")
    if x.ndim < 2:
        raise ShapeError(f"batch_norm takes (rows, channels, ...); came shape {tuple(x.shape)}")
    channels = x._array.shape[1]
    for name, each in (("mean", running_mean), ("var", running_var), ("weight", weight), ("bias", bias)):
        if each is not None and tuple(checked(each, "batch_norm").shape) != (channels,):
            raise ShapeError(f"batch_norm: {name} has shape {tuple(each.shape)}; there are {channels} channels")
    if number(eps, "batch_norm") <= 0 and training:
        raise AutogradError(f"batch_norm takes eps above 0; came {eps}")
    over = axes([i for i in range(x.ndim) if i != 1], x.ndim)
    wide = (1, channels, *(1,) * (x.ndim - 2))
    if flag(training, "batch_norm: training"):
        if running_mean is not None or running_var is not None:  # else it is the same after eval()
            refuse_training_mode(BY_BATCH)
        n = math.prod(x._array.shape[i] for i in over)
        if n == 1:
            raise AutogradError(
                f"batch_norm in training needs more than one value a channel; came shape {tuple(x.shape)}. Use "
                "larger batches, drop the last one of the epoch, or say eval()"
            )
        out = rt.normalized(x, axes=over, eps=eps)
        if n:
            _track(x, over, wide, n, running_mean, running_var, momentum)
    else:
        if running_mean is None or running_var is None:
            raise AutogradError("batch_norm outside training needs running_mean and running_var")
        out = (x - running_mean.reshape(wide)) * a.rsqrt(running_var.reshape(wide) + eps)
    out = out if weight is None else out * weight.reshape(wide)
    return out if bias is None else out + bias.reshape(wide)


def _track(
    x: Tensor,
    over: tuple[int, ...],
    wide: tuple[int, ...],
    n: int,
    mean: Tensor | None,
    var: Tensor | None,
    momentum: float,
) -> None:
    with np.errstate(all="ignore"):
        center = x._array.mean(over)
        freedom = x._array.dtype.type(n - 1)
        variance = np.square(x._array - center.reshape(wide)).sum(over) / freedom
        for running, value in ((mean, center), (var, variance)):
            if running is not None:
                running._array[...] = (1 - momentum) * running._array + momentum * value
                running._version[0] += 1


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """1 at the label, 0 elsewhere, along a new last dimension."""
    labels = checked(tensor, "one_hot")._array
    if labels.dtype.kind not in "iu":
        raise AutogradError(f"one_hot takes labels of int64, not {tensor.dtype}")
    classes = whole(num_classes, "one_hot: num_classes")
    if classes == -1:
        classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise AutogradError(
            f"one_hot: the labels reach from {labels.min()} to {labels.max()}; classes: {classes}",
            guard="labels-range",
        )
    *_, n = new_sizes((*labels.shape, classes))
    return constant((labels[..., None] == np.arange(n)).astype(np.int64))
