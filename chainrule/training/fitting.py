"""``fit``: checks what it is given, makes a Trainer of it, and runs that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from chainrule.core.errors import InputError, SettingError
from chainrule.core.settings import whole
from chainrule.losses import LOSSES, Loss
from chainrule.network import Network
from chainrule.optimizers import OPTIMIZERS, Optimizer
from chainrule.schedules import SCHEDULES, Schedule
from chainrule.training.callbacks import Callback
from chainrule.training.evaluation import prepare
from chainrule.training.history import History
from chainrule.training.trainer import Trainer

DEFAULT_BATCH = 64


def fit(
    network: Network,
    X: Any,
    y: Any,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer = "adam",
    schedule: str | Schedule = "constant",
    batch_size: int | Literal["full"] | None = None,
    epochs: int = 10,
    validation: tuple[Any, Any] | None = None,
    seed: int = 0,
    shuffle: bool = True,
    verbose: bool = False,
    callbacks: Iterable[Callback] = (),
) -> History:
    """Train ``network`` in place on features X, (n, d_in), and answers y; returns the history.

    ``loss`` None takes the network's own. ``batch_size`` is 1 (stochastic), k (mini-batches, the last one
    shorter if need be, and trained on), "full", or None for 64 or all rows if there are fewer. Each epoch has
    a new order, from a generator of its own of ``seed``; with ``shuffle=False`` rows stay in theirs.
    ``validation`` is a pair of features and answers, scored after each epoch. ``verbose`` shows a bar and a
    table.

    Raises InputError or ShapeError for data that doesn't fit, SettingError and UnknownNameError for settings,
    and DivergenceError when the loss or the weights stop being finite; the network then holds the last finite
    weights.
    """
    if not isinstance(network, Network):
        raise InputError(f"fit takes a chainrule Network first, then X and y; not {type(network).__name__}")
    chosen = _chosen_loss(network, loss)
    network.core_modules(chosen)
    whole("epochs", epochs)
    x, target = prepare(network, chosen, X, y, "fit")
    checked = None
    if validation is not None:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise InputError("validation is a pair (X, y)")
        checked = prepare(network, chosen, *validation, "validation")
    watchers = list(callbacks)
    if verbose:
        from chainrule.training.callbacks.progress import Progress

        watchers.append(Progress())
    trainer = Trainer(
        network,
        x,
        target,
        loss=chosen,
        optimizer=OPTIMIZERS.make(optimizer),
        schedule=SCHEDULES.make(schedule),
        batch_size=_rows_a_batch(batch_size, len(x)),
        epochs=epochs,
        validation=checked,
        seed=seed,
        shuffle=shuffle,
        callbacks=watchers,
    )
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


def _rows_a_batch(batch_size: int | str | None, rows: int) -> int:
    if batch_size is None:
        return min(DEFAULT_BATCH, rows)
    if batch_size == "full":
        return rows
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        raise SettingError(f'batch_size is a whole number from 1, or "full"; not {batch_size!r:.80}')
    if batch_size > rows:
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
        "seed": seed,
        "stopped": trainer.history.stopped,
    }
