"""Going on with a run: from its last checkpoint, or from its beginning where there is none yet."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from chainrule.core.errors import ChainruleError, SettingError
from chainrule.core.settings import show
from chainrule.network import Network
from chainrule.runs.config import RunConfig
from chainrule.runs.directory import CONFIG, MODEL, RunDirectory
from chainrule.runs.train import Run
from chainrule.training.checkpoints.keeper import complete

# What may be another option than the run was begun with: it changes no step already taken.
FREE = {"epochs", "checkpoint_every", "on_checkpoint_error", "data_dir", "engine", "threads", "summary"}
INTERRUPTIONS = ("Ctrl-C", "SIGTERM")  # as a model file calls them


def resumed(place: RunDirectory, given: Mapping[str, Any]) -> Run | None:
    """The run of a directory, with ``given`` options; None where it has come to its end.

    Raises SettingError for options that the run was not begun with.
    """
    config = RunConfig.from_toml(place.path / CONFIG)
    wanted = dataclasses.replace(config, **given)
    if wanted == dataclasses.replace(config, **{name: getattr(wanted, name) for name in FREE}) and _finished(
        place, wanted
    ):
        return None
    run = Run(wanted)
    for name, value in dataclasses.asdict(config).items():
        other = getattr(run.config, name)
        if name not in FREE and name in given and other != value:
            raise SettingError(
                f"{place.path} was begun with {name} {show(value)}, and is asked to go on with {show(other)}: a "
                "run that goes on keeps its options. Leave it out, or begin another run with --config"
            )
    return run


def _finished(place: RunDirectory, config: RunConfig) -> bool:
    """Whether the model file is that of the end of the training."""
    try:
        facts = Network.load(place.path / MODEL).training
    except ChainruleError:
        return False
    wanted = config.epochs or 0
    ended = complete(place.checkpoints)
    if ended is None:  # there are no checkpoints: of all rows at once, say
        done = facts.get("stopped") is not None or facts.get("epochs", 0) >= wanted
        return not place.checkpoints.exists() and facts.get("stopped") not in INTERRUPTIONS and done
    same = facts.get("steps") == ended["t"] and facts.get("stopped") == ended["stopped"]
    return same and (ended["stopped"] is not None or ended["epoch"] == wanted)
