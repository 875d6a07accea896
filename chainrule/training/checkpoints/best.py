"""The best network so far, as a model file beside the checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule import saving
from chainrule.core.errors import FileError
from chainrule.core.types import Array
from chainrule.training.callbacks.early_stopping import EarlyStopping

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


class Best:
    """Judges each epoch by what early stopping watches, else by the validation loss; without either there is none.

    The file is written together with the next checkpoint, so that short epochs don't wait for the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.value, self.epoch = math.nan, 0
        self._kept: list[Array] | None = None
        self._facts: dict[str, Any] = {}

    def look(self, trainer: Trainer) -> None:
        """At the row of the epoch that has just ended."""
        row = trainer.history.rows[-1]
        column = next((c.column for c in trainer.callbacks if isinstance(c, EarlyStopping)), "validation_loss")
        value = row.get(column)
        if value is None or math.isnan(value):
            return
        lower = trainer.recording.better[column] == "lower"
        if math.isnan(self.value) or (value < self.value if lower else value > self.value):
            self.value, self.epoch = value, row["epoch"]
            with trainer.regularization.averaged():
                self._kept = [array.copy() for array in trainer.state.learned]
            self._facts = {"epochs": trainer.state.epoch, "steps": trainer.state.t, column: value}

    def write(self, trainer: Trainer) -> None:
        """The model file, if there is a better one than it has."""
        if self._kept is None:
            return
        network = trainer.network
        state: dict[str, Array] = {}
        for live, kept in zip((network.params, network.buffers), self._kept, strict=True):
            copy = live.like()
            copy.theta[:] = kept
            state |= dict(copy)
        saving.write(
            self.path,
            saving.Model(
                network.modules,
                network.dtype,
                trainer.loss_function,
                network.preprocessing,
                network.target,
                self._facts,
                {name: state[name] for name in network.state_dict()},
            ),
        )
        self._kept = None

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Raises FileError for what ``state`` doesn't say."""
        value, epoch = state.get("value"), state.get("epoch")
        if not isinstance(value, float) or not isinstance(epoch, int):
            raise FileError("it doesn't say what was best")
        self.value, self.epoch = value, epoch

    def state(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"value": self.value, "epoch": self.epoch}
