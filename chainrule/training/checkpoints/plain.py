"""Nests of plain values and arrays, as JSON and a list of named arrays, and back to the same bits.

{"loss": nan, "m": array, "epochs": [1, 2]}  ->  {"loss": {"$number": "nan"}, "m": {"$array": "m"}, ...}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.core.errors import FileError, SettingError
from chainrule.core.settings import show
from chainrule.core.tensors import NAMES
from chainrule.core.types import Array

NUMBER, ARRAY = "$number", "$array"
PART = re.compile(r"[A-Za-z0-9_]{1,50}")


def encode(value: Any, arrays: dict[str, Array], path: str = "") -> Any:
    """``value`` for JSON; its arrays, uncopied, go into ``arrays``. SettingError for what no file can keep."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {NUMBER: repr(value)}
    if isinstance(value, np.ndarray) and value.dtype.newbyteorder("=").name in NAMES:
        name = path if path and path not in arrays else f"array.{len(arrays)}"
        arrays[name] = value
        return {ARRAY: name}
    if isinstance(value, list | tuple):
        return [encode(item, arrays, _below(path, str(i))) for i, item in enumerate(value)]
    if isinstance(value, Mapping) and all(isinstance(key, str) and key[:1] != "$" for key in value):
        return {key: encode(item, arrays, _below(path, key)) for key, item in value.items()}
    raise SettingError(
        "a checkpoint keeps numbers, texts, arrays of numbers, and lists and dictionaries of them; not "
        f"{show(value)}"
    )


def _below(path: str, key: str) -> str:
    part = key if PART.fullmatch(key) else "_"
    return f"{path}.{part}" if path else part


def decode(value: Any, arrays: Mapping[str, Array]) -> Any:
    """What ``encode`` was given, lists for tuples; FileError for what it never makes."""
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {NUMBER} and value[NUMBER] in ("nan", "inf", "-inf"):
        return float(value[NUMBER])
    if set(value) == {ARRAY} and isinstance(value[ARRAY], str) and value[ARRAY] in arrays:
        return arrays[value[ARRAY]]
    if any(key[:1] == "$" for key in value):
        raise FileError(f"it says {show(value)}, which no checkpoint says")
    return {key: decode(item, arrays) for key, item in value.items()}
