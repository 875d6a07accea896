"""Early stopping, the time limit, and schedules that read how the training goes."""

import numpy as np
import pytest

from chainrule import MLP, evaluate, fit
from chainrule.core.errors import DivergenceError, SettingError, UnknownNameError
from chainrule.schedules import SCHEDULES
from chainrule.training import CALLBACKS, Callback


def problem(rows=30):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 4)), rng.integers(0, 2, rows)  # noise: nothing to learn but by heart


def train(*callbacks, validation=True, **settings):
    X, y = problem()
    net = MLP([4, 16, 2], "tanh", dtype="float64", seed=0)
    settings = {"epochs": 200, "optimizer": "adam:learning_rate=0.02", "batch_size": 10, **settings}
    if validation:
        settings["validation"] = (X[:12], y[:12])
    history = fit(net, X[12:], y[12:], loss="cross_entropy", callbacks=callbacks, **settings)
    return net, history, (X[:12], y[:12])


def stops(values, patience, min_delta, least=True):
    """By the definition, written as a loop: the epoch that stops, and the best one."""
    best, at = None, 0
    for epoch, value in enumerate(values, 1):
        if best is None or (best - value if least else value - best) > min_delta:
            best, at = value, epoch
        elif epoch - at >= patience:
            return epoch, at
    return len(values), at


@pytest.mark.parametrize("monitor", ["loss", "validation_loss", "accuracy", "f1", "top_k", "brier"])
@pytest.mark.parametrize(("patience", "min_delta"), [(1, 0.0), (5, 0.0), (5, 0.01)])
def test_it_stops_where_the_definition_says_with_the_best_weights(monitor, patience, min_delta):
    metrics = ["f1", "top_k:k=1", "brier"]
    _, whole, _ = train(metrics=metrics)
    column = {"top_k": "validation_top_k:k=1"}.get(monitor, f"validation_{monitor.removeprefix('validation_')}")
    last, best = stops(whole[column], patience, min_delta, least=monitor not in ("accuracy", "f1", "top_k"))
    assert last < 200
    spec = f"early_stopping:monitor={monitor},patience={patience},min_delta={min_delta}"
    net, history, held = train(spec, metrics=metrics)
    assert len(history) == last
    assert history.stopped == f"early_stopping: {column} was best in epoch {best}"
    assert history[column] == whole[column][:last]
    assert evaluate(net, *held)["loss"] == pytest.approx(history["validation_loss"][best - 1], rel=1e-12)
    assert net.training["stopped"] == history.stopped


def test_without_restore_the_last_weights_stay_and_without_validation_the_training_loss_is_watched():
    last, history, held = train("early_stopping:patience=4,restore=false")
    assert evaluate(last, *held)["loss"] == pytest.approx(history["validation_loss"][-1], rel=1e-12)
    _, history, _ = train("early_stopping:patience=3,min_delta=0.1", validation=False)
    assert history.stopped.startswith("early_stopping: loss was best in epoch ")


def test_the_best_weights_come_back_also_where_the_training_ends_by_itself():
    net, history, held = train("early_stopping:patience=500")
    assert history.stopped is None
    assert evaluate(net, *held)["loss"] == pytest.approx(min(history["validation_loss"]), rel=1e-12)


def test_buffers_come_back_with_the_weights():
    X, y = problem()
    net = MLP([4, 8, 2], "relu", normalization="batch_norm", seed=0, dtype="float64")
    assert len(net.buffers)
    at = {}

    class Keep(Callback):
        def on_epoch_end(self, trainer, row):
            at[row["epoch"]] = trainer.network.buffers.theta.copy()

    stopping = CALLBACKS.make("early_stopping:patience=5")
    settings = {"epochs": 100, "optimizer": "adam:learning_rate=0.05", "validation": (X[:12], y[:12])}
    fit(net, X[12:], y[12:], loss="cross_entropy", callbacks=[Keep(), stopping], **settings)
    assert net.buffers.theta.tobytes() == at[stopping.best_epoch].tobytes() != at[max(at)].tobytes()


def test_what_is_not_measured_is_refused_before_the_first_step():
    for settings in ({"callbacks": ["early_stopping:monitor=f1"]}, {"schedule": "reduce_on_plateau:monitor=f1"}):
        X, y = problem()
        net = MLP([4, 2])
        before = net.params.theta.tobytes()
        with pytest.raises(
            SettingError, match=r"monitor is 'f1'; this training has loss, accuracy\. Ask for more"
        ):
            fit(net, X, y, loss="cross_entropy", **settings)
        assert net.params.theta.tobytes() == before
    with pytest.raises(UnknownNameError, match="unknown callback 'early_stop'"):
        fit(net, X, y, loss="cross_entropy", callbacks=["early_stop"])
    for bad in ("patience=0", "min_delta=-1", "patience=1.5"):
        with pytest.raises(SettingError, match="early_stopping: "):
            CALLBACKS.make(f"early_stopping:{bad}")


def test_a_training_that_fails_keeps_its_last_weights():
    X, y = problem()
    net = MLP([4, 2], seed=0)
    settings = {"optimizer": "sgd:learning_rate=1e36", "epochs": 50, "batch_size": 4}
    with pytest.raises(DivergenceError):
        fit(
            net,
            X * 1e3,
            y[:, None] * [1.0, 2.0],
            loss="mean_squared_error",
            callbacks=["early_stopping"],
            **settings,
        )


def test_the_time_limit_stops_after_a_step(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("chainrule.training.callbacks.time_limit.time.perf_counter", lambda: float(next(clock)))
    _, history, _ = train("time_limit:seconds=20")
    assert history.stopped == "time_limit: 20 s"
    assert 0 < len(history.steps) <= 21
    with pytest.raises(SettingError, match="time_limit: seconds"):
        CALLBACKS.make("time_limit:seconds=0")


@pytest.mark.parametrize("spec", ["reduce_on_plateau:patience=1,factor=0.5", "adaptive"])
@pytest.mark.parametrize("validation", [True, False])
def test_the_rates_of_a_training_are_those_that_its_losses_give(spec, validation):
    _, history, _ = train(schedule=spec, validation=validation, epochs=60, optimizer="adam:learning_rate=1.0")
    schedule, share, expected = SCHEDULES.make(spec), 1.0, []
    state = schedule.memory()
    for loss in history["validation_loss" if validation else "loss"]:
        expected.append(1.0 * share)
        share = schedule.observe(state, {"loss": loss})
    assert history["learning_rate"] == expected
    assert expected[-1] <= 0.5


def test_metrics_asked_for_are_columns_of_the_history():
    net, history, held = train(metrics=["f1", "log_loss", "accuracy"], epochs=3)
    expected = evaluate(net, *held, metrics=["f1", "log_loss"])
    for name, value in expected.items():
        assert history[f"validation_{name}"][-1] == pytest.approx(value, rel=1e-6)
    assert list(history.rows[0])[:5] == ["epoch", "loss", "accuracy", "f1", "log_loss"]
