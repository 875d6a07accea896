"""The doctor of a model in use: are new data those it was trained for?"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from chainrule.core.errors import InputError
from chainrule.core.files import json_ready
from chainrule.core.text import printable
from chainrule.diagnosis.comparison import FEWEST, Comparison, beside
from chainrule.diagnosis.drifts import DRIFTS
from chainrule.diagnosis.finding import SEVERITIES, Finding
from chainrule.diagnosis.findings import Findings
from chainrule.network import Network
from chainrule.runs import summarizing

WIDTH = 92


@dataclass
class DriftReport(Findings):
    """``compared`` is all that was measured. ``print(report)`` is for people."""

    compared: Comparison
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        c = self.compared
        facts = {"rows": c.rows, "training_rows": c.rows_then, "predicted_rows": c.predicted_rows}
        found = {
            "findings": [f.document() for f in self.findings],
            "drift": {
                **facts,
                "spreads_compared": c.enough,
                "features": [asdict(one) for one in c.columns],
                "predictions": [asdict(one) for one in c.predicted],
                "missing": list(c.missing),
                "seconds": self.seconds,
            },
        }
        ready: dict[str, Any] = json_ready(found)
        return ready

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        roots = [f for f in self.findings if f.root]
        n = len(roots)
        yield f"{n} difference{'s' * (n > 1)} from the training data." if n else "Nothing wrong was found."
        yield from textwrap.wrap(self.facts(), WIDTH)
        for root in roots:
            yield ""
            yield f"{root.severity}  {root.rule}"
            said = printable(f"{root.says[:1].upper()}{root.says[1:]}.", 2000)
            yield from textwrap.wrap(said, WIDTH, initial_indent="  ", subsequent_indent="  ")
            yield from textwrap.wrap(f"Try: {root.remedy}.", WIDTH, initial_indent="  ", subsequent_indent="  ")
            for other in self.consequences(root):
                said = printable(f"It explains {other.rule}: {other.says}.", 2000)
                yield from textwrap.wrap(said, WIDTH, initial_indent="  ", subsequent_indent="  ")
        if roots:
            yield f"\nMore: chainrule explain {roots[0].rule}"

    def facts(self) -> str:
        """What was compared, in a sentence or two."""
        c = self.compared
        said = f"{c.rows:,} new rows beside a summary of {c.rows_then:,} training rows"
        if not c.enough:
            return (
                f"{said}. Columns, categories and cells were looked at; how values are spread was not compared: "
                f"that takes at least {FEWEST} rows of each."
            )
        n = len(c.columns)
        said += f"; {n:,} feature{'s' * (n != 1)} compared"
        return f"{said}, and the predictions." if c.predicted else f"{said}; the predictions were not."


def compare(network: Network, X: Any) -> DriftReport:
    """Compare raw rows with the summary of the training data that the network carries.

    ``X`` is an array or a ``Table``, as for ``predict``. Raises InputError where there is no summary (see
    ``summarize``) or no row, FileError where it says nonsense.
    """
    if not len(X):
        raise InputError("there are no new rows to compare")
    start = time.perf_counter()
    seen = beside(network, X)
    findings = [finding for name in DRIFTS for finding in DRIFTS[name]().check(seen)]
    findings.sort(key=lambda one: -SEVERITIES.index(one.severity))
    return DriftReport(_under_causes(findings), seen, time.perf_counter() - start)


def summarize(network: Network, X: Any) -> None:
    """Keep a summary of these training rows in the network, for its file; ``chainrule train`` does it by itself.

    Eleven quantiles of each feature, the rows of each category, and the same of the predictions. InputError where
    it would be too large for a header, above some 6,800 features.
    """
    if not summarizing.summarize(network, X):
        raise InputError("a summary of so many features or categories is too large for the header of a model file")


def _under_causes(findings: list[Finding]) -> list[Finding]:
    """Each finding after the one that explains it."""
    for one in findings:
        one.because = next(
            (
                other.rule
                for other in findings
                if one.rule in DRIFTS[other.rule].explains and other.because is None
            ),
            None,
        )
    roots = [f for f in findings if f.root]
    names = list(dict.fromkeys(root.rule for root in roots))
    return [
        one
        for name in names
        for one in (*(f for f in roots if f.rule == name), *(f for f in findings if f.because == name))
    ]
