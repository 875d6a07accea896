"""The modules of a multilayer perceptron, from its sizes and what stands between its dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.core.errors import SettingError
from chainrule.core.settings import MOST_SIZE, number, show, whole, yes_or_no
from chainrule.layers.base import LAYERS, Layer, make


def mlp_modules(
    sizes: Any,
    activation: Any,
    *,
    output: Any = None,
    dropout: float = 0.0,
    normalization: Any = None,
    residual: bool = False,
    embedding: Any = None,
) -> list[Any]:
    """Hidden layers, each dense, normalization, activation and dropout, then a dense layer and ``output``.

    With ``residual`` a hidden layer as wide as the one before it becomes a residual block.
    """
    sizes = _checked(sizes)
    hidden = len(sizes) - 2
    number("dropout: rate", dropout, least=0, below=1)
    yes_or_no("residual", residual)
    activations = _one_each(activation, hidden)
    _refuse_without_hidden(hidden, dropout=dropout > 0, normalization=normalization is not None, residual=residual)
    modules: list[Any] = []
    if embedding is not None:
        first = make(embedding, sizes[0])
        if not isinstance(first, Layer):
            raise SettingError(f"embedding is a layer, not {first!r:.80}")
        modules, sizes = [first], [first.d_out, *sizes[1:]]
    blocks = 0
    for d_in, d_out, each in zip(sizes, sizes[1:-1], activations, strict=False):
        block = [{"name": "dense", "d_in": d_in, "d_out": d_out}]
        block += [part for part in (normalization, each) if part is not None]
        block += [{"name": "dropout", "rate": dropout}] if dropout else []
        as_block = residual and d_in == d_out
        modules += [LAYERS["residual"](tuple(block))] if as_block else block  # type: ignore[call-arg]
        blocks += as_block
    if residual and not blocks:
        raise SettingError(
            f"residual is for hidden layers as wide as the one before, as in [4, 64, 64, 3]; the sizes are {sizes}"
        )
    last = {"name": "dense", "d_in": sizes[-2], "d_out": sizes[-1]}
    return [*modules, last, *([] if output is None else [output])]


def _checked(given: Any) -> list[int]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise SettingError(f"an MLP takes a list of sizes, as in [784, 128, 10]; not {show(given)}")
    sizes: list[int] = list(given)
    if len(sizes) < 2:
        raise SettingError(
            f"an MLP needs at least two sizes, features and outputs, as in [784, 128, 10]; not {sizes}"
        )
    for size in sizes:
        whole("a layer's size", size, most=MOST_SIZE)
    return sizes


def _one_each(activation: Any, hidden: int) -> list[Any]:
    """One activation for each hidden layer, from one for all or a list."""
    if not isinstance(activation, list | tuple):
        return [activation] * hidden
    if len(activation) != hidden:
        raise SettingError(
            f"{len(activation)} activations for {hidden} hidden layer{'s' * (hidden != 1)}; give one for all, or "
            "one for each"
        )
    return list(activation)


def _refuse_without_hidden(hidden: int, **asked: bool) -> None:
    for what, value in asked.items():
        if value and not hidden:
            raise SettingError(f"{what} is for hidden layers, and there is none; give a size between the two")
