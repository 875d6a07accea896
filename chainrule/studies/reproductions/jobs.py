"""What is left to train: the seeds of a recipe, or its options, that the ledger has not yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.core.errors import SettingError
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
    """The seeds from 0 that were not yet run."""
    done = ledger.outcomes(recipe)
    return (Job(recipe, seed) for seed in range(seeds) if seed not in done)


def options_left(recipe: Recipe, ledger: Ledger) -> Iterator[Job]:
    """The options that were not yet tried; SettingError where the recipe has none."""
    if not recipe.options:
        raise SettingError(f"{recipe.name} has no options to choose among: its source tells all settings")
    tried = [option for option, _ in ledger.choices(recipe)]
    return (Job(recipe, 0, dict(option)) for option in recipe.options if option not in tried)


def _in_minutes() -> list[Recipe]:
    return [recipe for recipe in map(load, names()) if not recipe.hours]
