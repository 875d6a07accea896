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

A message says what was expected, what came, and what to try. It is one line of printable text, whatever names and
cells of a file are told in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.core.text import printable

MOST = 3000  # characters of a message


class ChainruleError(Exception):
    """Base of all errors raised on purpose.

    ``guard`` names the guard that spoke, of ``core.guards.GUARDS``; it is None where none did.
    """

    guard: str | None = None

    def __init__(self, *arguments: object, guard: str | None = None) -> None:
        super().__init__(*arguments)
        if guard is not None:
            self.guard = guard

    def __str__(self) -> str:
        return printable(" ".join(line.strip() for line in super().__str__().splitlines()), MOST)

    def facts(self) -> dict[str, object]:
        """What the error knows beside its message."""
        return {} if self.guard is None else {"guard": self.guard}


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

    ``step`` counts optimizer steps from 1, ``epoch`` epochs. ``phase`` is where in that step the first number was
    born that is not finite: "data", "forward", "loss", "backward" or "update"; "validation" where the training is
    finite and the loss of the validation rows is not. ``layer`` is the index of the module in the network,
    ``name`` what it is called (a loss, parameter, regularizer or optimizer in other phases), ``row`` the row of
    the data it was met in, ``values`` what it was made from; each None, or empty, where there is none.

    The network that was trained holds the last weights that were finite, and ``history`` what was recorded until
    then.
    """

    guard = "non-finite"

    def __init__(
        self,
        message: str,
        *,
        step: int = 0,
        epoch: int = 0,
        phase: str = "loss",
        layer: int | None = None,
        name: str | None = None,
        row: int | None = None,
        values: Mapping[str, float] | None = None,
        history: object = None,
    ) -> None:
        super().__init__(message)
        self.step, self.epoch, self.phase = step, epoch, phase
        self.layer, self.name, self.row = layer, name, row
        self.values = dict(values or {})
        self.history = history

    def facts(self) -> dict[str, object]:
        named = ("step", "epoch", "phase", "layer", "name", "row", "values")
        return super().facts() | {name: getattr(self, name) for name in named}


class MissingExtraError(ChainruleError, ImportError):
    """An optional library is not installed."""
