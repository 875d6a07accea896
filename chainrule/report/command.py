"""The command that repeats a run."""

from __future__ import annotations

import dataclasses
import shlex

from chainrule.runs import RunConfig

CAN_BE_REFUSED = ("scale_target", "summary")  # have a --no- form; of the others untold is no


def repeat(config: RunConfig, path: str) -> str:
    """A line for the shell with every option of a resolved run, so that it needs no file of the run.

    What the command line can't say (a column whose name has a comma among the ignored) needs the config.toml in
    ``path``.
    """
    if not _can_be_said(config):
        return shlex.join(["chainrule", "train", f"--config={path}/config.toml"])
    words = ["chainrule", "train", config.source]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name == "source" or value is None or (value == () and field.name != "hidden"):
            continue
        option = f"--{field.name.replace('_', '-')}"
        if isinstance(value, bool):
            if value or field.name in CAN_BE_REFUSED:
                words.append(option if value else f"--no-{option[2:]}")
            continue
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        words += [f"{option}={text}"] if text.startswith("-") or not text else [option, text]
    return shlex.join(words)


def _can_be_said(config: RunConfig) -> bool:
    simple = all("," not in name and name == name.strip() and name for name in config.ignore)
    return simple and not config.source.startswith("-")
