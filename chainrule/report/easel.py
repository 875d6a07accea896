"""Draws pictures of plain figures for a page; without matplotlib, none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.core.errors import MissingExtraError
from chainrule.plots.base import ready
from chainrule.plots.svg import inline
from chainrule.report.blocks import Figures, short

Picture = tuple[str, str, Callable[[], Any]]  # title, words for who can't see it, what draws it


class Easel:
    """``missing`` says why there are no pictures, or is None."""

    def __init__(self) -> None:
        self.missing: str | None = None
        self._drawn = 0
        try:
            ready()
        except MissingExtraError as problem:
            self.missing = str(problem)

    def draw(self, pictures: Sequence[Picture]) -> list[Figures]:
        if self.missing is not None or not pictures:
            return []
        found = []
        for title, words, make in pictures:
            self._drawn += 1
            found.append((inline(make(), f"picture-{self._drawn}", short(title), short(words, 600)), short(title)))
        return [Figures(found)]
