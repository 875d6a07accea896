"""The model file: one safetensors file, weights under PyTorch's names, everything else in a JSON header.

    0.weight (128, 784)   0.bias (128,)   2.weight ...      the state_dict of the same torch.nn.Sequential
    __metadata__["chainrule"]                               JSON: see ``Model``

It holds no time, path or host, so that equal trainings give equal files. Reading trusts nothing: the header is
checked against what the declared layers imply before any array is made, only names on the shelves are looked
up, and no code is ever run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core import files
from chainrule.core.errors import ChainruleError, FileError
from chainrule.core.settings import show
from chainrule.core.strict_json import read_json
from chainrule.core.tensors import Tensors, budget, dtype_name, finite, pack, parse
from chainrule.core.text import printable, short_list
from chainrule.core.types import Array, DType, Shape
from chainrule.layers import Module, describe, make
from chainrule.layers.base import buffer_shapes, parameter_shapes
from chainrule.losses import LOSSES, Loss
from chainrule.preprocessing import PREPROCESSING, Preprocessing
from chainrule.targets import TARGETS, Target

FORMAT = 1
MOST_LAYERS = 10_000
DTYPES = ("float32", "float64")
KEYS = {"format", "dtype", "modules", "loss", "preprocessing", "target", "training"}


@dataclass
class Model:
    """What a model file says. ``training`` holds facts about the fit: steps, rows, optimizer, seed."""

    modules: tuple[Module, ...]
    dtype: DType
    loss: Loss | None = None
    preprocessing: Preprocessing | None = None
    target: Target | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)


def write(path: Path, model: Model) -> None:
    """Write the file whole or not at all. Refuses weights that are not finite, as reading would."""
    for name, array in model.state.items():
        if not np.isfinite(array).all():
            raise FileError(f"{path} was not written: {name} holds NaN or infinity, so the network is of no use")
    header = {
        "format": FORMAT,
        "dtype": model.dtype.name,
        "modules": [describe(module) for module in model.modules],
        "loss": model.loss and LOSSES.describe(model.loss),
        "preprocessing": model.preprocessing and PREPROCESSING.describe(model.preprocessing),
        "target": model.target and TARGETS.describe(model.target),
        "training": dict(model.training),
    }
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    files.write_whole(path, pack(model.state, {"chainrule": text}))


def read(path: Path) -> Model:
    """The model in a file; FileError says in one line why it is refused."""
    data = files.read(path, "a model file")
    try:
        return _parse(data)
    except ChainruleError as problem:
        raise refusal(path, problem) from None


def refusal(path: str | Path, problem: Exception) -> FileError:
    """The error for a file that can't be used, in one printable line whatever the file holds."""
    return FileError(f"{path} is no model file that can be used: {printable(problem, 600)}")


def _parse(data: bytes) -> Model:
    tensors = parse(data)
    if set(tensors.metadata) != {"chainrule"}:
        raise FileError(
            "its header doesn't say it is a chainrule model (__metadata__ must hold 'chainrule' alone)"
        )
    entry = read_json(tensors.metadata["chainrule"], "the header's 'chainrule' entry", budget(len(data)))
    model = _model(entry)
    model.state = _state(tensors, parameter_shapes(model.modules) | buffer_shapes(model.modules), model.dtype)
    return model


def _model(entry: dict[str, Any]) -> Model:
    version = entry.get("format")
    if type(version) is not int or version < 1:
        raise FileError(f"format is {show(version)}; expected {FORMAT}")
    if version > FORMAT:
        raise FileError(
            f"it has format {show(version)}, newer than {FORMAT}, the newest known here. Update chainrule"
        )
    if set(entry) != KEYS:
        odd = sorted(set(entry) ^ KEYS)
        raise FileError(f"its header must have the entries {', '.join(sorted(KEYS))}; wrong: {short_list(odd)}")
    dtype, modules, training = entry["dtype"], entry["modules"], entry["training"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise FileError(f"dtype is {show(dtype)}; expected {' or '.join(DTYPES)}")
    if not isinstance(modules, list) or not all(isinstance(m, dict) for m in modules):
        raise FileError("'modules' is no list of objects")
    if not 0 < len(modules) <= MOST_LAYERS:
        raise FileError(f"it declares {len(modules)} modules; expected 1 to {MOST_LAYERS}")
    if not isinstance(training, dict):
        raise FileError("'training' is no object")
    return Model(
        tuple(make(module) for module in modules),
        np.dtype(dtype),
        _thing(LOSSES, entry["loss"]),
        _thing(PREPROCESSING, entry["preprocessing"]),
        _thing(TARGETS, entry["target"]),
        training,
    )


def _thing(registry: Any, spec: Any) -> Any:
    if spec is None:
        return None
    if not isinstance(spec, dict):
        raise FileError(f"a {registry.kind} must be an object or null, not {show(spec)}")
    return registry.make(spec)


def _state(tensors: Tensors, shapes: Mapping[str, Shape], dtype: DType) -> dict[str, Array]:
    """The arrays, once every entry is exactly what the layers imply."""
    if set(tensors.entries) != set(shapes):
        missing, extra = sorted(set(shapes) - set(tensors.entries)), sorted(set(tensors.entries) - set(shapes))
        said = [
            f"{word} {short_list(found, 5)}" for word, found in (("missing", missing), ("unknown", extra)) if found
        ]
        raise FileError(f"its tensors are not those of its layers: {'; '.join(said)}")
    for name, shape in shapes.items():
        entry = tensors.entries[name]
        if (entry.dtype, entry.shape) != (dtype_name(dtype), shape):
            raise FileError(
                f"{name} must be {dtype_name(dtype)} of shape {show(shape)}; the header says {entry.dtype} of "
                f"shape {show(entry.shape)}"
            )
    state = {name: tensors.array(name) for name in shapes}
    for name, array in state.items():
        finite(name, array)
    return state
