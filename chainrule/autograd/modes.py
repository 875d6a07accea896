"""Whether operations are recorded: ``no_grad``, ``enable_grad``, ``set_grad_enabled``."""

from __future__ import annotations

import contextvars
import functools
import inspect
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any, TypeVar

import numpy as np

from chainrule.autograd.errors import flag

F = TypeVar("F", bound=Callable[..., Any])


class _Mode(threading.local):
    """Of each thread: whether operations are recorded, and a context in which NumPy does not warn.

    ``within`` a module's call, ``predictor`` is that module, if nothing was recorded when it was called: of calls
    within calls the outermost.

    A 0 / 0 is NaN here, as in PyTorch. To run in a context that is there takes 0.1 us, ``np.errstate`` 1.4 us, and
    the product of two small arrays 0.5 us.
    """

    enabled = True
    within = False
    predictor: Any = None

    def __init__(self) -> None:
        self.quiet = contextvars.Context()
        self.quiet.run(np.seterr, all="ignore")


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether operations are recorded."""
    return mode.enabled


class set_grad_enabled(ContextDecorator):
    """Record operations or not: at once, and as a context or a decorator until its end."""

    def __init__(self, mode_: bool) -> None:
        self._before, self._to = mode.enabled, flag(mode_, "set_grad_enabled: mode")
        mode.enabled = self._to

    def __call__(self, function: F) -> F:
        mode.enabled = self._before  # only inside the function
        return _Switch(to=self._to)(function)

    def __enter__(self) -> None:
        mode.enabled = self._to

    def __exit__(self, *error: object) -> None:
        mode.enabled = self._before


class _Switch(ContextDecorator):
    """A context or decorator within which recording is on, or off."""

    def __init__(self, *, to: bool) -> None:
        self._to, self._before = to, list[bool]()

    def __call__(self, function: F) -> F:
        if not inspect.isgeneratorfunction(function):
            return super().__call__(function)

        @functools.wraps(function)
        def steps(*arguments: Any, **settings: Any) -> Any:
            """Between two values the caller's mode holds."""
            running = function(*arguments, **settings)
            answer = None
            while True:
                with _Switch(to=self._to):
                    try:
                        value = running.send(answer)
                    except StopIteration as end:
                        return end.value
                answer = yield value

        return steps  # type: ignore[return-value]

    def __enter__(self) -> None:
        self._before.append(mode.enabled)
        mode.enabled = self._to

    def __exit__(self, *error: object) -> None:
        mode.enabled = self._before.pop()


def no_grad(function: Callable[..., Any] | None = None) -> Any:
    """``with no_grad():`` or ``@no_grad()`` or ``@no_grad``: operations are not recorded."""
    return _Switch(to=False) if function is None else _Switch(to=False)(function)


def inference_mode(mode: Any = True) -> Any:
    """``no_grad`` under its other name; ``inference_mode(False)`` is ``enable_grad()``."""
    return no_grad(mode) if callable(mode) else _Switch(to=not flag(mode, "inference_mode: mode"))


def enable_grad(function: Callable[..., Any] | None = None) -> Any:
    """The opposite of ``no_grad``, within it."""
    return _Switch(to=True) if function is None else _Switch(to=True)(function)
