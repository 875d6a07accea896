"""What a rule is: it reads evidence and says findings; it never runs anything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from chainrule.core.registry import Registry
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding

# The order of causes: what stands earlier explains what stands later.
STAGES = (
    "data", "shapes", "output", "initialization", "scale", "learning rate", "activations", "gradients", "loss",
)  # fmt: skip


class Rule(ABC):
    """Final dataclasses, whose fields are their thresholds. The docstring is the rule's page; it has the parts

        (first line)     the fault, in a sentence
        What it sees     the measurement and its limit
        Why it matters
        What to try
        Source           authors and year

    ``fault`` is the name in the taxonomy of cases, ``stage`` its place in the order of causes, ``explains`` the
    rules whose findings are this one's consequences. ``example`` is a program of about ten lines that shows the
    fault: it leaves keyword arguments of ``cr.diagnose`` in ``faulty``, and of the cure in ``cured``.
    """

    name: ClassVar[str]
    fault: ClassVar[str]
    stage: ClassVar[str]
    explains: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""

    @abstractmethod
    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """The findings; none where the rule has nothing to say or no evidence to say it on."""

    def found(self, severity: str, says: str, **more: Any) -> Finding:
        return Finding(self.name, self.fault, severity, says, **more)


class _Rules(Registry[Rule]):
    """Rules are named with hyphens, their files with underscores."""

    def _files(self) -> frozenset[str]:
        return frozenset(name.replace("_", "-") for name in super()._files())

    def _file(self, name: str) -> str:
        return name.replace("-", "_")


RULES: Registry[Rule] = _Rules("rule", __name__, str(Path(__file__)))
