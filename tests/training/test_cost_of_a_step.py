"""What a training step costs beside its mathematics: calls of Python and allocations, counted, never timed."""

import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.engine import blas_threads
from chainrule.training.trainer import Trainer

SIZES, ROWS, BATCH = [20, 64, 64, 3], 640, 64

# Of a training with two hidden layers and Adam: functions written in Python that a step enters, and functions of C
# that it calls from Python. NumPy's matmul and its like, and compiled loops, are neither: they cost what they compute.
CALLS = {"numpy": (23, 14), "fused": (16, 6)}


def trainer(engine, optimizer, rows=ROWS, **settings):
    rng = np.random.default_rng(0)
    held = []

    class Keep(cr.Callback):
        def on_fit_start(self, trainer: Trainer) -> None:
            held.append(trainer)

    net = cr.MLP(SIZES, seed=0)
    X, y = rng.standard_normal((rows, SIZES[0])), rng.integers(0, SIZES[-1], rows)
    given = {"loss": "cross_entropy", "optimizer": optimizer, "batch_size": BATCH, "epochs": 1, "engine": engine}
    cr.fit(net, X, y, **given, callbacks=[Keep()], **settings)
    return held[0]


def in_training(trainer, run):
    rows = np.arange(BATCH)[::-1].copy()
    with np.errstate(all="ignore"), blas_threads(1):
        trainer.step(rows)
        return run(lambda: trainer.step(rows))


def counted(step, steps=10):
    """Calls a step: of Python's functions, and of C's."""
    found = {"call": 0, "c_call": 0}

    def count(frame, event, argument):
        if event in found:
            found[event] += 1

    sys.setprofile(count)
    try:
        for _ in range(steps):
            step()
    finally:
        sys.setprofile(None)
    return found["call"] / steps, (found["c_call"] - 1) / steps  # the last one is setprofile


@pytest.mark.parametrize("engine", CALLS)
def test_a_step_calls_no_more_than_it_did(engine):
    if engine == "fused":
        pytest.importorskip("numba")
    python, c = in_training(trainer(engine, "adam"), counted)
    assert python - 1 <= CALLS[engine][0]  # but for in_training's own
    assert c <= CALLS[engine][1]


def test_a_step_costs_as_many_calls_whatever_its_size():
    few = in_training(trainer("numpy", "adam", rows=128), counted)
    assert in_training(trainer("numpy", "adam", rows=6400), counted) == few


def test_what_nobody_asked_for_costs_no_call():
    """Regularizers, metrics, callbacks and validation are paid for by those who ask for them."""
    plain = in_training(trainer("numpy", "adam"), counted)
    asked = in_training(trainer("numpy", "adam", regularization=["l2:strength=0.1"]), counted)
    assert asked[0] > plain[0]


def test_the_guards_cost_a_step_one_look_at_its_loss():
    """Weights are looked at and copied every hundred steps; a step is taken apart only when it has failed."""
    found = {}
    for rows in (BATCH * 100, BATCH * 300):
        given = trainer("numpy", "adam", rows=rows)
        given.history.stopped, given.epochs, seen = None, given.epochs + 1, []

        def count(frame, event, argument, seen=seen):
            if event in ("call", "c_call"):
                seen.append(argument.__name__ if event == "c_call" else frame.f_code.co_name)

        with np.errstate(all="ignore"), blas_threads(1):
            given.state.begin_epoch()
            sys.setprofile(count)
            try:
                given._pass(given.part)
            finally:
                sys.setprofile(None)
        found[rows] = {name: seen.count(name) for name in ("isfinite", "keep", "finite", "diverged", "births")}
    few, many = found.values()
    assert few == {"isfinite": 100, "keep": 1, "finite": 2, "diverged": 0, "births": 0}
    assert many == {"isfinite": 300, "keep": 3, "finite": 4, "diverged": 0, "births": 0}
