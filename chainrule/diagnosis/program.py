"""A training program: data, network, loss as written, optimizer, batches; and a copy of it that runs."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from chainrule.core.errors import InputError, SettingError
from chainrule.core.rng import generator
from chainrule.core.settings import whole
from chainrule.core.types import Array
from chainrule.diagnosis.libraries import array, lenient, library, looking, tensor
from chainrule.diagnosis.sight import Look, ModuleSight

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Program:
    """What is examined. ``module`` and ``optimizer`` belong together and are never changed: copies run.

    X (n, ...) and y are given to the module and the loss as tensors of their own kind: whole numbers as int64.
    ``loss(outputs, targets)`` is called as it was written. ``before_epoch(X, y, rng)`` gives the epoch's data,
    ``schedule(t, steps)`` a factor of the learning rate in step t, from 1. Without ``zero_grad`` gradients add up.
    ``metric(outputs, targets)`` is the user's own. ``told`` is "classes" or "values" where the user said it.
    """

    module: Any
    X: Array
    y: Array
    loss: Callable[[Any, Any], Any]
    optimizer: Any
    batch_size: int = 32
    epochs: int = 10
    validation: Pair | None = None
    metric: Callable[[Array, Array], float] | None = None
    shuffle: bool = True
    zero_grad: bool = True
    schedule: Callable[[int, int], float] | None = None
    before_epoch: Callable[[Array, Array, np.random.Generator], Pair] | None = None
    seed: int = 0
    told: str | None = None

    def __post_init__(self) -> None:
        library(self.module)
        whole("batch_size", self.batch_size)
        whole("epochs", self.epochs, least=0)
        if len(self.X) != len(self.y) or not len(self.X):
            raise InputError(f"X has {len(self.X)} rows and y {len(self.y)}; expected as many, and at least one")
        if not hasattr(self.optimizer, "param_groups"):
            raise SettingError(
                "optimizer is one over the module's parameters, as optim.SGD(module.parameters(), lr=0.1); "
                f"not a {type(self.optimizer).__name__}"
            )

    @property
    def rows(self) -> int:
        return len(self.X)

    @property
    def steps_an_epoch(self) -> int:
        return -(-self.rows // self.batch_size)

    @property
    def learning_rate(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def some(self, most: int, *, seed: int = 0) -> Pair:
        """A fixed sample of the rows: all where there are no more."""
        if self.rows <= most:
            return self.X, self.y
        chosen = np.sort(generator(self.seed + seed, "probe").choice(self.rows, most, replace=False))
        return self.X[chosen], self.y[chosen]

    def loss_of(self, outputs: Array, y: Array) -> float:
        """The loss as written, of arrays."""
        lib = library(self.module)
        with lenient(), lib.no_grad():
            value = self.loss(tensor(outputs, self.module), tensor(y, self.module))
            return float(array(value))

    def changed(self, **parts: Any) -> Program:
        return replace(self, **parts)

    def start(self, seed: int = 0) -> Running:
        """A copy ready to run. Seed 0 begins at the weights as they are; another at the same numbers of each array
        in another order, which keeps its scale, its zeros and its equals, and at another order of rows."""
        module, optimizer = copy.deepcopy((self.module, self.optimizer))
        if seed:
            rng = generator(self.seed + seed, "initialization")
            for parameter in module.parameters():
                values = array(parameter)
                if values.ndim > 1:
                    values[...] = rng.permuted(values.reshape(-1)).reshape(values.shape)
        return Running(self, module, optimizer, self.seed + seed)


def stale(optimizer: Any) -> bool:
    """Whether a parameter of the optimizer's has a gradient that is not 0."""
    return any(
        p.grad is not None and array(p.grad).any() for group in optimizer.param_groups for p in group["params"]
    )


class Watcher(Protocol):
    """Is told of each step of a running program: before its update, when gradients are there, and after."""

    def before_update(self, running: Running) -> None: ...
    def after_update(self, running: Running) -> None: ...
    def epoch_end(self, running: Running) -> None: ...


@dataclass
class Running:
    """A copy of a program while it runs. ``t`` counts steps from 1; ``problem`` is the error that ended it."""

    program: Program
    module: Any
    optimizer: Any
    seed: int
    t: int = 0
    epoch: int = 0
    loss: float = float("nan")
    outputs: Array | None = None
    rows: Array | None = None  # of the last batch
    data: Pair | None = None  # of this epoch
    problem: Exception | None = None
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str | None = None
    stale: int = 0  # backward passes, of the first twenty, that added to gradients a step had used

    def __post_init__(self) -> None:
        self.peaks = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.sight = ModuleSight(self.module)
        if self.data is None:
            self.data = (self.program.X, self.program.y)

    def copy_at(self, factor: float) -> Running:
        """A copy that goes on from here with the rates as they were given, times ``factor``."""
        module, optimizer = copy.deepcopy((self.module, self.optimizer))
        for group, peak in zip(optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor
        return Running(self.program.changed(schedule=None), module, optimizer, self.seed, t=self.t, data=self.data)

    def look(self, X: Array) -> Look:
        with lenient():
            return self.sight.look(X)

    def outputs_of(self, X: Array, *, training: bool = False) -> Array:
        """In evaluation mode unless told, in pieces."""
        lib = library(self.module)
        with lenient(), lib.no_grad() if training else looking(self.module):
            made = [array(self.module(tensor(part, self.module))).copy() for part in pieces(X)]
        return np.concatenate(made)

    def gradient(self, X: Array, y: Array, *, training: bool = False) -> float:
        """The loss of these rows; its gradient is then in the parameters, and nothing else."""
        for parameter in self.module.parameters():
            parameter.grad = None
        was = self.module.training
        self.module.train(training)
        try:
            with lenient():
                value = self.program.loss(self.module(tensor(X, self.module)), tensor(y, self.module))
                value.backward()
        finally:
            self.module.train(was)
        return float(array(value))

    def step(self, rows: Array, watchers: tuple[Watcher, ...] = ()) -> float:
        """One step as the program has it."""
        assert self.data is not None
        X, y = self.data
        program, module = self.program, self.module
        out = module(tensor(X[rows], module))
        value = program.loss(out, tensor(y[rows], module))
        if program.zero_grad:
            self.optimizer.zero_grad()
        if self.t and self.t < 20:  # a step has used them: what is left would be added to
            self.stale += stale(self.optimizer)
        value.backward()
        self.t += 1
        self.rows, self.loss = rows, float(array(value))
        if program.schedule is not None:
            factor = program.schedule(self.t, program.epochs * program.steps_an_epoch)
            for group, rate in zip(self.optimizer.param_groups, self.peaks, strict=True):
                group["lr"] = rate * factor
        for watcher in watchers:
            watcher.before_update(self)
        self.optimizer.step()
        self.losses.append(self.loss)
        for watcher in watchers:
            watcher.after_update(self)
        return self.loss

    def train(
        self, *watchers: Watcher, epochs: int | None = None, until: float | None = None, most: int | None = None
    ) -> Running:
        """All epochs as written, unless told fewer, or until a moment of ``time.perf_counter``, or ``most`` steps.

        An error of the program's own ends it and stays in ``problem``; ``stopped`` says what else ended it early.
        """
        library(self.module).manual_seed(self.seed)
        order, began = generator(self.seed, "shuffle"), time.perf_counter()
        self.module.train()
        try:
            with lenient():
                for _ in range(self.program.epochs if epochs is None else epochs):
                    self._epoch(order, watchers, until, most)
                    if self.stopped:
                        break
        except Exception as problem:  # the user's program: whatever it raises is a finding
            self.problem = problem
        self.seconds += time.perf_counter() - began
        return self

    def _epoch(
        self, order: np.random.Generator, watchers: tuple[Watcher, ...], until: float | None, most: int | None
    ) -> None:
        program = self.program
        if program.before_epoch is not None:
            self.data = program.before_epoch(program.X, program.y, order)
        rows = order.permutation(program.rows) if program.shuffle else np.arange(program.rows)
        for start in range(0, program.rows, program.batch_size):
            self.step(rows[start : start + program.batch_size], watchers)
            if most is not None and self.t >= most:
                self.stopped = f"after {most} steps"
                return
            if until is not None and self.t % 50 == 0 and time.perf_counter() > until:
                self.stopped = "the budget of time was spent"
                return
        self.epoch += 1
        for watcher in watchers:
            watcher.epoch_end(self)


def pieces(X: Array, size: int = 4096) -> Iterator[Array]:
    for start in range(0, max(len(X), 1), size):
        yield X[start : start + size]
