from __future__ import annotations

import sys
from json import dumps
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from chainrule.cli.output import model_path, print_json, printable
from chainrule.core import files
from chainrule.core.files import json_ready
from chainrule.network import Network
from chainrule.runs.predictions import predictions, to_csv
from chainrule.runs.sources import rows_for

MOST_SHOWN = 2000  # characters of a line on a terminal


def predict(
    model: Annotated[Path, Parameter(help="A model file, or a run directory.")],
    source: Annotated[str, Parameter(help="A data set or a file; a table may lack the target.")],
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="A file to write; standard output without it.")
    ] = None,
    part: Annotated[
        Literal["test", "training"] | None,
        Parameter(help="Of a data set: its test rows, if it has any, unless told."),
    ] = None,
    data_dir: Annotated[Path | None, Parameter(help="Folder with the files of mnist.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead of CSV.")] = False,
) -> int:
    """Predict: for each row the class and the probability of each, or the values.

    $ chainrule predict runs/2026-01-31-iris-1 new.csv
    $ chainrule predict model.safetensors X.npy -o predictions.csv
    """
    network = Network.load(model_path(model))
    X, _, _ = rows_for(network, source, part, data_dir, answers=False)
    header, rows = predictions(network, X)
    document = [dict(zip(header, row, strict=True)) for row in rows]
    if output is not None:
        text = f"{dumps(json_ready(document), indent=2)}\n" if json else to_csv(header, rows)
        files.write_whole(output, text.encode())
        sys.stderr.write(f"{len(rows)} predictions written to {printable(str(output), 300)}\n")
    elif json:
        print_json(document)
    else:
        text = to_csv(header, rows)
        if sys.stdout.isatty():  # a file gets every name as it is; a terminal might obey it
            text = "".join(f"{printable(line, MOST_SHOWN)}\n" for line in text.splitlines())
        sys.stdout.write(text)
    return 0
