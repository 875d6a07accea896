"""Tables and paragraphs of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 80


def paragraph(*sentences: str) -> str:
    """Sentences in one paragraph, broken at the width."""
    return textwrap.fill(" ".join(" ".join(sentence.split()) for sentence in sentences), WIDTH)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Columns as wide as their cells; the first ``left`` are set left, the others right."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = []
    for row in [heads, *rows]:
        cells = [
            f"{c:<{w}}" if i < left else f"{c:>{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def count(number: int, what: str, several: str | None = None) -> str:
    """``1 unit``, ``2 units``, ``1,000 units``."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def listed(items: Sequence[str]) -> str:
    """``a, b and c``; "none" without items."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]])) or "none"


def reflowed(markdown: str, width: int = 115) -> str:
    """A page whose paragraphs and list items are filled anew; tables, code, headings and pictures stay."""
    blocks: list[str] = []
    for block in markdown.strip("\n").split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines == [""]:
            continue
        items: list[list[str]] = []
        for line in lines:
            inside = items and items[-1][0].startswith("- ") and line.startswith("  ")
            if not inside and (
                not items or line[:1] in "|#! <" or line.startswith("- ") or items[-1][0][:1] in "|#! <"
            ):
                items.append([line])
            else:
                items[-1].append(line)
        blocks.append("\n".join(_filled(item, width) for item in items))
    return "\n\n".join(blocks) + "\n"


def _filled(lines: list[str], width: int) -> str:
    if lines[0][:1] in "|#! <":
        return "\n".join(lines)
    indent = "  " if lines[0].startswith("- ") else ""
    text = " ".join(line.strip() for line in lines)
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
