"""What the compiled loops gain, and where NumPy was left to do it: the figures of docs/decisions/0007.

    python benchmarks/kernels.py

Microseconds a call, the least of many on arrays that stay in the cache; float32, one thread.
"""

from __future__ import annotations

import math
import timeit
from collections.abc import Callable

import numba
import numpy as np

from chainrule.activations import ACTIVATIONS
from chainrule.core.features import Features
from chainrule.core.kernels import SETTINGS, loops
from chainrule.engine import blas_threads, fused
from chainrule.optimizers import OPTIMIZERS

RNG = np.random.default_rng(0)


def microseconds(call: Callable[[], object], number: int = 200) -> float:
    call()
    return min(timeit.repeat(call, number=number, repeat=30)) / number * 1e6


def show(what: str, **calls: Callable[[], object]) -> None:
    cells = "   ".join(f"{name} {microseconds(call):.1f}" for name, call in calls.items())
    print(f"{what:<50}{cells}")


def array(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape, np.float32)


def passes(shape: tuple[int, int]) -> None:
    """Bias and ReLU, and back: NumPy's passes against one loop."""
    relu = ACTIVATIONS.make("relu")
    value, slope, _ = relu.formulas()
    z, a, da, b, db = array(*shape), np.abs(array(*shape)), array(*shape), array(shape[1]), array(shape[1])
    mask, ones = relu.scratch_for(z), np.ones(len(z), np.float32)
    forward, backward = loops(fused._value_in_place, value).compiled, loops(fused._slope, slope).compiled

    def numpy_forward() -> None:
        np.add(z, b, out=z)
        relu.forward(z, z)

    def numpy_backward() -> None:
        relu.backward(da, a, a, da, mask)
        np.matmul(ones, da, out=db)

    show(f"bias and relu, {shape}", numpy=numpy_forward, loop=lambda: forward(z, b, ()))
    show(f"derivative and bias gradient, {shape}", numpy=numpy_backward, loop=lambda: backward(da, a, db, ()))
    show(
        f"sum over the rows, {shape}",
        reduce=lambda: np.add.reduce(da, axis=0, out=db),
        product=lambda: np.matmul(ones, da, out=db),
    )


def exponentials(shape: tuple[int, int]) -> None:
    """Why tanh and exp stay NumPy's."""

    def tanh(z: float) -> float:
        return math.tanh(z)

    z, b, a = array(*shape), array(shape[1]), array(*shape)
    loop = numba.njit(**SETTINGS | {"cache": False})(fused._value_in_place(numba.njit(tanh), ""))

    def numpy_tanh() -> None:
        np.add(z, b, out=a)
        np.tanh(a, out=a)

    show(f"bias and tanh, {shape}", numpy=numpy_tanh, loop=lambda: loop(a, b, ()))


def updates(size: int) -> None:
    for name in ("sgd", "adam"):
        optimizer = OPTIMIZERS.make(name)
        theta, grad = array(size), array(size)
        state, scratch = optimizer.start(theta), optimizer.scratch_for(theta)
        show(
            f"{name}, {size:,} parameters",
            numpy=lambda o=optimizer, a=(theta, grad, state, 9, 1e-9, scratch): o.step(*a),
            loop=lambda o=optimizer, a=(theta, grad, state, 9, 1e-9, scratch): o.fused(*a),
        )


def gathering(n: int) -> None:
    """Rows of 60,000 images in random order, most of them not in the cache."""
    raw = RNG.integers(0, 255, (60_000, 784)).astype(np.uint8)
    scaling = np.array([33.3]), np.array([78.6])
    pixels, floats = Features(raw, np.dtype("float32"), scaling), Features(raw.astype(np.float32))
    order, out, place = RNG.permutation(60_000), np.empty((n, 784), np.float32), [0]

    def rows() -> np.ndarray:
        place[0] = (place[0] + n) % (60_000 - n)
        return order[place[0] : place[0] + n]

    calls = {
        "floats": floats.gatherer(out, False),
        "bytes_numpy": pixels.gatherer(out, False),
        "bytes_loop": pixels.gatherer(out, True),
    }
    show(f"gathering {n} images", **{name: lambda call=call: call(rows()) for name, call in calls.items()})


def one_row(d_in: int, d_out: int) -> None:
    """A row through a layer: the product of NumPy, and the loop that has four units at a time."""
    x, W, b, a = array(1, d_in), array(d_out, d_in), array(d_out), array(1, d_out)
    value = ACTIVATIONS.make("relu").formulas().value
    loop = loops(fused._row, value).compiled

    def numpy_layer() -> None:
        np.matmul(x, W.T, out=a)
        np.add(a, b, out=a)
        np.maximum(a, 0, out=a)

    show(
        f"one row through dense and relu, {d_in} to {d_out}",
        numpy=numpy_layer,
        loop=lambda: loop(x[0], W, b, a[0], ()),
    )


def main() -> None:
    with np.errstate(all="ignore"), blas_threads(1):
        for shape in ((64, 128), (200, 64), (256, 1024)):
            passes(shape)
        exponentials((64, 128))
        updates(5_634)
        updates(109_386)
        gathering(64)
        gathering(128)
        one_row(784, 128)


if __name__ == "__main__":
    main()
