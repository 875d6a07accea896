from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.settings import whole
from chainrule.core.table import Table
from chainrule.core.types import Array
from chainrule.plots import boundary
from chainrule.report.pictures.base import PICTURES, Drawn, Picture, feature_names
from chainrule.runs.record import Record


@PICTURES.register("boundary")
@dataclass(frozen=True)
class Boundary(Picture):
    """What a network of two features decides everywhere, with the rows it is judged on; ``resolution`` squared."""

    resolution: int = 200

    def __post_init__(self) -> None:
        whole("boundary: resolution", self.resolution, least=2, most=2000)

    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        record = self.only(records)
        names = record.classes
        raw, y, part = record.judged
        X = np.column_stack([raw.numbers(name) for name in raw.names]) if isinstance(raw, Table) else raw
        if record.network.d_in != 2 or X.shape[1] != 2:
            raise InputError(f"{record.name} has {record.network.d_in} features; a boundary is of two")
        low, high = X.min(axis=0).astype(float), X.max(axis=0).astype(float)
        margin = np.where(high > low, 0.08 * (high - low), 1.0)
        margin = np.maximum(margin, 1e-3 * np.abs(high) * (high <= low))  # 1 is nothing beside 10^30
        low, high = low - margin, high + margin
        across, up = (np.linspace(low[i], high[i], self.resolution) for i in (0, 1))
        grid = np.stack(np.meshgrid(across, up), axis=2).reshape(-1, 2)
        p = record.network.predict_proba(_like(raw, grid)).reshape(self.resolution, self.resolution, -1)
        extent = (low[0], high[0], low[1], high[1])
        axes = feature_names(record) or ("x1", "x2")
        made = boundary(X, y, p, extent, names, axes, f"{len(X):,} {part} rows", dark=dark)
        wrong = int((record.predicted != y).sum())
        shares = [f"{name:.40} {100 * (p.argmax(axis=2) == i).mean():.0f} %" for i, name in enumerate(names[:10])]
        words = (
            f"The plane by the class decided for: {', '.join(shares)} of the area shown. {wrong} rows are wrong."
        )
        return Drawn(made, "decision boundary", words)


def _like(raw: Any, grid: Array) -> Any:
    """Points in the form in which the network takes its features."""
    if not isinstance(raw, Table):
        return grid.astype(raw.dtype) if raw.dtype.kind == "f" else grid
    columns = tuple(np.array([repr(float(v)) for v in column], dtype=object) for column in grid.T)
    return Table(raw.names, columns, np.arange(len(grid)), raw.source)
