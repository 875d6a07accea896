"""The guard of the forgotten ``eval()``: a trained module that predicts in training mode.

PyTorch can't tell a prediction from a training step, so it says nothing (its issue 76383). Here a call is taken
for a prediction when

- nothing is recorded when the module is called, as in ``no_grad()``: a training step records;
- it is the outermost call, so a frozen part of a module that trains is none;
- that module is in training mode: whoever says ``eval()`` and then switches dropout on again means it;
- it has learned: a ``backward()`` has reached a parameter of it, or ``load_state_dict()`` has given it values. So
  neither a first look at shapes nor a teacher that only follows another module is one;
- and in that call something does in training what it would not do after ``eval()``.
"""

from __future__ import annotations

from chainrule.autograd.errors import StrictError
from chainrule.autograd.modes import mode
from chainrule.autograd.strictness import is_strict
from chainrule.core.guards import refuse

DROPS = "dropout drops entries at random"
BY_BATCH = "batch_norm takes mean and variance of these rows, and its running ones move"


def refuse_training_mode(what: str) -> None:
    """Called by what differs in training; ``what`` says how."""
    module = mode.predictor
    if module is None or not module.training or not is_strict():
        return
    if not any(p._learned for p in module.parameters()):
        return
    name = type(module).__name__
    refuse(
        StrictError(
            f"this {name} has learned and now predicts, as nothing is recorded, in training mode: {what}. "
            "Call eval() before predicting and train() before training on; strict(False) allows it",
            guard="training-mode",
        )
    )
