"""What a layer is, and what the modules of a network are: layers and activations, one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.core.errors import UnknownNameError
from chainrule.core.registry import Registry
from chainrule.core.settings import nearest, parse
from chainrule.core.types import Array, Shape
from chainrule.initializers import INITIALIZERS, Initializer

Views = Mapping[str, Array]
Out = Array | None
Rng = np.random.Generator | None
NOTHING: Mapping[str, str] = MappingProxyType({})


class Layer(ABC):
    """z = f(x, parameters).  x: (n, d_in), z: (n, d_out).

    Parameters are views into a network's flat vector, handed in as ``p`` (and their gradients, to be filled,
    as ``g``) under the letters of the formula. Buffers, which training changes but no gradient does (running
    averages), lie in ``p`` as well. ``parameter_names`` and ``buffer_names`` give the names they have in files,
    which are PyTorch's. ``out=None`` makes a new array; ``out`` is never one of the inputs.

    ``rng`` is there in training only: with it dropout drops and batch_norm takes the batch's own statistics.
    What a forward pass leaves for its backward, a mask or a mean, it leaves in ``scratch``, which
    ``scratch_for`` made for a batch of that shape. Without scratch a backward is that of a forward outside
    training. ``dz`` and ``x`` are only read.
    """

    name: ClassVar[str]
    parameter_names: Mapping[str, str] = NOTHING  # letter -> name in a state_dict
    buffer_names: Mapping[str, str] = NOTHING

    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)  # settings to test it in
    width_setting: ClassVar[str] = "d_in"  # which setting is the width of what comes before, if it is left out
    initializer: ClassVar[str | None] = "xavier"  # suits a layer before it; None: what comes after decides
    is_activation: ClassVar[bool] = False  # stands where an activation is asked for
    is_normalization: ClassVar[bool] = False  # stands before an activation
    takes_codes: ClassVar[bool] = False  # its features are numbers of categories, so it stands first
    affine: ClassVar[bool] = False  # z = x @ W.T + b: compiled loops add b together with what comes after it
    least_rows: int = 1  # of a batch to train on

    d_in: int
    d_out: int

    @abstractmethod
    def shapes(self) -> dict[str, Shape]:
        """The shape of each parameter, by letter."""

    @abstractmethod
    def initialize(self, p: Views, initializer: Initializer, rng: np.random.Generator) -> None:
        """Write the initial values of the parameters and the buffers."""

    def start(self, p: Views, told: Initializer | None, suited: str, rng: np.random.Generator) -> None:
        """Write the initial values, by ``told`` or unless told by what suits what comes after the layer."""
        self.initialize(p, INITIALIZERS.make(suited) if told is None else told, rng)

    def buffer_shapes(self) -> dict[str, Shape]:
        """The shape of each buffer, by letter."""
        return {}

    def check(self, x: Array) -> None:  # noqa: B027 (most take everything)
        """Refuse, at the border, features that a first layer cannot take."""

    def example_input(self, rng: np.random.Generator, n: int) -> Array:
        """Rows to test it with, (n, d_in), float64."""
        return rng.standard_normal((n, self.d_in))

    @abstractmethod
    def forward(self, x: Array, p: Views, out: Out = None, scratch: Any = None, rng: Rng = None) -> Array:
        """z, (n, d_out)."""

    def fused_forward(self, x: Array, p: Views, out: Array, scratch: Any, rng: Rng) -> Array:
        """The same as ``forward``, in compiled loops where there are some."""
        return self.forward(x, p, out, scratch, rng)

    @abstractmethod
    def backward(
        self, dz: Array, x: Array, p: Views, g: Views, out: Out = None, scratch: Any = None, wants_dx: bool = True
    ) -> Array | None:
        """Fill ``g`` with the parameters' gradients and return dx, (n, d_in); None where nobody wants it.

        z is not among what it may read: the activation after the layer has written over it.
        """

    def scratch_for(self, x: Array) -> Any:
        """Working memory for batches shaped like ``x``, allocated once by the engine."""
        return None

    def in_torch(self, torch: Any) -> Any:
        """The same as a module of ``torch``, PyTorch or ``chainrule.autograd``, with the same parameter names."""
        return None

    @abstractmethod
    def operations(self) -> int:
        """Floating-point operations of a forward pass, a row."""


LAYERS: Registry[Layer] = Registry("layer", __name__, __file__)

Module = Layer | Activation


def make(spec: object, width: int | None = None) -> Module:
    """A layer or an activation from a name, a mapping with a ``name``, or itself.

    ``width``, of what comes before, is taken for a layer described without it.
    """
    if isinstance(spec, Layer | Activation):
        return spec
    name = spec.get("name") if isinstance(spec, Mapping) else spec
    if not isinstance(name, str):
        return LAYERS.make(spec)
    text = name.partition(":")[0]
    if text in ACTIVATIONS:
        return ACTIVATIONS.make(spec)
    if text in LAYERS:
        if width is None:
            return LAYERS.make(spec)
        given = dict(spec) if isinstance(spec, Mapping) else {"name": text, **parse(str(spec))[1]}
        return LAYERS.make({LAYERS[text].width_setting: width, **given})
    raise UnknownNameError(f"unknown layer or activation {text!r:.80}.{nearest(text, [*LAYERS, *ACTIVATIONS])}")


def describe(module: Module) -> dict[str, Any]:
    """What ``make`` takes to build an equal module."""
    return ACTIVATIONS.describe(module) if isinstance(module, Activation) else LAYERS.describe(module)


def activation_names() -> tuple[str, ...]:
    """What can stand where an activation is asked for: the activations, and layers such as prelu."""
    return tuple(sorted([*ACTIVATIONS, *(name for name, cls in LAYERS.classes().items() if cls.is_activation)]))


def normalization_names() -> tuple[str, ...]:
    """Layers that can stand between a dense layer and its activation."""
    return tuple(name for name, cls in LAYERS.classes().items() if cls.is_normalization)


def parameter_shapes(modules: tuple[Module, ...]) -> dict[str, Shape]:
    """Shapes of all parameters, named as in the state_dict of the same ``torch.nn.Sequential``: "0.weight"."""
    return {
        f"{i}.{module.parameter_names[letter]}": shape
        for i, module in enumerate(modules)
        if isinstance(module, Layer)
        for letter, shape in module.shapes().items()
    }


def buffer_shapes(modules: tuple[Module, ...]) -> dict[str, Shape]:
    """Shapes of all buffers, named like parameters: "1.running_mean"."""
    return {
        f"{i}.{module.buffer_names[letter]}": shape
        for i, module in enumerate(modules)
        if isinstance(module, Layer)
        for letter, shape in module.buffer_shapes().items()
    }


def views(index: int, layer: Layer, params: Views, buffers: Views | None = None) -> dict[str, Array]:
    """The parameters of module ``index``, and its buffers if wanted, by letter: ``{"W": ..., "b": ...}``."""
    found = {letter: params[f"{index}.{name}"] for letter, name in layer.parameter_names.items()}
    if buffers is not None:
        found |= {letter: buffers[f"{index}.{name}"] for letter, name in layer.buffer_names.items()}
    return found
