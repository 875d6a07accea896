from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.core.settings import show
from chainrule.core.types import Array, DType, Shape
from chainrule.readers.base import READERS, Reader

MAGIC = b"\x93NUMPY"
MOST_HEADER = 10_000  # bytes; NumPy's own limit
MOST_DIMENSIONS = 64  # NumPy's own limit
BLOCK = 1_000_000  # characters of texts looked at together
# One entry of the header: 'descr': '<f8'   'fortran_order': False   'shape': (2, 3)
_ENTRY = re.compile(
    r"""\s*(?P<q>['"])(?P<key>descr|fortran_order|shape)(?P=q)\s*:\s*
    (?:(?P<r>['"])(?P<text>[^'"]{1,20})(?P=r)|(?P<word>True|False)|\((?P<sizes>[0-9,\s]*)\))\s*""",
    re.VERBOSE,
)
_DTYPE = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248]|c8|c16|[SU][1-9][0-9]{0,7}|\?)")


class Header(NamedTuple):
    """What a file says of its array; its bytes begin at ``start``."""

    dtype: DType
    shape: Shape
    fortran: bool
    start: int


@READERS.register("npy")
@dataclass(frozen=True)
class NPY(Reader):
    """One array of numbers or fixed-length texts, as ``numpy.save`` writes it; objects are refused.

    The file is mapped, not copied: what its header claims is never allocated. NumPy's own reader hands the
    header to Python's compiler; here it is matched, entry by entry.
    """

    def read(self, path: Path) -> Array:
        size = files.size(path, "an .npy array")
        try:
            with path.open("rb") as file:
                header = parse(file.read(MOST_HEADER + 12), size)
        except FileError as problem:
            raise FileError(f"{path} is no .npy array that can be read: {problem}") from None
        except OSError as problem:
            raise FileError(f"cannot read {path}: {problem.strerror or problem}") from None
        return _mapped(path, header)


def parse(data: bytes, size: int) -> Header:
    """The header at the beginning of a file of ``size`` bytes; it and the array must be the whole file."""
    if data[:2] == b"PK":
        raise FileError("it is an archive of arrays; expected a single one")
    if data[:6] != MAGIC:
        raise FileError("it doesn't begin as one; write it with numpy.save")
    version, width = data[6:8], 2 if data[6:7] == b"\1" else 4
    if version not in (b"\1\0", b"\2\0", b"\3\0") or len(data) < 8 + width:
        raise FileError(f"it is cut off, or of version {version.hex('.')}; expected 1.0, 2.0 or 3.0")
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    if start > min(size, MOST_HEADER + 8 + width):
        raise FileError(f"its header of {start - 8 - width} bytes doesn't fit: the file has {size} in all")
    dtype, shape, fortran = _described(data[8 + width : start].decode("latin-1"))
    needed = start + math.prod(shape) * dtype.itemsize
    if needed != size:
        word = "cut off" if size < needed else "too long"
        raise FileError(f"it is {word}: shape {show(shape)} of {dtype} needs {show(needed)} bytes, it has {size}")
    return Header(dtype, shape, fortran, start)


def _described(text: str) -> tuple[DType, Shape, bool]:
    """dtype, shape and order, of a header that says each once and nothing else."""
    text = text.strip()
    found: dict[str, re.Match[str]] = {}
    at = 1 if text[:1] == "{" else len(text)
    while (entry := _ENTRY.match(text, at)) is not None and entry["key"] not in found:
        found[entry["key"]] = entry
        at = entry.end() + (text[entry.end() : entry.end() + 1] == ",")
    if text[at:].strip() != "}" or len(found) != 3:
        raise FileError(f"its header is {show(text)}; expected the dtype of numbers or texts, order and shape")
    code, order, sizes = found["descr"]["text"], found["fortran_order"]["word"], found["shape"]["sizes"]
    if code is None or _DTYPE.fullmatch(code) is None:
        raise FileError(f"its dtype is {show(code)}; expected numbers, such as <f8, or texts")
    if order is None or sizes is None:
        raise FileError(f"its header is {show(text)}; expected an order that is True or False, and a shape")
    numbers = [part.strip() for part in sizes.split(",")]
    if numbers[-1] == "":
        numbers.pop()
    # a size is below 2^63, and so is their product, zeros apart: what NumPy can index
    if len(numbers) > MOST_DIMENSIONS or not all(part.isdigit() and len(part) <= 19 for part in numbers):
        raise FileError(f"its shape is ({show(sizes)}); expected whole numbers")
    shape = tuple(map(int, numbers))
    dtype = np.dtype(code)
    if math.prod(max(length, 1) for length in shape) * dtype.itemsize >= 2**63:
        raise FileError(f"its shape {show(shape)} is more than any memory holds")
    return dtype, shape, order == "True"


def _mapped(path: Path, header: Header) -> Array:
    order = "F" if header.fortran else "C"
    if not math.prod(header.shape):  # nothing can't be mapped
        array: Array = np.zeros(header.shape, header.dtype, order)  # type: ignore[call-overload]
        array.flags.writeable = False
        return array
    try:
        array = np.memmap(path, header.dtype, "r", header.start, header.shape, order)  # type: ignore[call-overload]
    except (OSError, ValueError) as problem:  # the file has changed since
        raise FileError(f"{path} is no .npy array that can be read: {problem}") from None
    if header.dtype.kind == "U":
        _check_texts(path, header)
    return array


def _check_texts(path: Path, header: Header) -> None:
    """Refuse codes that are no characters: Python can't make a text of them, no file can hold half of one."""
    numbers = np.memmap(path, f"{header.dtype.str[0]}u4", "r", header.start)
    for i in range(0, len(numbers), BLOCK):
        block = numbers[i : i + BLOCK]
        if block.max() > 0x10FFFF or ((block >= 0xD800) & (block < 0xE000)).any():
            raise FileError(f"{path} is no .npy array that can be read: its texts hold what is no character")
