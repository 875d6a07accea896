"""Predictions as a table: a column for the answer, and one for the probability of each class."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from chainrule.core.errors import NotFittedError
from chainrule.network import Network


def predictions(network: Network, X: Any) -> tuple[list[str], list[list[Any]]]:
    """Header and rows: ``prediction, p(cat), p(dog)`` for classes, the quantities' names for values.

    Of a loss that learns no probabilities, such as hinge, the prediction alone.
    """
    if network.loss is None or network.target is None:
        raise NotFittedError("this model has no loss or no target, so its outputs have no meaning; train it first")
    names = list(network.target.names)
    predicted = network.predict(X)
    if network.target.task == "values":
        return names, np.asarray(predicted, float).tolist()
    if not network.loss.gives_probabilities:
        return ["prediction"], [[names[label]] for label in predicted]
    p = network.predict_proba(X)
    rows = [[names[label], *map(float, share)] for label, share in zip(predicted, p, strict=True)]
    return ["prediction", *(f"p({name})" for name in names)], rows


def to_csv(header: list[str], rows: list[list[Any]]) -> str:
    """As CSV; numbers in the shortest form that gives float32 back, and no cell a spreadsheet would run."""
    out = io.StringIO()
    # csv quotes a line feed by itself, but not a carriage return
    odd = any("\r" in cell for row in [header, *rows] for cell in row if isinstance(cell, str))
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL)
    writer.writerow([_guard(cell) for cell in header])
    for row in rows:
        writer.writerow([_guard(cell) if isinstance(cell, str) else f"{cell:.9g}" for cell in row])
    return out.getvalue()


# What begins a formula in a spreadsheet, or a cell that one trims to a formula (OWASP, "CSV injection").
FORMULA, TRIMMED = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"), ("\t", "\r", "\n")


def _guard(cell: str) -> str:
    """``'=cmd()`` of ``=cmd()``; a mark more of what is guarded already, so that ``unguarded`` is exact."""
    return f"'{cell}" if _runs(cell.lstrip("'")) else cell


def unguarded(cell: str) -> str:
    """The name that a cell of ``to_csv`` stands for."""
    return cell[1:] if cell[:1] == "'" and _runs(cell.lstrip("'")) else cell


def _runs(cell: str) -> bool:
    # A class called "=cmd()" would be run as a formula; negative numbers are no formulas.
    return (cell.lstrip()[:1] in FORMULA or cell[:1] in TRIMMED) and not _is_number(cell)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
