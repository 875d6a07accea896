"""A case: the configuration of a training program, its fault, and what the program is when it is mended."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.core.errors import FileError, InputError
from chainrule.core.files import read

FORMAT = "faulty-dense-nets/1"
NEEDED = ("id", "tier", "data", "layers", "loss", "optimizer", "batch_size", "epochs")
_ROWS = re.compile(r"([\d,]+)\s*(?:train(?:ing)?\s+)?(?:rows|samples|points|examples)")
_WIDTH = re.compile(r"\bd\s*=\s*([\d,]+)")
_EPOCHS = re.compile(r"([\d,]+)\s*epochs?\b")


class NotRunError(InputError):
    """A case that asks for something this program does not have; the message says what."""


@dataclass(frozen=True)
class Case:
    """One entry of a file of cases, with ``reduce_to`` already applied.

    ``raw`` is the entry; ``folder`` is where its file lies, from which paths of arrays are read. ``twin`` is True
    of the mended program, which has no faults.
    """

    raw: Mapping[str, Any]
    folder: Path
    twin: bool = False

    @property
    def id(self) -> str:
        return str(self.raw["id"])

    @property
    def tier(self) -> str:
        return str(self.raw["tier"])

    @property
    def group(self) -> str | None:
        """The name of the group of cases that count as one."""
        return self.raw.get("duplicate_group")

    @property
    def faults(self) -> tuple[str, ...]:
        """The primary fault, then the other listed ones; none of a control or a mended program."""
        primary = self.raw.get("primary_fault")
        if self.twin or primary in (None, "NONE"):
            return ()
        return tuple(dict.fromkeys([primary, *self.raw.get("faults", ())]))

    @property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.raw["data"]
        return found

    @property
    def prose(self) -> str:
        """What is said of the data in words, in small letters."""
        said = (self.data.get(name) for name in ("desc", "hook", "note", "labels", "target"))
        return " ".join(text for text in said if isinstance(text, str)).lower()

    def layers(self) -> list[dict[str, Any]]:
        """The layers one by one: an entry with ``repeat`` stands for as many.

        A softmax along the wrong axis, or one that does not subtract the maximum, may be told of in words.
        """
        found = [dict(layer) for layer in self.raw["layers"] for _ in range(int(layer.get("repeat", 1)))]
        told = {"axis": 0} if "wrong axis" in self.prose else {}
        told |= {"shifted": False} if "unshifted" in self.prose else {}
        return [{**told, **layer} if layer.get("activation") == "softmax" else layer for layer in found]

    def fixed(self) -> Case | None:
        """The mended program, where ``fixed`` says how it differs; None where it does not."""
        changes = self.raw.get("fixed")
        if changes is None or self.twin:
            return None
        return Case(merged(self.raw, changes), self.folder, twin=True)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` over it: mappings entry by entry, all else replaced."""
    new = dict(base)
    for name, value in changes.items():
        there = base.get(name)
        both = isinstance(value, Mapping) and isinstance(there, Mapping)
        new[name] = merged(there, value) if both else value  # type: ignore[arg-type]
    return new


def reduced(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The entry at the size that ``reduce_to`` names in words: "5,000 rows, 2 epochs", "d=2,000"."""
    text = raw.get("reduce_to") or ""
    new: dict[str, Any] = {}
    if rows := count(_ROWS, text):
        new["data"] = {"rows": rows}
    if width := count(_WIDTH, text):
        new["data"] = {**new.get("data", {}), "d": width}
        new["input_dim"] = width
    if epochs := count(_EPOCHS, text):
        new["epochs"] = epochs
    return merged(raw, new)


def rows_in(text: str) -> int | None:
    """How many rows the words speak of, if they do."""
    return count(_ROWS, text)


def count(pattern: re.Pattern[str], text: str) -> int | None:
    """The number that the pattern finds, thousands separated by commas or not."""
    match = pattern.search(text)
    return int(match[1].replace(",", "")) if match and match[1].strip(",") else None


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a JSON file. FileError says what is wrong with it."""
    try:
        document = json.loads(read(path, "a JSON file of cases", most=50_000_000))
    except ValueError as problem:
        raise FileError(f"{path} is no JSON: {problem}") from None
    entries = document.get("cases") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise FileError(f"{path} is no file of cases: it has no list 'cases' (the format is {FORMAT})")
    for number, entry in enumerate(entries):
        absent = [name for name in NEEDED if not isinstance(entry, dict) or name not in entry]
        if absent:
            raise FileError(f"{path}: case {number + 1} has no {absent[0]!r}; each case needs {', '.join(NEEDED)}")
    return tuple(Case(reduced(entry), path.parent) for entry in entries)
