from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.errors import SettingError, ShapeError
from chainrule.core.settings import MOST_SIZE, show, told, whole, write, yes_or_no
from chainrule.core.types import Array, Shape
from chainrule.initializers import INITIALIZERS, Initializer
from chainrule.layers import _chain
from chainrule.layers._in_torch import residual
from chainrule.layers.base import LAYERS, Layer, Module, Out, Rng, Views, buffer_shapes, make, parameter_shapes


@LAYERS.register("residual")
@dataclass(frozen=True)
class Residual(Layer):
    """z = f(x) + x, or f(x) + x @ P.T.  f: ``modules`` one after the other.  He, Zhang, Ren & Sun 2016.

    The gradient reaches x past f as well, so that networks of many blocks still train. f gives as many features as
    it takes; with ``projection`` it may give others, and P: (d_out, d_in) is learned. Modules are written as in a
    network, ``("dense:d_out=64", "batch_norm", "relu")``, and kept in that form, sizes filled in. ``d_in`` left
    out is the width of what comes before, or that of the first module that has one.

    Parameters have the names of the modules they are in: "0.weight", "projection.weight".
    """

    modules: tuple[str, ...]
    projection: bool = False
    d_in: int = 0
    inner: tuple[Module, ...] = field(init=False, repr=False, compare=False)

    examples = (
        {"modules": ["dense:d_in=4,d_out=6", "relu", "dense:d_out=4"]},
        {"modules": ["batch_norm", "tanh", "dense:d_out=5"], "d_in": 3, "projection": True},
        {"modules": ["gelu", "dense:d_out=4", "tanh", "leaky_relu", "dropout"], "d_in": 4},
    )

    def __post_init__(self) -> None:
        if not isinstance(self.modules, tuple | list) or not self.modules:
            raise SettingError(
                f"residual: modules is a list, as in ['dense:d_in=8,d_out=8', 'relu']; not {show(self.modules)}"
            )
        yes_or_no("residual: projection", self.projection)
        whole("residual: d_in", self.d_in, least=0, most=MOST_SIZE)
        inner = _chain.build(self.modules, self.d_in or None)
        if any(
            isinstance(module, Residual) or (isinstance(module, Layer) and module.takes_codes) for module in inner
        ):
            raise SettingError("residual: its modules are no residual blocks and no embeddings")
        d_in, d_out = _chain.check_chain(inner)
        if self.d_in not in (0, d_in):
            raise SettingError(f"residual: its modules take {d_in} features, but d_in is {self.d_in}")
        if d_in != d_out and not self.projection:
            raise ShapeError(
                f"residual: its modules turn {d_in} features into {d_out}, so their sum with x needs "
                "projection=true, or a last layer of the first one's width"
            )
        texts = tuple(map(_text, inner))
        names = {f"{i}.{letter}": f"{i}.{name}" for i, letter, name in _named(inner, "parameter_names")}
        computed = {
            "modules": texts,
            "d_in": d_in,
            "d_out": d_out,
            "inner": inner,
            "parameter_names": names | ({"P": "projection.weight"} if self.projection else {}),
            "buffer_names": {f"{i}.{letter}": f"{i}.{name}" for i, letter, name in _named(inner, "buffer_names")},
            "least_rows": max(module.least_rows for module in inner if isinstance(module, Layer)),
        }
        for name, value in computed.items():
            object.__setattr__(self, name, value)

    def shapes(self) -> dict[str, Shape]:
        found = self._by_letter(parameter_shapes(self.inner), self.parameter_names)
        return found | ({"P": (self.d_out, self.d_in)} if self.projection else {})

    def buffer_shapes(self) -> dict[str, Shape]:
        return self._by_letter(buffer_shapes(self.inner), self.buffer_names)

    @staticmethod
    def _by_letter(shapes: Mapping[str, Shape], names: Mapping[str, str]) -> dict[str, Shape]:
        return {letter: shapes[name] for letter, name in names.items() if name in shapes}

    def parts(self, p: Views) -> list[dict[str, Array]]:
        """The parameters and buffers of each module within, by its own letters."""
        found: list[dict[str, Array]] = [{} for _ in self.inner]
        for key, array in p.items():
            index, _, letter = key.partition(".")
            if letter:
                found[int(index)][letter] = array
        return found

    def start(self, p: Views, told: Initializer | None, suited: str, rng: np.random.Generator) -> None:
        _chain.start(self.inner, self.parts(p), told, rng, suited)
        if self.projection:
            (told or INITIALIZERS.make("xavier")).fill(p["P"], rng)

    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        self.start(p, initializer, "xavier", rng)

    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        s = Rooms(x, self) if scratch is None else scratch
        before = x
        for module, part, value, room in zip(self.inner, s.parts(p), s.values, s.scratch, strict=True):
            if isinstance(module, Layer):
                module.forward(before, part, value, room, rng)
            else:
                module.forward(before, value, room)
            before = value
        straight = np.matmul(x, p["P"].T, out=s.straight) if self.projection else x
        return np.add(before, straight, out=out)

    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        s = scratch
        if s is None:
            s = Rooms(x, self)
            self.forward(x, p, None, s)
        if self.projection:
            np.matmul(dz.T, x, out=g["P"])
        p_parts, g_parts = s.parts(p), s.parts(g)
        gradients: list[Array | None] = [out, *s.gradients, dz]
        d: Array | None = dz
        for i in reversed(range(len(self.inner))):
            module, room, before, to = self.inner[i], s.scratch[i], s.values[i - 1] if i else x, gradients[i]
            assert d is not None
            if isinstance(module, Layer):
                d = module.backward(d, before, p_parts[i], g_parts[i], to, room, wants_dx=wants_dx or i > 0)
            elif wants_dx or i > 0:
                d = module.backward(d, before, s.values[i], to, room)
        if not wants_dx:
            return None
        assert d is not None
        d += np.matmul(dz, p["P"], out=s.back) if self.projection else dz
        return d

    def scratch_for(self, x: Array) -> Rooms:
        return Rooms(x, self)

    def operations(self) -> int:
        width, total = self.d_in, self.d_out + 2 * self.d_in * self.d_out * self.projection
        for module in self.inner:
            width = module.d_out if isinstance(module, Layer) else width
            total += module.operations() if isinstance(module, Layer) else module.operations * width
        return total

    def in_torch(self, torch: Any) -> Any:
        inner = [module.in_torch(torch) for module in self.inner]
        if any(module is None for module in inner):
            return None
        return residual(torch, inner, (self.d_in, self.d_out) if self.projection else None)


class Rooms:
    """The values between the modules of a block and their gradients, sharing buffers as the engine does."""

    def __init__(self, x: Array, layer: Residual) -> None:
        n, dtype, inner = len(x), x.dtype, layer.inner
        self.values: list[Array] = []
        before: Module | None = None
        for module in inner:
            # Over z where nobody reads that again: a layer's backward doesn't read its output
            in_place = isinstance(before, Layer) and not isinstance(module, Layer) and module.backward_reads == "a"
            width = module.d_out if isinstance(module, Layer) else (self.values or [x])[-1].shape[1]
            self.values.append(self.values[-1] if in_place else np.empty((n, width), dtype))
            before = module
        self.gradients: list[Array] = []  # of what stands between two modules
        for i in reversed(range(1, len(inner))):
            over_da = not isinstance(inner[i], Layer) and bool(self.gradients)
            new = self.gradients[0] if over_da else np.empty_like(self.values[i - 1])
            self.gradients.insert(0, new)
        self.scratch = [module.scratch_for(v) for module, v in zip(inner, [x, *self.values], strict=False)]
        if layer.projection:
            self.straight, self.back = np.empty((n, layer.d_out), dtype), np.empty_like(x)
        self._layer = layer
        self._known: dict[int, tuple[Views, list[dict[str, Array]]]] = {}

    def parts(self, p: Views) -> list[dict[str, Array]]:
        """The parts of p, or of g, made once: the engine hands in the same ones each time."""
        found = self._known.get(id(p))
        if found is None or found[0] is not p:
            found = self._known[id(p)] = (p, self._layer.parts(p))
        return found[1]


def _named(inner: tuple[Module, ...], which: str) -> list[tuple[int, str, str]]:
    """Index, letter and name of all parameters or buffers within."""
    return [
        (i, letter, name)
        for i, module in enumerate(inner)
        if isinstance(module, Layer)
        for letter, name in getattr(module, which).items()
    ]


def _text(module: Module) -> str:
    """The module as ``make`` reads it from a text, so that a file can hold it."""
    text = write(module.name, told(module))
    if make(text) != module:
        raise SettingError(f"residual: {module!r:.80} can't be written as a name and settings; register it first")
    return text
