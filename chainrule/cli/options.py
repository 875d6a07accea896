"""What the options of a training mean: from the words of the command line to a RunConfig."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chainrule.core.errors import SettingError
from chainrule.datasets import DATASETS
from chainrule.runs import RunConfig


def told(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, as a RunConfig has them."""
    return {name: READ.get(name, _same)(value) for name, value in options.items() if value is not None}


def _same(value: Any) -> Any:
    return value


def configuration(path: Path | None, given: Mapping[str, Any]) -> RunConfig:
    """The options of the command line, over those of a config.toml if there is one."""
    if path is not None:
        if "optimizer" in given:
            given = {"learning_rate": None, **given}  # the file's rate is that of the file's optimizer
        return dataclasses.replace(RunConfig.from_toml(path), **given)
    if "source" not in given:
        raise SettingError(
            f"train needs a SOURCE: a data set ({', '.join(DATASETS)}) or a file; or --config. Try --help"
        )
    return RunConfig(**given)


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def activations(text: str) -> str | tuple[str, ...]:
    """``tanh`` or ``leaky_relu:slope=0.1,tanh``: a part with = and no name belongs to the one before."""
    found: list[str] = []
    for part in text.split(","):
        if found and "=" in part.partition(":")[0]:
            found[-1] += f",{part}"
        else:
            found.append(part.strip())
    return found[0] if len(found) == 1 else tuple(found)


def widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in words(text) if word != "none")
    except ValueError:
        raise SettingError(f"--hidden takes whole numbers as in 128,64; not {text!r:.80}") from None


def batch_rows(text: str) -> int | str:
    if text == "full":
        return text
    try:
        return int(text)
    except ValueError:
        raise SettingError(f'--batch-size takes a whole number or "full"; not {text!r:.80}') from None


READ: dict[str, Callable[[Any], Any]] = {
    "ignore": words, "hidden": widths, "activation": activations, "batch_size": batch_rows,
    "regularization": tuple, "metrics": tuple,
}  # fmt: skip
