"""What a picture of runs is: from their directories to a figure, with words for who can't see it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.core.errors import InputError, SettingError
from chainrule.core.registry import Registry
from chainrule.core.table import Table
from chainrule.runs.record import Record

LEAST_SIDE = 8  # pixels of a square that is taken for an image untold


@dataclass(frozen=True)
class Drawn:
    """A figure; ``title`` names it, ``description`` says in sentences what it shows."""

    figure: Any
    title: str
    description: str


class Picture(ABC):
    """Settings are fields. ``draw`` raises InputError where the runs don't have what it shows."""

    name: ClassVar[str]

    @abstractmethod
    def draw(self, records: Sequence[Record], dark: bool = False) -> Drawn:
        """The picture of these runs."""

    def only(self, records: Sequence[Record]) -> Record:
        """The one run that a picture of one is asked for."""
        if len(records) != 1:
            raise SettingError(f"{self.name} is a picture of one run, not of {len(records)}")
        return records[0]


def recorded(record: Record) -> list[dict[str, Any]]:
    """The rows of its history; InputError if there are none."""
    if not record.rows:
        raise InputError(f"{record.name} recorded no epoch")
    return record.rows


def image_shape(record: Record, height: int = 0, width: int = 0) -> tuple[int, int] | None:
    """Height and width of the features as an image: as told, else a square of enough pixels, else None."""
    if height and width:
        return height, width
    side = math.isqrt(record.network.d_in)
    square = side * side == record.network.d_in and side >= LEAST_SIDE
    tabular = record.network.preprocessing is not None and record.network.preprocessing.name == "columns"
    return (side, side) if square and not tabular else None


def feature_names(record: Record) -> tuple[str, ...]:
    """What each number that the network takes stands for, where that is known."""
    return tuple(getattr(record.network.preprocessing, "feature_names", ()))


def as_images(record: Record, X: Any, height: int = 0, width: int = 0) -> Any:
    """Rows of features as (n, height, width)."""
    shape = image_shape(record, height, width)
    if shape is None or isinstance(X, Table):
        raise InputError(
            f"the rows of {record.name} are no images; if they are, say misclassified:height=..,width=.."
        )
    if shape[0] * shape[1] != X.shape[1]:
        raise InputError(f"an image of {shape[0]} x {shape[1]} has {shape[0] * shape[1]} pixels, not {X.shape[1]}")
    return X.reshape(len(X), *shape)


PICTURES: Registry[Picture] = Registry("picture", __name__, __file__)
