"""Small trainings beside the program's own, which tell what its data allow and what holds it back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.errors import ChainruleError
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.diagnosis.program import Pair, Program
from chainrule.diagnosis.tasks import Task, skill
from chainrule.network import MLP, Network
from chainrule.training import fit
from chainrule.training.callbacks.early_stopping import EarlyStopping

ROWS, STEPS, WIDTH = 2000, 1500, 64  # of the plain network
SCORED = 25  # steps between its scores, at least
FEW, SCARCE = 40, 400  # rows; of fewer none are held out, and each quarter in turn


@dataclass(frozen=True)
class Learnable:
    """Skill of a network on the rows it learned from, and on rows it did not see (NaN where there were too
    few); of the program's own network also ``answers``, its outputs for those and their targets."""

    seen: float = float("nan")
    unseen: float = float("nan")
    answers: Pair | None = field(default=None, repr=False)

    @property
    def fair(self) -> float:
        """What one may expect of another network: the skill on unseen rows, where there are any."""
        return self.seen if np.isnan(self.unseen) else self.unseen


def weights(program: Program) -> int:
    """Numbers that a training decides."""
    return sum(int(np.prod(p.shape)) for p in program.module.parameters())


def split(program: Program, rows: int = ROWS) -> list[tuple[Array, Array]]:
    """Rows to learn from and rows held out, a quarter; where rows are few each quarter in turn, or none at all."""
    chosen = generator(program.seed, "split").permutation(program.rows)[:rows]
    if len(chosen) < FEW:
        return [(chosen, chosen[:0])]
    quarters = np.array_split(chosen, 4)
    parts = range(4) if len(chosen) < SCARCE else range(1)
    return [(np.concatenate([q for i, q in enumerate(quarters) if i != part]), quarters[part]) for part in parts]


def plain_network(program: Program, task: Task) -> Learnable:
    """What two layers of 64 ReLU units learn of the same rows in 1,500 steps of AdamW, everything standardized.

    Its weights are those that answer the rows held out best. This is what the data allow at the least; a program
    far behind it has a fault, one near it has none.
    """
    if task.auto and _narrow(program):  # an autoencoder on purpose: no wide network is its measure
        return Learnable()
    x = np.asarray(program.X, np.float64).reshape(len(program.X), -1)
    target = _target(program, task)
    if not (np.isfinite(x).all() and np.isfinite(target).all()):
        return Learnable()
    loss, width = _loss(task, target)
    if loss == "mean_squared_error":
        target = _standardized(target, target)
    judged = Task(task.kind, "index" if loss == "cross_entropy" else task.form, task.k)
    seen, answers, truths = [], [], []
    for learn, held in split(program):
        scaled = _standardized(x, x[learn])
        network = MLP([x.shape[1], WIDTH, WIDTH, width], seed=program.seed)
        try:
            _train(network, loss, (scaled[learn], target[learn]), (scaled[held], target[held]), program.seed)
        except ChainruleError:  # data that no network can learn from are another rule's matter
            return Learnable()
        seen.append(skill(judged, network.logits(scaled[learn]), target[learn], 0.0))
        if len(held):
            answers.append(network.logits(scaled[held]))
            truths.append(target[held])
    unseen = skill(judged, np.concatenate(answers), np.concatenate(truths), 0.0) if answers else float("nan")
    return Learnable(float(np.mean(seen)), unseen)


def _narrow(program: Program) -> bool:
    """Whether a layer has fewer units than there are features."""
    widths = [p.shape[0] for p in program.module.parameters() if len(p.shape) == 2]
    return min(widths, default=0) < int(np.prod(program.X.shape[1:]))


def _standardized(values: Array, like: Array) -> Array:
    mean, spread = like.mean(axis=0), like.std(axis=0)
    return (values - mean) / np.where(spread > 1e-6 * spread.max(initial=0), spread, 1.0)  # type: ignore[no-any-return]


def _train(network: Network, loss: str, learn: tuple[Array, Array], held: tuple[Array, Array], seed: int) -> None:
    batch = min(64, len(learn[0]))
    times = max(
        1, SCORED * batch // len(learn[0])
    )  # few rows are given several times an epoch, and scored less often
    learn = (np.tile(learn[0], (times, 1)), np.concatenate([learn[1]] * times))
    epochs = max(1, STEPS * batch // len(learn[0]))
    some = len(held[0]) > 0
    fit(
        network, *learn, loss=loss, optimizer="adamw:learning_rate=3e-3,weight_decay=0.1", batch_size=batch,
        epochs=epochs, seed=seed, engine="numpy", threads=1, validation=held if some else None,
        callbacks=[EarlyStopping(patience=epochs)] if some else [],  # it keeps the weights of its best epoch
    )  # fmt: skip


def _target(program: Program, task: Task) -> Array:
    y = np.asarray(program.y)
    if task.kind == "classes":
        labels = y.reshape(len(y), -1).argmax(axis=1) if task.form != "index" else y.reshape(-1)
        return np.unique(labels, return_inverse=True)[1].reshape(-1)
    real = np.asarray(y, np.float64).reshape(len(y), -1)
    return (real > 0).astype(np.float64) if task.kind == "yes_no" else real


def _loss(task: Task, target: Array) -> tuple[str, int]:
    if task.kind == "classes":
        return "cross_entropy", max(2, int(target.max()) + 1)
    return ("binary_cross_entropy" if task.decides else "mean_squared_error"), target.shape[1]


def own_network(program: Program, task: Task, cut: float) -> Learnable:
    """What the program's own network does on rows held out, trained as written on the others."""
    learn, held = split(program, program.rows)[0]
    if not len(held):
        return Learnable()
    running = program.changed(X=program.X[learn], y=program.y[learn], validation=None).start()
    running.train()
    if running.problem is not None:
        return Learnable()

    learn, held = learn[:ROWS], held[:ROWS]
    seen = skill(task, running.outputs_of(program.X[learn]), program.y[learn], cut)
    answers = running.outputs_of(program.X[held]), program.y[held]
    return Learnable(seen, skill(task, *answers, cut), answers)


def pace(losses: Sequence[float], constant: float) -> float:
    """1 - mean loss of all steps / loss of the best constant: 1 were learned at once, 0 never; NaN if unknown."""
    return 1.0 - float(np.mean(losses)) / constant if len(losses) and constant > 0 else float("nan")


def shuffled_labels(program: Program, constant: float) -> float:
    """The pace of the program on its own labels in another order: there is nothing to learn but rows by heart.

    Zhang et al. 2017; that what there is to learn is learned sooner: Arpit et al. 2017, "A closer look at
    memorization in deep networks".
    """
    order = generator(program.seed, "labels").permutation(program.rows)
    running = program.changed(y=program.y[order], validation=None, before_epoch=None).start().train()
    return pace(running.losses, constant) if running.problem is None else float("nan")


def free_of_regularization(program: Program) -> Program | None:
    """The program without dropout, weight decay and penalties in its loss; None where it has none of them."""
    module, optimizer = copy.deepcopy((program.module, program.optimizer))
    found, loss = False, program.loss
    for part in module.modules():
        if type(part).__name__ == "Dropout" and part.p > 0:
            part.p, found = 0.0, True
    for group in optimizer.param_groups:
        if group.get("weight_decay"):
            group["weight_decay"], found = 0.0, True
    if getattr(loss, "l2", 0):
        loss, found = _without_penalty(loss), True
    return program.changed(module=module, optimizer=optimizer, loss=loss) if found else None


def _without_penalty(loss: Any) -> Any:
    bare = copy.copy(loss)
    bare.l2 = 0.0
    return bare
