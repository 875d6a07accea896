"""New rows beside the summary of those a network was trained on: what the rules of drift read."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, ShapeError
from chainrule.core.table import Table, as_number
from chainrule.core.text import short_list
from chainrule.core.types import Array
from chainrule.diagnosis.two_samples import chi_square, false_discovery, merged, stability, upper_tail
from chainrule.network import Network
from chainrule.runs.spread import Spread
from chainrule.runs.summarizing import categories, codes, names, predict, read_summary

FEWEST = 100  # rows of either side, for a comparison of spreads


@dataclass(frozen=True)
class Compared:
    """One column, or one output. ``p`` and ``q`` (see ``false_discovery``) are those of a chi-square test between
    the quantiles, ``psi`` is how far apart they are, ``ratio`` the spread (middle 80 %) over that of training;
    NaN where they can't be had. ``then`` and ``now`` are what people look at: the median, or the share of the
    category that changed most, as ``what`` says.

    ``unseen`` are categories with their rows, ``unreadable`` rows that hold no finite number or no text.
    """

    name: str
    p: float = float("nan")
    psi: float = float("nan")
    q: float = float("nan")
    ratio: float = float("nan")
    what: str = ""
    then: float = float("nan")
    now: float = float("nan")
    unseen: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0

    @property
    def said(self) -> str:
        """``median 3.1, in training 0.2``; shares as percentages."""
        kind = ".3g" if self.what == "median" else ".1%"
        return f"{self.what} {self.now:{kind}}, in training {self.then:{kind}}"


@dataclass(frozen=True)
class Comparison:
    """``rows`` are the new ones, ``rows_then`` those summarized, ``predicted_rows`` those given to the network."""

    rows: int
    rows_then: int
    columns: tuple[Compared, ...]
    predicted: tuple[Compared, ...]
    predicted_rows: int
    missing: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether spreads were compared."""
        return min(self.rows, self.rows_then) >= FEWEST


@dataclass(frozen=True)
class Column:
    """New values: numbers, or codes of the ``known`` categories. NaN is unreadable, the code -1 a new category."""

    name: str
    values: Array
    known: tuple[str, ...] = ()
    unseen: dict[str, int] = field(default_factory=dict)

    @property
    def usable(self) -> Array:
        """Which rows the network can be given, as far as this column goes."""
        found: Array = np.isfinite(self.values) & (self.values >= (0 if self.known else -np.inf))
        return found


def beside(network: Network, X: Any) -> Comparison:
    """Compare raw rows with the summary in the network. InputError or FileError where there is none to be used."""
    summary = read_summary(network)
    if not isinstance(X, Table):
        X = checks.numeric("X", X)
    called = names(network)
    columns = _columns(network, X)
    missing = tuple(name for name in called if name not in columns)
    spread_of = dict(zip(called, summary.columns, strict=True))
    enough = min(len(X), summary.rows) >= FEWEST
    found = [_of_column(column, spread_of[name], enough) for name, column in columns.items()]
    usable = np.logical_and.reduce([np.ones(len(X), bool), *(column.usable for column in columns.values())])
    predicted: list[Compared] = []
    if enough and not missing and usable.sum() >= FEWEST:
        rows = X.take(np.flatnonzero(usable)) if isinstance(X, Table) else X[usable]
        predicted = _of_predictions(network, predict(network, rows), summary.predicted)
    of = int(usable.sum()) if predicted else 0
    return Comparison(len(X), summary.rows, _with_q(found), _with_q(predicted), of, missing)


def _columns(network: Network, X: Any) -> dict[str, Column]:
    """The columns that the network takes, by name; those that are missing are left out."""
    known = categories(network)
    if not known:
        if isinstance(X, Table):
            raise InputError(f"this model takes an array of {network.d_in} features, as .npy; this is a table")
        if X.ndim != 2 or X.shape[1] != network.d_in:
            raise ShapeError(f"this model takes {network.d_in} features a row; the new data have shape {X.shape}")
        return {name: Column(name, X[:, i].astype(np.float64)) for i, name in enumerate(names(network))}
    if not isinstance(X, Table):
        raise InputError(
            f"this model takes a table with the columns {short_list(names(network))}; this is an array"
        )
    pairs = zip(names(network), known, strict=True)
    return {name: _read(name, X[name], texts) for name, texts in pairs if name in X.names}


def _read(name: str, cells: Array, known: tuple[str, ...]) -> Column:
    if not known:
        numbers = [as_number(cell) for cell in cells]
        return Column(name, np.array([np.nan if number is None else number for number in numbers], np.float64))
    values = codes(cells, known).astype(np.float64)
    blank = np.array([not cell.strip() for cell in cells], bool)
    unseen = Counter(cells[(values < 0) & ~blank].tolist())
    values[blank] = np.nan
    return Column(name, values, known, dict(unseen.most_common()))


def _of_column(column: Column, then: Spread, enough: bool) -> Compared:
    unreadable = int((~np.isfinite(column.values)).sum())
    found = Compared(column.name, unseen=column.unseen, unreadable=unreadable)
    values = column.values[column.usable]
    if not enough or len(values) < FEWEST:
        return found
    if column.known:
        return _by_category(found, column.known, then, values.astype(np.intp))
    return _by_number(found, then, values)


def _of_predictions(network: Network, predicted: Array | None, then: Sequence[Spread]) -> list[Compared]:
    if predicted is None or not then:
        return []
    outputs = len(then[0].counts) if not then[0].edges else len(then)
    called = network.target.names if network.target is not None else tuple(map(str, range(outputs)))
    if not then[0].edges:
        return [_by_category(Compared("prediction"), called, then[0], predicted.astype(np.intp))]
    columns = predicted.reshape(len(predicted), -1).T
    return [_by_number(Compared(name), spread, v) for name, spread, v in zip(called, then, columns, strict=True)]


def _by_number(found: Compared, then: Spread, values: Array) -> Compared:
    now = np.quantile(values, [0.1, 0.5, 0.9], method="inverted_cdf")
    width = then.quantile(0.9) - then.quantile(0.1)
    ratio = float(now[2] - now[0]) / width if width else float("nan")
    more: dict[str, Any] = {"what": "median", "then": then.quantile(0.5), "now": float(now[1]), "ratio": ratio}
    return dataclasses.replace(found, **more, **_tested(then.bins, then.binned(values)))


def _by_category(found: Compared, known: Sequence[str], then: Spread, values: Array) -> Compared:
    before, now = then.bins, Spread.of_codes(values, len(known)).bins
    shares = before / before.sum(), now / now.sum()
    most = int(np.argmax(np.abs(shares[1] - shares[0])))
    order = np.argsort(-(before + now), kind="stable")  # rare ones are joined with each other
    more: dict[str, Any] = {
        "what": f"share of {known[most]!r:.60}",
        "then": float(shares[0][most]),
        "now": float(shares[1][most]),
    }
    return dataclasses.replace(found, **more, **_tested(before[order], now[order]))


def _tested(before: Array, now: Array) -> dict[str, Any]:
    before, now = merged(before, now)
    return {"p": upper_tail(*chi_square(before, now)), "psi": stability(before, now)}


def _with_q(found: Sequence[Compared]) -> tuple[Compared, ...]:
    p = np.array([one.p for one in found])
    q = np.full(len(p), np.nan)
    q[~np.isnan(p)] = false_discovery(p[~np.isnan(p)])
    return tuple(dataclasses.replace(one, q=float(value)) for one, value in zip(found, q, strict=True))
