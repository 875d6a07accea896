"""A run directory read back: what was asked, what happened, the network, and the rows it is judged on."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core import files
from chainrule.core.errors import FileError, InputError
from chainrule.core.settings import show
from chainrule.core.strict_json import read_json
from chainrule.core.types import Array
from chainrule.network import Network
from chainrule.runs.config import RunConfig
from chainrule.runs.directory import CONFIG, ENVIRONMENT, METRICS, MODEL
from chainrule.runs.result import Result
from chainrule.runs.train import Run
from chainrule.schedules import SCHEDULES

MOST_METRICS, MOST_ENVIRONMENT = 50_000_000, 1_000_000  # bytes


class Record:
    """``config``, ``rows`` (of the history) and ``environment`` are read at once, the rest when it is asked for.

    Raises FileError for what is no run directory, or holds what no run writes; ``run``, and what follows from it,
    raises as training would where the data are gone, and InputError where they have another number of rows now.
    """

    def __init__(self, path: Path) -> None:
        if not (path / CONFIG).is_file():
            raise FileError(f"{path} is no run directory: it has no {CONFIG}")
        self.path = path
        self.name = path.resolve().name
        self.config = RunConfig.from_toml(path / CONFIG)
        self.rows = _json_lines(path / METRICS) if (path / METRICS).is_file() else []
        self.environment = _environment(path / ENVIRONMENT) if (path / ENVIRONMENT).is_file() else {}

    @cached_property
    def network(self) -> Network:
        """As trained; FileError where training never came to its end."""
        return Network.load(self.path / MODEL)

    @cached_property
    def run(self) -> Run:
        """The data, split as in training, and the network as it was before the first step."""
        run, trained = Run(self.config), self.network.training.get("rows")
        if trained is not None and trained != len(run.train_rows):
            raise InputError(
                f"{self.config.source} has changed: {self.name} was trained on {trained:,} rows, there are "
                f"{len(run.train_rows):,} now"
            )
        return run

    @cached_property
    def judged(self) -> tuple[Any, Array, str]:
        """Features, answers and the name of the rows furthest from training that there are."""
        run = self.run
        parts: dict[str, Any] = {"test": run.data.test, "validation": run.validation, "training": run.train}
        part = next(name for name, rows in parts.items() if rows is not None)
        return *parts[part], part

    @cached_property
    def predicted(self) -> Array:
        """What the network says of those rows: class ids, (n,), or values, (n, k)."""
        return self.network.predict(self.judged[0])

    @cached_property
    def probabilities(self) -> Array:
        """(n, classes)."""
        return self.network.predict_proba(self.judged[0])

    @cached_property
    def result(self) -> Result:
        X, y, part = self.judged
        return Result.of(self.network, X, y, part)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; InputError for a network that predicts quantities."""
        target = self.network.target
        if target is None or target.task != "classes":
            raise InputError(f"{self.name} predicts quantities; this is for classes")
        return target.names

    def schedule(self, most: int = 2000) -> Array:
        """The learning rate of the steps of the epochs recorded, as the schedule says; at most so many, evenly."""
        c = self.config
        if c.epochs is None or c.learning_rate is None or c.schedule is None or not self.rows:
            return np.empty(0)
        facts = self.network.training
        each = math.ceil(facts["rows"] / facts["batch_size"])
        schedule, done = SCHEDULES.make(c.schedule), len(self.rows) * each
        steps = np.linspace(1, done, min(done, most)).round().astype(int).tolist()
        return np.array([schedule.rate(t, c.epochs * each, c.learning_rate) for t in steps])


def latest(folder: Path = Path("runs")) -> Path:
    """The run in ``folder`` that was begun last; FileError where there is none."""
    found = [path.parent for path in folder.glob(f"*/{CONFIG}")] if folder.is_dir() else []
    if not found:
        raise FileError(f"there is no run in {folder}/; name one, or train with: chainrule train mnist")
    # not the folder's own time: a report written into it would make an old run the latest
    return max(found, key=lambda path: ((path / CONFIG).stat().st_mtime_ns, path.name))


def _json_lines(path: Path) -> list[dict[str, Any]]:
    """A dictionary a line; a last line without its end, of a training that was killed, is left out."""
    found: list[dict[str, Any]] = []
    text = files.read(path, "a metrics.jsonl", MOST_METRICS).decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            row = read_json(line, "it")
        except FileError:
            row = {}
        if not all(_is_number(value) for value in row.values()) or "epoch" not in row:
            raise FileError(f"{path}, line {number}: expected the numbers of an epoch; came {show(line)}")
        found.append(row)
    return found


def _is_number(value: Any) -> bool:
    if isinstance(value, int) and abs(value) > 2**62:
        return False
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _environment(path: Path) -> dict[str, Any]:
    return read_json(files.read(path, "an environment.json", MOST_ENVIRONMENT), str(path))
