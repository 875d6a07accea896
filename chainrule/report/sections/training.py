from __future__ import annotations

from typing import Any

from chainrule.plots.base import thinned
from chainrule.plots.training import METRICS
from chainrule.report.artist import Artist
from chainrule.report.blocks import Block, Section, Table, Words
from chainrule.runs.record import Record

MOST_ROWS = 200  # of the table of epochs


def training(record: Record, artist: Artist) -> Section:
    """How loss and metric went, and at which learning rate."""
    rows = record.rows
    if not rows:
        return Section("training", "Training", [Words("No epoch was recorded: training ended before the first.")])
    seconds = sum(row.get("seconds") or 0.0 for row in rows)
    asked = record.config.epochs
    text = f"{len(rows)} of {asked} epochs in {seconds:.2f} s."
    if len(rows) != asked:
        text += f" {_why(record)}"
    metric = next((name for name in METRICS if name in rows[-1]), "loss")
    blocks: list[Block] = [Words(text), *artist.draw("training:show=loss", f"training:show={metric}", "rates")]
    head = list(dict.fromkeys(name for row in rows for name in row))
    table = [[_cell(rows[i].get(name)) for name in head] for i in thinned(len(rows), MOST_ROWS)]
    return Section("training", "Training", [*blocks, Table("Epoch by epoch", head, table, texts=(), folded=True)])


def _why(record: Record) -> str:
    stopped = record.network.training.get("stopped") if (record.path / "model.safetensors").is_file() else None
    return f"Stopped early: {stopped}." if stopped else "Training ended before its time, as after a divergence."


def _cell(value: Any) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.5g}"
