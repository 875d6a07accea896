"""Kernels: loops over arrays that numba compiles, each in the file of its thing, under the NumPy form.

    @kernel
    def _update(theta, grad, lr): ...          compiled when first called, kept on disk beside the source

    loops(forward, value)                      a loop around the formula of one number, which stands with its thing

Nothing here is needed: without numba, or a place to keep what it compiled, the NumPy form runs.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, NamedTuple

from chainrule.core.errors import MissingExtraError, SettingError


class Formulas(NamedTuple):
    """Of one number: a function's value, its derivative, and what both take beside the number.

    Written for the compiler: numbers, comparisons and ``math``. None: the NumPy form is as fast or faster.
    """

    value: Callable[..., float] | None = None
    slope: Callable[..., float] | None = None
    constants: tuple[float, ...] = ()


log = logging.getLogger("chainrule")

# error_model "numpy": a division by 0 gives infinity, and a loop without a check for it is vectorized. Sums may be
# taken in another order; but not "nnan", which would let the compiler decide that nothing is ever NaN.
SETTINGS = {
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "arcp", "nsz", "afn"},
    "nogil": True,
}


class Kernel:
    """A function of arrays and numbers, compiled when first called; ``compiled`` is called without a detour."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any) -> Any:
        return self.compiled(*args)

    @cached_property
    def compiled(self) -> Callable[..., Any]:
        found: Callable[..., Any] = numba().njit(**SETTINGS)(self.function)
        return found


kernel = Kernel


@cache
def loops(template: Callable[..., Callable[..., Any]], *formulas: Callable[..., Any]) -> Kernel:
    """``template(*formulas, stamp)`` is a loop around formulas of single numbers; the compiler puts them into it.

    What is kept on disk is found by the template's file, its line and the values it closes over, and a formula
    counts by its name. ``stamp``, which the loop must name, makes it count by what it says.
    """
    said = [(f.__code__.co_code, f.__code__.co_consts, f.__code__.co_names) for f in formulas]
    stamp = hashlib.sha256(repr(said).encode()).hexdigest()
    inner = [numba().extending.register_jitable(formula) for formula in formulas]
    return Kernel(template(*inner, stamp))


def numba() -> Any:
    """The library, or one line saying how to get it."""
    try:
        import numba.core.event
        import numba.extending
    except ImportError as problem:
        raise MissingExtraError(
            f"the fused kernels need numba ({problem}); install it with: pip install 'chainrule[fast]'"
        ) from None
    return numba


@cache
def ready() -> str:
    """numba's version, once a kernel was compiled and kept; MissingExtraError or SettingError says why not."""
    version = str(numba().__version__)
    _announce()
    try:
        _probe()
    except (RuntimeError, OSError) as problem:
        raise SettingError(
            f"numba has no place to keep compiled kernels ({str(problem).splitlines()[0]:.200}); set "
            "NUMBA_CACHE_DIR to a folder that can be written"
        ) from None
    return version


@kernel
def _probe() -> int:
    return 0


@cache
def _announce() -> None:
    """From now on the first real compilation of ours, not a loading from disk, is told of in one line."""
    event = numba().core.event

    class Announce(event.Listener):  # type: ignore[misc, name-defined]
        told = False

        def on_start(self, event: Any) -> None:
            ours = event.data["dispatcher"].py_func.__module__.startswith("chainrule.")
            if ours and not self.told:
                self.told = True
                log.warning("compiling kernels, once; later runs find them on disk")

        def on_end(self, event: Any) -> None:
            pass

    event.register("numba:compile", Announce())
