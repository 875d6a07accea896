"""Which form of the mathematics runs: NumPy's passes, or loops that numba compiled."""

from __future__ import annotations

import os
from functools import cache
from typing import Literal, NamedTuple

from chainrule.core import kernels
from chainrule.core.errors import ChainruleError, MissingExtraError
from chainrule.core.settings import choice

ENGINE = "CHAINRULE_ENGINE"  # in the environment: what "auto" means
GEARS = ("auto", "numpy", "fused")


class Gear(NamedTuple):
    """``name`` is "numpy" or "fused"; ``why`` says in a few words how it came to that."""

    name: Literal["numpy", "fused"]
    why: str

    def __str__(self) -> str:
        return f"{self.name} ({self.why})"


def choose(engine: str) -> Gear:
    """The gear for ``engine``: "auto" takes the fused one wherever it can run, and says in the log if it can't.

    The environment's CHAINRULE_ENGINE says what "auto" means, where it is set. Raises MissingExtraError or
    SettingError where "fused" was asked for and cannot run.
    """
    choice("engine", engine, GEARS)
    if engine == "auto":
        engine = os.environ.get(ENGINE, "auto")
        choice(ENGINE, engine, GEARS)
    if engine == "numpy":
        return Gear("numpy", "as asked")
    try:
        return Gear("fused", f"numba {kernels.ready()}")
    except ChainruleError as problem:
        if engine == "fused":
            raise
        if isinstance(problem, MissingExtraError):
            return Gear("numpy", "numba is not installed")
        _tell(f"plain NumPy runs: {problem}")
        return Gear("numpy", "numba has no place to keep compiled kernels")


@cache
def _tell(line: str) -> None:
    """Once a process."""
    kernels.log.warning(line)
