from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from chainrule.cli.output import print_json, printable, whole_number
from chainrule.core.errors import SettingError
from chainrule.core.settings import nearest, number, whole
from chainrule.diagnosis.cases.reading import Case, read_cases
from chainrule.diagnosis.cases.runner import Settings, run, with_twins
from chainrule.diagnosis.cases.scoring import TWIN, Verdict, table, tiers

WIDTH = 96
COLUMNS = (
    "cases",
    "top1",
    "top3",
    "confirmed",
    "healthy",
    "false_alarms",
    "false_alarm_runs",
    "errors",
    "not_run",
)
HEADS = ("tier", "cases", "first", "top 3", "cured", "healthy", "alarmed", "of runs", "failed", "not run")


def doctor_benchmark(
    cases: Annotated[Path, Parameter(help="A JSON file of cases, as benchmarks/diagnosis/cases.json.")],
    *,
    case: Annotated[list[str] | None, Parameter(help="Only the case of this name; may be given again.")] = None,
    tier: Annotated[list[str] | None, Parameter(help="Only this tier: A, B, MUTANT, LESSON, CONTROL ...")] = None,
    seeds: Annotated[int, Parameter(help="Runs of each case, 5 unless told.", converter=whole_number)] = 5,
    no_prove: Annotated[bool, Parameter(help="Try no remedies.")] = False,
    budget: Annotated[float | None, Parameter(help="Seconds that one diagnosis may take.")] = None,
    twins: Annotated[bool, Parameter(help="Each faulty program mended, too.")] = False,
    workers: Annotated[int, Parameter(help="Processes at work, 1 unless told.", converter=whole_number)] = 1,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Ask the doctor about programs with known faults, about the same programs mended, and about healthy ones.

    $ chainrule doctor-benchmark benchmarks/diagnosis/cases.json
    $ chainrule doctor-benchmark benchmarks/diagnosis/cases.json --twins --workers 2
    $ chainrule doctor-benchmark benchmarks/diagnosis/cases.json --tier A --json > result.json
    $ chainrule doctor-benchmark benchmarks/diagnosis/cases.json --case so-55328966 --seeds 1

    Only findings of severity WARN or ERROR count. A case has what more than half
    of its seeds have; of its findings those of the first such seed are shown.
    Duplicates of one program count as one case in each tier. A healthy program,
    or a mended one (TWIN), with any finding is a false alarm. A case that asks
    for what is not there is not run, and says why; where the doctor itself
    fails, the case is lost.
    """
    whole("--seeds", seeds, most=1000)
    whole("--workers", workers, most=256)
    if budget is not None:
        number("--budget", budget, above=0)
    chosen = _chosen(read_cases(cases), case, tier)
    settings = Settings(seeds, not no_prove, budget, workers)
    verdicts = run(with_twins(chosen) if twins else chosen, settings, _progress())
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    rows = table(verdicts)
    if json:
        print_json({
            "cases": [each.document() for each in verdicts if each.tier != TWIN], "table": rows,
            "twins": [each.document() for each in verdicts if each.tier == TWIN], "seeds": seeds,
        })  # fmt: skip
    else:
        _print(verdicts, rows, seeds)
    return 0


def _chosen(cases: Sequence[Case], ids: list[str] | None, tiers: list[str] | None) -> list[Case]:
    """The cases that were asked for; SettingError where a name is none."""
    for option, wanted, known in (
        ("--case", ids, [c.id for c in cases]),
        ("--tier", tiers, [c.tier for c in cases]),
    ):
        for name in wanted or ():
            if name not in known:
                raise SettingError(
                    f"{option}: there is no {name!r:.80}.{nearest(name, dict.fromkeys(known)):.400}"
                )
    return [each for each in cases if (not ids or each.id in ids) and (not tiers or each.tier in tiers)]


def _progress() -> Any:
    if not sys.stderr.isatty():
        return None

    def say(done: int, of: int) -> None:
        sys.stderr.write(f"\r\033[K{done} of {of} diagnoses")
        sys.stderr.flush()

    return say


def _print(verdicts: Sequence[Verdict], rows: dict[str, dict[str, Any]], seeds: int) -> None:
    for tier in tiers(verdicts):
        print(f"{tier}{': the same programs, mended' if tier == TWIN else ''}")
        for verdict in verdicts:
            if verdict.tier == tier:
                _print_case(verdict, seeds)
        print()
    print("".join(f"{head:>9}" for head in HEADS).replace(" ", "", 5))
    for tier, row in rows.items():
        print(f"{tier:<8}" + "".join(f"{row[name]:>9}" for name in COLUMNS).replace(" ", "", 4))
    print()
    for line in _notes(rows, seeds):
        print(textwrap.fill(line, WIDTH))


def _print_case(verdict: Verdict, seeds: int) -> None:
    said = verdict.typical.alarms
    text = ", ".join(f"{each.fault}{'' if each.root else ' (follows)'}" for each in said) or "nothing"
    answer = f"{_answer(verdict):<18} {verdict.seconds:6.1f} s"
    print(f"  {printable(verdict.id, 28):<28} {answer}  {printable(text, 200)}")
    reason = verdict.not_run or verdict.error
    if reason:
        print(textwrap.fill(reason, WIDTH, initial_indent=" " * 31, subsequent_indent=" " * 31))
    elif verdict.faults and not verdict.first:
        print(f"{'':31}expected {', '.join(verdict.faults)}")


def _answer(verdict: Verdict) -> str:
    """What came of a case, in three words."""
    if verdict.not_run:
        return "not run"
    if verdict.error:
        return "the doctor failed"
    if not verdict.faults:
        cried = sum(bool(run.alarms) for run in verdict.runs)
        return f"FALSE ALARM {cried}/{len(verdict.runs)}" if verdict.false_alarm else "healthy"
    place = "first" if verdict.first else "in three" if verdict.third else "later" if verdict.named else "MISSED"
    return f"{place}{', cured' if verdict.confirmed else ''}"


def _notes(rows: dict[str, dict[str, Any]], seeds: int) -> list[str]:
    """The shares that the targets are about."""
    found = []
    for tier, row in rows.items():
        if row["faulty"]:
            shares = (f"{100 * row[name] / row['faulty']:.0f} %" for name in ("top1", "top3", "confirmed"))
            found.append("{}: first {}, among three {}, a confirmed remedy {}.".format(tier, *shares))
    healthy = [row for tier, row in rows.items() if row["healthy"] and "+" not in tier]
    runs = sum(row["healthy_runs"] for row in healthy)
    if runs:
        alarms, cases = (sum(row[name] for row in healthy) for name in ("false_alarms", "healthy"))
        share = 100 * sum(row["false_alarm_runs"] for row in healthy) / runs
        found.append(f"False alarms on {alarms} of {cases} healthy programs; in {share:.1f} % of their runs.")
    return [*found, f"{seeds} seed{'s' * (seeds != 1)} a case."]
