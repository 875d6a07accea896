"""Reproductions in the terminal: what there is, what a recipe is, what came out."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from chainrule.studies.reproductions.recipe import Figure, told
from chainrule.studies.reproductions.rows import Row
from chainrule.studies.reproductions.running import Outcome
from chainrule.studies.reproductions.verdict import percent
from chainrule.studies.text import WIDTH, table


def listing(rows: Sequence[Row]) -> str:
    """All recipes, and how long a seed takes."""
    cells = [[r.recipe.name, _hidden(r), r.recipe.activation, r.published, r.takes] for r in rows]
    return table(["recipe", "hidden", "activation", "published, percent", "a seed"], cells, left=4)


def facts(r: Row) -> str:
    """The recipe, its source, what the source left open, and why the verdict is as it is."""
    recipe, source = r.recipe, r.recipe.source
    lines = [f"{recipe.name}: {recipe.title}"]
    parts = [("source", f"{source.authors} {source.year}, {source.title}: {source.where}")]
    parts += [("chosen on", recipe.figure.chosen)]
    parts += [("assumed", text) for text in recipe.assumed] + [("otherwise", text) for text in recipe.differs]
    parts += [("held out", f"{told(option)}: {result(recipe.figure, outcome)}") for option, outcome in r.choices]
    parts += [(r.verdict.word, r.verdict.why)]
    return "\n".join(lines + [_part(head, text) for head, text in parts])


def results(rows: Sequence[Row]) -> str:
    """A line a recipe: mean, standard deviation and standard error of the seeds' last epochs."""
    heads = ["recipe", "published", "ours", "spread", "s.e.", "seeds", "verdict"]
    cells = [[r.recipe.name, r.published, *r.ours, str(len(r.outcomes)), r.verdict.word] for r in rows]
    return table(heads, cells, left=2)


def result(figure: Figure, outcome: Outcome) -> str:
    """``error 2.31 %``, or why there is none."""
    return outcome.failure or f"{figure.measure} {percent(figure, outcome.last, outcome.rows):.2f} %"


def _hidden(r: Row) -> str:
    widths = r.recipe.network.hidden
    return f"{len(widths)} x {widths[0]}" if len({*widths}) == 1 < len(widths) else ", ".join(map(str, widths))


def _part(head: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"  {head:<10}", subsequent_indent=" " * 12)
