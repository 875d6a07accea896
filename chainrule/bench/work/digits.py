from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chainrule.bench.measure import OURS, middle
from chainrule.bench.peers import PEERS
from chainrule.bench.recipes import RECIPES
from chainrule.bench.tables import Table
from chainrule.bench.work._process import python
from chainrule.bench.work.base import WORK, Session, Work

SEEDS = 5


@WORK.register("digits")
@dataclass(frozen=True)
class Digits(Work):
    """Time to 97 and 98 % on MNIST's test images: five seeds, each in a new process, by recipes fixed before."""

    title = "MNIST from a cold start"
    usual = False

    def run(self, session: Session) -> list[dict[str, Any]]:
        gears = [name for name in OURS if name in session.peers]
        rows = []
        for goal, recipe in RECIPES.items():
            runs: dict[str, list[dict[str, Any]]] = {gear: [] for gear in gears}
            for seed in range(SEEDS):
                for gear in gears:
                    session.progress(f"digits: {goal} %, seed {seed + 1} of {SEEDS}, {gear}")
                    runs[gear].append(python("-m", "chainrule.bench.cold_start", gear, str(goal), str(seed)))
            rows += [_row(goal, asdict(recipe), gear, found) for gear, found in runs.items()]
        return rows

    def tables(self, found: list[dict[str, Any]]) -> list[Table]:
        rows = [
            [
                f"{row['goal']} %, {PEERS[row['gear']].short}",
                *(f"{row[key]['median']:.2f}" for key in ("training", "loading", "process")),
                f"{row['training']['low']:.2f}-{row['training']['high']:.2f}",
                " ".join(f"{accuracy:.2f}" for accuracy in row["accuracies"]),
            ]
            for row in found
        ]
        head = ["goal", "training", "loading", "whole process", "training, 10-90 %", "accuracy of each seed, %"]
        notes = [f"{goal} %: {_words(found, goal)}" for goal in dict.fromkeys(row["goal"] for row in found)]
        title = "MNIST's 10,000 test images from a cold start, seconds, median of five seeds"
        return [Table(title, head, rows, notes)]


def _row(goal: int, recipe: dict[str, Any], gear: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    accuracies = [run["accuracy"] for run in found]
    return {
        "goal": goal,
        "gear": gear,
        "recipe": recipe,
        "accuracies": accuracies,
        "reached": sorted(accuracies)[len(accuracies) // 2] >= goal,
        **{key: middle(run[key] for run in found) for key in ("training", "loading", "process")},
    }


def _words(found: list[dict[str, Any]], goal: int) -> str:
    recipe = next(row["recipe"] for row in found if row["goal"] == goal)
    sizes = "-".join(map(str, (784, *recipe["hidden"], 10)))
    epochs = f"{recipe['epochs']} epoch{'s' * (recipe['epochs'] != 1)}"
    return f"{sizes}, batch {recipe['batch_size']}, {epochs}, Adam, one cycle up to {recipe['peak']:g}"
