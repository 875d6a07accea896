"""``fit``: checks what it is given, makes a Trainer of it, and runs that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from chainrule.core.errors import InputError, SettingError
from chainrule.core.settings import several, show, whole, yes_or_no
from chainrule.core.types import Array
from chainrule.engine import choose
from chainrule.losses import LOSSES, Loss
from chainrule.metrics import Metric
from chainrule.network import Network, check_network
from chainrule.optimizers import OPTIMIZERS, FullBatch, Optimizer
from chainrule.regularizers import REGULARIZERS, Regularizer
from chainrule.schedules import SCHEDULES, Schedule
from chainrule.training.callbacks import CALLBACKS, Callback
from chainrule.training.checkpoints import OnError
from chainrule.training.checkpoints.identity import described, listed, of_network
from chainrule.training.checkpoints.opening import opened
from chainrule.training.evaluation import Rows, asked_metrics, prepare
from chainrule.training.history import History
from chainrule.training.leaks import refuse_shared
from chainrule.training.preparing import Preparation
from chainrule.training.rates import multiples
from chainrule.training.regularization import asked_regularizers
from chainrule.training.state import TrainingState
from chainrule.training.stream import Chunks, Stream, check_stream
from chainrule.training.trainer import EVEN, Trainer
from chainrule.training.weighing import ClassWeight, row_weights, sample_weights
from chainrule.training.whole import check_whole

DEFAULT_BATCH = 64
MOST_THREADS = 1024


def fit(
    network: Network,
    X: Any,
    y: Any = None,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer = "adam",
    schedule: str | Schedule = "constant",
    batch_size: int | Literal["full"] | None = None,
    epochs: int = 10,
    validation: tuple[Any, Any] | tuple[Any, Any, Any] | None = None,
    sample_weight: Any = None,
    class_weight: ClassWeight | None = None,
    regularization: Iterable[str | Mapping[str, Any] | Regularizer] = (),
    metrics: Iterable[str | Mapping[str, Any] | Metric] = (),
    seed: int = 0,
    shuffle: bool = True,
    verbose: bool = False,
    callbacks: Iterable[str | Mapping[str, Any] | Callback] = (),
    engine: Literal["auto", "numpy", "fused"] = "auto",
    threads: int | None = None,
    accumulate: int = 1,
    learning_rates: Mapping[str, float] = EVEN,
    state: TrainingState | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | str = "1m",
    resume: bool = False,
    on_checkpoint_error: OnError = "continue",
) -> History:
    """Train ``network`` in place on features X, (n, d_in), and answers y; returns the history.

    X may be a ``Stream`` of chunks, which have the answers with them; ``lbfgs`` takes all rows at once.

    ``loss`` None takes the network's own. ``batch_size`` is 1 (stochastic), k (mini-batches, the last one
    shorter if need be, and trained on), "full", or None for 64 or all rows if there are fewer. Each epoch has
    a new order, from a generator of its own of ``seed``; with ``shuffle=False`` rows stay in theirs.
    ``validation`` is a pair of features and answers, or a triple with row weights, scored after each epoch, as
    are the ``metrics`` asked for. ``verbose`` shows a bar and a table.

    ``sample_weight``, (n,), weighs the rows; ``class_weight`` weighs each row by its class: "balanced", or a
    dictionary by id or name (see ``weighing``); both multiply. A mean loss is then sum w l / sum w over the
    batch. Class weights weigh the validation loss as well. ``regularization`` is a list of regularizers, as
    ``["l2:strength=1e-4", "clip_norm:limit=1"]``; penalties have a column of their own in the history.

    ``accumulate`` batches make a step, with the gradient of them together. ``learning_rates`` are multiples of the
    optimizer's rate by module or parameter, ``{"0": 0.1, "4.bias": 0}``; 0 freezes. With ``state``, of the history
    of an earlier fit of this network, optimizer, schedule, generators and counts of steps and epochs go on.

    ``checkpoint`` is a folder for checkpoints of this training alone: every so many steps (500), epochs
    ("2epochs") or so much time ("30s", "10m", "1h"), and at its end. With ``resume`` it goes on from the last one,
    if there is one, to the weights and the history that it would have had; other settings or data are refused.
    Where a checkpoint can't be written, the training goes on and the log says so, or with
    ``on_checkpoint_error="stop"`` it ends.

    Raises InputError or ShapeError for data that doesn't fit, SettingError and UnknownNameError for settings,
    and DivergenceError when the loss or the weights stop being finite; the network then holds the last finite
    weights.
    """
    check_network("fit", network)
    chosen = _chosen_loss(network, loss)
    network.core_modules(chosen)
    whole("epochs", epochs)
    whole("accumulate", accumulate)
    rule = OPTIMIZERS.make(optimizer)
    if state is not None:
        _check_state(network, rule, state)
    if threads is not None:
        whole("threads", threads, most=MOST_THREADS)
    yes_or_no("shuffle", shuffle)
    yes_or_no("verbose", verbose)
    asked = asked_metrics(chosen, metrics)
    regularizers = asked_regularizers(regularization)
    course = SCHEDULES.make(schedule)
    if isinstance(rule, FullBatch):
        multiple = multiples(network, learning_rates)
        check_whole(rule, batch_size, course, accumulate, multiple.values(), regularizers)
        batch_size = "full"
    with opened(checkpoint, checkpoint_every, on_checkpoint_error, resume, rule, state) as keeper:
        engine = engine if keeper is None else keeper.gear(engine)
        preparation = Preparation(network, chosen, regularizers, class_weight, choose(engine).name == "fused")
        chunks = None
        if isinstance(X, Stream):
            check_stream(y, sample_weight, batch_size, class_weight, rule)
            chunks = Chunks(X, preparation.rows)
            chunks.check_length(course, regularizers)
        rows = preparation.rows(X, y, sample_weight) if chunks is None else chunks.first()
        checked = None if validation is None else _validation(network, chosen, validation, preparation.by_class)
        if checked is not None and validation is not None:
            refuse_shared(rows.x, X, checked.x, validation[0])
        watchers = [CALLBACKS.make(callback) for callback in several("callbacks", callbacks, '["early_stopping"]')]
        if verbose:
            from chainrule.training.callbacks.progress import Progress

            watchers.append(Progress())
        rows_a_batch = _rows_a_batch(batch_size, len(rows.x) if chunks is None else None)
        network.check_batch_size(rows_a_batch)
        trainer = Trainer(
            network,
            rows.x,
            rows.target,
            loss=chosen,
            optimizer=rule,
            schedule=course,
            batch_size=rows_a_batch,
            epochs=epochs,
            weight=rows.weight,
            validation=checked,
            metrics=asked,
            regularizers=regularizers,
            seed=seed,
            shuffle=shuffle,
            callbacks=watchers,
            engine=engine,
            threads=threads,
            accumulate=accumulate,
            learning_rates=learning_rates,
            state=state,
            chunks=chunks,
            checkpoints=keeper,
        )
        if keeper is not None:
            keeper.resume(trainer, _settings(trainer, seed, asked, learning_rates), rows, checked)
        del rows  # else the first chunk would stay
        network.loss = chosen
        try:
            return trainer.run()
        finally:
            network.training = _facts(trainer, seed)


def _chosen_loss(network: Network, loss: str | Loss | None) -> Loss:
    if loss is not None:
        return LOSSES.make(loss)
    if network.loss is None:
        raise SettingError(
            f"fit needs a loss, one of {', '.join(LOSSES)}; as in fit(net, X, y, loss='cross_entropy')"
        )
    return network.loss


def _check_state(network: Network, rule: Optimizer, state: TrainingState) -> None:
    if not isinstance(state, TrainingState):
        raise InputError(f"state is that of a history, history.state; not a {type(state).__name__}")
    if state.theta is not network.params.theta:
        raise InputError("this state is that of another network's training; pass the history.state of this one's")
    if state.rule.name != rule.name:
        raise SettingError(f"this state is that of {state.rule.name}; {rule.name} can't go on from it")
    if set(state.optimizer) != set(rule.start(state.theta)):
        raise SettingError(f"this state is that of {state.rule}, which keeps something else than {rule}")


def _validation(network: Network, loss: Loss, given: Any, by_class: Array | None) -> Rows:
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise InputError("validation is a pair (X, y), or a triple (X, y, sample_weight)")
    x, target = prepare(network, loss, given[0], given[1], "validation")
    weights = sample_weights(given[2], len(x), network.dtype) if len(given) == 3 else None
    return Rows(x, target, row_weights(loss, target, network.dtype, weights, by_class))


def _rows_a_batch(batch_size: int | str | None, rows: int | None) -> int:
    """Of ``rows``; of a stream None."""
    if batch_size is None:
        return DEFAULT_BATCH if rows is None else min(DEFAULT_BATCH, rows)
    if isinstance(batch_size, str) and batch_size == "full" and rows is not None:
        return rows
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        raise SettingError(f'batch_size is a whole number from 1, or "full"; not {show(batch_size)}')
    if rows is not None and batch_size > rows:
        raise SettingError(f'batch_size {batch_size} is more than the {rows} rows of training data; try "full"')
    return batch_size


def _facts(trainer: Trainer, seed: int) -> dict[str, Any]:
    """What a model file tells of the training: nothing that differs between equal ones."""
    return {
        "epochs": trainer.state.epoch,
        "steps": trainer.state.t,
        "rows": trainer.rows,
        "batch_size": trainer.batch_size,
        "optimizer": OPTIMIZERS.describe(trainer.optimizer),
        "schedule": SCHEDULES.describe(trainer.schedule),
        "regularization": [REGULARIZERS.describe(thing) for thing in trainer.regularization.things],
        **({"accumulate": trainer.accumulate} if trainer.accumulate > 1 else {}),
        "seed": seed,
        "engine": trainer.gear.name,
        "stopped": trainer.history.stopped,
    }


def _settings(
    trainer: Trainer, seed: int, metrics: Iterable[str], learning_rates: Mapping[str, float]
) -> dict[str, Any]:
    """What a checkpoint is only resumed with."""
    return {
        **of_network(trainer.network),
        "loss": described(trainer.loss_function),
        "optimizer": described(trainer.optimizer),
        "schedule": described(trainer.schedule),
        "batch_size": trainer.batch_size,
        "accumulate": trainer.accumulate,
        "learning_rates": {str(name): float(multiple) for name, multiple in learning_rates.items()},
        "seed": seed,
        "shuffle": trainer.shuffle,
        "metrics": list(metrics),
        "regularization": listed(trainer.regularization.things),
    }
