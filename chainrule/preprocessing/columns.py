from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, SettingError
from chainrule.core.settings import choice, listed, nearest, number, show
from chainrule.core.table import Table, as_number
from chainrule.core.types import Array
from chainrule.preprocessing.base import PREPROCESSING, Preprocessing

MOST_CATEGORIES = {"one_hot": 1000, "codes": 100_000}  # of a column


@PREPROCESSING.register("columns")
@dataclass(frozen=True)
class Columns(Preprocessing):
    """A table's columns, found by name: numbers become (value - mean) / scale, texts one-hot or codes.

    One entry a column in each field. A column of numbers has no categories; a column of texts has them
    sorted, and mean 0 and scale 1. ``encoding`` "one_hot" makes a column of each category, 1 where it stands;
    "codes" makes one column with the category's number from 0, which is for an embedding. A category that
    training never saw is an error, not a row of zeros.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    categories: tuple[tuple[str, ...], ...]
    encoding: Literal["one_hot", "codes"] = "one_hot"

    def __post_init__(self) -> None:
        for field in ("names", "mean", "scale", "categories"):
            listed(self, field)
        object.__setattr__(self, "categories", tuple(_texts("categories", known) for known in self.categories))
        _texts("names", self.names)
        lengths = {len(field) for field in (self.names, self.mean, self.scale, self.categories)}
        if lengths != {len(set(self.names))} or not self.names:
            raise SettingError(
                "columns: names, mean, scale and categories need one entry a column, names distinct"
            )
        choice("columns: encoding", self.encoding, MOST_CATEGORIES)
        for mean, scale, known in zip(self.mean, self.scale, self.categories, strict=True):
            number("columns: mean", mean)
            number("columns: scale", scale, above=0)
            if len(set(known)) != len(known):
                raise SettingError("columns: a category stands twice")

    @classmethod
    def fit(cls, table: Table, scaled: bool = True, encoding: Literal["one_hot", "codes"] = "one_hot") -> Columns:
        """Learn from these rows which columns are numbers, their mean and spread, and the texts of the others."""
        if not table.names:
            raise InputError(f"{table.source} has no feature columns; there must be one beside the target")
        mean, scale, categories = [], [], []
        for name in table.names:
            known: tuple[str, ...] = ()
            m, s = np.zeros(1), np.ones(1)
            if all(not cell.strip() for cell in table[name]):
                raise InputError(f"{table.source}: column {name!r} is empty; leave it out with --ignore")
            if _mostly_numbers(table, name):
                values = table.numbers(name)[:, None]
                m, s = checks.mean_and_scale(values, what=f"{table.source}: column {name!r}") if scaled else (m, s)
            else:
                known = tuple(sorted(set(table.texts(name))))
                if len(known) > MOST_CATEGORIES[encoding] or (len(known) == len(table) and len(known) > 20):
                    raise InputError(
                        f"{table.source}: column {name!r} has {len(known)} different texts in {len(table)} rows; "
                        f"it looks like a name or a number of a row. Leave it out with --ignore {name!r}"
                    )
            mean.append(float(m[0]))
            scale.append(float(s[0]))
            categories.append(known)
        return cls(table.names, tuple(mean), tuple(scale), tuple(categories), encoding)

    @property
    def d_out(self) -> int:
        return len(self.feature_names)

    @property
    def codes(self) -> dict[int, int]:
        """Which of the numbers that a row becomes are codes: column -> how many categories."""
        if self.encoding == "one_hot":
            return {}
        return {i: len(known) for i, known in enumerate(self.categories) if known}

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What each number stands for: ``age``, ``city=Paris``."""
        return tuple(
            f"{name}={category}" if category else name
            for name, known in zip(self.names, self.categories, strict=True)
            for category in ((known if self.encoding == "one_hot" else ()) or ("",))
        )

    def transform(self, raw: Any) -> Array:
        if not isinstance(raw, Table):
            raise InputError(
                f"this network takes a table with the columns {', '.join(self.names)[:300]}, such as "
                f"chainrule.readers.read makes of a .csv file; got {type(raw).__name__}"
            )
        parts = []
        for name, mean, scale, known in zip(self.names, self.mean, self.scale, self.categories, strict=True):
            if not known:
                parts.append((raw.numbers(name)[:, None] - mean) / scale)
            elif self.encoding == "codes":
                parts.append(self._codes(raw, name, known)[:, None])
            else:
                parts.append((self._codes(raw, name, known)[:, None] == np.arange(len(known))).astype(float))
        return np.hstack(parts)

    @staticmethod
    def _codes(table: Table, name: str, known: tuple[str, ...]) -> Array:
        """The place of each row's category among the known ones, as floats."""
        place = {category: i for i, category in enumerate(known)}
        out = np.empty(len(table))
        for row, text in enumerate(table.texts(name)):
            if text not in place:
                raise InputError(
                    f"{table.source}, line {table.lines[row]}: column {name!r} is {text!r:.60}, a category that "
                    f"training never saw.{nearest(text, known)}"
                )
            out[row] = place[text]
        return out


def _texts(what: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, tuple | list) or not all(isinstance(text, str) for text in value):
        raise SettingError(f"columns: {what} is a list of texts, not {show(value)}")
    return tuple(value)


def _mostly_numbers(table: Table, name: str) -> bool:
    """All filled cells are numbers, or nearly all and of too many values for categories.

    The others ("NA", an empty cell) are then reported by line instead of being made categories.
    """
    filled = [cell for cell in table[name] if cell.strip()]
    numbers = [cell for cell in filled if as_number(cell) is not None]
    return len(numbers) == len(filled) or (len(numbers) >= 0.9 * len(filled) and len(set(numbers)) > 20)
