"""Findings in SARIF 2.1.0, the format in which code hosts take the results of checks."""

from __future__ import annotations

from typing import Any

from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.findings import Findings
from chainrule.diagnosis.pages import parts
from chainrule.diagnosis.shelves import rule_named

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"ERROR": "error", "WARN": "warning", "INFO": "note"}


def sarif(report: Findings, subject: str, version: str) -> dict[str, Any]:
    """One run of the tool; ``subject`` is the file or data set that was examined."""
    names = list(dict.fromkeys(finding.rule for finding in report.findings))
    rules = [_rule(name) for name in names]
    results = [_result(finding, names.index(finding.rule), subject) for finding in report.findings]
    driver = {"name": "chainrule doctor", "version": version, "rules": rules}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(name: str) -> dict[str, Any]:
    said = parts(rule_named(name))
    return {
        "id": name,
        "shortDescription": {"text": said["fault_in_words"]},
        "fullDescription": {"text": said["What it sees"]},
        "help": {"text": said["What to try"]},
    }


def _result(finding: Finding, index: int, subject: str) -> dict[str, Any]:
    where = [{"physicalLocation": {"artifactLocation": {"uri": subject}}}]
    if finding.where:
        where[0]["logicalLocations"] = [{"fullyQualifiedName": finding.where}]  # type: ignore[assignment]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.says},
        "locations": where,
        "properties": {"because": finding.because, "confirmed": finding.confirmed},
    }
