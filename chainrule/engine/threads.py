"""How many threads BLAS should use for the products of a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


@contextmanager
def blas_threads(number: int | None) -> Iterator[None]:
    """While this is open BLAS uses so many threads; None, or a missing threadpoolctl, changes nothing."""
    controller = None if number is None else _controller()
    if controller is None:
        yield
        return
    with controller.limit(limits=number, user_api="blas"):
        yield


def _controller() -> Any:
    """Made each time, in a millisecond: a library loaded since may have brought a BLAS of its own."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
