"""How many threads BLAS should use for the products of a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from chainrule.layers import Layer, Module

# Below so many floating-point operations in a step's largest product one thread is faster: a second one gains
# little in the product and costs the element-wise work after it, which finds its arrays in the other core's cache.
# Measured on two cores, a step of 784-128-64-10 with SGD: batch 64 (13 million) 540 us with one thread, 643 with
# two; batch 128 (26 million) about equal; batch 256 (51 million) two are faster. Where both are equal it is one:
# beside another busy process two threads wait for each other, and a training takes ten times as long.
SINGLE = 40e6


def suited_threads(modules: Sequence[Module], batch_size: int) -> int | None:
    """1 where one thread is faster, None to leave BLAS as the user has it."""
    largest = max(module.operations() for module in modules if isinstance(module, Layer)) * batch_size
    return 1 if largest < SINGLE else None


_lock = Lock()
_asked: list[int] = []  # by the trainings that run now, whichever thread each is in; the last one's number holds
_first: Any = None  # the limit of the first of them, which knows what the user had


@contextmanager
def blas_threads(number: int | None) -> Iterator[None]:
    """While this is open BLAS uses so many threads; None, or a missing threadpoolctl, changes nothing.

    The number is one for the whole process. Where trainings of several threads overlap, the last of them to end
    brings back what the user had: each for itself would bring back what it found, the number of another one.
    """
    controller = None if number is None else _controller()
    if number is None or controller is None:
        yield
        return
    _enter(controller, number)
    try:
        yield
    finally:
        _leave(controller, number)


def _enter(controller: Any, number: int) -> None:
    global _first
    with _lock:
        if not _asked:
            _take_control()
            _first = controller.limit(limits=number, user_api="blas")
        elif _asked[-1] != number:
            _take_control()
            controller.limit(limits=number, user_api="blas")
        _asked.append(number)


def _leave(controller: Any, number: int) -> None:
    global _first
    with _lock:
        held = _asked[-1]
        del _asked[len(_asked) - 1 - _asked[::-1].index(number)]
        if not _asked:
            _take_control()
            _first.restore_original_limits()
            _first = None
        elif _asked[-1] != held:
            _take_control()
            controller.limit(limits=_asked[-1], user_api="blas")


def _take_control() -> None:
    """Newer threadpoolctl heeds only the thread that set a limit first; here any of them may be the last."""
    import threadpoolctl

    clear = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)


def _controller() -> Any:
    """Made each time, in a millisecond: a library loaded since may have brought a BLAS of its own."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
