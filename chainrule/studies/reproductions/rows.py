"""One recipe with what was run of it: a row of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chainrule.studies.reproductions.ledger import Ledger
from chainrule.studies.reproductions.recipe import Recipe
from chainrule.studies.reproductions.running import Outcome
from chainrule.studies.reproductions.verdict import Verdict, judge


@dataclass(frozen=True)
class Row:
    """``choices`` are the options that were tried, with what each gave on held-out images."""

    recipe: Recipe
    outcomes: dict[int, Outcome]
    verdict: Verdict
    environment: dict[str, Any]
    choices: list[tuple[Mapping[str, Any], Outcome]]

    @property
    def published(self) -> str:
        """``error 4.7``, and what it is of several runs."""
        figure = self.recipe.figure
        of = {"mean": f", mean of {figure.runs}", "best": f", best of {figure.runs}", "single": ""}[figure.pick]
        return f"{figure.measure} {figure.value:.{1 if figure.step >= 0.1 else 2}f}{of}"

    @property
    def ours(self) -> list[str]:
        """Mean, spread and standard error of the last epochs."""
        v = self.verdict
        return [f"{x:.2f}" if x == x else "-" for x in (v.mean, v.spread, v.error)]

    @property
    def takes(self) -> str:
        """About how long a seed takes."""
        minutes = self.recipe.minutes
        if minutes >= 60:
            return f"{minutes / 60:.0f} h"
        return f"{minutes:g} min" if minutes >= 1 else f"{60 * minutes:.0f} s"

    @property
    def seconds(self) -> float:
        """Of one seed, the mean."""
        return sum(each.seconds for each in self.outcomes.values()) / max(len(self.outcomes), 1)

    def document(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        recipe = self.recipe
        return {
            "name": recipe.name,
            "title": recipe.title,
            "source": asdict(recipe.source),
            "figure": asdict(recipe.figure),
            "network": recipe.layers,
            "assumed": list(recipe.assumed),
            "differs": list(recipe.differs),
            "seeds": {str(seed): asdict(outcome) for seed, outcome in self.outcomes.items()},
            "environment": self.environment,
            "choices": [{"option": dict(option), **asdict(outcome)} for option, outcome in self.choices],
            "verdict": asdict(self.verdict),
        }


def row(recipe: Recipe, ledger: Ledger, seeds: int | None = None) -> Row:
    """Of the first ``seeds``, or of all that were run; with the best of its options."""
    recipe = ledger.settled(recipe)
    outcomes = {n: o for n, o in ledger.outcomes(recipe).items() if seeds is None or n < seeds}
    verdict = judge(recipe, list(outcomes.values()))
    return Row(recipe, outcomes, verdict, ledger.environment(recipe), ledger.choices(recipe))
