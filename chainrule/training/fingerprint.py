"""SHA-256 of what is trained on, so that a checkpoint of other data is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from threading import Thread
from typing import Any

import numpy as np

from chainrule.core.errors import InputError
from chainrule.core.features import Features
from chainrule.core.settings import show
from chainrule.core.types import Array
from chainrule.training.evaluation import Rows

BLOCK = 2**24  # bytes hashed at a time: of a memory-mapped file no more is in memory


class Fingerprint:
    """SHA-256 of what is trained on: of features, targets and weights, training's and validation's.

    They are taken in a thread beside the training, which hashing doesn't hold up; ``found`` waits for it.
    """

    def __init__(self, rows: Rows, validation: Rows | None) -> None:
        self._found: dict[str, str | None] = {}
        parts = {"": rows, "validation ": validation}
        self._thread = Thread(target=self._take, args=(parts,), daemon=True)
        self._thread.start()

    def _take(self, parts: Mapping[str, Rows | None]) -> None:
        for name, rows in parts.items():
            if rows is not None:
                self._found |= {f"{name}{part}": found for part, found in _digests(rows).items()}

    @property
    def found(self) -> dict[str, str | None]:
        self._thread.join()
        return self._found

    def check(self, theirs: Mapping[str, Any]) -> None:
        """Refuse the checkpoint of a training on other data."""
        ours = self.found
        other = [name for name in (*ours, *(set(theirs) - set(ours))) if ours.get(name) != theirs.get(name)]
        if not other:
            return
        same = " and ".join(name for name in ours if name not in other)
        said = [f"the {n} {_short(ours.get(n))} (the checkpoint: {_short(theirs.get(n))})" for n in other]
        raise InputError(
            f"the checkpoint is of a training on other data; here {', '.join(said)}"
            f"{same and f'; the {same} agree'}. Resume with the same data, or name another folder"
        )


def _short(sha: Any) -> str:
    return f"SHA-256 {show(sha[:12])[1:-1]}..." if isinstance(sha, str) else "none"


def digest_of(rows: Rows) -> str:
    """One of all three."""
    return digest(*(np.frombuffer(str(found).encode(), np.uint8) for found in _digests(rows).values()))


def _digests(rows: Rows) -> dict[str, str | None]:
    weights = None if rows.weight is None else digest(rows.weight)
    return {"features": digest(*_raw(rows.x)), "targets": digest(rows.target), "weights": weights}


def _raw(x: Any) -> list[Array]:
    return [x.raw, *(x.scaling or ())] if isinstance(x, Features) else [x]


def digest(*arrays: Array) -> str:
    """SHA-256 of types, shapes and bytes, row after row."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str} {array.shape} ".encode())
        rows = max(1, BLOCK // max(1, array[:1].nbytes))
        for start in range(0, len(array), rows):
            block = np.ascontiguousarray(array[start : start + rows])
            if block.size:
                found.update(block.data)
    return found.hexdigest()
