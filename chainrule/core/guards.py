"""The guards: checks that stop a program which would run to its end and learn the wrong thing, or nothing.

Each has a name, which the error it raises carries as ``guard``. Where a program is examined rather than run,
``collected()`` takes what the guards say, and those whose program can go on let it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chainrule.core.errors import ChainruleError

# name -> what it refuses
GUARDS = {
    "loss-shape": "predictions and targets whose shapes don't fit: broadcast, all would be compared with all",
    "probabilities-as-logits": "the output of a softmax or sigmoid given to a loss that does one itself",
    "training-mode": "a trained module that predicts while its dropout drops, or its batch norm uses the batch",
    "labels-range": "a label that is no class of the network, or an answer outside [0, 1]",
    "target-in-features": "a feature that is the target itself",
    "shared-rows": "validation rows that were trained on",
    "non-finite": "a loss, a gradient or a weight that is NaN or infinite, in the data, a layer or the update",
}
_collecting: ContextVar[list[ChainruleError] | None] = ContextVar("collecting", default=None)


def refuse(error: ChainruleError) -> None:
    """Raise the error of a guard; within ``collected()`` put it there, once, and let the program go on."""
    assert error.guard in GUARDS
    found = _collecting.get()
    if found is None:
        raise error
    if not any((error.guard, str(error)) == (other.guard, str(other)) for other in found):
        found.append(error)


@contextmanager
def collected() -> Iterator[list[ChainruleError]]:
    """Within it a guard whose program can go on raises nothing; what it would have raised is in the list.

    Labels out of range, shapes that cannot be broadcast and what is not finite are raised as ever.
    """
    token = _collecting.set([])
    try:
        yield _collecting.get()  # type: ignore[misc]
    finally:
        _collecting.reset(token)
