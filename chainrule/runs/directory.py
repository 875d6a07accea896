"""A run's directory: config.toml, environment.json, metrics.jsonl, model.safetensors. Never overwritten."""

from __future__ import annotations

import contextlib
import datetime
import json
import re
from pathlib import Path
from typing import IO, Any

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.files import json_ready
from chainrule.core.tensors import writer
from chainrule.network import Network
from chainrule.runs.config import RunConfig
from chainrule.runs.environment import environment
from chainrule.training import Callback, Trainer

CONFIG, ENVIRONMENT, METRICS, MODEL = "config.toml", "environment.json", "metrics.jsonl", "model.safetensors"


class RunDirectory:
    """Made on construction: exactly ``path``, or a fresh ``runs/<date>-<source>-<n>`` without one.

    FileError where the directory holds a run already, or can't be made or written.
    """

    def __init__(self, path: Path | None, source: str) -> None:
        self.path = self._claim(path) if path is not None else self._fresh(source)

    @staticmethod
    def _claim(path: Path) -> Path:
        try:
            path.mkdir(parents=True, exist_ok=True)
            held = [name for name in (CONFIG, METRICS, MODEL) if (path / name).exists()]
        except (OSError, ValueError) as problem:  # ValueError: a name that no file can have
            reason = getattr(problem, "strerror", None) or problem
            raise FileError(f"cannot make the run directory {path}: {reason}") from None
        if held:
            raise FileError(f"{path} holds a run already ({', '.join(held)}); name another --run-dir, or none")
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
        writer()
        files.write_whole(self.path / CONFIG, config.to_toml().encode())
        text = json.dumps(environment(), indent=2, sort_keys=True)
        files.write_whole(self.path / ENVIRONMENT, f"{text}\n".encode())

    def save(self, network: Network) -> Path:
        """Write the model file."""
        network.save(self.path / MODEL)
        return self.path / MODEL


class MetricsFile(Callback):
    """Writes each row of the history as a line of metrics.jsonl as soon as it is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def on_fit_start(self, trainer: Trainer) -> None:
        try:
            self._file = self.path.open("w", encoding="utf-8")
        except OSError as problem:
            raise FileError(f"cannot write {self.path}: {problem.strerror}") from None

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        assert self._file is not None
        try:
            self._file.write(json.dumps(json_ready(row), allow_nan=False) + "\n")
            self._file.flush()
        except OSError as problem:
            raise FileError(f"cannot write {self.path}: {problem.strerror}") from None

    def on_fit_end(self, trainer: Trainer) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk was reported when the row was written
                self._file.close()
