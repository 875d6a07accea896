"""Text that somebody else wrote, made fit to be shown: the one place where that is done."""

from __future__ import annotations


def printable(text: object, most: int = 60, instead: str = "?") -> str:
    """``str(text)`` in one line of at most ``most`` characters, nothing in it that a terminal would obey.

    What is no printable character (controls and escapes, line ends, marks that turn the direction of writing,
    half characters) becomes ``instead``. Of a long text a beginning is kept, and "..." says so.
    """
    said = str(text)
    safe = "".join(c if c.isprintable() else instead for c in said[: most + 1])
    return safe if len(safe) <= most else safe[: max(most - 3, 0)] + "..."


def one_line(text: object, most: int = 80) -> str:
    """``printable`` with words parted by one space each; a long text loses its middle.

    For names: those of runs and classes often differ at their ends.
    """
    said = str(text)
    if len(said) > 4 * most + 1000:  # so that a text of a gigabyte costs nothing
        said = said[: 2 * most + 500] + said[-2 * most - 500 :]
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    tail = most // 3
    return line if len(line) <= most else f"{line[: most - tail - 1]}…{line[-tail:] if tail else ''}"


def short_list(given: object, most: int = 20, each: int = 60) -> str:
    """``a, b, c and 7 more``: the names in a message, however many and however long they are."""
    known = [*given]  # type: ignore[misc]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(printable(name, each) for name in known[:most]) + more
