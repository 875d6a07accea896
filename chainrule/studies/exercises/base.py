"""What a study is: an experiment with settings, and what it found, in numbers and in words made from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from chainrule.core.errors import SettingError
from chainrule.core.registry import Registry
from chainrule.core.settings import whole

Say = Callable[[str], None]  # told what is being done, for people who wait


def setting(default: Any, what: str) -> Any:
    """A field of a study: its value unless told, and what ``--help`` says of it."""
    return field(default=default, metadata={"help": what})


@dataclass(frozen=True)
class Finding(ABC):
    """What came out. Its fields are plain numbers, texts, lists and arrays."""

    @abstractmethod
    def text(self) -> str:
        """Tables and what they mean, at most 80 columns wide, every number from the fields."""

    @abstractmethod
    def drawing(self) -> dict[str, Any]:
        """The arguments of the picture that has the study's name."""

    def figures(self) -> dict[str, dict[str, Any]]:
        """The pictures of ``page``: their arguments by the file's name without its ending."""
        return {}

    def page(self, figures: Mapping[str, str], command: str) -> str:
        """A Markdown page on it, of studies that have a ``page_help``; ``figures`` are paths by name."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """The fields for JSON."""
        return {key: _plain(value) for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Study(ABC):
    """An experiment; the settings are fields, each with a ``help``. One seed decides everything random."""

    seed: int = setting(0, "Of everything random.")

    name: ClassVar[str]
    page_help: ClassVar[str] = ""  # what ``--notes`` does, of studies that write a page

    def __post_init__(self) -> None:
        for each in fields(self):
            if isinstance(each.default, int):
                whole(f"--{each.name}", getattr(self, each.name), least=0 if each.name == "seed" else 1)

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").partition("\n")[0]

    @abstractmethod
    def run(self, say: Say = lambda text: None) -> Finding:
        """Do it."""


def numbers(text: str, what: str) -> tuple[float, ...]:
    """``"0.1,1"`` -> (0.1, 1.0): the form in which a setting has several numbers."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SettingError(f"{what} takes numbers with commas between them, as 0.1,1; not {text!r:.80}") from None
    if not all(np.isfinite(x) and x > 0 for x in found):
        raise SettingError(f"{what} takes finite numbers above 0, not {text!r:.80}")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


STUDIES: Registry[Study] = Registry("study", __name__, __file__)
