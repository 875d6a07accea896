"""What was run so far, seed by seed, in one JSON file that every seed is written into as soon as it is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chainrule.core import files, settings
from chainrule.core.errors import FileError, SettingError
from chainrule.studies.reproductions.recipe import Recipe
from chainrule.studies.reproductions.running import Outcome, held_out

MOST_BYTES = 10_000_000
FORMAT = 1


@dataclass(frozen=True)
class Ledger:
    """The file at ``path``; where there is none, nothing was run.

    A recipe's entry holds its fingerprint, so that seeds of a recipe that has changed since are not taken for its
    own. The file is read anew before each change: two processes may write into one, if they don't at one moment.
    """

    path: Path

    def outcomes(self, recipe: Recipe) -> dict[int, Outcome]:
        """The seeds that were run of this recipe as it is now."""
        return {
            int(seed): _outcome(self.path, found) for seed, found in self._entry(recipe).get("seeds", {}).items()
        }

    def environment(self, recipe: Recipe) -> dict[str, Any]:
        """Of the recipe's first seed; empty where none was run."""
        seeds, known = self._entry(recipe).get("seeds", {}), self._read()["environments"]
        return dict(known[next(iter(seeds.values()))["environment"]]) if seeds else {}

    def choices(self, recipe: Recipe) -> list[tuple[Mapping[str, Any], Outcome]]:
        """The recipe's options that were tried, with what each gave on held-out images."""
        known = self._read()["choices"]
        prints = [(option, held_out(recipe, option).fingerprint()) for option in recipe.options]
        return [(option, _outcome(self.path, known[each])) for option, each in prints if each in known]

    def settled(self, recipe: Recipe) -> Recipe:
        """The recipe with its best option; as it is where it has none, or not all were tried."""
        tried = self.choices(recipe)
        if not tried or len(tried) < len(recipe.options):
            return recipe
        return recipe.taking(max(tried, key=lambda each: each[1].last)[0])

    def keep(self, recipe: Recipe, seed: int, outcome: Outcome, environment: Mapping[str, Any]) -> None:
        """Write one seed down."""
        document = self._read()
        if environment not in document["environments"]:
            document["environments"].append(dict(environment))
        number = document["environments"].index(environment)
        entry = self._entry_of(document, recipe)
        entry["seeds"][str(seed)] = {**_told(outcome), "environment": number}
        entry["seeds"] = dict(sorted(entry["seeds"].items(), key=lambda item: int(item[0])))
        self._write(document)

    def keep_choice(self, recipe: Recipe, option: Mapping[str, Any], outcome: Outcome) -> None:
        """Write down what an option gave. It stays when the recipe then takes the best of them for its own."""
        document = self._read()
        document["choices"][held_out(recipe, option).fingerprint()] = {"recipe": recipe.name, **_told(outcome)}
        self._write(document)

    def _entry(self, recipe: Recipe) -> dict[str, Any]:
        entry = self._read()["recipes"].get(recipe.name, {})
        if not isinstance(entry, dict):
            raise FileError(f"{self.path} is no ledger of `chainrule reproduce`")
        return entry if entry.get("fingerprint") == recipe.fingerprint() else {}

    @staticmethod
    def _entry_of(document: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
        """The recipe's entry, to be changed; a new one if the recipe is another now."""
        entry = document["recipes"].get(recipe.name, {})
        if entry.get("fingerprint") != recipe.fingerprint():
            entry = {"fingerprint": recipe.fingerprint(), "seeds": {}}
        document["recipes"][recipe.name] = entry
        return entry  # type: ignore[no-any-return]

    def _read(self) -> dict[str, Any]:
        if not self.path.exists():
            return {"format": FORMAT, "environments": [], "recipes": {}, "choices": {}}
        wrong = FileError(f"{self.path} is no ledger of `chainrule reproduce`; name another --ledger")
        try:
            found = json.loads(files.read(self.path, "a ledger of `chainrule reproduce`", MOST_BYTES))
        except (ValueError, RecursionError):
            raise wrong from None
        parts = {"format": int, "environments": list, "recipes": dict, "choices": dict}
        if not isinstance(found, dict) or not all(isinstance(found.get(k), t) for k, t in parts.items()):
            raise wrong
        return found

    def _write(self, document: dict[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise FileError(f"cannot make the folder {self.path.parent}: {problem.strerror}") from None
        document["recipes"] = dict(sorted(document["recipes"].items()))
        files.write_whole(self.path, json.dumps(document, indent=1, allow_nan=False).encode() + b"\n")


def _told(outcome: Outcome) -> dict[str, Any]:
    return {key: value for key, value in asdict(outcome).items() if value is not None}


def _outcome(path: Path, found: Any) -> Outcome:
    try:
        return settings.build(
            Outcome, {k: v for k, v in found.items() if k not in ("environment", "recipe")}, "a seed"
        )
    except (SettingError, AttributeError) as problem:
        raise FileError(f"{path} is no ledger of `chainrule reproduce`: {problem}") from None
