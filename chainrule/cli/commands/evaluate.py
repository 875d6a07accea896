from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from chainrule.cli.output import model_path, print_classes, print_json
from chainrule.metrics import METRICS
from chainrule.network import Network
from chainrule.runs import Result
from chainrule.runs.sources import rows_for


def evaluate(
    model: Annotated[Path, Parameter(help="A model file, or a run directory.")],
    source: Annotated[str, Parameter(help="A data set or a file, as for train.")],
    /,
    *,
    target: Annotated[
        str | None, Parameter(help="The column or .npy of answers; a table's is known from training.")
    ] = None,
    part: Annotated[
        Literal["test", "training"] | None,
        Parameter(help="Of a data set: its test rows, if it has any, unless told."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        Parameter(help=f"One more metric, as top_k:k=3; may be given several times. {', '.join(METRICS)}."),
    ] = None,
    data_dir: Annotated[Path | None, Parameter(help="Folder with the files of mnist.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], help="Print the result alone.")] = False,
) -> int:
    """Score a model on data with answers.

    $ chainrule evaluate runs/2026-01-31-mnist-1 mnist
    $ chainrule evaluate model.safetensors new.csv
    $ chainrule evaluate model.safetensors X.npy --target y.npy --json
    $ chainrule evaluate model.safetensors new.csv --metric f1 --metric top_k:k=3
    """
    network = Network.load(model_path(model))
    X, y, found = rows_for(network, source, part, data_dir, answers=True, target=target)
    asked = metric or []
    result = Result.of(network, X, y, found, asked)
    if json:
        print_json(result.plain())
        return 0
    if not quiet:
        print_classes(result)
        print(f"loss: {result.scores['loss']:.6g}")
    for name in dict.fromkeys(asked):
        print(f"{name}: {result.scores[name]:.6g}")
    print(result.line())
    return 0
