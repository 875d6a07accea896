"""What a training was like, epoch by epoch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.training.state import TrainingState


class History:
    """``rows`` holds a dictionary an epoch: epoch, loss, metric, learning_rate, seconds, and validation_* if any.

    ``history["loss"]`` is a column over the epochs, ``history.steps`` the loss of each step. The loss of an
    epoch is that of its batches as they were met, weights still moving; a summed loss is summed over the
    epoch, a mean one averaged over its rows. ``stopped`` says why training ended early, or None. ``state`` is
    what another ``fit`` of the same network goes on from.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.steps: list[float] = []
        self.stopped: str | None = None
        self.state: TrainingState | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.rows[0]) if self.rows else ()

    def __getitem__(self, column: str) -> list[Any]:
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"{column}; the history has {', '.join(self.columns)}")
        return [row[column] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __repr__(self) -> str:
        last = f", last {json.dumps(self.rows[-1])}" if self.rows else ""
        return f"History({len(self)} epochs, {len(self.steps)} steps{last})"
