"""What a checkpoint says: all that decides a training's future, and the history so far.

``capture`` takes it from a trainer, ``restore`` puts it into another one, made for the same network and data.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.errors import ChainruleError, FileError
from chainrule.core.settings import convert, show
from chainrule.core.types import Array
from chainrule.training.callbacks import Callback
from chainrule.training.fingerprint import digest_of
from chainrule.training.state import Sums, TrainingState

if TYPE_CHECKING:
    from chainrule.training.trainer import Trainer

COUNTS = ("t", "epoch", "chunk", "averaged")


def capture(trainer: Trainer, row: int, complete: bool) -> dict[str, Any]:
    """Its arrays are the live ones. ``row`` is where the next batch begins, where the epoch is not over."""
    state, history = trainer.state, trainer.history
    sums = asdict(state.sums) | {"seconds": time.perf_counter() - trainer.since if state.within else 0.0}
    shuffle = state.before_order if state.within else state.shuffle.bit_generator.state
    return {
        "complete": complete,
        "stopped": history.stopped if complete else None,
        **{name: getattr(state, name) for name in COUNTS},
        "row": row if state.within else 0,
        "within": state.within,
        "sums": sums,
        "rows": trainer.rows,
        "digest": digest_of(trainer.part) if state.within and trainer.chunks is not None else None,
        "seconds": trainer.seconds,
        "generators": {
            "shuffle": shuffle,
            "noise": state.noise.bit_generator.state,
            "draws": {name: rng.bit_generator.state for name, rng in state.draws.items()},
        },
        "schedule": state.schedule,
        "theta": state.theta,
        "buffers": state.buffers,
        "optimizer": state.optimizer,
        "mean": state.mean,
        "history": table(history.rows),
        "losses": np.array(history.steps, np.float64),
        "callbacks": {name: callback.state() for name, callback in stateful(trainer).items()},
    }


def stateful(trainer: Trainer) -> dict[str, Callback]:
    """The callbacks that remember something, by place and name."""
    found = [c for c in trainer.callbacks if type(c).state is not Callback.state]
    return {f"{i} {getattr(c, 'name', type(c).__name__)}": c for i, c in enumerate(found)}


def restore(trainer: Trainer, content: Mapping[str, Any]) -> None:
    """Everything but what callbacks remember; FileError, with nothing changed, for what doesn't fit."""
    try:
        _restore(trainer, content)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        why = problem if isinstance(problem, ChainruleError) else f"{type(problem).__name__} {problem}"
        raise FileError(f"what it says is no state of this training: {show(str(why), 200)[1:-1]}") from None


def _restore(trainer: Trainer, content: Mapping[str, Any]) -> None:
    state = trainer.state
    counts = {name: _count(name, content[name]) for name in (*COUNTS, "row", "rows")}
    within, complete = (convert(content[name], bool, name) for name in ("within", "complete"))
    stopped, digest = (convert(content[name], str | None, name) for name in ("stopped", "digest"))
    seconds = convert(content["seconds"], float, "seconds")
    sums = Sums(**{k: convert(v, type(getattr(state.sums, k)), k) for k, v in content["sums"].items()})
    memory = {name: content["schedule"][name] for name in state.schedule}
    if not all(isinstance(value, int | float) for value in memory.values()):
        raise FileError("what its schedule remembers are no numbers")
    given = content["generators"]
    generators = [(state.shuffle, given["shuffle"]), (state.noise, given["noise"])]
    generators += [(rng, given["draws"][name]) for name, rng in state.draws.items()]
    _try_generators(state, generators)
    pairs = [(array, _like(name, array, content["optimizer"][name])) for name, array in state.optimizer.items()]
    learned = [_like("theta", state.theta, content["theta"]), _like("buffers", state.buffers, content["buffers"])]
    mean = content["mean"]
    if mean is not None:
        mean = [_like("mean", a, b).copy() for a, b in zip(state.learned, mean, strict=True)]
    if not all(np.isfinite(array).all() for array in learned):
        raise FileError("its weights hold NaN or infinity")
    rows, losses = rows_of(content["history"]), content["losses"]
    if not (isinstance(losses, np.ndarray) and losses.dtype == np.float64 and losses.ndim == 1):
        raise FileError("its losses are no numbers")
    # all is sound: from here on nothing fails
    for array, value in [*pairs, *zip(state.learned, learned, strict=True)]:
        array[:] = value
    for rng, drawn in generators:
        rng.bit_generator.state = drawn
    for name in COUNTS:
        setattr(state, name, counts[name])
    state.row, state.within, state.sums, state.mean, state.schedule = counts["row"], within, sums, mean, memory
    trainer.rows, trainer.seconds = counts["rows"], seconds
    trainer.history.rows, trainer.history.steps = rows, losses.tolist()
    trainer.history.stopped = stopped if complete else None
    if trainer.chunks is not None:
        trainer.chunks.expected = digest
    trainer.follow_schedule()


def _try_generators(state: TrainingState, given: list[tuple[np.random.Generator, Any]]) -> None:
    """Whether NumPy takes each state; it raises TypeError, ValueError or OverflowError where not."""
    for rng, drawn in given:
        type(rng.bit_generator)().state = drawn


def _count(name: str, value: Any) -> int:
    found: int = convert(value, int, name)
    if not 0 <= found < 2**62:
        raise FileError(f"{name} is {show(value)}")
    return found


def _like(name: str, ours: Array, theirs: Any) -> Array:
    """``theirs``, once it is an array of the type and shape of ours."""
    if not isinstance(theirs, np.ndarray) or (theirs.dtype.name, theirs.shape) != (ours.dtype.name, ours.shape):
        raise FileError(f"{name} must be of type {ours.dtype} and shape {ours.shape}")
    return theirs


def table(rows: list[dict[str, Any]]) -> Any:
    """Rows of equal columns column by column, numbers as arrays: so 10,000 epochs make no text of a megabyte."""
    columns = list(rows[0]) if rows else []
    if any(list(row) != columns for row in rows):
        return {"rows": rows}
    found = []
    for column in columns:
        values = [row[column] for row in rows]
        kinds = {type(value) for value in values}
        whole = kinds == {int} and all(abs(value) < 2**62 for value in values)
        found.append(np.array(values) if kinds == {float} or whole else values)
    return {"columns": columns, "values": found}


def rows_of(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The inverse of ``table``."""
    if "rows" in said:
        found = [dict(row) for row in said["rows"]]
    else:
        columns = said["columns"]
        values = [v.tolist() if isinstance(v, np.ndarray) else v for v in said["values"]]
        found = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
    if not all(type(row.get("epoch")) is int and all(isinstance(key, str) for key in row) for row in found):
        raise FileError("its history has rows without an epoch")
    return found
