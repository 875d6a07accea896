from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, SettingError
from chainrule.core.settings import nearest, number
from chainrule.core.table import Table, as_number
from chainrule.core.types import Array
from chainrule.preprocessing.base import PREPROCESSING, Preprocessing

MOST_CATEGORIES = 1000


@PREPROCESSING.register("columns")
@dataclass(frozen=True)
class Columns(Preprocessing):
    """A table's columns, found by name: numbers become (value - mean) / scale, texts become one-hot.

    One entry a column in each field. A column of numbers has no categories; a column of texts has them
    sorted, and mean 0 and scale 1. A category that training never saw is an error, not a row of zeros.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    categories: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        lengths = {len(field) for field in (self.names, self.mean, self.scale, self.categories)}
        if lengths != {len(set(self.names))} or not self.names:
            raise SettingError(
                "columns: names, mean, scale and categories need one entry a column, names distinct"
            )
        for mean, scale, known in zip(self.mean, self.scale, self.categories, strict=True):
            number("columns: mean", mean)
            number("columns: scale", scale, above=0)
            if len(set(known)) != len(known):
                raise SettingError("columns: a category stands twice")

    @classmethod
    def fit(cls, table: Table, scaled: bool = True) -> Columns:
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
                if len(known) > MOST_CATEGORIES or (len(known) == len(table) and len(known) > 20):
                    raise InputError(
                        f"{table.source}: column {name!r} has {len(known)} different texts in {len(table)} rows; "
                        f"it looks like a name or a number of a row. Leave it out with --ignore {name!r}"
                    )
            mean.append(float(m[0]))
            scale.append(float(s[0]))
            categories.append(known)
        return cls(table.names, tuple(mean), tuple(scale), tuple(categories))

    @property
    def d_out(self) -> int:
        return sum(len(known) or 1 for known in self.categories)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What each number stands for: ``age``, ``city=Paris``."""
        return tuple(
            f"{name}={category}" if known else name
            for name, known in zip(self.names, self.categories, strict=True)
            for category in known or ("",)
        )

    def transform(self, raw: Any) -> Array:
        if not isinstance(raw, Table):
            raise InputError(
                f"this network takes a table with the columns {', '.join(self.names)[:300]}, such as "
                f"chainrule.readers.read makes of a .csv file; got {type(raw).__name__}"
            )
        parts = []
        for name, mean, scale, known in zip(self.names, self.mean, self.scale, self.categories, strict=True):
            if known:
                parts.append(self._one_hot(raw, name, known))
            else:
                parts.append((raw.numbers(name)[:, None] - mean) / scale)
        return np.hstack(parts)

    def _one_hot(self, table: Table, name: str, known: tuple[str, ...]) -> Array:
        place = {category: i for i, category in enumerate(known)}
        out = np.zeros((len(table), len(known)))
        for row, text in enumerate(table.texts(name)):
            if text not in place:
                raise InputError(
                    f"{table.source}, line {table.lines[row]}: column {name!r} is {text!r:.60}, a category that "
                    f"training never saw.{nearest(text, known)}"
                )
            out[row, place[text]] = 1
        return out


def _mostly_numbers(table: Table, name: str) -> bool:
    """All filled cells are numbers, or nearly all and of too many values for categories.

    The others ("NA", an empty cell) are then reported by line instead of being made categories.
    """
    filled = [cell for cell in table[name] if cell.strip()]
    numbers = [cell for cell in filled if as_number(cell) is not None]
    return len(numbers) == len(filled) or (len(numbers) >= 0.9 * len(filled) and len(set(numbers)) > 20)
