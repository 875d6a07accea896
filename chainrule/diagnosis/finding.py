"""What a rule says: a fault, where and when, the figure that shows it, and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.core.files import json_ready

if TYPE_CHECKING:
    from chainrule.diagnosis.changes import Change
    from chainrule.diagnosis.proof import Proof

SEVERITIES = ("INFO", "WARN", "ERROR")


@dataclass
class Finding:
    """One fault found. ``severity``: ERROR is provably wrong, WARN likely harms, INFO is worth a look.

    ``says`` is a sentence in plain words with the figure that proves it; ``evidence`` holds more figures by name.
    ``changes`` are rivals: each one alone might cure it. ``because`` names the rule whose finding explains this
    one; a finding without is a root. ``confirmed`` is True where a change was run and helped, False where every
    one was run and none did, None where nothing was run.
    """

    rule: str
    fault: str
    severity: str
    says: str
    where: str = ""
    when: str = ""
    measured: float | None = None
    limit: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    remedy: str = ""
    because: str | None = None
    proof: Proof | None = field(default=None, repr=False)

    @property
    def root(self) -> bool:
        return self.because is None

    @property
    def confirmed(self) -> bool | None:
        return None if self.proof is None else self.proof.confirmed

    @property
    def cure(self) -> Change | None:
        """The change that was proved; the first one where nothing was run; None where nothing that was run
        helped."""
        if self.proof is None:
            return self.changes[0] if self.changes else None
        return self.proof.best.of if self.proof.confirmed and self.proof.best is not None else None

    def document(self) -> dict[str, Any]:
        """For ``--json``."""
        plain = {name: getattr(self, name) for name in ("rule", "fault", "severity", "says", "where", "when")}
        plain |= {"measured": self.measured, "limit": self.limit, "evidence": dict(self.evidence)}
        plain |= {"remedy": self.remedy, "changes": [str(change) for change in self.changes]}
        plain |= {"root": self.root, "because": self.because, "confirmed": self.confirmed}
        plain["proof"] = self.proof and self.proof.document()
        ready: dict[str, Any] = json_ready(plain)
        return ready
