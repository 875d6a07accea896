"""A run's directory, never overwritten.

config.toml   environment.json   metrics.jsonl   model.safetensors   checkpoints/
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.files import json_ready
from chainrule.core.kernels import log
from chainrule.core.lock import Lock
from chainrule.core.tensors import writer
from chainrule.network import Network
from chainrule.runs.config import RunConfig
from chainrule.runs.environment import environment
from chainrule.training import Callback, Trainer
from chainrule.training.checkpoints import OnError

CONFIG, ENVIRONMENT, METRICS, MODEL = "config.toml", "environment.json", "metrics.jsonl", "model.safetensors"
CHECKPOINTS = "checkpoints"  # a folder


class RunDirectory:
    """Made on construction: exactly ``path``, or a fresh ``runs/<date>-<source>-<n>`` without one.

    From ``begin`` to ``release``, or the end of the process, no other run may use it. FileError where it holds a
    run already, is in use, or can't be made or written.
    """

    def __init__(self, path: Path | None, source: str) -> None:
        self.path = self._claim(path) if path is not None else self._fresh(source)
        self._lock: Lock | None = None

    @classmethod
    def again(cls, path: Path) -> RunDirectory:
        """That of a run that is to go on; FileError where there is none, or one that is being trained."""
        if not (path / CONFIG).is_file():
            raise FileError(f"{path} is no run directory: it has no {CONFIG}. Begin one with: chainrule train")
        place = cls.__new__(cls)
        place.path, place._lock = path, Lock(path)
        for name in (CONFIG, ENVIRONMENT, METRICS, MODEL):
            files.sweep(path, name)
        return place

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @staticmethod
    def _claim(path: Path) -> Path:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as problem:  # ValueError: a name that no file can have
            reason = getattr(problem, "strerror", None) or problem
            raise FileError(f"cannot make the run directory {path}: {reason}") from None
        _check_empty(path)
        return path

    @staticmethod
    def _fresh(source: str) -> Path:
        stem = re.sub(r"[^A-Za-z0-9_]+", "-", Path(source.partition(":")[0]).stem).strip("-")[:40] or "run"
        date = datetime.date.today().isoformat()
        for n in range(1, 100_000):
            path = Path("runs") / f"{date}-{stem}-{n}"
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                if not Path("runs").is_dir():
                    raise FileError("cannot make the folder runs: a file of that name is in the way") from None
                continue
            except OSError as problem:
                raise FileError(
                    f"cannot make the run directory {path}: {problem.strerror}; name one with --run-dir"
                ) from None
            return path
        raise FileError("runs/ is full for today; name another --run-dir")

    def begin(self, config: RunConfig) -> None:
        """Write what is known before training."""
        writer()  # of model files, so that nothing is trained that can't be saved
        if self._lock is None:
            self._lock = Lock(self.path)
            _check_empty(self.path)  # another one may have come and gone since the construction
        self.write_config(config)
        text = json.dumps(environment(), indent=2, sort_keys=True)
        files.write_whole(self.path / ENVIRONMENT, f"{text}\n".encode())

    def write_config(self, config: RunConfig) -> None:
        """The options that the run has; a file that says the same stays as it is."""
        text, path = config.to_toml().encode(), self.path / CONFIG
        if not path.is_file() or path.read_bytes() != text:
            files.write_whole(path, text)

    def release(self) -> None:
        """Let others use it."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def save(self, network: Network) -> Path:
        """Write the model file."""
        network.save(self.path / MODEL)
        return self.path / MODEL


def _check_empty(path: Path) -> None:
    try:
        held = [name for name in (CONFIG, METRICS, MODEL) if (path / name).exists()]
    except OSError as problem:
        raise FileError(f"cannot make the run directory {path}: {problem.strerror}") from None
    if held:
        raise FileError(
            f"{path} holds a run already ({', '.join(held)}); go on with it by --resume, or name another --run-dir"
        )


class Accepted(Callback):
    """Calls ``act`` when a training begins: a checkpoint that it goes on from has been accepted by then."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def on_fit_start(self, trainer: Trainer) -> None:
        self._act()


class MetricsFile(Callback):
    """Writes each row of the history as a line of metrics.jsonl as soon as it is known.

    A training that goes on from a checkpoint has its rows; the file is then made of them, so that no row is
    doubled or torn. Where a row can't be written, FileError ends the training, or with ``on_error="continue"`` the
    log says so, and the row is tried again with the next one.
    """

    def __init__(self, path: Path, on_error: OnError = "stop") -> None:
        self.path, self._stops = path, on_error == "stop"
        self._file: IO[bytes] | None = None
        self._whole = 0  # bytes of whole lines
        self._waiting = b""

    def on_fit_start(self, trainer: Trainer) -> None:
        lines = b"".join(map(_line, trainer.history.rows))
        if lines:
            files.write_whole(self.path, lines)
        try:
            self._file = self.path.open("ab" if lines else "wb", buffering=0)
        except OSError as problem:
            raise FileError(f"cannot write {self.path}: {problem.strerror}") from None
        self._whole = len(lines)

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        torn, self._waiting = bool(self._waiting), self._waiting + _line(row)
        assert self._file is not None
        try:
            if torn:
                os.ftruncate(self._file.fileno(), self._whole)
            left = memoryview(self._waiting)
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as problem:
            if self._stops:
                raise FileError(f"cannot write {self.path}: {problem.strerror}") from None
            if not torn:
                log.warning("cannot write %s: %s. The training goes on", self.path, problem.strerror)
            return
        self._whole, self._waiting = self._whole + len(self._waiting), b""

    def on_fit_end(self, trainer: Trainer) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk was reported when the row was written
                self._file.close()


def _line(row: dict[str, Any]) -> bytes:
    return (json.dumps(json_ready(row), allow_nan=False) + "\n").encode()
