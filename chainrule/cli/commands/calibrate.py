from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from chainrule.cli.output import model_path, print_json
from chainrule.core.errors import FileError
from chainrule.network import Network
from chainrule.runs.sources import rows_for
from chainrule.training import calibrating


def calibrate(
    model: Annotated[Path, Parameter(help="A model file, or a run directory.")],
    source: Annotated[str, Parameter(help="Rows with answers that it was not trained on.")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="The calibrated model: a new .safetensors.")],
    target: Annotated[
        str | None, Parameter(help="The column or .npy of answers; a table's is known from training.")
    ] = None,
    part: Annotated[
        Literal["test", "training"] | None,
        Parameter(help="Of a data set: its test rows, if it has any, unless told."),
    ] = None,
    data_dir: Annotated[Path | None, Parameter(help="Folder with the files of mnist.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Make a model's probabilities mean what they say, by temperature scaling.

    $ chainrule calibrate model.safetensors held_out.csv -o calibrated.safetensors
    $ chainrule calibrate runs/2026-01-31-mnist-1 mnist -o calibrated.safetensors

    What the model decides stays as it is. Score it afterwards on rows that neither step has seen.
    """
    if output.exists():
        raise FileError(f"{output} exists; name another --output")
    network = Network.load(model_path(model))
    X, y, part_found = rows_for(network, source, part, data_dir, answers=True, target=target)
    found = calibrating.calibrate(network, X, y)
    network.save(output)
    if json:
        print_json({"model": str(output), "part": part_found, **asdict(found)})
        return 0
    print(f"{'':<20}  {'before':>8}  {'after':>8}")
    for name in calibrating.MEASURES:
        print(f"{name.replace('_', ' '):<20}  {found.before[name]:>8.4f}  {found.after[name]:>8.4f}")
    print(f"\nmodel: {output}")
    print(f"temperature: {found.temperature:.4f}")
    return 0
