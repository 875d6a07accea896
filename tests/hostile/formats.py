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

from .corpus import csv, idx, model, npy, toml


@dataclass(frozen=True)
class Format:
    """``ending`` of its files, ``load`` a path; ``errors`` are those that loading may end in."""

    ending: str
    load: Callable[[Path], Any]
    corpus: ModuleType
    errors: tuple[type[Exception], ...] = (ChainruleError,)

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
    "model": Format("safetensors", cr.load, model),
    "idx": Format("idx", read, idx),
    "csv": Format("csv", read, csv),
    "npy": Format("npy", read, npy),
    "toml": Format("toml", RunConfig.from_toml, toml),
}
