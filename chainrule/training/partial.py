"""``partial_fit``: one pass over rows as they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from chainrule.core.errors import InputError
from chainrule.losses import Loss
from chainrule.metrics import Metric
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.regularizers import Regularizer
from chainrule.training.callbacks import Callback
from chainrule.training.fitting import fit
from chainrule.training.state import TrainingState
from chainrule.training.weighing import ClassWeight


def partial_fit(
    network: Network,
    X: Any,
    y: Any = None,
    *,
    state: TrainingState | None = None,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer | None = None,
    batch_size: int | Literal["full"] | None = None,
    validation: tuple[Any, Any] | tuple[Any, Any, Any] | None = None,
    sample_weight: Any = None,
    class_weight: ClassWeight | None = None,
    regularization: Iterable[str | Mapping[str, Any] | Regularizer] = (),
    metrics: Iterable[str | Mapping[str, Any] | Metric] = (),
    callbacks: Iterable[str | Mapping[str, Any] | Callback] = (),
    seed: int = 0,
    shuffle: bool = True,
    engine: Literal["auto", "numpy", "fused"] = "auto",
) -> TrainingState:
    """One epoch over X and y, at the optimizer's own rate; returns the state to hand in with the next rows.

    The settings are those of ``fit``. With a ``state``, the optimizer is the one it was made with, and so is the
    loss; ``early_stopping:across=true`` counts over the calls. Raises what ``fit`` raises.
    """
    if state is not None and not isinstance(state, TrainingState):
        raise InputError(f"state is what an earlier partial_fit returned; not a {type(state).__name__}")
    history = fit(
        network,
        X,
        y,
        loss=loss,
        optimizer=("adam" if state is None else state.rule) if optimizer is None else optimizer,
        batch_size=batch_size,
        epochs=1,
        validation=validation,
        sample_weight=sample_weight,
        class_weight=class_weight,
        regularization=regularization,
        metrics=metrics,
        callbacks=callbacks,
        seed=seed,
        shuffle=shuffle,
        engine=engine,
        state=state,
    )
    assert history.state is not None
    return history.state
