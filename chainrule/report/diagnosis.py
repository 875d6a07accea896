"""What the doctor found as one self-contained HTML page: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import __version__
from chainrule.diagnosis.drift import DriftReport
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.findings import Findings
from chainrule.diagnosis.proof import Proof
from chainrule.diagnosis.report import Report
from chainrule.plots.tracks import tracks
from chainrule.report.blocks import Block, Section, Table, Words, short
from chainrule.report.diagnosis_facts import drifted, program_facts, training_pictures
from chainrule.report.easel import Easel, Picture
from chainrule.report.page import page_template

WORDS = {"ERROR": "wrong", "WARN": "likely harmful", "INFO": "worth a look"}
MOST_RIVALS = 5  # in a picture; the table has them all
MOST_TEXT = 1500


def page(report: Findings, subject: str) -> str:
    """The HTML. ``subject`` is what was examined, a file or a data set. Without matplotlib it has no pictures."""
    easel = Easel()
    roots = [f for f in report.findings if f.root and f.severity != "INFO"]
    sections = [_cause(i, root, report, easel) for i, root in enumerate(roots, 1)]
    tiles = _tiles(report, roots)
    if isinstance(report, Report):
        for name, title, words, pictures in training_pictures(report.evidence):
            figures = easel.draw(pictures)
            if figures:
                sections.append(Section(name, title, [Words(words), *figures]))
    notes = [f for f in report.findings if f.root and f.severity == "INFO"]
    if notes:
        rows = [[note.rule, short(note.says, MOST_TEXT)] for note in notes]
        table = Table("Remarkable, and no reason to act by itself", ["rule", "what it says"], rows, texts=(0, 1))
        sections.append(Section("notes", "Notes", [table]))
    sections.append(Section("measured", "What was measured", _measured(report)))
    html: str = page_template().render(
        name=f"Diagnosis of {short(subject, 100)}",
        lead=_lead(report, roots),
        tiles=tiles,
        notes=[f"No pictures: {easel.missing}."] if easel.missing else [],
        sections=sections,
        version=__version__,
    )
    return html


def _lead(report: Findings, roots: Sequence[Finding]) -> str:
    if not roots:
        return "Nothing wrong was found."
    ill = [f for f in report.findings if f.severity != "INFO"]
    more = len(ill) - len(roots)
    found = "1 cause was found" if len(roots) == 1 else f"{len(roots)} causes were found, the likeliest first"
    return f"{found}; {_counted(more, 'finding')} more follow{'s' * (more == 1)}." if more else f"{found}."


def _tiles(report: Findings, roots: Sequence[Finding]) -> list[tuple[str, str, str]]:
    worst = {"ERROR": "error", "WARN": "warning"}
    counted = [_counted(sum(root.severity == s for root in roots), word) for s, word in worst.items()]
    found = [("causes", str(len(roots)), ", ".join(counted))]
    if isinstance(report, DriftReport):
        c = report.compared
        return [*found, ("new rows", f"{c.rows:,}", f"beside {c.rows_then:,} of training")]
    assert isinstance(report, Report)
    e = report.evidence
    skills = (
        ("skill on training rows", e.skilled, "0: a constant, 1: perfect"),
        ("on validation rows", e.validation.skill, "the same network"),
        ("a plain network", e.plain.fair, "on rows it never saw"),
    )
    found += [(what, f"{value:.2f}", under) for what, value, under in skills if np.isfinite(value)]
    return [*found, ("training", f"{e.steps_run:,} steps", f"{e.epochs_run} epochs")]


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"


def _cause(place: int, root: Finding, report: Findings, easel: Easel) -> Section:
    """What is wrong, the figure that proves it, what cures it, what follows from it."""
    said = short(root.says, MOST_TEXT)
    when = f" When: {short(root.when)}." if root.when else ""
    blocks: list[Block] = [Words(f"{said[:1].upper()}{said[1:]}.{when}")]
    if root.proof is not None:
        blocks += _proved(root, root.proof, easel)
    else:
        tried = root.remedy or " or ".join(map(str, root.changes))
        if tried:
            blocks.append(Words(f"Try: {short(tried, MOST_TEXT)}."))
    figures = _figures(root)
    if figures:
        blocks.append(
            Table("The figures behind it", ["figure", "value"], figures, texts=(0, 1), folded=len(figures) > 6)
        )
    follows = [[f.rule, short(f.says, MOST_TEXT)] for f in report.consequences(root) if f is not root]
    if follows:
        blocks.append(Table("What follows from it", ["rule", "what it says"], follows, texts=(0, 1)))
    return Section(f"cause-{place}", f"{place}. {root.rule}: {WORDS[root.severity]}", blocks)


def _proved(root: Finding, proof: Proof, easel: Easel) -> list[Block]:
    """The remedies that were run, best first, beside the program as written."""
    rivals = sorted(proof.rivals, key=lambda rival: -rival.skill)
    if proof.confirmed:
        gain = f"skill {_number(proof.before.skill)} as written, {_number(rivals[0].skill)} with it"
        said = f"Proved remedy: {short(rivals[0].change, 300)} ({gain})."
    else:
        said = f"No remedy that was run helped. {short(root.remedy, MOST_TEXT)}"
    lines = {"as written": proof.before, **{rival.change: rival for rival in rivals[:MOST_RIVALS]}}
    curves = {name: tuple(zip(*rival.curve, strict=True)) for name, rival in lines.items() if rival.curve}
    pictures: list[Picture] = []
    if curves:
        words = f"Skill over the steps of the first run: {'; '.join(curves)}."
        pictures = [("Skill as written and with each remedy", words, lambda: tracks({"skill": curves}))]
    head = ["change", "skill", "lowest seed", "highest seed"]
    rows = [
        [short(name, 200), _number(rival.skill), _number(min(rival.skills)), _number(max(rival.skills))]
        if rival.skills
        else [short(name, 200), short(rival.problem, 80) or "none", "", ""]
        for name, rival in {"as written": proof.before, **{rival.change: rival for rival in rivals}}.items()
    ]
    return [
        Words(said),
        *easel.draw(pictures),
        Table("Runs from the same starts: median skill over seeds", head, rows),
    ]


def _figures(finding: Finding) -> list[list[str]]:
    found = [["measured", _value(finding.measured)]] if finding.measured is not None else []
    if finding.limit is not None:
        found.append(["limit", _value(finding.limit)])
    if finding.where:
        found.append(["where", short(finding.where, 200)])
    return found + [[short(name), _value(value)] for name, value in finding.evidence.items()]


def _value(value: Any) -> str:
    """A figure as people write it; a group of them in one line."""
    if isinstance(value, bool | str) or value is None:
        return short(value, 300)
    if isinstance(value, float) and not np.isfinite(value):
        return "not finite"
    if isinstance(value, Mapping):
        return short(", ".join(f"{name} {_value(item)}" for name, item in value.items()), 600)
    if isinstance(value, list | tuple | np.ndarray):
        return short(", ".join(map(_value, value)), 600)
    try:
        return f"{value:,}" if isinstance(value, int | np.integer) else f"{float(value):.4g}"
    except (TypeError, ValueError):
        return short(value, 300)


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "none"


def _measured(report: Findings) -> list[Block]:
    if isinstance(report, DriftReport):
        return drifted(report)
    assert isinstance(report, Report)
    known = ((name, value) for name, value in program_facts(report) if value == value)  # NaN: not measured
    rows = [[name, _value(value)] for name, value in known]
    return [Table("The program and its training", ["what", "value"], rows, texts=(0, 1))]
