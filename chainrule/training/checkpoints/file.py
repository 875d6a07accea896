"""The file of a checkpoint: safetensors, with the SHA-256 of itself.

    __metadata__["chainrule_checkpoint"]   JSON: see ``content``
    __metadata__["sha256"]                 of the whole file, this text of 64 digits taken as zeros

It is written from the arrays as they lie in memory, without a copy of them, and read as strictly as a model file.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.strict_json import read_json
from chainrule.core.tensors import budget, dtype_name, parse
from chainrule.core.types import Array
from chainrule.training.checkpoints.plain import decode, encode

ENTRY, DIGEST = "chainrule_checkpoint", "sha256"
ZEROS = "0" * 64


def write(path: Path, content: Mapping[str, Any], previous: Path | None = None) -> None:
    """The file whole or not at all; the one that was there gets the name ``previous``. FileError, SettingError."""
    arrays: dict[str, Array] = {}
    text = json.dumps(encode(content, arrays), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # numbers of 8 bytes first, so that each lies at a multiple of its size
    ordered = {name: little(array) for name, array in sorted(arrays.items(), key=lambda p: (-p[1].itemsize, p[0]))}
    header = _header(ordered, text)
    digest = hashlib.sha256(header)
    for array in ordered.values():
        if array.size:
            digest.update(array.data)
    header = header.replace(ZEROS.encode(), digest.hexdigest().encode(), 1)
    files.write_whole(path, [header, *(array.data for array in ordered.values())], previous)


def little(array: Array) -> Array:
    """In one piece, little-endian; the array itself where it is so."""
    if sys.byteorder == "big":
        array = array.astype(array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(array).reshape(array.shape)


def _header(arrays: Mapping[str, Array], text: str) -> bytes:
    header: dict[str, Any] = {"__metadata__": {DIGEST: ZEROS, ENTRY: text}}  # the first zeros are its own
    end = 0
    for name, array in arrays.items():
        first, end = end, end + array.nbytes
        header[name] = {"dtype": dtype_name(array.dtype), "shape": list(array.shape), "data_offsets": [first, end]}
    written = json.dumps(header, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return len(written).to_bytes(8, "little") + written


def read(path: Path) -> dict[str, Any]:
    """What was written, arrays as views of the file's bytes; FileError says why it can't be trusted."""
    data = files.read(path, "a checkpoint")
    tensors = parse(data)
    if set(tensors.metadata) != {ENTRY, DIGEST}:
        raise FileError("its header doesn't say it is a checkpoint of chainrule")
    said = tensors.metadata[DIGEST]
    head = data[: len(data) - len(tensors.data)]
    if len(said) != 64 or head.count(said.encode()) != 1:
        raise FileError("it has no SHA-256 of itself")
    digest = hashlib.sha256(head.replace(said.encode(), ZEROS.encode()))
    digest.update(tensors.data)
    if digest.hexdigest() != said:
        raise FileError("its bytes have changed since it was written: its SHA-256 is another")
    content = read_json(tensors.metadata[ENTRY], "its text", budget(len(data)))
    found = decode(content, {name: tensors.array(name) for name in tensors.entries})
    if not isinstance(found, dict):
        raise FileError("its text is no object")
    return found
