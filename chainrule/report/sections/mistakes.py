from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import table as tables
from chainrule.core.errors import InputError
from chainrule.core.types import Array
from chainrule.report.artist import Artist
from chainrule.report.blocks import Block, Gallery, Section, Shot, Table, Words, percent, short
from chainrule.report.pictures.base import as_images
from chainrule.report.png import data_address, grays
from chainrule.runs.record import Record

MOST_SHOTS, MOST_ROWS, MOST_FEATURES = 24, 15, 6


def mistakes(record: Record, artist: Artist) -> Section | None:
    """What was taken for what, and the rows that are most wrong."""
    X, y, part = record.judged
    if record.network.target is None or record.network.target.task != "classes":
        return Section("mistakes", "Worst predictions", [_worst_values(record, X, y, part)])
    wrong = np.flatnonzero(record.predicted != y)
    confidence = record.probabilities.max(axis=1)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")]
    blocks: list[Block] = [Words(f"{len(wrong):,} of {len(y):,} {part} rows are wrong.")]
    blocks += artist.draw("confusion", "boundary")
    if len(wrong):
        try:
            blocks.append(_gallery(record, worst[:MOST_SHOTS], confidence))
        except InputError:  # the rows are no images
            blocks.append(_rows(record, X, worst[:MOST_ROWS], confidence))
    return Section("mistakes", "Mistakes", blocks)


def _gallery(record: Record, rows: Array, confidence: Array) -> Gallery:
    X, y, part = record.judged
    names = record.classes
    shots = []
    for i, image in zip(rows, grays(as_images(record, X)[rows]), strict=True):
        said, truth = short(names[record.predicted[i]], 40), short(names[y[i]], 40)
        shots.append(
            Shot(
                data_address(image),
                f"{part} row {i}: a {truth}, taken for {said}",
                [f"{said}, {percent(confidence[i])}", f"is {truth}", f"row {i:,}"],
            )
        )
    return Gallery("The most confident mistakes: prediction and confidence, truth, and row", shots)


def _rows(record: Record, X: Any, rows: Array, confidence: Array) -> Table:
    _, y, _ = record.judged
    names = record.classes
    head, cells = _features(X, rows)
    table = [
        [place, short(names[record.predicted[i]], 40), percent(confidence[i]), short(names[y[i]], 40), *values]
        for i, (place, *values) in zip(rows, cells, strict=True)
    ]
    heads = [head[0], "prediction", "confidence", "truth", *head[1:]]
    return Table("The most confident mistakes", heads, table, texts=(1, 3))


def _worst_values(record: Record, X: Any, y: Array, part: str) -> Table:
    predicted = record.predicted
    y = np.asarray(y, float).reshape(predicted.shape)
    off = np.abs(y - predicted) / np.maximum(np.std(y, axis=0), 1e-300)
    rows = np.argsort(-off.max(axis=1), kind="stable")[:MOST_ROWS]
    head, cells = _features(X, rows)
    table = []
    for i, (place, *values) in zip(rows, cells, strict=True):
        j = int(off[i].argmax())
        assert record.network.target is not None
        name = short(record.network.target.names[j], 40)
        table.append([place, name, f"{y[i, j]:.5g}", f"{predicted[i, j]:.5g}", *values])
    caption = f"The {len(rows)} {part} rows that are furthest off"
    return Table(caption, [head[0], "quantity", "truth", "predicted", *head[1:]], table, texts=(1,))


def _features(X: Any, rows: Array) -> tuple[list[str], list[list[str]]]:
    """Headings and cells: where the row stands, and its first features."""
    if isinstance(X, tables.Table):
        names = X.names[:MOST_FEATURES]
        lines = [[f"{X.lines[i]:,}", *(_cell(X[name][i]) for name in names)] for i in rows]
        return ["line", *(short(name, 40) for name in names)], lines
    width = min(X.shape[1], MOST_FEATURES)
    return ["row", *(f"x{j + 1}" for j in range(width))], [
        [f"{i:,}", *(f"{X[i, j]:.5g}" for j in range(width))] for i in rows
    ]


def _cell(text: str) -> str:
    """A cell of a file: a number in five digits, a text as it is."""
    number = tables.as_number(text)
    return short(text, 30) if number is None else f"{number:.5g}"
