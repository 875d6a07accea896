"""Ctrl-C and SIGTERM during a training: once to finish the batch and save, twice to stop at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from chainrule.runs.resuming import INTERRUPTIONS
from chainrule.training import Callback

if TYPE_CHECKING:
    from chainrule.training import Trainer

WORDS = dict(zip((signal.SIGINT, signal.SIGTERM), INTERRUPTIONS, strict=True))


class Interrupt(Callback):
    """``code`` is the exit code that a signal asked for: 130, 143, or None without a signal."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._trainer: Trainer | None = None
        self._trained = False

    def on_fit_start(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def on_fit_end(self, trainer: Trainer) -> None:
        self._trainer, self._trained = None, True

    @contextmanager
    def watching(self) -> Iterator[Interrupt]:
        """While this is open, signals come here."""
        before = {number: signal.signal(number, self._signal) for number in WORDS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signal(self, number: int, frame: FrameType | None) -> None:
        word = WORDS[signal.Signals(number)]
        first = self.code is None
        self.code = 128 + number
        if not first or not (self._trainer or self._trained):
            raise SystemExit(self.code)
        sys.stderr.write(f"\n{word}: finishing this batch and saving; once more stops at once\n")
        if self._trainer is not None:
            self._trainer.interrupt(word)
