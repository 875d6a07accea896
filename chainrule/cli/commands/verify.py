from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from chainrule.cli.output import print_json
from chainrule.studies.gradient_corpus import Case, right_cases, wrong_cases
from chainrule.verification import Row
from chainrule.verification import verify as rows


def verify(
    *,
    corpus: Annotated[
        bool, Parameter(help="Instead, try the gradient checker on right and wrong backward passes.")
    ] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Check everything on this machine against a second, independent way; exit code 1 if anything is out.

    $ chainrule verify
    $ chainrule verify --corpus
    $ chainrule verify --json

    Gradients are compared with differences that know their own error, and values, gradients and twenty optimizer
    steps with PyTorch, where it is installed. The deviation is relative to the largest entry, in float64.
    """
    return _corpus(json) if corpus else _shelves(json)


def _shelves(json: bool) -> int:
    found: list[Row] = []
    for row in rows():
        found.append(row)
        if not json:
            if len(found) == 1:
                print(f"{'what':<10}  {'name':<66}  {'against':<11}  {'deviation':>9}  {'limit':>9}")
            print(_line(row))
    wrong = [row for row in found if row.ok is False]
    compared = sum(row.ok is not None for row in found)
    if json:
        print_json({"ok": not wrong, "rows": [asdict(row) for row in found]})
    else:
        print(f"\n{compared} compared, {len(wrong)} out, {len(found) - compared} without anything to compare with")
    return 1 if wrong else 0


def _line(row: Row) -> str:
    limit = "own error" if row.limit is None else f"{row.limit:.0e}"
    deviation = "-" if row.deviation is None else f"{row.deviation:.1e}"
    verdict = "" if row.ok else f"  {'' if row.ok is None else 'OUT: '}{row.note}"
    return f"{row.kind:<10}  {row.name:<66}  {row.against:<11}  {deviation:>9}  {limit:>9}{verdict}".rstrip()


def _corpus(json: bool) -> int:
    right, wrong = list(right_cases()), list(wrong_cases())
    alarms = [case for case in right if not case.run().ok]
    missed: list[Case] = []
    misnamed: list[dict[str, Any]] = []
    for case in wrong:
        report = case.run()
        if report.ok:
            missed.append(case)
        elif report.mistake != case.mistake:
            misnamed.append({"case": case.name, "mistake": case.mistake, "named": report.mistake})
    named = len(wrong) - len(missed) - len(misnamed)
    if json:
        print_json(
            {
                "right": len(right),
                "wrong": len(wrong),
                "false_alarms": [case.name for case in alarms],
                "missed": [case.name for case in missed],
                "misnamed": misnamed,
                "detected": len(wrong) - len(missed),
                "named": named,
            }
        )
    else:
        for text in [f"false alarm: {c.name}" for c in alarms] + [f"missed: {c.name}" for c in missed]:
            print(text)
        for m in misnamed:
            print(f"named {m['named']} instead of {m['mistake']}: {m['case']}")
        print(f"right passes   {len(right):4}   false alarms {len(alarms)}")
        print(f"wrong passes   {len(wrong):4}   detected {_share(len(wrong) - len(missed), len(wrong))}"
              f"   mistake named {_share(named, len(wrong))}")  # fmt: skip
    return 1 if alarms or missed or named < 0.85 * len(wrong) else 0


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)"
