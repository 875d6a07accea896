from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from cyclopts import Group, Parameter

from chainrule.cli import sweeping
from chainrule.cli.commands.train import NETWORK, OUTPUT, train
from chainrule.cli.output import whole_number
from chainrule.core.errors import SettingError
from chainrule.datasets import DATASETS
from chainrule.metrics import METRICS
from chainrule.studies.sweeps.pruners import PRUNERS
from chainrule.studies.sweeps.searches import SEARCHES
from chainrule.studies.sweeps.space import SAME, VARIED

SEARCH = Group("Search", sort_key=0)
WORKERS = Group("Workers", sort_key=3.5)
KEYWORD = inspect.Parameter.KEYWORD_ONLY


def sweep(
    source: Annotated[
        str | None,
        Parameter(help=f"A data set ({', '.join(DATASETS)}), a .csv with a header, or an .npy of features."),
    ] = None,
    /,
    *,
    space: Annotated[
        Path | None, Parameter(group=SEARCH, help="A space.toml; options given beside it win.")
    ] = None,
    search: Annotated[str, Parameter(group=SEARCH, help=f"{', '.join(SEARCHES)}; grid unless told.")] = "",
    trials: Annotated[
        int | None,
        Parameter(converter=whole_number, group=SEARCH, help="Points of random and tpe; 50 unless told."),
    ] = None,
    seeds: Annotated[
        int | None, Parameter(converter=whole_number, group=SEARCH, help="Trainings of each point; 1 unless told.")
    ] = None,
    folds: Annotated[
        int | None,
        Parameter(converter=whole_number, group=SEARCH, help="Cross-validation in so many parts, for small data."),
    ] = None,
    prune: Annotated[
        str | None, Parameter(group=SEARCH, help=f"Stop hopeless runs early: {', '.join(PRUNERS)}.")
    ] = None,
    score: Annotated[
        str | None,
        Parameter(group=SEARCH, help=f"What to judge by, on validation rows: loss, {', '.join(METRICS)}."),
    ] = None,
    workers: Annotated[
        int,
        Parameter(converter=whole_number, group=WORKERS, help="Processes on this machine, each of one thread."),
    ] = 1,
    cluster: Annotated[
        str | None, Parameter(group=WORKERS, help="A Dask scheduler whose workers train: dask://HOST:PORT.")
    ] = None,
    storage: Annotated[
        str | None,
        Parameter(group=WORKERS, help="Optuna's, shared by all who give it: sqlite:///FILE, postgresql://..."),
    ] = None,
    study: Annotated[
        str | None, Parameter(group=WORKERS, help="Its name in the storage; the same command has the same.")
    ] = None,
    heartbeat: Annotated[
        float, Parameter(group=WORKERS, help="With a storage: seconds between signs of life, 10 unless told.")
    ] = 10.0,
    run_dir: Annotated[
        Path | None,
        Parameter(group=OUTPUT, help="Folder of the sweep; one that was begun there goes on."),
    ] = None,
    plot: Annotated[Path | None, Parameter(group=OUTPUT, help="Draw pictures into this folder.")] = None,
    markdown: Annotated[
        Path | None, Parameter(group=OUTPUT, help="Write the tables between the marks of this document.")
    ] = None,
    json: Annotated[bool, Parameter(group=OUTPUT, help="Print one JSON document and nothing else.")] = False,
    **settings: Any,
) -> int:
    """Train many networks over lists or ranges of settings, and rank them on validation rows.

    $ chainrule sweep mnist --learning-rate 0.01,0.1,1 --width 32,128 --depth 1,2 --workers 2
    $ chainrule sweep iris.csv --target species --hidden "8;16;32,16" --folds 5 --seeds 3
    $ chainrule sweep mnist --space space.toml --search random --trials 100 --prune halving
    $ chainrule sweep moons --search tpe --learning-rate log:1e-4..1 --width 8..128 --depth 1,2
    $ chainrule sweep --run-dir runs/2026-01-31-sweep-mnist-1

    Each option of train takes a list (0.1,0.2) or a range (0..0.5, log:1e-4..1) here; candidates that hold commas
    stand between semicolons. The last line goes on with a sweep that was interrupted, or shows it again. Grid and
    random search, with halving too, give the same results whatever the number of workers, tpe and its pruners with
    one worker only. The test rows are never looked at: train --config with the best.toml does that, once.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    asked = sweeping.Asked(
        source, space, search, trials, seeds, folds, prune, score, workers, cluster, storage, study, heartbeat,
        run_dir, plot, markdown, json, given,
    )  # fmt: skip
    if source is None and run_dir is None:
        raise SettingError(f"sweep needs a SOURCE: a data set ({', '.join(DATASETS)}) or a file. Try --help")
    return sweeping.sweep(asked)


def _with_settings() -> inspect.Signature:
    """The options above, and one of each setting of ``train`` that a sweep may vary or must keep."""
    own = [p for p in inspect.signature(sweep).parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    hints = get_type_hints(sweep, include_extras=True)
    parameters = [p.replace(annotation=hints[p.name]) for p in own]
    for name, text in (("width", "Units of each hidden layer."), ("depth", "Number of hidden layers.")):
        hint: Any = Annotated[str | None, Parameter(group=NETWORK, help=text)]
        parameters.append(inspect.Parameter(name, KEYWORD, default=None, annotation=hint))
    hints = get_type_hints(train, include_extras=True)
    for name in inspect.signature(train).parameters:
        if name in (*VARIED, *SAME) and name not in ("source", "metrics"):
            told = hints[name].__metadata__[0]
            hint = Annotated[str | None, Parameter(group=told.group, help=told.help, name=told.name)]
            parameters.append(inspect.Parameter(name, KEYWORD, default=None, annotation=hint))
    return inspect.Signature(parameters, return_annotation=int)


sweep.__signature__ = _with_settings()  # type: ignore[attr-defined]
sweep.__annotations__ = {p.name: p.annotation for p in sweep.__signature__.parameters.values()}  # type: ignore[attr-defined]
