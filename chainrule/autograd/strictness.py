"""What PyTorch allows and chainrule refuses unless told: a broadcast loss, a softmax fed to a loss of logits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from chainrule.autograd.errors import flag

_state = [True]


class strict:
    """``strict(False)`` allows what PyTorch allows: at once, and as a context or a decorator until its end."""

    def __init__(self, wanted: bool = True) -> None:
        self._before, self._wanted = _state[0], flag(wanted, "strict")
        _state[0] = self._wanted

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        _state[0] = self._before  # only inside the function

        @functools.wraps(function)
        def within(*arguments: Any, **settings: Any) -> Any:
            with strict(self._wanted):
                return function(*arguments, **settings)

        return within

    def __enter__(self) -> None:
        _state[0] = self._wanted

    def __exit__(self, *error: object) -> None:
        _state[0] = self._before


def is_strict() -> bool:
    """Whether likely mistakes are errors."""
    return _state[0]
