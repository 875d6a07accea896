from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from chainrule.cli.options import configuration, told
from chainrule.cli.output import print_json, whole_number
from chainrule.cli.trained import announce, finished, plain, train_here
from chainrule.core.errors import SettingError
from chainrule.datasets import DATASETS
from chainrule.initializers import INITIALIZERS
from chainrule.layers import activation_names, normalization_names
from chainrule.losses import LOSSES
from chainrule.metrics import METRICS
from chainrule.optimizers import OPTIMIZERS
from chainrule.regularizers import REGULARIZERS
from chainrule.runs import Run
from chainrule.runs.directory import RunDirectory
from chainrule.runs.resuming import resumed
from chainrule.schedules import SCHEDULES

DATA = Group("Data", sort_key=1)
NETWORK = Group("Network", sort_key=2)
TRAINING = Group("Training", sort_key=3)
OUTPUT = Group("Output", sort_key=4)


def train(
    source: Annotated[
        str | None,
        Parameter(help=f"A data set ({', '.join(DATASETS)}), a .csv with a header, or an .npy of features."),
    ] = None,
    /,
    *,
    target: Annotated[
        str | None, Parameter(group=DATA, help="Column to predict (several: a,b), or the .npy of answers.")
    ] = None,
    task: Annotated[
        Literal["classification", "regression"] | None,
        Parameter(group=DATA, help="Overrules what the target looks like."),
    ] = None,
    ignore: Annotated[str | None, Parameter(group=DATA, help="Columns to leave out: a,b.")] = None,
    weight_column: Annotated[
        str | None, Parameter(group=DATA, help="Column of row weights, or the .npy of them.")
    ] = None,
    validation: Annotated[
        float | None, Parameter(group=DATA, help="Share of the rows kept to validate on, as 0.1.")
    ] = None,
    scale: Annotated[
        Literal["column", "all", "none"] | None,
        Parameter(group=DATA, help="Standardize each column, all together, or none."),
    ] = None,
    scale_target: Annotated[
        bool | None,
        Parameter(group=DATA, negative="--no-scale-target", help="Standardize the target of a regression."),
    ] = None,
    data_dir: Annotated[str | None, Parameter(group=DATA, help="Folder with the files of mnist.")] = None,
    hidden: Annotated[
        str | None, Parameter(group=NETWORK, help='Widths of the hidden layers: 128,64; "" for none.')
    ] = None,
    activation: Annotated[
        str | None,
        Parameter(group=NETWORK, help=f"{', '.join(activation_names())}; several, a,b, are one a hidden layer."),
    ] = None,
    normalization: Annotated[
        str | None,
        Parameter(group=NETWORK, help=f"Before each activation: {', '.join(normalization_names())}."),
    ] = None,
    dropout: Annotated[
        float | None, Parameter(group=NETWORK, help="Rate of units dropped after each activation, as 0.2.")
    ] = None,
    residual: Annotated[
        bool | None,
        Parameter(
            group=NETWORK, negative=(), help="Hidden layers as wide as the one before add to what they take."
        ),
    ] = None,
    embed: Annotated[
        int | None,
        Parameter(
            converter=whole_number, group=NETWORK, help="Learn so many numbers for each category of a text column."
        ),
    ] = None,
    output: Annotated[
        str | None, Parameter(group=NETWORK, help="Activation after the last layer, where the loss has none.")
    ] = None,
    initializer: Annotated[
        str | None,
        Parameter(group=NETWORK, help=f"{', '.join(INITIALIZERS)}; unless told, what suits the activation."),
    ] = None,
    dtype: Annotated[
        Literal["float32", "float64"] | None, Parameter(group=NETWORK, help="Numbers to compute with.")
    ] = None,
    loss: Annotated[str | None, Parameter(group=TRAINING, help=f"{', '.join(LOSSES)}.")] = None,
    optimizer: Annotated[
        str | None, Parameter(group=TRAINING, help=f"{', '.join(OPTIMIZERS)}; with settings as sgd:momentum=0.9.")
    ] = None,
    learning_rate: Annotated[
        float | None, Parameter(group=TRAINING, help="Of the optimizer; the peak, under a schedule.")
    ] = None,
    schedule: Annotated[str | None, Parameter(group=TRAINING, help=f"{', '.join(SCHEDULES)}.")] = None,
    batch_size: Annotated[str | None, Parameter(group=TRAINING, help='Rows a step: 1, 64 ..., or "full".')] = None,
    epochs: Annotated[
        int | None, Parameter(converter=whole_number, group=TRAINING, help="Passes over the training rows.")
    ] = None,
    class_weight: Annotated[
        str | None, Parameter(group=TRAINING, help='Weights of rows by class: "balanced", or cat=1,dog=5.')
    ] = None,
    regularization: Annotated[
        list[str] | None,
        Parameter(
            group=TRAINING,
            name="--regularize",
            help=f"As l2:strength=1e-4; may be repeated. {', '.join(REGULARIZERS)}.",
        ),
    ] = None,
    early_stopping: Annotated[
        str | None,
        Parameter(group=TRAINING, help="Stop when this no longer improves, as loss or accuracy:patience=5."),
    ] = None,
    time_limit: Annotated[float | None, Parameter(group=TRAINING, help="Stop after so many seconds.")] = None,
    metrics: Annotated[
        list[str] | None,
        Parameter(
            group=TRAINING,
            name="--metric",
            help=f"Scored after each epoch; may be repeated. {', '.join(METRICS)}.",
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        Parameter(group=TRAINING, help="Then scale the logits so that probabilities fit the validation rows."),
    ] = False,
    accumulate: Annotated[
        int | None, Parameter(converter=whole_number, group=TRAINING, help="Batches a step; 1 unless told.")
    ] = None,
    learning_rates: Annotated[
        str | None,
        Parameter(group=TRAINING, help="Multiples by layer or parameter, as 0=0.1,2.bias=0; 0 freezes."),
    ] = None,
    seed: Annotated[
        int | None, Parameter(converter=whole_number, group=TRAINING, help="Of everything random; 0 unless told.")
    ] = None,
    engine: Annotated[
        Literal["auto", "numpy", "fused"] | None,
        Parameter(
            group=TRAINING, help="fused: compiled loops (numba); numpy: NumPy alone; auto: fused if it can run."
        ),
    ] = None,
    threads: Annotated[
        int | None,
        Parameter(converter=whole_number, group=TRAINING, help="Of BLAS; unless told, 1 for small products."),
    ] = None,
    resume: Annotated[
        Path | None,
        Parameter(group=OUTPUT, help="Go on with a run that was stopped or killed; --epochs may be more."),
    ] = None,
    checkpoint_every: Annotated[
        str | None,
        Parameter(group=OUTPUT, help="500 (steps), 2epochs, 30s, 10m, 1h or never; unless told, each minute."),
    ] = None,
    on_checkpoint_error: Annotated[
        Literal["continue", "stop"] | None,
        Parameter(group=OUTPUT, help="When one can't be written, as on a full disk: continue unless told."),
    ] = None,
    config: Annotated[
        Path | None,
        Parameter(group=OUTPUT, help="Repeat a run from its config.toml; options given beside it win."),
    ] = None,
    run_dir: Annotated[
        Path | None,
        Parameter(group=OUTPUT, help="Folder of the run; a fresh runs/<date>-<source>-<n> without it."),
    ] = None,
    summary: Annotated[
        bool | None,
        Parameter(
            group=OUTPUT,
            negative="--no-summary",
            help="Keep quantiles of the training data in the model file, for doctor MODEL NEW_DATA.",
        ),
    ] = None,
    json: Annotated[bool, Parameter(group=OUTPUT, help="Print one JSON document and nothing else.")] = False,
    quiet: Annotated[
        bool, Parameter(group=OUTPUT, name=["--quiet", "-q"], help="Print the result alone.")
    ] = False,
    dry_run: Annotated[
        bool, Parameter(group=OUTPUT, help="Show the configuration and the network; train and write nothing.")
    ] = False,
) -> int:
    """Train a network on a data set or a file, and save it with its preprocessing.

    $ chainrule train mnist
    $ chainrule train mnist --optimizer sgd --epochs 3
    $ chainrule train iris.csv --target species --hidden 32,16
    $ chainrule train moons:n=500,noise=0.3 --activation tanh
    $ chainrule train X.npy --target y.npy --validation 0.2
    $ chainrule train --config runs/2026-01-31-mnist-1/config.toml
    $ chainrule train --resume runs/2026-01-31-mnist-1

    Things with settings are written name:setting=value,setting=value. What isn't told suits the source.
    """
    given = told(
        {
            "source": source,
            "target": target,
            "task": task,
            "ignore": ignore,
            "hidden": hidden,
            "activation": activation,
            "normalization": normalization,
            "dropout": dropout,
            "residual": residual,
            "embed": embed,
            "output": output,
            "initializer": initializer,
            "loss": loss,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "batch_size": batch_size,
            "epochs": epochs,
            "weight_column": weight_column,
            "class_weight": class_weight,
            "regularization": regularization,
            "early_stopping": early_stopping,
            "time_limit": time_limit,
            "metrics": metrics,
            "calibrate": calibrate or None,
            "accumulate": accumulate,
            "learning_rates": learning_rates,
            "validation": validation,
            "scale": scale,
            "scale_target": scale_target,
            "dtype": dtype,
            "seed": seed,
            "engine": engine,
            "threads": threads,
            "checkpoint_every": checkpoint_every,
            "on_checkpoint_error": on_checkpoint_error,
            "data_dir": data_dir,
            "summary": summary,
        }
    )
    say = not (json or quiet)
    run: Run | None
    place: RunDirectory | None
    if resume is not None:
        if config is not None or run_dir is not None or dry_run:
            raise SettingError("--resume goes on with a run as it is: leave out --config, --run-dir and --dry-run")
        place = RunDirectory.again(resume)
        run = resumed(place, given)
        if run is None:
            return finished(place, json=json, quiet=quiet)
    else:
        run = Run(configuration(config, given))
        place = None if dry_run else RunDirectory(run_dir, run.config.source)
    if say or dry_run:
        announce(run, to_stderr=json)
    if place is None:
        if json:
            print_json({"config": plain(run.config)})
        return 0
    return train_here(run, place, resume=resume is not None, json=json, quiet=quiet)
