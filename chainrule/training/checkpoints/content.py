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
from chainrule.training.state import Sums

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
    except KeyError as problem:
        raise FileError(f"it says nothing of {show(problem.args[0], 200)}") from None
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        why = problem if isinstance(problem, ChainruleError) else f"{type(problem).__name__} {problem}"
        raise FileError(f"what it says is no state of this training: {show(str(why), 200)[1:-1]}") from None


def _restore(trainer: Trainer, content: Mapping[str, Any]) -> None:
    state = trainer.state
    counts = {name: count(name, content[name]) for name in (*COUNTS, "row", "rows")}
    within, complete = (convert(content[name], bool, name) for name in ("within", "complete"))
    stopped, digest = (convert(content[name], str | None, name) for name in ("stopped", "digest"))
    seconds, sums = _seconds(content["seconds"]), _sums(content["sums"])
    memory = {name: content["schedule"][name] for name in state.schedule}
    if not all(isinstance(value, int | float) for value in memory.values()):
        raise FileError("what its schedule remembers are no numbers")
    given = content["generators"]
    if set(given["draws"]) != set(state.draws):
        raise FileError("its generators are others")
    generators = [(state.shuffle, given["shuffle"]), (state.noise, given["noise"])]
    generators += [(rng, given["draws"][name]) for name, rng in state.draws.items()]
    for rng, drawn in generators:
        _try_generator(rng, drawn)
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
    if not np.isfinite(losses).all():
        raise FileError("its losses hold NaN or infinity")
    _check_place(trainer, counts, len(losses), len(rows), within, complete)
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


def _check_place(
    trainer: Trainer, counts: Mapping[str, int], losses: int, rows: int, within: bool, complete: bool
) -> None:
    """Whether a training can be where the file says: steps, epochs and rows have to agree."""
    t, epoch, row = counts["t"], counts["epoch"], counts["row"]
    if within and complete:
        raise FileError("it is both within an epoch and complete")
    if epoch > trainer.epochs or rows != epoch - within:
        raise FileError(f"it is in epoch {epoch} of {trainer.epochs}, and its history has {rows}")
    if t != losses:
        raise FileError(f"it has taken {t} steps, and has {losses} losses")
    size = trainer.batch_size * trainer.accumulate
    if row % size:
        raise FileError(f"a batch can't begin at row {row}")
    if trainer.chunks is not None:
        return  # how many rows they have is known when they are read
    a_pass = -(-trainer.rows // size)
    if t > epoch * a_pass or row > a_pass * size:
        raise FileError(
            f"it is at step {t} and row {row} in epoch {epoch}; an epoch has {a_pass} steps of {size} rows"
        )
    if counts["rows"] != trainer.rows or counts["chunk"]:
        raise FileError(f"it is of {counts['rows']} rows; there are {trainer.rows}")


def _try_generator(rng: np.random.Generator, drawn: Any) -> None:
    """Whether ``drawn`` is a state of its kind; NumPy raises TypeError, ValueError or OverflowError where not."""
    trial = type(rng.bit_generator)()
    trial.state = drawn
    half = drawn["has_uint32"]
    if trial.state != drawn or half not in (0, 1) or not drawn["state"]["inc"] % 2:  # NumPy takes these too
        raise FileError("its generators are in no state that they can be in")


def _sums(said: Mapping[str, Any]) -> Sums:
    sums = Sums(**{k: convert(v, type(getattr(Sums, k)), k) for k, v in said.items()})
    _seconds(sums.seconds)
    if not np.isfinite([sums.loss, sums.mass, sums.rate]).all() or min(sums.mass, sums.rate, sums.done) < 0:
        raise FileError("what it has summed up of its epoch are no sums")
    return sums


def _seconds(said: Any) -> float:
    found: float = convert(said, float, "seconds")
    if not 0 <= found < np.inf:
        raise FileError(f"seconds is {show(said)}")
    return found


def count(name: str, value: Any) -> int:
    """A count that a file says; FileError for what is none."""
    if type(value) is not int or not 0 <= value < 2**62:
        raise FileError(f"{name} is {show(value)}")
    return value


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
