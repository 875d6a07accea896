"""Names for array types, so that signatures stay short."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]
DType = np.dtype[Any]
