"""What a page is made of, as data: the template alone knows HTML, and escapes everything but a picture's SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from chainrule.core.text import one_line


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str
    kind: ClassVar[str] = "words"


@dataclass(frozen=True)
class Code:
    """To be copied; ``label`` says what it is."""

    label: str
    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Table:
    """Cells as texts. The columns ``texts``, counted from 0, stand at the left; the others are numbers."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: Sequence[int] = (0,)
    folded: bool = False  # shown when asked for
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Figures:
    """Pictures side by side where there is room: pairs of SVG, made by ``plots.svg``, and caption."""

    pictures: Sequence[tuple[str, str]]
    kind: ClassVar[str] = "figures"


@dataclass(frozen=True)
class Shot:
    """An image of a gallery: its address, what it shows for who can't see it, and lines to stand under it."""

    address: str
    alt: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Gallery:
    """Small images with words."""

    caption: str
    shots: Sequence[Shot]
    kind: ClassVar[str] = "gallery"


Block = Words | Code | Table | Figures | Gallery


@dataclass(frozen=True)
class Section:
    """``name`` is a word for links to it."""

    name: str
    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)


def short(text: object, most: int = 80) -> str:
    """Any text in one line of printable characters; a long one loses its middle."""
    return one_line(text, most)


def percent(share: float) -> str:
    """0.981 -> 98.10 %."""
    return f"{100 * share:.2f} %"
