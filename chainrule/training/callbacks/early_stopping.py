from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.settings import convert, number, text, whole, yes_or_no
from chainrule.core.types import Array
from chainrule.training.callbacks.base import CALLBACKS, Callback

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


@CALLBACKS.register("early_stopping")
@dataclass(eq=False)
class EarlyStopping(Callback):
    """Stops when ``patience`` epochs have not made ``monitor`` better by more than ``min_delta``.  Prechelt 1998.

    ``monitor`` is "loss" or a metric, on the validation rows; on the training rows where there are no others. A
    loss is better lower, a metric as it says itself. With ``restore`` the network then has the weights and buffers
    of the best epoch, also where training went to its end, but not where it failed.

    With ``across`` one instance given to calls that follow one another, of ``partial_fit`` or of ``fit`` with a
    state, counts over all of them: ``stopped`` says when to leave the loop, and only then the best weights are put
    back. Where the training has gone on without it, the count begins anew.
    """

    monitor: str = "loss"
    patience: int = 10
    min_delta: float = 0.0
    restore: bool = True
    across: bool = False

    stopped: bool = field(default=False, init=False)
    column: str = field(default="", init=False)
    best: float = field(default=math.nan, init=False)
    best_epoch: int = field(default=0, init=False)
    _kept: list[Array] = field(default_factory=list, init=False, repr=False)
    _least: bool = field(default=True, init=False, repr=False)
    _of: Any = field(default=None, init=False, repr=False)  # the state of the training it counts for
    _epoch: int = field(default=0, init=False, repr=False)  # of that state, when its last call ended

    def __post_init__(self) -> None:
        text("early_stopping: monitor", self.monitor)
        whole("early_stopping: patience", self.patience)
        number("early_stopping: min_delta", self.min_delta, least=0)
        yes_or_no("early_stopping: restore", self.restore)
        yes_or_no("early_stopping: across", self.across)

    def on_fit_start(self, trainer: Trainer) -> None:
        self.column = trainer.recording.watched(self.monitor, "early_stopping: monitor")
        self._least = trainer.recording.better[self.column] == "lower"
        if self.across and self._of is trainer.state and self._epoch == trainer.state.epoch:
            if self.stopped:
                trainer.stop(self._why())
            return
        self._of = trainer.state
        self.best, self.best_epoch, self._kept, self.stopped = math.nan, 0, [], False

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        value, epoch = row[self.column], row["epoch"]
        gain = self.best - value if self._least else value - self.best
        if (math.isnan(self.best) and not math.isnan(value)) or gain > self.min_delta:
            self.best, self.best_epoch = value, epoch
            if self.restore:
                self._kept = [array.copy() for array in trainer.state.learned]
        elif epoch - self.best_epoch >= self.patience and trainer.history.stopped is None:
            self.stopped = True
            trainer.stop(self._why())

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "stopped": self.stopped, "kept": self._kept}

    def set_state(self, state: dict[str, Any]) -> None:
        kept, learned = list(state["kept"]), self._of.learned
        if kept and [(a.dtype.name, a.shape) for a in kept] != [(a.dtype.name, a.shape) for a in learned]:
            raise ValueError("its best weights are of another network")
        if not all(np.isfinite(array).all() for array in kept):
            raise ValueError("its best weights hold NaN or infinity")
        self.best = convert(state["best"], float, "best")
        self.best_epoch = convert(state["best_epoch"], int, "best_epoch")
        self.stopped = convert(state["stopped"], bool, "stopped")
        self._kept = kept

    def _why(self) -> str:
        return f"early_stopping: {self.column} was best in epoch {self.best_epoch}"

    def on_fit_end(self, trainer: Trainer) -> None:
        self._epoch = trainer.state.epoch
        if trainer.failed or (self.across and not self.stopped):
            return
        for array, best in zip(trainer.state.learned, self._kept, strict=False):
            array[:] = best
        self._kept = []
