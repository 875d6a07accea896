from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.core import checks
from chainrule.core.errors import InputError, SettingError
from chainrule.core.settings import listed, nearest, show, text
from chainrule.core.table import as_number
from chainrule.core.types import Array
from chainrule.targets.base import TARGETS, Target


@TARGETS.register("classes")
@dataclass(frozen=True)
class Classes(Target):
    """Class i is called ``names[i]``. Texts are looked up; integers are taken as ids already."""

    names: tuple[str, ...]
    column: str = "target"

    task = "classes"

    def __post_init__(self) -> None:
        listed(self, "names")
        for name in self.names:
            text("classes: a name", name)
        text("classes: column", self.column)
        if len(set(self.names)) != len(self.names) or len(self.names) < 2:
            raise SettingError(f"classes need at least two different names, not {self.names!r:.200}")

    def encode(self, answers: Any) -> Array:
        checks.unmasked("the target", answers)
        y: Array = checks.rectangular("the target", answers)
        if y.dtype.kind not in "OU":
            return checks.numeric("the target", y)
        if y.ndim != 1 or not all(isinstance(name, str) for name in y):
            raise InputError(
                f"the target is to hold a name or an id for each row, ({len(self.names)} classes: "
                f"{', '.join(self.names):.80}); not {show(answers)}"
            )
        ids = [self._place(str(name)) for name in y]
        for row, found in enumerate(ids):
            if found is None:
                name = str(y[row])
                raise InputError(
                    f"row {row} has the class {name!r:.60}, which is unknown.{nearest(name, self.names)}",
                    guard="labels-range",
                )
        return np.array(ids, np.intp)

    def knows(self, name: str) -> bool:
        """Whether a class is called that."""
        return self._place(name) is not None

    def _place(self, name: str) -> int | None:
        """The id of a name; where all names are numbers, of the number that it is."""
        places, numbers = self._lookup
        found = places.get(name)
        number = as_number(name) if found is None and numbers else None
        return found if number is None else numbers.get(number)

    @cached_property
    def _lookup(self) -> tuple[dict[str, int], dict[float, int]]:
        places = {name: i for i, name in enumerate(self.names)}
        numbers = {number: i for name, i in places.items() if (number := as_number(name)) is not None}
        return places, numbers if len(numbers) == len(places) else {}

    def restore(self, decided: Array) -> Array:
        return decided
