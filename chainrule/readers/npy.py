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
        try:
            with path.open("rb") as file:
                begins = file.read(len(MAGIC))
            if begins[:2] == b"PK":
                raise FileError(f"{path} is an archive of arrays; expected a single .npy array")
            if begins != MAGIC:
                raise ValueError("it doesn't begin as one; write it with numpy.save")
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # NumPy warns where it guesses at a header
                array: Array = np.lib.format.open_memmap(path, mode="r")
        except FileError:
            raise
        except FileNotFoundError:
            raise FileError(f"there is no file {path}; expected an .npy array") from None
        except Exception as problem:  # NumPy's reader raises nearly everything on damaged headers
            text = " ".join(str(problem).split())[:150]
            raise FileError(f"{path} is no .npy array that can be read: {text}") from None
        return array
