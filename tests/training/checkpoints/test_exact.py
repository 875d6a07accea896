"""A training that goes on from a checkpoint is, bit for bit, the one that was never stopped."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.optimizers import stepwise
from chainrule.regularizers import REGULARIZERS
from chainrule.schedules import SCHEDULES
from chainrule.training.checkpoints import Checkpoints, file

STOPS = (1, 2, 4, 5, 8, 9, 15, 16)  # of 16 steps in 4 epochs: before any checkpoint, within epochs, at their ends


def same(problem, stops=STOPS, **settings):
    """Whether the training ends alike wherever it was stopped; ``settings`` are made anew for each process."""
    made = settings.pop("anew", dict)
    expected = problem.train(**settings, **made())
    for stop in stops:
        problem.clean()
        assert problem.train(resume=False, until=stop, **settings, **made()) is None
        assert problem.train(resume=True, **settings, **made()) == expected, stop
    return expected


@pytest.mark.parametrize("optimizer", stepwise())
def test_with_every_optimizer(problem, optimizer):
    same(problem, (5, 9), optimizer=optimizer)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_with_every_schedule(problem, schedule):
    said = {"adaptive": "adaptive:tolerance=0.5", "reduce_on_plateau": "reduce_on_plateau:patience=0"}
    same(problem, (5, 9), schedule=said.get(schedule, schedule), validation=problem.held)


@pytest.mark.parametrize("regularizer", REGULARIZERS)
def test_with_every_regularizer(problem, regularizer):
    same(problem, (5, 9), regularization=[regularizer, "input_noise"])


@pytest.mark.parametrize("engine", ["numpy", "fused"])
def test_in_both_gears_with_all_that_draws_and_remembers(problem, engine):
    if engine == "fused":
        pytest.importorskip("numba")
    same(
        problem,
        (1, 4, 6, 8),  # of 8 steps
        checkpoint_every=1,
        engine=engine,
        network={"dropout": 0.3, "normalization": "batch_norm"},
        validation=problem.held,
        metrics=["f1", "log_loss"],
        regularization=["ema:decay=0.8", "mixup", "clip_norm"],
        accumulate=2,
        class_weight="balanced",
        learning_rates={"0": 0.5},
        callbacks=["gradient_norm"],
    )


@pytest.mark.parametrize(
    "settings", [{"batch_size": "full"}, {"batch_size": 1, "epochs": 1}, {"shuffle": False}], ids=str
)
def test_whatever_the_batches(problem, settings):
    same(problem, (1, 3), checkpoint_every=1, **settings)


def test_with_the_best_weights_that_early_stopping_keeps(problem):
    settings = {"epochs": 30, "optimizer": "adam:learning_rate=0.1", "validation": problem.held}
    expected = same(problem, (5, 9, 14, 19), **settings, callbacks=["early_stopping:patience=4"])
    assert expected[3].startswith("early_stopping")
    best = cr.load(problem.folder / "best.safetensors")
    assert best.params.theta.tobytes() == expected[0]  # what early stopping put back


@pytest.mark.parametrize("sizes", [None, [12, 12, 6]])
def test_with_a_stream(problem, sizes):
    def anew():
        parts = [(problem.X[i : i + 12], problem.y[i : i + 12]) for i in range(0, 30, 12)]
        return {"data": (cr.Stream(lambda: iter(parts), sizes),), "batch_size": 5}

    expected = problem.train(**anew())
    for stop in (2, 4, 6, 9, 30):  # 3, 3 and 2 steps of each epoch's chunks
        problem.clean()
        problem.train(resume=False, until=stop, checkpoint_every=1, **anew())
        assert problem.train(resume=True, checkpoint_every=1, **anew()) == expected


def test_a_stream_that_gives_other_chunks_the_second_time_is_refused(problem):
    parts = [(problem.X[i : i + 10], problem.y[i : i + 10]) for i in range(0, 30, 10)]
    settings = {"data": (cr.Stream(lambda: iter(parts)),), "batch_size": 5, "checkpoint_every": 1}
    problem.train(resume=False, until=4, **settings)
    parts[1:] = parts[:0:-1]
    with pytest.raises(cr.ChainruleError, match="chunk 2 of the Stream is not the one that the checkpoint was"):
        problem.train(resume=True, **settings)


def test_killed_again_and_again(problem):
    expected = problem.train(network={"dropout": 0.3})
    problem.train(resume=False, until=1, network={"dropout": 0.3}, checkpoint_every=1)
    for stop in range(2, 17):
        problem.train(resume=True, until=stop, network={"dropout": 0.3}, checkpoint_every=1)
    assert problem.train(resume=True, network={"dropout": 0.3}) == expected


def test_a_finished_training_stays_as_it_is(problem):
    expected = problem.train(resume=False, callbacks=["early_stopping:patience=2"])
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in problem.folder.iterdir()}
    assert problem.train(resume=True, callbacks=["early_stopping:patience=2"]) == expected
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in problem.folder.iterdir()} == before


@pytest.mark.parametrize(
    "settings", [{}, {"schedule": "reduce_on_plateau:patience=0"}, {"regularization": ["ema"]}], ids=str
)
def test_more_epochs_are_those_of_a_training_that_had_them_from_the_start(problem, settings):
    expected = problem.train(epochs=7, **settings)
    problem.train(resume=False, epochs=4, **settings)
    assert problem.train(resume=True, epochs=7, **settings) == expected


def test_a_training_that_diverges_does_so_at_the_same_step_and_leaves_the_same_weights(problem):
    found = []
    for stop in (None, 2, 3):
        problem.clean()
        net = cr.MLP([4, 5, 3], "relu", seed=3)
        settings = {"loss": "mean_squared_error", "optimizer": "sgd:learning_rate=100", "batch_size": 8}
        if stop is not None:
            settings |= {"checkpoint": problem.folder, "checkpoint_every": 1}

        class Stop(cr.Callback):
            def on_step_end(self, trainer):
                if trainer.state.t == stop:  # noqa: B023
                    raise KeyboardInterrupt

        y = np.zeros((30, 3))
        if stop is not None:
            with pytest.raises((KeyboardInterrupt, cr.ChainruleError)):
                cr.fit(net, problem.X, y, **settings, callbacks=[Stop()])
            net, settings = cr.MLP([4, 5, 3], "relu", seed=3), settings | {"resume": True}
        with pytest.raises(cr.ChainruleError, match="diverged at step") as raised:
            cr.fit(net, problem.X, y, **settings)
        found.append((raised.value.step, raised.value.phase, net.params.theta.tobytes()))
    assert len(set(found)) == 1
    assert found[0][0] > 3


def test_a_callback_of_ones_own_goes_on_too(problem):
    class Sum(cr.Callback):
        def __init__(self):
            self.total, self.seen = 0.0, []

        def on_step_end(self, trainer):
            self.total += trainer.loss
            self.seen.append(trainer.state.t)

        def on_epoch_end(self, trainer, row):
            row["total"] = self.total

        def state(self):
            return {"total": self.total, "seen": self.seen, "array": np.arange(3)}

        def set_state(self, state):
            self.total, self.seen = state["total"], state["seen"]
            assert state["array"].tolist() == [0, 1, 2]

    same(problem, anew=lambda: {"callbacks": [Sum()]})


def test_the_time_that_nobody_trained_does_not_count(problem, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    class Works(cr.Callback):
        def on_step_end(self, trainer):
            now[0] += 1.0  # second a step

    settings = {"callbacks": [Works(), "time_limit:seconds=6.5"], "checkpoint_every": 1}
    problem.train(resume=False, until=5, **settings)
    now[0] += 1000
    _, _, steps, stopped, _ = problem.train(resume=True, **settings)
    assert (len(steps), stopped) == (7, "time_limit: 6.5 s")
    with Checkpoints(problem.folder, resume=True) as keeper:
        assert keeper.found["seconds"] == 7


def test_a_training_asked_to_end_keeps_a_checkpoint_within_the_epoch_that_it_is_in(problem):
    class Ask(cr.Callback):
        def __init__(self, moment):
            self.moment = moment

        def on_step_end(self, trainer):
            if trainer.state.t == self.moment:
                trainer.interrupt("the boss")

        def on_epoch_end(self, trainer, row):
            if row["epoch"] == -self.moment:
                trainer.interrupt("the boss")

    settings = {"network": {"dropout": 0.2}, "validation": problem.held, "checkpoint_every": 1000}
    watch = {"callbacks": ["early_stopping:patience=3"]}
    expected = problem.train(**settings, **watch)
    for moment in (1, 4, 6, 15, 16, -1, -3):
        problem.clean()
        ended = problem.train(resume=False, **settings, callbacks=[*watch["callbacks"], Ask(moment)])
        assert ended[3] == "the boss"
        content = file.read(problem.folder / "last.safetensors")
        assert (content["t"], content["complete"]) == (moment if moment > 0 else -4 * moment, False)
        assert problem.train(resume=True, **settings, **watch) == expected
