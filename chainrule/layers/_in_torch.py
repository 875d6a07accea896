"""Layers that PyTorch has no module for, as modules of PyTorch or ``chainrule.autograd``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.layers.embedding import Embedding


def residual(torch: Any, inner: Sequence[Any], projection: tuple[int, int] | None) -> Any:
    """x + f(x); its modules are called "0", "1" ... and, if the widths differ, "projection"."""

    class Residual(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for i, module in enumerate(inner):
                setattr(self, str(i), module)
            self.projection = None if projection is None else torch.nn.Linear(*projection, bias=False)

        def forward(self, x: Any) -> Any:
            y = x
            for i in range(len(inner)):
                y = getattr(self, str(i))(y)
            return y + (x if self.projection is None else self.projection(x))

    return Residual()


def embedding(torch: Any, layer: Embedding) -> Any:
    """Rows of tables, called "0", "1" ... as in a ModuleList of Embeddings, then the columns of numbers."""

    class Table(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, categories: int, width: int) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(categories, width))

        def forward(self, codes: Any) -> Any:
            return self.weight[codes]

    class Embedding(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for i, (categories, width) in enumerate(zip(layer.categories, layer.widths, strict=True)):
                setattr(self, str(i), Table(categories, width))

        def forward(self, x: Any) -> Any:
            rows = [getattr(self, str(i))(x[:, column].round().long()) for i, column in enumerate(layer.columns)]
            numbers = [x[:, layer.numbers]] if layer.numbers else []
            return torch.cat([*rows, *numbers], 1)

    return Embedding()
