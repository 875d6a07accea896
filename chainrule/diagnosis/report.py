"""What the doctor says: findings in order, and what they stand on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.files import json_ready
from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.findings import Findings

MOST_TRIED = 3  # rivals shown on a terminal


@dataclass
class Report(Findings):
    """``findings`` are in order: the first is the likeliest cause, its consequences follow it.

    ``evidence`` is all that was measured; ``seconds`` is what it took. ``print(report)`` is for people.
    """

    evidence: Evidence
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """For ``--json``."""
        train, held = self.evidence.train, self.evidence.validation
        facts = {
            "task": self.evidence.task.kind,
            "loss": self.evidence.loss.name,
            "steps": self.evidence.steps_run,
            "epochs": self.evidence.epochs_run,
            "cut_short": self.evidence.cut_short,
            "train": {"loss": train.loss, "skill": train.skill},
            "validation": {"loss": held.loss, "skill": held.skill},
            "constant_loss": self.evidence.constant,
            "plain_network": {"seen": self.evidence.plain.seen, "unseen": self.evidence.plain.unseen},
            "seconds": self.seconds,
        }
        ready: dict[str, Any] = json_ready({"findings": [f.document() for f in self.findings], "program": facts})
        return ready

    def __str__(self) -> str:
        return "\n".join(self._lines(92))

    # -- for people -----------------------------------------------------------------------------------------

    def _lines(self, width: int) -> Iterator[str]:
        ill = [f for f in self.findings if f.severity != "INFO"]
        roots = [f for f in ill if f.root]
        yield self._headline(roots, len(ill) - len(roots))
        yield from textwrap.wrap(self._facts(), width)
        for root in roots:
            yield ""
            yield f"{root.severity}  {root.rule}{'  ' + root.when if root.when else ''}"
            yield from _wrapped(_sentence(root.says), width)
            yield from _wrapped(self._remedy(root), width)
            names = dict.fromkeys(f.rule for f in self.consequences(root))
            if names:
                yield from _wrapped(f"It explains: {', '.join(names)}.", width)
        notes = [f for f in self.findings if f.severity == "INFO"]
        if notes:
            yield ""
            for note in notes:
                yield from textwrap.wrap(f"note  {note.rule}: {note.says}", width, subsequent_indent="      ")
        if roots:
            yield ""
            yield f"More: chainrule explain {roots[0].rule}"

    @staticmethod
    def _headline(roots: list[Finding], consequences: int) -> str:
        if not roots:
            return "Nothing wrong was found."
        causes = f"{len(roots)} cause{'s' * (len(roots) > 1)}"
        more = f", {consequences} consequence{'s' * (consequences > 1)}" if consequences else ""
        return f"{causes}{more}."

    def _facts(self) -> str:
        e = self.evidence
        if e.problem is not None:
            return f"The program ended with an error in step {e.problem_step + 1}: {_one_line(e.problem)}"
        said = [f"Trained {e.epochs_run} epochs, {e.steps_run:,} steps"]
        if e.cut_short:
            said.append(f"cut short as {e.cut_short}" if "budget" in e.cut_short else e.cut_short)
        said.append(f"skill {_number(e.skilled)} of 1 on the training rows")
        if not np.isnan(e.validation.skill):
            said.append(f"{_number(e.validation.skill)} on the validation rows")
        if not np.isnan(e.plain.fair):
            said.append(f"a plain network {_number(e.plain.fair)}")
        return ", ".join(said) + "."

    @staticmethod
    def _remedy(finding: Finding) -> str:
        proof = finding.proof
        if proof is None:
            tried = finding.remedy or " or ".join(str(change) for change in finding.changes)
            return f"Try: {tried}." if tried else ""
        rivals = sorted(proof.rivals, key=lambda rival: -rival.skill)
        figures = "; ".join(f"{rival.change}: {_number(rival.skill)}" for rival in rivals[:MOST_TRIED])
        if len(rivals) > MOST_TRIED:
            figures += f"; {len(rivals) - MOST_TRIED} more were no better"
        start = f"skill {_number(proof.before.skill)} as written"
        if proof.confirmed:
            return f"Proved: {rivals[0].change} ({start}, {_number(rivals[0].skill)} with it). Tried: {figures}."
        return f"No remedy that was run helped ({start}): {figures}." + (
            f" {finding.remedy}" if finding.remedy else ""
        )


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:300]


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "none"
