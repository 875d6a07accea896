"""A training step allocates nothing: every array was allocated before the first one."""

import gc
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.engine.threads import blas_threads
from chainrule.losses import LOSSES
from chainrule.network import MLP
from chainrule.optimizers import OPTIMIZERS
from chainrule.schedules import SCHEDULES
from chainrule.training import Trainer

ROWS, BATCH, D, HIDDEN, K = 2_300, 1_000, 20, 32, 5
# Bytes. Python's own objects of a step (views, floats, frames) come and go: about 2,500 at any one moment.
LIMIT = 3_500
EMBEDDING = {"name": "embedding", "columns": [0, 3], "categories": [4, 9], "widths": [3, 2]}
ONE_NUMBER_A_ROW = 4 * BATCH  # bytes: the smallest array that a loss might make anew


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for one another make a step of these small matrices ten times slower on a busy machine."""
    with blas_threads(1):
        yield


def growth(activation, loss, optimizer, targets_for, whole=False, engine="numpy", **more):
    """The most bytes that 60 steps held at any moment beyond what was there before them."""
    rng = np.random.default_rng(0)
    network = MLP([D, HIDDEN, HIDDEN, K], activation, seed=0, **more)
    loss, batch = LOSSES.make(loss), ROWS if whole else BATCH
    X = rng.normal(size=(ROWS, D)).astype("float32")
    raw = next(iter(targets_for(loss, ROWS, K, rng).values()))
    trainer = Trainer(
        network,
        X,
        loss.prepare(raw, ROWS, K, network.dtype),
        loss=loss,
        optimizer=OPTIMIZERS.make(optimizer),
        schedule=SCHEDULES.make("one_cycle"),
        batch_size=batch,
        epochs=200,
        validation=None,
        seed=0,
        shuffle=True,
        callbacks=[],
        engine=engine,
    )
    order = rng.permutation(ROWS)
    batches = [order[i : i + batch] for i in range(0, ROWS, batch)]
    gc.collect()
    gc.disable()
    # NumPy itself buffers where it broadcasts: 8192 numbers, whatever the size of the arrays. Here fewer.
    buffered = np.setbufsize(256)
    tracemalloc.start()
    try:
        # A plan is made when its size is first met, and Python's free lists fill up within some steps.
        for step in range(42):
            trainer.step(batches[step % len(batches)])
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for step in range(60):
            trainer.step(batches[step % len(batches)])
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
        np.setbufsize(buffered)
        gc.enable()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_allocates_nothing_whatever_the_loss(loss, targets_for):
    assert growth("relu", loss, "sgd", targets_for) < LIMIT


@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh"])
def test_a_step_of_the_fused_gear_allocates_nothing(activation, loss, optimizer, targets_for):
    pytest.importorskip("numba")
    assert growth(activation, loss, optimizer, targets_for, engine="fused") < LIMIT


@pytest.mark.parametrize("optimizer", [rule for rule in OPTIMIZERS.examples() if not rule.full_batch], ids=repr)
def test_a_step_allocates_nothing_whatever_the_optimizer(optimizer, targets_for):
    assert growth("relu", "cross_entropy", optimizer, targets_for) < LIMIT


# The exact gelu makes Python's numbers, a row at a time; tracing all of them takes half a minute.
@pytest.mark.parametrize("activation", ["gelu:form=tanh" if name == "gelu" else name for name in ACTIVATIONS])
def test_a_step_allocates_nothing_whatever_the_activation(activation, targets_for):
    assert growth(activation, "cross_entropy", "adam", targets_for) < LIMIT


@pytest.mark.parametrize(
    "more",
    [
        {"dropout": 0.3},
        {"normalization": "batch_norm"},
        {"normalization": "layer_norm"},
        {"residual": True, "normalization": "batch_norm", "dropout": 0.1},
        {"activation": "prelu"},
        {"activation": "prelu:shared=false"},
        {"embedding": EMBEDDING},
    ],
    ids=str,
)
def test_a_step_allocates_nothing_whatever_the_layers(more, targets_for):
    # np.add.at, which adds up an embedding's gradient, makes an iterator of 5,200 bytes whatever the number of rows
    limit = LIMIT + 3_000 * ("embedding" in more)
    more = {"activation": "relu", **more}
    assert growth(more.pop("activation"), "cross_entropy", "adam", targets_for, **more) < limit


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_on_all_rows_allocates_nothing(loss, targets_for):
    assert growth("tanh", loss, "adam", targets_for, whole=True) < LIMIT


@dataclass(frozen=True)
class Wasteful(Activation):
    """A tanh that makes an array of its own each time."""

    name = "wasteful"
    backward_reads = "a"

    def forward(self, z, out=None, scratch=None):
        return np.add(np.tanh(z), 0, out=out)

    def backward(self, da, z, a, out=None, scratch=None):
        return np.multiply(da, 1 - a * a, out=out)


def test_and_this_test_can_fail(targets_for):
    assert growth(Wasteful(), "cross_entropy", "adam", targets_for) > BATCH * HIDDEN * 4
    assert LIMIT < ONE_NUMBER_A_ROW
