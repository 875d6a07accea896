"""What every report has: findings in order, the first is the likeliest cause."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from chainrule.diagnosis.finding import SEVERITIES, Finding


@dataclass
class Findings(ABC):
    findings: list[Finding]

    def worst(self) -> str | None:
        """The highest severity found, or None."""
        return max((f.severity for f in self.findings), key=SEVERITIES.index, default=None)

    def at_least(self, severity: str) -> list[Finding]:
        least = SEVERITIES.index(severity)
        return [f for f in self.findings if SEVERITIES.index(f.severity) >= least]

    def consequences(self, root: Finding) -> list[Finding]:
        return [f for f in self.findings if f.because == root.rule and f.severity != "INFO"]

    @abstractmethod
    def document(self) -> dict[str, Any]:
        """For ``--json``."""

    def json(self) -> str:
        return json.dumps(self.document(), indent=2)
