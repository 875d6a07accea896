"""When checkpoints are written, under which names, and what happens where that fails."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule.core import files
from chainrule.core.errors import ChainruleError, FileError, SettingError
from chainrule.core.kernels import log
from chainrule.core.lock import Lock
from chainrule.core.settings import choice, show
from chainrule.core.tensors import writer
from chainrule.engine import choose
from chainrule.regularizers.base import Average
from chainrule.training.checkpoints import file, identity
from chainrule.training.checkpoints.best import Best
from chainrule.training.checkpoints.content import capture, count, restore, stateful
from chainrule.training.checkpoints.every import Every
from chainrule.training.evaluation import Rows
from chainrule.training.fingerprint import Fingerprint

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer

FORMAT = 1
SECTIONS = ("settings", "data", "versions", "callbacks", "best")
LAST, PREVIOUS, BEST = "last.safetensors", "previous.safetensors", "best.safetensors"
OnError = Literal["continue", "stop"]
Engine = Literal["auto", "numpy", "fused"]


class Checkpoints:
    """Those of one training in a folder of their own, which is locked until ``close``.

    ``last`` is the newest, ``previous`` the one before; ``best`` is a model file of the best epoch so far. A
    checkpoint stands under its name when all of it is on the disk, never before. ``on_error`` says what a training
    does where one can't be written: "continue" says so in the log and tries again when the next one is due, "stop"
    raises the FileError. What was there is there still.
    """

    def __init__(
        self, folder: Path, every: Any = "1m", on_error: OnError = "continue", resume: bool = False
    ) -> None:
        choice("on_checkpoint_error", on_error, ("continue", "stop"))
        self.every = Every.of(every)
        writer()  # of model files, before anything is trained
        self.folder, self._stops = folder, on_error == "stop"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise FileError(f"cannot make the folder {folder}: {reason}") from None
        self._lock = Lock(folder)
        try:
            self.found = self._find(resume)
        except BaseException:
            self.close()
            raise
        self._best = Best(folder / BEST)
        self._marks: dict[str, Any] = {}
        self._data: Fingerprint | None = None
        self._next = self._at = 0.0  # in seconds, and steps
        self._ended: int | None = None  # the last step of the training that is resumed, where it was complete

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others use the folder."""
        self._lock.release()

    # -- reading ------------------------------------------------------------------------------------------------

    def _find(self, resume: bool) -> dict[str, Any] | None:
        """The newest checkpoint that can be read, or None where there is none."""
        there = [self.folder / name for name in (LAST, PREVIOUS) if (self.folder / name).exists()]
        if there and not resume:
            raise FileError(
                f"{self.folder} holds the checkpoints of a training already; go on with it by resume=True, or "
                "name another folder"
            )
        for name in (LAST, PREVIOUS, BEST):
            files.sweep(self.folder, name)
        problems = []
        for path in there:
            try:
                content = file.read(path)
                if not _known(content):
                    raise FileError(f"its format is {show(content.get('format'))}; {FORMAT} is what is known here")
                if not all(isinstance(content.get(name), dict) for name in SECTIONS):
                    raise FileError(f"it says nothing of {', '.join(SECTIONS)}")
            except FileError as problem:
                problems.append(f"{path} can't be used: {problem}")
                continue
            for said in problems:
                log.warning("%s. Going on from %s", said, path)
            self._from = path
            return content
        if problems:
            raise FileError(
                f"{'; '.join(problems)}. There is no other checkpoint; delete {'them' if problems[1:] else 'it'} "
                "to begin anew"
            )
        return None

    def gear(self, engine: Engine) -> Engine:
        """The gear to resume with: "auto" is that of the checkpoint, as another one computes other bits."""
        said = None if self.found is None else self.found["versions"].get("engine")
        if engine != "auto" or said not in ("numpy", "fused"):
            return engine
        try:
            return choose(said).name
        except ChainruleError as problem:
            raise SettingError(
                f"the checkpoint in {self.folder} is of the engine {said}, which can't run here: {problem}. Or "
                'say engine="numpy", to go on with other last bits'
            ) from None

    def resume(self, trainer: Trainer, settings: Mapping[str, Any], rows: Rows, validation: Rows | None) -> None:
        """Note what this training is, and put the checkpoint into it if there is one.

        Raises SettingError or InputError for a checkpoint of other settings or data, FileError for one that says
        nonsense.
        """
        self._data = Fingerprint(rows, validation)
        settings = {**settings, "callbacks": identity.listed(stateful(trainer).values())}
        self._marks = {"format": FORMAT, "settings": settings, "epochs": trainer.epochs,
                       "versions": identity.versions(trainer.gear.name, trainer.threads)}  # fmt: skip
        if self.found is None:
            return
        identity.check_settings(settings, self.found["settings"])
        self._data.check(self.found["data"])
        try:
            self._check_length(trainer)
            restore(trainer, self.found)
            self._best.set_state(self.found["best"])
        except FileError as problem:
            raise FileError(f"{self._from} can't be used: {problem}. Delete it to begin anew") from None
        if warning := identity.different(self._marks["versions"], self.found["versions"]):
            log.warning("%s", warning)
        self._ended = trainer.state.t if self.found["complete"] else None

    def _check_length(self, trainer: Trainer) -> None:
        """Refuse another number of epochs than the checkpoint's where the steps already taken depend on it."""
        assert self.found is not None
        before, done = (count(name, self.found.get(name)) for name in ("epochs", "epoch"))
        if before == trainer.epochs:
            return
        averages = [thing for thing in trainer.regularization.things if isinstance(thing, Average)]
        needs = [trainer.schedule.name] if trainer.schedule.needs_steps else []
        needs += [thing.name for thing in averages if thing.needs_steps]
        if needs:
            raise SettingError(
                f"epochs is {trainer.epochs}, and the checkpoint is of a training of {before}: {needs[0]} "
                "depends on the length, so that the epochs already trained would have been others. Keep the "
                "epochs, or begin anew in another folder"
            )
        if trainer.epochs < done:
            raise SettingError(
                f"epochs is {trainer.epochs}, and the checkpoint is in epoch {done}; name {done} or more"
            )

    def begin(self, trainer: Trainer) -> None:
        """After the callbacks have begun: give those that remember something their memories."""
        self._note(trainer)
        if self.found is not None:
            for name, callback in stateful(trainer).items():
                try:
                    callback.set_state(self.found["callbacks"][name])
                except (LookupError, TypeError, ValueError, AttributeError) as problem:
                    raise FileError(f"{self._from} doesn't fit {name}: {show(str(problem), 200)[1:-1]}") from None
        self.found = None  # its arrays would stay in memory

    # -- writing ------------------------------------------------------------------------------------------------

    def due(self, trainer: Trainer) -> bool:
        """After a step: whether one is to be written now."""
        if self.every.unit == "steps":
            return trainer.state.t - self._at >= self.every.number
        return self.every.unit == "seconds" and time.perf_counter() >= self._next

    def after_epoch(self, trainer: Trainer) -> None:
        """Look at its row; write a checkpoint if one is due."""
        self._best.look(trainer)
        if trainer.history.stopped is not None or trainer.state.epoch >= trainer.epochs:
            return  # finish writes it
        of_epochs = self.every.unit == "epochs" and trainer.state.epoch - self._at >= self.every.number
        if of_epochs or self.due(trainer):
            self.save(trainer)

    def finish(self, trainer: Trainer) -> None:
        """The last one, of a training that has come to its end; none where a resumed one was there already."""
        if self._ended != trainer.state.t:
            self.save(trainer, complete=True)

    def save(self, trainer: Trainer, row: int = 0, complete: bool = False) -> None:
        """Write one, unless the weights are not finite: such a training has nothing to go on to."""
        self._note(trainer)
        if not np.isfinite(trainer.state.theta).all():
            return
        assert self._data is not None
        try:
            self._best.write(trainer)
            content = {**self._marks, "data": self._data.found, "best": self._best.state()}
            content |= capture(trainer, row, complete)
            file.write(self.folder / LAST, content, self.folder / PREVIOUS)
        except ChainruleError as problem:
            if self._stops or isinstance(problem, SettingError):
                raise
            log.warning("no checkpoint was written at step %d: %s. The training goes on", trainer.state.t, problem)

    def _note(self, trainer: Trainer) -> None:
        """From when the next one counts."""
        self._at = trainer.state.epoch if self.every.unit == "epochs" else trainer.state.t
        if self.every.unit == "seconds":
            self._next = time.perf_counter() + self.every.number


def complete(folder: Path) -> dict[str, Any] | None:
    """What the last checkpoint in ``folder`` says, where it is one of a training's end and can be read."""
    try:
        content = file.read(folder / LAST)
    except FileError:
        return None
    ended = content.get("complete") is True and _known(content)
    return {name: content.get(name) for name in ("t", "epoch", "stopped")} if ended else None


def _known(content: Mapping[str, Any]) -> bool:
    """Whether it is of the format that is written here."""
    said = content.get("format")
    return type(said) is int and said == FORMAT
