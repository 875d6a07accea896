"""A network at a glance: its layers, their shapes, what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.core.types import DType
from chainrule.layers import Layer, Module
from chainrule.layers._same_width import SameWidth


@dataclass(frozen=True)
class SummaryRow:
    """One module: operations are floating-point operations of a forward pass, a row."""

    index: int
    name: str
    shape: str
    parameters: int
    operations: int
    buffers: int = 0


@dataclass(frozen=True)
class Summary:
    """A network at a glance; ``str`` of it is a table."""

    rows: tuple[SummaryRow, ...]
    itemsize: int

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def operations(self) -> int:
        """Floating-point operations of a forward pass, a row."""
        return sum(row.operations for row in self.rows)

    @property
    def buffers(self) -> int:
        """Numbers that training changes but no gradient does: running averages."""
        return sum(row.buffers for row in self.rows)

    @property
    def bytes(self) -> int:
        """Memory of the parameters."""
        return self.parameters * self.itemsize

    def __str__(self) -> str:
        table = [("", "module", "shape", "parameters", "operations/row")]
        table += [
            (str(r.index), r.name, r.shape, f"{r.parameters:,}" if r.parameters else "", f"{r.operations:,}")
            for r in self.rows
        ]
        total = ("", "total", "", f"{self.parameters:,}", f"{self.operations:,}")
        widths = [max(len(row[i]) for row in [*table, total]) for i in range(5)]

        def line(row: tuple[str, ...]) -> str:
            cells = [
                cell.ljust(w) if i in (1, 2) else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            ]
            return "  ".join(cells).rstrip()

        rule = "  ".join("─" * w for w in widths)
        lines = [line(table[0]), rule, *map(line, table[1:]), rule, line(total)]
        kept = f", {self.buffers * self.itemsize:,} of buffers" if self.buffers else ""
        return "\n".join([*lines, f"{self.bytes:,} bytes of float{8 * self.itemsize} parameters{kept}"])

    __repr__ = __str__


def summarize(modules: Sequence[Module], dtype: DType) -> Summary:
    """The summary of modules in a row, whose parameters are of ``dtype``."""
    rows, width = [], 0
    for i, module in enumerate(modules):
        if isinstance(module, Layer):
            width = module.d_out
            parameters = sum(map(math.prod, module.shapes().values()))
            buffers = sum(map(math.prod, module.buffer_shapes().values()))
            shape = str(width) if isinstance(module, SameWidth) else f"{module.d_in} -> {width}"
            rows.append(SummaryRow(i, module.name, shape, parameters, module.operations(), buffers))
        else:
            width = width or next(layer.d_in for layer in modules if isinstance(layer, Layer))
            rows.append(SummaryRow(i, module.name, str(width), 0, module.operations * width))
    return Summary(tuple(rows), dtype.itemsize)
