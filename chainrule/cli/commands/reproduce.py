from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from chainrule.cli.interrupt import Interrupt
from chainrule.cli.output import print_json, whole_number
from chainrule.core.errors import SettingError
from chainrule.core.files import write_whole
from chainrule.core.settings import whole
from chainrule.studies import reproductions
from chainrule.studies.reproductions.jobs import Job, asked, left
from chainrule.studies.reproductions.ledger import Ledger
from chainrule.studies.reproductions.page import page
from chainrule.studies.reproductions.rows import row
from chainrule.studies.reproductions.running import Engine
from chainrule.studies.reproductions.terminal import facts, listing, result, results
from chainrule.training import CALLBACKS

LEDGER = Path("runs") / "reproductions.json"


def reproduce(
    *names: Annotated[str, Parameter(help='Recipes; "all" is those that take minutes, cheapest first.')],
    seeds: Annotated[int, Parameter(converter=whole_number, help="How many, from 0 on; 5 unless told.")] = 5,
    list_: Annotated[bool, Parameter(name="--list", help="Show all recipes, and run nothing.")] = False,
    ledger: Annotated[Path, Parameter(help="Keeps the seeds done; runs/reproductions.json unless told.")] = LEDGER,
    notes: Annotated[Path | None, Parameter(help="Write the whole ledger as a page, .md.")] = None,
    data_dir: Annotated[Path | None, Parameter(help="Folder with the files of mnist.")] = None,
    engine: Annotated[
        Literal["auto", "numpy", "fused"],
        Parameter(help="fused: compiled loops (numba); numpy: NumPy alone; auto: fused if it can run."),
    ] = "auto",
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Train published networks on MNIST by their recipes, several seeds each, and compare the figures.

    $ chainrule reproduce --list
    $ chainrule reproduce nielsen-30
    $ chainrule reproduce lecun-300 hinton-500-300 --seeds 3
    $ chainrule reproduce all
    $ chainrule reproduce --ledger docs/reproductions.json --notes docs/reproductions.md

    A verdict says whether ours agrees with the published figure within two standard
    errors. Settings that the source left open are chosen on held-out training images
    first. Each seed is written into the ledger when it is done: stopped with Ctrl-C
    and called again, it goes on where it was.
    """
    whole("--seeds", seeds)
    if not names and not list_ and notes is None:
        raise SettingError("reproduce needs the NAME of a recipe, or all; --list shows them. Try --help")
    book, recipes = Ledger(ledger), asked(names)
    if not list_:
        jobs = (job for recipe in recipes for job in left(recipe, book, seeds))
        code = _train(jobs, book, data_dir, engine, quiet=json)
        if code is not None:
            return code
    every = [reproductions.load(name) for name in reproductions.names()]
    if notes is not None:
        command = f"chainrule reproduce --ledger {ledger} --notes {notes}"
        write_whole(notes, page([row(recipe, book) for recipe in every], ledger.name, command).encode())
    rows = [row(recipe, book, seeds) for recipe in (every if list_ and not names else recipes)]
    if json:
        print_json([each.document() for each in rows])
    elif list_:
        print(listing(rows))
    elif rows:
        print("\n\n".join([*map(facts, rows), results(rows)]))
    return 0


def _train(jobs: Iterator[Job], book: Ledger, data_dir: Path | None, engine: Engine, quiet: bool) -> int | None:
    """Do what is left, and keep each as it is done; the exit code if a signal came in between."""
    interrupt = Interrupt()
    with interrupt.watching():
        for job in jobs:
            _say(job.label, quiet)
            watchers = [interrupt, CALLBACKS["progress"](table=False, bar=not quiet)]  # type: ignore[call-arg]
            outcome = job.run(watchers, data_dir, engine)
            if interrupt.code is not None:  # the training was cut short
                return interrupt.code
            job.keep(book, outcome)
            _say(f"  {result(job.recipe.figure, outcome)}, {outcome.seconds:,.0f} s", quiet)
    return None


def _say(line: str, quiet: bool) -> None:
    if not quiet:
        sys.stderr.write(f"{line}\n")
