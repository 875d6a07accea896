"""How often a checkpoint is written: after so many steps or epochs, or so much time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from chainrule.core.errors import SettingError
from chainrule.core.settings import show

SECONDS = {"s": 1, "m": 60, "h": 3600}
FORM = re.compile(r"([0-9]{1,15}) ?(steps?|epochs?|[smh])?")


@dataclass(frozen=True)
class Every:
    """``number`` of ``unit``."""

    number: int
    unit: Literal["steps", "epochs", "seconds"]

    @classmethod
    def of(cls, said: Any) -> Every:
        """500 or "500" steps, "2epochs", "30s", "10m", "1h"; SettingError for anything else."""
        text = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
        found = FORM.fullmatch(text) if isinstance(text, str) else None
        if found is None or not int(found[1]):
            raise SettingError(
                f'checkpoint_every is a number of steps, as 500, or as "2epochs", "30s", "10m", "1h"; not '
                f"{show(said)}"
            )
        number, unit = int(found[1]), found[2] or "steps"
        if unit in SECONDS:
            return cls(number * SECONDS[unit], "seconds")
        return cls(number, "epochs" if unit.startswith("epoch") else "steps")
