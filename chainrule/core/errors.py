"""Every error chainrule raises on purpose, in one tree.

ChainruleError
├── UnknownNameError      a name that no shelf has (also a LookupError)
├── SettingError          a setting of the wrong type or out of its range (also a ValueError)
├── InputError            data that cannot be used (also a ValueError)
│   └── ShapeError        arrays whose shapes do not fit each other
├── FileError             a file that cannot be read, written or trusted (also an OSError)
│   └── FetchError        a download that failed on every mirror
├── NotFittedError        a network asked for what only training gives it
├── DivergenceError       the loss or the weights stopped being finite
└── MissingExtraError     an optional library is not installed (also an ImportError)

A message says what was expected, what came, and what to try.
"""

from __future__ import annotations


class ChainruleError(Exception):
    """Base of all errors raised on purpose."""


class UnknownNameError(ChainruleError, LookupError):
    """A name that is on no shelf."""


class SettingError(ChainruleError, ValueError):
    """A setting of the wrong type, or out of its range."""


class InputError(ChainruleError, ValueError):
    """Data that cannot be used as it is."""


class ShapeError(InputError):
    """Arrays whose shapes do not fit each other."""


class FileError(ChainruleError, OSError):
    """A file that cannot be read, written or trusted."""


class FetchError(FileError):
    """A download that failed on every mirror."""


class NotFittedError(ChainruleError):
    """A network asked for something that only training, or a loss, gives it."""


class DivergenceError(ChainruleError):
    """The loss, the gradient or the weights stopped being finite.

    ``step`` counts optimizer steps from 1; ``phase`` is "loss" or "update". The network that was
    trained holds the last weights that were finite, and ``history`` what was recorded until then.
    """

    def __init__(self, message: str, *, step: int, phase: str, history: object = None) -> None:
        super().__init__(message)
        self.step = step
        self.phase = phase
        self.history = history


class MissingExtraError(ChainruleError, ImportError):
    """An optional library is not installed."""
