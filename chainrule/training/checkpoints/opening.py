"""From what ``fit`` is asked for to the checkpoints of a training, or an error in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chainrule.core.errors import SettingError
from chainrule.core.settings import show, yes_or_no
from chainrule.optimizers import FullBatch, Optimizer
from chainrule.training.checkpoints.keeper import Checkpoints, OnError


@contextmanager
def opened(
    folder: str | Path | None, every: int | str, on_error: OnError, resume: bool, rule: Optimizer, state: Any
) -> Iterator[Checkpoints | None]:
    """The checkpoints asked for, or None; what can't have any is refused in one line."""
    yes_or_no("resume", resume)
    if folder is None:
        if resume:
            raise SettingError("resume goes on from a checkpoint; name its folder by checkpoint=FOLDER")
        yield None
        return
    check_optimizer(rule)
    if state is not None:
        raise SettingError("a checkpoint knows the state that it goes on from; leave out state, or checkpoint")
    if not isinstance(folder, str | Path):
        raise SettingError(f"checkpoint is the name of a folder, not {show(folder)}")
    with Checkpoints(Path(folder), every, on_error, resume) as keeper:
        yield keeper


def check_optimizer(rule: Optimizer) -> None:
    """Refuse one that no checkpoint can follow."""
    if isinstance(rule, FullBatch):
        raise SettingError(
            f"{rule.name} keeps what it has learned of the loss within SciPy, where no checkpoint reaches it; "
            "leave out checkpoints, or try adam"
        )
