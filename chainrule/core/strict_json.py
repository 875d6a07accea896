"""JSON of a file that nobody vouches for: strict, of bounded depth, and refused before it takes much memory."""

from __future__ import annotations

import json
import math
from typing import Any

from chainrule.core.errors import FileError

MOST_DEPTH = 64  # of lists and objects in each other
MOST_DIGITS = 100  # of a number; the shortest form of a float64 has 17 of them
# What a text can become as Python objects, measured on 64-bit CPython 3.11 to 3.14: a character is as wide as the
# widest of the text, an item of a list is a pointer and an object, an entry of an object also a key and a pair.
PER_ITEM, PER_LIST, PER_ENTRY = 72, 72, 320
FREE = 28_000_000  # bytes that any text may become
BLOCK = 1_000_000  # letters looked at together


def read_json(text: str | bytes | memoryview, what: str, most: int = FREE) -> dict[str, Any]:
    """The object that ``text`` is, with no key twice; ``what`` names it in errors.

    FileError for what is no JSON (NaN and a half character are none), nests too deep, has numbers that float64
    doesn't, or would take more than ``most`` bytes.
    """
    _affordable(text, what, most)
    try:
        if not isinstance(text, str):
            text = str(text, "utf-8")
    except UnicodeDecodeError as problem:
        raise FileError(f"{what} is no UTF-8 text (byte {problem.start})") from None

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise FileError(f"{what} has a key twice")
        return found

    def refuse(constant: str) -> Any:
        raise FileError(f"{what} holds {constant}, which is no JSON")

    def whole(digits: str) -> float:
        if len(digits) > MOST_DIGITS:
            raise FileError(f"{what} holds a number of {len(digits)} digits")
        return int(digits) if digits != "-0" else -0.0  # which is no size of anything

    def finite(digits: str) -> float:
        if len(digits) > MOST_DIGITS:
            raise FileError(f"{what} holds a number of {len(digits)} digits")
        value = float(digits)
        if not math.isfinite(value):
            raise FileError(f"{what} holds the number {digits[:40]}, which is too large")
        return value

    try:
        value = json.loads(
            text, object_pairs_hook=distinct, parse_constant=refuse, parse_int=whole, parse_float=finite
        )
    except (ValueError, RecursionError) as problem:
        raise FileError(f"{what} is no JSON: {str(problem)[:100]}") from None
    if not isinstance(value, dict):
        raise FileError(f"{what} is no JSON object")
    _sound(value, what)
    return value


def _affordable(text: str | bytes | memoryview, what: str, most: int) -> None:
    """Refuse what would take too much memory, by the most that a text with so many marks can become."""
    width, cost = 1, 0
    for i in range(0, len(text), BLOCK):
        piece = text[i : i + BLOCK]
        piece = piece if isinstance(piece, str) else str(piece, "latin-1")  # a byte a letter
        width = width if piece.isascii() else 4
        cost += PER_ITEM * piece.count(",") + PER_LIST * piece.count("[")
        cost += PER_ENTRY * (piece.count(":") + piece.count("{"))
    cost += width * len(text)
    if cost > most:
        raise FileError(
            f"{what} is too large: {len(text)} letters that may take {cost} bytes; {most} are the most"
        )


def _sound(value: Any, what: str) -> None:
    """Refuse deep nests, and the half characters that an escape can make and no file can hold."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise FileError(f"{what} nests more than {MOST_DEPTH} deep")
        below: list[Any] = []
        for thing in level:
            for item in (*thing, *thing.values()) if isinstance(thing, dict) else thing:
                if isinstance(item, dict | list):
                    below.append(item)
                elif isinstance(item, str) and not _whole_characters(item):
                    raise FileError(f"{what} holds half a character, which is no text")
        level = below


def _whole_characters(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
