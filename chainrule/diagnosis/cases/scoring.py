"""How well a doctor did: each run, each case by the majority of its runs, and the table by tier.

Only findings of severity WARN or ERROR count, both as diagnoses and as alarms: a remark is neither. A case of
several runs (seeds) has what more than half of them have; so has a group of duplicates, which counts as one case
in each tier. A run in which the doctor itself failed named nothing; of a healthy program it is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

ALARMS = ("WARN", "ERROR")
REAL = ("A", "B")  # tiers of programs that people have written; reported together too
TWIN = "TWIN"  # the tier of mended programs
ORDER = ("A", "B", "C", "MUTANT", "LESSON", "CONTROL", TWIN)


@dataclass(frozen=True)
class Said:
    """One finding. ``root`` is False where another finding explains it."""

    fault: str
    severity: str
    root: bool = True
    confirmed: bool | None = None
    rule: str = ""


@dataclass(frozen=True)
class Run:
    """What a doctor said of a case with one seed. ``error``: it failed; ``not_run``: no program could be made."""

    seed: int
    said: tuple[Said, ...] = ()
    seconds: float = 0.0
    error: str | None = None
    not_run: str | None = None

    @property
    def alarms(self) -> tuple[Said, ...]:
        """The findings that count, in order."""
        return tuple(each for each in self.said if each.severity in ALARMS)

    def rank(self, faults: Sequence[str]) -> int | None:
        """The place, from 1, of the first of these faults; None where none was named."""
        places = (place for place, each in enumerate(self.alarms, 1) if each.fault in faults)
        return next(places, None)

    def others(self, faults: Sequence[str]) -> int:
        """Alarms beside these faults: of a faulty program roots alone, of a healthy one all."""
        return sum(each.fault not in faults and (each.root or not faults) for each in self.alarms)

    def confirmed(self, faults: Sequence[str]) -> bool:
        """Whether a remedy of one of these faults was run and helped."""
        return any(each.confirmed is True and each.fault in faults for each in self.alarms)


@dataclass(frozen=True)
class Verdict:
    """A case and its runs; without ``faults`` it is healthy, and ``first`` and ``third`` mean nothing."""

    id: str
    tier: str
    faults: tuple[str, ...]
    runs: tuple[Run, ...]
    group: str | None = None

    @property
    def not_run(self) -> str | None:
        """Why the case could not be run, if it could not."""
        return next((run.not_run for run in self.runs if run.not_run), None)

    @property
    def error(self) -> str | None:
        """Why the doctor failed, if it did in more than half of the runs."""
        reasons = [run.error for run in self.runs if run.error]
        return reasons[0] if 2 * len(reasons) > len(self.runs) else None

    def _most(self, holds: Callable[[Run], bool]) -> bool:
        return most(holds(run) for run in self.runs)

    @property
    def first(self) -> bool:
        """A listed fault is the first finding."""
        return self._most(lambda run: run.rank(self.faults) == 1)

    @property
    def third(self) -> bool:
        """A listed fault is among the first three."""
        return self._most(lambda run: (run.rank(self.faults) or 4) <= 3)

    @property
    def named(self) -> bool:
        """A listed fault is among the findings."""
        return self._most(lambda run: run.rank(self.faults) is not None)

    @property
    def false_alarm(self) -> bool:
        """A healthy program was called ill."""
        return not self.faults and self._most(cries)

    @property
    def confirmed(self) -> bool:
        """A remedy of a listed fault was run and helped."""
        return self._most(lambda run: run.confirmed(self.faults))

    @property
    def typical(self) -> Run:
        """The first of the runs that has what the case has."""

        def agrees(run: Run) -> bool:
            if not self.faults:
                return cries(run) == self.false_alarm
            rank = run.rank(self.faults) or 99
            return (rank == 1, rank <= 3, rank < 99) == (self.first, self.third, self.named)

        return next((run for run in self.runs if agrees(run)), self.runs[0])

    @property
    def seconds(self) -> float:
        """The mean over the runs."""
        return sum(run.seconds for run in self.runs) / len(self.runs)

    def document(self) -> dict[str, Any]:
        """For ``--json``; the findings are those of the typical run."""
        run = self.typical
        return {
            "id": self.id, "tier": self.tier, "findings": [each.fault for each in run.alarms],
            "alarms": run.others(self.faults), "confirmed": self.confirmed, "seconds": self.seconds,
            "faults": list(self.faults), "first": self.first if self.faults else None,
            "third": self.third if self.faults else None, "false_alarm": self.false_alarm,
            "error": self.error, "not_run": self.not_run, "runs": [asdict(each) for each in self.runs],
        }  # fmt: skip


def cries(run: Run) -> bool:
    """Whether a run on a healthy program counts as a false alarm."""
    return bool(run.alarms or run.error)


def most(answers: Iterable[bool]) -> bool:
    """Whether more than half are true."""
    given = list(answers)
    return 2 * sum(given) > len(given)


def units(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """The verdicts that count: each alone, those of one group together; without those that could not be run."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.not_run is None:
            key = ("group", verdict.group) if verdict.group else ("case", verdict.id)
            found.setdefault(key, []).append(verdict)
    return list(found.values())


def row(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Counts of cases; ``top1``, ``top3`` and ``confirmed`` of the faulty, ``false_alarms`` of the healthy."""
    counted = units(verdicts)
    faulty = [unit for unit in counted if unit[0].faults]
    healthy = [unit for unit in counted if not unit[0].faults]
    runs = [run for unit in healthy for verdict in unit for run in verdict.runs]

    def count(these: list[list[Verdict]], holds: Callable[[Verdict], bool]) -> int:
        return sum(most(holds(verdict) for verdict in unit) for unit in these)

    return {
        "cases": len(counted), "top1": count(faulty, lambda v: v.first), "top3": count(faulty, lambda v: v.third),
        "false_alarms": count(healthy, lambda v: v.false_alarm),
        "confirmed": count(faulty, lambda v: v.confirmed),
        "faulty": len(faulty), "healthy": len(healthy),
        "false_alarm_runs": sum(map(cries, runs)), "healthy_runs": len(runs),
        "errors": sum(verdict.error is not None for verdict in verdicts),
        "not_run": sum(verdict.not_run is not None for verdict in verdicts),
    }  # fmt: skip


def table(verdicts: Sequence[Verdict]) -> dict[str, dict[str, Any]]:
    """A row for each tier; where both tiers of real programs are there, one of both before them."""
    rows = {tier: row([each for each in verdicts if each.tier == tier]) for tier in tiers(verdicts)}
    if all(tier in rows for tier in REAL):
        rows = {"+".join(REAL): row([each for each in verdicts if each.tier in REAL])} | rows
    return rows


def tiers(verdicts: Sequence[Verdict]) -> list[str]:
    """Theirs, in the usual order; unknown ones last."""
    there = dict.fromkeys(verdict.tier for verdict in verdicts)
    return sorted(there, key=lambda tier: ORDER.index(tier) if tier in ORDER else len(ORDER))
