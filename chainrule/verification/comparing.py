"""One comparison of ``verify``, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.gradcheck import Report
from chainrule.core.settings import told, write
from chainrule.core.types import Array

EXACT = 1e-12  # relative, in float64: the same formula in another order of operations
DIFFERENCES, AUTOGRAD, PYTORCH = "differences", "autograd", "PyTorch"

Libraries = Mapping[str, Any]  # name -> PyTorch or what has its names, None where it is not installed


@dataclass(frozen=True)
class Row:
    """One comparison: the largest deviation relative to the largest entry, and the limit it was held to.

    ``ok`` None means that there was nothing to compare with; ``note`` says why.
    """

    kind: str
    name: str
    against: str
    deviation: float | None
    limit: float | None
    ok: bool | None
    note: str = ""


def name_of(thing: Any) -> str:
    return write(thing.name, told(thing))


def report_row(kind: str, thing: Any, report: Report) -> Row:
    # The limit is each derivative's own error estimate, so the deviation alone says how sharp the check was.
    note = "" if report.ok else str(report).splitlines()[0]
    return Row(kind, name_of(thing), DIFFERENCES, report.deviation, None, report.ok, note)


def compare(
    kind: str,
    name: str,
    ours: list[Array],
    libraries: Libraries,
    theirs: Callable[[Any], list[Any] | None],
    limit: float = EXACT,
) -> Iterator[Row]:
    """Our arrays beside the tensors that ``theirs`` computes with a library, None where that has no such thing."""
    for against, library in libraries.items():
        found = None if library is None else theirs(library)
        if found is None:
            note = "PyTorch is not installed" if library is None else f"{against} has no such thing"
            yield Row(kind, name, against, None, limit, None, note)
            continue
        deviation = 0.0
        for a, tensor in zip(ours, found, strict=True):
            b = tensor.detach().numpy()
            size = float(np.abs(b).max(initial=0.0)) or 1.0
            deviation = max(deviation, float(np.abs(a - b).max(initial=0.0)) / size)
        yield Row(kind, name, against, deviation, limit, deviation <= limit)
