from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from chainrule.cli.output import printable
from chainrule.plots import ready, save
from chainrule.report.pictures import PICTURES
from chainrule.runs.record import Record


def plot(
    kind: Annotated[str, Parameter(help=f"{', '.join(PICTURES)}; with settings as weights:most=100.")],
    /,
    *runs: Annotated[Path, Parameter(help="Run directories: one, or several for training, sweep and plane.")],
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="A .png, .svg or .pdf; KIND.png without it.")
    ] = None,
    dark: Annotated[bool, Parameter(help="Light lines on dark paper.")] = False,
) -> int:
    """Draw a picture of a run, or of several.

    $ chainrule plot training runs/2026-01-31-mnist-1
    $ chainrule plot training runs/2026-01-31-mnist-1 runs/2026-01-31-mnist-2 -o both.svg
    $ chainrule plot confusion runs/2026-01-31-mnist-1 --dark
    $ chainrule plot weights:most=100 runs/2026-01-31-mnist-1
    $ chainrule plot activations

    It needs matplotlib: pip install 'chainrule[plot]'.
    """
    picture = PICTURES.make(kind)
    path = output or Path(f"{re.sub(r'[^a-z]+', '-', picture.name)}.png")
    ready(path)
    drawn = picture.draw([Record(run) for run in runs], dark)
    save(drawn.figure, path)
    print(printable(str(path), 4096))
    sys.stderr.write(f"{printable(drawn.description, 600)}\n")
    return 0
