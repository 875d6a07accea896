"""A step that fails is taken apart, and the first number that is not finite is named with all that made it."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule import MLP, Network, fit
from chainrule.core.errors import DivergenceError
from chainrule.layers import LAYERS
from chainrule.losses import LOSSES
from chainrule.regularizers import REGULARIZERS
from chainrule.regularizers.base import Augmentation, Average
from chainrule.schedules import Schedule
from chainrule.training import Callback
from chainrule.training.birth import births

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(60, 3)).astype("float32"), rng.normal(size=(60, 2)).astype("float32")


def diverges(net, x=X, y=Y, loss="mean_squared_error", **settings):
    """The error of a fit that diverges; its fields are read as a program would."""
    given = {"optimizer": "sgd:learning_rate=0.01", "batch_size": 10, "epochs": 3, "shuffle": False}
    with pytest.raises(DivergenceError) as raised:
        fit(net, x, y, loss=loss, **{**given, **settings})
    error = raised.value
    assert np.isfinite(net.params.theta).all()
    assert "\n" not in str(error)
    assert error.guard == "non-finite"
    assert error.facts()["phase"] == error.phase
    return error


def with_row(array, row, value):
    """A copy with one row multiplied."""
    array = array.copy()
    array[row] *= value
    return array


class Damage(Callback):
    """Puts a number into an array after so many steps, as a process that shares the memory might."""

    def __init__(self, array, place, value, step=8):
        self.array, self.place, self.value, self.step = array, place, value, step

    def on_step_end(self, trainer):
        if trainer.state.t == self.step:
            self.array[self.place] = self.value


# -- the phases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_that_change_while_they_are_learned_from(bad, tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r+")
    error = diverges(MLP([3, 4, 2], seed=0), mapped, callbacks=[Damage(mapped, (37, 1), bad)])
    assert (error.step, error.epoch, error.phase, error.row) == (10, 2, "data", 37)
    assert f"the x of row 37, column 1, is {bad}" in str(error)


def test_rows_that_a_regularizer_makes_infinite():
    error = diverges(MLP([3, 4, 2], seed=0), regularization=["input_noise:std=1e39"])
    assert (error.step, error.phase, error.name) == (1, "data", "input_noise")


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_forward_names_layer_row_and_values(shuffle, accumulate):
    x = with_row(X, 37, 1e30)
    net = MLP([3, 4, 4, 2], "relu", seed=0)
    net.params["2.weight"][:] = 1e9
    error = diverges(net, x, shuffle=shuffle, accumulate=accumulate, epochs=1, optimizer="sgd:learning_rate=0")
    inputs = np.maximum(x[37].astype(float) @ net.params["0.weight"].T.astype(float), 0).max()
    assert (error.phase, error.layer, error.name, error.row) == ("forward", 2, "dense", 37)
    assert error.values == {
        "value": math.inf,
        "inputs": pytest.approx(inputs, rel=1e-6),
        "weights": 1e9,
    }
    assert f"forward, layer 2, dense: unit 0 of row 37 is inf, from inputs up to {inputs:.3g} and" in str(error)
    assert "weights up to 1e+09" in str(error)


def test_an_activation_that_overflows():
    net = Network(["dense:d_in=3,d_out=2", "exp", "dense:d_out=2"], seed=0)
    net.params["0.weight"][:] = [[1, 0, 0], [0, 1, 0]]
    x = X.copy()
    x[21, 1] = 90
    error = diverges(net, x, optimizer="sgd:learning_rate=0")
    assert (error.step, error.phase, error.layer, error.name, error.row) == (3, "forward", 1, "exp", 21)
    assert error.values == {"value": math.inf, "input": 90.0}


def test_a_layer_that_looks_at_the_batch_names_the_row_of_the_largest_input():
    net = Network(["batch_norm:d=3", "dense:d_out=2"], seed=0)
    x = X.copy()
    x[12:14] = [[2e38], [3e38]]  # their sum is infinite, so no row has a mean to be compared with
    error = diverges(net, x)
    assert (error.step, error.phase, error.layer, error.name, error.row) == (2, "forward", 0, "batch_norm", 13)


@pytest.mark.parametrize("rows", [60, 20])  # found at the end of the last epoch, and at the start of another
def test_running_statistics_that_overflow_are_found_though_the_loss_is_finite(rows):
    """A square is infinite, so the batch is normalized to 0; predictions would be 0 from then on."""
    net = Network(["batch_norm:d=3", "dense:d_out=2"], seed=0)
    error = diverges(net, with_row(X, 13, 1e25)[:rows], Y[:rows], epochs=60 // rows)
    assert (error.step, error.phase, error.layer, error.row) == (2, "forward", 0, 13)
    assert "0.running_var is not finite" in str(error)
    assert np.isfinite(net.buffers.theta).all()


def test_the_loss_of_a_row():
    error = diverges(MLP([3, 4, 2], seed=0), y=with_row(Y, 44, 1e25))
    assert (error.step, error.phase, error.name, error.row) == (5, "loss", "mean_squared_error", 44)
    assert error.values["target"] == pytest.approx(np.abs(Y[44]).max() * 1e25, rel=1e-6)
    assert error.values["value"] == math.inf


def test_losses_whose_sum_alone_overflows():
    y = Y.copy()
    y[30:40] = 1e19
    y[35] = 1.2e19
    error = diverges(MLP([3, 4, 2], seed=0), y=y)
    assert (error.step, error.phase, error.row) == (4, "loss", 35)
    assert error.values["loss"] < math.inf
    assert "too much for the sum, which is inf" in str(error)


def test_the_weight_of_a_row():
    weight = np.ones(60, "float32")
    weight[52] = 1e38
    net = MLP([3, 4, 2], seed=0)
    error = diverges(net, y=Y * 100, sample_weight=weight)
    assert (error.step, error.phase, error.row) == (6, "loss", 52)


def test_backward_names_parameter_row_and_values():
    """The loss is finite, and so are its derivatives; their products with the inputs are not."""
    x = X.copy()
    x[28] = 1e30
    net = MLP([3, 2], seed=0)
    net.params.theta[:] = 0
    error = diverges(net, x, with_row(Y, 28, 1e10), optimizer="sgd:learning_rate=0")
    assert (error.step, error.phase, error.layer, error.row) == (3, "backward", 0, 28)
    assert error.values["inputs"] == np.float32(1e30)
    assert "the gradient of 0.weight[0, 0] is" in str(error)
    assert "the update makes weights that are not finite" in str(error)


def test_a_derivative_that_overflows_on_its_way_down():
    net = MLP([3, 4, 4, 2], "identity", seed=0)
    net.params["0.weight"][:] = 0
    net.params["4.weight"][:], net.params["2.weight"][:] = 1e30, 1e30
    error = diverges(net, y=Y * 10)
    assert (error.phase, error.layer, error.name) == ("backward", 2, "dense")
    assert "derivative by input" in str(error)


@pytest.mark.parametrize(
    ("spec", "phase"), [("l2:strength=1e39", "backward"), ("weight_decay:strength=1e42", "update")]
)
def test_what_a_regularizer_does_to_gradient_and_weights(spec, phase):
    error = diverges(MLP([3, 4, 2], seed=0, dtype="float32"), regularization=[spec])
    assert (error.step, error.phase, error.name) == (1, phase, spec.partition(":")[0])


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adagrad", "lion"])
def test_an_update_names_the_weight_and_what_it_was_made_from(optimizer):
    net = MLP([3, 4, 2], seed=0)
    error = diverges(net, optimizer=f"{optimizer}:learning_rate=1e39")
    assert (error.step, error.phase, error.name) == (1, "update", optimizer)
    assert error.values["learning_rate"] == 1e39
    assert error.values["weight"] == net.params["0.weight"][0, 0]
    assert error.values["gradient"] != 0
    assert "0.weight[0, 0] becomes" in str(error)


@dataclass(frozen=True)
class Wild(Schedule):
    name = "wild"

    def rate(self, t, steps, peak):
        return math.nan if t == 9 else peak


def test_a_rate_that_is_not_finite():
    error = diverges(MLP([3, 4, 2], seed=0), schedule=Wild())
    assert (error.step, error.phase, error.name) == (9, "update", "wild")


def test_a_callback_that_spoils_the_gradient_is_named():
    class Spoils(Callback):
        def on_fit_start(self, trainer):
            def spoil(rate):
                if trainer.state.t == 5:
                    trainer.engine.grad["0.bias"][1] = np.nan

            trainer.before_step.append(spoil)

    error = diverges(MLP([3, 4, 2], seed=0), callbacks=[Spoils()])
    assert (error.step, error.phase, error.name) == (5, "backward", "spoil")
    assert "0.bias[1]" in str(error)


# -- in every form of training --------------------------------------------------------------------------


def failing(**settings):
    net = MLP([3, 8, 8, 2], "relu", seed=0, **settings)
    return net, with_row(X, 37, 1e37)


def test_both_gears_say_the_same():
    pytest.importorskip("numba")
    found = []
    for engine in ("numpy", "fused"):
        net, x = failing()
        net.params["4.weight"][:] = 1e5
        error = diverges(net, x, engine=engine)
        found.append((error.step, error.phase, error.layer, error.row, error.values["inputs"]))
    assert found[0][:4] == found[1][:4]
    assert found[0][4] == pytest.approx(found[1][4], rel=1e-5)


def test_dropout_drops_the_same_in_the_replay(monkeypatch):
    """The masks of the step that failed, and those of the step taken apart, are the same."""
    made, forward = [], LAYERS["dropout"].forward

    def watched(self, x, p, out=None, scratch=None, rng=None):
        z = forward(self, x, p, out, scratch, rng)
        if rng is not None:
            made.append(scratch.factor.copy())
        return z

    monkeypatch.setattr(LAYERS["dropout"], "forward", watched)
    net, x = failing(dropout=0.5)
    error = diverges(net, x, optimizer="sgd:learning_rate=100", engine="numpy", epochs=20, shuffle=True)
    assert error.phase in ("forward", "loss")
    assert error.name
    taken = len(made) // 2  # two dropouts a step
    failed, again, apart = made[2 * (taken - 3) : 2 * (taken - 2)], made[-4:-2], made[-2:]
    for a, b in zip(again, apart, strict=False):
        assert np.array_equal(a, b)
    assert len(failed) == 2


def test_a_stream_names_the_row_of_its_chunk():
    x = with_row(X, 37, 1e30)
    net = MLP([3, 4, 2], seed=0)
    net.params["0.weight"][:] = 1e11
    stream = cr.Stream(lambda: iter([(x[:20], Y[:20]), (x[20:40], Y[20:40]), (x[40:], Y[40:])]))
    with pytest.raises(DivergenceError) as raised:
        fit(net, stream, loss="mean_squared_error", batch_size=10, epochs=1, optimizer="sgd:learning_rate=0")
    assert (raised.value.phase, raised.value.layer, raised.value.row) == ("forward", 0, 17)


def test_lbfgs_says_where_too():
    pytest.importorskip("scipy")
    net = MLP([3, 4, 2], seed=0)
    error = diverges(net, y=with_row(Y, 44, 1e25), optimizer="lbfgs", batch_size=None, shuffle=True)
    assert (error.step, error.phase, error.name, error.row) == (1, "loss", "mean_squared_error", 44)
    net, x = failing()
    net.params["2.weight"][:] = 1e5
    error = diverges(net, x, optimizer="lbfgs", batch_size=None, shuffle=True)
    assert (error.phase, error.layer, error.row) == ("forward", 2, 37)


def test_all_rows_at_once():
    net, x = failing()
    net.params["2.weight"][:] = 1e5
    error = diverges(net, x, batch_size="full")
    assert (error.step, error.phase, error.layer, error.row) == (1, "forward", 2, 37)


def test_what_stays_finite_when_it_is_taken_again_is_said_without_a_place(monkeypatch):
    """As where compiled loops overflow and NumPy's do not."""
    monkeypatch.setattr("chainrule.training.replay.births", lambda trainer, rows: iter(()))
    error = diverges(MLP([3, 4, 2], seed=0), y=with_row(Y, 44, 1e25))
    assert (error.phase, error.layer, error.row, error.values) == ("loss", None, None, {})
    assert "the loss is not finite. The last finite weights are kept" in str(error)


# -- the validation rows --------------------------------------------------------------------------------


def test_a_validation_row_alone_that_overflows_is_said_to_be_that():
    held = with_row(rng.normal(size=(15, 3)).astype("float32"), 11, 1e30)
    net = MLP([3, 4, 2], seed=0)
    error = diverges(net, validation=(held, Y[:15]))
    assert (error.step, error.epoch, error.phase, error.row) == (6, 1, "validation", 11)
    assert error.name == "mean_squared_error"
    assert "after epoch 1 the loss of the validation rows is not finite, first in loss" in str(error)
    assert "That of the training rows is finite" in str(error)
    assert len(error.history.rows) == 1  # the epoch is there, with what was measured
    net.params["2.weight"][:] = 1e9
    error = diverges(net, validation=(held, Y[:15]), optimizer="sgd:learning_rate=0")
    assert (error.phase, error.layer, error.row) == ("validation", 2, 11)


def test_validation_that_overflows_with_the_training_says_so():
    """One epoch, whose last step makes weights that are finite and give nothing finite any more."""
    held = rng.normal(size=(15, 3)).astype("float32")
    error = diverges(MLP([3, 4, 2], seed=0), validation=(held, Y[:15]), batch_size="full",
                     optimizer="sgd:learning_rate=1e30", epochs=1)  # fmt: skip
    assert error.phase == "validation"
    assert "Nor is that of the training rows; try a smaller learning rate than 1e+30" in str(error)


def test_a_metric_alone_that_is_not_finite_stays_in_the_history():
    """The loss is linear in the error, the metric takes its square."""
    held = with_row(rng.normal(size=(15, 3)), 11, 1e200)
    settings = {"loss": "absolute_error", "validation": (held, Y[:15]), "epochs": 2, "metrics": ["squared_error"]}
    history = fit(MLP([3, 4, 2], seed=0, dtype="float64"), X, Y, **settings)
    assert np.isfinite(history["validation_loss"]).all()
    assert np.isinf(history["validation_squared_error"]).all()
    assert len(history) == 2


# -- the step taken apart is the step -------------------------------------------------------------------


class Apart(Callback):
    """Before each step of a training: take it apart first, go back, and compare what the step itself makes."""

    def __init__(self):
        self.compared = 0

    def on_fit_start(self, trainer):
        step = trainer.step

        def twice(rows):
            trainer.state.keep()
            assert not list(births(trainer, rows))
            theta, grad = trainer.state.theta.tobytes(), trainer.engine.grad.theta.tobytes()
            buffers = trainer.state.buffers.tobytes()
            trainer.state.go_back()
            rate = step(rows)
            assert trainer.engine.grad.theta.tobytes() == grad
            assert trainer.state.theta.tobytes() == theta
            assert trainer.state.buffers.tobytes() == buffers
            self.compared += 1
            return rate

        trainer.step = twice


@pytest.mark.parametrize(
    ("name", "example"), [(name, example) for name, cls in LAYERS.classes().items() for example in cls.examples]
)
def test_taken_apart_a_step_through_any_layer_has_the_same_bits(name, example):
    layer = LAYERS.make({"name": name, **example})
    net = Network([layer, "tanh", "dense:d_out=5", "softplus", "dense:d_out=2"], seed=0)
    x = layer.example_input(np.random.default_rng(0), 23).astype("float32")
    watch = Apart()
    fit(net, x, Y[:23], loss="mean_squared_error", batch_size=8, epochs=2, callbacks=[watch], engine="numpy")
    assert watch.compared == 6


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_taken_apart_a_step_of_any_loss_has_the_same_bits(name, weighted):
    loss = LOSSES.make(name)
    y = loss.example_target(np.random.default_rng(0), 23, 3)
    weight = np.linspace(0.5, 2, 23) if weighted else None
    watch = Apart()
    fit(
        MLP([3, 6, 3], "tanh", seed=0), X[:23], y, loss=loss, batch_size=8, epochs=2, callbacks=[watch],
        sample_weight=weight, engine="numpy", optimizer="adam",
    )  # fmt: skip
    assert watch.compared == 6


def regularizers():
    return [name for name, cls in REGULARIZERS.classes().items() if not issubclass(cls, Average)]


@pytest.mark.parametrize("name", regularizers())
@pytest.mark.parametrize("accumulate", [1, 2])
def test_taken_apart_a_step_with_any_regularizer_has_the_same_bits(name, accumulate):
    labels = rng.integers(0, 2, 23)
    watch = Apart()
    fit(
        MLP([3, 6, 2], "relu", seed=0, dropout=0.2), X[:23], labels, loss="cross_entropy", batch_size=4, epochs=2,
        callbacks=[watch], regularization=[name], accumulate=accumulate, engine="numpy",
    )  # fmt: skip
    assert watch.compared == {1: 12, 2: 6}[accumulate]
    assert Augmentation  # those draw from generators of their own, which go back too
