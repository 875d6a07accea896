"""From evidence to findings: every rule is asked, causes come before what they explain."""

from __future__ import annotations

from chainrule.diagnosis.evidence import Evidence
from chainrule.diagnosis.finding import SEVERITIES, Finding
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.rules.base import STAGES


def verdict(evidence: Evidence) -> list[Finding]:
    """Roots first, errors before warnings, then in the order of causes; each consequence after its root."""
    rules = [RULES[name]() for name in RULES]
    found = [finding for rule in rules for finding in rule.check(evidence)]
    found.sort(key=_place)
    for finding in found:
        if finding.severity != "INFO":
            finding.because = _cause(finding, found)
    roots = [finding for finding in found if finding.root]
    return [one for root in roots for one in (root, *_consequences(root, found))]


def _place(finding: Finding) -> tuple[int, int]:
    rule = RULES[finding.rule]
    return -SEVERITIES.index(finding.severity), STAGES.index(rule.stage)


def _cause(finding: Finding, found: list[Finding]) -> str | None:
    """The first rule that spoke above INFO, of an earlier stage or of the same, and explains this one's."""
    for other in found:
        if other is finding or other.severity == "INFO":
            continue
        if finding.rule in RULES[other.rule].explains and other.because is None:
            return other.rule
    return None


def _consequences(root: Finding, found: list[Finding]) -> list[Finding]:
    """Of a rule that spoke more than once they follow its first finding."""
    if root is not next(finding for finding in found if finding.rule == root.rule):
        return []
    return [finding for finding in found if finding.because == root.rule]
