from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from chainrule.cli.output import printable
from chainrule.core import files
from chainrule.core.errors import FileError
from chainrule.report import page
from chainrule.runs.record import Record, latest


def report(
    run: Annotated[Path | None, Parameter(help="A run directory; the latest in runs/ without it.")] = None,
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="The file; report.html in the run without it.")
    ] = None,
) -> int:
    """Write a run as one HTML page: scores with intervals, curves, mistakes, weights, and how to repeat it.

    $ chainrule report
    $ chainrule report runs/2026-01-31-mnist-1
    $ chainrule report runs/2026-01-31-mnist-1 -o mnist.html

    The page needs no network and no script. Its pictures need matplotlib: pip install 'chainrule[plot]'.
    """
    record = Record(run if run is not None else latest())
    path = output if output is not None else record.path / "report.html"
    if not path.parent.is_dir():
        raise FileError(f"cannot write {path}: there is no folder {path.parent}")
    files.write_whole(path, page(record).encode())
    print(f"report: {printable(str(path), 300)}")
    return 0
