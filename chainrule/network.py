"""Network: layers and activations in a row, their parameters, and what a user asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule import saving
from chainrule.activations import ACTIVATIONS, Activation
from chainrule.core import checks
from chainrule.core.errors import ChainruleError, InputError, NotFittedError, SettingError
from chainrule.core.params import Params
from chainrule.core.rng import generator
from chainrule.core.settings import MOST_SIZE, file_path, show, whole
from chainrule.core.types import Array
from chainrule.core.weights import load
from chainrule.engine.predictor import Predictor, decide, restored
from chainrule.initializers import INITIALIZERS, Initializer
from chainrule.layers import Layer, Module
from chainrule.layers._chain import build, check_batch_size, check_chain, check_width, start
from chainrule.layers._ends import check_ends
from chainrule.layers._mlp import mlp_modules
from chainrule.layers.base import buffer_shapes, parameter_shapes, views
from chainrule.losses import LOSSES, Loss
from chainrule.preprocessing import Preprocessing
from chainrule.summary import Summary, summarize
from chainrule.targets import Target

Spec = Module | str | Mapping[str, Any]  # a module, its name, or its name and settings
CHUNK = 4096  # rows computed at once when predicting, so that memory stays bounded


class Network:
    """Modules one after the other: layers with parameters, activations without.

    ``modules`` are things or their names and settings (``"relu"``, ``"leaky_relu:slope=0.1"``); a layer described
    without its width takes that of what comes before. Weights start from ``seed``, by ``initializer`` or, unless
    told, by what suits the activation after each layer (He for ReLU, Glorot for the others); biases start at 0.
    ``weights``, a state_dict under PyTorch's names, are taken instead. ``dtype`` is float32 or float64.

    ``loss`` decides what outputs mean (``fit`` sets it). ``preprocessing`` and ``target`` travel with the
    network: with them it takes raw features and gives values in the target's own unit.

    Raises ShapeError when a layer doesn't take what the one before it gives.
    """

    def __init__(
        self,
        modules: Sequence[Spec],
        *,
        seed: int = 0,
        dtype: DTypeLike = "float32",
        initializer: str | Initializer | None = None,
        loss: str | Loss | None = None,
        preprocessing: Preprocessing | None = None,
        target: Target | None = None,
        weights: Mapping[str, Any] | None = None,
    ) -> None:
        self.modules = build(modules)
        self.dtype = checks.float_dtype(dtype)
        self.loss = None if loss is None else LOSSES.make(loss)
        self.preprocessing = preprocessing
        self.target = target
        self.training: dict[str, Any] = {}  # facts of the fit: steps, rows, settings
        self.d_in, self.d_out = check_chain(self.modules)
        if self.loss is not None:
            self.core_modules(self.loss)
        self.params = Params(parameter_shapes(self.modules), self.dtype)
        self.buffers = Params(buffer_shapes(self.modules), self.dtype)
        self._views = self._make_views()
        check_ends(self.d_in, self.d_out, preprocessing, target)
        self.initialize(initializer, seed)
        if weights is not None:
            load(self.state_dict(), weights)

    def __getstate__(self) -> dict[str, Any]:
        # A copied view would be an array of its own; a copy makes its views afresh.
        return {name: value for name, value in vars(self).items() if name != "_views"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._views = self._make_views()

    def _make_views(self) -> list[dict[str, Array]]:
        """The parameters and buffers of each module by letter; nothing for an activation."""
        return [
            views(i, module, self.params, self.buffers) if isinstance(module, Layer) else {}
            for i, module in enumerate(self.modules)
        ]

    def initialize(self, initializer: str | Initializer | None = None, seed: int = 0) -> None:
        """Draw all weights afresh."""
        rng = generator(seed, "initialization")
        told = None if initializer is None else INITIALIZERS.make(initializer)
        with np.errstate(over="ignore"):
            start(self.modules, self._views, told, rng)
        if not np.isfinite(self.params.theta).all():
            raise SettingError(f"the initial weights are too large for {self.dtype.name}; try a smaller scale")

    def __repr__(self) -> str:
        return f"Network({', '.join(map(repr, self.modules))})"

    def state_dict(self) -> dict[str, Array]:
        """Parameters and buffers by PyTorch's names ("0.weight"), as views: writing changes the network."""
        return {**self.params, **self.buffers}

    def core_modules(self, loss: Loss) -> tuple[Module, ...]:
        """The modules up to the logits: without a last activation that is the loss's own link.

        Refuses a softmax or sigmoid under a loss that wants logits.
        """
        last = self.modules[-1]
        if isinstance(last, Activation) and last.name == loss.link:
            return self.modules[:-1]
        if last.name in ("softmax", "sigmoid") and loss.wants_logits:
            itself = "" if loss.link == "identity" else f" and applies {loss.link} itself"
            raise SettingError(
                f"the network ends in {last.name}, but {loss.name} takes logits{itself}. "
                f"Remove the last activation, or use a loss made for {last.name}",
                guard="probabilities-as-logits",
            )
        return self.modules

    # -- using it ---------------------------------------------------------------------------------------

    def logits(self, X: ArrayLike) -> Array:
        """The values before the loss's link, (n, d_out); without a loss, those of the last module."""
        out = self.core_logits(self.loss, self.features(X))
        if not np.isfinite(out).all():
            row = int(np.argwhere(~np.isfinite(out))[0, 0])
            raise InputError(
                f"the network's output for row {row} is not finite: its weights or that row's features are too "
                f"large for {self.dtype.name}. Scale the features as they were in training, or use float64"
            )
        return out

    def core_logits(self, loss: Loss | None, x: Array) -> Array:
        """The logits that ``loss`` would take, of features already preprocessed and checked."""
        modules = self.modules if loss is None else self.core_modules(loss)
        out = np.empty((len(x), self.d_out), self.dtype)
        with np.errstate(all="ignore"):
            for start in range(0, len(x), CHUNK):
                out[start : start + CHUNK] = self._forward(modules, x[start : start + CHUNK])
        return out

    def _forward(self, modules: Sequence[Module], x: Array) -> Array:
        for module, p in zip(modules, self._views, strict=False):
            x = module.forward(x, p) if isinstance(module, Layer) else module.forward(x)
        return x

    def predict(self, X: ArrayLike) -> Array:
        """Class ids, (n,), or values, (n, d_out) in the unit of the target."""
        return restored(self.target, decide(self._known_loss(), self.logits(X)))

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities, (n, d_out); with one yes-or-no output (n, 2), no first, as scikit-learn has it."""
        loss = self._known_loss()
        if loss.task != "classes":
            raise NotFittedError(f"{loss.name} gives values, not probabilities; use predict")
        if not loss.gives_probabilities:
            raise NotFittedError(
                f"{loss.name} learns no probabilities; use predict, or net.logits(X) for the scores. For "
                "probabilities train with cross_entropy or binary_cross_entropy"
            )
        return self.probabilities(loss, self.logits(X))

    def probabilities(self, loss: Loss, logits: Array) -> Array:
        """What ``predict_proba`` gives for these logits."""
        with np.errstate(all="ignore"):
            p = ACTIVATIONS.make(loss.link).forward(logits)
        return np.hstack([1 - p, p]) if self.d_out == 1 else p

    def predictor(self, rows: int = 1, engine: Literal["auto", "numpy", "fused"] = "auto") -> Predictor:
        """``p = net.predictor(); p(x)`` gives what ``predict`` gives, for up to ``rows`` rows; allocates once.

        ``engine`` is that of ``fit``; the fused one agrees with ``predict`` to rounding, the other to the bit.
        """
        whole("rows", rows, most=MOST_SIZE)
        loss = self._known_loss()
        modules = self.core_modules(loss)
        return Predictor(modules, self._views, rows, self.dtype, loss, self.preprocessing, self.target, engine)

    def _known_loss(self) -> Loss:
        if self.loss is None:
            raise NotFittedError(
                "this network has no loss yet, so its outputs have no meaning: fit it first, pass loss= when "
                "building it, or ask for net.logits(X)"
            )
        return self.loss

    def features(self, X: Any) -> Array:
        """``X`` preprocessed and checked: finite, (n, d_in), of the network's dtype."""
        if self.preprocessing is not None:
            x = checks.matrix("X", self.preprocessing.transform(X), self.dtype)
        else:
            x = checks.matrix("X", X, self.dtype)
        check_width(self.modules, self.d_in, x)
        if isinstance(self.modules[0], Layer):
            self.modules[0].check(x)
        return x

    def check_batch_size(self, rows: int) -> None:
        """Refuse to train on batches of so few rows where a layer needs more."""
        whole("rows", rows, most=MOST_SIZE)
        check_batch_size(self.modules, rows)

    def summary(self) -> Summary:
        """Layers, shapes, parameters, operations and bytes; print it."""
        return summarize(self.modules, self.dtype)

    def save(self, path: str | Path) -> None:
        """Write one safetensors file: weights under PyTorch's names, everything else in its header."""
        saving.write(
            file_path("path", path),
            saving.Model(
                self.modules,
                self.dtype,
                self.loss,
                self.preprocessing,
                self.target,
                self.training,
                self.state_dict(),
            ),
        )

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """The network of a model file. Nothing in the file is run; whatever doesn't fit is refused in one line."""
        path = file_path("path", path)
        model = saving.read(path)
        try:
            network = cls(
                model.modules,
                dtype=model.dtype,
                initializer="zeros",
                loss=model.loss,
                preprocessing=model.preprocessing,
                target=model.target,
            )
        except ChainruleError as problem:
            raise saving.refusal(path, problem) from None
        network.training = dict(model.training)
        state = network.state_dict()
        for name, array in model.state.items():
            state[name][:] = array
        return network


def check_network(what: str, value: Any) -> None:
    """Refuse what is no network, for functions that take one first."""
    if not isinstance(value, Network):
        raise InputError(f"{what} takes a chainrule Network first; not {show(value)}")


def MLP(
    sizes: Sequence[int],
    activation: Spec | Sequence[Spec] = "relu",
    *,
    output: Spec | None = None,
    dropout: float = 0.0,
    normalization: Spec | None = None,
    residual: bool = False,
    embedding: Spec | None = None,
    **settings: Any,
) -> Network:
    """A multilayer perceptron: Dense layers of the given ``sizes`` (features, hidden ..., outputs).

    ``activation`` stands after each but the last, one for all or a list; ``output``, if given, after the last one.
    ``normalization``, "batch_norm" or "layer_norm", stands before each activation, ``dropout`` is the rate after
    it. With ``residual`` a hidden layer as wide as the one before it is a residual block. ``embedding`` stands
    first. The settings are those of ``Network``: seed, dtype, initializer, loss.
    """
    modules = mlp_modules(
        sizes,
        activation,
        output=output,
        dropout=dropout,
        normalization=normalization,
        residual=residual,
        embedding=embedding,
    )
    return Network(modules, **settings)
