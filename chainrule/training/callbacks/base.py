"""What a callback is: it is told what happens in a training, and may ask it to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chainrule.core.registry import Registry

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer


class Callback:
    """Override what you want to hear of. ``trainer`` shows everything: network, engine.grad, state, history.

    ``trainer.stop("reason")`` ends the training after the current step.
    """

    name: ClassVar[str]

    def on_fit_start(self, trainer: Trainer) -> None:
        """Before the first step."""

    def on_step_end(self, trainer: Trainer) -> None:
        """After each optimizer step; ``trainer.state.t`` counts them, ``trainer.loss`` is its loss."""

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """After each epoch; ``row`` is its row of the history and may be added to."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """After the last step, also when training stopped early or failed."""

    def state(self) -> dict[str, Any]:
        """What it remembers of a training, for a checkpoint: numbers, texts, arrays; lists, dictionaries of them.

        Override this and ``set_state`` where what happens later depends on what happened before.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take up what ``state`` said, in another process; called after ``on_fit_start``. Tuples are lists now."""


CALLBACKS: Registry[Callback] = Registry("callback", __name__, __file__)
