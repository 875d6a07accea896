"""TOML of a file that nobody vouches for: what makes Python's parser slow or deep is refused before it runs."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from chainrule.core.errors import FileError

MOST_TEXT = 120_000  # characters; the parser takes 0.3 s for the worst of them
MOST_DOTS = 3  # in a key; the parser's time grows with the square of them
MOST_DEPTH = 16  # of arrays and inline tables in each other
MOST_DIGITS = 400  # of a number, or letters of a bare word
_QUOTED = re.compile(r""""[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\n]*'|#[^\n]*""")
_WORD = re.compile(r"[ \t]*(?:[A-Za-z0-9_-]+|\0)[ \t]*")


def read_toml(text: str, what: str) -> dict[str, Any]:
    """The table that ``text`` is; ``what`` names it in errors.

    FileError for what is no TOML, and for TOML that no configuration needs: texts over several lines, keys with
    many dots, deep nests, numbers of hundreds of digits.
    """
    if len(text) > MOST_TEXT:
        raise FileError(f"{what} has {len(text)} characters; {MOST_TEXT} are the most")
    if "\0" in text:
        raise FileError(f"{what} is no TOML: it holds zero bytes")
    bare = _QUOTED.sub(lambda found: "" if found[0][0] == "#" else "\0", text)  # a quoted text becomes \0
    if "'" in bare or '"' in bare or "\0\0" in bare:
        raise FileError(f"{what} has a quoted text that doesn't end in its line; write it in one line")
    _tame(bare, what)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise FileError(f"{what} is no TOML: {str(problem)[:200]}") from None


def _tame(bare: str, what: str) -> None:
    """Refuse what is slow or deep."""
    dots = depth = 0
    for part in bare.split(".")[1:]:
        dots = dots + 1 if _WORD.fullmatch(part) else 0
        if dots > MOST_DOTS:
            raise FileError(f"{what} has a key of more than {MOST_DOTS} dots")
    for mark in re.findall(r"[\[\]{}]", bare):
        depth = max(depth + (1 if mark in "[{" else -1), 0)
        if depth > MOST_DEPTH:
            raise FileError(f"{what} nests more than {MOST_DEPTH} deep")
    if re.search(rf"\w{{{MOST_DIGITS}}}", bare):
        raise FileError(f"{what} has a number or a word of more than {MOST_DIGITS} characters")
