"""Runs the rungs of a group from one starting point, each with every library it can run on.

1000 features, 100 hidden units, 10 outputs, 64 samples; data and weights from the standard normal, in float64.
Rungs 1, 4 and 5 compute the same thing, and so do 2 and 8; 6 and 7 start from ``Linear``'s own initialization and
are compared across libraries.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import textwrap
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import autograd
from chainrule.core.rng import generator
from chainrule.core.types import Array
from chainrule.engine import blas_threads

N, D_IN, HIDDEN, D_OUT = 64, 1000, 100, 10
STEPS = 500
COMPARED = 100  # steps over which curves must agree: rounding grows with every step after them
AGREEMENT = 1e-10  # how closely, relative to the loss
SMALL_RATE, RATE = 1e-6, 1e-4  # from standard normal weights 1e-4 overflows within five steps
TITLES = {
    1: "NumPy by hand, no biases",
    2: "NumPy by hand, with biases",
    3: "NumPy by hand, no activation",
    4: "tensors, by hand",
    5: "autograd",
    6: "modules",
    7: "an optimizer, Adam",
    8: "chainrule's engine",
}
CHAINRULE = "chainrule"
GROUPS = {"no biases": (1, 4, 5), "with biases": (2, 8), "modules": (6,), "an optimizer": (7,)}


@dataclass(frozen=True)
class Curve:
    """One rung on one library: the loss before each step, seconds a step, and the lines that its user wrote."""

    rung: int
    library: str
    losses: tuple[float, ...]
    seconds: float
    lines: int


@dataclass(frozen=True)
class Group:
    """Curves that should be one, from one starting point."""

    name: str
    curves: tuple[Curve, ...]

    def difference(self, steps: int) -> float | None:
        """The largest relative difference from the first curve over so many steps; None for a single curve."""
        if len(self.curves) < 2:
            return None
        first = np.array(self.curves[0].losses[:steps])
        others = [np.array(curve.losses[:steps]) for curve in self.curves[1:]]
        return float(np.max([np.abs(other - first) / np.abs(first) for other in others]))  # NaN stays NaN

    @property
    def parted(self) -> bool:
        """Whether the curves are not one over the first steps; NaN agrees with nothing."""
        difference = self.difference(COMPARED)
        return difference is not None and not difference <= AGREEMENT


def climb(rungs: Collection[int], steps: int = STEPS, seed: int = 0) -> Iterator[Group]:
    """Every group that has one of the rungs, with the curves of those; rung 3 is in ``quadrants``."""
    start = _Start(seed)
    for name, members in GROUPS.items():
        wanted = [rung for rung in members if rung in rungs]
        if wanted:
            with _one_thread():
                curves = tuple(curve for rung in wanted for curve in _curves(rung, start, steps))
            yield Group(name, curves)


@contextmanager
def _one_thread() -> Iterator[None]:
    """So that the times are those of the rungs, not of threads that wait for each other."""
    torch = libraries().get("PyTorch")
    before = torch and torch.get_num_threads()
    try:
        if torch:
            torch.set_num_threads(1)
        with blas_threads(1):
            yield
    finally:
        if torch:
            torch.set_num_threads(before)


def libraries() -> dict[str, Any]:
    """What rungs 4 to 7 can run on here."""
    found: dict[str, Any] = {CHAINRULE: autograd}
    try:
        import torch
    except (ImportError, OSError):  # not there, or its libraries do not load
        return found
    return {"PyTorch": torch, **found}


class _Start:
    """Data and weights; asked again it gives new copies of the same numbers."""

    def __init__(self, seed: int) -> None:
        data = cr.datasets.load(f"random:n={N},features={D_IN},targets={D_OUT},seed={seed}")
        self._x, self._y = data.X.astype(float), data.y.astype(float)
        rng = generator(seed, "ladder")
        self._normal = {
            "w1": rng.standard_normal((D_IN, HIDDEN)), "b1": rng.standard_normal((1, HIDDEN)),
            "w2": rng.standard_normal((HIDDEN, D_OUT)), "b2": rng.standard_normal((1, D_OUT)),
        }  # fmt: skip
        # What Linear draws: uniform within one over the root of its inputs
        self._linear = {
            "0.weight": rng.uniform(-1, 1, (HIDDEN, D_IN)) / np.sqrt(D_IN),
            "0.bias": rng.uniform(-1, 1, HIDDEN) / np.sqrt(D_IN),
            "2.weight": rng.uniform(-1, 1, (D_OUT, HIDDEN)) / np.sqrt(HIDDEN),
            "2.bias": rng.uniform(-1, 1, D_OUT) / np.sqrt(HIDDEN),
        }

    def data(self) -> tuple[Array, Array]:
        return self._x.copy(), self._y.copy()

    def weights(self, *names: str) -> list[Array]:
        return [self._normal[name].copy() for name in names]

    def model(self, torch: Any) -> Any:
        from chainrule.studies.ladder import rung_6

        model = rung_6.build(torch, D_IN, HIDDEN, D_OUT).double()
        model.load_state_dict({name: torch.tensor(value) for name, value in self._linear.items()})
        return model

    def network(self) -> Any:
        net = cr.MLP([D_IN, HIDDEN, D_OUT], "relu", dtype="float64")
        w1, b1, w2, b2 = self.weights("w1", "b1", "w2", "b2")
        for name, value in zip(net.params, (w1.T, b1[0], w2.T, b2[0]), strict=True):
            net.params[name][...] = value
        return net


def _curves(rung: int, start: _Start, steps: int) -> Iterator[Curve]:
    module = importlib.import_module(f"chainrule.studies.ladder.rung_{rung}")
    lines = sum(count_lines(function) for function in _written(module, rung))
    if rung in (1, 2):
        names = ("w1", "w2") if rung == 1 else ("w1", "b1", "w2", "b2")
        yield timed(rung, "NumPy", lines, module.train, (*start.data(), *start.weights(*names), SMALL_RATE), steps)
    elif rung == 8:
        given = (start.network(), *start.data(), SMALL_RATE)
        yield timed(rung, CHAINRULE, lines, module.train, given, steps)
    else:
        for name, torch in libraries().items():
            x, y = map(torch.tensor, start.data())
            if rung in (4, 5):
                given = (x, y, *map(torch.tensor, start.weights("w1", "w2")), SMALL_RATE)
            else:
                given = (start.model(torch), x, y, RATE)
            yield timed(rung, name, lines, partial(module.train, torch), given, steps)


def timed(
    rung: int, library: str, lines: int, train: Callable[..., list[float]], given: tuple[Any, ...], steps: int
) -> Curve:
    """The curve of a training; the time is without the first step's, in which libraries load what they need."""
    train(*copy.deepcopy(given), 1)
    begin = time.perf_counter()
    losses = train(*given, steps)
    return Curve(rung, library, tuple(map(float, losses)), (time.perf_counter() - begin) / len(losses), lines)


def _written(module: Any, rung: int) -> list[Callable[..., Any]]:
    """The functions that a person at this level writes: the training, and the network where there is one."""
    from chainrule.studies.ladder import rung_6

    return [module.train, rung_6.build] if rung in (6, 7) else [module.train]


def count_lines(function: Callable[..., Any]) -> int:
    """The lines of code in the body of a function, without docstring, comments and blank lines."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    statements = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    return len({
        line
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.expr | ast.stmt)
        for line in (node.lineno, node.end_lineno)
    })  # fmt: skip
