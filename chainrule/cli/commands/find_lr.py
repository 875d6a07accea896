from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from chainrule.cli.options import batch_rows, widths, words
from chainrule.cli.output import print_json, whole_number
from chainrule.core.settings import parse
from chainrule.datasets import DATASETS
from chainrule.optimizers import OPTIMIZERS
from chainrule.runs import Run, RunConfig
from chainrule.training.find_lr import find_learning_rate


def find_lr(
    source: Annotated[str, Parameter(help=f"A data set ({', '.join(DATASETS)}) or a file, as for train.")],
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Write the picture here: .png, .svg or .pdf.")
    ] = None,
    target: Annotated[
        str | None, Parameter(help="Column to predict (several: a,b), or the .npy of answers.")
    ] = None,
    task: Annotated[
        Literal["classification", "regression"] | None, Parameter(help="Overrules what the target looks like.")
    ] = None,
    ignore: Annotated[str | None, Parameter(help="Columns to leave out: a,b.")] = None,
    hidden: Annotated[str | None, Parameter(help='Widths of the hidden layers: 128,64; "" for none.')] = None,
    activation: Annotated[str | None, Parameter(help="Of the hidden layers.")] = None,
    loss: Annotated[str | None, Parameter(help="As for train.")] = None,
    optimizer: Annotated[str | None, Parameter(help=f"{', '.join(OPTIMIZERS)}.")] = None,
    batch_size: Annotated[str | None, Parameter(help='Rows a step: 1, 64 ..., or "full".')] = None,
    low: Annotated[float, Parameter(help="The first rate; 1e-6 unless told.")] = 1e-6,
    high: Annotated[float, Parameter(help="The last rate; 10 unless told.")] = 10.0,
    steps: Annotated[int, Parameter(converter=whole_number, help="Steps of the test; 200 unless told.")] = 200,
    seed: Annotated[int | None, Parameter(converter=whole_number, help="Of everything random; 0.")] = None,
    data_dir: Annotated[str | None, Parameter(help="Folder with the files of mnist.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Find a learning rate by a range test: a short training at rising rates.

    $ chainrule find-lr mnist
    $ chainrule find-lr moons --optimizer sgd -o rates.png
    $ chainrule find-lr houses.csv --target price --json

    The number is the rate of the least smoothed loss, divided by 10; nothing is kept of the training.
    """
    if output is not None:
        from chainrule.plots import ready

        ready(output)
    config = RunConfig(
        source,
        target=target,
        task=task,
        ignore=() if ignore is None else words(ignore),
        hidden=None if hidden is None else widths(hidden),
        activation=activation,
        loss=loss,
        optimizer=optimizer,
        batch_size=None if batch_size is None else batch_rows(batch_size),  # type: ignore[arg-type]
        seed=seed,
        data_dir=data_dir,
    )
    run = Run(config)
    name, given = parse(run.config.optimizer or "adam")
    rule = OPTIMIZERS.make({"name": name, **given, "learning_rate": run.config.learning_rate})
    found = find_learning_rate(
        run.network, *run.train, optimizer=rule, batch_size=run.config.batch_size, low=low, high=high, steps=steps,
        seed=run.config.seed or 0,
    )  # fmt: skip
    if output is not None:
        from chainrule.plots import learning_rate, save

        save(learning_rate(found.rates, found.losses, found.smoothed, found.suggestion), output)
    if json:
        print_json({"learning_rate": found.suggestion, "optimizer": name, "rates": found.rates,
                    "losses": found.losses, "smoothed": found.smoothed})  # fmt: skip
        return 0
    print(f"{len(found.rates)} steps of {name} at rates from {found.rates[0]:.2g} to {found.rates[-1]:.2g}")
    if output is not None:
        print(f"picture: {output}")
    print(f"learning rate: {found.suggestion:g}")
    return 0
