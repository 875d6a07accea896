from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.core.errors import FileError
from chainrule.core.types import Array
from chainrule.datasets._fetch import fetch, user_cache
from chainrule.datasets.base import DATASETS, Dataset, Recipe, Source
from chainrule.readers.idx import IDX, inflate, parse

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# SHA-256 of the decompressed files, so that any gzip of them is good
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MOST_BYTES = 20_000_000  # of a compressed file; the largest has 9.9 million
CLONE = Path(__file__).resolve().parents[2] / "data" / "mnist"


@DATASETS.register("mnist")
@dataclass(frozen=True)
class MNIST(Source):
    """Handwritten digits, 60,000 to train on and 10,000 to test: 784 pixels from 0 to 255, ten classes.

    Looked for in ``data_dir``, the folder that the environment variable CHAINRULE_DATA names, a clone's own
    data/mnist and the user's cache; else fetched into that cache, unless CHAINRULE_OFFLINE=1. Whatever the
    place, the decompressed bytes must have the known SHA-256.  LeCun, Cortes & Burges 1998, CC BY-SA 3.0.
    """

    recipe = Recipe(
        hidden=(128, 64),
        learning_rate={"adam": 5e-3, "sgd": 0.2},
        batch_size=128,
        epochs=5,
        scale="all",
    )

    def load(self, data_dir: Path | None = None) -> Dataset:
        train_x, train_y, test_x, test_y = (self._array(name, data_dir) for name in SHA256)
        return Dataset(
            self.name,
            train_x.reshape(len(train_x), -1),
            train_y.astype(np.intp),
            "classes",
            tuple("0123456789"),
            (test_x.reshape(len(test_x), -1), test_y.astype(np.intp)),
        )

    def _array(self, name: str, data_dir: Path | None) -> Array:
        path = find(name, data_dir)
        if path is None:
            path = fetch([f"{mirror}{name}.gz" for mirror in MIRRORS], user_cache() / "mnist" / f"{name}.gz",
                         lambda data, url: check(name, inflate(data, url), url), MOST_BYTES)  # fmt: skip
        data = IDX().bytes(path)
        check(name, data, str(path))
        return parse(data, str(path))


def check(name: str, data: bytes, where: str) -> None:
    """Refuse decompressed bytes that are not MNIST's."""
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[name]:
        raise FileError(
            f"{where} is not MNIST's {name}: its SHA-256 is {found[:16]}..., not {SHA256[name][:16]}..."
        )


def find(name: str, data_dir: Path | None) -> Path | None:
    """The first place that has the file, gzipped or not; None if none has. A named folder must have it."""
    folders = [data_dir] if data_dir else []
    if not folders and os.environ.get("CHAINRULE_DATA"):
        folders.append(Path(os.environ["CHAINRULE_DATA"]))
    if not data_dir:
        folders += [CLONE, user_cache()]
    for folder in folders:
        for path in (
            folder / f"{name}.gz",
            folder / name,
            folder / "mnist" / f"{name}.gz",
            folder / "mnist" / name,
        ):
            if path.is_file():
                return path
    if data_dir:
        raise FileError(f"{data_dir} has no {name}.gz; --data-dir must hold MNIST's four files, or leave it out")
    return None
