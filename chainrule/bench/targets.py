"""What chainrule means to reach, and whether a measurement shows it. Nothing is met by being said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chainrule.bench.tables import Table
from chainrule.bench.tasks import Training, task_of

GEARS = {"chainrule_numpy": "NumPy", "chainrule_fused": "fused"}
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """One limit for one gear: ``measured`` is the worst row, None where there is no such row."""

    what: str
    gear: str
    limit: float
    at_most: bool
    unit: str
    measured: float | None
    row: str = ""

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


# What, which rows, against whom, and the limit for each gear; ratios of training are medians over the repeats.
FLOOR_LIMITS: tuple[tuple[str, Callable[[Training], bool], tuple[float, float]], ...] = (
    ("step / products, narrow, SGD", lambda t: not t.wide and t.optimizer == "sgd", (1.6, 1.3)),
    ("step / products, narrow, Adam", lambda t: not t.wide and t.optimizer == "adam", (2.5, 1.4)),
    ("step / products, wide", lambda t: t.wide, (1.35, 1.1)),
)
TRAINING_LIMITS: tuple[tuple[str, str, Callable[[Training], bool], tuple[float | None, float | None]], ...] = (
    ("PyTorch / step, narrow", "pytorch", lambda t: not t.wide, (1.2, 2.0)),
    ("PyTorch / step, wide", "pytorch", lambda t: t.wide, (0.9, 1.1)),
    ("scikit-learn / step, narrow", "scikit_learn", lambda t: not t.wide, (1.5, 2.0)),
    ("scikit-learn / step, wide", "scikit_learn", lambda t: t.wide, (1.5, 1.7)),
    ("JAX's scan / step", "jax_scan", lambda t: True, (None, 1.05)),
)
INFERENCE_LIMITS = (
    ("PyTorch / one row", "pytorch", (2.5, 3.0)),
    ("scikit-learn / one row", "scikit_learn", (6.0, 8.0)),
    ("ONNX Runtime / one row", "onnx_runtime", (1 / 1.2, 1.0)),
)
SECONDS = (2.5, 1.8)  # of training, to 98 % on MNIST's test images
IMPORT = 30.0  # milliseconds
INSTALL = 95.0  # megabytes


def verdicts(work: Document) -> list[Verdict]:
    """Every limit that the measured kinds of work say something about."""
    return [*_training(work.get("training", ())), *_inference(work.get("inference", ())), *_others(work)]


def _training(rows: Any) -> Iterator[Verdict]:
    for i, gear in enumerate(GEARS):
        there = [row for row in rows if gear in row["ratios"]]
        for what, wanted, limits in FLOOR_LIMITS:
            yield _worst(what, gear, limits[i], True, _picked(there, gear, "floor", wanted))
        for what, peer, wanted, bounds in TRAINING_LIMITS:
            bound = bounds[i]
            if bound is not None:
                yield _worst(what, gear, bound, False, _picked(there, gear, peer, wanted))


def _picked(rows: Any, gear: str, peer: str, wanted: Callable[[Training], bool]) -> dict[str, float]:
    """The ratio of each row, by its name: how many times as long the peer took; over the floor the inverse."""
    found = {}
    for row in rows:
        task = task_of(row["task"])
        ratio = row["ratios"][gear].get(peer)
        if ratio is not None and isinstance(task, Training) and wanted(task):
            found[row["name"]] = 1 / ratio["median"] if peer == "floor" else ratio["median"]
    return found


def _worst(what: str, gear: str, limit: float, at_most: bool, found: Mapping[str, float]) -> Verdict:
    if not found:
        return Verdict(what, gear, limit, at_most, "x", None)
    name = (max if at_most else min)(found, key=lambda row: found[row])
    return Verdict(what, gear, limit, at_most, "x", found[name], name)


def _inference(rows: Any) -> Iterator[Verdict]:
    for i, gear in enumerate(GEARS):
        for what, peer, limits in INFERENCE_LIMITS:
            found = {
                row["name"]: row["ratios"][gear][peer]["median"]
                for row in rows
                if row["task"]["rows"] == 1 and row["ratios"].get(gear, {}).get(peer)
            }
            yield _worst(what, gear, limits[i], False, found)


def _others(work: Document) -> Iterator[Verdict]:
    for row in work.get("digits", ()):
        if row["goal"] == 98:
            limit = SECONDS[list(GEARS).index(row["gear"])]
            measured = row["training"]["median"] if row["reached"] else float("inf")
            yield Verdict("training to 98 % on MNIST", row["gear"], limit, True, "s", measured)
    for row in work.get("imports", ()):
        if row["name"] == "import chainrule":
            milliseconds = row["milliseconds"]["median"]
            yield Verdict("import chainrule over import numpy", "", IMPORT, True, "ms", milliseconds)
    for row in work.get("install", ()):
        if row["name"] == "chainrule":
            yield Verdict("base install", "", INSTALL, True, "MB", row["megabytes"])


def as_plain(found: list[Verdict]) -> list[dict[str, Any]]:
    return [{**asdict(verdict), "met": verdict.met} for verdict in found]


def table(found: list[Verdict]) -> Table | None:
    """The limits of what was measured, beside it; None where nothing measured has one."""
    rows = [
        [
            verdict.what,
            GEARS.get(verdict.gear, "both"),
            f"{'at most' if verdict.at_most else 'at least'} {verdict.limit:.3g} {verdict.unit}",
            f"{verdict.measured:.3g} {verdict.unit}",
            "met" if verdict.met else "missed",
            verdict.row,
        ]
        for verdict in found
        if verdict.measured is not None
    ]
    head = ["target", "gear", "limit", "worst row", "", "which"]
    notes = []
    if any("ONNX" in row[0] for row in rows):
        notes.append("at most 1.2 times the time of ONNX Runtime is at least 0.833 of its speed")
    return Table("Targets, by the medians of this run", head, rows, notes, words=2) if rows else None
