"""What a rule of drift is: it reads a comparison of new rows with those of training, and says findings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from chainrule.core.registry import Registry
from chainrule.diagnosis.comparison import Compared, Comparison
from chainrule.diagnosis.finding import Finding

DOUBT = 0.01  # q at most: one finding in a hundred is chance
APART = 0.2  # PSI: enough to act on
MOST_SHOWN = 20  # of the columns in a finding's evidence


class Drift(ABC):
    """Final dataclasses, whose fields are their thresholds. The docstring is what ``chainrule explain`` says, in
    the parts that rules of training have (``rules.base``); there is no training here, and no rival to run.

    ``explains`` are the rules of drift whose findings are this one's consequences.
    """

    name: ClassVar[str]
    fault: ClassVar[str] = "DATA_DRIFT"
    stage: ClassVar[str] = "data"
    explains: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""

    @abstractmethod
    def check(self, seen: Comparison) -> Iterator[Finding]:
        """The findings; none where nothing differs or too few rows were there to tell."""

    def found(self, severity: str, says: str, **more: Any) -> Finding:
        return Finding(self.name, self.fault, severity, says, when="on the new data", **more)


class _Drifts(Registry[Drift]):
    """Named with hyphens, their files with underscores."""

    def _files(self) -> frozenset[str]:
        return frozenset(name.replace("_", "-") for name in super()._files())

    def _file(self, name: str) -> str:
        return name.replace("-", "_")


DRIFTS: Registry[Drift] = _Drifts("rule of drift", __name__, str(Path(__file__)))


def figures(found: list[Compared]) -> dict[str, Any]:
    """Of the columns furthest from training, by name."""
    return {one.name: {"psi": one.psi, "q": one.q, "now": one.now, "then": one.then} for one in found[:MOST_SHOWN]}
