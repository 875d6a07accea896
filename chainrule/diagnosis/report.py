"""What the doctor says: findings in order, and what they stand on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chainrule.core.files import json_ready
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import SEVERITIES, Finding


@dataclass
class Report:
    """``findings`` are in order: the first is the likeliest cause. ``evidence`` is all that was measured."""

    findings: list[Finding]
    evidence: Evidence
    seconds: float = 0.0

    def worst(self) -> str | None:
        """The highest severity found, or None."""
        return max((f.severity for f in self.findings), key=SEVERITIES.index, default=None)

    def at_least(self, severity: str) -> list[Finding]:
        least = SEVERITIES.index(severity)
        return [f for f in self.findings if SEVERITIES.index(f.severity) >= least]

    def document(self) -> dict[str, Any]:
        """For ``--json``."""
        train, held = self.evidence.train, self.evidence.validation
        facts = {
            "task": self.evidence.task.kind,
            "loss": self.evidence.loss.name,
            "steps": self.evidence.steps_run,
            "epochs": self.evidence.epochs_run,
            "train": {"loss": train.loss, "skill": train.skill},
            "validation": {"loss": held.loss, "skill": held.skill},
            "constant_loss": self.evidence.constant,
            "seconds": self.seconds,
        }
        ready: dict[str, Any] = json_ready({"findings": [f.document() for f in self.findings], "program": facts})
        return ready

    def json(self) -> str:
        return json.dumps(self.document(), indent=2)
