from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.core.errors import FileError
from chainrule.core.types import Array
from chainrule.readers.base import READERS, Reader

MAGIC = b"\x93NUMPY"


@READERS.register("npy")
@dataclass(frozen=True)
class NPY(Reader):
    """One array of numbers or fixed-length texts, as ``numpy.save`` writes it; objects are refused.

    The file is mapped, not copied: what its header claims is never allocated.
    """

    def read(self, path: Path) -> Array:
        if path.is_dir() or not path.exists():
            raise FileError(f"there is no file {path}; expected an .npy array")
        try:
            with path.open("rb") as file:
                if file.read(len(MAGIC)) != MAGIC:
                    raise FileError(f"{path} is no .npy array: it doesn't begin as one. Write it with numpy.save")
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # NumPy warns where it guesses at a header
                array: Array = np.lib.format.open_memmap(path, mode="r")
        except FileError:
            raise
        except Exception as problem:  # NumPy's reader raises nearly everything on damaged headers
            text = " ".join(str(problem).split())[:150]
            raise FileError(f"{path} is no .npy array that can be read: {text}") from None
        return array
