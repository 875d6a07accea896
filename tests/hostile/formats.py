"""The formats that are read from strangers: how each is loaded, and the corpus of files for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import chainrule as cr
from chainrule.core.errors import ChainruleError
from chainrule.readers import read
from chainrule.runs import RunConfig

from .corpus import checkpoint, csv, idx, model, npy, toml


@dataclass(frozen=True)
class Format:
    """``file`` is a name that it goes by, ``load`` a path; ``errors`` are those that loading may end in.

    An error has its name, or one of the words ``said``.
    """

    file: str
    load: Callable[[Path], Any]
    corpus: ModuleType
    errors: tuple[type[Exception], ...] = (ChainruleError,)
    said: tuple[str, ...] = ()

    @property
    def good(self) -> Mapping[str, Any]:
        return self.corpus.GOOD

    @property
    def bad(self) -> Mapping[str, Any]:
        return self.corpus.BAD

    def data(self, name: str) -> bytes:
        """The bytes of a file of the corpus; large ones are built when they are asked for."""
        found = self.good.get(name, self.bad.get(name))
        return found() if callable(found) else found


FORMATS = {
    "model": Format("file.safetensors", cr.load, model),
    "checkpoint": Format(
        checkpoint.NAME, checkpoint.load, checkpoint, said=("the checkpoint is of", "not finite")
    ),
    "idx": Format("file.idx", read, idx),
    "csv": Format("file.csv", read, csv),
    "npy": Format("file.npy", read, npy),
    "toml": Format("file.toml", RunConfig.from_toml, toml),
}
