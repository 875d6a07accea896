from __future__ import annotations

import json as texts
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from chainrule.bench import document as documents
from chainrule.bench import session
from chainrule.bench.measure import OURS
from chainrule.bench.peers import PEERS
from chainrule.bench.tables import WIDTH
from chainrule.bench.work import WORK
from chainrule.bench.work._rows import sorted_peers
from chainrule.cli.output import print_json, whole_number
from chainrule.core.errors import FileError
from chainrule.core.files import read
from chainrule.core.settings import number, whole
from chainrule.plots import Bar, Growth, ready, save, scaling
from chainrule.plots import benchmark as bars

SLOW = ("torch_compile",)  # a minute or two of compilation
KINDS = "training, inference, imports, install, digits, memory, recorder, scaling; rows, as 784-128-64-10:64:adam"


def benchmark(
    *,
    work: Annotated[str | None, Parameter(help=f"What to measure, separated by commas: {KINDS}.")] = None,
    peers: Annotated[str | None, Parameter(help=f"Whom to ask: {', '.join(PEERS)}.")] = None,
    full: Annotated[bool, Parameter(help="All work but scaling, all peers.")] = False,
    repeats: Annotated[
        int, Parameter(help="Turns that everyone gets, 5 unless told.", converter=whole_number)
    ] = 5,
    seconds: Annotated[float, Parameter(help="For the repeats of one row, at least three of them; 30.")] = 30.0,
    plot: Annotated[Path | None, Parameter(help="Draw the times into this .png, .svg or .pdf.")] = None,
    markdown: Annotated[
        Path | None, Parameter(help="Write the tables between the marks of this document.")
    ] = None,
    result: Annotated[
        Path | None, Parameter(help="Measure nothing; show what --json printed into this file.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Measure chainrule, the libraries that are installed, and the matrix products alone on the same work.

    $ chainrule benchmark
    $ chainrule benchmark --full --repeats 9 --json > result.json
    $ chainrule benchmark --result result.json --plot times.png
    $ chainrule benchmark --work 784-128-64-10:64:adam --peers chainrule_numpy,floor,pytorch

    Everybody gets the same weights, batches and data; who ends elsewhere gets no
    ratio. Without options: training, inference, imports and the size of an
    installation, about three minutes on two cores. --full also learns MNIST in
    new processes, measures memory, and asks torch.compile: below ten minutes.
    --work scaling takes four. The numbers mean little while anything else runs.
    """
    whole("--repeats", repeats, most=1000)
    number("--seconds", seconds, above=0)
    wanted = _names(work) or [
        name for name, kind in WORK.classes().items() if kind.usual or (full and name != "scaling")
    ]
    asked = _names(peers) or [name for name in PEERS if full or name not in SLOW]
    session.check_names(wanted, asked)
    if plot is not None:
        ready(plot)
    if markdown is not None:
        documents.MARKS.check(markdown)
    if result is not None:
        document = _read(result)
    else:
        document = session.benchmark(wanted, asked, repeats, seconds, _progress())
    if json:
        print_json(document)
    else:
        _print(document)
    if markdown is not None:
        documents.fill(markdown, document)
    if plot is not None:
        _draw(document, plot)
    return 0


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _progress() -> Any:
    """On a terminal a line that is written over; else a line for each new row."""
    terminal = sys.stderr.isatty()
    said = [""]

    def say(text: str) -> None:
        if terminal:
            sys.stderr.write(f"\r\033[K{text[:78]}")
        elif text.partition(":")[0] != said[0]:
            sys.stderr.write(f"{text.partition(':')[0] if ':' in text else text}\n")
        said[0] = text.partition(":")[0]
        sys.stderr.flush()

    return say


def _read(path: Path) -> dict[str, Any]:
    """A document that ``--json`` printed."""
    try:
        found = texts.loads(read(path, "what chainrule benchmark --json printed", most=50_000_000))
    except ValueError as problem:
        raise FileError(f"{path} is no JSON: {problem}") from None
    missing = {"machine", "work", "absent", "idle", "seconds"} - set(found if isinstance(found, dict) else ())
    if missing:
        raise FileError(f"{path} is not what chainrule benchmark --json prints: it has no {sorted(missing)[0]!r}")
    return dict(found)


def _print(document: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    for made in session.tables(document).values():
        for table in made:
            print(table.text())
    for line in [*session.absent_lines(document), *session.machine_lines(document)]:
        print(textwrap.fill(line, WIDTH, subsequent_indent="  "))


def _draw(document: dict[str, Any], path: Path) -> None:
    """The times in ``path``; scaling there too if it is alone, else beside it in a file of its own."""
    rows = [row for kind in ("training", "inference") for row in document["work"].get(kind, ())]
    grown = document["work"].get("scaling")
    if rows:
        save(
            bars({row["name"]: _panel(row) for row in rows}, "One step or call: medians, 10th to 90th percentile"),
            path,
        )
    if grown:
        picture = scaling(_growth(grown), f"One step, all else as {grown['middle']}", "µs a step")
        save(picture, path.with_stem(f"{path.stem}-scaling") if rows else path)
    if not rows and not grown:
        raise FileError("there is nothing to draw: only training, inference and scaling have pictures")


def _panel(row: dict[str, Any]) -> tuple[list[Bar], float | None]:
    drawn = []
    for name in sorted_peers():
        found = row["peers"].get(name)
        if found is not None and found["same"]:
            title = PEERS[name].title
            drawn.append(Bar(title, found["median"], found["low"], found["high"], name in OURS))
    floor = row["peers"].get("floor")
    return drawn, None if floor is None else floor["median"]


def _growth(found: dict[str, Any]) -> dict[str, list[Growth]]:
    panels: dict[str, list[Growth]] = {}
    for axis, points in found["axes"].items():
        panels[axis] = []
        for name in sorted_peers():
            there = [(p["value"], p["medians"][name]) for p in points if name in p["medians"]]
            if there:
                sizes, costs = zip(*there, strict=True)
                panels[axis].append(Growth(PEERS[name].title, sizes, costs, found["slopes"][axis]["whole"][name]))
    return panels
