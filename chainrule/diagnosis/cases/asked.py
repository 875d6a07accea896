"""What a case asks of its data, what it gets, and the kinds of data by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core.types import Array
from chainrule.diagnosis.cases.reading import rows_in

Numbers = np.random.Generator


@dataclass(frozen=True)
class Asked:
    """What a case asks of its data. ``d`` features, ``units`` outputs of its network, ``folder`` for its files."""

    data: Mapping[str, Any]
    task: str
    d: int
    units: int
    prose: str
    folder: Path

    def rows(self, usual: int) -> int:
        """How many rows: as the settings say, else the words, else ``usual``; never more than ``rows``."""
        found = self.data.get("n") or rows_in(self.prose) or usual
        return int(min(found, self.data.get("rows") or found))

    @property
    def classes(self) -> int:
        """How many classes: as the settings say, else one for each output, at least two."""
        return int(self.data.get("classes") or max(2, self.units))


@dataclass(frozen=True)
class Drawn:
    """Rows X (n, d) and targets y: class ids (n,) of an integer type, or numbers (n,) or (n, k).

    ``classes`` is the number of classes where y holds ids, else 0. ``held`` is a pair kept for validation.
    """

    X: Array
    y: Array
    classes: int = 0
    held: tuple[Array, Array] | None = None


Kind = Callable[[Asked, Numbers], Drawn]
KINDS: dict[str, Kind] = {}


def kind(*names: str) -> Callable[[Kind], Kind]:
    """Register a function under these names."""

    def put(function: Kind) -> Kind:
        KINDS.update(dict.fromkeys(names, function))
        return function

    return put
