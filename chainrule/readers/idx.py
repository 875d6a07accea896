from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.types import Array
from chainrule.readers.base import READERS, Reader

# The third byte of the magic number says what the numbers are, all big-endian (LeCun's description of MNIST).
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
FREE, MOST_EXPANSION = 20_000_000, 16  # bytes, then times the compressed size; images of digits expand fivefold


@READERS.register("idx")
@dataclass(frozen=True)
class IDX(Reader):
    """The IDX format of MNIST, gzipped or not: two zero bytes, a type, the number of dimensions, each of them
    as four bytes, then the numbers. Magic, dimensions and length must agree exactly."""

    def read(self, path: Path) -> Array:
        return parse(self.bytes(path), str(path))

    def bytes(self, path: Path) -> bytes:
        """The file's content, decompressed."""
        data = files.read(path, "an IDX file")
        return inflate(data, str(path)) if data[:2] == GZIP else data


def inflate(data: bytes, where: str) -> bytes:
    """Decompress one gzip stream, refusing what expands beyond any honest file, is cut off, or goes on."""
    most = MOST_EXPANSION * len(data) + FREE
    stream = zlib.decompressobj(wbits=31)  # 31: a gzip header and its checksum
    try:
        out = stream.decompress(data, most)
    except zlib.error as problem:
        raise FileError(f"{where} is not sound gzip: {problem}") from None
    if stream.unconsumed_tail or (not stream.eof and len(out) == most):
        raise FileError(
            f"{where} expands to more than {MOST_EXPANSION} times its size; it is no honest data file. If you "
            "trust it, unpack it first, with gunzip"
        )
    if not stream.eof:
        raise FileError(f"{where} is cut off: its gzip stream does not end")
    if stream.unused_data:
        raise FileError(f"{where} has {len(stream.unused_data)} bytes after its gzip stream")
    return out


def parse(data: bytes, where: str) -> Array:
    """The array of an IDX file's bytes."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in TYPES or not 1 <= data[3] <= 8:
        raise FileError(f"{where} is no IDX file: it begins with {data[:4].hex(' ') or 'nothing'}")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise FileError(f"{where} is cut off within its dimensions")
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4))
    dtype = np.dtype(TYPES[data[2]])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        word = "cut off" if len(data) < expected else "too long"
        raise FileError(f"{where} is {word}: its dimensions {shape} need {expected} bytes, it has {len(data)}")
    array = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return array if dtype.itemsize == 1 else array.astype(dtype.newbyteorder("="))
