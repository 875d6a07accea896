from __future__ import annotations

from chainrule.report.artist import Artist
from chainrule.report.blocks import Block, Section, Table, Words
from chainrule.runs.record import Record


def network(record: Record, artist: Artist) -> Section:
    """Its layers, and what their weights look like."""
    summary = record.network.summary()
    head = ["layer", "shape", "parameters", "operations a row"]
    rows = [[row.name, row.shape, f"{row.parameters:,}", f"{row.operations:,}"] for row in summary.rows]
    words = f"{summary.parameters:,} parameters of {record.network.dtype.name}, {summary.bytes:,} bytes."
    blocks: list[Block] = [Words(words), Table("Layers", head, rows)]
    # How the weights were spread before training is drawn from the seed again, for which the data are needed.
    return Section("network", "Network", [*blocks, *artist.draw("weights", "activations", "distributions")])
