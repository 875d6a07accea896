from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from cyclopts import Group, Parameter

from chainrule.cli import examining
from chainrule.cli.commands.train import OUTPUT, train
from chainrule.datasets import DATASETS

EXAMINATION = Group("Examination", sort_key=0)
# Options of train that are about its run directory, not about what is trained.
NOT_OURS = (
    "source", "resume", "checkpoint_every", "on_checkpoint_error", "config", "run_dir", "json", "quiet", "dry_run",
    "engine", "threads", "summary", "calibrate", "early_stopping", "time_limit",
)  # fmt: skip


def doctor(
    source: Annotated[
        str,
        Parameter(help=f"A data set ({', '.join(DATASETS)}) or file to train on, a run directory, or a model."),
    ],
    new_data: Annotated[str | None, Parameter(help="With a model: rows that it is to be used on.")] = None,
    /,
    *,
    prove: Annotated[
        bool, Parameter(group=EXAMINATION, negative="--no-prove", help="Run the remedies as rivals.")
    ] = True,
    budget: Annotated[
        float, Parameter(group=EXAMINATION, help="Seconds to train as written, and as many for the remedies.")
    ] = 60.0,
    fail_on: Annotated[
        Literal["error", "warn", "never"], Parameter(group=EXAMINATION, help="What makes the exit code 1.")
    ] = "warn",
    apply: Annotated[
        Path | None, Parameter(group=EXAMINATION, help="Write the corrected config.toml here, for train --config.")
    ] = None,
    html: Annotated[Path | None, Parameter(group=OUTPUT, help="Write the report as a page.")] = None,
    sarif: Annotated[Path | None, Parameter(group=OUTPUT, help="Write the findings in SARIF 2.1.0.")] = None,
    json: Annotated[bool, Parameter(group=OUTPUT, help="Print one JSON document and nothing else.")] = False,
    **settings: Any,
) -> int:
    """Say why a training fails, with evidence, and prove the remedy by running it.

    $ chainrule doctor houses.csv --target price --learning-rate 10
    $ chainrule doctor mnist --activation sigmoid --hidden 64,64,64,64,64
    $ chainrule doctor runs/2026-01-31-houses-1 --apply better.toml
    $ chainrule doctor model.safetensors new.csv
    $ chainrule doctor mnist --json --fail-on error

    The options are those of train. The training is run once as it is written, for at most --budget seconds; what
    the findings name as remedies is run beside it. With a model and new data, the data are compared with those the
    model was trained on. The exit code is 1 when something of the chosen severity was found.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    asked = examining.Asked(source, new_data, prove, budget, fail_on, apply, html, sarif, json)
    return examining.examine(asked, given)


def _with_settings() -> inspect.Signature:
    """The options above, then those of ``train`` that say what is trained."""
    hints = get_type_hints(doctor, include_extras=True)
    own = [p for p in inspect.signature(doctor).parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    theirs = get_type_hints(train, include_extras=True)
    named = [p for name, p in inspect.signature(train).parameters.items() if name not in NOT_OURS]
    return inspect.Signature(
        [p.replace(annotation=hints[p.name]) for p in own] + [p.replace(annotation=theirs[p.name]) for p in named],
        return_annotation=int,
    )


doctor.__signature__ = _with_settings()  # type: ignore[attr-defined]
doctor.__annotations__ = {p.name: p.annotation for p in doctor.__signature__.parameters.values()}  # type: ignore[attr-defined]
