from __future__ import annotations

import dataclasses
from typing import Any

from chainrule.report.artist import Artist
from chainrule.report.blocks import Code, Section, Table, Words, short
from chainrule.report.command import repeat
from chainrule.runs.record import Record


def configuration(record: Record, artist: Artist) -> Section:
    """Every option, as resolved."""
    values = [(field.name, getattr(record.config, field.name)) for field in dataclasses.fields(record.config)]
    rows = [[name.replace("_", " "), _said(name, value)] for name, value in values if value not in (None, ())]
    return Section("configuration", "Configuration", [Table("Options", ["option", "value"], rows, texts=(0, 1))])


def environment(record: Record, artist: Artist) -> Section | None:
    """What the numbers can depend on besides."""
    rows = [[short(name), short(value, 200)] for name, value in _flat("", record.environment)]
    if not rows:
        return None
    table = Table("At the time of training", ["what", "value"], rows, texts=(0, 1))
    return Section("environment", "Environment", [table])


def repetition(record: Record, artist: Artist) -> Section:
    """How to get the same numbers again."""
    words = Words(
        "With the same versions and the same processor the model file comes out the same, bit for bit. Paths are "
        "relative to the folder in which the run was started."
    )
    command = repeat(record.config, str(record.path))
    return Section("repeat", "The same run again", [Code("Command that repeats the run", command), words])


def _said(name: str, value: Any) -> str:
    if name == "hidden" and value == ():
        return "none"
    return short(", ".join(map(str, value)) if isinstance(value, tuple) else value, 300)


def _flat(name: str, value: Any) -> list[tuple[str, Any]]:
    """Nested values as lines: ``libraries: numpy``."""
    if isinstance(value, dict):
        before = f"{name}: " if name else ""
        return [line for key in sorted(value) for line in _flat(f"{before}{key}", value[key])]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [line for i, item in enumerate(value, 1) for line in _flat(f"{name} {i}", item)]
    return [(name, value)]
