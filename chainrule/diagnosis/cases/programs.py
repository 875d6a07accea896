"""A case and a seed become a training program: data as its author fed them, network, loss, optimizer, loop."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

import chainrule.autograd as torch
from chainrule.autograd import nn
from chainrule.autograd.ops.creation import tensor
from chainrule.autograd.optim.base import Optimizer
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.diagnosis.cases.asked import Asked, Drawn
from chainrule.diagnosis.cases.data import draw
from chainrule.diagnosis.cases.hooks import Draft, Numbers, Pair, apply, hook_of
from chainrule.diagnosis.cases.layers import network
from chainrule.diagnosis.cases.losses import CaseLoss, loss_named
from chainrule.diagnosis.cases.metrics import Metric, metric_of
from chainrule.diagnosis.cases.optimizers import Decay, Factor, optimizer_of
from chainrule.diagnosis.cases.reading import Case, NotRunError

_SPLIT = re.compile(r"\b\d+/(\d+) split")


@dataclass(frozen=True)
class CaseProgram:
    """The arguments of ``diagnose``. X is float32 (n, d); y is float32 (n, k) or class ids (n,), int64.

    Targets of one number a row are (n, 1), as Keras makes them, whether the outputs are so or not.
    """

    module: nn.Sequential
    X: Array
    y: Array
    loss: CaseLoss
    optimizer: Optimizer
    batch_size: int
    epochs: int
    validation: Pair | None = None
    metric: Metric | None = None
    shuffle: bool = True
    zero_grad: bool = True
    schedule: Factor | None = None
    before_epoch: Callable[[Array, Array, Numbers], Pair] | None = None
    seed: int = 0

    def arguments(self) -> dict[str, Any]:
        """By name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def train(self) -> list[float]:
        """Run the program as it stands, in its own module; returns the loss of every step.

        Whatever the program itself raises, as at shapes that do not fit, is raised.
        """
        torch.manual_seed(self.seed)
        rng, n = generator(self.seed, "shuffle"), len(self.X)
        peaks = [group["lr"] for group in self.optimizer.param_groups]
        steps, losses = self.epochs * -(-n // self.batch_size), list[float]()
        for _ in range(self.epochs):
            X, y = self.before_epoch(self.X, self.y, rng) if self.before_epoch else (self.X, self.y)
            order = rng.permutation(n) if self.shuffle else np.arange(n)
            for start in range(0, n, self.batch_size):
                rows = order[start : start + self.batch_size]
                if self.zero_grad:
                    self.optimizer.zero_grad()
                loss = self.loss(self.module(tensor(X[rows])), tensor(y[rows]))
                loss.backward()
                if self.schedule:
                    for group, peak in zip(self.optimizer.param_groups, peaks, strict=True):
                        group["lr"] = peak * self.schedule(len(losses) + 1, steps)
                self.optimizer.step()
                losses.append(loss.item())
        return losses

    def outputs(self, X: Array) -> Array:
        """The trained network's, in evaluation mode."""
        self.module.eval()
        with torch.no_grad():
            found: Array = self.module(tensor(X)).numpy()
        self.module.train()
        return found


def program_of(case: Case, seed: int = 0) -> CaseProgram:
    """The case's program: weights, order of rows and, where no seed is named, data are the seed's.

    NotRunError where the case asks for something that is not known.
    """
    loss, l2 = loss_named(str(case.raw["loss"]))
    layers = case.layers()
    asked = _asked(case, layers)
    drawn = _scaled(_split(draw(asked, generator(seed, "data")), asked), asked)
    optimizer = case.raw["optimizer"]
    settings = {"name": optimizer} if isinstance(optimizer, str) else dict(optimizer)
    y = fed(drawn.y, drawn.classes, asked, loss)
    draft = Draft(drawn.X.astype(np.float32), y, drawn.classes, settings)
    if settings.get("decay"):
        draft.schedule = Decay(float(settings["decay"]))
    apply(hook_of(case), draft, generator(seed, "hook"))
    held = drawn.held and (drawn.held[0].astype(np.float32), fed(drawn.held[1], drawn.classes, asked, loss))
    module = network(layers, draft.X.shape[1], generator(seed, "initialization"))
    return CaseProgram(
        module, draft.X, draft.y, loss, optimizer_of(draft.optimizer, module, l2), _batch(case, len(draft.X)),
        int(case.raw["epochs"]), held, metric_of(case), draft.shuffle, draft.zero_grad, draft.schedule,
        draft.before_epoch, seed,
    )  # fmt: skip


def _asked(case: Case, layers: list[dict[str, Any]]) -> Asked:
    units = next((int(layer["units"]) for layer in reversed(layers) if "units" in layer), 1)
    d = int(case.data.get("d") or case.raw.get("input_dim") or 1)
    return Asked(case.data, str(case.raw.get("task", "")), d, units, case.prose, case.folder)


def _batch(case: Case, n: int) -> int:
    size = case.raw["batch_size"]
    return n if size in ("full", None) else int(size)


def fed(y: Array, classes: int, asked: Asked, loss: CaseLoss) -> Array:
    """Targets as the program's author fed them, and Keras passes them on to the loss.

    Class ids stay ids (n,) for a loss of ids. For another they become one-hot rows where the settings say so, or
    where there are several outputs and nothing is said of whole numbers; else they are numbers (n, 1).
    """
    if classes and asked.task == "autoencoder":
        raise NotRunError("an autoencoder's target are its inputs")
    if not classes:
        return (y if y.ndim > 1 else y[:, None]).astype(np.float32)
    said = str(asked.data.get("labels", ""))
    one_hot = asked.data.get("one_hot")
    if one_hot is None and loss.targets == "rows":
        one_hot = asked.units > 1 and "integer" not in said
    if one_hot:
        return np.eye(classes, dtype=np.float32)[y]
    return y.astype(np.int64) if loss.targets == "ids" else y[:, None].astype(np.float32)


def _split(drawn: Drawn, asked: Asked) -> Drawn:
    """Keep the last rows for validation, where the case has some."""
    n = len(drawn.X)
    share = asked.data.get("val_split")
    words = _SPLIT.search(asked.prose)
    if share is None and words is not None:
        share = int(words[1]) / 100
    held = int(asked.data.get("val") or round(n * float(share or 0)))
    if asked.task == "autoencoder":
        drawn = Drawn(drawn.X, drawn.X, 0, drawn.held)
    if drawn.held is not None or not 0 < held < n:
        return drawn
    return Drawn(drawn.X[:-held], drawn.y[:-held], drawn.classes, (drawn.X[-held:], drawn.y[-held:]))


def _scaled(drawn: Drawn, asked: Asked) -> Drawn:
    """Inputs and targets scaled as the case says, by what its training rows have."""
    change = scaler(asked.data.get("scaled"), drawn.X)
    target = scaler(asked.data.get("target_scaled"), drawn.y) if not drawn.classes else scaler(None, drawn.y)
    if asked.task == "autoencoder":
        target = change
    held = drawn.held and (change(drawn.held[0]), target(drawn.held[1]))
    return Drawn(change(drawn.X), target(drawn.y), drawn.classes, held)


def scaler(name: Any, fitted: Array) -> Callable[[Array], Array]:
    """What a case's words mean: "/255", "minmax", "standardized", "L2 per row"; None leaves all as it is."""
    text = str(name or "").lower()
    if not text or text in ("none", "raw", "unscaled"):
        return lambda X: X
    if text.startswith("/"):
        return lambda X: X / float(text[1:])
    if "l2" in text:
        return lambda X: X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    if "min" in text and "max" in text:
        low, width = fitted.min(axis=0), np.ptp(fitted, axis=0)
        return lambda X: (X - low) / np.where(width > 0, width, 1)
    if "stand" in text or "z-score" in text or "zscore" in text or text == "true":
        mean, std = fitted.mean(axis=0), fitted.std(axis=0)
        return lambda X: (X - mean) / np.where(std > 0, std, 1)
    raise NotRunError(f"unknown way to scale {text!r:.60}; known: /255, minmax, standardized, L2 per row")
