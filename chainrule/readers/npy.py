from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.core.errors import FileError
from chainrule.core.types import Array
from chainrule.readers.base import READERS, Reader


@READERS.register("npy")
@dataclass(frozen=True)
class NPY(Reader):
    """One array of numbers or fixed-length texts, as ``numpy.save`` writes it; objects are refused.

    The file is mapped, not copied: what its header claims is never allocated.
    """

    def read(self, path: Path) -> Array:
        try:
            array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise FileError(f"there is no file {path}; expected an .npy array") from None
        except (OSError, ValueError, TypeError, SyntaxError, MemoryError, EOFError) as problem:
            raise FileError(f"{path} is no .npy array that can be read: {str(problem)[:150]}") from None
        if not isinstance(array, np.ndarray):
            raise FileError(f"{path} is an archive of arrays; expected a single .npy array")
        return array
