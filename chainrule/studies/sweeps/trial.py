"""One training of a sweep: from a job to the line that is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.errors import ChainruleError, DivergenceError, InputError
from chainrule.engine import blas_threads
from chainrule.runs import RunConfig
from chainrule.studies.sweeps.material import SweepRun
from chainrule.training import Callback, evaluate, fit

if TYPE_CHECKING:
    from chainrule.training import Trainer

Record = dict[str, Any]
Watch = Callable[[int, float], bool]  # of an epoch and its score: whether to stop


@dataclass(frozen=True)
class Job:
    """A configuration with its seed, one fold where there are folds, and the share of its epochs to train."""

    point: int
    values: tuple[tuple[str, Any], ...]
    config: RunConfig
    score: str
    fold: int | None = None
    folds: int = 0
    rung: int = 0
    share: float = 1.0

    @property
    def key(self) -> tuple[Any, ...]:
        """No two jobs of a sweep have the same."""
        return self.point, self.config.seed, self.fold, self.rung


class _Until(Callback):
    """Stops after so many epochs, or when ``watch`` says so."""

    def __init__(self, epochs: int, column: str, watch: Watch | None) -> None:
        self._epochs, self._column, self._watch = epochs, column, watch
        self.pruned = False

    def on_epoch_end(self, trainer: Trainer, row: dict[str, Any]) -> None:
        if self._watch is not None and np.isfinite(row[self._column]):
            self.pruned = self._watch(row["epoch"], row[self._column])
        if self.pruned or row["epoch"] == self._epochs < trainer.epochs:
            trainer.stop("pruned" if self.pruned else "the rung's end")


def run(job: Job, watch: Watch | None = None) -> Record:
    """Train and score; ``state`` says how it ended: "done", "pruned", "diverged" or "failed".

    ``score`` is that of the trained network on the validation rows, None where training diverged. Seconds are of
    the wall: preparing (data, network), training (with the scores of each epoch), scoring.
    """
    started = time.perf_counter()
    record: Record = {
        "point": job.point, "seed": job.config.seed, "fold": job.fold, "rung": job.rung,
        "values": {k: list(v) if isinstance(v, tuple) else v for k, v in job.values},
        "state": "failed", "score": None,
    }  # fmt: skip
    seconds = dict.fromkeys(("preparing", "training", "scoring"), 0.0)
    record["seconds"] = seconds
    try:
        with blas_threads(job.config.threads):
            _train(job, watch, record, seconds, started)
    except DivergenceError as problem:
        record.update(state="diverged", why=str(problem).partition(":")[0])
        seconds["training"] = time.perf_counter() - started - seconds["preparing"]
    except (ChainruleError, MemoryError) as problem:
        record["why"] = " ".join(str(problem).split())[:300] or type(problem).__name__
    return record


def _train(job: Job, watch: Watch | None, record: Record, seconds: dict[str, float], started: float) -> None:
    made = SweepRun(job.config, job.fold, job.folds)
    assert made.config.epochs is not None
    if made.validation is None:
        raise InputError("there are no rows to judge on")
    prepared = time.perf_counter()
    seconds["preparing"] = prepared - started
    until = _Until(max(1, round(job.share * made.config.epochs)), f"validation_{job.score}", watch)
    asked = made._fit_settings()
    if watch is not None and job.score != "loss":
        asked["metrics"] = (*asked["metrics"], job.score)
    history = fit(made.network, *made.train, **asked, callbacks=[*made.config.callbacks(), until])
    trained = time.perf_counter()
    seconds["training"] = trained - prepared
    metrics = () if job.score == "loss" else (job.score,)
    score = float(evaluate(made.network, *made.validation, metrics)[job.score])
    seconds["scoring"] = time.perf_counter() - trained
    record.update(epochs=len(history), parameters=made.network.params.theta.size)
    if np.isfinite(score):
        record.update(state="pruned" if until.pruned else "done", score=score)
    else:
        record.update(state="diverged", why="its score is not finite")
