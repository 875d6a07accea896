"""A summary of the rows a network was trained on, kept in its model file: later data are compared with it.

    training["summary"] = {"rows": n, "edges": [[...], ...], "counts": [[...], ...], "predicted": {...}}

One list a column (see ``Spread``): eleven quantiles of numbers and the rows between them, the rows of each
category of texts; the same of what the network predicts. No row of the data stands in it, but the least and the
largest value of each column do.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import FileError, InputError
from chainrule.core.rng import generator
from chainrule.core.table import Table
from chainrule.core.types import Array
from chainrule.network import Network
from chainrule.runs.spread import PARTS, Spread

KEY = "summary"
MOST_ROWS = 10_000  # looked at; of more, so many drawn by chance
MOST_NUMBERS = 150_000  # of a summary: a reader takes no header of any size
PARTS_OF_IT = ("edges", "counts")


@dataclass(frozen=True)
class Summary:
    """``rows`` were looked at; ``columns`` are the features, ``predicted`` the outputs or one over classes."""

    rows: int
    columns: tuple[Spread, ...]
    predicted: tuple[Spread, ...]

    def plain(self) -> dict[str, Any]:
        return {"rows": self.rows, **_plain(self.columns), "predicted": _plain(self.predicted)}

    @property
    def numbers(self) -> int:
        return sum(len(s.edges) + len(s.counts) for s in (*self.columns, *self.predicted))


def summarize(network: Network, X: Any) -> bool:
    """Summarize these training rows and keep it in ``network.training``; False where it would be too large.

    ``X`` are raw rows, as ``fit`` takes them. The same rows give the same summary.
    """
    known = categories(network)
    if not isinstance(X, Table):
        X = checks.numeric("X", X)
        checks.finite("X", X)
    width = len(known) or network.d_in
    if width * (2 * PARTS + 2) > MOST_NUMBERS:
        return False
    rows = len(X)
    if rows > MOST_ROWS:
        drawn = np.sort(generator(0, "summary").choice(rows, MOST_ROWS, replace=False))
        X = X.take(drawn) if isinstance(X, Table) else X[drawn]
    found = Summary(
        len(X), tuple(_columns(X, known, names(network))), tuple(spreads(network, predict(network, X)))
    )
    if found.numbers > MOST_NUMBERS:
        return False
    network.training = {**network.training, KEY: found.plain()}
    return True


def categories(network: Network) -> tuple[tuple[str, ...], ...]:
    """Of each column of the table it takes, () of numbers; () where it takes an array."""
    found: tuple[tuple[str, ...], ...] = getattr(network.preprocessing, "categories", ())
    return found


def names(network: Network) -> tuple[str, ...]:
    """What its columns are called; those of an array by their number."""
    given: tuple[str, ...] = getattr(network.preprocessing, "names", ())
    return given or tuple(f"x{i}" for i in range(network.d_in))


def _columns(X: Any, known: Sequence[tuple[str, ...]], called: Sequence[str]) -> list[Spread]:
    if isinstance(X, Table):
        pairs = zip(called, known, strict=True)
        return [Spread.of_codes(codes(X[n], k), len(k)) if k else Spread.of(X.numbers(n)) for n, k in pairs]
    return [Spread.of(column) for column in X.T]


def codes(cells: Array, known: Sequence[str]) -> Array:
    """The place of each cell among the known categories, -1 where it is none."""
    place = {category: i for i, category in enumerate(known)}
    return np.array([place.get(cell, -1) for cell in cells], np.intp)


def predict(network: Network, X: Any) -> Array | None:
    """The ids of classes, (n,), or values, (n, outputs); None where its outputs have no meaning."""
    return None if network.loss is None else np.asarray(network.predict(X))


def spreads(network: Network, predicted: Array | None) -> list[Spread]:
    if predicted is None:
        return []
    if _by_class(network):
        return [Spread.of_codes(predicted.astype(np.intp), _classes(network))]
    return [Spread.of(column) for column in predicted.reshape(len(predicted), -1).T]


def _by_class(network: Network) -> bool:
    return network.loss is not None and network.loss.task == "classes"


def _classes(network: Network) -> int:
    return max(network.d_out, 2) if network.target is None else len(network.target.names)


def _plain(found: Sequence[Spread]) -> dict[str, Any]:
    return {"edges": [list(s.edges) for s in found], "counts": [list(s.counts) for s in found]}


def without_summary(training: Mapping[str, Any]) -> dict[str, Any]:
    """The facts for people: of the summary, how much there is."""
    kept = {name: value for name, value in training.items() if name != KEY}
    given = training.get(KEY)
    if given is not None:
        rows, counts = (given.get(name) if isinstance(given, dict) else None for name in ("rows", "counts"))
        sound = type(rows) is int and isinstance(counts, list)
        kept[KEY] = f"{rows:,} rows, {len(counts or ()):,} columns" if sound else "none that can be read"
    return kept


# -- reading what a stranger may have written ---------------------------------------------------------------------


def read_summary(network: Network) -> Summary:
    """The summary in ``network.training``; InputError where there is none, FileError where it says nonsense."""
    given = network.training.get(KEY)
    if given is None:
        raise InputError(
            "this model has no summary of its training data to compare with: it was trained with --no-summary, by "
            "an older version or in a library, or has too many features. Train it again, or cr.diagnosis.summarize"
        )
    if not isinstance(given, dict) or set(given) != {"rows", *PARTS_OF_IT, "predicted"}:
        raise _wrong("it must have the entries rows, edges, counts and predicted")
    rows = given["rows"]
    if type(rows) is not int or not 0 < rows <= MOST_ROWS:
        raise _wrong(f"rows must be a whole number from 1 to {MOST_ROWS}")
    known = categories(network) or ((),) * network.d_in
    columns = _read(given, [len(k) for k in known], rows, "column")
    outputs = given["predicted"]
    if not isinstance(outputs, dict) or set(outputs) != set(PARTS_OF_IT):
        raise _wrong("predicted must have the entries edges and counts")
    sizes: list[int] = []
    if network.loss is not None and outputs["counts"]:
        sizes = [_classes(network)] if _by_class(network) else [0] * network.d_out
    return Summary(rows, columns, _read(outputs, sizes, rows, "output"))


def _read(given: Mapping[str, Any], sizes: Sequence[int], rows: int, what: str) -> tuple[Spread, ...]:
    """``sizes`` are numbers of categories, 0 where there are none."""
    edges, counts = given["edges"], given["counts"]
    for each in (edges, counts):
        if not isinstance(each, list) or len(each) != len(sizes) or not all(isinstance(e, list) for e in each):
            raise _wrong(f"edges and counts must have a list for each of {len(sizes)} {what}s")
    return tuple(
        _spread(*pair, size, rows, f"{what} {i}")
        for i, (pair, size) in enumerate(zip(zip(edges, counts, strict=True), sizes, strict=True))
    )


def _spread(edges: list[Any], counts: list[Any], size: int, rows: int, what: str) -> Spread:
    if size and (edges or len(counts) != size):
        raise _wrong(f"{what} must have no edges, and {size} counts")
    if not size and (not 0 < len(edges) <= PARTS + 1 or len(counts) != len(edges)):
        raise _wrong(f"{what} must have 1 to {PARTS + 1} edges, and a count for each")
    if not all(type(edge) in (int, float) and abs(edge) < 1e308 and math.isfinite(edge) for edge in edges):
        raise _wrong(f"{what}: its edges must be finite numbers")
    if any(low >= high for low, high in itertools.pairwise(edges)):
        raise _wrong(f"{what}: its edges must rise")
    if not all(type(count) is int and 0 <= count <= rows for count in counts) or sum(counts) != rows:
        raise _wrong(f"{what}: its counts must be whole numbers, {rows} together")
    return Spread(tuple(map(float, edges)), tuple(counts))


def _wrong(says: str) -> FileError:
    return FileError(f"the summary of the training data in this model can't be used: {says}")
