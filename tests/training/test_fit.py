"""The training loop: what it computes, which rows it sees, and what it records."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule import MLP, evaluate, fit
from chainrule.core.settings import build
from chainrule.engine import Engine
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS, stepwise
from chainrule.preprocessing import Standardize
from chainrule.schedules import SCHEDULES
from chainrule.targets import Classes, Values
from chainrule.training import Callback, History

OPTIMIZER_SPECS = [*stepwise(), "sgd:momentum=0.9,nesterov=true", "adam:learning_rate=0.05,beta1=0.8"]
# every optimizer and every schedule with each loss; all pairs of them would be the same code once more
PAIRS = [*((spec, "one_cycle") for spec in OPTIMIZER_SPECS), *(("adam", schedule) for schedule in SCHEDULES)]
every_loss = pytest.mark.parametrize("loss", LOSSES)


def problem(loss, targets_for, n=50, d=6, k=3, seed=0):
    """Features and raw answers, read-only."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = next(iter(targets_for(LOSSES.make(loss), n, k, rng).values()))
    X.flags.writeable = y.flags.writeable = False
    return X, y


def network(activation="tanh", dtype="float64", k=3, **settings):
    return MLP([6, 8, 5, k], activation, dtype=dtype, seed=4, **settings)


@pytest.fixture
def seen(monkeypatch):
    """The rows of each batch that the engine is given, in order."""
    batches, batch = [], Engine.batch

    def spy(self, rows):
        batches.append(list(range(len(self._X))) if rows is None else rows.tolist())  # None is all of them
        return batch(self, rows)

    monkeypatch.setattr(Engine, "batch", spy)
    return batches


def by_torch(pytorch, net, X, target, loss, optimizer, schedule, batch_size, epochs):
    """The same training as one would write it in PyTorch: the weights, and the loss of each step."""
    steps = epochs * -(-len(X) // batch_size)
    peer = pytorch.sequential(net, net.core_modules(loss))
    rule = pytorch.optimizer(optimizer, peer.parameters())
    rates = pytorch.schedule(schedule, rule, steps)
    X, target, losses = pytorch.tensor(X), pytorch.tensor(target), []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            rows = slice(start, start + batch_size)
            rule.zero_grad()
            value = pytorch.loss(loss)(peer(X[rows]), target[rows])
            value.backward()
            rule.step()
            losses.append(value.item())
            if len(losses) < steps:
                rates.step()
    return np.concatenate([p.detach().numpy().reshape(-1) for p in peer.parameters()]), losses


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("optimizer", "schedule"), PAIRS)
def test_20_steps_are_those_of_a_pytorch_loop(loss, reduction, optimizer, schedule, targets_for, pytorch, wide):
    loss, net = LOSSES.make({"name": loss, "reduction": reduction}), network()
    X, y = problem(loss, targets_for)
    optimizer, schedule = OPTIMIZERS.make(optimizer), SCHEDULES.make(schedule)
    target = loss.prepare(y, 50, 3, net.dtype)
    expected, losses = by_torch(pytorch, net, X, target, loss, optimizer, schedule, batch_size=16, epochs=5)
    history = fit(
        net, X, y, loss=loss, optimizer=optimizer, schedule=schedule, batch_size=16, epochs=5, shuffle=False
    )
    assert len(losses) == 20
    assert history.steps == pytest.approx(losses, rel=1e-10)
    # rounding of 1e-16 a step, which Adam's division by a small root may enlarge
    np.testing.assert_allclose(net.params.theta, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "sigmoid"])
@pytest.mark.parametrize("batch_size", [1, 7, 50])
def test_whatever_the_batch_the_steps_are_those_of_a_pytorch_loop(activation, batch_size, targets_for, pytorch):
    loss, net = LOSSES.make("cross_entropy"), network(activation)
    X, y = problem(loss, targets_for)
    optimizer, schedule = OPTIMIZERS.make("adam"), SCHEDULES.make("constant")
    target = loss.prepare(y, 50, 3, net.dtype)
    expected, losses = by_torch(pytorch, net, X, target, loss, optimizer, schedule, batch_size, 2)
    history = fit(net, X, y, loss=loss, batch_size=batch_size, epochs=2, shuffle=False)
    assert history.steps == pytest.approx(losses, rel=1e-10)
    np.testing.assert_allclose(net.params.theta, expected, rtol=1e-10, atol=1e-12)


@every_loss
def test_a_shuffled_training_is_the_unshuffled_one_on_shuffled_rows(loss, targets_for, seen):
    X, y = problem(loss, targets_for)
    shuffled, plain = network(), network()
    fit(shuffled, X, y, loss=loss, batch_size=16, epochs=1, seed=3)
    order = [row for batch in seen for row in batch]
    fit(plain, X[order], y[order], loss=loss, batch_size=16, epochs=1, shuffle=False)
    assert shuffled.params.theta.tobytes() == plain.params.theta.tobytes()


@pytest.mark.parametrize(
    ("batch_size", "rows", "sizes"),
    [
        (1, 5, [1] * 5),
        (16, 50, [16, 16, 16, 2]),
        (25, 50, [25, 25]),
        (49, 50, [49, 1]),
        (50, 50, [50]),
        ("full", 50, [50]),
        (None, 50, [50]),
        (None, 130, [64, 64, 2]),
        (1, 1, [1]),
        (None, 1, [1]),
        ("full", 1, [1]),
    ],
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_row_is_seen_once_an_epoch_the_last_short_batch_too(
    batch_size, rows, sizes, shuffle, targets_for, seen
):
    X, y = problem("cross_entropy", targets_for, n=rows)
    net = network()
    history = fit(net, X, y, loss="cross_entropy", batch_size=batch_size, epochs=3, shuffle=shuffle)
    assert [len(batch) for batch in seen] == sizes * 3
    assert net.training["batch_size"] == sizes[0]
    assert len(history.steps) == 3 * len(sizes)
    for epoch in range(3):
        order = [row for batch in seen[epoch * len(sizes) : (epoch + 1) * len(sizes)] for row in batch]
        assert sorted(order) == list(range(rows))
        if not shuffle:
            assert order == list(range(rows))


def orders(seen):
    """The rows of each of three epochs, and forget them."""
    flat = [row for batch in seen for row in batch]
    seen.clear()
    third = len(flat) // 3
    return [flat[:third], flat[third : 2 * third], flat[2 * third :]]


def test_each_epoch_has_a_new_order_which_a_seed_reproduces(targets_for, seen):
    X, y = problem("cross_entropy", targets_for)
    settings = {"loss": "cross_entropy", "batch_size": 16, "epochs": 3}
    fit(network(), X, y, **settings, seed=1)
    first = orders(seen)
    fit(network(), X, y, **settings, seed=1)
    again = orders(seen)
    fit(network(), X, y, **settings, seed=2)
    other = orders(seen)
    assert first == again
    assert len({tuple(order) for order in first + other}) == 6
    assert list(range(50)) not in first


def test_the_order_does_not_depend_on_what_else_is_asked_for(targets_for, seen):
    X, y = problem("cross_entropy", targets_for)
    settings = {"loss": "cross_entropy", "batch_size": 16, "epochs": 3, "seed": 1}
    fit(network(), X, y, **settings)
    alone = orders(seen)

    class Busy(Callback):
        def on_step_end(self, trainer):
            evaluate(trainer.network, X, y)
            np.random.default_rng().random()

    variants = [
        {"validation": (X[:10] + 1, y[:10])},
        {"callbacks": [Busy()]},
        {"optimizer": "sgd"},
        {"schedule": "one_cycle"},
    ]
    for variant in variants:
        fit(network(), X, y, **settings, **variant)
        assert orders(seen) == alone
    fit(network("relu", "float32"), X, y, **settings)
    assert orders(seen) == alone


def test_watching_a_training_does_not_change_it(targets_for):
    X, y = problem("cross_entropy", targets_for)
    plain, watched = network(), network()
    fit(plain, X, y, loss="cross_entropy", epochs=3, batch_size=16)
    callbacks = [Callback(), Callback()]
    fit(watched, X, y, loss="cross_entropy", epochs=3, batch_size=16, validation=(X + 1, y), callbacks=callbacks)
    assert plain.params.theta.tobytes() == watched.params.theta.tobytes()


# -- what it records -------------------------------------------------------------------------------------

METRIC = {"classes": "accuracy", "values": "r2"}


@every_loss
@pytest.mark.parametrize("with_validation", [False, True])
def test_the_history_has_its_columns_in_order(loss, with_validation, targets_for):
    X, y = problem(loss, targets_for)
    validation = (X[:20] + 1, y[:20]) if with_validation else None
    history = fit(network(), X, y, loss=loss, batch_size=16, epochs=3, validation=validation)
    metric = METRIC[LOSSES[loss].task]
    checked = ("validation_loss", f"validation_{metric}") if with_validation else ()
    assert history.columns == ("epoch", "loss", metric, *checked, "learning_rate", "seconds", "rows_per_second")
    assert history["epoch"] == [1, 2, 3]
    assert len(history) == 3
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(s > 0 for s in history["seconds"])
    assert history.stopped is None
    with pytest.raises(KeyError, match="the history has epoch, loss"):
        history["los"]


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_an_epoch_is_that_of_its_rows(loss, reduction, targets_for):
    spec = {"name": loss, "reduction": reduction}
    X, y = problem(loss, targets_for)
    history = fit(network(), X, y, loss=LOSSES.make(spec), batch_size=16, epochs=2, shuffle=False)
    sizes = [16, 16, 16, 2]
    for epoch in (0, 1):
        steps = history.steps[4 * epoch : 4 * epoch + 4]
        if reduction == "mean":
            expected = sum(s * n for s, n in zip(steps, sizes, strict=True)) / 50
        else:
            expected = sum(steps)
        assert history["loss"][epoch] == pytest.approx(expected, rel=1e-14)


@every_loss
def test_metrics_are_taken_after_the_epoch(loss, targets_for):
    X, y = problem(loss, targets_for)
    held_out = problem(loss, targets_for, n=30, seed=9)
    net = network()
    history = fit(net, X, y, loss=loss, batch_size=16, epochs=3, validation=held_out)
    metric = METRIC[LOSSES[loss].task]
    assert history[metric][-1] == pytest.approx(evaluate(net, X, y)[metric], rel=1e-12)
    found = evaluate(net, *held_out)
    assert history["validation_loss"][-1] == pytest.approx(found["loss"], rel=1e-14)
    assert history[f"validation_{metric}"][-1] == pytest.approx(found[metric], rel=1e-14)


def test_of_many_training_rows_the_metric_takes_a_fixed_sample(targets_for, monkeypatch):
    monkeypatch.setattr("chainrule.training.recording.SAMPLE", 20)
    X, y = problem("cross_entropy", targets_for, n=300)
    accuracies = [
        fit(network(), X, y, loss="cross_entropy", epochs=1, optimizer="sgd:learning_rate=0")["accuracy"][0]
        for _ in range(2)
    ]
    assert accuracies[0] == accuracies[1]
    assert accuracies[0] * 20 == pytest.approx(round(accuracies[0] * 20))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_learning_rate_of_an_epoch_is_that_of_its_last_step(schedule, targets_for):
    X, y = problem("cross_entropy", targets_for)
    history = fit(
        network(),
        X,
        y,
        loss="cross_entropy",
        optimizer="adam:learning_rate=0.02",
        schedule=schedule,
        batch_size=16,
        epochs=3,
    )
    rate = SCHEDULES.make(schedule).rate
    assert history["learning_rate"] == [rate(4 * epoch, 12, 0.02) for epoch in (1, 2, 3)]


def test_evaluate_is_the_loss_and_the_metric_written_out(rng):
    net = MLP([3, 2], loss="mean_squared_error", dtype="float64")
    X, y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    error = net.predict(X) - y
    r2 = 1 - (error**2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    assert evaluate(net, X, y) == pytest.approx({"loss": (error**2).mean(), "r2": r2.mean()}, rel=1e-12)


def test_an_empty_history_is_empty():
    history = History()
    assert (len(history), history.columns, list(history), history["loss"]) == (0, (), [], [])
    assert repr(history) == "History(0 epochs, 0 steps)"


def test_the_network_keeps_the_loss_and_the_facts(targets_for):
    X, y = problem("cross_entropy", targets_for)
    net = network()
    fit(net, X, y, loss="cross_entropy", optimizer="sgd:momentum=0.9", batch_size=16, epochs=3, seed=7)
    assert net.loss == LOSSES.make("cross_entropy")
    assert net.training.pop("engine") in ("numpy", "fused")
    assert net.training == {
        "epochs": 3,
        "steps": 12,
        "rows": 50,
        "batch_size": 16,
        "optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": False},
        "schedule": {"name": "constant", "warm_up": 0.0},
        "regularization": [],
        "seed": 7,
        "stopped": None,
    }
    assert build(OPTIMIZERS["sgd"], {"momentum": 0.9}, "sgd") == OPTIMIZERS.make(net.training["optimizer"])
    fit(net, X, y, epochs=1)  # the loss is known by now


def test_answers_are_learned_in_the_unit_of_the_network_and_given_back_in_the_users(rng):
    X = rng.normal(200, 30, (300, 2))
    prices = 5e5 + 1e4 * X[:, :1]
    net = MLP([2, 1], preprocessing=Standardize.fit(X), target=Values.fit(prices, ("price",)), dtype="float64")
    fit(net, X, prices, loss="mean_squared_error", optimizer="sgd:learning_rate=0.1", epochs=50)
    np.testing.assert_allclose(net.predict(X), prices, rtol=1e-4)
    # the loss is in the square of the scaled unit, not of dollars
    assert evaluate(net, X, prices)["loss"] == pytest.approx(
        np.mean(((net.predict(X) - prices) / prices.std()) ** 2), rel=1e-6
    )


def test_classes_may_be_told_by_their_names(rng):
    X = rng.normal(size=(60, 2))
    names = np.where(X[:, 0] > 0, "yes", "no")
    by_name, by_number = (MLP([2, 2], target=Classes(("no", "yes"))) for _ in range(2))
    fit(by_name, X, names, loss="cross_entropy", epochs=3)
    fit(by_number, X, (X[:, 0] > 0).astype(int), loss="cross_entropy", epochs=3)
    assert by_name.params.theta.tobytes() == by_number.params.theta.tobytes()
    assert evaluate(by_name, X, names) == evaluate(by_number, X, names == "yes")


# -- what it leaves alone --------------------------------------------------------------------------------


@every_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [16, "full"])
def test_features_and_answers_are_left_as_they_were(loss, dtype, batch_size, targets_for):
    X, y = problem(loss, targets_for)
    X = X.astype(dtype)
    X.flags.writeable = False  # already of the network's dtype, so the engine may hold it as it is
    held = X + X.dtype.type(1)
    held.flags.writeable = False
    before = X.tobytes(), y.tobytes(), held.tobytes()
    net = chainrule.Network(["relu", *network(dtype=dtype).modules], dtype=dtype)
    fit(net, X, y, loss=loss, batch_size=batch_size, epochs=2, validation=(held, y))
    assert (X.tobytes(), y.tobytes(), held.tobytes()) == before


def test_views_and_theta_stay_the_same_arrays(targets_for):
    X, y = problem("cross_entropy", targets_for)
    net = network()
    theta, state = net.params.theta, net.state_dict()
    fit(net, X, y, loss="cross_entropy", epochs=2)
    assert net.params.theta is theta
    assert all(np.shares_memory(view, theta) for view in state.values())
    np.testing.assert_array_equal(np.concatenate([v.reshape(-1) for v in state.values()]), theta)


# -- the same bits ---------------------------------------------------------------------------------------

TRAINING = """
import sys
import numpy as np
import chainrule as cr
rng = np.random.default_rng(0)
X, y = rng.normal(size=(200, 6)), rng.integers(0, 3, 200)
net = cr.MLP([6, 32, 16, 3], "relu", seed=1)
cr.fit(net, X, y, loss="cross_entropy", schedule="one_cycle", epochs=3, validation=(X + 1, y), seed=1)
net.save(sys.argv[1])
"""


def test_one_seed_gives_one_file_bit_by_bit(targets_for, tmp_path):
    X, y = problem("cross_entropy", targets_for)
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        net = network("relu", "float32")
        fit(net, X, y, loss="cross_entropy", epochs=3, batch_size=16, seed=seed)
        net.save(tmp_path / name)
    files = [(tmp_path / name).read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]


def test_one_seed_gives_one_file_in_every_process(tmp_path):
    for hash_seed in ("1", "2"):
        env = {"PYTHONPATH": str(Path(chainrule.__file__).parents[1]), "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-W", "error", "-c", TRAINING, str(tmp_path / hash_seed)]
        subprocess.run(command, check=True, env=env)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


# -- it learns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam:learning_rate=0.02", "sgd:learning_rate=0.5,momentum=0.9"])
def test_xor_is_learned(optimizer):
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    net = MLP([2, 16, 2], "tanh", seed=0)
    fit(net, X, y, loss="cross_entropy", optimizer=optimizer, batch_size="full", epochs=300)
    np.testing.assert_array_equal(net.predict(X), y)
    assert net.training["steps"] == 300


def test_a_line_is_found_by_least_squares(rng):
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, -2.0, 0.5] + 3
    net = MLP([3, 1], dtype="float64")
    history = fit(net, X, y, loss="mean_squared_error", optimizer="sgd:learning_rate=0.1", epochs=100)
    np.testing.assert_allclose(net.params["0.weight"], [[1, -2, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(net.params["0.bias"], [3], rtol=1e-6)
    assert history["r2"][-1] == pytest.approx(1)
