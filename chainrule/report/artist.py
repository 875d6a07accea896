"""Draws the pictures of a page; without matplotlib, none."""

from __future__ import annotations

from chainrule.core.errors import ChainruleError, MissingExtraError, SettingError
from chainrule.plots.base import ready
from chainrule.plots.svg import inline
from chainrule.report.blocks import Figures, short
from chainrule.report.pictures import PICTURES
from chainrule.runs.record import Record


class Artist:
    """``missing`` says why there are no pictures, or is None."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.missing: str | None = None
        try:
            ready()
        except MissingExtraError as problem:
            self.missing = str(problem)
        self._drawn = 0

    def draw(self, *kinds: str) -> list[Figures]:
        """These kinds side by side, as one block or none: what the run doesn't have is left out."""
        if self.missing is not None:
            return []
        found = []
        for kind in kinds:
            try:
                drawn = PICTURES.make(kind).draw([self.record])
            except SettingError:  # the report's own slip
                raise
            except ChainruleError:
                continue
            self._drawn += 1
            title = short(drawn.title)
            name = f"picture-{self._drawn}"
            found.append((inline(drawn.figure, name, title, short(drawn.description, 600)), title))
        return [Figures(found)] if found else []
