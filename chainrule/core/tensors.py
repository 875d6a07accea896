"""The safetensors container: named arrays behind a JSON header. Written by the library, read without trust.

    8 bytes     n, little-endian
    n bytes     {"0.weight": {"dtype": "F32", "shape": [128, 784], "data_offsets": [0, 401408]}, ...,
                 "__metadata__": {text: text}}
    the rest    the arrays' bytes, little-endian, side by side

``parse`` refuses whatever the safetensors library refuses, and more: keys that stand twice, names that are no
names, dtypes that NumPy has not. It makes no array; ``Tensors.array`` gives views of the file's own bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule.core.errors import FileError, MissingExtraError
from chainrule.core.settings import show
from chainrule.core.strict_json import FREE, read_json
from chainrule.core.types import Array, DType, Shape

MOST_HEADER = 100_000_000  # bytes; the library's own limit
MOST_DIMENSIONS = 64  # NumPy's own limit
MOST_BYTES = 2**62
NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./:-]{0,254}[A-Za-z0-9_])?")
DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "u2", "I16": "i2", "U32": "u4", "I32": "i4",
    "U64": "u8", "I64": "i8", "F16": "f2", "F32": "f4", "F64": "f8",
}  # fmt: skip
NAMES = {np.dtype(code).name: name for name, code in DTYPES.items()}
KEYS = {"dtype", "shape", "data_offsets"}


@dataclass(frozen=True)
class Entry:
    """What the header says of one array: its bytes are ``first`` to ``last`` of the data."""

    dtype: str
    shape: Shape
    first: int
    last: int


@dataclass(frozen=True)
class Tensors:
    """A file taken apart: every entry is sound by itself, and together they are the data, byte for byte."""

    metadata: Mapping[str, str]
    entries: Mapping[str, Entry]
    data: memoryview

    def array(self, name: str) -> Array:
        """A read-only view of the file's bytes, in the machine's byte order or not."""
        entry = self.entries[name]
        flat = np.frombuffer(self.data[entry.first : entry.last], np.dtype(DTYPES[entry.dtype]).newbyteorder("<"))
        return flat.reshape(entry.shape)


def parse(data: bytes) -> Tensors:
    """The container in a file's bytes; FileError says in one line why it is refused."""
    header, start = _header(data)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileError("the header's __metadata__ is no object of texts")
    entries = {name: _entry(name, given) for name, given in header.items()}
    end = 0
    for name, entry in sorted(entries.items(), key=lambda pair: (pair[1].first, pair[1].last)):
        if entry.first != end:
            raise FileError(
                f"{name} begins at byte {show(entry.first)} of the data; expected {end}: tensors lie side by side"
            )
        end = entry.last
    if start + end != len(data):
        raise FileError(f"its tensors take {end} bytes, but the file has {len(data) - start} for them")
    return Tensors(metadata, entries, memoryview(data)[start:])


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The JSON header and where the data begin."""
    if len(data) < 10:
        raise FileError(f"it has {len(data)} bytes, too few for a safetensors file")
    length = int.from_bytes(data[:8], "little")
    if length > min(len(data) - 8, MOST_HEADER):
        raise FileError(f"its header claims {length} bytes; the file has {len(data) - 8} after the length")
    if data[8:9] != b"{":
        raise FileError("its header is no JSON: it doesn't begin with {")
    header = read_json(memoryview(data)[8 : 8 + length], "its header", budget(len(data)))
    return header, 8 + length


def budget(size: int) -> int:
    """Bytes that one JSON text in a file of ``size`` bytes may become; the header holds another as a text."""
    return FREE + size // 2


def _entry(name: str, given: Any) -> Entry:
    if NAME.fullmatch(name) is None:
        raise FileError(f"{show(name)} is no name of a tensor; expected letters, digits and . _ / : -")
    if not isinstance(given, dict) or set(given) != KEYS:
        raise FileError(f"{name} must have dtype, shape and data_offsets; the header says {show(given, 200)}")
    dtype, shape, offsets = given["dtype"], given["shape"], given["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise FileError(f"{name} has the dtype {show(dtype)}; expected one of {', '.join(DTYPES)}")
    if not _sizes(shape) or len(shape) > MOST_DIMENSIONS:
        raise FileError(f"{name} has the shape {show(shape)}; expected whole numbers from 0")
    if not _sizes(offsets) or len(offsets) != 2:
        raise FileError(f"{name} has the data_offsets {show(offsets)}; expected two whole numbers from 0")
    # Each factor counts as 1 at least: the library multiplies as it goes and refuses what overflows before a 0.
    if math.prod(max(size, 1) for size in shape) > MOST_BYTES:
        raise FileError(f"{name} has the shape {show(shape)}, more than any memory holds")
    needed = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
    first, last = offsets
    if last - first != needed:
        raise FileError(f"{name} of shape {show(tuple(shape))} needs {needed} bytes, not {show(last - first)}")
    return Entry(dtype, tuple(shape), first, last)


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < MOST_BYTES for item in value)


def pack(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a file that ``parse`` reads: equal arrays and metadata give equal bytes.

    FileError for a name that reading would refuse.
    """
    for name, array in arrays.items():
        if NAME.fullmatch(name) is None or name == "__metadata__":
            raise FileError(f"{show(name)} can't be the name of a tensor; use letters, digits and . _ / : -")
        if array.dtype.newbyteorder("=").name not in NAMES:
            raise FileError(f"{name} is of dtype {array.dtype}; a file holds {', '.join(NAMES)}")
    # safetensors keeps little-endian bytes; on a big-endian machine the arrays are turned here
    state = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    return writer()(state, dict(metadata))


def writer() -> Callable[..., bytes]:
    """safetensors' own writer; asked for before a training, so that nothing is trained that can't be saved."""
    try:
        from safetensors.numpy import save
    except ImportError:
        raise MissingExtraError("model files need safetensors; install it with: pip install safetensors") from None
    return cast("Callable[..., bytes]", save)


def finite(name: str, array: Array) -> None:
    """Refuse NaN and infinity; a million numbers at a time, as the look at all takes a byte each."""
    flat = array.reshape(-1)
    if array.dtype.kind == "f" and not all(
        np.isfinite(flat[i : i + 1_000_000]).all() for i in range(0, flat.size, 1_000_000)
    ):
        raise FileError(f"{name} holds NaN or infinity")


def dtype_name(dtype: DType) -> str:
    """How the header calls a dtype: float32 is F32."""
    return NAMES[dtype.newbyteorder("=").name]
