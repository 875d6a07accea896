"""What PyTorch allows and chainrule refuses unless told: a broadcast loss, a softmax fed to a loss of logits."""

from __future__ import annotations

from contextlib import ContextDecorator

_state = [True]


class strict(ContextDecorator):
    """``strict(False)`` allows what PyTorch allows: at once, and as a context until its end."""

    def __init__(self, wanted: bool = True) -> None:
        self._before, self._wanted = _state[0], bool(wanted)
        _state[0] = self._wanted

    def __enter__(self) -> None:
        _state[0] = self._wanted

    def __exit__(self, *error: object) -> None:
        _state[0] = self._before


def is_strict() -> bool:
    """Whether likely mistakes are errors."""
    return _state[0]
