"""Watching a training loop of the user's own, of torch or chainrule.autograd, without changing a line of it."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.types import Array
from chainrule.diagnosis.doctor import from_record
from chainrule.diagnosis.libraries import array, lenient, library
from chainrule.diagnosis.program import Program, Running, stale
from chainrule.diagnosis.record import ModuleWatcher, Record
from chainrule.diagnosis.report import Report

LOSSES = (
    "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss",
)  # fmt: skip
KEPT = 2000  # rows kept of what the loop shows


class Watch:
    """``with watch(module, optimizer) as watch: ...your loop...``, then ``watch.report()``.

    It sees the batches the module is given in training mode, the loss they are given to, each backward pass and
    each step. The losses of ``nn.functional``, and so of the modules around them, are known with their targets; of
    another loss only its value is, and rules about targets stay silent.
    """

    def __init__(self, module: Any, optimizer: Any, *, every: int = 10) -> None:
        self._lib = library(module)
        if not hasattr(optimizer, "param_groups"):
            raise InputError(f"watch takes a module and its optimizer; not a {type(optimizer).__name__}")
        self._module, self._optimizer = module, optimizer
        self._start = copy.deepcopy((module, optimizer))
        self.record = Record()
        self._watcher: ModuleWatcher | None = None
        self._every = every
        self._live: Running | None = None
        self._given: Array | None = None
        self._value = float("nan")  # of the loss that was last gone back from
        self._loss: Callable[[Any, Any], Any] | None = None
        self._batches: list[tuple[Array, Array]] = []
        self._size = self._steps = self._stale = 0
        self._kept = 0
        self._stepped = False
        self._stack = ExitStack()

    # -- while the loop runs ------------------------------------------------------------------------------

    def __enter__(self) -> Watch:
        hook = self._module.register_forward_hook(self._forward)
        self._stack.callback(hook.remove)
        self._stack.enter_context(self._replaced(self._lib.Tensor, "backward", self._backward))
        self._stack.enter_context(self._stepping())
        functional = self._lib.nn.functional
        for name in LOSSES:
            if hasattr(functional, name):
                self._stack.enter_context(self._replaced(functional, name, self._called(name)))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @contextmanager
    def _replaced(self, where: Any, name: str, wrapper: Callable[..., Any]) -> Iterator[None]:
        real = getattr(where, name)

        @functools.wraps(real)
        def both(*arguments: Any, **settings: Any) -> Any:
            return wrapper(real, *arguments, **settings)

        setattr(where, name, both)
        try:
            yield
        finally:
            setattr(where, name, real)

    @contextmanager
    def _stepping(self) -> Iterator[None]:
        real = self._optimizer.step

        def step(*arguments: Any, **settings: Any) -> Any:
            self._before_step()
            result = real(*arguments, **settings)
            self._after_step()
            return result

        self._optimizer.step = step
        try:
            yield
        finally:
            del self._optimizer.step

    def _forward(self, module: Any, given: tuple[Any, ...], output: Any) -> None:
        if module.training and self._lib.is_grad_enabled():
            self._given = array(given[0])

    def _called(self, name: str) -> Callable[..., Any]:
        def called(real: Callable[..., Any], input: Any, target: Any, *more: Any, **settings: Any) -> Any:
            if self._given is not None and self._loss is None:

                def again(outputs: Any, targets: Any) -> Any:
                    return real(outputs, targets, *more, **settings)

                again.__name__ = name
                self._loss = again
            if self._given is not None and self._kept < KEPT and len(target) == len(self._given):
                self._batches.append((self._given.copy(), array(target).copy()))
                self._kept += len(self._given)
            return real(input, target, *more, **settings)

        return called

    def _backward(self, real: Callable[..., Any], loss: Any, *arguments: Any, **settings: Any) -> Any:
        if self._stepped and stale(self._optimizer):
            self._stale += 1
        self._stepped = False
        value = real(loss, *arguments, **settings)
        self._value = float(array(loss).reshape(-1)[0])
        return value

    def _before_step(self) -> None:
        if self._given is None:
            return
        if self._watcher is None:
            self._size = len(self._given)
            self._live = Running(self._program(), self._module, self._optimizer, 0)
            self._watcher = ModuleWatcher(self.record, self._given[:512].copy(), self._every)
        live = self._live
        assert live is not None
        live.t += 1
        live.loss = self._value
        x, y = self._batches[-1] if self._batches and len(self._batches[-1][0]) == len(self._given) else (
            self._given, np.zeros(len(self._given), np.float32)
        )  # fmt: skip
        live.data, live.rows = (x, y), np.arange(len(x))
        with lenient():
            self._watcher.before_update(live)

    def _after_step(self) -> None:
        self._stepped = True
        if self._watcher is not None and self._live is not None:
            self._live.stale = self._stale
            self._watcher.after_update(self._live)

    # -- after it -------------------------------------------------------------------------------------------

    def _program(self) -> Program:
        batches = self._batches or [(self._given, np.zeros(len(self._given), np.float32))]  # type: ignore[list-item,arg-type]
        module, optimizer = self._start
        return Program(
            module,
            np.concatenate([x for x, _ in batches]),
            np.concatenate([y for _, y in batches]),
            loss=self._loss or _unknown,
            optimizer=optimizer,
            batch_size=max(self._size, 1),
            epochs=1,
        )

    def report(self) -> Report:
        """What the rules say of what was seen."""
        if self._live is None:
            raise InputError(
                "nothing was seen: inside the with block the module must be called in training mode, and "
                "optimizer.step()"
            )
        return from_record(self._program(), self.record, self._live)


def _unknown(outputs: Any, targets: Any) -> Any:
    raise InputError("the loss of this loop is none of nn.functional's, so only its values are known")


def watch(module: Any, optimizer: Any, *, every: int = 10) -> Watch:
    """See ``Watch``. ``every`` so many steps a sample of the layers is taken."""
    return Watch(module, optimizer, every=every)
