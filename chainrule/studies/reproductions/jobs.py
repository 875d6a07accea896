"""What is left to train of a recipe: the options and the seeds that the ledger has not yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.runs.environment import environment
from chainrule.studies.reproductions.ledger import Ledger
from chainrule.studies.reproductions.recipe import Recipe, load, names, told
from chainrule.studies.reproductions.running import Engine, Outcome, held_out, run
from chainrule.training import Callback

ALL = "all"


@dataclass(frozen=True)
class Job:
    """One training: the seed of a recipe, or where ``option`` is told, that option of it, on held-out images."""

    recipe: Recipe
    seed: int
    option: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        """``nielsen-30, seed 2``."""
        what = f"seed {self.seed}" if self.option is None else told(self.option)
        return f"{self.recipe.name}, {what}"

    def run(self, callbacks: Sequence[Callback], data_dir: Path | None, engine: Engine) -> Outcome:
        """Train it."""
        recipe = self.recipe if self.option is None else held_out(self.recipe, self.option)
        return run(recipe, self.seed, engine=engine, callbacks=callbacks, data_dir=data_dir)

    def keep(self, ledger: Ledger, outcome: Outcome) -> None:
        """Write down what it gave."""
        if self.option is None:
            ledger.keep(self.recipe, self.seed, outcome, environment())
        else:
            ledger.keep_choice(self.recipe, self.option, outcome)


def asked(given: Sequence[str]) -> list[Recipe]:
    """Recipes by name; "all" is those whose seeds take minutes, the cheapest first."""
    found = []
    for name in dict.fromkeys(given):
        found += [load(name)] if name != ALL else sorted(_in_minutes(), key=lambda recipe: recipe.minutes)
    return found


def left(recipe: Recipe, ledger: Ledger, seeds: int) -> Iterator[Job]:
    """The options that were not yet tried, then, with the best of them, the seeds from 0 that were not yet run.

    Each job is to be kept before the next is asked for.
    """
    tried = [option for option, _ in ledger.choices(recipe)]
    yield from (Job(recipe, 0, dict(option)) for option in recipe.options if option not in tried)
    settled = ledger.settled(recipe)
    done = ledger.outcomes(settled)
    yield from (Job(settled, seed) for seed in range(seeds) if seed not in done)


def _in_minutes() -> list[Recipe]:
    return [recipe for recipe in map(load, names()) if not recipe.hours]
