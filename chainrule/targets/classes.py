from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.errors import InputError, SettingError
from chainrule.core.settings import nearest
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
        if len(set(self.names)) != len(self.names) or len(self.names) < 2:
            raise SettingError(f"classes need at least two different names, not {self.names!r:.200}")

    def encode(self, answers: Any) -> Array:
        y: Array = np.asarray(answers)
        if y.dtype.kind not in "OUS":
            return y
        place = {name: i for i, name in enumerate(self.names)}
        for row, name in enumerate(y):
            if name not in place:
                raise InputError(
                    f"row {row} has the class {str(name)!r:.60}, which is unknown.{nearest(str(name), place)}"
                )
        return np.array([place[name] for name in y], np.intp)

    def restore(self, decided: Array) -> Array:
        return decided
