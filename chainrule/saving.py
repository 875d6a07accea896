"""The model file: one safetensors file, weights under PyTorch's names, everything else in a JSON header.

    0.weight (128, 784)   0.bias (128,)   2.weight ...      the state_dict of the same torch.nn.Sequential
    __metadata__["chainrule"]                               JSON: see ``Model``

It holds no time, path or host, so that equal trainings give equal files. Reading trusts nothing: the header is
checked against what the declared layers imply before any array is made, only names on the shelves are looked
up, and no code is ever run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from chainrule.core import files
from chainrule.core.errors import ChainruleError, FileError, MissingExtraError
from chainrule.core.settings import show
from chainrule.core.types import Array, DType
from chainrule.layers import Module, describe, make
from chainrule.layers.base import buffer_shapes, parameter_shapes
from chainrule.losses import LOSSES, Loss
from chainrule.preprocessing import PREPROCESSING, Preprocessing
from chainrule.targets import TARGETS, Target

FORMAT = 1
MOST_HEADER = 100_000_000  # bytes; safetensors' own limit
MOST_LAYERS = 10_000
DTYPES = {"float32": "F32", "float64": "F64"}
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
    save = writer()
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
    # safetensors keeps little-endian bytes; on a big-endian machine the arrays are turned here
    state = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for name, a in model.state.items()}
    files.write_whole(path, save(state, {"chainrule": text}))


def writer() -> Callable[..., bytes]:
    """safetensors' own writer; asked for before a training, so that nothing is trained that can't be saved."""
    try:
        from safetensors.numpy import save
    except ImportError:
        raise MissingExtraError("model files need safetensors; install it with: pip install safetensors") from None
    return cast("Callable[..., bytes]", save)


def read(path: Path) -> Model:
    """The model in a file; FileError says in one line why it is refused."""
    data = files.read(path, "a model file")
    try:
        return _parse(data)
    except ChainruleError as problem:
        raise refusal(path, problem) from None


def refusal(path: str | Path, problem: Exception) -> FileError:
    """The error for a file that can't be used, in one printable line whatever the file holds."""
    text = "".join(c if c.isprintable() else "?" for c in str(problem))
    return FileError(f"{path} is no model file that can be used: {text[:600]}")


def _parse(data: bytes) -> Model:
    header, start = _header(data)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or set(metadata) != {"chainrule"}:
        raise FileError(
            "its header doesn't say it is a chainrule model (__metadata__ must hold 'chainrule' alone)"
        )
    if not isinstance(metadata["chainrule"], str):
        raise FileError("the header's 'chainrule' entry is no text")
    model = _model(_json(metadata["chainrule"], "the header's 'chainrule' entry"))
    shapes = parameter_shapes(model.modules) | buffer_shapes(model.modules)
    model.state = _tensors(header, data, start, shapes, model.dtype)
    return model


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The outer JSON header and where the tensors begin."""
    if len(data) < 10:
        raise FileError(f"it has {len(data)} bytes, too few for a safetensors file")
    length = int.from_bytes(data[:8], "little")
    if length > min(len(data) - 8, MOST_HEADER):
        raise FileError(f"its header claims {length} bytes; the file has {len(data) - 8} after the length")
    header = _json(data[8 : 8 + length], "its header")
    return header, 8 + length


def _json(text: str | bytes, what: str) -> dict[str, Any]:
    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise FileError(f"{what} has a key twice")
        return found

    def refuse(constant: str) -> Any:
        raise FileError(f"{what} holds {constant}, which is no JSON")

    def finite(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise FileError(f"{what} holds the number {digits[:40]}, which is too large")
        return value

    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        text.encode("utf-8")  # an escape can make half a character, which no file can hold
        value = json.loads(text, object_pairs_hook=distinct, parse_constant=refuse, parse_float=finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as problem:
        raise FileError(f"{what} is no JSON: {str(problem)[:100]}") from None
    if not isinstance(value, dict):
        raise FileError(f"{what} is no JSON object")
    return value


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
        raise FileError(
            f"its header must have the entries {', '.join(sorted(KEYS))}; wrong: {', '.join(odd)[:200]}"
        )
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


def _tensors(
    header: dict[str, Any], data: bytes, start: int, shapes: dict[str, tuple[int, ...]], dtype: DType
) -> dict[str, Array]:
    """The arrays, once every entry is exactly what the layers imply and the entries tile the rest of the file."""
    if set(header) != set(shapes):
        missing, extra = sorted(set(shapes) - set(header)), sorted(set(header) - set(shapes))
        said = [
            f"{word} {', '.join(names[:5])[:200]}"
            for word, names in (("missing", missing), ("unknown", extra))
            if names
        ]
        raise FileError(f"its tensors are not those of its layers: {'; '.join(said)}")
    spans = []
    for name, shape in shapes.items():
        entry = header[name]
        wanted = {"dtype": DTYPES[dtype.name], "shape": list(shape)}
        offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
        if (
            offsets is None
            or not _pair(offsets)
            or {k: v for k, v in entry.items() if k != "data_offsets"} != wanted
        ):
            raise FileError(f"{name} must be {show(wanted, 200)}; the header says {show(entry, 200)}")
        first, last = offsets
        if last - first != math.prod(shape) * dtype.itemsize:
            raise FileError(
                f"{name} of shape {show(shape)} needs {show(math.prod(shape) * dtype.itemsize)} bytes, "
                f"not {show(last - first)}"
            )
        spans.append((first, last, name))
    end = 0
    for first, last, name in sorted(spans):
        if first != end:
            raise FileError(
                f"{name} begins at byte {show(first)} of the data; expected {end}, as tensors lie side by side"
            )
        end = last
    if start + end != len(data):
        raise FileError(f"its tensors take {end} bytes, but the file has {len(data) - start} for them")
    return {name: _array(name, data, start + first, shapes[name], dtype) for first, _, name in spans}


def _pair(offsets: Any) -> bool:
    return isinstance(offsets, list) and len(offsets) == 2 and all(type(o) is int and o >= 0 for o in offsets)


def _array(name: str, data: bytes, offset: int, shape: tuple[int, ...], dtype: DType) -> Array:
    array = np.frombuffer(data, dtype.newbyteorder("<"), math.prod(shape), offset).reshape(shape)
    if not np.isfinite(array).all():
        raise FileError(f"{name} holds NaN or infinity")
    return array
