"""One seed, many independent generators: one for each use, by name.

Adding a use (dropout, say) leaves the numbers of the others as they were, because each name is hashed
into a branch of its own of the same seed (NumPy's ``SeedSequence``).
"""

from __future__ import annotations

import zlib

import numpy as np

from chainrule.core import settings

MOST_SEED = 2**256  # more than a SeedSequence draws from the machine; files keep it


def generator(seed: int, use: str) -> np.random.Generator:
    """The generator for one use ("initialization", "shuffle", "split" ...). ``seed`` is from 0 to 2^256."""
    settings.whole("seed", seed, least=0, most=MOST_SEED)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(use.encode()),)))
