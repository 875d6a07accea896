"""What several commands print."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chainrule.core.errors import FileError, SettingError
from chainrule.core.files import json_ready
from chainrule.core.settings import show
from chainrule.core.text import printable as printable  # commands take it from here
from chainrule.runs import Result
from chainrule.runs.directory import MODEL


def print_classes(result: Result) -> None:
    """The table of accuracies by class, if there are classes."""
    if not result.classes:
        return
    width = max(5, *(len(printable(c.name)) for c in result.classes))
    print(f"{'class':<{width}}  {'accuracy':>9}  {'correct':>8}  {'of':>8}")
    for c in result.classes:
        share = f"{100 * c.accuracy:.2f} %" if c.rows else "-"
        print(f"{printable(c.name):<{width}}  {share:>9}  {c.correct:>8,}  {c.rows:>8,}")
    print()


def print_json(document: Any) -> None:
    """One document on standard output."""
    print(json.dumps(json_ready(document), indent=2, allow_nan=False))


def model_path(model: Path) -> Path:
    """A model file, or the one in a run directory."""
    if model.is_dir():
        if not (model / MODEL).is_file():
            raise FileError(f"{model} is no run directory: it has no {MODEL}")
        return model / MODEL
    return model


def whole_number(kind: object, tokens: Sequence[Any]) -> int:
    """An option's text as a whole number; 1.5 is none, and is not cut to 1."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise SettingError(f"{tokens[0].keyword} takes a whole number, not {show(text)}") from None
